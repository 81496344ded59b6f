//! The signals that the command handles.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

/// The signals that end the command.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<Signals> {
        Ok(Signals {})
    }

    #[cfg(unix)]
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The signals that do not end the command.
pub(super) struct OtherSignals {
    #[cfg(unix)]
    hangup: Signal,
    #[cfg(unix)]
    user: [Signal; 2],
}

impl OtherSignals {
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<OtherSignals> {
        let user = [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?];
        Ok(OtherSignals { hangup: signal(SignalKind::hangup())?, user })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<OtherSignals> {
        Ok(OtherSignals {})
    }

    /// Calls `hangup` at each SIGHUP, and logs the others. Never completes.
    #[cfg(unix)]
    pub(super) async fn handle(&mut self, hangup: impl Fn()) {
        let [first, second] = &mut self.user;
        loop {
            tokio::select! {
                Some(()) = self.hangup.recv() => hangup(),
                Some(()) = first.recv() => info!("SIGUSR1 has no meaning here"),
                Some(()) = second.recv() => info!("SIGUSR2 has no meaning here"),
                else => std::future::pending().await,
            }
        }
    }

    #[cfg(not(unix))]
    pub(super) async fn handle(&mut self, _hangup: impl Fn()) {
        std::future::pending().await
    }
}
