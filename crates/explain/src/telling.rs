//! Which line of what a program wrote tells the error.
//!
//! For most programs it is the last one. Runtimes that end a program by an uncaught error write more behind it, the places in the
//! code above all, and some the cause between two lists of places. What they write behind is passed over by a table of its forms,
//! which is all that is known of them here: a form that the table does not have leaves the last line.

/// How many lines from the end are looked at: a list of places is shorter.
const TELLING_LINES_MAX: usize = 400;

/// The line by which a program said what was wrong, without the space around it; empty: there is none.
///
/// What a carriage return has written over is gone, as on a terminal. It is the text of strangers; [`visible`] shows it.
///
/// [`visible`]: crate::visible
pub fn telling_line(text: &str) -> &str {
    let from_end = || {
        let lines = text.split('\n').rev().filter_map(shown);
        lines.take(TELLING_LINES_MAX)
    };
    if let Some(line) = before_go_routines(from_end()).or_else(|| before_properties(text)) {
        return line.trim();
    }
    let telling = from_end().find(|line| !is_epilogue(line));
    let told = telling.or_else(|| from_end().next()).unwrap_or_default();
    told.trim()
}

/// What stands in a line at last; `None`: nothing.
fn shown(line: &str) -> Option<&str> {
    line.split('\r').rev().find(|part| !part.trim().is_empty())
}

