//! What a drive says of itself: who it is, what it reads and writes, how a
//! medium goes in.
//!
//! Two commands that work without a medium: INQUIRY and GET CONFIGURATION; for
//! drives older than MMC-2, which refuse the second, mode page 2Ah. Any
//! [`Transport`] will do.
//!
//! Owns these questions and how the answers add up. Must not know which writer
//! serves which medium, nor what is loaded.

use crate::printable::printable;
use crate::{Exchange, Reply, Status, Transport, TransportError};
use core::time::Duration;
use pitland_mmc::cdb::{
    Cdb, GetConfiguration, Inquiry, ModeSense10, PageControl, RequestedFeatures,
};
use pitland_mmc::feature::{Feature, FeatureCode, LoadingMechanism, PhysicalInterface};
use pitland_mmc::mode_page::{self, ModePage, ModeParameterList};
use pitland_mmc::reply::{Configuration, DeviceType, InquiryData};
use pitland_mmc::{Command, Profile, ReplyError, SenseKey};

/// All of these are answered from the drive's memory.
const LIMIT: Duration = Duration::from_secs(30);

/// Answers of unit attention, or of a drive that is busy, taken in a row.
const MOST_TRIES: usize = 10;

/// What a drive says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Vendor, product and revision, as the drive sends them.
    pub inquiry: InquiryData,
    /// Media that it reads, in the order of their numbers: what the drive
    /// lists, and what its read features add.
    pub reads: Vec<Profile>,
    /// Media that it writes, in the order of their numbers.
    pub writes: Vec<Profile>,
    /// How a medium goes in.
    pub mechanism: Option<LoadingMechanism>,
    /// It can keep the medium in.
    pub can_lock: bool,
    /// It can open the tray, or push the medium out.
    pub can_eject: bool,
    /// It can close the tray; `None` where the drive does not tell.
    pub can_load: Option<bool>,
    /// Its own bus, which need not be the host's.
    pub interface: Option<PhysicalInterface>,
    /// Serial number, feature 0108h, without padding; what is not printable
    /// ASCII stands as `\xNN`.
    pub serial: Option<String>,
    /// Date of the firmware, feature 010Ch, as `2012-03-04T05:06:07`.
    pub firmware_date: Option<String>,
    /// Whether mode page 2Ah had to tell all this, which knows no DVD+R, DVD-RW
    /// or BD.
    pub by_mode_page: bool,
}

impl Capabilities {
    /// Whether the medium goes in by a tray.
    pub fn has_tray(&self) -> bool {
        self.mechanism == Some(LoadingMechanism::Tray)
    }

    /// Whether it writes anything at all.
    pub fn is_recorder(&self) -> bool {
        !self.writes.is_empty()
    }
}

