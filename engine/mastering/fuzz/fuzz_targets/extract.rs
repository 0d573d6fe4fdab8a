//! A volume of any bytes, extracted into a folder by all its names; nothing may appear beside the folder.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_mastering::{BLOCK_SIZE, ExtractOptions, Volume, extract};
use std::fs::{self, File};

fuzz_target!(|data: &[u8]| {
    let mut image = vec![0u8; 16 * BLOCK_SIZE];
    image.extend_from_slice(data);
    image.resize(image.len().next_multiple_of(BLOCK_SIZE), 0);
    let Ok(mut volume) = Volume::open(image.as_slice(), 0) else {
        return;
    };
    let cage = std::env::temp_dir().join(format!("pitland-fuzz-{}", std::process::id()));
    let inside = cage.join("inside");
    fs::create_dir_all(&inside).expect("a folder to extract into");
    for names in volume.offered_names() {
        volume.use_names(names);
        let target = File::open(&inside).expect("the folder that was made");
        let options = ExtractOptions::new(1 << 20);
        let _ = extract(&mut volume, &[], target.into(), &options, &mut Vec::new());
    }
    let beside = fs::read_dir(&cage).expect("the folder that was made").count();
    assert_eq!(beside, 1, "something left its folder");
    // Folders may have lost the permission to be emptied.
    let _ = fs::remove_dir_all(&cage);
});
