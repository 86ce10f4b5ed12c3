//! Where a site's snippet is seen: what requests say of the page that they come from, gathered in memory and written down
//! once a minute, outside of any request.
//!
//! A request says it in `Origin` or `Referer`, the panel in its first frame; a stranger can say anything there. So nobody is
//! let in or kept out by what stands here: it is told to those who install the chat, and to nobody else. Nothing of it is
//! about a visitor: an origin, one address of a page, and times. What was gathered in the last minute is lost with the process.

pub mod verdict;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use causette_shared::id::SiteKey;
use causette_shared::time::Timestamp;

use crate::origin::parse_origin;
use crate::site::Site;

/// Origins that are kept of a site beside those that it lists. Whoever invents more pushes out the ones not seen for longest.
pub const UNLISTED_MAX: usize = 50;
/// Longer names of a host are none (RFC 1035 §2.3.4), with room for scheme and port.
const ORIGIN_BYTES: usize = 280;
/// A longer address of a page is not kept.
const PAGE_BYTES: usize = 500;

/// What a page asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The loader as it is at each time.
    Loader,
    /// A loader that was published, and is pinned by its hash.
    Pinned,
    /// The loader's second half.
    Half,
    /// The panel's document, in a frame.
    Frame,
    /// A connection of the panel over a WebSocket.
    Socket,
    /// The same over HTTP, for where WebSockets are blocked.
    Channel,
}

/// When each was asked for last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// See `Step::Loader`.
    pub loader: Option<Timestamp>,
    /// See `Step::Pinned`.
    pub pinned: Option<Timestamp>,
    /// See `Step::Half`.
    pub half: Option<Timestamp>,
    /// See `Step::Frame`.
    pub frame: Option<Timestamp>,
    /// See `Step::Socket`.
    pub socket: Option<Timestamp>,
    /// See `Step::Channel`.
    pub channel: Option<Timestamp>,
    /// Something behind the loader, which was refused, because the origin was not one of the site's.
    pub refused: Option<Timestamp>,
}

impl Steps {
    fn set(&mut self, step: Step, is_allowed: bool, now: Timestamp) {
        let place = match step {
            Step::Loader => &mut self.loader,
            Step::Pinned => &mut self.pinned,
            _ if !is_allowed => &mut self.refused,
            Step::Half => &mut self.half,
            Step::Frame => &mut self.frame,
            Step::Socket => &mut self.socket,
            Step::Channel => &mut self.channel,
        };
        *place = (*place).max(Some(now));
    }

    fn merge(&mut self, other: &Self) {
        self.loader = self.loader.max(other.loader);
        self.pinned = self.pinned.max(other.pinned);
        self.half = self.half.max(other.half);
        self.frame = self.frame.max(other.frame);
        self.socket = self.socket.max(other.socket);
        self.channel = self.channel.max(other.channel);
        self.refused = self.refused.max(other.refused);
    }
}

/// What is known of the pages of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Which pages.
    pub origin: String,
    /// The one that asked last, without what stands behind `?` and `#`, where that is known.
    pub page: Option<String>,
    /// When they asked first.
    pub first_at: Timestamp,
    /// What for, and when last.
    pub steps: Steps,
}

impl Sighting {
    /// When they asked last.
    #[must_use]
    pub fn last_at(&self) -> Timestamp {
        let Steps { loader, pinned, half, frame, socket, channel, refused } = self.steps;
        let last = [loader, pinned, half, frame, socket, channel, refused].into_iter().flatten().max();
        last.unwrap_or(self.first_at)
    }

    /// Takes in what was seen at another time.
    pub fn merge(&mut self, other: &Self) {
        if other.page.is_some() && (self.page.is_none() || other.last_at() >= self.last_at()) {
            self.page.clone_from(&other.page);
        }
        self.first_at = self.first_at.min(other.first_at);
        self.steps.merge(&other.steps);
    }
}

/// The page that a request comes from, as far as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    origin: String,
    page: Option<String>,
}

