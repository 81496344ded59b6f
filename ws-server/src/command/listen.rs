//! Binding the listener, with errors that say what to do.

use std::io::ErrorKind;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixSocket, UnixStream};

use super::address::Listen;

/// The length of the listen queue: enough for clients that all reconnect at once after a restart.
/// The system may allow less (on Linux `net.core.somaxconn`); a client that finds the queue full
/// retransmits its SYN a second later.
const BACKLOG: u32 = 4096;

/// A bound listener, and where clients connect to it.
#[derive(Debug)]
pub(super) enum Bound {
    Tcp(TcpListener, SocketAddr),
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
}

impl Bound {
    /// The URLs, or the unix socket, that clients connect to.
    pub(super) fn urls(&self, schemes: &[&str], path: &str) -> String {
        match self {
            Bound::Tcp(_, local) => {
                let url = |scheme: &&str| format!("{scheme}://{local}{path}");
                schemes.iter().map(url).collect::<Vec<_>>().join(" and ")
            }
            #[cfg(unix)]
            Bound::Unix(_, file) => format!("unix:{}", file.path.display()),
        }
    }
}

/// The file of a listening unix socket; removed when the server ends, unless another server
/// has replaced it.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// That of the file right after it was bound; `None` if that could not be read.
    identity: Option<(u64, u64)>,
}

#[cfg(unix)]
impl SocketFile {
    fn new(path: &Path) -> SocketFile {
        SocketFile { path: path.to_owned(), identity: identity(path) }
    }
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.identity.is_some() && identity(&self.path) == self.identity {
            // An error is ignored: if the file is already gone, there is nothing to remove.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// The device and inode of a file, which tell it from another at the same path.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    path.symlink_metadata().ok().map(|found| (found.dev(), found.ino()))
}

pub(super) async fn bind(listen: &Listen) -> Result<Bound, String> {
    let explain =
        |error: std::io::Error| format!("cannot listen on {listen}: {}", words(listen, &error));
    match listen {
        Listen::Tcp(addr) => {
            let listener = bind_tcp(*addr).map_err(explain)?;
            let local = listener.local_addr().map_err(explain)?;
            Ok(Bound::Tcp(listener, local))
        }
        #[cfg(unix)]
        Listen::Unix(path) => {
            remove_stale(path).await.map_err(explain)?;
            let (listener, file) = bind_unix(path).map_err(explain)?;
            Ok(Bound::Unix(listener, file))
        }
        #[cfg(not(unix))]
        Listen::Unix(_) => Err("this system has no unix sockets".to_owned()),
    }
}

fn bind_tcp(addr: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match addr {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On unix, so that a restarted server can bind while old connections are in TIME_WAIT. On
    // Windows the option would allow two servers to share a port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

#[cfg(unix)]
fn bind_unix(path: &Path) -> std::io::Result<(UnixListener, SocketFile)> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    let file = SocketFile::new(path);
    Ok((socket.listen(BACKLOG)?, file))
}

/// Removes a socket that no server listens on any more. A live one, or a file of another kind, is
/// kept and makes the bind fail.
#[cfg(unix)]
async fn remove_stale(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::FileTypeExt;

    let is_socket = path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        _ => Ok(()),
    }
}

fn words(listen: &Listen, error: &std::io::Error) -> String {
    match (listen, error.kind()) {
        (Listen::Tcp(_), ErrorKind::AddrInUse) => {
            "the address is in use; stop what listens there, or choose another (port 0 picks a \
             free one)"
                .to_owned()
        }
        (Listen::Unix(_), ErrorKind::AddrInUse) => {
            "there is a file or a live server at this path; remove the file or stop the server, or \
             choose another path"
                .to_owned()
        }
        (Listen::Tcp(_), ErrorKind::PermissionDenied) => {
            "permission denied; ports below 1024 need privileges: choose another port, or grant \
             them (on Linux CAP_NET_BIND_SERVICE)"
                .to_owned()
        }
        _ => error.to_string(),
    }
}
