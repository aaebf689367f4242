//! The pages of Winsock 2 that differ from 1.1's: connect, getsockopt and ioctlsocket; and those of calls that 1.1 does not have.

mod control;
mod opening;
mod transfer;

pub(crate) use control::*;
pub(crate) use opening::*;
pub(crate) use transfer::*;

use crate::dialect::Pages;
use crate::page::{Page, answers, rules};
use crate::windows::pages;

/// All pages.
pub(crate) const PAGES: Pages = Pages {
    startup: pages::WSASTARTUP,
    cleanup: pages::WSACLEANUP,
    socket: pages::SOCKET,
    bind: pages::BIND,
    connect: CONNECT,
    listen: pages::LISTEN,
    accept: pages::ACCEPT,
    send: pages::SEND,
    sendto: pages::SENDTO,
    recv: pages::RECV,
    recvfrom: pages::RECVFROM,
    select: pages::SELECT,
    shutdown: pages::SHUTDOWN,
    close: pages::CLOSESOCKET,
    getsockname: pages::GETSOCKNAME,
    getpeername: pages::GETPEERNAME,
    getsockopt: GETSOCKOPT,
    setsockopt: pages::SETSOCKOPT,
    ioctl: IOCTLSOCKET,
    more: &[
        &WSASEND,
        &WSASENDTO,
        &WSARECV,
        &WSARECVFROM,
        &WSARECVEX,
        &WSASENDDISCONNECT,
        &WSARECVDISCONNECT,
        &WSASOCKET,
        &WSACONNECT,
        &WSAACCEPT,
        &WSAPOLL,
        &WSAIOCTL,
        &WSAENUMPROTOCOLS,
        &WSADUPLICATESOCKET,
        &WSAGETOVERLAPPEDRESULT,
        &pages::WSAASYNCSELECT,
        &pages::WSASETBLOCKINGHOOK,
        &pages::WSAUNHOOKBLOCKINGHOOK,
        &pages::WSACANCELBLOCKINGCALL,
        &WSAEVENTSELECT,
        &WSAENUMNETWORKEVENTS,
        &WSACREATEEVENT,
    ],
};

const CONNECT: Page = Page {
    call: "connect",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "winsock2.error.notinitialised";
        Any      CallInProgress => Fail(INPROGRESS), "winsock2.error.inprogress";
        Any      BadHandle          => Fail(NOTSOCK), "winsock2.error.notsock";
        Any      NotASocket         => Fail(NOTSOCK), "winsock2.error.notsock";
        Both     NullName           => Fail(FAULT), "winsock2.error.fault";
        Both     UnreadableName     => Fail(FAULT), "winsock2.error.fault";
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
        Any      Always             => Proceed, "winsock2.establish";
    },
    answers: answers! {
        Any NoDescriptors => NOBUFS, "winsock2.error.nobufs", "this page has no word for descriptors: the socket cannot be connected";
    },
};

const GETSOCKOPT: Page = Page {
    call: "getsockopt",
    rules: rules! {
        Any  NotStarted       => Fail(NOTINITIALISED), "", "the page of getsockopt asks for WSAStartup first";
        Any  CallInProgress => Fail(INPROGRESS), "", "the page of getsockopt: a blocking call is in progress";
        Any  BadHandle        => Fail(NOTSOCK), "", "the page of getsockopt";
        Any  NotASocket       => Fail(NOTSOCK), "", "the page of getsockopt";
        Both NullBuffer       => Fail(FAULT), "", "the page of getsockopt";
        Both BadBuffer        => Fail(FAULT), "", "the page of getsockopt";
        Both BadLengthPointer => Fail(FAULT), "", "the page of getsockopt";
        Both BadLevel         => Fail(INVAL), "", "the page of getsockopt";
        Both BadOption        => Fail(NOPROTOOPT), "", "the page of getsockopt";
        Both OptionFixed      => Fail(NOPROTOOPT), "", "the page of getsockopt";
        Both ShortOption      => Fail(FAULT), "", "the page of getsockopt";
        Both NegativeLength => Fail(FAULT), "", "the page of getsockopt";
        Any  Always           => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

const IOCTLSOCKET: Page = Page {
    call: "ioctlsocket",
    rules: rules! {
        Any  NotStarted  => Fail(NOTINITIALISED), "", "the page of ioctlsocket asks for WSAStartup first";
        Any  CallInProgress => Fail(INPROGRESS), "", "the page of ioctlsocket: a blocking call is in progress";
        Any  BadHandle   => Fail(NOTSOCK), "", "the page of ioctlsocket";
        Any  NotASocket  => Fail(NOTSOCK), "", "the page of ioctlsocket";
        Both BadOption   => Fail(INVAL), "", "the page of ioctlsocket, in the words of its time";
        Both NullBuffer  => Fail(FAULT), "", "the page of ioctlsocket";
        Both BadBuffer   => Fail(FAULT), "", "the page of ioctlsocket";
        Both StaysNonblocking => Fail(INVAL), "", "the page of ioctlsocket: WSAAsyncSelect or WSAEventSelect has made it so, and a mask of 0 comes first";
        Any  Always      => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// WSAEventSelect.
pub(crate) const WSAEVENTSELECT: Page = Page {
    call: "WSAEventSelect",
    rules: rules! {
        Any  NotStarted     => Fail(NOTINITIALISED), "", "the page of WSAEventSelect";
        Any  CallInProgress => Fail(INPROGRESS), "", "the page of WSAEventSelect: a blocking call is in progress";
        Any  BadHandle      => Fail(NOTSOCK), "", "the page of WSAEventSelect";
        Any  NotASocket     => Fail(NOTSOCK), "", "the page of WSAEventSelect";
        Both BadEvent       => Fail(INVAL), "", "the page of WSAEventSelect: one of the parameters is not valid";
        Both BadArgument    => Fail(INVAL), "", "the page of WSAEventSelect: one of the parameters is not valid";
        Any  Always         => Proceed, "winsock2.event-select";
    },
    answers: &[],
};

/// WSAEnumNetworkEvents.
pub(crate) const WSAENUMNETWORKEVENTS: Page = Page {
    call: "WSAEnumNetworkEvents",
    rules: rules! {
        Any  NotStarted     => Fail(NOTINITIALISED), "", "the page of WSAEnumNetworkEvents";
        Any  CallInProgress => Fail(INPROGRESS), "", "the page of WSAEnumNetworkEvents: a blocking call is in progress";
        Any  BadHandle      => Fail(NOTSOCK), "", "the page of WSAEnumNetworkEvents";
        Any  NotASocket     => Fail(NOTSOCK), "", "the page of WSAEnumNetworkEvents";
        Both NullBuffer     => Fail(FAULT), "", "the page of WSAEnumNetworkEvents: the room for the answer is no part of the caller's memory";
        Both BadBuffer      => Fail(FAULT), "", "the page of WSAEnumNetworkEvents: the room for the answer is no part of the caller's memory";
        Both BadEvent       => Fail(INVAL), "", "the page of WSAEnumNetworkEvents: one of the parameters is not valid";
        Any  Always         => Proceed, "winsock2.event-select";
    },
    answers: &[],
};

/// WSACreateEvent.
pub(crate) const WSACREATEEVENT: Page = Page {
    call: "WSACreateEvent",
    rules: rules! {
        Any NotStarted     => Fail(NOTINITIALISED), "", "the page of WSACreateEvent";
        Any CallInProgress => Fail(INPROGRESS), "", "the page of WSACreateEvent: a blocking call is in progress";
        Any Always         => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};
