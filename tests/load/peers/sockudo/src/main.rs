//! sockudo-ws.

use bytes::BytesMut;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use peer::{args, deflate_extension, ready, serve};
use sockudo_ws::handshake::{build_response, generate_accept_key, parse_request};
use sockudo_ws::{CompressedWebSocketStream, Config, DeflateConfig, Message, WebSocketStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn main() {
    serve(connection);
}

async fn connection(mut socket: TcpStream) {
    if handshake(&mut socket).await.is_none() {
        return;
    }
    match args().deflate {
        None => echo(WebSocketStream::server(socket, Config::default())).await,
        Some(context) => {
            let deflate = DeflateConfig {
                server_no_context_takeover: !context,
                client_no_context_takeover: !context,
                ..DeflateConfig::default()
            };
            echo(CompressedWebSocketStream::server(socket, Config::default(), deflate)).await;
        }
    }
}

async fn handshake(socket: &mut TcpStream) -> Option<()> {
    let mut received = BytesMut::with_capacity(1024);
    loop {
        if socket.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
        if let Some((request, _)) = parse_request(&received).ok()? {
            let key = generate_accept_key(request.key);
            let response = build_response(&key, None, deflate_extension());
            return socket.write_all(&response).await.ok();
        }
    }
}

async fn echo<S>(mut socket: S)
where
    S: Stream<Item = sockudo_ws::Result<Message>> + Sink<Message> + Unpin,
{
    let is_data = |message: &Message| matches!(message, Message::Text(_) | Message::Binary(_));
    while let Some(Ok(message)) = socket.next().await {
        if is_data(&message) && socket.feed(message).await.is_err() {
            return;
        }
        while !args().naive {
            let Some(more) = ready(socket.next()) else { break };
            let Some(Ok(message)) = more else { return };
            if is_data(&message) && socket.feed(message).await.is_err() {
                return;
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}
