//! The drafts that a program supports, and the selection of the one that a request is for.

use crate::draft::{Detection, Draft};
use crate::draft_id::DraftId;
use crate::head::{HttpVersion, RequestHead};
use crate::rejection::Rejection;
use crate::status_code::StatusCode;

/// A registered draft; see [`register!`](crate::register).
#[derive(Debug, Clone, Copy)]
pub struct Registration {
    draft: &'static dyn Draft,
    rank: u16,
}

impl Registration {
    /// A registration of `draft`. Drafts of lower rank are tried first and listed first; those of
    /// this project have 10, 20, 30 and 40, from the newest to the oldest.
    pub const fn new(draft: &'static dyn Draft, rank: u16) -> Registration {
        Registration { draft, rank }
    }
}

inventory::collect!(Registration);

/// Registers a draft, so that every program that links the crate supports it.
///
/// The program must use the crate, or the linker omits it: `use ws_acme as _;` is enough.
///
/// ```ignore
/// ws_core::register!(Acme, rank = 100);
/// ```
#[macro_export]
macro_rules! register {
    ($draft:expr, rank = $rank:expr) => {
        $crate::inventory::submit! { $crate::Registration::new(&$draft, $rank) }
    };
}

/// The drafts that a server supports, in a fixed order.
#[derive(Debug, Clone, Default)]
pub struct Drafts {
    sorted: Vec<Registration>,
}

impl Drafts {
    /// All registered drafts that are linked into the program, sorted by rank and name.
    ///
    /// # Errors
    /// [`DuplicateDraft`] when two of them share a name or a version number.
    pub fn registered() -> Result<Drafts, DuplicateDraft> {
        inventory::iter::<Registration>
            .into_iter()
            .try_fold(Drafts::none(), |drafts, found| drafts.with(found.draft, found.rank))
    }

    /// No drafts: the start of an explicit list, which needs no registration.
    pub fn none() -> Drafts {
        Drafts::default()
    }

    /// Adds a draft.
    ///
    /// # Errors
    /// [`DuplicateDraft`] when one of the same name or version number is there already.
    pub fn with(mut self, draft: &'static dyn Draft, rank: u16) -> Result<Drafts, DuplicateDraft> {
        let twin = self.iter().find(|other| {
            other.id() == draft.id()
                || (draft.version().is_some() && other.version() == draft.version())
        });
        if let Some(twin) = twin {
            return Err(DuplicateDraft { first: twin.id(), second: draft.id() });
        }
        let at = self
            .sorted
            .partition_point(|other| (other.rank, other.draft.id()) < (rank, draft.id()));
        self.sorted.insert(at, Registration::new(draft, rank));
        Ok(self)
    }

    /// The drafts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'static dyn Draft> {
        self.sorted.iter().map(|registration| registration.draft)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The value of `Sec-WebSocket-Version` that lists the supported versions, such as `13, 8, 7`
    /// (RFC 6455 §4.4).
    pub fn versions(&self) -> String {
        let numbers: Vec<_> =
            self.iter().filter_map(|draft| draft.version()).map(|n| n.to_string()).collect();
        numbers.join(", ")
    }

    /// The draft that a request is for.
    ///
    /// # Errors
    /// A [`Rejection`]: 405 for another method than `GET`, 426 for a request that is no
    /// WebSocket request or of a version that is not supported, 400 for a malformed one.
    pub fn select(&self, head: &RequestHead) -> Result<&'static dyn Draft, Rejection> {
        require_upgrade(head)?;
        let fields = head.fields();
        if fields.contains("Sec-WebSocket-Version") {
            return self.select_version(head);
        }
        if fields.contains("Sec-WebSocket-Key") {
            return Err(self
                .malformed("the handshake has a Sec-WebSocket-Key, but no Sec-WebSocket-Version"));
        }
        if fields.all("Sec-WebSocket-Draft").any(|value| value != b"0") {
            return Err(self.mismatch("the handshake asks for a draft that is not supported"));
        }
        for draft in self.iter().filter(|draft| draft.version().is_none()) {
            match draft.detect(head) {
                Detection::Yes => return Ok(draft),
                Detection::Malformed(rejection) => return Err(rejection),
                Detection::No => {}
            }
        }
        Err(self.malformed("the handshake is of no version of the protocol that is supported"))
    }

    fn select_version(&self, head: &RequestHead) -> Result<&'static dyn Draft, Rejection> {
        let fields = head.fields();
        let value = fields.single("Sec-WebSocket-Version")?.unwrap_or_default();
        let Some(number) = version_number(value) else {
            return Err(self.malformed(
                "Sec-WebSocket-Version is not a number from 0 to 255 without leading zeros",
            ));
        };
        if fields.contains("Sec-WebSocket-Key1") || fields.contains("Sec-WebSocket-Key2") {
            return Err(self
                .malformed("the handshake mixes Sec-WebSocket-Version with the keys of hixie-76"));
        }
        self.iter().find(|draft| draft.version() == Some(number)).ok_or_else(|| {
            self.mismatch(&format!("version {number} of the protocol is not supported"))
        })
    }

    fn malformed(&self, what: &str) -> Rejection {
        Rejection::bad_request(self.explain(what)).with_versions(&self.versions())
    }

    fn mismatch(&self, what: &str) -> Rejection {
        Rejection::new(StatusCode::UPGRADE_REQUIRED, self.explain(what))
            .with_versions(&self.versions())
    }

    fn explain(&self, what: &str) -> String {
        let names: Vec<_> = self.iter().map(|draft| draft.id().as_str()).collect();
        match names.is_empty() {
            true => format!("{what}; this server was built without any draft"),
            false => format!("{what}; this server supports {}", names.join(", ")),
        }
    }
}

/// Whether a request asks for a WebSocket: whether it has `Upgrade: websocket`.
pub fn asks_for_websocket(head: &RequestHead) -> bool {
    head.fields().list_contains("Upgrade", "websocket")
}

fn require_upgrade(head: &RequestHead) -> Result<(), Rejection> {
    if head.method() != "GET" {
        let reason = format!("the method is {}, but a WebSocket needs GET", head.method());
        return Err(Rejection::new(StatusCode::METHOD_NOT_ALLOWED, reason));
    }
    if !asks_for_websocket(head) {
        let reason = "this is a WebSocket endpoint: the request lacks `Upgrade: websocket`";
        return Err(Rejection::new(StatusCode::UPGRADE_REQUIRED, reason));
    }
    if head.version() < HttpVersion::Http11 {
        return Err(Rejection::bad_request("a WebSocket needs HTTP/1.1, this is HTTP/1.0"));
    }
    if !head.fields().list_contains("Connection", "upgrade") {
        return Err(Rejection::bad_request("the request lacks `Connection: Upgrade`"));
    }
    Ok(())
}

fn version_number(value: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(value).ok()?;
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Two drafts that cannot be distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuplicateDraft {
    first: DraftId,
    second: DraftId,
}

impl std::fmt::Display for DuplicateDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let DuplicateDraft { first, second } = self;
        write!(f, "the drafts {first} and {second} share a name or a version number")
    }
}

impl std::error::Error for DuplicateDraft {}

#[cfg(test)]
mod tests;
