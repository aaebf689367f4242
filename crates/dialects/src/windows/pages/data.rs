//! Sending and receiving.

use crate::page::{Answered, Page, answers, rules};

/// What ICMP said of an earlier datagram.
const OF_DATAGRAMS: &[Answered] = answers! {
    Datagram Refused => CONNRESET, "", "port unreachable in answer to an earlier datagram; today's pages of recv and Windows";
};

/// send.
pub(crate) const SEND: Page = Page {
    call: "send",
    rules: rules! {
        Any      NotStarted        => Fail(NOTINITIALISED), "", "both pages of send ask for WSAStartup first";
        Any      CallInProgress => Fail(INPROGRESS), "", "both pages of send: a blocking call is in progress";
        Any      BadHandle         => Fail(NOTSOCK), "", "both pages of send";
        Any      NotASocket        => Fail(NOTSOCK), "", "both pages of send";
        Both     NullBuffer        => Fail(FAULT), "", "both pages of send";
        Both     BadBuffer         => Fail(FAULT), "", "both pages of send";
        Both     Listening         => Fail(NOTCONN), "", "both pages of send";
        Both     Connecting        => Fail(NOTCONN), "", "both pages of send, and Windows: it is not connected yet";
        Both     Unconnected       => Fail(NOTCONN), "", "both pages of send; Windows says it of unbound datagram sockets too";
        Both     SendingShut       => Fail(SHUTDOWN), "", "both pages of send";
        Both     NegativeLength    => Fail(FAULT), "", "no memory has such a length";
        Both     UrgentUnsupported => Fail(OPNOTSUPP), "", "both pages of send";
        Both     BadFlags          => Fail(INVAL), "", "the documents know no such flag; Winsock 2's pages of data call it so";
        Any      Always            => Proceed, "", "nothing speaks against it";
    },
    answers: OF_DATAGRAMS,
};

/// sendto.
pub(crate) const SENDTO: Page = Page {
    call: "sendto",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "", "both pages of sendto ask for WSAStartup first";
        Any      CallInProgress => Fail(INPROGRESS), "", "both pages of sendto: a blocking call is in progress";
        Any      BadHandle          => Fail(NOTSOCK), "", "both pages of sendto";
        Any      NotASocket         => Fail(NOTSOCK), "", "both pages of sendto";
        Both     NullBuffer         => Fail(FAULT), "", "both pages of sendto";
        Both     BadBuffer          => Fail(FAULT), "", "both pages of sendto";
        Datagram UnreadableName     => Fail(FAULT), "", "both pages of sendto";
        Stream   Listening          => Fail(NOTCONN), "", "both pages of sendto: on a stream it is send";
        Stream   Connecting         => Fail(NOTCONN), "", "both pages of sendto: on a stream it is send";
        Stream   Unconnected        => Fail(NOTCONN), "", "both pages of sendto: on a stream it is send";
        Datagram NoDestination      => Fail(DESTADDRREQ), "", "both pages of sendto";
        Both     SendingShut        => Fail(SHUTDOWN), "", "both pages of sendto";
        Datagram ShortName          => Fail(FAULT), "", "both pages of sendto";
        Both     NegativeLength     => Fail(FAULT), "", "no memory has such a length";
        Datagram WrongFamily        => Fail(AFNOSUPPORT), "", "both pages of sendto";
        Datagram ZeroAddress        => Fail(ADDRNOTAVAIL), "", "both pages of sendto";
        Datagram ZeroPort           => Fail(ADDRNOTAVAIL), "", "today's page of sendto; no datagram can be for port zero";
        Datagram BroadcastForbidden => Fail(ACCES), "", "both pages of sendto";
        Both     UrgentUnsupported  => Fail(OPNOTSUPP), "", "both pages of sendto";
        Both     BadFlags           => Fail(INVAL), "", "Winsock 2's page of sendto; 1.1 is silent";
        Any      Always             => Proceed, "", "nothing speaks against it";
    },
    answers: OF_DATAGRAMS,
};

