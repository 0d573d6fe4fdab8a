//! The burn machine against a model: whatever drive, link, source, writer and client do, what the machine
//! says in the end is true to the disc, and on the way it keeps its promises.
//!
//! The model is the disc itself ([`common::Disc`]), which knows what it holds, and a witness between the
//! two who writes down what was sent, answered and compared.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers")]

mod common;

use common::{Answer, Between, Disc, Fate, UNIT, burn};
use pitland_burn::{Action, Ending, Fault, Machine, MediumState, NoAnswer, Outcome, VerifyLevel};
use pitland_mmc::cdb::{CdbBytes, Command};
use pitland_mmc::sense::Sense;
use pitland_writer::{Event, Failure, Step};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

const BLOCKS: u64 = 12 * UNIT;

/// What happens at a command; most often nothing.
#[derive(Debug, Clone)]
enum Luck {
    Good,
    Sense(Sense),
    /// The command is not carried out, and there is no answer.
    Silence(NoAnswer),
    /// It is carried out, and there is no answer.
    LostAnswer(NoAnswer),
    Cancel,
    SourceFails,
    /// The writer says something else than it planned.
    Writer(u8),
    /// The writer's drive is gone from here on.
    Unplugged,
}

fn luck() -> impl Strategy<Value = Luck> {
    let known = prop::sample::select(vec![
        (2, 4, 8),
        (2, 4, 7),
        (2, 4, 1),
        (3, 0x0C, 0),
        (5, 0x21, 2),
        (5, 0x24, 0),
        (5, 0x2C, 0),
        (5, 0x72, 3),
        (6, 0x28, 0),
        (6, 0x29, 0),
        (0xB, 8, 0),
        (4, 0x44, 0),
        (1, 0x17, 1),
        (2, 0x3A, 1),
    ]);
    let any_sense = (0u8..16, any::<u8>(), 0u8..12);
    let sense = prop_oneof![4 => known, 1 => any_sense];
    let sense = (sense, prop::bool::weighted(0.1)).prop_map(|((key, asc, ascq), deferred)| {
        let sense = Sense::new(key, asc, ascq);
        Luck::Sense(if deferred { sense.as_deferred() } else { sense })
    });
    let cause = || prop::sample::select(vec![NoAnswer::TimedOut, NoAnswer::Link]);
    prop_oneof![
        60 => Just(Luck::Good),
        6 => sense,
        1 => cause().prop_map(Luck::Silence),
        2 => cause().prop_map(Luck::LostAnswer),
        1 => Just(Luck::Cancel),
        1 => Just(Luck::SourceFails),
        1 => any::<u8>().prop_map(Luck::Writer),
        1 => Just(Luck::Unplugged),
    ]
}

/// Stands between machine and disc, deals out luck, and writes down what was promised.
#[derive(Default)]
struct Witness {
    history: Vec<Luck>,
    at: usize,
    gone: bool,
    cancelled: bool,
    commits: u32,
    locked: bool,
    unlocks: u32,
    /// Blocks that the disc took and said so.
    acknowledged: u64,
    /// An answer to a WRITE was lost, and nobody has asked for the address since.
    in_doubt: bool,
    /// Units that were read last as they were written.
    equal: BTreeSet<u64>,
    /// What was promised and not kept.
    broken: Vec<String>,
    source_fails: bool,
    writer: Option<u8>,
    writes_after_cancel: u32,
    sequential: bool,
}

impl Witness {
    fn breaks(&mut self, what: impl Into<String>) {
        self.broken.push(what.into());
    }

    fn sees_write(&mut self, lba: i64, again: bool) {
        if self.commits == 0 {
            self.breaks("a WRITE before the commit");
        }
        if self.in_doubt {
            self.breaks(format!("LBA {lba} was written blindly"));
        }
        if self.cancelled && !again {
            self.writes_after_cancel += 1;
        }
    }
}

impl Between for Witness {
    fn before(&mut self, machine: &mut Machine, action: &Action) {
        match action {
            Action::Commit => self.commits += 1,
            Action::Write(chunk) => self.sees_write(chunk.lba.0.into(), chunk.again),
            _ => {}
        }
        if self.cancelled {
            machine.cancel();
        }
    }

