//! Which connection this thread drives just now.

use std::cell::Cell;

#[cfg(not(ws_loom))]
thread_local! {
    /// The address of what is shared of it; 0 for none.
    static DRIVEN: Cell<usize> = const { Cell::new(0) };
}

#[cfg(ws_loom)]
loom::thread_local! {
    static DRIVEN: Cell<usize> = Cell::new(0);
}

/// Says, until it is dropped, that this thread polls the service of a connection: the connection is
/// looked at when that is done, and nobody has to wake its task for it.
pub(crate) struct Driven {
    /// A service may poll the connection of another.
    outer: usize,
}

impl Driven {
    pub(crate) fn enter<T>(shared: &T) -> Driven {
        Driven { outer: DRIVEN.with(|driven| driven.replace(std::ptr::from_ref(shared).addr())) }
    }

    /// Whether this thread polls the service of this connection.
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
