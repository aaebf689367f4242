//! The public functions of a dialect with all their arguments, as a C program passes them: any pointer, any length, any flag.
//!
//! [`Api`](crate::Api) is for scenarios in which everything is right; this table is for those in which it is not. A call that
//! fails returns a negative value, and a handle that is none is negative too.

use synsent_dialects::{Dialect, Handle, Verdict};
use synsent_sockets::{Pointer, PointerMut};

use crate::api::Api;
use crate::{cases, contract};

/// The functions of a dialect.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the names are the calls'")]
pub struct Calls {
    /// What else is known of the dialect: its start, its select, its errors.
    pub api: &'static Api,
    pub socket: fn(family: i32, kind: i32, protocol: i32) -> Handle,
    pub bind: for<'a> fn(Handle, Pointer<'a>, i32) -> i32,
    pub connect: for<'a> fn(Handle, Pointer<'a>, i32) -> i32,
    pub listen: fn(Handle, i32) -> i32,
    pub accept: for<'a> fn(Handle, PointerMut<'a>, PointerMut<'a>) -> Handle,
    /// Buffer, length, flags.
    pub send: for<'a> fn(Handle, Pointer<'a>, i32, i32) -> i32,
    /// Buffer, length, flags, name, length of the name.
    pub sendto: for<'a> fn(Handle, Pointer<'a>, i32, i32, Pointer<'a>, i32) -> i32,
    pub recv: for<'a> fn(Handle, PointerMut<'a>, i32, i32) -> i32,
    pub recvfrom: for<'a> fn(Handle, PointerMut<'a>, i32, i32, PointerMut<'a>, PointerMut<'a>) -> i32,
    pub shutdown: fn(Handle, i32) -> i32,
    pub close: fn(Handle) -> i32,
    pub getsockname: for<'a> fn(Handle, PointerMut<'a>, PointerMut<'a>) -> i32,
    pub getpeername: for<'a> fn(Handle, PointerMut<'a>, PointerMut<'a>) -> i32,
    /// Level, option, value, length.
    pub getsockopt: for<'a> fn(Handle, i32, i32, PointerMut<'a>, PointerMut<'a>) -> i32,
    pub setsockopt: for<'a> fn(Handle, i32, i32, Pointer<'a>, i32) -> i32,
    pub ioctl: for<'a> fn(Handle, u32, PointerMut<'a>) -> i32,
    pub fionbio: u32,
    pub fionread: u32,
    pub siocatmark: u32,
}

/// The table of a dialect: its module, the type of its handles, and the two calls whose names differ.
macro_rules! calls {
    ($api:expr, $dialect:ident, $handle:ty, $close:ident, $ioctl:ident) => {{
        use synsent_dialects::$dialect as it;

        /// A handle that does not fit is none.
        fn own(handle: Handle) -> $handle {
            <$handle>::try_from(handle).unwrap_or(!0)
        }

        Calls {
            api: $api,
            socket: |family, kind, protocol| it::socket(family, kind, protocol) as Handle,
            bind: |s, name, len| it::bind(own(s), name, len),
            connect: |s, name, len| it::connect(own(s), name, len),
            listen: |s, backlog| it::listen(own(s), backlog),
            accept: |s, name, len| it::accept(own(s), name, len) as Handle,
            send: |s, octets, len, flags| it::send(own(s), octets, len, flags),
            sendto: |s, octets, len, flags, to, tolen| it::sendto(own(s), octets, len, flags, to, tolen),
            recv: |s, octets, len, flags| it::recv(own(s), octets, len, flags),
            recvfrom: |s, octets, len, flags, from, fromlen| it::recvfrom(own(s), octets, len, flags, from, fromlen),
            shutdown: |s, how| it::shutdown(own(s), how),
            close: |s| it::$close(own(s)),
            getsockname: |s, name, len| it::getsockname(own(s), name, len),
            getpeername: |s, name, len| it::getpeername(own(s), name, len),
            getsockopt: |s, level, option, value, len| it::getsockopt(own(s), level, option, value, len),
            setsockopt: |s, level, option, value, len| it::setsockopt(own(s), level, option, value, len),
            ioctl: |s, request, argument| it::$ioctl(own(s), request, argument),
            fionbio: it::FIONBIO,
            fionread: it::FIONREAD,
            siocatmark: it::SIOCATMARK,
        }
    }};
}

impl Calls {
    /// Those of a dialect.
    pub fn of(dialect: &str) -> Option<Calls> {
        let (api, _) = cases::of(dialect)?;
        Some(match dialect {
            "winsock1" => calls!(api, winsock1, usize, closesocket, ioctlsocket),
            "winsock2" => calls!(api, winsock2, usize, closesocket, ioctlsocket),
            "targettcp" => calls!(api, targettcp, i32, closesocket, ioctlsocket),
            "bs2000" => calls!(api, bs2000, i32, close, ioctl),
            _ => return None,
        })
    }

    /// The dialect.
    pub fn dialect(&self) -> &'static Dialect {
        self.api.dialect
    }

    /// What a call came to that returned this value: the value, or the name of the thread's error.
    pub fn answer(&self, value: i64) -> Result<i64, &'static str> {
        if value >= 0 { Ok(value) } else { Err(self.error_name((self.api.last_error)())) }
    }

    /// The documented name of an error's number; a question mark for a number that the dialect does not have.
    pub fn error_name(&self, number: i32) -> &'static str {
        contract::error_name(self.dialect().name, number)
    }

    /// Whether the dialect has this error for a call, named without the ending that some give it: a row of the call's page says it, or the table of what the layer below
    /// answers.
    pub fn documents(&self, call: &str, name: &str) -> bool {
        let dialect = self.dialect();
        let Some(word) = dialect.spellings.iter().find(|spelling| spelling.name == name).map(|spelling| spelling.word)
        else {
            return false;
        };
        let of_page = dialect
            .pages
            .all()
            .into_iter()
            .filter(|page| {
                page.call.strip_suffix("socket").filter(|rest| !rest.is_empty()).unwrap_or(page.call) == call
            })
            .any(|page| {
                page.rules.iter().any(|rule| rule.then == Verdict::Fail(word))
                    || page.answers.iter().any(|row| row.word == word)
            });
        of_page || dialect.words.iter().any(|row| row.word == word)
    }
}
