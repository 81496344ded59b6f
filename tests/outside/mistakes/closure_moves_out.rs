//! A closure that gives away what it has captured.
//!
//! says: closure is `FnOnce` because it moves the variable `greeting` out of its environment
//! lines: 24

use ws_server::{BuildError, Server, WebSocket};

fn main() -> Result<(), BuildError> {
    let greeting = String::from("welcome");
    let _server = Server::builder().messages(move |mut socket: WebSocket, _peer| async move {
        socket.send(greeting).await?;
        Ok(())
    })?;
    Ok(())
}