impl Place {
    /// Reads the headers `Origin` and `Referer`. `None` where they name no page of the web.
    #[must_use]
    pub fn of_headers(origin: Option<&str>, referer: Option<&str>) -> Option<Self> {
        let page = referer.and_then(page_of);
        match (origin.and_then(origin_of), page) {
            (Some(origin), Some(place)) if place.origin == origin => Some(place),
            (Some(origin), _) => Some(Self { origin, page: None }),
            (None, place) => place,
        }
    }

    /// Where the page is served from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Reads an origin.
    #[must_use]
    pub fn of_origin(origin: &str) -> Option<Self> {
        origin_of(origin).map(|origin| Self { origin, page: None })
    }
}

fn origin_of(text: &str) -> Option<String> {
    parse_origin(text).filter(|origin| origin.len() <= ORIGIN_BYTES)
}

/// A page by its address. The root alone is what browsers say of any page of another site, by their own policy.
fn page_of(address: &str) -> Option<Place> {
    let url = url::Url::parse(address).ok()?;
    let origin = origin_of(&url.origin().ascii_serialization())?;
    let page = [origin.as_str(), url.path()].concat();
    let is_told = url.path() != "/" && page.len() <= PAGE_BYTES;
    Some(Place { origin, page: is_told.then_some(page) })
}

type Gathered = BTreeMap<SiteKey, Vec<Sighting>>;

/// What was seen and is not written down yet.
#[derive(Debug, Default)]
pub struct Sightings(Mutex<Gathered>);

impl Sightings {
    /// Notes that a page asked for something of a site. `own` are the installation's own origins, whose pages are seen only
    /// where the site lists them.
    pub fn note(&self, site: &Site, own: &[String], place: Option<Place>, step: Step, now: Timestamp) {
        let Some(Place { origin, page }) = place else { return };
        let is_allowed = site.allows(&origin, own);
        if !is_allowed && own.contains(&origin) {
            return;
        }
        // The second half is asked for by the first, which is no page.
        let page = page.filter(|_| step != Step::Half);
        let mut steps = Steps::default();
        steps.set(step, is_allowed, now);
        let fresh = Sighting { origin, page, first_at: now, steps };
        let mut gathered = self.lock();
        if !gathered.contains_key(&site.key) {
            gathered.insert(site.key.clone(), Vec::new());
        }
        if let Some(held) = gathered.get_mut(&site.key) {
            take_in(held, fresh, |origin| site.allows(origin, own));
        }
    }

    /// What is not written down yet of a site.
    #[must_use]
    pub fn of(&self, site: &SiteKey) -> Vec<Sighting> {
        self.lock().get(site).cloned().unwrap_or_default()
    }

    /// Takes everything, to write it down.
    #[must_use]
    pub fn take(&self) -> Gathered {
        std::mem::take(&mut self.lock())
    }

