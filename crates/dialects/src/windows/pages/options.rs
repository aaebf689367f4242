//! Setting options.

use crate::page::{Page, rules};

/// setsockopt.
pub(crate) const SETSOCKOPT: Page = Page {
    call: "setsockopt",
    rules: rules! {
        Any  NotStarted  => Fail(NOTINITIALISED), "", "both pages of setsockopt ask for WSAStartup first";
        Any  CallInProgress => Fail(INPROGRESS), "", "both pages of setsockopt: a blocking call is in progress";
        Any  BadHandle   => Fail(NOTSOCK), "", "both pages of setsockopt";
        Any  NotASocket  => Fail(NOTSOCK), "", "both pages of setsockopt";
        Both NullBuffer  => Fail(FAULT), "", "both pages of setsockopt";
        Both BadBuffer   => Fail(FAULT), "", "both pages of setsockopt";
        Both BadLevel    => Fail(INVAL), "", "both pages of setsockopt";
        Both BadOption   => Fail(NOPROTOOPT), "", "both pages of setsockopt";
        Both OptionFixed => Fail(NOPROTOOPT), "", "both pages of setsockopt: it cannot be set";
        Both ShortOption => Fail(FAULT), "", "both pages of setsockopt: the value is not all there";
        Both NegativeLength => Fail(FAULT), "", "both pages of setsockopt: no memory has such a length";
        Both BadArgument => Fail(INVAL), "", "both pages of setsockopt";
        Any  Always      => Proceed, "", "nothing speaks against it";
    },
    answers: &[],
};
