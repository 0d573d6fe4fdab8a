//! Files, folders and streams that are not as they were said to be, and the place where they are stored twice.

use crate::common::burn::{self, Place};
use crate::device::{failing, image};
use crate::{Met, as_wanted};
use pitland::codes::Code;
use pitland::mastering::layout::Layout;
use pitland::mastering::tree::{Attributes, Origin, Tree, TreeBuilder, WalkOptions};
use pitland::mastering::{EmitError, Timestamp, VolumeOptions};
use pitland::transport::sim::MediumKind;
use pitland::{MasterOptions, StashPolicy};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;

/// A stream that breaks off.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("it broke off"))
    }
}

fn layout(tree: Tree) -> Arc<Layout> {
    let options = VolumeOptions::new("ERRORS", Timestamp::from_seconds(1));
    Arc::new(Layout::plan(tree, 0, &options).unwrap())
}

/// Reads a volume until it breaks off.
fn emitted(layout: &Arc<Layout>) -> EmitError {
    let mut bytes = vec![0; layout.blocks() as usize * 2048];
    layout.emitter().read_blocks(0, &mut bytes).unwrap_err()
}

fn scanned(source: PathBuf, change: impl FnOnce(&mut WalkOptions)) -> Met {
    let mut options = WalkOptions::default();
    change(&mut options);
    let code = match source.file_name().unwrap().to_str().unwrap() {
        "nowhere" => Code::SourceMissing,
        "below" => Code::SourceFolderUnreadable,
        "looped" => Code::SourceLoop,
        "socket" => Code::SourceKind,
        other => panic!("{other} is not known"),
    };
    Met::new(code, &Tree::scan(&[source], &options).unwrap_err())
}

fn files() -> Vec<Met> {
    let place = Place::new();
    let folder = place.path("folder");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("file");
    fs::write(&file, "bytes").unwrap();
    let looped = place.path("looped");
    fs::create_dir(&looped).unwrap();
    symlink(".", looped.join("link")).unwrap();
    let socket = place.path("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let mut met = vec![
        scanned(place.path("nowhere"), |_| {}),
        scanned(file.join("below"), |_| {}),
        scanned(looped, |options| options.follow_links = true),
        scanned(socket, |_| {}),
    ];

    let pattern = MasterOptions::default().exclude("[");
    let error = pattern
        .plan(std::slice::from_ref(&folder), 0, None)
        .unwrap_err();
    met.push(Met::new(Code::RequestPattern, &error));

    let planned =
        layout(Tree::scan(std::slice::from_ref(&folder), &WalkOptions::default()).unwrap());
    fs::write(&file, "other bytes").unwrap();
    met.push(Met::new(Code::SourceChanged, &emitted(&planned)));

    let mut builder = TreeBuilder::new();
    let attributes = Attributes::new(0o644, Timestamp::from_seconds(1));
    let bytes = Origin::stream(1 << 20, Broken);
    builder.add_file("/broken", bytes, &attributes).unwrap();
    let planned = layout(builder.finish().unwrap());
    met.push(Met::new(Code::SourceUnreadable, &emitted(&planned)));

    let behind = planned
        .emitter()
        .read_blocks(u32::MAX.into(), &mut [0; 2048]);
    met.push(Met::new(Code::EngineFault, &behind.unwrap_err()));
    met
}

async fn stashes() -> Vec<Met> {
    let place = Place::new();
    let opened = failing(&place, MediumKind::BdR, "");
    let mut met = Vec::new();
    let stashed = |dir: &str| burn::options().stash(StashPolicy::All, vec![place.path(dir)]);
    fs::create_dir(place.path("stash")).unwrap();
    for (options, code) in [
        (stashed("stash").stash_bounds(0, Some(1)), Code::StashNoRoom),
        (stashed("nowhere").stash_bounds(0, None), Code::StashPlace),
    ] {
        let error = opened.burn(options, image(&place)).await.unwrap_err();
        met.push(Met::new(code, &error));
    }
    opened.close().await;
    met
}

pub(crate) async fn met() -> Vec<Met> {
    let mut met = files();
    met.extend(stashes().await);
    met
}

#[test]
fn sources_that_are_not_as_they_were_said_have_their_codes() {
    as_wanted(&files());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stash_without_a_place_has_its_code() {
    as_wanted(&stashes().await);
}
