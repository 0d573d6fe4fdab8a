//! Volumes that were grown twice, mounted by the kernel's own file systems at their beginning and by their last session.

use super::common::tree::{self, Wanted};
use super::guest::{self, Boot, Guest, Scenario};
use super::listing::Listing;
use pitland::mastering::sessions::SESSION_ALIGNMENT_BD;
use pitland::mastering::{
    Attributes, DiscImage, Emitter, ImportOptions, Layout, Timestamp, Tree, TreeBuilder,
    UdfRevision, VolumeOptions, VolumeSize, WalkOptions, grow_file, import,
};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

fn write_first(layout: &Arc<Layout>, path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    let mut emitter: Emitter = layout.emitter();
    let mut block = [0; 2048];
    for number in 0..layout.blocks() {
        emitter.read_blocks(number, &mut block).unwrap();
        file.write_all(&block).unwrap();
    }
}

/// Grows an image by what `edit` makes of its tree; answers the first block of the session.
fn grow(image: &Path, options: &VolumeOptions, edit: &dyn Fn(&mut TreeBuilder)) -> u32 {
    let source = DiscImage::open(image).unwrap();
    let mut imported = import(source, 0, &ImportOptions::default()).unwrap();
    edit(&mut imported.builder);
    let first_lba = imported.next_session(SESSION_ALIGNMENT_BD).unwrap();
    let tree = imported.builder.finish().unwrap();
    let layout = Arc::new(Layout::plan(tree, first_lba, options).unwrap());
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(image)
        .unwrap();
    grow_file(&file, &layout, Some(imported.disc)).unwrap();
    first_lba
}

/// A folder's time, which an edit in it has changed on the host.
fn touch(builder: &mut TreeBuilder, source: &Path) {
    let modified = fs::metadata(source).unwrap().modified().unwrap();
    let attributes = builder.get("/").unwrap().attributes();
    let modified = Timestamp::from(modified);
    let attributes = Attributes {
        modified,
        ..attributes
    };
    builder.set_attributes("/", &attributes).unwrap();
}

#[test]
fn the_kernel_mounts_what_was_grown() {
    let Some(guest) = Guest::ready(&[]) else {
        return;
    };
    let place = guest::place();
    let share = place.path().join("share");
    fs::create_dir_all(&share).unwrap();
    let revisions = [
        None,
        Some(UdfRevision::V1_02),
        Some(UdfRevision::V2_01),
        Some(UdfRevision::V2_50),
    ];
    let mut expected = Vec::new();
    let mut scenarios = Vec::new();
    for (number, udf) in revisions.into_iter().enumerate() {
        let source = place.path().join(format!("source{number}"));
        tree::realistic(
            &source,
            Wanted {
                files: 50,
                over_4_gib: false,
                raw_names: false,
            },
        );
        // Neither Rock Ridge in the kernel nor UDF holds all of these.
        fs::remove_dir_all(source.join("names")).unwrap();
        fs::remove_file(source.join("links/long part")).unwrap();
        let made = Timestamp::from_seconds(1_700_000_000);
        let options = VolumeOptions {
            udf,
            // Mounted by its own descriptor, whose size would else be too small for the kernel to follow what goes on.
            volume_size: VolumeSize::ToEnd,
            ..VolumeOptions::new("GROWN", made)
        };
        let image = share.join(format!("grown{number}.iso"));
        let tree = Tree::scan(std::slice::from_ref(&source), &WalkOptions::default()).unwrap();
        write_first(&Arc::new(Layout::plan(tree, 0, &options).unwrap()), &image);
        tree::small(&source.join("added"));
        grow(&image, &options, &|builder| {
            let added = source.join("added");
            builder
                .add_host("/added", added, &WalkOptions::default())
                .unwrap();
            touch(builder, &source);
        });
        fs::rename(source.join("links"), source.join("moved")).unwrap();
        let last = grow(&image, &options, &|builder| {
            builder.rename("/links", "/moved").unwrap();
            touch(builder, &source);
        });
        let mut mounts = vec![
            ("head", "iso9660", "nojoliet".to_owned()),
            ("session", "iso9660", format!("nojoliet,sbsector={last}")),
        ];
        if udf.is_some() {
            mounts.push(("udf-head", "udf", "iocharset=utf8".to_owned()));
            mounts.push(("udf-session", "udf", format!("session={last}")));
        }
        let mut script = String::from("mkdir /tmp/$SCENARIO\n");
        for (kind, system, options) in mounts {
            script.push_str(&format!(
                "mount -t {system} -o ro,loop,{options} /share/grown{number}.iso /tmp/$SCENARIO\n\
                 /share/listing /tmp/$SCENARIO >/share/grown{number}.{kind}\n\
                 umount /tmp/$SCENARIO\n"
            ));
            expected.push((format!("grown{number}.{kind}"), Listing::of(&source)));
        }
        scenarios.push(Scenario {
            name: format!("grown{number}"),
            script,
            limit: 300,
        });
    }
    let outcomes = guest.run(&Boot {
        share: &share,
        modules: "loop,isofs,udf,nls_utf8",
        drives: Vec::new(),
        scenarios,
        workers: 2,
    });
    outcomes.assert_all_well();
    for (name, expected) in expected {
        expected.assert_same(&name, &Listing::read(&share.join(&name)));
    }
}
