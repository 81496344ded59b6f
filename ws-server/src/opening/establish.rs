//! The last step of the opening handshake: what comes behind the heads.

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};
use ws_core::buffer::ReadBuffer;
use ws_core::head::RequestHead;
use ws_core::{Draft, HandshakeError};

use super::agreement::Terms;
use super::io::OpeningIo;
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::socket::Socket;
use crate::stop::Stop;

/// Sends `unsent` and finishes the handshake in the way of its draft, before `deadline`. `read`
/// holds what came behind the request head.
pub(crate) async fn finish(
    socket: &mut Socket,
    read: &mut ReadBuffer,
    unsent: Vec<u8>,
    draft: &dyn Draft,
    head: &RequestHead,
    deadline: Instant,
) -> Result<(), HandshakeError> {
    let mut io = OpeningIo::new(socket, read, unsent);
    let finishing = async {
        draft.finish(head, &mut io).await?;
        io.flush().await.map_err(HandshakeError::Io)
    };
    timeout_at(deadline, finishing).await.unwrap_or({
        let why = "what follows the head of the request did not come before the deadline";
        Err(HandshakeError::Refused(why))
    })
}

impl Terms {
    /// Opens the connection.
    pub(crate) fn establish(
        self,
        socket: Socket,
        read: ReadBuffer,
        config: &Config,
        stop: &Stop,
    ) -> Box<Endpoint<Socket>> {
        let (limits, timeouts) = (config.limits, config.timeouts);
        Box::new(Endpoint::new(socket, read, self.codec, limits, timeouts, stop.clone()))
    }
}
