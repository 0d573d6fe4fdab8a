//! How the drive and the disc describe themselves (recipes 2, 13, 13.1, 14).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use pitland_simdrive::{DiscType, DriveModel, MediumKind, Quirks, Recorder};

#[test]
fn recipe_2_inquiry_names_an_mmc_device_of_its_own_name() {
    let mut host = Host::small(MediumKind::BdR);
    let reply = host.get(&[0x12, 0, 0, 0, 36, 0], 36);
    assert_eq!((reply[0] & 0x1F, reply[1], reply[3] & 0xF), (5, 0x80, 2));
    assert_eq!(&reply[8..36], b"PITLAND VIRTUAL RECORDER0001");
    let pages = host.get(&[0x12, 1, 0, 0, 252, 0], 252);
    assert_eq!(pages, [5, 0, 0, 3, 0, 0x80, 0x83]);
    let serial = host.get(&[0x12, 1, 0x80, 0, 252, 0], 252);
    assert_eq!(&serial[4..], b"PL0000000001");
    let device = host.get(&[0x12, 1, 0x83, 0, 252, 0], 252);
    assert_eq!(usize::from(device[3]) + 4, device.len());
    assert_eq!(
        host.try_get(&[0x12, 1, 0xB0, 0, 252, 0], 252),
        Err(ILLEGAL_FIELD)
    );
    assert_eq!(
        host.try_get(&[0x12, 0, 0x80, 0, 252, 0], 252),
        Err(ILLEGAL_FIELD)
    );
}

/// Recipe 2: the header tells the true length; a short allocation cuts the reply.
#[test]
fn recipe_2_replies_are_cut_to_the_allocation_length() {
    let mut host = Host::small(MediumKind::BdR);
    let header = host.get(&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], 100);
    assert_eq!(header.len(), 8);
    let all = host.get(&[0x46, 0, 0, 0, 0, 0, 0, 8, 0, 0], 2048);
    assert_eq!(word(&header, 0) as usize + 4, all.len());
    assert_eq!(host.get(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], 4).len(), 4);
}

/// The ones that are current for a profile, beside those that always are (recipe 13.1).
fn expect_features(host: &mut Host, expected: &[u16]) {
    let always = [
        0x0000, 0x0001, 0x0002, 0x0003, 0x0100, 0x0105, 0x0108, 0x0107,
    ];
    let current = host.current_features();
    for code in always {
        assert!(current.contains(&code), "{code:04X}");
    }
    let others: Vec<u16> = current
        .into_iter()
        .filter(|c| !always.contains(c))
        .collect();
    assert_eq!(
        others,
        expected,
        "{:?}",
        host.drive.medium().map(|m| m.kind())
    );
}

#[test]
fn recipe_13_1_the_current_features_are_those_of_the_profile_and_state() {
    let mut host = Host::small(MediumKind::BdR);
    expect_features(&mut host, &[0x10, 0x21, 0x23, 0x40, 0x41]);
    host.write_units(0, 1);
    expect_features(&mut host, &[0x10, 0x21, 0x40, 0x41]);
    host.close(6, 0);
    expect_features(&mut host, &[0x10, 0x40]);
    let mut host = Host::small(MediumKind::BdR);
    host.format_default();
    expect_features(&mut host, &[0x10, 0x21, 0x24, 0x40, 0x41]);
    let mut host = Host::small(MediumKind::BdRe);
    expect_features(&mut host, &[0x10, 0x20, 0x23, 0x24, 0x40, 0x41]);
    let mut host = Host::small(MediumKind::DvdRam);
    expect_features(&mut host, &[0x10, 0x1F, 0x20, 0x23, 0x24]);
    let mut host = Host::small(MediumKind::DvdPlusRw);
    expect_features(&mut host, &[0x10, 0x1F, 0x20, 0x23, 0x2A]);
    let mut host = Host::small(MediumKind::DvdPlusR);
    expect_features(&mut host, &[0x10, 0x1F, 0x2B]);
    host.write_units(0, 1);
    host.close(5, 0);
    expect_features(&mut host, &[0x10, 0x1F]);
    let mut host = Host::small(MediumKind::DvdPlusRDl);
    expect_features(&mut host, &[0x10, 0x1F, 0x2B, 0x3B]);
}

