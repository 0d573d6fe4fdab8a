//! Audio on a CD: tracks and sessions at once, what the drive makes around them, and how they
//! read (recipes 5 and 10).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::cd::*;
use common::*;
use pitland_simdrive::{Defect, DriveModel, MediumKind};

const ILLEGAL_MODE: Sense = (5, 0x64, 0);
const READ_ERROR: Sense = (3, 0x11, 5);

/// Two audio tracks at once, closed: 0 to 400 and 552 to 952.
fn two_tracks_at_once(model: DriveModel) -> Host {
    let mut host = Host::cd_with(MediumKind::CdR, model);
    for (lba, mode) in [(0, 0), (552, 3)] {
        host.audio_at_once(mode);
        assert_eq!(host.cd_nwa().unwrap().0, lba);
        host.write_forms(lba, 2352, &samples(lba, 400));
        host.sync();
    }
    assert_eq!(host.cd_page(0x41, 0, 0).key_asc_ascq(), None);
    host.close(2, 0);
    host
}

#[test]
fn recipe_5_audio_tracks_at_once_read_as_they_were_written_with_silence_between() {
    let mut host = two_tracks_at_once(DriveModel::default());
    for host in [&mut host.reopened(), &mut host] {
        assert_eq!(host.disc(), (2, 3, 1, 1, 2));
        assert_eq!(host.sound(0, 400), samples(0, 400));
        assert_eq!(host.sound(552, 400), samples(552, 400));
        // Run-out and pause.
        assert_eq!(host.sound(400, 152), vec![0; 152 * 2352]);
        assert_eq!(host.sound(952, 2), vec![0; 2 * 2352]);
        assert_eq!(host.read_cd(1, 954, 1, 0x10, 0), Err(OUT_OF_RANGE));
        // READ is for data.
        assert_eq!(host.read(0, 1), Err(ILLEGAL_MODE));
        for expected in 2..=5 {
            assert_eq!(host.read_cd(expected, 10, 1, 0x10, 0), Err(ILLEGAL_MODE));
        }
        let toc = host.toc(0).unwrap();
        let lines: Vec<(u8, u32)> = toc.chunks(8).map(|l| (l[1], word(l, 4))).collect();
        assert_eq!(lines, [(0x10, 0), (0x13, 552), (0x13, 954)]);
        let track = host.track(2);
        assert_eq!((track[5] & 0x0F, track[6] & 0x0F), (3, 0x0F));
    }
}

#[test]
fn recipe_5_the_position_that_the_drive_makes() {
    let mut host = two_tracks_at_once(DriveModel::default());
    // Control and ADR, track, index, relative, zero, absolute; P in the last bit.
    assert_eq!(host.q(0)[..10], [0x01, 1, 1, 0, 0, 0, 0, 0, 2, 0]);
    assert_eq!(host.q(399)[..10], [0x01, 1, 1, 0, 5, 0x24, 0, 0, 7, 0x24]);
    let pause = host.q(402);
    assert_eq!(pause[..10], [0x31, 2, 0, 0, 1, 0x74, 0, 0, 7, 0x27]);
    assert_eq!(pause[15], 0x80);
    assert_eq!(host.q(551)[2..6], [0, 0, 0, 0], "0 in the last block");
    assert_eq!(host.q(552)[1..6], [2, 1, 0, 0, 0]);
    // P through the first block of what the pause is before; nobody knew what came behind the rest.
    let set: Vec<u32> = (0..954).filter(|lba| host.q(*lba)[15] == 0x80).collect();
    let expected: Vec<u32> = [0].into_iter().chain(402..=552).collect();
    assert_eq!(set, expected);
    // READ SUB-CHANNEL tells where the last read was.
    host.sound(552, 10);
    let at = host.get(&[0x42, 0, 0x40, 1, 0, 0, 0, 0, 16, 0], 16);
    assert_eq!(at[..8], [0, 0x15, 0, 12, 1, 0x13, 2, 1]);
    assert_eq!((word(&at, 8), word(&at, 12)), (561, 9));
    let at = host.get(&[0x42, 2, 0x40, 1, 0, 0, 0, 0, 16, 0], 16);
    assert_eq!(at[8..], [0, 0, 9, 36, 0, 0, 0, 9]);
}

