//! The lab's server for clients of Redis (the protocol RESP): it has no data, and says yes to the rest.
//!
//! Commands are arrays of strings; each is answered once it is all there, so that clients that send several at once get as many answers.
//! A value is never found, a list is empty, a number is zero, what would change something is done. It speaks version 2, and version 3
//! from the moment when a client asks for it, which writes what is not there in another way.

/// What comes next on a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Reply {
    /// Nothing, before more has come.
    NeedsMore,
    /// These octets.
    Says(Vec<u8>),
    /// These octets, and then the connection is closed.
    Ends(Vec<u8>),
}

/// How many strings a command may have.
pub const COMMAND_PARTS_MAX: usize = 1_024;
/// How long the answers of a transaction may be before one that makes it end; unit: octets.
pub const TRANSACTION_OCTETS_MAX: usize = 64 << 10;

/// A conversation with a client.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Resp {
    is_version_3: bool,
    /// How many commands a transaction has, and what they come to, until it is executed.
    transaction: Option<(usize, Vec<u8>)>,
}

/// What a command comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    Ok,
    Nil,
    NilList,
    List,
    Set,
    Map,
    Number(i8),
    /// These octets in both versions.
    Octets(&'static str),
}

/// The commands that come to something else than OK.
const ANSWERS: [(&str, Value); 29] = [
    ("GET", Value::Nil),
    ("GETDEL", Value::Nil),
    ("HGET", Value::Nil),
    ("LPOP", Value::Nil),
    ("RPOP", Value::Nil),
    ("BLPOP", Value::NilList),
    ("BRPOP", Value::NilList),
    ("DEL", Value::Number(0)),
    ("EXISTS", Value::Number(0)),
    ("UNLINK", Value::Number(0)),
    ("EXPIRE", Value::Number(0)),
    ("TTL", Value::Number(-2)),
    ("LLEN", Value::Number(0)),
    ("SCARD", Value::Number(0)),
    ("DBSIZE", Value::Number(0)),
    ("PUBLISH", Value::Number(0)),
    ("INCR", Value::Number(1)),
    ("INCRBY", Value::Number(1)),
    ("HSET", Value::Number(1)),
    ("SADD", Value::Number(1)),
    ("LPUSH", Value::Number(1)),
    ("RPUSH", Value::Number(1)),
    ("KEYS", Value::List),
    ("LRANGE", Value::List),
    ("COMMAND", Value::List),
    ("SMEMBERS", Value::Set),
    ("HGETALL", Value::Map),
    ("SCAN", Value::Octets("*2\r\n$1\r\n0\r\n*0\r\n")),
    ("INFO", Value::Octets("$32\r\nredis_version:7.0.0\r\nloading:0\r\n\r\n")),
];

impl Resp {
    /// Takes the next command out of what came, and answers it.
    pub(crate) fn step(&mut self, input: &mut Vec<u8>) -> Reply {
        let (reply, taken) = match read(input) {
            Ok(None) => return Reply::NeedsMore,
            Ok(Some((parts, taken))) => (self.carry_out(&parts), taken),
            Err(Broken) => (Reply::Ends(b"-ERR Protocol error\r\n".to_vec()), input.len()),
        };
        input.drain(..taken);
        reply
    }

    /// Answers a command, at once or with the others of its transaction.
    fn carry_out(&mut self, parts: &[&[u8]]) -> Reply {
        match (parts[0].to_ascii_uppercase().as_slice(), self.transaction.take()) {
            (b"MULTI", None) => {
                self.transaction = Some((0, Vec::new()));
                Reply::Says(self.write(Value::Ok))
            }
            (b"EXEC", Some((count, answers))) => Reply::Says([format!("*{count}\r\n").as_bytes(), &answers].concat()),
            (b"DISCARD", Some(_)) => Reply::Says(self.write(Value::Ok)),
            (_, Some((_, answers))) if answers.len() > TRANSACTION_OCTETS_MAX => {
                Reply::Ends(b"-ERR the transaction is too long for the lab\r\n".to_vec())
            }
            (_, Some((count, mut answers))) => match self.reply_to(parts) {
                Reply::Says(answer) => {
                    answers.extend(answer);
                    self.transaction = Some((count + 1, answers));
                    Reply::Says(b"+QUEUED\r\n".to_vec())
                }
                other => other,
            },
            (_, None) => self.reply_to(parts),
        }
    }

