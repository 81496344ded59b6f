//! JSON-RPC: calls have ids, run in parallel, and are answered in the order in which they end. One
//! that takes longer than half a second is answered with an error. What is no call closes the
//! connection with a code of the application.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use ws_server::{CloseCode, CloseReason, Origins, Sender, Server, WebSocket, message_fn};

const TIMEOUT: Duration = Duration::from_millis(500);
/// How many calls of a client run at once; further ones wait.
const CALLS: usize = 16;
const NO_CALL: CloseCode = CloseCode::application(4000);

#[derive(Deserialize)]
struct Call {
    id: u64,
    method: String,
    #[serde(default)]
    params: Vec<u64>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let server = Server::builder()
        .origins(Origins::Any)
        .messages(message_fn(|socket, _peer| serve(socket)))?;
    Ok(server.serve(listener).await?)
}

async fn serve(socket: WebSocket) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (mut receiver, mut sender) = socket.split();
    // Dropped with the connection, which aborts its calls.
    let mut calls = JoinSet::new();
    while let Some(message) = receiver.recv().await {
        match serde_json::from_slice(message?.as_bytes()) {
            Ok(call) => calls.spawn(answer(call, sender.clone())),
            Err(error) => {
                sender.close(Some(CloseReason::new(NO_CALL, error.to_string()))).await?;
                break;
            }
        };
        if calls.len() == CALLS {
            calls.join_next().await;
        }
    }
    Ok(())
}

async fn answer(call: Call, mut sender: Sender) {
    let answer = match timeout(TIMEOUT, run(&call)).await {
        Ok(Ok(result)) => json!({ "jsonrpc": "2.0", "id": call.id, "result": result }),
        Ok(Err(error)) => json!({ "jsonrpc": "2.0", "id": call.id, "error": error }),
        Err(_elapsed) => {
            let error = json!({ "code": -32000, "message": "timed out" });
            json!({ "jsonrpc": "2.0", "id": call.id, "error": error })
        }
    };
    // An error means that the client has gone.
    let _sent = sender.send(answer.to_string()).await;
}

async fn run(call: &Call) -> Result<Value, Value> {
    match (call.method.as_str(), call.params.as_slice()) {
        ("add", numbers) => Ok(numbers.iter().sum::<u64>().into()),
        ("wait", [milliseconds]) => {
            sleep(Duration::from_millis(*milliseconds)).await;
            Ok(Value::Null)
        }
        _ => Err(json!({ "code": -32601, "message": "method not found" })),
    }
}
