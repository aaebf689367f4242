//! Which network the program's sockets are on: the one that `SYNSENT_NET` names, the kernel's where it names none.
//!
//! It is looked at once, when the library is loaded, so a wrong value ends the program before it does anything: one line on
//! standard error, and exit status 2. A network is made when the first call needs it. All dialects are on the same one.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use synsent_dialects::{DIALECTS, Process};
use synsent_host::{DescriptorNumbers, DeviceNetwork, KernelNetwork, NameError, NetworkName, VirtioHeader};
use synsent_lab::{LabNetwork, SCENARIO_OCTETS_MAX, Scenario, SharedLab};
use synsent_sockets::Network;
use synsent_sockets::local::Identity;

use crate::fork;
use crate::kernel32::console;

/// The variable that names the network.
const VARIABLE: &str = "SYNSENT_NET";
/// The status of a program whose variable is wrong, as that of a command that was called wrongly.
const WRONG_USAGE: i32 = 2;

/// What the variable says.
#[derive(Debug)]
enum Choice {
    Kernel,
    Lab(Box<Scenario>),
    Device(NetworkName),
}

/// Runs before the program's `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = {
    extern "C" fn at_start() {
        // Nobody is there yet whom a panic could be told.
        let _ = std::panic::catch_unwind(|| {
            choice();
            fork::prepare();
        });
    }
    at_start
};

/// What became of the network; why there is none is told outside of it, because the handlers of `exit` may come here again.
static STARTED: OnceLock<Result<(), String>> = OnceLock::new();

/// Makes the network, once, and the processes of all dialects on it.
pub(crate) fn start() {
    let started = STARTED.get_or_init(|| {
        let choice = chosen().as_ref().map_err(String::clone)?;
        network(choice).map(|network| serve(&network))
    });
    if let Err(why) = started {
        end(why);
    }
}

/// Whether the program's network stays with it when it forks.
static STAYS: AtomicBool = AtomicBool::new(false);

/// Whether a child can go on with the sockets that it inherits: the kernel's are its own as much as the parent's, and before there is
/// a network there is nothing that could stay behind.
pub(crate) fn is_inherited() -> bool {
    !STAYS.load(Ordering::SeqCst)
}

/// Puts the program's sockets on this network, whatever `SYNSENT_NET` says; false where they are on another already. For a program in
/// Rust that has the library in itself and a network of its own.
pub fn install(network: Arc<dyn Network>) -> bool {
    let mut is_first = false;
    STARTED.get_or_init(|| {
        serve(&network);
        is_first = true;
        Ok(())
    });
    is_first
}

fn serve(network: &Arc<dyn Network>) {
    STAYS.store(!network.is_inherited(), Ordering::SeqCst);
    for dialect in DIALECTS {
        Process::new(dialect, Arc::clone(network)).install();
    }
}

fn network(choice: &Choice) -> Result<Arc<dyn Network>, String> {
    match choice {
        Choice::Kernel => {
            let network = KernelNetwork::new().map_err(|error| format!("the sockets of the kernel: {error}"))?;
            Ok(network)
        }
        Choice::Lab(scenario) => {
            let staged = scenario.stage();
            // The program has files beside its sockets, so its numbers are those of the process.
            let numbers = DescriptorNumbers::new().map_err(|error| format!("numbers for sockets: {error}"))?;
            let lab = SharedLab::new(staged.lab);
            lab.count_crowd(threads_of_the_process);
            let network = LabNetwork::with_numbers(&lab, staged.us, Arc::new(numbers));
            furnish(&network);
            Ok(network)
        }
        Choice::Device(name) => {
            let network =
                DeviceNetwork::open(name, VirtioHeader::With).map_err(|error| format!("{VARIABLE}={name}: {error}"))?;
            Ok(network)
        }
    }
}

/// How many threads the process has besides those of the library itself; zero where the kernel does not tell.
fn threads_of_the_process() -> usize {
    let all = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    all.saturating_sub(console::threads())
}

