//! Where the snippet was seen: for each origin whether the chat works there, and if not, what helps.

use causette_client::timer;
use causette_shared::protocol::install::{AdviceKind, SeenOrigin, SeenState};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::components::copy_field::CopyField;
use crate::components::dialog::Dialog;
use crate::components::icon::{Icon, icon};
use crate::state::desk::Desk;
use crate::state::install::{Install, words};

/// Draws the list, which is read again every few seconds.
#[component]
pub fn SeenList(
    /// The store.
    desk: Desk,
    /// What is known.
    install: Install,
) -> impl IntoView {
    let leaving = RwSignal::new(None::<String>);
    let origins = Memo::new(move |_| {
        install.seen.with(|seen| {
            let seen = seen.as_deref().unwrap_or_default();
            seen.iter().map(|one| one.origin.clone()).collect::<Vec<_>>()
        })
    });
    // Rows stay where they are while what they say changes.
    let row = move |origin: String| {
        let name = origin.clone();
        let seen = Memo::new(move |_| {
            install.seen.with(|seen| seen.iter().flatten().find(|one| one.origin == name).cloned())
        });
        let class = move || {
            let state = seen.with(|seen| seen.as_ref().map_or(SeenState::Unseen, |seen| seen.state));
            ["seen__row seen__row--", class_of(state)].concat()
        };
        view! {
            <li class=class>{move || seen.get().map(|seen| body(desk, install, seen, leaving))}</li>
        }
    };
    let list = move || {
        match (install.seen.with(Option::is_some), origins.with(Vec::is_empty)) {
        (false, _) => match install.seen_failure.get() {
            Some(text) => view! { <p class="seen__text" role="status">{text}</p> }.into_any(),
            None => view! { <p class="seen__text" role="status">"Looking…"</p> }.into_any(),
        },
        (true, true) => view! {
            <p class="seen__text">"No page may show this chat yet. Add the origin of your site: what stands before the first single slash of its address."</p>
        }
        .into_any(),
        (true, false) => view! {
            <ul class="seen" role="list" aria-label="Origins">
                <For each=move || origins.get() key=Clone::clone children=row/>
            </ul>
        }
        .into_any(),
    }
    };
    // Said once when it changes, for whoever waits without looking.
    let summary = Memo::new(move |_| {
        install.seen.with(|seen| {
            let of = |state| seen.iter().flatten().filter(|one| one.state == state).count();
            format!("{} work, {} blocked", of(SeenState::Works), of(SeenState::Blocked))
        })
    });
    view! {
        <p class="visually-hidden" role="status">{summary}</p>
        {list}
        {move || install.is_admin().then(|| view! { <AddOrigin install/> })}
        {move || leaving.get().map(|origin| leave(desk, install, origin, leaving))}
    }
}

const fn class_of(state: SeenState) -> &'static str {
    match state {
        SeenState::Works => "works",
        SeenState::Blocked => "blocked",
        SeenState::Loaded | SeenState::Opening => "loaded",
        SeenState::Unseen => "unseen",
    }
}

