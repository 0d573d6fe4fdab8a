//! Volumes that cannot be made, and trees that cannot be edited so.

use crate::common::burn::Place;
use crate::{Met, as_wanted};
use pitland::codes::Code;
use pitland::mastering::layout::Layout;
use pitland::mastering::tree::{Attributes, Extras, NamedStream, Origin, TreeBuilder};
use pitland::mastering::{Deep, IsoLevel, Platform, Timestamp, VolumeOptions};
use pitland::{BootEmulation, BootImage, HybridImage, MasterOptions, SourceError};
use std::fs::{self, File};
use std::path::Path;

fn attributes() -> Attributes {
    Attributes::new(0o755, Timestamp::from_seconds(1))
}

fn builder() -> TreeBuilder {
    let mut builder = TreeBuilder::new();
    builder.add_folder("/folder", &attributes()).unwrap();
    builder
        .add_file("/folder/file", Origin::memory(*b"bytes"), &attributes())
        .unwrap();
    builder
}

fn edits() -> Vec<Met> {
    let mut builder = builder();
    let folder = attributes();
    let long = format!("/{}", "n".repeat(300));
    vec![
        Met::new(
            Code::NameIllegal,
            &builder.add_folder("/..", &folder).unwrap_err(),
        ),
        Met::new(
            Code::NameRestricted,
            &builder.add_folder(&long, &folder).unwrap_err(),
        ),
        Met::new(
            Code::NameTaken,
            &builder.add_folder("/folder", &folder).unwrap_err(),
        ),
        Met::new(Code::TreeNotFound, &builder.remove("/nothing").unwrap_err()),
        Met::new(Code::TreeNotEmpty, &builder.remove("/folder").unwrap_err()),
        Met::new(
            Code::TreeNotAFolder,
            &builder
                .add_folder("/folder/file/below", &folder)
                .unwrap_err(),
        ),
        Met::new(
            Code::TreeNotAFile,
            &builder.add_hard_link("/link", "/folder").unwrap_err(),
        ),
        Met::new(
            Code::TreeContents,
            &builder
                .add_file("/host", Origin::Host, &folder)
                .unwrap_err(),
        ),
    ]
}

fn options() -> VolumeOptions {
    VolumeOptions::new("ERRORS", Timestamp::from_seconds(1))
}

fn planned(builder: &TreeBuilder, change: impl FnOnce(&mut VolumeOptions)) -> Layout {
    let mut options = options();
    change(&mut options);
    Layout::plan(builder.finish().unwrap(), 0, &options).unwrap()
}

fn refused(code: Code, builder: &TreeBuilder, change: impl FnOnce(&mut VolumeOptions)) -> Met {
    let mut options = options();
    change(&mut options);
    let error = Layout::plan(builder.finish().unwrap(), 0, &options).unwrap_err();
    Met::new(code, &error)
}

fn volumes() -> Vec<Met> {
    let few = builder();
    let mut deep = TreeBuilder::new();
    deep.add_folders("/1/2/3/4/5/6/7/8/9", &attributes())
        .unwrap();
    let mut many = TreeBuilder::new();
    for number in 0..65_540 {
        many.add_folder(format!("/{number}"), &attributes())
            .unwrap();
    }
    many.add_folders("/z/below", &attributes()).unwrap();
    let mut large = TreeBuilder::new();
    let bytes = Origin::stream(5 << 30, std::io::empty());
    large.add_file("/large", bytes, &attributes()).unwrap();
    let mut streams = builder();
    let Origin::Given(bytes) = Origin::memory(*b"more") else {
        panic!("bytes in memory are given");
    };
    let mut extras = Extras::default();
    extras.streams.push(NamedStream {
        name: "beside".into(),
        bytes,
    });
    streams.set_extras("/folder/file", extras).unwrap();
    let streams = planned(&streams, |_| {});
    let warning = streams.warnings().first().unwrap();
    vec![
        refused(Code::VolumeText, &few, |options| {
            options.volume_id = "N".repeat(33)
        }),
        refused(Code::VolumeNoFileSystem, &few, |options| {
            options.iso9660 = false
        }),
        refused(Code::VolumeOptions, &few, |options| {
            options.deep = Deep::Relocate;
            options.rock_ridge = false;
        }),
        refused(Code::VolumeTooLarge, &few, |options| {
            options.most_blocks = Some(10)
        }),
        refused(Code::VolumeTooDeep, &deep, |options| {
            options.deep = Deep::Refuse
        }),
        refused(Code::VolumeTooManyFolders, &many, |_| {}),
        refused(Code::VolumeFileTooLarge, &large, |options| {
            options.iso_level = IsoLevel::One
        }),
        Met::told(
            Code::VolumeWithoutEffect,
            Code::of_plan_warning(warning),
            warning,
        ),
    ]
}

fn starting(
    place: &Place,
    image: &Path,
    bytes: u64,
    change: impl FnOnce(&mut BootImage),
) -> SourceError {
    File::create(image).unwrap().set_len(bytes).unwrap();
    let folder = place.path("folder");
    let mut boot = BootImage::new(image, Platform::Bios);
    change(&mut boot);
    let options = MasterOptions::default().boot(boot);
    options.plan(&[folder], 0, None).unwrap_err()
}

fn boots() -> Vec<Met> {
    let place = Place::new();
    let folder = place.path("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("file"), "bytes").unwrap();
    let image = place.path("boot.img");
    let empty = starting(&place, &image, 0, |_| {});
    let odd = starting(&place, &image, 4096, |boot| {
        boot.emulation = BootEmulation::Floppy;
    });
    let hybrid = MasterOptions::default().hybrid(HybridImage::default());
    let later = hybrid.plan(&[folder], 1000, None).unwrap_err();
    vec![
        Met::new(Code::BootImage, &empty),
        Met::new(Code::BootSize, &odd),
        Met::new(Code::BootConflict, &later),
    ]
}

pub(crate) fn met() -> Vec<Met> {
    let mut met = edits();
    met.extend(volumes());
    met.extend(boots());
    met
}

#[test]
fn edits_that_are_refused_have_their_codes() {
    as_wanted(&edits());
}

#[test]
fn volumes_that_cannot_be_made_have_their_codes() {
    as_wanted(&volumes());
}

#[test]
fn what_cannot_be_started_from_has_its_code() {
    as_wanted(&boots());
}
