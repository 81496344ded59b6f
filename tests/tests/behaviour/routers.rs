//! A service in every place that a router offers: it learns the URI that the client has requested.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, any_service, get};
use http::{StatusCode, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tower_service::Service;
use ws_server::{Builder, OriginalUri, Peer, Server, UpgradeService, WebSocket, WebSocketUpgrade};
use ws_tests::Client;
use ws_tests::frames::text;
use ws_tests::requests::{self, with_field};

use crate::http2;
use crate::mount::visit;

/// Sends the target of its request.
async fn greet(mut socket: WebSocket, peer: Peer) -> io::Result<()> {
    socket.send(peer.head().target()).await?;
    Ok(())
}

fn service(builder: Builder) -> UpgradeService {
    builder.upgrade_messages(greet).unwrap()
}

/// As [`greet`], with the extractor.
async fn handler(upgrade: WebSocketUpgrade) -> Response {
    let target = upgrade.head().target().to_owned();
    upgrade.on_upgrade(|mut socket| async move { socket.send(target.as_str()).await.unwrap() })
}

/// Sites with `mounted` in different places, and the path under which each is reached.
fn places<S>(mounted: &S) -> Vec<(&'static str, Router, &'static str)>
where
    S: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    let mounted = || mounted.clone();
    let route = || Router::new().route_service("/chat", mounted());
    let fallback = || Router::new().fallback_service(mounted());
    let page = || Router::new().route("/", get(|| async { "a page" }));
    vec![
        ("route_service", route(), "/chat"),
        ("any_service", Router::new().route("/chat", any_service(mounted())), "/chat"),
        ("a wildcard", Router::new().route_service("/{*rest}", mounted()), "/site/chat"),
        ("fallback_service", page().fallback_service(mounted()), "/site/chat"),
        ("nest_service", Router::new().nest_service("/site", mounted()), "/site/chat"),
        ("nest_service itself", Router::new().nest_service("/site", mounted()), "/site"),
        ("nest", Router::new().nest("/site", route()), "/site/chat"),
        ("nest with a capture", Router::new().nest("/{site}", route()), "/site/chat"),
        ("a fallback nested", Router::new().nest("/site", fallback()), "/site/chat"),
        ("nested twice", Router::new().nest("/a", Router::new().nest("/b", route())), "/a/b/chat"),
        (
            "a service nested twice",
            Router::new().nest("/a", Router::new().nest_service("/b", mounted())),
            "/a/b/chat",
        ),
        ("merged", page().merge(Router::new().nest("/site", route())), "/site/chat"),
        ("nested as a service", Router::new().nest_service("/site", route()), "/site/chat"),
    ]
}

/// The site without a layer, under each of several, and under all of them.
fn layered(site: &Router) -> Vec<(&'static str, Router)> {
    type Wrap = fn(Router) -> Router;
    let layers: [(_, Wrap); 5] = [
        ("TimeoutLayer", |site| {
            let limit = Duration::from_secs(5);
            site.layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, limit))
        }),
        ("CompressionLayer", |site| site.layer(CompressionLayer::new())),
        ("TraceLayer", |site| site.layer(TraceLayer::new_for_http())),
        ("CatchPanicLayer", |site| site.layer(CatchPanicLayer::new())),
        ("map_request", |site| site.layer(map_request(rebuilt))),
    ];
    let all = layers.iter().fold(site.clone(), |site, (_, wrap)| wrap(site));
    let each = layers.iter().map(|(name, wrap)| (*name, wrap(site.clone())));
    [("no layer", site.clone()), ("all layers", all)].into_iter().chain(each).collect()
}

/// A request with the same extensions, whose URI is the path alone.
async fn rebuilt(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    let mut request = Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri.path().parse().unwrap();
    *request.version_mut() = parts.version;
    *request.headers_mut() = parts.headers;
    *request.extensions_mut() = parts.extensions;
    request
}

/// The request of a client that compresses, for this target.
fn asking(request: &[u8], target: &str) -> Vec<u8> {
    let request = String::from_utf8(with_field(request, "Accept-Encoding: gzip")).unwrap();
    let (line, fields) = request.split_once("\r\n").unwrap();
    assert!(line.starts_with("GET /") && line.ends_with(" HTTP/1.1"), "{line}");
    format!("GET {target} HTTP/1.1\r\n{fields}").into_bytes()
}

/// Opens a WebSocket in every draft, and checks which target the client is told and which the
/// service is.
async fn is_told(connect: impl Fn() -> Client, target: &str) {
    for request in [requests::HYBI07, requests::HYBI08, requests::RFC6455] {
        let mut client = connect();
        client.send(&asking(request, target)).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        client.expect(text(target)).await;
    }
    let mut client = connect();
    client.send(&[&asking(requests::HIXIE76, target), requests::HIXIE76_KEY3].concat()).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 WebSocket Protocol Handshake\r\n"), "{head}");
    let location = format!("\r\nsec-websocket-location: ws://example.com{target}\r\n");
    assert!(head.contains(&location), "{location}: {head}");
    client.expect(requests::HIXIE76_ANSWER).await;
    client.expect(&[b"\0", target.as_bytes(), b"\xff"].concat()).await;
}

#[tokio::test(start_paused = true)]
async fn the_original_target_is_known_in_every_place_and_draft() {
    let extractor = places(&any(handler)).into_iter().map(|place| ("extractor", place));
    let service = places(&service(Server::builder())).into_iter().map(|place| ("service", place));
    for (kind, (place, site, path)) in service.chain(extractor) {
        for (layer, site) in layered(&site) {
            println!("{kind}, {place}, {layer}");
            let target = format!("{path}?x=1");
            is_told(|| visit(&site), &target).await;
            let uri = format!("http://example.com{target}");
            http2::visit_at(visit(&site), &uri).await.expect(text(&target)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_path_of_a_builder_is_compared_with_the_original_one() {
    let nested = |path: &str| {
        let upgrade = service(Server::builder().path(path));
        Router::new().nest("/site", Router::new().route_service("/chat", upgrade))
    };
    is_told(|| visit(&nested("/site/chat")), "/site/chat").await;
    let mut client = visit(&nested("/chat"));
    client.send(&asking(requests::RFC6455, "/site/chat")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
}

#[tokio::test(start_paused = true)]
async fn a_router_that_is_not_of_axum_says_the_original_uri_in_an_extension() {
    let connect = || {
        let upgrade = service(Server::builder());
        let site = service_fn(move |mut request: hyper::Request<Incoming>| {
            let original = OriginalUri(request.uri().clone());
            request.extensions_mut().insert(original);
            *request.uri_mut() = Uri::from_static("/");
            upgrade.clone().call(request)
        });
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(async move {
            let server = http1::Builder::new();
            drop(server.serve_connection(TokioIo::new(near), site).with_upgrades().await);
        });
        Client::new(far)
    };
    is_told(connect, "/site/chat?x=1").await;
}

#[tokio::test(start_paused = true)]
async fn what_the_site_says_itself_takes_precedence_over_what_axum_does() {
    async fn say(mut request: Request) -> Request {
        request.extensions_mut().insert(OriginalUri(Uri::from_static("/dialled?x=1")));
        request
    }
    for (_, site, path) in places(&service(Server::builder())) {
        let mut client = visit(&site.layer(map_request(say)));
        client.send(&asking(requests::RFC6455, path)).await;
        client.head().await;
        client.expect(text("/dialled?x=1")).await;
    }
}
