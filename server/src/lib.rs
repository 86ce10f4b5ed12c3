//! The Causette server: stores conversations, serves widget and desk, and carries what they say to each other.
//!
//! `run` is the only place that wires the parts. Dependencies point one way: `http, live → app → service → store →
//! shared`.

pub mod app;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod http;
pub mod identity;
pub mod inbox;
pub mod letter;
pub mod limiter;
pub mod live;
pub mod mail;
pub mod mailer;
pub mod origin;
pub mod outage;
pub mod outbox;
pub mod secret;
pub mod service;
pub mod sighting;
pub mod signed;
pub mod site;
pub mod store;
pub mod telemetry;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::routes::Surface;
use crate::limiter::Limiters;
use crate::live::channel::{Channels, Patience};
use crate::live::hub::Hub;
use crate::mailer::Mailer;
use crate::outage::Outage;
use crate::sighting::Sightings;
use crate::store::Store;

/// Stopping takes at most this long (G11): what is not done by then is as if the power had failed, and loses nothing.
const STOP_WITHIN: Duration = Duration::from_secs(9);
/// Closing the database waits for whoever uses it; one that another process holds is not waited for.
const CLOSE_WITHIN: Duration = Duration::from_millis(700);
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// Wires an `App` for a server that is reached on `bound`.
#[must_use]
pub fn wire(config: Config, store: Store, clock: Arc<dyn Clock>, bound: SocketAddr) -> Arc<App> {
    wire_with(config, store, clock, bound, Mailer::Missing)
}

/// Wires an `App` whose mail goes somewhere.
#[must_use]
pub fn wire_with(
    config: Config,
    store: Store,
    clock: Arc<dyn Clock>,
    bound: SocketAddr,
    mailer: Mailer,
) -> Arc<App> {
    Arc::new(App {
        store,
        hub: Hub::new(Duration::from_secs(config.presence_grace_s)),
        clock,
        own_origins: config.own_origins(bound),
        limiters: Limiters::new(&config),
        outage: Outage::default(),
        mailer,
        letterhead: tokio::sync::OnceCell::new(),
        jobs: tokio::sync::Notify::new(),
        sightings: Sightings::default(),
        channels: Channels::new(config.channels_per_address, Patience::default()),
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
    let tidying = tokio::spawn(tidy_up(Arc::clone(&app)));
    let watching = tokio::spawn(live::restored::watch(Arc::clone(&app), live::restored::look(&app).await));
    let ending =
        tokio::spawn(live::ended_sessions::watch(Arc::clone(&app), live::ended_sessions::look(&app).await));
    let hub = Arc::clone(&app.hub);
    let departures = tokio::spawn(live::departures::watch(Arc::clone(&app)));
    let (stopping, mut stopped) = watch::channel(false);
    let sending = tokio::spawn(outbox::worker::Worker { app: Arc::clone(&app) }.run(stopping.subscribe()));
    let reading = read_mail(&app, &stopping);
    let signal = async move {
        shutdown.await;
        tracing::info!("stopping");
        hub.drain();
        stopping.send_replace(true);
    };
    // A frame goes out at once: held back until the one before is confirmed, as TCP does by itself (Nagle's algorithm),
    // an entry behind its acknowledgement would come 40 ms later.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "small frames may be held back");
        }
    });
    let serving = axum::serve(listener, router).with_graceful_shutdown(signal);
    let deadline = async {
        let _ = stopped.wait_for(|stopped| *stopped).await;
        tokio::time::sleep(STOP_WITHIN).await;
    };
    let result = tokio::select! {
        result = async {
            let result = serving.await;
            app.hub.all_gone().await;
            // The mail that is under way is sent and settled.
            let _ = sending.await;
            // So is the mail that is being taken.
            if let Some(reading) = reading {
                let _ = reading.await;
            }
            result
        } => result,
        () = deadline => {
            tracing::warn!("connections did not end in time and were cut");
            Ok(())
        }
    };
    tidying.abort();
    watching.abort();
    ending.abort();
    departures.abort();
    if tokio::time::timeout(CLOSE_WITHIN, app.store.close()).await.is_err() {
        tracing::warn!("the database was still in use and was not closed");
    }
    tracing::info!("stopped");
    result
}

