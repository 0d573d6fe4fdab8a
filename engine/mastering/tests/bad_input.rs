//! Sources and options that cannot become a volume: each is refused by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use pitland_mastering::{
    Layout, NodeKind, PlanError, PlanWarning, ScanError, SpecialFiles, Tree, UdfRevision,
    VolumeOptions, WalkOptions,
};
use support::*;

fn refuse(sources: &[PathBuf], options: &WalkOptions) -> ScanError {
    Tree::scan(sources, options).unwrap_err()
}

fn fifo(path: &Path) {
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn no_source_and_a_missing_source() {
    assert!(matches!(
        refuse(&[], &WalkOptions::default()),
        ScanError::NoSource
    ));
    let path = PathBuf::from("/no/such/source");
    let error = refuse(std::slice::from_ref(&path), &WalkOptions::default());
    assert!(
        matches!(&error, ScanError::Missing { path: p } if *p == path),
        "{error}"
    );
    assert_eq!(error.to_string(), "/no/such/source does not exist");
}

#[test]
fn a_special_file_is_refused_as_a_source_whatever_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    fifo(&pipe);
    symlink(&pipe, dir.path().join("link")).unwrap();
    for special in [
        SpecialFiles::Refuse,
        SpecialFiles::Store,
        SpecialFiles::Skip,
    ] {
        let options = WalkOptions {
            special,
            ..WalkOptions::default()
        };
        for (path, kind) in [
            (pipe.clone(), NodeKind::Fifo),
            (dir.path().join("link"), NodeKind::Fifo),
            ("/dev/null".into(), NodeKind::CharacterDevice),
        ] {
            let error = refuse(std::slice::from_ref(&path), &options);
            assert!(
                matches!(error, ScanError::SpecialSource { path: p, kind: k } if p == path && k == kind)
            );
        }
    }
}

#[test]
fn a_special_file_in_a_tree_follows_the_policy() {
    let dir = tempfile::tempdir().unwrap();
    let sources = [dir.path().to_path_buf()];
    let pipe = dir.path().join("pipe");
    fifo(&pipe);
    let error = refuse(&sources, &WalkOptions::default());
    assert!(
        matches!(&error, ScanError::SpecialFile { path, kind: NodeKind::Fifo } if *path == pipe),
        "{error}"
    );
    let with = |special| {
        Tree::scan(
            &sources,
            &WalkOptions {
                special,
                ..WalkOptions::default()
            },
        )
        .unwrap()
    };
    let skipped = with(SpecialFiles::Skip);
    assert_eq!((skipped.file_count(), skipped.skipped_count()), (0, 1));
    let stored = with(SpecialFiles::Store);
    assert_eq!(
        stored.kind(stored.find(Path::new("/pipe")).unwrap()),
        NodeKind::Fifo
    );
}

#[test]
fn links_are_stored_or_followed_and_loops_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a/file"), b"1234");
    symlink("../a", dir.path().join("a/loop")).unwrap();
    let sources = [dir.path().to_path_buf()];
    let stored = Tree::scan(&sources, &WalkOptions::default()).unwrap();
    let link = stored.find(Path::new("/a/loop")).unwrap();
    assert_eq!(stored.link_target(link), Some(Path::new("../a")));
    let follow = WalkOptions {
        follow_links: true,
        ..WalkOptions::default()
    };
    let error = refuse(&sources, &follow);
    let a = dir.path().join("a");
    assert!(
        matches!(&error, ScanError::Loop { path, to } if *path == a.join("loop") && *to == a),
        "{error}"
    );
    // A link to itself.
    fs::remove_file(dir.path().join("a/loop")).unwrap();
    symlink("self", dir.path().join("a/self")).unwrap();
    assert!(
        matches!(refuse(&sources, &follow), ScanError::Loop { path, .. } if path == a.join("self"))
    );
    // A link to nowhere.
    fs::remove_file(dir.path().join("a/self")).unwrap();
    symlink("nowhere", dir.path().join("a/dangling")).unwrap();
    assert!(
        matches!(refuse(&sources, &follow), ScanError::Missing { path } if path == a.join("dangling"))
    );
    // Links that lead to a file and beside the folder are followed.
    fs::remove_file(dir.path().join("a/dangling")).unwrap();
    symlink("file", dir.path().join("a/link")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    let followed = Tree::scan(&sources, &follow).unwrap();
    let file = followed.find(Path::new("/b/link")).unwrap();
    assert_eq!(
        (followed.kind(file), followed.size(file)),
        (NodeKind::File, 4)
    );
    assert_eq!(followed.data_bytes(), 4, "one file, by four names");
    let layout = std::sync::Arc::new(Layout::plan(followed, 0, &options()).unwrap());
    image(&layout);
}

