//! Blocks written by themselves: the WRITE commands go out as they were asked for, and nothing else ever does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers")]

use pitland_burn::gate::PlanFault;
use pitland_burn::{Action, BareWrite, Ending, Fault, Input, Machine, MediumState, Outcome};
use pitland_mmc::cdb::{Cdb, CdbBytes, Command, GetConfiguration, RequestedFeatures};
use pitland_mmc::reply::Configuration;
use pitland_mmc::sense::Sense;
use pitland_mmc::{Lba, Profile};
use pitland_writer::{Answer, BlockForm, MediaFacts};
use std::time::Duration;

fn facts(profile: Profile) -> MediaFacts {
    let question = GetConfiguration {
        requested: RequestedFeatures::Current,
        starting_feature: 0,
        allocation_length: 8,
    };
    let mut data = vec![0; 8];
    data[3] = 4;
    data[6..8].copy_from_slice(&profile.code().to_be_bytes());
    assert_eq!(Configuration::parse(&data).unwrap().profile, profile);
    let cdb = question.emit();
    MediaFacts::from_answers(vec![Answer { cdb, data }])
}

fn section(profile: Profile, first: i32, blocks: u64, form: BlockForm) -> BareWrite {
    BareWrite {
        facts: facts(profile),
        first_lba: Lba(first),
        blocks,
        form,
        streaming: false,
        most_bytes: 64 * 1024,
    }
}

/// Carries a section out; `answer` is what the drive says to the n-th WRITE. Everything that was sent.
fn run(
    job: BareWrite,
    mut answer: impl FnMut(usize, &mut Machine) -> Option<Sense>,
) -> (Box<Ending>, Vec<CdbBytes>) {
    let (mut machine, mut writer) = Machine::bare(job).unwrap();
    let mut sent = Vec::new();
    let mut action = machine.next(Duration::ZERO, Input::Start);
    loop {
        let input = match action {
            Action::Finished(ending) => return (ending, sent),
            Action::Write(chunk) => {
                sent.push(chunk.cdb);
                match answer(sent.len(), &mut machine) {
                    None => Input::Good(&[]),
                    Some(sense) => Input::Sense(sense),
                }
            }
            Action::Send(command) => {
                sent.push(command.cdb);
                Input::Sense(Sense::new(5, 0x20, 0))
            }
            Action::Consult(event) => Input::Advice(writer.next(event)),
            Action::Commit => Input::Proceed,
            Action::Wait(_) => Input::Waited,
            other => panic!("{other:?}"),
        };
        action = machine.next(Duration::ZERO, input);
    }
}

/// First block and number of blocks of each WRITE.
fn written(sent: &[CdbBytes]) -> Vec<(i32, u32)> {
    let commands = sent
        .iter()
        .map(|cdb| match Command::parse(cdb.as_slice()).unwrap() {
            Command::Write10(c) => (c.lba.0, u32::from(c.blocks)),
            Command::Write12(c) if c.streaming => (c.lba.0, c.blocks),
            other => panic!("{other}"),
        });
    commands.collect()
}

#[test]
fn writes_go_out_from_below_block_0_and_nothing_else_does() {
    let job = section(Profile::CdR, -150, 200, BlockForm::Raw2448);
    let (ending, sent) = run(job, |_, _| None);
    let written = written(&sent);
    assert_eq!(written.first(), Some(&(-150, 8)));
    let ends: i32 = written.iter().fold(-150, |next, (lba, blocks)| {
        assert_eq!(*lba, next);
        next + *blocks as i32
    });
    assert_eq!(ends, 50);
    assert!(ending.result.is_ok(), "{:?}", ending.result);
    assert_eq!(ending.blocks_written, 200);
    // Nobody has looked.
    assert_eq!(
        (ending.medium, ending.outcome),
        (MediumState::Unknown, Outcome::Unverified)
    );
}

#[test]
fn streaming_goes_out_in_whole_units() {
    let mut job = section(Profile::BdRe, 64, 96, BlockForm::Cooked2048);
    job.streaming = true;
    let (_, sent) = run(job.clone(), |_, _| None);
    assert_eq!(written(&sent), [(64, 32), (96, 32), (128, 32)]);
    for (first, blocks) in [(63, 96), (64, 95)] {
        job.first_lba = Lba(first);
        job.blocks = blocks;
        let fault = Machine::bare(job.clone()).err();
        assert_eq!(fault, Some(PlanFault::BadExtent { index: 0 }));
    }
}

#[test]
fn a_refused_write_ends_it_where_it_is() {
    let job = section(Profile::DvdPlusRw, 0, 96, BlockForm::Cooked2048);
    let sense = Sense::new(3, 0x0C, 0);
    let (ending, sent) = run(job, |number, _| (number == 2).then_some(sense));
    assert_eq!(written(&sent), [(0, 32), (32, 32)]);
    let Err(Fault::Drive { sense: told, .. }) = ending.result else {
        panic!("{:?}", ending.result);
    };
    assert_eq!(told, sense);
    assert_eq!(ending.blocks_written, 32);
    assert_eq!(ending.medium, MediumState::Unknown);
}

#[test]
fn a_cancel_ends_it_behind_the_write_that_is_out() {
    let job = section(Profile::DvdPlusRw, 0, 960, BlockForm::Cooked2048);
    let (ending, sent) = run(job, |number, machine| {
        if number == 3 {
            machine.cancel();
        }
        None
    });
    assert_eq!(written(&sent).len(), 3);
    assert!(matches!(ending.result, Err(Fault::Cancelled)));
    assert_eq!(
        (ending.blocks_written, ending.medium),
        (96, MediumState::Unknown)
    );
}

#[test]
fn what_no_medium_has_is_refused() {
    let of = |profile, first, blocks, form| {
        let fault = Machine::bare(section(profile, first, blocks, form)).err();
        fault.map(|fault| fault.to_string())
    };
    let only_on_cd = PlanFault::OnlyOnCd { index: 0 }.to_string();
    for (first, form) in [(-1, BlockForm::Cooked2048), (0, BlockForm::Raw2352)] {
        assert_eq!(
            of(Profile::DvdPlusR, first, 32, form),
            Some(only_on_cd.clone())
        );
        assert_eq!(of(Profile::CdRw, first, 32, form), None);
    }
    let nothing = PlanFault::BadExtent { index: 0 }.to_string();
    assert_eq!(of(Profile::CdR, 0, 0, BlockForm::Cooked2048), Some(nothing));
    let beyond = PlanFault::OutsideMedium { index: 0 }.to_string();
    assert_eq!(
        of(Profile::BdRSrm, i32::MAX, 1, BlockForm::Cooked2048),
        Some(beyond.clone())
    );
    assert_eq!(
        of(Profile::BdRSrm, 0, u64::MAX, BlockForm::Cooked2048),
        Some(beyond)
    );
    let mut small = section(Profile::CdR, 0, 1, BlockForm::Raw2352);
    small.most_bytes = 2048;
    assert!(Machine::bare(small).is_err());
}
