//! A client that sends and expects bytes, written down in the test.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

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

    /// Sends bytes. A server that has hung up is noticed by what is expected next.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await;
    }

    /// Sends bytes, and tells whether the server's socket took them.
    pub async fn try_send(&mut self, bytes: &[u8]) -> bool {
        matches!(timeout(PATIENCE, self.pipe.write_all(bytes)).await, Ok(Ok(())))
    }

    /// Sends bytes one by one, each in a read of its own.
    pub async fn send_bytewise(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send(&[*byte]).await;
            tokio::task::yield_now().await;
        }
    }

    /// Reads as many bytes as are expected, and compares.
    ///
    /// # Panics
    /// When others come, or none.
    pub async fn expect(&mut self, expected: &[u8]) {
        let found = self.read(expected.len()).await;
        let shown = &expected[..expected.len().min(64)];
        assert!(
            found == expected,
            "expected {shown:x?}, found {:x?}",
            &found[..found.len().min(64)]
        );
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

/// A server's frame: not masked.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    build(first, payload, None)
}

/// A client's frame, masked with the key of the specification's examples.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    masked_with(first, payload, [0x37, 0xfa, 0x21, 0x3d])
}

/// A client's frame, masked with this key.
pub fn masked_with(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    build(first, payload, Some(key))
}

fn build(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(mask | len as u8),
        len @ 126..65536 => {
            frame.push(mask | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(mask | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    let key = key.inspect(|key| frame.extend(key)).unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
