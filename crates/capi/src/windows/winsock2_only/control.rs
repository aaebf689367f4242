//! WSAIoctl.

use std::ffi::c_void;

use synsent_dialects::winsock2::{self as it, SOCKET};

use super::failed;
use super::transfer::overlap;
use crate::boundary::{Foreign, call};

#[unsafe(export_name = "synsent_winsock2_WSAIoctl")]
extern "C" fn wsa_ioctl(
    s: SOCKET,
    code: u32,
    input: *const c_void,
    input_octets: u32,
    output: *mut c_void,
    output_octets: u32,
    returned: *mut u32,
    overlapped: *const c_void,
    routine: *const c_void,
) -> i32 {
    call(failed, || {
        let (input, output, returned) = (Foreign::new(input), Foreign::new(output), Foreign::new(returned));
        it::WSAIoctl(
            s,
            code,
            input.pointer(),
            input_octets,
            output.pointer_mut(),
            output_octets,
            returned.pointer_mut(),
            overlap(overlapped, routine),
        )
    })
}
