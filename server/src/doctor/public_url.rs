//! The public address: whether it is set, encrypted, and whether this installation answers there.

use std::io;
use std::time::Duration;

use url::{Host, Url};

use crate::config::Config;
use crate::doctor::http_get::{Answer, get};
use crate::doctor::report::Finding;

const CHECK: &str = "public URL";
const WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let own = config.own_origins(config.listen).into_iter().next().unwrap_or_default();
    let Some(url) = Url::parse(&own).ok() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if config.public_url.is_none() {
        findings.push(Finding::warning(
            CHECK,
            format!("is not set: snippets and links in mails say {own}"),
            "set public_url to the address under which browsers reach this server, like https://chat.example.com",
        ));
        if config.listen.port() == 0 {
            // Nobody knows yet where that will be.
            return findings;
        }
    } else if url.scheme() != "https" && !is_this_machine(&url) {
        findings.push(Finding::warning(
            CHECK,
            format!("{own} is not encrypted"),
            "use https: without it mails have no one-click unsubscription, and everybody on the way reads along",
        ));
    }
    findings.push(match reach(&url).await {
        Ok(Reached::Causette) => Finding::ok(CHECK, format!("a Causette answers at {own}")),
        Ok(Reached::Other(what)) => Finding::warning(
            CHECK,
            format!("{own} answers, but not as a Causette does: {what}"),
            "look at the proxy's configuration: every path, WebSockets included, goes to this server",
        ),
        Err(error) => Finding::warning(
            CHECK,
            format!("{own} does not answer: {}", told(&error)),
            "start the server; if it runs, look at public_url, the proxy, the firewall and the certificate",
        ),
    });
    findings
}

enum Reached {
    Causette,
    Other(String),
}

async fn reach(own: &Url) -> io::Result<Reached> {
    let at = |path: &str| own.join(path).map_err(io::Error::other);
    let health = get(&at("/healthz")?, WITHIN).await?;
    if health.status != 200 || health.body.trim() != "ok" {
        return Ok(Reached::Other(format!("/healthz says {}", short(&health))));
    }
    // Many programs are healthy; this is how ours refuses who is nobody.
    let refused = get(&at("/api/v1/desk/contacts")?, WITHIN).await?;
    if refused.status != 401 || refused.media_type != "application/problem+json" {
        return Ok(Reached::Other(format!("the desk says {}", short(&refused))));
    }
    Ok(Reached::Causette)
}

fn short(answer: &Answer) -> String {
    format!(
        "{} ({})",
        answer.status,
        if answer.media_type.is_empty() { "no type" } else { &answer.media_type }
    )
}

fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => format!("nothing came within {} s", WITHIN.as_secs()),
        _ => error.to_string(),
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
