//! A small dialect for tests: one row for each fact, so that each can be seen to decide.

use synsent_sockets::{ConnectPolicy, Kind, Shutdown};

use crate::dialect::{
    Dialect, ErrorReading, FailureShows, HandleScheme, Pages, QueueRule, Starting, Truncation, Way, Ways,
};
use crate::engine::options::{Form, IoctlRow, Meaning, OptionRow, Request};
use crate::names::NameFormat;
use crate::numbers::{FlagMeaning, FlagRow, HowRow, KindRow, ProtocolRow};
use crate::page::{On, Page, Rules, Source, answers, outcome_words, rules};
use crate::words::{Spelling, Word};

macro_rules! pages {
    ($($name:ident: $rules:expr,)*) => { Pages { $($name: Page { call: stringify!($name), rules: $rules, answers: &[] },)* more: &[] } };
}

const fn silent() -> Source {
    Source { clause: "", because: "a test wants it so" }
}

const fn way<T>(value: T) -> Way<T> {
    Way { value, source: silent() }
}

const TRANSFER: Rules = rules! {
    Any NotStarted => Fail(NOTINITIALISED), "";
    Any BadHandle => Fail(BADF), "";
    Any NotASocket => Fail(NOTSOCK), "";
    Any NullBuffer => Fail(FAULT), "";
    Any BadBuffer => Fail(FAULT), "";
    Any NegativeLength => Fail(INVAL), "";
    Any BadFlags => Fail(OPNOTSUPP), "";
    Any UrgentUnsupported => Fail(OPNOTSUPP), "";
    Any NoDestination => Fail(DESTADDRREQ), "";
    Any BadLengthPointer => Fail(FAULT), "";
    Any UnreadableName => Fail(FAULT), "";
    Any ShortName => Fail(INVAL), "";
    Any WrongFamily => Fail(AFNOSUPPORT), "";
    Any BroadcastForbidden => Fail(ACCES), "";
    Stream Unconnected => Fail(NOTCONN), "";
    Any Always => Proceed, "";
};

const PLAIN: Rules = rules! {
    Any NotStarted => Fail(NOTINITIALISED), "";
    Any BadHandle => Fail(BADF), "";
    Any NotASocket => Fail(NOTSOCK), "";
    Any NullName => Fail(FAULT), "";
    Any UnreadableName => Fail(FAULT), "";
    Any BadLengthPointer => Fail(FAULT), "";
    Any NegativeLength => Fail(INVAL), "";
    Any ShortName => Fail(INVAL), "";
    Any WrongFamily => Fail(AFNOSUPPORT), "";
    Any LongPath => Fail(NAMETOOLONG), "";
    Any NullBuffer => Fail(FAULT), "";
    Any BadBuffer => Fail(FAULT), "";
    Any BadArgument => Fail(INVAL), "";
    Any BadLevel => Fail(INVAL), "";
    Any BadOption => Fail(NOPROTOOPT), "";
    Any OptionFixed => Fail(NOPROTOOPT), "";
    Any ShortOption => Fail(FAULT), "";
    Any Always => Proceed, "";
};

const CONNECT: Rules = rules! {
    Any NotStarted => Fail(NOTINITIALISED), "";
    Any BadHandle => Fail(BADF), "";
    Any NotASocket => Fail(NOTSOCK), "";
    Datagram NullName => Dissolve, "";
    Any NullName => Fail(FAULT), "";
    Any UnreadableName => Fail(FAULT), "";
    Any Listening => Fail(OPNOTSUPP), "";
    Any Connecting => Fail(ALREADY), "";
    Stream Connected => Fail(ISCONN), "";
    Any ShortName => Fail(INVAL), "";
    Any LongName => Fail(MSGSIZE), "";
    Any UnspecifiedFamily => Nothing, "";
    Any WrongFamily => Fail(AFNOSUPPORT), "";
    Any ZeroAddress => Fail(ADDRNOTAVAIL), "";
    Any ZeroPort => Fail(DESTADDRREQ), "";
    Stream BroadcastAddress => Fail(PERM), "";
    Any BroadcastForbidden => Fail(ACCES), "";
    Any MulticastAddress => Fail(PROTOTYPE), "";
    Any Always => Proceed, "";
};

