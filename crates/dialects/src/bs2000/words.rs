//! The words of BS2000 SOCKETS(POSIX): what it calls each outcome of the layer below, and how the words are spelled.
//!
//! Where the document's list of errors has no code, the row has the word of POSIX and says so.

use crate::page::outcome_words;
use crate::posix::errno::spellings;
use crate::words::{OutcomeWord, Spelling};

/// The word for each outcome.
pub(super) static WORDS: [OutcomeWord; synsent_sockets::Outcome::COUNT] = outcome_words! {
    ConnectStarted      => INPROGRESS,   "bs2000.error.already", "the document's list leaves the first non-blocking call out; POSIX has the word";
    WouldBlock          => WOULDBLOCK,   "", "POSIX's word for a call that would have to wait";
    TimeLimit           => WOULDBLOCK,   "", "POSIX tells an expired SO_RCVTIMEO or SO_SNDTIMEO as it tells a call that would wait";
    Refused             => CONNREFUSED,  "bs2000.error.connrefused";
    Reset               => CONNRESET,    "", "POSIX's word for a connection that the peer reset";
    Aborted             => CONNABORTED,  "", "POSIX's word for a connection that this side gave up";
    TimedOut            => TIMEDOUT,     "bs2000.error.timedout";
    TimedOutUnreachable => TIMEDOUT,     "bs2000.error.timedout", "the time was over, whatever a router had said before";
    NetworkUnreachable  => NETUNREACH,   "bs2000.error.netunreach";
    HostUnreachable     => NETUNREACH,   "bs2000.error.netunreach", "the list has no EHOSTUNREACH; this is its word for a partner that is out of reach";
    Prohibited          => NETUNREACH,   "bs2000.error.netunreach", "the list has no EHOSTUNREACH; this is its word for a partner that is out of reach";
    NetworkDown         => NETDOWN,      "bs2000.error.netdown";
    AddressInUse        => ADDRINUSE,    "bs2000.error.addrinuse";
    AddressNotLocal     => ADDRNOTAVAIL, "bs2000.error.addrnotavail", "an address that no interface has is not valid here";
    NoPorts             => ADDRINUSE,    "bs2000.error.addrinuse", "every address that the socket could be given is in use";
    BadPeer             => ADDRNOTAVAIL, "bs2000.error.addrnotavail";
    NoBuffers           => NOBUFS,       "bs2000.error.nobufs";
    NoDescriptors       => MFILE,        "", "POSIX's word for as many descriptors as there may be";
    PermissionDenied    => ACCES,        "bs2000.error.acces", "for addresses POSIX has the same word";
    Interrupted         => INTR,         "bs2000.error.intr";
    Cancelled           => INTR,         "", "another thread took the call back: it was interrupted";
    NotConnected        => NOTCONN,      "", "POSIX's word for a socket without a peer";
    AlreadyConnected    => ISCONN,       "bs2000.error.isconn";
    AlreadyConnecting   => ALREADY,      "bs2000.error.already";
    MessageTooLong      => MSGSIZE,      "", "POSIX's word for a datagram that does not fit";
    SendingOver         => PIPE,         "", "POSIX's word for sending after shutdown";
    PathMissing         => NOENT,        "bs2000.error.noent";
    NotDirectory        => NOTDIR,       "bs2000.error.notdir";
    PathTooLong         => NAMETOOLONG,  "bs2000.error.nametoolong";
    PathLoop            => LOOP,         "", "POSIX's word for symbolic links in a circle";
    NotListening        => CONNREFUSED,  "bs2000.error.connrefused", "nothing behind the path takes connections";
    WrongKind           => PROTOTYPE,    "", "POSIX's word for a socket of the other type";
    DomainUnsupported   => AFNOSUPPORT,  "bs2000.error.afnosupport", "the network below lacks the family";
    OperationUnsupported => OPNOTSUPP,   "", "POSIX's word for what this type of socket cannot do";
    OptionUnsupported   => NOPROTOOPT,   "", "POSIX's word for an option that is not there";
    BadArgument         => INVAL,        "", "POSIX's word for an argument without a meaning";
    BadMemory           => FAULT,        "bs2000.error.fault";
    NoUrgentData        => INVAL,        "", "POSIX's word for MSG_OOB when no urgent data waits";
    Other               => IO,           "", "the reason beside it tells what happened";
};

/// How the words are spelled and numbered.
pub(super) static SPELLINGS: &[Spelling] = spellings! {
    ACCES          "access to a path or an address was refused";
    ADDRINUSE      "the address is already in use";
    ADDRNOTAVAIL   "the address is invalid";
    AFNOSUPPORT    "addresses of that family cannot be used with this socket";
    ALREADY        "an earlier connection request has not been concluded";
    BADF           "not a valid descriptor";
    CONNABORTED    "the connection was aborted";
    CONNREFUSED    "the connection attempt was rejected";
    CONNRESET      "the connection was reset by the partner";
    DESTADDRREQ    "a destination address is missing";
    FAULT          "a pointer to an invalid address";
    INPROGRESS     "the connection has been started";
    INTR           "interrupted by a signal";
    INVAL          "invalid argument";
    IO             "input or output error";
    ISCONN         "the socket already has a connection";
    LOOP           "too many symbolic links";
    MFILE          "too many descriptors";
    MSGSIZE        "the datagram is too long";
    NAMETOOLONG    "a path or a component of it is too long";
    NETDOWN        "the connection to the network is down";
    NETUNREACH     "the network is not reachable from this host";
    NOBUFS         "not enough resources";
    NOENT          "a component of the path does not exist, or the path is blank";
    NOPROTOOPT     "the option is not available";
    NOTCONN        "the socket has no connection";
    NOTDIR         "a component of the path is not a directory";
    NOTSOCK        "the descriptor is of a file, not of a socket";
    OPNOTSUPP      "the operation is not supported on this socket";
    PIPE           "sending has been shut down";
    PROTONOSUPPORT "the protocol is not supported";
    PROTOTYPE      "the socket type does not fit";
    TIMEDOUT       "the connection could not be set up within its time";
    WOULDBLOCK     "the operation would block";
};
