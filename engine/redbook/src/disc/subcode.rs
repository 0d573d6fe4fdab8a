//! What P and Q say in every sector of a disc, lead-in and lead-out too.
//!
//! Recipe 5 has where discs and programs differ: relative time in a pause counts down to zero, which it reaches in the
//! pause's last sector, as on pressed discs.

use super::{PROGRAM_START, Session, Spot, Track};
use crate::sector::SectorForm;
use crate::subchannel::{Channels, Control, LeadInPoint, Q, QMessage, SubchannelTrack};
use pitland_mmc::{Lba, Msf};

/// Times that an entry of the table of contents stands in a row.
const REPEATS: usize = 3;
/// Sectors among which the catalogue number and an ISRC stand at least once each.
const CODE_EVERY: i32 = 100;
/// Where in these the catalogue number stands, and where the ISRC.
const CATALOGUE_AT: i32 = 40;
const ISRC_AT: i32 = 80;
/// Frames before a track and before the lead-out in which P is set, and then is not in the lead-out: two seconds.
const P_FRAMES: i32 = 150;

/// Sectors for which the flag of copies stays as it is where it alternates: 9.375 times a second it is on and off.
const COPY_FLAG_SECTORS: i32 = 4;

/// The flag of copies of a serial copy. MMC has it alternate like this in mode 1 of Q, beginning with zero.
fn copy_alternates(lba: Lba) -> bool {
    (lba.0 - PROGRAM_START).div_euclid(COPY_FLAG_SECTORS) % 2 == 1
}

/// The sub-channels of a session.
#[derive(Debug, Clone)]
pub struct Subcode<'a> {
    session: &'a Session,
    lead_in: Lba,
    points: Vec<(Control, LeadInPoint)>,
}

/// Minutes, seconds and frames of a difference that is not negative and below 100 minutes.
fn time(frames: i32) -> Msf {
    u32::try_from(frames)
        .ok()
        .and_then(Msf::from_frames)
        .unwrap_or_default()
}

fn address(lba: Lba) -> Msf {
    lba.to_msf().unwrap_or_default()
}

impl Session {
    /// What the sub-channels say, where the lead-in begins at `lead_in`: a negative block, as the disc's ATIP has it.
    #[must_use]
    pub fn subcode(&self, lead_in: Lba) -> Subcode<'_> {
        Subcode {
            session: self,
            lead_in,
            points: self.points(),
        }
    }

    /// Point A0h's kind of disc.
    fn kind(&self) -> u8 {
        let xa = self.tracks.iter().any(|track| {
            matches!(
                track.form,
                SectorForm::Mode2Form1(_) | SectorForm::Mode2Form2(_)
            )
        });
        if xa { 0x20 } else { 0 }
    }

    /// The table of contents, in the order in which the lead-in repeats it.
    fn points(&self) -> Vec<(Control, LeadInPoint)> {
        let of_track = |(track, placed): (&Track, super::Placed)| {
            let point = LeadInPoint::Track {
                number: placed.number,
                start: address(placed.index_1),
            };
            (track.recorded_control(), point)
        };
        let mut points: Vec<_> = self.tracks().map(of_track).collect();
        let first = points
            .first()
            .map_or(Control::AUDIO, |(control, _)| *control);
        let last = points
            .last()
            .map_or(Control::AUDIO, |(control, _)| *control);
        points.extend([
            (
                first,
                LeadInPoint::First {
                    track: self.first_track(),
                    kind: self.kind(),
                },
            ),
            (
                last,
                LeadInPoint::Last {
                    track: self.last_track(),
                },
            ),
            (
                last,
                LeadInPoint::LeadOut {
                    start: address(self.lead_out()),
                },
            ),
        ]);
        points
    }
}

