//! The fence: no panic of a writer leaves its library.
//!
//! Owns the catching, which must be code of the library that panics: host and plug-in have a standard
//! library each, and neither can catch a panic of the other. A library built with `panic = "abort"`
//! defeats it and is refused by its metadata.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::mem::{self, ManuallyDrop};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs code of a writer; a panic is its message, with the place where it happened.
///
/// # Errors
/// What the panic said.
pub fn fenced<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    // A panic within the fence is told by its message to whoever called, not printed on a terminal
    // that may show a progress bar or carry JSON. Every other panic goes the way it went before.
    // (The hook cannot be changed while the thread unwinds, which a drop may be part of.)
    if !std::thread::panicking() {
        HOOK.call_once(quiet_hook);
    }
    DEPTH.set(DEPTH.get().saturating_add(1));
    let result = catch_unwind(AssertUnwindSafe(code));
    let result = result.map_err(|payload| {
        let text = LAST
            .with_borrow_mut(Option::take)
            .unwrap_or_else(|| words(&*payload));
        discard(payload);
        text
    });
    DEPTH.set(DEPTH.get().saturating_sub(1));
    result
}

fn quiet_hook() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if DEPTH.get() == 0 {
            before(info);
        } else {
            let place = info
                .location()
                .map(|l| format!(" at {}:{}", l.file(), l.line()));
            let text = words(info.payload()) + &place.unwrap_or_default();
            LAST.with_borrow_mut(|last| *last = Some(text));
        }
    }));
}

fn words(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "without words".to_owned()
    }
}

/// Drops what a panic carried, which may panic in turn.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // Whoever panics while a panic is cleaned up is not cleaned up after any more.
        mem::forget(second);
    }
}

/// A value whose every use, and whose drop, is fenced; after a panic it is not used again.
pub struct Fenced<T> {
    value: ManuallyDrop<T>,
    poisoned: Option<String>,
}

impl<T> Fenced<T> {
    /// Behind the fence.
    pub fn new(value: T) -> Self {
        Self {
            value: ManuallyDrop::new(value),
            poisoned: None,
        }
    }

    /// Uses the value.
    ///
    /// # Errors
    /// What the panic said, this time or the first time.
    pub fn call<R>(&mut self, code: impl FnOnce(&mut T) -> R) -> Result<R, String> {
        if let Some(message) = &self.poisoned {
            return Err(message.clone());
        }
        let value = &mut self.value;
        let result = fenced(|| code(value));
        if let Err(message) = &result {
            self.poisoned = Some(message.clone());
        }
        result
    }
}

impl<T> Drop for Fenced<T> {
    fn drop(&mut self) {
        let value = &mut self.value;
        // A panic here has nobody to be told to.
        let _ = fenced(|| {
            #[allow(unsafe_code, reason = "a drop that can be caught")]
            // SAFETY: this is the only place that drops it, it runs once, and nothing uses the
            // value afterwards: `self` is being dropped.
            unsafe {
                ManuallyDrop::drop(value);
            }
        });
    }
}

impl<T> std::fmt::Debug for Fenced<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fenced")
            .field("poisoned", &self.poisoned)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_words_and_its_place() {
        let error = fenced(|| panic!("no such {}", "disc")).unwrap_err();
        assert!(error.starts_with("no such disc at "), "{error}");
        assert!(error.contains("fence.rs:"), "{error}");
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_survived() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("second");
            }
        }
        let error = fenced(|| panic::panic_any(Bomb)).unwrap_err();
        assert!(error.starts_with("without words"), "{error}");
        assert_eq!(fenced(|| 7), Ok(7));
    }

    #[test]
    fn a_poisoned_value_is_not_used_again() {
        let mut fenced = Fenced::new(0);
        assert!(fenced.call(|_| panic!("once")).is_err());
        let error = fenced.call(|n| *n += 1).unwrap_err();
        assert!(error.starts_with("once"), "{error}");
    }

    #[test]
    fn a_drop_that_panics_stays_behind_the_fence() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("in drop");
            }
        }
        drop(Fenced::new(Bomb));
    }
}
