//! The URI of a request, as it was before a router changed it.

use http::Uri;
use http::request::Parts;

/// The URI that the client has requested, where the URI of the request is another: a router that
/// strips a prefix from the path inserts this into the request's extensions before.
///
/// The drafts need the original: hixie-76 clients are sent the URL of the connection, and close it
/// unless it is the one that they have opened. It is also what a service sees in its
/// [`Peer`](crate::Peer), and what [`Builder::path`](crate::Builder::path) is compared with.
///
/// Routers of axum insert [their own](https://docs.rs/axum/0.8/axum/extract/struct.OriginalUri.html),
/// which is read too (feature `axum`). This one takes precedence: insert it where the URI changes
/// before such a router sees it. A request over HTTP/2 has its scheme and authority in its URI, so
/// insert the whole URI.
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
