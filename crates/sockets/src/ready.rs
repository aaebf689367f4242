//! Readiness: what could be done with a socket at once.

use core::ops::{BitAnd, BitOr};

/// A set of things that could be done without waiting.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const NONE: Ready = Ready(0);
    /// Something can be received or accepted, or the end of the stream or an error would be told.
    pub const READABLE: Ready = Ready(1);
    /// Something can be sent; an opening that was under way has succeeded.
    pub const WRITABLE: Ready = Ready(2);
    /// Urgent data waits.
    pub const URGENT: Ready = Ready(4);
    /// An opening failed, or an error waits to be told.
    pub const FAILED: Ready = Ready(8);
    /// The peer has ended its sending.
    pub const PEER_CLOSED: Ready = Ready(16);
    /// Everything.
    pub const ALL: Ready = Ready(31);

    /// Whether one of these is in the set.
    pub const fn has(self, any: Ready) -> bool {
        self.0 & any.0 != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set when the condition holds, else none.
    pub const fn when(self, condition: bool) -> Ready {
        if condition { self } else { Ready::NONE }
    }
}

impl BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitAnd for Ready {
    type Output = Ready;

    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}
