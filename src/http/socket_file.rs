//! A Unix socket: a file at which programs of this machine, such as a web server in front, connect.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::listen::{BACKLOG, HttpError};

/// The longest path of a socket, in bytes (unix(7): 108 with the zero at its end).
pub const LONGEST_PATH: usize = 107;

/// The file of a socket that listens; removed when this is dropped, if it is still that socket's.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    own: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another process may have put its own in this one's place.
        if identity(&self.path).is_ok_and(|there| there == self.own)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!(path = %self.path.display(), %error, "a socket could not be removed; the next start does it");
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Listens at a path, with these permissions. What a process left there that is no more is replaced; nothing else is.
pub(super) fn listen(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile), HttpError> {
    let failed = |source: io::Error| match source.kind() {
        ErrorKind::PermissionDenied => HttpError::NoAccess(path.to_owned()),
        _ => HttpError::Socket { path: path.to_owned(), source },
    };
    if path.parent().is_some_and(|folder| !folder.is_dir()) {
        return Err(HttpError::NoFolder(path.to_owned()));
    }
    make_room(path)?;
    let open = || -> io::Result<(UnixListener, SocketFile)> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.bind(&SockAddr::unix(path)?)?;
        let file = SocketFile { path: path.to_owned(), own: identity(path)? };
        // Before it listens nobody can connect: there is no moment at which the wrong ones could.
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok((socket.into(), file))
    };
    open().map_err(failed)
}

/// Takes away the socket of a process that is no more.
fn make_room(path: &Path) -> Result<(), HttpError> {
    let Ok(there) = fs::symlink_metadata(path) else { return Ok(()) };
    if !there.file_type().is_socket() {
        return Err(HttpError::NoSocket(path.to_owned()));
    }
    let connect = || -> io::Result<()> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // A living one whose queue is full would keep us waiting.
        socket.set_nonblocking(true)?;
        socket.connect(&SockAddr::unix(path)?)
    };
    match connect().map_err(|error| error.kind()) {
        Err(ErrorKind::ConnectionRefused) => match fs::remove_file(path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(HttpError::Socket { path: path.to_owned(), source }),
            _ => Ok(()),
        },
        Err(ErrorKind::NotFound) => Ok(()),
        Err(ErrorKind::PermissionDenied) => Err(HttpError::NoAccess(path.to_owned())),
        Ok(()) | Err(_) => Err(HttpError::TakenSocket(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("http.sock");
        (folder, path)
    }

    #[test]
    fn it_has_its_mode_and_goes_with_its_listener() {
        let (_folder, path) = place();
        let (listener, file) = listen(&path, 0o660).expect("a socket");
        assert_eq!(fs::symlink_metadata(&path).expect("a file").permissions().mode() & 0o7777, 0o660);
        UnixStream::connect(&path).expect("it listens");
        drop((listener, file));
        assert!(!path.exists());
    }

    #[test]
    fn what_a_dead_process_left_is_replaced_and_what_lives_is_not() {
        let (_folder, path) = place();
        drop(UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists(), "left behind");
        let (listener, file) = listen(&path, 0o600).expect("replaced");
        let error = listen(&path, 0o600).expect_err("it lives").to_string();
        assert!(error.ends_with("another program listens there already; stop it or change the address in [http]"), "{error}");
        // A full queue is a sign of life.
        let mut waiting = Vec::new();
        while let Ok(client) = Socket::new(Domain::UNIX, Type::STREAM, None) {
            client.set_nonblocking(true).expect("nonblocking");
            if client.connect(&SockAddr::unix(&path).expect("a path")).is_err() {
                break;
            }
            waiting.push(client);
            if waiting.len() > 900 {
                break; // this process may open no more
            }
        }
        assert!(matches!(listen(&path, 0o600), Err(HttpError::TakenSocket(_))));
        drop((listener, file));
    }

    #[test]
    fn what_is_no_socket_is_never_touched() {
        let (folder, path) = place();
        fs::write(&path, "precious").expect("a file");
        let error = listen(&path, 0o660).expect_err("no socket").to_string();
        assert!(error.contains("what is there is no socket"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("still there"), "precious");
        let nowhere = folder.path().join("none/http.sock");
        let error = listen(&nowhere, 0o660).expect_err("no folder").to_string();
        assert!(error.contains("there is no folder"), "{error}");
    }

    #[test]
    fn anothers_socket_is_not_removed() {
        let (_folder, path) = place();
        let (listener, file) = listen(&path, 0o660).expect("a socket");
        fs::remove_file(&path).expect("removed");
        let other = UnixListener::bind(&path).expect("another's");
        drop((listener, file));
        assert!(path.exists());
        drop(other);
    }
}
