//! The chat as it will look: the real loader and widget on a page of ours, told by the commands that any page has.

use std::time::Duration;

use causette_client::timer::Timer;
use causette_shared::id::SiteKey;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlIFrameElement;

use crate::components::segments::Segments;
use crate::state::install::Install;
use crate::state::install::looks::{Pace, Visitor, options};

const WIDTHS: &[(&str, &str)] = &[("desktop", "Desktop"), ("phone", "Phone")];
const SCHEMES: &[(&str, &str)] = &[("light", "Light"), ("dark", "Dark")];
const LOCALES: &[(&str, &str)] = &[("en", "English"), ("fr", "French")];
/// An open panel takes its colour when it starts: it is started anew once the colour has stood still.
const SETTLED: Duration = Duration::from_millis(500);

/// Draws the preview of a site.
#[component]
pub fn LooksPreview(
    /// The store.
    install: Install,
    /// Which site.
    site: SiteKey,
) -> impl IntoView {
    let frame = NodeRef::<html::Iframe>::new();
    let width = RwSignal::new("desktop");
    let scheme = RwSignal::new("light");
    let locale = RwSignal::new("en");
    let is_there = RwSignal::new(false);
    let timer = StoredValue::new_local(None::<Timer>);
    // The state and the colour that the chat was last brought to.
    let brought = StoredValue::new((String::new(), String::new()));
    let greeting = Memo::new(move |_| install.greeting(locale.get()));
    let tell = move |command: &str, pace: Pace, state: Option<&str>| {
        let (greeting, _) = greeting.get_untracked();
        let (scheme, locale) = (scheme.get_untracked(), locale.get_untracked());
        let visitor = Visitor { scheme, locale, greeting: &greeting };
        let json = install
            .draft
            .with_untracked(|draft| draft.as_ref().map(|draft| options(draft, visitor, pace, state)));
        if let (Some(frame), Some(json)) = (frame.get_untracked(), json) {
            say(&frame, command, &json);
        }
    };
    Effect::new(move |_| {
        scheme.track();
        locale.track();
        greeting.track();
        let Some((state, color)) = install
            .draft
            .with(|draft| draft.as_ref().map(|draft| (draft.state.clone(), draft.color.clone())))
        else {
            return;
        };
        if !is_there.get() {
            return;
        }
        if let Some(frame) = frame.get_untracked() {
            color_page(&frame, scheme.get_untracked());
        }
        let (before, colored) = brought.get_value();
        tell("update", Pace::Held, (before != state).then_some(state.as_str()));
        let is_recolored = !colored.is_empty() && colored != color;
        brought.set_value((state, color));
        if is_recolored {
            timer.set_value(Some(Timer::after(SETTLED, move || {
                let Some(frame) = frame.try_get_untracked().flatten() else { return };
                if state_of(&frame).as_deref() == Some("chat") {
                    say(&frame, "destroy", "null");
                    tell("boot", Pace::Held, Some("chat"));
                }
            })));
        }
    });
    let replay = move |_| {
        tell("update", Pace::Real, Some("close"));
        tell("update", Pace::Real, Some("welcome"));
    };
    // The name, while the bubble is there and has the greeting of a flow.
    let shown = Memo::new(move |_| {
        let is_there =
            install.draft.with(|draft| draft.as_ref().is_some_and(|draft| draft.state == "welcome"));
        greeting.get().1.filter(|_| is_there)
    });
    let of_flow = move |name: String| {
        view! {
            <p class="preview__note">
                "The greeting is that of the flow "
                <strong><bdi>{if name.is_empty() { "without a name".to_owned() } else { name }}</bdi></strong>". "
                <button class="link-button" type="button" on:click=move |_| install.shown_flow.set(None)>
                    "Show the site’s"
                </button>
            </p>
        }
    };
    view! {
        <section class="preview" aria-label="Preview">
            <div class="preview__bar">
                <Segments label="Width" options=WIDTHS chosen=Signal::derive(move || width.get().to_owned()) choose=Callback::new(move |value| width.set(value))/>
                <Segments label="Scheme" options=SCHEMES chosen=Signal::derive(move || scheme.get().to_owned()) choose=Callback::new(move |value| scheme.set(value))/>
                <Segments label="Language" options=LOCALES chosen=Signal::derive(move || locale.get().to_owned()) choose=Callback::new(move |value| locale.set(value))/>
                <button class="button button--small preview__replay" type="button" on:click=replay>"Play the greeting"</button>
            </div>
            <div class="preview__stage" class:preview__stage--phone=move || width.get() == "phone">
                <iframe
                    class="preview__page"
                    title="Preview of the chat on a page"
                    src=["/desk/preview/", site.as_str()].concat()
                    node_ref=frame
                    on:load=move |_| is_there.set(true)
                ></iframe>
            </div>
            {move || shown.get().map(of_flow)}
            <p class="preview__note">"This is the real chat. What you write in it begins a conversation."</p>
        </section>
    }
}

/// Gives a command to the chat of the page, with options.
fn say(frame: &HtmlIFrameElement, command: &str, options: &str) {
    if let (Some((window, causette)), Ok(options)) = (causette(frame), js_sys::JSON::parse(options)) {
        // The loader throws nothing into its page.
        let _ = causette.call2(&window, &command.into(), &options);
    }
}

fn state_of(frame: &HtmlIFrameElement) -> Option<String> {
    let (window, causette) = causette(frame)?;
    causette.call2(&window, &"get".into(), &"state".into()).ok()?.as_string()
}

fn causette(frame: &HtmlIFrameElement) -> Option<(JsValue, js_sys::Function)> {
    let window: JsValue = frame.content_window()?.into();
    let causette = js_sys::Reflect::get(&window, &"causette".into()).ok()?;
    Some((window, causette.dyn_into().ok()?))
}

/// Shows the page itself in light or dark.
fn color_page(frame: &HtmlIFrameElement, scheme: &str) {
    if let Some(root) = frame.content_document().and_then(|page| page.document_element()) {
        let _ = root.set_attribute("data-scheme", scheme);
    }
}
