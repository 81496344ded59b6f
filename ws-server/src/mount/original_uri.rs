//! The URI of a request, as it was before a router changed it.

use http::Uri;
use http::request::Parts;

/// The URI that the client has requested, as an extension of a request: for routers that change the
/// URI, for example strip a prefix from its path.
///
/// The original is what counts. hixie-76 clients are sent the URL of the connection, and close it
/// unless it is the one that they have opened. A service sees the original in its
/// [`Peer`](crate::Peer), and [`Builder::path`](crate::Builder::path) is compared with it.
///
/// Routers of axum insert axum's own `OriginalUri`, which is read too (feature `axum`). This one
/// takes precedence: insert it where the URI changes before such a router sees the request. Insert
/// the whole URI, since over HTTP/2 it also has the scheme and the host.
///
/// Exhaustive: it is the URI and never more, as that of axum.
///
/// ```
/// use http::{Request, Uri};
/// use ws_server::OriginalUri;
///
/// fn strip_prefix<B>(request: &mut Request<B>, stripped: Uri) {
///     let original = std::mem::replace(request.uri_mut(), stripped);
///     request.extensions_mut().insert(OriginalUri(original));
/// }
/// ```
///
/// Needs the feature `tower`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalUri(pub Uri);

/// The URI that the client has requested.
pub(super) fn original(parts: &Parts) -> &Uri {
    if let Some(OriginalUri(uri)) = parts.extensions.get() {
        return uri;
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = parts.extensions.get() {
        return uri;
    }
    &parts.uri
}
