//! What is wrong on a disc is found, and named by file and block.

use crate::common::burn::{self, Opened, Place};
use crate::common::tree;
use pitland::transport::sim::MediumKind;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Changes one byte of a file's content in the virtual disc, behind the drive's back.
async fn a_flipped_byte_is_named_on(kind: MediumKind) {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::small(&folder);
    let mark = b"this stands once on the whole disc, and nowhere else";
    let mut content = tree::noise(5, 10_000);
    content[7000..7000 + mark.len()].copy_from_slice(mark);
    tree::write(&folder.join("inside/victim.bin"), &content);
    // Small enough for the virtual disc to be searched.
    burn::blank(&disc, kind, Some(16_384));
    let opened = Opened::new(&disc);
    let report = opened.burn_tree(burn::options(), &folder).await;
    let image = place.path("image.iso");
    burn::export(&opened.drive, Some(report.image_bytes / 2048), &image).await;
    opened.close().await;
    let lba = burn::find_once(&image, mark) / 2048;

    let at = burn::find_once(&disc, mark);
    let file = File::options().read(true).write(true).open(&disc).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at + 3).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at + 3).unwrap();

    let opened = Opened::new(&disc);
    let report = opened
        .drive
        .verify_tree(vec![folder], burn::mastering())
        .await
        .unwrap();
    let told: Vec<String> = report.differences.iter().map(|d| d.to_string()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("inside/victim.bin"), "{told:?}");
    assert!(told[0].contains(&lba.to_string()), "LBA {lba}: {told:?}");
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_is_named_on_each_medium() {
    for kind in MediumKind::ALL {
        println!("{kind:?}");
        a_flipped_byte_is_named_on(kind).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_in_the_source_is_named() {
    let place = Place::new();
    let (folder, disc) = (place.path("folder"), place.path("disc.vdisc"));
    tree::small(&folder);
    tree::write(&folder.join("will go"), b"soon");
    burn::blank(&disc, MediumKind::BdRe, None);
    let opened = Opened::new(&disc);
    opened.burn_tree(burn::options(), &folder).await;

    std::fs::remove_file(folder.join("will go")).unwrap();
    tree::write(&folder.join("is new"), b"now");
    tree::set_mode(&folder.join("read me.txt"), 0o600);
    let report = opened
        .drive
        .verify_tree(vec![folder], burn::mastering())
        .await
        .unwrap();
    let told: Vec<String> = report.differences.iter().map(|d| d.to_string()).collect();
    for name in ["will go", "is new", "read me.txt"] {
        assert!(
            told.iter().any(|line| line.contains(name)),
            "{name}: {told:?}"
        );
    }
    opened.close().await;
}
