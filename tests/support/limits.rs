//! Runs of the binary under limits of the system. What this machine cannot do is said in the test's output.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::binary::{Place, Run};

/// A run that can write no file beyond so many bytes: writing fails there (EFBIG), as on a full disk, without any privilege.
pub fn with_small_files(place: &Place, bytes: u64, args: &[&str]) -> Command {
    let plain = place.command(args);
    let mut command = Command::new("sh");
    // Left as it is, the signal would end the process.
    command.args(["-c", "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\"", &bytes.to_string()]);
    command.arg(plain.get_program()).args(plain.get_args()).current_dir(place.path()).stdin(Stdio::null());
    plain.get_envs().for_each(|(name, value)| match value {
        Some(value) => drop(command.env(name, value)),
        None => drop(command.env_remove(name)),
    });
    command
}

/// Runs a script of sh in which `newsroomd` stands for the binary with the place's config, in a mount namespace of its own: `mount` changes
/// nothing outside. None: this machine has no such thing for this user.
pub fn among_mounts(place: &Place, script: &str) -> Option<Run> {
    let plain = place.command(&[]);
    let possible = |args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(args).args(["sh", "-c", "mount -t tmpfs tmpfs /mnt"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let args = [&["-m"][..], &["-rm"]].into_iter().find(|args| possible(args));
    let Some(args) = args else {
        println!("not tested: this machine lets nobody mount (unshare -rm)");
        return None;
    };
    let mut command = Command::new("unshare");
    let script = format!(
        "newsroomd() {{ {} --config {} \"$@\"; }}\n{script}",
        quoted(Path::new(plain.get_program())),
        quoted(&place.config())
    );
    command.args(args).args(["sh", "-c", &script]).current_dir(place.path()).stdin(Stdio::null());
    command.env_remove("NEWSROOMD_CONFIG").env_remove("NEWSROOMD_LOG").env("STATE_DIRECTORY", place.path().join("state"));
    Some(command.output().expect("a shell").into())
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

/// Makes the library that turns a process's clock, of clock.c beside this file; newsroomd is not built without a C compiler either.
pub fn clock_library(folder: &Path) -> PathBuf {
    let (source, library) = (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/clock.c"), folder.join("clock.so"));
    let done = Command::new("cc").args(["-shared", "-fPIC", "-Wall", "-Werror", source, "-o"]).arg(&library).status();
    assert!(done.expect("a C compiler (apt-get install gcc libc6-dev)").success(), "{source}");
    library
}
