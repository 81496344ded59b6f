//! A task and a receiver for each connection.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::sync::{Arc, OnceLock};

use peer::{serve, upgrade};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::frames::reframe;

static ROOM: OnceLock<broadcast::Sender<Arc<Vec<u8>>>> = OnceLock::new();
thread_local!(static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; 256 * 1024]));

pub(crate) fn run() {
    serve(connection);
}

async fn connection(mut socket: TcpStream) {
    let room = ROOM.get_or_init(|| broadcast::channel(1024).0);
    let mut published = room.subscribe();
    if upgrade(&mut socket, None).await.is_err() {
        return;
    }
    let mut input = Vec::new();
    loop {
        tokio::select! {
            _ = socket.readable() => {
                let read = READ.with_borrow_mut(|buffer| {
                    let count = socket.try_read(buffer)?;
                    input.extend_from_slice(&buffer[..count]);
                    Ok::<_, std::io::Error>(count)
                });
                match read {
                    Ok(0) => return,
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                    Err(_) => return,
                }
                let frames = reframe(&mut input, false);
                if !frames.is_empty() {
                    room.send(Arc::new(frames)).expect("this connection is subscribed");
                }
                if input.is_empty() {
                    input = Vec::new();
                }
            }
            frames = published.recv() => match frames {
                Ok(frames) => {
                    if socket.write_all(&frames).await.is_err() {
                        return;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}
