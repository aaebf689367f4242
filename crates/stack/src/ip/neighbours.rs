//! Who is on the links: the table that ARP and neighbour discovery share (RFC 826, RFC 4861 section 7.3).
//!
//! The table decides and remembers; it sends nothing. Whoever wants to send asks [`Neighbours::hardware`]; when the answer is
//! not known yet, the packet waits at that neighbour with [`Neighbours::wait`]. Each neighbour has its own short queue, so
//! that a dead one holds up nobody else. Neighbours that are asked for only because a stranger's packet wanted an answer are
//! bounded apart, so that forged sources push out each other and never what this host itself is looking for.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::net::IpAddr;

use hashbrown::HashMap;
use synsent_wire::ethernet::Address;
use synsent_wire::ip::Protocol;

use super::addresses::Keyed;
use super::packet::{PacketBuffer, Pool, Urge};
use crate::link::LinkId;
use crate::time::{Duration, Instant};

/// How many packets wait for one neighbour; the oldest leaves for a new one.
pub(crate) const NEIGHBOUR_QUEUE_PACKETS: usize = 4;
/// How many packets wait for one neighbour when fragments are among them: those of the largest datagram at the usual MTU.
pub(crate) const FRAGMENTS_QUEUE_PACKETS: usize = 48;
/// How many neighbours there are, at most; the one that was not used for longest leaves.
pub(crate) const NEIGHBOURS_MAX: usize = 1024;
/// How many neighbours this host may look for at once.
pub(crate) const UNRESOLVED_OWN_MAX: usize = 256;
/// How many neighbours may be looked for at once only to answer a stranger.
pub(crate) const UNRESOLVED_PROVOKED_MAX: usize = 64;
/// How many questions are asked before a neighbour counts as dead.
const PROBES: u8 = 3;
/// The time between questions.
const RETRANS: Duration = Duration::from_secs(1);
/// How long an answer counts.
const REACHABLE: Duration = Duration::from_secs(30);
/// How long after the first use of an old answer it is checked.
const DELAY: Duration = Duration::from_secs(5);
/// Places of the cache of places.
const CACHE: usize = 64;
const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Asked everybody so many times; no answer yet.
    Incomplete { asked: u8 },
    /// Answered; it counts until then.
    Reachable { until: Instant },
    /// Answered long ago, or told about itself unasked.
    Stale,
    /// An old answer is in use and will be checked soon.
    Delay,
    /// Asked it alone so many times.
    Probe { asked: u8 },
}

#[derive(Debug)]
struct Neighbour {
    link: LinkId,
    addr: IpAddr,
    hardware: Address,
    state: State,
    deadline: Option<Instant>,
    used_at: Instant,
    urge: Urge,
    queue: VecDeque<(PacketBuffer, Urge)>,
}

/// What is due.
#[derive(Debug)]
pub(crate) enum Due {
    /// Ask for the address: everybody, or its last known owner.
    Ask { link: LinkId, addr: IpAddr, owner: Option<Address>, urge: Urge },
    /// It does not answer; these packets waited.
    Failed { link: LinkId, addr: IpAddr, waiting: VecDeque<(PacketBuffer, Urge)> },
}

/// What became of a packet that has to wait.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// It waits, in place of an older one if need be; the first one for a neighbour makes a question.
    Queued { ask: bool, replaced: Vec<PacketBuffer> },
    /// Too many neighbours are being looked for.
    Refused(PacketBuffer),
}

/// How sure an announcement is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Claim {
    /// It answers a question of ours.
    pub(crate) solicited: bool,
    /// It may replace another hardware address.
    pub(crate) replaces: bool,
    /// A neighbour that is not in the table yet is taken up.
    pub(crate) creates: bool,
}

/// The table.
pub(crate) struct Neighbours {
    slots: Vec<Option<Neighbour>>,
    free: Vec<u32>,
    places: HashMap<(LinkId, IpAddr), u32, Keyed>,
    timers: BTreeSet<(Instant, u32)>,
    cache: [u32; CACHE],
    unresolved_own: usize,
    unresolved_provoked: usize,
    /// Packets that left with a neighbour that made room for another.
    discarded: usize,
}

