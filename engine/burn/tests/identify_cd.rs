//! What is asked of a drive with a CD in it, and what is made of the answers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_burn::{HostQuirks, Identify, IdentifyAction};
use pitland_mmc::cdb::{Command, TocFormat, TrackAddressType};
use pitland_mmc::mode_page::{ModePage, ModeParameterList, WriteParameters, WriteType};
use pitland_mmc::reply::{
    Atip, Configuration, DeviceType, DiscInformation, DiscStatus, FullToc, FullTocEntry,
    InquiryData, SessionInfo, SessionState, Toc, TocEntry, TrackInformation,
};
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, Msf, Profile, SectorCount, SessionNumber, TrackNumber};
use pitland_writer::{MediaFacts, MediumCondition};
use std::time::Duration;

const INVALID_FIELD: Sense = Sense::new(0x5, 0x24, 0x00);

/// When a drive tells the next writable address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    Always,
    /// Only once page 05h says how the disc will be written; before it refuses the question.
    WhenAskedToWrite,
    /// The same, but it answers without an address.
    NotBefore,
    Never,
}

/// A drive with a CD, and a log of what was sent to it.
struct Drive {
    profile: Profile,
    disc: DiscInformation,
    tells: Tells,
    takes_page: bool,
    page: WriteParameters,
    told_to_write: bool,
    sent: Vec<String>,
}

impl Drive {
    fn new(profile: Profile, status: DiscStatus, closed_sessions: u16) -> Self {
        let last_session_state = match status {
            DiscStatus::Complete => SessionState::Complete,
            _ => SessionState::Empty,
        };
        let sessions = closed_sessions + u16::from(status != DiscStatus::Complete);
        Self {
            profile,
            disc: DiscInformation {
                status,
                last_session_state,
                sessions,
                first_track: TrackNumber(1),
                first_track_in_last_session: TrackNumber(sessions),
                last_track_in_last_session: TrackNumber(sessions),
                ..DiscInformation::default()
            },
            tells: Tells::Always,
            takes_page: true,
            page: WriteParameters {
                savable: true,
                test_write: true,
                buffer_underrun_free: true,
                write_type: WriteType::Incremental,
                fixed_packet: true,
                packet_size: 16,
                link_size: Some(16),
                vendor: vec![7, 7],
                ..WriteParameters::default()
            },
            told_to_write: false,
            sent: Vec::new(),
        }
    }

    fn tells(self, tells: Tells) -> Self {
        Self { tells, ..self }
    }

    fn closed(&self) -> u16 {
        self.disc.closed_sessions()
    }

    fn start_of(session: u16) -> i32 {
        (i32::from(session) - 1) * 12_000
    }

    fn track(&self, number: u32) -> Result<Vec<u8>, Sense> {
        let last = u32::from(self.disc.last_track_in_last_session.0);
        let open = self.disc.status != DiscStatus::Complete;
        let asked = match number {
            0xFF if open => last,
            number if (1..=last).contains(&number) => number,
            _ => return Err(INVALID_FIELD),
        };
        let session = u16::try_from(asked).unwrap();
        let mut track = TrackInformation {
            track: TrackNumber(session),
            session: SessionNumber(session),
            start: Lba(Self::start_of(session)),
            size: Some(SectorCount(500)),
            ..TrackInformation::default()
        };
        if open && asked == last {
            let told = match self.tells {
                Tells::Always => true,
                Tells::WhenAskedToWrite if !self.told_to_write => return Err(INVALID_FIELD),
                Tells::WhenAskedToWrite | Tells::NotBefore => self.told_to_write,
                Tells::Never => false,
            };
            track.nwa = told.then_some(track.start);
            track.free_blocks = SectorCount(100_000);
        }
        Ok(track.emit())
    }

    fn toc(&self, format: TocFormat) -> Result<Vec<u8>, Sense> {
        let sessions = u8::try_from(self.closed()).unwrap();
        let entry = |session: u8| TocEntry {
            adr: 1,
            control: 4,
            track: session,
            start: Lba(Self::start_of(session.into())),
        };
        if sessions == 0 && format != TocFormat::Atip {
            return Err(INVALID_FIELD);
        }
        Ok(match format {
            TocFormat::Toc => Toc {
                first_track: 1,
                last_track: sessions,
                entries: (1..=sessions).map(entry).collect(),
            }
            .emit(),
            TocFormat::SessionInfo => SessionInfo {
                first_session: 1,
                last_session: sessions,
                first_track: entry(sessions),
            }
            .emit(),
            TocFormat::FullToc => FullToc {
                first_session: 1,
                last_session: sessions,
                entries: vec![FullTocEntry {
                    session: 1,
                    adr: 1,
                    control: 4,
                    point: 0xA0,
                    pointed: Msf::new(1, 0x20, 0),
                    ..FullTocEntry::default()
                }],
            }
            .emit(),
            _ => Atip {
                lead_in: Msf::new(97, 27, 0),
                lead_out: Msf::new(79, 59, 70),
                ..Atip::default()
            }
            .emit(),
        })
    }

