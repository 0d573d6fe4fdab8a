//! A CD that the host makes whole, and texts in the lead-in: what the drive reads of the
//! sub-channels that were written (recipe 5).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use std::io;

use common::cd::*;
use common::*;
use pitland_mmc::Lba;
use pitland_redbook::disc::{Limits, Session, Track};
use pitland_redbook::raw::{ProgramSource, RawImage, SubchannelForm};
use pitland_redbook::sector::Subheader;
use pitland_redbook::text::{CdText, Language, Pack, TextBlock, TextKind, symbols_of};
use pitland_redbook::{SectorCodec, SectorForm};
use pitland_simdrive::{DriveModel, FIRST_SECTOR, MediumKind, RawForms, SECTOR_BYTES};

const LEAD_IN: i32 = -11_550;
const ILLEGAL_MODE: Sense = (5, 0x64, 0);
const SEQUENCE: Sense = (5, 0x2C, 0);
const NO_TABLE: Sense = (3, 0x57, 0);
const FORMS: [(SubchannelForm, u8); 3] = [
    (SubchannelForm::Pq16, 1),
    (SubchannelForm::Packed96, 2),
    (SubchannelForm::Raw96, 3),
];

/// Each frame of each track other than all others.
struct Samples;

impl ProgramSource for Samples {
    fn read(&mut self, track: u8, frame: u32, out: &mut [u8]) -> io::Result<()> {
        let all = samples(i32::from(track) * 10_000 + frame as i32, 1);
        out.copy_from_slice(&all[..out.len()]);
        Ok(())
    }
}

fn frames(track: u8, from: u32, count: u32) -> Vec<u8> {
    (from..from + count)
        .flat_map(|frame| samples(i32::from(track) * 10_000 + frame as i32, 1))
        .collect()
}

/// Hidden sound, an index, a pause, codes: 100 + 400 blocks, 75 of silence, 350.
fn album() -> Session {
    let mut first = Track::audio(400);
    first.lead = 100;
    first.indexes = vec![300];
    first.isrc = Some("USAT29902803".parse().unwrap());
    let mut second = Track::audio(350).with_pause(75);
    second.control.copy_permitted = true;
    let session = Session::new(vec![first, second], &Limits::ADDRESSES).unwrap();
    session.with_catalogue("4006381333931".parse().unwrap())
}

fn texts() -> Vec<Pack> {
    let block = TextBlock::new(Language::ENGLISH, 1, 2)
        .with(TextKind::Title, 0, "An album of two")
        .with(TextKind::Title, 1, "The first")
        .with(TextKind::Title, 2, "The second one of them");
    CdText {
        blocks: vec![block],
    }
    .packs()
    .unwrap()
}

/// The blocks of a whole disc, and how many bytes each has.
fn image(session: &Session, form: SubchannelForm, text: Vec<Pack>) -> (Vec<u8>, usize) {
    let image = RawImage::new(session, Lba(LEAD_IN), form, text);
    let bytes = form.block_bytes();
    let mut out = vec![0; image.blocks() as usize * bytes];
    let made = image.read_blocks(Lba(LEAD_IN), &mut Samples, &mut out);
    assert_eq!(made.unwrap() as u32, image.blocks());
    (out, bytes)
}

fn raw_page(host: &mut Host, block_type: u8) -> Option<Sense> {
    host.cd_page(0x43, 0, block_type).key_asc_ascq()
}

/// A drive that takes no time.
fn host() -> Host {
    Host::cd_with(
        MediumKind::CdR,
        DriveModel {
            clock_permille: 0,
            ..DriveModel::default()
        },
    )
}

fn burn(host: &mut Host, (blocks, bytes): &(Vec<u8>, usize), block_type: u8) {
    assert_eq!(raw_page(host, block_type), None);
    host.write_forms(LEAD_IN, *bytes, blocks);
    host.sync();
}