impl Neighbours {
    pub(crate) fn new(key: [u8; 16]) -> Neighbours {
        Neighbours {
            slots: Vec::new(),
            free: Vec::new(),
            places: HashMap::with_hasher(Keyed(key)),
            timers: BTreeSet::new(),
            cache: [NOWHERE; CACHE],
            unresolved_own: 0,
            unresolved_provoked: 0,
            discarded: 0,
        }
    }

    /// The hardware address of a neighbour, if it is known. Using an old one makes it be checked.
    #[inline]
    pub(crate) fn hardware(&mut self, now: Instant, link: LinkId, addr: IpAddr) -> Option<Address> {
        let line = cache_line(link, addr);
        if let Some(Some(neighbour)) = self.slots.get_mut(self.cache[line] as usize)
            && neighbour.addr == addr
            && neighbour.link == link
            && let State::Reachable { until } = neighbour.state
            && now < until
        {
            neighbour.used_at = now;
            return Some(neighbour.hardware);
        }
        self.hardware_slowly(now, link, addr, line)
    }

    fn hardware_slowly(&mut self, now: Instant, link: LinkId, addr: IpAddr, line: usize) -> Option<Address> {
        let place = *self.places.get(&(link, addr))?;
        let neighbour = self.slots[place as usize].as_mut()?;
        neighbour.used_at = now;
        match neighbour.state {
            State::Incomplete { .. } => return None,
            State::Reachable { until } if now < until => self.cache[line] = place,
            State::Reachable { .. } | State::Stale => {
                neighbour.state = State::Delay;
                self.arm(place, Some(now + DELAY));
            }
            State::Delay | State::Probe { .. } => {}
        }
        self.slots[place as usize].as_ref().map(|neighbour| neighbour.hardware)
    }

    /// Lets a packet wait for a neighbour whose hardware address is not known.
    pub(crate) fn wait(
        &mut self,
        now: Instant,
        link: LinkId,
        addr: IpAddr,
        packet: PacketBuffer,
        urge: Urge,
        pool: &mut Pool,
    ) -> Waiting {
        if let Some(place) = self.places.get(&(link, addr)).copied() {
            self.promote(place, urge);
            return self.join_queue(place, packet, urge, false);
        }
        if !self.make_room(urge, pool) {
            return Waiting::Refused(packet);
        }
        let neighbour = Neighbour {
            link,
            addr,
            hardware: Address([0; 6]),
            state: State::Incomplete { asked: 1 },
            deadline: None,
            used_at: now,
            urge,
            queue: VecDeque::new(),
        };
        let place = self.insert(neighbour);
        *self.unresolved(urge) += 1;
        self.arm(place, Some(now + RETRANS));
        self.join_queue(place, packet, urge, true)
    }

    /// Takes note of what a neighbour says about itself. Returns what waited for it; `None` when the claim is not believed.
    pub(crate) fn learn(
        &mut self,
        now: Instant,
        link: LinkId,
        addr: IpAddr,
        hardware: Address,
        claim: Claim,
        pool: &mut Pool,
    ) -> Option<VecDeque<(PacketBuffer, Urge)>> {
        let Some(place) = self.places.get(&(link, addr)).copied() else {
            if !claim.creates || !self.make_room_for_resolved(pool) {
                return None;
            }
            let (state, queue) = (State::Stale, VecDeque::new());
            let urge = Urge::Provoked;
            self.insert(Neighbour { link, addr, hardware, state, deadline: None, used_at: now, urge, queue });
            return Some(VecDeque::new());
        };
        let neighbour = self.slots[place as usize].as_mut()?;
        let was_incomplete = matches!(neighbour.state, State::Incomplete { .. });
        let differs = !was_incomplete && neighbour.hardware != hardware;
        if differs && !claim.replaces {
            // RFC 4861 section 7.2.5: what is in use is kept, but no longer trusted.
            if matches!(neighbour.state, State::Reachable { .. }) {
                neighbour.state = State::Stale;
                self.arm(place, None);
            }
            return None;
        }
        neighbour.hardware = hardware;
        let queue = core::mem::take(&mut neighbour.queue);
        let urge = neighbour.urge;
        if claim.solicited {
            neighbour.state = State::Reachable { until: now + REACHABLE };
        } else if was_incomplete || differs {
            neighbour.state = State::Stale;
        }
        if claim.solicited || was_incomplete || differs {
            self.arm(place, None);
        }
        if was_incomplete {
            *self.unresolved(urge) -= 1;
        }
        Some(queue)
    }

