//! Opening handshakes: those that succeed, and those that are refused or never end.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use ws_tests::requests::{self, with_field};

use crate::connection::Connection;
use crate::draft::Draft;
use crate::random::Random;
use crate::session::{STALL, Session, Target};
use crate::socket::{Cut, Socket};

/// More than any response head.
const LONGEST_HEAD: usize = 16 * 1024;

/// How the request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    AtOnce,
    /// With messages directly after it.
    Eager,
    /// In pieces, within the opening deadline.
    Slow,
}

/// An opening handshake that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Garbage,
    UnknownVersion,
    OtherOrigin,
    LongHead,
    Post,
    NoKey,
    Page,
    /// The head never ends.
    TooSlow,
    WithinHead(Cut),
}

/// Opens a WebSocket.
pub(crate) async fn open(
    mut socket: Socket,
    draft: Draft,
    target: Target,
    pace: Pace,
    id: u64,
    mut random: Random,
) -> Result<Session, String> {
    let failed = |error: std::io::Error| format!("in the opening handshake: {error}");
    let mut request = draft.request(&mut random);
    let (challenge, answer) = draft.challenge();
    // Proxies withhold bytes that no field announces until they have the response head.
    let kept_back = random.one_in(2) && pace != Pace::Eager;
    if !kept_back {
        request.extend_from_slice(challenge);
    }
    let mut early = None;
    if pace == Pace::Eager && draft.can_be_eager() {
        early = Some(ws_tests::masked_with(0x8a, b"early", [1, 2, 3, 4]));
    }
    request.extend(early.unwrap_or_default());
    match pace {
        Pace::Slow => send_slowly(&mut socket, &request, &mut random).await,
        _ => socket.write_all(&request).await,
    }
    .map_err(failed)?;
    let head = head(&mut socket).await?;
    let wire = draft.wire(&head)?;
    if kept_back {
        socket.write_all(challenge).await.map_err(failed)?;
    }
    let mut found = vec![0; answer.len()];
    timeout(STALL, socket.read_exact(&mut found))
        .await
        .map_err(|_| "stalled in the opening handshake")?
        .map_err(failed)?;
    if found != answer {
        return Err(format!("the challenge was answered with {found:x?}"));
    }
    Ok(Session::new(Connection::new(socket), wire, draft, target, id, random))
}

async fn send_slowly(
    socket: &mut Socket,
    request: &[u8],
    random: &mut Random,
) -> std::io::Result<()> {
    for piece in request.chunks(1 + request.len() / 6) {
        socket.write_all(piece).await?;
        sleep(Duration::from_millis(random.below(400))).await;
    }
    Ok(())
}

/// Reads a head, byte by byte, so that nothing after it is consumed.
async fn head(socket: &mut Socket) -> Result<String, String> {
    let mut head = Vec::new();
    let read = async {
        while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST_HEAD {
            head.push(socket.read_u8().await?);
        }
        Ok::<_, std::io::Error>(())
    };
    let outcome = timeout(STALL, read).await;
    let head = String::from_utf8_lossy(&head).into_owned();
    match outcome {
        Ok(Ok(())) => Ok(head),
        Ok(Err(error)) => Err(format!("{error}, after {head:?}")),
        Err(_) => Err(format!("stalled for {STALL:?}, after {head:?}")),
    }
}

impl Refused {
    pub(crate) fn any(random: &mut Random) -> Refused {
        random.pick(&[
            Refused::Garbage,
            Refused::UnknownVersion,
            Refused::OtherOrigin,
            Refused::LongHead,
            Refused::Post,
            Refused::NoKey,
            Refused::Page,
            Refused::TooSlow,
            Refused::WithinHead(Cut::Fin),
            Refused::WithinHead(Cut::Reset),
        ])
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Refused::Garbage => "refused: garbage, 400",
            Refused::UnknownVersion => "refused: unknown version, 426",
            Refused::OtherOrigin => "refused: other origin, 403",
            Refused::LongHead => "refused: long head, 431",
            Refused::Post => "refused: POST, 405",
            Refused::NoKey => "refused: no key, 400",
            Refused::Page => "were shown the page, 200",
            Refused::TooSlow => "refused: slow head, 408",
            Refused::WithinHead(Cut::Fin) => "FIN within the head",
            Refused::WithinHead(Cut::Reset) => "RST within the head",
        }
    }

    /// The bytes to send, and the expected status; `None` if the server must close TCP.
    fn exchange(self) -> (Vec<u8>, Option<&'static str>) {
        let changed = |from: &str, to: &str| {
            String::from_utf8_lossy(requests::RFC6455).replace(from, to).into_bytes()
        };
        match self {
            Refused::Garbage => (b"\x07\x01\x02\r\n\r\n".to_vec(), Some("400")),
            Refused::UnknownVersion => (changed("Version: 13", "Version: 99"), Some("426")),
            Refused::OtherOrigin => {
                (changed("Origin: http://example.com", "Origin: http://other.example"), Some("403"))
            }
            Refused::LongHead => {
                let field = format!("X: {}", "x".repeat(17 * 1024));
                (with_field(requests::RFC6455, &field), Some("431"))
            }
            Refused::Post => (changed("GET", "POST"), Some("405")),
            Refused::NoKey => (changed("Sec-WebSocket-Key", "X"), Some("400")),
            Refused::Page => (b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n".to_vec(), Some("200")),
            Refused::TooSlow => (requests::RFC6455[..100].to_vec(), Some("408")),
            Refused::WithinHead(_) => (requests::HIXIE76[..100].to_vec(), None),
        }
    }

    /// Sends the request, and checks that it is refused.
    pub(crate) async fn be(self, mut socket: Socket) -> Result<(), String> {
        let (request, status) = self.exchange();
        socket.write_all(&request).await.map_err(|error| error.to_string())?;
        match self {
            Refused::WithinHead(Cut::Reset) => {
                return socket.reset().map_err(|error| error.to_string());
            }
            // The server may have closed first.
            Refused::WithinHead(Cut::Fin) => drop(socket.fin().await),
            _ => {}
        }
        let mut answer = Vec::new();
        let read = socket.take(LONGEST_HEAD as u64).read_to_end(&mut answer).await;
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(200)]);
        match (read, status) {
            (Ok(_), Some(status)) if shown.starts_with(&format!("HTTP/1.1 {status} ")) => Ok(()),
            (Ok(_) | Err(_), None) => Ok(()),
            (outcome, status) => Err(format!("{outcome:?}, not {status:?}: {shown:?}")),
        }
    }
}