#[test]
fn recipe_5_a_raw_session_is_what_its_sub_channels_say() {
    for (form, block_type) in FORMS {
        let session = album();
        let mut host = host();
        assert_eq!(raw_page(&mut host, block_type), None);
        assert_eq!(host.cd_nwa().unwrap().0, LEAD_IN);
        let image = image(&session, form, texts());
        burn(&mut host, &image, block_type);
        let mut host = host.reopened();
        assert_eq!(host.disc(), (2, 3, 1, 1, 2), "{form:?}");
        let toc = host.toc(0).unwrap();
        let lines: Vec<(u8, u32)> = toc.chunks(8).map(|l| (l[1], word(l, 4))).collect();
        assert_eq!(lines, [(0x10, 100), (0x12, 575), (0x12, 925)]);
        // Sound, sample for sample.
        assert_eq!(host.sound(0, 500), frames(1, 0, 500));
        assert_eq!(host.sound(500, 75), vec![0; 75 * 2352]);
        assert_eq!(host.sound(575, 350), frames(2, 0, 350));
        // Every sub-channel, as it came; but for Q's sum in the form without one.
        let subcode = session.subcode(Lba(LEAD_IN));
        for lba in [0, 99, 100, 399, 400, 499, 500, 574, 575, 640, 680, 924] {
            let expected = subcode.at(Lba(lba));
            let raw = host.read_cd(1, lba as u32, 1, 0, 1).unwrap();
            assert_eq!(raw, expected.interleaved(), "{form:?} {lba}");
            assert_eq!(host.q(lba as u32), expected.sixteen());
        }
        let number = host.get(&[0x42, 0, 0x40, 2, 0, 0, 0, 0, 24, 0], 24);
        assert_eq!((number[8], &number[9..22]), (0x80, &b"4006381333931"[..]));
        let isrc = host.get(&[0x42, 0, 0x40, 3, 0, 0, 1, 0, 24, 0], 24);
        assert_eq!((isrc[8], &isrc[9..21]), (0x80, &b"USAT29902803"[..]));
        // Texts have no room in 16 bytes.
        match form {
            SubchannelForm::Pq16 => assert_eq!(host.toc(5), Err(ILLEGAL_FIELD)),
            _ => {
                let packs: Vec<u8> = texts().iter().flat_map(|p| *p.bytes()).collect();
                assert_eq!(host.toc(5).unwrap(), packs);
            }
        }
        // The store has the lead-in and the lead-out as well.
        let mut medium = host.drive.remove().unwrap();
        let mut sector = vec![0; SECTOR_BYTES];
        for lba in [LEAD_IN, -151, -150, 925, 925 + 6749] {
            medium.read_sectors(lba, &mut sector).unwrap();
            let expected = subcode.at(Lba(lba));
            let sub: &[u8; 96] = sector[2352..].try_into().unwrap();
            let kept = pitland_redbook::subchannel::Channels::from_interleaved(sub);
            assert_eq!(
                (kept.0[0], kept.q()),
                (expected.0[0], expected.q()),
                "{lba}"
            );
        }
        assert!(medium.read_sectors(FIRST_SECTOR - 1, &mut sector).is_err());
    }
}

/// Data are scrambled on the way, and read as they were before.
#[test]
fn recipe_5_raw_data_are_kept_without_scrambling() {
    let forms = [
        (SectorForm::Audio, 1, 0),
        (SectorForm::Mode1, 2, 16),
        (SectorForm::Mode2, 3, 16),
        (SectorForm::Mode2Form1(Subheader::data()), 4, 24),
        (SectorForm::Mode2Form2(Subheader::data()), 5, 24),
    ];
    let track = |(form, ..): &(SectorForm, u8, usize)| match form {
        SectorForm::Audio => Track::audio(300),
        form => Track::data(*form, 300).with_pause(150),
    };
    let session = Session::new(forms.iter().map(track).collect(), &Limits::ADDRESSES);
    let mut host = host();
    let image = image(&session.unwrap(), SubchannelForm::Raw96, Vec::new());
    burn(&mut host, &image, 3);
    assert_eq!(host.sound(0, 300), frames(1, 0, 300));
    for (number, (form, expected, user_at)) in (1..).zip(forms).skip(1) {
        let at = 450 * (u32::from(number) - 1) + 20;
        let sector = host.read_cd(expected, at, 1, 0xF8, 0).unwrap();
        let whole: &[u8; 2352] = sector.as_slice().try_into().unwrap();
        assert_eq!(SectorCodec::new().judge(whole), None, "{form:?}");
        let user = &samples(i32::from(number) * 10_000 + 20, 1)[..form.user_bytes()];
        assert_eq!(&sector[user_at..][..user.len()], user, "{form:?}");
        match form {
            SectorForm::Mode1 | SectorForm::Mode2Form1(_) => {
                assert_eq!(host.read(at, 1).unwrap(), user);
            }
            _ => assert_eq!(host.read(at, 1), Err(ILLEGAL_MODE)),
        }
        let mode = if form == SectorForm::Mode1 { 1 } else { 2 };
        assert_eq!(host.track(number)[6] & 15, mode, "{form:?}");
    }
}

