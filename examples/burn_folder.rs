//! Burns a folder onto a virtual disc and says what became of it.
//!
//! `cargo run --example burn_folder -- FOLDER [DRIVE]`; DRIVE is `virtual:FILE`, a blank BD-R if FILE is
//! missing.

use pitland::{BurnOptions, DriveAddress, Engine, Image, MasterOptions, OpenMode};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "examples".into());
    let drive = arguments
        .next()
        .unwrap_or_else(|| "virtual:example.vdisc".into());
    let address: DriveAddress = drive.parse()?;

    let engine = Engine::builder().build()?;
    let drive = engine.open_with(&address, OpenMode::CreateBlankBdR, |transport| transport)?;
    let lease = drive.lease("burn_folder").await?;
    let image = Image::tree(vec![folder.into()], MasterOptions::default());
    let report = lease.burn(BurnOptions::default(), image).report().await?;
    println!(
        "{}: {} blocks, the disc is {}",
        report.outcome, report.blocks_written, report.medium
    );
    Ok(())
}
