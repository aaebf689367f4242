//! The pages of BS2000 SOCKETS(POSIX). The document at hand is that of connect; the calls around it follow POSIX, and their
//! rows say so.

use crate::dialect::Pages;
use crate::page::{Page, answers, rules};

/// The pages.
pub(super) const PAGES: Pages = Pages {
    startup: Page::absent("startup"),
    cleanup: Page::absent("cleanup"),
    socket: SOCKET,
    bind: BIND,
    connect: CONNECT,
    listen: LISTEN,
    accept: ACCEPT,
    send: SEND,
    sendto: SENDTO,
    recv: RECV,
    recvfrom: RECVFROM,
    select: SELECT,
    shutdown: SHUTDOWN,
    close: CLOSE,
    getsockname: GETSOCKNAME,
    getpeername: GETPEERNAME,
    getsockopt: GETSOCKOPT,
    setsockopt: SETSOCKOPT,
    ioctl: IOCTL,
    more: &[&FCNTL, &POLL],
};

/// fcntl, of which a socket has O_NONBLOCK.
pub(super) static FCNTL: Page = Page {
    call: "fcntl",
    rules: rules! {
        Any BadHandle  => Fail(BADF),    "bs2000.error.badf", "as connect has it";
        Any NotASocket => Fail(NOTSOCK), "bs2000.error.notsock", "in Rust; from C the call on a file is the C library's";
        Any BadOption  => Fail(INVAL),   "", "POSIX: no such command";
        Any Always     => Proceed,       "", "nothing speaks against it";
    },
    answers: &[],
};

/// poll. A descriptor that is none is told in its own entry.
pub(super) static POLL: Page = Page {
    call: "poll",
    rules: rules! {
        Any FileInSet => Proceed, "", "POSIX: files are waited for beside sockets; a regular one can always be read and written";
        Any Always    => Proceed, "", "POSIX: without a descriptor poll waits for its time to pass";
    },
    answers: &[],
};

const CONNECT: Page = Page {
    call: "connect",
    rules: rules! {
        Any      BadHandle          => Fail(BADF),         "bs2000.error.badf";
        Any      NotASocket         => Fail(NOTSOCK),      "bs2000.error.notsock";
        Local    NullName           => Fail(DESTADDRREQ),  "bs2000.error.destaddrreq";
        Datagram NullName           => Dissolve,           "bs2000.datagram-dissolve";
        Stream   NullName           => Fail(FAULT),        "bs2000.error.fault", "only a datagram socket has an assignment that could end";
        Any      UnreadableName     => Fail(FAULT),        "bs2000.error.fault";
        Streams  Listening          => Fail(OPNOTSUPP),    "", "the document is silent; POSIX's word for a socket that listens";
        Streams  Connecting         => Fail(ALREADY),      "bs2000.error.already";
        Streams  Connected          => Fail(ISCONN),       "bs2000.stream-once";
        Streams  RefusedBefore      => Fail(INVAL),        "bs2000.refused-needs-new-descriptor", "the document asks for a new descriptor and names no error for the old one";
        Any      ShortName          => Fail(INVAL),        "bs2000.error.inval";
        Local    LongName           => Fail(NAMETOOLONG),  "bs2000.error.nametoolong", "what has no end within PATH_MAX is a path that is too long";
        Both     LongName           => Fail(INVAL),        "bs2000.error.inval";
        Any      WrongFamily        => Fail(AFNOSUPPORT),  "bs2000.error.afnosupport";
        Both     ZeroAddress        => Fail(ADDRNOTAVAIL), "bs2000.error.addrnotavail", "all zeroes are no partner's address";
        Both     ZeroPort           => Fail(ADDRNOTAVAIL), "bs2000.error.addrnotavail", "port zero is no partner's";
        Stream   BroadcastAddress   => Fail(ADDRNOTAVAIL), "bs2000.error.addrnotavail", "a connection has one partner";
        Stream   MulticastAddress   => Fail(ADDRNOTAVAIL), "bs2000.error.addrnotavail", "a connection has one partner";
        Datagram BroadcastForbidden => Fail(ACCES),        "", "the document is silent; nobody sends there without SO_BROADCAST, so connect says it already";
        Local    LongPath => Fail(NAMETOOLONG), "bs2000.error.nametoolong";
        Local    BlankPath          => Fail(NOENT),        "bs2000.error.noent";
        Any      Always             => Proceed,            "bs2000.establish";
    },
    answers: answers! {
        Any NoDescriptors => NOBUFS, "bs2000.error.nobufs", "the list has no EMFILE; this is its word for what there is not enough of";
    },
};

