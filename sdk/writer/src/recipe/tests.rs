//! The walk of a recipe, event by event.

use super::*;
use crate::moves;
use crate::testing::{HISTORY_EVENTS, all_goes_well, event_of, media, play, walk};
use pitland_mmc::cdb::{Cdb, TestUnitReady};
use pitland_mmc::param::{FormatParameterList, StreamingDescriptor};
use pitland_mmc::{Lba, TrackNumber};
use proptest::prelude::*;

/// 0 SET STREAMING, 1 SET CD SPEED; one extent; 0 1 SYNC, 2 CLOSE TRACK, 3 finalize, 4 CLOSE SESSION.
fn finalizing() -> Recipe {
    let [first, second] = moves::synchronize_cache();
    Recipe::new()
        .prepare([
            moves::set_streaming(&StreamingDescriptor::default()),
            moves::set_cd_speed(u32::MAX).only(Occasion::IfRefused),
        ])
        .extent(Extent::image(Lba(0), 32, 32))
        .close([first, second])
        .close([
            moves::close_track(TrackNumber(1)).only(Occasion::AfterBlocks),
            moves::finalize(pitland_mmc::cdb::CloseFunction::Finalize).only(Occasion::AfterAll),
            moves::close_session().only(Occasion::AfterCancel),
        ])
}

/// As [`finalizing`], but formats first (prepare 0), identifies, and stops the format (close 2).
fn formatting() -> Recipe {
    Recipe::new()
        .prepare([moves::format(&FormatParameterList::default())])
        .identify(has_room)
        .prepare([moves::set_cd_speed(u32::MAX)])
        .extent(Extent::image(Lba(0), 32, 16))
        .close(moves::synchronize_cache())
        .close([moves::stop_format().only(Occasion::AfterFormat)])
}

/// A session (0), behind it SYNC (1: 0, 1), and two runs of a head (1, 2); at the end SYNC (0, 1) and a stop (2).
fn growing() -> Recipe {
    let mut anchor = Extent::image(Lba(256), 32, 16);
    anchor.before.extend(moves::synchronize_cache());
    Recipe::new()
        .extents([
            Extent::image(Lba(288), 32, 16),
            anchor,
            Extent::image(Lba(16), 16, 16),
        ])
        .close(moves::synchronize_cache())
        .close([moves::stop_format()])
}

#[test]
fn a_head_is_written_when_what_it_leads_to_is_on_the_medium() {
    use Step::{Close, Finished, Write};
    let [first, second] = [0, 1].map(|command| Step::Between { extent: 1, command });
    let all = [
        Write(0),
        first.clone(),
        second.clone(),
        Write(1),
        Write(2),
        Close(0),
        Close(1),
        Close(2),
        Finished,
    ];
    assert_eq!(steps(growing(), good), all);
    let cancelled = Event::Cancelled { written_blocks: 32 };
    for early in [Write(0), first, second] {
        let ended = steps(growing(), at(early.clone(), cancelled.clone()));
        assert!(!ended.contains(&Write(1)), "{early:?}: {ended:?}");
        assert!(ended.ends_with(&[Close(0), Close(1), Close(2), Finished]));
        let ended = steps(growing(), at(early.clone(), refused(3, 0x0C, 0)));
        assert!(!ended.contains(&Write(1)), "{early:?}: {ended:?}");
        assert!(
            ended.ends_with(&[failed(3, 0x0C, 0)]),
            "{early:?}: {ended:?}"
        );
    }
}

fn steps(recipe: Recipe, answer: impl FnMut(&Step) -> Event) -> Vec<Step> {
    let (mut recipe, plan) = recipe.build();
    walk(&mut recipe, &plan, answer)
}

fn good(step: &Step) -> Event {
    all_goes_well(step, &media::dvd_plus_rw_formatting().build())
}

