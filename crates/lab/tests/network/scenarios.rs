//! Labs from files: what a file says is what a program meets, and what cannot be is told with its place.

use std::net::{IpAddr, SocketAddr};

use synsent_lab::{
    Rng, SCENARIO_ADDRESSES_MAX, SCENARIO_BACKLOG_MAX, SCENARIO_HOSTS_MAX, SCENARIO_OCTETS_MAX, SCENARIO_PORTS_MAX,
    SCENARIO_ROUTES_MAX, Scenario, Staged,
};
use synsent_stack::{
    Cause, Duration, FlowId, IcmpCause, Instant, NoPath, OpenError, OpenOptions, SoftErrors, State, TcpOptions,
};

const EXAMPLES: [&str; 3] = [
    include_str!("../../../../scenarios/web.toml"),
    include_str!("../../../../scenarios/unreachable.toml"),
    include_str!("../../../../scenarios/no-route.toml"),
];

/// How many damaged files are read.
const DAMAGED: usize = 600;

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A lab with one host, `h` at 10.2.0.2, whose table goes on with this.
fn one_host(rest: &str) -> Staged {
    scenario(&format!("[[host]]\nname = \"h\"\naddresses = [\"10.2.0.2\", \"fd00:2::2\"]\n{rest}")).stage()
}

fn port(does: &str) -> Staged {
    one_host(&format!("port = [{{ number = 80, {does} }}]"))
}

/// Connects to the host and waits for what comes of it; how long that took stands beside it.
fn connect(staged: &mut Staged, to: &str) -> (Result<FlowId, Cause>, Duration) {
    let (us, began) = (staged.us, staged.lab.now());
    let remote: SocketAddr = to.parse().unwrap();
    let tcp = TcpOptions { soft_errors: SoftErrors::AbortOnAny, ..staged.lab.stack(us).tcp_default_options() };
    let options = OpenOptions { tcp: Some(tcp), ..OpenOptions::to(remote) };
    let flow = staged.lab.call(us, |stack, now| stack.tcp_connect(now, options)).expect("a way");
    let deadline = Instant::ZERO + Duration::from_secs(600);
    let over = |state| !matches!(state, State::SynSent | State::SynReceived);
    staged.lab.run_until(deadline, |lab| lab.stack(us).tcp_status(flow).is_none_or(|status| over(status.state)));
    let status = staged.lab.stack(us).tcp_status(flow).expect("a connection that is kept until it is looked at");
    let took = staged.lab.now().since(began);
    (status.failure.map_or(Ok(flow), |failure| Err(failure.cause)), took)
}

fn cause(staged: &mut Staged) -> Cause {
    connect(staged, "10.2.0.2:80").0.expect_err("a failure")
}

#[test]
fn a_port_answers_and_sends_back_what_it_receives() {
    for to in ["10.2.0.2:80", "[fd00:2::2]:80"] {
        let mut staged = port("does = \"answers\"");
        let flow = connect(&mut staged, to).0.expect("a connection");
        let us = staged.us;
        staged.lab.call(us, |stack, now| stack.tcp_send(now, flow, b"hello")).unwrap();
        let deadline = staged.lab.now() + Duration::from_secs(5);
        let mut heard = [0; 16];
        let mut count = 0;
        staged.lab.run_until(deadline, |lab| {
            count = lab.call(us, |stack, now| stack.tcp_receive(now, flow, &mut heard)).unwrap_or(0);
            count > 0
        });
        assert_eq!(&heard[..count], b"hello");
    }
}

