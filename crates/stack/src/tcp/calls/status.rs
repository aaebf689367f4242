//! STATUS (RFC 9293 section 3.10.6), and the settings that may change while a connection lives.

use core::time::Duration;

use crate::config::TcpOptions;
use crate::event::FlowId;
use crate::reason::{Failure, SoftError, SynSchedule};
use crate::tcp::Tcp;
use crate::tcp::block::{Shape, Synchronized};
use crate::tcp::calls::open::NoSuchSocket;
use crate::tcp::calls::receive::urgent_left;
use crate::tcp::four_tuple::FourTuple;
use crate::tcp::state::State;
use crate::tcp::timeouts;
use crate::time::Instant;

/// What a connection says of itself. Units: octets, unless the name says otherwise.
#[derive(Clone, Debug)]
pub struct Status {
    /// The state; CLOSED once the connection is over, also while TIME-WAIT holds its four-tuple.
    pub state: State,
    /// Both ends.
    pub tuple: FourTuple,
    /// Received and not read.
    pub readable: usize,
    /// How much `tcp_send` would take now.
    pub send_room: usize,
    /// Sent, or queued, and not acknowledged.
    pub unacknowledged: usize,
    /// Octets of urgent data that are left to read (9293/MUST-33).
    pub urgent: Option<u32>,
    /// The peer's window.
    pub send_window: u32,
    /// The congestion window.
    pub congestion_window: u32,
    /// Text in a full segment.
    pub segment_octets: u32,
    /// The smoothed round-trip time.
    pub round_trip: Option<Duration>,
    /// The retransmission timeout now.
    pub retransmission_timeout: Option<Duration>,
    /// The traffic class of the last segment that arrived (9293/MAY-9).
    pub received_traffic_class: u8,
    /// Timeouts of one segment in a row.
    pub retries: u8,
    /// The SYNs of an opening that is under way.
    pub syns: SynSchedule,
    /// The last soft error (9293/SHLD-25).
    pub soft: Option<SoftError>,
    /// Why the connection failed, once it has.
    pub failure: Option<Failure>,
}

impl Tcp {
    /// STATUS.
    pub(crate) fn status(&self, id: FlowId) -> Option<Status> {
        let flow = self.flow(id)?;
        let mut status = Status {
            state: flow.state(),
            tuple: flow.head.tuple,
            readable: 0,
            send_room: 0,
            unacknowledged: 0,
            urgent: None,
            send_window: 0,
            congestion_window: 0,
            segment_octets: 0,
            round_trip: None,
            retransmission_timeout: None,
            received_traffic_class: 0,
            retries: 0,
            syns: SynSchedule::default(),
            soft: flow.head.soft.as_deref().copied(),
            failure: flow.head.failure.as_deref().copied(),
        };
        match flow.shape() {
            Shape::Opening(opening) => {
                status.unacknowledged = opening.buffer.len();
                status.send_room =
                    (flow.head.options.send_buffer.initial as usize).saturating_sub(opening.buffer.len());
                status.retransmission_timeout = Some(opening.rtt.rto());
                status.syns = opening.syns;
            }
            Shape::Synchronized(conn) => describe(conn, &mut status),
            Shape::Over(over) => status.readable = over.unread.len(),
        }
        Some(status)
    }

    /// Changes the settings of a connection. What a handshake has settled, or our SYN has offered (scaling and the receive buffer
    /// behind it, timestamps, SACK), stays as it is.
    pub(crate) fn set_options(&mut self, now: Instant, id: FlowId, options: TcpOptions) -> Result<(), NoSuchSocket> {
        let found = self.flows.get_mut(id.index).filter(|flow| flow.head.id == id && flow.head.held);
        let flow = found.ok_or(NoSuchSocket)?;
        let had_keep_alive = flow.head.options.keep_alive;
        // 9293/MUST-48
        // 9293/SHLD-21
        // The traffic class, among others, may change at any time; segments from now on carry the new one.
        let before = core::mem::replace(&mut flow.head.options, options);
        match flow.parts() {
            (head, Shape::Opening(opening)) => {
                opening.give_up_at = head.opened_at + options.syn_timeout;
                if opening.syns.count() > 0 {
                    // 7323/1
                    // 7323/2
                    // The peer may have answered already what the SYN said.
                    head.options.window_scaling = before.window_scaling;
                    head.options.timestamps = before.timestamps;
                    head.options.selective_acks = before.selective_acks;
                    head.options.receive_buffer = before.receive_buffer;
                }
            }
            (head, Shape::Synchronized(conn)) => {
                conn.snd.limit = conn.snd.limit.clamp(
                    options.send_buffer.initial.min(options.send_buffer.limit),
                    options.send_buffer.limit.max(1),
                );
                conn.rcv.limit = conn.rcv.limit.max(crate::tcp::window::limit_of(options.receive_buffer.initial));
                if options.keep_alive != had_keep_alive {
                    // 9293/MUST-24
                    // 9293/MUST-27
                    conn.rcv.keep_alive_probes = 0;
                    conn.timers.idle = options
                        .keep_alive
                        .map_or(Instant::FAR, |keep_alive| conn.rcv.heard_at.max(now) + keep_alive.idle);
                }
                timeouts::arm_user_timeout(head, conn);
                self.shared.queue(head);
            }
            (_, Shape::Over(_)) => {}
        }
        self.shared.arm(flow);
        Ok(())
    }

    /// The settings that a connection has unless it is given others.
    pub(crate) fn default_options(&self) -> TcpOptions {
        self.shared.config.options
    }

    /// The settings of a connection.
    pub(crate) fn options(&self, id: FlowId) -> Option<TcpOptions> {
        Some(self.flow(id)?.head.options)
    }
}

fn describe(conn: &Synchronized, status: &mut Status) {
    status.readable = conn.rcv.buffer.len();
    status.send_room = (conn.snd.limit as usize).saturating_sub(conn.snd.buffer.len());
    status.unacknowledged = conn.snd.buffer.len();
    status.urgent = urgent_left(conn);
    status.send_window = conn.snd.wnd;
    status.congestion_window = conn.snd.cc.window();
    status.segment_octets = conn.snd.mss;
    status.round_trip = conn.snd.rtt.srtt();
    status.retransmission_timeout = Some(conn.snd.rtt.rto());
    status.retries = conn.snd.retries;
    status.received_traffic_class = conn.rcv.traffic_class;
}
