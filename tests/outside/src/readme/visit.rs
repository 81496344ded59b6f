//! The client of the README's programs.

use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message};
use ws_outside::PATIENCE;

const HELLO: &str = "hello";

/// Opens a WebSocket at the first of these URLs that serves one, and returns which it was.
pub(crate) async fn first(urls: &[String], echoes: bool) -> Result<String, String> {
    let mut refused = String::new();
    for url in urls {
        match timeout(PATIENCE, visit(url, echoes)).await {
            Ok(Ok(())) => return Ok(url.clone()),
            Ok(Err(Error::Http(response))) => {
                refused += &format!("; {url} answers {}", response.status());
            }
            Ok(Err(error)) => return Err(format!("{url}: {error}")),
            Err(_) => return Err(format!("{url} does not answer")),
        }
    }
    Err(format!("there is no WebSocket{refused}"))
}

/// Opens a WebSocket, sends a message if it should come back, and closes.
async fn visit(url: &str, echoes: bool) -> Result<(), Error> {
    let (mut client, _response) = connect_async(url).await?;
    if echoes {
        client.send(HELLO.into()).await?;
        let mut received = client.next().await.transpose()?;
        while let Some(Message::Ping(_)) = received {
            received = client.next().await.transpose()?;
        }
        if received.clone().is_none_or(|message| message.into_data() != HELLO) {
            let error = format!("it does not return a message, but {received:?}");
            return Err(std::io::Error::other(error).into());
        }
    }
    client.close(None).await?;
    while let Some(message) = client.next().await {
        if let Message::Close(Some(frame)) = message?
            && u16::from(frame.code) == 1011
        {
            return Err(std::io::Error::other("its handler failed").into());
        }
    }
    Ok(())
}