#[test]
fn every_way_to_fail_is_what_the_program_meets() {
    let host: IpAddr = "10.2.0.2".parse().unwrap();
    let router: IpAddr = "10.1.0.1".parse().unwrap();
    assert_eq!(cause(&mut port("does = \"refuses\"")), Cause::Refused { by: host });
    assert_eq!(cause(&mut one_host("")), Cause::Refused { by: host });
    for silent in ["does = \"silent\"", "does = \"withholds\"", "does = \"backlog-full\", backlog = 2"] {
        assert_eq!(cause(&mut port(silent)), Cause::TimedOut { soft: None }, "{silent}");
    }
    assert_eq!(cause(&mut one_host("otherwise = \"silent\"")), Cause::TimedOut { soft: None });
    for (word, from, code) in [
        ("network-unreachable", router, 0),
        ("host-unreachable", router, 1),
        ("protocol-unreachable", host, 2),
        ("port-unreachable", host, 3),
        ("prohibited", router, 13),
    ] {
        let said = Cause::Icmp { from, cause: IcmpCause::V4Unreachable(code) };
        assert_eq!(cause(&mut port(&format!("does = \"{word}\""))), said, "{word}");
    }
    let exceeded = Cause::Icmp { from: router, cause: IcmpCause::TimeExceeded { code: 0 } };
    assert_eq!(cause(&mut port("does = \"time-exceeded\"")), exceeded);
}

#[test]
fn a_port_that_resets_does_so_after_the_connection_stands() {
    let mut staged = port("does = \"resets\"");
    let flow = connect(&mut staged, "10.2.0.2:80").0.expect("a connection");
    let (us, deadline) = (staged.us, staged.lab.now() + Duration::from_secs(5));
    let failed = |lab: &mut synsent_lab::Lab| lab.stack(us).tcp_status(flow).is_some_and(|one| one.failure.is_some());
    assert!(staged.lab.run_until(deadline, failed));
    let failure = staged.lab.stack(us).tcp_status(flow).unwrap().failure.unwrap();
    assert_eq!(failure.cause, Cause::Reset { by: "10.2.0.2".parse().unwrap() });
}

#[test]
fn an_answer_is_as_late_as_the_file_says() {
    let (connected, took) = connect(&mut port("does = \"answers-late\", after = \"4s\""), "10.2.0.2:80");
    assert!(connected.is_ok());
    assert!((4.0..8.0).contains(&took.as_secs_f64()), "{took:?}");
}

#[test]
fn an_unreachability_that_passes_lets_the_next_one_through() {
    let mut staged = port("does = \"host-unreachable\", first = 1");
    assert!(matches!(cause(&mut staged), Cause::Icmp { .. }));
    assert!(connect(&mut staged, "10.2.0.2:80").0.is_ok());
}

#[test]
fn a_line_has_its_delay_and_its_loss() {
    let line = "line = { delay = \"20ms\" }\nport = [{ number = 80, does = \"answers\" }]";
    let (connected, took) = connect(&mut one_host(line), "10.2.0.2:80");
    assert!(connected.is_ok());
    assert_eq!(took, Duration::from_millis(40));
    let line = "line = { loss = 1.0 }\nport = [{ number = 80, does = \"answers\" }]";
    assert_eq!(cause(&mut one_host(line)), Cause::TimedOut { soft: None });
}

#[test]
fn without_a_route_nothing_begins_and_what_the_router_does_not_know_it_says() {
    let mut staged = scenario("[us]\nroutes = [\"10.2.0.0/16\"]").stage();
    let us = staged.us;
    let mut begin = |to: &str| {
        let remote = to.parse().unwrap();
        staged.lab.call(us, |stack, now| stack.tcp_connect(now, OpenOptions::to(remote))).map(drop)
    };
    assert_eq!(begin("10.3.0.2:80"), Err(OpenError::NoPath(NoPath::NoRoute)));
    let unknown = connect(&mut staged, "10.2.9.9:80").0.expect_err("nobody is there");
    assert!(matches!(unknown, Cause::Icmp { cause: IcmpCause::V4Unreachable(0), .. }), "{unknown:?}");
}

