//! What becomes of a disc when the drive lies, the link breaks or the source is slow: each story ends in an
//! outcome that is true to the disc.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers")]

mod common;

use common::{Answer, Between, Clear, Disc, Fate, burn, drive, job, recipe};
use pitland_burn::{
    Action, BadRun, Ending, Fault, Machine, MediumState, NoAnswer, Note, Outcome, ReadBack, Supply,
    Unproven, VerifyLevel, WrittenRun,
};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{CdbBytes, Command};
use pitland_mmc::sense::Sense;
use pitland_writer::Recipe;

const BLOCKS: u64 = 64 * 32;

fn verification(ending: &Ending) -> &pitland_burn::Verification {
    match &ending.result {
        Ok(completed) => completed.verification.as_ref().unwrap(),
        Err(Fault::Verification(verification)) => verification,
        other => panic!("{other:?}"),
    }
}

fn suspicious(ending: &Ending) -> bool {
    let note = |note: &Note| matches!(note, Note::ImplausiblyFast { .. });
    ending.notes.iter().any(note)
}

#[test]
fn an_honest_burn_is_what_it_was_asked_to_be() {
    for sequential in [true, false] {
        for (verify, outcome, compared) in [
            (VerifyLevel::None, Outcome::Unverified, None),
            (VerifyLevel::Quick, Outcome::Unverified, Some(40 * 32)),
            (VerifyLevel::Full, Outcome::Verified, Some(BLOCKS)),
        ] {
            let ending = burn(&mut Disc::new(sequential), BLOCKS, 0, verify, &mut Clear);
            assert_eq!(ending.outcome, outcome);
            assert!(!suspicious(&ending), "{:?}", ending.notes);
            let verification = ending.result.as_ref().unwrap().verification.as_ref();
            let found = verification.map(|v| v.blocks_compared);
            assert_eq!(found, compared);
        }
    }
}

#[test]
fn a_drive_that_leaves_the_disc_blank_is_found_out_by_its_state() {
    let mut disc = Disc::new(true);
    disc.records_nothing = true;
    let ending = burn(&mut disc, BLOCKS, 0, VerifyLevel::None, &mut Clear);
    assert_eq!(ending.result, Err(Fault::NotProven(Unproven::StillBlank)));
    assert_eq!(ending.outcome, Outcome::Lost);
}

#[test]
fn a_drive_that_leaves_the_disc_blank_and_lies_about_it_is_found_out_by_reading() {
    for verify in [VerifyLevel::Quick, VerifyLevel::Full] {
        for sequential in [true, false] {
            let mut disc = Disc::new(sequential);
            (disc.records_nothing, disc.hides_that) = (true, true);
            let ending = burn(&mut disc, BLOCKS, 0, verify, &mut Clear);
            assert!(matches!(ending.result, Err(Fault::Verification(_))));
            assert_eq!(ending.outcome, Outcome::Lost);
        }
    }
}

#[test]
fn a_liar_that_takes_no_time_is_read_back_though_nobody_asked() {
    for sequential in [true, false] {
        let mut disc = Disc::new(sequential);
        (disc.records_nothing, disc.hides_that) = (true, true);
        disc.takes_no_time = true;
        let ending = burn(&mut disc, BLOCKS, 0, VerifyLevel::None, &mut Clear);
        assert!(suspicious(&ending));
        assert_eq!(verification(&ending).bad_units, 32);
        assert_eq!(ending.outcome, Outcome::Lost);
    }
}

#[test]
fn an_honest_drive_that_takes_no_time_is_warned_of_and_read_back_in_part() {
    let mut disc = Disc::new(true);
    disc.takes_no_time = true;
    let ending = burn(&mut disc, BLOCKS, 0, VerifyLevel::None, &mut Clear);
    assert!(suspicious(&ending));
    assert_eq!(verification(&ending).blocks_compared, 32 * 32);
    assert_eq!(ending.outcome, Outcome::Unverified);
    assert_eq!(disc.speeds_set, 0, "a sample needs no speed");
}

