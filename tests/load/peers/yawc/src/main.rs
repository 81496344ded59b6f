//! yawc.

use futures_util::{SinkExt, StreamExt};
use peer::{args, deflate_extension, ready, serve, upgrade};
use tokio::net::TcpStream;
use yawc::frame::OpCode;
use yawc::{Frame, Options, Role, WebSocket};

const LONGEST: usize = 64 << 20;

fn main() {
    serve(echo);
}

async fn echo(mut socket: TcpStream) {
    let extension = deflate_extension();
    if upgrade(&mut socket, extension).await.is_err() {
        return;
    }
    let mut options = Options::default().with_utf8().with_limits(LONGEST, 2 * LONGEST);
    if extension.is_some() {
        options = options.with_balanced_compression();
    }
    let socket = WebSocket::from_stream_with_extensions(socket, Role::Server, extension, options);
    let Ok(mut socket) = socket else { return };
    let is_data = |frame: &Frame| matches!(frame.opcode(), OpCode::Text | OpCode::Binary);
    while let Some(frame) = socket.next().await {
        if is_data(&frame) && socket.feed(frame).await.is_err() {
            return;
        }
        while !args().naive {
            let Some(more) = ready(socket.next()) else { break };
            let Some(frame) = more else { return };
            if is_data(&frame) && socket.feed(frame).await.is_err() {
                return;
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}
