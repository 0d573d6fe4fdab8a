//! Burns a tree that was never on a drive: files made in memory, and one from an async stream of known length.
//!
//! `cargo run --example burn_streams -- [DRIVE]`; DRIVE is `virtual:FILE`, a blank BD-R if FILE is missing.

use futures::stream;
use pitland::mastering::{Attributes, Origin, Timestamp, TreeBuilder};
use pitland::{BurnOptions, DriveAddress, Engine, Image, MasterOptions, OpenMode, streamed_file};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let drive = std::env::args().nth(1);
    let drive = drive.unwrap_or_else(|| "virtual:streams.vdisc".into());
    let address: DriveAddress = drive.parse()?;

    let now = Timestamp::now();
    let (folder, file) = (Attributes::new(0o755, now), Attributes::new(0o644, now));
    // Each could come from a socket, a database, a member of an archive.
    let pieces = (0..64).map(|number| Ok(vec![number; 4096].into()));
    let mut builder = TreeBuilder::new();
    builder.add_folder("reports", &folder)?;
    builder.add_file("reports/note.txt", Origin::memory(*b"by hand\n"), &file)?;
    let streamed = streamed_file(64 * 4096, stream::iter(pieces));
    builder.add_file("reports/samples.bin", streamed, &file)?;

    let engine = Engine::builder().build()?;
    let drive = engine.open_with(&address, OpenMode::CreateBlankBdR, |transport| transport)?;
    let lease = drive.lease("burn_streams").await?;
    let image = Image::built(builder, MasterOptions::default());
    let report = lease.burn(BurnOptions::default(), image).report().await?;
    println!(
        "{}: {} blocks, the disc is {}",
        report.outcome, report.blocks_written, report.medium
    );
    Ok(())
}
