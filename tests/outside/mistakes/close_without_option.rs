//! A reason without `Some`.
//!
//! says: try wrapping the expression in `Some`
//! lines: 22

use ws_server::{CloseCode, CloseReason, WebSocket};

async fn handle(socket: WebSocket) {
    socket.close(CloseReason::new(CloseCode::NORMAL, "bye")).await;
}

fn main() {
    let _handler = handle;
}
