//! Thousands of clients of every draft that connect, send messages, misbehave and disconnect, and
//! the check for leaks in the server. `tests/soak/run` starts this and the servers.

mod connection;
mod crowd;
mod deflate;
mod draft;
mod last;
mod leave;
mod life;
mod opening;
mod payload;
mod process;
mod random;
mod service;
mod session;
mod socket;
mod tally;
mod verdict;
mod wire;

use std::process::ExitCode;
use std::time::Duration;

use crowd::Crowd;
use life::World;
use process::Process;
use socket::Tls;

const USAGE: &str = "soak service\n\
    soak drive MINUTES CLIENTS SEED CERTIFICATE ECHO PID GATEWAY PID SERVICE_PID";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["service"] => service::serve().await.map(|()| ExitCode::SUCCESS).map_err(Into::into),
        ["drive", ref rest @ ..] => drive(rest).await,
        _ => Err(USAGE.into()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}

async fn drive(arguments: &[&str]) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let [minutes, clients, seed, certificate, echo, echo_id, gateway, gateway_id, service_id] =
        *arguments
    else {
        return Err(USAGE.into());
    };
    let world = World {
        seed: seed.parse()?,
        echo: echo.parse()?,
        gateway: gateway.parse()?,
        tls: Tls::trusting(certificate)?,
    };
    let processes = vec![
        Process::new("echo", echo_id)?,
        Process::new("gateway", gateway_id)?,
        Process::new("service", service_id)?,
    ];
    let time = Duration::try_from_secs_f64(60.0 * minutes.parse::<f64>()?)?;
    Crowd::new(world, clients.parse()?, processes)?.run(time).await
}
