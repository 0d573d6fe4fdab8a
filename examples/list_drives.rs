//! Lists the drives of this machine, and those that are named, with what each says of its disc.
//!
//! `cargo run --example list_drives -- [DRIVE]...`; DRIVE is `/dev/sr0`, `virtual:FILE` or `iscsi://...`.

use pitland::{DriveAddress, Engine, OpenMode, find_drives};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut addresses = Vec::new();
    for found in find_drives().await? {
        println!(
            "{} {} {}: mounted at {:?}",
            found.vendor, found.model, found.revision, found.mounts
        );
        if let Some(node) = found.block {
            addresses.push(node.display().to_string());
        }
    }
    addresses.extend(std::env::args().skip(1));

    let engine = Engine::builder().build()?;
    for address in addresses {
        let address: DriveAddress = address.parse()?;
        // One that another program uses, or that may not be opened, is no reason to leave the others out.
        let drive = match engine.open_with(&address, OpenMode::ReadOnly, |transport| transport) {
            Ok(drive) => drive,
            Err(error) => {
                println!("{address}: {error}");
                continue;
            }
        };
        let facts = drive.medium().await?.facts;
        let Some(who) = &facts.inquiry else {
            println!("{address}: does not say who it is");
            continue;
        };
        println!("{address}: {who}, {}", facts.profile());
        println!(
            "  {:?}; {} of {} blocks free, next writable address {:?}",
            facts.condition(),
            facts.free_blocks().unwrap_or(0),
            facts.total_capacity().unwrap_or(0),
            facts.nwa()
        );
        println!("  write speeds in kB/s: {:?}", facts.write_speeds());
    }
    Ok(())
}
