//! A whole burn on each medium, by its recipe, and read back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use pitland_simdrive::MediumKind;

/// Recipe 7: NWA of the last track, whole clusters, SYNC, CLOSE 1, CLOSE 2.
#[test]
fn recipe_7_bd_r_takes_two_sessions_and_is_finished() {
    let mut host = Host::with(MediumKind::BdR);
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    assert_eq!(host.nwa(1), Some(0));
    host.write_units(0, 100);
    host.sync();
    host.close(1, 1);
    host.close(2, 0);
    assert_eq!(host.disc(), (1, 0, 2, 2, 2));
    assert_eq!(host.last_lba(), 3199);
    assert_eq!(host.nwa(2), Some(3200));
    host.write_units(3200, 10);
    host.sync();
    host.close(1, 2);
    host.close(6, 0);
    assert_eq!(host.disc(), (2, 3, 2, 2, 2));
    assert_eq!(host.last_lba(), 3519);
    assert_eq!(host.read(3190, 20).unwrap(), pattern(3190, 20));
}

/// Recipe 6: DVD+R, the next session 2048 blocks after the last; 5 finishes.
#[test]
fn recipe_6_dvd_plus_r_takes_two_sessions_and_is_finished() {
    for kind in [MediumKind::DvdPlusR, MediumKind::DvdPlusRDl] {
        let mut host = Host::with(kind);
        assert_eq!(host.nwa(0xFF), Some(0));
        host.write_units(0, 100);
        host.sync();
        host.close(1, 1);
        host.close(2, 0);
        assert_eq!(host.disc(), (1, 0, 2, 2, 2));
        assert_eq!(host.last_lba(), 1599);
        assert_eq!(host.nwa(0xFF), Some(1600 + 2048));
        host.write_units(3648, 4);
        host.sync();
        host.close(1, 2);
        host.close(5, 0);
        assert_eq!(host.disc(), (2, 3, 2, 2, 2));
        assert_eq!(host.read(3648, 64).unwrap(), pattern(3648, 64));
    }
}

/// Recipe 7: BD-RE is formatted, then written anywhere, with nothing to close.
#[test]
fn recipe_7_bd_re_is_formatted_and_written() {
    let mut host = Host::with(MediumKind::BdRe);
    assert_eq!(host.disc(), (0, 0, 1, 1, 1));
    host.format_default();
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
    assert_eq!(host.last_lba(), 11_826_175);
    host.write(1000, &pattern(1000, 7));
    host.sync();
    assert_eq!(host.read(1000, 7).unwrap(), pattern(1000, 7));
    host.refused(&close(2, 0), ILLEGAL_FIELD);
}

/// Recipe 6: DVD-RAM is ready to write.
#[test]
fn recipe_6_dvd_ram_is_written_as_it_comes() {
    let mut host = Host::with(MediumKind::DvdRam);
    assert_eq!(host.disc(), (3, 3, 1, 1, 1));
    assert_eq!(host.last_lba(), 2_236_703);
    host.write_units(160, 20);
    host.sync();
    assert_eq!(host.read(160, 320).unwrap(), pattern(160, 320));
}

/// Recipe 6: DVD+RW, FORMAT 26h, write while it goes on, CLOSE 0 then 2.
#[test]
fn recipe_6_dvd_plus_rw_is_formatted_in_the_background() {
    let mut host = Host::with(MediumKind::DvdPlusRw);
    host.format_default();
    assert_eq!(host.disc_information()[7] & 3, 2);
    host.write_units(0, 50);
    host.sync();
    host.close(0, 0);
    assert_eq!(host.disc_information()[7] & 3, 1);
    host.close(2, 0);
    assert_eq!(host.last_lba(), 2_295_103);
    assert_eq!(host.read(0, 800).unwrap(), pattern(0, 800));
}
