//! A closure whose socket has no type.
//!
//! says: consider giving this closure parameter an explicit type
//! lines: 14

use ws_server::{BuildError, Server};

fn main() -> Result<(), BuildError> {
    let _server = Server::builder().messages(|mut socket, _peer| async move {
        socket.send("welcome").await?;
        Ok(())
    })?;
    Ok(())
}
