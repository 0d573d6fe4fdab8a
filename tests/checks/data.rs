//! Data discs, their ends, and what is told on the way.

use crate::common::burn::{self, Opened, Place};
use crate::common::tree;
use crate::common::watched::{Then, at_write};
use crate::logged::{self, Log};
use futures::{StreamExt, stream};
use pitland::cd::{CdImage, CdMode, CdTrack};
use pitland::streams::PseudoRandom;
use pitland::transport::fault::{Fault as Faulty, FaultScript};
use pitland::transport::sim::DiscType;
use pitland::writer::mmc::Lba;
use pitland::writer::{CdForm, MediumCondition, Recording};
use pitland::{
    BurnError, BurnOptions, BurnReport, Canceller, Fault, Finish, Image, Job, JobEvent,
    JobProgress, LeaseDenied, MediumState, Outcome, Phase, Placement, Refusal, SourceError,
    StashPolicy, VerifyLevel,
};
use std::fs;
use std::future;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// So many blocks of noise.
fn noise(blocks: u64) -> Image {
    Image::given(Arc::new(PseudoRandom::new(7, blocks * 2048)))
}

/// What [`noise`] is made of.
fn noise_bytes(blocks: u64) -> Vec<u8> {
    use pitland::mastering::FileBytes;
    let mut bytes = vec![0; blocks as usize * 2048];
    PseudoRandom::new(7, blocks * 2048)
        .read_at(0, &mut bytes)
        .unwrap();
    bytes
}

/// A blank disc of so many blocks, in a drive that is listened to.
fn blank(kind: DiscType, blocks: Option<u32>) -> (Place, PathBuf, Opened, Log) {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, kind, blocks);
    let (opened, log) = logged::open(&disc);
    (place, disc, opened, log)
}

/// So many blocks from the disc's first on.
async fn first_blocks(opened: &Opened, place: &Place, blocks: u64) -> Vec<u8> {
    let out = place.path("read back");
    burn::export(&opened.drive, Some(blocks), &out).await;
    fs::read(out).unwrap()
}

async fn burned(opened: &Opened, options: BurnOptions, image: Image) -> BurnReport {
    let report = opened.burn(options, image).await.unwrap();
    assert_eq!(report.outcome, Outcome::Verified, "{report:?}");
    report
}

/// A burn that is refused, with nothing sent that changes the disc.
async fn refused(opened: &Opened, log: &Log, options: BurnOptions, image: Image) -> BurnError {
    log.take();
    let error = opened.burn(options, image).await.unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched, "{error}");
    log.nothing_changed();
    error
}

/// Blocks of the WRITE commands of a log, and where they begin.
fn written(log: &Log) -> (i32, u64) {
    let sent = log.take();
    let runs: Vec<_> = sent
        .iter()
        .filter(|s| s.writes_blocks())
        .map(|s| s.run())
        .collect();
    let blocks = runs.iter().map(|(_, blocks)| u64::from(*blocks)).sum();
    (runs.first().expect("nothing was written").0, blocks)
}

