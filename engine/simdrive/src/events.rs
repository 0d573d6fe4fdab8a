//! Events for GET EVENT STATUS NOTIFICATION (recipe 2.6).
//!
//! Owns the queue; each event is told once. Must not know who raises them.

use std::collections::VecDeque;

/// Events kept at most; older ones of the same class give way.
const MAX_EVENTS: usize = 16;

/// What happened, as class and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// 1:2 with change 1: other features are current now.
    FeaturesChanged,
    /// 4:1 the eject button was pressed.
    EjectRequested,
    /// 4:2
    NewMedium,
    /// 4:3
    MediumRemoved,
    /// 4:5
    BackgroundFormatComplete,
    /// 4:6
    BackgroundFormatRestarted,
}

impl Event {
    pub(crate) fn class(self) -> u8 {
        match self {
            Self::FeaturesChanged => 1,
            _ => 4,
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::EjectRequested => 1,
            Self::FeaturesChanged | Self::NewMedium => 2,
            Self::MediumRemoved => 3,
            Self::BackgroundFormatComplete => 5,
            Self::BackgroundFormatRestarted => 6,
        }
    }
}

/// Classes that this drive reports: operational change, power, external request,
/// media and device busy.
pub(crate) const SUPPORTED_CLASSES: u8 = 0b0101_1110;

#[derive(Debug, Default)]
pub(crate) struct Events(VecDeque<Event>);

impl Events {
    pub(crate) fn raise(&mut self, event: Event) {
        if self.0.back() == Some(&event) {
            return;
        }
        if self.0.len() == MAX_EVENTS {
            self.0.pop_front();
        }
        self.0.push_back(event);
    }

    /// The oldest event of the most urgent (lowest) class among those asked for.
    pub(crate) fn next(&self, classes: u8) -> Option<Event> {
        self.0
            .iter()
            .filter(|e| classes >> e.class() & 1 == 1)
            .min_by_key(|e| e.class())
            .copied()
    }

    /// Forgets an event that was told.
    pub(crate) fn told(&mut self, event: Event) {
        if let Some(at) = self.0.iter().position(|e| *e == event) {
            self.0.remove(at);
        }
    }
}
