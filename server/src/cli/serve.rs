//! `causette serve` and `causette demo`.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::CommandError;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::http::routes::Surface;
use crate::mail::message::MailAddress;
use crate::mail::server_url::SmtpUrl;
use crate::mail::smtp::{Sender, SenderOptions};
use crate::mailer::Mailer;
use crate::mailer::captured::Captured;
use crate::store::Store;
use crate::{demo, telemetry};

/// Opens the database of a configuration, making its directory where it is missing.
pub(super) async fn open_store(config: &Config) -> Result<Store, CommandError> {
    if config.database_url.is_none() {
        std::fs::create_dir_all(&config.data_dir).map_err(|error| {
            CommandError::Failure(format!(
                "the data directory {} cannot be made: {error}",
                config.data_dir.display()
            ))
        })?;
    }
    Ok(Store::open(config.database().expose()).await?)
}

/// Serves until the process is told to stop.
pub(super) async fn serve(config: Config, surface: Surface) -> Result<(), CommandError> {
    telemetry::start(&config)?;
    crate::inbox::mailbox_of(&config).map_err(|error| CommandError::Usage(error.to_string()))?;
    allow_many_files();
    let store = open_store(&config).await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| CommandError::Failure(format!("cannot listen on {}: {error}", config.listen)))?;
    let bound = listener.local_addr().map_err(|error| CommandError::Failure(error.to_string()))?;
    let mailer = match surface {
        Surface::Demo => Mailer::Captured(Captured::below(&config.data_dir)),
        Surface::Serve => mailer_of(&config)?,
    };
    let app = crate::wire_with(config, store, Arc::new(SystemClock), bound, mailer);
    if surface == Surface::Demo {
        demo::seed(&app).await?;
        let origin = app.own_origins.first().cloned().unwrap_or_default();
        println!("The shop (as a visitor):   {origin}/demo/");
        println!("The desk (as an agent):    {origin}/desk/");
        println!("Sign in at the desk with:  {} / {}", demo::ALICE, demo::PASSWORD);
    }
    println!("listening on {}", app.own_origins.first().map_or("", String::as_str));
    crate::run(app, listener, surface, told_to_stop())
        .await
        .map_err(|error| CommandError::Failure(error.to_string()))
}

/// The mail server of a configuration.
fn mailer_of(config: &Config) -> Result<Mailer, CommandError> {
    let Some(url) = &config.smtp_url else {
        tracing::warn!("no mail server is configured (smtp_url): mail waits in the outbox");
        return Ok(Mailer::Missing);
    };
    let failed = |error: &dyn std::fmt::Display| CommandError::Usage(format!("smtp_url: {error}"));
    let Some(from) = config.mail_from.as_deref().map(MailAddress::parse) else {
        return Err(CommandError::Usage(
            "smtp_url needs mail_from, the address that mail comes from".to_owned(),
        ));
    };
    from.map_err(|error| CommandError::Usage(format!("mail_from: {error}")))?;
    let url: SmtpUrl = url.expose().parse().map_err(|error| failed(&error))?;
    let sender = Sender::new(&url, SenderOptions::default()).map_err(|error| failed(&error))?;
    Ok(Mailer::Smtp(Box::new(sender)))
}

/// Raises the process's limit of open files as far as it may: every connection is one, and what a shell or a service
/// manager gives by default ends near a thousand visitors.
fn allow_many_files() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::debug!(files, "so many files and connections may be open"),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

/// Waits for SIGTERM or SIGINT; where neither can be heard, for ever.
pub(super) async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let heard = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::error!(%error, "a signal cannot be listened for");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = heard(SignalKind::terminate()) => {}
        () = heard(SignalKind::interrupt()) => {}
    }
}
