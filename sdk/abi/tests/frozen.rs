//! Version 1 as it was given out: messages with fixed values, record by record.
//!
//! `frozen.txt` is never changed but for lines that are added: a value must be said by the same records for good,
//! and read from them. `PITLAND_BLESS=1` writes it anew, for words that are new.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use pitland_abi::{Message, Record, Words, decode, encode};
use pitland_writer::mmc::cdb::CdbBytes;
use pitland_writer::mmc::param::{CueSheetEntry, DataForm};
use pitland_writer::mmc::{Lba, Profile, Sense};
use pitland_writer::refusal::MissingFact;
use pitland_writer::*;
use std::fmt::{Debug, Write};
use std::num::NonZeroU32;
use std::time::Duration;

const FROZEN: &str = include_str!("frozen.txt");

/// What is said of each value, and that it is understood.
#[derive(Default)]
struct Said(String);

impl Said {
    fn say<T: Words + Debug + PartialEq>(&mut self, name: &str, value: &T) {
        let message = encode(value);
        writeln!(self.0, "{name}").unwrap();
        for record in &message {
            let bytes: String = record.bytes.iter().map(|b| format!("{b:02X}")).collect();
            writeln!(
                self.0,
                "  {:04X} flags {:X} lba {} count {} [{bytes}]",
                record.code, record.flags, record.lba, record.count
            )
            .unwrap();
        }
        let written = frozen(name).unwrap_or_else(|| message.clone());
        assert_eq!(decode::<T>(&written).as_ref(), Ok(value), "{name}");
    }
}

/// The message of that name as it was given out.
fn frozen(name: &str) -> Option<Message> {
    let mut lines = FROZEN.lines().skip_while(|line| *line != name);
    lines.next()?;
    let records = lines.take_while(|line| line.starts_with("  "));
    Some(records.map(record).collect())
}

fn record(line: &str) -> Record {
    let words: Vec<&str> = line.split_whitespace().collect();
    let &[code, _, flags, _, lba, _, count, bytes] = words.as_slice() else {
        panic!("{line:?}");
    };
    let hex = |text| u32::from_str_radix(text, 16).unwrap();
    let digits: Vec<char> = bytes.trim_matches(['[', ']']).chars().collect();
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
        .collect();
    let mut record = Record::word(hex(code))
        .lba(lba.parse().unwrap())
        .count(count.parse().unwrap())
        .bytes(&bytes);
    record.flags = hex(flags);
    record
}

fn burn() -> BurnRequest {
    let mut burn = BurnRequest::new(1_000);
    burn.placement = Placement::NewSession;
    burn.finish = Finish::FinalizeDisc;
    burn.speed = Speed::TenthsOfNominal(NonZeroU32::new(40).unwrap());
    burn.test_write = true;
    burn.underrun_protection = false;
    burn.fast_write = true;
    burn.recording = Recording::AtOnce;
    burn.cd_form = CdForm::Mode2Form1;
    burn
}

fn layout() -> CdLayout {
    let mut layout = CdLayout::new(CdMode::Raw(CdSubchannel::Packed96), Lba(-11_625));
    layout.lead_out = Lba(450);
    layout.catalogue = Some(*b"4006381333931");
    layout.cue_sheet = vec![CueSheetEntry::from_bytes([1, 2, 3, 0, 5, 6, 7, 8])];
    layout.text = vec![0x80; 18];
    let mut track = CdTrack::audio(1, Lba(0), 11_625, 300);
    track.control = 3;
    track.form = DataForm::XaRaw;
    track.pregap = 150;
    track.isrc = Some(*b"DEA123456789");
    layout.tracks = vec![track, CdTrack::audio(2, Lba(300), 11_925, 450)];
    layout
}

