//! Shutting down in order.

use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;
use ws_server::{ByteStream, Server, Timeouts, WebSocket};
use ws_tests::frames::{binary, close, text};
use ws_tests::requests;

use crate::serve_until_stopped;

#[tokio::test(start_paused = true)]
async fn every_connection_is_closed_with_1001_whatever_its_service_does() {
    let servers = [
        Server::builder().messages(|socket, _| crate::echo(socket)).unwrap(),
        Server::builder().wrap(|stream, _| crate::copy(stream)).unwrap(),
        Server::builder()
            .wrap(|stream: ByteStream, _| async move {
                std::future::pending::<()>().await;
                drop(stream);
                Ok(())
            })
            .unwrap(),
    ];
    for server in servers {
        let (connector, stop, task) = serve_until_stopped(server);
        let mut client = connector.open(requests::RFC6455).await;
        stop.send(()).unwrap();
        client.expect(close(1001)).await;
        client.send(close(1001)).await;
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_message_under_way_goes_out_whole_before_the_close() {
    let long = || vec![7; 1 << 20];
    let service = move |mut socket: WebSocket, _| async move {
        socket.send(&long()[..]).await?;
        drop(socket.recv().await);
        Ok(())
    };
    let (connector, stop, task) = serve_until_stopped(Server::builder().messages(service).unwrap());
    let mut client = connector.open(requests::RFC6455).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.expect(binary(long())).await;
    client.expect(close(1001)).await;
    drop(client);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_cut_ends_though_another_task_has_its_socket() {
    let (tell, mut told) = unbounded_channel();
    let service = move |socket: WebSocket, _| {
        let tell = tell.clone();
        tokio::spawn(async move { tell.send(socket.closed().await.is_none()) });
        async { Ok(()) }
    };
    let mut timeouts = Timeouts::default();
    timeouts.closing = Duration::from_secs(1000);
    let builder = Server::builder().timeouts(timeouts).drain(Duration::from_secs(1));
    let (connector, stop, task) = serve_until_stopped(builder.messages(service).unwrap());
    let mut client = connector.open(requests::RFC6455).await;
    let begun = Instant::now();
    stop.send(()).unwrap();
    client.expect(close(1001)).await;
    assert!(client.is_hung_up().await && told.recv().await.unwrap());
    assert_eq!(begun.elapsed().as_secs(), 1);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn hixie76_is_closed_in_its_own_way() {
    let server = Server::builder().messages(|socket, _| crate::echo(socket)).unwrap();
    let (connector, stop, task) = serve_until_stopped(server);
    let mut client = connector.open_hixie76().await;
    stop.send(()).unwrap();
    client.expect(b"\xff\x00").await;
    client.send(b"\xff\x00").await;
    assert!(client.is_hung_up().await);
    drop(client);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_opening_handshake_is_not_waited_for_however_far_it_is() {
    let head = requests::HIXIE76;
    for sent in [&b""[..], &head[..20], head] {
        let server = Server::builder().messages(|socket, _| crate::echo(socket)).unwrap();
        let (connector, stop, task) = serve_until_stopped(server);
        let mut client = connector.connect();
        client.send(sent).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        stop.send(()).unwrap();
        task.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::ZERO);
        drop(client);
    }
}

#[tokio::test(start_paused = true)]
async fn connections_that_do_not_close_are_cut_at_the_deadline() {
    let server = Server::builder()
        .drain(Duration::from_secs(3))
        .messages(|socket: WebSocket, _| async move {
            std::future::pending::<()>().await;
            drop(socket);
            Ok(())
        })
        .unwrap();
    let (connector, stop, task) = serve_until_stopped(server);
    let mut client = connector.open(requests::RFC6455).await;
    let begun = Instant::now();
    stop.send(()).unwrap();
    task.await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    client.expect(close(1001)).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn nobody_can_connect_any_more_and_handshakes_under_way_end() {
    let server = Server::builder().messages(|socket, _| crate::echo(socket)).unwrap();
    let (connector, stop, task) = serve_until_stopped(server);
    let mut begun = connector.connect();
    begun.send(b"GET /").await;
    tokio::task::yield_now().await;
    stop.send(()).unwrap();
    task.await.unwrap();
    assert!(begun.is_hung_up().await);
    let mut late = connector.connect();
    late.send(requests::RFC6455).await;
    assert!(late.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_panics_takes_its_own_connection_down_alone() {
    let server = Server::builder()
        .messages(|mut socket: WebSocket, _| async move {
            match socket.recv().await.transpose()? {
                Some(message) if message.as_bytes() == b"panic" => panic!("as asked"),
                Some(message) => socket.send(&message).await?,
                None => {}
            }
            Ok(())
        })
        .unwrap();
    let (connector, _stop, _task) = serve_until_stopped(server);
    let mut bystander = connector.open(requests::RFC6455).await;
    let mut client = connector.open(requests::RFC6455).await;
    client.send(text("panic")).await;
    client.rest().await;
    bystander.send(text("hello")).await;
    bystander.expect(text("hello")).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_dropped_takes_its_connections_with_it() {
    let (connector, _stop, task) =
        serve_until_stopped(Server::builder().messages(|socket, _| crate::echo(socket)).unwrap());
    let mut open = connector.open(requests::RFC6455).await;
    let mut opening = connector.connect();
    opening.send(b"GET ").await;
    task.abort();
    assert!(open.is_hung_up().await);
    assert!(opening.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_pauses_is_closed_all_the_same() {
    let server = Server::builder()
        .drain(Duration::from_secs(100))
        .messages(|mut socket: WebSocket, _| async move {
            while socket.recv().await.transpose()?.is_some() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok(())
        })
        .unwrap();
    let (connector, stop, task) = serve_until_stopped(server);
    let mut client = connector.open(requests::RFC6455).await;
    let flood = tokio::spawn(async move {
        let message = binary([1; 8000]);
        for _ in 0..10_000 {
            client.send(&message).await;
        }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    stop.send(()).unwrap();
    task.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    flood.abort();
}
