//! The command line.

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::die;
use crate::draft::Draft;
use crate::frames::DIGITS;
use crate::payload::{Content, MessageOptions};

/// The mode of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Messages are echoed.
    Echo,
    /// Connections are opened, and stay mostly idle.
    Idle,
    /// Connections are opened and closed.
    Openings,
    /// One connection publishes, and all receive.
    Fanout,
}

/// When the next messages are sent on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refill {
    /// All of them at once, when all have been echoed.
    Batch,
    /// One for each echo.
    Window,
}

/// The options of the command line.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) mode: Mode,
    /// Connections are distributed over these.
    pub(crate) ports: Vec<u16>,
    pub(crate) connections: usize,
    pub(crate) depth: usize,
    pub(crate) refill: Refill,
    pub(crate) duration: Duration,
    pub(crate) warmup: Duration,
    /// The processes of the server; their child processes count too.
    pub(crate) pids: Vec<u32>,
    pub(crate) verify: bool,
    pub(crate) idle_sizes: Vec<usize>,
    pub(crate) hold: Duration,
    /// Close with RST.
    pub(crate) reset: bool,
    /// How many connections never read.
    pub(crate) slow: usize,
    /// The certificate to trust, for connections over TLS.
    pub(crate) tls: Option<PathBuf>,
    pub(crate) message: MessageOptions,
}

/// The server's address. No other host is loaded.
pub(crate) const HOST: Ipv4Addr = Ipv4Addr::LOCALHOST;

const HELP: &str = "\
load --port P [options]; prints one JSON object
  --draft D         13 | 8 | 7 | 76 | 75 | tcp          (13)
  --mode M          echo | idle | openings | fanout     (echo)
  --conns N         connections (openings: in progress) (1)
  --size S          payload bytes of a message          (125)
  --depth D         messages in flight on a connection  (1)
  --refill R        batch: D again after all D echoes; window: one for each  (batch)
  --secs T --warmup W                                   (3, 1)
  --pid P[,P]       processes of the server to account for, with their child processes
  --text | --utf8   text messages: ASCII, or characters of all lengths (binary)
  --json            text messages of JSON records (with --deflate always)
  --verify          compare every byte of the echo
  --stream          count payload bytes and not frames, for gateways and byte streams
  --fragments K     send each message as K frames       (1)
  --deflate W       noctx | ctx: offer permessage-deflate, send compressed messages
  --idle-sizes A,B  idle: echo one message of each size on every connection
  --hold T          idle: how long the server's idle CPU time is measured (2)
  --path /p  --protocol NAME  --origin URL
  --tls CERTIFICATE connect over TLS to a server with this certificate, of localhost
  --rst             openings: close with RST instead of FIN
  --ports A,B       instead of --port: connections are distributed over them
  --slow K          fanout: the last K connections never read, and are not awaited
fanout: connection 0 publishes D messages, the next D once all copies have been received;
each begins with its number in decimal. --verify compares every copy, and counts by number
";

impl Default for Args {
    fn default() -> Args {
        Args {
            mode: Mode::Echo,
            ports: Vec::new(),
            connections: 1,
            depth: 1,
            refill: Refill::Batch,
            duration: Duration::from_secs(3),
            warmup: Duration::from_secs(1),
            pids: Vec::new(),
            verify: false,
            idle_sizes: Vec::new(),
            hold: Duration::from_secs(2),
            reset: false,
            slow: 0,
            tls: None,
            message: MessageOptions::default(),
        }
    }
}

