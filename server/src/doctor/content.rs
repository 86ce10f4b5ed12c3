//! What the database says of sites and mails: links that would lead nowhere, mails that do not leave.

use std::time::Duration;

use causette_shared::time::Timestamp;

use crate::config::Config;
use crate::doctor::report::Finding;
use crate::store::{StoreError, Tx, outbox, site};

/// A job that is due for so long is not looked after: the worker looks every few seconds.
const OVERDUE: Duration = Duration::from_secs(15 * 60);

pub(super) async fn sites(
    tx: &mut Tx,
    config: &Config,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    const CHECK: &str = "sites";
    let sites = site::list_sites(tx).await?;
    let own = config.own_origins(config.listen).into_iter().next().unwrap_or_default();
    let names = |some: &[&crate::site::Site]| {
        let keys: Vec<&str> = some.iter().map(|site| site.key.as_str()).collect();
        keys.join(", ")
    };
    let (strayed, led): (Vec<_>, Vec<_>) = sites
        .iter()
        .partition(|site| !site.settings.home_url.is_empty() && site.set_home_url(&own).is_none());
    // As it is right for an app; of a site with pages somebody may have forgotten them.
    let pageless: Vec<_> =
        led.into_iter().filter(|site| site.home_url(&own) == site.chat_url(&own)).collect();
    if sites.is_empty() {
        findings.push(Finding::warning(
            CHECK,
            "there is none",
            "add one, and paste its snippet into your pages: causette site add --help",
        ));
    } else if strayed.is_empty() {
        let own_pages = match pageless.len() {
            0 => String::new(),
            _ => format!("; for {} that is the page of the chat itself", names(&pageless)),
        };
        let found = format!("{}, links in mails lead to their pages{own_pages}", sites.len());
        findings.push(Finding::ok(CHECK, found));
    }
    if !strayed.is_empty() {
        findings.push(Finding::warning(
            CHECK,
            format!("homeUrl is on none of the origins of {}", names(&strayed)),
            "links in mails lead to the first origin instead, or without one to the page of the chat: add the origin of \
             homeUrl, or change it",
        ));
    }
    Ok(())
}

pub(super) async fn outbox(
    tx: &mut Tx,
    config: &Config,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    const CHECK: &str = "outbox";
    let summary = outbox::summarise(tx).await?;
    let late = summary.first_due_at.map(|due| now.since(due)).filter(|late| *late > OVERDUE);
    let held = match summary.limited {
        0 => String::new(),
        count => format!(", {count} of them held back by a limit"),
    };
    let waiting = format!("{} waiting{held}", summary.waiting);
    findings.push(match late {
        Some(late) if config.smtp_url.is_none() => Finding::warning(
            CHECK,
            format!("{waiting}, the oldest for {}", span(late)),
            "no mail server is configured (smtp_url): they go out when there is one",
        ),
        Some(late) => Finding::warning(
            CHECK,
            format!("{waiting}, the oldest is due since {}", span(late)),
            "nobody sends them: look whether the server runs, and at its log",
        ),
        None => Finding::ok(CHECK, waiting),
    });
    if summary.dead > 0 {
        let last = summary
            .last_dead_at
            .map_or_else(String::new, |at| format!(", the last {} ago", span(now.since(at))));
        findings.push(Finding::warning(
            "given up",
            format!("{} mails could not be delivered{last}", summary.dead),
            "the desk shows them with the reasons",
        ));
    }
    Ok(())
}

/// A span for people.
fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        let told: Vec<_> = [59, 600, 7_300, 900_000].map(|s| span(Duration::from_secs(s))).to_vec();
        assert_eq!(told, ["59 s", "10 min", "2 h", "10 days"]);
    }
}
