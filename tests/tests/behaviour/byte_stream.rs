//! Services written against a byte stream.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::oneshot;
use tokio::time::Instant;
use ws_server::{CloseCode, CloseReason, Server, Timeouts};
use ws_tests::frames::{binary, close, close_with, continuation, empty_close, ping, pong, text};
use ws_tests::requests;

use crate::{echo_bytes, serve, serve_bytes};

#[tokio::test(start_paused = true)]
async fn bytes_of_any_message_arrive_and_leave_as_binary() {
    let server = echo_bytes(Server::builder());
    let mut client = server.open(requests::RFC6455).await;
    client.send(binary([0, 255, 7])).await;
    client.expect(binary([0, 255, 7])).await;
    client.send(text("text")).await;
    client.expect(binary("text")).await;
    client.send([binary("in ").unfinished(), ping("?"), continuation("two")]).await;
    client.expect(pong("?")).await;
    client.expect(binary("in two")).await;
    client.send(close(1000)).await;
    client.expect(close(1000)).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn bytes_go_out_without_a_flush() {
    let (finish, finished) = oneshot::channel::<()>();
    let finished = Arc::new(Mutex::new(Some(finished)));
    let service = move |mut stream: ws_server::ByteStream, _| {
        let finished = finished.lock().unwrap().take();
        async move {
            stream.write_all(b"hello").await?;
            finished.unwrap().await.unwrap();
            Ok(())
        }
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    client.expect(binary("hello")).await;
    finish.send(()).unwrap();
    client.expect(close(1000)).await;
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_the_service_is_busy_elsewhere() {
    let service = |stream: ws_server::ByteStream, _| async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        drop(stream);
        Ok(())
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    client.send(ping("there?")).await;
    client.expect(pong("there?")).await;
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_the_task_that_has_the_stream_is_busy() {
    let service = |mut stream: ws_server::ByteStream, _| async {
        let elsewhere = tokio::spawn(async move {
            // The first byte of the data is read after all of it has come.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut data = [0; 2];
            stream.read_exact(&mut data).await?;
            tokio::time::sleep(Duration::from_secs(1000)).await;
            Ok(())
        });
        elsewhere.await?
    };
    let mut timeouts = Timeouts::default();
    timeouts.keepalive.interval = None;
    let (server, _) = serve(Server::builder().timeouts(timeouts).wrap(service).unwrap());
    for pause in [0, 2] {
        let mut client = server.open(requests::RFC6455).await;
        client.send(binary("ab")).await;
        tokio::time::sleep(Duration::from_secs(pause)).await;
        client.send(ping("there?")).await;
        client.expect(pong("there?")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_that_comes_in_two_reads_may_be_completed_while_the_service_is_busy() {
    let service = |mut stream: ws_server::ByteStream, _| async move {
        let mut data = [0; 5];
        stream.read_exact(&mut data[..4]).await?;
        let next = tokio::time::timeout(Duration::from_secs(1), stream.read_u8()).await;
        assert!(next.is_err(), "half a header brings a byte");
        tokio::time::sleep(Duration::from_secs(30)).await;
        data[4] = stream.read_u8().await?;
        stream.write_all(&data).await?;
        Ok(())
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    let first = binary("four").masked();
    let second = binary("!").masked();
    let (header, rest) = second.split_at(1);
    client.send(&[&first, header].concat()).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    client.send(&[rest, &ping("?").masked()].concat()).await;
    client.expect(pong("?")).await;
    client.expect(binary("four!")).await;
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_the_service_only_writes() {
    let service = |mut stream: ws_server::ByteStream, _| async move {
        loop {
            stream.write_all(&[7; 1000]).await?;
        }
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    client.send(ping("there?")).await;
    let mut found = client.frame().await.unwrap();
    while found != pong("there?") {
        assert_eq!(found, binary(vec![7; found.payload.len()]));
        found = client.frame().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_read_slows_its_client_down() {
    let service = |stream: ws_server::ByteStream, _| async {
        std::future::pending::<()>().await;
        drop(stream);
        Ok(())
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    let message = binary([1; 60_000]);
    let sent = async {
        for _ in 0..100 {
            client.send(&message).await;
        }
    };
    let slowed = tokio::time::timeout(Duration::from_secs(60), sent).await;
    assert!(slowed.is_err(), "6 MB went to a service that reads nothing");
}

#[tokio::test(start_paused = true)]
async fn lines_can_be_read_from_a_stream() {
    let service = |stream: ws_server::ByteStream, _| async move {
        let (read, mut write) = tokio::io::split(stream);
        let mut lines = BufReader::new(read).lines();
        while let Some(line) = lines.next_line().await? {
            write.write_all(line.to_uppercase().as_bytes()).await?;
        }
        Ok(())
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("one\ntwo")).await;
    client.expect(binary("ONE")).await;
    client.send(text("\n")).await;
    client.expect(binary("TWO")).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_lends_its_buffer_to_readers_of_lines() {
    let service = |mut stream: ws_server::ByteStream, _| async move {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        stream.write_all(line.as_bytes()).await?;
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await?;
        assert_eq!(rest, "rest");
        Ok(())
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    client.send(text("one\nre")).await;
    client.expect(binary("one\n")).await;
    client.send([text("st"), empty_close()]).await;
    client.expect(empty_close()).await;
}

#[tokio::test(start_paused = true)]
async fn two_tasks_can_read_and_write_at_once() {
    let service = |stream: ws_server::ByteStream, _| async move {
        let (mut read, mut write) = tokio::io::split(stream);
        let writer = tokio::spawn(async move {
            for n in 0..200_u32 {
                write.write_all(&n.to_be_bytes().repeat(100)).await.unwrap();
            }
            write
        });
        let mut seen = Vec::new();
        read.read_to_end(&mut seen).await?;
        assert_eq!(seen.len(), 300_000);
        drop(writer.await);
        Ok(())
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    for _ in 0..5 {
        client.send(binary([1; 60_000])).await;
        client.read(10_000).await;
    }
    client.send(empty_close()).await;
    let rest = client.rest().await;
    let end = empty_close().unmasked();
    assert!(rest.ends_with(&end), "{:x?}", &rest[rest.len().saturating_sub(8)..]);
}

#[tokio::test(start_paused = true)]
async fn after_shutdown_the_service_still_reads_what_the_client_sends() {
    let service = |mut stream: ws_server::ByteStream, _| async move {
        stream.write_all(b"bye").await?;
        stream.shutdown().await?;
        let error = stream.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await?;
        assert_eq!(rest, b"last words");
        Ok(())
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    client.expect(binary("bye")).await;
    client.expect(close(1000)).await;
    client.send(binary("last words")).await;
    client.send(close(1000)).await;
    assert!(client.is_hung_up().await);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_in_another_task_binds_the_waiting_reader() {
    let (told, mut reader) = tokio::sync::mpsc::unbounded_channel();
    let service = move |stream: ws_server::ByteStream, _| {
        let told = told.clone();
        async move {
            let (mut read, mut write) = tokio::io::split(stream);
            let shutdown = tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                write.shutdown().await.unwrap();
                write
            });
            let end = tokio::spawn(async move { read.read(&mut [0; 9]).await }).await.unwrap();
            told.send(end.unwrap_err().kind()).unwrap();
            drop(shutdown.await);
            Ok(())
        }
    };
    let server = serve_bytes(service);
    let mut client = server.open(requests::RFC6455).await;
    let begun = Instant::now();
    client.expect(close(1000)).await;
    assert_eq!(begun.elapsed().as_secs(), 1);
    assert_eq!(reader.recv().await, Some(ErrorKind::TimedOut));
    assert!(client.is_hung_up().await);
    assert_eq!(begun.elapsed().as_secs(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_stream_let_go_of_in_another_task_sends_its_close() {
    for (way, code) in [("drop", 1000), ("close", 1014)] {
        let service = move |mut stream: ws_server::ByteStream, _| async move {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if way == "drop" {
                    return drop(stream);
                }
                stream.close(CloseReason::new(CloseCode::BAD_GATEWAY, ""));
                tokio::time::sleep(Duration::from_secs(1000)).await;
                drop(stream);
            });
            Ok(())
        };
        let server = serve_bytes(service);
        let mut client = server.open(requests::RFC6455).await;
        let begun = Instant::now();
        client.expect(close(code)).await;
        assert_eq!(begun.elapsed().as_secs(), 1, "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_closes_with_its_own_reason_and_an_error_closes_with_1011() {
    let server = serve_bytes(|mut stream, peer| async move {
        if peer.query().is_some() {
            stream.close(CloseReason::new(CloseCode::BAD_GATEWAY, "down"));
            return Ok(());
        }
        Err(std::io::Error::other("broken"))
    });
    let mut client = server.open(requests::RFC6455).await;
    client.expect(close_with(1014, "down")).await;
    let mut client = server.open(requests::HYBI08).await;
    client.expect(close(1001)).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_tcp_is_the_end_of_the_stream_but_not_within_a_message() {
    for (cut, kind) in [(false, None), (true, Some(ErrorKind::UnexpectedEof))] {
        let (seen, outcome) = oneshot::channel();
        let seen = Arc::new(Mutex::new(Some(seen)));
        let service = move |mut stream: ws_server::ByteStream, _| {
            let seen = seen.lock().unwrap().take();
            async move {
                let mut bytes = Vec::new();
                let read = stream.read_to_end(&mut bytes).await;
                seen.unwrap().send((bytes, read.err().map(|error| error.kind()))).unwrap();
                Ok(())
            }
        };
        let server = serve_bytes(service);
        let mut client = server.open(requests::RFC6455).await;
        let message = binary("hello").masked();
        client.send(&message[..message.len() - usize::from(cut)]).await;
        client.end().await;
        let expected = if cut { &b"hell"[..] } else { b"hello" };
        assert_eq!(outcome.await.unwrap(), (expected.to_vec(), kind));
    }
}