impl Subcode<'_> {
    /// The channels of a sector, R to W empty. Before the lead-in there is nothing: what is asked there is answered as the
    /// lead-in's first sectors.
    #[must_use]
    pub fn at(&self, lba: Lba) -> Channels {
        let (p, q) = if lba.0 < PROGRAM_START {
            (false, self.lead_in_q(lba))
        } else if lba >= self.session.lead_out() {
            self.lead_out_at(lba)
        } else {
            self.program_at(lba)
        };
        Channels::new(p, q.to_bytes())
    }

    fn lead_in_q(&self, lba: Lba) -> Q {
        let points = &self.points;
        let since = usize::try_from(i64::from(lba.0) - i64::from(self.lead_in.0)).unwrap_or(0);
        let at = (since / REPEATS).checked_rem(points.len()).unwrap_or(0);
        let fallback = (Control::AUDIO, LeadInPoint::Last { track: 1 });
        let (control, point) = points.get(at).copied().unwrap_or(fallback);
        Q {
            control,
            message: QMessage::Contents {
                point,
                running: address(lba),
            },
        }
    }

    fn lead_out_at(&self, lba: Lba) -> (bool, Q) {
        let lead_out = self.session.lead_out();
        let since = lba.0.saturating_sub(lead_out.0);
        let last = self.session.tracks.last();
        let q = Q {
            control: last.map_or(Control::AUDIO, Track::recorded_control),
            message: QMessage::Position {
                track: SubchannelTrack::LeadOut,
                index: 1,
                relative: time(since),
                absolute: address(lba),
            },
        };
        // P's flag ends with the lead-out's first sector. Then two changes a cycle, two cycles a second.
        let unset = since - 1;
        let changes = i64::from(unset - P_FRAMES) * 4 / i64::from(Msf::FRAMES_PER_SECOND);
        (since == 0 || (unset >= P_FRAMES && changes % 2 == 0), q)
    }

    fn program_at(&self, lba: Lba) -> (bool, Q) {
        let session = self.session;
        let Some(spot) = session.at(lba) else {
            // The program has no gaps.
            return self.lead_out_at(lba);
        };
        // What begins within two seconds; the flag lasts through the first sector of it.
        let begins_soon = match session.at(Lba(lba.0.saturating_add(P_FRAMES))) {
            Some(next) => next.index > 0 && next.placed.number > spot.placed.number,
            None => true,
        };
        let p = spot.index == 0 || lba == spot.placed.index_1 || begins_soon;
        let message = self.code_at(lba, &spot).unwrap_or(QMessage::Position {
            track: SubchannelTrack::Number(spot.placed.number),
            index: spot.index,
            relative: match spot.index {
                0 => time(spot.placed.index_1.0 - 1 - lba.0),
                _ => time(lba.0 - spot.placed.index_1.0),
            },
            absolute: address(lba),
        });
        let mut control = spot.track.recorded_control();
        if spot.track.serial_copy && matches!(message, QMessage::Position { .. }) {
            control.copy_permitted = copy_alternates(lba);
        }
        (p, Q { control, message })
    }

    /// The catalogue number or the ISRC, where one of them takes the place of the position. The first sector of an index
    /// says that it is the first; the number waits for the next one.
    fn code_at(&self, lba: Lba, spot: &Spot<'_>) -> Option<QMessage> {
        let is_change = |lba: Lba| {
            let before = self.session.at(Lba(lba.0 - 1));
            let this = self.session.at(lba);
            match (before, this) {
                (Some(before), Some(this)) => {
                    (before.placed.number, before.index) != (this.placed.number, this.index)
                }
                _ => true,
            }
        };
        let is_place = |place: i32| {
            let slot = lba.0.rem_euclid(CODE_EVERY);
            match slot - place {
                0 => !is_change(lba),
                1 => is_change(Lba(lba.0 - 1)) && !is_change(lba),
                _ => false,
            }
        };
        let frame = address(lba).f;
        if let Some(number) = self.session.catalogue().filter(|_| is_place(CATALOGUE_AT)) {
            return Some(QMessage::Catalogue { number, frame });
        }
        let code = spot.track.isrc.filter(|_| is_place(ISRC_AT))?;
        Some(QMessage::Recording { code, frame })
    }
}
