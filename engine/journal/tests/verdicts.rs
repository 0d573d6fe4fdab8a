//! What can still be done, by what the drive tells and by what is read back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::*;
use pitland_journal::*;
use pitland_mmc::Profile;
use proptest::prelude::*;

fn journal(begun: Begun, acknowledged: u64) -> Journal {
    let dir = tempfile::tempdir().unwrap();
    let folder = folder(dir.path());
    let id = cut_off(&folder, &begun, acknowledged);
    loop {
        match folder.take(&id) {
            Err(JournalError::Running { .. }) => std::thread::yield_now(),
            other => return other.unwrap().1,
        }
    }
}

/// The job's disc, with an open session written to `nwa`.
fn open_at(journal: &Journal, nwa: u32) -> DiscNow {
    DiscNow {
        mark: journal.begun.disc,
        state: DiscState::OpenSession,
        sessions_known: true,
        nwa: Some(nwa),
        closed_track_end: None,
        readable_blocks: Some(0),
    }
}

/// The verdict, and the units that were read for it.
fn judge(
    journal: &Journal,
    now: &DiscNow,
    disc: impl Fn(u64) -> UnitFound,
) -> (Verdict, Vec<UnitToRead>) {
    let mut read = Vec::new();
    match survey(journal, now) {
        Survey::Settled(verdict) => (verdict, read),
        Survey::Compare(mut comparison) => loop {
            if let Some(verdict) = comparison.verdict() {
                return (verdict, read);
            }
            let unit = comparison.next_unit().unwrap();
            read.push(unit);
            assert!(read.len() < 6000, "it does not end");
            comparison.found(disc(unit.unit));
        },
    }
}

fn equal(_: u64) -> UnitFound {
    UnitFound::Equal
}

#[test]
fn an_open_session_whose_units_are_the_images_goes_on_at_the_next_writable_address() {
    let journal = journal(begun(Profile::BdRSrm), 3_200);
    for written in [32, 2_048, 3_200, 9_984] {
        let (verdict, read) = judge(&journal, &open_at(&journal, 96 + written), equal);
        assert_eq!(
            verdict,
            Verdict::ResumeAt {
                block: written.into()
            }
        );
        // The last 64 units before it, or all.
        let last: Vec<u64> = read.iter().map(|unit| unit.unit).collect();
        let units = u64::from(written) / 32;
        for unit in units.saturating_sub(64)..units {
            assert!(last.contains(&unit), "{unit} of {units}");
        }
        assert!(
            read.iter()
                .all(|unit| unit.lba == 96 + unit.unit as u32 * 32)
        );
    }
}

#[test]
fn half_a_unit_is_compared_as_far_as_it_is_written() {
    let journal = journal(begun(Profile::DvdPlusR), 3_200);
    let (verdict, read) = judge(&journal, &open_at(&journal, 96 + 1_616), equal);
    assert_eq!(verdict, Verdict::ResumeAt { block: 1_616 });
    assert!(read.contains(&UnitToRead {
        unit: 50,
        lba: 96 + 1_600,
        blocks: 16
    }));
}

#[test]
fn a_twin_with_the_same_next_writable_address_and_other_data_is_another_disc() {
    let journal = journal(begun(Profile::BdRSrm), 3_200);
    let (verdict, _) = judge(&journal, &open_at(&journal, 3_296), |_| UnitFound::Differs);
    assert!(matches!(
        verdict,
        Verdict::OtherDisc(OtherBecause::Data { .. })
    ));
}

#[test]
fn one_bad_unit_before_the_place_to_go_on_at_is_a_lost_disc_by_its_block() {
    let journal = journal(begun(Profile::BdRSrm), 3_200);
    let now = open_at(&journal, 3_296);
    let bad = |found| move |unit| if unit == 97 { found } else { UnitFound::Equal };
    assert_eq!(
        judge(&journal, &now, bad(UnitFound::Differs)).0,
        Verdict::Lost(LostBecause::Differs { block: 97 * 32 })
    );
    assert_eq!(
        judge(&journal, &now, bad(UnitFound::Unreadable)).0,
        Verdict::Lost(LostBecause::Unreadable { block: 97 * 32 })
    );
}

#[test]
fn with_nothing_to_compare_nothing_is_said() {
    let journal = journal(begun(Profile::BdRSrm), 3_200);
    for found in [UnitFound::Unknown, UnitFound::Unreadable] {
        assert_eq!(
            judge(&journal, &open_at(&journal, 3_296), |_| found).0,
            Verdict::Unclear(UnclearBecause::NothingCompared)
        );
    }
}

