//! fastwebsockets, on a socket after the opening handshake.

use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket, WebSocketError};
use peer::{serve, upgrade};
use tokio::net::TcpStream;

fn main() {
    serve(connection);
}

async fn connection(mut socket: TcpStream) {
    if upgrade(&mut socket, None).await.is_ok() {
        // An error ends a connection, like a clean end.
        let _ = echo(WebSocket::after_handshake(socket, Role::Server)).await;
    }
}

async fn echo(socket: WebSocket<TcpStream>) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}