impl Args {
    /// Exits when the command line is invalid.
    pub(crate) fn from_command_line() -> Args {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
            print!("{HELP}");
            std::process::exit(0);
        }
        Args::parse(arguments).unwrap_or_else(|why| die(&why))
    }

    fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Args, String> {
        let mut args = Args::default();
        let mut arguments = arguments.into_iter();
        while let Some(option) = arguments.next() {
            args.option(&option, &mut arguments)?;
        }
        args.check()
    }

    fn option(
        &mut self,
        option: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), String> {
        let mut text = || rest.next().ok_or_else(|| format!("{option} needs a value (see --help)"));
        match option {
            "--port" | "--ports" => self.ports = list(option, &text()?)?,
            "--draft" => {
                let name = text()?;
                self.message.draft =
                    Draft::named(&name).ok_or_else(|| format!("unknown draft {name}"))?;
            }
            "--mode" => self.mode = mode(&text()?)?,
            "--conns" => self.connections = number(option, &text()?)?,
            "--size" => self.message.size = number(option, &text()?)?,
            "--depth" => self.depth = number::<usize>(option, &text()?)?.max(1),
            "--refill" => {
                self.refill = if text()? == "window" { Refill::Window } else { Refill::Batch };
            }
            "--secs" => self.duration = seconds(option, &text()?)?,
            "--warmup" => self.warmup = seconds(option, &text()?)?,
            "--hold" => self.hold = seconds(option, &text()?)?,
            "--pid" => self.pids = list(option, &text()?)?,
            "--text" => self.message.content = Content::Ascii,
            "--utf8" => self.message.content = Content::Utf8,
            "--json" => self.message.content = Content::Json,
            "--verify" => self.verify = true,
            "--stream" => self.message.stream = true,
            "--fragments" => self.message.fragments = number::<usize>(option, &text()?)?.max(1),
            "--deflate" => {
                self.message.deflate = Some(text()? == "ctx");
                self.message.content = Content::Json;
            }
            "--idle-sizes" => self.idle_sizes = list(option, &text()?)?,
            "--path" => self.message.path = text()?,
            "--protocol" => self.message.protocol = Some(text()?),
            "--origin" => self.message.origin = text()?,
            "--tls" => self.tls = Some(text()?.into()),
            "--rst" => self.reset = true,
            "--slow" => self.slow = number(option, &text()?)?,
            _ => return Err(format!("unknown option {option} (see --help)")),
        }
        Ok(())
    }

    /// Checks combinations of options, and sets dependent ones.
    fn check(mut self) -> Result<Args, String> {
        let message = &mut self.message;
        if self.ports.is_empty() || self.connections == 0 {
            return Err("--port and a connection are needed (see --help)".to_owned());
        }
        if message.draft.is_hixie() && message.content == Content::Binary {
            message.content = Content::Ascii;
        }
        if message.draft == Draft::Tcp {
            message.stream = true;
        }
        if self.mode == Mode::Fanout {
            let plain = message.deflate.is_none() && !message.stream && self.tls.is_none();
            if message.draft != Draft::Rfc6455 || !plain {
                return Err("fanout is for draft 13, without compression and TLS".to_owned());
            }
            if message.size < DIGITS || self.slow >= self.connections {
                return Err("fanout needs --size 8 or more, and a connection that reads".to_owned());
            }
            message.numbered = true;
        }
        Ok(self)
    }
}

fn mode(name: &str) -> Result<Mode, String> {
    Ok(match name {
        "echo" => Mode::Echo,
        "idle" => Mode::Idle,
        "openings" => Mode::Openings,
        "fanout" => Mode::Fanout,
        _ => return Err(format!("unknown mode {name}")),
    })
}

fn number<T: FromStr<Err: Display>>(option: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{option} {text}: {error}"))
}

fn list<T: FromStr<Err: Display>>(option: &str, text: &str) -> Result<Vec<T>, String> {
    text.split(',').map(|item| number(option, item)).collect()
}

fn seconds(option: &str, text: &str) -> Result<Duration, String> {
    let seconds = number(option, text)?;
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("{option} {text}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn takes_sizes_ports_and_durations() {
        let args = parsed("--ports 1,2 --size 16 --conns 50 --secs 0.5 --idle-sizes 1,3").unwrap();
        assert_eq!(args.ports, [1, 2]);
        assert_eq!((args.message.size, args.connections), (16, 50));
        assert_eq!(args.duration, Duration::from_millis(500));
        assert_eq!(args.idle_sizes, [1, 3]);
    }

    #[test]
    fn hixie_has_text_alone() {
        assert_eq!(parsed("--port 1 --draft 76").unwrap().message.content, Content::Ascii);
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for line in [
            "",
            "--port",
            "--port x",
            "--port 1 --conns 0",
            "--port 1 --secs -1",
            "--port 1 --draft 12",
            "--port 1 --mode fanout --draft 76",
            "--port 1 --mode fanout --conns 2 --slow 2",
            "--port 1 --host 10.0.0.1",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
