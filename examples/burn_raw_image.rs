//! Makes a CD of sound with every block of lead-in, program and lead-out and all sub-channels, and burns it raw: without a
//! gap between tracks.
//!
//! `cargo run --example burn_raw_image -- DRIVE PCM-FILE...`; 16 bits, 44.1 kHz, stereo, little-endian, no header.

use pitland::cd::{CdImage, CdMode, CdSubchannel, CdTrack, Gap, SubchannelForm};
use pitland::writer::mmc::Lba;
use pitland::{BurnOptions, DriveAddress, Engine, Image};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: DriveAddress = arguments.next().ok_or("name a drive")?.parse()?;
    let mut builder = CdImage::builder();
    builder.gap = Gap::None;
    for file in arguments {
        builder.add(CdTrack::pcm(file));
    }
    let disc = builder.finish()?;
    for (_, track) in disc.session().tracks() {
        println!("track {} begins at {:?}", track.number, track.index_1);
    }
    // The image that the drive will get, from 95:00:00 on, as a program could store it.
    let raw = disc.raw(SubchannelForm::Raw96, Lba(-22_650))?;
    println!("{} blocks of {} bytes", raw.blocks(), raw.block_bytes());

    let engine = Engine::builder().build()?;
    let drive = engine.open(&address)?;
    let lease = drive.lease("burn_raw_image").await?;
    let image = Image::cd(disc, CdMode::Raw(CdSubchannel::Raw96));
    let report = lease.burn(BurnOptions::default(), image).report().await?;
    println!("{}: the disc is {}", report.outcome, report.medium);
    Ok(())
}
