//! The Causette server: stores conversations, serves widget and desk, and carries what they say to each other.
//!
//! `run` is the only place that wires the parts. Dependencies point one way: `http, live → app → service → store →
//! shared`.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod http;
pub mod limiter;
pub mod live;
pub mod secret;
pub mod service;
pub mod site;
pub mod store;
pub mod telemetry;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::routes::Surface;
use crate::limiter::Limiters;
use crate::live::hub::Hub;
use crate::store::Store;

/// Stopping takes at most this long (G11): what is not done by then is as if the power had failed, and loses nothing.
const STOP_WITHIN: Duration = Duration::from_secs(9);
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Wires an `App` for a server that is reached on `bound`.
#[must_use]
pub fn wire(config: Config, store: Store, clock: Arc<dyn Clock>, bound: SocketAddr) -> Arc<App> {
    Arc::new(App {
        store,
        hub: Hub::new(Duration::from_secs(config.presence_grace_s)),
        clock,
        own_origins: config.own_origins(bound),
        limiters: Limiters::new(&config),
        config,
    })
}

/// Serves on `listener` until `shutdown` is ready, then stops in good order: readiness goes, clients are told to come
/// back, what is being committed is committed, the database is closed.
///
/// # Errors
/// The listener fails.
pub async fn run(
    app: Arc<App>,
    listener: TcpListener,
    surface: Surface,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router =
        http::router::router(Arc::clone(&app), surface).into_make_service_with_connect_info::<SocketAddr>();
    let forgetting = tokio::spawn(forget_idle(Arc::clone(&app)));
    let hub = Arc::clone(&app.hub);
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let signal = async move {
        shutdown.await;
        tracing::info!("stopping");
        hub.drain();
        stopping.send_replace(true);
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(signal);
    let deadline = async {
        let _ = stopped.wait_for(|stopped| *stopped).await;
        tokio::time::sleep(STOP_WITHIN).await;
    };
    let result = tokio::select! {
        result = async { let result = serving.await; app.hub.all_gone().await; result } => result,
        () = deadline => {
            tracing::warn!("connections did not end in time and were cut");
            Ok(())
        }
    };
    forgetting.abort();
    app.store.close().await;
    tracing::info!("stopped");
    result
}

async fn forget_idle(app: Arc<App>) {
    loop {
        tokio::time::sleep(FORGET_EVERY).await;
        app.limiters.forget_idle();
    }
}