#[test]
fn hosts_are_found_by_name_and_by_address() {
    let web = scenario(EXAMPLES[0]);
    assert_eq!(web.names().collect::<Vec<_>>(), ["www", "busy", "secret"]);
    let addresses =
        |name: &str| -> Option<Vec<String>> { Some(web.addresses_of(name)?.iter().map(ToString::to_string).collect()) };
    assert_eq!(addresses("www"), Some(vec!["10.2.0.2".to_owned(), "fd00:2::2".to_owned()]));
    assert_eq!(addresses("[fd00::9]"), Some(vec!["fd00::9".to_owned()]));
    assert_eq!(addresses("nobody"), None);
    assert_eq!(addresses("secret.test"), Some(vec!["10.4.0.2".to_owned()]));
    let pattern = "[[host]]\nname = \"a\"\nnames = [\"*.test\"]\naddresses = [\"10.2.0.2\"]\n\
                   [names]\nrecord = [{ name = \"b.test\", addresses = [\"10.9.0.9\"] }]";
    let found = |name| scenario(pattern).addresses_of(name);
    assert_eq!(found("any.test"), Some(vec!["10.2.0.2".parse().unwrap()]));
    assert_eq!(found("b.test"), Some(vec!["10.9.0.9".parse().unwrap()]));
    assert_eq!((found("any.other"), found("test")), (None, None));
}

#[test]
fn the_same_file_gives_the_same_octets() {
    let run = |text: &str| {
        let mut staged = scenario(text).stage();
        for port in [80, 81, 82] {
            connect(&mut staged, &format!("10.3.0.2:{port}")).0.ok();
        }
        staged.lab.capture().digest()
    };
    assert_eq!(run(EXAMPLES[0]), run(EXAMPLES[0]));
    let other = EXAMPLES[0].replace("seed = 1", "seed = 2");
    assert_ne!(run(EXAMPLES[0]), run(&other));
}

