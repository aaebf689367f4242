//! Sources in every order of headers and in every language compile without a warning.
//!
//! Each header of the C library stands once before and once after each of ours, and seeded shuffles mix all of them; the compiler and
//! the standard go round with the count, so that a run is short and every combination of two is met.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::compiler::{self, Compiler, Language};

/// The C library's headers that a program with sockets may include.
const HOST: [&str; 46] = [
    "stdio.h",
    "stdlib.h",
    "string.h",
    "strings.h",
    "unistd.h",
    "sys/types.h",
    "sys/socket.h",
    "sys/select.h",
    "sys/time.h",
    "netinet/in.h",
    "netinet/tcp.h",
    "netinet/ip.h",
    "netinet/udp.h",
    "arpa/inet.h",
    "netdb.h",
    "poll.h",
    "sys/ioctl.h",
    "fcntl.h",
    "errno.h",
    "signal.h",
    "pthread.h",
    "time.h",
    "wchar.h",
    "wctype.h",
    "math.h",
    "stdint.h",
    "inttypes.h",
    "stddef.h",
    "stdarg.h",
    "limits.h",
    "locale.h",
    "setjmp.h",
    "assert.h",
    "ctype.h",
    "sys/un.h",
    "sys/uio.h",
    "sys/stat.h",
    "sys/wait.h",
    "sys/resource.h",
    "sys/param.h",
    "sys/epoll.h",
    "sys/mman.h",
    "net/if.h",
    "ifaddrs.h",
    "semaphore.h",
    "dirent.h",
];

/// And of the C++ library.
const HOST_CXX: [&str; 16] = [
    "iostream",
    "string",
    "vector",
    "map",
    "functional",
    "thread",
    "mutex",
    "chrono",
    "memory",
    "algorithm",
    "condition_variable",
    "atomic",
    "cstdlib",
    "cstring",
    "cstdio",
    "ctime",
];

/// Sets of our headers that sources include together, in one of their orders.
const OURS: [&[&str]; 8] = [
    &["winsock.h"],
    &["winsock2.h"],
    &["winsock2.h", "ws2tcpip.h", "mswsock.h", "windows.h"],
    &["windows.h"],
    &["ws2tcpip.h", "winsock2.h", "mstcpip.h"],
    &["windows.h", "winsock2.h", "ws2tcpip.h"],
    &["winsock.h", "windows.h", "process.h", "tchar.h"],
    &["mswsock.h", "wspiapi.h", "winsock2.h", "winsock2.h"],
];

const SHUFFLES: u64 = 48;

/// What a program does with sockets, in words that C and C++ share. It uses what our headers change: sets, time values, addresses.
const PROGRAM: &str = r#"
static int use_sockets(void);
static int use_sockets(void)
{
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    struct sockaddr_in name;
    struct timeval limit = {1, 0};
    struct linger off = {1, 0};
    fd_set set;
    u_long yes = 1;
    int length = (int)sizeof name;
    char text[256];
    struct hostent *host;
    struct servent *service = getservbyname("http", "tcp");
    WSADATA data;

    if (WSAStartup(MAKEWORD(1, 1), &data) != 0 || LOBYTE(data.wVersion) != 1)
        return 1;
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = service ? (u_short)service->s_port : htons(80);
    name.sin_addr.s_addr = inet_addr("127.0.0.1");
    if (s == INVALID_SOCKET || ioctlsocket(s, FIONBIO, &yes) == SOCKET_ERROR)
        return WSAGetLastError();
    setsockopt(s, SOL_SOCKET, SO_LINGER, (const char *)&off, (int)sizeof off);
    if (connect(s, (struct sockaddr *)&name, (int)sizeof name) == SOCKET_ERROR && WSAGetLastError() == WSAEWOULDBLOCK) {
        FD_ZERO(&set);
        FD_SET(s, &set);
        if (select(0, NULL, &set, NULL, &limit) > 0 && FD_ISSET(s, &set))
            FD_CLR(s, &set);
    }
    host = gethostbyname("localhost");
    if (host != NULL && host->h_addr != NULL && h_errno == HOST_NOT_FOUND)
        memcpy(&name.sin_addr, host->h_addr, (size_t)host->h_length);
    getsockname(s, (struct sockaddr *)&name, &length);
    gethostname(text, (int)sizeof text);
    send(s, text, (int)strlen(inet_ntoa(name.sin_addr)), MSG_DONTROUTE);
    shutdown(s, 1);
    closesocket(s);
    Sleep(0);
    return WSACleanup();
}

int main(void)
{
    return use_sockets();
}
"#;