/// A lead-in whose sums are wrong, or that says nothing: there is no disc for a reader.
#[test]
fn recipe_5_without_a_table_of_contents_nothing_reads() {
    let (good, bytes) = image(&album(), SubchannelForm::Raw96, texts());
    let lead_in = (-150 - LEAD_IN) as usize;
    let mut wrong_sums = good.clone();
    for block in wrong_sums.chunks_mut(bytes).take(lead_in) {
        // The last bit of Q.
        block[2352 + 95] ^= 0x40;
    }
    let mut silent = good.clone();
    for block in silent.chunks_mut(bytes).take(lead_in) {
        block[2352..].fill(0);
    }
    for blocks in [wrong_sums, silent] {
        let mut host = host();
        burn(&mut host, &(blocks, bytes), 3);
        let mut host = host.reopened();
        assert_eq!(host.disc(), (2, 3, 1, 1, 1));
        for format in [0, 1, 2, 5] {
            assert_eq!(host.toc(format), Err(NO_TABLE));
        }
        assert_eq!(host.read(0, 1), Err(NO_TABLE));
        assert_eq!(host.read_cd(0, 0, 1, 0x10, 0), Err(NO_TABLE));
        host.refused(&[0x42, 0, 0x40, 2, 0, 0, 0, 0, 24, 0], NO_TABLE);
        assert_eq!(host.drive.medium().unwrap().tracks(), []);
    }
    // One frame of each three suffices.
    let mut damaged = good;
    for block in damaged.chunks_mut(bytes).take(lead_in).step_by(2) {
        block[2352 + 95] ^= 0x40;
    }
    let mut host = host();
    burn(&mut host, &(damaged, bytes), 3);
    assert_eq!(host.toc(0).unwrap().len(), 3 * 8);
}

#[test]
fn recipe_5_a_raw_session_is_written_from_the_lead_in_on_without_a_gap() {
    let mut host = host();
    let (blocks, bytes) = image(&album(), SubchannelForm::Raw96, Vec::new());
    assert_eq!(raw_page(&mut host, 3), None);
    let one = &blocks[..bytes];
    for lba in [LEAD_IN - 1, LEAD_IN + 1, -150, 0] {
        host.send_refused(&write_10(lba as u32, 1), one, NOT_AT_NWA);
    }
    let data_phase = (0xB, 0x4B, 0);
    host.send_refused(&write_10(LEAD_IN as u32, 1), &one[..2352], data_phase);
    host.send_refused(&write_10(LEAD_IN as u32, 1), &one[..2368], data_phase);
    host.write_forms(LEAD_IN, bytes, &blocks[..26 * bytes]);
    host.send_refused(&write_10((LEAD_IN + 25) as u32, 1), one, NOT_AT_NWA);
    assert_eq!(raw_page(&mut host, 1), Some(SEQUENCE));
    host.refused(&close(2, 0), SEQUENCE);
    assert_eq!(host.read(0, 1), Err(SEQUENCE));
    // Cut off in the lead-in: lost, and it can be closed over.
    host.sync();
    assert_eq!(host.disc_information()[2] & 0x0F, 0b1001);
    let mut host = host.reopened();
    assert_eq!(host.toc(0), Err(ILLEGAL_FIELD));
}

#[test]
fn recipe_5_what_is_cut_off_in_the_program_is_no_session() {
    let mut host = host();
    let (blocks, bytes) = image(&album(), SubchannelForm::Raw96, Vec::new());
    assert_eq!(raw_page(&mut host, 3), None);
    // Up to the lead-out, and nothing of it.
    let program = (925 - LEAD_IN) as usize;
    host.write_forms(LEAD_IN, bytes, &blocks[..program * bytes]);
    host.drive.power_loss();
    host.ready();
    assert_eq!(host.disc_information()[2] & 0x0F, 0b1001);
    assert!(host.read_cd(1, 0, 1, 0x10, 0).is_err());
}

#[test]
fn recipe_2_4_drives_differ_in_what_they_take_raw() {
    let feature = |host: &mut Host| host.get(&[0x46, 2, 0, 0x2E, 0, 0, 0, 0, 16, 0], 16)[12];
    let none = DriveModel {
        raw_forms: RawForms::NONE,
        ..DriveModel::default()
    };
    let mut host = Host::cd_with(MediumKind::CdR, none);
    assert_eq!(feature(&mut host) & 8, 0);
    for (_, block_type) in FORMS {
        assert_eq!(raw_page(&mut host, block_type), Some(ILLEGAL_PARAMETER));
    }
    let one = DriveModel {
        raw_forms: RawForms {
            raw96: true,
            ..RawForms::NONE
        },
        ..DriveModel::default()
    };
    let mut host = Host::cd_with(MediumKind::CdR, one);
    assert_eq!(feature(&mut host) & 8, 8);
    let answers = FORMS.map(|(_, block_type)| raw_page(&mut host, block_type));
    assert_eq!(
        answers,
        [Some(ILLEGAL_PARAMETER), Some(ILLEGAL_PARAMETER), None]
    );
}

