//! The bytes of each move, and what it shrugs off.

use super::*;
use crate::plan::Settle;
use pitland_mmc::param::FormatType;
use pitland_mmc::sense::Sense;

fn bytes(command: &PlannedCommand) -> String {
    command.cdb.to_string()
}

fn shrugs_off(command: &PlannedCommand, key: u8, asc: u8, ascq: u8) -> bool {
    command.tolerance(&Sense::new(key, asc, ascq)).is_some()
}

#[test]
fn closing_moves_say_which_function_they_mean() {
    assert_eq!(
        bytes(&close_track(TrackNumber(3))),
        "5B 01 01 00 00 03 00 00 00 00"
    );
    assert_eq!(bytes(&close_session()), "5B 01 02 00 00 00 00 00 00 00");
    let finalize_5 = finalize(CloseFunction::FinalizeMinimalRadius);
    assert_eq!(bytes(&finalize_5), "5B 01 05 00 00 00 00 00 00 00");
    assert_eq!(
        bytes(&finalize(CloseFunction::Finalize)),
        "5B 01 06 00 00 00 00 00 00 00"
    );
    assert_eq!(bytes(&stop_format()), "5B 01 00 00 00 00 00 00 00 00");
}

#[test]
fn the_buffer_is_written_out_twice_the_second_time_to_the_end() {
    let [first, second] = synchronize_cache();
    assert_eq!(bytes(&first), "35 02 00 00 00 00 00 00 00 00");
    assert_eq!(bytes(&second), "35 00 00 00 00 00 00 00 00 00");
    assert!(matches!(first.settle, Settle::WhenReady { .. }));
    assert_eq!(
        (second.settle, second.timeout),
        (Settle::AtOnce, Duration::from_secs(3600))
    );
    assert!(first.tolerate.is_empty() && second.tolerate.is_empty());
}

#[test]
fn a_last_session_is_announced_by_a_page_that_any_drive_may_refuse() {
    let command = announce_finalize();
    assert_eq!(bytes(&command), "55 10 00 00 00 00 00 00 3C 00");
    assert_eq!(command.parameters.len(), 60);
    // After the header: page 05h, BUFE and incremental, no further session and track mode 5, mode 1.
    assert_eq!(command.parameters[8..13], [0x05, 0x32, 0x40, 0x05, 0x08]);
    for (asc, ascq) in [(0x20, 0x00), (0x24, 0x00), (0x26, 0x00), (0x2C, 0x00)] {
        assert!(shrugs_off(&command, 0x5, asc, ascq));
    }
    assert!(!shrugs_off(&command, 0x3, 0x0C, 0x00));
}

#[test]
fn no_refusal_of_a_speed_ends_a_job() {
    for (key, asc, ascq) in [(0x5, 0x2C, 0x00), (0x5, 0x24, 0x00), (0x7, 0x27, 0x00)] {
        assert!(shrugs_off(&set_cd_speed(u32::MAX), key, asc, ascq));
    }
    let streaming = set_streaming(&StreamingDescriptor::default());
    assert!(shrugs_off(&streaming, 0x7, 0x27, 0x00));
    // An illegal request is what the stand-in is there for.
    assert!(!shrugs_off(&streaming, 0x5, 0x24, 0x00));
    assert!(shrugs_off(&calibrate_power(), 0x7, 0x27, 0x00));
}

#[test]
fn the_layer_break_is_sent_as_a_structure_of_12_bytes() {
    let command = set_layer_break(SectorCount(2_000_000));
    assert_eq!(bytes(&command), "BF 00 00 00 00 00 00 20 00 0C 00 00");
    assert_eq!(
        command.parameters,
        [0, 10, 0, 0, 0, 0, 0, 0, 0x00, 0x1E, 0x84, 0x80]
    );
}

#[test]
fn a_format_carries_its_list_and_may_take_hours() {
    let list = FormatParameterList {
        immed: true,
        blocks: SectorCount(0x0023_0540),
        kind: FormatType::DvdPlusRwBasic,
        parameter: 1,
        ..FormatParameterList::default()
    };
    let command = format(&list);
    assert_eq!(bytes(&command), "04 11 00 00 00 00");
    assert_eq!(
        command.parameters,
        [0, 2, 0, 8, 0, 0x23, 0x05, 0x40, 0x98, 0, 0, 1]
    );
    assert_eq!(
        command.settle,
        Settle::WhenReady {
            limit: Duration::from_secs(12 * 3600)
        }
    );
}

