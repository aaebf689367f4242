//! Files that are others in a room, while outside nothing changes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use libtest_mimic::Failed;
use synsent_host::room::Setup;

use crate::stage::{enter_with, env, folder, inside, setup, sh, succeed};

/// What stands in a folder and below it: names, and contents or where a link leads.
fn listing(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = fs::symlink_metadata(&path).expect("a kind");
        if kind.is_dir() {
            lines.extend(listing(&path));
        } else if kind.is_symlink() {
            lines.push(format!("{} -> {}", path.display(), fs::read_link(&path).expect("a link").display()));
        } else {
            lines.push(format!("{}: {}", path.display(), fs::read_to_string(&path).expect("text")));
        }
    }
    lines.sort();
    lines
}

/// While a room has other files, outside nothing has changed.
pub(crate) fn outside_no_file_changes(who: &str) -> Result<(), Failed> {
    let folder = folder();
    let path = |name: &str| folder.join(name);
    fs::write(path("real"), "as before\n")?;
    fs::write(path("another"), "also as before\n")?;
    fs::create_dir(path("below"))?;
    fs::write(path("below/it"), "below as before\n")?;
    std::os::unix::fs::symlink("real", path("link"))?;
    std::os::unix::fs::symlink("nowhere/at/all", path("dangling"))?;
    fs::write(path("secret"), "to be hidden\n")?;
    let resolver = fs::read("/etc/resolv.conf").ok();
    let before = listing(&folder);
    let mut command = inside("other_files", who);
    let mut process = command
        .env("SYNSENT_TEST_FOLDER", &folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut word = [0; 6];
    let looks = process.stdout.as_mut().expect("a pipe").read_exact(&mut word).is_ok();
    let (during, now) = (listing(&folder), fs::read("/etc/resolv.conf").ok());
    succeed(&process.wait_with_output()?)?;
    assert!(looks, "it ended before it was looked at");
    assert_eq!(before, during);
    assert_eq!(resolver, now);
    assert_eq!(before, listing(&folder));
    fs::remove_dir_all(&folder)?;
    Ok(())
}

pub(crate) fn other_files() {
    let folder = PathBuf::from(env("SYNSENT_TEST_FOLDER"));
    let path = |name: &str| folder.join(name);
    let names = ["link", "missing", "dangling"].map(path);
    let files = names.map(|path| (path, b"of the room\n".to_vec())).into_iter();
    let resolver = (PathBuf::from("/etc/resolv.conf"), b"nameserver 10.1.0.53\n".to_vec());
    let setup = Setup { files: files.chain([resolver]).collect(), hidden: vec![path("secret")], ..setup() };
    let room = enter_with(&setup);
    let notes: Vec<&String> = room.notes().iter().filter(|note| !note.contains("TUN")).collect();
    assert!(notes.is_empty(), "{notes:?}");
    let cat = |name: &str| sh(&room, &format!("cat {}", path(name).display()));
    for name in ["link", "missing", "dangling", "real"] {
        assert_eq!(cat(name), "of the room\n", "{name}");
    }
    assert_eq!((cat("another"), cat("below/it")), ("also as before\n".to_owned(), "below as before\n".to_owned()));
    assert_eq!(cat("secret"), "");
    assert_eq!(sh(&room, "cat /etc/resolv.conf"), "nameserver 10.1.0.53\n");
    println!("ready");
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).expect("the end");
}