    fn answer(&mut self, command: Command, parameters: &[u8]) -> Result<Vec<u8>, Sense> {
        self.sent.push(command.to_string());
        match command {
            Command::Inquiry(_) => Ok(InquiryData {
                device_type: DeviceType::CdDvd,
                ..InquiryData::default()
            }
            .emit()),
            Command::GetConfiguration(_) => Ok(Configuration {
                profile: self.profile,
                features: Vec::new(),
            }
            .emit()),
            Command::ReadDiscInformation(_) => Ok(self.disc.emit()),
            Command::ReadTrackInformation(c) if c.address_type == TrackAddressType::Track => {
                self.track(c.address)
            }
            Command::ReadTocPmaAtip(c) => self.toc(c.format),
            Command::ModeSense10(c) if c.page_code == WriteParameters::CODE => {
                Ok(ModeParameterList {
                    pages: vec![ModePage::WriteParameters(self.page.clone())],
                    ..ModeParameterList::default()
                }
                .emit())
            }
            Command::ModeSelect10(_) if self.takes_page => {
                let list = ModeParameterList::parse(parameters).unwrap();
                let [ModePage::WriteParameters(page)] = list.pages.as_slice() else {
                    panic!("{list:?}");
                };
                self.page = page.clone();
                self.told_to_write = true;
                Ok(Vec::new())
            }
            Command::TestUnitReady(_) => Ok(Vec::new()),
            _ => Err(INVALID_FIELD),
        }
    }

    fn identified(&mut self) -> Box<MediaFacts> {
        let mut identify = Identify::obeying(Duration::ZERO, HostQuirks::NONE);
        let mut action = identify.action();
        for _ in 0..200 {
            let (cdb, length, parameters) = match action {
                IdentifyAction::Ask { cdb, length } => (cdb, length as usize, Vec::new()),
                IdentifyAction::Send { cdb, parameters } => (cdb, 0, parameters),
                IdentifyAction::Wait(_) => {
                    action = identify.action();
                    continue;
                }
                IdentifyAction::Done(facts) => return facts,
                failed @ IdentifyAction::Failed { .. } => panic!("{failed:?}"),
            };
            let command = Command::parse(cdb.as_slice()).unwrap();
            action = match self.answer(command, &parameters) {
                Ok(data) => {
                    let came = data.get(..length).unwrap_or(&data);
                    identify.answered(Duration::ZERO, came)
                }
                Err(sense) => identify.refused(Duration::ZERO, sense),
            };
        }
        panic!("the identification does not end: {:?}", self.sent);
    }

    fn times(&self, words: &str) -> usize {
        self.sent.iter().filter(|s| s.starts_with(words)).count()
    }
}

fn blank() -> Drive {
    Drive::new(Profile::CdR, DiscStatus::Blank, 0)
}

#[test]
fn a_look_at_a_disc_sets_nothing_in_a_drive_that_tells_all() {
    for mut drive in [
        blank(),
        Drive::new(Profile::CdRw, DiscStatus::Appendable, 2),
    ] {
        let page = drive.page.clone();
        let facts = drive.identified();
        assert!(facts.nwa().is_some());
        assert_eq!(drive.times("READ TRACK INFORMATION of track FFh"), 1);
        assert_eq!(drive.times("MODE SELECT"), 0);
        assert_eq!(drive.page, page);
        assert_eq!(
            facts.write_parameters.unwrap().vendor,
            drive.page.vendor,
            "the page was read to its end"
        );
    }
}

#[test]
fn a_drive_that_tells_no_address_before_it_knows_the_write_type_is_told() {
    for tells in [Tells::WhenAskedToWrite, Tells::NotBefore] {
        let mut drive = blank().tells(tells);
        let facts = drive.identified();
        assert_eq!(facts.nwa(), Some(Lba(0)));
        assert_eq!(facts.condition(), MediumCondition::Blank);
        assert_eq!(drive.times("MODE SELECT"), 1);
        let page = &drive.page;
        assert_eq!(page.write_type, WriteType::TrackAtOnce);
        let packets = (page.fixed_packet, page.packet_size, page.link_size);
        assert_eq!(packets, (false, 0, None), "a track at once has no packets");
        // What others set stays set: a burn that is being rehearsed must not become a real one.
        assert!(page.test_write && page.buffer_underrun_free);
        assert_eq!((page.savable, page.vendor.as_slice()), (false, &[7, 7][..]));
    }
}