/// What a drive lists with any disc, and bytes 2 and 3 of its page 2Ah, when it serves these discs.
fn listed(reads: &[DiscType], writes: &[DiscType]) -> (Vec<u16>, [u8; 2]) {
    let model = DriveModel {
        reads: reads.to_vec(),
        writes: writes.to_vec(),
        ..DriveModel::default()
    };
    let mut host = Host::sold(reads[0], Some(4096), model);
    let reply = host.get(&[0x46, 0, 0, 0, 0, 0, 0, 8, 0, 0], 2048);
    let mut codes = Vec::new();
    let mut at = 8;
    while at < reply.len() {
        codes.push(u16::from_be_bytes([reply[at], reply[at + 1]]));
        at += 4 + usize::from(reply[at + 3]);
    }
    let page = host.get(&[0x5A, 8, 0x2A, 0, 0, 0, 0, 0, 100, 0], 100);
    (codes, [page[10], page[11]])
}

/// A drive has the features of the discs that it serves, and none of others.
#[test]
fn recipe_2_4_only_features_of_the_discs_that_are_served_are_listed() {
    use DiscType::{BdR, BdRe, CdR, CdRw, DvdMinusR, DvdPlusR, DvdPlusRDl, DvdRam};
    let others = |(codes, page): (Vec<u16>, [u8; 2])| {
        let always = [0, 1, 2, 3, 0x10, 0x100, 0x105, 0x107, 0x108];
        for code in always {
            assert!(codes.contains(&code), "{code:04X}");
        }
        let others = codes.into_iter().filter(|code| !always.contains(code));
        (others.collect::<Vec<_>>(), page)
    };
    let cd = others(listed(&[CdR, CdRw], &[CdR, CdRw]));
    let writes_cd = vec![0x1D, 0x1E, 0x2D, 0x2E, 0x37];
    assert_eq!(cd, (writes_cd, [0x03, 0x07]));
    let reads_cd = others(listed(&[CdR, CdRw], &[]));
    assert_eq!(reads_cd, (vec![0x1D, 0x1E], [0x03, 0]));
    let dvd = others(listed(&[DvdMinusR, DvdPlusR, DvdPlusRDl], &[DvdMinusR]));
    let of_dvd = vec![0x1F, 0x21, 0x2B, 0x2F, 0x3B];
    assert_eq!(dvd, (of_dvd, [0x18, 0x14]));
    let ram = others(listed(&[DvdRam], &[DvdRam]));
    assert_eq!(ram, (vec![0x1F, 0x20, 0x23, 0x24], [0x28, 0x20]));
    let bd = others(listed(&[BdR, BdRe], &[BdRe]));
    assert_eq!(bd, (vec![0x20, 0x23, 0x24, 0x40, 0x41], [0, 0]));
}

/// Where one feature stands for reading and writing, or for two kinds of discs, a bit tells.
#[test]
fn recipe_2_4_the_bits_of_features_tell_what_is_written() {
    use DiscType::{CdR, CdRw, DvdMinusR, DvdMinusRDl, DvdMinusRw, DvdPlusR, DvdPlusRDl};
    let bits = |reads: &[DiscType], writes: &[DiscType], code: u8, mask: u8| {
        let model = DriveModel {
            reads: reads.to_vec(),
            writes: writes.to_vec(),
            ..DriveModel::default()
        };
        let mut host = Host::sold(reads[0], Some(4096), model);
        let reply = host.get(&[0x46, 2, 0, code, 0, 0, 0, 0, 64, 0], 64);
        assert_eq!(u16::from(reply[9]), u16::from(code));
        reply[12] & mask
    };
    let plus = [DvdPlusR, DvdPlusRDl];
    assert_eq!(bits(&plus, &plus, 0x2B, 1), 1);
    assert_eq!(bits(&plus, &[], 0x2B, 1), 0);
    assert_eq!(bits(&plus, &plus, 0x3B, 1), 1);
    assert_eq!(bits(&plus, &[DvdPlusR], 0x3B, 1), 0);
    let minus = [DvdMinusR, DvdMinusRw, DvdMinusRDl];
    assert_eq!(bits(&minus, &minus, 0x2F, 0x0A), 0x0A);
    assert_eq!(bits(&minus, &[DvdMinusR], 0x2F, 0x0A), 0);
    assert_eq!(bits(&minus, &[DvdMinusR, DvdMinusRw], 0x2F, 0x0A), 0x02);
    for code in [0x2D, 0x2E] {
        assert_eq!(bits(&[CdR, CdRw], &[CdR, CdRw], code, 2), 2);
        assert_eq!(bits(&[CdR, CdRw], &[CdR], code, 2), 0);
    }
}

