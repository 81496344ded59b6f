//! fastwebsockets and a `broadcast`, with two tasks for each connection, because reading is not
//! cancel safe; a write for each message, because nothing is buffered.

use std::sync::OnceLock;

use bytes::Bytes;
use fastwebsockets::{
    FragmentCollectorRead, Frame, OpCode, Payload, Role, WebSocket, WebSocketError,
};
use peer::{serve, upgrade};
use tokio::net::TcpStream;
use tokio::sync::broadcast::{self, error::RecvError};

static ROOM: OnceLock<broadcast::Sender<(OpCode, Bytes)>> = OnceLock::new();

fn main() {
    serve(connection);
}

async fn connection(mut socket: TcpStream) {
    if upgrade(&mut socket, None).await.is_err() {
        return;
    }
    let room = ROOM.get_or_init(|| broadcast::channel(1024).0);
    let mut published = room.subscribe();
    let socket = WebSocket::after_handshake(socket, Role::Server);
    let (receiver, mut sender) = socket.split(|socket| socket.into_split());
    let sending = tokio::spawn(tokio::task::unconstrained(async move {
        loop {
            let (opcode, payload) = match published.recv().await {
                Ok(message) => message,
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            };
            let frame = Frame::new(true, opcode, None, Payload::Borrowed(&payload));
            if sender.write_frame(frame).await.is_err() {
                return;
            }
        }
    }));
    let mut receiver = FragmentCollectorRead::new(receiver);
    // Pings and Closes are not answered.
    let mut answer = async |_: Frame<'_>| Ok::<_, WebSocketError>(());
    while let Ok(frame) = receiver.read_frame(&mut answer).await {
        match frame.opcode {
            OpCode::Close => break,
            OpCode::Text | OpCode::Binary => {
                let payload = match frame.payload {
                    Payload::Bytes(bytes) => bytes.freeze(),
                    payload => Bytes::copy_from_slice(&payload),
                };
                // Only a closing connection is not subscribed.
                let _ = room.send((frame.opcode, payload));
            }
            _ => {}
        }
    }
    sending.abort();
}