fn body(desk: Desk, install: Install, seen: SeenOrigin, leaving: RwSignal<Option<String>>) -> AnyView {
    let picture = match seen.state {
        SeenState::Works => Icon::Check,
        SeenState::Blocked => Icon::Warning,
        SeenState::Loaded | SeenState::Opening | SeenState::Unseen => Icon::Clock,
    };
    let (origin, told) = (seen.origin.clone(), seen.clone());
    let facts = move || {
        desk.now.track();
        words::facts(&told, timer::now())
    };
    let is_listed = seen.is_listed;
    let remove = (is_listed && install.is_admin()).then(|| {
        let origin = origin.clone();
        view! {
            <button
                class="icon-button seen__remove"
                type="button"
                title="Remove"
                aria-label=["Remove ", &origin].concat()
                on:click=move |_| leaving.set(Some(origin.clone()))
            >
                {icon(Icon::Close)}
            </button>
        }
    });
    let allowed = origin.clone();
    let allow = move |_| {
        install.set_origin(allowed.clone(), true, move |outcome| match outcome {
            Ok(()) => desk.tell("Allowed. Load the page again to see.".to_owned()),
            Err(text) => desk.tell(text),
        });
    };
    let advice = seen.advice.clone().map(|advice| {
        let can_allow = advice.kind == AdviceKind::NotListed;
        view! {
            <div class="seen__advice">
                <p>{advice.sentence}</p>
                {(!can_allow || !install.is_admin()).then_some(view! { <p>{advice.cure}</p> })}
                {advice.line.map(|line| view! { <CopyField label="Line" text=Signal::stored(line) short=true/> })}
                {(can_allow && install.is_admin()).then(|| view! {
                    <button class="button button--small" type="button" on:click=allow>"Allow this origin"</button>
                })}
            </div>
        }
    });
    view! {
        <span class="seen__picture">{icon(picture)}</span>
        <div class="seen__what">
            <p class="seen__origin"><strong><bdi>{origin}</bdi></strong><span class="seen__state">{words::state(seen.state)}</span></p>
            <p class="seen__facts">{facts}</p>
            {seen.page.map(|page| view! { <p class="seen__page"><bdi>{page}</bdi></p> })}
            {advice}
        </div>
        {remove}
    }
    .into_any()
}

/// Asks before an origin is taken off: the chat goes from its pages at once.
fn leave(desk: Desk, install: Install, origin: String, leaving: RwSignal<Option<String>>) -> AnyView {
    let close = Callback::new(move |()| leaving.set(None));
    let name = origin.clone();
    // The installation's own is listed by a word.
    let is_own = window().location().origin().is_ok_and(|own| own == origin);
    let remove = move |_| {
        let listed = if is_own { "self".to_owned() } else { origin.clone() };
        install.set_origin(listed, false, move |outcome| {
            leaving.set(None);
            if let Err(text) = outcome {
                desk.tell(text);
            }
        });
    };
    let inside = view! {
        <p class="dialog__text">"Pages of "<strong><bdi>{name}</bdi></strong>" can open the chat no more, from now on."</p>
        <div class="dialog__buttons">
            <button class="button" type="button" on:click=move |_| close.run(())>"Keep"</button>
            <button class="button button--primary" type="button" on:click=remove>"Remove"</button>
        </div>
    };
    view! { <Dialog title="Remove this origin?" close inside=inside.into_any()/> }.into_any()
}

/// What was meant: the address of a page is told for its origin, and that of a site without its scheme.
fn origin_of(typed: &str) -> String {
    if typed.is_empty() || typed == "self" {
        return typed.to_owned();
    }
    let is_near = typed.starts_with("localhost") || typed.starts_with("127.");
    let address = match typed.contains("://") {
        true => typed.to_owned(),
        false if is_near => ["http://", typed].concat(),
        false => ["https://", typed].concat(),
    };
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find(['/', '?', '#']).map_or(address.len(), |at| host + at);
    address[..end].to_owned()
}

/// The form for one more.
#[component]
fn AddOrigin(install: Install) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let origin = origin_of(typed.get_untracked().trim());
        if origin.is_empty() {
            error.set(Some("Please enter an origin, like https://shop.example.".to_owned()));
            return;
        }
        install.set_origin(origin, true, move |outcome| match outcome {
            Ok(()) => typed.set(String::new()),
            Err(text) => error.set(Some(text)),
        });
    };
    view! {
        <form class="seen__add" aria-label="Add an origin" novalidate on:submit=add>
            <label class="field__label" for="add-origin">"Another origin that may show the chat"</label>
            <div class="seen__adding">
                <input
                    class="looks__input"
                    id="add-origin"
                    type="url"
                    placeholder="https://shop.example"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    prop:value=typed
                    aria-invalid=move || error.get().map(|_| "true")
                    aria-describedby="add-origin-error"
                    on:input=move |event| {
                        typed.set(event_target_value(&event));
                        error.set(None);
                    }
                />
                <button class="button" type="submit">"Add"</button>
            </div>
            <p class="looks__error" id="add-origin-error" role="alert">{error}</p>
        </form>
    }
}
