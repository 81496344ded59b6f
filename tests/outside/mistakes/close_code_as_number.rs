//! A close code as a number, without `CloseCode::application`.
//!
//! says: expected `CloseCode`, found integer
//! lines: 15

use ws_server::CloseReason;

fn main() {
    let _reason = CloseReason::new(4001, "bye");
}