const SOCKET: Page = Page {
    call: "socket",
    rules: rules! {
        Any BadFamily   => Fail(AFNOSUPPORT),    "", "POSIX";
        Any BadType     => Fail(PROTOTYPE),      "", "POSIX";
        Any WrongProtocol => Fail(PROTOTYPE), "", "POSIX";
        Any BadProtocol => Fail(PROTONOSUPPORT), "", "POSIX";
        Any Always      => Proceed,              "bs2000.domains";
    },
    answers: &[],
};

const BIND: Page = Page {
    call: "bind",
    rules: rules! {
        Any   BadHandle      => Fail(BADF),        "bs2000.error.badf", "as connect has it";
        Any   NotASocket     => Fail(NOTSOCK),     "bs2000.error.notsock", "as connect has it";
        Local NullName       => Fail(DESTADDRREQ), "bs2000.error.destaddrreq", "POSIX has the same for bind";
        Any   NullName       => Fail(FAULT),       "bs2000.error.fault", "as connect has it";
        Any   UnreadableName => Fail(FAULT),       "bs2000.error.fault", "as connect has it";
        Any   Bound          => Fail(INVAL),       "", "POSIX: a socket is named once";
        Any   ShortName      => Fail(INVAL),       "bs2000.error.inval", "as connect has it";
        Local LongName       => Fail(NAMETOOLONG), "bs2000.error.nametoolong", "as connect has it";
        Any   LongName       => Fail(INVAL),       "bs2000.error.inval", "as connect has it";
        Any   WrongFamily    => Fail(AFNOSUPPORT), "bs2000.error.afnosupport", "as connect has it";
        Local LongPath => Fail(NAMETOOLONG), "bs2000.error.nametoolong";
        Local BlankPath      => Fail(NOENT),       "bs2000.error.noent", "as connect has it";
        Any   Always         => Proceed,           "", "nothing speaks against it";
    },
    answers: &[],
};

const LISTEN: Page = Page {
    call: "listen",
    rules: rules! {
        Any         BadHandle  => Fail(BADF),        "bs2000.error.badf", "as connect has it";
        Any         NotASocket => Fail(NOTSOCK),     "bs2000.error.notsock", "as connect has it";
        Datagrams   Always     => Fail(OPNOTSUPP),   "", "POSIX: only streams have connections to wait for";
        Any         Connecting => Fail(INVAL),       "", "POSIX";
        Any         Connected  => Fail(INVAL),       "", "POSIX";
        LocalStream Unbound    => Fail(DESTADDRREQ), "", "POSIX: nobody could reach a local socket without a path";
        Any         Always     => Proceed,           "", "BSD: a socket without a name gets one; a listener changes its backlog";
    },
    answers: &[],
};

const ACCEPT: Page = Page {
    call: "accept",
    rules: rules! {
        Any       BadHandle        => Fail(BADF),      "bs2000.error.badf", "as connect has it";
        Any       NotASocket       => Fail(NOTSOCK),   "bs2000.error.notsock", "as connect has it";
        Any       UnreadableName   => Fail(FAULT),     "bs2000.error.fault", "as connect has it";
        Any       BadLengthPointer => Fail(FAULT),     "bs2000.error.fault", "as connect has it";
        Datagrams Always           => Fail(OPNOTSUPP), "", "POSIX: only streams have connections to wait for";
        Any       NotListening     => Fail(INVAL),     "", "POSIX";
        Any       NegativeLength   => Fail(INVAL),     "", "POSIX";
        Any       Always           => Proceed,         "", "nothing speaks against it";
    },
    answers: &[],
};