    fn instead(&mut self, disc: &mut Disc, cdb: &CdbBytes) -> Option<Fate> {
        let command = Command::parse(cdb.as_slice()).unwrap();
        let writes = command.is_write();
        if command.changes_disc() && !writes && self.commits == 0 {
            self.breaks(format!("{} before the commit", command.name()));
        }
        if let Command::ReadTrackInformation(_) = command {
            self.in_doubt = false;
        }
        let luck = match self.history.get(self.at) {
            _ if self.gone => Luck::Unplugged,
            Some(luck) => luck.clone(),
            None => Luck::Good,
        };
        self.at += 1;
        match luck {
            Luck::Cancel => self.cancelled = true,
            Luck::SourceFails => self.source_fails = true,
            Luck::Writer(n) => self.writer = Some(n),
            Luck::Unplugged => self.gone = true,
            _ => {}
        }
        let fate = match luck {
            // A drive that says so has done it.
            Luck::Sense(sense) if is_recovered(&sense) => Some(Fate::Recovered(sense)),
            Luck::Sense(sense) => Some(Fate::Forged(Answer::Sense(sense))),
            Luck::Silence(cause) => Some(Fate::Forged(Answer::Nothing(cause))),
            Luck::LostAnswer(cause) => Some(Fate::Lost(cause)),
            Luck::Unplugged => Some(Fate::Forged(Answer::Nothing(NoAnswer::Gone))),
            _ => None,
        };
        let carried_out = matches!(fate, None | Some(Fate::Lost(_) | Fate::Recovered(_)));
        if let Command::PreventAllowMediumRemoval(door) = command {
            self.unlocks += u32::from(!door.prevent);
            if carried_out {
                self.locked = door.prevent;
            }
        }
        if let Command::Read10(read) = command
            && !self.gone
        {
            // What the machine will be told of these units.
            let unit = read.lba.0 as u64 / UNIT;
            let equal = disc.read(read.lba.0.into(), read.blocks.into(), unit * UNIT) == Ok(true);
            match equal && fate.is_none() {
                true => self.equal.insert(unit),
                false => self.equal.remove(&unit),
            };
        }
        if let Command::Write10(write) = command {
            let taken = !self.sequential || i64::from(write.lba.0) == disc.nwa;
            match &fate {
                None | Some(Fate::Recovered(_)) if taken => {
                    self.acknowledged += u64::from(write.blocks)
                }
                Some(Fate::Lost(_) | Fate::Forged(Answer::Nothing(_))) => self.in_doubt = true,
                _ => {}
            }
        }
        fate
    }

    fn advises(&mut self, event: &Event) -> Option<Step> {
        let n = self.writer.take()?;
        Some(match n % 8 {
            0 => Step::Write(u32::from(n) % 3),
            1 => Step::Close(u32::from(n) % 6),
            2 => Step::Prepare(n.into()),
            3 => Step::Identify,
            4 => Step::Wait(Duration::from_secs(1)),
            5 => Step::Finished,
            6 if !matches!(event, Event::Begin) => Step::Failed(Failure::MediumState),
            _ => Step::Failed(Failure::Panicked {
                message: "as it happens".into(),
            }),
        })
    }

    fn source_fails(&mut self) -> bool {
        self.source_fails
    }
}

fn is_recovered(sense: &Sense) -> bool {
    !sense.deferred && matches!(sense.key.code(), 0 | 1)
}