/// A protected disc is not written, and its write features drop out with that.
#[test]
fn recipe_2_4_a_protected_disc_has_no_write_features() {
    let expected: [(MediumKind, &[u16]); 3] = [
        (MediumKind::DvdRam, &[0x10, 0x1F, 0x24]),
        (MediumKind::DvdPlusRw, &[0x10, 0x1F, 0x2A]),
        (MediumKind::BdRe, &[0x10, 0x24, 0x40]),
    ];
    for (kind, features) in expected {
        let mut host = Host::small(kind);
        let mut medium = host.drive.remove().unwrap();
        medium.set_write_protected(true).unwrap();
        host.drive.insert(medium);
        host.ready();
        expect_features(&mut host, features);
    }
    // Feature 002Ah stays for reading; its write bit does not.
    let ask = [0x46, 2, 0, 0x2A, 0, 0, 0, 0, 16, 0];
    let mut host = Host::small(MediumKind::DvdPlusRw);
    assert_eq!(host.get(&ask, 16)[12], 1);
    let mut medium = host.drive.remove().unwrap();
    medium.set_write_protected(true).unwrap();
    host.drive.insert(medium);
    host.ready();
    assert_eq!(host.get(&ask, 16)[12], 0);
}

/// Recipe 2.2: the last recorded address is never valid on DVD+R
/// and DVD+RW, and always on DVD-RAM.
#[test]
fn the_last_recorded_address_is_not_told_of_dvd_plus_media() {
    for (kind, valid) in [
        (MediumKind::BdR, 2),
        (MediumKind::DvdPlusR, 0),
        (MediumKind::DvdPlusRDl, 0),
        (MediumKind::DvdPlusRw, 0),
        (MediumKind::DvdRam, 2),
    ] {
        let mut host = Host::small(kind);
        if kind == MediumKind::DvdPlusRw {
            host.format_default();
        }
        host.write_units(0, 1);
        assert_eq!(host.track(1)[7] & 2, valid, "{kind:?}");
    }
}

#[test]
fn recipe_1_the_profile_is_that_of_the_medium_and_none_while_it_loads() {
    let expected = [0x41, 0x43, 0x1B, 0x2B, 0x1A, 0x12];
    let profile = [0x46, 2, 0, 0, 0, 0, 0, 0, 100, 0];
    for (kind, code) in MediumKind::ALL.into_iter().zip(expected) {
        let mut host = Host::small(kind);
        let reply = host.get(&profile, 100);
        assert_eq!(reply[6..8], [0, code]);
        let list = &reply[12..12 + usize::from(reply[11])];
        let current: Vec<&[u8]> = list.chunks(4).filter(|p| p[2] & 1 == 1).collect();
        assert_eq!(current, [&[0, code, 1, 0]]);
        let medium = host.drive.remove().unwrap();
        host.drive.insert(medium);
        assert_eq!(host.get(&profile, 100)[6..8], [0, 0]);
    }
}

#[test]
fn recipe_13_no_medium_is_2_3a_and_the_drive_says_whether_the_tray_is_open() {
    let mut host = Host::small(MediumKind::BdR);
    let medium = host.drive.remove();
    assert!(medium.is_some());
    for opcode in [0x51, 0x52, 0x23, 0x25, 0x28, 0x2A, 0x35, 0x5C] {
        host.refused(&[opcode, 0, 0, 0, 0, 0, 0, 0, 0, 0], (2, 0x3A, 1));
    }
    host.refused(&[0; 6], (2, 0x3A, 1));
    host.good(&[0x1B, 0, 0, 0, 2, 0]);
    host.refused(&[0; 6], (2, 0x3A, 2));
    assert_eq!(
        host.get(&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], 8)[6..8],
        [0, 0]
    );
    let mechanism = host.get(&[0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0], 8);
    assert_eq!(mechanism[1] & 0x10, 0x10);
}

