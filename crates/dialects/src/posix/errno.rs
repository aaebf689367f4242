//! Numbers of errors, as the host's `<errno.h>` has them, and a way to write a dialect's words with them.

use crate::words::Word;

/// The number of a word. Words that are none of POSIX have none.
pub(crate) const fn number(word: Word) -> i32 {
    match word {
        Word::PERM => 1,
        Word::NOENT => 2,
        Word::INTR => 4,
        Word::IO => 5,
        Word::BADF => 9,
        Word::AGAIN | Word::WOULDBLOCK => 11,
        Word::NOMEM => 12,
        Word::ACCES => 13,
        Word::FAULT => 14,
        Word::NOTDIR => 20,
        Word::INVAL => 22,
        Word::MFILE => 24,
        Word::PIPE => 32,
        Word::NAMETOOLONG => 36,
        Word::LOOP => 40,
        Word::NOTSOCK => 88,
        Word::DESTADDRREQ => 89,
        Word::MSGSIZE => 90,
        Word::PROTOTYPE => 91,
        Word::NOPROTOOPT => 92,
        Word::PROTONOSUPPORT => 93,
        Word::SOCKTNOSUPPORT => 94,
        Word::OPNOTSUPP => 95,
        Word::AFNOSUPPORT => 97,
        Word::ADDRINUSE => 98,
        Word::ADDRNOTAVAIL => 99,
        Word::NETDOWN => 100,
        Word::NETUNREACH => 101,
        Word::NETRESET => 102,
        Word::CONNABORTED => 103,
        Word::CONNRESET => 104,
        Word::NOBUFS => 105,
        Word::ISCONN => 106,
        Word::NOTCONN => 107,
        Word::SHUTDOWN => 108,
        Word::TIMEDOUT => 110,
        Word::CONNREFUSED => 111,
        Word::HOSTDOWN => 112,
        Word::HOSTUNREACH => 113,
        Word::ALREADY => 114,
        Word::INPROGRESS => 115,
        Word::NOTINITIALISED | Word::SYSNOTREADY | Word::VERNOTSUPPORTED => -1,
        // What becomes of names is told beside the error, in a number of its own.
        Word::HOSTNOTFOUND | Word::TRYAGAIN | Word::NORECOVERY | Word::NODATA => -1,
    }
}

/// There is no such descriptor.
pub const EBADF: i32 = number(Word::BADF);
/// A pointer leads nowhere.
pub const EFAULT: i32 = number(Word::FAULT);
/// An argument has no meaning.
pub const EINVAL: i32 = number(Word::INVAL);
/// There is more than can be taken at once.
pub const EMSGSIZE: i32 = number(Word::MSGSIZE);
/// Nothing of this kind can do it.
pub const EOPNOTSUPP: i32 = number(Word::OPNOTSUPP);
/// What is needed for it is not there.
pub const ENOBUFS: i32 = number(Word::NOBUFS);

/// Words with their meanings as spellings: `ECONNREFUSED` and its number come from `CONNREFUSED`.
macro_rules! spellings {
    ($($word:ident $meaning:literal;)*) => {
        &[$($crate::words::Spelling {
            word: $crate::words::Word::$word,
            name: concat!("E", stringify!($word)),
            number: $crate::posix::errno::number($crate::words::Word::$word),
            meaning: $meaning,
        },)*]
    };
}

pub(crate) use spellings;
