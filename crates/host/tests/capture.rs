//! Capture files as tcpdump and tshark read them.

#[path = "common/skip.rs"]
mod skip;
#[path = "common/tools.rs"]
mod tools;

use std::process::Command;
use std::time::Duration;

use synsent_host::Capture;
use synsent_host::pcapng::{Direction, LinkType};
use synsent_wire::checksum;
use tools::has_tool;

#[test]
fn tcpdump_and_tshark_read_a_capture() {
    let path = std::env::temp_dir().join(format!("synsent-capture-{}.pcapng", std::process::id()));
    let capture = Capture::create(&path).expect("a file");
    let ip = capture.add_interface("t0", LinkType::RawIp).expect("an interface");
    let at = Duration::new(1_700_000_000, 123_456_789);
    capture.write_packet(ip, at, Direction::Outbound, &udp_packet(), "SynSent → Established");
    capture.write_packet(ip, at + Duration::from_nanos(1), Direction::Inbound, &udp_packet(), "");
    capture.flush();
    assert!(capture.error().is_none());
    if has_tool("tcpdump") {
        let text = output(Command::new("tcpdump").args(["--nano", "-tt", "-n", "-r"]).arg(&path));
        assert!(text.contains("1700000000.123456789") && text.contains("1700000000.123456790"), "{text}");
        assert!(text.contains("10.9.0.2.9 > 10.9.0.1.7: UDP, length 4"), "{text}");
    }
    if has_tool("tshark") {
        let fields = ["frame.interface_name", "frame.packet_flags_direction", "frame.comment", "udp.length"];
        let mut command = Command::new("tshark");
        command.arg("-n").arg("-r").arg(&path).args(["-T", "fields", "-E", "separator=|"]);
        for field in fields {
            command.args(["-e", field]);
        }
        let text = output(&mut command);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, ["t0|0x00000002|SynSent → Established|12", "t0|0x00000001||12"]);
    }
    std::fs::remove_file(&path).expect("the file");
}

fn output(command: &mut Command) -> String {
    // Their settings are those of nobody, whoever runs this.
    let nobody = std::env::temp_dir();
    let output = command.env("HOME", &nobody).env("XDG_CONFIG_HOME", &nobody).output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Four octets from port 9 to port 7, with the checksums left out.
fn udp_packet() -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0];
    packet.extend_from_slice(&[10, 9, 0, 2]);
    packet.extend_from_slice(&[10, 9, 0, 1]);
    packet.extend_from_slice(&[0, 9, 0, 7, 0, 12, 0, 0, 1, 2, 3, 4]);
    let sum = checksum::sum(&packet[..20]).finish();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}