/// Why a drive could not be asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// It is another kind of device. Nothing but INQUIRY was sent to it.
    #[error("this is a {0}, no optical drive: name another one")]
    NotOptical(DeviceType),
    /// The drive refuses a question that each drive answers.
    #[error("the drive refuses {command}: {status}")]
    Refused {
        /// Which.
        command: Box<Command>,
        /// Its answer.
        status: Status,
    },
    /// The drive's answer makes no sense.
    #[error("the drive's answer makes no sense: {0}")]
    Nonsense(#[from] ReplyError),
    /// There is no answer of the drive.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// Asks a drive what it is. Sends nothing that a medium, or another program's
/// use of the drive, could notice.
///
/// # Errors
/// See [`ProbeError`].
pub fn probe(drive: &mut dyn Transport) -> Result<Capabilities, ProbeError> {
    let inquiry = inquiry(drive)?;
    if inquiry.device_type != DeviceType::CdDvd {
        return Err(ProbeError::NotOptical(inquiry.device_type));
    }
    match configuration(drive) {
        Ok(configuration) => Ok(by_features(inquiry, &configuration)),
        Err(ProbeError::Refused { status, .. }) if is_unknown_command(status) => {
            let page = capabilities_page(drive)?;
            Ok(by_page(inquiry, &page))
        }
        Err(error) => Err(error),
    }
}

/// 5/20/00: the drive is older than the command. Some say 5/24/00.
fn is_unknown_command(status: Status) -> bool {
    status
        .sense()
        .is_some_and(|sense| sense.key == SenseKey::IllegalRequest)
}

fn inquiry(drive: &mut dyn Transport) -> Result<InquiryData, ProbeError> {
    let cdb = Inquiry {
        allocation_length: InquiryData::LEN as u16,
        ..Inquiry::default()
    };
    let mut answer = [0; InquiryData::LEN];
    let came = ask(drive, cdb, &mut answer)?;
    Ok(InquiryData::parse(came)?)
}

/// All features: the header first, then exactly what it announces (recipe 2).
fn configuration(drive: &mut dyn Transport) -> Result<Configuration, ProbeError> {
    let asked = |length: u16| GetConfiguration {
        requested: RequestedFeatures::All,
        starting_feature: 0,
        allocation_length: length,
    };
    let mut header = [0; Configuration::HEADER_LEN];
    let came = ask(drive, asked(Configuration::HEADER_LEN as u16), &mut header)?;
    let announced = Configuration::announced_len(came).unwrap_or_default();
    let length = u16::try_from(announced)
        .unwrap_or(u16::MAX)
        .max(Configuration::HEADER_LEN as u16);
    let mut answer = vec![0; usize::from(length)];
    Ok(Configuration::parse(ask(
        drive,
        asked(length),
        &mut answer,
    )?)?)
}

fn capabilities_page(drive: &mut dyn Transport) -> Result<mode_page::Capabilities, ProbeError> {
    let asked = |length: usize| ModeSense10 {
        disable_block_descriptors: true,
        page_control: PageControl::Current,
        page_code: mode_page::Capabilities::CODE,
        subpage_code: 0,
        allocation_length: u16::try_from(length).unwrap_or(u16::MAX),
    };
    let mut header = [0; ModeParameterList::HEADER_LEN];
    let came = ask(drive, asked(header.len()), &mut header)?;
    // Some drives understate the length of their whole answer (recipe 2).
    let length = ModeParameterList::announced_len(came)
        .unwrap_or_default()
        .max(ModeParameterList::HEADER_LEN + mode_page::Capabilities::SHORT_LEN);
    let mut answer = vec![0; length.min(usize::from(u16::MAX))];
    let list = ModeParameterList::parse(ask(drive, asked(answer.len()), &mut answer)?)?;
    list.pages
        .into_iter()
        .find_map(|page| match page {
            ModePage::Capabilities(page) => Some(page),
            _ => None,
        })
        .ok_or(ProbeError::Nonsense(ReplyError::Short {
            structure: "capabilities page",
            needed: mode_page::Capabilities::SHORT_LEN,
            found: 0,
        }))
}

/// Sends a question until the drive has nothing else to tell first.
fn ask<'a>(
    drive: &mut dyn Transport,
    question: impl Cdb,
    answer: &'a mut [u8],
) -> Result<&'a [u8], ProbeError> {
    let mut tries = 0;
    let reply: Reply = loop {
        let reply = drive.execute(Exchange::data_in(question.emit(), answer, LIMIT))?;
        tries += 1;
        let attention = reply
            .status
            .sense()
            .is_some_and(|sense| sense.key == SenseKey::UnitAttention || sense.deferred);
        if !attention || tries == MOST_TRIES {
            break reply;
        }
    };
    match reply.status {
        Status::Good => Ok(answer.get(..reply.transferred).unwrap_or(answer)),
        Status::CheckCondition(sense) if sense.key == SenseKey::RecoveredError => {
            Ok(answer.get(..reply.transferred).unwrap_or(answer))
        }
        status => Err(ProbeError::Refused {
            command: Box::new(question.into()),
            status,
        }),
    }
}

