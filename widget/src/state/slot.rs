//! A value that views follow.
//!
//! Like a signal, but with one type of machinery behind values of every type: a trigger. Leptos' own signals are
//! compiled anew for each type they hold; for the forty values of this state that was a third of the wasm.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::leptos::prelude::{ArcTrigger, Notify, Track};

/// A value, and who follows it. It is locked only while it is read or replaced; a reader may not write the same slot.
#[derive(Debug, Default)]
pub struct Slot<T> {
    value: Mutex<T>,
    changed: ArcTrigger,
}

impl<T> Slot<T> {
    /// Holds a value.
    pub fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: fresh() }
    }

    /// Reads the value; whoever reads it in a view or effect is run again when it changes.
    pub fn with<U>(&self, read: impl FnOnce(&T) -> U) -> U {
        follow(&self.changed);
        read(&self.lock())
    }

    /// Reads the value without following it.
    pub fn peek<U>(&self, read: impl FnOnce(&T) -> U) -> U {
        read(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        // A panic ends the program here, so nobody ever sees what it left.
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Slot<T> {
    /// Copies the value, and follows it.
    pub fn get(&self) -> T {
        self.with(T::clone)
    }

    /// Copies the value without following it.
    pub fn now(&self) -> T {
        self.peek(T::clone)
    }
}

impl<T: PartialEq> Slot<T> {
    /// Puts a value in. One that is equal to the old changes nothing, so nothing is drawn again for nothing.
    pub fn set(&self, value: T) {
        let mut held = self.lock();
        if *held != value {
            *held = value;
            drop(held);
            tell(&self.changed);
        }
    }
}

impl Slot<u32> {
    /// Asks for something once more: whoever follows the count does it again.
    pub fn bump(&self) {
        self.set(self.now().wrapping_add(1));
    }
}

// What is the same for every type is compiled once.

#[inline(never)]
fn fresh() -> ArcTrigger {
    ArcTrigger::new()
}

#[inline(never)]
fn follow(changed: &ArcTrigger) {
    changed.track();
}

#[inline(never)]
fn tell(changed: &ArcTrigger) {
    changed.notify();
}
