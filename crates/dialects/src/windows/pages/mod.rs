//! The pages on which both documents agree: everything around connect, but for the few calls whose pages stand in the dialects'
//! own folders. No clause of the contract speaks of these calls, so each row says what decided it.

mod data;
pub(crate) mod lookup;
mod messages;
mod names;
mod opening;
mod options;

pub(crate) use data::{RECV, RECVFROM, SEND, SENDTO};
pub(crate) use messages::{WSAASYNCSELECT, WSACANCELBLOCKINGCALL, WSASETBLOCKINGHOOK, WSAUNHOOKBLOCKINGHOOK};
pub(crate) use names::{GETPEERNAME, GETSOCKNAME};
pub(crate) use opening::{ACCEPT, BIND, CLOSESOCKET, LISTEN, SELECT, SHUTDOWN, SOCKET, WSACLEANUP, WSASTARTUP};
pub(crate) use options::SETSOCKOPT;
