//! Programs that people use as peers: python3's http.server and curl.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::{env, fs, thread};

use libtest_mimic::Trial;
use synsent_stack::{FlowId, ReceiveError};

use crate::net::{Net, Plan, over};
use crate::tools::has_tool;
use crate::world::trial;

const BODY_OCTETS: usize = 1_000_000;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for plan in [Plan::TUN, Plan { v6: true, ..Plan::TUN }] {
        trials.push(trial(format!("python_serves_us_{plan}"), move || python_serves_us(plan)));
        trials.push(trial(format!("we_serve_curl_{plan}"), move || we_serve_curl(plan)));
    }
    trials
}

fn body() -> Vec<u8> {
    (0..BODY_OCTETS).map(|at| (at * 31 / 7) as u8).collect()
}

/// A program that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended by itself cannot be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python_serves_us(plan: Plan) {
    if !has_tool("python3") {
        return;
    }
    let mut net = Net::open(plan);
    let folder = env::temp_dir().join(format!("synsent-http-{}-{plan}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("file"), body()).expect("a file");
    let child = Command::new("python3")
        .args(["-u", "-m", "http.server", "0", "--bind", &plan.kernel().to_string()])
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut server = Running(child.expect("python3 starts"));
    let output = server.0.stdout.take().expect("its output");
    // "Serving HTTP on 10.9.0.1 port 40123 (http://…) ..."
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("the line that tells the port");
    let port = line.split(" port ").nth(1).and_then(|rest| rest.split(' ').next()).and_then(|port| port.parse().ok());
    let flow = net.connected(SocketAddr::new(plan.kernel(), port.expect("a port")));
    send(&mut net, flow, b"GET /file HTTP/1.0\r\n\r\n");
    let answer = receive_all(&mut net, flow);
    let at = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("the end of the header");
    assert!(answer.starts_with(b"HTTP/1.0 200 OK\r\n"));
    assert!(answer[at + 4..] == body(), "the file arrived changed");
    fs::remove_dir_all(&folder).expect("the folder");
}

fn we_serve_curl(plan: Plan) {
    if !has_tool("curl") {
        return;
    }
    let mut net = Net::open(plan);
    let listener = net.listen(8_080);
    let url = format!("http://{}/", SocketAddr::new(plan.ours(), 8_080));
    let curl = thread::spawn(move || {
        Command::new("curl").args(["-sS", "--noproxy", "*", "--max-time", "30", &url]).output().expect("curl starts")
    });
    let flow = net.accept(listener);
    let mut request = Vec::new();
    net.run("the request", |stack, now| {
        let mut chunk = [0; 1_024];
        if let Ok(len) = stack.tcp_receive(now, flow, &mut chunk) {
            request.extend_from_slice(&chunk[..len]);
        }
        request.ends_with(b"\r\n\r\n").then_some(())
    });
    assert!(request.starts_with(b"GET / HTTP/1.1\r\n"));
    let header = format!("HTTP/1.1 200 OK\r\nContent-Length: {BODY_OCTETS}\r\nConnection: close\r\n\r\n");
    send(&mut net, flow, &[header.as_bytes(), &body()].concat());
    let now = net.driver.now();
    net.driver.stack().tcp_shutdown_send(now, flow).expect("an open connection");
    let status = net.run("the end", |stack, _| over(stack, flow));
    assert!(status.failure.is_none());
    net.run("curl's end", |_, _| curl.is_finished().then_some(()));
    let output = curl.join().expect("curl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout == body(), "curl got something else");
}

fn send(net: &mut Net, flow: FlowId, data: &[u8]) {
    let mut sent = 0;
    net.run("room", |stack, now| {
        while sent < data.len() {
            sent += stack.tcp_send(now, flow, &data[sent..]).ok()?;
        }
        Some(())
    });
}

fn receive_all(net: &mut Net, flow: FlowId) -> Vec<u8> {
    let mut received = Vec::new();
    net.run("the peer's data and FIN", |stack, now| {
        let mut chunk = [0; 65_536];
        loop {
            match stack.tcp_receive(now, flow, &mut chunk) {
                Ok(0) => return Some(()),
                Ok(len) => received.extend_from_slice(&chunk[..len]),
                Err(ReceiveError::WouldBlock) => return None,
                Err(error) => panic!("{error}"),
            }
        }
    });
    received
}
