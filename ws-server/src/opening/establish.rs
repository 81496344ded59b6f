//! The last step of the opening handshake: the response, and what is exchanged after the heads.

use tokio::io::AsyncWriteExt;
use ws_core::head::RequestHead;
use ws_core::{Draft, HandshakeError};

use super::agreement::Terms;
use super::io::OpeningIo;
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::runtime::alarm::Alarm;
use crate::socket::Socket;

/// The opening deadline has passed before [`finish`] was done.
pub(crate) const TOO_LATE: HandshakeError = HandshakeError::Refused(
    "the opening handshake was not finished before the deadline: the bytes after the request head \
     are missing, or the client did not read the response",
);

/// Sends `unsent`, and finishes the handshake as the draft requires. `received` holds the bytes
/// received after the request head.
pub(crate) async fn finish(
    socket: &mut Socket,
    received: &mut Vec<u8>,
    unsent: Vec<u8>,
    draft: &dyn Draft,
    head: &RequestHead,
) -> Result<(), HandshakeError> {
    let mut io = OpeningIo::new(socket, received, unsent);
    draft.finish(head, &mut io).await?;
    io.flush().await.map_err(HandshakeError::Io)
}

impl Terms {
    /// Opens the connection. `read` holds the bytes that follow the opening handshake.
    pub(crate) fn establish(
        self,
        socket: Socket,
        received: Vec<u8>,
        config: &Config,
        alarm: Alarm,
    ) -> Box<Endpoint<Socket>> {
        let (limits, timeouts) = (config.limits, config.timeouts);
        let ends_by_drop = socket.is_of_system();
        let mut endpoint = Endpoint::new(socket, self.codec, &received, limits, timeouts, alarm);
        endpoint.end_by_drop(ends_by_drop);
        Box::new(endpoint)
    }
}