/// A page for audio in a drive that sees a disc of the first version: it is sent to ask for an
/// address, and what is written then is refused.
#[test]
fn recipe_13_2_a_disc_of_the_first_version_takes_no_audio() {
    let mut host = Host::old_cd(MediumKind::CdR);
    host.audio_at_once(0);
    assert_eq!(host.cd_nwa().unwrap().0, 0);
    let answer = host.send(&write_10(0, 2), &[0; 2 * 2352]);
    assert_eq!(answer.key_asc_ascq(), Some(ILLEGAL_MODE));
    assert_eq!(
        host.cd_page(0x43, 0, 3).key_asc_ascq(),
        Some(ILLEGAL_PARAMETER)
    );
    host.track_at_once();
    host.whole_track(0, 300);
    assert_eq!(host.read(0, 300).unwrap(), pattern(0, 300));
}

#[test]
fn recipe_13_2_the_form_of_the_blocks_is_what_page_05h_says() {
    let mut host = Host::cd(MediumKind::CdR);
    host.audio_at_once(0);
    let data_phase = (0xB, 0x4B, 0);
    host.send_refused(&write_10(0, 2), &[0; 2 * 2048], data_phase);
    host.write_forms(0, 2352, &samples(0, 10));
    // Neither page nor form changes within a track.
    assert_eq!(
        host.cd_page(0x41, 0xC4, 8).key_asc_ascq(),
        Some((5, 0x2C, 0))
    );
    host.send_refused(&write_10(10, 1), &[0; 2448], data_phase);
    // Four seconds are made up.
    host.sync();
    host.audio_at_once(0);
    assert_eq!(host.cd_nwa().unwrap().0, 452);
    host.close(2, 0);
    assert_eq!(host.sound(0, 10), samples(0, 10));
    assert_eq!(host.sound(10, 290), vec![0; 290 * 2352]);
}

/// Data and audio at once: run-out and pause read where they are of audio.
#[test]
fn recipe_5_data_then_audio_at_once() {
    let mut host = Host::cd(MediumKind::CdR);
    host.track_at_once();
    host.whole_track(0, 300);
    host.audio_at_once(2);
    host.write_forms(452, 2352, &samples(452, 300));
    host.sync();
    host.track_at_once();
    host.whole_track(904, 300);
    host.close(2, 0);
    assert_eq!(host.read(0, 300).unwrap(), pattern(0, 300));
    assert_eq!(host.read(904, 300).unwrap(), pattern(904, 300));
    assert_eq!(
        host.read_cd(0, 300, 1, 0x10, 0),
        Err(ILLEGAL_MODE),
        "run-out"
    );
    assert_eq!(host.sound(302, 150), vec![0; 150 * 2352]);
    assert_eq!(host.sound(452, 300), samples(452, 300));
    assert_eq!(host.sound(752, 2), vec![0; 2 * 2352]);
    assert_eq!(host.read_cd(0, 754, 1, 0x10, 0), Err(READ_ERROR));
    // Where sound becomes data a read ends.
    assert_eq!(host.read_cd(0, 751, 1, 0x10, 0).unwrap().len(), 2352);
    assert_eq!(host.read_cd(0, 299, 2, 0x10, 0), Err(ILLEGAL_MODE));
}

fn code(number: u8, text: &[u8; 12], control: u8) -> [[u8; 8]; 2] {
    let half = |part: &[u8]| {
        let mut entry = [0; 8];
        entry[..2].copy_from_slice(&[control << 4 | 3, number]);
        entry[2..].copy_from_slice(part);
        entry
    };
    [half(&text[..6]), half(&text[6..])]
}

/// Hidden sound before track 1, a pause with sound in it, gapless tracks, indexes and codes.
fn album() -> Vec<[u8; 8]> {
    let mut sheet = vec![
        *b"\x024006381",
        *b"\x02333931\0",
        entry(0x01, 0, 0, 0x01, [0; 3]),
    ];
    sheet.extend(code(1, b"USAT29902803", 0));
    sheet.extend([
        entry(0x01, 1, 0, 0x00, [0; 3]),
        entry(0x01, 1, 1, 0x00, msf(350)),
        entry(0x01, 1, 2, 0x00, msf(500)),
        entry(0x01, 1, 3, 0x00, msf(600)),
        entry(0x21, 2, 1, 0x00, msf(700)),
    ]);
    sheet.extend(code(3, b"DEABC1345678", 1));
    sheet.extend([
        entry(0x11, 3, 0, 0x00, msf(1000)),
        entry(0x11, 3, 1, 0x00, msf(1150)),
        entry(0x11, 0xAA, 1, 0x01, msf(1500)),
    ]);
    sheet
}

