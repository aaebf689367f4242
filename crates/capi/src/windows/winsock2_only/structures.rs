//! How the structures of `<winsock2.h>` lie in memory where pointers have 64 bits.

use synsent_dialects::winsock2::{BUFFERS_MAX, Flow, WSABUF, WSAPROTOCOL_INFO};

use crate::boundary::Foreign;

/// The size of a WSABUF: length, nothing, pointer; unit: octets.
const WSABUF_OCTETS: usize = 16;
/// Where its pointer stands.
const WSABUF_POINTER_AT: usize = 8;
/// The size of a FLOWSPEC: eight numbers of 32 bits; unit: octets.
const FLOWSPEC_OCTETS: usize = 32;
/// The place of the service type in it.
const SERVICE_TYPE_AT: usize = 20;
/// Where the length of what only a provider knows stands in a QOS.
const PROVIDER_SPECIFIC_AT: usize = 2 * FLOWSPEC_OCTETS;
/// No traffic in this direction, and as well as it goes.
const SERVICETYPE_NOTRAFFIC: u32 = 0;
const SERVICETYPE_BESTEFFORT: u32 = 1;

/// The size of a WSAPROTOCOL_INFO but for the name at its end; unit: octets.
pub(super) const PROTOCOL_INFO_HEAD_OCTETS: usize = 116;
/// How many characters the name has room for, with its zero.
pub(super) const PROTOCOL_NAME_CHARS: usize = 256;

/// A list of buffers in the memory of a program.
pub(super) struct List {
    /// Length and place of each; nothing where the list cannot be read.
    buffers: Option<Vec<(u32, Foreign)>>,
}

impl List {
    /// Reads a list; one that is longer than a call takes is not looked at.
    pub(super) fn read(list: Foreign, count: u32) -> List {
        let count = count as usize;
        if count > BUFFERS_MAX || count == 0 {
            return List { buffers: Some(Vec::new()) };
        }
        let octets = list.read_many(0, count * WSABUF_OCTETS);
        let one = |octets: &[u8; WSABUF_OCTETS]| {
            let address = u64::from_ne_bytes(part(octets, WSABUF_POINTER_AT));
            (u32::from_ne_bytes(part(octets, 0)), Foreign::at(address as usize))
        };
        List { buffers: octets.map(|octets| octets.as_chunks().0.iter().map(one).collect()) }
    }

    /// The buffers.
    pub(super) fn buffers(&self) -> Option<Vec<WSABUF<'_>>> {
        let buffers = self.buffers.as_ref()?.iter();
        Some(buffers.map(|(len, place)| WSABUF { len: *len, buf: place.pointer_mut() }).collect())
    }
}

/// The length in a WSABUF: `Ok(None)`: there is no structure; an error: it cannot be read.
pub(super) fn length_of_buffer(buffer: Foreign) -> Result<Option<u32>, ()> {
    if buffer.is_null() {
        return Ok(None);
    }
    buffer.read(0).map(|octets| Some(u32::from_ne_bytes(octets))).ok_or(())
}

/// What a QOS asks for: a promise in one of its directions, or of a kind that only a provider could know.
pub(super) fn flow(qos: Foreign) -> Result<Flow, ()> {
    if qos.is_null() {
        return Ok(Flow::BestEffort);
    }
    let number = |at: usize| qos.read(at).map(u32::from_ne_bytes).ok_or(());
    let sending = number(SERVICE_TYPE_AT)?;
    let receiving = number(FLOWSPEC_OCTETS + SERVICE_TYPE_AT)?;
    let specific_octets = number(PROVIDER_SPECIFIC_AT)?;
    let is_plain = |service| matches!(service, SERVICETYPE_NOTRAFFIC | SERVICETYPE_BESTEFFORT);
    let asks_nothing = is_plain(sending) && is_plain(receiving) && specific_octets == 0;
    Ok(if asks_nothing { Flow::BestEffort } else { Flow::Promised })
}

/// How wide the characters of a structure are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// `char`.
    Narrow,
    /// `wchar_t`, which has 32 bits here.
    Wide,
}

impl Width {
    /// The size of a WSAPROTOCOL_INFO; unit: octets.
    pub(super) const fn protocol_info_octets(self) -> usize {
        PROTOCOL_INFO_HEAD_OCTETS + PROTOCOL_NAME_CHARS * self.octets()
    }

    const fn octets(self) -> usize {
        match self {
            Width::Narrow => 1,
            Width::Wide => 4,
        }
    }
}

/// Lays an entry of the catalogue out.
pub(super) fn protocol_info(info: &WSAPROTOCOL_INFO, width: Width) -> Vec<u8> {
    let mut octets = vec![0; width.protocol_info_octets()];
    let mut put = |at: usize, number: u32| octets[at..at + 4].copy_from_slice(&number.to_ne_bytes());
    put(0, info.dwServiceFlags1);
    put(16, info.dwProviderFlags);
    put(36, info.dwCatalogEntryId);
    // A chain of one: a protocol that stands for itself.
    put(40, 1);
    put(72, info.iVersion.cast_unsigned());
    put(76, info.iAddressFamily.cast_unsigned());
    put(80, info.iMaxSockAddr.cast_unsigned());
    put(84, info.iMinSockAddr.cast_unsigned());
    put(88, info.iSocketType.cast_unsigned());
    put(92, info.iProtocol.cast_unsigned());
    put(108, info.dwMessageSize);
    octets[20..36].copy_from_slice(&info.ProviderId);
    // The names are short, and all of ASCII; the rest is zeroes already.
    for (place, octet) in info.szProtocol.bytes().take(PROTOCOL_NAME_CHARS - 1).enumerate() {
        octets[PROTOCOL_INFO_HEAD_OCTETS + place * width.octets()] = octet;
    }
    octets
}

/// What counts of an entry that a program hands over: family, type and protocol. `Ok(None)`: there is none.
pub(super) fn read_protocol_info(info: Foreign) -> Result<Option<[i32; 3]>, ()> {
    if info.is_null() {
        return Ok(None);
    }
    let octets: [u8; PROTOCOL_INFO_HEAD_OCTETS] = info.read(0).ok_or(())?;
    Ok(Some([76, 88, 92].map(|at| i32::from_ne_bytes(part(&octets, at)))))
}

/// So many octets of a structure; every place is within it.
fn part<const OCTETS: usize>(octets: &[u8], at: usize) -> [u8; OCTETS] {
    let mut part = [0; OCTETS];
    part.copy_from_slice(&octets[at..at + OCTETS]);
    part
}
