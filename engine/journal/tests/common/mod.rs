//! Journals to test with.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too; not every file needs all of them"
)]

use pitland_journal::*;
use pitland_mmc::Profile;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// A burn of a tree onto a disc of this profile: 10 000 blocks from block 96 on (0 on overwritable media).
pub(crate) fn begun(profile: Profile) -> Begun {
    let overwritable = profile.is_overwritable();
    Begun {
        began: UNIX_EPOCH + Duration::from_millis(1_795_000_000_123),
        client: "archive".into(),
        drive: DriveMark {
            address: "virtual:x.vdisc".into(),
            vendor: "PITLAND".into(),
            product: "RECORDER".into(),
            revision: "1.00".into(),
            serial: Some("S1".into()),
        },
        disc: DiscMark {
            profile,
            closed_sessions: u32::from(!overwritable),
            capacity: Some(100_000),
            maker: Some(7),
            number: None,
            bar_code: None,
        },
        writer: "a writer".into(),
        wish: Wish {
            placement: Placement::NewSession,
            speed: Speed::TenthsOfNominal(40),
            underrun_protection: true,
            fast_write: false,
            pure_cav: false,
            ..Wish::default()
        },
        source: SourceMark::Tree {
            sources: vec!["/a".into(), "/b/c".into()],
            volume_id: "BACKUP".into(),
            created: (1_795_000_000, 5),
            follow_links: true,
            special: Special::Store,
            options: vec![b"a word\0of the engine's".to_vec()],
            fingerprint: 0x0123_4567_89AB_CDEF,
        },
        image_bytes: 9_990 * 2048 - 5,
        first_lba: if overwritable { 0 } else { 96 },
        planned_blocks: 10_016 - 10_016 % u64::from(profile.write_unit().unwrap()),
        write_unit: profile.write_unit().unwrap(),
    }
}

/// The check that the image of [`begun`] has in these tests.
pub(crate) fn check(unit: u64) -> u32 {
    (unit as u32).wrapping_mul(0x9E37_79B9) ^ 0x5A
}

/// A folder for journals, as it is made.
pub(crate) fn folder(within: &Path) -> JobFolder {
    JobFolder::open(&within.join("state/jobs")).unwrap()
}

/// The journal of a burn that was cut off after so many blocks.
pub(crate) fn cut_off(folder: &JobFolder, begun: &Begun, blocks: u64) -> JobId {
    let journal = JobJournal::begin(folder, begun, |unit| Some(check(unit))).unwrap();
    let id = journal.id().clone();
    journal.acknowledging().blocks(blocks);
    // A step is written behind what was acknowledged before it.
    if blocks == begun.planned_blocks {
        journal.closing("close track");
    } else {
        journal
            .ended(Some(&Ended {
                outcome: "resumable".into(),
                medium: "unknown".into(),
            }))
            .unwrap();
    }
    id
}

/// The file of a job.
pub(crate) fn bytes_of(folder: &JobFolder, id: &JobId) -> Vec<u8> {
    std::fs::read(folder.path().join(format!("{id}.job"))).unwrap()
}

/// The permissions of a file or folder.
pub(crate) fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

/// Puts bytes in the place of a journal.
pub(crate) fn plant(folder: &JobFolder, name: &str, bytes: &[u8]) {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
}
