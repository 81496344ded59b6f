//! Answers that open no WebSocket: refusals and the page.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::{error, warn};
use ws_core::head::{RequestHead, ResponseHead};
use ws_core::{Rejection, StatusCode};

use crate::config::Config;
use crate::socket::{RemoteAddr, Socket};

/// How long the peer has to read an answer.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// How many bytes of what the peer still sends are read and dropped: closing a socket with unread
/// bytes resets the connection, and the answer could be lost.
const DRAINED_BYTES: u64 = 64 * 1024;

/// The refusal of a request that the application has not decided on in time.
pub(crate) fn undecided(config: &Config) -> Rejection {
    let limit = config.timeouts.opening.as_secs_f32();
    warn!("a request was not decided on within {limit} seconds");
    let reason = format!("the server has not decided on this request within {limit} seconds");
    Rejection::new(StatusCode::GATEWAY_TIMEOUT, reason)
}

/// The refusal of a request while the server shuts down.
pub(crate) fn shutting_down() -> Rejection {
    Rejection::new(StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down")
}

/// A request that was refused, and the socket for the answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(super) socket: Socket,
    pub(crate) remote: RemoteAddr,
    pub(crate) rejection: Rejection,
    pub(super) extent: BodyMode,
}

/// How much of an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyMode {
    /// All of it.
    Whole,
    /// Only its head, without the body.
    HeadAlone,
}

impl BodyMode {
    /// The answer to `HEAD` has no body (RFC 9110 §9.3.2).
    pub(super) fn of_answer_to(request: &RequestHead) -> BodyMode {
        match request.method() {
            "HEAD" => BodyMode::HeadAlone,
            _ => BodyMode::Whole,
        }
    }
}

impl Refusal {
    /// Tells the peer why it was refused, and ends the connection.
    pub(crate) async fn answer(self) {
        let (head, body) = self.rejection.response();
        let body = match self.extent {
            BodyMode::Whole => &*body,
            BodyMode::HeadAlone => &[],
        };
        answer(self.socket, &head, body).await;
    }
}

/// Answers an ordinary request with the page.
pub(crate) async fn serve_page(socket: Socket, page: &str) {
    let head = ResponseHead::new(200, "OK")
        .field("Connection", "close")
        .field("Content-Type", "text/html; charset=utf-8")
        .field("Cache-Control", "no-store")
        .field("Content-Length", page.len().to_string());
    answer(socket, &head, page.as_bytes()).await;
}

async fn answer(mut socket: Socket, head: &ResponseHead, body: &[u8]) {
    let mut response = Vec::new();
    if let Err(error) = head.write(&mut response) {
        error!(%error, "a refusal cannot be sent");
        return;
    }
    response.extend_from_slice(body);
    let exchange = async {
        socket.write_all(&response).await?;
        socket.shutdown().await?;
        tokio::io::copy(&mut socket.take(DRAINED_BYTES), &mut tokio::io::sink()).await
    };
    // Either error means the same: the peer has not read the answer in time, or disconnected.
    drop(tokio::time::timeout(ANSWER_TIME, exchange).await);
}
