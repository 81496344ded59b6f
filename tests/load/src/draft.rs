//! The supported versions of the protocol.

/// A version of the protocol, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Draft {
    Rfc6455,
    Hybi08,
    Hybi07,
    Hixie76,
    Hixie75,
    /// Only payloads, without frames and without an opening handshake.
    Tcp,
}

impl Draft {
    /// The draft with this `name` on the command line.
    pub(crate) fn named(name: &str) -> Option<Draft> {
        ALL.into_iter().find(|draft| draft.name() == name)
    }

    /// Its name on the command line; for a HyBi draft, its version on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Draft::Rfc6455 => "13",
            Draft::Hybi08 => "8",
            Draft::Hybi07 => "7",
            Draft::Hixie76 => "76",
            Draft::Hixie75 => "75",
            Draft::Tcp => "tcp",
        }
    }

    /// Whether frames begin with 0x00 and end with 0xFF.
    pub(crate) fn is_hixie(self) -> bool {
        matches!(self, Draft::Hixie76 | Draft::Hixie75)
    }
}

const ALL: [Draft; 6] =
    [Draft::Rfc6455, Draft::Hybi08, Draft::Hybi07, Draft::Hixie76, Draft::Hixie75, Draft::Tcp];
