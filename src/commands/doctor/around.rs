//! What is around database and tree: who may write where, how much room there is, whether a daemon runs and is reached.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, AtFlags, CWD, accessat, statvfs};

use crate::config::{Config, Listen};
use crate::domain::finding::{Finding, Part};
use crate::http::{Address, HttpError, Server, near};
use crate::pipeline::turns;
use crate::publish::{Holder, Lying};

/// Less room than this, in bytes, is too little whatever is stored.
const LEAST_ROOM: u64 = 50_000_000;

/// Fewer files than this may still be made.
const LEAST_FILES: u64 = 1_000;

/// How long a daemon on this machine may take to accept.
const ANSWER: Duration = Duration::from_secs(3);

/// Files at most that are named of those that belong to others.
const NAMED: usize = 3;

/// Who asks: as whom doctor runs.
pub(super) fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether what must be written can be, and belongs to one user.
pub(super) fn rights(config: &Config, lying: &[Lying]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (database, hosts) = (&config.database, turns(config));
    let mut owner = fs::metadata(database).ok().map(|m| m.uid());
    if let Some(owner) = owner.filter(|owner| *owner != user()) {
        let what = format!("it belongs to user {owner}, and this is user {}: what may be written is judged as this user", user());
        findings.push(Finding::note(Part::Rights, what, "run doctor as the user that newsroomd runs as").in_file(database));
    }
    owner = owner.or_else(|| nearest(database).and_then(|f| fs::metadata(f).ok()).map(|m| m.uid()));
    let mut writable: Vec<PathBuf> = vec![database.clone()];
    writable.extend(database.parent().map(Path::to_owned));
    writable.extend(["-wal", "-shm", ".lock"].map(|ending| beside(database, ending)));
    writable.extend([beside(database, "-status"), hosts.clone()]);
    let of_hosts = fs::read_dir(&hosts).into_iter().flatten().flatten().map(|e| e.path());
    writable.extend(of_hosts);
    writable.extend(config.publish.directory.clone());
    for path in &writable {
        // What is not there is made: where, must be writable.
        let Some(there) = nearest(path) else { continue };
        let access = if there.is_dir() { Access::WRITE_OK | Access::EXEC_OK } else { Access::WRITE_OK | Access::READ_OK };
        if let Err(error) = accessat(CWD, &there, access, AtFlags::EACCESS) {
            let what = format!("it cannot be written: {}", std::io::Error::from(error));
            let advice = "give it to the user that newsroomd runs as (chown), and see that the file system is not read-only";
            let finding = Finding::problem(Part::Rights, what, advice).in_file(&there);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    let tree = lying.iter().map(|one| (config.publish.directory.clone().unwrap_or_default().join(&one.name), one.owner));
    let others: Vec<(PathBuf, u32)> = writable
        .iter()
        .filter_map(|path| Some((path.clone(), fs::metadata(path).ok()?.uid())))
        .chain(tree)
        .filter(|(path, of)| owner.is_some_and(|owner| owner != *of) && Some(path.as_path()) != database.parent())
        .collect();
    if let (Some((_, of)), Some(owner)) = (others.first(), owner) {
        let named = others.iter().take(NAMED).map(|(path, _)| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let more = others.len().saturating_sub(NAMED);
        let what = format!("the database belongs to user {owner}, and user {of} owns what it should own");
        let advice = "give them to the user that newsroomd runs as (chown): mostly, a command was run as root";
        let place = if more > 0 { format!("{named} and {more} more") } else { named };
        findings.push(Finding::problem(Part::Rights, what, advice).at(place));
    }
    if let Some(directory) = config.publish.directory.as_deref().filter(|d| d.is_dir()) {
        let closed = directory.ancestors().skip(1).find(|f| fs::metadata(f).is_ok_and(|m| m.permissions().mode() & 0o001 == 0));
        if let Some(closed) = closed {
            let advice = "if another user's web server serves the feeds, open the way to them (chmod o+x)";
            findings.push(Finding::note(Part::Rights, "other users cannot pass through it to the feeds", advice).in_file(closed));
        }
    }
    findings
}

/// Whether there is room for what is written: the database once more, when something is forgotten or saved, and the feeds.
pub(super) fn space(config: &Config) -> Vec<Finding> {
    let size = fs::metadata(&config.database).map_or(0, |m| m.len());
    let wanted = [(Some(config.database.as_path()), LEAST_ROOM.max(2 * size)), (config.publish.directory.as_deref(), LEAST_ROOM)];
    let mut findings = Vec::new();
    for (path, wanted) in wanted.into_iter().filter_map(|(path, wanted)| Some((nearest(path?)?, wanted))) {
        let Ok(system) = statvfs(&path) else { continue };
        let free = system.f_bavail.saturating_mul(system.f_frsize);
        let mut tell = |what: String| {
            let finding = Finding::problem(Part::Space, what, "make room: what cannot be written is published later, not lost")
                .in_file(&path);
            findings.push(finding);
        };
        if free < wanted {
            tell(format!("{} MB are free, and {} MB may be needed", free / 1_000_000, wanted / 1_000_000));
        }
        // Some file systems count no files.
        if system.f_files > 0 && system.f_favail < LEAST_FILES {
            tell(format!("only {} more files can be made", system.f_favail));
        }
    }
    let log = beside(&config.database, "-wal");
    if let Ok(metadata) = fs::metadata(&log)
        && metadata.len() > LEAST_ROOM.max(size)
    {
        let what = format!("the database's log has {} MB", metadata.len() / 1_000_000);
        let advice =
            "the daemon folds it in once a day, or when it ends; a program that keeps the database open keeps it from doing so";
        findings.push(Finding::note(Part::Space, what, advice).in_file(&log));
    }
    findings
}

/// Whether the addresses are free for the daemon, or lead to it.
pub(super) fn listeners(config: &Config, holder: Holder) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(http) = &config.http else { return findings };
    let runs = matches!(holder, Holder::Daemon { .. });
    let passed = was_passed_sockets(holder) && !http.listen.contains(&Listen::Systemd);
    // They took the place of those for readers.
    let public = http.listen.iter().filter(|_| !passed);
    for listen in public.chain(&http.admin) {
        let found: Vec<Address> = match listen {
            Listen::Port(text) => match text.to_socket_addrs() {
                Ok(found) => found.filter(|a| a.port() != 0).map(Address::Tcp).collect(),
                Err(error) => {
                    let what = format!("there is no such address: {error}");
                    findings.push(Finding::problem(Part::Daemon, what, "change the address in [http]").at(text));
                    continue;
                }
            },
            Listen::Socket(path) => vec![Address::Unix(path.clone(), http.socket_mode)],
            Listen::Systemd => Vec::new(),
        };
        for address in found {
            let finding = if runs { unanswered(&address) } else { taken(&address) };
            findings.extend(finding.map(|f| f.at(listen.to_string())));
        }
    }
    findings
}

/// Whether systemd passed the daemon sockets, as far as this user may know.
fn was_passed_sockets(holder: Holder) -> bool {
    let Holder::Daemon { process: Some(process) } = holder else { return false };
    let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(b"LISTEN_FDS="))
}

/// That the daemon, which runs, is not to be reached.
fn unanswered(address: &Address) -> Option<Finding> {
    let reached = match address {
        Address::Tcp(address) => TcpStream::connect_timeout(&near(*address), ANSWER).map(drop),
        Address::Unix(path, _) => UnixStream::connect(path).map(drop),
    };
    // Who may speak to a socket is its mode's matter.
    let error = reached.err().filter(|error| error.kind() != ErrorKind::PermissionDenied)?;
    let advice = "see the daemon's log; if the addresses in [http] were changed, reload or restart it";
    Some(Finding::problem(Part::Daemon, format!("the daemon runs, but nobody answers: {error}"), advice))
}

/// That the daemon, which does not run, could not listen there.
fn taken(address: &Address) -> Option<Finding> {
    let error = match address {
        // Bound for an instant: what is refused now would be refused to the daemon.
        Address::Tcp(_) => Server::bind(std::slice::from_ref(address)).err()?,
        Address::Unix(path, _) => socket_refused(path)?,
    };
    match error {
        HttpError::Taken(_) | HttpError::TakenSocket(_) => {
            let advice = "stop it or change the address in [http]; where systemd holds the socket for newsroomd, all is well";
            Some(Finding::problem(Part::Daemon, "another program listens there, and no daemon runs", advice))
        }
        error => Some(Finding::problem(Part::Daemon, "the daemon could not listen there", error.to_string())),
    }
}

/// Why no socket could be made at a path. Nothing is made or removed to find out: what a daemon left that was killed, the next one replaces.
fn socket_refused(path: &Path) -> Option<HttpError> {
    // systemd makes the folder of a unit when that starts.
    let folder = path.parent().filter(|folder| folder.is_dir())?;
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => Some(HttpError::NoSocket(path.to_owned())),
        Ok(_) if UnixStream::connect(path).is_ok() => Some(HttpError::TakenSocket(path.to_owned())),
        _ => {
            let access = accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS);
            access.is_err().then(|| HttpError::NoAccess(path.to_owned()))
        }
    }
}

/// The file or folder, or the nearest folder above it that is there.
fn nearest(path: &Path) -> Option<PathBuf> {
    path.ancestors().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p }).find(|p| p.exists()).map(Path::to_owned)
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