#[test]
fn a_rewritable_disc_that_looks_empty_after_all_is_read_back_in_part() {
    for records_nothing in [true, false] {
        let mut disc = Disc::new(false);
        disc.looks_empty = true;
        disc.records_nothing = records_nothing;
        let ending = burn(&mut disc, BLOCKS, 0, VerifyLevel::None, &mut Clear);
        assert!(ending.notes.contains(&Note::LooksEmpty));
        assert_eq!(ending.result.is_err(), records_nothing);
        assert_eq!(verification(&ending).blocks_compared, 32 * 32);
    }
}

/// Some units have no check.
struct Unchecked;

impl Between for Unchecked {
    fn has_check(&self, unit: u64) -> bool {
        !unit.is_multiple_of(2)
    }
}

#[test]
fn what_has_no_check_is_not_called_verified() {
    let ending = burn(
        &mut Disc::new(true),
        BLOCKS,
        0,
        VerifyLevel::Full,
        &mut Unchecked,
    );
    assert_eq!(ending.outcome, Outcome::Unverified);
    assert_eq!(verification(&ending).blocks_unchecked, BLOCKS / 2);
}

#[test]
fn all_that_is_bad_is_told_in_runs() {
    let mut disc = Disc::new(true);
    let ok = burn(&mut disc, BLOCKS, 0, VerifyLevel::Full, &mut Clear);
    assert_eq!(ok.outcome, Outcome::Verified);
    for lba in [33, 65, 1_000] {
        disc.holds.insert(lba, 7);
    }
    let ending = read_back(&mut disc, VerifyLevel::Full);
    let found = verification(&ending);
    let run = |first, blocks| BadRun {
        first: Lba(first),
        blocks,
    };
    assert_eq!(found.bad_runs, [run(32, 64), run(992, 32)]);
    assert_eq!(
        (found.first_bad, found.last_bad),
        (Some(Lba(32)), Some(Lba(992)))
    );
    assert_eq!(ending.outcome, Outcome::Lost);
}

fn read_back(disc: &mut Disc, level: VerifyLevel) -> Box<Ending> {
    let machine = Machine::read_back(ReadBack {
        facts: disc.facts(),
        runs: vec![WrittenRun {
            first_lba: Lba(0),
            blocks: BLOCKS,
            image_block: 0,
        }],
        level,
        most_bytes: 256 * 1024,
    });
    drive(machine, Recipe::new(), disc, &mut Clear)
}

#[test]
fn reading_back_alone_changes_nothing_and_tells_what_it_found() {
    let mut disc = Disc::new(true);
    burn(&mut disc, BLOCKS, 0, VerifyLevel::None, &mut Clear);
    let before = disc.clone();
    let full = read_back(&mut disc, VerifyLevel::Full);
    assert_eq!(
        (full.outcome, full.medium),
        (Outcome::Verified, MediumState::Appendable)
    );
    assert_eq!(verification(&full).blocks_compared, BLOCKS);
    let sample = read_back(&mut disc, VerifyLevel::None);
    assert_eq!(sample.outcome, Outcome::Unverified);
    assert_eq!(verification(&sample).blocks_compared, 32 * 32);
    assert_eq!(
        (&disc.holds, disc.nwa, disc.locked),
        (&before.holds, before.nwa, false)
    );
}

#[test]
fn another_disc_is_not_taken_for_the_one_to_read_back() {
    let ending = read_back(&mut Disc::new(true), VerifyLevel::Full);
    assert!(ending.result.is_err());
    assert_ne!(ending.outcome, Outcome::Verified);
}

/// The drive is gone from its `nth` WRITE on.
struct GoneAt(u32);

impl Between for GoneAt {
    fn instead(&mut self, _: &mut Disc, cdb: &CdbBytes) -> Option<Fate> {
        let writes = Command::parse(cdb.as_slice()).unwrap().is_write();
        self.0 = self.0.saturating_sub(u32::from(writes));
        let gone = Fate::Forged(Answer::Nothing(NoAnswer::Gone));
        (self.0 == 0).then_some(gone)
    }
}

