//! Sessions of one sheet that we and others wrote raw, compared frame by frame: main channel, P, Q, and R to W, of
//! lead-in, program and lead-out. Owns the reasons for which a frame of theirs may be another than ours; what no
//! reason explains is told. Ours must say what the sheet says, frame by frame.

use super::sound::FRAME_BYTES;
use pitland::transport::sim::{Access, Medium, open_disc};
use pitland_mmc::{Lba, Msf};
use pitland_redbook::disc;
use pitland_redbook::subchannel::{Channels, Control, LeadInPoint, Q, QMessage, SubchannelTrack};
use std::collections::BTreeMap;
use std::path::Path;

/// Where the lead-in of a virtual CD-R begins, and the program.
const LEAD_IN: i32 = -11_550;
const PROGRAM: i32 = -150;
const LEAD_OUT_FRAMES: i32 = 6750;
/// Two seconds.
const FLAG: i32 = 150;
/// Bytes of a sector with its sub-channels.
const SECTOR: usize = FRAME_BYTES + 96;

/// Why a frame of another program is another than ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// It counts the lead-in from 0. Ours says the time that the groove of the disc has there, as wodim's does.
    LeadInFromZero,
    /// It repeats the entries of the table of contents beginning with A0, ours with track 1, as cdrdao's does.
    TableOrder,
    /// Its lead-out, or the entry of it, has no flags. Ours has those of the last track: but for the permission
    /// to copy, they may change in pauses only.
    NoFlagsInLeadOut,
    /// Its pauses have the flags of the track before. Ours have those of the track that they belong to, as
    /// cdrdao's do: flags change where a pause begins.
    PauseWithOldFlags,
    /// Its pauses count down to 1. Ours end with 0, as wodim's and pressed discs do.
    PauseEndsAtOne,
    /// A catalogue number or a code stands in place of the position, here with one of both: any place will do
    /// as long as there is one in a hundred frames.
    CodesElsewhere,
    /// The catalogue number goes on in its lead-out, where it is of no use.
    CatalogueInLeadOut,
    /// P ends with the last frame before a track, and does not announce the lead-out. Ours does as cdrdao's.
    FlagWithoutEnd,
    /// P goes on and off in the lead-out: ours every 18 or 19 frames, two cycles a second, theirs otherwise.
    OtherCycle,
}

/// Who wrote the other session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// All of these are met with.
    pub(crate) reasons: &'static [Reason],
    /// Frames between two changes of P in its lead-out.
    pub(crate) half_cycle: i32,
}

pub(crate) const CDRDAO: Peer = Peer {
    name: "cdrdao",
    reasons: &[
        Reason::LeadInFromZero,
        Reason::NoFlagsInLeadOut,
        Reason::PauseEndsAtOne,
        Reason::CodesElsewhere,
        Reason::CatalogueInLeadOut,
        Reason::OtherCycle,
    ],
    half_cycle: 19,
};

pub(crate) const WODIM: Peer = Peer {
    name: "wodim",
    reasons: &[
        Reason::TableOrder,
        Reason::NoFlagsInLeadOut,
        Reason::PauseWithOldFlags,
        Reason::FlagWithoutEnd,
        Reason::OtherCycle,
    ],
    half_cycle: 75,
};

/// A track as the sheet has it, in blocks of the disc.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Track {
    /// Where its pause begins; where index 1 does if it has none.
    pub(crate) start: i32,
    pub(crate) indexes: &'static [i32],
    pub(crate) control: Control,
    pub(crate) isrc: Option<&'static str>,
}

/// What was to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet {
    pub(crate) tracks: &'static [Track],
    pub(crate) lead_out: i32,
    pub(crate) catalogue: Option<&'static str>,
}

struct Frame {
    main: [u8; FRAME_BYTES],
    channels: Channels,
}

struct Disc(Medium);

impl Disc {
    fn open(path: &Path) -> Self {
        Self(open_disc(path, Access::ReadOnly).unwrap())
    }

    fn frame(&mut self, lba: i32) -> Frame {
        let mut sector = [0; SECTOR];
        self.0.read_sectors(lba, &mut sector).unwrap();
        let (main, sub) = sector.split_at(FRAME_BYTES);
        Frame {
            main: main.try_into().unwrap(),
            channels: Channels::from_interleaved(sub.try_into().unwrap()),
        }
    }
}

fn time(frames: i32) -> Msf {
    Msf::from_frames(frames as u32).unwrap()
}