/// All goes well but at one step.
fn at(wanted: Step, event: Event) -> impl FnMut(&Step) -> Event {
    let mut event = Some(event);
    move |step| if *step == wanted { event.take() } else { None }.unwrap_or_else(|| good(step))
}

fn refused(key: u8, asc: u8, ascq: u8) -> Event {
    Event::Refused {
        sense: Sense::new(key, asc, ascq),
    }
}

fn failed(key: u8, asc: u8, ascq: u8) -> Step {
    Step::Failed(Failure::Drive(Sense::new(key, asc, ascq)))
}

use Step::{Close, Finished, Identify, Prepare, Write};

#[test]
fn a_good_day_leaves_out_what_is_for_bad_ones() {
    let expected = [
        Prepare(0),
        Write(0),
        Close(0),
        Close(1),
        Close(2),
        Close(3),
        Finished,
    ];
    assert_eq!(steps(finalizing(), good), expected);
}

/// As [`finalizing`], with a question before the stand-in's command.
fn asking() -> Recipe {
    Recipe::new()
        .prepare([moves::set_streaming(&StreamingDescriptor::default())])
        .ask(TestUnitReady {}.emit(), 36)
        .prepare([moves::set_cd_speed(u32::MAX)])
        .extent(Extent::image(Lba(0), 32, 32))
        .close(moves::synchronize_cache())
}

#[test]
fn a_question_comes_before_its_command_and_no_answer_to_it_matters() {
    let question = Step::Ask {
        cdb: TestUnitReady {}.emit(),
        length: 36,
    };
    for answer in [
        Event::Answer(vec![]),
        refused(5, 0x24, 0),
        refused(2, 0x3A, 0),
    ] {
        let all = steps(asking(), at(question.clone(), answer));
        let course = [
            Prepare(0),
            question.clone(),
            Prepare(1),
            Write(0),
            Close(0),
            Close(1),
            Finished,
        ];
        assert_eq!(all, course);
    }
    let cancelled = steps(
        asking(),
        at(question.clone(), Event::Cancelled { written_blocks: 0 }),
    );
    assert!(!cancelled.contains(&Prepare(1)), "{cancelled:?}");
    let late = steps(asking(), at(question.clone(), Event::TimedOut));
    assert_eq!(late.last(), Some(&Step::Failed(Failure::TimedOut)));
}

#[test]
fn a_refused_command_is_replaced_by_its_stand_in() {
    let all = steps(finalizing(), at(Prepare(0), refused(5, 0x24, 0)));
    assert_eq!(all[..3], [Prepare(0), Prepare(1), Write(0)]);
}

#[test]
fn no_stand_in_helps_against_a_missing_medium() {
    let all = steps(finalizing(), at(Prepare(0), refused(2, 0x3A, 0)));
    assert_eq!(all, [Prepare(0), failed(2, 0x3A, 0)]);
}

#[test]
fn a_format_is_followed_by_a_fresh_look() {
    let expected = [
        Prepare(0),
        Identify,
        Prepare(1),
        Write(0),
        Close(0),
        Close(1),
        Close(2),
        Finished,
    ];
    assert_eq!(steps(formatting(), good), expected);
}

#[test]
fn a_format_that_did_nothing_ends_the_job() {
    let blank = media::dvd_plus_rw_unformatted().build();
    let all = steps(formatting(), at(Identify, Event::Facts(Box::new(blank))));
    assert_eq!(
        all,
        [
            Prepare(0),
            Identify,
            Close(2),
            Step::Failed(Failure::MediumState)
        ]
    );
}

#[test]
fn a_cancel_before_any_block_closes_nothing() {
    let cancelled = Event::Cancelled { written_blocks: 0 };
    let all = steps(finalizing(), at(Prepare(0), cancelled.clone()));
    assert_eq!(all, [Prepare(0), Finished]);
    let all = steps(finalizing(), at(Write(0), cancelled.clone()));
    assert_eq!(all, [Prepare(0), Write(0), Close(0), Close(1), Finished]);
    let (mut recipe, _) = finalizing().build();
    assert_eq!(recipe.next(cancelled), Finished);
}

