//! Burns a data disc and an audio disc with the calls of IMAPI 1.
//!
//! `cargo run -p pitland-imapi1 --example two_discs -- FOLDER SOUND.raw DATA_DRIVE AUDIO_DRIVE`; the sound is 16-bit stereo at
//! 44.1 kHz without a header, and the drives are `virtual:FILE` or nodes of the machine, each with a blank CD in it.

use pitland::Engine;
use pitland_imapi1::{DiscMaster, DiscMasterFormat, DiscMasterSettings, PropertySet};
use std::error::Error;
use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, sound, data, audio] = &arguments[..] else {
        return Err("FOLDER SOUND.raw DATA_DRIVE AUDIO_DRIVE".into());
    };
    burn(
        folder.as_ref(),
        sound.as_ref(),
        data,
        audio,
        DiscMasterSettings::default(),
    )
    .await
}

/// Burns both, one after the other.
pub async fn burn(
    folder: &Path,
    sound: &Path,
    data: &str,
    audio: &str,
    settings: DiscMasterSettings,
) -> Result<(), Box<dyn Error>> {
    let engine = Engine::builder().build()?;
    for drive in [data, audio] {
        engine.open(&drive.parse()?)?;
    }
    let mut master = DiscMaster::open(engine, settings).await?;
    let recorders = master.enum_disc_recorders().await?;
    let [first, second] = &recorders[..] else {
        return Err("these are not two recorders for CDs".into());
    };

    master.set_active_disc_recorder(first).await?;
    let mut joliet = master.joliet()?;
    let _ = joliet.set_joliet_properties(&PropertySet::new().with("VolumeName", "Files"))?;
    joliet.add_data(folder, false).await?;
    println!(
        "data: {} of {} blocks",
        joliet.used_data_blocks()?,
        joliet.total_data_blocks()?
    );
    master.record_disc(false, true).await?;

    master.set_active_disc_master_format(DiscMasterFormat::Redbook)?;
    master.set_active_disc_recorder(second).await?;
    let mut redbook = master.redbook()?;
    let mut samples = std::fs::read(sound)?;
    samples.resize(
        samples
            .len()
            .next_multiple_of(redbook.audio_block_size() as usize),
        0,
    );
    redbook.create_audio_track(0)?;
    redbook.add_audio_track_blocks(&samples).await?;
    redbook.close_audio_track()?;
    println!("audio: {} blocks used", redbook.used_audio_blocks()?);
    master.record_disc(false, true).await?;
    master.close();
    Ok(())
}
