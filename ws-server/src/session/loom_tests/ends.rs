//! Every task that waits for a connection is woken at its end.

use std::future::ready;

use super::child::poll_once;
use super::explore;
use super::toy::{Wire, connect, serve, spawn};

#[test]
fn a_writer_that_waits_learns_that_another_task_has_closed() {
    explore(|| {
        let wire = Wire::without_room();
        let [mut writer, mut other] = connect(&wire);
        let writing = spawn(async move {
            writer.feed().await;
            writer.room().await;
        });
        other.close();
        writing.join().unwrap();
    });
}

#[test]
fn a_last_handle_that_another_thread_drops_closes_the_connection() {
    explore(|| {
        let wire = Wire::new();
        let [one, other] = connect(&wire);
        let driver = serve(&one, ready(()));
        let dropping = loom::thread::spawn(move || drop(one));
        drop(other);
        wire.await_sent(1);
        dropping.join().unwrap();
        driver.join().unwrap();
    });
}

#[test]
fn what_another_thread_changes_is_done_while_the_service_waits_to_receive() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader, mut other, connection] = connect(&wire);
        let driver = serve(&connection, async move { assert_eq!(reader.recv().await, None) });
        drop(connection);
        let closing = loom::thread::spawn(move || other.close());
        wire.await_sent(1);
        wire.end();
        closing.join().unwrap();
        driver.join().unwrap();
    });
}

#[test]
fn what_another_thread_changes_keeps_nobody_from_reading_ahead() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader, mut other, connection] = connect(&wire);
        let driver = serve(&connection, async move {
            poll_once(reader.recv()).await;
            reader.closed().await;
        });
        drop(connection);
        let closing = loom::thread::spawn(move || other.close());
        wire.arrive();
        wire.await_read(1);
        wire.await_sent(1);
        wire.end();
        closing.join().unwrap();
        driver.join().unwrap();
    });
}

#[test]
fn those_who_wait_for_the_end_learn_of_it_from_the_driver() {
    explore(|| {
        let wire = Wire::new();
        let [waiting] = connect(&wire);
        let driver = serve(&waiting, ready(()));
        let waiting = spawn(async move { waiting.closed().await });
        wire.end();
        waiting.join().unwrap();
        driver.join().unwrap();
    });
}

#[test]
fn those_who_wait_for_the_end_learn_of_it_from_a_reader() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader, waiting, connection] = connect(&wire);
        let driver = serve(&connection, async move {
            assert_eq!(reader.recv().await, None);
            // From here on the service does not wait for the connection.
            drop(reader);
        });
        drop(connection);
        let waiting = spawn(async move { waiting.closed().await });
        wire.end();
        waiting.join().unwrap();
        driver.join().unwrap();
    });
}

#[test]
fn a_keeper_that_is_dropped_leaves_the_connection_to_whoever_waits_for_its_end() {
    explore(|| {
        let wire = Wire::new();
        let [waiting] = connect(&wire);
        let keeper = waiting.keeper();
        let keeping = spawn(poll_once(keeper));
        let waiting = spawn(async move { waiting.closed_driving().await });
        wire.end();
        keeping.join().unwrap();
        waiting.join().unwrap();
    });
}

#[test]
fn a_keeper_that_is_dropped_leaves_the_connection_to_a_reader() {
    explore(|| {
        let wire = Wire::new();
        let [mut reader] = connect(&wire);
        let keeping = spawn(poll_once(reader.keeper()));
        let reader = spawn(async move { reader.recv_all(1).await });
        wire.arrive();
        keeping.join().unwrap();
        reader.join().unwrap();
    });
}
