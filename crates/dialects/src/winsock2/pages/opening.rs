//! Making sockets and connections with more to say about them than socket and connect can.

use crate::page::{Page, answers, rules};

/// WSASocket.
pub(crate) static WSASOCKET: Page = Page {
    call: "WSASocket",
    rules: rules! {
        Any NotStarted    => Fail(NOTINITIALISED), "", "the page of WSASocket";
        Any CallInProgress => Fail(INPROGRESS), "", "the page of WSASocket: a blocking call is in progress";
        Any BadFamily     => Fail(AFNOSUPPORT), "", "the page of WSASocket";
        Any BadType       => Fail(SOCKTNOSUPPORT), "", "the page of WSASocket";
        Any BadProtocol   => Fail(PROTONOSUPPORT), "", "the page of WSASocket";
        Any WrongProtocol => Fail(PROTOTYPE), "", "the page of WSASocket";
        Any BadArgument   => Fail(INVAL), "", "the page of WSASocket: the group is none that the socket can be in";
        Any BadFlags      => Fail(INVAL), "", "the page of WSASocket";
        Any Always        => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// WSAConnect.
pub(crate) static WSACONNECT: Page = Page {
    call: "WSAConnect",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "winsock2.error.notinitialised";
        Any      CallInProgress => Fail(INPROGRESS), "winsock2.error.inprogress";
        Any      BadHandle          => Fail(NOTSOCK), "winsock2.error.notsock";
        Any      NotASocket         => Fail(NOTSOCK), "winsock2.error.notsock";
        Both     NullName           => Fail(FAULT), "winsock2.error.fault";
        Both     UnreadableName     => Fail(FAULT), "winsock2.error.fault";
        Both     BadBuffer          => Fail(FAULT), "winsock2.error.fault", "the page of WSAConnect: one of the other structures is not there";
        Stream   Listening          => Fail(INVAL), "winsock2.error.inval";
        Stream   Connecting         => Fail(ALREADY), "winsock2.already";
        Stream   Broken             => Fail(ISCONN), "winsock2.broken-socket", "Windows says that it is connected until it is closed";
        Stream   Connected          => Fail(ISCONN), "winsock2.reconnect-active";
        Both     ShortName          => Fail(FAULT), "winsock2.error.fault";
        Datagram UnspecifiedFamily  => Dissolve, "", "Windows takes the peer away also for a name of no family";
        Both     WrongFamily        => Fail(AFNOSUPPORT), "winsock2.error.afnosupport";
        Stream   ZeroAddress        => Fail(ADDRNOTAVAIL), "winsock2.zero-address";
        Datagram ZeroAddress        => Dissolve, "winsock2.datagram-disconnect";
        Stream   ZeroPort           => Fail(ADDRNOTAVAIL), "winsock2.error.addrnotavail", "no connection can be for port zero";
        Stream   OutsideGroup       => Fail(INVAL), "winsock2.error.inval";
        Datagram BroadcastForbidden => Fail(ACCES), "winsock2.broadcast-denied";
        Stream   CallerData         => Fail(PROTONOSUPPORT), "", "the page of WSAConnect: TCP carries no data of the caller's with a request";
        Both     FlowUnsupported    => Fail(OPNOTSUPP), "", "the page of WSAConnect: nobody here promises a flow";
        Any      Always             => Proceed, "winsock2.establish";
    },
    answers: answers! {
        Any NoDescriptors => NOBUFS, "winsock2.error.nobufs", "this page has no word for descriptors: the socket cannot be connected";
    },
};

/// WSAAccept.
pub(crate) static WSAACCEPT: Page = Page {
    call: "WSAAccept",
    rules: rules! {
        Any      NotStarted       => Fail(NOTINITIALISED), "", "the page of WSAAccept";
        Any      CallInProgress   => Fail(INPROGRESS), "", "the page of WSAAccept: a blocking call is in progress";
        Any      BadHandle        => Fail(NOTSOCK), "", "the page of WSAAccept";
        Any      NotASocket       => Fail(NOTSOCK), "", "the page of WSAAccept";
        Both     UnreadableLengthPointer => Fail(FAULT), "", "the page of WSAAccept: room whose length cannot be known is too small; where the pointer is null, nothing is told of the peer";
        Both     UnreadableName   => Fail(FAULT), "", "the page of WSAAccept";
        Datagram Always           => Fail(OPNOTSUPP), "", "the page of WSAAccept: only connections are accepted";
        Stream   NotListening     => Fail(INVAL), "", "the page of WSAAccept: listen comes first";
        Stream   ShortName        => Fail(FAULT), "", "the page of WSAAccept";
        Stream   NegativeLength   => Fail(FAULT), "", "the page of WSAAccept";
        Stream   Rejected         => Fail(CONNREFUSED), "", "the page of WSAAccept: the condition function has said CF_REJECT";
        Stream   Deferred         => Fail(TRYAGAIN), "", "the page of WSAAccept: the condition function has said CF_DEFER";
        Any      Always           => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};
