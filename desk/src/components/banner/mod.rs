//! The line that says when the desk is cut off, and what that means for what is written.

use leptos::prelude::*;

use crate::state::desk::{Connection, Desk, TOLD_FROM};

/// Draws the banner. A loss that mends itself at once is not worth a word: it speaks from the second attempt on.
#[component]
pub fn Banner(
    /// The store.
    desk: Desk,
) -> impl IntoView {
    let text = move || match desk.connection.get() {
        Connection::Open | Connection::Connecting => None,
        Connection::Outdated => Some("The desk was updated."),
        Connection::Lost { .. } if !window().navigator().on_line() => {
            Some("You are offline. What you write is kept and sent when the connection is back.")
        }
        Connection::Lost { attempts } if attempts >= TOLD_FROM => {
            Some("Reconnecting… What you write is kept and sent when the connection is back.")
        }
        Connection::Lost { .. } => None,
    };
    let reload = move |_| {
        let _ = window().location().reload();
    };
    view! {
        <div class="banner-place" role="status">
            {move || {
                text().map(|text| {
                    let outdated = desk.connection.get() == Connection::Outdated;
                    view! {
                        <p class="banner">
                            {(!outdated).then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
                            <span>{text}</span>
                            {outdated.then(|| {
                                view! {
                                    <button class="button button--small" type="button" on:click=reload>
                                        "Reload"
                                    </button>
                                }
                            })}
                        </p>
                    }
                })
            }}
        </div>
    }
}
