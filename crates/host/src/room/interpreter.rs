//! Who executes a file: the interpreter of a script's first line, or the loader that an ELF file asks for.
//!
//! When that file is missing the kernel says that the *program* does not exist. Here it is found out which one is meant. Files
//! that cannot be read or understood are left to the kernel.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much of a script's first line the kernel reads; unit: octets.
const FIRST_LINE_OCTETS: usize = 256;
/// The longest path; unit: octets.
const PATH_OCTETS: u64 = libc::PATH_MAX as u64;
/// The most program headers that are looked through; a program has about ten.
const HEADERS_MAX: u16 = 512;
const PT_INTERP: u64 = 3;

/// The interpreter of a program, if it is named and does not exist, and where it is named.
pub(super) fn missing(path: &Path) -> Option<(PathBuf, &'static str)> {
    let file = File::open(path).ok()?;
    let mut start = [0; FIRST_LINE_OCTETS];
    let len = read_up_to(&file, &mut start).ok()?;
    let (interpreter, place) = match &start[..len] {
        [b'#', b'!', line @ ..] => (of_script(line)?, "first line"),
        start if start.starts_with(b"\x7fELF") => (of_elf(&file, start)?, "ELF header"),
        _ => return None,
    };
    (!interpreter.exists()).then_some((interpreter, place))
}

/// Whether a file names its interpreter in its first line.
pub(super) fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).and_then(|file| read_up_to(&file, &mut start)).is_ok() && start == *b"#!"
}

/// Whether a file that the kernel does not know is a script without a first line, which a shell would run itself.
pub(super) fn is_text(path: &Path) -> bool {
    let mut start = [0; FIRST_LINE_OCTETS];
    let read = File::open(path).and_then(|file| read_up_to(&file, &mut start));
    read.is_ok_and(|len| !start[..len].contains(&0))
}

fn read_up_to(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    file.read_at(buffer, 0)
}

fn of_script(line: &[u8]) -> Option<PathBuf> {
    let line = line.split(|octet| *octet == b'\n').next()?;
    let word = line.split(|octet| matches!(octet, b' ' | b'\t')).find(|word| !word.is_empty())?;
    Some(Path::new(OsStr::from_bytes(word)).to_owned())
}

/// The path in the program header of type PT_INTERP. Offsets are those of the two classes of the ELF specification.
fn of_elf(file: &File, start: &[u8]) -> Option<PathBuf> {
    let is_64 = *start.get(4)? == 2;
    let is_little = *start.get(5)? == 1;
    let number = |bytes: &[u8], at: usize, len: usize| -> Option<u64> {
        let bytes = bytes.get(at..at + len)?;
        let fold = |sum: u64, octet: &u8| sum << 8 | u64::from(*octet);
        Some(if is_little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) })
    };
    let (offset, size, count) = match is_64 {
        true => (number(start, 32, 8)?, number(start, 54, 2)?, number(start, 56, 2)?),
        false => (number(start, 28, 4)?, number(start, 42, 2)?, number(start, 44, 2)?),
    };
    for index in 0..count.min(u64::from(HEADERS_MAX)) {
        let mut header = [0; 56];
        let header = &mut header[..if is_64 { 56 } else { 32 }];
        file.read_exact_at(header, offset.checked_add(index * size)?).ok()?;
        if number(header, 0, 4)? != PT_INTERP {
            continue;
        }
        let (at, len) = match is_64 {
            true => (number(header, 8, 8)?, number(header, 32, 8)?),
            false => (number(header, 4, 4)?, number(header, 16, 4)?),
        };
        let mut path = vec![0; len.min(PATH_OCTETS) as usize];
        file.read_exact_at(&mut path, at).ok()?;
        let path = path.split(|octet| *octet == 0).next()?;
        return (!path.is_empty()).then(|| Path::new(OsStr::from_bytes(path)).to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_of_a_first_line_is_its_first_word() {
        for (line, word) in [(&b" /bin/sh -e\nx"[..], "/bin/sh"), (b"/usr/bin/env\tpython3", "/usr/bin/env")] {
            assert_eq!(of_script(line), Some(PathBuf::from(word)));
        }
        assert_eq!(of_script(b"  \n/bin/sh"), None);
    }

    #[test]
    fn the_loader_of_a_64_bit_program_is_found_and_missed() {
        let folder = std::env::temp_dir().join(format!("synsent-interpreter-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("program");
        let loader = folder.join("ld-nowhere.so");
        let mut bytes = vec![0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[32] = 64;
        (bytes[54], bytes[56]) = (56, 1);
        bytes[64] = 3;
        (bytes[64 + 8], bytes[64 + 32]) = (120, loader.as_os_str().len() as u8 + 1);
        bytes.extend_from_slice(loader.as_os_str().as_bytes());
        bytes.push(0);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(missing(&path), Some((loader.clone(), "ELF header")));
        std::fs::write(&loader, "").unwrap();
        assert_eq!(missing(&path), None);
        // A file that ends too soon is the kernel's business.
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            assert_eq!(missing(&path), None, "{len}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn headers_beyond_the_most_that_are_looked_through_are_left_to_the_kernel() {
        let path = std::env::temp_dir().join(format!("synsent-headers-{}", std::process::id()));
        let mut bytes = vec![0; 64 + 56 * (usize::from(HEADERS_MAX) + 1)];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (bytes[32], bytes[54]) = (64, 56);
        bytes[56..58].copy_from_slice(&(HEADERS_MAX + 1).to_le_bytes());
        let last = bytes.len() - 56;
        bytes[last] = 3;
        bytes[last + 32] = 9;
        bytes.extend_from_slice(b"/nowhere\0");
        let at = (bytes.len() - 9) as u64;
        bytes[last + 8..last + 16].copy_from_slice(&at.to_le_bytes());
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(missing(&path), None);
        // One header less and it is found.
        let (first, second) = (64, 64 + 56);
        bytes.copy_within(last..last + 56, second);
        bytes[first] = 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(missing(&path), Some((PathBuf::from("/nowhere"), "ELF header")));
        std::fs::remove_file(&path).unwrap();
    }
}
