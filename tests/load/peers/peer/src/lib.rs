//! The code that the servers to compare with share: arguments, listening, a bare opening handshake
//! for libraries without one, and a check for more available data, so that writes can be combined.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// `PORT [--naive] [--deflate ctx|noctx] [--variant NAME] [FILE...]`
#[derive(Debug, Default)]
pub struct Args {
    pub port: u16,
    /// Flush after each message, and not once per read.
    pub naive: bool,
    /// Compression, and whether it uses context takeover.
    pub deflate: Option<bool>,
    /// Selects one of the program's servers.
    pub variant: String,
    pub files: Vec<String>,
}

static ARGS: OnceLock<Args> = OnceLock::new();

/// The listen backlog.
const BACKLOG: i32 = 4096;
const LONGEST_REQUEST: usize = 2048;
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The command line.
pub fn args() -> &'static Args {
    ARGS.get_or_init(|| {
        let mut args = Args::default();
        let mut rest = std::env::args().skip(1);
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--naive" => args.naive = true,
                "--deflate" => args.deflate = Some(rest.next().as_deref() == Some("ctx")),
                "--variant" => args.variant = rest.next().expect("--variant NAME"),
                port if args.port == 0 => args.port = port.parse().expect("PORT"),
                file => args.files.push(file.to_owned()),
            }
        }
        assert!(args.port != 0, "PORT is missing");
        args
    })
}

/// Listens on loopback.
pub fn listener(port: u16) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Raises the limit of file descriptors.
pub fn raise_descriptors() {
    rlimit::increase_nofile_limit(u64::MAX).expect("the limit of descriptors");
}

/// Runs `main` on a runtime of one thread.
pub fn run(main: impl Future<Output = ()>) {
    raise_descriptors();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(main);
}

/// Accepts forever; `handler` serves one connection.
pub fn serve<F, Fut>(handler: F)
where
    F: Fn(TcpStream) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    run(async move {
        let listener = listener(args().port).and_then(TcpListener::from_std);
        let listener = listener.expect("a port to listen on");
        loop {
            match listener.accept().await {
                Ok((socket, _)) => {
                    socket.set_nodelay(true).expect("TCP_NODELAY");
                    tokio::spawn(tokio::task::unconstrained(handler(socket)));
                }
                Err(error) => eprintln!("accept: {error}"),
            }
        }
    });
}

/// The output of a future that is ready now. It is polled once and dropped, so it must be cancel
/// safe.
pub fn ready<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Sec-WebSocket-Accept for a key.
pub fn accept_key(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.trim().as_bytes());
    hash.update(MAGIC);
    STANDARD.encode(hash.finalize())
}

/// The response to a request, which accepts `extensions`; none to anything else.
pub fn response(request: &[u8], extensions: Option<&str>) -> Option<String> {
    let request = std::str::from_utf8(request).ok()?;
    let mut fields = request.lines().filter_map(|line| line.split_once(':'));
    let (_, key) = fields.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))?;
    let extensions = extensions.map(|agreed| format!("Sec-WebSocket-Extensions: {agreed}\r\n"));
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n{}\r\n",
        accept_key(key),
        extensions.unwrap_or_default(),
    ))
}

/// The opening handshake. The load sends nothing before the response, so nothing is left over.
pub async fn upgrade(socket: &mut TcpStream, extensions: Option<&str>) -> io::Result<()> {
    // On the heap: inside the future it would enlarge the task.
    let mut request = vec![0; LONGEST_REQUEST];
    let mut length = 0;
    while !request[..length].ends_with(b"\r\n\r\n") {
        let count = socket.read(&mut request[length..]).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        length += count;
    }
    let response = response(&request[..length], extensions);
    socket.write_all(response.ok_or(io::ErrorKind::InvalidData)?.as_bytes()).await
}

/// The extension parameters when messages are compressed.
pub fn deflate_extension() -> Option<&'static str> {
    args().deflate.map(|context| match context {
        true => "permessage-deflate",
        false => "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    })
}
