//! The error codes of Windows Sockets: one table for the constants and for the spellings.
//!
//! Those that a call can say have a [`Word`]; the others are declared because programs name them.

use crate::words::{Spelling, Word};

macro_rules! errors {
    ($($name:ident = $number:literal, $word:ident, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: i32 = $number;)*

        /// The errors that a call can say.
        pub(crate) const SPELLINGS: &[Spelling] = &[$(Spelling {
            word: Word::$word,
            name: stringify!($name),
            number: $number,
            meaning: $meaning,
        },)*];
    };
}

macro_rules! unsaid {
    ($($name:ident = $number:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: i32 = $number;)*
    };
}

errors! {
    WSAEINTR = 10004, INTR, "The call was taken back while it waited.";
    WSAEBADF = 10009, BADF, "The number is not that of a file.";
    WSAEACCES = 10013, ACCES, "It is not permitted: a broadcast without SO_BROADCAST, or a reserved name.";
    WSAEFAULT = 10014, FAULT, "A pointer or a length does not describe usable memory.";
    WSAEINVAL = 10022, INVAL, "An argument has no meaning, or the socket is in no state for the call.";
    WSAEMFILE = 10024, MFILE, "There are as many sockets as there may be.";
    WSAEWOULDBLOCK = 10035, WOULDBLOCK, "The socket does not block, and the call cannot be completed at once.";
    WSAEINPROGRESS = 10036, INPROGRESS, "A blocking call is under way in this thread.";
    WSAEALREADY = 10037, ALREADY, "A connection is being made on the socket already.";
    WSAENOTSOCK = 10038, NOTSOCK, "The handle is not that of a socket.";
    WSAEDESTADDRREQ = 10039, DESTADDRREQ, "A destination is needed and none was given.";
    WSAEMSGSIZE = 10040, MSGSIZE, "The datagram is larger than what can be sent, or than the buffer for it.";
    WSAEPROTOTYPE = 10041, PROTOTYPE, "The protocol does not suit the type of the socket.";
    WSAENOPROTOOPT = 10042, NOPROTOOPT, "The option is not known, or not for this socket.";
    WSAEPROTONOSUPPORT = 10043, PROTONOSUPPORT, "The protocol does not exist here.";
    WSAESOCKTNOSUPPORT = 10044, SOCKTNOSUPPORT, "The type of socket does not exist in this family.";
    WSAEOPNOTSUPP = 10045, OPNOTSUPP, "The call is not for this type of socket.";
    WSAEAFNOSUPPORT = 10047, AFNOSUPPORT, "The socket cannot use an address of this family.";
    WSAEADDRINUSE = 10048, ADDRINUSE, "The address is in use.";
    WSAEADDRNOTAVAIL = 10049, ADDRNOTAVAIL, "The address cannot be used from this machine.";
    WSAENETDOWN = 10050, NETDOWN, "The network has failed.";
    WSAENETUNREACH = 10051, NETUNREACH, "The network cannot be reached from here now.";
    WSAENETRESET = 10052, NETRESET, "The connection ended because probes were not answered.";
    WSAECONNABORTED = 10053, CONNABORTED, "The connection was given up on this side.";
    WSAECONNRESET = 10054, CONNRESET, "The peer has reset the connection, or has no such port.";
    WSAENOBUFS = 10055, NOBUFS, "There is no more room for buffers.";
    WSAEISCONN = 10056, ISCONN, "The socket is connected already.";
    WSAENOTCONN = 10057, NOTCONN, "The socket is not connected.";
    WSAESHUTDOWN = 10058, SHUTDOWN, "This direction of the socket was shut down.";
    WSAETIMEDOUT = 10060, TIMEDOUT, "The time was over before there was an answer.";
    WSAECONNREFUSED = 10061, CONNREFUSED, "The peer has refused the connection.";
    WSAELOOP = 10062, LOOP, "A name leads in circles.";
    WSAENAMETOOLONG = 10063, NAMETOOLONG, "A name is too long.";
    WSAEHOSTDOWN = 10064, HOSTDOWN, "The host is down.";
    WSAEHOSTUNREACH = 10065, HOSTUNREACH, "The host cannot be reached.";
    WSASYSNOTREADY = 10091, SYSNOTREADY, "The network cannot be used yet.";
    WSAVERNOTSUPPORTED = 10092, VERNOTSUPPORTED, "The version that was asked for is not there.";
    WSANOTINITIALISED = 10093, NOTINITIALISED, "No WSAStartup succeeded before.";
    WSAHOST_NOT_FOUND = 11001, HOSTNOTFOUND, "No such host, as an authoritative server says.";
    WSATRY_AGAIN = 11002, TRYAGAIN, "The host was not found, and no server with authority answered.";
    WSANO_RECOVERY = 11003, NORECOVERY, "An error of name service that does not go away.";
    WSANO_DATA = 11004, NODATA, "The name is valid and has no record of the type that was asked for.";
}

unsaid! {
    WSABASEERR = 10000, "What all numbers are counted from.";
    WSAEPFNOSUPPORT = 10046, "The protocol family does not exist here.";
    WSAETOOMANYREFS = 10059, "Too many references.";
    WSAENOTEMPTY = 10066, "A directory is not empty.";
    WSAEPROCLIM = 10067, "As many programs use Windows Sockets as may.";
    WSAEUSERS = 10068, "Too many users.";
    WSAEDQUOT = 10069, "A quota is exhausted.";
    WSAESTALE = 10070, "A reference to a file is stale.";
    WSAEREMOTE = 10071, "It is remote.";
}

/// The same as [`WSANO_DATA`].
pub const WSANO_ADDRESS: i32 = WSANO_DATA;
