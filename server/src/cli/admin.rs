//! `causette site` and `causette agent`. They work on the database beside a running server too.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::sync::Arc;

use causette_shared::contact::parse_name;
use causette_shared::problem::ProblemKind;
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::install::SiteChange;

use super::serve::open_store;
use super::{CommandError, RoleArgument, SnippetKind};
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::http::embed::snippet;
use crate::secret;
use crate::service::UseCaseError;
use crate::service::add_agent::AddAgent;
use crate::service::add_site::AddSite;
use crate::service::change_site::{Change, ChangeSite};
use crate::service::identity_secret::{HeldSecret, SetIdentitySecret};
use crate::site::{Site, SiteOrigin, SiteSettings};
use crate::store::site;

async fn open(config: Config) -> Result<Arc<App>, CommandError> {
    let store = open_store(&config).await?;
    let listen: SocketAddr = config.listen;
    Ok(crate::wire(config, store, Arc::new(SystemClock), listen))
}

pub(super) async fn add_site(
    config: Config,
    key: &str,
    name: String,
    origins: Vec<String>,
    color: Option<String>,
) -> Result<(), CommandError> {
    let usage = |error: String| CommandError::Usage(error);
    let key = key.parse().map_err(|error| usage(format!("--key: {error}")))?;
    let name = parse_name(&name).map_err(|error| usage(format!("--name {error}")))?;
    let origins = origins
        .into_iter()
        .map(|origin| {
            SiteOrigin::try_from(origin.clone()).map_err(|error| usage(format!("--origin {origin}: {error}")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut settings = SiteSettings::default();
    if let Some(color) = color {
        let digits = color.strip_prefix('#').unwrap_or_default();
        if !matches!(digits.len(), 3 | 6) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(usage("--color must be like #4338ca".to_owned()));
        }
        settings.color = color;
    }
    let app = open(config).await?;
    let site = Site { key, name, origins, settings };
    let snippet = snippet::snippet(&app, &site.key).html;
    let chat = site.chat_url(app.own_origins.first().map_or("", String::as_str));
    let has_pages = !site.origins.is_empty();
    app.perform(AddSite(site)).await?;
    app.store.close().await;
    if has_pages {
        println!("Paste this into every page, before </head>:\n\n{snippet}");
    } else {
        println!("No page can embed it. As a page of its own, or in the webview of an app:\n\n{chat}");
    }
    Ok(())
}

pub(super) async fn change_site(config: Config, key: &str, change: SiteChange) -> Result<(), CommandError> {
    let unknown = || CommandError::Usage(format!("there is no site {key}"));
    let site = key.parse().map_err(|_| unknown())?;
    let app = open(config).await?;
    let changed = app.perform(ChangeSite { site, change: Change::Settings(change) }).await;
    app.store.close().await;
    changed.map(drop).map_err(|error| match error {
        UseCaseError::Refused(problem) if problem.kind == ProblemKind::UnknownSite => unknown(),
        error => error.into(),
    })
}

pub(super) async fn print_snippet(config: Config, key: &str, kind: SnippetKind) -> Result<(), CommandError> {
    let unknown = || CommandError::Usage(format!("there is no site {key}"));
    let key = key.parse().map_err(|_| unknown())?;
    let app = open(config).await?;
    let mut tx = app.store.begin_read().await?;
    let found = site::find_site(&mut tx, &key).await?.ok_or_else(unknown)?;
    drop(tx);
    let html = match kind {
        SnippetKind::Current => snippet::snippet(&app, &found.key).html,
        SnippetKind::Pinned => snippet::publish(&app, found).await?.html,
    };
    app.store.close().await;
    println!("{html}");
    Ok(())
}

pub(super) async fn print_identity_secret(
    config: Config,
    key: &str,
    held: HeldSecret,
) -> Result<(), CommandError> {
    let unknown = || CommandError::Usage(format!("there is no site {key}"));
    let site = key.parse().map_err(|_| unknown())?;
    let fresh = secret::mint().map_err(|error| CommandError::Failure(error.to_string()))?;
    let app = open(config).await?;
    let set = SetIdentitySecret { site, secret: fresh.expose().to_owned(), held };
    let outcome = app.perform(set).await;
    app.store.close().await;
    let ended = match outcome {
        Err(UseCaseError::Refused(problem)) if problem.kind == ProblemKind::UnknownSite => {
            return Err(unknown());
        }
        outcome => outcome?,
    };
    // Alone on its line, for scripts.
    println!("{}", fresh.expose());
    eprintln!("Sign tokens with this text as the key (HS256). It is not shown again.");
    match (held, ended) {
        (HeldSecret::Keep, _) => {}
        (HeldSecret::Replace, 1) => eprintln!("1 session that a token had opened has ended."),
        (HeldSecret::Replace, ended) => eprintln!("{ended} sessions that tokens had opened have ended."),
    }
    Ok(())
}

pub(super) async fn list_sites(config: Config) -> Result<(), CommandError> {
    let app = open(config).await?;
    let mut tx = app.store.begin_read().await?;
    for site in site::list_sites(&mut tx).await? {
        let origins: Vec<String> = site.origins.into_iter().map(String::from).collect();
        println!("{}\t{}\t{}", site.key, site.name, origins.join(" "));
    }
    Ok(())
}

pub(super) async fn add_agent(
    config: Config,
    email: String,
    name: String,
    role: RoleArgument,
    password_stdin: bool,
) -> Result<(), CommandError> {
    let (password, made) = if password_stdin {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| CommandError::Failure(error.to_string()))?;
        (line.trim_end_matches(['\r', '\n']).to_owned(), false)
    } else {
        let secret = secret::mint().map_err(|error| CommandError::Failure(error.to_string()))?;
        (secret.expose()[..20].to_owned(), true)
    };
    let role = match role {
        RoleArgument::Agent => Role::Agent,
        RoleArgument::Admin => Role::Admin,
    };
    let add = AddAgent::new(&email, &name, role, &password)?;
    let app = open(config).await?;
    let agent = app.perform(add).await?;
    app.store.close().await;
    println!("{} can sign in at {}/desk/", agent.email, app.own_origins.first().map_or("", String::as_str));
    if made {
        println!("with the password {password} (it is not shown again)");
    }
    Ok(())
}
