//! The rows of the log in the document.
//!
//! Rows are told apart by their ids: one that is still there keeps its element, wherever it has moved to. Leptos' `For`
//! does the same for any list; this one knows that rows come at the ends and seldom move, and is 3 kB lighter.

use crate::leptos::prelude::*;
use crate::leptos::tachys::view::any_view::AnyViewState;
use causette_shared::id::EntryId;
use web_sys::{HtmlElement, Node};

use super::entry;
use crate::components::{by_id, watch};
use crate::state::Widget;
use crate::state::rows::Row;

/// The id of the log.
pub(super) const LOG: &str = "thread-log";

/// A row in the document.
struct Drawn {
    id: EntryId,
    view: AnyViewState,
    /// What the row's views have registered, and lose when it goes.
    owner: Owner,
}

/// Keeps the document's rows equal to those of the state.
pub(super) fn keep(widget: Widget) {
    // Not the owner of the effect, which lets go of everything each time it runs.
    let Some(parent) = Owner::current() else {
        return;
    };
    let mut drawn = Vec::new();
    watch(move || {
        let rows = widget.thread.rows.get();
        if let Some(log) = by_id(LOG) {
            drawn = draw(widget, &parent, &log, std::mem::take(&mut drawn), &rows);
        }
    });
}

fn draw(widget: Widget, parent: &Owner, log: &HtmlElement, old: Vec<Drawn>, rows: &[Row]) -> Vec<Drawn> {
    let mut old: Vec<Option<Drawn>> = old.into_iter().map(Some).collect();
    let mut next = Vec::with_capacity(rows.len());
    let mut at_hand = 0;
    for row in rows {
        let is_row = |drawn: &Option<Drawn>| drawn.as_ref().is_some_and(|drawn| drawn.id == row.id);
        // Most often it is the one after the last that was found.
        let place =
            if old.get(at_hand).is_some_and(is_row) { Some(at_hand) } else { old.iter().position(is_row) };
        let kept = place.and_then(|place| {
            at_hand = place + 1;
            old[place].take()
        });
        next.push(kept.unwrap_or_else(|| {
            let owner = parent.with(Owner::new);
            let view = owner.with(|| entry(widget, row).build());
            Drawn { id: row.id, view, owner }
        }));
    }
    for mut gone in old.into_iter().flatten() {
        gone.view.unmount();
        gone.owner.cleanup();
    }
    let mut after: Option<Node> = None;
    for drawn in next.iter_mut().rev() {
        let element = drawn.view.elements().pop().map(Node::from);
        let in_place = element
            .as_ref()
            .is_some_and(|element| element.parent_node().is_some() && element.next_sibling() == after);
        if !in_place {
            drawn.view.mount(log, after.as_ref());
        }
        after = element;
    }
    next
}
