//! TargetTCP's pages. The document at hand is that of connect; the calls around it follow BSD, and their rows say so.

use crate::dialect::Pages;
use crate::page::{Page, answers, rules};

/// The pages.
pub(super) const PAGES: Pages = Pages {
    startup: STARTUP,
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
    more: &[],
};

const STARTUP: Page = Page {
    call: "target_tcp_init",
    rules: rules! {
        Any NoNetwork => Fail(NETDOWN), "targettcp.error.netdown", "there is nothing that could be initialized";
        Any Always    => Proceed,       "", "a second initialization changes nothing";
    },
    answers: &[],
};

const CONNECT: Page = Page {
    call: "connect",
    rules: rules! {
        Any      NotStarted         => Fail(NETDOWN),      "targettcp.error.netdown";
        Any      BadHandle          => Fail(NOTSOCK),      "targettcp.error.notsock";
        Any      NotASocket         => Fail(NOTSOCK),      "targettcp.error.notsock";
        Both     NullName           => Fail(FAULT),        "targettcp.error.fault";
        Both     UnreadableName     => Fail(FAULT),        "targettcp.error.fault", "the document names the null pointer; another that cannot be read is the same mistake";
        Stream   Listening          => Fail(OPNOTSUPP),    "targettcp.error.opnotsupp";
        Stream   Connecting         => Fail(ALREADY),      "targettcp.error.already";
        Stream   Connected          => Fail(ISCONN),       "targettcp.error.isconn";
        Both     ShortName          => Fail(INVAL),        "targettcp.error.inval";
        Both     WrongFamily        => Fail(AFNOSUPPORT),  "targettcp.error.afnosupport";
        Both     ZeroAddress        => Fail(DESTADDRREQ),  "targettcp.error.destaddrreq";
        Both     ZeroPort           => Fail(DESTADDRREQ),  "targettcp.error.destaddrreq";
        Stream   BroadcastAddress   => Fail(ADDRNOTAVAIL), "targettcp.error.addrnotavail";
        Stream   MulticastAddress   => Fail(ADDRNOTAVAIL), "targettcp.error.addrnotavail";
        Datagram BroadcastForbidden => Fail(ACCES),        "", "the document is silent; nobody sends there without SO_BROADCAST, so connect says it already";
        Any      Always             => Proceed,            "targettcp.establish";
    },
    answers: answers! {
        Any NoDescriptors => NOBUFS, "targettcp.error.nobufs", "the list has no EMFILE; this is its word for what cannot be allocated";
    },
};

const SOCKET: Page = Page {
    call: "socket",
    rules: rules! {
        Any NotStarted  => Fail(NETDOWN),        "targettcp.error.netdown", "no call works before the initialization";
        Any BadFamily   => Fail(AFNOSUPPORT),    "", "BSD and POSIX";
        Any BadType     => Fail(PROTOTYPE),      "", "BSD and POSIX";
        Any WrongProtocol => Fail(PROTOTYPE), "", "BSD and POSIX";
        Any BadProtocol => Fail(PROTONOSUPPORT), "", "BSD and POSIX";
        Any Always      => Proceed,              "", "nothing speaks against it";
    },
    answers: &[],
};

const BIND: Page = Page {
    call: "bind",
    rules: rules! {
        Any NotStarted     => Fail(NETDOWN),     "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandle      => Fail(NOTSOCK),     "targettcp.error.notsock", "as connect has it";
        Any NotASocket     => Fail(NOTSOCK),     "targettcp.error.notsock", "as connect has it";
        Any NullName       => Fail(FAULT),       "targettcp.error.fault", "as connect has it";
        Any UnreadableName => Fail(FAULT),       "targettcp.error.fault", "as connect has it";
        Any Bound          => Fail(INVAL),       "", "BSD: a socket is named once";
        Any ShortName      => Fail(INVAL),       "targettcp.error.inval", "as connect has it";
        Any WrongFamily    => Fail(AFNOSUPPORT), "targettcp.error.afnosupport", "as connect has it";
        Any Always         => Proceed,           "targettcp.bind-partial";
    },
    answers: &[],
};

