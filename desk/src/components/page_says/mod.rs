//! What the page says of the visitor: who they are, proven or not, what else it tells of them, and where they have been.

use causette_shared::said::{Attribute, Page, Said};
use leptos::prelude::*;

use crate::components::details::plain;
use crate::state::calendar::Local;
use crate::state::desk::Desk;

/// Draws what is known; nothing where the page has said nothing.
#[component]
pub fn PageSays(
    /// The store, for the time.
    desk: Desk,
    /// What is known of the visitor of the open conversation.
    said: Memo<Option<Said>>,
) -> impl IntoView {
    let person = Memo::new(move |_| {
        said.with(|said| said.clone().map(|said| Said { pages: Vec::new(), ..said }))
            .filter(|said| *said != Said::default())
    });
    let pages = Memo::new(move |_| {
        said.with(|said| said.as_ref().map(|said| said.pages.clone()).unwrap_or_default())
    });
    view! {
        {move || person.get().map(|said| facts(&said))}
        {move || Some(pages.get()).filter(|pages| !pages.is_empty()).map(|pages| visited(desk, pages))}
    }
}

fn facts(said: &Said) -> AnyView {
    let proven = said.identity.clone();
    // Where the page says the same as it has proven, that is enough.
    let merely_said = said.client_id.clone().filter(|id| Some(id) != proven.as_ref());
    let has_unproven =
        merely_said.is_some() || said.country.is_some() || said.flow.is_some() || !said.attributes.is_empty();
    let mark = |text: &'static str, good: bool| {
        view! { <span class="details__mark" class:details__mark--good=good>{text}</span> }
    };
    let attributes = said.attributes.clone();
    view! {
        <section class="details__group" aria-labelledby="details-page-says">
            <h2 class="details__heading" id="details-page-says">"From the site"</h2>
            <dl class="details__facts">
                {proven.map(|id| {
                    fact("Customer".to_owned(), view! { {plain(id)} {mark("Verified", true)} }.into_any())
                })}
                {merely_said.map(|id| {
                    fact("Customer".to_owned(), view! { {plain(id)} {mark("Not verified", false)} }.into_any())
                })}
                {said.country.clone().map(|country| fact("Country".to_owned(), plain(country)))}
                {said.flow.clone().map(|flow| fact("Flow".to_owned(), plain(flow)))}
                {attributes.into_iter().map(|Attribute { name, value }| fact(name, plain(value))).collect_view()}
            </dl>
            {has_unproven.then(|| view! {
                <p class="page-says__note">"What is not marked as verified is said by the page, and nobody has checked it."</p>
            })}
        </section>
    }
    .into_any()
}

fn fact(term: String, value: AnyView) -> AnyView {
    view! {
        <div class="details__fact">
            <dt class="details__term page-says__term" dir="auto">{term}</dt>
            <dd class="details__value">{value}</dd>
        </div>
    }
    .into_any()
}

fn visited(desk: Desk, pages: Vec<Page>) -> AnyView {
    let row = move |Page { url, title, at }: Page| {
        let name = if title.is_empty() { url.clone() } else { title };
        let place = url.split_once("://").map_or("", |(_, place)| place).to_owned();
        // The server takes no other; a link that runs a script is not worth trusting it.
        let href = Some(url).filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        view! {
            <li class="page-says__page">
                <a class="link page-says__title" dir="auto" href=href target="_blank" rel="noopener noreferrer">{name}</a>
                <span class="page-says__place">{place}</span>
                <span class="page-says__time">{move || Local::of(at).full(Local::of(desk.now.get()))}</span>
            </li>
        }
    };
    view! {
        <section class="details__group" aria-labelledby="details-pages">
            <h2 class="details__heading" id="details-pages">"Pages visited"</h2>
            <ol class="page-says__pages">{pages.into_iter().map(row).collect_view()}</ol>
        </section>
    }
    .into_any()
}