/// What Winsock 2 has more.
const PROGRAM_2: &str = r#"
static int use_more(void);
static int use_more(void)
{
    WSABUF piece;
    WSAPOLLFD asked;
    struct sockaddr_storage from;
    struct sockaddr_in6 six;
    struct addrinfo hints, *found = NULL;
    socklen_t room = (socklen_t)sizeof from;
    char text[INET6_ADDRSTRLEN];
    DWORD count = 0, flags = 0;
    GUID id = WSAID_CONNECTEX;
    LPFN_CONNECTEX start = NULL;
    SOCKET s = WSASocket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP, NULL, 0, WSA_FLAG_OVERLAPPED);

    memset(&hints, 0, sizeof hints);
    memset(&six, 0, sizeof six);
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST;
    hints.ai_family = AF_UNSPEC;
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) || !IN6_IS_ADDR_LOOPBACK(&six.sin6_addr))
        return 2;
    if (getaddrinfo("::1", "7", &hints, &found) == EAI_NONAME)
        printf("%s\n", gai_strerrorA(EAI_NONAME));
    freeaddrinfo(found);
    piece.buf = text;
    piece.len = (ULONG)sizeof text;
    asked.fd = s;
    asked.events = POLLIN | POLLOUT;
    WSAPoll(&asked, 1, 0);
    WSARecvFrom(s, &piece, 1, &count, &flags, (struct sockaddr *)&from, &room, NULL, NULL);
    WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, (DWORD)sizeof id, (void *)&start, (DWORD)sizeof start, &count, NULL, NULL);
    inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&flags, (int)sizeof flags);
    return start == NULL ? (int)asked.revents : 0;
}

static int (*const uses_more)(void) = use_more;
"#;

/// One source and how it is to be compiled.
struct Job {
    compiler: Compiler,
    flags: Vec<&'static str>,
    source: String,
}

#[test]
fn each_header_of_the_c_library_may_come_before_and_after_each_of_ours() {
    let mut jobs = Round::new();
    for ours in [OURS[2], OURS[3]] {
        for host in HOST {
            for before in [true, false] {
                let hosts = [host];
                let order: Vec<&str> = match before {
                    true => hosts.iter().chain(ours).copied().collect(),
                    false => ours.iter().chain(&hosts).copied().collect(),
                };
                jobs.add(&[], &order);
            }
        }
    }
    jobs.check();
}

#[test]
fn headers_may_be_mixed_in_any_order() {
    let mut jobs = Round::new();
    for seed in 0..SHUFFLES {
        let mut random = Random(seed + 1);
        let mut order: Vec<&str> = HOST.iter().copied().filter(|_| random.below(3) > 0).collect();
        if jobs.next_language() == Some(Language::Cxx) {
            order.extend(HOST_CXX.iter().filter(|_| random.below(3) > 0));
        }
        order.extend(OURS[random.below(OURS.len())]);
        for at in (1..order.len()).rev() {
            order.swap(at, random.below(at + 1));
        }
        let flags: &[&'static str] = [
            &["-O2", "-D_FORTIFY_SOURCE=2"][..],
            &["-DFD_SETSIZE=256"],
            &["-DUNICODE", "-D_UNICODE"],
            &["-DWIN32_LEAN_AND_MEAN"],
            &["-DNOMINMAX", "-O2"],
            &["-flto"],
            &[],
        ][random.below(7)];
        if flags.contains(&"-DWIN32_LEAN_AND_MEAN") {
            // So asked, <windows.h> brings no sockets.
            order.push("winsock2.h");
        }
        jobs.add(flags, &order);
    }
    jobs.check();
}

#[test]
fn every_standard_takes_every_set_of_headers() {
    let mut jobs = Round::new();
    for compiler in compiler::all() {
        for (at, standard) in compiler.language.standards().iter().enumerate() {
            for ours in [OURS[at % OURS.len()], OURS[(at + 3) % OURS.len()]] {
                let order: Vec<&str> = ["stdlib.h"].iter().chain(ours).copied().collect();
                jobs.jobs.push(Job { compiler, flags: vec![option(standard)], source: source(&order) });
            }
        }
    }
    jobs.check();
}

