//! Burns a data disc and an audio disc with the calls of IMAPI 1.
//!
//! `cargo run -p pitland-imapi1 --example two_discs -- DATA_DRIVE AUDIO_DRIVE FOLDER SOUND...`; each SOUND becomes a track, of
//! 16-bit stereo at 44.1 kHz without a header, and the drives are `virtual:FILE` or nodes of the machine, each with a blank CD
//! in it.

use pitland::Engine;
use pitland_imapi1::{DiscMaster, DiscMasterFormat, DiscMasterSettings, PropertySet};
use std::path::Path;
use std::time::Duration;

type Done = Result<(), Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, audio, folder, sounds @ ..] = &arguments[..] else {
        return Err("DATA_DRIVE AUDIO_DRIVE FOLDER SOUND...".into());
    };
    let engine = Engine::builder().build()?;
    engine.open(&data.parse()?)?;
    engine.open(&audio.parse()?)?;
    let master = DiscMaster::open(engine.clone(), DiscMasterSettings::default()).await?;
    burn(master, folder.as_ref(), sounds).await?;
    engine.shutdown(Duration::from_secs(60)).await;
    Ok(())
}

/// Burns data in the first recorder and audio in the second.
pub(crate) async fn burn(mut master: DiscMaster, folder: &Path, sounds: &[String]) -> Done {
    let recorders = master.enum_disc_recorders().await?;
    let [first, second] = &recorders[..] else {
        return Err("these are not two recorders for CDs".into());
    };

    master.set_active_disc_recorder(first).await?;
    let mut joliet = master.joliet()?;
    let _ = joliet.set_joliet_properties(&PropertySet::new().with("VolumeName", "Files"))?;
    joliet.add_data(folder, false).await?;
    println!("{} blocks of data", joliet.used_data_blocks()?);
    master.record_disc(false, true).await?;

    master.set_active_disc_master_format(DiscMasterFormat::Redbook)?;
    master.set_active_disc_recorder(second).await?;
    let mut redbook = master.redbook()?;
    for sound in sounds {
        let mut samples = std::fs::read(sound)?;
        samples.resize(samples.len().next_multiple_of(2352), 0);
        redbook.create_audio_track(0)?;
        redbook.add_audio_track_blocks(&samples).await?;
        redbook.close_audio_track()?;
    }
    println!("{} blocks of sound", redbook.used_audio_blocks()?);
    master.record_disc(false, true).await?;
    master.close();
    Ok(())
}