#[test]
fn recipe_5_an_album_at_once_has_no_sample_but_its_own() {
    let mut host = Host::cd(MediumKind::CdRw);
    host.session_at_once(0);
    assert_eq!(host.cue(&album()), None);
    host.write_forms(-150, 2352, &samples(-150, 1650));
    host.sync();
    for host in [&mut host.reopened(), &mut host] {
        assert_eq!(host.disc(), (2, 3, 1, 1, 3));
        // Hidden sound, pauses, all of it: one stream.
        assert_eq!(host.sound(0, 1500), samples(0, 1500));
        let toc = host.toc(0).unwrap();
        let lines: Vec<(u8, u32)> = toc.chunks(8).map(|l| (l[1], word(l, 4))).collect();
        assert_eq!(
            lines,
            [(0x10, 350), (0x12, 700), (0x11, 1150), (0x11, 1500)]
        );
        let place = |host: &mut Host, lba: u32| {
            let q = host.q(lba);
            (q[0], q[1], q[2])
        };
        for (lba, expected) in [
            (0, (1, 1, 0)),
            (349, (1, 1, 0)),
            (350, (1, 1, 1)),
            (500, (1, 1, 2)),
            (600, (1, 1, 3)),
            (699, (1, 1, 3)),
            (700, (0x21, 2, 1)),
            (1000, (0x11, 3, 0)),
            (1150, (0x11, 3, 1)),
        ] {
            assert_eq!(place(host, lba), expected, "{lba}");
        }
        // P in pauses, and for two seconds before a track without one and before the lead-out; in
        // either case through the first block.
        let set: Vec<u32> = (0..1500).filter(|lba| host.q(*lba)[15] == 0x80).collect();
        let expected: Vec<u32> = (0..=350)
            .chain(550..=700)
            .chain(1000..=1150)
            .chain(1350..1500)
            .collect();
        assert_eq!(set, expected);
        // Number and codes, by question and among the positions.
        let number = host.get(&[0x42, 0, 0x40, 2, 0, 0, 0, 0, 24, 0], 24);
        assert_eq!(number[3..5], [20, 2]);
        assert_eq!((number[8], &number[9..22]), (0x80, &b"4006381333931"[..]));
        let isrc = |host: &mut Host, track: u8| {
            let reply = host.get(&[0x42, 0, 0x40, 3, 0, 0, track, 0, 24, 0], 24);
            assert_eq!((reply[3], reply[4], reply[6]), (20, 3, track));
            (reply[8] >> 7 == 1).then(|| reply[9..21].to_vec())
        };
        assert_eq!(isrc(host, 1), Some(b"USAT29902803".to_vec()));
        assert_eq!(isrc(host, 2), None);
        assert_eq!(isrc(host, 3), Some(b"DEABC1345678".to_vec()));
        let modes = |host: &mut Host, from: u32| -> Vec<u8> {
            (from..from + 98).map(|lba| host.q(lba)[0] & 0x0F).collect()
        };
        let count = |modes: &[u8], mode: u8| modes.iter().filter(|m| **m == mode).count();
        let one = modes(host, 355);
        assert_eq!((count(&one, 1), count(&one, 2), count(&one, 3)), (96, 1, 1));
        let two = modes(host, 750);
        assert_eq!((count(&two, 1), count(&two, 2), count(&two, 3)), (97, 1, 0));
    }
}

#[test]
fn recipe_5_a_session_that_is_cut_short_or_out_of_order_is_lost() {
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(0);
    assert_eq!(host.cue(&album()), None);
    host.send_refused(&write_10(-100_i32 as u32, 1), &[0; 2352], NOT_AT_NWA);
    host.write_forms(-150, 2352, &samples(-150, 800));
    host.send_refused(&write_10(700, 1), &[0; 2352], NOT_AT_NWA);
    host.sync();
    assert_eq!(
        host.disc_information()[2] & 0x0F,
        0b1001,
        "incomplete, damaged"
    );
    assert_eq!(host.read_cd(1, 100, 1, 0x10, 0), Err(READ_ERROR));
    host.reopened();
}

