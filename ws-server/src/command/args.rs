//! The arguments of the command line.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use ws_server::{Builder, Keepalive, Limits, Origins, Server, Timeouts, Transport, TrustedProxy};

use super::address::{Listen, Target};
#[cfg(feature = "deflate")]
use super::deflate::DeflateArgs;
#[cfg(feature = "tls")]
use super::tls::TlsArgs;

/// [`ws_server::MAX_CONNECTIONS`] as a default value for an argument.
const MAX_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(ws_server::MAX_CONNECTIONS).unwrap();

/// The word for every origin, and for every subprotocol.
const ANY: &str = "any";

/// Serves an echo or any TCP service over WebSocket, to clients of every version of the
/// protocol.
#[derive(Debug, Parser)]
#[command(name = "ws-server", version, max_term_width = 100)]
pub(super) struct Args {
    /// Where to listen: PORT, ADDR:PORT or unix:PATH; port 0 picks one
    #[arg(default_value = "127.0.0.1:8080")]
    pub(super) listen: Listen,

    /// What to serve: echo:, HOST:PORT, tcp:HOST:PORT or unix:PATH
    #[arg(default_value = "echo:")]
    pub(super) target: Target,

    /// An origin whose pages may connect, or `any`; may be repeated [default: the server's own]
    #[arg(long, value_name = "ORIGIN")]
    origin: Vec<String>,

    /// A subprotocol to agree on when a client offers it, or `any` for the client's first; may be
    /// repeated
    #[arg(long, value_name = "NAME")]
    subprotocol: Vec<String>,

    /// The only path that is served [default: any]
    #[arg(long)]
    path: Option<String>,

    /// A proxy in front terminates TLS: pages of the server's own origin are https pages, and
    /// hixie-76 clients are sent a wss URL
    #[arg(long)]
    behind_tls: bool,

    /// Trust the Forwarded or X-Forwarded-* fields of this proxy: an address, a network such as
    /// 10.0.0.0/8, or `unix`; may be repeated. The proxy must set or remove each of these fields
    #[arg(long, value_name = "PROXY")]
    trusted_proxy: Vec<TrustedProxy>,

    /// Require a PROXY protocol header (version 1 or 2) on every connection from this proxy: an
    /// address, a network or `unix`; may be repeated
    #[arg(long, value_name = "PROXY")]
    proxy_protocol: Vec<TrustedProxy>,

    /// Worker threads [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub(super) workers: Option<NonZeroUsize>,

    /// The longest message to echo, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = max_message())]
    max_message: NonZeroUsize,

    /// The longest frame, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = max_frame())]
    max_frame: NonZeroU64,

    /// How much may wait to be sent on a connection before senders wait, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().send_buffer)]
    send_buffer: usize,

    /// How many connections are served at once; further ones wait in the listen queue
    #[arg(long, value_name = "N", default_value_t = MAX_CONNECTIONS)]
    max_connections: NonZeroUsize,

    /// How long the opening handshake may take; the target has half of what is left of it to accept
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    opening_timeout: Duration,

    /// How long the closing handshake may take; longer while the client still reads what was sent
    /// before
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "5")]
    closing_timeout: Duration,

    /// Close a connection on which the client sends no data for this long [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle_timeout: Option<Duration>,

    /// Ping a client that was silent for this long, and end the connection after twice that; 0
    /// disables both
    #[arg(long, value_name = "SECONDS", value_parser = seconds_or_zero, default_value = "30")]
    ping_interval: Duration,

    /// How long connections may take to close when the server shuts down, before they are aborted
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    drain: Duration,

    #[cfg(feature = "tls")]
    #[command(flatten)]
    pub(super) tls: TlsArgs,

    #[cfg(feature = "deflate")]
    #[command(flatten)]
    deflate: DeflateArgs,

    /// What to log to standard error: error, warn, info, debug, trace, or a filter such as
    /// `ws_server=debug`
    #[arg(long, value_name = "FILTER", value_parser = filter, default_value = "info")]
    pub(super) log: String,

    /// Print the drafts (protocol versions) that are compiled in, and exit
    #[arg(long)]
    pub(super) drafts: bool,
}

