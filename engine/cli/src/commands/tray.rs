//! `pitland eject` and `pitland load`: the tray.

use super::Context;
use crate::args::DriveArg;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::json::TrayView;

/// Which way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tray {
    Eject,
    Load,
}

pub(crate) async fn run(args: DriveArg, tray: Tray, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    // A drive that is still looking at its disc moves no tray; an empty one answers, too.
    open::facts(&handle, &named).await?;
    let (moved, tray) = match tray {
        Tray::Eject => (handle.eject().await, "ejected"),
        Tray::Load => (handle.load().await, "loaded"),
    };
    moved.map_err(|e| Complaint::from(e).of_drive(&named.name))?;
    context.output.result(&TrayView {
        drive: named.name,
        tray,
    });
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(Exit::Done)
}