const LISTEN: Page = Page {
    call: "listen",
    rules: rules! {
        Any       NotStarted => Fail(NETDOWN),   "targettcp.error.netdown", "no call works before the initialization";
        Any       BadHandle  => Fail(NOTSOCK),   "targettcp.error.notsock", "as connect has it";
        Any       NotASocket => Fail(NOTSOCK),   "targettcp.error.notsock", "as connect has it";
        Datagrams Always     => Fail(OPNOTSUPP), "", "BSD: only streams have connections to wait for";
        Any       Connecting => Fail(INVAL),     "", "BSD and POSIX";
        Any       Connected  => Fail(INVAL),     "", "BSD and POSIX";
        Any       Always     => Proceed,         "", "BSD: a socket without a name gets one; a listener changes its backlog";
    },
    answers: &[],
};

const ACCEPT: Page = Page {
    call: "accept",
    rules: rules! {
        Any       NotStarted       => Fail(NETDOWN),   "targettcp.error.netdown", "no call works before the initialization";
        Any       BadHandle        => Fail(NOTSOCK),   "targettcp.error.notsock", "as connect has it";
        Any       NotASocket       => Fail(NOTSOCK),   "targettcp.error.notsock", "as connect has it";
        Any       UnreadableName   => Fail(FAULT),     "", "BSD";
        Any       BadLengthPointer => Fail(FAULT),     "", "BSD";
        Datagrams Always           => Fail(OPNOTSUPP), "", "BSD: only streams have connections to wait for";
        Any       NotListening     => Fail(INVAL),     "", "BSD and POSIX";
        Any       NegativeLength   => Fail(INVAL),     "", "BSD";
        Any       Always           => Proceed,         "", "nothing speaks against it";
    },
    answers: &[],
};

const SEND: Page = Page {
    call: "send",
    rules: rules! {
        Any       NotStarted        => Fail(NETDOWN),     "targettcp.error.netdown", "no call works before the initialization";
        Any       BadHandle         => Fail(NOTSOCK),     "targettcp.error.notsock", "as connect has it";
        Any       NotASocket        => Fail(NOTSOCK),     "targettcp.error.notsock", "as connect has it";
        Any       NegativeLength    => Fail(INVAL),       "", "BSD leaves the order open; a length that is none is seen before any memory is touched";
        Any       NullBuffer        => Fail(FAULT),       "", "BSD";
        Any       BadBuffer         => Fail(FAULT),       "", "BSD";
        Any       BadFlags          => Fail(OPNOTSUPP),   "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any       UrgentUnsupported => Fail(OPNOTSUPP),   "", "POSIX";
        Any       SendingShut       => Fail(PIPE),        "", "BSD";
        Datagrams Unconnected       => Fail(DESTADDRREQ), "targettcp.udp-send", "the document asks for sendto; BSD's word for what is missing is also the document's word for a destination that is none";
        Streams   Listening         => Fail(NOTCONN),     "", "BSD and POSIX";
        Streams   Connecting        => Fail(NOTCONN),     "", "BSD and POSIX: there is no peer until the handshake is done";
        Streams   Unconnected       => Fail(NOTCONN),     "", "BSD and POSIX";
        Any       Always            => Proceed,           "targettcp.udp-send";
    },
    answers: &[],
};

const SENDTO: Page = Page {
    call: "sendto",
    rules: rules! {
        Any       NotStarted         => Fail(NETDOWN),     "targettcp.error.netdown", "no call works before the initialization";
        Any       BadHandle          => Fail(NOTSOCK),     "targettcp.error.notsock", "as connect has it";
        Any       NotASocket         => Fail(NOTSOCK),     "targettcp.error.notsock", "as connect has it";
        Any       NegativeLength     => Fail(INVAL),       "", "BSD leaves the order open; a length that is none is seen before any memory is touched";
        Any       NullBuffer         => Fail(FAULT),       "", "BSD";
        Any       BadBuffer          => Fail(FAULT),       "", "BSD";
        Datagrams UnreadableName     => Fail(FAULT),       "targettcp.error.fault", "as connect has it";
        Any       BadFlags           => Fail(OPNOTSUPP),   "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any       UrgentUnsupported  => Fail(OPNOTSUPP),   "", "POSIX";
        Any       SendingShut        => Fail(PIPE),        "", "BSD";
        Datagrams NoDestination      => Fail(DESTADDRREQ), "targettcp.udp-send", "neither a name nor a peer says where to";
        Streams   Listening          => Fail(NOTCONN),     "", "BSD and POSIX; the name means nothing to a stream";
        Streams   Connecting         => Fail(NOTCONN),     "", "BSD and POSIX; the name means nothing to a stream";
        Streams   Unconnected        => Fail(NOTCONN),     "", "BSD and POSIX; the name means nothing to a stream";
        Datagrams ShortName          => Fail(INVAL),       "targettcp.error.inval", "as connect has it";
        Datagrams WrongFamily        => Fail(AFNOSUPPORT), "targettcp.error.afnosupport", "as connect has it";
        Datagrams ZeroAddress        => Fail(DESTADDRREQ), "targettcp.error.destaddrreq", "as connect has it";
        Datagrams ZeroPort           => Fail(DESTADDRREQ), "targettcp.error.destaddrreq", "as connect has it";
        Datagrams BroadcastForbidden => Fail(ACCES),       "", "BSD";
        Any       Always             => Proceed,           "targettcp.udp-send";
    },
    answers: &[],
};

