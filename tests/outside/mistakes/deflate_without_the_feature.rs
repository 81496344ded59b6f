//! Compression without the feature `deflate`.
//!
//! says: the item is gated behind the `deflate` feature
//! lines: 15

use ws_server::{Server, extension::Deflate};

fn main() {
    let _builder = Server::builder().extension(Deflate::new());
}