/// The form of a line that a runtime writes behind the error, or around it.
enum Form {
    /// The line begins so, after its space.
    Begins(&'static str),
    /// The line stands in by some space, and then begins so.
    StandsInAndBegins(&'static str),
    /// The line has nothing but some of these characters.
    OnlyOf(&'static str),
}

/// What runtimes write behind an error, by whom.
const EPILOGUES: [(&str, Form); 15] = [
    ("Node, Java, .NET: a place in the code", Form::StandsInAndBegins("at ")),
    ("Java: places that were told already", Form::StandsInAndBegins("... ")),
    ("Node, Deno: the end of the error's properties", Form::OnlyOf("{}[](),;")),
    ("Node: where an event was emitted", Form::Begins("Emitted 'error' event")),
    ("Node: its version", Form::Begins("Node.js v")),
    ("Node, Python, Rust: marks below a place", Form::OnlyOf("^~|- ")),
    ("Ruby: a place in the code", Form::StandsInAndBegins("from ")),
    ("Ruby: how many places are left out", Form::StandsInAndBegins("... ")),
    ("Rust: how places are to be had", Form::Begins("note: run with `RUST_BACKTRACE")),
    ("Rust: that places are left out", Form::Begins("note: Some details are omitted")),
    ("Rust, anyhow: the head of the places", Form::Begins("stack backtrace:")),
    ("Go: how the command ended", Form::Begins("exit status ")),
    ("PHP: where it was thrown", Form::StandsInAndBegins("thrown in ")),
    ("PHP: the outermost place", Form::Begins("#")),
    ("C++, abort(): that a core was written", Form::Begins("Aborted (core dumped)")),
];

/// Whether a line is of those that a runtime writes behind an error.
fn is_epilogue(line: &str) -> bool {
    let text = line.trim();
    let stands_in = line.starts_with([' ', '\t']);
    EPILOGUES.iter().any(|(_, form)| match form {
        Form::Begins("#") => is_numbered_place(text),
        Form::Begins(head) => text.starts_with(head),
        Form::StandsInAndBegins(head) => stands_in && text.starts_with(head),
        Form::OnlyOf(letters) => text.chars().all(|one| letters.contains(one)),
    }) || stands_in && is_place_of_rust(text)
}

/// `#0 {main}`, `#1 /srv/client.php(3): connect()`.
fn is_numbered_place(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('#') else { return false };
    let behind = rest.trim_start_matches(|one: char| one.is_ascii_digit());
    behind.len() < rest.len() && behind.starts_with(' ')
}

/// `4: client::main`.
fn is_place_of_rust(text: &str) -> bool {
    let behind = text.trim_start_matches(|one: char| one.is_ascii_digit());
    behind.len() < text.len() && behind.starts_with(": ")
}

/// Go writes the error, and below it what every goroutine was doing: all from the first of them on is passed over.
fn before_go_routines<'a>(from_end: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lines: Vec<&str> = from_end.collect();
    let is_head = |line: &&str| line.starts_with("goroutine ") && line.trim_end().ends_with("]:");
    let first = lines.iter().rposition(is_head)?;
    let above = lines[first + 1..].iter();
    above.copied().find(|line| !line.starts_with("[signal ") && !is_epilogue(line))
}

/// Node writes an error's properties in braces behind the places, a line each: the error stands above the places.
fn before_properties(text: &str) -> Option<&str> {
    let lines: Vec<&str> = text.split('\n').rev().filter_map(shown).take(TELLING_LINES_MAX).collect();
    let is_version = |line: &&str| line.starts_with("Node.js v");
    let close = lines.iter().position(|line| !is_version(line)).filter(|at| lines[*at].trim() == "}")?;
    let place =
        lines[close..].iter().position(|line| line.starts_with(' ') && line.trim_start().starts_with("at "))? + close;
    let opened = lines[place].trim_end().ends_with('{');
    let above = lines[place..].iter().copied().find(|line| !is_epilogue(line));
    above.filter(|_| opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_most_programs_it_is_the_last_line() {
        assert_eq!(telling_line("a\nb: no\n\n  \n"), "b: no");
        assert_eq!(telling_line("10 %\r 50 %\r"), "50 %");
        assert_eq!(telling_line("10 %\r 50 %\r\ncurl: (7) no\r\n"), "curl: (7) no");
        assert_eq!(telling_line(""), "");
        assert_eq!(telling_line("at last\nfrom nowhere\n"), "from nowhere");
    }

    #[test]
    fn python_says_it_in_the_last_line() {
        let said = "Traceback (most recent call last):\n  File \"/srv/client.py\", line 3, in <module>\n    \
                    s.connect((\"shop.test\", 80))\n    ~~~~~~~~~^^^^^^^\nConnectionRefusedError: [Errno 111] Connection refused\n";
        assert_eq!(telling_line(said), "ConnectionRefusedError: [Errno 111] Connection refused");
    }

    #[test]
    fn node_says_it_above_the_places() {
        let said = "node:events:497\n      throw er; // Unhandled 'error' event\n      ^\n\n\
                    Error: connect ECONNREFUSED 10.2.0.2:80\n    at TCPConnectWrap.afterConnect [as oncomplete] \
                    (node:net:1607:16)\nEmitted 'error' event on Socket instance at:\n    at emitErrorNT \
                    (node:internal/streams/destroy:170:8)\n    at process.processTicksAndRejections \
                    (node:internal/process/task_queues:90:21) {\n  errno: -111,\n  code: 'ECONNREFUSED',\n  \
                    syscall: 'connect',\n  address: '10.2.0.2',\n  port: 80\n}\n\nNode.js v22.12.0\n";
        assert_eq!(telling_line(said), "Error: connect ECONNREFUSED 10.2.0.2:80");
        let plain = "/srv/client.js:1\nthrow new Error(\"no answer\");\n^\n\nError: no answer\n    at Object.<anonymous> \
                     (/srv/client.js:1:7)\n    at node:internal/main/run_main_module:36:49\n\nNode.js v22.12.0\n";
        assert_eq!(telling_line(plain), "Error: no answer");
        let fetched = "node:internal/deps/undici/undici:13178\n      Error.captureStackTrace(err);\n            ^\n\n\
                       TypeError: fetch failed\n    at node:internal/deps/undici/undici:13178:13\n    at async \
                       /srv/client.mjs:1:7 {\n  [cause]: Error: connect ECONNREFUSED 10.2.0.2:80\n      at \
                       TCPConnectWrap.afterConnect (node:net:1607:16) {\n    errno: -111,\n    port: 80\n  }\n}\n\n\
                       Node.js v22.12.0\n";
        assert_eq!(telling_line(fetched), "[cause]: Error: connect ECONNREFUSED 10.2.0.2:80");
    }

    #[test]
    fn java_says_the_cause_last() {
        let said = "Exception in thread \"main\" java.net.ConnectException: Connection refused\n\tat \
                    java.base/sun.nio.ch.Net.connect0(Native Method)\n\tat Client.main(Client.java:5)\n";
        assert_eq!(telling_line(said), "Exception in thread \"main\" java.net.ConnectException: Connection refused");
        let caused = "Exception in thread \"main\" java.lang.RuntimeException: no shop\n\tat Client.main(Client.java:9)\n\
                      Caused by: java.net.NoRouteToHostException: No route to host\n\tat \
                      java.base/sun.nio.ch.Net.connect0(Native Method)\n\t... 1 more\n";
        assert_eq!(telling_line(caused), "Caused by: java.net.NoRouteToHostException: No route to host");
    }

    #[test]
    fn go_says_it_above_the_first_goroutine() {
        let said = "panic: dial tcp 10.2.0.2:80: connect: connection refused\n\ngoroutine 1 [running]:\nmain.main()\n\t\
                    /srv/client.go:11 +0x9c\n\ngoroutine 7 [IO wait]:\nnet.(*Resolver).lookup(0x1)\n\t/usr/lib/go/net.go:3\nexit \
                    status 2\n";
        assert_eq!(telling_line(said), "panic: dial tcp 10.2.0.2:80: connect: connection refused");
        let signal = "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation \
                      violation code=0x1 addr=0x0 pc=0x48]\n\ngoroutine 1 [running]:\nmain.main()\n";
        assert_eq!(telling_line(signal), "panic: runtime error: invalid memory address or nil pointer dereference");
    }

    #[test]
    fn rust_and_ruby_say_it_above_their_places() {
        let short = "thread 'main' panicked at src/main.rs:2:43:\nConnection refused (os error 111)\nnote: run with \
                     `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        assert_eq!(telling_line(short), "Connection refused (os error 111)");
        let long = "thread 'main' panicked at src/main.rs:2:43:\nConnection refused (os error 111)\nstack backtrace:\n   0: \
                    rust_begin_unwind\n             at /rustc/library/std/src/panicking.rs:692:5\n   1: client::main\n             \
                    at ./src/main.rs:2:43\nnote: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n";
        assert_eq!(telling_line(long), "Connection refused (os error 111)");
        let ruby = "client.rb:2:in `initialize': Connection refused - connect(2) for \"shop.test\" port 80 \
                    (Errno::ECONNREFUSED)\n\tfrom client.rb:2:in `new'\n\tfrom client.rb:2:in `<main>'\n";
        assert!(telling_line(ruby).ends_with("port 80 (Errno::ECONNREFUSED)"), "{}", telling_line(ruby));
    }

    #[test]
    fn where_all_is_epilogue_the_last_line_is_told_and_length_is_no_matter() {
        assert_eq!(telling_line("    at a\n}\n"), "}");
        assert_eq!(telling_line(&"    at a\n".repeat(100_000)), "at a");
        assert_eq!(telling_line(&"{".repeat(1_000_000)).len(), 1_000_000);
    }
}
