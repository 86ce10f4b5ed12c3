//! The command line. A person's mistake is one line on standard error and exit code 2; a failure of the machine is one
//! line and exit code 1. Neither shows a stack trace.

mod admin;
mod backup;
mod doctor;
mod progress;
mod restore;
mod serve;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use causette_shared::protocol::install::SiteChange;
use clap::{Parser, Subcommand, ValueEnum};

use crate::backup::{Existing, Overwrite};
use crate::config::{Config, ConfigError};
use crate::http::routes::{self, Surface};
use crate::service::UseCaseError;
use crate::service::identity_secret::HeldSecret;
use crate::store::{OpenError, StoreError};

/// Keeps a conversation going between a site and its visitors.
#[derive(Parser)]
#[command(name = "causette", version, about)]
struct Arguments {
    /// The configuration file (TOML). The environment, CAUSETTE_…, goes before it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve widget, desk and API.
    Serve,
    /// Serve a demo shop beside them, with a seeded desk.
    Demo,
    /// Sites: the places that embed the widget.
    #[command(subcommand)]
    Site(SiteCommand),
    /// Agents: the people who answer.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Write all that the database holds into one file; a server may be running.
    Backup {
        /// Where to; - is standard output.
        file: PathBuf,
        /// Write over a file that is there.
        #[arg(long)]
        force: bool,
    },
    /// Put back what a backup holds, all of it or nothing; a server may be running.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Replace what the database holds. It is lost, unless it is in a backup.
        #[arg(long)]
        replace: bool,
    },
    /// Look whether everything works, and say what to do where it does not; a server may be running.
    Doctor {
        /// Send one mail to the mailbox that answers are read from, wait for it, and take it out again.
        #[arg(long)]
        mail: bool,
        /// How many seconds that mail may be on its way.
        #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "mail", value_parser = clap::value_parser!(u64).range(1..=3600))]
        wait_s: u64,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print every route and frame with who may call it.
    Routes {
        /// As JSON.
        #[arg(long, required = true)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum SiteCommand {
    /// Add a site and print its snippet, or without an origin the address of its chat.
    Add {
        /// The public key: 1 to 40 of a-z, 0-9 and -.
        #[arg(long)]
        key: String,
        /// The name that visitors see.
        #[arg(long)]
        name: String,
        /// An origin whose pages may embed the widget, like https://shop.example; can be repeated. None for an app alone.
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<String>,
        /// The accent colour, like #4338ca.
        #[arg(long)]
        color: Option<String>,
    },
    /// List the sites.
    List,
    /// Change a site's settings; a server may be running.
    Set {
        /// The site's public key.
        key: String,
        /// Whether the chat in an app's webview (/chat/KEY) may speak with the app.
        #[arg(long, value_name = "true|false", required = true)]
        allow_apps: Option<bool>,
    },
    /// Print a site's snippet.
    Snippet {
        /// The site's public key.
        key: String,
        /// Publish the loader as it is now, and print a snippet that pins it by its hash (Subresource Integrity).
        #[arg(long)]
        sri: bool,
    },
    /// Make the secret with which a site's own server signs who its person is, and print it once.
    Identity {
        /// The site's public key.
        key: String,
        /// Replace the one that the site has: tokens signed with it are refused from then on, and the sessions that they have
        /// opened end.
        #[arg(long)]
        new: bool,
    },
}

#[derive(Subcommand)]
enum AgentCommand {
    /// Add an agent. A password is made and printed once, unless one is given.
    Add {
        /// The address to sign in with.
        #[arg(long)]
        email: String,
        /// The name that visitors see.
        #[arg(long)]
        name: String,
        /// What the agent may do.
        #[arg(long, value_enum, default_value_t = RoleArgument::Agent)]
        role: RoleArgument,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArgument {
    Agent,
    Admin,
}

/// Which snippet is asked for.
#[derive(Clone, Copy)]
enum SnippetKind {
    /// The loader as it is at each time.
    Current,
    /// The loader as it is now, pinned by its hash.
    Pinned,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    /// A person's mistake.
    #[error("{0}")]
    Usage(String),
    /// The machine's.
    #[error("{0}")]
    Failure(String),
    /// What is wrong was printed already.
    #[error("something does not work")]
    Reported,
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Address(_) | OpenError::Postgres(_) => Self::Usage(error.to_string()),
            _ => Self::Failure(error.to_string()),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        UseCaseError::from(error).into()
    }
}

impl From<UseCaseError> for CommandError {
    fn from(error: UseCaseError) -> Self {
        match &error {
            UseCaseError::Refused(problem) => match &problem.field {
                Some(field) => Self::Usage(format!("{field} {}", problem.detail)),
                None => Self::Usage(problem.detail.clone()),
            },
            UseCaseError::Store(StoreError::Taken(_)) => Self::Usage(error.to_string()),
            _ => match std::error::Error::source(&error) {
                Some(cause) => Self::Failure(format!("{error}: {cause}")),
                None => Self::Failure(error.to_string()),
            },
        }
    }
}

/// Runs the command that the arguments name.
pub async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError::Reported) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("causette: {}", error.to_string().replace('\n', " "));
            ExitCode::from(if matches!(error, CommandError::Usage(_)) { 2 } else { 1 })
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), CommandError> {
    if let Command::Routes { .. } = arguments.command {
        // A reader that has seen enough, like `head`, is no failure.
        let _ = writeln!(std::io::stdout(), "{}", routes::to_json(Surface::Demo));
        return Ok(());
    }
    let config = Config::load(arguments.config.as_deref())?;
    match arguments.command {
        Command::Serve => serve::serve(config, Surface::Serve).await,
        Command::Demo => serve::serve(config, Surface::Demo).await,
        Command::Site(SiteCommand::Add { key, name, origins, color }) => {
            admin::add_site(config, &key, name, origins, color).await
        }
        Command::Site(SiteCommand::List) => admin::list_sites(config).await,
        Command::Site(SiteCommand::Set { key, allow_apps }) => {
            admin::change_site(config, &key, SiteChange { allow_apps }).await
        }
        Command::Site(SiteCommand::Snippet { key, sri }) => {
            let kind = if sri { SnippetKind::Pinned } else { SnippetKind::Current };
            admin::print_snippet(config, &key, kind).await
        }
        Command::Site(SiteCommand::Identity { key, new }) => {
            let held = if new { HeldSecret::Replace } else { HeldSecret::Keep };
            admin::print_identity_secret(config, &key, held).await
        }
        Command::Agent(AgentCommand::Add { email, name, role, password_stdin }) => {
            admin::add_agent(config, email, name, role, password_stdin).await
        }
        Command::Backup { file, force } => {
            let overwrite = if force { Overwrite::Always } else { Overwrite::Never };
            backup::backup(config, &file, overwrite).await
        }
        Command::Restore { file, replace } => {
            let existing = if replace { Existing::Replace } else { Existing::Keep };
            restore::restore(config, file, existing).await
        }
        Command::Doctor { mail, wait_s, json } => doctor::doctor(config, mail, wait_s, json).await,
        Command::Routes { .. } => Ok(()),
    }
}
