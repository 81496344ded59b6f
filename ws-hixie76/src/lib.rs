//! draft-hixie-thewebsocketprotocol-76, also known as hybi-00.
