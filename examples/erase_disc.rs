//! Erases a rewritable disc: quickly, or all of it.
//!
//! `cargo run --example erase_disc -- DRIVE [--full]`

use futures::StreamExt;
use pitland::{DriveAddress, Engine, JobEvent};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address: DriveAddress = arguments.next().ok_or("name a drive")?.parse()?;
    let full = arguments.next().is_some_and(|word| word == "--full");

    let engine = Engine::builder().build()?;
    let drive = engine.open(&address)?;
    let lease = drive.lease("erase_disc").await?;
    let mut job = lease.erase(full);
    while let Some(event) = job.next().await {
        if let JobEvent::Progress(progress) = event
            && let Some(done) = progress.fraction()
        {
            println!("{:.0} %", done * 100.0);
        }
    }
    job.report().await?;
    let facts = drive.medium().await?.facts;
    println!("{}: {:?}", facts.profile(), facts.condition());
    Ok(())
}
