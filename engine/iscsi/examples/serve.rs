//! Offers virtual discs as drives of an iSCSI target, until it is killed.
//!
//! `cargo run -p pitland-iscsi --example serve -- FILE[,speed=16x]... [--listen 127.0.0.1:PORT]`
//! prints `iscsi://HOST:PORT/TARGET/LUN`, a line for each FILE.

use pitland_iscsi::target::{LogicalUnit, Target, TargetOptions};
use pitland_transport::address::{DriveAddress, OpenMode};
use pitland_transport::sim::{Pace, VirtualDrive};
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;

fn main() -> Result<(), Box<dyn Error>> {
    let mut listen: SocketAddr = "127.0.0.1:3260".parse()?;
    let mut options = TargetOptions::default();
    let mut units = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--listen" => {
                listen = arguments
                    .next()
                    .ok_or("--listen wants HOST:PORT")?
                    .parse()?
            }
            "--insecure" => options.insecure = true,
            file => units.push(open(file)?),
        }
    }
    let drives = units.len() as u16;
    let target = Target::bind(listen, units, options)?;
    let mut out = std::io::stdout().lock();
    for lun in 1..=drives {
        if let Some(address) = target.address(lun) {
            writeln!(out, "{address}")?;
        }
    }
    out.flush()?;
    target.join();
    Ok(())
}

fn open(file: &str) -> Result<LogicalUnit, Box<dyn Error>> {
    let hint = format!("virtual:{file}");
    let address: DriveAddress = hint.parse()?;
    let pace = Pace::from(address.speed());
    let drive = match &address {
        DriveAddress::VirtualFile { path, .. } => {
            VirtualDrive::file(path, OpenMode::CreateBlankBdR, pace, hint)?
        }
        DriveAddress::VirtualNull { id, .. } => VirtualDrive::null(*id, pace, hint)?,
        _ => return Err("only virtual drives can be offered".into()),
    };
    Ok(LogicalUnit::virtual_drive(drive))
}