/// The table of recipe 13 for blank discs of the usual size: free blocks and capacity.
#[test]
fn recipe_13_blank_discs_report_their_free_blocks_and_no_capacity() {
    let expected = [
        (MediumKind::BdR, 12_219_392),
        (MediumKind::DvdPlusR, 2_295_104),
        (MediumKind::DvdPlusRDl, 4_173_824),
    ];
    for (kind, free) in expected {
        let mut host = Host::with(kind);
        assert_eq!(host.disc(), (0, 0, 1, 1, 1));
        let track = host.track(1);
        assert_eq!(
            (word(&track, 8), word(&track, 12), word(&track, 16)),
            (0, 0, free)
        );
        assert_eq!((track[2], track[3], track[7] & 1), (1, 1, 1));
        assert_eq!(track[6] & 0xC0, 0x40, "blank");
        assert_eq!(host.last_lba(), 0);
        host.write_units(0, 2);
        assert_eq!(host.disc(), (1, 1, 1, 1, 1));
        assert_eq!(host.last_lba(), 0, "no session is closed");
        let track = host.track(1);
        let used = 2 * kind.unit();
        assert_eq!((word(&track, 12), word(&track, 16)), (used, free - used));
        let last = if kind == MediumKind::BdR { used - 1 } else { 0 };
        assert_eq!((track[7] & 1, word(&track, 28)), (1, last));
    }
    let mut host = Host::with(MediumKind::BdRe);
    assert_eq!(word(&host.track(1), 16), 0);
    assert_eq!(host.track(1)[7] & 1, 0, "no NWA on rewritable media");
    assert_eq!(host.last_lba(), 0);
    let mut host = Host::with(MediumKind::DvdPlusRw);
    assert_eq!(word(&host.track(1), 16), 2_295_104);
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    assert_eq!(host.disc_information()[2] & 0x10, 0x10, "erasable");
}

#[test]
fn recipe_13_a_formatted_unwritten_bd_r_is_appendable_with_an_empty_session() {
    let mut host = Host::with(MediumKind::BdR);
    host.format_default();
    assert_eq!(host.disc(), (1, 0, 1, 1, 1));
    assert_eq!(host.last_lba(), 0);
    assert_eq!(word(&host.track(1), 16), 11_826_176);
}

#[test]
fn recipe_13_the_gap_between_dvd_plus_r_sessions_is_2048_blocks() {
    let mut host = Host::with(MediumKind::DvdPlusR);
    host.write_units(0, 10);
    host.close(2, 0);
    let track = host.track(0xFF);
    assert_eq!((track[2], track[3]), (2, 2));
    assert_eq!(
        (word(&track, 8), word(&track, 12)),
        (160 + 2048, 160 + 2048)
    );
    assert_eq!(word(&track, 16), 2_295_104 - 2208);
    assert_eq!(word(&track, 36), 262_144);
    let first = host.track(1);
    assert_eq!(
        (first[6] & 0xC0, first[7] & 1, word(&first, 24)),
        (0, 0, 160)
    );
}

#[test]
fn recipe_2_2_tracks_are_found_by_block_number_and_session() {
    let mut host = Host::small(MediumKind::BdR);
    host.write_units(0, 2);
    host.close(2, 0);
    let ask = |host: &mut Host, by: u8, number: u32| {
        let [a, b, c, d] = number.to_be_bytes();
        host.try_get(&[0x52, by, a, b, c, d, 0, 0, 48, 0], 48)
            .map(|reply| reply[2])
    };
    assert_eq!(ask(&mut host, 0, 63), Ok(1));
    assert_eq!(ask(&mut host, 0, 64), Ok(2));
    assert_eq!(ask(&mut host, 2, 2), Ok(2));
    assert_eq!(ask(&mut host, 5, 1), Ok(2), "the next open one");
    for (by, number) in [(0, SMALL), (1, 0), (1, 3), (1, 0xFF), (2, 3), (3, 1)] {
        assert_eq!(
            ask(&mut host, by, number),
            Err(ILLEGAL_FIELD),
            "{by} {number}"
        );
    }
}

#[test]
fn recipe_2_3_the_toc_lists_closed_sessions_only() {
    let mut host = Host::small(MediumKind::BdR);
    let toc = |format: u8| [0x43, 0, format, 0, 0, 0, 0, 2, 0, 0];
    assert_eq!(host.try_get(&toc(0), 512), Err(ILLEGAL_FIELD), "blank");
    host.write_units(0, 2);
    host.close(2, 0);
    host.write_units(64, 2);
    host.close(2, 0);
    host.write_units(128, 1);
    let reply = host.get(&toc(0), 512);
    assert_eq!(reply[..4], [0, 26, 1, 2]);
    assert_eq!((reply[14], word(&reply, 16)), (2, 64));
    assert_eq!((reply[22], word(&reply, 24)), (0xAA, 128));
    let session = host.get(&toc(1), 512);
    assert_eq!(
        (session[2], session[3], session[6], word(&session, 8)),
        (1, 2, 2, 64)
    );
    let full = host.get(&toc(2), 512);
    assert_eq!(full.len(), 4 + 2 * 4 * 11);
    assert_eq!(full[4..15], [1, 0x14, 0, 0xA0, 0, 0, 0, 0, 1, 0, 0]);
    for format in 3..=5 {
        assert_eq!(host.try_get(&toc(format), 512), Err(ILLEGAL_FIELD));
    }
}