/// recv.
pub(crate) const RECV: Page = Page {
    call: "recv",
    rules: rules! {
        Any      NotStarted        => Fail(NOTINITIALISED), "", "both pages of recv ask for WSAStartup first";
        Any      CallInProgress => Fail(INPROGRESS), "", "both pages of recv: a blocking call is in progress";
        Any      BadHandle         => Fail(NOTSOCK), "", "both pages of recv";
        Any      NotASocket        => Fail(NOTSOCK), "", "both pages of recv";
        Both     NullBuffer        => Fail(FAULT), "", "today's page of recv; the older ones are silent";
        Both     BadBuffer         => Fail(FAULT), "", "today's page of recv; the older ones are silent";
        Stream   Listening         => Fail(NOTCONN), "", "both pages of recv";
        Stream   Connecting        => Fail(NOTCONN), "", "both pages of recv, and Windows: it is not connected yet";
        Stream   Unconnected       => Fail(NOTCONN), "", "both pages of recv";
        Datagram Disconnected      => Fail(NOTCONN), "", "Winsock 2's page of connect; in 1.1 nothing disconnects";
        Datagram Unbound           => Fail(INVAL), "", "both pages of recv: bind comes first";
        Both     ReceivingShut     => Fail(SHUTDOWN), "", "both pages of recv";
        Both     NegativeLength    => Fail(INVAL), "", "Winsock 2's page of recv; 1.1 is silent";
        Both     UrgentUnsupported => Fail(OPNOTSUPP), "", "both pages of recv";
        Both     WaitAllUnsupported => Fail(OPNOTSUPP), "", "Winsock 2's page of recv, of MSG_WAITALL, which 1.1 does not have";
        Both     BadFlags          => Fail(INVAL), "", "Winsock 2's page of recv; 1.1 is silent";
        Any      Always            => Proceed, "", "nothing speaks against it";
    },
    answers: OF_DATAGRAMS,
};

/// recvfrom.
pub(crate) const RECVFROM: Page = Page {
    call: "recvfrom",
    rules: rules! {
        Any      NotStarted        => Fail(NOTINITIALISED), "", "both pages of recvfrom ask for WSAStartup first";
        Any      CallInProgress => Fail(INPROGRESS), "", "both pages of recvfrom: a blocking call is in progress";
        Any      BadHandle         => Fail(NOTSOCK), "", "both pages of recvfrom";
        Any      NotASocket        => Fail(NOTSOCK), "", "both pages of recvfrom";
        Both     NullBuffer        => Fail(FAULT), "", "Winsock 2's page of recvfrom; 1.1 is silent";
        Both     BadBuffer         => Fail(FAULT), "", "Winsock 2's page of recvfrom; 1.1 is silent";
        Datagram BadLengthPointer  => Fail(FAULT), "", "both pages of recvfrom: room whose length cannot be known is too small";
        Datagram UnreadableName    => Fail(FAULT), "", "Winsock 2's page of recvfrom; 1.1 is silent";
        Stream   Listening         => Fail(NOTCONN), "", "both pages of recvfrom";
        Stream   Connecting        => Fail(NOTCONN), "", "both pages of recvfrom";
        Stream   Unconnected       => Fail(NOTCONN), "", "both pages of recvfrom";
        Datagram Unbound           => Fail(INVAL), "", "both pages of recvfrom: bind comes first";
        Both     ReceivingShut     => Fail(SHUTDOWN), "", "both pages of recvfrom";
        Datagram ShortName         => Fail(FAULT), "", "both pages of recvfrom";
        Both     NegativeLength    => Fail(INVAL), "", "as recv says";
        Both     UrgentUnsupported => Fail(OPNOTSUPP), "", "both pages of recvfrom";
        Both     WaitAllUnsupported => Fail(OPNOTSUPP), "", "as recv says";
        Both     BadFlags          => Fail(INVAL), "", "Winsock 2's page of recvfrom; 1.1 is silent";
        Any      Always            => Proceed, "", "it works also after a datagram socket was disconnected";
    },
    answers: OF_DATAGRAMS,
};
