//! getsockopt, setsockopt and ioctl: tables of options, and what each stands for.

/// What an option stands for, in words of no system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// Whether the socket waits for connections; read only.
    Listening,
    /// See [`Setting::Broadcast`](synsent_sockets::Setting::Broadcast).
    Broadcast,
    /// See [`Setting::ReuseAddress`](synsent_sockets::Setting::ReuseAddress).
    ReuseAddress,
    /// See [`Setting::ExclusiveAddress`](synsent_sockets::Setting::ExclusiveAddress).
    ExclusiveAddress,
    /// See [`Setting::KeepAlive`](synsent_sockets::Setting::KeepAlive).
    KeepAlive,
    /// See [`Setting::DontRoute`](synsent_sockets::Setting::DontRoute).
    DontRoute,
    /// See [`Setting::UrgentInline`](synsent_sockets::Setting::UrgentInline).
    UrgentInline,
    /// See [`Setting::NoDelay`](synsent_sockets::Setting::NoDelay).
    NoDelay,
    /// See [`Setting::V6Only`](synsent_sockets::Setting::V6Only).
    V6Only,
    /// Room for sending; unit: octets.
    SendBuffer,
    /// Room for receiving; unit: octets.
    ReceiveBuffer,
    /// How the socket is closed.
    Linger,
    /// The inverse of lingering.
    DontLinger,
    /// The limit of time for sending.
    SendTimeLimit,
    /// The limit of time for receiving.
    ReceiveTimeLimit,
    /// The error that waits to be told; read only.
    Error,
    /// The type of the socket; read only.
    Type,
    /// Since when there has been a connection; unit: seconds; read only.
    ConnectTime,
    /// TTL or hop limit of unicast.
    HopLimit,
    /// TTL or hop limit of multicast.
    MulticastHopLimit,
    /// The traffic class octet.
    TrafficClass,
}

/// How the value of an option lies in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A whole number of 32 bits.
    Int,
    /// Two numbers of 16 bits: on or off, and seconds.
    LingerShort,
    /// Two numbers of 32 bits: on or off, and seconds.
    LingerInt,
    /// Milliseconds in a number of 32 bits; zero: no limit.
    Millis,
    /// Seconds and microseconds, each in a number of 64 bits; zero: no limit.
    TimeValue,
}

/// An option of a dialect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionRow {
    /// Its level.
    pub level: i32,
    /// Its number.
    pub number: i32,
    /// Its name in the document.
    pub name: &'static str,
    /// What it stands for.
    pub meaning: Meaning,
    /// How its value lies in memory.
    pub form: Form,
    /// Whether it can be set.
    pub settable: bool,
}

/// What a request of ioctl asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// To block or not to block.
    NonBlocking,
    /// How many octets one call could receive.
    Receivable,
    /// Whether everything before the urgent data has been read.
    AtMark,
}

/// A request of ioctl.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IoctlRow {
    /// Its number.
    pub number: u32,
    /// Its name in the document.
    pub name: &'static str,
    /// What it asks.
    pub request: Request,
}
