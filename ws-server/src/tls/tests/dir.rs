//! Files for one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Authority, Identity, Tls};
use crate::TlsError;

/// A directory that is removed at the end of the test.
pub(super) struct Dir(PathBuf);

impl Dir {
    pub(super) fn new() -> Dir {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ws-tls-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    /// A directory with the files of this server.
    pub(super) fn of(server: &Identity) -> Dir {
        let dir = Dir::new();
        dir.put(server);
        dir
    }

    pub(super) fn put(&self, server: &Identity) {
        self.write("cert.pem", &server.certificate_pem());
        self.write("key.pem", &server.key_pem());
    }

    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn tls(&self) -> Result<Tls, TlsError> {
        Tls::from_pem_files(self.path("cert.pem"), self.path("key.pem"))
    }

    /// The text of the error with these files.
    pub(super) fn refusal(&self) -> String {
        self.tls().unwrap_err().to_string()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let path: &Path = &self.0;
        drop(std::fs::remove_dir_all(path));
    }
}

/// A server with a certificate of this authority.
pub(super) fn server(authority: &Authority) -> Tls {
    Dir::of(&authority.server()).tls().unwrap()
}
