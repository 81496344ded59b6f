//! `upgrade_messages` without the feature `tower`.
//!
//! says: no method named `upgrade_messages` found for struct `ws_server::Builder`
//! lines: 13

use ws_server::{BuildError, Peer, Server, WebSocket};

async fn handle(_socket: WebSocket, _peer: Peer) -> std::io::Result<()> {
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let _service = Server::builder().upgrade_messages(handle)?;
    Ok(())
}
