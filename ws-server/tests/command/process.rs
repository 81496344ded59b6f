//! Running the command, and exchanging bytes with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

/// A running command; it is killed at the end of the test.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) line: String,
    log: Option<BufReader<ChildStderr>>,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Server {
        Server::spawn(command(args))
    }

    pub(crate) fn spawn(mut command: Command) -> Server {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Server { child, line, log: None }
    }

    pub(crate) fn address(&self) -> &str {
        let (_, rest) = self.line.split_once("://").unwrap();
        rest.split_once('/').unwrap().0
    }

    pub(crate) fn connect(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request).unwrap();
        stream
    }

    /// Reads the log until a line contains `word`, and returns the line.
    pub(crate) fn wait_for_log(&mut self, word: &str) -> String {
        let log = self.log.get_or_insert_with(|| BufReader::new(self.child.stderr.take().unwrap()));
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the log ended before {word:?}");
        }
        line
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// A masked text message "Hello" (RFC 6455 §5.7), and the echo.
pub(crate) const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
pub(crate) const HELLO_BACK: &[u8] = b"\x81\x05Hello";

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ws-server"));
    command.args(args).stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

pub(crate) fn run(args: &[&str]) -> Output {
    command(args).stdout(Stdio::piped()).output().unwrap()
}

pub(crate) fn expect(stream: &mut impl Read, expected: &[u8]) {
    let mut found = vec![0; expected.len()];
    stream.read_exact(&mut found).unwrap();
    assert_eq!(found, expected);
}

pub(crate) fn expect_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

pub(crate) fn rest(stream: &mut impl Read) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest
}

/// A path for a unix socket of this test.
pub(crate) fn socket_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("ws-server-{}-{name}", std::process::id()))
}