const ALL_PAGES: Pages = pages! {
    startup: rules! {
        Any NoNetwork => Fail(SYSNOTREADY), "";
        Any BadVersion => Fail(VERNOTSUPPORTED), "";
        Any NullBuffer => Fail(FAULT), "";
        Any Always => Proceed, "";
    },
    cleanup: PLAIN,
    socket: rules! {
        Any NotStarted => Fail(NOTINITIALISED), "";
        Any BadFamily => Fail(AFNOSUPPORT), "";
        Any BadType => Fail(SOCKTNOSUPPORT), "";
        Any BadProtocol => Fail(PROTONOSUPPORT), "";
        Any WrongProtocol => Fail(PROTOTYPE), "";
        Any Always => Proceed, "";
    },
    bind: PLAIN,
    connect: CONNECT,
    listen: PLAIN,
    accept: rules! {
        Any NotStarted => Fail(NOTINITIALISED), "";
        Any BadHandle => Fail(BADF), "";
        Any BadLengthPointer => Fail(FAULT), "";
        Any UnreadableName => Fail(FAULT), "";
        Any ShortName => Fail(FAULT), "";
        Any NotListening => Fail(INVAL), "";
        Any Always => Proceed, "";
    },
    send: TRANSFER,
    sendto: TRANSFER,
    recv: TRANSFER,
    recvfrom: TRANSFER,
    select: rules! {
        Any NotStarted => Fail(NOTINITIALISED), "";
        Any NothingSelected => Fail(INVAL), "";
        Any BadTime => Fail(INVAL), "";
        Any BadHandleInSet => Fail(NOTSOCK), "";
        Any Always => Proceed, "";
    },
    shutdown: PLAIN,
    close: PLAIN,
    getsockname: rules! {
        Any BadHandle => Fail(BADF), "";
        Any Unbound => Fail(INVAL), "";
        Any UnreadableName => Fail(FAULT), "";
        Any BadLengthPointer => Fail(FAULT), "";
        Any NegativeLength => Fail(INVAL), "";
        Any NullName => Fail(FAULT), "";
        Any Always => Proceed, "";
    },
    getpeername: PLAIN,
    getsockopt: PLAIN,
    setsockopt: PLAIN,
    ioctl: PLAIN,
};

macro_rules! spellings {
    ($($word:ident $number:literal)*) => {
        &[$(Spelling { word: Word::$word, name: stringify!($word), number: $number, meaning: "" },)*]
    };
}

const fn option(number: i32, meaning: Meaning, form: Form, settable: bool, on: On) -> OptionRow {
    OptionRow { level: 1, number, name: "", meaning, form, settable, on }
}

