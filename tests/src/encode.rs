//! What an end of a connection sends: frames, or bytes as they are.

use std::borrow::Cow;

use ws_core::Role;

use crate::frames::Frame;

/// What can be sent and expected.
pub trait Encode {
    /// The bytes of it on the wire: a client masks its frames, a server does not.
    fn encode(&self, sender: Role) -> Cow<'_, [u8]>;
}

impl Encode for Frame {
    fn encode(&self, sender: Role) -> Cow<'_, [u8]> {
        Cow::Owned(match sender {
            Role::Client => self.masked(),
            Role::Server => self.unmasked(),
        })
    }
}

impl Encode for [Frame] {
    fn encode(&self, sender: Role) -> Cow<'_, [u8]> {
        let frames: Vec<_> = self.iter().map(|frame| frame.encode(sender)).collect();
        Cow::Owned(frames.concat())
    }
}

impl Encode for [u8] {
    fn encode(&self, _: Role) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }
}

impl<T, const N: usize> Encode for [T; N]
where
    [T]: Encode,
{
    fn encode(&self, sender: Role) -> Cow<'_, [u8]> {
        self.as_slice().encode(sender)
    }
}

impl<T> Encode for Vec<T>
where
    [T]: Encode,
{
    fn encode(&self, sender: Role) -> Cow<'_, [u8]> {
        self.as_slice().encode(sender)
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, sender: Role) -> Cow<'_, [u8]> {
        (**self).encode(sender)
    }
}
