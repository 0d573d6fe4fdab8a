//! How a job that was begun ended: its exit status by what became of the data, and the answer to "is my disc
//! ruined, and what now". Knows outcomes and what the disc is now; what went wrong is told by `error`.

use crate::exit::Exit;
use pitland::writer::MediumCondition;
use pitland::{BurnReport, MediaFacts, MediumState, Outcome};

const BLOCK_BYTES: u64 = 2048;

/// Whether the job was to bring data onto the disc.
fn records_data(job: &str) -> bool {
    matches!(job, "burn" | "resume")
}

/// The status of a job that failed after it had begun, by its outcome. `None`: the disc is as it was, and what
/// went wrong tells more.
pub(crate) fn status(job: &str, report: &BurnReport) -> Option<Exit> {
    let untouched = report.medium == MediumState::Untouched;
    if !records_data(job) {
        return (!untouched).then_some(Exit::BurnFailed);
    }
    Some(match (report.outcome, report.medium) {
        (Outcome::NothingWritten, MediumState::Untouched) => return None,
        (Outcome::NothingWritten | Outcome::Lost, MediumState::Unknown) => Exit::Unknown,
        (Outcome::ReadableOpen, _) => Exit::ReadableOpen,
        (Outcome::Resumable, _) => Exit::Resumable,
        (Outcome::Lost, _) => Exit::Lost,
        (Outcome::Unverified, _) => Exit::Unverified,
        _ => Exit::BurnFailed,
    })
}

/// Whether the disc is ruined, and what to do now. `None`: what went wrong tells more.
pub(crate) fn advice(job: &str, report: &BurnReport) -> Option<String> {
    let exit = status(job, report)?;
    let facts = report.facts.as_ref();
    if !records_data(job) {
        return once_more(job, report.medium, facts);
    }
    let image_blocks = report.image_bytes.div_ceil(BLOCK_BYTES);
    let all_taken = image_blocks > 0
        && report.written.blocks() >= image_blocks
        && facts.is_none_or(|facts| goes_on_behind(facts, report.first_lba, image_blocks));
    words(job, exit, facts, all_taken)
}

/// What to do about a disc that was to hold no data yet, and can be begun anew.
fn once_more(job: &str, medium: MediumState, facts: Option<&MediaFacts>) -> Option<String> {
    let rewritable = facts.is_some_and(|facts| facts.profile().is_rewritable());
    let lost = medium == MediumState::Damaged && rewritable && matches!(job, "erase" | "format");
    lost.then(|| format!("the disc is not ruined: say pitland {job} once more"))
}

/// Whether the medium does not tell that it ends within the image.
fn goes_on_behind(facts: &MediaFacts, first_lba: i32, image_blocks: u64) -> bool {
    let end = i64::from(first_lba).saturating_add_unsigned(image_blocks);
    facts.nwa().is_none_or(|nwa| i64::from(nwa.0) >= end)
}

fn words(job: &str, exit: Exit, facts: Option<&MediaFacts>, all_taken: bool) -> Option<String> {
    let rewritable = facts.is_some_and(|facts| facts.profile().is_rewritable());
    let open = facts.is_some_and(|facts| facts.condition() == MediumCondition::OpenSession);
    let again = again(facts);
    Some(match exit {
        Exit::Unverified => {
            "the disc is not ruined: all was recorded and closed; compare it with its source by pitland verify"
                .into()
        }
        Exit::Resumable if job == "resume" => {
            "the disc is not ruined: write nothing else onto it, and say pitland resume again".into()
        }
        Exit::ReadableOpen | Exit::Resumable if all_taken && open => {
            "the disc is not ruined: the drive took all blocks, and only the session is still open; pitland close \
             DRIVE ends it, then compare it with its source by pitland verify"
                .into()
        }
        Exit::ReadableOpen if all_taken => {
            "the disc is not ruined: the drive took all blocks; compare it with its source by pitland verify".into()
        }
        Exit::ReadableOpen => {
            format!("the disc is not ruined: what is on it can be read, but not all of it is there; {again}")
        }
        Exit::Resumable => format!(
            "the disc is not ruined, but there is no journal to resume the burn by; {again}"
        ),
        Exit::Lost if rewritable => format!("these data are lost, the disc is not: {again}"),
        Exit::Lost => "do not rely on this disc: burn the data onto another one".into(),
        Exit::Unknown => {
            "nobody can tell now: identify the disc by pitland medium, in another drive if need be, before it is used"
                .into()
        }
        _ => return None,
    })
}

