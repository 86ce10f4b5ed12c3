//! What an owner puts on their pages: the line, the line that is pinned by its hash, or a tag of Google Tag Manager; and what
//! they put into an app.

mod app;

use leptos::prelude::*;

use crate::components::copy_field::CopyField;
use crate::components::segments::Segments;
use crate::state::contacts::Load;
use crate::state::install::Install;
use crate::state::install::looks::snippet;
use crate::state::install::room::Chosen;

const WAYS: &[(&str, &str)] =
    &[("html", "HTML"), ("pinned", "Pinned"), ("gtm", "Tag Manager"), ("app", "App")];

/// Draws the ways, of which one is shown.
#[component]
pub fn SnippetTabs(
    /// The store.
    install: Install,
) -> impl IntoView {
    let way = RwSignal::new("html");
    let of = move |read: fn(&Chosen) -> String| {
        Signal::derive(move || {
            install.chosen.with(|chosen| match chosen {
                Load::Ready(chosen) => read(chosen),
                _ => String::new(),
            })
        })
    };
    let policy = of(|chosen| {
        let csp = &chosen.snippet.csp;
        ["script-src ", &csp.script_src, "; frame-src ", &csp.frame_src].concat()
    });
    let shown = move || match way.get() {
        "pinned" => pinned(install),
        "gtm" => tag_manager(of(|chosen| chosen.snippet.gtm_url.clone())),
        "app" => app::app(install),
        _ => html(install),
    };
    view! {
        <div class="snippet">
            <Segments label="Way to install" options=WAYS chosen=Signal::derive(move || way.get().to_owned()) choose=Callback::new(move |value| way.set(value))/>
            <div class="snippet__way">{shown}</div>
            {move || (way.get() != "app").then(|| view! {
                <details class="snippet__policy">
                    <summary>"Do your pages have a Content-Security-Policy?"</summary>
                    <p class="snippet__text">"Then it has to allow these two sources, and nothing else:"</p>
                    <CopyField label="Policy" text=policy short=true/>
                </details>
            })}
        </div>
    }
}

fn html(install: Install) -> AnyView {
    let flows = Memo::new(move |_| {
        install.chosen.with(|chosen| match chosen {
            Load::Ready(chosen) => chosen.looks.flows.keys().cloned().collect(),
            _ => Vec::new(),
        })
    });
    // The name of the flow that the pages are for; empty for those of none. What is chosen may be gone since.
    let chosen_flow = RwSignal::new(String::new());
    let flow = Memo::new(move |_| {
        let chosen = chosen_flow.get();
        if flows.with(|flows| flows.contains(&chosen)) { chosen } else { String::new() }
    });
    let line = move |flow: &str| {
        install.draft.with(|draft| match (&*install.chosen.read(), draft) {
            (Load::Ready(chosen), Some(draft)) => snippet(&chosen.snippet.html, &chosen.looks, draft, flow),
            _ => String::new(),
        })
    };
    // Compared: another origin that is allowed is no other snippet.
    let text = Memo::new(move |_| flow.with(|flow| line(flow)));
    let carries_looks = Memo::new(move |_| {
        install.chosen.with(|chosen| matches!(chosen, Load::Ready(chosen) if chosen.snippet.html != line("")))
    });
    let lacks_greetings = Memo::new(move |_| {
        install.draft.with(|draft| match (&*install.chosen.read(), draft) {
            (Load::Ready(chosen), Some(draft)) => {
                chosen.looks.greeting != draft.greeting || install.has_other_flows(&chosen.looks)
            }
            _ => false,
        })
    });
    let choice = move || {
        let option = move |name: String| {
            let (value, label) = (name.clone(), name.clone());
            view! { <option value=value prop:selected=move || flow.with(|flow| *flow == name)>{label}</option> }
        };
        let names = flows.get();
        (!names.is_empty()).then(|| {
            view! {
                <div class="snippet__for">
                    <label for="snippet-flow">"For pages of"</label>
                    <select
                        class="snippet__flow"
                        id="snippet-flow"
                        on:change=move |event| chosen_flow.set(event_target_value(&event))
                    >
                        <option value="">"the whole site"</option>
                        {names.into_iter().map(option).collect_view()}
                    </select>
                </div>
            }
        })
    };
    view! {
        <p class="snippet__text">"Paste this into every page, before "<code>"</head>"</code>"."</p>
        {choice}
        <CopyField label="Snippet" text/>
        {move || (carries_looks.get() || lacks_greetings.get()).then(|| view! {
            <p class="snippet__note">
                {carries_looks.get().then_some("It carries the looks that are not saved: they hold for the pages that it is on. ")}
                {lacks_greetings.get().then(|| if install.is_admin() {
                    "Greetings that are not saved are not in it. Save them as the site’s."
                } else {
                    "Greetings that are not saved are not in it. An admin can save them."
                })}
            </p>
        })}
    }
    .into_any()
}

fn pinned(install: Install) -> AnyView {
    let text = Signal::derive(move || {
        install.pinned.with(|pinned| pinned.as_ref().map(|pinned| pinned.html.clone()).unwrap_or_default())
    });
    let is_made = Memo::new(move |_| install.pinned.with(Option::is_some));
    view! {
        <p class="snippet__text">
            "A pinned line runs one version of the script, which the browser checks by its hash. It stays as it is until you paste another one: later changes of the looks, and newer versions, do not reach these pages by themselves."
        </p>
        {move || match (is_made.get(), install.is_admin()) {
            (true, _) => view! { <CopyField label="Pinned snippet" text/> }.into_any(),
            (false, true) => view! {
                <button
                    class="button snippet__publish"
                    type="button"
                    aria-busy=move || install.busy.get().to_string()
                    on:click=move |_| install.publish()
                >
                    "Publish this version and pin it"
                </button>
            }.into_any(),
            (false, false) => view! { <p class="snippet__note">"An admin can publish one."</p> }.into_any(),
        }}
        {move || install.is_changed().then(|| view! {
            <p class="snippet__note">"It has the saved looks, not the changes above."</p>
        })}
    }
    .into_any()
}

fn tag_manager(template: Signal<String>) -> AnyView {
    let custom = move || template.get().replacen("gtm.tpl", "gtm.html", 1);
    view! {
        <ol class="snippet__steps">
            <li>
                <a class="link" href=template download>"Download the template"</a>
                ". It has this server’s address and the site’s key in it."
            </li>
            <li>"In Tag Manager open Templates, Tag Templates, New; then the three dots, Import, and save."</li>
            <li>"Add a tag of it. Tick under Consent what your consent manager sets. Trigger: Initialization – All Pages."</li>
            <li>"Preview a page, and submit."</li>
        </ol>
        <p class="snippet__note">
            "You may not add templates? "
            <a class="link" href=custom download>"Download the text of a Custom HTML tag"</a>
            ". It does not see Google’s consent state."
        </p>
        <p class="snippet__note">
            "What to tick under Consent, and how a field takes a variable, stands in "<code>"docs/embedding.md"</code>
            ", section Google Tag Manager."
        </p>
    }
    .into_any()
}
