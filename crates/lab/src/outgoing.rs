//! What a session is about to send: octets that stand here, and a body that is made piece by piece, so that a long one takes no room.

use crate::pattern::Pattern;

/// How much of a body is made at once; unit: octets.
const PIECE_OCTETS: u64 = 16 << 10;

/// The seed of the pattern in bodies.
const BODY_SEED: u64 = 0;

/// The body of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Body {
    what: What,
    octets: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Text(&'static str),
    Pattern,
}

impl Body {
    pub(crate) fn text(text: &'static str) -> Body {
        Body { what: What::Text(text), octets: text.len() as u64 }
    }

    /// The first so many octets of the pattern.
    pub(crate) fn pattern(octets: u64) -> Body {
        Body { what: What::Pattern, octets }
    }

    pub(crate) fn octets(&self) -> u64 {
        self.octets
    }

    pub(crate) fn media_type(&self) -> &'static str {
        match self.what {
            What::Text(_) => "text/plain; charset=utf-8",
            What::Pattern => "application/octet-stream",
        }
    }

    /// The octets from number `at` on, at most so many as a piece has.
    fn piece(&self, at: u64) -> Vec<u8> {
        let mut piece = vec![0; (self.octets - at).min(PIECE_OCTETS) as usize];
        match self.what {
            What::Text(text) => {
                let len = piece.len();
                piece.copy_from_slice(&text.as_bytes()[at as usize..][..len]);
            }
            What::Pattern => Pattern::new(BODY_SEED).fill(at, &mut piece),
        }
        piece
    }
}

/// What is to be sent, in order.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    ready: Vec<u8>,
    taken: usize,
    /// The body behind it, and how much of it was made.
    body: Option<(Body, u64)>,
    /// How much may still be sent of what counts for the cut.
    until_cut: Option<u64>,
    is_cut: bool,
}

impl Outgoing {
    pub(crate) fn new(until_cut: Option<u64>) -> Outgoing {
        Outgoing { ready: Vec::new(), taken: 0, body: None, until_cut, is_cut: false }
    }

    /// Whether the cut is reached: nothing is said any more beyond what is ready.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether everything that was said has been taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.octets().is_empty()
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.ready[self.taken..]
    }

    pub(crate) fn taken(&mut self, count: usize) {
        self.taken = (self.taken + count).min(self.ready.len());
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
            self.make_piece();
        }
    }

    /// Says something that does not count for the cut.
    pub(crate) fn say(&mut self, octets: &[u8]) {
        self.ready.extend_from_slice(octets);
    }

    /// Says as much as there is before the cut.
    pub(crate) fn say_cut(&mut self, octets: &[u8]) {
        if octets.is_empty() {
            return;
        }
        let room =
            self.until_cut.map_or(octets.len(), |left| octets.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        self.ready.extend_from_slice(&octets[..room]);
        self.until_cut = self.until_cut.map(|left| left - room as u64);
        self.is_cut |= self.until_cut == Some(0);
    }

    /// Says a body, as much of it as there is before the cut.
    pub(crate) fn say_body(&mut self, body: Body) {
        self.body = Some((body, 0));
        self.make_piece();
    }

    fn make_piece(&mut self) {
        let Some((body, made)) = self.body.take() else { return };
        let piece = body.piece(made);
        self.say_cut(&piece);
        let made = made + piece.len() as u64;
        if made < body.octets && !self.is_cut {
            self.body = Some((body, made));
        }
    }
}
