//! Images of ours, mounted by the kernel's own file systems: every name, mode, owner, time, link and byte.

use super::common::outside;
use super::common::tree::{self, Wanted, joliet_has};
use super::guest::{self, Boot, Guest, Scenario};
use super::listing::Listing;
use super::program::pitland;
use pitland::mastering::{
    Attributes, BLOCK_SIZE, Extras, Layout, NamedStream, Origin, Timestamp, TreeBuilder,
    UdfRevision, VolumeOptions,
};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Mounts `/share/NAME.iso` with each of the options and lists it into `/share/NAME.KIND`.
fn mounting(name: &str, kinds: &[(&str, &str)]) -> String {
    let mut script = String::from("mkdir /tmp/$SCENARIO\n");
    for (kind, options) in kinds {
        writeln!(
            script,
            "mount -t iso9660 -o ro,loop,{options} /share/{name}.iso /tmp/$SCENARIO\n\
             /share/listing /tmp/$SCENARIO >/share/{name}.{kind}\n\
             umount /tmp/$SCENARIO"
        )
        .unwrap();
    }
    script
}

const ROCK_RIDGE: (&str, &str) = ("rock-ridge", "nojoliet");
/// By default names of Joliet are the same to the kernel whatever their case; ours are not.
const JOLIET: (&str, &str) = ("joliet", "norock,iocharset=utf8,check=strict");
const PLAIN: (&str, &str) = ("plain", "norock,nojoliet");

/// Names of 254 and 255 bytes: the kernel's Rock Ridge reader leaves out a part of a name that would
/// make it so long. Readers of others are asked for those.
fn remove_longest_names(folder: &Path) {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().len() > 253 {
            std::fs::remove_file(entry.path()).unwrap();
            removed += 1;
        }
    }
    assert_eq!(removed, 2);
}

/// The path of a record of a file's sum.
fn summed_path(record: &[u8]) -> Option<&Path> {
    let path = record.get(66..)?.strip_prefix(b"./")?;
    Some(Path::new(OsStr::from_bytes(path)))
}

/// Folders deeper than ISO 9660 has them, links that lead out of them, and files with little in many bytes.
fn deep_and_compressible(root: &Path) {
    let mut folder = root.to_owned();
    for level in 0..14 {
        folder.push(format!("level {level}"));
        std::fs::create_dir_all(&folder).unwrap();
        let line = format!("in the folder of level {level}\n");
        std::fs::write(folder.join("text"), line.repeat(level * 3000)).unwrap();
    }
    std::os::unix::fs::symlink("../../level 2/text", folder.join("link")).unwrap();
    std::fs::hard_link(root.join("level 0/level 1/text"), folder.join("the same")).unwrap();
}

