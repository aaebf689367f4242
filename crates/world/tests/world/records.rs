//! What a record says, and what is made of it.

use std::process::Command;

use libtest_mimic::Failed;
use synsent_explain::{End, Fate, Observation, Run, Said};
use synsent_lab::Exit;
use synsent_world::{dialects, expect};

use crate::skip::skip;
use crate::support::{Asked, one, program, python, runs};

const REFUSED: &str = "
import socket, sys
try:
    socket.create_connection(('10.2.0.2', 80))
except OSError as e:
    print('failed', e.errno, 'after 17 ms', file=sys.stderr); sys.exit(5)";

/// One time line: the call begins, the SYN leaves, the RST comes, the call ends.
pub(crate) fn refused() -> Result<(), Failed> {
    let run = python(&Asked::case("refused"), REFUSED)?;
    let call = run.calls.iter().find(|call| call.name == "connect").ok_or("no connect")?;
    assert_eq!(call.said, Said::Error { number: 111, name: "ECONNREFUSED".to_owned() });
    assert_eq!(call.peer, Some("10.2.0.2:80".parse()?));
    let lines: Vec<(&str, bool, Fate)> =
        run.packets.iter().map(|packet| (packet.line.as_str(), packet.outward, packet.fate)).collect();
    let carried = Fate::Carried;
    let expected =
        [("us", true, carried), ("target", true, carried), ("target", false, carried), ("us", false, carried)];
    assert_eq!(lines, expected);
    let ended = call.ended_us.ok_or("connect did not end")?;
    let times: Vec<i64> = [call.began_us].into_iter().chain(run.packets.iter().map(|packet| packet.at_us)).collect();
    assert!(times.is_sorted() && times[0] > 0 && times[4] <= ended, "{times:?} {ended}");
    // The line to the host takes five milliseconds each way.
    assert!(ended - call.began_us >= 10_000);
    assert_eq!((run.end.clone(), run.observation), (End::Exited(5), Observation::Full));
    assert!(run.took_us >= ended.unsigned_abs());
    assert_eq!(run.own_addresses.len(), 2);
    assert!(run.hosts.iter().any(|host| host.name == "target" && host.addresses.contains(&[10, 2, 0, 2].into())));
    assert!(run.verdicts.iter().any(|verdict| verdict.words.contains("refuses")), "{:?}", run.verdicts);
    Ok(())
}

/// The clauses are those of `contract/`.
pub(crate) fn dialects() -> Result<(), Failed> {
    let run = python(&Asked::case("refused"), REFUSED)?;
    let said: Vec<(String, Option<i64>, String)> =
        dialects::ask(&run).into_iter().map(|one| (one.name, one.number, one.clause)).collect();
    let row = |name: &str, number, clause: &str| (name.to_owned(), Some(number), clause.to_owned());
    let expected = [
        row("WSAECONNREFUSED", 10_061, "winsock1.error.connrefused"),
        row("WSAECONNREFUSED", 10_061, "winsock2.error.connrefused"),
        row("ECONNREFUSED", 111, "targettcp.error.connrefused"),
        row("ECONNREFUSED", 111, "bs2000.error.connrefused"),
    ];
    assert_eq!(said, expected);
    let silent = python(&Asked::case("silent"), REFUSED)?;
    for one in dialects::ask(&silent) {
        assert!(one.name.ends_with("ETIMEDOUT") && one.took_ms >= Some(20_000), "{one:?}");
    }
    // Windows Sockets 1.1 knows IPv4 alone (`winsock1.toml`), and each of the others names the peer that it was asked about.
    let script = "import socket; socket.socket(socket.AF_INET6).connect(('fd00:2::2', 80))";
    let run = python(&Asked::case("refused"), script)?;
    let inet6 = dialects::ask(&run);
    assert_eq!((inet6[0].dialect.as_str(), inet6[0].name.as_str()), ("winsock1", "not asked"));
    assert!(inet6[1..].iter().all(|one| one.sentence.starts_with("[fd00:2::2]:80: ")), "{inet6:?}");
    let nothing = one(&Asked::case("refused"), &["/bin/true"]).map_err(|refusal| refusal.to_string())?;
    assert_eq!(dialects::ask(&nothing), []);
    Ok(())
}

