//! Why the origin of a page is refused, and which setting lets it in.

use std::sync::atomic::{AtomicU8, Ordering};

use tracing::warn;
use ws_core::{Rejection, StatusCode};

use super::own_origin::{Difference, OwnOrigin};

/// How many characters of a client's text are repeated in a reason or in the log.
const REPEATED_CHARS: usize = 128;

/// The refusal of a page, because of its origin.
#[derive(Debug)]
pub(crate) struct OriginRefusal {
    cause: Cause,
    reason: String,
}

/// What the refusal of an origin comes from.
#[derive(Debug, Clone, Copy)]
enum Cause {
    /// Only the server's own origin is allowed, and the page's differs in this.
    Different(Difference),
    /// The origin is not in the list of those that are allowed.
    Unlisted,
}

impl OriginRefusal {
    /// The origin differs from the server's own in this.
    pub(super) fn different(origin: &str, own: &OwnOrigin<'_>, difference: Difference) -> Self {
        let hint = match difference {
            Difference::Scheme => {
                "only the scheme differs: if a proxy terminates TLS, set --behind-tls, \
                 Builder::transport(Transport::Tls) or, for WebSocketUpgrade, \
                 axum::Extension(Transport::Tls); or let a trusted proxy (--trusted-proxy, \
                 trusted_proxies) send X-Forwarded-Proto"
            }
            Difference::Port => {
                "only the port differs: a proxy must pass on the Host field as it is; without a \
                 proxy, allow the origin with --origin ORIGIN, Builder::origins or \
                 WebSocketUpgrade::origins"
            }
            Difference::Other => {
                "allow the origin with --origin ORIGIN, Builder::origins or \
                 WebSocketUpgrade::origins; if it is this server's own, a proxy must pass on the \
                 Host field as it is"
            }
        };
        let (origin, own) = (shown(origin), shown(&own.to_string()));
        let reason = format!(
            "the origin {origin} is not allowed: this server's own is {own}, by the scheme and the \
             Host field of the request; {hint}"
        );
        OriginRefusal { cause: Cause::Different(difference), reason }
    }

    /// The origin is not in the list.
    pub(super) fn unlisted(origin: &str) -> Self {
        let reason = format!(
            "the origin {} is not in this server's list of allowed origins; allow it with --origin \
             ORIGIN, Builder::origins or WebSocketUpgrade::origins",
            shown(origin)
        );
        OriginRefusal { cause: Cause::Unlisted, reason }
    }
}

/// The beginning of a client's text, in quotes, with control characters escaped.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(REPEATED_CHARS) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// The causes for which a refusal was logged as a warning: one bit for each. So a setting that is
/// missing shows in the log, and clients cannot fill it with warnings.
#[derive(Debug, Default)]
pub(crate) struct OriginWarnings(AtomicU8);

impl OriginWarnings {
    /// Rejects the request with status 403; logs a warning if the refusal is the first one for its
    /// cause.
    pub(crate) fn reject(&self, refusal: OriginRefusal) -> Rejection {
        let OriginRefusal { cause, reason } = refusal;
        let bit = match cause {
            Cause::Unlisted => 1,
            Cause::Different(Difference::Scheme) => 2,
            Cause::Different(Difference::Port) => 4,
            Cause::Different(Difference::Other) => 8,
        };
        if self.0.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            warn!("{reason} (further refusals of this kind are logged at level info)");
        }
        Rejection::new(StatusCode::FORBIDDEN, reason)
    }
}
