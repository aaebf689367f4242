//! TargetTCP's words: what it calls each outcome of the layer below, and how the words are spelled.
//!
//! Where the document's list of errors has no code, the row has the word of BSD and says so.

use crate::page::outcome_words;
use crate::posix::errno::spellings;
use crate::words::{OutcomeWord, Spelling};

/// The word for each outcome.
pub(super) static WORDS: [OutcomeWord; synsent_sockets::Outcome::COUNT] = outcome_words! {
    ConnectStarted      => INPROGRESS,   "targettcp.error.inprogress";
    WouldBlock          => WOULDBLOCK,   "", "BSD's word for a call that would have to wait";
    TimeLimit           => WOULDBLOCK,   "", "BSD tells an expired SO_RCVTIMEO or SO_SNDTIMEO as it tells a call that would wait";
    Refused             => CONNREFUSED,  "targettcp.error.connrefused";
    Reset               => CONNRESET,    "", "BSD's word for a connection that the peer reset";
    Aborted             => CONNABORTED,  "", "BSD's word for a connection that this side gave up";
    TimedOut            => TIMEDOUT,     "targettcp.error.timedout";
    TimedOutUnreachable => HOSTUNREACH,  "targettcp.error.hostunreach";
    NetworkUnreachable  => NETUNREACH,   "targettcp.error.netunreach";
    HostUnreachable     => HOSTUNREACH,  "", "the document has the word for a stream's timeout only; the cause is the same";
    Prohibited          => HOSTUNREACH,  "", "one more kind of destination unreachable";
    NetworkDown         => NETDOWN,      "", "the word means TargetTCP without its network here too";
    AddressInUse        => ADDRINUSE,    "targettcp.error.addrinuse";
    AddressNotLocal     => ADDRNOTAVAIL, "", "BSD's word for a local address that no interface has";
    NoPorts             => ADDRINUSE,    "", "all that connect could assign is in use; EADDRNOTAVAIL speaks of the remote address";
    BadPeer             => ADDRNOTAVAIL, "targettcp.error.addrnotavail";
    NoBuffers           => NOBUFS,       "targettcp.error.nobufs";
    NoDescriptors       => MFILE,        "", "BSD's word for as many sockets as there may be";
    PermissionDenied    => ACCES,        "", "BSD's word for a broadcast without SO_BROADCAST and a port of the privileged";
    Interrupted         => INTR,         "", "BSD's word; TargetTCP itself knows no signals";
    Cancelled           => CONNABORTED,  "", "the call was taken back from another thread";
    NotConnected        => NOTCONN,      "", "BSD's word for a socket without a peer";
    AlreadyConnected    => ISCONN,       "targettcp.error.isconn";
    AlreadyConnecting   => ALREADY,      "targettcp.error.already";
    MessageTooLong      => MSGSIZE,      "", "BSD's word for a datagram that does not fit";
    SendingOver         => PIPE,         "", "BSD's word for sending after shutdown";
    PathMissing         => AFNOSUPPORT,  "", "TargetTCP has no local domain";
    NotDirectory        => AFNOSUPPORT,  "", "TargetTCP has no local domain";
    PathTooLong         => AFNOSUPPORT,  "", "TargetTCP has no local domain";
    PathLoop            => AFNOSUPPORT,  "", "TargetTCP has no local domain";
    NotListening        => AFNOSUPPORT,  "", "TargetTCP has no local domain";
    WrongKind           => AFNOSUPPORT,  "", "TargetTCP has no local domain";
    DomainUnsupported   => AFNOSUPPORT,  "", "the network below lacks the family";
    OperationUnsupported => OPNOTSUPP,   "", "BSD's word for what this type of socket cannot do";
    OptionUnsupported   => NOPROTOOPT,   "", "BSD's word for an option that is not there";
    BadArgument         => INVAL,        "", "BSD's word for an argument without a meaning";
    BadMemory           => FAULT,        "", "the document has it for a null address; other memory that is not there is the same mistake";
    NoUrgentData        => INVAL,        "", "BSD's word for MSG_OOB when no urgent data waits";
    Other               => IO,           "", "the reason beside it tells what happened";
};

/// How the words are spelled and numbered.
pub(super) static SPELLINGS: &[Spelling] = spellings! {
    ACCES          "permission denied";
    ADDRINUSE      "protocol, port and address are already in use";
    ADDRNOTAVAIL   "the remote address is a broadcast or multicast address, or a local address is no interface's";
    AFNOSUPPORT    "the address family is not the socket's";
    ALREADY        "a connection request was sent before and is not yet answered";
    CONNABORTED    "the connection was aborted";
    CONNREFUSED    "the remote host refused the connection";
    CONNRESET      "the connection was reset by the peer";
    DESTADDRREQ    "the destination address or port is zero or missing";
    FAULT          "bad address";
    HOSTUNREACH    "the destination is unreachable";
    INPROGRESS     "the connection has been started";
    INTR           "interrupted";
    INVAL          "invalid argument";
    IO             "input or output error";
    ISCONN         "the socket is already connected";
    MFILE          "too many sockets";
    MSGSIZE        "the datagram is too long";
    NETDOWN        "TargetTCP has not been initialized";
    NETUNREACH     "no route to the destination network";
    NOBUFS         "no buffer space";
    NOPROTOOPT     "the option is not available";
    NOTCONN        "the socket is not connected";
    NOTSOCK        "not a valid socket handle";
    OPNOTSUPP      "the operation is not supported on this socket";
    PIPE           "sending has been shut down";
    PROTONOSUPPORT "the protocol is not supported";
    PROTOTYPE      "the socket type is not supported";
    TIMEDOUT       "timed out without an answer";
    WOULDBLOCK     "the operation would block";
};