#[test]
fn speed_moves_carry_what_was_chosen() {
    let streaming = set_streaming(&StreamingDescriptor::default());
    assert_eq!(bytes(&streaming), "B6 00 00 00 00 00 00 00 00 00 1C 00");
    assert_eq!(streaming.parameters.len(), 28);
    assert_eq!(
        bytes(&set_cd_speed(4_234)),
        "BB 00 FF FF 10 8A 00 00 00 00 00 00"
    );
    assert_eq!(
        bytes(&reserve_track(SectorCount(32))),
        "53 00 00 00 00 00 00 00 20 00"
    );
}

#[test]
fn a_calibration_fails_only_by_its_area() {
    let command = calibrate_power();
    assert_eq!(bytes(&command), "54 01 00 00 00 00 00 00 00 00");
    for (key, asc, ascq) in [
        (1, 0x73, 1),
        (3, 0x73, 1),
        (5, 0x20, 0),
        (5, 0x30, 5),
        (5, 0x2C, 0),
    ] {
        assert!(
            shrugs_off(&command, key, asc, ascq),
            "{key:X}/{asc:02X}/{ascq:02X}"
        );
    }
    for (key, asc, ascq) in [(3, 0x73, 2), (3, 0x73, 3), (2, 0x3A, 0), (4, 0x44, 0)] {
        assert!(
            !shrugs_off(&command, key, asc, ascq),
            "{key:X}/{asc:02X}/{ascq:02X}"
        );
    }
}

#[test]
fn nothing_left_to_close_is_no_failure_but_a_broken_close_is() {
    for command in [close_track(TrackNumber(1)), close_session(), stop_format()] {
        assert!(shrugs_off(&command, 5, 0x72, 4) && shrugs_off(&command, 5, 0x30, 5));
        assert!(!shrugs_off(&command, 5, 0x72, 3) && !shrugs_off(&command, 3, 0x72, 1));
        assert!(!shrugs_off(&command, 2, 0x3A, 0) && !shrugs_off(&command, 3, 0x0C, 0));
    }
}

#[test]
fn a_page_is_sent_without_the_bit_that_says_it_can_be_saved_and_must_be_taken() {
    let page = WriteParameters {
        savable: true,
        test_write: true,
        vendor: vec![1, 2],
        ..WriteParameters::default()
    };
    let command = set_write_parameters(&page);
    assert_eq!(bytes(&command), "55 10 00 00 00 00 00 00 3E 00");
    assert_eq!(command.parameters[8..11], [0x05, 0x34, 0x10]);
    assert_eq!(command.tolerate, []);
    let cleared = clear_test_write(&page);
    assert_eq!(cleared.parameters[8..11], [0x05, 0x34, 0x00]);
    assert!(shrugs_off(&cleared, 0x5, 0x26, 0x00));
}

#[test]
fn a_blank_may_take_hours_and_has_a_stand_in_for_worn_discs() {
    let tail = blank(BlankingType::TrackTail, 0x0001_0203);
    assert_eq!(bytes(&tail), "A1 14 00 01 02 03 00 00 00 00 00 00");
    let limit = Duration::from_secs(12 * 3600);
    assert_eq!(tail.settle, Settle::WhenReady { limit });
    let quick: Vec<_> = blank_disc(false).iter().map(bytes).collect();
    assert_eq!(
        quick,
        [
            "A1 11 00 00 00 00 00 00 00 00 00 00",
            "A1 10 00 00 00 00 00 00 00 00 00 00"
        ]
    );
    assert_eq!(blank_disc(false)[1].occasion, Occasion::IfRefused);
    assert_eq!(blank_disc(true).len(), 1);
    assert_eq!(blank_disc(true)[0].occasion, Occasion::Always);
}

#[test]
fn a_reformat_says_that_the_list_of_defects_is_complete() {
    let command = reformat(&FormatParameterList::default());
    assert_eq!(bytes(&command), "04 19 00 00 00 00");
}
