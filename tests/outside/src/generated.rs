//! Crates that are generated outside of the workspace.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate in a temporary directory, with the versions of this crate's Cargo.lock, and a target
/// directory that all such crates share, so that dependencies are built once. It is removed when
/// this is dropped.
#[derive(Debug)]
pub struct Generated {
    directory: PathBuf,
}

impl Generated {
    /// A crate of this name with these lines below `[dependencies]`.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn new(name: &str, dependencies: &str) -> Generated {
        let directory = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        // What a run that was killed has left may be there, if its process had the same number.
        let cleared = match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => fs::create_dir(&directory),
        };
        cleared.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let generated = Generated { directory };
        let manifest = format!(
            "[workspace]\n\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n[profile.dev]\ndebug = false\n"
        );
        generated.write("Cargo.toml", &manifest);
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
        let lock =
            fs::read_to_string(&lock).unwrap_or_else(|error| panic!("{}: {error}", lock.display()));
        generated.write("Cargo.lock", &lock);
        generated
    }

    /// Where a crate of the workspace is.
    pub fn crate_path(name: &str) -> PathBuf {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        repository.unwrap_or(Path::new(".")).join(name)
    }

    /// Writes a file, and the directories above it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.directory.join(file);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all);
        written
            .and_then(|()| fs::write(&path, text))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Where it is built.
    pub fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(target) => PathBuf::from(target).join("generated"),
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/generated"),
        }
    }

    /// A command of cargo in this crate.
    pub fn cargo(&self, command: &str) -> Command {
        let mut cargo = self.command(&std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.arg(command);
        cargo
    }

    /// A command of the cargo of this release of Rust: the usual one, or one that rustup has
    /// installed.
    pub fn cargo_of(&self, toolchain: &str, command: &str) -> Command {
        let usual = Command::new("rustc").arg("--version").output();
        let wanted = format!("rustc {toolchain} ");
        if usual.is_ok_and(|usual| usual.stdout.starts_with(wanted.as_bytes())) {
            return self.cargo(command);
        }
        let mut cargo = self.command("rustup".as_ref());
        cargo.args(["run", toolchain, "cargo", command]);
        cargo
    }

    fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new(program);
        // What cargo tells a test of its own package is no business of another.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_")) {
                command.env_remove(name);
            }
        }
        command.current_dir(&self.directory).env("CARGO_TARGET_DIR", self.target());
        command
    }
}

impl Drop for Generated {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_has_left_is_cleared() {
        let killed = Generated::new("cleared", "");
        killed.write("src/bin/old.rs", "");
        let old = killed.directory.join("src/bin/old.rs");
        assert!(old.exists());
        std::mem::forget(killed);
        let next = Generated::new("cleared", "");
        assert!(!old.exists());
        assert!(next.directory.join("Cargo.toml").exists());
    }
}
