//! A drive that fails by a script: what the host is told, and what the disc got.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod host;

use host::*;
use pitland_mmc::cdb::{Cdb, Inquiry, TestUnitReady};
use pitland_mmc::{Lba, Sense};
use pitland_transport::address::{DriveAddress, OpenError, OpenMode};
use pitland_transport::fault::*;
use pitland_transport::sim::{MediumKind, create_disc};
use pitland_transport::*;
use proptest::prelude::*;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

/// A ready drive with a small blank BD-R, which fails by this script from then on.
fn failing(disc: &Path, script: &str) -> Fault<Box<dyn Transport>> {
    drop(create_disc(disc, MediumKind::BdR, Some(64 * 32)).unwrap());
    let address: DriveAddress = format!("virtual:{}", disc.display()).parse().unwrap();
    let mut drive = address.open(OpenMode::Existing).unwrap();
    wait_ready(&mut drive);
    Fault::new(drive, script.parse().unwrap())
}

/// One WRITE of a unit at its place, once.
fn write_once(drive: &mut dyn Transport, unit: u32) -> Result<Reply, TransportError> {
    let cdb = pitland_mmc::cdb::Write10 {
        lba: Lba((unit * 32) as i32),
        blocks: 32,
        fua: false,
    };
    let bytes = pattern(unit * 32, 32);
    drive.execute(Exchange::blocks(cdb.emit(), &bytes, 2048, LIMIT))
}

fn look(drive: &mut dyn Transport) -> Result<Reply, TransportError> {
    drive.execute(Exchange::none(TestUnitReady::default().emit(), LIMIT))
}

/// What the host was told in place of GOOD, and where the disc stands after two WRITEs, the first of
/// which met the fault.
fn second_write_after(what: &str) -> (Result<Reply, TransportError>, u32) {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("when write nth 1 do {what}");
    let mut drive = failing(&folder.path().join("x"), &script);
    let told = write_once(&mut drive, 0);
    assert_eq!(drive.tally().fired(), 1, "{what}");
    let mut drive = drive.into_inner();
    synchronize(&mut drive);
    (told, nwa(&mut drive))
}

#[test]
fn each_fault_tells_the_host_what_it_says_and_does_to_the_disc_what_it_says() {
    let host = |host| Err(format!("{:?}", TransportError::Host { host, driver: 0 }));
    let timed_out = Err(format!("{:?}", TransportError::TimedOut { limit: LIMIT }));
    let check = |sense| Ok(Reply::check(sense));
    let fault = Sense::new(3, 0x0C, 0);
    let busy = Reply {
        status: Status::Busy,
        transferred: 0,
    };
    for (what, told, nwa) in [
        ("sense 3/0C/00", check(fault), 0),
        ("sense 3/0C/00 carried-out", check(fault), 32),
        ("sense 3/0C/00 deferred", check(fault.as_deferred()), 0),
        ("busy", Ok(busy), 0),
        ("good", Ok(Reply::good(UNIT)), 0),
        ("lost-reply", host(7), 32),
        ("lost-command", host(7), 0),
        ("timeout", timed_out.clone(), 0),
        ("timeout carried-out", timed_out.clone(), 32),
        ("reset", host(8), 0),
        ("unplug", Err(format!("{:?}", TransportError::Gone)), 0),
        ("delay 30s", Ok(Reply::good(UNIT)), 32),
        ("delay 3601s", timed_out, 32),
        ("pause 3601s", Ok(Reply::good(UNIT)), 32),
        // BD-R takes whole clusters of 32 blocks: the rest of the cluster is padded.
        ("short 40000", Ok(Reply::good(19 * 2048)), 32),
        ("short 0", Ok(Reply::good(0)), 0),
        ("short 65536", Ok(Reply::good(UNIT)), 32),
        // Meant for other commands.
        ("nwa +5", Ok(Reply::good(UNIT)), 32),
        ("flip", Ok(Reply::good(UNIT)), 32),
    ] {
        let (found, stands) = second_write_after(what);
        assert_eq!(found.map_err(|error| format!("{error:?}")), told, "{what}");
        assert_eq!(stands, nwa, "{what}");
    }
}

#[test]
fn time_passes_on_the_drives_clock_as_stated() {
    for (what, passed) in [
        ("timeout", LIMIT),
        ("delay 30s", Duration::from_secs(30)),
        ("delay 3601s", LIMIT),
        ("pause 3601s", Duration::from_secs(3601)),
        ("lost-command", Duration::ZERO),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("when test-unit-ready do {what}");
        let mut drive = failing(&folder.path().join("x"), &script);
        let before = drive.now();
        let _ = look(&mut drive);
        assert_eq!(drive.now() - before, passed, "{what}");
    }
}

