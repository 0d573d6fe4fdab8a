//! Masters a folder into an image on standard output, and says on standard error how long each pass took.
//!
//! `cargo run --release -p pitland-mastering --example image -- FOLDER... > image.iso`
//! Set beside `genisoimage -quiet -R -J FOLDER > /dev/null`, it is the measure of the many small files.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use pitland_mastering::{BLOCK_SIZE, Layout, Timestamp, Tree, VolumeOptions, WalkOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let sources: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    // For a session that goes behind others, as `xorriso -load sbsector` reads it.
    let first_lba = std::env::var("FIRST_LBA")
        .ok()
        .and_then(|lba| lba.parse().ok())
        .unwrap_or(0);
    let started = Instant::now();
    let tree = Tree::scan(
        &sources,
        &WalkOptions {
            special: pitland_mastering::SpecialFiles::Store,
            ..WalkOptions::default()
        },
    )?;
    let files = tree.file_count();
    let scanned = started.elapsed();
    let mut options = VolumeOptions::new("IMAGE", Timestamp::now());
    options.udf = std::env::var("UDF")
        .ok()
        .map(|revision| revision.parse())
        .transpose()?;
    let layout = Arc::new(Layout::plan(tree, first_lba, &options)?);
    let planned = started.elapsed();
    let mut emitter = layout.emitter_ahead();
    let mut out = std::io::stdout().lock();
    let mut piece = vec![0; 128 * BLOCK_SIZE];
    let mut block = 0;
    while block < layout.blocks() {
        let length = piece
            .len()
            .min((layout.blocks() - block) as usize * BLOCK_SIZE);
        emitter.read_blocks(block, &mut piece[..length])?;
        out.write_all(&piece[..length])?;
        block += (length / BLOCK_SIZE) as u64;
    }
    out.flush()?;
    eprintln!(
        "{files} files, {} blocks: walk {:.2} s, plan {:.2} s, stream {:.2} s",
        layout.blocks(),
        scanned.as_secs_f64(),
        (planned - scanned).as_secs_f64(),
        (started.elapsed() - planned).as_secs_f64()
    );
    for warning in layout.warnings() {
        eprintln!("{warning}");
    }
    Ok(())
}
