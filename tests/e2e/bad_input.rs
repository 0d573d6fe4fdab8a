//! Requests that cannot be served: a clear error, and an untouched disc.

use crate::common::burn::{self, Opened, Place};
use crate::common::tree;
use pitland::transport::sim::{MediumKind, create_disc};
use pitland::{
    BurnError, Engine, EngineError, Image, LeaseDenied, MasterOptions, MediumState, OpenMode,
    Refusal,
};
use std::fs::{self, File};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// Burns, expects an error that leaves the disc as it is, and gives the error.
async fn refused(disc: &Path, image: Image) -> BurnError {
    let before = fs::read(disc).unwrap();
    let opened = Opened::new(disc);
    let error = opened.burn(burn::options(), image).await.unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched, "{error:?}");
    opened.close().await;
    assert!(
        fs::read(disc).unwrap() == before,
        "the disc was changed: {error:?}"
    );
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

fn small_blank(place: &Place, kind: MediumKind) -> std::path::PathBuf {
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, kind, Some(8192));
    disc
}

#[tokio::test(flavor = "multi_thread")]
async fn data_too_large_for_the_medium_are_refused_with_both_sizes() {
    for kind in MediumKind::ALL {
        let place = Place::new();
        let disc = small_blank(&place, kind);
        let folder = place.path("folder");
        tree::small(&folder);
        File::create(folder.join("too much.img"))
            .unwrap()
            .set_len(40 << 20)
            .unwrap();
        let error = refused(&disc, burn::tree(&folder)).await;
        let BurnError::Refused(Refusal::TooLarge { needed, available }) = error else {
            panic!("{kind:?}: {error:?}");
        };
        assert!(needed >= (40 << 20) / 2048, "{kind:?}: {needed}");
        assert!((4096..=8192).contains(&available), "{kind:?}: {available}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disc_takes_nothing_more() {
    for kind in [
        MediumKind::BdR,
        MediumKind::DvdPlusR,
        MediumKind::DvdPlusRDl,
    ] {
        let place = Place::new();
        let disc = small_blank(&place, kind);
        let folder = place.path("folder");
        tree::small(&folder);
        let opened = Opened::new(&disc);
        let mut sessions = 0;
        let error = loop {
            let options = if sessions == 0 {
                burn::options()
            } else {
                burn::new_session()
            };
            match opened.burn(options, burn::tree(&folder)).await {
                Ok(_) => sessions += 1,
                Err(error) => break error,
            }
            assert!(sessions < 60, "{kind:?}: a disc without end");
        };
        assert!(sessions > 1, "{kind:?}: {error:?}");
        assert!(
            matches!(
                &error,
                BurnError::Refused(
                    Refusal::TooLarge { .. } | Refusal::MediumClosed | Refusal::SessionLimit { .. }
                )
            ),
            "{kind:?} after {sessions}: {error:?}"
        );
        opened.assert_holds(&folder).await;
        opened.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_source_is_named() {
    let place = Place::new();
    let disc = small_blank(&place, MediumKind::BdR);
    for image in [
        burn::tree(&place.path("not here")),
        Image::file(place.path("not here")),
    ] {
        let error = refused(&disc, image).await;
        assert!(error.to_string().contains("not here"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_neither_file_nor_folder_is_refused_by_name() {
    let place = Place::new();
    let disc = small_blank(&place, MediumKind::BdR);
    let folder = place.path("folder");
    tree::small(&folder);
    let (fifo, socket) = (folder.join("a fifo"), folder.join("a socket"));
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let error = refused(&disc, burn::tree(&folder)).await;
    assert!(error.to_string().contains("a fifo"), "{error}");
    for image in [burn::tree(&fifo), Image::file(&fifo)] {
        let error = refused(&disc, image).await;
        assert!(error.to_string().contains("a fifo"), "{error}");
    }
    fs::remove_file(&fifo).unwrap();
    let _listener = UnixListener::bind(&socket).unwrap();
    for image in [burn::tree(&folder), Image::file(&socket)] {
        let error = refused(&disc, image).await;
        assert!(error.to_string().contains("a socket"), "{error}");
    }
    for image in [burn::tree(Path::new("/dev/null")), Image::file("/dev/null")] {
        let error = refused(&disc, image).await;
        assert!(error.to_string().contains("/dev/null"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_of_links_is_refused_when_links_are_followed() {
    let place = Place::new();
    let disc = small_blank(&place, MediumKind::BdR);
    let folder = place.path("folder");
    tree::small(&folder);
    std::os::unix::fs::symlink("..", folder.join("inside/up")).unwrap();
    let follow = burn::mastering().follow_links(true);
    let error = refused(&disc, Image::tree(vec![folder.clone()], follow)).await;
    assert!(error.to_string().contains("up"), "{error}");
    // As a link it is burned.
    let opened = Opened::new(&disc);
    opened.burn_tree(burn::options(), &folder).await;
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_image_is_refused() {
    let place = Place::new();
    let disc = small_blank(&place, MediumKind::BdR);
    let empty = place.path("empty.iso");
    fs::write(&empty, b"").unwrap();
    let error = refused(&disc, Image::file(&empty)).await;
    assert!(
        matches!(error, BurnError::Refused(Refusal::Empty)),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_identifier_that_no_volume_can_hold_is_refused() {
    let place = Place::new();
    let disc = small_blank(&place, MediumKind::BdR);
    let folder = place.path("folder");
    tree::small(&folder);
    let options = MasterOptions::default().volume_id("far too long ".repeat(10));
    let error = refused(&disc, Image::tree(vec![folder], options)).await;
    assert!(matches!(error, BurnError::Source(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_virtual_disc_stays_as_it_is() {
    let place = Place::new();
    let engine = Engine::builder().build().unwrap();
    let blank = place.path("blank.vdisc");
    drop(create_disc(&blank, MediumKind::BdR, Some(8192)).unwrap());
    let sound = fs::read(&blank).unwrap();
    let mut flipped = sound.clone();
    for byte in &mut flipped[..4096] {
        *byte = !*byte;
    }
    let cases: [(&str, Vec<u8>); 5] = [
        ("empty", Vec::new()),
        ("text", b"my letters to Anna\n".repeat(1000)),
        ("noise", tree::noise(1, 100_000)),
        ("cut off", sound[..sound.len().min(3000)].to_vec()),
        ("flipped", flipped),
    ];
    for (name, bytes) in cases {
        let path = place.path(name);
        fs::write(&path, &bytes).unwrap();
        for mode in [
            OpenMode::Existing,
            OpenMode::CreateBlankBdR,
            OpenMode::ReadOnly,
        ] {
            let error = engine
                .open_with(&burn::address(&path), mode, |transport| transport)
                .expect_err(name);
            assert!(matches!(error, EngineError::Open(_)), "{name}: {error:?}");
            assert!(error.to_string().contains(name), "{name}: {error}");
        }
        assert!(fs::read(&path).unwrap() == bytes, "{name} was changed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_is_opened_once_and_held_by_one() {
    let place = Place::new();
    let disc = small_blank(&place, MediumKind::BdR);
    let opened = Opened::new(&disc);
    let error = opened.engine.open(&burn::address(&disc)).unwrap_err();
    assert!(matches!(error, EngineError::SameDrive { .. }), "{error:?}");
    let link = place.path("by another name");
    fs::hard_link(&disc, &link).unwrap();
    let error = opened.engine.open(&burn::address(&link)).unwrap_err();
    assert!(matches!(error, EngineError::SameDrive { .. }), "{error:?}");
    let other = Engine::builder().build().unwrap();
    assert!(
        other.open(&burn::address(&disc)).is_err(),
        "held by another engine"
    );

    let lease = opened.drive.lease("the first").await.unwrap();
    let error = opened.drive.lease("the second").await.unwrap_err();
    assert!(
        matches!(&error, LeaseDenied::Held { holder } if holder == "the first"),
        "{error:?}"
    );
    assert!(opened.drive.eject().await.is_err());
    drop(lease);
    opened.drive.lease("the second").await.unwrap();
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_drive_is_refused() {
    let place = Place::new();
    let disc = small_blank(&place, MediumKind::BdR);
    let folder = place.path("folder");
    tree::small(&folder);
    let opened = Opened::new(&disc);
    opened.drive.eject().await.unwrap();
    let error = opened
        .burn(burn::options(), burn::tree(&folder))
        .await
        .unwrap_err();
    assert_eq!(error.medium_state(), MediumState::Untouched);
    assert!(
        matches!(error, BurnError::Refused(Refusal::NoMedium)),
        "{error:?}"
    );
    opened.drive.load().await.unwrap();
    opened.burn_tree(burn::options(), &folder).await;
    opened.close().await;
}
