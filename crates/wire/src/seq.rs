//! TCP sequence numbers: arithmetic modulo 2^32 (RFC 9293 section 3.4).
//!
//! A comparison is meaningful only between numbers less than 2^31 apart, which windows guarantee. There is therefore no
//! `Ord`: the order is not total, and a sorted map of sequence numbers would be wrong.

use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};

/// A sequence or acknowledgment number; unit: octets of the sequence space.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SeqNumber(pub u32);

impl SeqNumber {
    /// The distance from `earlier` to `self`, negative when `self` stands before it.
    #[inline]
    pub const fn distance_from(self, earlier: SeqNumber) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }

    /// `self` stands strictly before `other`.
    #[inline]
    pub const fn before(self, other: SeqNumber) -> bool {
        self.distance_from(other) < 0
    }

    /// `self` stands before `other` or at it.
    #[inline]
    pub const fn at_or_before(self, other: SeqNumber) -> bool {
        self.distance_from(other) <= 0
    }

    /// `self` stands strictly after `other`.
    #[inline]
    pub const fn after(self, other: SeqNumber) -> bool {
        self.distance_from(other) > 0
    }

    /// `self` stands after `other` or at it.
    #[inline]
    pub const fn at_or_after(self, other: SeqNumber) -> bool {
        self.distance_from(other) >= 0
    }

    /// The later of the two.
    #[inline]
    pub fn max(self, other: SeqNumber) -> SeqNumber {
        if self.before(other) { other } else { self }
    }

    /// The earlier of the two.
    #[inline]
    pub fn min(self, other: SeqNumber) -> SeqNumber {
        if self.before(other) { self } else { other }
    }

    /// `start <= self < end`, modulo 2^32.
    #[inline]
    pub const fn within(self, start: SeqNumber, end: SeqNumber) -> bool {
        self.at_or_after(start) && self.before(end)
    }
}

impl Add<u32> for SeqNumber {
    type Output = SeqNumber;
    #[inline]
    fn add(self, octets: u32) -> SeqNumber {
        SeqNumber(self.0.wrapping_add(octets))
    }
}

impl AddAssign<u32> for SeqNumber {
    #[inline]
    fn add_assign(&mut self, octets: u32) {
        *self = *self + octets;
    }
}

impl Sub<u32> for SeqNumber {
    type Output = SeqNumber;
    #[inline]
    fn sub(self, octets: u32) -> SeqNumber {
        SeqNumber(self.0.wrapping_sub(octets))
    }
}

impl SubAssign<u32> for SeqNumber {
    #[inline]
    fn sub_assign(&mut self, octets: u32) {
        *self = *self - octets;
    }
}

impl fmt::Debug for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::SeqNumber;

    #[test]
    fn order_survives_the_wrap() {
        let last = SeqNumber(u32::MAX);
        let first = last + 1;
        assert_eq!(first, SeqNumber(0));
        assert!(last.before(first) && first.after(last));
        assert_eq!(first.distance_from(last), 1);
        assert!(last.within(last, first) && !first.within(last, first));
        assert_eq!(last.max(first), first);
        assert_eq!(last.min(first), last);
    }
}
