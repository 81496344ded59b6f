//! A chat room: what a client says goes to everyone in the room.

use std::io;

use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, Sender};
use ws_server::{Message, Origins, Server, WebSocket};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let room = Sender::new(256);
    let server = Server::builder()
        .origins(Origins::Any)
        .messages(move |socket, _peer| visit(socket, room.clone()))?;
    server.serve(listener).await
}

async fn visit(mut socket: WebSocket, room: broadcast::Sender<Message>) -> io::Result<()> {
    let mut heard = room.subscribe();
    loop {
        tokio::select! {
            said = socket.recv() => match said {
                Some(said) => drop(room.send(said?)),
                None => return Ok(()),
            },
            // A client that is 256 messages behind leaves with an error.
            said = heard.recv() => socket.send(said.map_err(io::Error::other)?).await?,
        }
    }
}
