//! A socket's own name and its peer's.

use crate::page::{Page, rules};

/// getsockname.
pub(crate) const GETSOCKNAME: Page = Page {
    call: "getsockname",
    rules: rules! {
        Any  NotStarted       => Fail(NOTINITIALISED), "", "both pages of getsockname ask for WSAStartup first";
        Any  CallInProgress => Fail(INPROGRESS), "", "both pages of getsockname: a blocking call is in progress";
        Any  BadHandle        => Fail(NOTSOCK), "", "both pages of getsockname";
        Any  NotASocket       => Fail(NOTSOCK), "", "both pages of getsockname";
        Both NullName         => Fail(FAULT), "", "both pages of getsockname: there is no room";
        Both BadLengthPointer => Fail(FAULT), "", "both pages of getsockname";
        Both UnreadableName   => Fail(FAULT), "", "Winsock 2's page of getsockname; 1.1 is silent";
        Both Unbound          => Fail(INVAL), "", "both pages of getsockname; nothing is written";
        Both ShortName        => Fail(FAULT), "", "both pages of getsockname";
        Both NegativeLength   => Fail(FAULT), "", "both pages of getsockname";
        Any  Always           => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};

/// getpeername.
pub(crate) const GETPEERNAME: Page = Page {
    call: "getpeername",
    rules: rules! {
        Any  NotStarted       => Fail(NOTINITIALISED), "", "both pages of getpeername ask for WSAStartup first";
        Any  CallInProgress => Fail(INPROGRESS), "", "both pages of getpeername: a blocking call is in progress";
        Any  BadHandle        => Fail(NOTSOCK), "", "both pages of getpeername";
        Any  NotASocket       => Fail(NOTSOCK), "", "both pages of getpeername";
        Both NullName         => Fail(FAULT), "", "both pages of getpeername: there is no room";
        Both BadLengthPointer => Fail(FAULT), "", "both pages of getpeername";
        Both UnreadableName   => Fail(FAULT), "", "Winsock 2's page of getpeername; 1.1 is silent";
        Both Listening        => Fail(NOTCONN), "", "both pages of getpeername";
        Both Unconnected      => Fail(NOTCONN), "", "both pages of getpeername";
        Both ShortName        => Fail(FAULT), "", "both pages of getpeername";
        Both NegativeLength   => Fail(FAULT), "", "both pages of getpeername";
        Any  Always           => Proceed, "", "Windows tells the peer also while the connection is being made";
    },
    answers: &[],
};