/// A test write of a raw session leaves nothing.
#[test]
fn recipe_3_a_raw_session_in_test_leaves_the_disc_blank() {
    let mut host = host();
    assert_eq!(host.cd_page(0x53, 0, 3).key_asc_ascq(), None);
    let (blocks, bytes) = image(&album(), SubchannelForm::Raw96, Vec::new());
    host.write_forms(LEAD_IN, bytes, &blocks[..12_600 * bytes]);
    host.sync();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    burn(&mut host, &(blocks, bytes), 3);
    assert_eq!(host.disc(), (2, 3, 1, 1, 2));
}

/// The texts of a session at once: blocks of 96 bytes from the beginning of the lead-in on.
#[test]
fn recipe_5_texts_of_a_session_at_once() {
    let sheet = vec![
        entry(0x01, 0, 0, 0x41, [0; 3]),
        entry(0x01, 1, 0, 0x00, [0; 3]),
        entry(0x01, 1, 1, 0x00, [0, 2, 0]),
        entry(0x01, 0xAA, 1, 0x01, msf(300)),
    ];
    let packs = texts();
    let lead_in: Vec<u8> = (0..(-150 - LEAD_IN) as usize)
        .flat_map(|block| symbols_of(&packs, block * 4))
        .collect();
    for block_type in [0, 3] {
        let mut host = host();
        assert_eq!(host.cd_page(0x42, 0, block_type).key_asc_ascq(), None);
        assert_eq!(host.cue(&sheet), None);
        host.send_refused(&write_10(-150_i32 as u32, 1), &[0; 2352], NOT_AT_NWA);
        host.send_refused(&write_10(LEAD_IN as u32, 1), &[0; 2352], (0xB, 0x4B, 0));
        host.write_forms(LEAD_IN, 96, &lead_in);
        host.write_forms(-150, 2352, &samples(-150, 450));
        host.sync();
        let mut host = host.reopened();
        assert_eq!(host.disc(), (2, 3, 1, 1, 1));
        let bytes: Vec<u8> = packs.iter().flat_map(|p| *p.bytes()).collect();
        assert_eq!(host.toc(5).unwrap(), bytes);
        let (read, faults) = CdText::parse(&bytes);
        assert!(faults.is_empty());
        assert_eq!(
            read.blocks[0].text(TextKind::Title, 2),
            Some("The second one of them")
        );
        assert_eq!(host.sound(0, 300), samples(0, 300));
    }
    // A sheet that announces texts is not kept without them.
    let mut host = host();
    host.session_at_once(0);
    assert_eq!(host.cue(&sheet), None);
    host.write_forms(LEAD_IN, 96, &lead_in[..96 * 1000]);
    host.sync();
    assert_eq!(host.disc_information()[2] & 0x0F, 0b1001);
    assert_eq!(host.toc(5), Err(ILLEGAL_FIELD));
}

/// What is unclosed or blanked has no lead-in any more, and no texts.
#[test]
fn recipe_5_blanking_takes_the_texts() {
    for kind in [1, 5, 6] {
        let mut host = Host::cd_with(
            MediumKind::CdRw,
            DriveModel {
                clock_permille: 0,
                ..DriveModel::default()
            },
        );
        let image = image(&album(), SubchannelForm::Raw96, texts());
        burn(&mut host, &image, 3);
        assert!(host.toc(5).is_ok());
        host.command(&blank_cd(kind, 0));
        host.ready();
        assert_eq!(host.toc(5), Err(ILLEGAL_FIELD), "{kind}");
        let mut host = host.reopened();
        host.track_at_once();
        assert_eq!(host.toc(5), Err(ILLEGAL_FIELD), "{kind}");
        host.drive.medium().unwrap().validate().unwrap();
        if kind != 5 {
            // What was there before does not come back.
            host.whole_track(0, 300);
            host.close(2, 0);
            assert_eq!(host.toc(5), Err(ILLEGAL_FIELD), "{kind}");
            assert_eq!(host.read(0, 300).unwrap(), pattern(0, 300));
        }
    }
}

/// Raw, behind a session that is there already: with a lead-in of its own.
#[test]
fn recipe_5_a_raw_session_behind_another_one_has_its_own_lead_in() {
    let mut host = host();
    host.session_at_once(3);
    host.whole_session(300);
    let start = 300 + 11_400;
    assert_eq!(raw_page(&mut host, 3), None);
    assert_eq!(host.cd_nwa().unwrap().0, start - 150 - 4500);
    let one = vec![0; 2448];
    host.send_refused(&write_10(LEAD_IN as u32, 1), &one, NOT_AT_NWA);
    // Nothing in it says what it is.
    host.write_forms(start - 4650, 2448, &vec![0; 4800 * 2448]);
    host.sync();
    assert_eq!(host.disc(), (2, 3, 2, 2, 2));
    assert_eq!(host.toc(0), Err(NO_TABLE));
}
