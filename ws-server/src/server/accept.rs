//! The accept loop.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tracing::{debug, debug_span, error, info, warn};

use super::Server;
use super::connection::Accepted;
use crate::socket::{Listener, RemoteAddr, Socket};
use crate::stop::Stop;

/// The first and the longest pause after a failed accept.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Accepts and serves until `shutdown` completes, then ends every connection.
pub(super) async fn run<L: Listener + Sync>(
    server: Server,
    listener: L,
    shutdown: impl Future<Output = ()>,
) {
    listener.prepare();
    let stop = Stop::default();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = connections.join_next(), if !connections.is_empty() => report(ended),
            accepted = accept(&server.config.room, &listener) => match accepted {
                Ok((socket, remote)) => {
                    pause = FIRST_PAUSE;
                    let accepted = Accepted::new(server.clone(), socket, remote, stop.clone());
                    let span = debug_span!("connection", %remote);
                    server.application.clone().spawn(accepted, &mut connections, span);
                }
                Err(error) if is_of_one_connection(&error) => {
                    debug!(%error, "a connection was gone before it was accepted");
                }
                Err(error) => {
                    // Out of descriptors or memory: others may give some back.
                    error!(%error, ?pause, "cannot accept, pausing");
                    tokio::select! {
                        () = &mut shutdown => break,
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            },
        }
    }
    // Nobody can connect from here on.
    drop(listener);
    stop.begin();
    drain(connections, server.config.drain).await;
}

/// The next connection, once there is room for it.
async fn accept<L: Listener + Sync>(
    room: &Semaphore,
    listener: &L,
) -> io::Result<(Socket, RemoteAddr)> {
    // Not kept: while nobody comes, streams of other connections may have it.
    drop(room.acquire().await);
    poll_fn(|cx| listener.poll_accept(cx)).await
}

async fn drain(mut connections: JoinSet<()>, limit: Duration) {
    info!(connections = connections.len(), "closing");
    let all = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if timeout(limit, all).await.is_err() {
        warn!(connections = connections.len(), ?limit, "cutting connections that did not close");
        connections.shutdown().await;
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        error!(%error, "a service panicked, its connection is cut");
    }
}

/// Whether an error is about the connection that was accepted, not about the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