#[test]
fn delays_add_up_and_the_first_of_the_others_decides() {
    let folder = tempfile::tempdir().unwrap();
    let script = "when any do delay 2s\nwhen any once do busy\nwhen any do delay 3s\nwhen any once do sense 6/28/00";
    let mut drive = failing(&folder.path().join("x"), script);
    let before = drive.now();
    assert_eq!(look(&mut drive).unwrap().status, Status::Busy);
    assert_eq!(drive.now() - before, Duration::from_secs(5));
    let tally = drive.tally();
    assert_eq!(
        (0..4).map(|n| tally.fired_by(n)).collect::<Vec<_>>(),
        [1, 1, 1, 0]
    );
    let told = look(&mut drive).unwrap();
    assert_eq!(told.status.sense().unwrap().triple(), (6, 0x28, 0));
    assert_eq!(look(&mut drive).unwrap().status, Status::Good);
    assert_eq!((tally.commands(), tally.fired()), (3, 8));
}

#[test]
fn after_a_reset_the_next_command_but_no_question_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut drive = failing(&folder.path().join("x"), "when any once do reset");
    assert!(matches!(
        look(&mut drive),
        Err(TransportError::Host { host: 8, .. })
    ));
    let mut room = [0; 36];
    let inquiry = Inquiry {
        allocation_length: 36,
        ..Inquiry::default()
    };
    good(
        drive
            .execute(Exchange::data_in(inquiry.emit(), &mut room, LIMIT))
            .unwrap(),
    );
    let told = look(&mut drive).unwrap();
    assert_eq!(told.status.sense().unwrap().triple(), (6, 0x29, 0));
    good(look(&mut drive).unwrap());
}

#[test]
fn an_unplugged_drive_stays_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut drive = failing(&folder.path().join("x"), "when write once do unplug");
    good(look(&mut drive).unwrap());
    for _ in 0..2 {
        assert!(matches!(
            write_once(&mut drive, 0),
            Err(TransportError::Gone)
        ));
        assert!(matches!(look(&mut drive), Err(TransportError::Gone)));
    }
    assert_eq!(drive.claim(Claim::Look), Err(ClaimDenied::Gone));
    drive.release();
}

#[test]
fn a_lying_address_is_off_by_what_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    let mut drive = failing(&folder.path().join("x"), "when any from 3 do nwa +64");
    good(write_once(&mut drive, 0).unwrap());
    assert_eq!(nwa(&mut drive), 32);
    assert_eq!(nwa(&mut drive), 32 + 64);
}

#[test]
fn one_bit_of_what_is_read_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mut drive = failing(
        &folder.path().join("x"),
        "seed 3\nwhen read nth 2 do flip\nwhen read nth 3 do short 5000",
    );
    good(write_once(&mut drive, 0).unwrap());
    synchronize(&mut drive);
    let mut read_bits = || {
        let mut back = vec![0xAA; UNIT];
        let moved = good(read(&mut drive, 0, &mut back));
        let bits = back
            .iter()
            .zip(pattern(0, 32))
            .map(|(a, b)| (a ^ b).count_ones());
        (moved, bits.sum::<u32>())
    };
    assert_eq!(read_bits(), (UNIT, 0));
    assert_eq!(read_bits(), (UNIT, 1));
    let (moved, wrong) = read_bits();
    assert_eq!(moved, 5000);
    assert!(wrong > 1000, "what did not come is not in the buffer");
}

