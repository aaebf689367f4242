//! The directories of recorded runs: made, found again, and removed when there are too many.
//!
//! ```text
//! ~/.local/state/synsent/runs/
//!     20261121-104512-refused/       the second in which it began, in UTC, and the case; a number behind where both are taken
//!         record.json                everything that was recorded; the run is over when it is there
//!         capture.pcapng             the packets with a comment on each
//!         stdout.txt, stderr.txt     the end of what the program wrote, where that was kept
//! ```
//!
//! The runs of a sweep have the same second before the case, which is the sweep's id. Directories are for their owner
//! alone. A record is read with a bound on its size and believed in nothing: what is broken is an error that names the
//! file.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{cmp, env};

use serde::Deserialize;
use synsent_explain::{Run, record};
use thiserror::Error;

/// How many runs are kept; when another one begins the oldest leave.
pub const RUNS_MAX: usize = 512;
/// How long a record's file may be; what one holds is bounded far below. Unit: octets.
pub const RECORD_OCTETS_MAX: u64 = 32 << 20;
/// How long the part of a directory's name that comes from a case may be; unit: octets.
const CASE_OCTETS_MAX: usize = 64;
/// How long an id's time is: `20261121-104512`.
const STAMP_LEN: usize = 15;

/// The file of a record.
pub const RECORD: &str = "record.json";
/// The file of the packets.
pub const CAPTURE: &str = "capture.pcapng";
/// The file with the end of standard output.
pub const STDOUT: &str = "stdout.txt";
/// The file with the end of standard error.
pub const STDERR: &str = "stderr.txt";

/// The place of all runs of a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Runs {
    root: PathBuf,
}

/// The directory of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunDirectory {
    /// Its name, which is the run's id.
    pub id: String,
    /// Where it is.
    pub path: PathBuf,
}

/// When something began, as ids have it: the id of a sweep.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Stamp(String);

/// Why a run cannot be recorded or found.
#[derive(Debug, Error)]
pub enum RunsError {
    /// A directory or file cannot be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The place for runs belongs to somebody else, or is no directory.
    #[error("{} is not a directory of yours alone, so nothing is recorded there; set XDG_STATE_HOME to another", .0.display())]
    NotOurs(PathBuf),
    /// Nothing has been recorded.
    #[error("no run is recorded in {}: `synsent run -- PROGRAM` and `synsent sweep -- PROGRAM` record some", .0.display())]
    Empty(PathBuf),
    /// No run has this name.
    #[error("no run `{word}` is recorded in {}; the last is {last}", root.display())]
    Unknown {
        /// What was asked for.
        word: String,
        /// Where the runs are.
        root: PathBuf,
        /// The id of the last.
        last: String,
    },
    /// A record is too long.
    #[error("{} is longer than {RECORD_OCTETS_MAX} octets, as no record is", .0.display())]
    TooLong(PathBuf),
    /// A record was written by another version.
    #[error("{} has the format {found}, and this command reads {}", path.display(), record::VERSION)]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// A record makes no sense.
    #[error("{} is not the record of a run: {what}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and why.
        what: String,
    },
}

impl Runs {
    /// The place of this user: `$XDG_STATE_HOME/synsent/runs`, else `~/.local/state/synsent/runs`, else a directory of
    /// the user's in that for temporary files. It is made where it is not there.
    ///
    /// # Errors
    /// When no place can be used.
    pub fn open() -> Result<Runs, RunsError> {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
        let temporary = env::temp_dir().join(format!("synsent-{}", rustix::process::getuid().as_raw()));
        match state.map(|state| Runs::at(&state.join("synsent/runs"))) {
            Some(Ok(runs)) => Ok(runs),
            // A home that cannot be written to is no reason to record nothing.
            _ => Runs::at_others(&temporary),
        }
    }

