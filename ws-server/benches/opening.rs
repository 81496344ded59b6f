//! An opening handshake of each draft in memory, from the accept to the 101 response. Without
//! sockets, it measures parsing, dispatch, the response and the task.

use std::io;
use std::task::{Context, Poll};

use divan::Bencher;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, mpsc};
use ws_server::{Listener, Origins, RemoteAddr, Server, Socket, WebSocket};

const DRAFTS: [&str; 4] = ["rfc6455", "hybi08", "hybi07", "hixie76"];

fn main() {
    divan::main();
}

/// A listener for in-memory streams.
struct InMemory(Mutex<mpsc::UnboundedReceiver<DuplexStream>>);

impl Listener for InMemory {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, RemoteAddr)>> {
        let Ok(mut accepted) = self.0.try_lock() else {
            return Poll::Pending;
        };
        match accepted.poll_recv(cx) {
            Poll::Ready(Some(stream)) => {
                Poll::Ready(Ok((Socket::other(stream), RemoteAddr::Unknown)))
            }
            // `None`: the benchmark is over.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

fn request(draft: &str) -> Vec<u8> {
    let version = match draft {
        "rfc6455" => "Sec-WebSocket-Version: 13\r\n",
        "hybi08" => "Sec-WebSocket-Version: 8\r\n",
        "hybi07" => "Sec-WebSocket-Version: 7\r\n",
        _ => {
            let head = "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n\
                        Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n\
                        Origin: http://example.com\r\n\r\n";
            return [head.as_bytes(), b"^n:ds[4U"].concat();
        }
    };
    format!(
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{version}\r\n"
    )
    .into_bytes()
}

/// Starts a server, and returns a sender of connections to it.
fn serve(runtime: &Runtime) -> mpsc::UnboundedSender<DuplexStream> {
    let (connect, accepted) = mpsc::unbounded_channel();
    let server = Server::builder().origins(Origins::Any).messages(
        |mut socket: WebSocket, _peer| async move {
            while socket.recv().await.is_some() {}
            Ok(())
        },
    );
    let listener = InMemory(Mutex::new(accepted));
    if let Ok(server) = server {
        runtime.spawn(async move { server.serve(listener).await });
    }
    connect
}

#[divan::bench(args = DRAFTS)]
fn opening(bencher: Bencher<'_, '_>, draft: &str) {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        return eprintln!("no runtime");
    };
    let connect = serve(&runtime);
    let request = request(draft);
    // The server of hixie-76 sends 16 bytes after the response head.
    let behind = if draft == "hixie76" { 16 } else { 0 };
    bencher.bench_local(|| {
        runtime.block_on(async {
            let (mut client, server) = duplex(4096);
            assert!(connect.send(server).is_ok(), "the server has ended");
            client.write_all(&request).await?;
            let mut answer = Vec::with_capacity(512);
            while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
                assert!(client.read_buf(&mut answer).await? > 0, "refused");
            }
            let end = answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4);
            while answer.len() < end + behind {
                assert!(client.read_buf(&mut answer).await? > 0, "closed after the response head");
            }
            assert!(answer.starts_with(b"HTTP/1.1 101 "), "refused");
            io::Result::Ok(())
        })
    });
}
