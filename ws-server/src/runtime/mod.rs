//! How the task of a connection runs: who wakes it, for how long it runs, whose buffers it has.
//!
//! A connection is driven by one task, which polls the service too. It is behind a lock, in
//! [`shared`], because the service may move its handles to other tasks. Handles and driver visit it
//! for one poll each; [`view`] is what both see of it.
//!
//! * **Who wakes it.** Three things: its socket; a handle that has changed something; and its
//!   [`alarm`], which is one timer for the next deadline and the [`shutdown`] of the server. A
//!   socket remembers one waker for reading and one for writing. While only the driver waits, that
//!   is its waker. As soon as a handle waits in another task, the socket gets one waker for all of
//!   them ([`wakers`]): each is woken by whatever happens, looks, and waits again.
//! * **What it does.** After a poll of the service the driver knows whether a handle has just
//!   waited to receive ([`receiving`]). If so the socket has been read already, and only deadlines
//!   and output are left. If not, it reads ahead and answers control frames itself ([`drive`]). A
//!   handle that is polled by the driver, within the service, need not wake it ([`driven`]).
//! * **For how long it runs.** The runtime gives each task a budget of 128 reads and writes. What a
//!   task reads, writes, decodes and encodes is charged against the [`budget`] by the work that it
//!   is, so that the other tasks of the worker run too.
//! * **Whose buffers it has.** The worker's: a connection borrows a buffer from the [`pool`] when
//!   its socket may have something to read, and returns it when nothing is left in it.
//! * **Without a server** a [`keeper`] is the driver. Without one either, a handle that waits
//!   drives the connection.
//!
//! `loom` explores what drivers and handles do to each other, in every order: see `.ci/loom`.

pub(crate) mod alarm;
pub(crate) mod budget;
pub(crate) mod clock;
mod drive;
pub(crate) mod driven;
pub(crate) mod identity;
pub(crate) mod keeper;
pub(crate) mod panicked;
pub(crate) mod pool;
pub(crate) mod receiving;
pub(crate) mod shared;
pub(crate) mod shutdown;
pub(crate) mod sync;
pub(crate) mod view;
pub(crate) mod wakers;