/// Makes the directories of a lab in which programs look for sockets: the usual ones, and the one in which the program was started.
fn furnish(network: &LabNetwork) {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    for place in [Path::new("/tmp"), Path::new("/var/tmp"), Path::new("/var/run"), Path::new("/run"), &here] {
        let mut above: Vec<&Path> = place.ancestors().filter(|path| path.parent().is_some()).collect();
        above.reverse();
        for path in above {
            // What is there already stays as it is.
            let _ = network.files().make_directory(path.as_os_str().as_bytes());
        }
        // Everybody may bind there, as it is with the machine's.
        let _ = network.files().set_access(place.as_os_str().as_bytes(), Identity::ROOT, 0o777);
    }
    // A program whose directory is gone has the root.
    let _ = network.local().set_directory(here.as_os_str().as_bytes());
}

/// What the variable says. A program whose variable is wrong ends here.
fn choice() -> &'static Choice {
    chosen().as_ref().unwrap_or_else(|why| end(why))
}

/// What the variable says, looked at once, or what is wrong with it.
fn chosen() -> &'static Result<Choice, String> {
    static CHOICE: OnceLock<Result<Choice, String>> = OnceLock::new();
    CHOICE.get_or_init(|| {
        let value = std::env::var_os(VARIABLE);
        read(value.clone()).map_err(|why| format!("{VARIABLE}={}: {why}", value.unwrap_or_default().to_string_lossy()))
    })
}

fn read(value: Option<OsString>) -> Result<Choice, String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(Choice::Kernel) };
    let text = value.to_str().ok_or("this is no network: write kernel, lab:FILE or tun:NAME:OUR-ADDRESS/PREFIX")?;
    match text.split_once(':') {
        None if text == "kernel" => Ok(Choice::Kernel),
        None if text == "lab" => Err("the file of the lab is missing: write lab:FILE".to_owned()),
        Some(("lab", "")) => Err("the file of the lab is missing: write lab:FILE".to_owned()),
        Some(("lab", file)) => scenario(&PathBuf::from(file)).map(|scenario| Choice::Lab(Box::new(scenario))),
        _ => match text.parse::<NetworkName>() {
            Ok(name) => Ok(Choice::Device(name)),
            Err(NameError::UnknownKind(_)) => {
                Err("this is no network: write kernel, lab:FILE or tun:NAME:OUR-ADDRESS/PREFIX".to_owned())
            }
            Err(error) => Err(error.to_string()),
        },
    }
}

fn scenario(file: &Path) -> Result<Scenario, String> {
    let text = text_of(file).map_err(|error| error.to_string())?;
    Scenario::parse(&text).map_err(|error| error.to_string())
}

/// One octet more than there may be is read, so that the parser can tell that there are too many.
fn text_of(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(SCENARIO_OCTETS_MAX as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Ends the program with one line. A call by a program that is ending already, as from a handler of `exit`, fails as after a panic.
fn end(why: &str) -> ! {
    static IS_ENDING: AtomicBool = AtomicBool::new(false);
    if IS_ENDING.swap(true, Ordering::SeqCst) {
        std::panic::resume_unwind(Box::new("the program is ending"));
    }
    let line = why.split_whitespace().collect::<Vec<_>>().join(" ");
    // Who has closed standard error is told by the status alone.
    let _ = writeln!(io::stderr(), "synsent: {line}");
    std::process::exit(WRONG_USAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_kernel_are_the_kernel() {
        for value in [None, Some(""), Some("kernel")] {
            assert!(matches!(read(value.map(OsString::from)), Ok(Choice::Kernel)), "{value:?}");
        }
    }

    #[test]
    fn a_device_is_named_as_on_the_command_line() {
        assert!(matches!(read(Some("tun:t0:10.9.0.2/24".into())), Ok(Choice::Device(_))));
    }

    #[test]
    fn a_mistake_says_what_to_write() {
        for (value, words) in [
            ("kernal", "write kernel, lab:FILE or tun:NAME:OUR-ADDRESS/PREFIX"),
            ("lab", "write lab:FILE"),
            ("lab:", "write lab:FILE"),
            ("lab:/nowhere/at/all.toml", "No such file"),
            ("tun:t0:10.9.0.2", "the prefix length of 10.9.0.2 is missing"),
        ] {
            let said = read(Some(value.into())).unwrap_err();
            assert!(said.contains(words), "{value}: {said}");
        }
    }
}
