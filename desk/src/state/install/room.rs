//! What the page "Install" knows, behind signals: the sites, the chosen one, its looks as they are and as they are being
//! changed, its snippets, and where it was seen.

use causette_client::timer::Timer;
use causette_shared::id::SiteKey;
use causette_shared::protocol::agent::Role;
use causette_shared::protocol::install::{Looks, PublishedSnippet, SeenOrigin, SiteRow, Snippet};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::flows::{self, Flow, Part};
use super::requests;
use crate::state::contacts::{Failure, Load};
use crate::state::desk::Desk;
use crate::state::words;

/// What a save was refused for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The field at fault; empty where it is none.
    pub field: String,
    /// The flow at fault, by its id, and what of it, where that is known.
    pub flow: Option<(u32, Part)>,
    /// What to tell.
    pub text: String,
}

/// The chosen site, as the server knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its name, key and origins.
    pub site: SiteRow,
    /// How it looks.
    pub looks: Looks,
    /// What its owner pastes.
    pub snippet: Snippet,
}

/// The store of the page. A handle: copies share it.
#[derive(Clone, Copy)]
pub struct Install {
    pub(super) desk: Desk,
    /// Every site.
    pub sites: RwSignal<Vec<SiteRow>>,
    /// The chosen one.
    pub chosen: RwSignal<Load<Chosen>>,
    /// Its looks as they are being changed.
    pub draft: RwSignal<Option<Looks>>,
    /// Its flows as they are being changed; those of the draft are the site's.
    pub flows: RwSignal<Vec<Flow>>,
    /// The flow whose greeting the preview shows, by its id.
    pub shown_flow: RwSignal<Option<u32>>,
    /// Whether something is being saved.
    pub busy: RwSignal<bool>,
    /// Why the last save was refused.
    pub refusal: RwSignal<Option<Refusal>>,
    /// The snippet that was pinned last, of looks that hold still.
    pub pinned: RwSignal<Option<PublishedSnippet>>,
    /// What is being saved of whether apps may speak with it.
    pub apps_wanted: RwSignal<Option<bool>>,
    /// Why the last change of that was refused.
    pub apps_failure: RwSignal<Option<String>>,
    /// Where it was seen.
    pub seen: RwSignal<Option<Vec<SeenOrigin>>>,
    /// Why that is not known now.
    pub seen_failure: RwSignal<Option<String>>,
    turn: StoredValue<u32>,
    pub(super) timer: StoredValue<Option<Timer>, LocalStorage>,
}

