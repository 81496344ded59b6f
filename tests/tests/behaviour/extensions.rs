//! An extension that a third party adds.

use ws_server::Server;
use ws_server::extension::{
    Accepted, Coding, Extension, ExtensionOffer, FrameStart, Step, Then, Transform,
};
use ws_tests::frames::{continuation, text};
use ws_tests::requests::{self, with_field};

use crate::echo_messages;

/// RSV2 says that the bits of a payload are turned over.
const TURNED: u8 = 0x20;

/// `x-turned; least=N`: messages of at least so many bytes are turned over.
#[derive(Debug)]
struct Turned;

#[derive(Debug)]
struct Turning {
    least: usize,
}

impl Extension for Turned {
    fn accept(&self, offer: &ExtensionOffer<'_>) -> Option<Accepted> {
        let [parameter] = offer.parameters.as_slice() else { return None };
        if offer.name != "x-turned" || parameter.name != "least" {
            return None;
        }
        let least = parameter.value.as_deref()?.parse().ok()?;
        let response = format!("x-turned; least={least}");
        Some(Accepted::new(response, Box::new(Turning { least })))
    }
}

impl Transform for Turning {
    fn begin(&mut self, frame: FrameStart) -> Result<Coding, ws_core::ProtocolError> {
        match frame.reserved {
            0 => Ok(Coding::Plain),
            TURNED => Ok(Coding::Transformed),
            bits => Err(ws_core::ProtocolError::ReservedBits(bits)),
        }
    }

    fn decode(
        &mut self,
        input: &[u8],
        _then: Then,
        output: &mut Vec<u8>,
    ) -> Result<Step, ws_core::ProtocolError> {
        let room = output.capacity() - output.len();
        let consumed = input.len().min(room);
        output.extend(input[..consumed].iter().map(|byte| !byte));
        Ok(Step::new(consumed, consumed == input.len()))
    }

    fn encode(&mut self, message: &[u8], output: &mut Vec<u8>) -> Option<u8> {
        (message.len() >= self.least).then(|| {
            output.extend(message.iter().map(|byte| !byte));
            TURNED
        })
    }
}

#[tokio::test(start_paused = true)]
async fn is_agreed_on_and_put_to_work_like_one_of_ours() {
    let server = echo_messages(Server::builder().extension(Turned));
    let offer = "Sec-WebSocket-Extensions: x-turned, x-turned; least=\"6\"";
    for request in [requests::RFC6455, requests::HYBI08] {
        let offer = match request == requests::HYBI08 {
            true => offer.replace('"', ""),
            false => offer.to_owned(),
        };
        let mut client = server.connect();
        client.send(&with_field(request, &offer)).await;
        let head = client.head().await;
        assert!(head.contains("\r\nSec-WebSocket-Extensions: x-turned; least=6\r\n"), "{head}");
        let turned = |bytes: &[u8]| bytes.iter().map(|byte| !byte).collect::<Vec<_>>();
        client.send_bytewise(text(turned(b"hello")).rsv2()).await;
        client.expect(text("hello")).await;
        client.send([text(turned(b"hello, ")).rsv2().unfinished(), continuation("world")]).await;
        client.expect(text(turned(b"hello, world")).rsv2()).await;
        let long = "long ".repeat(20_000);
        client.send(text(turned(long.as_bytes())).rsv2()).await;
        client.expect(text(turned(long.as_bytes())).rsv2()).await;
        client.send(text("hello").rsv1()).await;
        client.expect_close(1002).await;
    }
}
