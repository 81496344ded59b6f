//! How a service has ended, in the log.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use tracing::{debug, warn};

use crate::error::{RecvError, SendError};

/// A service has panicked, which is logged when it happens.
#[derive(Debug)]
pub(super) struct ServicePanicked;

impl fmt::Display for ServicePanicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service panicked")
    }
}

impl Error for ServicePanicked {}

/// Logs how the service of a connection has ended: at `warn` when it failed for another reason than
/// its peer.
pub(super) fn log(outcome: io::Result<()>) {
    match outcome {
        Ok(()) => debug!("closed"),
        Err(error) if is_of_peer(&error) => debug!(%error, "closed after an error"),
        Err(error) => {
            warn!(error = %Chain(&error), "the service failed; its connection is closed with 1011");
        }
    }
}

/// Whether an error, or what it was caused by, is the end of the connection or a fault of its peer.
fn is_of_peer(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<RecvError>() || error.is::<ServicePanicked>() {
            return true;
        }
        if let Some(error) = error.downcast_ref::<SendError>() {
            return !matches!(error, SendError::Unsupported(_));
        }
        next = match error.downcast_ref::<io::Error>() {
            Some(error) if is_disconnect(error.kind()) && error.get_ref().is_none() => return true,
            // Its `source` is that of the error within.
            Some(error) if error.get_ref().is_some() => error.get_ref().map(|inner| inner as _),
            _ => error.source(),
        };
    }
    false
}

fn is_disconnect(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BrokenPipe
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::UnexpectedEof
    )
}

/// An error and its sources.
struct Chain<'e>(&'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ws_core::ProtocolError;

    use super::*;

    #[test]
    fn a_peer_that_disconnects_or_breaks_the_protocol_is_no_failure_of_the_service() {
        let disconnected = || RecvError::Disconnected { within_message: true };
        let wrapped = io::Error::other(io::Error::from(SendError::Closed));
        for error in [
            disconnected().into(),
            RecvError::Protocol(ProtocolError::Unmasked).into(),
            io::Error::other(disconnected()),
            wrapped,
            ErrorKind::ConnectionReset.into(),
            io::Error::other(ServicePanicked),
        ] {
            assert!(is_of_peer(&error), "{error:?}");
        }
    }

    #[test]
    fn any_other_error_is_a_failure_of_the_service() {
        let unsupported = ws_core::EncodeError::NotUtf8;
        for error in [
            io::Error::other("the database is down"),
            ErrorKind::PermissionDenied.into(),
            SendError::Unsupported(unsupported).into(),
        ] {
            assert!(!is_of_peer(&error), "{error:?}");
        }
    }
}