#[test]
fn a_drive_that_is_gone_leaves_a_burn_that_can_be_resumed_and_nothing_certain() {
    for sequential in [true, false] {
        let mut disc = Disc::new(sequential);
        let ending = burn(&mut disc, BLOCKS, 0, VerifyLevel::Full, &mut GoneAt(9));
        assert_eq!(ending.outcome, Outcome::Resumable);
        assert_eq!(
            (ending.medium, &ending.facts),
            (MediumState::Unknown, &None)
        );
        let written = ending.written[0].blocks;
        assert_eq!(written, 8 * 32);
        let resumed = burn(&mut disc, BLOCKS, written, VerifyLevel::Full, &mut Clear);
        assert_eq!(resumed.outcome, Outcome::Verified, "{:?}", resumed.result);
        assert_eq!(verification(&resumed).blocks_compared, BLOCKS);
        assert_eq!(resumed.written[0].blocks, BLOCKS);
    }
}

#[test]
fn a_twin_that_goes_on_at_the_same_address_does_not_pass() {
    let mut twin = Disc::new(true);
    burn(&mut twin, BLOCKS, 0, VerifyLevel::Full, &mut GoneAt(9));
    twin.holds.values_mut().for_each(|block| *block += 1);
    let ending = burn(&mut twin, BLOCKS, 8 * 32, VerifyLevel::Full, &mut Clear);
    assert_eq!(ending.outcome, Outcome::Lost);
    assert_eq!(verification(&ending).bad_units, 8);
}

#[test]
fn a_plan_that_cannot_be_resumed_is_lost_with_its_drive() {
    let mut disc = Disc::new(true);
    let (writer, mut plan) = recipe(&disc, BLOCKS, 0);
    plan.resumable = false;
    let machine = Machine::new(job(&disc, plan, BLOCKS, 0, VerifyLevel::Full)).unwrap();
    let ending = drive(machine, writer, &mut disc, &mut GoneAt(9));
    assert_eq!(ending.outcome, Outcome::Lost);
}

/// A command that fails once.
struct FailsOnce {
    opcode: u8,
    nth: u32,
    answer: Answer,
}

impl Between for FailsOnce {
    fn instead(&mut self, _: &mut Disc, cdb: &CdbBytes) -> Option<Fate> {
        if cdb.opcode() != self.opcode || self.nth == 0 {
            return None;
        }
        self.nth -= 1;
        (self.nth == 0).then(|| Fate::Forged(self.answer.clone()))
    }
}

#[test]
fn a_question_that_fails_once_in_the_proof_does_not_lose_a_good_disc() {
    let sense = |key, asc, ascq| Answer::Sense(Sense::new(key, asc, ascq));
    for (opcode, answer) in [
        (0x12, sense(5, 0x53, 2)),
        (0x46, sense(3, 0x30, 0x10)),
        (0x51, sense(5, 0x24, 0)),
        (0x52, sense(3, 2, 0)),
        (0x12, Answer::Nothing(NoAnswer::TimedOut)),
        (0x46, Answer::Nothing(NoAnswer::Link)),
    ] {
        let mut once = FailsOnce {
            opcode,
            nth: 1,
            answer,
        };
        let ending = burn(
            &mut Disc::new(true),
            BLOCKS,
            0,
            VerifyLevel::Full,
            &mut once,
        );
        assert_eq!(
            ending.outcome,
            Outcome::Verified,
            "{opcode:X} {:?}",
            ending.result
        );
    }
}

#[test]
fn a_session_that_could_not_be_closed_is_readable_but_open() {
    let mut refused = FailsOnce {
        opcode: 0x5B,
        nth: 2,
        answer: Answer::Sense(Sense::new(3, 0x72, 1)),
    };
    let mut disc = Disc::new(true);
    let ending = burn(&mut disc, BLOCKS, 0, VerifyLevel::Full, &mut refused);
    assert_eq!(ending.outcome, Outcome::ReadableOpen);
    let resumed = burn(&mut disc, BLOCKS, BLOCKS, VerifyLevel::Full, &mut Clear);
    assert_eq!(resumed.outcome, Outcome::Verified, "{:?}", resumed.result);
    assert_eq!(resumed.blocks_written, 0);
}