/// As wodim writes data and audio at once: the blocks change their form where the track does.
#[test]
fn recipe_5_a_mixed_session_changes_its_blocks_with_its_tracks() {
    let sheet = vec![
        entry(0x41, 0, 0, 0x14, [0; 3]),
        entry(0x41, 1, 0, 0x10, [0; 3]),
        entry(0x41, 1, 1, 0x10, [0, 2, 0]),
        entry(0x01, 2, 0, 0x00, msf(400)),
        entry(0x01, 2, 1, 0x00, msf(655)),
        entry(0x01, 0xAA, 1, 0x01, msf(1000)),
    ];
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(0);
    assert_eq!(host.cue(&sheet), None);
    host.write_from(-150, 540);
    // One WRITE, one form.
    host.send_refused(&write_10(390, 13), &[0; 13 * 2048], ILLEGAL_MODE);
    host.write_from(390, 10);
    host.send_refused(&write_10(400, 1), &[0; 2048], (0xB, 0x4B, 0));
    host.write_forms(400, 2352, &samples(400, 600));
    host.sync();
    let mut host = host.reopened();
    assert_eq!(host.read(0, 400).unwrap(), pattern(0, 400));
    assert_eq!(host.sound(400, 600), samples(400, 600));
    // The data are whole sectors, with header, EDC and ECC.
    let sector = host.read_cd(2, 16, 1, 0xF8, 0).unwrap();
    assert_eq!(sector[12..16], [0, 2, 0x16, 1]);
    let whole: &[u8; 2352] = sector.as_slice().try_into().unwrap();
    assert_eq!(pitland_redbook::SectorCodec::new().judge(whole), None);
    let header = host.get(&[0x44, 0, 0, 0, 0, 16, 0, 0, 8, 0], 8);
    assert_eq!(header, [1, 0, 0, 0, 0, 0, 0, 16]);
    host.refused(&[0x44, 0, 0, 0, 1, 0x90, 0, 0, 8, 0], ILLEGAL_MODE);
    let mut medium = host.drive.remove().unwrap();
    assert_eq!(medium.tracks(), [(0, 400)], "what reads as data");
    let mut blocks = vec![0; 400 * 2048];
    medium.read_blocks(0, &mut blocks).unwrap();
    assert_eq!(blocks, pattern(0, 400));
}

/// CD-EXTRA: a data session behind one of audio.
#[test]
fn recipe_5_a_data_session_follows_one_of_audio() {
    let mut host = Host::cd(MediumKind::CdR);
    host.session_at_once(3);
    assert_eq!(host.cue(&album()), None);
    host.write_forms(-150, 2352, &samples(-150, 1650));
    host.sync();
    assert_eq!(host.disc(), (1, 0, 2, 4, 4));
    assert_eq!(host.cd_page(0x41, 0x04, 10).key_asc_ascq(), None);
    let (nwa, _) = host.cd_nwa().unwrap();
    assert_eq!(nwa, 1500 + 11_400);
    host.whole_track(nwa as u32, 300);
    host.close(2, 0);
    assert_eq!(host.disc(), (2, 3, 2, 4, 4));
    let first_of_last = host.toc(1).unwrap();
    assert_eq!(word(&first_of_last, 4), nwa as u32);
    assert_eq!(
        host.read(nwa as u32, 300).unwrap(),
        pattern(nwa as u32, 300)
    );
    assert_eq!(host.sound(0, 1500), samples(0, 1500));
    let sector = host.read_cd(4, nwa as u32, 1, 0xF8, 0).unwrap();
    let whole: &[u8; 2352] = sector.as_slice().try_into().unwrap();
    assert_eq!(pitland_redbook::SectorCodec::new().judge(whole), None);
}