const SEND: Page = Page {
    call: "send",
    rules: rules! {
        Any       BadHandle         => Fail(BADF),        "bs2000.error.badf", "as connect has it";
        Any       NotASocket        => Fail(NOTSOCK),     "bs2000.error.notsock", "as connect has it";
        Any       NegativeLength    => Fail(INVAL),       "", "POSIX leaves the order open; a length that is none is seen before any memory is touched";
        Any       NullBuffer        => Fail(FAULT),       "bs2000.error.fault", "as connect has it";
        Any       BadBuffer         => Fail(FAULT),       "bs2000.error.fault", "as connect has it";
        Any       BadFlags          => Fail(OPNOTSUPP),   "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any       UrgentUnsupported => Fail(OPNOTSUPP),   "", "POSIX";
        Any       SendingShut       => Fail(PIPE),        "", "POSIX";
        Datagrams Unconnected       => Fail(DESTADDRREQ), "", "POSIX: no partner was named before";
        Streams   Listening         => Fail(NOTCONN),     "", "POSIX";
        Streams   Connecting        => Fail(NOTCONN),     "", "POSIX: there is no partner until the connection is set up";
        Streams   Unconnected       => Fail(NOTCONN),     "", "POSIX";
        Any       Always            => Proceed,           "bs2000.datagram-partner";
    },
    answers: &[],
};

const SENDTO: Page = Page {
    call: "sendto",
    rules: rules! {
        Any           BadHandle          => Fail(BADF),         "bs2000.error.badf", "as connect has it";
        Any           NotASocket         => Fail(NOTSOCK),      "bs2000.error.notsock", "as connect has it";
        Any           NegativeLength     => Fail(INVAL),        "", "POSIX leaves the order open; a length that is none is seen before any memory is touched";
        Any           NullBuffer         => Fail(FAULT),        "bs2000.error.fault", "as connect has it";
        Any           BadBuffer          => Fail(FAULT),        "bs2000.error.fault", "as connect has it";
        Datagrams     UnreadableName     => Fail(FAULT),        "bs2000.error.fault", "as connect has it";
        Any           BadFlags           => Fail(OPNOTSUPP),    "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any           UrgentUnsupported  => Fail(OPNOTSUPP),    "", "POSIX";
        Any           SendingShut        => Fail(PIPE),         "", "POSIX";
        Datagrams     NoDestination      => Fail(DESTADDRREQ),  "", "POSIX: neither a name nor a partner says where to";
        Streams       Listening          => Fail(NOTCONN),      "", "POSIX; the name means nothing to a stream";
        Streams       Connecting         => Fail(NOTCONN),      "", "POSIX; the name means nothing to a stream";
        Streams       Unconnected        => Fail(NOTCONN),      "", "POSIX; the name means nothing to a stream";
        Datagrams     ShortName          => Fail(INVAL),        "bs2000.error.inval", "as connect has it";
        LocalDatagram LongName           => Fail(NAMETOOLONG),  "bs2000.error.nametoolong", "as connect has it";
        Datagram      LongName           => Fail(INVAL),        "bs2000.error.inval", "as connect has it";
        Datagrams     WrongFamily        => Fail(AFNOSUPPORT),  "bs2000.error.afnosupport", "as connect has it";
        Datagram      ZeroAddress        => Fail(ADDRNOTAVAIL), "bs2000.error.addrnotavail", "as connect has it";
        Datagram      ZeroPort           => Fail(ADDRNOTAVAIL), "bs2000.error.addrnotavail", "as connect has it";
        Datagram      BroadcastForbidden => Fail(ACCES),        "", "POSIX";
        LocalDatagram LongPath => Fail(NAMETOOLONG), "bs2000.error.nametoolong";
        LocalDatagram BlankPath          => Fail(NOENT),        "bs2000.error.noent", "as connect has it";
        Any           Always             => Proceed,            "", "nothing speaks against it";
    },
    answers: &[],
};

