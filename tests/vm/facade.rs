//! What the example of IMAPI 1's facade burns through the real kernel, read by others: its data disc is mounted, its disc of
//! sound is heard. Owns the story and its judgement; whoever boots runs it.

use super::common::program::example;
use super::common::tree;
use super::guest::Scenario;
use super::listing::Listing;
use super::sound::{FRAME_BYTES, blank_disc, ripped, starts_of};
use std::fs;
use std::path::{Path, PathBuf};

const NAME: &str = "facade";
/// Frames of the tracks.
const FRAMES: [usize; 2] = [400, 350];
/// Blocks that a drive puts behind a track, and between two of them.
const RUN_OUT: usize = 2;
const GAP: usize = 150;

/// The stash wants room for a whole CD, of which little is used.
const SCRIPT: &str = r#"
mkdir /tmp/$SCENARIO.stash
mount -t tmpfs -o size=1g stash /tmp/$SCENARIO.stash
cd /share/facade
TMPDIR=/tmp/$SCENARIO.stash ./two_discs $DATA $DEVICE files 1.pcm 2.pcm
umount /tmp/$SCENARIO.stash
reload $DATA
list_mounted $DATA list ''
hear $DEVICE
"#;

/// The discs that are burned: of data, and of sound. What goes onto them lies in the share.
pub(crate) fn discs(folder: &Path, share: &Path) -> [PathBuf; 2] {
    let own = share.join(NAME);
    let files = own.join("files");
    tree::write(&files.join("Read me first, please.txt"), b"hello\n");
    tree::write(
        &files.join("Some Pictures/2006/a.b.c.bin"),
        &tree::noise(51, 300_001),
    );
    for (number, samples) in (1..).zip(samples()) {
        tree::write(&own.join(format!("{number}.pcm")), &samples);
    }
    let program = example("two_discs");
    fs::copy(program.get_program(), own.join("two_discs")).unwrap();
    ["facade-data", "facade-sound"].map(|name| blank_disc(folder, name))
}

fn samples() -> [Vec<u8>; 2] {
    FRAMES.map(|frames| tree::noise(frames as u64, frames * FRAME_BYTES))
}

/// The story on the drive of this number and the one behind it.
pub(crate) fn scenario(number: usize) -> Scenario {
    Scenario {
        name: NAME.to_owned(),
        script: format!(
            "DATA=/dev/sr{number} DEVICE=/dev/sr{}\n. /share/functions\n{SCRIPT}",
            number + 1
        ),
        limit: 600,
    }
}

/// What is wrong with what the readers found.
pub(crate) fn judge(share: &Path) -> String {
    // Joliet knows neither modes nor owners.
    let files = Listing::of(&share.join(NAME).join("files")).only_bytes();
    let mounted = Listing::read(&share.join(format!("{NAME}.list"))).only_bytes();
    let mut wrong = files.difference(&mounted).unwrap_or_default();
    let out = share.join(format!("{NAME}.out"));
    let [first, second] = samples();
    let silence = |frames: usize| vec![0; frames * FRAME_BYTES];
    // The drive ends a track with its run-out and begins the next one with a pause.
    let all = [first, silence(RUN_OUT + GAP), second, silence(RUN_OUT)].concat();
    if ripped(&out, 1..=2) != all {
        wrong += "facade: cdparanoia's samples\n";
    }
    let mut swapped = fs::read(out.join("all.bin")).unwrap();
    swapped.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    if swapped != all {
        wrong += "facade: cdrdao's samples\n";
    }
    let info = fs::read_to_string(out.join("info")).unwrap();
    let second = FRAMES[0] + RUN_OUT + GAP;
    let starts = [0, second, second + FRAMES[1] + RUN_OUT];
    for (number, lba) in ["1:", "2:", "170:"].into_iter().zip(starts) {
        if starts_of(&info, number) != Some(lba) {
            wrong += &format!("facade: {number} is not at {lba}:\n{info}");
        }
    }
    wrong
}
