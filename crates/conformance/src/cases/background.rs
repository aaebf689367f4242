//! Scenarios of attempts that go on in the background, which several dialects share: what the call says at once, what select
//! tells later, and the next call.

use synsent_sockets::Kind;
use synsent_stack::Duration;

use super::common::{AT_ONCE, SILENCE, Shows, somewhere};
use crate::situation::Situation;
use crate::trial::Trial;

/// How long an attempt may take that the peer answers at once.
const LONG_ENOUGH: Duration = Duration::from_millis(300);

/// The call returns at once, and the connection goes on in the background.
pub(super) fn nonblocking_begins(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.nonblocking(Kind::Stream)?;
    let said = t.connect(s, peer);
    t.fails(said)?;
    t.took_less(AT_ONCE)?;
    let [_, writable, exceptional] = t.await_outcome(s)?;
    t.check(writable && !exceptional, "select() then tells that the connection is made")?;
    t.echoes(s)
}

/// A second call while the first attempt is under way.
pub(super) fn nonblocking_again(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Silent)?;
    let s = t.nonblocking(Kind::Stream)?;
    let first = t.connect(s, peer);
    t.check(first.is_err(), "the first call fails, as the connection is not made yet")?;
    for _ in 0..3 {
        let said = t.connect(s, peer);
        t.fails(said)?;
        t.nothing_left()?;
    }
    Ok(())
}

/// A non-blocking attempt has succeeded, and nobody has asked yet.
pub(super) fn connected_meanwhile(t: &mut Trial<'_>) -> Shows {
    let peer = t.arrange(Situation::Answers)?;
    let s = t.nonblocking(Kind::Stream)?;
    let begun = t.connect(s, peer);
    t.check(begun.is_err(), "the attempt has begun")?;
    let idle = t.socket(Kind::Datagram)?;
    let said = t.bind(idle, somewhere(crate::outside::OURS, 4_714));
    t.works(said, "bind")?;
    let readable = t.readable(idle, LONG_ENOUGH)?;
    t.check(!readable, "time passes")?;
    for _ in 0..2 {
        let said = t.connect(s, peer);
        t.fails(said)?;
        t.nothing_left()?;
    }
    t.echoes(s)
}

/// Success shows in writefds alone, failure in exceptfds alone, and SO_ERROR tells why.
pub(super) fn select_tells_exceptional(t: &mut Trial<'_>) -> Shows {
    let silent = t.arrange(Situation::Silent)?;
    let s = t.nonblocking(Kind::Stream)?;
    let begun = t.connect(s, silent);
    t.check(begun.is_err(), "the attempt has begun")?;
    let sets = t.select(s, SILENCE);
    t.check(sets == Ok([false; 3]), format!("select() tells nothing while the attempt is under way, not {sets:?}"))?;
    let answers = t.arrange(Situation::Answers)?;
    let s = t.nonblocking(Kind::Stream)?;
    let begun = t.connect(s, answers);
    t.check(begun.is_err(), "the attempt has begun")?;
    let sets = t.await_outcome(s)?;
    t.check(sets == [false, true, false], "success shows in writefds")?;
    t.check((t.api.socket_error)(s) == 0, "SO_ERROR is 0 then")?;
    t.echoes(s)?;
    let refuses = t.arrange(Situation::Refuses)?;
    let s = t.nonblocking(Kind::Stream)?;
    let begun = t.connect(s, refuses);
    t.check(begun.is_err(), "the attempt has begun")?;
    let sets = t.await_outcome(s)?;
    t.check(sets == [false, false, true], format!("failure shows in exceptfds alone, not {sets:?}"))?;
    let why = t.api.code((t.api.socket_error)(s));
    t.check(why.name.ends_with("ECONNREFUSED"), format!("SO_ERROR tells why: {why}"))
}

/// After a refusal the same socket connects once somebody listens: each attempt begins anew, and what select and SO_ERROR tell is of the last one.
pub(super) fn retries_nonblocking(t: &mut Trial<'_>, begun: &str) -> Shows {
    let peer = t.arrange(Situation::Refuses)?;
    let s = t.nonblocking(Kind::Stream)?;
    t.expects(begun);
    for _ in 0..2 {
        let said = t.connect(s, peer);
        t.fails_with(said, begun)?;
        let sets = t.await_outcome(s)?;
        t.check(sets == [false, false, true], format!("failure shows in exceptfds alone, not {sets:?}"))?;
        let why = t.api.code((t.api.socket_error)(s));
        t.check(why.name.ends_with("ECONNREFUSED"), format!("SO_ERROR tells why: {why}"))?;
    }
    t.world.relent(peer)?;
    let said = t.connect(s, peer);
    t.fails_with(said, begun)?;
    let sets = t.await_outcome(s)?;
    t.check(sets == [false, true, false], format!("success shows in writefds alone, not {sets:?}"))?;
    t.check((t.api.socket_error)(s) == 0, "SO_ERROR is 0 then")?;
    t.echoes(s)
}
