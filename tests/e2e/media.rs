//! A realistic folder on each of the media, and back out of it through xorriso, 7z and isoinfo; and what
//! was said to the drive, in words and again.

use crate::common::burn::{self, Opened, Place};
use crate::common::outside::{self, Session};
use crate::common::seen::{Folder, assert_same, look_without_link_times};
use crate::common::{full, tree};
use pitland::transport::sim::DiscType;
use pitland::transport::trace::{Detail, Replay, Trace};
use pitland::{MediumState, Outcome};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Files that isoinfo is asked for one by one.
const ISOINFO_SAMPLES: usize = 24;

/// The usual folder.
async fn a_folder_comes_back_from(kind: DiscType, over_4_gib: bool) {
    let wanted = tree::Wanted {
        over_4_gib: over_4_gib && full(),
        ..tree::Wanted::usual()
    };
    comes_back_from(kind, wanted).await;
}

/// A smaller one, from the discs that differ from another one in little.
async fn a_small_folder_comes_back_from(kind: DiscType) {
    let wanted = tree::Wanted {
        files: 300,
        over_4_gib: false,
        raw_names: false,
    };
    comes_back_from(kind, wanted).await;
}

async fn comes_back_from(kind: DiscType, wanted: tree::Wanted) {
    let place = Place::new();
    let (source, disc) = (place.path("source"), place.path("disc.vdisc"));
    tree::realistic(&source, wanted);
    burn::blank(&disc, kind, None);

    let trace = place.path("trace.txt");
    let sink = File::create(&trace).unwrap();
    let opened = Opened::with(&disc, |inner| {
        Box::new(Trace::new(inner, sink, Detail::Replay))
    });
    let report = opened.burn_tree(burn::options(), &source).await;
    // It takes one session only.
    let left = match kind {
        DiscType::DvdMinusRDl => MediumState::Closed,
        _ => MediumState::Appendable,
    };
    assert_eq!(report.medium, left, "{report:?}");
    assert_eq!(report.first_lba, 0);
    let verification = report.verification.clone().unwrap();
    assert_eq!(verification.blocks_compared, report.written.blocks());
    assert!(verification.blocks_compared * 2048 >= report.image_bytes);
    // Pregap and padding of a CD are not of the image.
    assert!(report.blocks_written >= verification.blocks_compared);
    opened.close().await;

    assert_reads_in_words(&trace);

    // Another engine, as another process would.
    let opened = Opened::new(&disc);
    opened.assert_holds(&source).await;
    let image = place.path("image.iso");
    burn::export(&opened.drive, Some(report.image_bytes / 2048), &image).await;
    opened.close().await;
    if !wanted.over_4_gib {
        assert_replays(&trace, &image, &report).await;
    }
    fs::remove_file(&disc).unwrap();
    judged_by_others(&place, &source, &image, wanted.files);
}

/// What programs of others find in an image of a folder.
fn judged_by_others(place: &Place, source: &Path, image: &Path, files: usize) {
    let expected = look_without_link_times(source);
    let restored = place.path("restored");
    if outside::outsider("xorriso") {
        outside::xorriso_restore(image, Session::Default, &restored);
        assert_same("xorriso", &expected, &look_without_link_times(&restored));
        fs::remove_dir_all(&restored).unwrap();
    }
    if outside::outsider("7z") {
        outside::seven_zip_unpack(image, &restored);
        assert_joliet_names_have_their_bytes(&expected, &look_without_link_times(&restored), files);
        fs::remove_dir_all(&restored).unwrap();
    }
    if outside::outsider("isoinfo") {
        isoinfo_agrees(source, image, &expected);
    }
}

/// `usual` of them at least have names that Joliet can hold.
fn assert_joliet_names_have_their_bytes(expected: &Folder, got: &Folder, usual: usize) {
    let files = expected
        .iter()
        .filter(|(_, seen)| seen.content.is_some())
        .collect::<Vec<_>>();
    let mut compared = 0;
    for (path, seen) in &files {
        if tree::joliet_has(path) {
            let other = got.get(*path).map(|other| other.content);
            assert_eq!(other, Some(seen.content), "7z: {}", path.display());
            compared += 1;
        }
    }
    assert!(compared >= usual, "7z: {compared} of {}", files.len());
    // The others are there by other names.
    let there = got.values().filter(|seen| seen.content.is_some()).count();
    assert_eq!(there, files.len(), "7z: files");
}