#[test]
fn the_kernel_mounts_every_image_and_finds_what_the_folder_holds() {
    let Some(guest) = Guest::ready(&[]) else {
        return;
    };
    let place = guest::place();
    let share = place.path().join("share");
    std::fs::create_dir_all(&share).unwrap();

    let rich = Wanted {
        files: if super::common::full() { 30_000 } else { 300 },
        over_4_gib: false,
        raw_names: true,
    };
    let sources = [
        ("small", None),
        ("rich", Some(rich)),
        (
            "large",
            Some(Wanted {
                files: 0,
                over_4_gib: true,
                raw_names: false,
            }),
        ),
    ];
    let mut expected = Vec::new();
    let mut scenarios = Vec::new();
    // What only Rock Ridge can tell of: folders that are moved up, and files that the kernel unpacks.
    let deep = place.path().join("deep");
    deep_and_compressible(&deep);
    for (name, option) in [("moved", "--relocate"), ("packed", "--zisofs")] {
        let image = share.join(name).with_extension("iso");
        let mut command = pitland();
        command
            .args(["image", option])
            .arg(&deep)
            .arg("-o")
            .arg(&image);
        outside::run(&mut command);
        scenarios.push(Scenario {
            name: name.to_owned(),
            script: mounting(name, &[ROCK_RIDGE]),
            limit: 300,
        });
    }
    let packed = std::fs::metadata(share.join("packed.iso")).unwrap().len();
    let moved = std::fs::metadata(share.join("moved.iso")).unwrap().len();
    assert!(packed < moved, "nothing was compressed");
    for (name, wanted) in sources {
        let source = place.path().join(name);
        match wanted {
            None => tree::small(&source),
            Some(wanted) => {
                tree::realistic(&source, wanted);
                remove_longest_names(&source.join("names"));
            }
        }
        let image = share.join(name).with_extension("iso");
        outside::run(pitland().arg("image").arg(&source).arg("-o").arg(&image));
        expected.push((name, Listing::of(&source)));
        scenarios.push(Scenario {
            name: name.to_owned(),
            script: mounting(name, &[ROCK_RIDGE, JOLIET, PLAIN]),
            limit: 300,
        });
    }
    let outcomes = guest.run(&Boot {
        share: &share,
        modules: "loop,isofs,nls_utf8",
        drives: Vec::new(),
        scenarios,
        workers: 2,
    });
    outcomes.assert_all_well();

    for name in ["moved", "packed"] {
        let got = Listing::read(&share.join(format!("{name}.rock-ridge")));
        Listing::of(&deep).assert_same(name, &got);
    }
    for (name, expected) in expected {
        let got = |kind: &str| Listing::read(&share.join(format!("{name}.{kind}")));
        expected.assert_same(&format!("{name}, Rock Ridge"), &got("rock-ridge"));
        expected.assert_same_bytes(&format!("{name}, plain names"), &got("plain"));
        let joliet = got("joliet");
        expected.assert_same_bytes(&format!("{name}, Joliet"), &joliet);
        // Names that Joliet can hold are there as they are.
        let as_they_are = expected.only(|record| summed_path(record).is_some_and(joliet_has));
        as_they_are.assert_within(&format!("{name}, names of Joliet"), &joliet);
    }
}

/// Mounts `/share/NAME.iso` as UDF and lists it into `/share/NAME.udf`.
fn mounting_udf(name: &str) -> String {
    format!(
        "mkdir /tmp/$SCENARIO\n\
         mount -t udf -o ro,loop,iocharset=utf8 /share/{name}.iso /tmp/$SCENARIO\n\
         /share/listing /tmp/$SCENARIO >/share/{name}.udf\n\
         umount /tmp/$SCENARIO\n"
    )
}

#[test]
fn the_kernel_mounts_udf_of_every_revision() {
    let Some(guest) = Guest::ready(&[]) else {
        return;
    };
    let place = guest::place();
    let share = place.path().join("share");
    std::fs::create_dir_all(&share).unwrap();
    let source = place.path().join("source");
    tree::realistic(
        &source,
        Wanted {
            files: if super::common::full() { 10_000 } else { 200 },
            over_4_gib: false,
            // UDF's names are characters; what is none has another name.
            raw_names: false,
        },
    );
    remove_longest_names(&source.join("names"));
    // A part of a target has at most 254 bytes in UDF.
    std::fs::remove_file(source.join("links/long part")).unwrap();
    let expected = Listing::of(&source);
    let mut scenarios = Vec::new();
    let mut names = Vec::new();
    for revision in ["1.02", "1.50", "2.00", "2.01", "2.50", "2.60"] {
        // Beside ISO 9660, and alone.
        for systems in ["iso,joliet,rr,udf", "udf"] {
            let alone = if systems == "udf" { "alone" } else { "bridge" };
            let name = format!("udf-{revision}-{alone}");
            let image = share.join(format!("{name}.iso"));
            outside::run(
                pitland()
                    .args(["image", "--fs", systems, "--udf", revision])
                    .arg(&source)
                    .arg("-o")
                    .arg(&image),
            );
            scenarios.push(Scenario {
                name: name.clone(),
                script: mounting_udf(&name),
                limit: 300,
            });
            names.push(name);
        }
    }
    let outcomes = guest.run(&Boot {
        share: &share,
        modules: "loop,udf,nls_utf8",
        drives: Vec::new(),
        scenarios,
        workers: 2,
    });
    outcomes.assert_all_well();
    for name in names {
        let got = Listing::read(&share.join(format!("{name}.udf")));
        expected.assert_same(&name, &got);
    }
}

