//! The parts of Leptos that the panel is made with.
//!
//! They are crates of their own. The crate `leptos` around them brings server functions along, whose streams are exported
//! to JavaScript and so survive every linker: 6 kB of brotli that nothing here would call.

use any_spawner::Executor;
use reactive_graph::owner::Owner;
use tachys::view::any_view::AnyView;
use tachys::view::{Mountable, Render};
use web_sys::HtmlElement;

pub use tachys;
pub use tachys::html::attribute as attr;
pub use tachys::html::event as ev;

/// What components and state use of them.
pub mod prelude {
    pub use leptos_dom::helpers::{
        document, event_target_value, request_animation_frame, window, window_event_listener,
    };
    pub use reactive_graph::effect::Effect;
    pub use reactive_graph::owner::Owner;
    pub use reactive_graph::signal::ArcTrigger;
    pub use reactive_graph::traits::{Notify, Track};
    pub use tachys::prelude::*;
    pub use tachys::view::any_view::AnyView;
}

/// Mounts into `parent` what `view` gives. It stays there for as long as the document does.
pub fn mount(parent: &HtmlElement, view: impl FnOnce() -> AnyView) {
    // Fails only where an executor was set before: by the panel that a test mounted earlier.
    let _ = Executor::init_wasm_bindgen();
    let owner = Owner::new();
    let mut mounted = owner.with(|| view().build());
    mounted.mount(parent, None);
    // Dropping either would take away what was mounted.
    std::mem::forget((owner, mounted));
}
