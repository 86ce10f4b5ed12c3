//! What the steps that pages of an origin have taken tell about the chat there: whether it works, and what blocks it.
//!
//! A server sees only what is asked of it. What a page's own policy stops in the browser is told by what comes behind it and
//! does not: a panel without its connection, a second half without its frame. One visitor who leaves in between looks the same,
//! so the sentences say what was seen, and what is most likely behind it.

use std::time::Duration;

use causette_shared::protocol::install::{Advice, AdviceKind, SeenOrigin, SeenState, SeenStep};
use causette_shared::time::Timestamp;

use super::{Sighting, Steps};
use crate::site::{Site, SiteOrigin};

/// How long a panel may take to connect before that is remarkable: its own patience with a server (`sync`) and a slow network.
const OPENS_WITHIN: Duration = Duration::from_secs(30);
/// A panel that came so long after the last connection, and brought none, tells that something has changed. Less could be
/// somebody who left at once.
const CHANGED_AFTER: Duration = Duration::from_secs(3600);
/// WebSockets that have come through within this time are not blocked for everybody.
const SOCKETS_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// Tells of every origin that the site lists or that was seen. `own` are the installation's own origins, the first of which
/// addresses are made with.
#[must_use]
pub fn of_site(site: &Site, seen: Vec<Sighting>, own: &[String], now: Timestamp) -> Vec<SeenOrigin> {
    let mut told: Vec<SeenOrigin> = seen
        .iter()
        .map(|sighting| {
            let is_listed = site.allows(&sighting.origin, own);
            tell(&sighting.origin, is_listed, Some(sighting), own, now)
        })
        .collect();
    for origin in &site.origins {
        let name = match origin {
            SiteOrigin::Exact(origin) => Some(origin),
            // Under one of its names it may have been seen already.
            SiteOrigin::Own if seen.iter().any(|one| own.contains(&one.origin)) => None,
            SiteOrigin::Own => own.first(),
        };
        if let Some(name) = name.filter(|name| !told.iter().any(|one| one.origin == **name)) {
            told.push(tell(name, true, None, own, now));
        }
    }
    let rank = |state| match state {
        SeenState::Blocked => 0,
        SeenState::Unseen => 2,
        SeenState::Works | SeenState::Loaded | SeenState::Opening => 1,
    };
    // By name within their rank: a list that is read again every few seconds may not jump.
    told.sort_by(|one, other| (rank(one.state), &one.origin).cmp(&(rank(other.state), &other.origin)));
    told
}

fn tell(
    origin: &str,
    is_listed: bool,
    sighting: Option<&Sighting>,
    own: &[String],
    now: Timestamp,
) -> SeenOrigin {
    let steps = sighting.map(|sighting| sighting.steps).unwrap_or_default();
    let chat = own.first().map_or("", String::as_str);
    let (state, kind) = match sighting {
        // Said of a page that was seen; what is not listed and not seen is not told of at all.
        Some(_) if !is_listed => (SeenState::Blocked, Some(AdviceKind::NotListed)),
        _ if is_mixed(origin, chat) && reached(&steps).is_none() => {
            (SeenState::Blocked, Some(AdviceKind::NotHttps))
        }
        None => (SeenState::Unseen, None),
        Some(_) => decide(&steps, now),
    };
    SeenOrigin {
        origin: origin.to_owned(),
        is_listed,
        state,
        page: sighting.and_then(|sighting| sighting.page.clone()),
        first_at: sighting.map(|sighting| sighting.first_at),
        last_at: sighting.map(Sighting::last_at),
        last: sighting.map(last),
        advice: kind.map(|kind| advise(kind, origin, chat)),
    }
}

/// Browsers load nothing of http into a page of https, but from the machine that they run on (W3C Mixed Content §4).
fn is_mixed(page: &str, chat: &str) -> bool {
    let host = chat.strip_prefix("http://").map(|rest| rest.rsplit_once(':').map_or(rest, |(host, _)| host));
    let is_far = |host: &str| !matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    page.starts_with("https://") && host.is_some_and(is_far)
}

fn reached(steps: &Steps) -> Option<Timestamp> {
    steps.socket.max(steps.channel)
}

