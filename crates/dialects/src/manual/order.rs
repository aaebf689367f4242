//! Which facts go together, and where two pages look at them in another order.
//!
//! Two pages may agree about each of two facts alone and disagree about both at once, because each looks at another one first.

use crate::page::{Fact, Facts, On, Page};

use Fact::*;

/// What is so too when a fact is so.
const IMPLIED: &[(Fact, &[Fact])] = &[
    (Listening, &[Bound]),
    (Connecting, &[Bound, NotListening]),
    (Connected, &[NotListening]),
    (Unconnected, &[NotListening]),
    (Broken, &[Connected, NotListening]),
    (RefusedBefore, &[Unconnected, NotListening]),
    (Disconnected, &[Unconnected, NotListening]),
    (UnspecifiedFamily, &[WrongFamily]),
    (BroadcastForbidden, &[BroadcastAddress]),
    (UnreadableLengthPointer, &[BadLengthPointer]),
];

/// Of each of these at most one is so at a time.
const ONE_OF: &[&[Fact]] = &[
    &[Listening, Connecting, Connected, Unconnected],
    &[Listening, NotListening],
    &[Bound, Unbound],
    &[ZeroAddress, BroadcastAddress, MulticastAddress],
    &[NullName, UnreadableName, WrongFamily, LongName, ZeroAddress],
    &[NullName, ShortName],
    &[ShortName, LongName],
    &[ShortName, UnreadableName],
    &[BlankPath, LongPath],
    &[NullBuffer, BadBuffer],
    &[BadLengthPointer, NegativeLength],
    &[BadLevel, BadOption, OptionFixed],
    &[NothingSelected, BadHandleInSet, FileInSet],
    &[BadFamily, WrongProtocol],
    &[BadType, WrongProtocol],
    &[BadProtocol, WrongProtocol],
];

/// What is known of an address or a path only when the name was read.
const OF_CONTENT: &[Fact] =
    &[ZeroAddress, ZeroPort, BroadcastAddress, BroadcastForbidden, MulticastAddress, BlankPath, LongPath];
/// What keeps a name from being read.
const UNREAD: &[Fact] = &[NullName, UnreadableName, ShortName, WrongFamily];

/// A fact that one page looks at before some others, all of which the other page looks at before it.
pub(super) struct Turned {
    pub(super) first: Fact,
    pub(super) others: Vec<(Fact, On)>,
}

/// A fact with all that it implies.
pub(super) fn whole(fact: Fact) -> Facts {
    let implied = IMPLIED.iter().filter(|(of, _)| *of == fact).flat_map(|(_, implied)| *implied);
    implied.fold(fact.alone(), |all, fact| all | fact.alone())
}

/// Whether a fact can be so of a socket of this type: only streams wait for connections and have openings, and TCP has urgent
/// data.
pub(super) fn can_be(fact: Fact, on: On) -> bool {
    let of_streams = matches!(fact, Listening | Connecting | RefusedBefore | Broken);
    !(of_streams && On::Datagrams.covers(on) || fact == UrgentUnsupported && On::Stream.covers(on))
}

/// Where two pages that agree about each of two facts disagree about both.
pub(super) fn turned(one: &Page, other: &Page, types: &[On]) -> Vec<Turned> {
    let mut found: Vec<Turned> = Vec::new();
    for on in types {
        let alone = |page: &Page, fact: Fact| page.judge(*on, whole(fact));
        let asked = |fact: &Fact| {
            let decides = [one, other].map(|page| alone(page, *fact).when);
            decides.contains(fact) && !decides.contains(&Always)
        };
        let agreed = |fact: &Fact| alone(one, *fact).then == alone(other, *fact).then;
        let facts: Vec<Fact> = Fact::ALL
            .into_iter()
            .filter(|fact| *fact != Always && can_be(*fact, *on) && asked(fact) && agreed(fact))
            .collect();
        for first in &facts {
            for second in facts.iter().filter(|second| go_together(*first, **second)) {
                let both = whole(*first) | whole(*second);
                let (mine, theirs) = (one.judge(*on, both).then, other.judge(*on, both).then);
                if mine != theirs && mine == alone(one, *first).then {
                    note(&mut found, *first, *second, *on);
                }
            }
        }
    }
    found
}

fn note(found: &mut Vec<Turned>, first: Fact, second: Fact, on: On) {
    let place = found.iter().position(|turned| turned.first == first).unwrap_or_else(|| {
        found.push(Turned { first, others: Vec::new() });
        found.len() - 1
    });
    let others = &mut found[place].others;
    match others.iter_mut().find(|(fact, _)| *fact == second) {
        Some((_, types)) => *types = types.and(on),
        None => others.push((second, on)),
    }
}

fn go_together(one: Fact, other: Fact) -> bool {
    let both = whole(one) | whole(other);
    let has = |facts: &[Fact]| facts.iter().filter(|fact| both.has(**fact)).count();
    let is_torn = ONE_OF.iter().any(|group| has(group) > 1);
    let is_unread = has(UNREAD) > 0 && has(OF_CONTENT) > 0;
    one != other && !is_torn && !is_unread
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::rules;

    #[test]
    fn two_facts_that_each_page_meets_in_another_order_are_told_once() {
        const ONE: Page = Page {
            call: "one",
            rules: rules! {
                Any NullBuffer  => Fail(FAULT), "";
                Any SendingShut => Fail(PIPE), "";
                Any Always      => Proceed, "";
            },
            answers: &[],
        };
        const OTHER: Page = Page {
            call: "other",
            rules: rules! {
                Any SendingShut => Fail(PIPE), "";
                Any NullBuffer  => Fail(FAULT), "";
                Any Always      => Proceed, "";
            },
            answers: &[],
        };
        let found = turned(&ONE, &OTHER, &[On::Stream, On::Datagram]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].first, &found[0].others[..]), (NullBuffer, &[(SendingShut, On::Both)][..]));
        assert!(turned(&ONE, &ONE, &[On::Stream]).is_empty());
    }

    #[test]
    fn what_cannot_be_so_at_once_is_not_compared() {
        assert!(!go_together(Listening, Connected) && !go_together(Listening, Broken));
        assert!(!go_together(NullName, ZeroAddress) && !go_together(ShortName, ZeroPort));
        assert!(go_together(Listening, ShortName) && go_together(ZeroAddress, ZeroPort));
    }
}