#[test]
fn a_mistake_is_told_with_its_place_and_with_what_is_allowed() {
    let host = "[[host]]\nname = \"h\"\n";
    let port = "[[host]]\nname = \"h\"\naddresses = [\"10.2.0.2\"]\nport = [{ ";
    for (text, place, words) in [
        (
            "seat = 1".to_owned(),
            "1:1",
            "unknown field `seat`, expected one of `seed`, `us`, `router`, `names`, `host`, `expect`, `case`; did you mean `seed`?",
        ),
        ("seed = \"a\"".to_owned(), "1:8", "expected u64"),
        ("host = [{ name = \"ü\", addresses = [\"x\"] }]".to_owned(), "1:36", "`x` is no address"),
        (format!("{host}addresses = [\"10.2.0\"]"), "3:14", "such as \"10.2.0.2\" or \"fd00:2::2\""),
        (format!("{host}addresses = []"), "3:13", "h has no address"),
        (format!("{host}addresses = [\"10.1.0.2\"]"), "3:14", "10.1.0.2 is taken already"),
        (format!("{host}addresses = [\"224.0.0.1\"]"), "3:14", "224.0.0.1 cannot be the address of a host"),
        (host.to_owned(), "1:1", "missing field `addresses`"),
        ("[[host]]\nname = \"a b\"\naddresses = [\"10.2.0.2\"]".to_owned(), "2:8", "cannot be the name of a host"),
        (format!("{port}number = 0, does = \"answers\" }}]"), "4:20", "0 is no port: 1 to 65535"),
        (format!("{port}number = 80, does = \"answer\" }}]"), "4:31", "did you mean `answers`?"),
        (
            format!("{port}number = 80, does = \"answers-late\" }}]"),
            "4:31",
            "answers-late needs a time: after = \"3s\", or a number of SYNs: unheard = 2",
        ),
        (
            format!("{port}number = 80, does = \"refuses\", after = \"3s\" }}]"),
            "4:50",
            "`after` means nothing to refuses",
        ),
        (
            format!("{port}number = 80, does = \"prohibited\", after = \"3s\" }}]"),
            "4:53",
            "`after` means nothing to prohibited; it takes `by`",
        ),
        (
            format!("{port}number = 80, does = \"answers-late\", after = \"3 weeks\" }}]"),
            "4:55",
            "`3 weeks` is no span of time up to a day: write one such as \"20ms\"",
        ),
        ("[us.line]\nloss = 2.0".to_owned(), "2:8", "2 is no probability: write one from 0.0 to 1.0"),
        ("[us.line]\nrate = \"fast\"".to_owned(), "2:8", "such as \"64kbit/s\" or \"10Mbit/s\""),
        ("[us.line]\nmtu = 1000".to_owned(), "2:7", "1000 is less than a line of IPv6 carries: 1280 to 65535"),
        ("[us]\naddresses = [\"10.1.0.2\"]".to_owned(), "2:14", "such as \"10.1.0.2/24\""),
    ] {
        let error = Scenario::parse(&text).expect_err(&text).to_string();
        assert!(error.starts_with(&format!("{place}: ")) && error.contains(words), "{error}\nfor {text}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let comment = "#".repeat(SCENARIO_OCTETS_MAX);
    assert!(Scenario::parse(&comment).is_ok());
    let error = Scenario::parse(&format!("{comment}#")).unwrap_err();
    assert!(error.what.contains("longer than 262144 octets"), "{error}");
}

#[test]
fn hosts_addresses_and_ports_are_bounded() {
    let hosts = |count: usize| -> String {
        let host =
            |n: usize| format!("[[host]]\nname = \"h{n}\"\naddresses = [\"10.2.{}.{}\"]\n", n / 200, 1 + n % 200);
        (0..count).map(host).collect()
    };
    let addresses = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("\"10.2.0.{}\"", n + 1)).collect();
        format!("[[host]]\nname = \"h\"\naddresses = [{}]", all.join(", "))
    };
    let ports = |count: usize, does: &str| {
        let port = |n: usize| format!("[[host.port]]\nnumber = {}\n{does}\n", n + 1);
        addresses(1) + "\n" + &(0..count).map(port).collect::<String>()
    };
    let backlog = |count: usize| ports(1, &format!("does = \"backlog-full\"\nbacklog = {count}"));
    let refuses = |count| ports(count, "does = \"refuses\"");
    let router = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("\"10.1.0.{}\"", n + 3)).collect();
        format!("[router]\naddresses = [{}]", all.join(", "))
    };
    let routes = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("\"10.3.{n}.0/24\"")).collect();
        format!("[us]\nroutes = [{}]", all.join(", "))
    };
    let fits = [
        router(SCENARIO_ADDRESSES_MAX),
        routes(SCENARIO_ROUTES_MAX),
        hosts(SCENARIO_HOSTS_MAX),
        addresses(SCENARIO_ADDRESSES_MAX),
        refuses(SCENARIO_PORTS_MAX),
        backlog(SCENARIO_BACKLOG_MAX),
    ];
    for text in fits {
        scenario(&text);
    }
    for (text, words) in [
        (hosts(SCENARIO_HOSTS_MAX + 1), "more than 64 hosts"),
        (addresses(SCENARIO_ADDRESSES_MAX + 1), "at most 16 addresses"),
        (router(SCENARIO_ADDRESSES_MAX + 1), "at most 16 addresses"),
        (routes(SCENARIO_ROUTES_MAX + 1), "more than 64 routes"),
        (refuses(SCENARIO_PORTS_MAX + 1), "more than 1024 rows for ports"),
        (backlog(SCENARIO_BACKLOG_MAX + 1), "129 is no backlog: 1 to 128"),
    ] {
        let error = Scenario::parse(&text).unwrap_err();
        assert!(error.what.contains(words), "{error}");
    }
}

/// Whatever stands in a file, it is read or refused.
#[test]
fn damaged_files_are_refused_and_do_no_harm() {
    let mut rng = Rng::new(7);
    for _ in 0..DAMAGED {
        let mut octets = EXAMPLES[rng.below(3) as usize].as_bytes().to_vec();
        for _ in 0..=rng.below(4) {
            let at = rng.below(octets.len() as u64) as usize;
            let until = (at + rng.below(12) as usize).min(octets.len());
            let other = rng.below(octets.len() as u64) as usize;
            let part: Vec<u8> = octets[other..(other + rng.below(12) as usize).min(octets.len())].to_vec();
            octets.splice(at..until, part);
        }
        if let Err(error) = Scenario::parse(&String::from_utf8_lossy(&octets)) {
            assert!(error.line > 0 && error.column > 0 && !error.what.is_empty());
        }
    }
    for deep in ["[", "{a=", "a."] {
        assert!(Scenario::parse(&format!("seed = {}", deep.repeat(20_000))).is_err());
    }
}