/// A disc of two sessions with UDF, in a file: the second one holds a file of the first, and a file with a named stream.
/// Where the second one begins.
fn two_sessions(path: &Path, revision: UdfRevision) -> u32 {
    let at = Attributes::new(0o644, Timestamp::from_seconds(1_700_000_000));
    let mut options = VolumeOptions::new("SESSIONS", at.modified);
    options.udf = Some(revision);
    let given = |bytes: Vec<u8>| match Origin::memory(bytes) {
        Origin::Given(bytes) => bytes,
        other => panic!("{other:?}"),
    };
    let mut first = TreeBuilder::new();
    let old = Origin::memory(tree::noise(1, 9000));
    first.add_file("/old", old, &at).unwrap();
    first
        .add_file("/left", Origin::memory(vec![7]), &at)
        .unwrap();
    let first = Arc::new(Layout::plan(first.finish().unwrap(), 0, &options).unwrap());
    let old = first.files().find(|file| file.path().ends_with("old"));
    let kept = Origin::Recorded(old.unwrap().extents().collect());
    let mut second = TreeBuilder::new();
    second.add_file("/kept", kept, &at).unwrap();
    let new = Origin::memory(tree::noise(2, 5000));
    second.add_file("/new", new, &at).unwrap();
    let mut extras = Extras::default();
    extras.streams.push(NamedStream {
        name: "beside".into(),
        bytes: given(tree::noise(3, 3000)),
    });
    second.set_extras("/new", extras).unwrap();
    let nwa = (u32::try_from(first.blocks()).unwrap() + 6912).next_multiple_of(32);
    let second = Arc::new(Layout::plan(second.finish().unwrap(), nwa, &options).unwrap());
    let file = std::fs::File::create(path).unwrap();
    for session in [first, second] {
        let mut bytes = vec![0; session.blocks() as usize * BLOCK_SIZE];
        session.emitter().read_blocks(0, &mut bytes).unwrap();
        let place = u64::from(session.first_lba()) * BLOCK_SIZE as u64;
        file.write_all_at(&bytes, place).unwrap();
    }
    nwa
}

#[test]
fn the_kernel_finds_udf_of_a_further_session() {
    let Some(guest) = Guest::ready(&[]) else {
        return;
    };
    let place = guest::place();
    let share = place.path().join("share");
    std::fs::create_dir_all(&share).unwrap();
    let folder = place.path().join("expected");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, seed, length) in [("kept", 1, 9000), ("new", 2, 5000)] {
        std::fs::write(folder.join(name), tree::noise(seed, length)).unwrap();
    }
    let expected = Listing::of(&folder).only_bytes();
    let mut scenarios = Vec::new();
    for revision in UdfRevision::ALL {
        let name = format!("sessions-{revision}");
        let nwa = two_sessions(&share.join(format!("{name}.iso")), revision);
        let script =
            mounting_udf(&name).replace("iocharset=utf8", &format!("session={nwa},iocharset=utf8"));
        scenarios.push(Scenario {
            name,
            script,
            limit: 120,
        });
    }
    let outcomes = guest.run(&Boot {
        share: &share,
        modules: "loop,udf,nls_utf8",
        drives: Vec::new(),
        scenarios,
        workers: 2,
    });
    outcomes.assert_all_well();
    for revision in UdfRevision::ALL {
        let got = Listing::read(&share.join(format!("sessions-{revision}.udf"))).only_bytes();
        expected.assert_same(&format!("a further session, {revision}"), &got);
    }
}
