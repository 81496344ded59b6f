//! Binding, with errors that say what to do.

use std::path::{Path, PathBuf};

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::address::Listen;

/// A bound listener, and how clients reach it.
#[derive(Debug)]
pub(super) enum Bound {
    Tcp(TcpListener, String),
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
}

impl Bound {
    /// The URL or path that clients connect to.
    pub(super) fn url(&self) -> String {
        match self {
            Bound::Tcp(_, url) => url.clone(),
            #[cfg(unix)]
            Bound::Unix(_, file) => format!("unix:{}", file.0.display()),
        }
    }
}

/// The file of a listening unix socket; removed when the server ends.
#[derive(Debug)]
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to remove.
        drop(std::fs::remove_file(&self.0));
    }
}

pub(super) async fn bind(listen: &Listen) -> Result<Bound, String> {
    let explain = |error: std::io::Error| format!("cannot listen on {listen}: {}", words(&error));
    match listen {
        Listen::Tcp(addr) => {
            let listener = TcpListener::bind(addr).await.map_err(explain)?;
            let local = listener.local_addr().map_err(explain)?;
            Ok(Bound::Tcp(listener, format!("ws://{local}/")))
        }
        #[cfg(unix)]
        Listen::Unix(path) => {
            remove_stale(path).await.map_err(explain)?;
            let listener = UnixListener::bind(path).map_err(explain)?;
            Ok(Bound::Unix(listener, SocketFile(path.clone())))
        }
        #[cfg(not(unix))]
        Listen::Unix(_) => Err("this system has no unix sockets".to_owned()),
    }
}

/// Removes a socket that nobody listens on any more. A live one, or a file of another kind, is
/// let be and makes the bind fail.
#[cfg(unix)]
async fn remove_stale(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::FileTypeExt;

    let is_socket = path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket());
    if !is_socket {
        return Ok(());
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        _ => Ok(()),
    }
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "the address is in use; stop what listens there, or choose another (port 0 picks a \
             free one)"
                .to_owned()
        }
        std::io::ErrorKind::PermissionDenied => {
            "permission denied; ports below 1024 need privileges".to_owned()
        }
        _ => error.to_string(),
    }
}