pub(super) static TESTISH: Dialect = Dialect {
    name: "testish",
    title: "a dialect for tests",
    prototype: "int connect(int, const void *, int);",
    pages: ALL_PAGES,
    words: &outcome_words! {
        ConnectStarted => INPROGRESS, "";
        WouldBlock => WOULDBLOCK, "";
        TimeLimit => WOULDBLOCK, "";
        Refused => CONNREFUSED, "";
        Reset => CONNRESET, "";
        Aborted => CONNABORTED, "";
        TimedOut => TIMEDOUT, "";
        TimedOutUnreachable => HOSTUNREACH, "";
        NetworkUnreachable => NETUNREACH, "";
        HostUnreachable => HOSTUNREACH, "";
        Prohibited => HOSTUNREACH, "";
        NetworkDown => NETDOWN, "";
        AddressInUse => ADDRINUSE, "";
        AddressNotLocal => ADDRNOTAVAIL, "";
        NoPorts => ADDRNOTAVAIL, "";
        BadPeer => ADDRNOTAVAIL, "";
        NoBuffers => NOBUFS, "";
        NoDescriptors => MFILE, "";
        PermissionDenied => ACCES, "";
        Interrupted => INTR, "";
        Cancelled => INTR, "";
        NotConnected => NOTCONN, "";
        AlreadyConnected => ISCONN, "";
        AlreadyConnecting => ALREADY, "";
        MessageTooLong => MSGSIZE, "";
        SendingOver => SHUTDOWN, "";
        PathMissing => NOENT, "";
        NotDirectory => NOTDIR, "";
        PathTooLong => NAMETOOLONG, "";
        PathLoop => LOOP, "";
        NotListening => CONNREFUSED, "";
        WrongKind => PROTOTYPE, "";
        DomainUnsupported => AFNOSUPPORT, "";
        OperationUnsupported => OPNOTSUPP, "";
        OptionUnsupported => NOPROTOOPT, "";
        BadArgument => INVAL, "";
        BadMemory => FAULT, "";
        NoUrgentData => INVAL, "";
        Other => IO, "";
    },
    spellings: spellings! {
        ACCES 1 ADDRINUSE 2 ADDRNOTAVAIL 3 AFNOSUPPORT 4 ALREADY 5 BADF 6 CONNABORTED 7 CONNREFUSED 8 CONNRESET 9
        DESTADDRREQ 10 FAULT 11 HOSTUNREACH 12 INPROGRESS 13 INTR 14 INVAL 15 IO 16 ISCONN 17 LOOP 18 MFILE 19 MSGSIZE 20
        NAMETOOLONG 21 NETDOWN 22 NETUNREACH 23 NOBUFS 24 NOENT 25 NOPROTOOPT 26 NOTCONN 27 NOTDIR 28 NOTINITIALISED 29
        NOTSOCK 30 OPNOTSUPP 31 PERM 32 PROTONOSUPPORT 33 PROTOTYPE 34 SHUTDOWN 35 SOCKTNOSUPPORT 36 SYSNOTREADY 37
        TIMEDOUT 38 VERNOTSUPPORTED 39 WOULDBLOCK 40
    },
    names: NameFormat { unspecified: 0, inet4: 2, inet6: Some(10), local: Some(1), local_path_octets: 1_023 },
    kinds: &[
        KindRow { number: 1, name: "STREAM", kind: Kind::Stream },
        KindRow { number: 2, name: "DGRAM", kind: Kind::Datagram },
    ],
    protocols: &[
        ProtocolRow { number: 0, name: "", on: On::Any },
        ProtocolRow { number: 6, name: "TCP", on: On::Stream },
        ProtocolRow { number: 17, name: "UDP", on: On::Datagram },
    ],
    flags: &[
        FlagRow { number: 1, name: "OOB", meaning: FlagMeaning::Urgent },
        FlagRow { number: 2, name: "PEEK", meaning: FlagMeaning::Peek },
        FlagRow { number: 4, name: "DONTROUTE", meaning: FlagMeaning::DontRoute },
        FlagRow { number: 8, name: "PARTIAL", meaning: FlagMeaning::Nothing },
    ],
    hows: &[
        HowRow { number: 0, name: "RECEIVE", how: Shutdown::Receive },
        HowRow { number: 1, name: "SEND", how: Shutdown::Send },
        HowRow { number: 2, name: "BOTH", how: Shutdown::Both },
    ],
    versions: &[(1, 0), (1, 1), (2, 2)],
    options: &[
        option(1, Meaning::KeepAlive, Form::Int, true, On::Any),
        option(2, Meaning::Linger, Form::LingerShort, true, On::Stream),
        option(3, Meaning::Error, Form::Int, false, On::Any),
        option(4, Meaning::ReceiveTimeLimit, Form::Millis, true, On::Any),
        option(5, Meaning::SendTimeLimit, Form::TimeValue, true, On::Any),
        option(6, Meaning::ConnectTime, Form::Int, false, On::Any),
        option(7, Meaning::Type, Form::Int, false, On::Any),
        option(8, Meaning::Listening, Form::Int, false, On::Any),
        option(9, Meaning::HopLimit, Form::Int, true, On::Any),
        option(10, Meaning::ReceiveBuffer, Form::Int, true, On::Any),
        OptionRow {
            level: 6,
            number: 1,
            name: "NODELAY",
            meaning: Meaning::NoDelay,
            form: Form::IntOrOctet,
            settable: true,
            on: On::Stream,
        },
    ],
    ioctls: &[
        IoctlRow { number: 1, name: "FIONBIO", request: Request::NonBlocking },
        IoctlRow { number: 2, name: "FIONREAD", request: Request::Receivable },
        IoctlRow { number: 3, name: "SIOCATMARK", request: Request::AtMark },
    ],
    ways: Ways {
        starting: way(Starting::Counted),
        handles: way(HandleScheme::Descriptors),
        connect: way(ConnectPolicy { soft_errors: synsent_stack::SoftErrors::AbortOnAny, timeout: None }),
        queue: way(QueueRule::DropWhenPeerChanges),
        failure_shows: way(FailureShows::Exceptional),
        error_reading: way(ErrorReading::Stays),
        truncation: way(Truncation::Fails),
    },
};

/// A page of which an outcome has a word of its own.
pub(super) static ANSWERING: Page = Page {
    call: "answering",
    rules: PLAIN,
    answers: answers! {
        Stream Refused => PERM, "", "a test wants it so";
    },
};