/// How the data are burned once more, by what the disc takes as it is now.
fn again(facts: Option<&MediaFacts>) -> &'static str {
    let untold =
        "burn the data onto another disc; what this one still takes, pitland medium DRIVE tells";
    let Some(facts) = facts else {
        return untold;
    };
    let (profile, condition) = (facts.profile(), facts.condition());
    let unclosed = matches!(
        condition,
        MediumCondition::OpenSession | MediumCondition::Damaged
    );
    if profile.is_overwritable() {
        return match unclosed {
            true => {
                "pitland close DRIVE, then burn the data once more, over these (--overwrite) or onto another disc"
            }
            false => "burn the data once more, over these (--overwrite) or onto another disc",
        };
    }
    // A disc that was written at once is final when it is closed.
    match (condition, profile.is_rewritable()) {
        (MediumCondition::Blank, _) => "burn the data once more",
        (MediumCondition::Appendable, false) => {
            "burn the data once more, as a new session (--new-session) or onto another disc"
        }
        (MediumCondition::Appendable, true) => {
            "burn the data once more, as a new session (--new-session), onto the disc that pitland erase DRIVE has \
             emptied, or onto another one"
        }
        (MediumCondition::Complete, false) => {
            "nothing can be added to it: burn the data onto another disc"
        }
        (MediumCondition::Complete, true) => {
            "pitland erase DRIVE empties the disc; then burn the data once more, or burn them onto another one"
        }
        (_, false) if unclosed => {
            "pitland close DRIVE, then burn the data once more, as a new session (--new-session) where the disc \
             stays appendable, or onto another one"
        }
        (_, true) if unclosed => {
            "pitland close DRIVE, then burn the data once more, as a new session (--new-session) where the disc \
             stays appendable; or empty it by pitland erase DRIVE; or take another one"
        }
        _ => untold,
    }
}

