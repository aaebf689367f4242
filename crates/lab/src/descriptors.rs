//! The small numbers of a simulated process: files and sockets share one table, and the lowest free number comes first.
//!
//! The process begins with the files 0, 1 and 2. Further files are opened and closed by [`Descriptors::open_file`] and
//! [`Descriptors::close_file`], so that a caller can meet a number that is a file and no socket, or a table that is full.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use synsent_sockets::{Failure, Numbers, Outcome};

/// How many descriptors a process may have unless it is told otherwise.
pub const DESCRIPTORS_MAX: usize = 1_024;

/// The files that every process begins with: input, output and errors.
const STANDARD_FILES: [i32; 3] = [0, 1, 2];

/// The descriptor table of a simulated process.
#[derive(Debug)]
pub struct Descriptors(Mutex<Open>);

#[derive(Debug)]
struct Open {
    numbers: BTreeMap<i32, What>,
    max: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    File,
    Socket,
}

impl Default for Descriptors {
    fn default() -> Descriptors {
        let numbers = STANDARD_FILES.map(|number| (number, What::File)).into();
        Descriptors(Mutex::new(Open { numbers, max: DESCRIPTORS_MAX }))
    }
}

impl Descriptors {
    /// Lets the process have at most this many; what is open stays open.
    pub fn set_max(&self, descriptors_max: usize) {
        self.open().max = descriptors_max;
    }

    /// Opens a file: the lowest free number.
    ///
    /// # Errors
    /// When the process may have no more.
    pub fn open_file(&self) -> Result<i32, Failure> {
        self.open().take(What::File)
    }

    /// Closes a file; false when the number is none.
    pub fn close_file(&self, number: i32) -> bool {
        let mut open = self.open();
        let is_file = open.numbers.get(&number) == Some(&What::File);
        if is_file {
            open.numbers.remove(&number);
        }
        is_file
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Numbers for Descriptors {
    fn take(&self) -> Result<i32, Failure> {
        self.open().take(What::Socket)
    }

    fn give_back(&self, number: i32) {
        let mut open = self.open();
        if open.numbers.get(&number) == Some(&What::Socket) {
            open.numbers.remove(&number);
        }
    }

    fn is_file(&self, number: i32) -> bool {
        self.open().numbers.get(&number) == Some(&What::File)
    }
}

impl Open {
    fn take(&mut self, what: What) -> Result<i32, Failure> {
        let free = (0..).zip(self.numbers.keys()).find(|(number, taken)| number != *taken).map(|(number, _)| number);
        let number = free.unwrap_or(self.numbers.len() as i32);
        if self.numbers.len() >= self.max || usize::try_from(number).is_ok_and(|number| number >= self.max) {
            return Err(Failure::said(Outcome::NoDescriptors, format!("{} descriptors are open", self.numbers.len())));
        }
        self.numbers.insert(number, what);
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_comes_first_and_files_are_no_sockets() {
        let table = Descriptors::default();
        assert_eq!((table.take(), table.open_file(), table.take()), (Ok(3), Ok(4), Ok(5)));
        assert!(table.is_file(0) && table.is_file(4));
        assert!(!table.is_file(3) && !table.is_file(6) && !table.is_file(-1));
        table.give_back(3);
        assert!(table.close_file(4) && !table.close_file(5) && !table.close_file(4));
        assert_eq!((table.open_file(), table.take()), (Ok(3), Ok(4)));
        assert!(table.close_file(1));
        assert_eq!(table.take(), Ok(1));
    }

    #[test]
    fn a_process_has_no_more_descriptors_than_its_limit() {
        let table = Descriptors::default();
        for number in 3..1_024 {
            assert_eq!(table.take(), Ok(number));
        }
        assert_eq!(table.take().unwrap_err().outcome, Outcome::NoDescriptors);
        assert_eq!(table.open_file().unwrap_err().outcome, Outcome::NoDescriptors);
        table.give_back(100);
        assert_eq!(table.open_file(), Ok(100));
        table.set_max(50);
        table.give_back(49);
        assert!(table.take().is_err());
    }
}