/// Recipe 5: form 11h and its like, of which the drive makes header and codes anew.
#[test]
fn recipe_5_whole_data_sectors_get_their_own_header_and_codes() {
    for (lead, form, bytes, from, expected) in [
        (0x14, 0x11, 2352, 16, 2),
        (0x34, 0x31, 2352, 16, 3),
        (0x34, 0x30, 2336, 0, 3),
        (0x24, 0x21, 2352, 16, 4),
        (0x24, 0x20, 2336, 0, 4),
    ] {
        let mut host = Host::cd(MediumKind::CdR);
        host.session_at_once(0);
        let mut sheet = data_sheet(300);
        for (entry, form) in sheet.iter_mut().zip([lead, form, form, lead]) {
            entry[3] = form;
        }
        assert_eq!(host.cue(&sheet), None, "{form:02X}");
        let mut data: Vec<u8> = samples(0, 450).iter().copied().take(450 * bytes).collect();
        for block in data.chunks_mut(bytes) {
            // Mode 2 without forms has no subheader, which would be there twice.
            let again = if form < 0x30 { 8 } else { 9 };
            block[from..from + 8].copy_from_slice(&[0, 0, 8, 0, 0, 0, again, 0]);
        }
        host.write_forms(-150, bytes, &data);
        host.sync();
        let sector = host.read_cd(expected, 20, 1, 0xF8, 0).unwrap();
        let whole: &[u8; 2352] = sector.as_slice().try_into().unwrap();
        let judged = pitland_redbook::SectorCodec::new().judge(whole);
        assert_eq!(judged, None, "{form:02X}");
        assert_eq!(sector[12..15], [0, 2, 0x20]);
        let sent = &data[170 * bytes + from..][..2048];
        assert_eq!(&sector[16..16 + 2048], sent, "{form:02X}");
        assert_eq!(host.read(20, 1).is_ok(), form < 0x30, "{form:02X}");
    }
}

/// Mode 2 at once, in blocks of 2336 and 2332 bytes.
#[test]
fn recipe_3_mode_2_at_once() {
    for (block_type, bytes, expected) in [(9, 2336, 3), (13, 2332, 5)] {
        let mut host = Host::cd(MediumKind::CdR);
        assert_eq!(host.cd_page(0x41, 0xC4, block_type).key_asc_ascq(), None);
        let mut data: Vec<u8> = samples(0, 300)[..300 * bytes].to_vec();
        for block in data.chunks_mut(bytes) {
            let again = if block_type == 9 { 9 } else { 8 };
            block[..8].copy_from_slice(&[0, 0, 0x20 | 8, 0, 0, 0, 0x20 | again, 0]);
        }
        host.write_forms(0, bytes, &data);
        host.sync();
        host.close(2, 0);
        let sector = host.read_cd(expected, 20, 1, 0xF8, 0).unwrap();
        let whole: &[u8; 2352] = sector.as_slice().try_into().unwrap();
        assert_eq!(pitland_redbook::SectorCodec::new().judge(whole), None);
        assert_eq!(&sector[16..][..bytes], &data[20 * bytes..][..bytes]);
        assert_eq!(host.read(20, 1), Err(ILLEGAL_MODE), "no 2048 bytes");
        assert_eq!(host.track(1)[6] & 0x0F, 2);
    }
}

/// The least drive of the strictest kind gives sound from some samples away.
#[test]
fn recipe_10_a_drive_reads_sound_by_its_offset() {
    for offset in [-600, -6, 0, 30, 667] {
        let mut host = two_tracks_at_once(DriveModel {
            audio_read_offset: offset,
            ..DriveModel::default()
        });
        let mut all = vec![0; 2 * 2352];
        all.extend(samples(0, 400));
        all.extend(vec![0; 2352 * 4]);
        let from = |lba: i32| ((lba + 2) * 2352 + offset * 4) as usize;
        for lba in [0, 1, 200, 399] {
            let expected = &all[from(lba)..from(lba) + 2352];
            assert_eq!(host.sound(lba as u32, 1), expected, "{offset} {lba}");
        }
        assert_eq!(host.q(0)[1..3], [1, 1], "the sub-channel is where it is");
    }
}

