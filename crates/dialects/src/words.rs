//! Words for errors, without a prefix and without a number: a dialect spells and numbers those that it has.

use synsent_sockets::Outcome;

use crate::page::Source;

macro_rules! words {
    ($($name:ident)*) => {
        /// An error by its symbolic name, as all systems share it; `WSAECONNREFUSED` and `ECONNREFUSED` are `CONNREFUSED`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[allow(clippy::upper_case_acronyms, missing_docs)]
        pub enum Word { $($name,)* }
    };
}

words! {
    ACCES ADDRINUSE ADDRNOTAVAIL AFNOSUPPORT AGAIN ALREADY BADF CONNABORTED CONNREFUSED CONNRESET DESTADDRREQ FAULT HOSTDOWN
    HOSTNOTFOUND HOSTUNREACH INPROGRESS INTR INVAL IO ISCONN LOOP MFILE MSGSIZE NAMETOOLONG NETDOWN NETRESET NETUNREACH NOBUFS NODATA NOENT NOMEM
    NOPROTOOPT NORECOVERY NOTCONN NOTDIR NOTINITIALISED NOTSOCK OPNOTSUPP PERM PIPE PROTONOSUPPORT PROTOTYPE SHUTDOWN SOCKTNOSUPPORT
    SYSNOTREADY TIMEDOUT TRYAGAIN VERNOTSUPPORTED WOULDBLOCK
}

/// How a dialect writes a word, and its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spelling {
    /// The word.
    pub word: Word,
    /// The symbolic name in the document.
    pub name: &'static str,
    /// The number.
    pub number: i32,
    /// What it means, as the manual page prints it.
    pub meaning: &'static str,
}

/// The word of a dialect for an outcome of the layer below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutcomeWord {
    /// What came of the call.
    pub outcome: Outcome,
    /// The word.
    pub word: Word,
    /// Where that stands.
    pub source: Source,
}
