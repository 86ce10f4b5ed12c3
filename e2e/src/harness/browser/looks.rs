//! What differs between one person's browser and another's, in whichever engine.

use std::net::SocketAddr;
use std::path::Path;

/// The device, and what else differs between browsers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looks<'a> {
    /// Whether the screen is as small as a phone's.
    pub is_phone: bool,
    /// Whether Chromium's driver hears everything: every request, for `network_events`, and every console, in frames of
    /// other sites too. The price is that all frames share one process, which is not how people's browsers run. The
    /// other engines hear what they hear without it.
    pub is_observed: bool,
    /// The directory of its profile, which outlives it. A browser that is opened with it again is the same person's, who
    /// had closed it. Not in WebKit, whose driver's browser keeps nothing.
    pub profile: Option<&'a Path>,
    /// Where connections to the first address really go: past a wire that others reach the server by, under the address
    /// that the server knows itself by.
    pub detour: Option<(SocketAddr, SocketAddr)>,
    /// A domain that is on this machine, with all its subdomains: for a site that has several.
    pub domain: Option<&'a str>,
    /// What sites may keep.
    pub storage: Storage,
}

/// What sites may keep in the browser, as people may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Whatever they like.
    #[default]
    Everything,
    /// What the page's own site likes: frames of others get no cookies.
    OfThePage,
    /// No cookies; and in the engines that count it among them, nothing else either: asking for it throws.
    Nothing,
}

/// The size of a phone's screen, CSS pixels.
pub(super) const PHONE: (u32, u32) = (390, 844);
/// The size of the window that everybody else has.
pub(super) const WINDOW: (u32, u32) = (1280, 1000);

/// What pages are asked to be drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// A screen, by a person who has not said how they like it.
    Screen,
    /// A screen, by a person who likes it dark.
    Dark,
    /// Paper.
    Print,
}
