//! A client that sends and expects frames or bytes, written down in the test.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;
use ws_core::Role;

use crate::encode::Encode;
use crate::frames::Frame;

/// How long a client waits before its test fails. Tests stop the clock, so this costs nothing.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A scripted client.
#[derive(Debug)]
pub struct Client {
    pipe: DuplexStream,
}

impl Client {
    /// A client at the end of a pipe.
    pub fn new(pipe: DuplexStream) -> Client {
        Client { pipe }
    }

    /// The pipe, for a client that is not scripted.
    pub fn into_pipe(self) -> DuplexStream {
        self.pipe
    }

    /// Sends frames, which are masked, or bytes as they are, in one write. A server that has hung
    /// up is noticed by what is expected next.
    pub async fn send(&mut self, sent: impl Encode) {
        self.try_send(sent).await;
    }

    /// Sends frames or bytes, and tells whether the server's socket took them.
    pub async fn try_send(&mut self, sent: impl Encode) -> bool {
        let bytes = sent.encode(Role::Client);
        matches!(timeout(PATIENCE, self.pipe.write_all(&bytes)).await, Ok(Ok(())))
    }

    /// Sends frames or bytes, each byte in a read of its own.
    pub async fn send_bytewise(&mut self, sent: impl Encode) {
        for byte in sent.encode(Role::Client).iter() {
            self.send([*byte]).await;
            tokio::task::yield_now().await;
        }
    }

    /// Reads as many bytes as the frames or bytes that are expected have, and compares. Frames are
    /// not masked, and have their lengths in the shortest form.
    ///
    /// # Panics
    /// When others come, or none.
    pub async fn expect(&mut self, expected: impl Encode) {
        let expected = &*expected.encode(Role::Server);
        let found = self.read(expected.len()).await;
        let shown = &expected[..expected.len().min(64)];
        assert!(
            found == expected,
            "expected {shown:x?}, found {:x?}",
            &found[..found.len().min(64)]
        );
    }

    /// Reads a Close with this status code, whatever its reason.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn expect_close(&mut self, code: u16) {
        let found = self.frame().await;
        let found_code = found.as_ref().and_then(Frame::close_code);
        assert_eq!(found_code, Some(code), "{found:?}");
    }

    /// Reads a frame; there is none when the server has hung up.
    ///
    /// # Panics
    /// When the frame is cut off, is masked, or has its length in another form than the shortest.
    pub async fn frame(&mut self) -> Option<Frame> {
        let mut bytes = self.read(2).await;
        let short = match bytes[..] {
            [] => return None,
            [_, short] => short,
            _ => panic!("a frame is cut off: {bytes:x?}"),
        };
        let mut len = usize::from(short);
        if short >= 126 {
            let field = self.read(if short == 126 { 2 } else { 8 }).await;
            len = field.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
            bytes.extend(field);
        }
        bytes.extend(self.read(len).await);
        let header = bytes.len().saturating_sub(len);
        let frame = Frame::new(bytes[0], &bytes[header..]);
        let shown = &bytes[..bytes.len().min(64)];
        assert!(frame.unmasked() == bytes, "{shown:x?} is no frame of a server");
        Some(frame)
    }

    /// Reads `count` bytes, or fewer when the server hangs up before.
    ///
    /// # Panics
    /// When nothing comes.
    pub async fn read(&mut self, count: usize) -> Vec<u8> {
        let mut found = Vec::new();
        while found.len() < count {
            let mut buf = vec![0; (count - found.len()).min(64 * 1024)];
            match timeout(PATIENCE, self.pipe.read(&mut buf)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(n)) => found.extend_from_slice(&buf[..n]),
                Err(_) => panic!("waited in vain for byte {} of {count}", found.len()),
            }
        }
        found
    }

    /// Reads everything until the server hangs up.
    pub async fn rest(&mut self) -> Vec<u8> {
        self.read(usize::MAX / 2).await
    }

    /// Reads a response head.
    ///
    /// # Panics
    /// When it is no text.
    pub async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = self.read(1).await;
            if byte.is_empty() {
                break;
            }
            head.extend(byte);
        }
        String::from_utf8(head).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Waits so long, and tells whether the server has neither sent anything nor hung up.
    pub async fn hears_nothing_for(&mut self, time: Duration) -> bool {
        timeout(time, self.pipe.read(&mut [0])).await.is_err()
    }

    /// Ends what the client sends; it can still read.
    pub async fn end(&mut self) {
        drop(self.pipe.shutdown().await);
    }

    /// Waits a moment, and tells whether the server has let go of the connection: not its end
    /// alone, which is what [`is_hung_up`](Client::is_hung_up) asks.
    pub async fn is_cut(&mut self) -> bool {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.pipe.write_all(&[0]).await.is_err()
    }

    /// Whether the server has hung up, and sent nothing before.
    pub async fn is_hung_up(&mut self) -> bool {
        self.rest().await.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::{close_with, ping, text};
    use crate::masked;

    /// Reads a frame from these bytes, and then the end.
    async fn frame_of(bytes: &[u8]) -> Option<Frame> {
        let (near, mut far) = tokio::io::duplex(1024);
        far.write_all(bytes).await.unwrap();
        drop(far);
        Client::new(near).frame().await
    }

    #[tokio::test(start_paused = true)]
    async fn frames_are_read_as_they_were_sent() {
        for frame in [text("Hello"), text([7; 300]).rsv1().unfinished(), close_with(1001, "bye")] {
            assert_eq!(frame_of(&frame.unmasked()).await, Some(frame));
        }
        assert_eq!(frame_of(b"").await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_no_server_sends_is_no_frame() {
        let cases = [
            masked(0x81, b"Hello"),
            b"\x81\x7e\x00\x05Hello".to_vec(),
            b"\x81\x7f\0\0\0\0\0\0\0\x05Hello".to_vec(),
            b"\x81".to_vec(),
            b"\x81\x05Hell".to_vec(),
            b"\x81\x7e\x01".to_vec(),
        ];
        for bytes in cases {
            let read = tokio::spawn({
                let bytes = bytes.clone();
                async move { frame_of(&bytes).await }
            });
            assert!(read.await.is_err(), "{bytes:x?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn frames_and_bytes_go_out_in_one_write_and_a_client_masks() {
        let (near, mut far) = tokio::io::duplex(1024);
        let mut client = Client::new(near);
        client.send([text("a"), ping("?")]).await;
        client.send(b"raw").await;
        drop(client);
        let mut sent = Vec::new();
        far.read_to_end(&mut sent).await.unwrap();
        assert_eq!(sent, [masked(0x81, b"a"), masked(0x89, b"?"), b"raw".to_vec()].concat());
    }
}