fn decide(steps: &Steps, now: Timestamp) -> (SeenState, Option<AdviceKind>) {
    let tried = steps.half.max(steps.frame);
    let reached = reached(steps);
    let came_through = match (reached, tried) {
        (Some(reached), Some(tried)) => tried.since(reached) < CHANGED_AFTER,
        (reached, _) => reached.is_some(),
    };
    if came_through {
        let has_sockets = match (steps.channel, steps.socket) {
            (Some(channel), Some(socket)) => channel.since(socket) < SOCKETS_WITHIN,
            (channel, _) => channel.is_none(),
        };
        return (SeenState::Works, (!has_sockets).then_some(AdviceKind::WithoutSockets));
    }
    let Some(tried) = tried else { return (SeenState::Loaded, None) };
    if now.since(tried) < OPENS_WITHIN {
        return (SeenState::Opening, None);
    }
    // Since the last time that all was well: a frame from before tells nothing of today.
    let is_since = |at: Option<Timestamp>| at.is_some_and(|at| Some(at) > reached);
    let kind = match (is_since(steps.half), is_since(steps.frame)) {
        (true, false) => AdviceKind::FrameBlocked,
        // A pinned loader has its second half in it.
        (false, _) if steps.pinned < steps.loader => AdviceKind::ScriptBlocked,
        _ => AdviceKind::NeverConnected,
    };
    (SeenState::Blocked, Some(kind))
}

fn last(sighting: &Sighting) -> SeenStep {
    let Steps { loader, pinned, socket, channel, .. } = sighting.steps;
    let at = Some(sighting.last_at());
    if socket.max(channel) == at {
        SeenStep::Connection
    } else if loader.max(pinned) == at {
        SeenStep::Loader
    } else {
        SeenStep::Panel
    }
}

