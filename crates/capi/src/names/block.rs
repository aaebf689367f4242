//! Structures of C with texts and lists behind their pointers, laid out in one piece of memory.
//!
//! The parts are put one after the other, each aligned for anything that C has; a pointer is noted as a distance and becomes an
//! address when everything has its place. So a structure goes as one, and what it points at goes with it.

/// What every part is aligned for; unit: octets.
const ALIGNMENT: usize = 8;

/// A piece of memory that is being laid out.
#[derive(Default)]
pub(super) struct Block {
    octets: Vec<u8>,
    pointers: Vec<(usize, usize)>,
}

/// A piece of memory whose pointers lead where they should. It stays in its place as long as it lives.
pub(super) struct Laid {
    /// Nobody looks at it here; it is kept as long as C may.
    _words: Box<[u64]>,
    address: usize,
}

impl Block {
    /// Room of zeroes for a structure; where it begins.
    pub(super) fn room(&mut self, octets: usize) -> usize {
        let at = self.octets.len().next_multiple_of(ALIGNMENT);
        self.octets.resize(at + octets, 0);
        at
    }

    /// Octets as they are; where they begin.
    pub(super) fn put(&mut self, octets: &[u8]) -> usize {
        let at = self.room(octets.len());
        self.write(at, octets);
        at
    }

    /// A text with its zero; where it begins.
    pub(super) fn text(&mut self, text: &str) -> usize {
        // A text of C has no zero inside.
        let octets: Vec<u8> = text.bytes().filter(|octet| *octet != 0).chain([0]).collect();
        self.put(&octets)
    }

    /// A text of wide characters with its zero; where it begins.
    pub(super) fn wide_text(&mut self, text: &str) -> usize {
        let characters = text.chars().filter(|one| *one != '\0').chain(['\0']);
        let octets: Vec<u8> = characters.flat_map(|one| u32::from(one).to_ne_bytes()).collect();
        self.put(&octets)
    }

    /// A list of pointers to these places, with null at its end; where it begins.
    pub(super) fn list(&mut self, places: &[usize]) -> usize {
        let at = self.room((places.len() + 1) * size_of::<usize>());
        for (number, place) in places.iter().enumerate() {
            self.point(at + number * size_of::<usize>(), *place);
        }
        at
    }

    /// A list of texts, with null at its end; where it begins.
    pub(super) fn texts(&mut self, texts: &[String]) -> usize {
        let places: Vec<usize> = texts.iter().map(|text| self.text(text)).collect();
        self.list(&places)
    }

    /// Writes into a room.
    pub(super) fn write(&mut self, at: usize, octets: &[u8]) {
        self.octets[at..at + octets.len()].copy_from_slice(octets);
    }

    /// The pointer at one place leads to another.
    pub(super) fn point(&mut self, at: usize, to: usize) {
        self.pointers.push((at, to));
    }

    /// Everything in its place.
    pub(super) fn lay(mut self) -> Laid {
        let octets = self.octets.len().next_multiple_of(ALIGNMENT).max(ALIGNMENT);
        self.octets.resize(octets, 0);
        let mut words = vec![0_u64; octets / ALIGNMENT].into_boxed_slice();
        let address = words.as_mut_ptr().expose_provenance();
        for (at, to) in &self.pointers {
            let pointer = (address + to).to_ne_bytes();
            self.octets[*at..*at + pointer.len()].copy_from_slice(&pointer);
        }
        let (chunks, _) = self.octets.as_chunks();
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = u64::from_ne_bytes(*chunk);
        }
        Laid { _words: words, address }
    }
}

impl Laid {
    /// The address of what was put first.
    pub(super) fn address(&self) -> usize {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::Foreign;

    #[test]
    fn pointers_lead_where_they_should() {
        let mut block = Block::default();
        let at = block.room(16);
        let text = block.text("ab\0c");
        let list = block.texts(&["x".to_owned(), "yz".to_owned()]);
        block.point(at, text);
        block.point(at + 8, list);
        let laid = block.lay();
        let follow = |from: usize, at: usize| Foreign::at(from).read::<8>(at).map(usize::from_ne_bytes).unwrap();
        let text = follow(laid.address(), 0);
        assert_eq!(&Foreign::at(text).read::<4>(0).unwrap(), b"abc\0");
        let list = follow(laid.address(), 8);
        assert_eq!(&Foreign::at(follow(list, 8)).read::<3>(0).unwrap(), b"yz\0");
        assert_eq!(follow(list, 16), 0);
    }
}