#[test]
fn a_drive_that_never_tells_is_told_once() {
    let mut drive = blank().tells(Tells::Never);
    let facts = drive.identified();
    assert_eq!(facts.nwa(), None);
    assert_eq!(drive.times("MODE SELECT"), 1);
    let mut stubborn = Drive {
        takes_page: false,
        ..blank().tells(Tells::WhenAskedToWrite)
    };
    let facts = stubborn.identified();
    assert_eq!(facts.nwa(), None);
    assert_eq!(facts.condition(), MediumCondition::Blank);
    assert_eq!(stubborn.times("MODE SELECT"), 1);
}

#[test]
fn a_complete_disc_is_not_asked_where_it_goes_on() {
    let mut drive = Drive::new(Profile::CdR, DiscStatus::Complete, 2).tells(Tells::Never);
    let facts = drive.identified();
    assert_eq!(facts.condition(), MediumCondition::Complete);
    assert_eq!(drive.times("READ TRACK INFORMATION of track FFh"), 0);
    assert_eq!(drive.times("MODE SELECT"), 0);
    assert_eq!(facts.tracks.len(), 2);
    assert_eq!(facts.last_closed_session_start(), Some(Lba(12_000)));
}

#[test]
fn the_last_session_starts_where_the_drive_says_so_and_else_where_its_tracks_do() {
    let mut drive = Drive::new(Profile::CdR, DiscStatus::Appendable, 3);
    let facts = drive.identified();
    assert_eq!(facts.closed_sessions(), Some(3));
    assert_eq!(facts.last_closed_session_start(), Some(Lba(24_000)));
    let mut answers = facts.answers;
    // An answer that is about another session than the last one.
    for answer in &mut answers {
        let command = Command::parse(answer.cdb.as_slice()).unwrap();
        if matches!(command, Command::ReadTocPmaAtip(c) if c.format == TocFormat::SessionInfo) {
            answer.data[3] = 1;
            answer.data[8..].fill(9);
        }
    }
    let facts = MediaFacts::from_answers(answers);
    assert_eq!(facts.last_closed_session_start(), Some(Lba(24_000)));
}

#[test]
fn tables_of_contents_are_read_where_there_are_some() {
    let mut drive = Drive::new(Profile::CdRw, DiscStatus::Appendable, 2);
    let facts = drive.identified();
    assert_eq!(facts.cd.toc.as_ref().unwrap().entries.len(), 2);
    assert_eq!(facts.cd.full_toc.as_ref().unwrap().last_session, 2);
    assert_eq!(facts.last_possible_lead_out(), Some(Lba(359_845)));
    assert!(facts.unreadable.is_empty(), "{:?}", facts.unreadable);
    let mut drive = blank();
    let facts = drive.identified();
    assert_eq!(drive.times("READ TOC/PMA/ATIP"), 1);
    assert!(facts.cd.atip.is_some() && facts.cd.toc.is_none());
}

#[test]
fn an_atip_that_makes_no_sense_is_no_fact() {
    let mut drive = blank();
    let mut answers = drive.identified().answers;
    for answer in &mut answers {
        let command = Command::parse(answer.cdb.as_slice()).unwrap();
        if matches!(command, Command::ReadTocPmaAtip(_)) {
            answer.data[4..].fill(0);
        }
    }
    let facts = MediaFacts::from_answers(answers);
    assert_eq!(facts.cd.atip, None);
    assert_eq!(facts.last_possible_lead_out(), None);
    assert!(facts.unreadable.is_empty());
}

#[test]
fn a_pressed_disc_has_a_table_of_contents_and_nothing_to_write_by() {
    let mut drive = Drive::new(Profile::CdRom, DiscStatus::Complete, 1);
    let facts = drive.identified();
    assert_eq!(facts.condition(), MediumCondition::Complete);
    assert!(facts.cd.toc.is_some());
    assert_eq!(drive.times("READ TOC/PMA/ATIP ATIP"), 0);
    assert!(facts.write_parameters.is_none());
    assert_eq!(facts.last_closed_session_start(), Some(Lba(0)));
}

#[test]
fn no_cd_is_asked_for_a_disc_structure_and_no_other_medium_for_a_table_of_contents() {
    for profile in [Profile::CdRom, Profile::CdR, Profile::CdRw] {
        let mut drive = Drive::new(profile, DiscStatus::Complete, 1);
        drive.identified();
        assert_eq!(drive.times("READ DISC STRUCTURE"), 0);
    }
    for profile in [Profile::DvdPlusR, Profile::BdRSrm] {
        let mut drive = Drive::new(profile, DiscStatus::Appendable, 1);
        drive.identified();
        assert_eq!(drive.times("READ TOC"), 0);
        assert_eq!(drive.times("MODE SELECT"), 0);
    }
    let mut drive = Drive::new(Profile::DvdMinusRSequential, DiscStatus::Blank, 0);
    let facts = drive.identified();
    assert!(facts.write_parameters.is_some());
    assert_eq!(drive.times("MODE SELECT"), 0);
}