const RECV: Page = Page {
    call: "recv",
    rules: rules! {
        Any     NotStarted        => Fail(NETDOWN),   "targettcp.error.netdown", "no call works before the initialization";
        Any     BadHandle         => Fail(NOTSOCK),   "targettcp.error.notsock", "as connect has it";
        Any     NotASocket        => Fail(NOTSOCK),   "targettcp.error.notsock", "as connect has it";
        Any     NegativeLength    => Fail(INVAL),     "", "BSD leaves the order open; a length that is none is seen before any memory is touched";
        Any     NullBuffer        => Fail(FAULT),     "", "BSD";
        Any     BadBuffer         => Fail(FAULT),     "", "BSD";
        Any     BadFlags          => Fail(OPNOTSUPP), "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any     UrgentUnsupported => Fail(OPNOTSUPP), "", "POSIX";
        Streams Listening         => Fail(NOTCONN),   "", "BSD and POSIX";
        Streams Connecting        => Fail(NOTCONN),   "", "BSD and POSIX: there is no peer until the handshake is done";
        Streams Unconnected       => Fail(NOTCONN),   "", "BSD and POSIX";
        Any     Always            => Proceed,         "targettcp.peer-filter";
    },
    answers: &[],
};

const RECVFROM: Page = Page {
    call: "recvfrom",
    rules: rules! {
        Any     NotStarted        => Fail(NETDOWN),   "targettcp.error.netdown", "no call works before the initialization";
        Any     BadHandle         => Fail(NOTSOCK),   "targettcp.error.notsock", "as connect has it";
        Any     NotASocket        => Fail(NOTSOCK),   "targettcp.error.notsock", "as connect has it";
        Any     NegativeLength    => Fail(INVAL),     "", "BSD leaves the order open; a length that is none is seen before any memory is touched";
        Any     NullBuffer        => Fail(FAULT),     "", "BSD";
        Any     BadBuffer         => Fail(FAULT),     "", "BSD";
        Any     UnreadableName    => Fail(FAULT),     "", "BSD";
        Any     BadLengthPointer  => Fail(FAULT),     "", "BSD";
        Any     BadFlags          => Fail(OPNOTSUPP), "", "POSIX leaves the order open; arguments are looked at before where the socket stands";
        Any     UrgentUnsupported => Fail(OPNOTSUPP), "", "POSIX";
        Streams Listening         => Fail(NOTCONN),   "", "BSD and POSIX";
        Streams Connecting        => Fail(NOTCONN),   "", "BSD and POSIX: there is no peer until the handshake is done";
        Streams Unconnected       => Fail(NOTCONN),   "", "BSD and POSIX";
        Any     Always            => Proceed,         "targettcp.peer-filter";
    },
    answers: &[],
};

const SELECT: Page = Page {
    call: "select",
    rules: rules! {
        Any NotStarted     => Fail(NETDOWN), "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandleInSet => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any FileInSet      => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any BadTime        => Fail(INVAL),   "", "BSD";
        Any Always         => Proceed,       "", "BSD: without a socket select waits for its time to pass";
    },
    answers: &[],
};

const SHUTDOWN: Page = Page {
    call: "shutdown",
    rules: rules! {
        Any NotStarted  => Fail(NETDOWN), "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandle   => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any NotASocket  => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any BadArgument => Fail(INVAL),   "", "BSD and POSIX leave the order open; arguments are looked at before where the socket stands";
        Any Listening   => Fail(NOTCONN), "", "BSD and POSIX";
        Any Connecting  => Fail(NOTCONN), "", "BSD and POSIX: it does not touch the attempt";
        Any Unconnected => Fail(NOTCONN), "", "BSD and POSIX";
        Any Broken      => Fail(NOTCONN), "", "BSD: a connection that was reset is none";
        Any Always      => Proceed,       "", "nothing speaks against it";
    },
    answers: &[],
};

