//! Fan-out without a library, the limit: what anybody sends is encoded once, and written to every
//! socket. No control frames, no messages, no limits but that of what may wait.
//!
//! On epoll alone, all frames of one read leave in one write for each socket; with `--naive`, each
//! frame in one. With `--variant broadcast` there is a task on tokio and a receiver of a
//! `broadcast` for each connection: the least that a library on tokio can do.

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
