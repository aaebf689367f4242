//! The programs of a system by a compiler: built once, when the first trial asks for them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use libtest_mimic::Failed;
use synsent_conformance::Place;

use crate::sources::Sources;
use crate::support::{self, Ran, System};

/// How long a case may take.
const CASE_LIMIT: Duration = Duration::from_secs(60);

/// The programs of one system by one compiler.
pub(crate) struct Programs {
    system: System,
    compiler: &'static str,
    sources: &'static Sources,
    table: OnceLock<Result<PathBuf, String>>,
    program: OnceLock<Result<PathBuf, String>>,
}

impl Programs {
    /// Those of a dialect by its name; nothing is built yet.
    pub(crate) fn of(dialect: &str, compiler: &'static str, sources: &'static Sources) -> &'static Programs {
        let system = match dialect {
            "winsock1" => System::Winsock1,
            "winsock2" => System::Winsock2,
            "targettcp" => System::Targettcp,
            _ => System::Bs2000,
        };
        // The trials of a run share it to the end.
        Box::leak(Box::new(Programs { system, compiler, sources, table: OnceLock::new(), program: OnceLock::new() }))
    }

    /// Runs the case with this number at a place, on the functions of the table.
    pub(crate) fn run_table(&self, place: Place, number: usize) -> Result<Ran, Failed> {
        run(self.table.get_or_init(|| self.build_table()), place, number)
    }

    /// Runs the function that was written for the case with this number at a place.
    pub(crate) fn run_program(&self, place: Place, number: usize) -> Result<Ran, Failed> {
        run(self.program.get_or_init(|| self.build(&self.sources.made().path, None, "program")), place, number)
    }

    /// Runs the function for the case with this number in the lab, after a word of the program was replaced by another.
    pub(crate) fn run_altered(&self, word: &str, by: &str, number: usize) -> Result<Ran, Failed> {
        let text = fs::read_to_string(&self.sources.made().path)?;
        let path = support::new_path("altered").with_extension("c");
        fs::write(&path, text.replace(word, by))?;
        let ran = run(&self.build(&path, None, "altered"), Place::Lab, number);
        // What stays behind is in the target folder.
        let _ = fs::remove_file(&path);
        ran
    }

    fn build_table(&self) -> Result<PathBuf, String> {
        let (source, defined) = match self.system {
            System::Winsock1 => ("windows.c", None),
            System::Winsock2 => ("windows.c", Some("-DVERSION_2")),
            System::Targettcp => ("posix.c", None),
            System::Bs2000 => ("posix.c", Some("-DBS2000")),
        };
        let source = sources().join(source);
        self.build(&source, defined, "table")
    }

    /// Compiles a source against the installed headers and links it by its system's own name of the library, which has the worlds beside the
    /// functions here.
    fn build(&self, source: &Path, defined: Option<&str>, what: &str) -> Result<PathBuf, String> {
        let program = support::scratch().join(format!("cases-{:?}-{}-{what}", self.system, self.compiler));
        let library = library()?;
        let output = Command::new(self.compiler)
            .args(["-Wall", "-Wextra", "-Werror", "-g"])
            .args(defined)
            .arg(format!("-I{}", self.system.headers().display()))
            .arg(format!("-I{}", sources().display()))
            .arg(source)
            .arg("-o")
            .arg(&program)
            .arg(format!("-L{}", library.display()))
            .arg(format!("-Wl,-rpath,{}", library.display()))
            .arg(format!("-l{}", self.system.library()))
            .arg("-lpthread")
            .output()
            .map_err(|error| format!("{}: {error}", self.compiler))?;
        match output.status.success() {
            true => Ok(program),
            false => {
                Err(format!("{} {}\n{}", self.compiler, source.display(), String::from_utf8_lossy(&output.stderr)))
            }
        }
    }
}

fn run(built: &Result<PathBuf, String>, place: Place, number: usize) -> Result<Ran, Failed> {
    let program = built.as_ref().map_err(Failed::from)?;
    let mut command = Command::new(program);
    command.args([place.name(), &number.to_string()]).stdin(Stdio::null()).env_remove("SYNSENT_NET");
    Ok(support::run(&mut command, CASE_LIMIT))
}

/// Where the programs in C stand.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("c")
}

/// A folder that has the library of the cases under the names that the systems' build lines have for `libsynsent`.
fn library() -> Result<&'static Path, String> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = support::scratch().join("cases-lib");
        // Cargo builds the library beside this test.
        let test = std::env::current_exe().map_err(|error| error.to_string())?;
        let built = test.with_file_name("libsynsent_conformance_c.so");
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let links = ["libsynsent.so.0", "libsynsent.so", "libws2_32.so", "libwsock32.so", "libtargettcp.so"];
        for name in links {
            let link = folder.join(name);
            // It may be there from the last time.
            let _ = fs::remove_file(&link);
            symlink(&built, &link).map_err(|error| format!("{}: {error}", link.display()))?;
        }
        Ok(folder)
    });
    folder.as_deref().map_err(Clone::clone)
}
