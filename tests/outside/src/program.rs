//! A program that serves, as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::channel;
use std::{io, thread};

use crate::PATIENCE;

/// A program that serves. It is ended when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Where it listens: `127.0.0.1:40000`.
    address: String,
}

impl Program {
    /// Starts a program on a free port, which is its first argument. Its first line says where it
    /// listens.
    ///
    /// # Panics
    /// When the program ends, or prints something else, or nothing in time.
    pub fn start(path: impl AsRef<Path>, more: &[&str]) -> Program {
        let path = path.as_ref();
        let child = Command::new(path)
            .arg("127.0.0.1:0")
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut program = Program { child, address: String::new() };
        let output = program.child.stdout.take();
        let line = output.map_or(Ok(String::new()), first_line);
        let line = line.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let url = line.strip_prefix("listening on ").and_then(|url| url.split_once("://"));
        let Some((_scheme, rest)) = url else {
            panic!("{} printed {line:?}", path.display());
        };
        program.address = rest.trim_end().trim_end_matches('/').to_owned();
        program
    }

    /// The URL of a path, with its leading slash.
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// Reads the first line, in a thread that ends at the latest with the program.
fn first_line(output: ChildStdout) -> io::Result<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        // Nobody receives a line that is too late.
        drop(sender.send(read.map(|_| line)));
    });
    receiver.recv_timeout(PATIENCE).map_err(io::Error::other)?
}

impl Drop for Program {
    fn drop(&mut self) {
        // Errors mean that it has ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