#[test]
fn the_address_of_a_drive_names_its_script() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script, with a comma");
    std::fs::write(&path, "# what happened on a Monday\nwhen inquiry do busy\n").unwrap();
    let escaped = path.display().to_string().replace(',', "%2C");
    let address: DriveAddress = format!("virtual:null,faults={escaped}").parse().unwrap();
    let mut drive = address.open(OpenMode::Existing).unwrap();
    let inquiry = Inquiry::default().emit();
    let reply = drive
        .execute(Exchange::data_in(inquiry, &mut [], LIMIT))
        .unwrap();
    assert_eq!(reply.status, Status::Busy);

    std::fs::write(&path, b"seed 1\n\nwhen \xFF do busy\n").unwrap();
    let refused = address.open(OpenMode::Existing).map(|_| ()).unwrap_err();
    assert!(
        matches!(
            &refused,
            OpenError::Faults {
                source: FaultFileError::Script(FaultScriptError {
                    line: 3,
                    fault: SyntaxFault::Commands { .. },
                    ..
                }),
                ..
            }
        ),
        "{refused:?}"
    );
    std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    let refused = address.open(OpenMode::Existing).map(|_| ()).unwrap_err();
    assert!(matches!(
        refused,
        OpenError::Faults {
            source: FaultFileError::TooLong,
            ..
        }
    ));
    std::fs::remove_file(&path).unwrap();
    // A virtual disc's file is not made for a drive that cannot be opened.
    let disc = folder.path().join("new.vdisc");
    let address: DriveAddress = format!("virtual:{},faults={escaped}", disc.display())
        .parse()
        .unwrap();
    let refused = address
        .open(OpenMode::CreateBlankBdR)
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(
        refused,
        OpenError::Faults {
            source: FaultFileError::Io(_),
            ..
        }
    ));
    assert!(!disc.exists());
}

#[test]
fn what_is_no_script_is_refused_by_line_and_word() {
    for (text, told) in [
        ("\n\nwhen", "line 3: the line ends where commands belongs"),
        ("seed", "line 1: the line ends where a number from 0"),
        ("seed -1", "line 1: \"-1\" stands where a number from 0"),
        ("seed 1\nseed 2", "line 2: \"seed\" says again"),
        ("seed 1 2", "line 1: \"2\" is too much"),
        ("if any do busy", "line 1: \"if\" begins no line"),
        (
            "when writes do busy",
            "line 1: no command is called \"writes\"",
        ),
        ("when 2A do busy", "no command is called \"2A\""),
        ("when any", "the line ends where a condition, or do belongs"),
        ("when any busy", "\"busy\" is no condition"),
        (
            "when any nth 0 do busy",
            "\"0\" stands where a number from 1",
        ),
        ("when any nth 1 every 2 do busy", "\"every\" says again"),
        ("when any once times 2 do busy", "\"times\" says again"),
        ("when any lba 5..4 do busy", "\"5..4\" stands where a range"),
        (
            "when any chance 2/1 do busy",
            "\"2/1\" stands where a chance",
        ),
        (
            "when any after 0 do busy",
            "\"0\" stands where a number of bytes",
        ),
        ("when any do", "the line ends where a fault belongs"),
        ("when any do die", "\"die\" is no fault"),
        ("when any do busy busy", "\"busy\" is too much"),
        (
            "when any do sense 10/00/00",
            "\"10/00/00\" stands where key",
        ),
        ("when any do sense 3/0C", "\"3/0C\" stands where key"),
        ("when any do delay 5", "\"5\" stands where a time"),
        (
            "when any do delay 99999999s",
            "\"99999999s\" stands where a time",
        ),
        (
            "when any do nwa 5",
            "\"5\" stands where blocks with their sign",
        ),
        (
            "when any do reset carried-out",
            "\"carried-out\" is too much",
        ),
    ] {
        let refused = text.parse::<FaultScript>().unwrap_err().to_string();
        assert!(refused.contains(told), "{text:?}: {refused}");
    }
}

#[test]
fn every_operation_code_has_a_word_that_reads_back() {
    for opcode in 0..=u8::MAX {
        let rule = FaultRule::new(When::any_of(Commands::Opcode(opcode)), What::Busy);
        assert_eq!(rule.to_string().parse(), Ok(rule), "{rule}");
    }
    let rule: FaultRule = "when 2ah do busy".parse().unwrap();
    assert_eq!(rule.to_string(), "when write-10 do busy");
    let rule: FaultRule = "when C1h do busy".parse().unwrap();
    assert_eq!(rule.to_string(), "when C1h do busy");
}

