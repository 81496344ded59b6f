//! The tasks of a connection in every interleaving (see `.ci/loom`).
//!
//! A task that is not woken in one of the interleavings sleeps for ever: `loom` reports a deadlock.

mod child;
mod ends;
mod toy;

use std::future::{Future, pending, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use child::{Child, join, poll_once};
use toy::{Handle, Wire, connect, run, serve, spawn};

use crate::runtime::wakers::Side;

/// How often a thread is preempted, unless `LOOM_MAX_PREEMPTIONS` is set. Most errors between few
/// threads already show with two preemptions.
const PREEMPTIONS: usize = 3;

fn explore(test: impl Fn() + Send + Sync + 'static) {
    explore_with(PREEMPTIONS, test);
}

fn explore_with(preemptions: usize, test: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(preemptions);
    model.check(test);
}

#[test]
fn what_arrives_is_received_in_another_task() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader] = connect(&wire);
        let driver = serve(&reader, ready(()));
        let reader = spawn(async move { reader.recv_all(2).await });
        wire.arrive();
        wire.arrive();
        reader.join().unwrap();
        driver.join().unwrap();
    });
}

#[test]
fn what_arrives_is_received_in_the_task_of_the_connection() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader, connection] = connect(&wire);
        let driver = serve(&connection, async move { reader.recv_all(2).await });
        wire.arrive();
        wire.arrive();
        wire.await_read(2);
        drop(connection);
        driver.join().unwrap();
    });
}

#[test]
fn a_writer_gets_its_room_while_a_reader_polls_the_same_socket() {
    explore_with(2, || {
        let wire = Wire::without_room();
        let [mut reader, mut writer] = connect(&wire);
        let driver = serve(&reader, ready(()));
        let reader = spawn(async move { reader.recv_all(1).await });
        let writer = spawn(async move {
            writer.feed().await;
            writer.flush().await;
        });
        wire.arrive();
        wire.make_room();
        wire.await_sent(1);
        reader.join().unwrap();
        writer.join().unwrap();
        driver.join().unwrap();
    });
}

#[test]
fn a_reader_and_a_writer_get_on_without_a_driver() {
    explore(|| {
        let wire = Wire::without_room();
        let [mut reader, mut writer] = connect(&wire);
        let reader = spawn(async move { reader.recv_all(1).await });
        let writer = spawn(async move {
            writer.feed().await;
            writer.flush().await;
        });
        wire.arrive();
        wire.make_room();
        reader.join().unwrap();
        writer.join().unwrap();
    });
}

#[test]
fn a_reader_that_is_cancelled_leaves_the_driver_awake() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader] = connect(&wire);
        let driver = serve(&reader, ready(()));
        let reader = spawn(async move {
            poll_once(reader.recv()).await;
            reader
        });
        wire.arrive();
        wire.await_read(1);
        drop(reader.join().unwrap());
        driver.join().unwrap();
    });
}

#[test]
fn two_futures_of_one_task_wait_with_wakers_of_their_own() {
    explore(|| {
        let wire = Wire::without_room();
        let [mut reader, mut writer, connection] = connect(&wire);
        let driver = serve(
            &connection,
            join(async move { reader.recv_all(1).await }, async move {
                writer.feed().await;
                writer.flush().await;
            }),
        );
        drop(connection);
        wire.arrive();
        wire.make_room();
        driver.join().unwrap();
    });
}

#[test]
fn what_a_future_with_a_waker_of_its_own_leaves_to_do_is_done() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader, mut writer, connection] = connect(&wire);
        let driver = serve(&connection, async move {
            let mut end = pin!(reader.recv());
            let mut child = None;
            let mut feed = Some(async move {
                writer.feed().await;
                pending().await
            });
            poll_fn(|cx| {
                if end.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                if let Some(feed) = feed.take() {
                    child = Some(Child::new(feed, cx));
                }
                child.as_mut().map(Child::poll);
                Poll::Pending
            })
            .await;
        });
        drop(connection);
        wire.await_sent(1);
        wire.end();
        driver.join().unwrap();
    });
}

#[test]
fn what_another_task_leaves_to_send_is_sent() {
    explore(|| {
        let wire = Wire::new();
        let [mut writer] = connect(&wire);
        let driver = serve(&writer, ready(()));
        let writer = spawn(async move {
            writer.feed().await;
            writer
        });
        wire.await_sent(1);
        drop(writer.join().unwrap());
        driver.join().unwrap();
    });
}

#[test]
fn a_writer_gets_its_room_while_the_service_waits_to_receive() {
    explore_with(2, || {
        let wire = Wire::without_room();
        let [mut reader, mut writer, connection] = connect(&wire);
        let driver = serve(&connection, async move { reader.recv_all(1).await });
        drop(connection);
        let writing = spawn(async move {
            writer.feed().await;
            writer.flush().await;
        });
        wire.make_room();
        writing.join().unwrap();
        wire.arrive();
        driver.join().unwrap();
    });
}

#[test]
fn whoever_waits_for_the_end_tells_a_reader_of_what_it_has_read() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader, waiting] = connect(&wire);
        let reader = spawn(async move { reader.recv_all(1).await });
        let waiting = spawn(async move { waiting.closed_driving().await });
        wire.arrive();
        reader.join().unwrap();
        wire.end();
        waiting.join().unwrap();
    });
}

#[test]
fn a_writer_waits_on_when_another_of_its_task_has_had_its_turn() {
    explore(|| {
        let wire = Wire::without_room();
        let [mut waiting, mut other] = connect(&wire);
        let writing = spawn(async move {
            waiting.feed().await;
            let mut room = pin!(waiting.room());
            let mut feed = Some(Box::pin(other.feed()));
            poll_fn(|cx| {
                let outcome = room.as_mut().poll(cx);
                if let Some(mut feed) = feed.take() {
                    assert!(feed.as_mut().poll(cx).is_ready());
                }
                outcome
            })
            .await;
        });
        wire.make_room();
        writing.join().unwrap();
    });
}

/// A waker that holds a handle, as that of a task does whose future holds one: with the last clone,
/// the handle is dropped.
struct Holder(#[allow(dead_code, reason = "it is dropped")] Handle);

impl Wake for Holder {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_may_go_with_a_handle() {
    explore(|| {
        let wire = Wire::new();
        let [one, other, reader] = connect(&wire);
        let shared = reader.0.clone();
        let poll = |waker: Waker| {
            let mut cx = Context::from_waker(&waker);
            shared.visit(Side::Reader, &mut cx, |_, _| Poll::<()>::Pending).is_pending()
        };
        assert!(poll(Arc::new(Holder(one)).into()) && poll(Waker::noop().clone()));
        let drive = |waker: Waker| {
            let mut cx = Context::from_waker(&waker);
            let receiving = shared.take_receiving();
            shared
                .poll_drive(&mut cx, receiving, |panicked| panicked.closing_reason(None))
                .is_pending()
        };
        assert!(drive(Arc::new(Holder(other)).into()) && drive(Waker::noop().clone()));
        drop(reader);
        run(poll_fn(|cx| {
            shared.poll_drive(cx, shared.take_receiving(), |panicked| panicked.closing_reason(None))
        }));
    });
}
