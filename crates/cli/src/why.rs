//! `synsent why`: what happened in a recorded run, and why; or what can be said of one attempt on the real network.

mod live;
mod meaning;
mod route;

use crate::arguments::WhyArguments;
use crate::ending::Ending;

/// Explains.
pub(crate) fn why(arguments: &WhyArguments) -> Result<(), Ending> {
    if let Some([host, port]) = arguments.live.as_deref() {
        return live::live(host, port, arguments.limit, arguments.json);
    }
    Err(Ending::Usage("a recorded run cannot be read yet".to_owned()))
}
