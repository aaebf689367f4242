//! What Linux makes of each answer to a SYN: which errors fold several causes into one.
//!
//! Measured on Linux 6.18 for IPv4; IPv6 as its kernel documents its table. Names of errors only: what a program was told is read from
//! the record, and these words explain it.

use synsent_stack::IcmpCause;

/// The name of the error that Linux tells for an ICMP error about a SYN, over IPv6 or not; `None`: it ignores the message.
pub fn error_of(cause: IcmpCause, v6: bool) -> Option<&'static str> {
    Some(match cause {
        IcmpCause::V4Unreachable(code) => match code {
            0 | 6 | 9 | 11 => "ENETUNREACH",
            2 => "ENOPROTOOPT",
            3 => "ECONNREFUSED",
            5 => "EOPNOTSUPP",
            7 => "EHOSTDOWN",
            8 => "ENONET",
            1 | 10 | 12..=15 => "EHOSTUNREACH",
            _ => return None,
        },
        IcmpCause::V6Unreachable(code) => match code {
            0 => "ENETUNREACH",
            1 | 5 | 6 => "EACCES",
            2 | 3 => "EHOSTUNREACH",
            4 => "ECONNREFUSED",
            _ => return None,
        },
        // In IPv6 the code makes no difference to it.
        IcmpCause::TimeExceeded { code } if v6 || code == 0 => "EHOSTUNREACH",
        IcmpCause::ParameterProblem { .. } => "EPROTO",
        IcmpCause::TimeExceeded { .. } | IcmpCause::TooBig { .. } | IcmpCause::SourceQuench => return None,
    })
}

/// What else is the same error to the program.
pub(super) fn folds(name: &str, v6: bool) -> Option<&'static str> {
    Some(match (name, v6) {
        ("ECONNREFUSED", false) => "Linux makes ECONNREFUSED of a RST and of ICMP 3/3 (port unreachable) alike",
        ("ECONNREFUSED", true) => "Linux makes ECONNREFUSED of a RST and of ICMPv6 1/4 (port unreachable) alike",
        ("EHOSTUNREACH", false) => {
            "Linux folds ICMP 3/1 (host unreachable), 3/10 and 3/12 to 3/15 (prohibited and its kin) and 11/0 (TTL exceeded) into \
             EHOSTUNREACH"
        }
        ("EHOSTUNREACH", true) => {
            "Linux folds ICMPv6 1/2 (beyond scope), 1/3 (address unreachable) and 3/0 (hop limit exceeded) into EHOSTUNREACH"
        }
        ("ENETUNREACH", false) => {
            "Linux folds ICMP 3/0 (network unreachable), 3/6, 3/9 and 3/11 and a route that is missing on its own machine into \
             ENETUNREACH"
        }
        ("ENETUNREACH", true) => {
            "Linux folds ICMPv6 1/0 (no route) and a route that is missing on its own machine into ENETUNREACH"
        }
        ("EACCES", true) => "Linux folds ICMPv6 1/1 (prohibited), 1/5 and 1/6 into EACCES",
        _ => return None,
    })
}