/// What to say instead of [`advice`] where the burn has a journal.
pub(crate) fn advice_to_resume(command: &str) -> String {
    format!("the disc is not ruined: write nothing else onto it, and say {command}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland::writer::mmc::reply::{
        Configuration, DiscInformation, DiscStatus, SessionState, TrackInformation,
    };
    use pitland::writer::mmc::{Lba, Profile, TrackNumber};

    fn disc(profile: Profile, status: DiscStatus, session: SessionState) -> MediaFacts {
        let mut facts = MediaFacts::default();
        facts.configuration = Some(Configuration {
            profile,
            features: Vec::new(),
        });
        facts.disc = Some(DiscInformation {
            status,
            last_session_state: session,
            sessions: 2,
            last_track_in_last_session: TrackNumber(2),
            ..DiscInformation::default()
        });
        facts
    }

    fn open(profile: Profile) -> MediaFacts {
        disc(profile, DiscStatus::Appendable, SessionState::Incomplete)
    }

    fn appendable(profile: Profile) -> MediaFacts {
        disc(profile, DiscStatus::Appendable, SessionState::Empty)
    }

    fn complete(profile: Profile) -> MediaFacts {
        disc(profile, DiscStatus::Complete, SessionState::Complete)
    }

    fn with_track(mut facts: MediaFacts, damage: bool, nwa: Option<Lba>) -> MediaFacts {
        facts.tracks = vec![TrackInformation {
            track: TrackNumber(2),
            damage,
            nwa,
            ..TrackInformation::default()
        }];
        facts
    }

    fn cut_off(exit: Exit, facts: &MediaFacts) -> String {
        words("burn", exit, Some(facts), false).unwrap()
    }

    #[test]
    fn an_open_session_is_closed_before_anything_is_added() {
        for profile in [Profile::CdR, Profile::DvdMinusRSequential, Profile::BdRSrm] {
            let facts = open(profile);
            assert_eq!(facts.condition(), MediumCondition::OpenSession);
            let words = cut_off(Exit::ReadableOpen, &facts);
            assert!(words.contains("; pitland close DRIVE, then "), "{words}");
            assert!(
                words.contains("--new-session) where the disc stays"),
                "{words}"
            );
            assert!(!words.contains("erase"), "{words}");
        }
    }

    #[test]
    fn what_is_erased_as_a_whole_is_never_told_to_be_written_over() {
        for profile in [Profile::CdRw, Profile::DvdMinusRwSequential] {
            let damaged = with_track(open(profile), true, None);
            assert_eq!(damaged.condition(), MediumCondition::Damaged);
            for facts in [
                open(profile),
                damaged,
                appendable(profile),
                complete(profile),
            ] {
                for exit in [Exit::ReadableOpen, Exit::Lost, Exit::Resumable] {
                    let words = cut_off(exit, &facts);
                    assert!(words.contains("pitland erase DRIVE"), "{words}");
                    assert!(!words.contains("--overwrite"), "{words}");
                }
            }
            let words = cut_off(Exit::Lost, &complete(profile));
            assert!(!words.contains("--new-session"), "{words}");
        }
    }

    #[test]
    fn a_damaged_disc_that_is_written_once_is_closed_first() {
        let damaged = with_track(open(Profile::DvdPlusR), true, None);
        assert_eq!(damaged.condition(), MediumCondition::Damaged);
        let words = cut_off(Exit::ReadableOpen, &damaged);
        assert!(words.contains("; pitland close DRIVE, then "), "{words}");
    }

    #[test]
    fn a_final_disc_takes_no_more() {
        let words = cut_off(Exit::ReadableOpen, &complete(Profile::DvdMinusRSequential));
        assert!(
            words.ends_with("burn the data onto another disc"),
            "{words}"
        );
        assert!(!words.contains("--new-session"), "{words}");
        let words = cut_off(
            Exit::ReadableOpen,
            &appendable(Profile::DvdMinusRSequential),
        );
        assert!(words.contains("as a new session"), "{words}");
        assert!(!words.contains("pitland close"), "{words}");
    }

    #[test]
    fn what_can_be_written_over_is_and_closed_first_where_it_is_intermediate() {
        let over = complete(Profile::BdRe);
        let words = cut_off(Exit::Lost, &over);
        assert!(words.contains("(--overwrite)"), "{words}");
        assert!(!words.contains("pitland close"), "{words}");
        let intermediate = open(Profile::DvdMinusRwRestrictedOverwrite);
        let words = cut_off(Exit::ReadableOpen, &intermediate);
        assert!(words.contains("; pitland close DRIVE, then "), "{words}");
        assert!(words.contains("(--overwrite)"), "{words}");
    }

    #[test]
    fn a_burn_of_which_only_the_close_failed_needs_no_second_one() {
        for profile in [Profile::CdR, Profile::CdRw, Profile::DvdMinusRSequential] {
            for exit in [Exit::ReadableOpen, Exit::Resumable] {
                let words = words("burn", exit, Some(&open(profile)), true).unwrap();
                assert!(words.contains("pitland close DRIVE ends it"), "{words}");
                assert!(!words.contains("once more"), "{words}");
                assert!(!words.contains("not all"), "{words}");
            }
        }
        let closed = appendable(Profile::CdR);
        let words = words("burn", Exit::ReadableOpen, Some(&closed), true).unwrap();
        assert!(words.ends_with("by pitland verify"), "{words}");
        assert!(!words.contains("pitland close"), "{words}");
    }

    #[test]
    fn not_all_is_there_where_the_next_writable_address_is_within_the_image() {
        let at = |nwa| with_track(open(Profile::DvdPlusR), false, nwa);
        assert!(goes_on_behind(&at(Some(Lba(1100))), 1000, 100));
        assert!(!goes_on_behind(&at(Some(Lba(1099))), 1000, 100));
        assert!(goes_on_behind(&at(None), 1000, 100));
    }

    #[test]
    fn of_a_disc_that_tells_nothing_nothing_is_promised() {
        let words = words("burn", Exit::Resumable, None, true).unwrap();
        assert!(words.contains("pitland medium DRIVE"), "{words}");
        for promise in ["--new-session", "--overwrite", "pitland close"] {
            assert!(!words.contains(promise), "{words}");
        }
    }

    #[test]
    fn an_erase_that_was_cut_off_is_asked_for_once_more() {
        let facts = open(Profile::CdRw);
        let words = once_more("erase", MediumState::Damaged, Some(&facts)).unwrap();
        assert!(words.ends_with("pitland erase once more"), "{words}");
        let once = open(Profile::BdRSrm);
        assert_eq!(once_more("format", MediumState::Damaged, Some(&once)), None);
        assert_eq!(once_more("close", MediumState::Damaged, Some(&facts)), None);
        assert_eq!(once_more("erase", MediumState::Unknown, None), None);
    }
}