#[test]
fn blocks_that_may_not_have_reached_the_disc_are_not_called_written() {
    let deferred = Sense::new(3, 0x0C, 0).as_deferred();
    let mut failed = FailsOnce {
        opcode: 0x35,
        nth: 1,
        answer: Answer::Sense(deferred),
    };
    let mut disc = Disc::new(false);
    let ending = burn(&mut disc, BLOCKS, 0, VerifyLevel::Full, &mut failed);
    assert_eq!(ending.outcome, Outcome::Resumable, "{:?}", ending.result);
}

/// Cancelled at a WRITE, after which the drive tells nothing of its disc.
struct CancelledInTheDark(u32);

impl Between for CancelledInTheDark {
    fn before(&mut self, machine: &mut Machine, action: &Action) {
        if matches!(action, Action::Write(_)) {
            self.0 += 1;
        }
        if self.0 == 9 {
            machine.cancel();
        }
    }

    fn instead(&mut self, _: &mut Disc, cdb: &CdbBytes) -> Option<Fate> {
        let refused = Answer::Sense(common::ILLEGAL);
        (cdb.opcode() == 0x51).then_some(Fate::Forged(refused))
    }
}

#[test]
fn a_session_that_was_closed_is_not_called_resumable_in_the_dark() {
    let mut disc = Disc::new(true);
    let dark = &mut CancelledInTheDark(0);
    let ending = burn(&mut disc, BLOCKS, 0, VerifyLevel::Full, dark);
    assert!(disc.session_closed);
    assert_eq!(ending.medium, MediumState::Unknown);
    assert_eq!(ending.outcome, Outcome::ReadableOpen);
}

/// A source that is told of before each action.
struct Source(Supply);

impl Between for Source {
    fn before(&mut self, machine: &mut Machine, _: &Action) {
        machine.supplied(self.0);
    }
}

fn supply(full: u32, kilobytes_per_second: u32) -> Source {
    Source(Supply {
        full,
        slots: 32,
        ended: false,
        kilobytes_per_second: Some(kilobytes_per_second),
    })
}

/// Burns a medium that cannot wait for its source.
fn unprotected(disc: &mut Disc, mut source: Source) -> Box<Ending> {
    let (writer, mut plan) = recipe(disc, BLOCKS, 0);
    plan.extents[0].underrun_protection = false;
    let machine = Machine::new(job(disc, plan, BLOCKS, 0, VerifyLevel::None)).unwrap();
    drive(machine, writer, disc, &mut source)
}

#[test]
fn a_source_that_cannot_keep_up_is_refused_before_the_laser_is_on() {
    let mut disc = Disc::new(true);
    let ending = unprotected(&mut disc, supply(16, 10_000));
    let (found, needed) = (10_000, 19_782);
    assert_eq!(ending.result, Err(Fault::SourceTooSlow { found, needed }));
    assert_eq!(ending.outcome, Outcome::NothingWritten);
    assert_eq!((disc.nwa, ending.medium), (0, MediumState::Untouched));
    assert!(!disc.locked);
    // With protection the drive waits for it.
    let slow = &mut supply(16, 10_000);
    let ending = burn(&mut Disc::new(true), BLOCKS, 0, VerifyLevel::Full, slow);
    assert_eq!(ending.outcome, Outcome::Verified);
}

#[test]
fn a_source_that_falls_behind_slows_the_drive_down_once() {
    let mut disc = Disc::new(true);
    let ending = unprotected(&mut disc, supply(2, 20_000));
    assert_eq!(ending.outcome, Outcome::Unverified, "{:?}", ending.result);
    let slowed = Note::SlowedDown {
        kilobytes_per_second: 17_984,
    };
    assert_eq!(ending.notes, [slowed]);
    assert_eq!(disc.speeds_set, 1);
    let mut steady = Disc::new(true);
    assert_eq!(unprotected(&mut steady, supply(16, 20_000)).notes, []);
    assert_eq!(steady.speeds_set, 0);
}
