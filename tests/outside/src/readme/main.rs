//! Builds every Rust program of a README outside of the workspace, with the dependencies that it
//! names, runs it as it is, and connects to it where it listens:
//!
//! ```text
//! cargo run --bin readme -- README.md
//! ```
//!
//! What it reads from the README is said in `snippet.rs`. A program has to open a WebSocket, and to
//! return a message if it calls something `echo`. Programs that fail do not keep the others from
//! being checked.

mod snippet;
mod visit;

use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use snippet::Snippet;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use ws_outside::{Generated, PATIENCE};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: readme README.md");
        return ExitCode::from(2);
    };
    let readme = match std::fs::read_to_string(&path) {
        Ok(readme) => readme,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    let (mut passed, mut failed) = (0, 0);
    for snippet in snippet::snippets(&readme) {
        match check(&snippet).await {
            Ok(what) => {
                println!("{path}:{}: {what}", snippet.line);
                passed += 1;
            }
            Err(error) => {
                eprintln!("{path}:{}: FAIL {error}", snippet.line);
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0 || passed == 0))
}

/// Builds and runs one program; tells what it did.
async fn check(snippet: &Snippet) -> Result<String, String> {
    if !snippet.source.contains("fn main()") {
        return Err("it has no `main`".to_owned());
    }
    let dependencies = snippet.dependencies()?;
    let address = snippet.address()?;
    let name = format!("readme-line-{}", snippet.line);
    println!("$ cargo build of {name}, with\n{dependencies}");
    let generated = Generated::new(&name, &dependencies);
    generated.write("src/main.rs", &snippet.source);
    // Warnings of the program itself are errors.
    let built = generated.cargo("rustc").args(["--quiet", "--", "-Dwarnings"]).status();
    if !built.map_err(|error| error.to_string())?.success() {
        return Err("it does not compile".to_owned());
    }
    if TcpStream::connect(address).await.is_ok() {
        return Err(format!("another program listens on {address}"));
    }
    let mut running = Running::start(&generated.target().join("debug").join(&name))?;
    running.listens(address).await?;
    let url = visit::first(&snippet.urls(address), snippet.echoes()).await?;
    running.still_runs()?;
    Ok(format!("served {url}"))
}

/// A process that is ended when this is dropped.
struct Running(Child);

impl Running {
    fn start(program: &Path) -> Result<Running, String> {
        let started = Command::new(program).spawn();
        started.map(Running).map_err(|error| format!("{}: {error}", program.display()))
    }

    fn still_runs(&mut self) -> Result<(), String> {
        match self.0.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("it ended with {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Waits until it listens.
    async fn listens(&mut self, address: &str) -> Result<(), String> {
        let listening = async {
            while TcpStream::connect(address).await.is_err() {
                self.still_runs()?;
                sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        };
        let late = Err(format!("it does not listen on {address}"));
        timeout(PATIENCE, listening).await.unwrap_or(late)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Errors mean that it has ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