fn by_features(inquiry: InquiryData, configuration: &Configuration) -> Capabilities {
    let mut told = Capabilities {
        inquiry,
        reads: Vec::new(),
        writes: Vec::new(),
        mechanism: None,
        can_lock: false,
        can_eject: false,
        can_load: None,
        interface: None,
        serial: None,
        firmware_date: None,
        by_mode_page: false,
    };
    let mut denied = Vec::new();
    for descriptor in &configuration.features {
        // A payload that is cut short tells nothing; the feature's being there
        // still tells what is read.
        told.reads
            .extend(read_by(FeatureCode::from_code(descriptor.code)));
        let Ok(feature) = descriptor.feature() else {
            continue;
        };
        denied.extend(not_written_by(&feature));
        match feature {
            Feature::ProfileList(list) => {
                let profiles = list.iter().map(|listed| listed.profile);
                told.reads.extend(profiles.clone());
                told.writes
                    .extend(profiles.filter(|profile| profile.write_unit().is_some()));
            }
            Feature::Core(core) => told.interface = Some(core.interface),
            Feature::RemovableMedium(removable) => {
                told.mechanism = Some(removable.mechanism);
                told.can_lock = removable.lock;
                told.can_eject = removable.eject;
                // Version 0 has no such bit.
                told.can_load = (descriptor.version > 0).then_some(removable.load);
            }
            Feature::SerialNumber(text) => {
                told.serial = Some(printable(&text)).filter(|serial| !serial.is_empty());
            }
            Feature::FirmwareDate(text) => told.firmware_date = date(&text),
            _ => {}
        }
    }
    told.writes.retain(|profile| !denied.contains(profile));
    in_order(told)
}

/// What a feature reads by being there.
fn read_by(feature: FeatureCode) -> &'static [Profile] {
    match feature {
        FeatureCode::MultiRead => &[Profile::CdRom, Profile::CdR, Profile::CdRw],
        FeatureCode::CdRead => &[Profile::CdRom],
        FeatureCode::DvdRead => &[Profile::DvdRom],
        FeatureCode::BdRead => &[Profile::BdRom],
        FeatureCode::DvdPlusRw => &[Profile::DvdPlusRw],
        FeatureCode::DvdPlusR => &[Profile::DvdPlusR],
        FeatureCode::DvdPlusRwDl => &[Profile::DvdPlusRwDl],
        FeatureCode::DvdPlusRDl => &[Profile::DvdPlusRDl],
        _ => &[],
    }
}

/// Media whose own feature says that they are read only: a listed profile
/// promises to write, the feature's bit takes that back (recipe 2.4).
fn not_written_by(feature: &Feature) -> &'static [Profile] {
    match feature {
        Feature::DvdPlusRw(plus) if !plus.write => &[Profile::DvdPlusRw],
        Feature::DvdPlusRwDl(plus) if !plus.write => &[Profile::DvdPlusRwDl],
        Feature::DvdPlusR(plus) if !plus.write => &[Profile::DvdPlusR],
        Feature::DvdPlusRDl(plus) if !plus.write => &[Profile::DvdPlusRDl],
        _ => &[],
    }
}

fn by_page(inquiry: InquiryData, page: &mode_page::Capabilities) -> Capabilities {
    let listed = |flags: u8, profiles: &[(u8, Profile)]| -> Vec<Profile> {
        let has = |bit: u8| flags & 1 << bit != 0;
        let set = profiles.iter().filter(|(bit, _)| has(*bit));
        set.map(|(_, profile)| *profile).collect()
    };
    let recordable = [
        (0, Profile::CdR),
        (1, Profile::CdRw),
        (4, Profile::DvdMinusRSequential),
        (5, Profile::DvdRam),
    ];
    let writes = listed(page.write_flags, &recordable);
    let mut reads = listed(page.read_flags, &recordable);
    reads.extend(listed(page.read_flags, &[(3, Profile::DvdRom)]));
    reads.push(Profile::CdRom);
    reads.extend(&writes);
    in_order(Capabilities {
        inquiry,
        reads,
        writes,
        mechanism: Some(LoadingMechanism::from_code(page.mechanism_flags >> 5)),
        can_lock: page.mechanism_flags & 1 != 0,
        can_eject: page.mechanism_flags & 8 != 0,
        can_load: None,
        interface: None,
        serial: None,
        firmware_date: None,
        by_mode_page: true,
    })
}