fn whens() -> impl Strategy<Value = When> {
    let commands = prop_oneof![
        Just(Commands::Any),
        Just(Commands::Writes),
        Just(Commands::Reads),
        any::<u8>().prop_map(Commands::Opcode),
    ];
    let turn = (0..4, any::<NonZeroU32>()).prop_map(|(kind, n)| match kind {
        0 => Turn::Each,
        1 => Turn::Nth(n),
        2 => Turn::Every(n),
        _ => Turn::From(n),
    });
    let lba = prop::option::of((any::<i32>(), any::<i32>()))
        .prop_map(|ends| ends.and_then(|(a, b)| LbaRange::new(Lba(a.min(b)), Lba(a.max(b)))));
    let chance = prop::option::of((any::<u32>(), any::<NonZeroU32>()))
        .prop_map(|parts| parts.and_then(|(wins, of)| Chance::new(wins % of, of)));
    let time = (0..10_000_000_u64).prop_map(Duration::from_micros);
    let times = prop::option::of(any::<NonZeroU32>());
    (commands, turn, lba, chance, any::<u64>(), time, times).prop_map(
        |(commands, turn, lba, chance, bytes, time, times)| {
            let mut when = When::any_of(commands).after_bytes(bytes).after_time(time);
            (when.turn, when.lba, when.chance, when.times) = (turn, lba, chance, times);
            when
        },
    )
}

fn whats() -> impl Strategy<Value = What> {
    let sense = (
        0u8..16,
        any::<u8>(),
        any::<u8>(),
        any::<bool>(),
        any::<Option<u16>>(),
        any::<Option<u32>>(),
    );
    let sense = sense.prop_map(|(key, asc, ascq, deferred, progress, information)| {
        let mut sense = Sense::new(key, asc, ascq);
        (sense.deferred, sense.progress, sense.information) = (deferred, progress, information);
        sense
    });
    let time = (0..10_000_000_u64).prop_map(Duration::from_micros);
    prop_oneof![
        (sense, any::<bool>()).prop_map(|(sense, carried_out)| What::Sense { sense, carried_out }),
        Just(What::Busy),
        Just(What::Good),
        any::<i32>().prop_map(|by| What::NextWritable { by }),
        Just(What::LostReply),
        Just(What::LostCommand),
        any::<bool>().prop_map(|carried_out| What::Timeout { carried_out }),
        Just(What::Reset),
        Just(What::Unplug),
        time.clone().prop_map(What::Delay),
        time.prop_map(What::Pause),
        any::<u32>().prop_map(|bytes| What::Short { bytes }),
        Just(What::FlipBit),
        any::<bool>().prop_map(|carried_out| What::Kill { carried_out }),
    ]
}

proptest! {
    #[test]
    fn a_script_is_written_as_it_reads(
        seed in any::<u64>(),
        rules in prop::collection::vec((whens(), whats()), 0..6),
    ) {
        let script = rules.into_iter().fold(FaultScript::new(seed), |script, (when, what)| script.rule(when, what));
        prop_assert_eq!(script.to_string().parse(), Ok(script));
    }

    #[test]
    fn any_text_is_a_script_or_refused(
        text in prop::collection::vec(prop_oneof![
            Just("when"), Just("any"), Just("write"), Just("do"), Just("sense"), Just("3/0C/00"), Just("nth"),
            Just("lba"), Just("0..5"), Just("chance"), Just("1/2"), Just("after"), Just("at"), Just("5s"), Just("kill"),
            Just("carried-out"), Just("deferred"), Just("progress"), Just("7"), Just("\n"), Just("#"), Just("seed"),
        ], 0..30),
        noise in ".{0,40}",
    ) {
        for text in [text.join(" "), noise.clone(), format!("when {noise}"), format!("when any do {noise}")] {
            if let Ok(script) = text.parse::<FaultScript>() {
                prop_assert_eq!(script.to_string().parse(), Ok(script));
            }
        }
    }

    #[test]
    fn no_script_makes_the_layer_panic(
        rules in prop::collection::vec((whens(), whats()), 0..6),
        commands in prop::collection::vec((prop::collection::vec(any::<u8>(), 6..=12), 0usize..4, 0usize..5000), 0..40),
    ) {
        let harmless = rules.into_iter().filter(|(_, what)| !matches!(what, What::Kill { .. }));
        let script = harmless.fold(FaultScript::new(1), |script, (when, what)| script.rule(when, what));
        let null: DriveAddress = "virtual:null".parse().unwrap();
        let mut drive = Fault::new(null.open(OpenMode::Existing).unwrap(), script);
        for (bytes, kind, length) in commands {
            let mut room = vec![0; length];
            let data = match kind {
                0 => Data::None,
                1 => Data::In(&mut room),
                2 => Data::Out(&room),
                _ => Data::Blocks { bytes: &room, block_bytes: 2048 },
            };
            let answer = drive.execute(Exchange { cdb: cdb(&bytes), data, timeout: Duration::from_secs(5) });
            if let Ok(reply) = answer {
                prop_assert!(reply.transferred <= length);
            }
        }
    }
}
