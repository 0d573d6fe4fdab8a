//! GET EVENT STATUS NOTIFICATION (recipe 2.6).
//!
//! Owns the layout and the codes. Must not know what an event calls for.

use super::{ReplyError, need};
use crate::wire::Field;

coded! {
    /// Class of events; the mask bit of a class is `1 << class`.
    EventClass: u8 {
        /// No class that was asked for is supported.
        None = 0 => "none",
        /// The drive's abilities changed.
        OperationalChange = 1 => "operational change",
        /// Power.
        PowerManagement = 2 => "power management",
        /// A button of the drive, or another host.
        ExternalRequest = 3 => "external request",
        /// The medium.
        Media = 4 => "media",
        /// Several hosts.
        MultiHost = 5 => "multi-host",
        /// A long operation.
        DeviceBusy = 6 => "device busy",
    }
}

impl EventClass {
    /// The bit of the class in a mask; 0 for a class that has none.
    pub const fn mask(self) -> u8 {
        match self.code() {
            code @ 1..=7 => 1 << code,
            _ => 0,
        }
    }
}

coded! {
    /// Codes of the class [`EventClass::Media`].
    MediaEvent: u8 {
        /// Nothing new.
        None = 0 => "no change",
        /// The eject button was pressed.
        EjectRequest = 1 => "eject request",
        /// A new medium is ready.
        NewMedia = 2 => "new medium",
        /// The medium was taken out.
        MediaRemoval = 3 => "medium removed",
        /// The medium was changed.
        MediaChanged = 4 => "medium changed",
        /// A background format ended.
        BackgroundFormatCompleted = 5 => "background format completed",
        /// A background format started again.
        BackgroundFormatRestarted = 6 => "background format restarted",
    }
}

layout! {
    /// Fields of an event, unjudged.
    EventStatusView, EventPut {
        /// Bytes after byte 1.
        length: u16 = Field::be(0, 2),
        /// NEA: no event available.
        no_event: bool = Field::bit(2, 7),
        /// Class.
        class: EventClass = Field::bits(2, 2, 0),
        /// Mask of the classes that the drive has.
        supported: u8 = Field::be(3, 1),
        /// Code.
        code: u8 = Field::bits(4, 3, 0),
        /// Byte 5: status; with media events bit 0 tray open, bit 1 present.
        status: u8 = Field::be(5, 1),
        /// Bytes 6 and 7, by class.
        detail: u16 = Field::be(6, 2),
    }
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EventStatus {
    /// Mask of the classes that the drive has.
    pub supported: u8,
    /// The event; `None` when no class that was asked for is supported.
    pub event: Option<Event>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// The medium.
    Media {
        /// What.
        code: MediaEvent,
        /// The tray is open.
        tray_open: bool,
        /// A medium is in.
        present: bool,
    },
    /// A long operation.
    DeviceBusy {
        /// A change of the state of being busy.
        changed: bool,
        /// 0 ready, 1 power, 2 immediate operation, 3 deferred operation.
        status: u8,
        /// Time left in units of 100 ms.
        time_left: u16,
    },
    /// Another class.
    Raw {
        /// Class.
        class: EventClass,
        /// Code; 0 means that nothing happened.
        code: u8,
        /// Byte 5.
        status: u8,
        /// Bytes 6 and 7.
        detail: u16,
    },
}

impl EventStatus {
    /// Length of an answer with an event.
    pub const LEN: usize = 8;

    /// Reads a reply.
    ///
    /// # Errors
    /// Fewer than 4 bytes. An answer of 4 bytes is one without an event.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        need("event status", data, 4)?;
        let view = EventStatusView::new(data);
        let supported = view.supported().unwrap_or_default();
        let class = view.class().unwrap_or_default();
        let available = !view.no_event().unwrap_or_default() && class != EventClass::None;
        let (Some(code), Some(status), Some(detail), true) =
            (view.code(), view.status(), view.detail(), available)
        else {
            return Ok(Self {
                supported,
                event: None,
            });
        };
        let event = match class {
            EventClass::Media => Event::Media {
                code: MediaEvent::from_code(code),
                tray_open: status & 1 != 0,
                present: status & 2 != 0,
            },
            EventClass::DeviceBusy => Event::DeviceBusy {
                changed: code == 1,
                status,
                time_left: detail,
            },
            class => Event::Raw {
                class,
                code,
                status,
                detail,
            },
        };
        Ok(Self {
            supported,
            event: Some(event),
        })
    }

    /// The bytes: 8, or 4 without an event.
    pub fn emit(&self) -> Vec<u8> {
        let Some(event) = self.event else {
            let mut data = vec![0; 4];
            EventPut(&mut data)
                .length(2)
                .no_event(true)
                .supported(self.supported);
            return data;
        };
        let (class, code, status, detail) = match event {
            Event::Media {
                code,
                tray_open,
                present,
            } => (
                EventClass::Media,
                code.code(),
                u8::from(tray_open) | u8::from(present) << 1,
                0,
            ),
            Event::DeviceBusy {
                changed,
                status,
                time_left,
            } => (EventClass::DeviceBusy, changed.into(), status, time_left),
            Event::Raw {
                class,
                code,
                status,
                detail,
            } => (class, code, status, detail),
        };
        let mut data = vec![0; Self::LEN];
        EventPut(&mut data)
            .length((Self::LEN - 2) as u16)
            .class(class)
            .supported(self.supported)
            .code(code)
            .status(status)
            .detail(detail);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_new_medium_is_told() {
        let data = [0, 6, 4, 0x5E, 2, 2, 0, 0];
        let read = EventStatus::parse(&data).unwrap();
        assert_eq!(read.supported, 0x5E);
        assert_eq!(
            read.event,
            Some(Event::Media {
                code: MediaEvent::NewMedia,
                tray_open: false,
                present: true
            })
        );
        assert_eq!(read.emit(), data);
    }

    #[test]
    fn a_busy_drive_tells_the_time_left() {
        let data = [0, 6, 6, 0x5E, 1, 2, 0x01, 0x2C];
        let read = EventStatus::parse(&data).unwrap();
        assert_eq!(
            read.event,
            Some(Event::DeviceBusy {
                changed: true,
                status: 2,
                time_left: 300
            })
        );
        assert_eq!(read.emit(), data);
    }

    #[test]
    fn other_classes_are_kept_raw() {
        let data = [0, 6, 1, 0x5E, 2, 0, 0, 1];
        let read = EventStatus::parse(&data).unwrap();
        assert_eq!(
            read.event,
            Some(Event::Raw {
                class: EventClass::OperationalChange,
                code: 2,
                status: 0,
                detail: 1
            })
        );
        assert_eq!(read.emit(), data);
    }

    #[test]
    fn no_event_is_four_bytes_or_a_bit() {
        for data in [&[0u8, 2, 0x80, 0x5E][..], &[0, 6, 0x84, 0x5E, 2, 2, 0, 0]] {
            let read = EventStatus::parse(data).unwrap();
            assert_eq!(read.event, None);
            assert_eq!(read.emit(), [0, 2, 0x80, 0x5E]);
        }
        assert!(EventStatus::parse(&[0, 2, 0x80]).is_err());
    }

    #[test]
    fn masks_follow_the_classes() {
        assert_eq!(EventClass::Media.mask(), 0x10);
        assert_eq!(EventClass::DeviceBusy.mask(), 0x40);
        assert_eq!(EventClass::None.mask(), 0);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(data: [u8; 8]) {
            let read = EventStatus::parse(&data).unwrap();
            prop_assert_eq!(EventStatus::parse(&read.emit()), Ok(read));
        }
    }
}
