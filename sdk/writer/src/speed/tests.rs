//! The choice of a speed, on media of recipe 14.

use super::*;
use crate::testing::{FactsBuilder, media};
use pitland_mmc::Profile;
use pitland_mmc::cdb::{Command, SetCdSpeed};
use std::num::NonZeroU32;

fn kilobytes(speed: u32) -> Speed {
    Speed::KilobytesPerSecond(NonZeroU32::new(speed).unwrap())
}

fn tenths(speed: u32) -> Speed {
    Speed::TenthsOfNominal(NonZeroU32::new(speed).unwrap())
}

/// The chosen speed and whether the choice is warned of, on a disc that offers 17984, 26976, 35968.
fn chosen(wanted: Speed) -> (Option<u32>, bool) {
    let choice = set_speed(&media::bd_r_blank().build(), wanted);
    (choice.kb_per_s, choice.warning.is_some())
}

#[test]
fn the_highest_offered_speed_is_the_default() {
    assert_eq!(chosen(Speed::Maximum), (Some(35_968), false));
}

#[test]
fn the_nearest_speed_at_or_below_is_taken() {
    assert_eq!(chosen(kilobytes(26_976)), (Some(26_976), false));
    assert_eq!(chosen(kilobytes(30_000)), (Some(26_976), true));
    assert_eq!(chosen(kilobytes(90_000)), (Some(35_968), true));
}

#[test]
fn below_all_offers_the_slowest_is_taken() {
    assert_eq!(chosen(kilobytes(100)), (Some(17_984), true));
}

#[test]
fn a_multiple_of_nominal_meets_the_offer_however_it_is_rounded() {
    assert_eq!(chosen(tenths(40)), (Some(17_984), false));
    assert_eq!(chosen(tenths(60)), (Some(26_976), false));
    assert_eq!(chosen(kilobytes(17_982)), (Some(17_984), false));
    assert_eq!(chosen(tenths(20)), (Some(17_984), true));
}

#[test]
fn the_offer_is_copied_and_has_a_stand_in() {
    let choice = set_speed(&media::bd_r_blank().build(), tenths(60));
    let [streaming, stand_in] = choice.commands.as_slice() else {
        panic!("{:?}", choice.commands);
    };
    let sent = StreamingDescriptor::parse(&streaming.parameters).unwrap();
    assert_eq!((sent.write_size, sent.write_time), (26_976, 1000));
    assert_eq!((sent.start, sent.end), (0, media::BD_RAW - 1));
    assert_eq!(stand_in.occasion, Occasion::IfRefused);
    let command = Command::parse(stand_in.cdb.as_slice()).unwrap();
    let expected = SetCdSpeed {
        read_speed: 0xFFFF,
        write_speed: 26_976,
        ..SetCdSpeed::default()
    };
    assert_eq!(command, Command::SetCdSpeed(expected));
}

/// Recipe 2.5: what is sent on CD, and what behind a refusal.
#[test]
fn a_cd_drive_that_rounds_is_asked_for_one_multiple_more() {
    let of_cd = |offered: &[u32], wanted| {
        let facts = FactsBuilder::new(Profile::CdR, &[]).speeds(0, offered);
        let choice = set_speed(&facts.build(), wanted);
        let sent = |command: &PlannedCommand| match Command::parse(command.cdb.as_slice()) {
            Ok(Command::SetCdSpeed(set)) => (set.write_speed, command.occasion),
            other => panic!("{other:?}"),
        };
        (
            choice.kb_per_s,
            choice.commands.iter().map(sent).collect::<Vec<_>>(),
        )
    };
    let both = |speed: u16| {
        vec![
            (speed, Occasion::Always),
            (speed + 177, Occasion::IfRefused),
        ]
    };
    assert_eq!(
        of_cd(&[4_234, 2_822], Speed::Maximum),
        (Some(4_234), both(4_234))
    );
    assert_eq!(of_cd(&[], tenths(40)), (Some(708), both(708)));
    let highest = vec![(u16::MAX, Occasion::Always)];
    assert_eq!(of_cd(&[], Speed::Maximum), (None, highest));
}

#[test]
fn an_end_address_that_is_none_becomes_the_end_of_the_medium() {
    for end in [0, u32::MAX] {
        let facts = FactsBuilder::new(Profile::DvdPlusR, &[])
            .writable_track(1, 1, 0, 0, media::DVD_PLUS)
            .speeds(end, &[22_160])
            .build();
        let choice = set_speed(&facts, Speed::Maximum);
        let sent = StreamingDescriptor::parse(&choice.commands[0].parameters).unwrap();
        assert_eq!(sent.end, media::DVD_PLUS - 1);
    }
}

#[test]
fn without_a_list_the_drive_is_told_what_is_wanted() {
    let facts = FactsBuilder::new(Profile::BdRSrm, &[]).build();
    let speed_of = |wanted| {
        let choice = set_speed(&facts, wanted);
        match Command::parse(choice.commands[0].cdb.as_slice()).unwrap() {
            Command::SetCdSpeed(c) => (choice.commands.len(), c.write_speed),
            other => panic!("{other}"),
        }
    };
    assert_eq!(speed_of(Speed::Maximum), (1, 0xFFFF));
    assert_eq!(speed_of(tenths(20)), (1, 8_992));
    assert_eq!(speed_of(kilobytes(1_000_000)), (1, 0xFFFF));
}