#[test]
fn flags_of_the_program_are_kept() {
    let flags: [&[&'static str]; 10] = [
        &["-flto", "-O2"],
        &["-O2", "-D_FORTIFY_SOURCE=2"],
        &["-DUNICODE", "-D_UNICODE"],
        &["-DWIN32_LEAN_AND_MEAN"],
        &["-DNOMINMAX"],
        &["-D_WINSOCKAPI_="],
        &["-DINCL_WINSOCK_API_TYPEDEFS=1"],
        &["-DSTRICT"],
        &["-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64"],
        &["-O3", "-fno-builtin"],
    ];
    let mut jobs = Round::new();
    for compiler in compiler::all() {
        for flags in flags {
            jobs.jobs.push(Job {
                compiler,
                flags: flags.to_vec(),
                source: source(&["stdio.h", "winsock2.h", "ws2tcpip.h", "mswsock.h"]),
            });
        }
    }
    jobs.check();
}

#[test]
fn a_set_has_the_size_that_the_program_gave() {
    let assert = |size: u32| {
        format!(
            "#ifdef __cplusplus\n#define _Static_assert static_assert\n#endif\n\
             extern fd_set a_set;\n_Static_assert(sizeof(fd_set) == 8 + 8 * {size}, \"size\");\n\
             _Static_assert(FD_SETSIZE == {size}, \"FD_SETSIZE\");\n"
        )
    };
    let given = "#define FD_SETSIZE 256\n";
    let mut jobs = Round::new();
    for compiler in compiler::all() {
        for (text, size) in [
            ("#include <winsock2.h>\n".to_owned(), 64),
            ("#include <stdlib.h>\n#include <sys/select.h>\n#include <winsock2.h>\n".to_owned(), 64),
            ("#include <winsock.h>\n#include <sys/select.h>\n".to_owned(), 64),
            (format!("{given}#include <winsock2.h>\n#include <stdlib.h>\n"), 256),
            (format!("{given}#include <stdlib.h>\n#include <sys/time.h>\n#include <winsock2.h>\n"), 256),
            (format!("{given}#include <windows.h>\n#include <winsock2.h>\n"), 256),
            (format!("#include <stdlib.h>\n#undef FD_SETSIZE\n{given}#include <winsock.h>\n"), 256),
        ] {
            jobs.jobs.push(Job {
                compiler,
                flags: vec!["-std=gnu++17"; usize::from(compiler.language == Language::Cxx)],
                source: text + &assert(size),
            });
        }
    }
    jobs.check();
}

#[test]
fn the_headers_may_stand_inside_extern_c() {
    let mut jobs = Round::new();
    for compiler in compiler::all().into_iter().filter(|compiler| compiler.language == Language::Cxx) {
        for first in ["", "#include <stdlib.h>\n", "#include <sys/socket.h>\n#include <netdb.h>\n#include <unistd.h>\n"]
        {
            let headers = "extern \"C\" {\n#include <winsock2.h>\n#include <ws2tcpip.h>\n#include <mswsock.h>\n#include <windows.h>\n}\n";
            let source = format!(
                "{first}{headers}#include <stdio.h>\n{PROGRAM_2}{PROGRAM}{}",
                "int used(void);\nint used(void) { return uses_more(); }\n"
            );
            jobs.jobs.push(Job { compiler, flags: vec![], source });
        }
    }
    jobs.check();
}

#[test]
fn no_header_says_that_this_is_windows() {
    let mut jobs = Round::new();
    for compiler in compiler::all() {
        for ours in OURS {
            let mut text: String = ours.iter().map(|header| format!("#include <{header}>\n")).collect();
            text += "#if defined _WIN32 || defined WIN32 || defined _WIN64 || defined __WIN32__\n#error it says so\n#endif\n";
            // The plain error numbers stay those of the C library.
            text += "#include <errno.h>\n#if EWOULDBLOCK == WSAEWOULDBLOCK || ECONNREFUSED == WSAECONNREFUSED\n#error taken\n#endif\n";
            text += "extern int something;\n";
            jobs.jobs.push(Job { compiler, flags: vec![], source: text });
        }
    }
    jobs.check();
}

/// Jobs for which the compiler and its standard go round.
struct Round {
    compilers: Vec<(Compiler, &'static str)>,
    jobs: Vec<Job>,
}

impl Round {
    fn new() -> Round {
        let all = compiler::all();
        let longest = all.iter().map(|compiler| compiler.language.standards().len()).max().unwrap_or(0);
        let mut compilers = Vec::new();
        for at in 0..longest {
            for compiler in &all {
                let standards = compiler.language.standards();
                compilers.push((*compiler, standards[at % standards.len()]));
            }
        }
        Round { compilers, jobs: Vec::new() }
    }

    fn next_language(&self) -> Option<Language> {
        self.compilers.get(self.jobs.len() % self.compilers.len().max(1)).map(|(compiler, _)| compiler.language)
    }

    fn add(&mut self, flags: &[&'static str], order: &[&str]) {
        if self.compilers.is_empty() {
            return;
        }
        let (compiler, standard) = self.compilers[self.jobs.len() % self.compilers.len()];
        let mut all = vec![option(standard)];
        all.extend(flags);
        self.jobs.push(Job { compiler, flags: all, source: source(order) });
    }

    /// Compiles all of them, on two processors, and tells the first ones that failed.
    fn check(self) {
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(job) = self.jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Err(why) = job.compiler.check(&job.flags, &job.source) {
                            failed.lock().unwrap().push(why);
                        }
                    }
                });
            }
        });
        let failed = failed.into_inner().unwrap();
        let told: Vec<&String> = failed.iter().take(3).collect();
        assert!(
            failed.is_empty(),
            "{} of {} failed: {}",
            failed.len(),
            self.jobs.len(),
            told.iter().map(|why| why.as_str()).collect::<Vec<_>>().join("\n")
        );
    }
}

/// A source that includes headers in an order and uses what they declare.
fn source(order: &[&str]) -> String {
    let mut text: String = order.iter().map(|header| format!("#include <{header}>\n")).collect();
    if order.contains(&"ws2tcpip.h") && order.contains(&"mswsock.h") {
        text += "#include <stdio.h>\n";
        text += PROGRAM_2;
        text += "int used(void);\nint used(void) { return uses_more(); }\n";
    }
    text += PROGRAM;
    text
}

/// The flag of a standard.
fn option(standard: &'static str) -> &'static str {
    // There are some twenty of them, each made once for a job of a test.
    Box::leak(format!("-std={standard}").into_boxed_str())
}

/// Numbers in an order that a seed decides (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % limit
    }
}