/// Linux (sr_cd_check) asks for session information by bits 7-6 of the last byte, as ATAPI
/// drives had it before MMC.
#[test]
fn linux_finds_the_last_session_in_the_older_form_of_read_toc() {
    let mut host = Host::small(MediumKind::DvdPlusR);
    host.write_units(0, 2);
    host.close(2, 0);
    host.write_units(2080, 2);
    host.close(2, 0);
    let old = host.get(&[0x43, 0, 0, 0, 0, 0, 0, 0, 12, 0x40], 12);
    assert_eq!(old, host.get(&[0x43, 0, 1, 0, 0, 0, 0, 0, 12, 0], 12));
    assert_eq!((old[6], word(&old, 8)), (2, 2080));
    host.refused(&[0x43, 0, 0, 0, 0, 0, 0, 0, 12, 1], ILLEGAL_FIELD);
}

#[test]
fn recipe_7_format_capacities_are_those_of_the_medium() {
    let mut lists = Vec::new();
    for kind in MediumKind::ALL {
        let reply = Host::with(kind).get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
        assert_eq!(usize::from(reply[3]) + 4, reply.len());
        let lines: Vec<(u32, u8, u32)> = reply[4..]
            .chunks(8)
            .enumerate()
            .map(|(at, line)| {
                let kind = if at == 0 { line[4] } else { line[4] >> 2 };
                (word(line, 0), kind, word(line, 4) & 0xFF_FFFF)
            })
            .collect();
        lists.push(lines);
    }
    let [bd_r, bd_re, plus_r, plus_r_dl, plus_rw, ram, others @ ..] = &lists[..] else {
        panic!("six media and more");
    };
    let [_, _, minus_r, minus_rw, minus_r_dl, plus_rw_dl] = others else {
        panic!("twelve media");
    };
    assert_eq!(*minus_r, [(2_297_888, 1, 2048)]);
    assert_eq!(*minus_r_dl, [(4_171_712, 1, 2048)]);
    // R4: 00h, 10h and 15h on a blank disc.
    assert_eq!(
        *minus_rw,
        [
            (2_297_888, 1, 2048),
            (2_297_888, 0x00, 2048),
            (2_297_888, 0x10, 16),
            (2_297_888, 0x15, 16)
        ]
    );
    assert_eq!(*plus_rw_dl, [(4_173_824, 1, 2048), (4_173_824, 0x26, 0)]);
    assert_eq!(
        *bd_r,
        [
            (12_219_392, 1, 2048),
            (11_826_176, 0x00, 12_288),
            (5_796_864, 0x32, 0),
            (11_826_176, 0x32, 0),
            (12_088_320, 0x32, 0)
        ]
    );
    assert_eq!(
        *bd_re,
        [
            (12_219_392, 1, 2048),
            (11_826_176, 0x00, 0x3000),
            (11_826_176, 0x30, 0x3000),
            (11_564_032, 0x30, 0x5000),
            (12_088_320, 0x30, 0x1000),
            (12_219_392, 0x31, 0x800)
        ]
    );
    assert_eq!(*plus_r, [(2_295_104, 1, 2048)]);
    assert_eq!(*plus_r_dl, [(4_173_824, 1, 2048)]);
    assert_eq!(*plus_rw, [(2_295_104, 1, 2048), (2_295_104, 0x26, 0)]);
    assert_eq!(
        *ram,
        [
            (2_236_704, 2, 2048),
            (2_236_704, 0x00, 0x800),
            (2_295_072, 0x00, 0x800),
            (2_226_976, 0x01, 0x800),
            (2_217_248, 0x01, 0x800)
        ]
    );
}