#[test]
fn sources_of_one_name_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a/x"), b"1");
    write(&dir.path().join("b/x"), b"2");
    let sources = [dir.path().join("a/x"), dir.path().join("b/x")];
    let error = refuse(&sources, &WalkOptions::default());
    assert!(
        matches!(&error, ScanError::SameName { first, second } if first != second),
        "{error}"
    );
    let error = refuse(&["/".into(), dir.path().join("a")], &WalkOptions::default());
    assert!(matches!(error, ScanError::NoName { path } if path == Path::new("/")));
}

#[test]
fn an_unreadable_file_is_named_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    write(&path, b"1");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        eprintln!(
            "not run: an_unreadable_file_is_named_before_anything_is_written: permissions do not bind this user"
        );
        return;
    }
    for sources in [[dir.path().to_path_buf()], [path.clone()]] {
        let error = refuse(&sources, &WalkOptions::default());
        assert!(
            matches!(&error, ScanError::Unreadable { path: p, .. } if *p == path),
            "{error}"
        );
    }
}

#[test]
fn a_file_beyond_the_format_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge");
    // Not every file system makes a hole of this size.
    if File::create(&path).unwrap().set_len(9 << 40).is_err() {
        eprintln!(
            "not run: a_file_beyond_the_format_is_refused_by_name: no file of 9 TiB can be made here"
        );
        return;
    }
    let error = Layout::plan(scan(dir.path()), 0, &options()).unwrap_err();
    assert!(
        matches!(&error, PlanError::FileTooLarge { path, size, .. } if path == Path::new("/huge") && *size == 9 << 40)
    );
}

#[test]
fn a_volume_beyond_32_bits_of_blocks_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), b"1");
    Layout::plan(scan(dir.path()), u32::MAX - 300, &options()).unwrap();
    let error = Layout::plan(scan(dir.path()), u32::MAX - 100, &options()).unwrap_err();
    assert!(matches!(error, PlanError::VolumeTooLarge { .. }), "{error}");
}

#[test]
fn texts_that_are_too_long_are_refused_by_field() {
    let dir = tempfile::tempdir().unwrap();
    let long = VolumeOptions {
        volume_id: "V".repeat(33),
        ..options()
    };
    let error = Layout::plan(scan(dir.path()), 0, &long).unwrap_err();
    let expected = PlanError::TextTooLong {
        field: "volume identifier",
        length: 33,
        limit: 32,
    };
    assert_eq!(error, expected);
}

#[test]
fn what_changes_in_the_volume_is_said() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("j".repeat(70)), b"1");
    symlink("x".repeat(1500), dir.path().join("link")).unwrap();
    write(&dir.path().join("n".repeat(253)), b"1");
    write(&dir.path().join("n".repeat(254)), b"1");
    write(&dir.path().join("late"), b"1");
    set_time(&dir.path().join("late"), 6_000_000_000, 0);
    // Not every file system goes beyond 2155.
    let late = fs::metadata(dir.path().join("late")).unwrap().mtime() == 6_000_000_000;
    let options = VolumeOptions {
        volume_id: "MORE THAN SIXTEEN".into(),
        ..options()
    };
    let layout = Layout::plan(scan(dir.path()), 0, &options).unwrap();
    let warnings = layout.warnings();
    assert!(
        warnings
            .iter()
            .any(|w| matches!(w, PlanWarning::JolietNamesChanged { count: 3, .. }))
    );
    assert!(
        warnings
            .iter()
            .any(|w| matches!(w, PlanWarning::JolietLeavesOut { count: 1, .. }))
    );
    assert!(
        warnings
            .iter()
            .any(|w| matches!(w, PlanWarning::LongLinkTargets { count: 1, .. }))
    );
    assert!(
        warnings
            .iter()
            .any(|w| matches!(w, PlanWarning::LongNames { count: 1, .. }))
    );
    assert!(
        !late
            || warnings
                .iter()
                .any(|w| matches!(w, PlanWarning::TimesChanged { count: 1, .. }))
    );
    assert!(warnings.contains(&PlanWarning::JolietVolumeIdCut));
    assert!(warnings.iter().all(|w| !w.to_string().is_empty()));

    // UDF has names of that length, and any year.
    let mut alone = options.clone();
    alone.iso9660 = false;
    alone.udf = Some(UdfRevision::V2_01);
    let layout = Layout::plan(scan(dir.path()), 0, &alone).unwrap();
    let of_iso = |w: &PlanWarning| {
        matches!(
            w,
            PlanWarning::LongNames { .. } | PlanWarning::TimesChanged { .. }
        )
    };
    assert!(!layout.warnings().iter().any(of_iso));
}

#[test]
fn an_empty_folder_becomes_an_empty_volume() {
    let dir = tempfile::tempdir().unwrap();
    let layout = std::sync::Arc::new(Layout::plan(scan(dir.path()), 0, &options()).unwrap());
    let bytes = image(&layout);
    let mut volume = pitland_mastering::Volume::open(bytes.as_slice(), 0).unwrap();
    assert_eq!(volume.walk().map(Result::unwrap).count(), 1);
}
