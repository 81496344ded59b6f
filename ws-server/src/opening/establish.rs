//! The last step of the opening handshake: what comes behind the heads.

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};
use ws_core::HandshakeError;
use ws_core::buffer::ReadBuffer;
use ws_core::head::RequestHead;

use super::agreement::{Agreed, Source};
use super::io::OpeningIo;
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::service::{Opening, Peer};
use crate::socket::Socket;
use crate::stop::Stop;

/// Sends `unsent`, finishes the handshake in the way of its draft before `deadline`, and opens
/// the connection. `read` holds what came behind the request head.
pub(crate) async fn establish(
    mut socket: Socket,
    mut read: ReadBuffer,
    unsent: Vec<u8>,
    request: (RequestHead, Source, Agreed),
    (config, stop): (&Config, &Stop),
    deadline: Instant,
) -> Result<(Box<Endpoint<Socket>>, Peer), HandshakeError> {
    let (head, source, mut agreed) = request;
    let mut io = OpeningIo::new(&mut socket, &mut read, unsent);
    let finishing = async {
        agreed.draft.finish(&head, &mut io).await?;
        io.flush().await.map_err(HandshakeError::Io)
    };
    match timeout_at(deadline, finishing).await {
        Ok(finished) => finished?,
        Err(_) => {
            let why = "what follows the head of the request did not come before the deadline";
            return Err(HandshakeError::Refused(why));
        }
    }
    let (codec, extension) = agreed.codec(config);
    let endpoint = Endpoint::new(socket, read, codec, config.limits, config.timeouts, stop.clone());
    let peer = Peer::new(Opening {
        source,
        head,
        origin: agreed.origin,
        subprotocol: agreed.subprotocol,
        extension,
        draft: agreed.draft.id(),
    });
    Ok((Box::new(endpoint), peer))
}