    /// How many packets were discarded with their neighbour since this was asked last.
    pub(crate) fn take_discarded(&mut self) -> usize {
        core::mem::take(&mut self.discarded)
    }

    /// Whether the address was asked for or is in the table.
    pub(crate) fn knows(&self, link: LinkId, addr: IpAddr) -> bool {
        self.places.contains_key(&(link, addr))
    }

    /// What is due at `now`, one after the other.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Due> {
        let (at, place) = *self.timers.first()?;
        if at > now {
            return None;
        }
        self.arm(place, None);
        let neighbour = self.slots[place as usize].as_mut()?;
        let (link, addr, urge) = (neighbour.link, neighbour.addr, neighbour.urge);
        let owner = match &mut neighbour.state {
            State::Incomplete { asked } if *asked < PROBES => {
                *asked += 1;
                None
            }
            State::Delay => {
                neighbour.state = State::Probe { asked: 1 };
                Some(neighbour.hardware)
            }
            State::Probe { asked } if *asked < PROBES => {
                *asked += 1;
                Some(neighbour.hardware)
            }
            _ => {
                let waiting = self.remove(place).map(|neighbour| neighbour.queue).unwrap_or_default();
                return Some(Due::Failed { link, addr, waiting });
            }
        };
        self.arm(place, Some(now + RETRANS));
        Some(Due::Ask { link, addr, owner, urge })
    }

    /// Takes a neighbour of a link out of the table, with what waits for it.
    pub(crate) fn remove_on(&mut self, link: LinkId) -> Option<(IpAddr, VecDeque<(PacketBuffer, Urge)>)> {
        let place = self.slots.iter().position(|slot| slot.as_ref().is_some_and(|neighbour| neighbour.link == link))?;
        self.remove(place as u32).map(|neighbour| (neighbour.addr, neighbour.queue))
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// A flow got no answer by this neighbour: an answer that still counts is checked now.
    pub(crate) fn doubt(&mut self, now: Instant, link: LinkId, addr: IpAddr) {
        let Some(place) = self.places.get(&(link, addr)).copied() else { return };
        if let Some(neighbour) = self.slots[place as usize].as_mut()
            && matches!(neighbour.state, State::Reachable { .. } | State::Stale | State::Delay)
        {
            neighbour.state = State::Delay;
            self.arm(place, Some(now));
        }
    }

    fn promote(&mut self, place: u32, urge: Urge) {
        let Some(neighbour) = self.slots[place as usize].as_mut() else { return };
        if urge == Urge::Own && neighbour.urge == Urge::Provoked {
            neighbour.urge = Urge::Own;
            if matches!(neighbour.state, State::Incomplete { .. }) {
                self.unresolved_provoked -= 1;
                self.unresolved_own += 1;
            }
        }
    }

    fn join_queue(&mut self, place: u32, packet: PacketBuffer, urge: Urge, ask: bool) -> Waiting {
        let Some(neighbour) = self.slots[place as usize].as_mut() else { return Waiting::Refused(packet) };
        let queue = &mut neighbour.queue;
        let mut replaced = Vec::new();
        // A datagram in fragments is as good as lost when one of them leaves, so they come and go together.
        let full = match urge == Urge::Own && is_later_fragment(&packet) {
            true => queue.len() >= FRAGMENTS_QUEUE_PACKETS,
            false => queue.iter().filter(|(packet, _)| !is_later_fragment(packet)).count() >= NEIGHBOUR_QUEUE_PACKETS,
        };
        if full {
            replaced.extend(queue.pop_front().map(|(packet, _)| packet));
            while queue.front().is_some_and(|(packet, _)| is_later_fragment(packet)) {
                replaced.extend(queue.pop_front().map(|(packet, _)| packet));
            }
        }
        queue.push_back((packet, urge));
        Waiting::Queued { ask, replaced }
    }

    fn unresolved(&mut self, urge: Urge) -> &mut usize {
        match urge {
            Urge::Own => &mut self.unresolved_own,
            Urge::Provoked => &mut self.unresolved_provoked,
        }
    }

    /// Makes room for a neighbour that is to be looked for.
    fn make_room(&mut self, urge: Urge, pool: &mut Pool) -> bool {
        let full = match urge {
            Urge::Own => self.unresolved_own >= UNRESOLVED_OWN_MAX,
            Urge::Provoked => self.unresolved_provoked >= UNRESOLVED_PROVOKED_MAX,
        };
        if full {
            let oldest = self.oldest(|n| n.urge == urge && matches!(n.state, State::Incomplete { .. }));
            self.discard(oldest, pool);
        }
        self.make_room_for_resolved(pool)
    }

    fn make_room_for_resolved(&mut self, pool: &mut Pool) -> bool {
        if self.places.len() < NEIGHBOURS_MAX {
            return true;
        }
        let oldest = self.oldest(|neighbour| !matches!(neighbour.state, State::Incomplete { .. }));
        self.discard(oldest, pool);
        self.places.len() < NEIGHBOURS_MAX
    }

    fn oldest(&self, may_leave: impl Fn(&Neighbour) -> bool) -> Option<u32> {
        let all = self.slots.iter().enumerate().filter_map(|(place, slot)| Some((place as u32, slot.as_ref()?)));
        let leaving = all.filter(|(_, neighbour)| may_leave(neighbour));
        leaving.min_by_key(|(place, neighbour)| (neighbour.used_at, *place)).map(|(place, _)| place)
    }

    fn discard(&mut self, place: Option<u32>, pool: &mut Pool) {
        let Some(neighbour) = place.and_then(|place| self.remove(place)) else { return };
        self.discarded += neighbour.queue.len();
        for (packet, _) in neighbour.queue {
            pool.give_back(packet);
        }
    }

    fn insert(&mut self, neighbour: Neighbour) -> u32 {
        let key = (neighbour.link, neighbour.addr);
        let place = match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = Some(neighbour);
                place
            }
            None => {
                self.slots.push(Some(neighbour));
                (self.slots.len() - 1) as u32
            }
        };
        self.places.insert(key, place);
        place
    }

    fn remove(&mut self, place: u32) -> Option<Neighbour> {
        self.arm(place, None);
        let neighbour = self.slots[place as usize].take()?;
        self.free.push(place);
        self.places.remove(&(neighbour.link, neighbour.addr));
        if matches!(neighbour.state, State::Incomplete { .. }) {
            *self.unresolved(neighbour.urge) -= 1;
        }
        Some(neighbour)
    }

    fn arm(&mut self, place: u32, deadline: Option<Instant>) {
        let Some(neighbour) = self.slots[place as usize].as_mut() else { return };
        if let Some(old) = core::mem::replace(&mut neighbour.deadline, deadline) {
            self.timers.remove(&(old, place));
        }
        if let Some(at) = deadline {
            self.timers.insert((at, place));
        }
    }
}

