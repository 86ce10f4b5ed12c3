//! Where the chat was seen, asked for again and again while somebody looks.

use std::time::Duration;

use causette_client::timer::Timer;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::requests;
use super::room::Install;

/// How often it is asked where the snippet was seen, while somebody looks: whoever has just pasted it waits for that.
const LOOK_EVERY: Duration = Duration::from_secs(3);

impl Install {
    /// Asks where it was seen, now and every few seconds while somebody looks.
    pub(super) fn look(self, turn: u32) {
        let Some(key) = self.key() else { return };
        spawn_local(async move {
            if !document().hidden() {
                let answer = requests::seen(&key).await;
                if !self.is_turn(turn) {
                    return;
                }
                match answer {
                    Ok(list) => {
                        // An answer like the last one is not drawn again: the focus stays where it is.
                        if self.seen.with_untracked(|seen| seen.as_ref() != Some(&list.origins)) {
                            self.seen.set(Some(list.origins));
                        }
                        self.seen_failure.set(None);
                    }
                    Err(failure) => self.seen_failure.set(Some(self.desk.told_of(&failure))),
                }
            }
            let next = Timer::after(LOOK_EVERY, move || {
                if self.is_turn(turn) {
                    self.look(turn);
                }
            });
            let _ = self.timer.try_update_value(|timer| *timer = Some(next));
        });
    }
}
