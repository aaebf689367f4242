//! Sending and receiving with lists of buffers, and the ends of a connection. The rows are those of send and recv, and before them
//! what only these calls can get wrong.

use crate::page::{Answered, Page, answers, rules};

/// What ICMP said of an earlier datagram.
const OF_DATAGRAMS: &[Answered] = answers! {
    Datagram Refused => CONNRESET, "", "port unreachable in answer to an earlier datagram; the pages of WSASend and WSARecv";
};

/// WSASend.
pub(crate) static WSASEND: Page = Page {
    call: "WSASend",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "", "the page of WSASend";
        Any      CallInProgress => Fail(INPROGRESS), "", "the page of WSASend: a blocking call is in progress";
        Any      BadHandle          => Fail(NOTSOCK), "", "the page of WSASend";
        Any      NotASocket         => Fail(NOTSOCK), "", "the page of WSASend";
        Both     Overlapped         => Fail(OPNOTSUPP), "", "no call goes on after it has returned, yet";
        Both     NullBuffer         => Fail(FAULT), "", "the page of WSASend";
        Both     BadResultPointer   => Fail(FAULT), "", "the page of WSASend: without an overlapped structure it is needed";
        Both     BadBuffer          => Fail(FAULT), "", "the page of WSASend";
        Both     Listening          => Fail(NOTCONN), "", "the page of WSASend";
        Both     Connecting         => Fail(NOTCONN), "", "Windows: it is not connected yet";
        Datagram Disconnected       => Fail(NOTCONN), "winsock2.datagram-disconnect";
        Both     Unconnected        => Fail(NOTCONN), "", "the page of WSASend";
        Both     SendingShut        => Fail(SHUTDOWN), "", "the page of WSASend";
        Both     BadArgument        => Fail(INVAL), "", "Windows: without a buffer there is nothing to do";
        Datagram TooManyBuffers     => Fail(MSGSIZE), "", "the page of WSASend: no datagram is so long";
        Stream   TooManyBuffers     => Fail(NOBUFS), "", "the page is silent; there are not enough resources for so many";
        Both     UrgentUnsupported  => Fail(OPNOTSUPP), "", "the page of WSASend";
        Both     PartialUnsupported => Fail(OPNOTSUPP), "", "the page of WSASend: what does not support partial messages says so";
        Both     BadFlags           => Fail(INVAL), "", "as send says";
        Any      Always             => Proceed, "winsock2.datagram-default";
    },
    answers: OF_DATAGRAMS,
};

/// WSASendTo.
pub(crate) static WSASENDTO: Page = Page {
    call: "WSASendTo",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "", "the page of WSASendTo";
        Any      CallInProgress => Fail(INPROGRESS), "", "the page of WSASendTo: a blocking call is in progress";
        Any      BadHandle          => Fail(NOTSOCK), "", "the page of WSASendTo";
        Any      NotASocket         => Fail(NOTSOCK), "", "the page of WSASendTo";
        Both     Overlapped         => Fail(OPNOTSUPP), "", "no call goes on after it has returned, yet";
        Both     NullBuffer         => Fail(FAULT), "", "the page of WSASendTo";
        Both     BadResultPointer   => Fail(FAULT), "", "the page of WSASendTo: without an overlapped structure it is needed";
        Both     BadBuffer          => Fail(FAULT), "", "the page of WSASendTo";
        Datagram UnreadableName     => Fail(FAULT), "", "the page of WSASendTo";
        Stream   Listening          => Fail(NOTCONN), "", "on a stream it is WSASend";
        Stream   Connecting         => Fail(NOTCONN), "", "on a stream it is WSASend";
        Stream   Unconnected        => Fail(NOTCONN), "", "on a stream it is WSASend";
        Datagram NoDestination      => Fail(DESTADDRREQ), "", "the page of WSASendTo";
        Both     SendingShut        => Fail(SHUTDOWN), "", "the page of WSASendTo";
        Datagram ShortName          => Fail(FAULT), "", "the page of WSASendTo";
        Both     BadArgument        => Fail(INVAL), "", "Windows: without a buffer there is nothing to do";
        Datagram TooManyBuffers     => Fail(MSGSIZE), "", "the page of WSASendTo: no datagram is so long";
        Stream   TooManyBuffers     => Fail(NOBUFS), "", "the page is silent; there are not enough resources for so many";
        Datagram WrongFamily        => Fail(AFNOSUPPORT), "", "the page of WSASendTo";
        Datagram ZeroAddress        => Fail(ADDRNOTAVAIL), "", "the page of WSASendTo";
        Datagram ZeroPort           => Fail(ADDRNOTAVAIL), "", "no datagram can be for port zero";
        Datagram BroadcastForbidden => Fail(ACCES), "", "the page of WSASendTo";
        Both     UrgentUnsupported  => Fail(OPNOTSUPP), "", "the page of WSASendTo";
        Both     PartialUnsupported => Fail(OPNOTSUPP), "", "the page of WSASendTo: what does not support partial messages says so";
        Both     BadFlags           => Fail(INVAL), "", "as sendto says";
        Any      Always             => Proceed, "winsock2.datagram-disconnected-sendto";
    },
    answers: OF_DATAGRAMS,
};

