//! What client and server agree on, before the response is written.

use std::sync::Arc;

use ws_core::extension::{Accepted, Traffic, negotiate};
use ws_core::head::{RequestHead, ResponseHead};
use ws_core::{
    Codec as _, CodecBox, Draft, Grant, Offer, Rejection, Role, StatusCode, Transport,
    asks_for_websocket,
};

use crate::config::Config;
use crate::peer::{NegotiatedExtension, Peer, PeerDetails, Source};
use crate::policy::Content;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// The HTML page, which answers a plain `GET`.
    Page,
    /// A WebSocket, or anything else: a refusal then says how to open one.
    WebSocket,
}

/// What client and server have agreed on.
#[derive(Debug)]
pub(crate) struct Negotiated {
    pub(crate) terms: Terms,
    origin: Option<String>,
    subprotocol: Option<String>,
    extension: Option<NegotiatedExtension>,
    /// The head of the 101 response.
    pub(crate) response: ResponseHead,
}

/// The draft, and the codec for it: with the transform of the extension, if one is in use.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) draft: &'static dyn Draft,
    pub(super) codec: CodecBox,
}

impl Negotiated {
    /// Splits this into what the connection needs and what its service sees.
    pub(crate) fn with(self, head: RequestHead, source: Source) -> (Terms, Peer) {
        let Negotiated { terms, origin, subprotocol, extension, .. } = self;
        let draft = terms.draft.id();
        (terms, Peer::new(PeerDetails { source, head, origin, subprotocol, extension, draft }))
    }
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

/// Negotiates draft, origin, subprotocol and extension. Whatever can be refused is refused here,
/// before the 101 response.
pub(crate) fn agree(
    head: &RequestHead,
    transport: Transport,
    config: &Config,
    content: Content,
) -> Result<Negotiated, Rejection> {
    let draft = config.drafts.select(head)?;
    let Offer { origin, subprotocols, .. } = draft.offer(head)?;
    let allowed = config.origins.check(origin, head, transport);
    allowed.map_err(|refusal| config.origin_warnings.reject(refusal))?;
    let mut codec = draft.codec(Role::Server, &config.limits);
    let subprotocol = config.subprotocols.pick(&subprotocols, content, &codec.capabilities());
    let accepted = match config.extensions.as_slice() {
        [] => None,
        extensions => negotiate(extensions, &draft.extensions(head)),
    };
    let named = accepted.as_ref().map(|accepted| accepted.response.as_str());
    let grant = Grant::default()
        .with_subprotocol(subprotocol)
        .with_extension(named)
        .with_transport(transport);
    let response = draft.respond(head, &grant)?;
    let extension = accepted.map(|Accepted { response, transform, .. }| {
        let traffic = Arc::new(Traffic::default());
        let (role, limits) = (Role::Server, &config.limits);
        codec = draft.extended_codec(role, limits, transform, traffic.clone());
        NegotiatedExtension { response, traffic }
    });
    Ok(Negotiated {
        terms: Terms { draft, codec },
        origin: origin.map(str::to_owned),
        subprotocol: subprotocol.map(str::to_owned),
        extension,
        response,
    })
}
