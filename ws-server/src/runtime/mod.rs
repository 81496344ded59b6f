//! How the task of a connection runs: who wakes it, for how long it runs, whose buffers it has.
//!
//! * **Who wakes it.** Its socket; its handles, in whichever task they are ([`shared`], [`wakers`]);
//!   and its [`alarm`]: one timer for the next of its deadlines, and the [`shutdown`] of the server.
//! * **For how long it runs.** The runtime gives each task a budget of 128 reads and writes. What a
//!   task reads, writes, decodes and encodes is charged against the [`budget`] by the work that it
//!   is, so that the other tasks of the worker run too.
//! * **Whose buffers it has.** The worker's: a connection takes a buffer from the [`pool`] when its
//!   socket may have something, and gives it back when nothing is left in it.

pub(crate) mod alarm;
pub(crate) mod budget;
pub(crate) mod clock;
mod drive;
pub(crate) mod driven;
pub(crate) mod keeper;
pub(crate) mod panicked;
pub(crate) mod pool;
pub(crate) mod receiving;
pub(crate) mod shared;
pub(crate) mod shutdown;
pub(crate) mod sync;
pub(crate) mod view;
pub(crate) mod wakers;
