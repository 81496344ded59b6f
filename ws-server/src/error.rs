//! The errors of an open connection.

use std::io;

use ws_core::connection::Expired;
use ws_core::{EncodeError, ProtocolError};

/// Why nothing more can be received from a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecvError {
    /// The peer broke the protocol. The connection was failed (RFC 6455 §7.1.7), with a Close if
    /// the draft has one.
    Protocol(ProtocolError),
    /// The peer ended the TCP connection without a closing handshake (status 1006,
    /// RFC 6455 §7.1.5).
    #[non_exhaustive]
    Disconnected {
        /// Whether a message or frame was incomplete.
        within_message: bool,
    },
    /// A deadline passed.
    Expired(Expired),
    /// The socket failed.
    Io(io::Error),
}

impl std::fmt::Display for RecvError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RecvError::Protocol(error) => write!(f, "the peer broke the protocol: {error}"),
            RecvError::Disconnected { within_message: false } => {
                f.write_str("the peer disconnected without a closing handshake")
            }
            RecvError::Disconnected { within_message: true } => {
                f.write_str("the peer disconnected within a message, without a closing handshake")
            }
            RecvError::Expired(expired) => expired.fmt(f),
            RecvError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RecvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RecvError::Protocol(error) => Some(error),
            RecvError::Disconnected { .. } => None,
            RecvError::Expired(error) => Some(error),
            RecvError::Io(error) => Some(error),
        }
    }
}

impl From<ProtocolError> for RecvError {
    fn from(error: ProtocolError) -> RecvError {
        RecvError::Protocol(error)
    }
}

impl From<RecvError> for io::Error {
    fn from(error: RecvError) -> io::Error {
        let kind = match error {
            RecvError::Io(error) => return error,
            RecvError::Protocol(_) => io::ErrorKind::InvalidData,
            RecvError::Disconnected { .. } => io::ErrorKind::UnexpectedEof,
            RecvError::Expired(_) => io::ErrorKind::TimedOut,
        };
        io::Error::new(kind, error)
    }
}

/// Why a message was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// The closing handshake has begun, or the connection has ended.
    Closed,
    /// The draft of this connection has no such message.
    Unsupported(EncodeError),
    /// A deadline passed: that of the closing handshake, or of a peer that is silent or does not
    /// read.
    Expired(Expired),
    /// The socket failed.
    Io(io::Error),
}

impl std::fmt::Display for SendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SendError::Closed => f.write_str("the connection is closing or closed"),
            SendError::Unsupported(error) => error.fmt(f),
            SendError::Expired(expired) => expired.fmt(f),
            SendError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SendError::Closed => None,
            SendError::Unsupported(error) => Some(error),
            SendError::Expired(error) => Some(error),
            SendError::Io(error) => Some(error),
        }
    }
}

impl From<ws_core::SendError> for SendError {
    fn from(error: ws_core::SendError) -> SendError {
        match error {
            ws_core::SendError::Unsupported(error) => SendError::Unsupported(error),
            _ => SendError::Closed,
        }
    }
}

impl From<SendError> for io::Error {
    fn from(error: SendError) -> io::Error {
        let kind = match error {
            SendError::Io(error) => return error,
            SendError::Closed => io::ErrorKind::BrokenPipe,
            SendError::Unsupported(_) => io::ErrorKind::InvalidData,
            SendError::Expired(_) => io::ErrorKind::TimedOut,
        };
        io::Error::new(kind, error)
    }
}
