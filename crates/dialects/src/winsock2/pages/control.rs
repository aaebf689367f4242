//! Asking many sockets, and asking for what there is.

use crate::page::{Page, rules};

/// WSAPoll. A handle that is none is told in its own entry.
pub(crate) static WSAPOLL: Page = Page {
    call: "WSAPoll",
    rules: rules! {
        Any NotStarted      => Fail(NOTINITIALISED), "", "as select says; the page is silent";
        Any CallInProgress => Fail(INPROGRESS), "", "the page of WSAPoll: a blocking call is in progress";
        Any NothingSelected => Fail(INVAL), "", "the page of WSAPoll: there is nothing to wait for";
        Any NullBuffer      => Fail(FAULT), "", "the page of WSAPoll";
        Any BadBuffer       => Fail(FAULT), "", "the page of WSAPoll";
        Any TooManyBuffers  => Fail(NOBUFS), "", "the page of WSAPoll: no process has so many sockets";
        Any BadFlags        => Fail(INVAL), "", "the page of WSAPoll, and Windows: nobody tells such an event";
        Any Always          => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// WSAIoctl.
pub(crate) static WSAIOCTL: Page = Page {
    call: "WSAIoctl",
    rules: rules! {
        Any  NotStarted       => Fail(NOTINITIALISED), "", "the page of WSAIoctl";
        Any  CallInProgress   => Fail(INPROGRESS), "", "the page of WSAIoctl: a blocking call is in progress";
        Any  BadHandle        => Fail(NOTSOCK), "", "the page of WSAIoctl";
        Any  NotASocket       => Fail(NOTSOCK), "", "the page of WSAIoctl";
        Both Overlapped       => Fail(OPNOTSUPP), "", "no call goes on after it has returned, yet";
        Both BadOption        => Fail(INVAL), "", "the page of WSAIoctl: no valid command, or not for this type of socket";
        Both BadResultPointer => Fail(FAULT), "", "the page of WSAIoctl: without an overlapped structure it is needed";
        Both ShortOption      => Fail(FAULT), "", "the page of WSAIoctl: a buffer is too small";
        Both NullBuffer       => Fail(FAULT), "", "the page of WSAIoctl";
        Both BadBuffer        => Fail(FAULT), "", "the page of WSAIoctl";
        Both BadArgument      => Fail(INVAL), "", "the page of WSAIoctl: an input parameter is not acceptable";
        Both Unrealizable     => Fail(OPNOTSUPP), "", "the page of WSAIoctl: the command cannot be realized";
        Any  Always           => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// WSAEnumProtocols.
pub(crate) static WSAENUMPROTOCOLS: Page = Page {
    call: "WSAEnumProtocols",
    rules: rules! {
        Any NotStarted       => Fail(NOTINITIALISED), "", "the page of WSAEnumProtocols";
        Any CallInProgress => Fail(INPROGRESS), "", "the page of WSAEnumProtocols: a blocking call is in progress";
        Any BadLengthPointer => Fail(FAULT), "", "the page of WSAEnumProtocols";
        Any BadBuffer        => Fail(FAULT), "", "the page of WSAEnumProtocols";
        Any ShortOption      => Fail(NOBUFS), "", "the page of WSAEnumProtocols; how long it has to be is told";
        Any Always           => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// WSADuplicateSocket.
pub(crate) static WSADUPLICATESOCKET: Page = Page {
    call: "WSADuplicateSocket",
    rules: rules! {
        Any NotStarted => Fail(NOTINITIALISED), "", "the page of WSADuplicateSocket";
        Any CallInProgress => Fail(INPROGRESS), "", "the page of WSADuplicateSocket: a blocking call is in progress";
        Any BadHandle  => Fail(NOTSOCK), "", "the page of WSADuplicateSocket";
        Any NotASocket => Fail(NOTSOCK), "", "the page of WSADuplicateSocket";
        Any BadBuffer  => Fail(FAULT), "", "the page of WSADuplicateSocket";
        Any Always     => Fail(OPNOTSUPP), "", "a socket here belongs to one process, and no catalogue holds it for another";
    },
    answers: &[],
};

/// WSAGetOverlappedResult.
pub(crate) static WSAGETOVERLAPPEDRESULT: Page = Page {
    call: "WSAGetOverlappedResult",
    rules: rules! {
        Any NotStarted     => Fail(NOTINITIALISED), "", "the page of WSAGetOverlappedResult";
        Any CallInProgress => Fail(INPROGRESS), "", "as the other calls have it";
        Any BadHandle      => Fail(NOTSOCK), "", "the page of WSAGetOverlappedResult";
        Any NotASocket     => Fail(NOTSOCK), "", "the page of WSAGetOverlappedResult";
        Any BadResultPointer => Fail(FAULT), "", "the page of WSAGetOverlappedResult";
        Any Always         => Fail(OPNOTSUPP), "", "no call goes on after it has returned, so none has a result";
    },
    answers: &[],
};
