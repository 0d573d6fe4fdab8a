//! Volumes and images that cannot be read, imported, or gone on with.

use crate::common::burn::Place;
use crate::{Met, as_wanted};
use pitland::MasterOptions;
use pitland::codes::Code;
use pitland::mastering::layout::Layout;
use pitland::mastering::tree::{Attributes, Origin, TreeBuilder};
use pitland::mastering::{
    DiscId, DiscImage, ImportOptions, Imported, Names, Timestamp, UdfRevision, Volume,
    VolumeOptions, grow_file, import,
};
use std::fs::{self, File};
use std::sync::Arc;

const BLOCK: usize = 2048;

/// A volume with a folder and a file.
fn layout(first_lba: u32, change: impl FnOnce(&mut VolumeOptions)) -> Arc<Layout> {
    let attributes = Attributes::new(0o755, Timestamp::from_seconds(1));
    let mut builder = TreeBuilder::new();
    builder.add_folder("/folder", &attributes).unwrap();
    let bytes = Origin::memory(*b"bytes");
    builder.add_file("/file", bytes, &attributes).unwrap();
    let mut options = VolumeOptions::new("ERRORS", Timestamp::from_seconds(1));
    change(&mut options);
    Arc::new(Layout::plan(builder.finish().unwrap(), first_lba, &options).unwrap())
}

fn written(layout: &Arc<Layout>) -> Vec<u8> {
    let mut bytes = vec![0; layout.blocks() as usize * BLOCK];
    layout.emitter().read_blocks(0, &mut bytes).unwrap();
    bytes
}

fn plain() -> Vec<u8> {
    written(&layout(0, |options| options.joliet = false))
}

fn imported(bytes: &[u8]) -> Imported {
    import(bytes, 0, &ImportOptions::default()).unwrap()
}

/// The CRC of descriptors, of ECMA-167 7.2.6.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| match crc >> 15 {
            0 => crc << 1,
            _ => crc << 1 ^ 0x1021,
        })
    })
}

/// A volume of UDF alone, whose logical volume descriptors say blocks of 512 bytes and are whole.
fn of_other_blocks() -> Vec<u8> {
    let mut bytes = written(&layout(0, |options| {
        options.iso9660 = false;
        options.udf = Some(UdfRevision::V2_01);
    }));
    let mut changed = 0;
    for block in bytes.chunks_exact_mut(BLOCK).take(256) {
        if block[..2] != [6, 0] {
            continue;
        }
        block[212..216].copy_from_slice(&512u32.to_le_bytes());
        let length = usize::from(u16::from_le_bytes([block[10], block[11]]));
        let sum = crc(&block[16..16 + length]);
        block[8..10].copy_from_slice(&sum.to_le_bytes());
        block[4] = 0;
        block[4] = block[..16]
            .iter()
            .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
        changed += 1;
    }
    assert_eq!(changed, 2, "there are two of them");
    bytes
}

fn volumes() -> Vec<Met> {
    let mut damaged = plain();
    // The length of the root's record.
    damaged[16 * BLOCK + 156] = 0;
    let udf_alone = {
        let mut options = ImportOptions::default();
        options.names = Some(Names::Udf);
        options
    };
    let open = |bytes: &[u8]| Volume::open(bytes, 0).map(|_| ()).unwrap_err();
    vec![
        Met::new(Code::VolumeNone, &open(&[0; 64 * BLOCK])),
        Met::new(Code::VolumeDamaged, &open(&damaged)),
        Met::new(Code::VolumeUnknownFeature, &open(&of_other_blocks())),
        Met::new(
            Code::VolumeNamesMissing,
            &import(&plain()[..], 0, &udf_alone).unwrap_err(),
        ),
    ]
}

/// Sources that do not go together with what the earlier session holds.
fn collisions() -> Vec<Met> {
    let place = Place::new();
    let mut met = Vec::new();
    let (file, folder) = (place.path("a file"), place.path("a folder"));
    fs::create_dir_all(&file).unwrap();
    fs::write(file.join("folder"), "no folder").unwrap();
    fs::create_dir_all(folder.join("file")).unwrap();
    for (source, code) in [
        (file, Code::ImportFileIsFolder),
        (folder, Code::ImportFolderIsFile),
    ] {
        let bytes = plain();
        let planned = MasterOptions::default().plan_with(imported(&bytes), &[source], 4096, None);
        met.push(Met::new(code, &planned.unwrap_err()));
    }
    met
}

fn growths() -> Vec<Met> {
    let place = Place::new();
    let path = place.path("image.iso");
    let bytes = plain();
    fs::write(&path, &bytes).unwrap();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let inside = grow_file(&file, &layout(32, |_| {}), None).unwrap_err();
    let other = written(&layout(0, |options| options.volume_id = "OTHER".into()));
    let disc = DiscId::of(&mut &other[..], 0).unwrap();
    let later = (bytes.len() / BLOCK).next_multiple_of(32) as u32;
    let swapped = grow_file(&file, &layout(later, |_| {}), Some(disc)).unwrap_err();
    vec![
        Met::new(Code::ImportNotInPlace, &inside),
        Met::new(Code::MediumOther, &swapped),
    ]
}

fn images() -> Vec<Met> {
    let place = Place::new();
    let sheet = place.path("image.cue");
    fs::write(
        &sheet,
        "FILE image.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n",
    )
    .unwrap();
    File::create(place.path("image.bin"))
        .unwrap()
        .set_len(20 * 2352 + 1)
        .unwrap();
    let cut = DiscImage::open(&sheet).map(|_| ()).unwrap_err();
    let huge = place.path("huge.iso");
    File::create(&huge)
        .unwrap()
        .set_len(9 << 40)
        .expect("a file system that makes a hole of 9 TiB");
    let huge = DiscImage::open(&huge).map(|_| ()).unwrap_err();
    vec![
        Met::new(Code::ImageNotWhole, &cut),
        Met::new(Code::ImageTooLarge, &huge),
    ]
}

pub(crate) fn met() -> Vec<Met> {
    let mut met = volumes();
    met.extend(collisions());
    met.extend(growths());
    met.extend(images());
    met
}

#[test]
fn volumes_that_cannot_be_read_have_their_codes() {
    as_wanted(&volumes());
}

#[test]
fn sources_that_collide_with_an_earlier_session_have_their_codes() {
    as_wanted(&collisions());
}

#[test]
fn what_does_not_go_on_with_an_image_has_its_code() {
    as_wanted(&growths());
}

#[test]
fn images_that_are_none_have_their_codes() {
    as_wanted(&images());
}
