//! `PORT`: our server, with two threads, each with its own runtime and listening socket
//! (`SO_REUSEPORT`), so that a connection stays on the thread that accepted it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use peer::{args, raise_descriptors};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;
use ws_server::{Origins, Server, WebSocket};

const THREADS: usize = 2;
const BACKLOG: i32 = 4096;

fn main() {
    raise_descriptors();
    let threads: Vec<_> = (0..THREADS).map(|_| std::thread::spawn(serve)).collect();
    for thread in threads {
        thread.join().expect("a thread").expect("a server");
    }
}

fn serve() -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let builder = Server::builder().origins(Origins::Any);
        let server = builder.messages(|socket, _peer| echo(socket));
        server.map_err(io::Error::other)?.serve(listener()?).await
    })
}

fn listener() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, args().port)).into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

async fn echo(mut socket: WebSocket) -> io::Result<()> {
    while let Some(received) = socket.recv_lent().await {
        let (message, mut replies) = received?;
        replies.feed(message).await?;
    }
    Ok(())
}
