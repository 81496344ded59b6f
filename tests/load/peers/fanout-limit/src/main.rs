//! Fan-out without a library, the lower bound: each frame is encoded once, and written to every
//! socket. No control frames, no messages, no limits except that of the send buffer.
//!
//! Directly on epoll, all frames of one read are sent in one write for each socket; with `--naive`,
//! each frame in one write. With `--variant broadcast` there is a task on tokio and a receiver of a
//! `broadcast` for each connection: the minimum of a library on tokio.

mod broadcast;
mod epoll;
mod frames;

use peer::args;

fn main() {
    match args().variant.as_str() {
        "broadcast" => broadcast::run(),
        _ => epoll::run(),
    }
}