    /// Gives back what could not be written down.
    pub fn give_back(&self, site: SiteKey, sightings: Vec<Sighting>) {
        let mut gathered = self.lock();
        let held = gathered.entry(site).or_default();
        for sighting in sightings {
            take_in(held, sighting, |_| false);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a sighting in beside the others of its site, of whose unlisted ones the oldest give way. Returns the origins that did.
pub fn take_in(
    held: &mut Vec<Sighting>,
    fresh: Sighting,
    is_listed: impl Fn(&str) -> bool,
) -> Option<String> {
    if let Some(known) = held.iter_mut().find(|known| known.origin == fresh.origin) {
        known.merge(&fresh);
        return None;
    }
    held.push(fresh);
    // Few, and counted only when one is new.
    let unlisted = || held.iter().filter(|one| !is_listed(&one.origin));
    if unlisted().count() <= UNLISTED_MAX {
        return None;
    }
    let oldest = unlisted().min_by_key(|one| one.last_at()).map(|one| one.origin.clone());
    held.retain(|one| Some(&one.origin) != oldest.as_ref());
    oldest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{SiteOrigin, SiteSettings};

    const OWN: &str = "https://chat.example";

    fn shop() -> Site {
        Site {
            key: "shop".parse().expect("a key"),
            name: String::new(),
            origins: vec![SiteOrigin::Exact("https://shop.example".to_owned())],
            settings: SiteSettings::default(),
        }
    }

    fn note(sightings: &Sightings, referer: &str, step: Step, at: i64) {
        let place = Place::of_headers(None, Some(referer));
        sightings.note(&shop(), &[OWN.to_owned()], place, step, Timestamp(at));
    }

    #[test]
    fn a_page_is_told_without_query_and_fragment_and_by_http_alone() {
        let place =
            |origin, referer| Place::of_headers(origin, referer).map(|place| (place.origin, place.page));
        let told = |origin: &str, page: Option<&str>| Some((origin.to_owned(), page.map(str::to_owned)));
        let shop = "https://shop.example";
        assert_eq!(
            place(None, Some("https://Shop.Example/lamps/1?token=x#y")),
            told(shop, Some("https://shop.example/lamps/1"))
        );
        assert_eq!(place(None, Some("https://shop.example/?a")), told(shop, None));
        assert_eq!(place(Some(shop), Some("https://other.example/a")), told(shop, None));
        assert_eq!(
            place(Some(shop), Some("https://me:secret@shop.example/a")),
            told(shop, Some("https://shop.example/a"))
        );
        assert_eq!(place(Some("null"), Some("https://shop.example/")), told(shop, None));
        let long = format!("https://shop.example/{}", "a".repeat(PAGE_BYTES));
        assert_eq!(place(None, Some(&long)), told(shop, None));
        let endless = format!("https://{}example", "a.".repeat(ORIGIN_BYTES));
        for bad in
            [&endless, "", "null", "data:,x", "android-app://com.example", "javascript:1", "https://a;b/"]
        {
            assert_eq!(place(Some(bad), Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn what_a_stranger_is_refused_is_no_step_and_our_own_pages_are_not_seen() {
        let sightings = Sightings::default();
        for (step, at) in [(Step::Loader, 1), (Step::Half, 2), (Step::Frame, 3)] {
            note(&sightings, "https://stranger.example/", step, at);
            note(&sightings, "https://shop.example/", step, at);
            note(&sightings, "https://chat.example/desk/preview/shop", step, at);
        }
        let seen = sightings.of(&shop().key);
        let steps = |origin: &str| seen.iter().find(|one| one.origin == origin).map(|one| one.steps);
        let refused = Steps { loader: Some(Timestamp(1)), refused: Some(Timestamp(3)), ..Steps::default() };
        assert_eq!(steps("https://stranger.example"), Some(refused));
        let shop = steps("https://shop.example").expect("it is seen");
        assert_eq!((shop.half, shop.frame, shop.refused), (Some(Timestamp(2)), Some(Timestamp(3)), None));
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn strangers_push_out_one_another_and_never_a_listed_origin() {
        let sightings = Sightings::default();
        note(&sightings, "https://shop.example/", Step::Loader, 0);
        for number in 1..=UNLISTED_MAX as i64 + 5 {
            note(&sightings, &format!("https://s{number}.example/"), Step::Loader, number);
        }
        let seen: Vec<_> = sightings.of(&shop().key).into_iter().map(|one| one.origin).collect();
        assert_eq!(seen.len(), UNLISTED_MAX + 1);
        assert_eq!(seen[0], "https://shop.example");
        assert!(
            !seen.contains(&"https://s5.example".to_owned())
                && seen.contains(&"https://s6.example".to_owned())
        );
    }

    #[test]
    fn what_is_given_back_is_merged_with_what_came_meanwhile() {
        let sightings = Sightings::default();
        note(&sightings, "https://shop.example/old", Step::Loader, 1);
        let (key, taken) = sightings.take().pop_first().expect("one site");
        note(&sightings, "https://shop.example/new", Step::Frame, 2);
        note(&sightings, "https://shop.example/embed/shop.js", Step::Half, 2);
        sightings.give_back(key.clone(), taken);
        let seen = sightings.of(&key);
        assert_eq!((seen.len(), seen[0].first_at, seen[0].last_at()), (1, Timestamp(1), Timestamp(2)));
        assert_eq!(seen[0].page.as_deref(), Some("https://shop.example/new"));
    }
}
