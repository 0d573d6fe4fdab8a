//! Has nobody look at a drive's disc until standard input ends: the host neither asks the drive for its events, nor can it
//! mount or play what comes in.
//!
//! `cargo run --example quiet_drive -- DRIVE`

use pitland::{DriveAddress, Engine};
use std::io;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let drive = std::env::args().nth(1).ok_or("name a drive")?;
    let address: DriveAddress = drive.parse()?;
    let engine = Engine::builder().build()?;
    let drive = engine.open(&address)?;
    let off = match drive.disable_notifications().await {
        Ok(off) => off,
        Err(denied) => return Err(denied.to_string().into()),
    };
    println!("notifications are off");
    let wait = || io::copy(&mut io::stdin(), &mut io::sink());
    tokio::task::spawn_blocking(wait).await??;
    // They would be on again with the end of this process, too, however it ended.
    drop(off);
    println!("notifications are on");
    Ok(())
}
