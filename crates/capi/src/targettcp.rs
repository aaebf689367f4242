//! TargetTCP: what `<sockets.h>` points at.

use std::ffi::c_char;
use std::io::{self, Write as _};

use crate::boundary::call;
use crate::posix::calls::posix_entries;
use crate::posix::{errno, set_errno, sets};

/// How much of the caller's words perror writes.
const WORDS_OCTETS_MAX: usize = 4_096;
/// The longest text that the C library has for a number is far shorter.
const HOST_TEXT_OCTETS: usize = 256;

posix_entries!(targettcp, i32);

#[unsafe(export_name = "synsent_targettcp_target_tcp_init")]
extern "C" fn target_tcp_init() -> i32 {
    answer(it::target_tcp_init)
}

#[unsafe(export_name = "synsent_targettcp_closesocket")]
extern "C" fn closesocket(socket: i32) -> i32 {
    answer(|| it::closesocket(socket))
}

#[unsafe(export_name = "synsent_targettcp_ioctlsocket")]
extern "C" fn ioctlsocket(socket: i32, request: u32, argument: *mut c_void) -> i32 {
    answer(|| it::ioctlsocket(socket, request, Foreign::new(argument).pointer_mut()))
}

#[unsafe(export_name = "synsent_targettcp_select")]
extern "C" fn select(
    nfds: i32,
    read: *mut c_void,
    write: *mut c_void,
    except: *mut c_void,
    timeout: *const c_void,
) -> i32 {
    let sets = [read, write, except].map(|set| Foreign::new(set));
    reporting(it::errno, || {
        sets::select(
            sets,
            Foreign::new(timeout),
            |set| sets::read_list(set, nfds),
            sets::write_list,
            |lists, limit| it::select_handles(lists, limit.as_ref()),
        )
    })
}

#[unsafe(export_name = "synsent_targettcp_perror")]
extern "C" fn perror(words: *const c_char) {
    let number = errno();
    call(
        || (),
        || {
            let words = text_at(Foreign::new(words));
            // Who has closed standard error is told nothing.
            let _ = io::stderr().write_all(&line(&words, number));
        },
    );
    set_errno(number);
}

/// The line of perror: the caller's words where there are some, and what the number means.
fn line(words: &[u8], number: i32) -> Vec<u8> {
    let meaning = match it::meaning(number) {
        Some(meaning) => meaning.to_owned(),
        None => text_of_the_host(number),
    };
    let mut line = words.to_vec();
    if !line.is_empty() {
        line.extend(b": ");
    }
    line.extend(meaning.as_bytes());
    line.push(b'\n');
    line
}

/// What the C library says of a number that is none of a socket call.
fn text_of_the_host(number: i32) -> String {
    let mut text = [0_u8; HOST_TEXT_OCTETS];
    // SAFETY: the array has room for as many octets as the call is told, and outlives it.
    let _ = unsafe { libc::strerror_r(number, text.as_mut_ptr().cast(), text.len()) };
    let end = text.iter().position(|octet| *octet == 0).unwrap_or(text.len());
    String::from_utf8_lossy(&text[..end]).into_owned()
}

/// The text at a pointer up to its zero; nothing where there is none.
fn text_at(place: Foreign) -> Vec<u8> {
    let mut text = Vec::new();
    while text.len() < WORDS_OCTETS_MAX {
        match place.read::<1>(text.len()) {
            Some([0]) | None => break,
            Some([octet]) => text.push(octet),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perror_has_the_document_s_meaning_for_its_codes_and_the_host_s_for_all_others() {
        let [refused, no_file] = [libc::ECONNREFUSED, libc::ENOENT];
        assert_eq!(line(b"Echo client", refused), b"Echo client: the remote host refused the connection\n");
        assert_eq!(line(b"", no_file), b"No such file or directory\n");
    }

    #[test]
    fn words_without_an_end_are_cut_and_wild_ones_are_none() {
        let endless = vec![b'x'; WORDS_OCTETS_MAX + 10];
        assert_eq!(text_at(Foreign::new(endless.as_ptr())).len(), WORDS_OCTETS_MAX);
        assert_eq!(text_at(Foreign::new(c"abc".as_ptr())), b"abc");
        let wild = synsent_host::unmapped_page().unwrap() as *const u8;
        assert_eq!(text_at(Foreign::new(wild)), b"");
    }
}
