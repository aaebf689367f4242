//! The pages of 1.1 that differ from Winsock 2's: connect, getsockopt and ioctlsocket.

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
        &pages::WSAASYNCSELECT,
        &pages::WSASETBLOCKINGHOOK,
        &pages::WSAUNHOOKBLOCKINGHOOK,
        &pages::WSACANCELBLOCKINGCALL,
    ],
};

const CONNECT: Page = Page {
    call: "connect",
    rules: rules! {
        Any      NotStarted         => Fail(NOTINITIALISED), "winsock1.error.notinitialised";
        Any      CallInProgress => Fail(INPROGRESS), "winsock1.error.inprogress";
        Any      BadHandle          => Fail(NOTSOCK), "winsock1.error.notsock";
        Any      NotASocket         => Fail(NOTSOCK), "winsock1.error.notsock";
        Both     NullName           => Fail(DESTADDRREQ), "winsock1.error.destaddrreq";
        Both     UnreadableName     => Fail(FAULT), "winsock1.error.fault", "a length that reaches beyond usable memory is wrong";
        Stream   Listening          => Fail(INVAL), "winsock1.error.inval";
        Stream   Connecting         => Fail(INVAL), "winsock1.in-progress-again";
        Stream   Broken             => Fail(ISCONN), "winsock1.error.isconn", "the socket had its connection; 1.1 is silent on one that broke";
        Stream   Connected          => Fail(ISCONN), "winsock1.error.isconn";
        Both     ShortName          => Fail(FAULT), "winsock1.error.fault";
        Both     WrongFamily        => Fail(AFNOSUPPORT), "winsock1.error.afnosupport";
        Both     ZeroAddress        => Fail(ADDRNOTAVAIL), "winsock1.zero-address";
        Stream   ZeroPort           => Fail(ADDRNOTAVAIL), "winsock1.error.addrnotavail";
        Datagram BroadcastForbidden => Fail(ACCES), "", "no word of this page's list speaks of a permission, and the address is a good one once SO_BROADCAST is set; send's page has WSAEACCES, and it comes where the destination is set";
        Any      Always             => Proceed, "winsock1.establish";
    },
    answers: answers! {
        Any HostUnreachable => NETUNREACH, "winsock1.error.netunreach", "the list has no WSAEHOSTUNREACH; this is its word for a peer that cannot be reached at this time";
        Any Prohibited      => NETUNREACH, "winsock1.error.netunreach", "the list has no WSAEHOSTUNREACH; this is its word for a peer that cannot be reached at this time";
    },
};

const GETSOCKOPT: Page = Page {
    call: "getsockopt",
    rules: rules! {
        Any  NotStarted       => Fail(NOTINITIALISED), "", "the page of getsockopt asks for WSAStartup first";
        Any  CallInProgress => Fail(INPROGRESS), "", "the page of getsockopt: a blocking call is in progress";
        Any  BadHandle        => Fail(NOTSOCK), "", "the page of getsockopt";
        Any  NotASocket       => Fail(NOTSOCK), "", "the page of getsockopt";
        Both NullBuffer       => Fail(FAULT), "", "the page of getsockopt: there is no room";
        Both BadBuffer        => Fail(FAULT), "", "the page of getsockopt: the room is not as long as optlen says";
        Both BadLengthPointer => Fail(FAULT), "", "the page of getsockopt: optlen was invalid";
        Both BadLevel         => Fail(NOPROTOOPT), "", "the page of getsockopt has no word for a level: the option is unknown";
        Both BadOption        => Fail(NOPROTOOPT), "", "the page of getsockopt";
        Both OptionFixed      => Fail(NOPROTOOPT), "", "the page of getsockopt";
        Both ShortOption      => Fail(FAULT), "", "the page of getsockopt: optlen was invalid";
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
        Both BadOption   => Fail(INVAL), "", "the page of ioctlsocket: cmd is no valid command";
        Both NullBuffer  => Fail(INVAL), "", "the page of ioctlsocket: argp is not an acceptable value";
        Both BadBuffer   => Fail(INVAL), "", "the page of ioctlsocket: argp is not an acceptable value";
        Both StaysNonblocking => Fail(INVAL), "", "the page of ioctlsocket: WSAAsyncSelect has made it so, and lEvent 0 comes first";
        Any  Always      => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};
