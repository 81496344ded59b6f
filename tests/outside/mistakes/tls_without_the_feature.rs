//! TLS without the feature `tls`.
//!
//! says: the item is gated behind the `tls` feature
//! lines: 20

use ws_server::{BuildError, Peer, Server, Tls, WebSocket};

async fn handle(_socket: WebSocket, _peer: Peer) -> std::io::Result<()> {
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let tls = Tls::from_pem_files("site.pem", "site.key").unwrap();
    let _server = Server::builder().tls(&tls).messages(handle)?;
    Ok(())
}
