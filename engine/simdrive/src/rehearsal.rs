//! Test writing: a run with the laser at reading power, which leaves the disc as it was
//! (recipe 3).
//!
//! While page 05h says Test Write, the drive writes to a copy of the disc's record: it takes
//! and refuses blocks as it would, its buffer drains at speed, and nothing reaches the disc. A
//! synchronization ends the run, and the next one begins at the same next writable address.

use crate::medium::{Medium, Recorded};
use crate::recorder::Recorder;
use crate::write_parameters::has_test_write;

impl Recorder {
    /// What is written now is only a test.
    pub(crate) fn is_test_writing(&self) -> bool {
        let tests = |medium: &Medium| has_test_write(&self.model, medium);
        self.pages.write_parameters().test_write() && self.medium().is_some_and(tests)
    }

    /// The record that the next WRITE goes by: the disc's, or that of the test run under way.
    pub(crate) fn record_of_writing<'a>(&'a self, medium: &'a Medium) -> &'a Recorded {
        match &self.rehearsal {
            Some(copy) if self.is_test_writing() => copy,
            _ => &medium.recorded,
        }
    }

    /// As [`Self::record_of_writing`], to change what was taken and is not on the disc yet.
    pub(crate) fn record_of_writing_mut(&mut self) -> Option<&mut Recorded> {
        if self.rehearsal.is_some() {
            return self.rehearsal.as_mut();
        }
        // Nothing to save: only what is on the disc is remembered.
        self.medium_mut().map(|medium| &mut medium.recorded)
    }

    /// Begins a test run where one is due, and ends one where none is.
    pub(crate) fn keep_rehearsal(&mut self) {
        let tests = self.is_test_writing();
        if tests == self.rehearsal.is_some() {
            return;
        }
        // What is in the buffer was taken in the other way.
        self.drain_all();
        self.rehearsal = match tests {
            true => self.medium().map(|medium| medium.recorded.clone()),
            false => None,
        };
    }
}