#[test]
fn a_disc_as_it_was_before_can_be_burned_again_unless_too_much_was_acknowledged() {
    for (acknowledged, verdict) in [
        (0, Verdict::NothingWritten),
        (3_200, Verdict::NothingWritten),
    ] {
        let journal = journal(begun(Profile::BdRSrm), acknowledged);
        let mut now = open_at(&journal, 96);
        now.state = DiscState::Appendable;
        assert_eq!(judge(&journal, &now, equal).0, verdict);
    }
    let mut large = begun(Profile::BdRSrm);
    large.planned_blocks = 64_000;
    let journal = journal(large, 40_000);
    let mut now = open_at(&journal, 96);
    now.state = DiscState::Appendable;
    assert_eq!(
        judge(&journal, &now, equal).0,
        Verdict::OtherDisc(OtherBecause::Empty)
    );
}

#[test]
fn everything_written_is_closed_and_everything_closed_is_read_back() {
    let mut begun = begun(Profile::BdRSrm);
    for finish in [Finish::CloseSession, Finish::FinalizeDisc] {
        begun.wish.finish = finish;
        let finalize = finish == Finish::FinalizeDisc;
        let journal = journal(begun.clone(), begun.planned_blocks);
        let mut now = open_at(&journal, 96 + begun.planned_blocks as u32);
        assert_eq!(
            judge(&journal, &now, equal).0,
            Verdict::CloseOnly { finalize }
        );
        now.mark.closed_sessions += 1;
        now.readable_blocks = Some(96 + begun.planned_blocks);
        now.state = DiscState::Complete;
        now.nwa = None;
        assert_eq!(judge(&journal, &now, equal).0, Verdict::VerifyOnly);
        now.state = DiscState::Appendable;
        let expected = if finalize {
            Verdict::CloseOnly { finalize }
        } else {
            Verdict::VerifyOnly
        };
        assert_eq!(judge(&journal, &now, equal).0, expected);
        now.readable_blocks = Some(96 + 640);
        assert_eq!(
            judge(&journal, &now, equal).0,
            Verdict::Lost(LostBecause::ClosedEarly { blocks: 640 })
        );
        // The same disc with another session's data.
        assert!(matches!(
            judge(&journal, &now, |_| UnitFound::Differs).0,
            Verdict::OtherDisc(_)
        ));
    }
}

#[test]
fn discs_that_cannot_be_the_jobs_are_told_by_what_shows_it() {
    let journal = journal(begun(Profile::BdRSrm), 3_200);
    let ours = open_at(&journal, 3_296);
    let told = |change: &dyn Fn(&mut DiscNow)| {
        let mut now = ours;
        change(&mut now);
        judge(&journal, &now, equal).0
    };
    let other = Verdict::OtherDisc;
    let unclear = Verdict::Unclear;
    assert!(matches!(
        told(&|now| now.mark.profile = Profile::DvdPlusR),
        Verdict::OtherDisc(OtherBecause::Profile { .. })
    ));
    assert_eq!(
        told(&|now| now.mark.maker = Some(8)),
        other(OtherBecause::Mark)
    );
    assert_eq!(
        told(&|now| now.mark.capacity = Some(8)),
        other(OtherBecause::Mark)
    );
    // A fact that one of them lacks shows nothing.
    assert_eq!(
        told(&|now| now.mark.maker = None),
        Verdict::ResumeAt { block: 3_200 }
    );
    assert_eq!(
        told(&|now| now.mark.number = Some(3)),
        Verdict::ResumeAt { block: 3_200 }
    );
    for found in [0, 3] {
        assert_eq!(
            told(&|now| now.mark.closed_sessions = found),
            other(OtherBecause::Sessions { before: 1, found })
        );
    }
    assert_eq!(
        told(&|now| now.state = DiscState::Complete),
        other(OtherBecause::Finalized)
    );
    for nwa in [0, 95, 20_000] {
        assert_eq!(
            told(&|now| now.nwa = Some(nwa)),
            other(OtherBecause::NextWritableAddress { found: nwa })
        );
    }
    assert_eq!(
        told(&|now| now.state = DiscState::Blank),
        other(OtherBecause::NextWritableAddress { found: 3_296 })
    );
    assert_eq!(
        told(&|now| now.state = DiscState::Damaged),
        Verdict::Lost(LostBecause::CannotContinue)
    );
    assert_eq!(
        told(&|now| now.nwa = Some(3_297)),
        unclear(UnclearBecause::OffUnit { found: 3_297 })
    );
    assert_eq!(
        told(&|now| now.nwa = None),
        unclear(UnclearBecause::NotTold)
    );
    let closed_at = |end| {
        told(&|now| {
            now.nwa = None;
            now.closed_track_end = Some(end);
        })
    };
    assert_eq!(
        closed_at(96 + journal.begun.planned_blocks as u32),
        Verdict::CloseOnly { finalize: false }
    );
    assert_eq!(
        closed_at(96 + 3_200),
        Verdict::Lost(LostBecause::ClosedEarly { blocks: 3_200 })
    );
    assert_eq!(closed_at(96), unclear(UnclearBecause::NotTold));
    assert_eq!(
        told(&|now| now.sessions_known = false),
        unclear(UnclearBecause::NotTold)
    );
    assert_eq!(
        told(&|now| now.state = DiscState::Unknown),
        unclear(UnclearBecause::NotTold)
    );
    assert_eq!(
        told(&|now| now.nwa = Some(96)),
        unclear(UnclearBecause::OpenAndEmpty)
    );
    assert_eq!(
        told(&|now| now.state = DiscState::NoMedium),
        unclear(UnclearBecause::NoMedium)
    );
}

