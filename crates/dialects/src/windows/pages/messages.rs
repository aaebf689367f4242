//! Network events that come as messages, and blocking hooks.

use crate::page::{Page, rules};

/// WSAAsyncSelect.
pub(crate) const WSAASYNCSELECT: Page = Page {
    call: "WSAAsyncSelect",
    rules: rules! {
        Any  NotStarted     => Fail(NOTINITIALISED), "", "both pages of WSAAsyncSelect";
        Any  CallInProgress => Fail(INPROGRESS), "", "both pages of WSAAsyncSelect: a blocking call is in progress";
        Any  BadHandle      => Fail(NOTSOCK), "", "both pages of WSAAsyncSelect";
        Any  NotASocket     => Fail(NOTSOCK), "", "both pages of WSAAsyncSelect";
        Both BadWindow      => Fail(INVAL), "", "both pages of WSAAsyncSelect: one of the parameters is not valid, and today's names the window handle";
        Both BadArgument    => Fail(INVAL), "", "both pages of WSAAsyncSelect: one of the parameters is not valid";
        Any  Always         => Proceed, "", "each call takes back what the one before asked for";
    },
    answers: &[],
};

/// WSASetBlockingHook.
pub(crate) const WSASETBLOCKINGHOOK: Page = Page {
    call: "WSASetBlockingHook",
    rules: rules! {
        Any NotStarted => Fail(NOTINITIALISED), "", "the page of WSASetBlockingHook";
        Any Always     => Proceed, "", "the hook is the thread's";
    },
    answers: &[],
};

/// WSAUnhookBlockingHook.
pub(crate) const WSAUNHOOKBLOCKINGHOOK: Page = Page {
    call: "WSAUnhookBlockingHook",
    rules: rules! {
        Any NotStarted => Fail(NOTINITIALISED), "", "the page of WSAUnhookBlockingHook";
        Any Always     => Proceed, "", "the thread waits as it did before any hook";
    },
    answers: &[],
};

/// WSACancelBlockingCall.
pub(crate) const WSACANCELBLOCKINGCALL: Page = Page {
    call: "WSACancelBlockingCall",
    rules: rules! {
        Any NotStarted    => Fail(NOTINITIALISED), "", "the page of WSACancelBlockingCall";
        Any NothingBlocks => Fail(INVAL), "", "the page of WSACancelBlockingCall: there is no outstanding blocking call";
        Any Always        => Proceed, "", "the call ends when it is back from the hook";
    },
    answers: &[],
};