pub(crate) fn expectations() -> Result<(), Failed> {
    let refused = python(&Asked::case("refused"), REFUSED)?;
    let expected = expect::from_run(&refused);
    assert_eq!(expected.exit, [Exit::Code(5)]);
    assert_eq!(expected.connect, ["ECONNREFUSED"]);
    assert_eq!(expected.within, None);
    // The same again, whatever the times are.
    let again = python(&Asked::case("refused"), &REFUSED.replace("17 ms", "4711 ms"))?;
    assert_eq!(expect::judge(&expected, &again), []);
    let other = python(&Asked::case("silent"), &REFUSED.replace("sys.exit(5)", "sys.exit(6)"))?;
    let unmet: Vec<String> = expect::judge(&expected, &other).iter().map(ToString::to_string).collect();
    assert_eq!(unmet, ["exit: expected 5, found 6", "connect: expected ECONNREFUSED, found ETIMEDOUT"]);

    // One that waits until its time is over is expected to do so, and its end is a change, either way.
    let waits = Run { end: End::TimeLimit(2_000_000), ..(*refused).clone() };
    let waiting = expect::from_run(&waits);
    assert_eq!((&waiting.exit[..], expect::judge(&waiting, &waits)), (&[Exit::TimeLimit][..], Vec::new()));
    let told = |expect, run| expect::judge(expect, run).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told(&waiting, &refused), ["exit: expected time-limit, found 5"]);
    assert_eq!(told(&expected, &waits), ["exit: expected 5, found no end within 2.000 s"]);

    // A word that comes no more is a change too.
    let mut both = refused.clone();
    let mut second = both.calls.iter().find(|call| call.name == "connect").ok_or("no connect")?.clone();
    (second.socket, second.said) = (second.socket.map(|socket| socket + 1), Said::Value(0));
    both.calls.push(second);
    let all = expect::from_run(&both);
    assert_eq!(
        (&all.connect_all[..], expect::judge(&all, &both)),
        (&["ECONNREFUSED".to_owned(), "connected".to_owned()][..], Vec::new())
    );
    assert_eq!(told(&all, &refused), ["connect-all: expected ECONNREFUSED and connected, found ECONNREFUSED"]);
    Ok(())
}

/// What tshark reads is what was recorded.
pub(crate) fn capture() -> Result<(), Failed> {
    if !program("tshark") {
        return if skip("tshark") { Ok(()) } else { Err("tshark is missing".into()) };
    }
    let (rows, directories) = runs(&[Asked::case("refused")], &["python3", "-c", REFUSED]);
    let run = rows.into_iter().next().ok_or("no row")?.map_err(|refusal| refusal.to_string())?;
    let file = directories[0].0.join(synsent_world::runs::CAPTURE);
    let fields = ["-T", "fields", "-e", "frame.interface_name", "-e", "tcp.flags.str", "-e", "frame.comment"];
    let read = Command::new("tshark").arg("-r").arg(&file).args(fields).output()?;
    let text = String::from_utf8_lossy(&read.stdout);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), run.packets.len(), "{text}{}", String::from_utf8_lossy(&read.stderr));
    let lines: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(lines, ["us", "target", "target", "us"]);
    assert!(rows[0][1].contains('S') && rows[3][1].contains('R'), "{text}");
    assert!(rows.iter().all(|row| !row[2].is_empty()), "{text}");
    Ok(())
}

pub(crate) fn unwatched() -> Result<(), Failed> {
    let run = python(&Asked { observe: false, ..Asked::case("refused") }, REFUSED)?;
    assert!(matches!(run.observation, Observation::Not(_)) && run.calls.is_empty());
    assert_eq!((run.end.clone(), run.packets.len()), (End::Exited(5), 4));
    Ok(())
}

/// SYNs are repeated twice, and where time is to be real as often as outside.
pub(crate) fn ladders() -> Result<(), Failed> {
    let ladder = |real_time| {
        let run = one(&Asked { real_time, ..Asked::case("refused") }, &["/bin/true"]);
        run.map(|run| run.ladder).map_err(|refusal| refusal.to_string())
    };
    let (short, real) = (ladder(false)?, ladder(true)?);
    assert!(short.is_shortened() && short.retries() == 2, "{short:?}");
    assert!(!real.is_shortened(), "{real:?}");
    let outside = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_syn_retries")?;
    assert_eq!(real.syn_retries.to_string(), outside.trim());
    assert_eq!((short.default_syn_retries, short.default_linear_timeouts), (real.syn_retries, real.linear_timeouts));
    Ok(())
}
