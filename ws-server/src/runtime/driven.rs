//! The connection whose service the current thread is polling.

use std::cell::Cell;

#[cfg(not(ws_loom))]
thread_local! {
    /// The address of its [`Shared`](super::shared::Shared); 0 while no service is polled.
    static DRIVEN: Cell<usize> = const { Cell::new(0) };
}

#[cfg(ws_loom)]
loom::thread_local! {
    static DRIVEN: Cell<usize> = Cell::new(0);
}

/// Marks, until it is dropped, that the current thread polls the service of a connection: the
/// connection is driven right after that, and its task need not be woken for it.
pub(crate) struct Driven {
    /// What was marked before: a service may poll the task of another connection.
    outer: usize,
}

impl Driven {
    pub(crate) fn enter<T>(shared: &T) -> Driven {
        Driven { outer: DRIVEN.with(|driven| driven.replace(std::ptr::from_ref(shared).addr())) }
    }

    /// Whether the current thread polls the service of this connection.
    #[inline]
    pub(crate) fn is<T>(shared: &T) -> bool {
        DRIVEN.with(Cell::get) == std::ptr::from_ref(shared).addr()
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        DRIVEN.with(|driven| driven.set(self.outer));
    }
}
