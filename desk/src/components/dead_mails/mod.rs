//! The mails that were given up: why, and what an agent can do about it.

use std::sync::Arc;

use causette_shared::id::JobId;
use causette_shared::protocol::outbox::{DeadMail, Outbox};
use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::router::{Route, Router};
use crate::state::calendar::{self, Local};
use crate::state::desk::Desk;
use crate::state::mail::room::Verb;
use crate::state::mail::words;

/// Draws the list.
#[component]
pub fn DeadMails(
    /// The store.
    desk: Desk,
    /// The way to the conversations.
    router: Router,
    /// What is known of the outbox.
    outbox: Memo<Option<Arc<Outbox>>>,
) -> impl IntoView {
    let heading = NodeRef::<html::H2>::new();
    let count = move || outbox.with(|outbox| outbox.as_ref().map_or(0, |outbox| outbox.dead_count));
    let ids = Memo::new(move |_| {
        outbox.with(|outbox| {
            // One that was given up again says something else.
            outbox
                .iter()
                .flat_map(|outbox| outbox.dead.iter().map(|mail| (mail.id, mail.given_up_at)))
                .collect::<Vec<_>>()
        })
    });
    let beyond = move || count().saturating_sub(u32::try_from(ids.with(Vec::len)).unwrap_or(u32::MAX));
    // Those that may have arrived are sent again one by one only: all together makes sense for two of the others.
    let sure = Memo::new(move |_| {
        outbox.with(|outbox| {
            outbox.iter().flat_map(|outbox| &outbox.dead).filter(|mail| !mail.may_have_arrived).count()
        })
    });
    // The button that was pressed goes with its mail.
    let gone = Callback::new(move |()| {
        if let Some(heading) = heading.get_untracked() {
            let _ = heading.focus();
        }
    });
    view! {
        <section class="mail-part" aria-labelledby="dead-title">
            <div class="mail-part__head">
                <h2 class="mail-part__title" id="dead-title" tabindex="-1" node_ref=heading>
                    "Not delivered"
                    {move || (count() > 0).then(|| view! { <span class="mail-part__count">{count()}</span> })}
                </h2>
                {move || (sure.get() > 1).then(|| view! {
                    <button
                        class="button button--small"
                        type="button"
                        prop:disabled=desk.mail.acting_on_all
                        on:click=move |_| desk.retry_all_mail()
                    >
                        {move || if desk.mail.acting_on_all.get() { "Trying…" } else { "Try all again" }}
                    </button>
                })}
            </div>
            {move || (count() == 0).then(|| view! {
                <p class="mail-part__calm">{icon(Icon::Check)}"No mail was given up."</p>
            })}
            {move || (count() > 0).then(|| view! {
                <p class="mail-part__text">
                    "These mails were given up. Tried again, one goes only if there is still a reason: not if its visitor has read \
                     meanwhile, wants no mail, or cannot be reached under the address."
                </p>
            })}
            <ul class="dead-mails" role="list" aria-label="Not delivered">
                <For each=move || ids.get() key=|dead| *dead let:dead>
                    <DeadMailRow desk router outbox id=dead.0 gone/>
                </For>
            </ul>
            {move || (beyond() > 0).then(|| view! {
                <p class="mail-part__text">{format!("And {} more, given up before these.", words::mails(beyond()))}</p>
            })}
        </section>
    }
}

/// One of them. What it says never changes while it is one of them, but for how long ago it was.
#[component]
fn DeadMailRow(
    desk: Desk,
    router: Router,
    outbox: Memo<Option<Arc<Outbox>>>,
    id: JobId,
    gone: Callback<()>,
) -> impl IntoView {
    let found = outbox.with_untracked(|outbox| {
        outbox.as_ref().and_then(|outbox| outbox.dead.iter().find(|mail| mail.id == id).cloned())
    });
    let Some(mail) = found else { return ().into_any() };
    let DeadMail {
        kind, number, recipient, error, attempts, may_have_arrived, created_at, given_up_at, ..
    } = mail;
    let at = given_up_at.unwrap_or(created_at);
    let busy = Memo::new(move |_| {
        desk.mail.acting.with(|acting| acting.contains(&id)) || desk.mail.acting_on_all.get()
    });
    let act = move |verb: Verb| {
        move |_| {
            desk.act_on_mail(id, verb, move || {
                let _ = gone.try_run(());
            })
        }
    };
    let conversation = number.map(|number| {
        let route = Route::Conversation(number);
        view! {
            <a class="link" href=route.path() on:click=router.follow(route)>{format!("#{number}")}</a>
        }
    });
    let label = match &recipient {
        Some(recipient) => [words::kind(kind), " to ", recipient].concat(),
        None => words::kind(kind).to_owned(),
    };
    view! {
        <li class="dead-mail" aria-label=label>
            <p class="dead-mail__what">
                <strong>{words::kind(kind)}</strong>
                {recipient.map(|recipient| view! { " to "<bdi>{recipient}</bdi> })}
            </p>
            <p class="dead-mail__facts">
                {conversation}
                <time datetime=calendar::machine_time(at)>
                    {move || Local::of(at).full(Local::of(desk.now.get()))}
                </time>
                <span>{words::counted(attempts, "attempt", "attempts")}</span>
            </p>
            <p class="dead-mail__error" dir="auto">{error.unwrap_or_else(|| "No reason was given.".to_owned())}</p>
            {may_have_arrived.then(|| view! {
                <p class="dead-mail__warning">
                    {icon(Icon::Warning)}
                    <span>
                        "It may have arrived: the connection ended before the mail server’s answer came. \
                         It is sent once more only because you ask."
                    </span>
                </p>
            })}
            <div class="dead-mail__buttons">
                <button class="button button--small" type="button" prop:disabled=busy on:click=act(Verb::Retry)>
                    {if may_have_arrived { "Send once more" } else { "Try again" }}
                </button>
                <button class="link-button" type="button" prop:disabled=busy on:click=act(Verb::Discard)>"Discard"</button>
            </div>
        </li>
    }
    .into_any()
}