impl Sheet {
    /// The position of a block behind the lead-in, and its flags.
    fn position(&self, lba: i32) -> (Control, QMessage) {
        let last = self.tracks.last().unwrap();
        let (control, number, index, relative) = if lba >= self.lead_out {
            let lead_out = SubchannelTrack::LeadOut;
            (last.control, lead_out, 1, lba - self.lead_out)
        } else {
            let begun = self.tracks.iter().filter(|track| track.start <= lba);
            let number = begun.count();
            let track = &self.tracks[number - 1];
            let index = track.indexes.iter().filter(|start| **start <= lba).count();
            let relative = match index {
                0 => track.indexes[0] - 1 - lba,
                _ => lba - track.indexes[0],
            };
            let number = SubchannelTrack::Number(number as u8);
            (track.control, number, index as u8, relative)
        };
        let message = QMessage::Position {
            track: number,
            index,
            relative: time(relative),
            absolute: Lba(lba).to_msf().unwrap(),
        };
        (control, message)
    }

    /// The flag that announces tracks and the lead-out, up to the lead-out's first frame.
    fn p(&self, lba: i32) -> bool {
        let announced =
            |begins: i32, pause: i32| (begins - pause.max(FLAG)..=begins).contains(&lba);
        let mut tracks = self.tracks.iter();
        tracks.any(|track| announced(track.indexes[0], track.indexes[0] - track.start))
            || announced(self.lead_out, 0)
    }

    fn entries(&self) -> Vec<(Control, LeadInPoint)> {
        let address = |lba: i32| Lba(lba).to_msf().unwrap();
        let (first, last) = (self.tracks[0], self.tracks[self.tracks.len() - 1]);
        let tracks = (1u8..).zip(self.tracks).map(|(number, track)| {
            let start = address(track.indexes[0]);
            (track.control, LeadInPoint::Track { number, start })
        });
        let of_disc = [
            (first.control, LeadInPoint::First { track: 1, kind: 0 }),
            (
                last.control,
                LeadInPoint::Last {
                    track: self.tracks.len() as u8,
                },
            ),
            (
                last.control,
                LeadInPoint::LeadOut {
                    start: address(self.lead_out),
                },
            ),
        ];
        tracks.chain(of_disc).collect()
    }

    /// What a frame of Q says against the position that stands there by the sheet.
    fn judge_program(&self, lba: i32, q: &Q) -> Result<Vec<Reason>, String> {
        let (control, position) = self.position(lba);
        let mut reasons = Vec::new();
        let QMessage::Position {
            track,
            index,
            relative,
            absolute,
        } = position
        else {
            unreachable!("made above");
        };
        let in_lead_out = track == SubchannelTrack::LeadOut;
        match q.message {
            message if message == position => {}
            QMessage::Position { .. } if index == 0 => {
                let later = Msf::from_frames(relative.frames() + 1).unwrap();
                let counted = QMessage::Position {
                    track,
                    index,
                    relative: later,
                    absolute,
                };
                if q.message != counted {
                    return Err("another position".to_owned());
                }
                reasons.push(Reason::PauseEndsAtOne);
            }
            QMessage::Catalogue { number, frame } => {
                if Some(number.to_string().as_str()) != self.catalogue || frame != absolute.f {
                    return Err("another catalogue number".to_owned());
                }
                reasons.push(match in_lead_out {
                    true => Reason::CatalogueInLeadOut,
                    false => Reason::CodesElsewhere,
                });
            }
            QMessage::Recording { code, frame } => {
                let SubchannelTrack::Number(number) = track else {
                    return Err("a code in the lead-out".to_owned());
                };
                let isrc = self.tracks[usize::from(number) - 1].isrc;
                if Some(code.to_string().as_str()) != isrc || frame != absolute.f {
                    return Err("another code".to_owned());
                }
                reasons.push(Reason::CodesElsewhere);
            }
            _ => return Err("another position".to_owned()),
        }
        let before = match track {
            SubchannelTrack::Number(number) => usize::from(number).checked_sub(2),
            SubchannelTrack::LeadOut => None,
        };
        let before = before.map(|at| self.tracks[at].control);
        match q.control {
            same if same == control => {}
            Control::AUDIO if in_lead_out => reasons.push(Reason::NoFlagsInLeadOut),
            old if index == 0 && Some(old) == before => reasons.push(Reason::PauseWithOldFlags),
            _ => return Err("other flags".to_owned()),
        }
        Ok(reasons)
    }