/// Begins to read the mailbox, where one is configured.
fn read_mail(app: &Arc<App>, stopping: &watch::Sender<bool>) -> Option<JoinHandle<()>> {
    let (mailbox, name) = match inbox::mailbox_of(&app.config) {
        Ok(found) => found?,
        Err(error) => {
            // `serve` has told so before it began; whoever runs without it is not kept from serving.
            tracing::error!(%error, "the mailbox cannot be read");
            return None;
        }
    };
    let inbox = inbox::Inbox::new(Arc::clone(app), name);
    let stopped = stopping.subscribe();
    Some(tokio::spawn(async move { mailbox.run(&inbox, stopped).await }))
}

/// What is done once a minute, outside of any request.
async fn tidy_up(app: Arc<App>) {
    loop {
        tokio::time::sleep(TIDY_EVERY).await;
        app.limiters.forget_idle();
        app.keep_sightings().await;
    }
}

#[cfg(test)]
mod tidy {
    //! Dependencies point one way. Cargo keeps the crates apart; this keeps the modules.

    use std::fs;
    use std::path::Path;

    /// A module, and the modules that it may use.
    const RULES: &[(&str, &[&str])] = &[
        ("clock", &[]),
        ("config", &["origin"]),
        ("origin", &[]),
        ("telemetry", &["config"]),
        ("secret", &["clock"]),
        ("signed", &[]),
        ("identity", &[]),
        ("site", &["origin"]),
        ("limiter", &["config", "secret"]),
        ("mail", &["mail", "site", "clock", "secret"]),
        ("sighting", &["origin", "site"]),
        ("store", &["secret", "sighting", "site", "store"]),
        ("outage", &["store"]),
        ("backup", &["backup", "store"]),
        ("service", &["clock", "identity", "secret", "sighting", "site", "store", "service"]),
        // The hub is the bus within one process; the rest of `live` stands above `app`.
        (
            "app",
            &[
                "clock", "config", "letter", "limiter", "live", "mail", "mailer", "outage", "service",
                "sighting", "store",
            ],
        ),
        ("live", &["app", "limiter", "live", "secret", "service", "sighting", "site", "store"]),
        ("mailer", &["mail", "mailer"]),
        ("letter", &["mail", "service", "signed", "site"]),
        ("outbox", &["app", "clock", "mailer", "outbox", "service", "store"]),
        ("inbox", &["app", "config", "inbox", "letter", "mail", "service", "store"]),
        (
            "http",
            &[
                "app", "http", "inbox", "letter", "live", "mail", "mailer", "outbox", "secret", "service",
                "sighting", "signed", "site", "store",
            ],
        ),
        ("doctor", &["clock", "config", "doctor", "mail", "store"]),
        ("demo", &["app", "clock", "secret", "service", "site", "store"]),
    ];

    fn files(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(directory).expect("the sources are there").flatten() {
            if entry.path().is_dir() {
                files(&entry.path(), found);
            } else {
                found.push(entry.path());
            }
        }
    }

    #[test]
    fn modules_use_only_what_lies_below_them() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        files(&root, &mut found);
        let mut checked = 0;
        for file in found {
            let relative = file.strip_prefix(&root).expect("it was found there");
            let module = relative.iter().next().and_then(|part| part.to_str()).unwrap_or_default();
            let Some((_, allowed)) = RULES.iter().find(|(name, _)| *name == module.trim_end_matches(".rs"))
            else {
                continue;
            };
            let text = fs::read_to_string(&file).expect("it is text");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            for line in product.lines().filter_map(|line| line.trim_start().strip_prefix("use crate::")) {
                let used = line.split([':', ';', ' ', '{']).next().unwrap_or_default();
                assert!(allowed.contains(&used), "{} may not use crate::{used}", relative.display());
                checked += 1;
            }
        }
        assert!(checked > 50, "the lines were not found");
    }
}
