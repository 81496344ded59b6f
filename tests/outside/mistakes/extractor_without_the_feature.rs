//! The extractor without the feature `axum`.
//!
//! says: the item is gated behind the `axum` feature
//! lines: 15

use ws_server::WebSocketUpgrade;

fn main() {
    let _name = std::any::type_name::<WebSocketUpgrade>();
}
