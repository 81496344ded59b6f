//! Which proxies are trusted.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use crate::socket::RemoteAddr;

/// The proxies that are trusted in what they say about their clients. By default none.
///
/// Any program that connects from one of these addresses can claim any client address, scheme and
/// host: list only the proxies, not a network that they share with other machines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    proxies: Vec<TrustedProxy>,
}

impl TrustedProxies {
    /// Whether no proxy is trusted.
    pub fn is_empty(&self) -> bool {
        self.proxies.is_empty()
    }

    /// Whether a connection from this address comes from a trusted proxy.
    ///
    /// An IPv4 address mapped to IPv6 (`::ffff:192.0.2.1`) counts as the IPv4 address. An
    /// [unknown](RemoteAddr::Unknown) address is never trusted.
    pub fn contains(&self, remote: RemoteAddr) -> bool {
        self.proxies.iter().any(|proxy| proxy.contains(remote))
    }
}

impl FromIterator<TrustedProxy> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = TrustedProxy>>(proxies: I) -> TrustedProxies {
        TrustedProxies { proxies: proxies.into_iter().collect() }
    }
}

/// One entry of [`TrustedProxies`].
///
/// Written as a network (`10.0.0.0/8`, `fd00::/8`), an address (`127.0.0.1`, `::1`), or `unix`
/// for all clients of a unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedProxy(ProxyAddress);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProxyAddress {
    Network(IpNet),
    Unix,
}

impl TrustedProxy {
    /// Whether it stands for the clients of a unix socket.
    pub fn is_unix(self) -> bool {
        self.0 == ProxyAddress::Unix
    }

    fn contains(self, remote: RemoteAddr) -> bool {
        match (self.0, remote) {
            (ProxyAddress::Network(network), RemoteAddr::Tcp(addr)) => {
                network.contains(&addr.ip().to_canonical())
            }
            (ProxyAddress::Unix, RemoteAddr::Unix) => true,
            _ => false,
        }
    }
}

impl FromStr for TrustedProxy {
    type Err = ParseTrustedProxyError;

    fn from_str(text: &str) -> Result<TrustedProxy, ParseTrustedProxyError> {
        if text == "unix" {
            return Ok(TrustedProxy(ProxyAddress::Unix));
        }
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().map_err(|_| ParseTrustedProxyError::NoNetwork)?,
        };
        let masked = network.trunc();
        if network != masked {
            return Err(ParseTrustedProxyError::HostBits(TrustedProxy(ProxyAddress::Network(
                masked,
            ))));
        }
        Ok(TrustedProxy(ProxyAddress::Network(canonical(network))))
    }
}

/// The length of the prefix before an IPv4 address that is mapped to IPv6 (RFC 4291 §2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

/// The IPv4 network for a network of IPv4 addresses that are mapped to IPv6.
fn canonical(network: IpNet) -> IpNet {
    let (IpAddr::V4(address), Some(prefix)) =
        (network.addr().to_canonical(), network.prefix_len().checked_sub(MAPPED_PREFIX))
    else {
        return network;
    };
    match network {
        IpNet::V6(_) => Ipv4Net::new(address, prefix).map_or(network, IpNet::V4),
        IpNet::V4(_) => network,
    }
}

impl std::fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            ProxyAddress::Network(network) => network.fmt(f),
            ProxyAddress::Unix => f.write_str("unix"),
        }
    }
}

/// Why a text cannot be parsed as a [`TrustedProxy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseTrustedProxyError {
    /// Neither an address, nor a network, nor `unix`.
    NoNetwork,
    /// Host bits are set, after the prefix; this is the network without them.
    HostBits(TrustedProxy),
}

impl std::fmt::Display for ParseTrustedProxyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ParseTrustedProxyError::NoNetwork => f.write_str(
                "expected an address such as 127.0.0.1, a network such as 10.0.0.0/8, or unix",
            ),
            ParseTrustedProxyError::HostBits(network) => {
                write!(f, "host bits are set after the prefix; the network is {network}")
            }
        }
    }
}

impl std::error::Error for ParseTrustedProxyError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(entries: &[&str]) -> TrustedProxies {
        entries.iter().map(|entry| entry.parse::<TrustedProxy>().unwrap()).collect()
    }

    fn tcp(address: &str) -> RemoteAddr {
        RemoteAddr::Tcp((address.parse::<IpAddr>().unwrap(), 1).into())
    }

    #[test]
    fn nobody_is_trusted_unless_listed() {
        let nobody = TrustedProxies::default();
        assert!(nobody.is_empty());
        for remote in [tcp("127.0.0.1"), tcp("::1"), RemoteAddr::Unix, RemoteAddr::Unknown] {
            assert!(!nobody.contains(remote));
        }
    }

    #[test]
    fn an_address_is_trusted_alone_and_a_network_as_a_whole() {
        let list = trusted(&["10.0.0.0/8", "127.0.0.1", "::1", "fd00::/8"]);
        for inside in ["10.0.0.0", "10.255.255.255", "127.0.0.1", "::1", "fdff::2"] {
            assert!(list.contains(tcp(inside)), "{inside}");
        }
        for outside in ["11.0.0.0", "127.0.0.2", "::2", "fe80::1", "0.0.0.1"] {
            assert!(!list.contains(tcp(outside)), "{outside}");
        }
        assert!(!list.contains(RemoteAddr::Unix));
    }

    #[test]
    fn a_mapped_address_counts_as_its_ipv4_address() {
        assert!(trusted(&["10.0.0.0/8"]).contains(tcp("::ffff:10.1.2.3")));
        assert!(!trusted(&["::/0"]).contains(tcp("::ffff:10.1.2.3")));
        for mapped in ["::ffff:10.0.0.0/104", "::ffff:10.1.2.3", "::ffff:0.0.0.0/96"] {
            assert!(trusted(&[mapped]).contains(tcp("10.1.2.3")), "{mapped}");
            assert!(trusted(&[mapped]).contains(tcp("::ffff:10.1.2.3")), "{mapped}");
        }
    }

    #[test]
    fn clients_of_a_unix_socket_are_trusted_by_name() {
        let list = trusted(&["unix"]);
        assert!(list.contains(RemoteAddr::Unix));
        assert!(!list.contains(tcp("127.0.0.1")));
        assert!(!list.contains(RemoteAddr::Unknown));
    }

    #[test]
    fn refuses_what_is_no_network() {
        for text in ["", "any", "UNIX", "10.0.0.0/33", "10.0.0.0/", "10.1", "::1/129", "a.b", "1:2"]
        {
            let refused = text.parse::<TrustedProxy>().unwrap_err();
            assert_eq!(refused, ParseTrustedProxyError::NoNetwork, "{text}");
        }
        let refused = "10.1.2.3/8".parse::<TrustedProxy>().unwrap_err();
        assert!(refused.to_string().ends_with("the network is 10.0.0.0/8"));
    }

    #[test]
    fn is_written_as_it_is_read() {
        for text in ["10.0.0.0/8", "127.0.0.1/32", "::1/128", "unix"] {
            assert_eq!(text.parse::<TrustedProxy>().unwrap().to_string(), text);
        }
    }
}