impl Args {
    /// A builder with the configuration of the arguments.
    pub(super) fn builder(&self) -> Builder {
        let mut limits = Limits::default();
        limits.message = self.max_message.get();
        limits.frame = self.max_frame.get();
        limits.send_buffer = self.send_buffer;
        let mut keepalive = Keepalive::default();
        keepalive.interval = (!self.ping_interval.is_zero()).then_some(self.ping_interval);
        let mut timeouts = Timeouts::default();
        timeouts.opening = self.opening_timeout;
        timeouts.closing = self.closing_timeout;
        timeouts.idle = self.idle_timeout;
        timeouts.keepalive = keepalive;
        let builder = Server::builder()
            .origins(self.origins())
            .subprotocols(self.subprotocol.iter().filter(|name| *name != ANY))
            .limits(limits)
            .timeouts(timeouts)
            .max_connections(self.max_connections.get())
            .trusted_proxies(self.trusted_proxy.iter().copied().collect())
            .proxy_protocol(self.proxy_protocol.iter().copied().collect())
            .drain(self.drain);
        #[cfg(feature = "deflate")]
        let builder = self.deflate.apply(builder);
        let builder = match self.subprotocol.iter().any(|name| name == ANY) {
            true => builder.any_subprotocol(),
            false => builder,
        };
        let builder = match self.behind_tls {
            true => builder.transport(Transport::Tls),
            false => builder,
        };
        match &self.path {
            Some(path) => builder.path(path),
            None => builder,
        }
    }

    /// Refuses proxies that cannot connect to the address: they would never be recognised.
    pub(super) fn check(&self) -> Result<(), String> {
        let on_unix = matches!(self.listen, Listen::Unix(_));
        let proxies =
            [("--trusted-proxy", &self.trusted_proxy), ("--proxy-protocol", &self.proxy_protocol)];
        for (option, proxies) in proxies {
            // A header of the PROXY protocol may name a client of either kind.
            if option == "--trusted-proxy" && !self.proxy_protocol.is_empty() {
                continue;
            }
            if let Some(proxy) = proxies.iter().find(|proxy| proxy.is_unix() != on_unix) {
                let expected = match on_unix {
                    true => "`unix`, since it listens on a unix socket",
                    false => "an address or a network, since it listens on TCP",
                };
                return Err(format!(
                    "`{option} {proxy}` can match no connection: expected {expected}"
                ));
            }
        }
        Ok(())
    }

    /// The schemes of the URLs that clients may use.
    pub(super) fn schemes(&self) -> &'static [&'static str] {
        #[cfg(feature = "tls")]
        return self.tls.schemes();
        #[cfg(not(feature = "tls"))]
        &["ws"]
    }

    /// The path that clients connect to.
    pub(super) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    fn origins(&self) -> Origins {
        match self.origin.as_slice() {
            [] => Origins::Same,
            listed if listed.iter().any(|one| one == ANY) => Origins::Any,
            listed => Origins::These(listed.to_vec()),
        }
    }
}

/// The default of `--max-message`, which is over 0.
fn max_message() -> NonZeroUsize {
    NonZeroUsize::new(Limits::default().message).unwrap_or(NonZeroUsize::MAX)
}

/// The default of `--max-frame`, which is over 0.
fn max_frame() -> NonZeroU64 {
    NonZeroU64::new(Limits::default().frame).unwrap_or(NonZeroU64::MAX)
}

/// A filter of the log. A word that is no level would be taken for the name of a crate, and leave
/// everything else unlogged.
fn filter(text: &str) -> Result<String, String> {
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| levels.iter().any(|level| word.eq_ignore_ascii_case(level));
    let odd = text.split(',').find(|part| !part.contains(['=', '[']) && !is_level(part.trim()));
    let expected = "expected error, warn, info, debug, trace or off, or a filter such as \
                    ws_server=debug";
    match odd {
        Some(word) => Err(format!("{word:?} is no level: {expected}")),
        None => EnvFilter::try_new(text)
            .map(|_| text.to_owned())
            .map_err(|error| format!("{error}: {expected}")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match seconds_or_zero(text) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("expected a number of seconds over 0, at most 31536000, such as 0.5".to_owned()),
    }
}

/// The longest time in seconds: a year, so that clock arithmetic cannot overflow.
const LONGEST: f64 = 365.0 * 24.0 * 3600.0;

fn seconds_or_zero(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=LONGEST).contains(&number) => Ok(Duration::from_secs_f64(number)),
        _ => Err("expected a number of seconds from 0 to 31536000, such as 5 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Args::command().debug_assert();
    }

    #[test]
    fn any_origin_outweighs_a_list() {
        let parse = |args: &[&str]| Args::try_parse_from(args).unwrap().origins();
        assert_eq!(parse(&["ws-server"]), Origins::Same);
        assert_eq!(parse(&["x", "--origin", "a", "--origin", "any"]), Origins::Any);
        assert_eq!(parse(&["x", "--origin", "a"]), Origins::These(vec!["a".to_owned()]));
    }

    #[test]
    fn refuses_times_that_make_no_sense() {
        for time in ["0", "-1", "x", "NaN", "inf", "1e300"] {
            assert!(Args::try_parse_from(["x", "--drain", time]).is_err(), "{time}");
        }
        assert!(Args::try_parse_from(["x", "--ping-interval", "0"]).is_ok());
    }
}