const RECV: Page = Page {
    call: "recv",
    rules: rules! {
        Any     BadHandle         => Fail(BADF),      "bs2000.error.badf", "as connect has it";
        Any     NotASocket        => Fail(NOTSOCK),   "bs2000.error.notsock", "as connect has it";
        Any     NegativeLength    => Fail(INVAL),     "", "POSIX leaves the order open; a length that is none is seen before any memory is touched";
        Any     NullBuffer        => Fail(FAULT),     "bs2000.error.fault", "as connect has it";
        Any     BadBuffer         => Fail(FAULT),     "bs2000.error.fault", "as connect has it";
        Any     BadFlags          => Fail(OPNOTSUPP), "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any     UrgentUnsupported => Fail(OPNOTSUPP), "", "POSIX";
        Streams Listening         => Fail(NOTCONN),   "", "POSIX";
        Streams Connecting        => Fail(NOTCONN),   "", "POSIX: there is no partner until the connection is set up";
        Streams Unconnected       => Fail(NOTCONN),   "", "POSIX";
        Any     Always            => Proceed,         "bs2000.datagram-partner";
    },
    answers: &[],
};

const RECVFROM: Page = Page {
    call: "recvfrom",
    rules: rules! {
        Any     BadHandle         => Fail(BADF),      "bs2000.error.badf", "as connect has it";
        Any     NotASocket        => Fail(NOTSOCK),   "bs2000.error.notsock", "as connect has it";
        Any     NegativeLength    => Fail(INVAL),     "", "POSIX leaves the order open; a length that is none is seen before any memory is touched";
        Any     NullBuffer        => Fail(FAULT),     "bs2000.error.fault", "as connect has it";
        Any     BadBuffer         => Fail(FAULT),     "bs2000.error.fault", "as connect has it";
        Any     UnreadableName    => Fail(FAULT),     "bs2000.error.fault", "as connect has it";
        Any     BadLengthPointer  => Fail(FAULT),     "bs2000.error.fault", "as connect has it";
        Any     BadFlags          => Fail(OPNOTSUPP), "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any     UrgentUnsupported => Fail(OPNOTSUPP), "", "POSIX";
        Streams Listening         => Fail(NOTCONN),   "", "POSIX";
        Streams Connecting        => Fail(NOTCONN),   "", "POSIX: there is no partner until the connection is set up";
        Streams Unconnected       => Fail(NOTCONN),   "", "POSIX";
        Any     Always            => Proceed,         "bs2000.datagram-partner";
    },
    answers: &[],
};

const SELECT: Page = Page {
    call: "select",
    rules: rules! {
        Any BadHandleInSet => Fail(BADF),  "bs2000.error.badf", "POSIX: every descriptor in a set is a valid one";
        Any BadTime        => Fail(INVAL), "", "POSIX";
        Any FileInSet      => Proceed,     "", "POSIX: files are waited for beside sockets; a regular one is always ready, in each of the three sets";
        Any Always         => Proceed,     "", "POSIX: without a socket select waits for its time to pass";
    },
    answers: &[],
};

const SHUTDOWN: Page = Page {
    call: "shutdown",
    rules: rules! {
        Any BadHandle   => Fail(BADF),    "bs2000.error.badf", "as connect has it";
        Any NotASocket  => Fail(NOTSOCK), "bs2000.error.notsock", "as connect has it";
        Any BadArgument => Fail(INVAL),   "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any Listening   => Fail(NOTCONN), "", "POSIX";
        Any Connecting  => Fail(NOTCONN), "", "POSIX: it does not touch the attempt";
        Any Unconnected => Fail(NOTCONN), "", "POSIX";
        Any Broken      => Fail(NOTCONN), "", "POSIX: a connection that was reset is none";
        Any Always      => Proceed,       "", "nothing speaks against it";
    },
    answers: &[],
};

const CLOSE: Page = Page {
    call: "close",
    rules: rules! {
        Any BadHandle  => Fail(BADF),    "bs2000.error.badf", "as connect has it";
        Any NotASocket => Fail(NOTSOCK), "", "in Rust, where files are closed as they were opened; from C the call on a file is the C library's";
        Any Always     => Proceed,       "bs2000.refused-needs-new-descriptor";
    },
    answers: &[],
};

const GETSOCKNAME: Page = Page {
    call: "getsockname",
    rules: rules! {
        Any BadHandle        => Fail(BADF),    "bs2000.error.badf", "as connect has it";
        Any NotASocket       => Fail(NOTSOCK), "bs2000.error.notsock", "as connect has it";
        Any NullName         => Fail(FAULT),   "bs2000.error.fault", "as connect has it";
        Any UnreadableName   => Fail(FAULT),   "bs2000.error.fault", "as connect has it";
        Any BadLengthPointer => Fail(FAULT),   "bs2000.error.fault", "as connect has it";
        Any NegativeLength   => Fail(INVAL),   "", "POSIX";
        Any Always           => Proceed,       "", "POSIX: a socket without a name says all zeroes; what does not fit is cut off";
    },
    answers: &[],
};

