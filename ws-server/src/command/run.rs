//! Running the command: bind, print the URLs, serve until a signal.

use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;
use ws_server::{Drafts, Listener, Server};

use super::address::Target;
use super::args::Args;
use super::dial::{self, forward};
use super::echo::echo;
use super::listen::{Bound, bind};
use super::signals::{OtherSignals, Signals};

const PAGE: &str = include_str!("page.html");

/// Serves until a signal ends it.
pub(super) fn run(args: &Args) -> Result<(), String> {
    args.check()?;
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&args.log))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    let runtime = runtime(args.workers)
        .map_err(|error| format!("cannot start the worker threads: {error}"))?;
    let outcome = runtime.block_on(serve(args));
    // A name that is still being looked up must not hold the process.
    runtime.shutdown_background();
    outcome
}

/// One worker needs no scheduler that moves tasks between threads.
fn runtime(workers: Option<NonZeroUsize>) -> io::Result<Runtime> {
    let workers = workers.or_else(|| std::thread::available_parallelism().ok());
    match workers.map_or(1, NonZeroUsize::get) {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        many => {
            tokio::runtime::Builder::new_multi_thread().worker_threads(many).enable_all().build()
        }
    }
}

async fn serve(args: &Args) -> Result<(), String> {
    let drafts = Drafts::registered().map_err(|error| error.to_string())?;
    let names: Vec<_> = drafts.iter().map(|draft| draft.id().as_str()).collect();
    let names = names.join(", ");
    dial::check(&args.target).await?;
    let builder = args.builder().page(PAGE.replace("{{drafts}}", &names));
    #[cfg(feature = "tls")]
    let (tls, builder) = {
        let tls = args.tls.load()?;
        let builder = args.tls.apply(tls.as_ref(), builder);
        (tls, builder)
    };
    let server = match &args.target {
        Target::Echo => builder.messages(|socket, _peer| echo(socket)),
        target => {
            let target = Arc::new(target.clone());
            builder.open(move |request| forward(request, target.clone()))
        }
    }
    .map_err(|error| error.to_string())?;
    let bound = bind(&args.listen).await?;
    let unheard = |error| format!("cannot handle signals: {error}");
    let signals = Signals::listen().map_err(unheard)?;
    let mut others = OtherSignals::listen().map_err(unheard)?;
    let reload = || {
        #[cfg(feature = "tls")]
        if let Some(tls) = &tls {
            return super::tls::reload(tls);
        }
        info!("SIGHUP: there is nothing to read again, since there are no certificates");
    };
    announce(&format!(
        "listening on {} (drafts: {names})",
        bound.urls(args.schemes(), args.path())
    ));
    let serving = async {
        match bound {
            Bound::Tcp(listener, _) => serve_on(server, listener, signals).await,
            #[cfg(unix)]
            Bound::Unix(listener, _file) => serve_on(server, listener, signals).await,
        }
    };
    tokio::select! {
        () = serving => {}
        () = others.handle(reload) => {}
    }
    Ok(())
}

/// The one line on standard output. Whoever started us may have closed it.
fn announce(line: &str) {
    let mut stdout = io::stdout().lock();
    drop(writeln!(stdout, "{line}").and_then(|()| stdout.flush()));
}

/// The first signal closes every connection in order, a second one aborts them.
async fn serve_on(server: Server, listener: impl Listener + Sync, mut signals: Signals) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = server.serve(listener).with_graceful_shutdown(async {
        // A dropped sender means the same.
        drop(stopped.await);
    });
    let serving = serving.into_future();
    tokio::pin!(serving);
    tokio::select! {
        _ = &mut serving => return,
        () = signals.next() => {
            info!("shutting down; send the signal again to abort open connections");
        }
    }
    drop(stop);
    tokio::select! {
        _ = &mut serving => {}
        () = signals.next() => warn!("open connections are aborted"),
    }
}
