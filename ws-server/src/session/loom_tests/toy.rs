//! A connection without I/O: a wire that counts items, handles to it, and tasks to run them in.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use loom::sync::Condvar;
use loom::thread::JoinHandle;
use tokio::sync::Semaphore;
use ws_core::CloseReason;

use super::super::connections::Connections;
use super::super::driver::Driver;
use crate::runtime::identity::Identity;
use crate::runtime::keeper::Keeper;
use crate::runtime::receiving::Receiving;
use crate::runtime::shared::Shared;
use crate::runtime::sync::{Mutex, lock};
use crate::runtime::view::{Change, Drive, View};
use crate::runtime::wakers::Side;

/// A socket and its peer. As a socket of the runtime, it stores one waker for reading and one for
/// writing.
pub(super) struct Wire {
    line: Mutex<Line>,
    /// Notified whenever something is read or sent.
    moved: Condvar,
}

#[derive(Default)]
struct Line {
    arrived: u8,
    ended: bool,
    has_room: bool,
    read: u8,
    sent: u8,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Wire {
    /// A wire that takes what is sent.
    pub(super) fn new() -> Arc<Wire> {
        Wire::with(Line { has_room: true, ..Line::default() })
    }

    /// A wire that takes nothing yet.
    pub(super) fn without_room() -> Arc<Wire> {
        Wire::with(Line::default())
    }

    fn with(line: Line) -> Arc<Wire> {
        Arc::new(Wire { line: Mutex::new(line), moved: Condvar::new() })
    }

    /// An item arrives.
    pub(super) fn arrive(&self) {
        let mut line = lock(&self.line);
        line.arrived += 1;
        let reader = line.reader.take();
        drop(line);
        reader.into_iter().for_each(Waker::wake);
    }

    /// The peer ends the connection.
    pub(super) fn end(&self) {
        let mut line = lock(&self.line);
        line.ended = true;
        let reader = line.reader.take();
        drop(line);
        reader.into_iter().for_each(Waker::wake);
    }

    /// There is room for all that is sent.
    pub(super) fn make_room(&self) {
        let mut line = lock(&self.line);
        line.has_room = true;
        let writer = line.writer.take();
        drop(line);
        writer.into_iter().for_each(Waker::wake);
    }

    /// Waits, as the peer, until this many items were read.
    pub(super) fn await_read(&self, count: u8) {
        self.wait_until(|line| line.read >= count);
    }

    /// Waits, as the peer, until this many items were sent.
    pub(super) fn await_sent(&self, count: u8) {
        self.wait_until(|line| line.sent >= count);
    }

    fn wait_until(&self, is_so: impl Fn(&Line) -> bool) {
        let mut line = lock(&self.line);
        while !is_so(&line) {
            line = self.moved.wait(line).unwrap();
        }
    }

    /// Reads all items that have arrived; none at the end.
    fn poll_read(&self, cx: &Context<'_>) -> Poll<u8> {
        let mut line = lock(&self.line);
        let items = std::mem::take(&mut line.arrived);
        if items == 0 && !line.ended {
            line.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        line.read += items;
        self.moved.notify_all();
        Poll::Ready(items)
    }

    fn poll_write(&self, cx: &Context<'_>, items: u8) -> Poll<()> {
        let mut line = lock(&self.line);
        if !line.has_room {
            line.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        line.sent += items;
        self.moved.notify_all();
        Poll::Ready(())
    }
}

/// A connection over a wire, which does what [`ReadAhead`](crate::endpoint::ReadAhead) does with a
/// socket.
pub(super) struct Toy {
    wire: Arc<Wire>,
    ahead: u8,
    unsent: u8,
    has_closed: bool,
    has_peer_gone: bool,
}

impl Toy {
    fn close(&mut self) {
        if !self.has_closed {
            self.has_closed = true;
            self.unsent += 1;
        }
    }

    fn poll_recv(&mut self, cx: &Context<'_>) -> Poll<Option<u8>> {
        if self.ahead == 0 {
            ready!(self.poll_input(cx));
        }
        Poll::Ready(Some(std::mem::take(&mut self.ahead)).filter(|items| *items > 0))
    }

    /// Reads, after writing as much as possible of what waits to be sent.
    fn poll_input(&mut self, cx: &Context<'_>) -> Poll<()> {
        let _written = self.poll_flush(cx);
        if !self.has_peer_gone {
            let items = ready!(self.wire.poll_read(cx));
            self.has_peer_gone = items == 0;
            self.ahead += items;
        }
        Poll::Ready(())
    }

    fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.unsent > 0 {
            ready!(self.wire.poll_write(cx, self.unsent));
            self.unsent = 0;
        }
        Poll::Ready(())
    }

    fn poll_closed(&self) -> Poll<()> {
        if self.has_peer_gone { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_ahead(&mut self, cx: &Context<'_>) -> Change {
        let mut change = Change::Nothing;
        while self.poll_input(cx).is_ready() {
            if self.has_peer_gone {
                return Change::State;
            }
            change = Change::Received;
        }
        change
    }
}

impl View for Toy {
    fn is_closed(&self) -> bool {
        self.has_closed || self.has_peer_gone
    }

    fn cut(&mut self) {
        self.close();
    }
}

impl Drive for Toy {
    fn poll_drive(
        &mut self,
        cx: &mut Context<'_>,
        receiving: Receiving,
        left: Option<CloseReason>,
    ) -> (Poll<()>, Change) {
        let mut change = Change::Nothing;
        if left.is_some() {
            self.close();
        } else if !self.has_peer_gone {
            match receiving {
                Receiving::No => change = self.poll_ahead(cx),
                Receiving::Waiting | Receiving::Settled => _ = self.poll_flush(cx),
            }
            if !self.has_peer_gone {
                return (Poll::Pending, change);
            }
            change = Change::State;
        }
        (self.poll_flush(cx), change)
    }
}

/// A handle to a connection.
pub(super) struct Handle(pub(super) Arc<Shared<Toy>>);

/// A connection over this wire, with `N` handles.
pub(super) fn connect<const N: usize>(wire: &Arc<Wire>) -> [Handle; N] {
    let wire = wire.clone();
    let toy = Toy { wire, ahead: 0, unsent: 0, has_closed: false, has_peer_gone: false };
    let shared = Shared::new(toy, Identity::of_unknown());
    shared.add_handles(N as u32 - 1);
    std::array::from_fn(|_| Handle(shared.clone()))
}

impl Handle {
    /// Waits for items; `None` at the end.
    pub(super) async fn recv(&mut self) -> Option<u8> {
        poll_fn(|cx| self.0.visit(Side::Reader, cx, |toy, cx| toy.poll_recv(cx))).await
    }

    /// Receives exactly this many items.
    pub(super) async fn recv_all(&mut self, count: u8) {
        let mut received = 0;
        while received < count {
            received += self.recv().await.unwrap();
        }
        assert_eq!(received, count);
    }

    /// Takes an item for sending, and does not send it.
    pub(super) async fn feed(&mut self) {
        poll_fn(|cx| {
            self.0.visit(Side::Writer, cx, |toy, _cx| {
                toy.unsent += 1;
                Poll::Ready(())
            })
        })
        .await;
    }

    pub(super) async fn flush(&mut self) {
        poll_fn(|cx| self.0.visit(Side::Writer, cx, |toy, cx| toy.poll_flush(cx))).await;
    }

    /// Waits until everything is sent, or nothing can be sent any more.
    pub(super) async fn room(&mut self) {
        poll_fn(|cx| {
            self.0.visit(Side::Writer, cx, |toy, cx| {
                if toy.has_closed { Poll::Ready(()) } else { toy.poll_flush(cx) }
            })
        })
        .await;
    }

    pub(super) async fn closed(&self) {
        poll_fn(|cx| self.0.visit(Side::Closed, cx, |toy, _cx| toy.poll_closed())).await;
    }

    /// As [`closed`](Handle::closed), and drives the connection if no other task does.
    pub(super) async fn closed_driving(&self) {
        poll_fn(|cx| self.0.poll_closed(cx, |toy| toy.poll_closed())).await;
    }

    pub(super) fn keeper(&self) -> Keeper<Toy> {
        Keeper::new(self.0.clone())
    }

    /// Begins to close the connection, without waiting.
    pub(super) fn close(&mut self) {
        self.0.change(|state| state.view.close());
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.drop_handle(|_| {});
    }
}

/// The waker of a task, which runs in its own thread.
struct Task {
    is_woken: Mutex<bool>,
    woken: Condvar,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *lock(&self.is_woken) = true;
        self.woken.notify_one();
    }
}

/// Polls a future at first and whenever it was woken, and at no other time.
pub(super) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let task = Arc::new(Task { is_woken: Mutex::new(false), woken: Condvar::new() });
    let waker = Waker::from(task.clone());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let mut is_woken = lock(&task.is_woken);
        while !*is_woken {
            is_woken = task.woken.wait(is_woken).unwrap();
        }
        *is_woken = false;
    }
}

/// Runs a future in its own task.
pub(super) fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> JoinHandle<F::Output> {
    loom::thread::spawn(move || run(future))
}

/// Runs a connection and its service in a task.
pub(super) fn serve(
    connection: &Handle,
    service: impl Future<Output = ()> + 'static,
) -> JoinHandle<()> {
    let service = async {
        service.await;
        Ok::<_, io::Error>(())
    };
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let place = Connections::new().place(permit);
    let driver = Driver::new(service, connection.0.clone(), place);
    spawn(async { driver.await.unwrap() })
}
