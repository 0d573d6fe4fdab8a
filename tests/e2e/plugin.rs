//! A writer that is linked in and the same one loaded from its library make the same disc, by the same
//! commands.

use crate::common::burn::{self, Opened, Place};
use crate::common::{seen, tree};
use pitland::Engine;
use pitland::transport::sim::MediumKind;
use pitland::transport::trace::{Detail, Trace};
use std::fs::{self, File};
use std::path::Path;

#[path = "../plugins/built.rs"]
mod built;

/// What was said, and what is on the disc.
#[derive(PartialEq, Eq)]
struct Made {
    writers: Vec<String>,
    trace: String,
    image: Vec<u8>,
    disc: Vec<u8>,
}

async fn make(
    place: &Place,
    by: &str,
    engine: Engine,
    kind: MediumKind,
    folders: [&Path; 2],
) -> Made {
    // The drive's serial comes from the file's name, so that it must be the same.
    fs::create_dir_all(place.path(by)).unwrap();
    let disc = place.path(&format!("{by}/disc.vdisc"));
    burn::blank(&disc, kind, Some(16_384));
    let trace = place.path(&format!("{by}/trace.txt"));
    let sink = File::create(&trace).unwrap();
    let opened = Opened::of(engine, &disc, |inner| {
        Box::new(Trace::new(inner, sink, Detail::Replay))
    });
    let one = opened.burn_tree(burn::options(), folders[0]).await;
    let further = match kind {
        MediumKind::BdR | MediumKind::DvdPlusR | MediumKind::DvdPlusRDl => burn::new_session(),
        _ => burn::overwrite(),
    };
    let two = opened.burn_tree(further, folders[1]).await;
    let image = place.path(&format!("{by}/image.iso"));
    burn::export(&opened.drive, None, &image).await;
    opened.close().await;
    let trace = fs::read_to_string(trace).unwrap();
    let (_, said) = trace.split_once('\n').unwrap();
    Made {
        writers: vec![one.writer, two.writer],
        trace: said.to_owned(),
        image: fs::read(image).unwrap(),
        disc: fs::read(disc).unwrap(),
    }
}

async fn the_same_disc_from(package: &str, kinds: &[MediumKind]) {
    let library = built::library(package);
    let place = Place::new();
    let folders = [place.path("first"), place.path("second")];
    tree::small(&folders[0]);
    tree::small(&folders[1]);
    tree::write(&folders[1].join("more.bin"), &tree::noise(8, 5_000_000));
    // Times of access are recorded, and a first reading changes them.
    for folder in &folders {
        seen::look(folder);
    }
    let folders = [folders[0].as_path(), folders[1].as_path()];
    for kind in kinds {
        let linked = Engine::builder().build().unwrap();
        let loaded = Engine::builder()
            .without_builtin_writers()
            .plugin(&library)
            .build()
            .unwrap();
        let linked = make(&place, &format!("{kind:?} linked"), linked, *kind, folders).await;
        let loaded = make(&place, &format!("{kind:?} loaded"), loaded, *kind, folders).await;
        assert_eq!(linked.writers, loaded.writers);
        for (one, other) in linked.trace.lines().zip(loaded.trace.lines()) {
            assert_eq!(one, other, "{kind:?}");
        }
        assert!(
            linked.trace == loaded.trace,
            "{kind:?}: one trace is longer"
        );
        assert!(linked.image == loaded.image, "{kind:?}: the images differ");
        assert!(
            linked.disc == loaded.disc,
            "{kind:?}: the virtual discs differ"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bd_r_linked_in_and_loaded_make_the_same_disc() {
    the_same_disc_from("pitland-bd-r-plugin", &[MediumKind::BdR]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dvd_plus_r_linked_in_and_loaded_make_the_same_disc() {
    let kinds = [MediumKind::DvdPlusR, MediumKind::DvdPlusRDl];
    the_same_disc_from("pitland-dvd-plus-r-plugin", &kinds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overwritable_linked_in_and_loaded_make_the_same_disc() {
    let kinds = [MediumKind::BdRe, MediumKind::DvdPlusRw, MediumKind::DvdRam];
    the_same_disc_from("pitland-overwritable-plugin", &kinds).await;
}