    /// A place that the caller chose.
    ///
    /// # Errors
    /// When it cannot be made, or belongs to somebody else.
    pub fn at(root: &Path) -> Result<Runs, RunsError> {
        let failed = |source| RunsError::File { path: root.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(failed)?;
        if !is_ours(&fs::metadata(root).map_err(failed)?) {
            return Err(RunsError::NotOurs(root.to_owned()));
        }
        // Who may not write there learns it now and not after the program has run.
        rustix::fs::access(root, rustix::fs::Access::WRITE_OK).map_err(|error| failed(error.into()))?;
        Ok(Runs { root: root.to_owned() })
    }

    /// A directory where others may make directories too, and links.
    fn at_others(directory: &Path) -> Result<Runs, RunsError> {
        let failed = |source| RunsError::File { path: directory.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        match is_ours(&fs::symlink_metadata(directory).map_err(failed)?) {
            true => Runs::at(&directory.join("runs")),
            false => Err(RunsError::NotOurs(directory.to_owned())),
        }
    }

    /// Where the runs are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the directory of a run of this case that begins now, and removes the oldest runs where there are too many.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self, began: &Stamp, case: &str) -> Result<RunDirectory, RunsError> {
        self.prune(RUNS_MAX - 1);
        let id = format!("{}-{}", began.0, word_of(case));
        // Fewer directories are there than names are tried, unless somebody makes them at the same time.
        for number in 1..=RUNS_MAX {
            let id = if number == 1 { id.clone() } else { format!("{id}.{number}") };
            let path = self.root.join(&id);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(RunDirectory { id, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(RunsError::File { path, source }),
            }
        }
        Err(RunsError::File { path: self.root.join(id), source: io::ErrorKind::AlreadyExists.into() })
    }

    /// All runs that are over, the oldest first.
    pub fn all(&self) -> Vec<RunDirectory> {
        let mut ended: Vec<(SystemTime, RunDirectory)> = self
            .directories()
            .into_iter()
            .filter_map(|run| {
                let record = fs::metadata(run.path.join(RECORD)).ok()?;
                Some((record.modified().unwrap_or(UNIX_EPOCH), run))
            })
            .collect();
        // The runs of a sweep begin in one second; which of them ended last its record's file tells.
        ended.sort_by(|(at, one), (other_at, other)| {
            (one.stamp(), at, &one.id).cmp(&(other.stamp(), other_at, &other.id))
        });
        ended.into_iter().map(|(_, run)| run).collect()
    }

    /// The run that ended last.
    ///
    /// # Errors
    /// When there is none.
    pub fn last(&self) -> Result<RunDirectory, RunsError> {
        self.all().pop().ok_or_else(|| RunsError::Empty(self.root.clone()))
    }

    /// The run with this id; else the last one of this case; else the last one of the sweep with this id.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(&self, word: &str) -> Result<RunDirectory, RunsError> {
        let all = self.all();
        let Some(last) = all.last() else { return Err(RunsError::Empty(self.root.clone())) };
        let case = word_of(word);
        let ways: [&dyn Fn(&RunDirectory) -> bool; 3] =
            [&|run| run.id == word, &|run| run.case() == Some(&case), &|run| run.stamp() == Some(word)];
        let found = ways.iter().find_map(|is_meant| all.iter().rev().find(|run| is_meant(run)));
        let unknown = || RunsError::Unknown { word: word.to_owned(), root: self.root.clone(), last: last.id.clone() };
        found.cloned().ok_or_else(unknown)
    }

    /// The runs of the sweep with this id that are over, in the order in which they ended.
    pub fn of_sweep(&self, began: &Stamp) -> Vec<RunDirectory> {
        self.all().into_iter().filter(|run| run.stamp() == Some(&began.0)).collect()
    }

    /// Removes the oldest directories until so many are left.
    fn prune(&self, keep: usize) {
        let mut directories = self.directories();
        directories.sort_by(|one, other| one.id.cmp(&other.id));
        let too_many = directories.len().saturating_sub(keep);
        for oldest in directories.into_iter().take(too_many) {
            // What cannot be removed stays; the next run tries it again.
            let _ = fs::remove_dir_all(oldest.path);
        }
    }

    /// What is named as a run is.
    fn directories(&self) -> Vec<RunDirectory> {
        let Ok(entries) = fs::read_dir(&self.root) else { return Vec::new() };
        let run = |entry: fs::DirEntry| {
            let run = RunDirectory { id: entry.file_name().into_string().ok()?, path: entry.path() };
            (run.stamp().is_some() && entry.file_type().ok()?.is_dir()).then_some(run)
        };
        entries.filter_map(|entry| run(entry.ok()?)).collect()
    }
}

impl RunDirectory {
    /// When the run, or the sweep that it is of, began.
    pub fn stamp(&self) -> Option<&str> {
        let (stamp, rest) = self.id.split_at_checked(STAMP_LEN)?;
        let is_stamp =
            stamp.bytes().enumerate().all(|(at, octet)| if at == 8 { octet == b'-' } else { octet.is_ascii_digit() });
        (is_stamp && rest.starts_with('-')).then_some(stamp)
    }

    /// The case, as the id has it.
    fn case(&self) -> Option<&str> {
        let case = self.stamp().and(self.id.get(STAMP_LEN + 1..))?;
        Some(case.split('.').next().unwrap_or(case))
    }