#[tokio::test(flavor = "multi_thread")]
async fn check_15_a_cd_r_of_data_holds_the_image_with_its_postgap_and_a_closed_session() {
    // At once the lead-out follows the image, and the pregap is the host's; a track at once is read ahead into its
    // run-out, and has 150 blocks behind it.
    for (recording, first, more) in [
        (Recording::TrackByTrack, 0, 150),
        (Recording::AtOnce, -150, 150),
    ] {
        let (place, _, opened, log) = blank(DiscType::CdR, None);
        burned(&opened, burn::options().recording(recording), noise(400)).await;
        assert_eq!(written(&log), (first, 400 + more), "{recording}");
        let facts = opened.facts().await;
        assert_eq!(facts.closed_sessions(), Some(1));
        assert_eq!(facts.condition(), MediumCondition::Appendable);
        let readable = facts.readable_blocks().unwrap();
        let wanted = match recording {
            Recording::TrackByTrack => 552,
            _ => 400,
        };
        assert_eq!(
            readable, wanted,
            "{recording}: a track at once ends with two blocks of run-out"
        );
        assert!(first_blocks(&opened, &place, 400).await == noise_bytes(400));
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_16_nothing_is_appended_to_an_image_that_has_its_postgap() {
    // Four seconds are the shortest track that a CD has.
    for (blocks, expected) in [(400, 400), (300, 300), (7, 300)] {
        let (place, _, opened, log) = blank(DiscType::CdRw, None);
        let options = burn::options().postgap_in_image(true);
        let report = burned(&opened, options, noise(blocks)).await;
        assert_eq!(report.blocks_written, expected);
        assert_eq!(written(&log), (0, expected));
        assert!(first_blocks(&opened, &place, blocks).await == noise_bytes(blocks));
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_17_each_medium_gives_the_image_back() {
    for kind in [
        DiscType::DvdMinusR,
        DiscType::DvdPlusR,
        DiscType::DvdPlusRw,
        DiscType::DvdMinusRw,
        DiscType::DvdMinusRwRestrictedOverwrite,
        DiscType::DvdRam,
        DiscType::BdR,
        DiscType::BdRe,
    ] {
        let (place, _, opened, _) = blank(kind, Some(16_384));
        burned(&opened, burn::options(), noise(1_003)).await;
        let back = first_blocks(&opened, &place, 1_003).await;
        assert!(back == noise_bytes(1_003), "{kind}");
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_18_a_burn_goes_over_the_layer_break() {
    for kind in [DiscType::DvdMinusRDl, DiscType::DvdPlusRDl] {
        let (place, _, opened, log) = blank(kind, Some(16_384));
        let blocks = 12_000;
        let options = burn::options().finish(Finish::FinalizeDisc);
        burned(&opened, options, noise(blocks)).await;
        let sent = log.take();
        // SEND DISC STRUCTURE, format 20h: both layers of a +R get half; a -R breaks where its first layer ends.
        let layer_break = sent.iter().find(|sent| sent.opcode() == 0xBF);
        let first_layer = match layer_break {
            Some(sent) => u64::from(u32::from_be_bytes(sent.list[8..12].try_into().unwrap())),
            None => 8_192,
        };
        assert_eq!(layer_break.is_some(), kind == DiscType::DvdPlusRDl);
        assert!(
            (5_000..blocks - 1_000).contains(&first_layer),
            "{kind}: {first_layer}"
        );
        assert!(
            first_blocks(&opened, &place, blocks).await == noise_bytes(blocks),
            "{kind}"
        );
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_19_what_a_rewritable_disc_holds_is_replaced_only_when_asked_for() {
    for kind in [DiscType::DvdPlusRw, DiscType::DvdRam, DiscType::BdRe] {
        let (place, _, opened, log) = blank(kind, Some(16_384));
        burned(&opened, burn::options(), noise(64)).await;
        let error = refused(&opened, &log, burn::options(), noise(96)).await;
        let offer = Some(Placement::Overwrite);
        assert!(
            matches!(&error, BurnError::Refused(Refusal::MediumNotBlank { offer: o }) if *o == offer),
            "{kind}: {error:?}"
        );
        burned(&opened, burn::overwrite(), noise(96)).await;
        assert_eq!(written(&log).0, 0, "{kind}");
        assert!(
            first_blocks(&opened, &place, 96).await == noise_bytes(96),
            "{kind}"
        );
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_20_a_disc_is_final_when_asked_for_or_at_two_percent() {
    let room = {
        let (_place, _, opened, _) = blank(DiscType::BdR, Some(16_384));
        let room = opened.facts().await.free_blocks().unwrap();
        opened.close().await;
        room
    };
    let two_percent = room / 50;
    let full = burn::options().finalize_when_full(true);
    let asked = burn::options().finish(Finish::FinalizeDisc);
    for (options, left, ends) in [
        (burn::options(), room - 64, MediumState::Appendable),
        (asked, room - 64, MediumState::Closed),
        (full.clone(), two_percent, MediumState::Closed),
        (full, two_percent + 1, MediumState::Appendable),
        (burn::options(), two_percent, MediumState::Appendable),
    ] {
        let (_place, _, opened, log) = blank(DiscType::BdR, Some(16_384));
        let report = burned(&opened, options, noise(room - left)).await;
        assert_eq!(report.medium, ends, "{left} blocks left");
        let next = opened.burn(burn::new_session(), noise(32)).await;
        match ends {
            MediumState::Closed => {
                let error = next.unwrap_err();
                assert!(
                    matches!(error, BurnError::Refused(Refusal::MediumClosed)),
                    "{error:?}"
                );
            }
            _ if left > 10_000 => assert_eq!(next.unwrap().outcome, Outcome::Verified),
            _ => {}
        }
        drop(log);
        opened.close().await;
    }
}

/// A DVD+R DL stays appendable where that is not ruled out, which it does not with Windows.
#[tokio::test(flavor = "multi_thread")]
async fn check_21_a_dvd_plus_r_for_players_is_always_final() {
    for kind in [DiscType::DvdPlusR, DiscType::DvdPlusRDl] {
        for (compatible, finish, closed) in [
            (true, Finish::CloseSession, true),
            (true, Finish::FinalizeDisc, true),
            (false, Finish::FinalizeDisc, true),
            (false, Finish::CloseSession, false),
        ] {
            let (_place, _, opened, _) = blank(kind, Some(16_384));
            let options = burn::options().finish(finish).dvd_compatibility(compatible);
            let report = burned(&opened, options, noise(64)).await;
            let (state, condition) = match closed {
                true => (MediumState::Closed, MediumCondition::Complete),
                false => (MediumState::Appendable, MediumCondition::Appendable),
            };
            assert_eq!(report.medium, state, "{kind}: {compatible}, {finish:?}");
            let facts = opened.facts().await;
            assert_eq!(
                (facts.condition(), facts.closed_sessions()),
                (condition, Some(1))
            );
            opened.close().await;
        }
    }
    // Other media are as the burn says.
    let (_place, _, opened, _) = blank(DiscType::DvdMinusR, Some(16_384));
    let report = burned(&opened, burn::options().dvd_compatibility(true), noise(64)).await;
    assert_eq!(report.medium, MediumState::Appendable);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_22_underrun_protection_is_a_bit_of_page_05h_and_no_choice_without_it() {
    for kind in [DiscType::CdR, DiscType::CdRw, DiscType::DvdMinusR] {
        for protected in [true, false] {
            let (_place, _, opened, log) = blank(kind, None);
            let options = burn::options().underrun_protection(protected);
            burned(&opened, options, noise(400)).await;
            // MODE SELECT (10): a header of 8 bytes, then the page, whose byte 2 has BUFE in bit 6. The last one before the
            // first block counts.
            let sent = log.take();
            let before = sent.iter().take_while(|sent| !sent.writes_blocks());
            let page = before.filter(|sent| sent.opcode() == 0x55).last().unwrap();
            assert_eq!(page.list[8] & 0x3F, 5);
            assert_eq!(page.list[10] & 0x40 != 0, protected, "{kind}");
            opened.close().await;
        }
    }
    for kind in [
        DiscType::DvdPlusR,
        DiscType::DvdPlusRw,
        DiscType::DvdRam,
        DiscType::BdR,
        DiscType::BdRe,
    ] {
        let (_place, _, opened, log) = blank(kind, Some(16_384));
        let options = burn::options().underrun_protection(false);
        let error = refused(&opened, &log, options, noise(64)).await;
        let profile = opened.facts().await.profile();
        assert!(
            matches!(&error, BurnError::Refused(Refusal::NoUnderrunChoice { profile: p }) if *p == profile),
            "{kind}: {error:?}"
        );
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_24_a_source_that_does_not_fit_or_lies_costs_no_disc() {
    let (place, _, opened, log) = blank(DiscType::BdR, Some(16_384));
    assert_eq!(
        opened.drive.lease("").await.unwrap_err(),
        LeaseDenied::BadName
    );
    let error = refused(&opened, &log, burn::options(), noise(20_000)).await;
    assert!(
        matches!(&error, BurnError::Refused(Refusal::TooLarge { needed: 20_000, available }) if *available < 20_000),
        "{error:?}"
    );
    let given = |stated: u64| {
        let pieces = (0..100).map(|_| Ok(bytes::Bytes::from_static(&[5; 2048])));
        Image::stream(stated * 2048, stream::iter(pieces))
    };
    let short = refused(&opened, &log, burn::options(), given(101)).await;
    let long = refused(&opened, &log, burn::options(), given(99)).await;
    assert!(
        matches!(short, BurnError::Source(SourceError::Short { .. })),
        "{short:?}"
    );
    assert!(
        matches!(long, BurnError::Source(SourceError::Long { .. })),
        "{long:?}"
    );
    // A length that is no multiple of 2048 is none of these: the last block is filled with zeros.
    let odd = Image::given(Arc::new(PseudoRandom::new(7, 2048 * 99 + 5)));
    burned(&opened, burn::options(), odd).await;
    let mut expected = noise_bytes(100);
    expected[2048 * 99 + 5..].fill(0);
    assert!(first_blocks(&opened, &place, 100).await == expected);
    opened.close().await;
}

/// Everything that a job tells, with the time of this runtime.
async fn told(mut job: Job) -> (Vec<JobEvent>, Vec<tokio::time::Instant>) {
    let (mut events, mut times) = (Vec::new(), Vec::new());
    while let Some(event) = job.next().await {
        events.push(event);
        times.push(tokio::time::Instant::now());
    }
    job.detach();
    (events, times)
}

fn figures(events: &[JobEvent]) -> impl Iterator<Item = (usize, &JobProgress)> {
    events
        .iter()
        .enumerate()
        .filter_map(|(at, event)| match event {
            JobEvent::Progress(figures) => Some((at, figures)),
            _ => None,
        })
}

/// The clock stands until all wait, and then goes on to the next timer: a source that gives nothing for three seconds
/// takes none.
#[tokio::test(start_paused = true)]
async fn check_25_phases_come_in_order_and_figures_every_half_second() {
    let (_place, _, opened, _) = blank(DiscType::DvdPlusRw, Some(16_384));
    let lease = opened.drive.lease("a test").await.unwrap();
    let pieces = (0..12_000).map(|_| Ok(bytes::Bytes::from_static(&[5; 2048])));
    let pieces = stream::iter(pieces)
        .enumerate()
        .then(|(number, piece)| async move {
            if number == 10_000 {
                let three_seconds = Duration::from_secs(3);
                let _ = tokio::time::timeout(three_seconds, future::pending::<()>()).await;
            }
            piece
        });
    let options = burn::options().stash(StashPolicy::Never, Vec::new());
    let job = lease.burn(options, Image::stream(12_000 * 2048, pieces));
    let (events, times) = told(job).await;
    let phases: Vec<Phase> = events
        .iter()
        .filter_map(|event| match event {
            JobEvent::Phase(phase) => Some(*phase),
            _ => None,
        })
        .collect();
    // A DVD+RW is formatted when it is written for the first time.
    let order = [
        Phase::Identifying,
        Phase::Preparing,
        Phase::Formatting,
        Phase::Preparing,
        Phase::Writing,
        Phase::Closing,
        Phase::Proving,
        Phase::Verifying,
        Phase::Ended,
    ];
    let mut rest = order.iter();
    for phase in &phases {
        assert!(
            rest.any(|next| next == phase),
            "{phase} is out of order: {phases:?}"
        );
    }
    for phase in [
        Phase::Identifying,
        Phase::Formatting,
        Phase::Writing,
        Phase::Verifying,
        Phase::Ended,
    ] {
        assert!(phases.contains(&phase), "{phase}: {phases:?}");
    }
    let begins = events
        .iter()
        .position(|e| *e == JobEvent::Phase(Phase::Writing))
        .unwrap();
    let ends = begins
        + 1
        + events[begins + 1..]
            .iter()
            .position(|e| matches!(e, JobEvent::Phase(_)))
            .unwrap();
    let gaps = times[begins..ends].windows(2).map(|pair| pair[1] - pair[0]);
    let longest = gaps.max().unwrap();
    assert!(
        longest <= Duration::from_millis(501),
        "{longest:?} without a word"
    );
    assert!(
        times[ends] - times[begins] >= Duration::from_secs(3),
        "the source did not stand still"
    );
    let mut last = JobProgress::default();
    for (at, now) in figures(&events) {
        assert!(now.elapsed >= last.elapsed, "{last:?} {now:?}");
        if (begins..ends).contains(&at) {
            assert!(now.blocks_done >= last.blocks_done && now.blocks_done <= now.blocks_total);
            last = *now;
        }
        last.elapsed = now.elapsed;
    }
    assert!(last.blocks_done > 0);
    drop(lease);
    // The drive's thread ends in its own time.
    tokio::time::resume();
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_26_what_is_used_and_free_of_a_buffer_is_all_of_it() {
    let (_place, _, opened, log) = blank(DiscType::DvdPlusR, Some(32_768));
    let lease = opened.drive.lease("a test").await.unwrap();
    let options = burn::options().stash(StashPolicy::Never, Vec::new());
    let (events, _) = told(lease.burn(options, noise(30_000))).await;
    let mut rings = 0;
    for (_, now) in figures(&events).filter(|(_, now)| now.phase == Phase::Writing) {
        if let Some(ring) = now.system_buffer() {
            assert_eq!(ring.used + ring.free, ring.total);
            assert_eq!(ring.total, 8 << 20);
            rings += 1;
        }
        if let Some(own) = now.drives_buffer() {
            assert_eq!(own.used + own.free, own.total);
        }
    }
    assert!(rings > 0);
    // What is told of the drive's own is what it said: READ BUFFER CAPACITY has all and free.
    let sent = log.take();
    let totals: Vec<u64> = sent
        .iter()
        .filter(|sent| sent.opcode() == 0x5C)
        .map(|sent| u32::from_be_bytes(sent.answer[4..8].try_into().unwrap()).into())
        .collect();
    let own: Vec<u64> = figures(&events)
        .filter_map(|(_, now)| Some(now.drives_buffer()?.total))
        .collect();
    assert!(
        own.iter().all(|total| totals.contains(total)),
        "{own:?} {totals:?}"
    );
    drop(lease);
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_27_a_cancel_ends_in_time_and_says_what_the_disc_is() {
    for kind in [
        DiscType::CdR,
        DiscType::DvdMinusR,
        DiscType::DvdPlusR,
        DiscType::BdR,
        DiscType::BdRe,
    ] {
        let place = Place::new();
        let disc = place.path("disc.vdisc");
        burn::blank(&disc, kind, None);
        let canceller: Arc<OnceLock<Canceller>> = Arc::default();
        let (at, log) = (Arc::clone(&canceller), Log::default());
        let of_layer = log.clone();
        let opened = Opened::with(&disc, |inner| {
            let inner = at_write(inner, 100, move || {
                at.wait().cancel();
                Then::Pass
            });
            logged::round(inner, of_layer)
        });
        let lease = opened.drive.lease("a test").await.unwrap();
        let job = lease.burn(burn::options(), noise(24_000));
        canceller.set(job.canceller()).unwrap();
        let error = job.report().await.unwrap_err();
        assert!(
            matches!(
                &error,
                BurnError::Failed {
                    fault: Fault::Cancelled,
                    ..
                }
            ),
            "{kind}: {error:?}"
        );
        let sent = log.take();
        let cancelled = sent
            .iter()
            .filter(|s| s.writes_blocks())
            .nth(99)
            .unwrap()
            .at;
        let took = sent.last().unwrap().at - cancelled;
        assert!(
            took <= Duration::from_secs(180),
            "{kind}: {took:?} by the drive's clock"
        );
        assert!(
            sent.iter().filter(|s| s.writes_blocks()).count() <= 104,
            "{kind}: it wrote on"
        );
        // The disc says the same as the report.
        let condition = opened.facts().await.condition();
        let agrees = match error.medium_state() {
            MediumState::Appendable => matches!(
                condition,
                MediumCondition::Appendable | MediumCondition::Formatted { .. }
            ),
            MediumState::Closed => condition == MediumCondition::Complete,
            _ => false,
        };
        assert!(agrees, "{kind}: {} and {condition:?}", error.medium_state());
        drop(lease);
        opened.close().await;
    }
}

/// A drive with a disc that fails as a script says.
fn failing(disc: &Path, script: &str) -> Opened {
    let script: FaultScript = script.parse().unwrap();
    Opened::with(disc, |inner| Box::new(Faulty::new(inner, script)))
}

#[tokio::test(flavor = "multi_thread")]
async fn check_28_a_bad_sector_is_found_and_a_blank_disc_after_a_success() {
    let blocks = 12_000;
    let (_place, disc, opened, log) = blank(DiscType::BdR, Some(16_384));
    let quick = burn::options().verify(VerifyLevel::Quick);
    let report = opened.burn(quick, noise(blocks)).await.unwrap();
    let read = report.verification.as_ref().unwrap();
    assert_eq!(read.bad_units, 0);
    assert!((32..blocks / 4).contains(&read.blocks_compared), "{read:?}");
    let written = report.written;
    opened.close().await;
    // READ (10) of units of 32 blocks; which of them a sample has is no secret, and is found here.
    let sent = log.take();
    let from_end = sent.iter().rev().take_while(|sent| !sent.writes_blocks());
    let read: Vec<(i32, u32)> = from_end
        .filter(|s| s.opcode() == 0x28)
        .map(|s| s.run())
        .collect();
    let is_read = |lba: i32| {
        read.iter()
            .any(|(first, n)| (*first..*first + *n as i32).contains(&lba))
    };
    let unread = (0..375)
        .map(|unit| unit * 32)
        .find(|lba| !is_read(*lba))
        .unwrap();
    assert!(is_read(0) && is_read(374 * 32));
    let again = async |script: &str, level| {
        let opened = failing(&disc, script);
        let lease = opened.drive.lease("a test").await.unwrap();
        let result = lease.verify(&written, level).report().await;
        drop(lease);
        opened.close().await;
        match result {
            Ok(report) => Ok(report.outcome),
            Err(BurnError::Failed {
                fault: Fault::Verification(found),
                ..
            }) => Err((found.bad_units, found.first_bad)),
            Err(error) => panic!("{script}: {error:?}"),
        }
    };
    assert_eq!(again("", VerifyLevel::Full).await, Ok(Outcome::Verified));
    assert_eq!(again("", VerifyLevel::Quick).await, Ok(Outcome::Unverified));
    let first = "when read lba 3..3 do flip";
    let between = &format!("when read lba {unread}..{unread} do flip");
    assert_eq!(
        again(first, VerifyLevel::Quick).await,
        Err((1, Some(Lba(0))))
    );
    assert_eq!(
        again(first, VerifyLevel::Full).await,
        Err((1, Some(Lba(0))))
    );
    assert_eq!(
        again(between, VerifyLevel::Quick).await,
        Ok(Outcome::Unverified)
    );
    assert_eq!(
        again(between, VerifyLevel::Full).await,
        Err((1, Some(Lba(unread))))
    );
    // A drive that takes everything and records nothing.
    let place = Place::new();
    let other = place.path("other.vdisc");
    burn::blank(&other, DiscType::BdR, Some(16_384));
    let opened = failing(&other, "when write do good");
    for level in [VerifyLevel::None, VerifyLevel::Quick, VerifyLevel::Full] {
        let error = opened
            .burn(burn::options().verify(level), noise(64))
            .await
            .unwrap_err();
        assert!(
            matches!(
                &error,
                BurnError::Failed {
                    fault: Fault::NotProven(_),
                    ..
                }
            ),
            "{level:?}: {error:?}"
        );
    }
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_29_an_erase_leaves_a_blank_disc_and_tells_how_far_it_is() {
    for kind in [
        DiscType::CdRw,
        DiscType::DvdMinusRw,
        DiscType::DvdPlusRw,
        DiscType::BdRe,
    ] {
        for full in [false, true] {
            let (_place, _, opened, _) = blank(kind, Some(8_192));
            burned(&opened, burn::options(), noise(400)).await;
            assert_eq!(
                opened.facts().await.condition().is_blank(),
                Some(false),
                "{kind}"
            );
            let lease = opened.drive.lease("a test").await.unwrap();
            let (events, _) = told(lease.erase(full)).await;
            drop(lease);
            let facts = opened.facts().await;
            let empty =
                facts.condition().is_blank() == Some(true) || facts.looks_empty() == Some(true);
            assert!(empty, "{kind}, {full}: {:?}", facts.condition());
            let times: Vec<_> = figures(&events).map(|(_, now)| now.elapsed).collect();
            assert!(!times.is_empty() && times.is_sorted());
            let parts: Vec<f64> = figures(&events)
                .filter_map(|(_, now)| now.fraction())
                .collect();
            assert!(
                parts.iter().all(|part| (0.0..=1.0).contains(part)),
                "{parts:?}"
            );
            assert!(events.contains(&JobEvent::Phase(Phase::Ended)));
            opened.close().await;
        }
    }
    for kind in [DiscType::CdR, DiscType::DvdPlusR, DiscType::BdR] {
        let (_place, _, opened, log) = blank(kind, Some(16_384));
        burned(&opened, burn::options(), noise(400)).await;
        log.take();
        let lease = opened.drive.lease("a test").await.unwrap();
        let error = lease.erase(false).report().await.unwrap_err();
        assert!(
            matches!(error, BurnError::Refused(Refusal::NotRewritable { .. })),
            "{kind}: {error:?}"
        );
        log.nothing_changed();
        drop(lease);
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_31_a_data_session_follows_an_audio_session_that_was_left_open() {
    let (place, _, opened, _) = blank(DiscType::CdR, None);
    let mut builder = CdImage::builder();
    for (name, frames) in [("first", 400), ("second", 500)] {
        tree::write(
            &place.path(name),
            &tree::noise(frames as u64, frames * 2352),
        );
        builder.add(CdTrack::pcm(place.path(name)));
    }
    let album = builder.finish().unwrap();
    let sound = burn::options().verify(VerifyLevel::None);
    let mode = CdMode::TrackAtOnce;
    let report = opened
        .burn(sound, Image::cd(album.clone(), mode))
        .await
        .unwrap();
    assert_eq!(report.medium, MediumState::Appendable);
    let audio_only = opened.facts().await;
    let folder = place.path("folder");
    tree::small(&folder);
    let data = burn::new_session().cd_form(CdForm::Mode2Form1);
    let report = opened.burn_tree(data, &folder).await;
    // Lead-out, lead-in and pregap of a second session lie between them.
    assert_eq!(Some(report.first_lba), audio_only.nwa().map(|lba| lba.0));
    let facts = opened.facts().await;
    assert_eq!(facts.closed_sessions(), Some(2));
    let toc = facts.cd.toc.as_ref().unwrap();
    let data_tracks: Vec<bool> = toc
        .entries
        .iter()
        .filter(|t| t.track < 100)
        .map(|t| t.control & 4 != 0)
        .collect();
    assert_eq!(data_tracks, [false, false, true]);
    opened.assert_holds(&folder).await;
    let lease = opened.drive.lease("a test").await.unwrap();
    let reader = lease.reader();
    let compared = tokio::task::spawn_blocking(move || {
        reader.compare_cd(&album, mode, &audio_only, |_, _| ControlFlow::Continue(()))
    });
    let compared = compared.await.unwrap().unwrap();
    assert!(
        compared.is_equal() && compared.compared >= 900,
        "{compared:?}"
    );
    drop(lease);
    opened.close().await;
}
