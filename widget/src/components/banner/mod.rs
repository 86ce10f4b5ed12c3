//! The line under the header that speaks of the connection, and only when there is something to say.

use crate::leptos::prelude::window;
use causette_shared::texts::Text;

use super::element::{El, button, el};
use crate::state::Widget;
use crate::state::connection::Banner;

/// Draws the banner. Its region is always there, so that screen readers hear what enters it.
pub fn connection_banner(widget: Widget) -> El {
    el("div", "").attr("role", "status").child_with(move || {
        let banner = widget.connection.banner()?;
        Some(line(widget, banner).into())
    })
}

fn line(widget: Widget, banner: Banner) -> El {
    let (text, class) = match banner {
        Banner::Reconnecting => (Text::Reconnecting, "banner banner--waits"),
        Banner::Offline => (Text::Offline, "banner"),
        Banner::Reconnected => (Text::Reconnected, "banner banner--good"),
        Banner::Outdated => (Text::Outdated, "banner banner--acts"),
    };
    let reload = (banner == Banner::Outdated)
        .then(|| button("banner__button", widget.words.get(Text::Reload), reload));
    el("div", class).child(el("span", "").text(widget.words.get(text))).maybe(reload)
}

/// Loads the document again; messages and draft are in the browser's storage.
fn reload() {
    let _ = window().location().reload();
}