    /// Reads the record.
    ///
    /// # Errors
    /// When there is none, or it is none.
    pub fn read(&self) -> Result<Run, RunsError> {
        read_record(&self.path.join(RECORD))
    }

    /// The files of the run that are there, with what they are.
    pub fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let kinds = [("record", RECORD), ("packets", CAPTURE), ("standard output", STDOUT), ("standard error", STDERR)];
        let paths = kinds.into_iter().map(|(kind, file)| (kind, self.path.join(file)));
        paths.filter(|(_, path)| path.is_file()).collect()
    }
}

impl Stamp {
    /// Now.
    pub fn now() -> Stamp {
        Stamp::at(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// A time since 1970, in UTC and to the second.
    pub fn at(since_epoch: Duration) -> Stamp {
        let seconds = since_epoch.as_secs();
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
        // A year beyond four digits would not be found again.
        let year = cmp::min(year, 9_999);
        Stamp(format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}"))
    }

    /// The id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Writes a file of a run. It is there as a whole or not at all.
pub(crate) fn write(directory: &Path, name: &str, octets: &[u8]) -> Result<(), RunsError> {
    let path = directory.join(name);
    let unfinished = directory.join(format!(".{name}.part"));
    let written = fs::write(&unfinished, octets).and_then(|()| fs::rename(&unfinished, &path));
    written.map_err(|source| RunsError::File { path, source })
}

/// Reads a record that anybody may have written.
///
/// # Errors
/// What is wrong with it.
pub fn read_record(path: &Path) -> Result<Run, RunsError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let failed = |source| RunsError::File { path: path.to_owned(), source };
    let broken = |what: serde_json::Error| RunsError::Broken { path: path.to_owned(), what: what.to_string() };
    // Opening a pipe would wait for somebody who writes.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(RunsError::Broken { path: path.to_owned(), what: "it is no file".to_owned() });
    }
    let mut text = Vec::new();
    File::open(path).and_then(|file| file.take(RECORD_OCTETS_MAX + 1).read_to_end(&mut text)).map_err(failed)?;
    if text.len() as u64 > RECORD_OCTETS_MAX {
        return Err(RunsError::TooLong(path.to_owned()));
    }
    let Versioned { version } = serde_json::from_slice(&text).map_err(broken)?;
    if version != record::VERSION {
        return Err(RunsError::OtherVersion { path: path.to_owned(), found: version });
    }
    serde_json::from_slice(&text).map_err(broken)
}

/// Whether a directory is the caller's and nobody else may write there.
fn is_ours(found: &Metadata) -> bool {
    found.is_dir() && found.uid() == rustix::process::getuid().as_raw() && found.mode() & 0o022 == 0
}

/// A case as a part of a file's name.
fn word_of(case: &str) -> String {
    let plain = |one: char| if one.is_ascii_alphanumeric() || one == '_' { one.to_ascii_lowercase() } else { '-' };
    let word: String = case.chars().map(plain).take(CASE_OCTETS_MAX).collect();
    if word.is_empty() { "run".to_owned() } else { word }
}

/// Year, month and day of a day since 1970 in the Gregorian calendar. Years are counted from March, so that the day
/// that only some years have is the last of its year.
fn date(days_since_epoch: u64) -> (u64, u64, u64) {
    /// From the first of March of the year 0 to the first of January of 1970.
    const DAYS_BEFORE_EPOCH: u64 = 719_468;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = days_since_epoch + DAYS_BEFORE_EPOCH;
    let (centuries, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march_is_0 = (5 * day + 2) / 153;
    let day = day - (153 * march_is_0 + 2) / 5 + 1;
    let month = if march_is_0 < 10 { march_is_0 + 3 } else { march_is_0 - 9 };
    (400 * centuries + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_a_calendar_has_it() {
        let at = |seconds| Stamp::at(Duration::from_secs(seconds)).0;
        assert_eq!(at(0), "19700101-000000");
        assert_eq!(at(951_782_399), "20000228-235959");
        assert_eq!(at(951_782_400), "20000229-000000");
        assert_eq!(at(1_709_210_096), "20240229-123456");
        assert_eq!(at(4_107_542_400), "21000301-000000");
        assert_eq!(at(1_795_257_912), "20261121-104512");
    }

    /// A place of its own for a test, empty at first.
    fn place(name: &str) -> Runs {
        let root = env::temp_dir().join(format!("synsent-runs-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        Runs::at(&root).unwrap()
    }

    fn recorded(runs: &Runs, began: u64, case: &str) -> RunDirectory {
        let run = runs.create(&Stamp::at(Duration::from_secs(began)), case).unwrap();
        write(&run.path, RECORD, b"{}").unwrap();
        run
    }

    fn error(runs: &Runs, text: &[u8]) -> RunsError {
        let run = runs.create(&Stamp::now(), "hostile").unwrap();
        write(&run.path, RECORD, text).unwrap();
        run.read().unwrap_err()
    }

    #[test]
    fn runs_are_found_by_id_case_and_sweep_and_the_last_is_the_last() {
        let runs = place("found");
        assert!(matches!(runs.last(), Err(RunsError::Empty(_))));
        assert!(matches!(runs.find("refused"), Err(RunsError::Empty(_))));
        let old = recorded(&runs, 0, "refused");
        let silent = recorded(&runs, 60, "silent");
        let new = recorded(&runs, 60, "refused");
        let again = recorded(&runs, 60, "refused");
        assert_eq!(again.id, "19700101-000100-refused.2");
        // A run that is not over is not found.
        runs.create(&Stamp::at(Duration::from_secs(120)), "silent").unwrap();
        assert_eq!(runs.last().unwrap(), again);
        assert_eq!(runs.find("refused").unwrap(), again);
        assert_eq!(runs.find(&new.id).unwrap(), new);
        assert_eq!(runs.find("19700101-000000").unwrap(), old);
        assert_eq!(runs.find("silent").unwrap(), silent);
        assert_eq!(runs.of_sweep(&Stamp::at(Duration::from_secs(60))), [silent, new, again]);
        let unknown = runs.find("../../etc").unwrap_err().to_string();
        assert!(unknown.contains("no run `../../etc`") && unknown.contains("19700101-000100-refused.2"), "{unknown}");
        fs::remove_dir_all(runs.root()).unwrap();
    }

    #[test]
    fn the_oldest_runs_leave_and_nothing_else() {
        let runs = place("pruned");
        fs::create_dir(runs.root().join("mine")).unwrap();
        for second in 0..RUNS_MAX as u64 + 3 {
            runs.create(&Stamp::at(Duration::from_secs(second)), "one").unwrap();
        }
        let left: Vec<String> = runs.directories().into_iter().map(|run| run.id).collect();
        assert_eq!(left.len(), RUNS_MAX);
        assert!(!left.contains(&"19700101-000002-one".to_owned()));
        assert!(left.contains(&"19700101-000003-one".to_owned()));
        assert!(runs.root().join("mine").is_dir());
        fs::remove_dir_all(runs.root()).unwrap();
    }

    #[test]
    fn a_record_that_is_none_is_an_error_that_names_the_file() {
        let runs = place("hostile");
        assert!(matches!(error(&runs, b""), RunsError::Broken { .. }));
        assert!(matches!(error(&runs, b"\xff\xfe{"), RunsError::Broken { .. }));
        assert!(matches!(error(&runs, "[".repeat(1 << 20).as_bytes()), RunsError::Broken { .. }));
        assert!(matches!(error(&runs, br#"{"version":99,"more":[]}"#), RunsError::OtherVersion { found: 99, .. }));
        let broken = error(&runs, br#"{"version":1,"case":7}"#).to_string();
        assert!(broken.contains("record.json is not the record of a run") && broken.contains("line 1"), "{broken}");
        let run = runs.create(&Stamp::now(), "gone").unwrap();
        assert!(matches!(run.read(), Err(RunsError::File { .. })));
        fs::create_dir(run.path.join(RECORD)).unwrap();
        assert!(matches!(run.read(), Err(RunsError::Broken { .. })));
        fs::remove_dir_all(runs.root()).unwrap();
    }

    #[test]
    fn a_record_beyond_the_bound_is_not_read() {
        let runs = place("long");
        let run = runs.create(&Stamp::now(), "long").unwrap();
        File::create(run.path.join(RECORD)).unwrap().set_len(RECORD_OCTETS_MAX + 1).unwrap();
        assert!(matches!(run.read(), Err(RunsError::TooLong(_))));
        fs::remove_dir_all(runs.root()).unwrap();
    }

    #[test]
    fn a_place_that_others_may_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let runs = place("open");
        fs::set_permissions(runs.root(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Runs::at(runs.root()), Err(RunsError::NotOurs(_))));
        fs::remove_dir_all(runs.root()).unwrap();
        assert!(Runs::at(Path::new("/proc/synsent")).is_err());
    }

    #[test]
    fn a_case_becomes_a_part_of_a_name() {
        assert_eq!(word_of("reset after/../accept"), "reset-after----accept");
        assert_eq!(word_of(""), "run");
        assert_eq!(word_of(&"a".repeat(1_000)).len(), CASE_OCTETS_MAX);
    }
}