/// WSARecv.
pub(crate) static WSARECV: Page = Page {
    call: "WSARecv",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "", "the page of WSARecv";
        Any      CallInProgress => Fail(INPROGRESS), "", "the page of WSARecv: a blocking call is in progress";
        Any      BadHandle          => Fail(NOTSOCK), "", "the page of WSARecv";
        Any      NotASocket         => Fail(NOTSOCK), "", "the page of WSARecv";
        Both     Overlapped         => Fail(OPNOTSUPP), "", "no call goes on after it has returned, yet";
        Both     NullBuffer         => Fail(FAULT), "", "the page of WSARecv";
        Both     BadResultPointer   => Fail(FAULT), "", "the page of WSARecv: it tells how much came, and the flags";
        Both     BadBuffer          => Fail(FAULT), "", "the page of WSARecv";
        Stream   Listening          => Fail(NOTCONN), "", "the page of WSARecv";
        Stream   Connecting         => Fail(NOTCONN), "", "Windows: it is not connected yet";
        Stream   Unconnected        => Fail(NOTCONN), "", "the page of WSARecv";
        Datagram Disconnected       => Fail(NOTCONN), "winsock2.datagram-disconnect";
        Datagram Unbound            => Fail(INVAL), "", "the page of WSARecv: bind comes first";
        Both     ReceivingShut      => Fail(SHUTDOWN), "", "the page of WSARecv";
        Both     BadArgument        => Fail(INVAL), "", "Windows: without a buffer there is nothing to do";
        Both     TooManyBuffers     => Fail(NOBUFS), "", "the page is silent; there are not enough resources for so many";
        Both     UrgentUnsupported  => Fail(OPNOTSUPP), "", "the page of WSARecv";
        Both     WaitAllUnsupported => Fail(OPNOTSUPP), "", "the page of WSARecv";
        Both     BadFlags           => Fail(INVAL), "", "as recv says";
        Any      Always             => Proceed, "winsock2.datagram-default";
    },
    answers: OF_DATAGRAMS,
};

/// WSARecvFrom.
pub(crate) static WSARECVFROM: Page = Page {
    call: "WSARecvFrom",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "", "the page of WSARecvFrom";
        Any      CallInProgress => Fail(INPROGRESS), "", "the page of WSARecvFrom: a blocking call is in progress";
        Any      BadHandle          => Fail(NOTSOCK), "", "the page of WSARecvFrom";
        Any      NotASocket         => Fail(NOTSOCK), "", "the page of WSARecvFrom";
        Both     Overlapped         => Fail(OPNOTSUPP), "", "no call goes on after it has returned, yet";
        Both     NullBuffer         => Fail(FAULT), "", "the page of WSARecvFrom";
        Both     BadResultPointer   => Fail(FAULT), "", "the page of WSARecvFrom: it tells how much came, and the flags";
        Both     BadBuffer          => Fail(FAULT), "", "the page of WSARecvFrom";
        Datagram BadLengthPointer   => Fail(FAULT), "", "the page of WSARecvFrom: room whose length cannot be known is too small";
        Datagram UnreadableName     => Fail(FAULT), "", "the page of WSARecvFrom";
        Stream   Listening          => Fail(NOTCONN), "", "the page of WSARecvFrom";
        Stream   Connecting         => Fail(NOTCONN), "", "the page of WSARecvFrom";
        Stream   Unconnected        => Fail(NOTCONN), "", "the page of WSARecvFrom";
        Datagram Unbound            => Fail(INVAL), "", "the page of WSARecvFrom: bind comes first";
        Both     ReceivingShut      => Fail(SHUTDOWN), "", "the page of WSARecvFrom";
        Datagram ShortName          => Fail(FAULT), "", "the page of WSARecvFrom";
        Datagram NegativeLength     => Fail(FAULT), "", "the page of WSARecvFrom: room whose length is none is too small";
        Both     BadArgument        => Fail(INVAL), "", "Windows: without a buffer there is nothing to do";
        Both     TooManyBuffers     => Fail(NOBUFS), "", "the page is silent; there are not enough resources for so many";
        Both     UrgentUnsupported  => Fail(OPNOTSUPP), "", "the page of WSARecvFrom";
        Both     WaitAllUnsupported => Fail(OPNOTSUPP), "", "as WSARecv says";
        Both     BadFlags           => Fail(INVAL), "", "as recvfrom says";
        Any      Always             => Proceed, "winsock2.datagram-disconnected-sendto";
    },
    answers: OF_DATAGRAMS,
};

