//! Burns sound files onto a CD, track at once: the drive puts two seconds between tracks.
//!
//! `cargo run --example burn_audio -- DRIVE FILE...`; WAV, AIFF, FLAC, ALAC, MP3, Ogg Vorbis, AAC.

use futures::StreamExt;
use pitland::cd::{CdImage, CdMode, CdTrack, Gap};
use pitland::{BurnOptions, DriveAddress, Engine, Image, JobEvent};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: DriveAddress = arguments.next().ok_or("name a drive")?.parse()?;
    let mut builder = CdImage::builder();
    builder.gap = Gap::Silence(150);
    // A track of less than four seconds is filled up with silence.
    builder.pad = true;
    for file in arguments {
        builder.add(CdTrack::sound(file));
    }
    let image = Image::cd(builder.finish()?, CdMode::TrackAtOnce);

    let engine = Engine::builder().build()?;
    let drive = engine.open(&address)?;
    let lease = drive.lease("burn_audio").await?;
    let mut job = lease.burn(BurnOptions::default(), image);
    while let Some(event) = job.next().await {
        if let JobEvent::Phase(phase) = event {
            println!("{phase}");
        }
    }
    let report = job.report().await?;
    println!("{}: the disc is {}", report.outcome, report.medium);
    Ok(())
}
