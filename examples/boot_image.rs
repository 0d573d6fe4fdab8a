//! Burns a folder with two boot images, for a PC's BIOS and for UEFI, onto a disc.
//!
//! `cargo run --example boot_image -- DRIVE FOLDER BIOS-IMAGE UEFI-IMAGE`

use pitland::mastering::Platform;
use pitland::{BootImage, BurnOptions, DriveAddress, Engine, Image, MasterOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [drive, folder, bios, uefi] = &arguments[..] else {
        return Err("name a drive, a folder and two boot images".into());
    };
    let address: DriveAddress = drive.parse()?;
    let master = MasterOptions::default()
        .volume_id("BOOTABLE")
        .boot(BootImage::new(bios, Platform::Bios))
        .boot(BootImage::new(uefi, Platform::Efi));

    let engine = Engine::builder().build()?;
    let drive = engine.open(&address)?;
    let lease = drive.lease("boot_image").await?;
    let image = Image::tree(vec![folder.into()], master);
    let report = lease.burn(BurnOptions::default(), image).report().await?;
    println!(
        "{}: {} blocks, the disc is {}",
        report.outcome, report.blocks_written, report.medium
    );
    Ok(())
}
