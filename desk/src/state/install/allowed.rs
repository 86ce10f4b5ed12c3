//! Who may use a site's chat: the pages of its origins, and apps.

use causette_shared::protocol::install::SiteChange;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::requests;
use super::room::Install;
use crate::state::contacts::{Failure, Load};
use crate::state::words;

impl Install {
    /// Adds an origin to those that may embed the chat, or takes it off. `done` is told whether that was so.
    pub fn set_origin(self, origin: String, is_listed: bool, done: impl Fn(Result<(), String>) + 'static) {
        let Some(key) = self.key() else { return };
        let mut origins = match self.chosen.get_untracked() {
            Load::Ready(chosen) => chosen.site.origins,
            _ => return,
        };
        origins.retain(|held| *held != origin);
        if is_listed {
            origins.push(origin);
        }
        let turn = self.turn();
        spawn_local(async move {
            let answer = requests::set_origins(&key, origins).await;
            if !self.is_turn(turn) {
                return;
            }
            match answer {
                Ok(site) => {
                    self.put_site(site);
                    done(Ok(()));
                    self.look(turn);
                }
                Err(failure) => done(Err(self.reason(&failure))),
            }
        });
    }

    /// Whether apps may speak with the chat: as it is, or as it is being saved. Tracked.
    #[must_use]
    pub fn allows_apps(self) -> bool {
        self.apps_wanted.get().unwrap_or_else(|| {
            self.chosen.with(|chosen| matches!(chosen, Load::Ready(chosen) if chosen.site.allow_apps))
        })
    }

    /// Lets apps speak with the chat, or no longer. While one change is under way there is no other.
    pub fn set_apps(self, is_on: bool) {
        let Some(key) = self.key() else { return };
        if self.apps_wanted.get_untracked().is_some() {
            return;
        }
        self.apps_wanted.set(Some(is_on));
        self.apps_failure.set(None);
        let turn = self.turn();
        spawn_local(async move {
            let answer = requests::change(&key, &SiteChange { allow_apps: Some(is_on) }).await;
            if !self.is_turn(turn) {
                return;
            }
            match answer {
                Ok(site) => self.put_site(site),
                Err(failure) => self.apps_failure.set(Some(self.reason(&failure))),
            }
            // Last, so that what is shown goes from the wish to what has become of it.
            self.apps_wanted.set(None);
        });
    }

    /// Why something was not done: in the server's words where it refused.
    fn reason(self, failure: &Failure) -> String {
        match failure {
            Failure::Refused(problem) => words::sentence(&problem.detail),
            other => self.desk.told_of(other),
        }
    }
}
