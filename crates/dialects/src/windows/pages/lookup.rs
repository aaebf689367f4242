//! Names of hosts, services and protocols.

use crate::page::{Page, rules};

/// gethostbyname.
pub(crate) const GETHOSTBYNAME: Page = Page {
    call: "gethostbyname",
    rules: rules! {
        Any NotStarted     => Fail(NOTINITIALISED), "", "both pages of gethostbyname ask for WSAStartup first";
        Any CallInProgress => Fail(INPROGRESS), "", "both pages of gethostbyname: a blocking call is in progress";
        Any UnreadableName => Fail(FAULT), "", "Winsock 2's page of gethostbyname; 1.1 is silent";
        Any Always         => Proceed, "", "both pages of gethostbyname";
    },
    answers: &[],
};

/// gethostbyaddr.
pub(crate) const GETHOSTBYADDR: Page = Page {
    call: "gethostbyaddr",
    rules: rules! {
        Any NotStarted     => Fail(NOTINITIALISED), "", "both pages of gethostbyaddr ask for WSAStartup first";
        Any CallInProgress => Fail(INPROGRESS), "", "both pages of gethostbyaddr: a blocking call is in progress";
        Any BadFamily      => Fail(AFNOSUPPORT), "", "Winsock 2's page of gethostbyaddr; 1.1 knows one family";
        Any NullName       => Fail(FAULT), "", "Winsock 2's page of gethostbyaddr; 1.1 is silent";
        Any ShortName      => Fail(FAULT), "", "Winsock 2's page of gethostbyaddr: the length is too small";
        Any UnreadableName => Fail(FAULT), "", "Winsock 2's page of gethostbyaddr";
        Any Always         => Proceed, "", "both pages of gethostbyaddr";
    },
    answers: &[],
};

/// gethostname.
pub(crate) const GETHOSTNAME: Page = Page {
    call: "gethostname",
    rules: rules! {
        Any NotStarted     => Fail(NOTINITIALISED), "", "both pages of gethostname ask for WSAStartup first";
        Any CallInProgress => Fail(INPROGRESS), "", "both pages of gethostname: a blocking call is in progress";
        Any NullBuffer     => Fail(FAULT), "", "Winsock 2's page of gethostname; 1.1 is silent";
        Any NegativeLength => Fail(FAULT), "", "both pages of gethostname: the room is too small";
        Any BadBuffer      => Fail(FAULT), "", "both pages of gethostname: the room is too small, or not there";
        Any Always         => Proceed, "", "both pages of gethostname";
    },
    answers: &[],
};

/// getservbyname, getservbyport, getprotobyname and getprotobynumber.
pub(crate) const GETSERVBYNAME: Page = of_tables("getservbyname");
pub(crate) const GETSERVBYPORT: Page = of_tables("getservbyport");
pub(crate) const GETPROTOBYNAME: Page = of_tables("getprotobyname");
pub(crate) const GETPROTOBYNUMBER: Page = of_tables("getprotobynumber");

/// getaddrinfo.
pub(crate) const GETADDRINFO: Page = Page {
    call: "getaddrinfo",
    rules: rules! {
        Any NotStarted     => Fail(NOTINITIALISED), "", "the page of getaddrinfo asks for WSAStartup first";
        Any UnreadableName => Fail(FAULT), "", "the header's word for a pointer that leads nowhere";
        Any Always         => Proceed, "", "the page of getaddrinfo";
    },
    answers: &[],
};

/// getnameinfo.
pub(crate) const GETNAMEINFO: Page = Page {
    call: "getnameinfo",
    rules: rules! {
        Any NotStarted     => Fail(NOTINITIALISED), "", "the page of getnameinfo asks for WSAStartup first";
        Any NullName       => Fail(FAULT), "", "the page of getnameinfo";
        Any ShortName      => Fail(FAULT), "", "the page of getnameinfo: the length is smaller than a name of a socket";
        Any UnreadableName => Fail(FAULT), "", "the page of getnameinfo";
        Any Always         => Proceed, "", "the page of getnameinfo";
    },
    answers: &[],
};

/// WSAStringToAddress and WSAAddressToString.
pub(crate) const WSASTRINGTOADDRESS: Page = Page {
    call: "WSAStringToAddress",
    rules: rules! {
        Any NotStarted        => Fail(NOTINITIALISED), "", "the page of WSAStringToAddress asks for WSAStartup first";
        Any BadLengthPointer  => Fail(FAULT), "", "the page of WSAStringToAddress";
        Any UnreadableName    => Fail(FAULT), "", "the header's word for a pointer that leads nowhere";
        Any BadArgument       => Fail(INVAL), "", "the page of WSAStringToAddress: the text is no such address";
        Any NullBuffer        => Fail(FAULT), "", "the page of WSAStringToAddress";
        Any BadBuffer         => Fail(FAULT), "", "the page of WSAStringToAddress: the room is too small; its length is told";
        Any Always            => Proceed, "", "the page of WSAStringToAddress";
    },
    answers: &[],
};
pub(crate) const WSAADDRESSTOSTRING: Page = Page {
    call: "WSAAddressToString",
    rules: rules! {
        Any NotStarted        => Fail(NOTINITIALISED), "", "the page of WSAAddressToString asks for WSAStartup first";
        Any NullName          => Fail(FAULT), "", "the page of WSAAddressToString";
        Any UnreadableName    => Fail(FAULT), "", "the page of WSAAddressToString";
        Any BadLengthPointer  => Fail(FAULT), "", "the page of WSAAddressToString";
        Any BadArgument       => Fail(INVAL), "", "the page of WSAAddressToString: it is no valid name of a socket";
        Any NullBuffer        => Fail(FAULT), "", "the page of WSAAddressToString";
        Any BadBuffer         => Fail(FAULT), "", "the page of WSAAddressToString: the room is too small; its length is told";
        Any Always            => Proceed, "", "the page of WSAAddressToString";
    },
    answers: &[],
};

/// WSAHtonl, WSAHtons, WSANtohl and WSANtohs.
pub(crate) const WSAHTONL: Page = Page {
    call: "WSAHtonl",
    rules: rules! {
        Any  NotStarted => Fail(NOTINITIALISED), "", "the page of WSAHtonl asks for WSAStartup first";
        Any  BadHandle  => Fail(NOTSOCK), "", "the page of WSAHtonl";
        Any  NotASocket => Fail(NOTSOCK), "", "the page of WSAHtonl";
        Any  NullBuffer => Fail(FAULT), "", "the page of WSAHtonl";
        Any  BadBuffer  => Fail(FAULT), "", "the page of WSAHtonl";
        Any  Always     => Proceed, "", "the page of WSAHtonl";
    },
    answers: &[],
};

const fn of_tables(call: &'static str) -> Page {
    Page {
        call,
        rules: rules! {
            Any NotStarted     => Fail(NOTINITIALISED), "", "both pages of these calls ask for WSAStartup first";
            Any CallInProgress => Fail(INPROGRESS), "", "both pages of these calls: a blocking call is in progress";
            Any NullName       => Fail(FAULT), "", "Winsock 2's pages of these calls; 1.1 is silent";
            Any UnreadableName => Fail(FAULT), "", "Winsock 2's pages of these calls; 1.1 is silent";
            Any Always         => Proceed, "", "both pages of these calls";
        },
        answers: &[],
    }
}
