//! Builds every Rust program of a README outside of the workspace, with the dependencies that it
//! names, runs it as it is, and connects to it where it listens:
//!
//! ```text
//! cargo run --bin readme -- README.md
//! ```
//!
//! What it reads from the README is said in `snippet.rs`. A program that serves has to open a
//! WebSocket, over TLS if it has a certificate, and has to return a message if it calls something
//! `echo`; any other has to end successfully. Programs that fail do not keep the others from being
//! checked.

mod dependency;
mod snippet;
mod visit;

use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use snippet::Snippet;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use ws_outside::Generated;

/// How long a program may take to listen, to answer, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

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
    let dependencies: String =
        snippet.dependencies()?.iter().map(dependency::Dependency::line).collect();
    let name = format!("readme-line-{}", snippet.line);
    println!("$ cargo build of {name}, with\n{dependencies}");
    let generated = Generated::new(&name, &dependencies);
    generated.write("src/main.rs", &snippet.source);
    let certificate =
        snippet.certificate().map(|files| visit::Certificate::write(&generated, files));
    // Warnings of the program itself are errors.
    let built = generated.cargo("rustc").args(["--quiet", "--", "-Dwarnings"]).status();
    if !built.map_err(|error| error.to_string())?.success() {
        return Err("it does not compile".to_owned());
    }
    let mut command = Command::new(generated.target().join("debug").join(&name));
    command.current_dir(generated.directory());
    let Some(address) = snippet.address() else {
        return run(command).await;
    };
    if TcpStream::connect(address).await.is_ok() {
        return Err(format!("another program listens on {address}"));
    }
    let mut running = Running::start(command)?;
    running.listens(address).await?;
    let url = visit::first(&snippet.urls(address), certificate.as_ref(), snippet.echoes()).await?;
    running.still_runs()?;
    Ok(format!("served {url}"))
}

/// Runs a program that does not serve.
async fn run(command: Command) -> Result<String, String> {
    let mut running = Running::start(command)?;
    let ended = async {
        while running.ended()?.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
        running.ended()
    };
    match timeout(PATIENCE, ended).await {
        Ok(Ok(Some(status))) if status.success() => Ok("ran".to_owned()),
        Ok(ended) => Err(format!("it ended with {ended:?}")),
        Err(_) => Err("it does not end, and no address says that it serves".to_owned()),
    }
}

/// A process that is ended when this is dropped.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Result<Running, String> {
        command.spawn().map(Running).map_err(|error| format!("{command:?}: {error}"))
    }

    fn ended(&mut self) -> Result<Option<std::process::ExitStatus>, String> {
        self.0.try_wait().map_err(|error| error.to_string())
    }

    fn still_runs(&mut self) -> Result<(), String> {
        match self.ended()? {
            Some(status) => Err(format!("it ended with {status}")),
            None => Ok(()),
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
