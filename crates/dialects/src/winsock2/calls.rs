//! The functions of Winsock 2 with the names, arguments and results of its document.

use crate::windows::calls::windows_calls;

windows_calls!(WINSOCK2);