#[test]
fn recipe_2_5_the_write_speeds_are_those_of_the_medium() {
    let mut host = Host::with(MediumKind::DvdPlusR);
    let ask = [0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 16, 3, 0];
    let reply = host.get(&ask, 4096);
    assert_eq!(word(&reply, 0) as usize + 4, reply.len());
    let speeds: Vec<u32> = reply[8..].chunks(16).map(|line| word(line, 12)).collect();
    assert_eq!(speeds, [22_160, 16_620, 11_080, 8310]);
    assert_eq!(word(&reply, 12), 2_295_103);
    let page = host.get(&[0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 100, 0], 100);
    assert_eq!(u16::from_be_bytes([page[8 + 30], page[8 + 31]]), 4);
    assert_eq!(u16::from_be_bytes([page[8 + 28], page[8 + 29]]), 22_160);
    assert_eq!(page.len(), 8 + 32 + 16);
    // wodim looks at no drive that does not say that it writes CD-R or CD-RW.
    assert_eq!(page[8 + 3] & 3, 3);
    // The header alone tells the length of them all.
    let header = host.get(&[0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0], 100);
    assert_eq!((header.len(), word(&header, 0)), (8, 4 + 4 * 16));
}

/// Recipe 2: both 10h and 04h forms are taken; other tolerances are refused.
#[test]
fn recipe_2_nominal_performance_wants_a_valid_tolerance() {
    let mut host = Host::with(MediumKind::DvdPlusRDl);
    let ask = |flags: u8| [0xAC, flags, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0];
    for flags in [0x08, 0x18, 0x0C, 0x13] {
        assert_eq!(
            host.try_get(&ask(flags), 4096),
            Err(ILLEGAL_FIELD),
            "{flags:02X}"
        );
    }
    assert_eq!(host.get(&ask(0x10), 4096).len(), 24);
    for flags in [0x04, 0x14] {
        let write = host.get(&ask(flags), 4096);
        let zones: Vec<(u32, u32)> = write[8..]
            .chunks(16)
            .map(|line| (word(line, 8), word(line, 12)))
            .collect();
        assert_eq!(write[4] & 2, 2);
        assert_eq!(
            zones,
            [(393_215, 3324), (1_114_111, 5540), (4_173_823, 8310)]
        );
    }
    let mut type_3 = ask(0x10);
    type_3[10] = 3;
    assert_eq!(host.try_get(&type_3, 4096), Err(ILLEGAL_FIELD));
}