/// What the model says of an ending.
fn judge(ending: &Ending, disc: &Disc, witness: &Witness, resumed: u64, verify: VerifyLevel) {
    let on_disc = (0..BLOCKS as i64)
        .take_while(|lba| disc.holds.get(lba) == Some(&(*lba as u64)))
        .count() as u64;
    let complete = on_disc == BLOCKS;
    let closed = disc.session_closed || !disc.sequential;
    let told = || {
        format!(
            "{}, {}: {:?}; on the disc {on_disc}, closed {closed}, gone {}",
            ending.outcome, ending.medium, ending.result, witness.gone
        )
    };
    assert_eq!(witness.broken, [] as [String; 0], "{}", told());
    assert!(witness.commits <= 1);
    let tried_hard = witness.unlocks > 4;
    assert!(
        witness.gone || tried_hard || !witness.locked,
        "the door is locked: {}",
        told()
    );
    assert!(
        witness.writes_after_cancel <= 1,
        "a cancel does not end it: {}",
        told()
    );
    // Blocks lie where they belong, each once.
    assert!(
        disc.holds.iter().all(|(lba, block)| *lba as u64 == *block),
        "{}",
        told()
    );
    let written = ending.written.last().map_or(0, |run| run.blocks);
    assert!(ending.blocks_written + resumed <= BLOCKS);
    if !disc.records_nothing {
        assert!(
            written <= on_disc.max(resumed),
            "claims {written}: {}",
            told()
        );
        assert!(
            written >= resumed + witness.acknowledged || written == BLOCKS,
            "{}",
            told()
        );
    }
    let cannot_tell = witness.gone || ending.medium == MediumState::Unknown;
    match ending.outcome {
        Outcome::Verified => {
            assert!(
                ending.result.is_ok() && verify == VerifyLevel::Full,
                "{}",
                told()
            );
            assert!(complete && closed, "{}", told());
            assert!(
                (0..BLOCKS / UNIT).all(|unit| witness.equal.contains(&unit)),
                "{}",
                told()
            );
        }
        Outcome::Unverified => {
            assert!(disc.records_nothing || (complete && closed), "{}", told());
        }
        Outcome::NothingWritten => {
            assert_eq!((resumed, on_disc), (0, 0), "{}", told());
            assert_eq!(ending.blocks_written, 0);
        }
        // Where the drive still tells, it waits for the rest.
        Outcome::Resumable if !cannot_tell => {
            assert!(!disc.session_closed && !disc.track_closed, "{}", told());
            assert!(disc.records_nothing || on_disc > 0, "{}", told());
        }
        Outcome::ReadableOpen => {
            assert!(ending.result.is_err(), "{}", told());
            assert!(disc.records_nothing || on_disc > 0, "{}", told());
        }
        Outcome::MediumChanged => panic!("an image was to be written: {}", told()),
        _ => assert!(
            ending.outcome == Outcome::Resumable || ending.result.is_err(),
            "{}",
            told()
        ),
    }
    if let Ok(completed) = &ending.result {
        let found = completed.verification.as_ref();
        assert!(found.is_none_or(|found| found.bad_units == 0), "{}", told());
        assert!(
            !disc.records_nothing || verify == VerifyLevel::None,
            "a disc that holds nothing was read back: {}",
            told()
        );
        assert!(closed, "{}", told());
    }
    if matches!(ending.result, Err(Fault::Cancelled)) {
        assert!(witness.cancelled);
    }
    match ending.medium {
        MediumState::Untouched => assert_eq!(witness.acknowledged, 0, "{}", told()),
        MediumState::Closed => panic!("nobody finalized it: {}", told()),
        _ => {}
    }
}

#[derive(Debug, Clone)]
struct Scene {
    sequential: bool,
    /// Units that an earlier job has left.
    resumed: u64,
    records_nothing: bool,
    hides_that: bool,
    takes_no_time: bool,
    verify: VerifyLevel,
    history: Vec<Luck>,
}

fn scene() -> impl Strategy<Value = Scene> {
    let verify = vec![VerifyLevel::None, VerifyLevel::Quick, VerifyLevel::Full];
    (
        any::<bool>(),
        prop_oneof![3 => Just(0), 1 => 1..=BLOCKS / UNIT],
        prop::bool::weighted(0.1),
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::sample::select(verify),
        prop::collection::vec(luck(), 0..90),
    )
        .prop_map(
            |(sequential, resumed, nothing, hides_that, takes_no_time, verify, history)| Scene {
                sequential,
                resumed,
                records_nothing: nothing && resumed == 0,
                hides_that,
                takes_no_time,
                verify,
                history,
            },
        )
}

fn play(scene: &Scene) -> (Box<Ending>, Disc, Witness) {
    let mut disc = Disc::new(scene.sequential);
    let resumed = scene.resumed * UNIT;
    disc.write(0, resumed as u32, 0);
    disc.records_nothing = scene.records_nothing;
    disc.hides_that = scene.hides_that;
    disc.takes_no_time = scene.takes_no_time;
    let mut witness = Witness {
        history: scene.history.clone(),
        sequential: scene.sequential,
        ..Witness::default()
    };
    let ending = burn(&mut disc, BLOCKS, resumed, scene.verify, &mut witness);
    (ending, disc, witness)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_the_ending_is_true_to_the_disc(scene in scene()) {
        let (ending, disc, witness) = play(&scene);
        judge(&ending, &disc, &witness, scene.resumed * UNIT, scene.verify);
    }
}

/// The model must not be one that never sees anything: among many histories each ending comes up.
#[test]
fn every_outcome_is_among_the_endings() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..1_500 {
        let scene = scene().new_tree(&mut runner).unwrap().current();
        seen.insert(play(&scene).0.outcome.name());
    }
    let all = [
        Outcome::NothingWritten,
        Outcome::Verified,
        Outcome::Unverified,
        Outcome::ReadableOpen,
        Outcome::Resumable,
        Outcome::Lost,
    ];
    assert!(
        all.iter().all(|outcome| seen.contains(outcome.name())),
        "{seen:?}"
    );
}