const CLOSE: Page = Page {
    call: "closesocket",
    rules: rules! {
        Any NotStarted => Fail(NETDOWN), "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandle  => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any NotASocket => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any Always     => Proceed,       "", "nothing speaks against it";
    },
    answers: &[],
};

const GETSOCKNAME: Page = Page {
    call: "getsockname",
    rules: rules! {
        Any NotStarted       => Fail(NETDOWN), "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandle        => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any NotASocket       => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any NullName         => Fail(FAULT),   "", "BSD";
        Any UnreadableName   => Fail(FAULT),   "", "BSD";
        Any BadLengthPointer => Fail(FAULT),   "", "BSD";
        Any NegativeLength   => Fail(INVAL),   "", "BSD";
        Any Always           => Proceed,       "", "BSD: a socket without a name says all zeroes; what does not fit is cut off";
    },
    answers: &[],
};

const GETPEERNAME: Page = Page {
    call: "getpeername",
    rules: rules! {
        Any NotStarted       => Fail(NETDOWN), "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandle        => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any NotASocket       => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any NullName         => Fail(FAULT),   "", "BSD";
        Any UnreadableName   => Fail(FAULT),   "", "BSD";
        Any BadLengthPointer => Fail(FAULT),   "", "BSD";
        Any Listening        => Fail(NOTCONN), "", "BSD and POSIX";
        Any Connecting       => Fail(NOTCONN), "", "BSD and POSIX";
        Any Unconnected      => Fail(NOTCONN), "", "BSD and POSIX";
        Any NegativeLength   => Fail(INVAL),   "", "BSD";
        Any Always           => Proceed,       "", "BSD: what does not fit is cut off";
    },
    answers: &[],
};

const GETSOCKOPT: Page = Page {
    call: "getsockopt",
    rules: rules! {
        Any NotStarted       => Fail(NETDOWN),    "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandle        => Fail(NOTSOCK),    "targettcp.error.notsock", "as connect has it";
        Any NotASocket       => Fail(NOTSOCK),    "targettcp.error.notsock", "as connect has it";
        Any NullBuffer       => Fail(FAULT),      "", "BSD";
        Any BadBuffer        => Fail(FAULT),      "", "BSD";
        Any BadLengthPointer => Fail(FAULT),      "", "BSD";
        Any BadLevel         => Fail(NOPROTOOPT), "", "BSD";
        Any BadOption        => Fail(NOPROTOOPT), "", "BSD";
        Any OptionFixed      => Fail(NOPROTOOPT), "", "BSD";
        Any NegativeLength   => Fail(INVAL),      "", "BSD";
        Any Always           => Proceed,          "", "POSIX: what does not fit is cut off";
    },
    answers: &[],
};

const SETSOCKOPT: Page = Page {
    call: "setsockopt",
    rules: rules! {
        Any NotStarted     => Fail(NETDOWN),    "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandle      => Fail(NOTSOCK),    "targettcp.error.notsock", "as connect has it";
        Any NotASocket     => Fail(NOTSOCK),    "targettcp.error.notsock", "as connect has it";
        Any NullBuffer     => Fail(FAULT),      "", "BSD";
        Any BadBuffer      => Fail(FAULT),      "", "BSD";
        Any BadLevel       => Fail(NOPROTOOPT), "", "BSD";
        Any BadOption      => Fail(NOPROTOOPT), "", "BSD";
        Any OptionFixed    => Fail(NOPROTOOPT), "", "BSD: what can only be read is not there to be set";
        Any NegativeLength => Fail(INVAL),      "", "BSD";
        Any ShortOption    => Fail(INVAL),      "", "BSD";
        Any BadArgument    => Fail(INVAL),      "", "BSD";
        Any Always         => Proceed,          "", "nothing speaks against it";
    },
    answers: &[],
};

const IOCTL: Page = Page {
    call: "ioctlsocket",
    rules: rules! {
        Any NotStarted => Fail(NETDOWN), "targettcp.error.netdown", "no call works before the initialization";
        Any BadHandle  => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any NotASocket => Fail(NOTSOCK), "targettcp.error.notsock", "as connect has it";
        Any BadOption  => Fail(INVAL),   "", "BSD: no such request";
        Any NullBuffer => Fail(FAULT),   "", "BSD";
        Any BadBuffer  => Fail(FAULT),   "", "BSD";
        Any Always     => Proceed,       "", "nothing speaks against it";
    },
    answers: &[],
};
