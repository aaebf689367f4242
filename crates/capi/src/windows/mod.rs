//! Windows Sockets, both versions: the same entries, made once for each.

mod calls;
mod layout;
pub(crate) mod messages;
mod winsock2_only;

/// Windows Sockets 1.1: what `<winsock.h>` points at.
mod winsock1 {
    super::calls::windows_entries!(winsock1);
    super::messages::message_entries!(winsock1);
}

/// Windows Sockets 2: what `<winsock2.h>` points at.
mod winsock2 {
    super::calls::windows_entries!(winsock2);
    super::messages::message_entries!(winsock2);
}