    fn reply_to(&mut self, parts: &[&[u8]]) -> Reply {
        let name = String::from_utf8_lossy(parts[0]).to_ascii_uppercase();
        let first = parts.get(1).map(|part| part.to_ascii_uppercase());
        Reply::Says(match (name.as_str(), first.as_deref()) {
            ("QUIT", _) => return Reply::Ends(self.write(Value::Ok)),
            ("PING", None) => b"+PONG\r\n".to_vec(),
            ("PING" | "ECHO", Some(_)) => bulk(parts[1]),
            ("HELLO", version) => {
                self.is_version_3 = version == Some(b"3");
                self.hello()
            }
            ("CLIENT", Some(b"ID")) => self.write(Value::Number(1)),
            ("CLIENT", Some(b"GETNAME")) => self.write(Value::Nil),
            ("MGET", _) => {
                let count = parts.len() - 1;
                [format!("*{count}\r\n").as_bytes(), &self.write(Value::Nil).repeat(count)].concat()
            }
            (name, _) => {
                self.write(ANSWERS.iter().find(|(known, _)| *known == name).map_or(Value::Ok, |(_, value)| *value))
            }
        })
    }

    fn write(&self, value: Value) -> Vec<u8> {
        let text = match value {
            Value::Ok => "+OK\r\n",
            Value::Nil | Value::NilList if self.is_version_3 => "_\r\n",
            Value::Set if self.is_version_3 => "~0\r\n",
            Value::Map if self.is_version_3 => "%0\r\n",
            Value::Nil => "$-1\r\n",
            Value::NilList => "*-1\r\n",
            Value::List | Value::Set | Value::Map => "*0\r\n",
            Value::Number(number) => return format!(":{number}\r\n").into_bytes(),
            Value::Octets(octets) => octets,
        };
        text.as_bytes().to_vec()
    }

    /// Who we are, as a map in version 3 and as a list in version 2.
    fn hello(&self) -> Vec<u8> {
        let (map, proto) = if self.is_version_3 { ("%6", 3) } else { ("*12", 2) };
        let known =
            "$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n";
        let rest = "$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";
        format!("{map}\r\n{known}$5\r\nproto\r\n:{proto}\r\n{rest}").into_bytes()
    }
}

/// What came is no command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Broken;

/// The strings of a command, and how long it is with all that is around them.
type Command<'a> = (Vec<&'a [u8]>, usize);

/// Reads a command; `None`: it is not all there.
fn read(input: &[u8]) -> Result<Option<Command<'_>>, Broken> {
    let mut at = 0;
    let Some(count) = number(input, &mut at, b'*')? else { return Ok(None) };
    if count == 0 || count > COMMAND_PARTS_MAX {
        return Err(Broken);
    }
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let Some(len) = number(input, &mut at, b'$')? else { return Ok(None) };
        let Some(part) = input.get(at..).and_then(|rest| rest.get(..len)) else { return Ok(None) };
        at += len;
        match input.get(at..at + 2) {
            Some(b"\r\n") => at += 2,
            Some(_) => return Err(Broken),
            None => return Ok(None),
        }
        parts.push(part);
    }
    Ok(Some((parts, at)))
}

/// Reads a line with a sign and a number.
fn number(input: &[u8], at: &mut usize, sign: u8) -> Result<Option<usize>, Broken> {
    /// Beyond so many digits it is no number that anything could have.
    const DIGITS_MAX: usize = 9;
    let rest = input.get(*at..).unwrap_or_default();
    if rest.first().is_some_and(|first| *first != sign) {
        return Err(Broken);
    }
    let digits = rest.iter().skip(1).take_while(|octet| octet.is_ascii_digit()).count();
    match rest.get(1 + digits..) {
        _ if digits > DIGITS_MAX => Err(Broken),
        Some([b'\r', b'\n', ..]) if digits > 0 => {
            *at += digits + 3;
            Ok(Some(rest[1..=digits].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))))
        }
        Some([]) | None => Ok(None),
        Some([b'\r']) if digits > 0 => Ok(None),
        Some(_) => Err(Broken),
    }
}

fn bulk(octets: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", octets.len()).as_bytes(), octets, b"\r\n"].concat()
}