const GETPEERNAME: Page = Page {
    call: "getpeername",
    rules: rules! {
        Any BadHandle        => Fail(BADF),    "bs2000.error.badf", "as connect has it";
        Any NotASocket       => Fail(NOTSOCK), "bs2000.error.notsock", "as connect has it";
        Any NullName         => Fail(FAULT),   "bs2000.error.fault", "as connect has it";
        Any UnreadableName   => Fail(FAULT),   "bs2000.error.fault", "as connect has it";
        Any BadLengthPointer => Fail(FAULT),   "bs2000.error.fault", "as connect has it";
        Any Listening        => Fail(NOTCONN), "", "POSIX";
        Any Connecting       => Fail(NOTCONN), "", "POSIX";
        Any Unconnected      => Fail(NOTCONN), "", "POSIX";
        Any NegativeLength   => Fail(INVAL),   "", "POSIX";
        Any Always           => Proceed,       "", "POSIX: what does not fit is cut off";
    },
    answers: &[],
};

const GETSOCKOPT: Page = Page {
    call: "getsockopt",
    rules: rules! {
        Any BadHandle        => Fail(BADF),       "bs2000.error.badf", "as connect has it";
        Any NotASocket       => Fail(NOTSOCK),    "bs2000.error.notsock", "as connect has it";
        Any NullBuffer       => Fail(FAULT),      "bs2000.error.fault", "as connect has it";
        Any BadBuffer        => Fail(FAULT),      "bs2000.error.fault", "as connect has it";
        Any BadLengthPointer => Fail(FAULT),      "bs2000.error.fault", "as connect has it";
        Any BadLevel         => Fail(NOPROTOOPT), "", "POSIX";
        Any BadOption        => Fail(NOPROTOOPT), "", "POSIX";
        Any OptionFixed      => Fail(NOPROTOOPT), "", "POSIX";
        Any NegativeLength   => Fail(INVAL),      "", "POSIX";
        Any Always           => Proceed,          "", "POSIX: what does not fit is cut off";
    },
    answers: &[],
};

const SETSOCKOPT: Page = Page {
    call: "setsockopt",
    rules: rules! {
        Any BadHandle      => Fail(BADF),       "bs2000.error.badf", "as connect has it";
        Any NotASocket     => Fail(NOTSOCK),    "bs2000.error.notsock", "as connect has it";
        Any NullBuffer     => Fail(FAULT),      "bs2000.error.fault", "as connect has it";
        Any BadBuffer      => Fail(FAULT),      "bs2000.error.fault", "as connect has it";
        Any BadLevel       => Fail(NOPROTOOPT), "", "POSIX";
        Any BadOption      => Fail(NOPROTOOPT), "", "POSIX";
        Any OptionFixed    => Fail(NOPROTOOPT), "", "POSIX: what can only be read is not there to be set";
        Any NegativeLength => Fail(INVAL),      "", "POSIX";
        Any ShortOption    => Fail(INVAL),      "", "POSIX";
        Any BadArgument    => Fail(INVAL),      "", "POSIX";
        Any Always         => Proceed,          "", "nothing speaks against it";
    },
    answers: &[],
};

const IOCTL: Page = Page {
    call: "ioctl",
    rules: rules! {
        Any BadHandle   => Fail(BADF),    "bs2000.error.badf", "as connect has it";
        Any NotASocket  => Fail(NOTSOCK), "bs2000.error.notsock", "as connect has it";
        Any BadOption   => Fail(INVAL),   "", "POSIX: no such request";
        Any NullBuffer  => Fail(FAULT),   "bs2000.error.fault", "as connect has it";
        Any BadBuffer   => Fail(FAULT),   "bs2000.error.fault", "as connect has it";
        Any Always      => Proceed,       "", "nothing speaks against it";
    },
    answers: &[],
};