/// Profiles sorted, each once, and none that says "no medium".
fn in_order(mut told: Capabilities) -> Capabilities {
    for profiles in [&mut told.reads, &mut told.writes] {
        profiles.retain(|profile| *profile != Profile::None);
        profiles.sort_by_key(|profile| profile.code());
        profiles.dedup();
    }
    told
}

/// CCYYMMDDhhmmss in ASCII digits; nothing else is believed.
fn date(text: &[u8]) -> Option<String> {
    let digits = text.get(..14)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = core::str::from_utf8(digits).ok()?;
    let part = |range: core::ops::Range<usize>| digits.get(range).unwrap_or_default();
    Some(format!(
        "{}-{}-{}T{}:{}:{}",
        part(0..4),
        part(4..6),
        part(6..8),
        part(8..10),
        part(10..12),
        part(12..14)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{DriveAddress, OpenMode};
    use crate::scripted::Answer::*;
    use crate::scripted::*;
    use pitland_mmc::feature::{
        self, DvdPlusR, DvdPlusRw, FeatureDescriptor, ListedProfile, RemovableMedium,
    };
    use proptest::prelude::*;

    const INQUIRY: u8 = 0x12;
    const CONFIGURATION: u8 = 0x46;
    const SENSE_PAGE: u8 = 0x5A;

    const BURNER: &[u8; 36] = b"\x05\x80\x00\x32\x1f\x00\x00\x00HL-DT-STBD-RE  WH16NS40 1.00";

    /// tgtd 1.0.85 with a blank DVD+R, all features.
    #[rustfmt::skip]
    const TGTD: [u8; 116] = [
        0x00, 0x00, 0x00, 0x70, 0x00, 0x00, 0x00, 0x1b, 0x00, 0x00, 0x03, 0x08, 0x00, 0x10, 0x00, 0x00,
        0x00, 0x1b, 0x01, 0x00, 0x00, 0x01, 0x03, 0x04, 0x00, 0x00, 0x00, 0x02, 0x00, 0x02, 0x03, 0x04,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x03, 0x04, 0x29, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x08,
        0x00, 0x00, 0x08, 0x00, 0x00, 0x10, 0x01, 0x00, 0x00, 0x1d, 0x00, 0x00, 0x00, 0x1f, 0x00, 0x00,
        0x00, 0x2b, 0x01, 0x04, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x03, 0x00, 0x01, 0x05, 0x03, 0x00,
        0x01, 0x07, 0x0c, 0x04, 0x1f, 0x00, 0x00, 0x00, 0x01, 0x08, 0x03, 0x08, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x01, 0x0a, 0x01, 0x0c, 0x46, 0x44, 0x43, 0x00, 0x53, 0x44, 0x43, 0x00,
        0x54, 0x4f, 0x43, 0x00,
    ];

    /// tgtd's page 2Ah.
    #[rustfmt::skip]
    const TGTD_PAGE: [u8; 72] = [
        0x00, 0x46, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x2a, 0x3e, 0x3f, 0x37, 0xf3, 0xf3, 0x29, 0x23,
        0x10, 0x8a, 0x01, 0x00, 0x08, 0x00, 0x10, 0x8a, 0x00, 0x00, 0x10, 0x8a, 0x10, 0x8a, 0x00, 0x01,
        0x00, 0x00, 0x00, 0x00, 0x10, 0x8a, 0x00, 0x05, 0x00, 0x00, 0x10, 0x8a, 0x00, 0x00, 0x0b, 0x06,
        0x00, 0x00, 0x08, 0x45, 0x00, 0x00, 0x05, 0x83, 0x00, 0x00, 0x02, 0xc2, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ];

    /// QEMU 7.2's SCSI CD with a CD-ROM in it, all features.
    #[rustfmt::skip]
    const QEMU: [u8; 40] = [
        0x00, 0x00, 0x00, 0x24, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x03, 0x08, 0x00, 0x10, 0x00, 0x00,
        0x00, 0x08, 0x01, 0x00, 0x00, 0x01, 0x0b, 0x08, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00,
        0x00, 0x03, 0x0b, 0x04, 0x39, 0x00, 0x00, 0x00,
    ];

    fn drive(inquiry: &[u8], configuration: &[u8]) -> Scripted {
        Scripted::default()
            .on(INQUIRY, [Data(inquiry.to_vec())])
            .on(CONFIGURATION, [Data(configuration.to_vec())])
    }

    fn listing(profiles: &[Profile], features: &[Feature]) -> Vec<u8> {
        let listed = |profile: &Profile| ListedProfile {
            profile: *profile,
            current: false,
        };
        let list = Feature::ProfileList(profiles.iter().map(listed).collect());
        let features = core::iter::once(&list).chain(features);
        Configuration {
            profile: Profile::None,
            features: features
                .map(|one| FeatureDescriptor::new(one, false))
                .collect(),
        }
        .emit()
    }

    #[test]
    fn a_foreign_drive_for_dvd_plus_r_is_understood() {
        let mut tgtd = drive(BURNER, &TGTD);
        let told = probe(&mut tgtd).unwrap();
        assert_eq!(
            told.reads,
            [
                Profile::CdRom,
                Profile::CdR,
                Profile::CdRw,
                Profile::DvdRom,
                Profile::DvdPlusR
            ]
        );
        assert_eq!(told.writes, [Profile::DvdPlusR]);
        assert!(told.has_tray() && told.can_lock && told.can_eject && told.is_recorder());
        assert_eq!(
            (told.can_load, told.serial, told.firmware_date),
            (None, None, None)
        );
        assert_eq!(told.interface, Some(PhysicalInterface::Atapi));
        assert_eq!(told.inquiry.to_string(), "HL-DT-ST BD-RE  WH16NS40 1.00");
        // The header, and then exactly what it announces.
        assert_eq!(
            tgtd.asked,
            [(INQUIRY, 36), (CONFIGURATION, 8), (CONFIGURATION, 116)]
        );
    }

    #[test]
    fn a_reader_writes_nothing() {
        let told = probe(&mut drive(BURNER, &QEMU)).unwrap();
        assert_eq!(told.reads, [Profile::CdRom, Profile::DvdRom]);
        assert_eq!(told.writes, []);
        assert!(!told.is_recorder() && !told.by_mode_page);
        assert_eq!(told.can_load, Some(true));
    }

    /// The profiles of a drive for everything, as recipe 1 has them.
    const EVERYTHING: [Profile; 19] = {
        let mut all = [Profile::None; 19];
        let mut at = 0;
        while at < 19 {
            all[at] = Profile::KNOWN[at];
            at += 1;
        }
        all
    };

    #[test]
    fn a_drive_for_everything_writes_what_is_not_a_rom() {
        let features = [
            Feature::DvdPlusRw(DvdPlusRw {
                write: true,
                ..DvdPlusRw::default()
            }),
            Feature::DvdPlusR(DvdPlusR { write: true }),
            Feature::RemovableMedium(RemovableMedium {
                mechanism: LoadingMechanism::Tray,
                lock: true,
                ..RemovableMedium::default()
            }),
            Feature::SerialNumber(b"  K9OF1C83518 \0".to_vec()),
            Feature::FirmwareDate(b"20151023141508\0\0".to_vec()),
        ];
        let told = probe(&mut drive(BURNER, &listing(&EVERYTHING, &features))).unwrap();
        assert_eq!(told.reads.len(), EVERYTHING.len() - 1);
        let roms = [Profile::CdRom, Profile::DvdRom, Profile::BdRom];
        assert_eq!(told.writes.len(), told.reads.len() - roms.len());
        assert!(roms.iter().all(|rom| !told.writes.contains(rom)));
        assert_eq!(told.serial.as_deref(), Some("K9OF1C83518"));
        assert_eq!(told.firmware_date.as_deref(), Some("2015-10-23T14:15:08"));
        assert!(told.can_lock && !told.can_eject && told.has_tray());
    }

    #[test]
    fn a_feature_that_only_reads_takes_its_medium_from_the_written_ones() {
        let plus = [
            Profile::DvdPlusRw,
            Profile::DvdPlusR,
            Profile::DvdPlusRwDl,
            Profile::DvdPlusRDl,
        ];
        let features = [
            Feature::DvdPlusRw(DvdPlusRw::default()),
            Feature::DvdPlusR(DvdPlusR::default()),
            Feature::DvdPlusRwDl(feature::DvdPlusRwDl {
                write: true,
                ..Default::default()
            }),
            Feature::DvdPlusRDl(feature::DvdPlusRDl::default()),
        ];
        let told = probe(&mut drive(BURNER, &listing(&plus, &features))).unwrap();
        assert_eq!(
            (&told.reads[..], &told.writes[..]),
            (&plus[..], &[Profile::DvdPlusRwDl][..])
        );
        // Read without a profile of its own.
        let told = probe(&mut drive(BURNER, &listing(&[Profile::DvdRom], &features))).unwrap();
        assert_eq!((told.reads.len(), told.writes.len()), (5, 0));
    }

    #[test]
    fn a_drive_older_than_features_tells_by_its_page() {
        for refusal in [Sense(5, 0x20, 0), Sense(5, 0x24, 0)] {
            let mut old = Scripted::default()
                .on(INQUIRY, [Data(BURNER.to_vec())])
                .on(CONFIGURATION, [refusal])
                .on(SENSE_PAGE, [Data(TGTD_PAGE.to_vec())]);
            let told = probe(&mut old).unwrap();
            assert!(told.by_mode_page && told.can_lock && told.can_eject && told.has_tray());
            let writes = [
                Profile::CdR,
                Profile::CdRw,
                Profile::DvdMinusRSequential,
                Profile::DvdRam,
            ];
            assert_eq!(told.writes, writes);
            assert_eq!(told.reads.len(), writes.len() + 2);
            assert!(told.reads.contains(&Profile::CdRom) && told.reads.contains(&Profile::DvdRom));
            assert_eq!(old.asked[2..], [(SENSE_PAGE, 8), (SENSE_PAGE, 72)]);
        }
    }

    #[test]
    fn a_page_whose_length_is_understated_is_read_all_the_same() {
        let mut page = TGTD_PAGE;
        page[1] = 6;
        let mut old = Scripted::default()
            .on(INQUIRY, [Data(BURNER.to_vec())])
            .on(SENSE_PAGE, [Data(page.to_vec())]);
        // 28 bytes came of a page that announces more: cut off, and no page.
        assert!(matches!(probe(&mut old), Err(ProbeError::Nonsense(_))));
        page[9] = 18;
        let mut old = Scripted::default()
            .on(INQUIRY, [Data(BURNER.to_vec())])
            .on(SENSE_PAGE, [Data(page.to_vec())]);
        assert_eq!(probe(&mut old).unwrap().writes.len(), 4);
    }

    #[test]
    fn another_kind_of_device_is_asked_no_more() {
        let mut stick = BURNER.to_vec();
        stick[0] = 0;
        let mut stick = drive(&stick, &TGTD);
        let error = probe(&mut stick).unwrap_err();
        assert!(matches!(error, ProbeError::NotOptical(DeviceType::Block)));
        assert_eq!(stick.asked.len(), 1);
    }

    #[test]
    fn what_a_drive_has_to_tell_first_is_let_pass_but_not_for_ever() {
        let attention = || Sense(6, 0x29, 0);
        let mut woken = Scripted::default()
            .on(INQUIRY, [attention(), Data(BURNER.to_vec())])
            .on(
                CONFIGURATION,
                [attention(), Sense(6, 0x28, 0), Data(QEMU.to_vec())],
            );
        assert!(probe(&mut woken).is_ok());
        let mut insane = Scripted::default().on(INQUIRY, [attention()]);
        let error = probe(&mut insane).unwrap_err();
        assert_eq!(insane.asked.len(), MOST_TRIES);
        assert_eq!(
            error.to_string(),
            "the drive refuses INQUIRY, 36 bytes: CHECK CONDITION: UNIT ATTENTION, power on, reset, or bus device reset occurred (6/29/00)"
        );
    }

    #[test]
    fn a_drive_that_is_busy_or_gone_is_told() {
        let mut busy = Scripted::default().on(INQUIRY, [Busy]);
        assert!(matches!(
            probe(&mut busy),
            Err(ProbeError::Refused {
                status: Status::Busy,
                ..
            })
        ));
        let mut gone = Scripted::default().on(INQUIRY, [Gone]);
        assert!(matches!(
            probe(&mut gone),
            Err(ProbeError::Transport(TransportError::Gone))
        ));
    }

    #[test]
    fn an_absurd_length_is_asked_for_as_far_as_the_command_can() {
        let mut huge = TGTD;
        huge[..4].fill(0xFF);
        let mut drive = drive(BURNER, &huge);
        assert_eq!(probe(&mut drive).unwrap().writes, [Profile::DvdPlusR]);
        assert_eq!(drive.asked[2], (CONFIGURATION, 65_535));
    }

    #[test]
    fn an_odd_date_and_an_empty_serial_number_are_none() {
        let features = [
            Feature::SerialNumber(b" \0 ".to_vec()),
            Feature::FirmwareDate(b"2015-10-23 1415\0".to_vec()),
        ];
        let told = probe(&mut drive(BURNER, &listing(&[Profile::CdRom], &features))).unwrap();
        assert_eq!((told.serial, told.firmware_date), (None, None));
        assert_eq!((date(b"2015102314150"), date(b"")), (None, None));
    }

    #[test]
    fn the_virtual_drive_tells_what_it_is() {
        let address: DriveAddress = "virtual:null".parse().unwrap();
        let mut drive = crate::Checked::new(address.open(OpenMode::Existing).unwrap());
        let told = probe(&mut drive).unwrap();
        for profile in [
            Profile::DvdRam,
            Profile::DvdPlusRw,
            Profile::DvdPlusR,
            Profile::DvdPlusRDl,
            Profile::BdRSrm,
            Profile::BdRe,
        ] {
            assert!(
                told.writes.contains(&profile) && told.reads.contains(&profile),
                "{profile}"
            );
        }
        assert!(!told.by_mode_page && told.can_lock && told.can_eject);
        assert!(told.serial.is_some_and(|serial| serial.starts_with("PL")));
    }

    proptest! {
        #[test]
        fn any_answers_are_understood_or_refused(
            inquiry in prop::collection::vec(any::<u8>(), 0..60),
            configuration in prop::collection::vec(any::<u8>(), 0..200),
            page in prop::collection::vec(any::<u8>(), 0..100),
            old: bool,
        ) {
            let mut inquiry = inquiry;
            if let Some(kind) = inquiry.first_mut() { *kind = 5; }
            let mut drive = Scripted::default()
                .on(INQUIRY, [Data(inquiry)])
                .on(SENSE_PAGE, [Data(page)]);
            if !old {
                drive = drive.on(CONFIGURATION, [Data(configuration)]);
            }
            if let Ok(told) = probe(&mut drive) {
                prop_assert!(told.reads.is_sorted_by_key(|profile| profile.code()));
                prop_assert!(told.writes.iter().all(|profile| told.reads.contains(profile)));
            }
        }
    }
}
