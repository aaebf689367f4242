//! The single values of a scenario's file, each with the words that tell what it should have been.

use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use synsent_stack::Cidr;

/// A span of time.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Span(pub(super) Duration);

/// Which attempts are meant, by their count.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Attempts {
    pub(super) first: u32,
    pub(super) last: u32,
}

/// How fast a line is; unit: bits per second.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Rate(pub(super) u64);

/// How likely something is.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Chance(pub(super) f64);

/// The MTU where none is said, and the least of each family; unit: octets.
pub(super) const MTU: u16 = 1_500;
pub(super) const MTU_MIN_V4: u16 = 68;
pub(super) const MTU_MIN_V6: u16 = 1_280;
/// How long a name and a label of it may be (RFC 1035 section 2.3.4), the name as it is written.
const NAME_OCTETS_MAX: usize = 253;
const LABEL_OCTETS_MAX: usize = 63;
/// The longest span: longer than any timer of TCP, and far from where a clock ends.
const SPAN_MAX: Duration = Duration::from_secs(24 * 60 * 60);
const SPAN_UNITS: [(&str, f64); 5] = [("us", 1e-6), ("ms", 1e-3), ("min", 60.0), ("s", 1.0), ("h", 3_600.0)];
const RATE_UNITS: [(&str, f64); 4] = [("kbit/s", 1e3), ("Mbit/s", 1e6), ("Gbit/s", 1e9), ("bit/s", 1.0)];
/// The slowest and the fastest line; unit: bits per second.
const RATES: std::ops::RangeInclusive<f64> = 100.0..=1e12;

/// An address of a host.
pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is no address: write one such as \"10.2.0.2\" or \"fd00:2::2\""))
}

/// An address with the prefix length of its network, or a network.
pub(super) fn prefix(text: &str) -> Result<Cidr, String> {
    let wanted = "write one such as \"10.1.0.2/24\" or \"fd00:1::2/64\"";
    text.parse().map_err(|_| format!("`{text}` is no address with a prefix length: {wanted}"))
}

/// A name that a name server may be asked for: labels of letters, digits, hyphens and underscores; `*` as the first one stands for any.
pub(super) fn host_name(text: &str) -> Result<String, String> {
    let octet = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
    let label = |label: &str| (1..=LABEL_OCTETS_MAX).contains(&label.len()) && label.bytes().all(octet);
    let labels = text.strip_prefix("*.").unwrap_or(text);
    let fits = text == "*" || (text.len() <= NAME_OCTETS_MAX && labels.split('.').all(label));
    let is_address = text.parse::<IpAddr>().is_ok();
    match fits && !is_address {
        true => Ok(text.to_owned()),
        false => {
            Err(format!("`{}` is no name: write one such as \"shop.test\", \"*.test\" or \"*\"", text.escape_debug()))
        }
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Span, String> {
        let seconds = number_with_unit(&text, &SPAN_UNITS);
        let span = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let span = span.filter(|span| *span <= SPAN_MAX).map(Span);
        span.ok_or_else(|| {
            format!("`{text}` is no span of time up to a day: write one such as \"20ms\", \"1.5s\" or \"2min\"")
        })
    }
}

impl TryFrom<String> for Attempts {
    type Error = String;

    fn try_from(text: String) -> Result<Attempts, String> {
        let (first, last) = text.split_once("..").unwrap_or((&text, &text));
        let number = |text: &str, open| if text.is_empty() { Ok(open) } else { text.parse() };
        let (first, last) = (number(first.trim(), 1), number(last.trim(), u32::MAX));
        match (first, last) {
            (Ok(first), Ok(last)) if (1..=last).contains(&first) && text.trim() != ".." && !text.is_empty() => {
                Ok(Attempts { first, last })
            }
            _ => Err(format!("`{text}` are no attempts: write \"2\", \"2..3\" or \"4..\", counted from 1")),
        }
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Rate, String> {
        let rate = number_with_unit(&text, &RATE_UNITS).filter(|rate| RATES.contains(rate));
        let rate = rate.map(|rate| Rate(rate as u64));
        rate.ok_or_else(|| {
            format!("`{text}` is no rate from 100bit/s to 1000Gbit/s: write one such as \"64kbit/s\" or \"10Mbit/s\"")
        })
    }
}

impl TryFrom<f64> for Chance {
    type Error = String;

    fn try_from(chance: f64) -> Result<Chance, String> {
        let possible = (0.0..=1.0).contains(&chance);
        possible
            .then_some(Chance(chance))
            .ok_or_else(|| format!("{chance} is no probability: write one from 0.0 to 1.0"))
    }
}

/// Which unit ends the text is asked in the order of the table, so a unit stands before those that it ends with.
fn number_with_unit(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    let number = number.trim_end();
    let plain = number.starts_with(|first: char| first.is_ascii_digit());
    let number: f64 = number.parse().ok().filter(|_| plain)?;
    Some(number * unit)
}
