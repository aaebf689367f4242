//! What the header of a system calls things.

use synsent_conformance::{Api, contract};

/// The words of a system.
pub(super) struct System {
    /// What a program includes.
    pub(super) includes: &'static str,
    /// The type of a socket.
    pub(super) socket: &'static str,
    pub(super) no_socket: &'static str,
    pub(super) close: &'static str,
    pub(super) last_error: &'static str,
    /// The numbers of the header for families, in the order of [`Api::families`]; empty where it has none.
    families: [&'static str; 3],
    /// Ends of a connection: receiving, sending, both.
    pub(super) ends: [&'static str; 3],
    is_windows: bool,
}

const WINSOCK1: System = System {
    includes: "#include <winsock.h>\n\n#define PROGRAM_WINDOWS\n#include \"program.h\"\n\nstatic WSADATA data;\n\n",
    socket: "SOCKET",
    no_socket: "INVALID_SOCKET",
    close: "closesocket",
    last_error: "WSAGetLastError()",
    families: ["AF_INET", "", "AF_UNIX"],
    // The header of that time has no names for them.
    ends: ["0", "1", "2"],
    is_windows: true,
};

const WINSOCK2: System = System {
    includes: "#include <winsock2.h>\n#include <ws2tcpip.h>\n\n#define PROGRAM_WINDOWS\n#define PROGRAM_INET6\n#include \"program.h\"\n\n\
               static WSADATA data;\n\n",
    families: ["AF_INET", "AF_INET6", "AF_UNIX"],
    ends: ["SD_RECEIVE", "SD_SEND", "SD_BOTH"],
    ..WINSOCK1
};

const TARGETTCP: System = System {
    includes: "#include <sockets.h>\n\n#define PROGRAM_TARGETTCP\n#define PROGRAM_INET6\n#include \"program.h\"\n\n",
    socket: "int",
    no_socket: "-1",
    last_error: "errno",
    ends: ["SHUT_RD", "SHUT_WR", "SHUT_RDWR"],
    is_windows: false,
    ..WINSOCK2
};

const BS2000: System = System {
    includes: "#include <errno.h>\n#include <netinet/in.h>\n#include <stddef.h>\n#include <sys/ioctl.h>\n#include <sys/select.h>\n\
               #include <sys/socket.h>\n#include <sys/un.h>\n#include <unistd.h>\n\n#define PROGRAM_BS2000\n#define PROGRAM_INET6\n\
               #include \"program.h\"\n\n",
    close: "close",
    ..TARGETTCP
};

impl System {
    /// Of a dialect by its name.
    pub(super) fn of(dialect: &str) -> &'static System {
        match dialect {
            "winsock1" => &WINSOCK1,
            "winsock2" => &WINSOCK2,
            "targettcp" => &TARGETTCP,
            _ => &BS2000,
        }
    }

    /// The call that starts the system; `None` where there is nothing to start.
    pub(super) fn start(&self, api: &Api, version: Option<u16>) -> Option<String> {
        if self.is_windows {
            let own = if api.name() == "winsock1" { 0x0101 } else { 0x0202 };
            let [major, minor] = version.unwrap_or(own).to_le_bytes();
            return Some(format!("WSAStartup(MAKEWORD({major}, {minor}), &data)"));
        }
        (api.name() == "targettcp").then(|| "target_tcp_init()".to_owned())
    }

    /// A family by its number.
    pub(super) fn family(&self, api: &Api, number: i32) -> String {
        let known =
            api.families.iter().zip(self.families).find(|(family, name)| **family == number && !name.is_empty());
        known.map_or_else(|| number.to_string(), |(_, name)| name.to_owned())
    }

    /// Whether the header has names of IPv6.
    pub(super) fn has_inet6(&self) -> bool {
        !self.families[1].is_empty()
    }

    /// An error by its number.
    pub(super) fn error(&self, api: &Api, number: i32) -> String {
        match contract::error_name(api.name(), number) {
            "?" => number.to_string(),
            name => name.to_owned(),
        }
    }

    /// A handle that no call gave out.
    pub(super) fn handle(&self, number: i64) -> String {
        match number {
            -1 => self.no_socket.to_owned(),
            _ if self.is_windows => format!("(SOCKET){number}LL"),
            _ => number.to_string(),
        }
    }

    /// A descriptor of a file as a socket.
    pub(super) fn file(&self, variable: &str) -> String {
        if self.is_windows { format!("(SOCKET){variable}") } else { variable.to_owned() }
    }
}
