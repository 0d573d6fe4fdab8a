//! Adds a folder to a disc that holds one already: earlier files stay where they are, and a file of the folder takes the
//! place of one that has its name.
//!
//! `cargo run --example add_session -- DRIVE FOLDER`

use pitland::{
    Append, BurnOptions, DriveAddress, Engine, Image, MasterOptions, Placement, VerifyLevel,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: DriveAddress = arguments.next().ok_or("name a drive")?.parse()?;
    let folder = arguments.next().ok_or("name a folder")?;

    let engine = Engine::builder().build()?;
    let drive = engine.open(&address)?;
    let lease = drive.lease("add_session").await?;
    let facts = drive.medium().await?.facts;
    println!(
        "the last session begins at {:?}",
        facts.last_closed_session_start()
    );

    let append = Append::default().replace(true);
    let master = MasterOptions::default().append(append);
    let image = Image::tree(vec![folder.into()], master);
    let options = BurnOptions::default()
        .placement(Placement::NewSession)
        .verify(VerifyLevel::Full);
    let report = lease.burn(options, image).report().await?;
    println!(
        "{}: {} blocks, the disc is {}",
        report.outcome, report.blocks_written, report.medium
    );
    Ok(())
}