fn command() -> PlannedCommand {
    let cdb = CdbBytes::from_slice(&[0x5B, 1, 2, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    PlannedCommand::new(Move::CloseSession, cdb)
        .with_parameters(vec![1, 2, 3])
        .with_timeout(Duration::new(200, 5))
        .until_ready(Duration::from_secs(3_600))
        .tolerating(SensePattern::exactly(5, 0x72, 4), true)
        .tolerating(SensePattern::code(5, 0x30), false)
        .only(Occasion::AfterBlocks)
}

fn plan() -> WritePlan {
    let mut first = Extent::image(Lba(-150), 32, 16);
    first.form = BlockForm::Raw2352;
    let mut second = Extent::image(Lba(456), 300, 1).behind([command()]);
    second.origin = Origin::Bytes(vec![9; 6]);
    second.command = WriteCommand::Write12Streaming;
    second.underrun_protection = false;
    second.test_write = true;
    let mut expected = ExpectedMedium::sessions(2, Some(true));
    expected.nwa_at_least = Some(Lba(11_400));
    expected.capacity_at_least = Some(450);
    let mut plan = WritePlan::default();
    plan.prepare = vec![command()];
    plan.extents = vec![first, second];
    plan.closing = vec![command(), command()];
    plan.warnings = vec![
        Warning::Overburn { blocks: 7 },
        Warning::SpeedAdjusted { chosen: 8_467 },
    ];
    plan.expected = expected;
    plan.resumable = true;
    plan
}

#[test]
fn what_was_given_out_stays() {
    let mut said = Said::default();
    let profiles = vec![Profile::CdR, Profile::Other(0x5C01)];
    said.say("writer", &WriterInfo::new("cd-raw", "raw", profiles));
    let cdb = CdbBytes::from_slice(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0]).unwrap();
    let answers = vec![Answer {
        cdb,
        data: vec![0, 32, 0x0E],
    }];
    said.say("facts", &MediaFacts::from_answers(answers));
    said.say("burn", &Request::Burn(burn()));
    let mut grown = BurnRequest::new(64);
    grown.placement = Placement::Grow(Growth::from(Lba(4_096)).session(64));
    said.say("burn that grows", &Request::Burn(grown));
    let mut of_layout = BurnRequest::new(19_000);
    of_layout.cd = Some(layout());
    of_layout.overburn = true;
    said.say("burn of a layout", &Request::Burn(of_layout));
    let mut format = FormatRequest::new(Some(0x32), Some(1 << 30));
    format.certification = Certification::Quick;
    said.say("format", &Request::Format(format));
    let mut erase = EraseRequest::new(true);
    erase.volume_blocks = 77;
    erase.scope = EraseScope::TrackTail(Lba(12));
    said.say("erase", &Request::Erase(erase));
    said.say("close", &Request::Close(CloseRequest::new(true)));
    said.say("resume", &Request::Resume(ResumeRequest::new(burn(), 512)));
    let mut service = Service::new(Lba(-150), 359_846, 16);
    service.fitness = 80;
    service.test_write = true;
    said.say("serves", &Fit::Serves(service));
    said.say("not mine", &Fit::NotMine);
    let offer = Some(Placement::Overwrite);
    let refusals = [
        ("not blank", Refusal::MediumNotBlank { offer }),
        (
            "too large",
            Refusal::TooLarge {
                needed: 9,
                available: 8,
            },
        ),
        (
            "cut off",
            Refusal::NotWhereCutOff {
                expected: Lba(-7),
                found: Lba(32),
            },
        ),
        (
            "recording",
            Refusal::NoSuchRecording {
                profile: Profile::CdRw,
                recording: Recording::TrackByTrack,
            },
        ),
        (
            "layout",
            Refusal::BadLayout(LayoutFault::TooShort {
                track: 4,
                blocks: 299,
            }),
        ),
        (
            "place",
            Refusal::OtherPlace {
                planned: Lba(-150),
                found: Lba(11_400),
            },
        ),
        (
            "mode",
            Refusal::NoSuchMode {
                mode: CdMode::Raw(CdSubchannel::Pq16),
            },
        ),
        (
            "fact",
            Refusal::FactMissing {
                what: MissingFact::LeadIn,
            },
        ),
    ];
    for (name, refusal) in refusals {
        said.say(name, &Fit::Refuses(refusal));
    }
    said.say("plan", &plan());
    said.say("begun", &Ok::<_, Refusal>(plan()));
    let steps = [
        ("prepare", Step::Prepare(1)),
        ("write", Step::Write(2)),
        ("close step", Step::Close(3)),
        (
            "between",
            Step::Between {
                extent: 1,
                command: 2,
            },
        ),
        ("ask", Step::Ask { cdb, length: 34 }),
        ("wait", Step::Wait(Duration::from_millis(1_500))),
        (
            "wait ready",
            Step::WaitReady {
                limit: Duration::from_secs(60),
            },
        ),
        ("identify", Step::Identify),
        ("replan", Step::Replan(Box::new(plan()))),
        ("finished", Step::Finished),
        ("failed", Step::Failed(Failure::MediumState)),
    ];
    for (name, step) in steps {
        said.say(name, &step);
    }
    let mut sense = Sense::new(5, 0x21, 2);
    sense.deferred = true;
    sense.progress = Some(0x8000);
    sense.information = Some(77);
    let events = [
        ("begin", Event::Begin),
        ("done", Event::Done),
        ("answer", Event::Answer(vec![1, 2])),
        ("refused", Event::Refused { sense }),
        (
            "write refused",
            Event::WriteRefused {
                extent: 1,
                lba: Lba(-42),
                sense,
            },
        ),
        ("cancelled", Event::Cancelled { written_blocks: 64 }),
        ("timed out", Event::TimedOut),
    ];
    for (name, event) in events {
        said.say(name, &event);
    }
    if std::env::var_os("PITLAND_BLESS").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/frozen.txt");
        std::fs::write(file, &said.0).unwrap();
        return;
    }
    assert_eq!(
        said.0, FROZEN,
        "the ABI is frozen: what was given out stays"
    );
}
