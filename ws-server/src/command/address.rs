//! The addresses of the command line: where to listen, and the target.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// Where to listen: `PORT`, `ADDR:PORT` or `unix:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listen {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Listen, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return unix_path(path).map(Listen::Unix);
        }
        if let Ok(port) = text.parse() {
            return Ok(Listen::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)));
        }
        text.parse().map(Listen::Tcp).map_err(|_| {
            "expected PORT, ADDR:PORT with a numeric address ([::1]:8080 for IPv6), or unix:PATH"
                .to_owned()
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(addr) => addr.fmt(f),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// What is served: `echo:`, `HOST:PORT`, `tcp:HOST:PORT` or `unix:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The built-in echo of messages.
    Echo,
    /// A TCP service.
    Tcp { host: String, port: u16 },
    /// A service on a unix socket.
    Unix(PathBuf),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        if text == "echo:" {
            return Ok(Target::Echo);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return unix_path(path).map(Target::Unix);
        }
        let address = text.strip_prefix("tcp:").unwrap_or(text);
        let expected = || "expected echo:, HOST:PORT, tcp:HOST:PORT or unix:PATH".to_owned();
        let (host, port) = address.rsplit_once(':').ok_or_else(expected)?;
        let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(literal) => literal,
            None if host.contains(':') => return Err(expected()),
            None => host,
        };
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(expected)?;
        if host.is_empty() {
            return Err(expected());
        }
        Ok(Target::Tcp { host: host.to_owned(), port })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Echo => f.write_str("echo:"),
            Target::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Target::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
            Target::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn unix_path(path: &str) -> Result<PathBuf, String> {
    match (path.is_empty(), cfg!(unix)) {
        (_, false) => Err("this system has no unix sockets".to_owned()),
        (true, _) => Err("expected a path after unix:, such as unix:/run/ws.sock".to_owned()),
        _ => Ok(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(text: &str) -> Option<String> {
        text.parse::<Listen>().ok().map(|listen| listen.to_string())
    }

    fn target(text: &str) -> Option<String> {
        text.parse::<Target>().ok().map(|target| target.to_string())
    }

    #[test]
    fn reads_where_to_listen() {
        assert_eq!(listen("0").as_deref(), Some("127.0.0.1:0"));
        assert_eq!(listen("0.0.0.0:80").as_deref(), Some("0.0.0.0:80"));
        assert_eq!(listen("[::1]:80").as_deref(), Some("[::1]:80"));
        assert_eq!(listen("unix:/run/x").as_deref(), Some("unix:/run/x"));
        for text in ["", "x", "70000", "localhost:80", "unix:", "1.2.3.4"] {
            assert_eq!(listen(text), None, "{text}");
        }
    }

    #[test]
    fn reads_what_to_serve() {
        assert_eq!(target("echo:").as_deref(), Some("echo:"));
        assert_eq!(target("localhost:80").as_deref(), Some("tcp:localhost:80"));
        assert_eq!(target("tcp:[::1]:80").as_deref(), Some("tcp:[::1]:80"));
        assert_eq!(target("unix:x").as_deref(), Some("unix:x"));
        for text in ["", "echo", "localhost", "localhost:0", ":80", "::1:80", "a:b", "unix:"] {
            assert_eq!(target(text), None, "{text}");
        }
    }
}
