//! Raw TCP, the lower bound. An echo on tokio with a buffer for all connections; with `--variant
//! epoll` one without a runtime; with `--variant proxy:PORT` a proxy, the lower bound of a gateway.

mod epoll;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll};

use peer::{args, serve};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf, copy_bidirectional_with_sizes};
use tokio::net::TcpStream;

const BUFFER: usize = 128 * 1024;
const PROXY_BUFFER: usize = 64 * 1024;

thread_local!(static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]));

/// What to do when no data can be read.
enum Step {
    Close,
    Write(Vec<u8>),
}

fn main() {
    match args().variant.as_str() {
        "epoll" => epoll::run(),
        variant => match variant.strip_prefix("proxy:") {
            Some(port) => {
                let port = port.parse().expect("proxy:PORT");
                serve(move |socket| proxy(socket, port));
            }
            None => serve(echo),
        },
    }
}

async fn echo(mut socket: TcpStream) {
    while let Step::Write(rest) = poll_fn(|context| pump(&mut socket, context)).await {
        if socket.write_all(&rest).await.is_err() {
            return;
        }
    }
}

/// Reads and writes until no data is available. (`poll_read` treats a short read as the last one;
/// `readable` and `try_read` would take one more system call.)
fn pump(socket: &mut TcpStream, context: &mut Context<'_>) -> Poll<Step> {
    READ.with_borrow_mut(|buffer| {
        loop {
            let mut read = ReadBuf::new(buffer);
            match Pin::new(&mut *socket).poll_read(context, &mut read) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(Step::Close),
                Poll::Ready(Ok(())) if read.filled().is_empty() => {
                    return Poll::Ready(Step::Close);
                }
                Poll::Ready(Ok(())) => {}
            }
            let data = read.filled();
            let written = match socket.try_write(data) {
                Ok(count) if count == data.len() => continue,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(_) => return Poll::Ready(Step::Close),
            };
            return Poll::Ready(Step::Write(data[written..].to_vec()));
        }
    })
}

async fn proxy(mut socket: TcpStream, port: u16) {
    let Ok(mut service) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    service.set_nodelay(true).expect("TCP_NODELAY");
    let copied =
        copy_bidirectional_with_sizes(&mut socket, &mut service, PROXY_BUFFER, PROXY_BUFFER);
    // An error ends a connection, like a clean end.
    let _ = copied.await;
}