impl Install {
    /// Makes one that knows nothing yet.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self {
            desk,
            sites: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(Load::Loading),
            draft: RwSignal::new(None),
            flows: RwSignal::new(Vec::new()),
            shown_flow: RwSignal::new(None),
            busy: RwSignal::new(false),
            refusal: RwSignal::new(None),
            pinned: RwSignal::new(None),
            apps_wanted: RwSignal::new(None),
            apps_failure: RwSignal::new(None),
            seen: RwSignal::new(None),
            seen_failure: RwSignal::new(None),
            turn: StoredValue::new(0),
            timer: StoredValue::new_local(None),
        }
    }

    /// Whether the agent may change what pages get. Tracked.
    #[must_use]
    pub fn is_admin(self) -> bool {
        self.desk.me.with(|me| me.as_ref().is_some_and(|me| me.role == Role::Admin))
    }

    /// Whether the looks are others than the site's. Tracked.
    #[must_use]
    pub fn is_changed(self) -> bool {
        self.draft.with(|draft| match (draft, &*self.chosen.read()) {
            (Some(draft), Load::Ready(chosen)) => {
                *draft != chosen.looks || self.has_other_flows(&chosen.looks)
            }
            _ => false,
        })
    }

    /// Whether the flows are others than those of saved looks. Tracked.
    #[must_use]
    pub fn has_other_flows(self, saved: &Looks) -> bool {
        self.flows.with(|flows| flows::check(flows).as_ref() != Ok(&saved.flows))
    }

    /// Asks for the sites, and chooses the first.
    pub fn start(self) {
        self.chosen.set(Load::Loading);
        let turn = self.next_turn();
        spawn_local(async move {
            let answer = requests::sites().await;
            if !self.is_turn(turn) {
                return;
            }
            match answer {
                Ok(list) => {
                    let first = list.sites.first().map(|site| site.key.clone());
                    self.sites.set(list.sites);
                    match first {
                        Some(first) => self.choose(&first),
                        None => self.chosen.set(Load::Nothing),
                    }
                }
                Err(failure) => self.chosen.set(Load::Failed(self.desk.told_of(&failure))),
            }
        });
    }

    /// Chooses a site.
    pub fn choose(self, key: &SiteKey) {
        let turn = self.next_turn();
        let site = self.sites.with_untracked(|sites| sites.iter().find(|site| site.key == *key).cloned());
        let Some(site) = site else { return };
        self.chosen.set(Load::Loading);
        self.begin_with(None);
        self.busy.set(false);
        self.refusal.set(None);
        self.pinned.set(None);
        self.apps_wanted.set(None);
        self.apps_failure.set(None);
        self.seen.set(None);
        self.seen_failure.set(None);
        spawn_local(async move {
            let looks = requests::looks(&site.key).await;
            let snippet = requests::snippet(&site.key).await;
            if !self.is_turn(turn) {
                return;
            }
            match (looks, snippet) {
                (Ok(looks), Ok(snippet)) => {
                    self.begin_with(Some(looks.clone()));
                    self.chosen.set(Load::Ready(Chosen { site, looks, snippet }));
                    self.look(turn);
                }
                (Err(failure), _) | (_, Err(failure)) => {
                    self.chosen.set(Load::Failed(self.desk.told_of(&failure)));
                }
            }
        });
    }

    /// Takes back what was changed and not saved.
    pub fn reset(self) {
        let looks = self.chosen.with_untracked(|chosen| match chosen {
            Load::Ready(chosen) => Some(chosen.looks.clone()),
            _ => None,
        });
        self.begin_with(looks);
        self.refusal.set(None);
    }

    fn begin_with(self, looks: Option<Looks>) {
        self.shown_flow.set(None);
        self.flows.set(looks.as_ref().map(|looks| flows::list(&looks.flows)).unwrap_or_default());
        self.draft.set(looks);
    }

    /// Makes the looks the site's own.
    pub fn save(self) {
        let (Some(key), Some(draft)) = (self.key(), self.draft.get_untracked()) else { return };
        if self.busy.get_untracked() {
            return;
        }
        let list = self.flows.get_untracked();
        let flows = match flows::check(&list) {
            Ok(flows) => flows,
            Err(fault) => {
                let (field, text) = ("flows".to_owned(), fault.text.to_owned());
                self.refusal.set(Some(Refusal { field, flow: Some((fault.flow, fault.part)), text }));
                return;
            }
        };
        self.busy.set(true);
        self.refusal.set(None);
        let turn = self.turn.get_value();
        spawn_local(async move {
            let answer = requests::save_looks(&key, &Looks { flows, ..draft.clone() }).await;
            if !self.is_turn(turn) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(looks) => {
                    // What was changed while it was under way stays.
                    if self.flows.with_untracked(|now| *now == list) {
                        self.flows.update(|flows| flows::settle(flows, &looks.flows));
                    }
                    self.draft.update(|now| match now {
                        Some(now) if *now != draft => now.flows.clone_from(&looks.flows),
                        now => *now = Some(looks.clone()),
                    });
                    self.change(move |chosen| chosen.looks = looks);
                    self.pinned.set(None);
                    self.desk.tell("Saved. Pages show it within five minutes.".to_owned());
                }
                Err(failure) => self.refuse(&failure),
            }
        });
    }

    /// Publishes the loader with the site's own looks.
    pub fn publish(self) {
        let Some(key) = self.key() else { return };
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        let turn = self.turn.get_value();
        spawn_local(async move {
            let answer = requests::publish(&key).await;
            if !self.is_turn(turn) {
                return;
            }
            self.busy.set(false);
            match answer {
                Ok(snippet) => self.pinned.set(Some(snippet)),
                Err(failure) => self.desk.tell(self.desk.told_of(&failure)),
            }
        });
    }

    /// What was refused is being changed.
    pub fn forget_refusal(self) {
        if self.refusal.with_untracked(Option::is_some) {
            self.refusal.set(None);
        }
    }

    fn refuse(self, failure: &Failure) {
        let refusal = match failure {
            Failure::Refused(problem) => Refusal {
                field: problem.field.clone().unwrap_or_default(),
                flow: None,
                text: words::sentence(&problem.detail),
            },
            other => Refusal { field: String::new(), flow: None, text: self.desk.told_of(other) },
        };
        self.refusal.set(Some(refusal));
    }

    /// Which wait an answer is to be for: see `is_turn`.
    pub(super) fn turn(self) -> u32 {
        self.turn.get_value()
    }

    /// Takes the chosen site as the server has it now, for whoever chooses it again too.
    pub(super) fn put_site(self, site: SiteRow) {
        self.sites.update(|sites| {
            if let Some(held) = sites.iter_mut().find(|held| held.key == site.key) {
                held.clone_from(&site);
            }
        });
        self.change(move |chosen| chosen.site = site);
    }

    fn change(self, act: impl FnOnce(&mut Chosen)) {
        self.chosen.update(|chosen| {
            if let Load::Ready(chosen) = chosen {
                act(chosen);
            }
        });
    }

    pub(super) fn key(self) -> Option<SiteKey> {
        self.chosen.with_untracked(|chosen| match chosen {
            Load::Ready(chosen) => Some(chosen.site.key.clone()),
            _ => None,
        })
    }

    fn next_turn(self) -> u32 {
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        self.turn.get_value()
    }

    /// Whether an answer is still waited for: neither was another site chosen, nor the page left.
    pub(super) fn is_turn(self, turn: u32) -> bool {
        self.turn.try_get_value() == Some(turn)
    }
}
