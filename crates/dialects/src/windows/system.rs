//! The numbers of the system around Windows Sockets: its errors, what a wait returns, and the messages that are sent without being
//! asked for. One table for the constants and for the texts of FormatMessage.
//!
//! The errors of Windows Sockets itself stand beside this file, with their words.

macro_rules! errors {
    ($($name:ident = $number:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: i32 = $number;)*

        /// What each means.
        pub(crate) const MEANINGS: &[(i32, &str)] = &[$(($number, $meaning),)*];
    };
}

errors! {
    ERROR_SUCCESS = 0, "The operation was completed.";
    ERROR_FILE_NOT_FOUND = 2, "There is no such file.";
    ERROR_PATH_NOT_FOUND = 3, "There is no such folder.";
    ERROR_TOO_MANY_OPEN_FILES = 4, "Too many files are open.";
    ERROR_ACCESS_DENIED = 5, "It is not permitted.";
    ERROR_INVALID_HANDLE = 6, "The handle is not valid.";
    ERROR_NOT_ENOUGH_MEMORY = 8, "There is not enough memory.";
    ERROR_OUTOFMEMORY = 14, "There is no more memory.";
    ERROR_NOT_SUPPORTED = 50, "It cannot be done here.";
    ERROR_NETNAME_DELETED = 64, "The peer has reset the connection.";
    ERROR_INVALID_PARAMETER = 87, "An argument has no meaning.";
    ERROR_BROKEN_PIPE = 109, "The other end is gone.";
    ERROR_BUFFER_OVERFLOW = 111, "The name is too long for the buffer.";
    ERROR_CALL_NOT_IMPLEMENTED = 120, "The function does nothing here.";
    ERROR_SEM_TIMEOUT = 121, "The time of waiting was over.";
    ERROR_INSUFFICIENT_BUFFER = 122, "The buffer is too small.";
    ERROR_MOD_NOT_FOUND = 126, "There is no such module.";
    ERROR_PROC_NOT_FOUND = 127, "The module has no such function.";
    ERROR_ALREADY_EXISTS = 183, "It is there already.";
    ERROR_MORE_DATA = 234, "There is more than fits.";
    ERROR_NOT_OWNER = 288, "The mutex belongs to another thread.";
    ERROR_TOO_MANY_POSTS = 298, "The semaphore would count beyond its limit.";
    ERROR_MR_MID_NOT_FOUND = 317, "There is no text for the number.";
    ERROR_OPERATION_ABORTED = 995, "The operation was taken back.";
    ERROR_IO_INCOMPLETE = 996, "The operation is not completed yet.";
    ERROR_IO_PENDING = 997, "The operation goes on.";
    ERROR_NOACCESS = 998, "The memory cannot be used.";
    ERROR_INVALID_FLAGS = 1004, "The flags have no meaning.";
    ERROR_NO_UNICODE_TRANSLATION = 1113, "The text cannot be written in the other coding.";
    ERROR_NOT_FOUND = 1168, "It was not found.";
    ERROR_CONNECTION_REFUSED = 1225, "The peer has refused the connection.";
    ERROR_NETWORK_UNREACHABLE = 1231, "The network cannot be reached.";
    ERROR_HOST_UNREACHABLE = 1232, "The host cannot be reached.";
    ERROR_CONNECTION_ABORTED = 1236, "The connection was given up on this side.";
    ERROR_INVALID_WINDOW_HANDLE = 1400, "The handle is not that of a window.";
    ERROR_CANNOT_FIND_WND_CLASS = 1407, "There is no such class of windows.";
    ERROR_WINDOW_OF_OTHER_THREAD = 1408, "The window belongs to another thread.";
    ERROR_CLASS_ALREADY_EXISTS = 1410, "The class of windows is there already.";
    ERROR_CLASS_DOES_NOT_EXIST = 1411, "There is no such class of windows.";
    ERROR_CLASS_HAS_WINDOWS = 1412, "The class still has windows.";
    ERROR_INVALID_INDEX = 1413, "There is no such index.";
    ERROR_INVALID_THREAD_ID = 1444, "There is no such thread, or it has no messages.";
    ERROR_TIMEOUT = 1460, "The time was over.";
    ERROR_RESOURCE_NAME_NOT_FOUND = 1814, "There is no such resource.";
    ERROR_NOT_ENOUGH_QUOTA = 1816, "There is no more room.";
}

/// What a wait returns for the first mutex that its owner has left without giving it back.
pub const WAIT_ABANDONED: u32 = 0x80;
/// What a wait returns whose time was over.
pub const WAIT_TIMEOUT: u32 = 258;
/// What a wait returns that failed.
pub const WAIT_FAILED: u32 = 0xffff_ffff;
/// A wait that has no end.
pub const INFINITE: u32 = 0xffff_ffff;
/// What stands for the exit code of a thread that runs.
pub const STILL_ACTIVE: u32 = 259;

/// A window is made.
pub const WM_CREATE: u32 = 0x01;
/// A window is going.
pub const WM_DESTROY: u32 = 0x02;
/// A window is asked to go.
pub const WM_CLOSE: u32 = 0x10;
/// The program is to end.
pub const WM_QUIT: u32 = 0x12;
/// A window is about to be made.
pub const WM_NCCREATE: u32 = 0x81;
/// A window has gone.
pub const WM_NCDESTROY: u32 = 0x82;
/// A timer's time has come.
pub const WM_TIMER: u32 = 0x113;
