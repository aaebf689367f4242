//! Ten thousand connections, one small question and answer each, opened from either side.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use libtest_mimic::Trial;
use synsent_stack::{FlowId, Instant, OpenOptions, ReceiveError, Stack};

use crate::net::{Net, PATIENCE, Plan};
use crate::world::trial;

const CONNECTIONS: usize = 10_000;
const AT_ONCE: usize = 64;
const QUESTION: &[u8] = b"who are you?";
const ANSWER: &[u8] = b"the other end";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("ten_thousand_short_connections_active", || active(Plan::TUN)),
        trial("ten_thousand_short_connections_passive", || passive(Plan::TUN)),
        trial("ten_thousand_short_connections_active_v6", || active(Plan { v6: true, ..Plan::TUN })),
    ]
}

fn active(plan: Plan) {
    let mut net = Net::open(plan);
    let listener = TcpListener::bind((plan.kernel(), 0)).expect("a listener of the kernel");
    let remote = listener.local_addr().expect("its address");
    let kernel = thread::spawn(move || {
        for _ in 0..CONNECTIONS {
            answer_one(listener.accept().expect("our connection").0);
        }
    });
    let mut asking: Vec<Asking> = Vec::new();
    let (mut opened, mut answered) = (0, 0);
    net.run("all answers", |stack, now| {
        while opened < CONNECTIONS && asking.len() < AT_ONCE {
            asking.push(Asking::begin(stack, now, remote));
            opened += 1;
        }
        let before = asking.len();
        asking.retain_mut(|one| !one.step(stack, now));
        answered += before - asking.len();
        (answered == CONNECTIONS).then_some(())
    });
    kernel.join().expect("the kernel's end");
}

fn passive(plan: Plan) {
    let mut net = Net::open(plan);
    let listener = net.listen(7_000);
    let remote = SocketAddr::new(plan.ours(), 7_000);
    let kernel = thread::spawn(move || {
        for _ in 0..CONNECTIONS {
            ask_one(TcpStream::connect(remote).expect("our listener"));
        }
    });
    let mut answering: Vec<Answering> = Vec::new();
    let mut answered = 0;
    net.run("all questions", |stack, now| {
        while let Some(flow) = stack.tcp_accept(now, listener) {
            answering.push(Answering { flow, question: Vec::new() });
        }
        let before = answering.len();
        answering.retain_mut(|one| !one.step(stack, now));
        answered += before - answering.len();
        (answered == CONNECTIONS).then_some(())
    });
    // The last closing is still under way.
    net.run("the kernel's end", |_, _| kernel.is_finished().then_some(()));
    kernel.join().expect("the kernel's end");
}

/// One of our connections that asks.
struct Asking {
    flow: FlowId,
    answer: Vec<u8>,
}

impl Asking {
    /// What is sent before the connection stands is kept until then.
    fn begin(stack: &mut Stack, now: Instant, remote: SocketAddr) -> Asking {
        let flow = stack.tcp_connect(now, OpenOptions::to(remote)).expect("an open that begins");
        assert_eq!(stack.tcp_send(now, flow, QUESTION).expect("room"), QUESTION.len());
        stack.tcp_shutdown_send(now, flow).expect("an opening connection");
        Asking { flow, answer: Vec::new() }
    }

    /// True when the answer is complete and the connection is given back.
    fn step(&mut self, stack: &mut Stack, now: Instant) -> bool {
        if !receive(stack, now, self.flow, &mut self.answer) {
            return false;
        }
        assert_eq!(self.answer, ANSWER);
        stack.tcp_close(now, self.flow);
        true
    }
}

/// One of our connections that answers.
struct Answering {
    flow: FlowId,
    question: Vec<u8>,
}

impl Answering {
    fn step(&mut self, stack: &mut Stack, now: Instant) -> bool {
        if !receive(stack, now, self.flow, &mut self.question) {
            return false;
        }
        assert_eq!(self.question, QUESTION);
        assert_eq!(stack.tcp_send(now, self.flow, ANSWER).expect("room"), ANSWER.len());
        stack.tcp_close(now, self.flow);
        true
    }
}

/// Collects what arrived; true at the peer's FIN.
fn receive(stack: &mut Stack, now: Instant, flow: FlowId, into: &mut Vec<u8>) -> bool {
    let mut chunk = [0; 64];
    loop {
        match stack.tcp_receive(now, flow, &mut chunk) {
            Ok(0) => return true,
            Ok(len) => into.extend_from_slice(&chunk[..len]),
            Err(ReceiveError::WouldBlock) => return false,
            Err(error) => panic!("{error}: {:?}", stack.tcp_status(flow).and_then(|status| status.failure)),
        }
    }
}

fn answer_one(mut stream: TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut question = Vec::new();
    stream.read_to_end(&mut question).expect("the question");
    assert_eq!(question, QUESTION);
    stream.write_all(ANSWER).expect("room");
}

fn ask_one(mut stream: TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(QUESTION).expect("room");
    stream.shutdown(Shutdown::Write).expect("an open connection");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer");
    assert_eq!(answer, ANSWER);
}