fn isoinfo_agrees(source: &Path, image: &Path, expected: &Folder) {
    let paths: Vec<PathBuf> = expected
        .keys()
        .filter(|path| !path.as_os_str().is_empty())
        .cloned()
        .collect();
    let listed = outside::isoinfo_paths(image);
    let missing: Vec<_> = paths
        .iter()
        .filter(|path| listed.binary_search(path).is_err())
        .collect();
    assert!(
        missing.is_empty() && listed.len() == paths.len(),
        "isoinfo: {missing:?}"
    );
    // Its own limits: one extent, and a path that it takes for a pattern holds no special character.
    let one_extent: Vec<&PathBuf> = expected
        .iter()
        .filter(|(_, seen)| {
            seen.content
                .is_some_and(|(length, _)| length > 0 && length < 1 << 32)
        })
        .map(|(path, _)| path)
        .filter(|path| path.to_str().is_some_and(|path| path.len() < 800))
        .collect();
    let step = (one_extent.len() / ISOINFO_SAMPLES).max(1);
    for path in one_extent.into_iter().step_by(step) {
        let read = outside::isoinfo_bytes(image, path);
        assert!(
            read == fs::read(source.join(path)).unwrap(),
            "isoinfo: {}",
            path.display()
        );
    }
}

/// Every line of a trace begins with the command's name, and none is unknown.
fn assert_reads_in_words(trace: &Path) {
    let text = fs::read_to_string(trace).unwrap();
    let mut lines = text.lines().peekable();
    assert!(lines.next().unwrap().starts_with("pitland-trace 1 "));
    let mut exchanges = 0;
    let mut writes = 0;
    while let Some(line) = lines.next() {
        if lines.peek().is_none() {
            assert_eq!(line, format!("end {exchanges}"));
            break;
        }
        let (words, _) = line.split_once(" | ").unwrap_or_else(|| panic!("{line}"));
        let command = words.trim_start().split_once(' ').unwrap().1;
        let name = command.split([' ', ',']).next().unwrap();
        assert!(
            name.len() > 2
                && name
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b == b'/' || b == b'-'),
            "not a command's name: {line}"
        );
        assert!(!words.to_lowercase().contains("unknown"), "{line}");
        exchanges += 1;
        writes += u32::from(command.starts_with("WRITE ("));
    }
    assert!(writes > 10, "{writes} writes of {exchanges} commands");
}

/// The same burn again, with the record in the place of the drive. The image comes from the disc: the
/// folder's times of access are no longer what they were.
async fn assert_replays(trace: &Path, image: &Path, report: &pitland::BurnReport) {
    let engine = pitland::Engine::builder().build().unwrap();
    let drive = engine
        .attach(Box::new(Replay::open(trace).unwrap()))
        .unwrap();
    let lease = drive.lease("a test").await.unwrap();
    let again = lease
        .burn(burn::options(), pitland::Image::file(image))
        .report()
        .await
        .unwrap();
    assert_eq!(again.outcome, Outcome::Verified);
    assert_eq!(again.blocks_written, report.blocks_written);
    assert_eq!(again.facts, report.facts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_bd_r() {
    a_folder_comes_back_from(DiscType::BdR, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_bd_re() {
    a_folder_comes_back_from(DiscType::BdRe, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_plus_r() {
    a_folder_comes_back_from(DiscType::DvdPlusR, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_plus_r_dl() {
    a_folder_comes_back_from(DiscType::DvdPlusRDl, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_plus_rw() {
    a_folder_comes_back_from(DiscType::DvdPlusRw, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_ram() {
    a_folder_comes_back_from(DiscType::DvdRam, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_cd_r() {
    a_folder_comes_back_from(DiscType::CdR, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_cd_rw() {
    a_small_folder_comes_back_from(DiscType::CdRw).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_minus_r() {
    a_folder_comes_back_from(DiscType::DvdMinusR, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_minus_rw() {
    a_small_folder_comes_back_from(DiscType::DvdMinusRw).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_minus_rw_restricted_overwrite() {
    a_folder_comes_back_from(DiscType::DvdMinusRwRestrictedOverwrite, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_minus_r_dl() {
    a_small_folder_comes_back_from(DiscType::DvdMinusRDl).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_dvd_plus_rw_dl() {
    a_small_folder_comes_back_from(DiscType::DvdPlusRwDl).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_bd_r_pow() {
    a_small_folder_comes_back_from(DiscType::BdRPow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_comes_back_from_bd_of_more_layers() {
    for disc in [
        DiscType::BdRDl,
        DiscType::BdReDl,
        DiscType::BdRXl,
        DiscType::BdReXl,
    ] {
        a_small_folder_comes_back_from(disc).await;
    }
}
