//! What the checksum costs: the sum alone, the sum in a copy, against a plain copy and against smoltcp's sum.
//!
//! The lengths are a header, a full segment of an Ethernet link, and the largest segment before it is split.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use synsent_wire::checksum;

const LENGTHS_OCTETS: [usize; 4] = [20, 32, 1460, 65_160];

fn sums(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("checksum");
    for len in LENGTHS_OCTETS {
        let source: Vec<u8> = (0..len).map(|at| (at * 31 + 7) as u8).collect();
        let mut copy = vec![0; len];
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new("sum", len), |bencher| {
            bencher.iter(|| checksum::sum(black_box(&source)).finish());
        });
        group.bench_function(BenchmarkId::new("copy_and_sum", len), |bencher| {
            bencher.iter(|| checksum::copy_and_sum(black_box(&mut copy), black_box(&source)).finish());
        });
        group.bench_function(BenchmarkId::new("memcpy", len), |bencher| {
            bencher.iter(|| black_box(&mut copy).copy_from_slice(black_box(&source)));
        });
        group.bench_function(BenchmarkId::new("smoltcp", len), |bencher| {
            bencher.iter(|| smoltcp_sum(black_box(&source)));
        });
    }
    group.finish();
}

/// smoltcp's sum is private; verifying an ICMPv4 packet is that sum and one comparison.
fn smoltcp_sum(bytes: &[u8]) -> bool {
    smoltcp::wire::Icmpv4Packet::new_unchecked(bytes).verify_checksum()
}

fn headers(criterion: &mut Criterion) {
    use synsent_wire::{SeqNumber, tcp};
    let [source, destination] = [1, 2].map(|last| core::net::IpAddr::from([10, 0, 0, last]));
    let timestamps = Some(tcp::Timestamps { value: 1, echo: 2 });
    let repr = tcp::Repr {
        source_port: 1,
        destination_port: 2,
        seq: SeqNumber(3),
        ack: SeqNumber(4),
        flags: tcp::Flags::ACK,
        window: 5,
        urgent_pointer: 0,
        options: tcp::Options { timestamps, ..tcp::Options::default() },
    };
    let mut bytes = [0; 32];
    let mut group = criterion.benchmark_group("tcp_header");
    group.bench_function("emit", |bencher| {
        bencher.iter(|| black_box(&repr).emit(source, destination, checksum::Sum::new(), 0, black_box(&mut bytes)));
    });
    group.bench_function("parse", |bencher| {
        bencher.iter(|| tcp::View::parse(black_box(&bytes)).and_then(|view| tcp::Repr::parse(&view)));
    });
    group.finish();
}

criterion_group!(benches, sums, headers);
criterion_main!(benches);
