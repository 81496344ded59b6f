//! What the client of another implementation receives, with an upper bound on the time.

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::PATIENCE;

/// A client over TCP.
pub type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The status code and the text of a Close; `None` for one without a status code.
pub type FinalClose = Option<(u16, String)>;

/// The next text or binary message.
///
/// # Panics
/// When there is none.
pub async fn next<S: AsyncRead + AsyncWrite + Unpin>(client: &mut WebSocketStream<S>) -> Message {
    match timeout(PATIENCE, client.next()).await {
        Ok(Some(Ok(message @ (Message::Text(_) | Message::Binary(_))))) => message,
        other => panic!("no message, but {other:?}"),
    }
}

/// Reads the rest, and returns how many messages came before the server's Close, and its reason.
///
/// # Errors
/// When the connection ends without a Close.
///
/// # Panics
/// When it does not end.
pub async fn final_close<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut WebSocketStream<S>,
) -> Result<(usize, FinalClose), Error> {
    let rest = async {
        let mut messages = 0;
        while let Some(received) = client.next().await {
            match received? {
                Message::Close(frame) => {
                    let reason = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    return Ok((messages, reason));
                }
                Message::Text(_) | Message::Binary(_) => messages += 1,
                _ => {}
            }
        }
        Err(Error::ConnectionClosed)
    };
    timeout(PATIENCE, rest).await.unwrap_or_else(|_| panic!("the server does not close"))
}