    /// What a frame of Q says against the entry of the table of contents that stands there.
    fn judge_lead_in(&self, lba: i32, q: &Q) -> Result<Vec<Reason>, String> {
        let entries = self.entries();
        let QMessage::Contents { point, running } = q.message else {
            return Err("no entry of the table of contents".to_owned());
        };
        let mut reasons = Vec::new();
        if running == time(lba - LEAD_IN) {
            reasons.push(Reason::LeadInFromZero);
        } else if Some(running) != Lba(lba).to_msf() {
            return Err("another time".to_owned());
        }
        // Each entry stands three times in a row.
        let slot = (lba - LEAD_IN) as usize / 3;
        let here = entries[slot % entries.len()];
        let rotated = entries[(slot + self.tracks.len()) % entries.len()];
        let same = |(control, entry): (Control, LeadInPoint)| {
            let lead_out = matches!(entry, LeadInPoint::LeadOut { .. });
            match entry == point {
                false => None,
                true if q.control == control => Some(None),
                true if lead_out && q.control == Control::AUDIO => {
                    Some(Some(Reason::NoFlagsInLeadOut))
                }
                true => None,
            }
        };
        let found = match (same(here), same(rotated)) {
            (Some(reason), _) => reason,
            (None, Some(reason)) => {
                reasons.push(Reason::TableOrder);
                reason
            }
            _ => return Err("another entry".to_owned()),
        };
        reasons.extend(found);
        Ok(reasons)
    }

    fn judge(&self, lba: i32, channels: &Channels) -> Result<Vec<Reason>, String> {
        let q = Q::parse(&channels.q()).map_err(|bad| bad.to_string())?;
        if q.to_bytes() != channels.q() {
            return Err("bits where there are to be none".to_owned());
        }
        match lba < PROGRAM {
            true => self.judge_lead_in(lba, &q),
            false => self.judge_program(lba, &q),
        }
    }
}

/// Whether P of another program is on, so many frames into its lead-out.
fn cycles(since: i32, half_cycle: i32) -> bool {
    since >= FLAG && (since - FLAG) / half_cycle % 2 == 0
}

/// Whether P of theirs is right, or why not.
fn judge_p(
    sheet: &Sheet,
    peer: &Peer,
    lba: i32,
    (ours, theirs): (bool, bool),
) -> Option<Vec<Reason>> {
    let since = lba - sheet.lead_out;
    if since > 0 {
        return match cycles(since, peer.half_cycle) == theirs {
            true if ours == theirs => Some(Vec::new()),
            true => Some(vec![Reason::OtherCycle]),
            false => None,
        };
    }
    let ends = sheet.tracks.iter().any(|track| track.indexes[0] == lba);
    let announces_lead_out = (-FLAG..=0).contains(&since);
    match (ours, theirs) {
        (ours, theirs) if ours == theirs => Some(Vec::new()),
        (true, false) if ends || announces_lead_out => Some(vec![Reason::FlagWithoutEnd]),
        _ => None,
    }
}

/// Why a frame of theirs is another than ours; else what is wrong with either.
fn judge_frame(
    sheet: &Sheet,
    peer: &Peer,
    lba: i32,
    (ours, theirs): (&Frame, &Frame),
) -> Result<Vec<Reason>, String> {
    if ours.main != theirs.main {
        return Err("another main channel".to_owned());
    }
    let (ours, theirs) = (&ours.channels, &theirs.channels);
    if ours.symbols() != theirs.symbols() {
        return Err("other texts".to_owned());
    }
    let own = sheet.judge(lba, ours)?;
    if own.iter().any(|reason| *reason != Reason::CodesElsewhere) {
        return Err(format!("ours has {own:?}"));
    }
    // What the cycle in the lead-out is, the unit tests of the sub-channels tell.
    if lba <= sheet.lead_out && ours.p() != sheet.p(lba) {
        return Err("ours has another P".to_owned());
    }
    let mut reasons = sheet.judge(lba, theirs)?;
    if ours.q() == theirs.q() {
        reasons.clear();
    }
    let of_p = judge_p(sheet, peer, lba, (ours.p(), theirs.p())).ok_or("another P")?;
    reasons.extend(of_p);
    match reasons.iter().find(|reason| !peer.reasons.contains(reason)) {
        Some(reason) => Err(format!("{reason:?}, which is not known of it")),
        None => Ok(reasons),
    }
}

