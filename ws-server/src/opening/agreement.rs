//! What client and server agree on, before the response is written.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::info;
use ws_core::extension::{self, Traffic, negotiate};
use ws_core::head::{RequestHead, ResponseHead};
use ws_core::{
    Codec as _, CodecBox, Draft, Grant, Offer, Rejection, Role, StatusCode, asks_for_websocket,
};

use crate::application::{Accept, OpeningRequest};
use crate::config::Config;
use crate::connection_id::ConnectionId;
use crate::peer::{NegotiatedExtension, Peer, PeerDetails, Source};
use crate::policy::shown;
use crate::session::Start;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// The HTML page, which answers a plain `GET`.
    Page,
    /// A WebSocket, or anything else: a refusal then says how to open one.
    WebSocket,
}

/// What client and server have agreed on.
pub(crate) struct Agreement {
    pub(crate) terms: Terms,
    pub(crate) peer: Peer,
    /// The head of the 101 response.
    pub(crate) response: ResponseHead,
    pub(crate) start: Box<dyn Start>,
}

/// The draft, and the codec for it: with the transform of the extension, if one is in use.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) draft: &'static dyn Draft,
    pub(super) codec: CodecBox,
}

/// What the request asks for.
///
/// # Errors
/// A [`Rejection`] with status 404 when only another path is served.
pub(crate) fn route(head: &RequestHead, config: &Config) -> Result<Route, Rejection> {
    if let Some(path) = &config.path
        && head.path() != path
    {
        let reason = format!("nothing is served at this path; the WebSocket is at {path}");
        return Err(Rejection::new(StatusCode::NOT_FOUND, reason));
    }
    let plain = !asks_for_websocket(head) && head.method() == "GET";
    Ok(if plain && config.page.is_some() { Route::Page } else { Route::WebSocket })
}

/// Finds the draft of a request, and checks its handshake and its origin.
pub(crate) fn check(
    head: RequestHead,
    source: Source,
    config: &Config,
    deadline: Instant,
) -> Result<OpeningRequest, Rejection> {
    let draft = config.drafts.select(&head)?;
    let Offer { origin, subprotocols, .. } = draft.offer(&head)?;
    let allowed = config.origins.check(origin, &head, source.transport);
    allowed.map_err(|refusal| config.origin_warnings.reject(refusal))?;
    let origin = origin.map(str::to_owned);
    let offered = subprotocols.into_iter().map(str::to_owned).collect();
    let details = PeerDetails {
        source,
        head,
        origin,
        subprotocol: None,
        extension: None,
        draft: draft.id(),
        id: ConnectionId::next(),
    };
    Ok(OpeningRequest { peer: Peer::new(details), draft, offered, deadline })
}

/// Negotiates subprotocol and extension for a request that was accepted. Whatever can be refused is
/// refused here at the latest, before the 101 response.
pub(crate) fn agree(accept: Accept, config: &Config) -> Result<Agreement, Rejection> {
    let Accept { request, subprotocol, fields, start } = accept;
    let OpeningRequest { mut peer, draft, offered, .. } = request;
    let (role, limits) = (Role::Server, &config.limits);
    let mut codec = draft.codec(role, limits);
    let subprotocol = subprotocol.or_else(|| {
        let subprotocols = &config.subprotocols;
        subprotocols.pick(&offered, start.content(), &codec.capabilities()).map(str::to_owned)
    });
    if subprotocol.is_none() && !offered.is_empty() {
        log_unnamed(&offered);
    }
    let accepted = match config.extensions.as_slice() {
        [] => None,
        extensions => negotiate(extensions, &draft.extensions(peer.head())),
    };
    let named = accepted.as_ref().map(|accepted| accepted.response.as_str());
    let transport = peer.transport();
    let grant = Grant::default()
        .with_subprotocol(subprotocol.as_deref())
        .with_extension(named)
        .with_transport(transport);
    let mut response = draft.respond(peer.head(), &grant)?;
    for (name, value) in fields.iter() {
        response = response.field(name, value);
    }
    let extension = accepted.map(|extension::Accepted { response, transform, .. }| {
        let traffic = Arc::new(Traffic::default());
        codec = draft.extended_codec(role, limits, transform, traffic.clone());
        NegotiatedExtension { response, traffic }
    });
    peer.agree(subprotocol, extension);
    Ok(Agreement { terms: Terms { draft, codec }, peer, response, start })
}

/// Logs that no subprotocol was agreed on: many clients then close without a word (RFC 6455 §4.1).
fn log_unnamed(offered: &[String]) {
    info!(
        offered = %shown(&offered.join(", ")),
        "none of the client's subprotocols is agreed on, so it may close; name one that the \
         service speaks: --subprotocol NAME or `any`, Builder::subprotocols, or \
         WebSocketUpgrade::protocols"
    );
}
