//! Tests of segments and their options: round trips, any octets, and each requirement by its id.

extern crate std;
use super::*;
use core::net::{Ipv4Addr, Ipv6Addr};
use proptest::prelude::*;
use std::format;
use std::vec;

const V4: (IpAddr, IpAddr) = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)));
const V6: (IpAddr, IpAddr) =
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1)), IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2)));

prop_compose! {
    fn options()(mss: Option<u16>, window_scale in proptest::option::of(0u8..=14), sack_permitted: bool,
                 timestamps: Option<(u32, u32)>, ranges in proptest::collection::vec(any::<(u32, u32)>(), 0..=4)) -> Options {
        let mut sack = SackRanges::EMPTY;
        for (start, end) in ranges {
            assert!(sack.push(SackRange { start: SeqNumber(start), end: SeqNumber(end) }));
        }
        let timestamps = timestamps.map(|(value, echo)| Timestamps { value, echo });
        Options { mss, window_scale, sack_permitted, timestamps, sack }
    }
}

prop_compose! {
    fn repr()(source_port: u16, destination_port: u16, seq: u32, ack: u32, flags: u8, window: u16, urgent_pointer: u16,
              options in options()) -> Repr {
        Repr {
            source_port, destination_port, seq: SeqNumber(seq), ack: SeqNumber(ack), flags: Flags(flags), window,
            urgent_pointer, options,
        }
    }
}

/// The options with only the ranges that have room beside the others.
fn that_fit(options: Options) -> Options {
    let others = Options { sack: SackRanges::EMPTY, ..options }.len();
    let mut sack = SackRanges::EMPTY;
    for range in options.sack.iter().take((40 - others).saturating_sub(4) / 8) {
        sack.push(*range);
    }
    Options { sack, ..options }
}

proptest! {
    // 9293/MUST-2, 9293/MUST-3
    #[test]
    fn what_is_emitted_parses_to_itself(
        repr in repr(), v6: bool, payload in proptest::collection::vec(any::<u8>(), 0..200), flip: prop::sample::Index,
    ) {
        let (source, destination) = if v6 { V6 } else { V4 };
        let mut bytes = vec![0xee; repr.header_len() + payload.len()];
        let sum = checksum::copy_and_sum(&mut bytes[repr.header_len()..], &payload);
        let header_len = repr.emit(source, destination, sum, payload.len(), &mut bytes);
        prop_assert_eq!(header_len, repr.header_len());
        let view = View::parse(&bytes).unwrap();
        prop_assert_eq!(Repr::parse(&view).unwrap(), Repr { options: that_fit(repr.options), ..repr });
        prop_assert_eq!(view.payload(), &payload[..]);
        prop_assert!(view.verify_checksum(source, destination));
        prop_assert!(view.verify_checksum_with(source, destination, sum));
        let bit = flip.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!View::parse(&bytes).is_ok_and(|view| view.verify_checksum(source, destination)));
    }

    #[test]
    fn a_partial_checksum_is_finished_by_summing_the_segment(
        repr in repr(), payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = vec![0xee; repr.header_len()];
        bytes.extend(&payload);
        repr.emit_partial(V4.0, V4.1, payload.len(), &mut bytes);
        let finished = checksum::sum(&bytes).finish();
        bytes[CHECKSUM_OFFSET..][..2].copy_from_slice(&finished.to_be_bytes());
        prop_assert!(View::parse(&bytes).unwrap().verify_checksum(V4.0, V4.1));
    }

    // 9293/MUST-5, 9293/MUST-64
    #[test]
    fn options_stand_anywhere(options in options(), nops in 0usize..8) {
        let mut bytes = [1; 48];
        let len = options.emit(&mut bytes[nops..]);
        prop_assert_eq!(len, options.len());
        prop_assert_eq!(len % 4, 0);
        prop_assert!(len <= MAX_OPTIONS_LEN);
        prop_assert_eq!(Options::parse(&bytes[..nops + len]), Ok(that_fit(options)));
    }

    // 9293/MUST-7
    #[test]
    fn any_options_are_read_to_an_end(bytes in proptest::collection::vec(prop_oneof![0u8..12, any::<u8>()], 0..=40)) {
        let _ = Options::parse(&bytes);
    }
}

// 9293/MUST-4, 9293/MUST-6
#[test]
fn known_options_are_taken_and_unknown_ones_skipped() {
    let bytes = [254, 4, 9, 9, 1, 2, 4, 5, 0xb4, 30, 2, 0, 2, 4, 1, 1];
    assert_eq!(Options::parse(&bytes), Ok(Options { mss: Some(1460), ..Options::default() }));
    let wrong = [2, 3, 9, 3, 4, 9, 9, 4, 3, 9, 5, 9, 0, 0, 0, 0, 0, 0, 0, 8, 3, 0, 5, 2];
    assert_eq!(Options::parse(&wrong), Ok(Options::default()));
}

// 9293/MUST-7, 9293/MUST-68
#[test]
fn option_lengths_that_cannot_be_are_refused() {
    for bad in [&[2, 0, 0, 0][..], &[99, 1], &[2, 5, 0, 0], &[2], &[1, 1, 8, 255]] {
        assert_eq!(Options::parse(bad), Err(Malformed::BadOption));
    }
}

// 7323/1
#[test]
fn a_shift_above_fourteen_is_fourteen() {
    assert_eq!(Options::parse(&[3, 3, 15]).unwrap().window_scale, Some(14));
}

#[test]
fn a_data_offset_that_cannot_be_is_refused() {
    let mut bytes = [0; 24];
    bytes[12] = 0x40;
    assert_eq!(View::parse(&bytes).err(), Some(Malformed::BadHeaderLength));
    bytes[12] = 0x70;
    assert_eq!(View::parse(&bytes).err(), Some(Malformed::Truncated));
    assert_eq!(View::parse(&bytes[..19]).err(), Some(Malformed::Truncated));
}

// 9293/MUST-1
#[test]
fn the_largest_window_is_not_negative() {
    let mut bytes = [0; 20];
    bytes[12] = 0x50;
    bytes[14..16].fill(0xff);
    assert_eq!(View::parse(&bytes).unwrap().window(), 65_535);
}

#[test]
fn syn_and_fin_take_a_number_each() {
    let repr = Repr {
        source_port: 1,
        destination_port: 2,
        seq: SeqNumber(0),
        ack: SeqNumber(0),
        flags: Flags::SYN | Flags::FIN,
        window: 0,
        urgent_pointer: 0,
        options: Options::default(),
    };
    assert_eq!(repr.sequence_len(10), 12);
    assert_eq!(format!("{} {}", Flags::SYN | Flags::ACK, Flags::NONE), "SYN|ACK none");
}

#[test]
fn a_quoted_head_tells_ports_and_number() {
    assert_eq!(parse_quoted(&[0, 80, 1, 0, 0, 0, 0, 7, 9]), Ok((80, 256, SeqNumber(7))));
    assert_eq!(parse_quoted(&[0; 7]), Err(Malformed::Truncated));
}
