//! The opening handshake on a socket of our own.

mod io;
mod refuse;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout_at};
use ws_core::buffer::ReadBuffer;
use ws_core::head::{HeadError, HeadReader, RequestHead};
use ws_core::{
    Draft, Grant, HandshakeError, LONGEST_TIMEOUT, Offer, Rejection, Role, Status,
    asks_for_websocket,
};

use io::OpeningIo;
pub(crate) use refuse::{Refused, serve_page};

use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::policy::Content;
use crate::pool;
use crate::service::{Opening, Peer};
use crate::socket::{RemoteAddr, Socket};
use crate::stop::Stop;

/// How an opening handshake ended.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A WebSocket.
    WebSocket(Box<Endpoint<Socket>>, Peer),
    /// An ordinary request, for the page.
    Page(Socket),
}

/// Why there is no WebSocket.
#[derive(Debug)]
pub(crate) enum OpeningError {
    /// The request was refused; the peer is to be told.
    Rejected(Box<Refused>),
    /// The handshake broke off; there is nobody to tell, or no way.
    Failed(HandshakeError),
    /// The peer asked for nothing, and went away or let the deadline pass.
    Silent,
}

/// Reads the request head, answers it, and does what its draft wants behind the heads, all
/// before one deadline.
pub(crate) async fn open(
    mut socket: Socket,
    remote: RemoteAddr,
    config: &Config,
    content: Content,
    stop: &Stop,
) -> Result<Opened, OpeningError> {
    let deadline = Instant::now() + config.timeouts.opening.min(LONGEST_TIMEOUT);
    let mut read = ReadBuffer::new();
    let mut reader = HeadReader::new();
    let head = match timeout_at(deadline, read_head(&mut socket, &mut read, &mut reader)).await {
        Ok(Ok(head)) => head,
        Ok(Err(ReadHeadError::Head(error))) => return Err(reject(socket, error.into())),
        Ok(Err(ReadHeadError::Io(error))) if !reader.is_empty() => {
            return Err(OpeningError::Failed(error.into()));
        }
        Ok(Err(ReadHeadError::Io(_))) => return Err(OpeningError::Silent),
        Err(_) if reader.is_empty() => return Err(OpeningError::Silent),
        Err(_) => return Err(reject(socket, too_slow(config))),
    };
    let agreed = match route(&head, config) {
        Ok(Route::Page) => return Ok(Opened::Page(socket)),
        Ok(Route::WebSocket) => agree(&head, config, content),
        Err(rejection) => Err(rejection),
    };
    let agreed = match agreed {
        Ok(agreed) => agreed,
        Err(rejection) => {
            let head_only = head.method() == "HEAD";
            let refused = Refused { socket, rejection, head_only };
            return Err(OpeningError::Rejected(Box::new(refused)));
        }
    };
    let draft = agreed.draft;
    let mut io = OpeningIo::new(&mut socket, &mut read, agreed.response);
    let finishing = async {
        draft.finish(&head, &mut io).await?;
        Ok(io.flush().await?)
    };
    match timeout_at(deadline, finishing).await {
        Ok(finished) => finished.map_err(OpeningError::Failed)?,
        Err(_) => {
            let why = "what follows the head of the request did not come before the deadline";
            return Err(OpeningError::Failed(HandshakeError::Refused(why)));
        }
    }
    let codec = draft.codec(Role::Server, &config.limits);
    let endpoint = Endpoint::new(socket, read, codec, config.limits, config.timeouts, stop.clone());
    let peer = Peer::new(Opening {
        remote,
        head,
        origin: agreed.origin,
        subprotocol: agreed.subprotocol,
        draft: draft.id(),
        transport: config.transport,
    });
    Ok(Opened::WebSocket(Box::new(endpoint), peer))
}

fn too_slow(config: &Config) -> Rejection {
    let limit = config.timeouts.opening.as_secs_f32();
    let reason = format!("the request head did not come within {limit} seconds");
    Rejection::new(Status::RequestTimeout, reason)
}

fn reject(socket: Socket, rejection: Rejection) -> OpeningError {
    OpeningError::Rejected(Box::new(Refused { socket, rejection, head_only: false }))
}

/// What both sides have agreed on.
struct Agreed {
    draft: &'static dyn Draft,
    origin: Option<String>,
    subprotocol: Option<String>,
    /// The head of the 101, encoded.
    response: Vec<u8>,
}

/// What a request is for.
enum Route {
    Page,
    WebSocket,
}

fn route(head: &RequestHead, config: &Config) -> Result<Route, Rejection> {
    if let Some(path) = &config.path
        && head.path() != path
    {
        let reason = format!("there is nothing at this path; the WebSocket is at {path}");
        return Err(Rejection::new(Status::NotFound, reason));
    }
    let plain = !asks_for_websocket(head) && head.method() == "GET";
    Ok(if plain && config.page.is_some() { Route::Page } else { Route::WebSocket })
}

/// Everything that can be refused is refused here, before the 101.
fn agree(head: &RequestHead, config: &Config, content: Content) -> Result<Agreed, Rejection> {
    let draft = config.drafts.select(head)?;
    let Offer { origin, subprotocols } = draft.offer(head)?;
    config.origins.check(origin, head, config.transport)?;
    let capabilities = draft.codec(Role::Server, &config.limits).capabilities();
    let subprotocol = config.subprotocols.pick(&subprotocols, content, &capabilities);
    let grant = Grant { subprotocol, transport: config.transport };
    let mut response = Vec::with_capacity(256);
    draft.respond(head, &grant)?.write(&mut response).map_err(|error| {
        Rejection::bad_request(format!("the request cannot be answered: {error}"))
    })?;
    Ok(Agreed {
        draft,
        origin: origin.map(str::to_owned),
        subprotocol: subprotocol.map(str::to_owned),
        response,
    })
}

enum ReadHeadError {
    Head(HeadError),
    Io(std::io::Error),
}

/// Reads until the head is whole. What came behind it stays in `read`; no buffer is held while
/// the peer is slow, but for the part of the head that has arrived.
async fn read_head(
    socket: &mut Socket,
    read: &mut ReadBuffer,
    reader: &mut HeadReader,
) -> Result<RequestHead, ReadHeadError> {
    poll_fn(|cx| {
        loop {
            read.lend(pool::take_read());
            let mut spare = ReadBuf::new(read.spare());
            let outcome = Pin::new(&mut *socket).poll_read(cx, &mut spare);
            let count = spare.filled().len();
            read.filled(count);
            let pushed = match reader.push(read.unread()) {
                Ok((taken, head)) => {
                    read.consume(taken);
                    Ok(head)
                }
                Err(error) => Err(ReadHeadError::Head(error)),
            };
            pool::give_read(read.reclaim());
            ready!(outcome).map_err(ReadHeadError::Io)?;
            if let Some(head) = pushed? {
                return Poll::Ready(Ok(head));
            }
            if count == 0 {
                return Poll::Ready(Err(ReadHeadError::Io(ErrorKind::UnexpectedEof.into())));
            }
        }
    })
    .await
}