fn formatted(journal: &Journal) -> DiscNow {
    DiscNow {
        mark: journal.begun.disc,
        state: DiscState::Formatted,
        sessions_known: false,
        nwa: None,
        closed_track_end: None,
        readable_blocks: Some(100_000),
    }
}

#[test]
fn a_rewritable_disc_goes_on_behind_the_last_units_that_are_the_images() {
    let journal = journal(begun(Profile::BdRe), 6_400);
    let now = formatted(&journal);
    // The drive's buffer was lost: the last 30 units, and a hole before them.
    let disc = |unit| match unit {
        0..150 | 151..170 => UnitFound::Equal,
        150 => UnitFound::Unreadable,
        _ => UnitFound::Differs,
    };
    assert_eq!(
        judge(&journal, &now, disc).0,
        Verdict::ResumeAt { block: 150 * 32 }
    );
    assert_eq!(
        judge(&journal, &now, equal).0,
        Verdict::ResumeAt { block: 6_400 }
    );
    // A disc that holds no more than the first units: another volume of the same name may, too.
    let few = |unit| {
        if unit < 3 {
            UnitFound::Equal
        } else {
            UnitFound::Differs
        }
    };
    assert_eq!(
        judge(&journal, &now, few).0,
        Verdict::Unclear(UnclearBecause::TooLittle)
    );
    assert!(matches!(
        judge(&journal, &now, |_| UnitFound::Differs).0,
        Verdict::OtherDisc(OtherBecause::Data { .. })
    ));
    assert_eq!(
        judge(&journal, &now, |_| UnitFound::Unreadable).0,
        Verdict::Unclear(UnclearBecause::NothingCompared)
    );
    // Its start was overwritten by something else since.
    let bent = |unit| {
        if unit == 0 {
            UnitFound::Differs
        } else {
            UnitFound::Equal
        }
    };
    assert_eq!(
        judge(&journal, &now, bent).0,
        Verdict::Lost(LostBecause::Differs { block: 0 })
    );
}

#[test]
fn a_rewritable_disc_with_everything_on_it_gets_its_last_unit_once_more() {
    for (profile, block) in [(Profile::BdRe, 9_984), (Profile::DvdPlusRw, 9_984 + 16)] {
        let mut begun = begun(profile);
        if profile == Profile::DvdPlusRw {
            begun.planned_blocks = 10_000 + 16;
        }
        let journal = journal(begun.clone(), begun.planned_blocks);
        let (verdict, _) = judge(&journal, &formatted(&journal), equal);
        let Verdict::ResumeAt { block: at } = verdict else {
            panic!("{verdict}");
        };
        assert!(
            at < begun.planned_blocks && at + 32 >= begun.planned_blocks,
            "{at} {block}"
        );
    }
}

#[test]
fn a_rewritable_disc_that_holds_nothing_to_know_it_by_is_burned_again() {
    let journal = journal(begun(Profile::DvdRam), 0);
    assert_eq!(
        judge(&journal, &formatted(&journal), equal).0,
        Verdict::NothingWritten
    );
}

