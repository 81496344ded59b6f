//! What can be sent as a message.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use super::{Message, MessageRef, Outgoing};

/// Text, bytes, or a message: what [`Connection::send`](crate::Connection::send) and its kin take.
///
/// Strings are sent as text and byte strings as binary messages. References to them are taken, too.
/// A long message is sent from where it is, without a copy, whether it is owned or borrowed.
///
/// An implementation returns the same message at each call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a message",
    label = "expected text, bytes, or a `Message`",
    note = "text is `&str`, `String` or `ByteString`; bytes are `&[u8]`, `Vec<u8>` or `Bytes`"
)]
pub trait AsMessage {
    /// The message, borrowed.
    fn as_message(&self) -> Outgoing<'_>;
}

#[diagnostic::do_not_recommend]
impl AsMessage for Message {
    #[inline]
    fn as_message(&self) -> Outgoing<'_> {
        Outgoing::new(self.into())
    }
}

#[diagnostic::do_not_recommend]
impl AsMessage for MessageRef<'_> {
    #[inline]
    fn as_message(&self) -> Outgoing<'_> {
        Outgoing::new(*self)
    }
}

#[diagnostic::do_not_recommend]
impl AsMessage for Outgoing<'_> {
    #[inline]
    fn as_message(&self) -> Outgoing<'_> {
        *self
    }
}

#[diagnostic::do_not_recommend]
impl<M: AsMessage + ?Sized> AsMessage for &M {
    #[inline]
    fn as_message(&self) -> Outgoing<'_> {
        (**self).as_message()
    }
}

/// Implements it for types that dereference to a string or to bytes.
macro_rules! as_message {
    ($variant:ident: $($type:ty),+) => {
        $(#[diagnostic::do_not_recommend]
        impl AsMessage for $type {
            #[inline]
            fn as_message(&self) -> Outgoing<'_> {
                Outgoing::new(MessageRef::$variant(self))
            }
        })+
    };
}

as_message!(Text: str, String, ByteString, Box<str>, Arc<str>, Cow<'_, str>);
as_message!(Binary: [u8], Vec<u8>, Bytes, Box<[u8]>, Arc<[u8]>, Cow<'_, [u8]>);

#[diagnostic::do_not_recommend]
impl<const N: usize> AsMessage for [u8; N] {
    #[inline]
    fn as_message(&self) -> Outgoing<'_> {
        Outgoing::new(MessageRef::Binary(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(message: impl AsMessage, expected: MessageRef<'_>) {
        assert_eq!(message.as_message(), Outgoing::new(expected));
    }

    #[test]
    fn strings_are_text_and_byte_strings_are_binary() {
        let text = MessageRef::Text("abc");
        let (string, byte_string) = ("abc".to_owned(), ByteString::from("abc"));
        let message = Message::text("abc");
        is("abc", text);
        is(&string, text);
        is(string, text);
        is(&byte_string, text);
        is(byte_string, text);
        is(Cow::from("abc"), text);
        is(&message, text);
        is(message, text);
        is(text, text);
        let binary = MessageRef::Binary(b"abc");
        let (vec, bytes) = (b"abc".to_vec(), Bytes::from("abc"));
        is(b"abc", binary);
        is(*b"abc", binary);
        is(&b"abc"[..], binary);
        is(&vec, binary);
        is(vec, binary);
        is(&bytes, binary);
        is(bytes, binary);
        is(Message::binary("abc"), binary);
    }

    #[test]
    fn what_must_not_be_compressed_stays_so() {
        let secret = Outgoing::uncompressed("secret");
        assert_eq!(secret.as_message(), secret);
        assert_ne!(secret, "secret".as_message());
    }
}
