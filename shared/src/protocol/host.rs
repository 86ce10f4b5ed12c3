//! The messages between the loader on the customer's page and the panel in its iframe.
//!
//! They are plain objects with a `type`, posted once as `init` to our exact origin and from then on through the
//! transferred port. The loader is JavaScript: these names are the contract, and unknown ones are ignored on both sides.

/// `causette` field of the first message: the version of this protocol.
pub const HOST_PROTOCOL: u32 = 1;

/// Field of the first message's `config`: the token of the resume link that led to the page, for the panel to exchange; null
/// where there was none. The loader has taken it out of the address, and forgets it once the panel is ready.
pub const CONFIG_RESUME: &str = "resume";

/// Types that the loader sends.
pub mod to_panel {
    /// The panel has become visible.
    pub const SHOWN: &str = "shown";
    /// The panel has been hidden.
    pub const HIDDEN: &str = "hidden";
    /// Name, e-mail and phone that the page knows: `name`, `email`, `phone`.
    pub const PREFILL: &str = "prefill";
    /// The page chose `light`, `dark` or `auto`: `theme`.
    pub const THEME: &str = "theme";
    /// Put the focus into the composer.
    pub const FOCUS: &str = "focus";
    /// The consent bits changed: `consent`.
    pub const CONSENT: &str = "consent";
    /// The person signed out of the page: nothing of them may stay. Answered by `forget`, after which the loader begins anew.
    pub const LOGOUT: &str = "logout";
    /// Whether the panel covers the whole of a narrow screen: `sheet`.
    pub const VIEWPORT: &str = "viewport";
    /// Answers `needIdentity`: `token`, null where nobody is signed in.
    pub const IDENTITY: &str = "identity";
    /// The page has another identity now: to be asked for.
    pub const IDENTIFY: &str = "identify";
    /// All that the page says of the person: `clientId`, `country`, `flow`, each null where it says nothing; and `list`, pairs of
    /// a name and a text, or null where it is taken back.
    pub const ATTRIBUTES: &str = "attributes";
    /// The visitor is on a page: `url`, `title`. Only with consent to analytics.
    pub const PAGE: &str = "page";
}

/// Types that the panel sends.
pub mod to_loader {
    /// The composer can be used.
    pub const READY: &str = "ready";
    /// The visitor asked to minimise.
    pub const MINIMISE: &str = "minimise";
    /// Keep this session: `secret`.
    pub const SESSION: &str = "session";
    /// Drop the session.
    pub const FORGET: &str = "forget";
    /// Unread messages: `count`, `preview`.
    pub const UNREAD: &str = "unread";
    /// An event for the page: `name`, `data`. Never message text.
    pub const EVENT: &str = "event";
    /// The panel was used: the visitor is active.
    pub const ACTIVITY: &str = "activity";
    /// The token that proves who the person is, please, and a fresh one if it is asked for again.
    pub const NEED_IDENTITY: &str = "needIdentity";
}

/// Consent bit 1: personalisation. State and recognition may be kept before the first message.
pub const CONSENT_PERSONALISATION: u32 = 1;
/// Consent bit 2: analytics. Pages visited are shown to agents.
pub const CONSENT_ANALYTICS: u32 = 2;
