//! The accept loop.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, debug_span, error, field};

use super::port::Port;
use crate::application::Application;
use crate::config::Config;
use crate::session::{self, Connections, CutOnDrop};
use crate::socket::{Listener, RemoteAddr, Socket};

/// The first and the longest pause after a failed accept; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Accepts and serves connections until `shutdown` completes, then closes every connection.
pub(super) async fn run<L: Listener + Sync>(
    config: Arc<Config>,
    application: Arc<dyn Application>,
    listener: L,
    shutdown: impl Future<Output = ()>,
) {
    listener.prepare();
    // Dropping the future of the server aborts its connections.
    let connections = CutOnDrop(Connections::new());
    let port = Port { config, application, shutdown: connections.0.signal().clone() };
    let mut shutdown = pin!(shutdown);
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&port.config.permits, &listener) => match accepted {
                Ok((socket, remote, permit)) => {
                    pause = FIRST_PAUSE;
                    spawn(&port, socket, remote, permit, &connections.0);
                }
                Err(error) if is_of_one_connection(&error) => {
                    debug!(%error, "a connection ended before it was accepted");
                }
                Err(error) => {
                    // Out of descriptors or memory: connections that end may free some.
                    error!(%error, ?pause, "cannot accept connections; trying again after a pause");
                    tokio::select! {
                        () = &mut shutdown => break,
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            },
        }
    }
    // No client can connect from here on.
    drop(listener);
    connections.0.shutdown(port.config.drain).await;
}

/// Serves one connection that was accepted elsewhere, until its end.
pub(super) async fn serve_one(
    config: &Arc<Config>,
    application: &Arc<dyn Application>,
    socket: Socket,
    remote: RemoteAddr,
) -> io::Result<()> {
    let permit = config.permits.clone().acquire_owned().await.map_err(io::Error::other)?;
    let connections = CutOnDrop(Connections::new());
    let shutdown = connections.0.signal().clone();
    let port = Port { config: config.clone(), application: application.clone(), shutdown };
    spawn(&port, socket, remote, permit, &connections.0);
    connections.0.all_ended().await;
    Ok(())
}

fn spawn(
    port: &Port,
    socket: Socket,
    remote: RemoteAddr,
    permit: OwnedSemaphorePermit,
    connections: &Connections,
) {
    let span = debug_span!("connection", id = field::Empty, %remote);
    let opening = port.clone().open(socket, remote);
    session::spawn(opening, connections.place(permit), span);
}

/// Waits for the next connection and its permit.
///
/// # Errors
/// Those of the listener.
async fn accept<L: Listener + Sync>(
    permits: &Arc<Semaphore>,
    listener: &L,
) -> io::Result<(Socket, RemoteAddr, OwnedSemaphorePermit)> {
    // Nothing is accepted before there is a permit. The permit is not kept while the listener
    // waits: streams of HTTP/2 connections take permits too.
    drop(permits.acquire().await);
    let (socket, remote) = poll_fn(|cx| listener.poll_accept(cx)).await?;
    // Such a stream may have taken the last permit meanwhile. Then the accepted connection waits
    // for the next one, and those after it stay in the listen queue.
    let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
    Ok((socket, remote, permit))
}

/// Whether an error concerns only the connection that was accepted, not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