#[test]
fn a_cancel_between_blocks_closes_the_session_and_never_finalizes() {
    let all = steps(
        finalizing(),
        at(Write(0), Event::Cancelled { written_blocks: 16 }),
    );
    assert_eq!(
        all,
        [
            Prepare(0),
            Write(0),
            Close(0),
            Close(1),
            Close(2),
            Close(4),
            Finished
        ]
    );
}

#[test]
fn a_cancel_in_a_format_stops_it() {
    let all = steps(
        formatting(),
        at(Prepare(0), Event::Cancelled { written_blocks: 0 }),
    );
    assert_eq!(all, [Prepare(0), Close(2), Finished]);
}

#[test]
fn a_cancel_while_closing_comes_too_late() {
    let all = steps(
        finalizing(),
        at(Close(2), Event::Cancelled { written_blocks: 32 }),
    );
    assert_eq!(all[2..], [Close(0), Close(1), Close(2), Close(3), Finished]);
}

#[test]
fn a_refused_write_writes_out_the_buffer_and_leaves_the_session_open() {
    let event = Event::WriteRefused {
        extent: 0,
        lba: Lba(16),
        sense: Sense::new(3, 0x0C, 0x00),
    };
    let all = steps(finalizing(), at(Write(0), event));
    assert_eq!(
        all,
        [Prepare(0), Write(0), Close(0), Close(1), failed(3, 0x0C, 0)]
    );
}

#[test]
fn the_first_failure_is_the_one_reported() {
    let all = steps(finalizing(), |step| match step {
        Write(0) => Event::WriteRefused {
            extent: 0,
            lba: Lba(16),
            sense: Sense::new(3, 0x0C, 0x00),
        },
        Close(_) => refused(4, 0x44, 0),
        other => good(other),
    });
    assert_eq!(all.last(), Some(&failed(3, 0x0C, 0)));
}

#[test]
fn a_buffer_that_cannot_be_written_out_closes_nothing() {
    let all = steps(finalizing(), at(Close(0), refused(3, 0x0C, 0)));
    assert_eq!(
        all,
        [Prepare(0), Write(0), Close(0), Close(1), failed(3, 0x0C, 0)]
    );
}

#[test]
fn an_incomplete_track_is_closed_and_the_close_tried_once_more() {
    let all = steps(finalizing(), at(Close(3), refused(5, 0x72, 0x03)));
    assert_eq!(all[5..], [Close(3), Close(2), Close(3), Finished]);
    let all = steps(finalizing(), |step| match step {
        Close(3) => refused(5, 0x72, 0x03),
        other => good(other),
    });
    assert_eq!(
        all[5..],
        [Close(3), Close(2), Close(3), failed(5, 0x72, 0x03)]
    );
}

#[test]
fn an_event_that_answers_nothing_ends_the_job() {
    let (mut recipe, _) = finalizing().build();
    assert_eq!(
        recipe.next(Event::Done),
        Step::Failed(Failure::UnexpectedEvent)
    );
    let wrong = Event::WriteRefused {
        extent: 7,
        lba: Lba(0),
        sense: Sense::new(3, 0x0C, 0),
    };
    for event in [Event::Begin, Event::Answer(vec![]), wrong] {
        let all = steps(finalizing(), at(Write(0), event));
        assert_eq!(
            all,
            [Prepare(0), Write(0), Step::Failed(Failure::UnexpectedEvent)]
        );
    }
}

#[test]
fn a_plan_says_which_commands_are_not_for_every_day() {
    let (_, plan) = finalizing().build();
    assert!(
        plan.prepare[1]
            .to_string()
            .ends_with(" (only if the one before is refused)")
    );
    assert!(
        plan.closing[4]
            .to_string()
            .ends_with(" (only after a cancel)")
    );
    assert!(plan.changes_disc());
}

