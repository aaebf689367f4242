//! The options that 1.1 asks for. It names SO_RCVTIMEO, SO_SNDTIMEO and the low-water marks as options that it does not have.

use crate::engine::options::OptionRow;
use crate::windows::options::{COMMON, COMMON_COUNT};

pub(crate) const OPTIONS: [OptionRow; COMMON_COUNT] = COMMON;