#[test]
fn recipe_2_5_a_speed_that_the_drive_has_not_becomes_the_next_lower_one() {
    let mut host = Host::with(MediumKind::DvdPlusR);
    let current = |host: &mut Host| {
        let page = host.get(&[0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 100, 0], 100);
        u16::from_be_bytes([page[8 + 28], page[8 + 29]])
    };
    let streaming = |flags: u8, end: u32, speed: u32| {
        let mut list = [0; 28];
        list[0] = flags;
        for (at, value) in [(8, end), (12, speed), (16, 1000), (20, speed), (24, 1000)] {
            list[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        list
    };
    let cdb = [0xB6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0];
    host.sent(&cdb, &streaming(0, 2_295_104, 12_000));
    assert_eq!(current(&mut host), 11_080);
    host.sent(&cdb, &streaming(0, 2_295_103, 100));
    assert_eq!(current(&mut host), 8310, "the slowest");
    host.send_refused(&cdb, &streaming(2, 2_295_103, 100), ILLEGAL_PARAMETER);
    host.sent(&cdb, &streaming(4, 0, 0));
    assert_eq!(current(&mut host), 22_160, "defaults");
    host.good(&[0xBB, 0, 0xFF, 0xFF, 0x40, 0xEC, 0, 0, 0, 0, 0, 0]);
    assert_eq!(current(&mut host), 16_620);
    host.send_refused(&cdb, &streaming(0, 0, 100)[..27], (0xB, 0x4B, 0));
    let short = [0xB6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 27, 0];
    host.send_refused(&short, &streaming(0, 0, 100)[..27], (5, 0x1A, 0));
    let mut no_time = streaming(0, 100, 100);
    no_time[24..].fill(0);
    host.send_refused(&cdb, &no_time, ILLEGAL_PARAMETER);
}

#[test]
fn recipe_2_4_structures_of_dvd_and_bd() {
    let ask = |media: u8, format: u8| [0xAD, media, 0, 0, 0, 0, 0, format, 16, 8, 0, 0];
    let books = [
        (MediumKind::DvdPlusR, 0xA),
        (MediumKind::DvdPlusRDl, 0xE),
        (MediumKind::DvdPlusRw, 0x9),
        (MediumKind::DvdRam, 0x1),
    ];
    for (kind, book) in books {
        let mut host = Host::with(kind);
        let reply = host.get(&ask(0, 0), 4104);
        assert_eq!((reply.len(), reply[4] >> 4), (2052, book));
        assert_eq!(host.try_get(&ask(1, 0), 4104), Err(ILLEGAL_FIELD));
        let adip = host.try_get(&ask(0, 0x11), 4104);
        assert_eq!(adip.is_ok(), kind != MediumKind::DvdRam);
        let list = host.get(&ask(0, 0xFF), 4104);
        assert!(list[4..].chunks(4).any(|line| line[0] == 0));
    }
    let mut host = Host::with(MediumKind::BdR);
    let reply = host.get(&ask(1, 0), 4104);
    assert_eq!((&reply[4..6], &reply[12..15]), (&b"DI"[..], &b"BDR"[..]));
    assert_eq!(host.try_get(&ask(0, 0), 4104), Err(ILLEGAL_FIELD));
    assert_eq!(host.try_get(&ask(1, 0x0A), 4104), Err((3, 0x31, 0)));
    let formats = |list: Vec<u8>| -> Vec<u8> { list[4..].chunks(4).map(|line| line[0]).collect() };
    assert_eq!(formats(host.get(&ask(1, 0xFF), 4104)), [0]);
    host.format_default();
    assert_eq!(formats(host.get(&ask(1, 0xFF), 4104)), [0, 0x0A]);
    let spares = host.get(&ask(1, 0x0A), 4104);
    assert_eq!((word(&spares, 8), word(&spares, 12)), (12_288, 12_288));
    let model = DriveModel {
        quirks: Quirks {
            no_adip_structure: true,
            ..Quirks::default()
        },
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::DvdPlusR, None, model);
    assert_eq!(host.try_get(&ask(0, 0x11), 4104), Err(ILLEGAL_FIELD));
}

#[test]
fn recipe_2_mode_pages_come_with_a_true_length_and_without_block_descriptors() {
    let mut host = Host::small(MediumKind::BdR);
    for page in [0x01, 0x05, 0x08, 0x1A, 0x1D, 0x2A, 0x3F] {
        for dbd in [0, 8] {
            let reply = host.get(&[0x5A, dbd, page, 0, 0, 0, 0, 4, 0, 0], 1024);
            assert_eq!(usize::from(reply[1]) + 2, reply.len());
            assert_eq!(reply[6..8], [0, 0]);
            let short = host.get(&[0x1A, dbd, page, 0, 255, 0], 255);
            assert_eq!(short[4..], reply[8..]);
        }
    }
    assert_eq!(
        host.try_get(&[0x5A, 0, 0x0E, 0, 0, 0, 0, 4, 0, 0], 1024),
        Err(ILLEGAL_FIELD)
    );
    assert_eq!(
        host.try_get(&[0x5A, 0, 0xC1, 0, 0, 0, 0, 4, 0, 0], 1024),
        Err((5, 0x39, 0))
    );
}

#[test]
fn recipe_13_2_mode_select_changes_only_what_can_be_changed() {
    let mut host = Host::small(MediumKind::BdR);
    let select = |len: u8| [0x55, 0x10, 0, 0, 0, 0, 0, 0, len, 0];
    let mut list = vec![0; 8];
    list.extend(&host.get(&[0x5A, 0, 1, 0, 0, 0, 0, 0, 20, 0], 20)[8..]);
    list[8 + 3] = 5;
    host.sent(&select(20), &list);
    assert_eq!(host.get(&[0x5A, 0, 1, 0, 0, 0, 0, 0, 20, 0], 20)[11], 5);
    list[8 + 6] = 1;
    host.send_refused(&select(20), &list, ILLEGAL_PARAMETER);
    host.send_refused(&select(19), &list[..19], (5, 0x1A, 0));
    host.send_refused(&[0x55, 0, 0, 0, 0, 0, 0, 0, 20, 0], &list, ILLEGAL_FIELD);
    host.send_refused(&select(20), &list[..12], (0xB, 0x4B, 0));
    // growisofs sends page 05h to DVD+R, so drives take it there.
    let mut plus_r = Host::small(MediumKind::DvdPlusR);
    let mut page = vec![0; 8];
    page.extend(&plus_r.get(&[0x5A, 0, 5, 0, 0, 0, 0, 0, 60, 0], 60)[8..]);
    page[8 + 2] = 0x42;
    page[8 + 3] = 0x04;
    plus_r.sent(&select(60), &page);
    // It has no use here; a lenient drive takes it and ignores it.
    let mut write_parameters = vec![0; 8];
    write_parameters.extend(&host.get(&[0x5A, 0, 5, 0, 0, 0, 0, 0, 60, 0], 60)[8..]);
    host.send_refused(&select(60), &write_parameters, ILLEGAL_PARAMETER);
    let model = DriveModel {
        refuses_write_parameters: false,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::BdR, Some(SMALL), model);
    host.sent(&select(60), &write_parameters);
}

#[test]
fn recipe_9_unknown_opcodes_reserved_bits_and_cut_cdbs_are_refused() {
    let mut host = Host::small(MediumKind::BdR);
    for opcode in [0x45, 0x4B, 0xEA, 0xAB, 0x16, 0xFF] {
        host.refused(&[opcode; 12], (5, 0x20, 0));
    }
    host.refused(&[], (5, 0x20, 0));
    host.refused(&[0, 0, 0, 0, 0], ILLEGAL_FIELD);
    host.refused(&[0, 0x20, 0, 0, 0, 0], ILLEGAL_FIELD);
    host.refused(&[0x35, 0x42, 0, 0, 0, 0, 0, 0, 0, 0], ILLEGAL_FIELD);
    host.refused(&[0x51, 8, 0, 0, 0, 0, 0, 0, 34, 0], ILLEGAL_FIELD);
    host.refused(&[0, 0, 0, 0, 0, 1], ILLEGAL_FIELD);
    // Packets of 12 bytes carry short CDBs too.
    host.good(&[0; 12]);
    host.refused(&[0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], ILLEGAL_FIELD);
}

#[test]
fn recipe_13_2_blank_is_refused_by_the_medium() {
    let blank = [0xA1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    Host::small(MediumKind::BdR).refused(&blank, (5, 0x30, 6));
    Host::small(MediumKind::DvdPlusR).refused(&blank, (5, 0x30, 6));
    Host::small(MediumKind::DvdPlusRw).refused(&blank, (5, 0x30, 5));
}

#[test]
fn a_recorder_can_be_handed_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Recorder>();
}

/// Recipe 13.2: past the capacity nothing is read, not even nothing.
#[test]
fn recipe_13_2_a_read_of_no_block_still_names_a_block_of_the_disc() {
    for kind in [MediumKind::BdR, MediumKind::DvdPlusR] {
        let mut host = Host::small(kind);
        host.refused(&[0x28, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], OUT_OF_RANGE);
    }
}

/// Recipe 2.1: where the next session may begin, and where a lead-out at the latest.
#[test]
fn recipe_2_1_a_dvd_plus_r_tells_lead_in_and_last_lead_out() {
    let mut host = Host::small(MediumKind::DvdPlusR);
    let blank = host.disc_information();
    assert_eq!((word(&blank, 16), word(&blank, 20)), (0, SMALL));
    host.write_units(0, 2);
    host.close(1, 1);
    host.close(2, 0);
    let appendable = host.disc_information();
    assert_eq!((word(&appendable, 16), word(&appendable, 20)), (32, SMALL));
}

/// Recipe 2: OPEN asks for the next open track, and overwritable media have none.
#[test]
fn recipe_2_overwritable_media_have_no_open_track() {
    for kind in [MediumKind::BdRe, MediumKind::DvdPlusRw, MediumKind::DvdRam] {
        let mut host = Host::small(kind);
        let ask = [0x52, 5, 0, 0, 0, 1, 0, 0, 48, 0];
        assert_eq!(host.try_get(&ask, 48), Err(ILLEGAL_FIELD));
    }
}

/// Recipe 13.2: a reserved write type is refused where page 05h is taken at all.
#[test]
fn recipe_13_2_page_05h_with_a_reserved_write_type_is_refused() {
    let model = DriveModel {
        refuses_write_parameters: false,
        ..DriveModel::default()
    };
    let mut host = Host::with_model(MediumKind::DvdPlusR, Some(SMALL), model);
    host.ready();
    let mut page = host.get(&[0x5A, 8, 5, 0, 0, 0, 0, 0, 60, 0], 60);
    page[..8].fill(0);
    let select = [0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0];
    host.sent(&select, &page);
    for (at, value) in [(2, 5), (2, 0x0F), (4, 5), (8, 0x55)] {
        let mut bent = page.clone();
        bent[8 + at] = value;
        host.send_refused(&select, &bent, ILLEGAL_PARAMETER);
    }
}
