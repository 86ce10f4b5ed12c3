//! Structured logs. They carry ids, never texts, addresses, IPs or tokens.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{Config, ConfigError, LogFormat};

/// Starts logging to standard error, as configured.
///
/// # Errors
/// The filter cannot be read.
pub fn start(config: &Config) -> Result<(), ConfigError> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| ConfigError::Value(format!("log is not a filter: {error}")))?;
    // Whatever was asked for: at its level `trace` it writes passwords and mails.
    let filter = match "async_imap=off".parse() {
        Ok(silence) => filter.add_directive(silence),
        Err(error) => return Err(ConfigError::Value(format!("log cannot be limited: {error}"))),
    };
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // What a panic says may quote what it happened over, a stranger's mail for instance: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a defect: something panicked");
    }));
    // A second start in one process, as in tests, keeps the first one's subscriber.
    let _ = match config.log_format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    Ok(())
}