/// A disc's content as far as the verdict can see it.
fn any_found() -> impl Strategy<Value = UnitFound> {
    prop_oneof![
        8 => Just(UnitFound::Equal),
        1 => Just(UnitFound::Differs),
        1 => Just(UnitFound::Unreadable),
        1 => Just(UnitFound::Unknown),
    ]
}

fn any_state() -> impl Strategy<Value = DiscState> {
    prop::sample::select(vec![
        DiscState::NoMedium,
        DiscState::Blank,
        DiscState::Appendable,
        DiscState::OpenSession,
        DiscState::Complete,
        DiscState::Formatted,
        DiscState::Unformatted,
        DiscState::Damaged,
        DiscState::Unknown,
    ])
}

thread_local! {
    static JOURNAL: std::cell::RefCell<Vec<Journal>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// A journal of each profile, made once.
fn of_profile(at: usize, acknowledged: u64) -> Journal {
    JOURNAL.with_borrow_mut(|known| {
        if known.is_empty() {
            let profiles = [
                Profile::BdRSrm,
                Profile::DvdPlusR,
                Profile::BdRe,
                Profile::DvdPlusRw,
            ];
            known.extend(profiles.map(|profile| journal(begun(profile), 64)));
        }
        let mut journal = known[at].clone();
        journal.acknowledged = acknowledged.min(journal.begun.planned_blocks);
        journal
    })
}

proptest! {
    /// What allows a write rests on units that were read and are the image's, whatever the drive says.
    #[test]
    fn nothing_is_written_by_a_guess(
        profile in 0usize..4, acknowledged in 0u64..11_000, state in any_state(),
        sessions in 0u32..4, known in any::<bool>(), nwa in prop::option::of(0u32..12_000),
        on_unit in any::<bool>(), readable in prop::option::of(0u64..12_000), track_end in prop::option::of(0u32..12_000),
        found in prop::collection::vec(any_found(), 400), equal_from in 0usize..400,
    ) {
        let journal = of_profile(profile, acknowledged);
        let begun = &journal.begun;
        let unit = begun.write_unit;
        let mut now = DiscNow { mark: begun.disc, state, sessions_known: known, nwa, closed_track_end: track_end, readable_blocks: readable };
        now.mark.closed_sessions = sessions;
        if on_unit {
            now.nwa = nwa.map(|nwa| nwa / unit * unit);
        }
        // Often a disc that is good to some place.
        let at = |n: u64| if (n as usize) < equal_from { UnitFound::Equal } else { found[n as usize % 400] };
        let (verdict, read) = judge(&journal, &now, at);
        let is_equal = |n: &UnitToRead| at(n.unit) == UnitFound::Equal;
        match verdict {
            Verdict::ResumeAt { block } => {
                prop_assert!(block < begun.planned_blocks);
                prop_assert!(block.is_multiple_of(unit.into()));
                // A write unit may end in the middle of the last one.
                let units = block.div_ceil(32);
                for unit in units.saturating_sub(64)..units {
                    let known = matches!(at(unit), UnitFound::Equal | UnitFound::Unknown);
                    prop_assert!(known && read.iter().any(|r| r.unit == unit), "{unit} of {units}");
                }
                prop_assert!(read.iter().any(is_equal));
                if !begun.disc.profile.is_overwritable() {
                    prop_assert_eq!(now.nwa, Some(begun.first_lba + block as u32));
                    prop_assert_eq!(state, DiscState::OpenSession);
                }
            }
            Verdict::CloseOnly { .. } | Verdict::VerifyOnly => {
                prop_assert!(read.iter().any(is_equal));
                prop_assert!(read.iter().all(|r| !matches!(at(r.unit), UnitFound::Differs | UnitFound::Unreadable)));
            }
            Verdict::NothingWritten => prop_assert!(read.is_empty()),
            Verdict::Lost(because) => {
                prop_assert!(read.iter().any(is_equal), "{because}, of a disc that was not recognized");
            }
            _ => {}
        }
    }
}

#[test]
fn what_lay_on_a_rewritable_disc_before_does_not_hide_what_a_buffer_lost() {
    // An older version of the image is equal behind unit 235, and the buffer of units 220 to 299 was lost.
    let journal = journal(begun(Profile::BdRe), 9_600);
    let disc = |unit| match unit {
        220..235 => UnitFound::Differs,
        _ => UnitFound::Equal,
    };
    assert_eq!(
        judge(&journal, &formatted(&journal), disc).0,
        Verdict::ResumeAt { block: 220 * 32 }
    );
}
