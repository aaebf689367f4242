//! What the kernel's error numbers mean, in one place: for each kind of call a number has one [`Outcome`].
//!
//! A number alone does not always tell: who looks closer (at the interfaces, at the kernel's queue of ICMP errors, at what
//! the socket was bound to) does so before it comes here, and only after something failed.

use rustix::io::Errno;
use synsent_sockets::{Failure, Outcome};

/// The calls that numbers come from, as far as they differ in meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Open,
    /// The opening of a place in a file system.
    Place,
    Bind,
    Connect,
    ConnectLocal,
    Listen,
    Accept,
    Send,
    SendLocal,
    Receive,
    Shutdown,
    Name,
    Set,
    /// An error that came by itself.
    Pending,
    Wait,
}

impl Call {
    /// As the kernel calls it.
    fn word(self) -> &'static str {
        match self {
            Call::Open => "socket",
            Call::Place => "open",
            Call::Bind => "bind",
            Call::Connect | Call::ConnectLocal => "connect",
            Call::Listen => "listen",
            Call::Accept => "accept",
            Call::Send | Call::SendLocal => "send",
            Call::Receive => "receive",
            Call::Shutdown => "shutdown",
            Call::Name => "getsockname",
            Call::Set => "setsockopt",
            Call::Pending => "getsockopt",
            Call::Wait => "poll",
        }
    }

    /// The failure that a number of this call stands for.
    pub(crate) fn failure(self, number: Errno) -> Failure {
        self.failure_as(self.outcome(number), number)
    }

    /// A failure whose outcome was found out by other means.
    pub(crate) fn failure_as(self, outcome: Outcome, number: Errno) -> Failure {
        Failure::kernel(outcome, self.word(), number.raw_os_error())
    }

    fn outcome(self, number: Errno) -> Outcome {
        match (self, number) {
            (Call::Bind, Errno::ADDRNOTAVAIL) => Outcome::AddressNotLocal,
            (Call::Open, Errno::PROTONOSUPPORT | Errno::INVAL) => Outcome::OperationUnsupported,
            // A route of the kind "prohibit", or a rule of the packet filter.
            (Call::Connect | Call::Send, Errno::ACCESS | Errno::PERM) => Outcome::Prohibited,
            // A route of the kind "blackhole", or a source from which no way leads there.
            (Call::Connect, Errno::INVAL) => Outcome::NetworkUnreachable,
            // Of a datagram this means a destination port of zero.
            (Call::Send, Errno::INVAL) => Outcome::BadPeer,
            // The ICMP messages "protocol unreachable" and "source route failed".
            (Call::Connect | Call::Pending, Errno::NOPROTOOPT) => Outcome::Refused,
            (Call::Connect | Call::Pending, Errno::OPNOTSUPP) => Outcome::HostUnreachable,
            (Call::Connect, Errno::CONNABORTED) => Outcome::Aborted,
            (Call::ConnectLocal | Call::SendLocal, Errno::CONNREFUSED) => Outcome::NotListening,
            (Call::Bind, Errno::NOENT) => Outcome::PathMissing,
            (Call::Receive, Errno::INVAL) => Outcome::NoUrgentData,
            (Call::Send | Call::SendLocal | Call::Pending, Errno::PIPE) => Outcome::Reset,
            (Call::Send | Call::SendLocal, Errno::OPNOTSUPP) => Outcome::OperationUnsupported,
            (Call::Set, Errno::NOPROTOOPT | Errno::OPNOTSUPP) => Outcome::OptionUnsupported,
            _ => of_any_call(number),
        }
    }
}

fn of_any_call(number: Errno) -> Outcome {
    match number {
        Errno::AGAIN => Outcome::WouldBlock,
        Errno::INPROGRESS => Outcome::ConnectStarted,
        Errno::INTR => Outcome::Interrupted,
        Errno::CONNREFUSED => Outcome::Refused,
        Errno::CONNRESET => Outcome::Reset,
        Errno::CONNABORTED => Outcome::Aborted,
        Errno::TIMEDOUT => Outcome::TimedOut,
        Errno::NETUNREACH => Outcome::NetworkUnreachable,
        Errno::HOSTUNREACH | Errno::HOSTDOWN | Errno::NONET => Outcome::HostUnreachable,
        Errno::NETDOWN => Outcome::NetworkDown,
        Errno::ADDRINUSE => Outcome::AddressInUse,
        Errno::ADDRNOTAVAIL => Outcome::AddressNotLocal,
        Errno::NOBUFS | Errno::NOMEM => Outcome::NoBuffers,
        Errno::MFILE | Errno::NFILE => Outcome::NoDescriptors,
        Errno::ACCESS | Errno::PERM | Errno::ROFS => Outcome::PermissionDenied,
        Errno::NOTCONN | Errno::DESTADDRREQ => Outcome::NotConnected,
        Errno::ISCONN => Outcome::AlreadyConnected,
        Errno::ALREADY => Outcome::AlreadyConnecting,
        Errno::MSGSIZE => Outcome::MessageTooLong,
        Errno::PIPE | Errno::SHUTDOWN => Outcome::SendingOver,
        Errno::NOENT => Outcome::PathMissing,
        Errno::NOTDIR => Outcome::NotDirectory,
        Errno::NAMETOOLONG => Outcome::PathTooLong,
        Errno::LOOP => Outcome::PathLoop,
        Errno::PROTOTYPE => Outcome::WrongKind,
        Errno::AFNOSUPPORT => Outcome::DomainUnsupported,
        Errno::OPNOTSUPP | Errno::SOCKTNOSUPPORT | Errno::PROTONOSUPPORT => Outcome::OperationUnsupported,
        Errno::NOPROTOOPT => Outcome::OptionUnsupported,
        Errno::INVAL | Errno::BADF | Errno::NOTSOCK => Outcome::BadArgument,
        Errno::FAULT => Outcome::BadMemory,
        _ => Outcome::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows are those of the documented answers of Linux to each event on the wire.
    #[test]
    fn one_number_means_what_its_call_means_by_it() {
        let rows = [
            (Call::Connect, Errno::CONNREFUSED, Outcome::Refused),
            (Call::ConnectLocal, Errno::CONNREFUSED, Outcome::NotListening),
            (Call::Connect, Errno::ACCESS, Outcome::Prohibited),
            (Call::ConnectLocal, Errno::ACCESS, Outcome::PermissionDenied),
            (Call::Bind, Errno::ACCESS, Outcome::PermissionDenied),
            (Call::Bind, Errno::ADDRNOTAVAIL, Outcome::AddressNotLocal),
            (Call::Connect, Errno::NOPROTOOPT, Outcome::Refused),
            (Call::Set, Errno::NOPROTOOPT, Outcome::OptionUnsupported),
            (Call::ConnectLocal, Errno::PROTOTYPE, Outcome::WrongKind),
            (Call::Open, Errno::MFILE, Outcome::NoDescriptors),
        ];
        for (call, number, outcome) in rows {
            assert_eq!(call.failure(number).outcome, outcome, "{call:?} {number:?}");
        }
    }
}