/// Whether a packet carries a part of a datagram but not its beginning.
fn is_later_fragment(packet: &PacketBuffer) -> bool {
    match packet.octets() {
        [first, _, _, _, _, _, high, low, ..] if first >> 4 == 4 => u16::from_be_bytes([high & 0x1f, *low]) != 0,
        // The stack's own fragments have their header right behind the fixed one.
        [first, _, _, _, _, _, next, ..] if first >> 4 == 6 && *next == Protocol::FRAGMENT.0 => {
            packet.octets().get(42..44).is_some_and(|offset| offset[0] != 0 || offset[1] >> 3 != 0)
        }
        _ => false,
    }
}

/// Where the cache keeps an address. Whoever finds two that collide wins nothing but a slower lookup.
#[inline]
fn cache_line(link: LinkId, addr: IpAddr) -> usize {
    let low = match addr {
        IpAddr::V4(addr) => addr.to_bits(),
        IpAddr::V6(addr) => addr.to_bits() as u32,
    };
    (low ^ low >> 8).wrapping_add(link.index() as u32) as usize % CACHE
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    const LINK: LinkId = LinkId::from_index(1);
    const ANSWER: Claim = Claim { solicited: true, replaces: true, creates: false };

    fn addr(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(0x0a00_0000 + number).into()
    }

    fn wait(table: &mut Neighbours, pool: &mut Pool, number: u32, urge: Urge) -> Waiting {
        let packet = pool.copy(&[number as u8]);
        table.wait(Instant::ZERO, LINK, addr(number), packet, urge, pool)
    }

    #[test]
    fn one_dead_neighbour_holds_up_its_own_packets_only() {
        let (mut table, mut pool) = (Neighbours::new([1; 16]), Pool::default());
        for _ in 0..NEIGHBOUR_QUEUE_PACKETS {
            assert!(
                matches!(wait(&mut table, &mut pool, 1, Urge::Own), Waiting::Queued { replaced, .. } if replaced.is_empty())
            );
        }
        let queued = |waiting| match waiting {
            Waiting::Queued { ask, replaced } => (ask, replaced.len()),
            Waiting::Refused(_) => panic!("refused"),
        };
        assert_eq!(queued(wait(&mut table, &mut pool, 2, Urge::Own)), (true, 0));
        assert_eq!(queued(wait(&mut table, &mut pool, 1, Urge::Own)), (false, 1));
        let waited = table.learn(Instant::ZERO, LINK, addr(2), Address([2; 6]), ANSWER, &mut pool).unwrap();
        assert_eq!(waited.len(), 1);
    }

    #[test]
    fn forged_sources_push_out_each_other_and_not_what_we_look_for() {
        let (mut table, mut pool) = (Neighbours::new([1; 16]), Pool::default());
        assert!(matches!(wait(&mut table, &mut pool, 1, Urge::Own), Waiting::Queued { .. }));
        for forged in 2..100_000 {
            wait(&mut table, &mut pool, forged, Urge::Provoked);
        }
        assert!(table.knows(LINK, addr(1)));
        assert_eq!((table.unresolved_own, table.unresolved_provoked), (1, UNRESOLVED_PROVOKED_MAX));
        assert_eq!(table.places.len(), 1 + UNRESOLVED_PROVOKED_MAX);
        assert_eq!(table.take_discarded(), 99_998 - UNRESOLVED_PROVOKED_MAX);
    }

    #[test]
    fn our_own_search_is_bounded_too() {
        let (mut table, mut pool) = (Neighbours::new([1; 16]), Pool::default());
        for number in 0..10_000 {
            wait(&mut table, &mut pool, number, Urge::Own);
        }
        assert_eq!(table.places.len(), UNRESOLVED_OWN_MAX);
    }

    #[test]
    fn a_full_table_loses_the_neighbour_that_was_not_used_for_longest() {
        let (mut table, mut pool) = (Neighbours::new([1; 16]), Pool::default());
        let told = Claim { solicited: false, replaces: true, creates: true };
        for number in 0..=NEIGHBOURS_MAX as u32 {
            let now = Instant::from_secs(u64::from(number));
            assert!(table.learn(now, LINK, addr(number), Address([2; 6]), told, &mut pool).is_some());
        }
        assert_eq!(table.places.len(), NEIGHBOURS_MAX);
        assert!(!table.knows(LINK, addr(0)) && table.knows(LINK, addr(1)));
    }

    #[test]
    fn a_neighbour_is_asked_for_three_times_a_second_apart_and_then_fails() {
        let (mut table, mut pool) = (Neighbours::new([1; 16]), Pool::default());
        wait(&mut table, &mut pool, 1, Urge::Own);
        for secs in 1..=2 {
            assert_eq!(table.next_deadline(), Some(Instant::from_secs(secs)));
            assert!(matches!(table.due(Instant::from_secs(secs)), Some(Due::Ask { owner: None, .. })));
        }
        let Some(Due::Failed { waiting, .. }) = table.due(Instant::from_secs(3)) else { panic!("not failed") };
        assert_eq!((waiting.len(), table.next_deadline()), (1, None));
    }

    #[test]
    fn an_old_answer_is_used_and_checked_with_its_owner() {
        let (mut table, mut pool) = (Neighbours::new([1; 16]), Pool::default());
        wait(&mut table, &mut pool, 1, Urge::Own);
        table.learn(Instant::ZERO, LINK, addr(1), Address([2; 6]), ANSWER, &mut pool).unwrap();
        assert_eq!(table.hardware(Instant::from_secs(29), LINK, addr(1)), Some(Address([2; 6])));
        assert_eq!(table.next_deadline(), None);
        assert_eq!(table.hardware(Instant::from_secs(31), LINK, addr(1)), Some(Address([2; 6])));
        let Some(Due::Ask { owner, .. }) = table.due(Instant::from_secs(36)) else { panic!("not checked") };
        assert_eq!(owner, Some(Address([2; 6])));
    }
}