/// Compares two discs: what is wrong with ours, what no reason explains of theirs, and reasons for which there was
/// no need.
pub(crate) fn compare(sheet: &Sheet, peer: &Peer, ours: &Path, theirs: &Path) -> String {
    let (mut ours, mut theirs) = (Disc::open(ours), Disc::open(theirs));
    let mut wrong = Vec::new();
    let mut met = BTreeMap::<Reason, usize>::new();
    for lba in LEAD_IN..sheet.lead_out + LEAD_OUT_FRAMES {
        let (our, their) = (ours.frame(lba), theirs.frame(lba));
        match judge_frame(sheet, peer, lba, (&our, &their)) {
            Ok(reasons) => {
                for reason in reasons {
                    *met.entry(reason).or_default() += 1;
                }
            }
            Err(what) => {
                let [our, their] = [our, their].map(|frame| told(&frame.channels));
                wrong.push(format!(
                    "{}, block {lba}: {what}; ours {our}, theirs {their}",
                    peer.name
                ));
            }
        }
    }
    let found: Vec<Reason> = met.keys().copied().collect();
    let mut known = peer.reasons.to_vec();
    known.sort();
    if found != known {
        wrong.push(format!(
            "{}: met with {met:?}, known are {known:?}",
            peer.name
        ));
    }
    let more = wrong.len().saturating_sub(20);
    wrong.truncate(20);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    wrong.join("\n")
}

fn told(channels: &Channels) -> String {
    let q: String = channels
        .q()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("P {} Q {q}", u8::from(channels.p()))
}

/// Frames of a session that has a pause, flags, a code and a number, as we make them.
fn made(lba: i32) -> (Sheet, Frame) {
    const SHEET: Sheet = Sheet {
        tracks: &[
            Track {
                start: -150,
                indexes: &[0, 100],
                control: Control::AUDIO,
                isrc: Some("USAT29902803"),
            },
            Track {
                start: 300,
                indexes: &[450],
                control: Control {
                    copy_permitted: true,
                    ..Control::AUDIO
                },
                isrc: None,
            },
        ],
        lead_out: 900,
        catalogue: Some("4006381333931"),
    };
    let first = disc::Track {
        isrc: Some("USAT29902803".parse().unwrap()),
        indexes: vec![100],
        ..disc::Track::audio(300)
    };
    let second = disc::Track {
        control: SHEET.tracks[1].control,
        ..disc::Track::audio(450).with_pause(150)
    };
    let session = disc::Session::new(vec![first, second], &disc::Limits::ADDRESSES).unwrap();
    let session = session.with_catalogue("4006381333931".parse().unwrap());
    let frame = Frame {
        main: [0; FRAME_BYTES],
        channels: session.subcode(Lba(LEAD_IN)).at(Lba(lba)),
    };
    (SHEET, frame)
}

#[test]
fn a_bit_that_no_reason_explains_is_told_wherever_it_is() {
    // Of lead-in, pauses, tracks, codes and lead-out, and where one begins.
    let places = [
        LEAD_IN, -152, -150, -60, 0, 40, 100, 250, 299, 300, 449, 450, 760, 899, 900, 901, 1060,
    ];
    for lba in places {
        let (sheet, ours) = made(lba);
        let judge = |change: &dyn Fn(&mut Frame)| {
            let (_, mut theirs) = made(lba);
            change(&mut theirs);
            judge_frame(&sheet, &CDRDAO, lba, (&ours, &theirs))
        };
        let same = judge(&|_| {});
        assert!(
            matches!(&same, Ok(reasons) if reasons.iter().all(|r| *r == Reason::OtherCycle)),
            "{lba}: {same:?}"
        );
        assert!(judge(&|theirs| theirs.main[1000] ^= 1).is_err(), "{lba}");
        assert!(
            judge(&|theirs| theirs.channels.0[5][3] ^= 1).is_err(),
            "{lba}"
        );
        for bit in 0..96 {
            let of_q = judge(&|theirs| theirs.channels.0[1][bit / 8] ^= 0x80 >> (bit % 8));
            assert!(of_q.is_err(), "{lba}, bit {bit} of Q: {of_q:?}");
        }
        // With the checksum that belongs to it.
        for bit in 0..80 {
            let judged = judge(&|theirs| {
                let mut q = theirs.channels.q();
                q[bit / 8] ^= 0x80 >> (bit % 8);
                theirs.channels.0[1] = Q::with_checksum(q);
            });
            let expected = match (lba, bit) {
                // The permission to copy, in the lead-out and in its entry.
                (-152 | 900.., 2) => Some(Reason::NoFlagsInLeadOut),
                // The last block of a pause says 1.
                (449, 47) => Some(Reason::PauseEndsAtOne),
                _ => None,
            };
            let found = judged.ok().and_then(|reasons| reasons.first().copied());
            assert_eq!(found, expected, "{lba}, bit {bit} of Q");
        }
    }
    for lba in [850, -1, 200, 450, 900, 1051] {
        let (sheet, ours) = made(lba);
        let (_, mut theirs) = made(lba);
        theirs.channels.0[0] = theirs.channels.0[0].map(|byte| !byte);
        let judged = judge_frame(&sheet, &CDRDAO, lba, (&ours, &theirs));
        assert!(judged.is_err(), "{lba}: {judged:?}");
    }
}