/// Bad places of sound are given, with the error flags that say so; those of data are not.
#[test]
fn recipe_10_c2_tells_what_of_sound_is_wrong() {
    let mut host = two_tracks_at_once(DriveModel {
        defects: vec![(7..8, Defect::Unreadable)],
        ..DriveModel::default()
    });
    let good = host.read_cd(1, 6, 1, 0x12, 0).unwrap();
    assert_eq!((good.len(), &good[2352..]), (2646, &[0; 294][..]));
    let bad = host.read_cd(1, 7, 1, 0x14, 0).unwrap();
    assert_eq!(bad.len(), 2352 + 296);
    assert_eq!(bad[2352], 0xFF, "all flags together");
    let (sound, written) = (&bad[..2352], samples(7, 1));
    for at in 0..2352 {
        let flagged = bad[2354 + at / 8] >> (7 - at % 8) & 1 == 1;
        assert!(flagged || sound[at] == written[at], "{at}");
    }
    assert_ne!(sound, written);
    let mut model = DriveModel::default();
    let q = &mut model.quirks;
    q.refuses_c2_pointers = true;
    let mut host = two_tracks_at_once(model);
    assert_eq!(host.read_cd(1, 6, 1, 0x12, 0), Err(ILLEGAL_FIELD));
    assert_eq!(host.sound(6, 1), samples(6, 1));
}

/// Behind the last possible lead-out only a drive writes that says how far.
#[test]
fn recipe_5_a_drive_may_write_over_the_end() {
    let sheet = |lead_out: i32, data: bool| {
        let (control, lead, form) = if data { (0x41, 0x14, 0x10) } else { (1, 1, 0) };
        vec![
            entry(control, 0, 0, lead, [0; 3]),
            entry(control, 1, 0, form, [0; 3]),
            entry(control, 1, 1, form, [0, 2, 0]),
            entry(control, 0xAA, 1, lead, msf(lead_out)),
        ]
    };
    let model = DriveModel {
        overburn_blocks: 300,
        clock_permille: 0,
        ..DriveModel::default()
    };
    for data in [false, true] {
        let disc = MediumKind::CdR;
        let mut strict = Host::with_model(disc, Some(2048), DriveModel::default());
        strict.session_at_once(0);
        assert_eq!(strict.cue(&sheet(2048, data)), None);
        assert_eq!(strict.cue(&sheet(2049, data)), Some(ILLEGAL_PARAMETER));
        let mut host = Host::with_model(disc, Some(2048), model.clone());
        host.session_at_once(0);
        assert_eq!(host.cue(&sheet(2349, data)), Some(ILLEGAL_PARAMETER));
        assert_eq!(host.cue(&sheet(2348, data)), None);
        match data {
            true => host.write_from(-150, 150 + 2348),
            false => host.write_forms(-150, 2352, &samples(-150, 150 + 2348)),
        }
        host.sync();
        let mut host = host.reopened();
        assert_eq!(host.last_lba(), 2347);
        match data {
            true => assert_eq!(host.read(2300, 48).unwrap(), pattern(2300, 48)),
            false => assert_eq!(host.sound(2300, 48), samples(2300, 48)),
        }
        assert_eq!(host.drive.medium().unwrap().blocks_end(), 0);
    }
}

/// Recipe 2.4: what a drive has not, it does not say that it has.
#[test]
fn recipe_2_4_drives_without_texts_and_with_short_sheets() {
    let mut host = Host::cd_with(
        MediumKind::CdR,
        DriveModel {
            writes_cd_text: false,
            cue_sheet_bytes: 80,
            ..DriveModel::default()
        },
    );
    let feature = host.get(&[0x46, 2, 0, 0x2E, 0, 0, 0, 0, 16, 0], 16);
    assert_eq!((feature[12] & 1, &feature[13..]), (0, &[0, 0, 80][..]));
    host.session_at_once(0);
    assert_eq!(host.cue(&album()), Some(ILLEGAL_FIELD), "too long");
    let mut sheet = data_sheet(1000);
    sheet[0][3] |= 0x40;
    assert_eq!(host.cue(&sheet), Some(ILLEGAL_PARAMETER), "texts");
    assert_eq!(host.cue(&data_sheet(1000)), None);
}

/// A test write leaves nothing, of whatever form the blocks are.
#[test]
fn recipe_3_a_test_write_of_audio_leaves_the_disc_blank() {
    let mut host = Host::cd(MediumKind::CdR);
    assert_eq!(host.cd_page(0x52, 0, 0).key_asc_ascq(), None);
    assert_eq!(host.cue(&album()), None);
    host.write_forms(-150, 2352, &samples(-150, 1650));
    host.sync();
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    host.session_at_once(0);
    assert_eq!(host.cue(&album()), None);
    host.write_forms(-150, 2352, &samples(-150, 1650));
    host.sync();
    assert_eq!(host.disc(), (2, 3, 1, 1, 3));
}