fn advise(kind: AdviceKind, page: &str, chat: &str) -> Advice {
    let (sentence, cure, line) = match kind {
        AdviceKind::NotListed => (
            format!("Pages of {page} have the snippet and may not open the chat: their origin is not one of this site’s."),
            "Allow the origin, if these pages are yours.".to_owned(),
            None,
        ),
        AdviceKind::NotHttps => (
            "These pages are served over https and the chat is not, so browsers load nothing of it into them.".to_owned(),
            format!("Give the chat’s server an https address in place of {chat}, set it as CAUSETTE_PUBLIC_URL, and paste the snippet anew."),
            Some(format!("CAUSETTE_PUBLIC_URL={}", chat.replacen("http:", "https:", 1))),
        ),
        AdviceKind::FrameBlocked => (
            "Somebody opened the chat, and its frame was never asked for. Most likely the page’s Content-Security-Policy keeps it out.".to_owned(),
            "Add this source to the policy of the pages:".to_owned(),
            Some(format!("frame-src {chat}")),
        ),
        AdviceKind::ScriptBlocked => (
            "Somebody opened the chat, and the second half of its script was never asked for. Most likely the page’s Content-Security-Policy allows the snippet alone.".to_owned(),
            "Add this source to the policy of the pages:".to_owned(),
            Some(format!("script-src {chat}")),
        ),
        AdviceKind::NeverConnected => (
            "Somebody opened the chat, and its panel never connected. Either the page’s Content-Security-Policy keeps our frame out, or a proxy in front of this server stops what the panel sends.".to_owned(),
            "Check that the policy of the pages allows the source below, and that the proxy passes WebSockets and POST requests to /api/v1/visitor/.".to_owned(),
            Some(format!("script-src {chat}; frame-src {chat}")),
        ),
        AdviceKind::WithoutSockets => (
            "The chat works, but WebSockets do not come through: messages take a moment longer.".to_owned(),
            "Let the proxy in front of this server pass WebSockets to this address:".to_owned(),
            Some(format!("{}{}", chat.replacen("http", "ws", 1), "/api/v1/visitor/socket")),
        ),
    };
    Advice { kind, sentence, cure, line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SiteSettings;

    const CHAT: &str = "https://chat.example";
    const SHOP: &str = "https://shop.example";
    /// Long after what is seen below.
    const LATER: i64 = 20 * 3_600_000;

    fn at(millis: i64) -> Option<Timestamp> {
        Some(Timestamp(millis))
    }

    fn site(origins: &[&str]) -> Site {
        Site {
            key: "shop".parse().expect("a key"),
            name: String::new(),
            origins: origins
                .iter()
                .map(|text| SiteOrigin::try_from((*text).to_owned()).expect("one"))
                .collect(),
            settings: SiteSettings::default(),
        }
    }

    fn sighting(origin: &str, steps: Steps) -> Sighting {
        Sighting { origin: origin.to_owned(), page: None, first_at: Timestamp(0), steps }
    }

    /// What is told of the shop when it has gone so far.
    fn told(steps: Steps, now: i64) -> SeenOrigin {
        let own = [CHAT.to_owned()];
        let told = of_site(&site(&[SHOP]), vec![sighting(SHOP, steps)], &own, Timestamp(now));
        told.into_iter().next().expect("it is told of")
    }

    fn kind(steps: Steps, now: i64) -> (SeenState, Option<AdviceKind>) {
        let SeenOrigin { state, advice, .. } = told(steps, now);
        (state, advice.map(|advice| advice.kind))
    }

    const LOADED: Steps = Steps {
        loader: Some(Timestamp(1)),
        pinned: None,
        half: None,
        frame: None,
        socket: None,
        channel: None,
        refused: None,
    };

    #[test]
    fn a_chat_that_nobody_has_opened_is_not_blocked() {
        assert_eq!(kind(LOADED, LATER), (SeenState::Loaded, None));
        // Allowed since it was refused.
        assert_eq!(kind(Steps { refused: at(2), ..LOADED }, LATER), (SeenState::Loaded, None));
        assert_eq!(told(LOADED, LATER).last, Some(SeenStep::Loader));
    }

    #[test]
    fn a_chat_that_connects_works_also_where_somebody_leaves_at_once() {
        let works = Steps { half: at(2), frame: at(2), socket: at(3), ..LOADED };
        assert_eq!(kind(works, LATER), (SeenState::Works, None));
        assert_eq!(told(works, LATER).last, Some(SeenStep::Connection));
        assert_eq!(
            kind(Steps { half: at(60_000), frame: at(60_000), ..works }, LATER),
            (SeenState::Works, None)
        );
        // A page without `Referer` and with a kept second half.
        assert_eq!(kind(Steps { socket: at(3), ..Steps::default() }, LATER), (SeenState::Works, None));
    }

    #[test]
    fn what_never_follows_tells_what_stands_in_between() {
        let tried = Steps { half: at(2), frame: at(2), ..LOADED };
        assert_eq!(kind(tried, 20_000), (SeenState::Opening, None));
        let blocked = |kind| (SeenState::Blocked, Some(kind));
        assert_eq!(kind(tried, LATER), blocked(AdviceKind::NeverConnected));
        assert_eq!(kind(Steps { frame: None, ..tried }, LATER), blocked(AdviceKind::FrameBlocked));
        assert_eq!(kind(Steps { half: None, ..tried }, LATER), blocked(AdviceKind::ScriptBlocked));
        let pinned = Steps { half: None, loader: None, pinned: at(1), ..tried };
        assert_eq!(kind(pinned, LATER), blocked(AdviceKind::NeverConnected));
        // It worked, and a new policy of the page lets the frame in no more.
        let hours = 3 * 3_600_000;
        let changed = Steps { socket: at(3), half: at(hours), ..tried };
        assert_eq!(kind(changed, LATER), blocked(AdviceKind::FrameBlocked));
        let advice = told(changed, LATER).advice.expect("it is advised");
        assert_eq!(advice.line.as_deref(), Some("frame-src https://chat.example"));
    }

    #[test]
    fn a_chat_without_websockets_works_with_an_advice() {
        let over_http = Steps { half: at(2), frame: at(2), channel: at(3), ..LOADED };
        assert_eq!(kind(over_http, LATER), (SeenState::Works, Some(AdviceKind::WithoutSockets)));
        // One visitor behind a proxy of their own is no reason.
        assert_eq!(kind(Steps { socket: at(4), ..over_http }, LATER), (SeenState::Works, None));
        let line = told(over_http, LATER).advice.and_then(|advice| advice.line);
        assert_eq!(line.as_deref(), Some("wss://chat.example/api/v1/visitor/socket"));
    }

    #[test]
    fn https_pages_get_nothing_of_a_chat_without_it() {
        let told = |chat: &str, page: &str| {
            let told = of_site(&site(&[page]), Vec::new(), &[chat.to_owned()], Timestamp(LATER));
            (told[0].state, told[0].advice.as_ref().map(|advice| advice.kind))
        };
        let mixed = (SeenState::Blocked, Some(AdviceKind::NotHttps));
        assert_eq!(told("http://chat.example", SHOP), mixed);
        assert_eq!(told("http://192.0.2.1:8080", SHOP), mixed);
        assert_eq!(told("http://127.0.0.1:8080", SHOP), (SeenState::Unseen, None));
        assert_eq!(told("http://chat.example", "http://shop.example"), (SeenState::Unseen, None));
        assert_eq!(told(CHAT, SHOP), (SeenState::Unseen, None));
    }

    #[test]
    fn strangers_come_first_and_what_was_never_seen_last() {
        let own = [CHAT.to_owned(), "http://localhost:8080".to_owned()];
        let seen = vec![
            sighting(SHOP, LOADED),
            sighting("https://stranger.example", LOADED),
            sighting("http://localhost:8080", LOADED),
        ];
        let site = site(&["https://m.shop.example", SHOP, "self"]);
        let told = of_site(&site, seen, &own, Timestamp(LATER));
        let told: Vec<_> = told.iter().map(|one| (one.origin.as_str(), one.is_listed, one.state)).collect();
        assert_eq!(
            told,
            [
                ("https://stranger.example", false, SeenState::Blocked),
                ("http://localhost:8080", true, SeenState::Loaded),
                (SHOP, true, SeenState::Loaded),
                ("https://m.shop.example", true, SeenState::Unseen),
            ]
        );
    }
}