/// WSARecvEx.
pub(crate) static WSARECVEX: Page = Page {
    call: "WSARecvEx",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "", "the page of WSARecvEx";
        Any      CallInProgress => Fail(INPROGRESS), "", "the page of WSARecvEx: a blocking call is in progress";
        Any      BadHandle          => Fail(NOTSOCK), "", "the page of WSARecvEx";
        Any      NotASocket         => Fail(NOTSOCK), "", "the page of WSARecvEx";
        Both     NullBuffer         => Fail(FAULT), "", "as recv says";
        Both     BadResultPointer   => Fail(FAULT), "", "the page is silent; the flags have no place";
        Both     BadBuffer          => Fail(FAULT), "", "as recv says";
        Stream   Listening          => Fail(NOTCONN), "", "the page of WSARecvEx";
        Stream   Connecting         => Fail(NOTCONN), "", "as recv says";
        Stream   Unconnected        => Fail(NOTCONN), "", "the page of WSARecvEx";
        Datagram Disconnected       => Fail(NOTCONN), "winsock2.datagram-disconnect";
        Datagram Unbound            => Fail(INVAL), "", "the page of WSARecvEx: bind comes first";
        Both     ReceivingShut      => Fail(SHUTDOWN), "", "the page of WSARecvEx";
        Both     NegativeLength     => Fail(INVAL), "", "as recv says";
        Both     UrgentUnsupported  => Fail(OPNOTSUPP), "", "the page of WSARecvEx";
        Both     WaitAllUnsupported => Fail(OPNOTSUPP), "", "as recv says";
        Both     BadFlags           => Fail(INVAL), "", "as recv says";
        Any      Always             => Proceed, "", "it is recv, and tells whether a message came whole";
    },
    answers: OF_DATAGRAMS,
};

/// WSASendDisconnect.
pub(crate) static WSASENDDISCONNECT: Page = Page {
    call: "WSASendDisconnect",
    rules: rules! {
        Any    NotStarted  => Fail(NOTINITIALISED), "", "the page of WSASendDisconnect";
        Any    CallInProgress => Fail(INPROGRESS), "", "the page of WSASendDisconnect: a blocking call is in progress";
        Any    BadHandle   => Fail(NOTSOCK), "", "the page of WSASendDisconnect";
        Any    NotASocket  => Fail(NOTSOCK), "", "the page of WSASendDisconnect";
        Both   BadBuffer   => Fail(FAULT), "", "the page of WSASendDisconnect";
        Stream Listening   => Fail(NOTCONN), "", "the page of WSASendDisconnect";
        Stream Connecting  => Fail(NOTCONN), "", "the page of WSASendDisconnect; the opening goes on";
        Stream Unconnected => Fail(NOTCONN), "", "the page of WSASendDisconnect, of streams alone";
        Both   CallerData  => Fail(NOPROTOOPT), "", "the page of WSASendDisconnect: what does not support disconnect data says so";
        Any    Always      => Proceed, "", "it is shutdown with SD_SEND";
    },
    answers: &[],
};

/// WSARecvDisconnect.
pub(crate) static WSARECVDISCONNECT: Page = Page {
    call: "WSARecvDisconnect",
    rules: rules! {
        Any    NotStarted  => Fail(NOTINITIALISED), "", "the page of WSARecvDisconnect";
        Any    CallInProgress => Fail(INPROGRESS), "", "the page of WSARecvDisconnect: a blocking call is in progress";
        Any    BadHandle   => Fail(NOTSOCK), "", "the page of WSARecvDisconnect";
        Any    NotASocket  => Fail(NOTSOCK), "", "the page of WSARecvDisconnect";
        Both   BadBuffer   => Fail(FAULT), "", "the page of WSARecvDisconnect";
        Stream Listening   => Fail(NOTCONN), "", "the page of WSARecvDisconnect";
        Stream Connecting  => Fail(NOTCONN), "", "the page of WSARecvDisconnect; the opening goes on";
        Stream Unconnected => Fail(NOTCONN), "", "the page of WSARecvDisconnect, of streams alone";
        Any    CallerData  => Fail(NOPROTOOPT), "", "the page of WSARecvDisconnect: what does not support disconnect data says so";
        Any    Always      => Proceed, "", "it is shutdown with SD_RECEIVE";
    },
    answers: &[],
};
