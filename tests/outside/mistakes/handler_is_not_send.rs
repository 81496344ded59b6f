//! A handler that keeps an `Rc` while it waits.
//!
//! says: has type `Rc<&str>` which is not `Send`
//! says: await occurs here, with `greeting` maybe used later
//! lines: 22

use std::rc::Rc;
use ws_server::{BuildError, Peer, Server, WebSocket};

async fn handle(mut socket: WebSocket, _peer: Peer) -> std::io::Result<()> {
    let greeting = Rc::new("welcome");
    socket.send(*greeting).await?;
    Ok(())
}

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(handle)?;
    Ok(())
}