proptest! {
    #[test]
    fn every_history_ends(
        history in prop::collection::vec(0..HISTORY_EVENTS, 0..40),
        formats: bool,
    ) {
        let (recipe, plan) = if formats { formatting() } else { finalizing() }.build();
        let facts = media::dvd_plus_rw_formatting().build();
        play(recipe, &plan, &facts, &history);
    }

    #[test]
    fn what_drives_refuse_is_never_taken_for_success(number in 0..8u8, index in 0..3u32) {
        let facts = media::dvd_plus_rw_formatting().build();
        let all = steps(formatting(), |step| match step {
            Close(i) if *i == index => event_of(number, step, &facts),
            other => good(other),
        });
        prop_assert!(matches!(all.last(), Some(Step::Failed(Failure::Drive(_)))));
    }
}

#[test]
fn another_recipe_takes_the_place_of_one_that_is_refused_as_foreseen() {
    let when = SensePattern::exactly(0x5, 0x64, 0x00);
    let other = || {
        Recipe::new()
            .prepare([moves::reserve_track(pitland_mmc::SectorCount(32))])
            .extent(Extent::image(Lba(0), 32, 16))
    };
    let refused = |sense| Event::WriteRefused {
        extent: 0,
        lba: Lba(0),
        sense,
    };
    let foreseen = Sense::new(0x5, 0x64, 0x00);
    let (mut recipe, _) = finalizing().instead(when, other()).build();
    assert_eq!(recipe.next(Event::Begin), Step::Prepare(0));
    assert_eq!(recipe.next(Event::Done), Step::Write(0));
    let (_, plan) = other().build();
    assert_eq!(recipe.next(refused(foreseen)), Step::Replan(Box::new(plan)));
    assert_eq!(recipe.next(Event::Done), Step::Prepare(0));
    assert_eq!(recipe.next(Event::Done), Step::Write(0));
    // Once: the other one has no third way.
    let failed = Step::Failed(Failure::Drive(foreseen));
    assert_eq!(recipe.next(refused(foreseen)), failed);
}

#[test]
fn a_preparing_command_may_call_for_the_other_recipe_too_and_a_cancel_ends_it() {
    let when = SensePattern {
        key: Some(0x5),
        ..SensePattern::ANY
    };
    let begun = || {
        let (mut recipe, _) = formatting().instead(when, finalizing()).build();
        assert_eq!(recipe.next(Event::Begin), Step::Prepare(0));
        recipe
    };
    let sense = Sense::new(0x5, 0x26, 0x00);
    let mut recipe = begun();
    assert!(matches!(
        recipe.next(Event::Refused { sense }),
        Step::Replan(_)
    ));
    assert_eq!(
        recipe.next(Event::Cancelled { written_blocks: 0 }),
        Step::Finished
    );
    let gone = Sense::new(0x2, 0x3A, 0x00);
    assert!(!matches!(
        begun().next(Event::Refused { sense: gone }),
        Step::Replan(_)
    ));
}

#[test]
fn an_erase_in_full_stands_in_for_a_quick_one_that_failed() {
    let page = WriteParameters::default();
    let walk = |sense| {
        let (mut recipe, plan) = Recipe::blank(&page, false).build();
        assert_eq!(plan.expected, ExpectedMedium::blank());
        assert_eq!(recipe.next(Event::Begin), Step::Prepare(0));
        assert_eq!(recipe.next(Event::Done), Step::Prepare(1));
        recipe.next(Event::Refused { sense })
    };
    for (key, asc) in [(0x3, 0x51), (0x3, 0x57), (0x5, 0x24)] {
        assert_eq!(walk(Sense::new(key, asc, 0)), Step::Prepare(2));
    }
    let broken = Sense::new(0x4, 0x44, 0x00);
    assert_eq!(walk(broken), Step::Failed(Failure::Drive(broken)));
}
