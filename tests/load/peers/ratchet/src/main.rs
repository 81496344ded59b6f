//! ratchet.

use bytes::BytesMut;
use peer::{args, serve};
use ratchet_rs::deflate::DeflateExtProvider;
use ratchet_rs::{
    Extension, Message, PayloadType, SubprotocolRegistry, WebSocket, WebSocketConfig,
};
use tokio::net::TcpStream;

const CONFIG: WebSocketConfig = WebSocketConfig { max_message_size: 128 << 20 };

fn main() {
    serve(connection);
}

async fn connection(socket: TcpStream) {
    if args().deflate.is_some() {
        let deflate = DeflateExtProvider::default();
        let accepted =
            ratchet_rs::accept_with(socket, CONFIG, deflate, SubprotocolRegistry::default());
        let Ok(accepted) = accepted.await else { return };
        if let Ok(upgraded) = accepted.upgrade().await {
            echo(upgraded.websocket).await;
        }
    } else {
        let Ok(accepted) = ratchet_rs::accept(socket, CONFIG).await else { return };
        if let Ok(upgraded) = accepted.upgrade().await {
            echo(upgraded.websocket).await;
        }
    }
}

async fn echo<E: Extension>(mut socket: WebSocket<TcpStream, E>) {
    let mut buffer = BytesMut::new();
    loop {
        let kind = match socket.read(&mut buffer).await {
            Ok(Message::Text) => PayloadType::Text,
            Ok(Message::Binary) => PayloadType::Binary,
            Ok(Message::Close(_)) | Err(_) => return,
            Ok(_) => continue,
        };
        if socket.write(&mut buffer, kind).await.is_err() || socket.flush().await.is_err() {
            return;
        }
        buffer.clear();
    }
}
