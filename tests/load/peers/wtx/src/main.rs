//! wtx.

use peer::serve;
use tokio::net::TcpStream;
use wtx::collection::Vector;
use wtx::web_socket::{OpCode, WebSocketAcceptor, WebSocketBuffer, WebSocketPayloadOrigin};

fn main() {
    serve(echo);
}

async fn echo(socket: TcpStream) {
    let acceptor = WebSocketAcceptor::default().wsb(WebSocketBuffer::new());
    let Ok(mut socket) = acceptor.accept(socket).await else { return };
    let mut buffer = Vector::new();
    let (mut common, mut reader, mut writer) = socket.split_mut();
    loop {
        let frame = reader.read_frame(&mut buffer, &mut common, WebSocketPayloadOrigin::Adaptive);
        let Ok(mut frame) = frame.await else { return };
        match frame.op_code() {
            OpCode::Binary | OpCode::Text => {
                if writer.write_frame(&mut common, &mut frame).await.is_err() {
                    return;
                }
            }
            OpCode::Close => return,
            _ => {}
        }
        buffer.clear();
    }
}
