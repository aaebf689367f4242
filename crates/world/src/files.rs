//! The files of a run: the record, the packets with a comment on each, and the end of what the program wrote.

use std::io;
use std::path::Path;
use std::time::Duration;

use synsent_explain::{Packet, Run, comments};
use synsent_host::pcapng::{Direction, InterfaceId, LinkType, Writer};

use crate::attend::Attended;
use crate::plan::Streams;
use crate::runs::{self, CAPTURE, RECORD, RunsError, STDERR, STDOUT};
use crate::traffic::Traffic;

/// Writes them all, the record last: a run is over when its record is there.
pub(crate) fn write(
    directory: &Path,
    run: &Run,
    traffic: &Traffic,
    attended: &Attended,
    streams: Streams,
) -> Result<(), RunsError> {
    let failed = |file: &str| {
        let path = directory.join(file);
        move |source| RunsError::File { path, source }
    };
    let capture = capture(run, traffic).map_err(failed(CAPTURE))?;
    runs::write(directory, CAPTURE, &capture)?;
    if streams == Streams::Kept {
        runs::write(directory, STDOUT, &attended.stdout)?;
        runs::write(directory, STDERR, &attended.stderr)?;
    }
    let record = serde_json::to_vec(run).map_err(|error| failed(RECORD)(error.into()))?;
    runs::write(directory, RECORD, &record)
}

/// The packets as a capture file: an interface for each line.
fn capture(run: &Run, traffic: &Traffic) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new(), "synsent")?;
    let mut interfaces: Vec<(&str, InterfaceId)> = Vec::new();
    for packet in &run.packets {
        if !interfaces.iter().any(|(line, _)| *line == packet.line) {
            interfaces.push((&packet.line, writer.add_interface(&packet.line, LinkType::RawIp)?));
        }
    }
    for ((packet, record), comment) in run.packets.iter().zip(traffic.records()).zip(&comments(run)) {
        let Some((_, interface)) = interfaces.iter().find(|(line, _)| *line == packet.line) else { continue };
        let direction = if packet.outward { Direction::Outbound } else { Direction::Inbound };
        writer.write_packet(*interface, since_epoch(run, packet), direction, &record.bytes, comment)?;
    }
    Ok(writer.into_inner())
}

fn since_epoch(run: &Run, packet: &Packet) -> Duration {
    let began = Duration::from_nanos(run.began_unix_nanos);
    let away = Duration::from_micros(packet.at_us.unsigned_abs());
    if packet.at_us < 0 { began.saturating_sub(away) } else { began.saturating_add(away) }
}
