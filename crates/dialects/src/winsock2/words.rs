//! The words for what the layer below answers.

use synsent_sockets::Outcome;

use crate::page::outcome_words;
use crate::words::OutcomeWord;

pub(crate) const WORDS: [OutcomeWord; Outcome::COUNT] = outcome_words! {
    ConnectStarted => WOULDBLOCK, "winsock2.error.wouldblock";
    WouldBlock => WOULDBLOCK, "", "the pages of all calls that wait";
    TimeLimit => TIMEDOUT, "", "the word for a time that is over";
    Refused => CONNREFUSED, "winsock2.error.connrefused";
    Reset => CONNRESET, "", "the pages of send and recv";
    Aborted => CONNABORTED, "", "the pages of send and recv";
    TimedOut => TIMEDOUT, "winsock2.error.timedout";
    TimedOutUnreachable => TIMEDOUT, "winsock2.error.timedout", "the time is what ended it";
    NetworkUnreachable => NETUNREACH, "winsock2.error.netunreach";
    HostUnreachable => HOSTUNREACH, "", "the document has no word for a host; Windows, its header and today's page of connect have this one";
    Prohibited => HOSTUNREACH, "", "what a router forbids cannot be reached; the document is silent";
    NetworkDown => NETDOWN, "winsock2.error.netdown";
    AddressInUse => ADDRINUSE, "winsock2.error.addrinuse";
    AddressNotLocal => ADDRNOTAVAIL, "winsock2.error.addrnotavail";
    NoPorts => ADDRNOTAVAIL, "winsock2.error.addrnotavail";
    BadPeer => ADDRNOTAVAIL, "winsock2.error.addrnotavail";
    NoBuffers => NOBUFS, "winsock2.error.nobufs";
    NoDescriptors => MFILE, "", "the pages of socket and accept";
    PermissionDenied => ACCES, "winsock2.error.acces";
    Interrupted => INTR, "winsock2.error.intr", "Windows has no signals; a wait that something else ends is an interrupted one";
    Cancelled => INTR, "winsock2.error.intr";
    NotConnected => NOTCONN, "", "the pages of send, recv and shutdown";
    AlreadyConnected => ISCONN, "winsock2.error.isconn";
    AlreadyConnecting => ALREADY, "winsock2.already";
    MessageTooLong => MSGSIZE, "", "the pages of send and recv";
    SendingOver => SHUTDOWN, "", "the page of send";
    PathMissing => AFNOSUPPORT, "", "Windows Sockets has no names that are paths";
    NotDirectory => AFNOSUPPORT, "", "Windows Sockets has no names that are paths";
    PathTooLong => NAMETOOLONG, "", "the header's word; Windows Sockets has no names that are paths";
    PathLoop => LOOP, "", "the header's word; Windows Sockets has no names that are paths";
    NotListening => CONNREFUSED, "winsock2.error.connrefused", "nobody is there to accept";
    WrongKind => PROTOTYPE, "", "the page of socket";
    DomainUnsupported => AFNOSUPPORT, "winsock2.error.afnosupport";
    OperationUnsupported => OPNOTSUPP, "", "the pages of listen, accept and send";
    OptionUnsupported => NOPROTOOPT, "", "the pages of getsockopt and setsockopt";
    BadArgument => INVAL, "", "the pages of bind, listen and shutdown";
    BadMemory => FAULT, "winsock2.error.fault";
    NoUrgentData => WOULDBLOCK, "", "out-of-band data may come later";
    Other => NETDOWN, "winsock2.error.netdown", "what has no word is a failure of the network";
};
