//! No library: the minimum of an echo on tokio that answers the data frames of RFC 6455. One read
//! and one write buffer per thread, unmasked in place, one write per read. No limits, no control
//! frames, no messages.

mod frames;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll};

use peer::{serve, upgrade};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use frames::Frames;

const BUFFER: usize = 128 * 1024;

struct Buffers {
    read: Vec<u8>,
    write: Vec<u8>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> =
        RefCell::new(Buffers { read: vec![0; BUFFER], write: Vec::with_capacity(BUFFER) });
}

/// What to do when no data can be read.
enum Step {
    Close,
    Write(Vec<u8>),
}

fn main() {
    serve(echo);
}

async fn echo(mut socket: TcpStream) {
    if upgrade(&mut socket, None).await.is_err() {
        return;
    }
    let mut frames = Frames::default();
    let mut step =
        async |socket: &mut TcpStream| poll_fn(|context| pump(socket, &mut frames, context)).await;
    while let Step::Write(rest) = step(&mut socket).await {
        if socket.write_all(&rest).await.is_err() {
            return;
        }
    }
}

fn pump(socket: &mut TcpStream, frames: &mut Frames, context: &mut Context<'_>) -> Poll<Step> {
    BUFFERS.with_borrow_mut(|Buffers { read, write }| {
        loop {
            let carried = frames.carry(read);
            let mut rest = ReadBuf::new(&mut read[carried..]);
            let count = match Pin::new(&mut *socket).poll_read(context, &mut rest) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => return Poll::Ready(Step::Close),
                Poll::Ready(Ok(())) => rest.filled().len(),
            };
            write.clear();
            if count == 0 || !frames.answer(&mut read[..carried + count], write) {
                return Poll::Ready(Step::Close);
            }
            let written = match socket.try_write(write) {
                Ok(count) if count == write.len() => continue,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(_) => return Poll::Ready(Step::Close),
            };
            return Poll::Ready(Step::Write(write[written..].to_vec()));
        }
    })
}
