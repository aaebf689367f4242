//! Starting and ending, and the life of a socket but for connect: socket, bind, listen, accept, select, shutdown, closesocket.

use crate::page::{Page, rules};

/// WSAStartup.
pub(crate) const WSASTARTUP: Page = Page {
    call: "WSAStartup",
    rules: rules! {
        Any NoNetwork  => Fail(SYSNOTREADY), "", "both pages of WSAStartup";
        Any CallInProgress => Fail(INPROGRESS), "", "both pages of WSAStartup: a blocking call is in progress";
        Any BadVersion => Fail(VERNOTSUPPORTED), "", "both pages of WSAStartup";
        Any NullBuffer => Fail(FAULT), "", "Winsock 2's page of WSAStartup, and Windows; 1.1 is silent";
        Any Always     => Proceed, "", "each start is counted";
    },
    answers: &[],
};

/// WSACleanup.
pub(crate) const WSACLEANUP: Page = Page {
    call: "WSACleanup",
    rules: rules! {
        Any NotStarted => Fail(NOTINITIALISED), "", "both pages of WSACleanup";
        Any CallInProgress => Fail(INPROGRESS), "", "both pages of WSACleanup: a blocking call is in progress";
        Any Always     => Proceed, "", "the last of them ends all sockets";
    },
    answers: &[],
};

/// socket.
pub(crate) const SOCKET: Page = Page {
    call: "socket",
    rules: rules! {
        Any NotStarted   => Fail(NOTINITIALISED), "", "both pages of socket ask for WSAStartup first";
        Any CallInProgress => Fail(INPROGRESS), "", "both pages of socket: a blocking call is in progress";
        Any BadFamily    => Fail(AFNOSUPPORT), "", "both pages of socket";
        Any BadType      => Fail(SOCKTNOSUPPORT), "", "both pages of socket";
        Any BadProtocol   => Fail(PROTONOSUPPORT), "", "both pages of socket";
        Any WrongProtocol => Fail(PROTOTYPE), "", "both pages of socket";
        Any Always       => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// bind.
pub(crate) const BIND: Page = Page {
    call: "bind",
    rules: rules! {
        Any  NotStarted      => Fail(NOTINITIALISED), "", "both pages of bind ask for WSAStartup first";
        Any  CallInProgress => Fail(INPROGRESS), "", "both pages of bind: a blocking call is in progress";
        Any  BadHandle       => Fail(NOTSOCK), "", "both pages of bind";
        Any  NotASocket      => Fail(NOTSOCK), "", "both pages of bind";
        Both NullName        => Fail(FAULT), "", "Winsock 2's page of bind; in 1.1 a wrong length is WSAEFAULT, and this is no better";
        Both UnreadableName  => Fail(FAULT), "", "Winsock 2's page of bind; 1.1 is silent";
        Both Bound           => Fail(INVAL), "", "both pages of bind; connect binds too, also one that failed";
        Both ShortName       => Fail(FAULT), "", "both pages of bind";
        Both WrongFamily     => Fail(AFNOSUPPORT), "", "both pages of bind";
        Any  Always          => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// listen.
pub(crate) const LISTEN: Page = Page {
    call: "listen",
    rules: rules! {
        Any      NotStarted  => Fail(NOTINITIALISED), "", "both pages of listen ask for WSAStartup first";
        Any      CallInProgress => Fail(INPROGRESS), "", "both pages of listen: a blocking call is in progress";
        Any      BadHandle   => Fail(NOTSOCK), "", "both pages of listen";
        Any      NotASocket  => Fail(NOTSOCK), "", "both pages of listen";
        Datagram Always      => Fail(OPNOTSUPP), "", "both pages of listen: only connections are waited for";
        Stream   Connected   => Fail(ISCONN), "", "both pages of listen";
        Stream   Connecting  => Fail(INVAL), "", "the documents are silent; an opening that is under way ends as a connection or not at all";
        Stream   Unbound     => Fail(INVAL), "", "both pages of listen: bind comes first; a connect that failed has bound too";
        Any      Always      => Proceed, "", "a second listen changes the backlog";
    },
    answers: &[],
};

/// accept.
pub(crate) const ACCEPT: Page = Page {
    call: "accept",
    rules: rules! {
        Any      NotStarted       => Fail(NOTINITIALISED), "", "both pages of accept ask for WSAStartup first";
        Any      CallInProgress => Fail(INPROGRESS), "", "both pages of accept: a blocking call is in progress";
        Any      BadHandle        => Fail(NOTSOCK), "", "both pages of accept";
        Any      NotASocket       => Fail(NOTSOCK), "", "both pages of accept";
        Both     UnreadableLengthPointer => Fail(FAULT), "", "both pages of accept: room whose length cannot be known is too small; where the pointer is null, nothing is told of the peer";
        Both     UnreadableName   => Fail(FAULT), "", "Winsock 2's page of accept; 1.1 is silent";
        Datagram Always           => Fail(OPNOTSUPP), "", "both pages of accept: only connections are accepted";
        Stream   NotListening     => Fail(INVAL), "", "both pages of accept: listen comes first";
        Stream   ShortName        => Fail(FAULT), "", "both pages of accept";
        Stream   NegativeLength   => Fail(FAULT), "", "both pages of accept";
        Any      Always           => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// select.
pub(crate) const SELECT: Page = Page {
    call: "select",
    rules: rules! {
        Any NotStarted      => Fail(NOTINITIALISED), "", "both pages of select ask for WSAStartup first";
        Any CallInProgress => Fail(INPROGRESS), "", "both pages of select: a blocking call is in progress";
        Any BadHandleInSet  => Fail(NOTSOCK), "", "both pages of select";
        Any FileInSet       => Fail(NOTSOCK), "", "both pages of select";
        Any NothingSelected => Fail(INVAL), "", "Winsock 2's page of select, and Windows; 1.1 is silent";
        Any BadTime         => Fail(INVAL), "", "both pages of select";
        Any Always          => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// shutdown.
pub(crate) const SHUTDOWN: Page = Page {
    call: "shutdown",
    rules: rules! {
        Any    NotStarted  => Fail(NOTINITIALISED), "", "both pages of shutdown ask for WSAStartup first";
        Any    CallInProgress => Fail(INPROGRESS), "", "both pages of shutdown: a blocking call is in progress";
        Any    BadHandle   => Fail(NOTSOCK), "", "both pages of shutdown";
        Any    NotASocket  => Fail(NOTSOCK), "", "both pages of shutdown";
        Stream Listening   => Fail(NOTCONN), "", "both pages of shutdown";
        Stream Connecting  => Fail(NOTCONN), "", "both pages of shutdown; the opening goes on";
        Stream Unconnected => Fail(NOTCONN), "", "both pages of shutdown, of streams alone";
        Both   BadArgument => Fail(INVAL), "", "both pages of shutdown";
        Any    Always      => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// closesocket.
pub(crate) const CLOSESOCKET: Page = Page {
    call: "closesocket",
    rules: rules! {
        Any NotStarted => Fail(NOTINITIALISED), "", "both pages of closesocket ask for WSAStartup first";
        Any CallInProgress => Fail(INPROGRESS), "", "both pages of closesocket: a blocking call is in progress";
        Any BadHandle  => Fail(NOTSOCK), "", "both pages of closesocket";
        Any NotASocket => Fail(NOTSOCK), "", "both pages of closesocket";
        Any Always     => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};
