//! `pitland drives`: the drives of this machine, and what happens to them.

use super::Context;
use crate::args::DrivesArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open::{self, Named};
use crate::output::json::{DriveEventView, DriveView, DrivesView, Name, WatchingView};
use futures::StreamExt;
use pitland::transport::linux::watch::WatchOptions;
use pitland::transport::linux::{DriveEvent, FoundDrive, System, lock};
use pitland::{DriveAddress, Engine};
use std::time::Duration;

/// How long a drive that has just come may refuse to be opened: udev sets the permissions of its nodes
/// after the kernel has told of it.
const UNTIL_PERMITTED: Duration = Duration::from_secs(3);

pub(crate) async fn run(args: DrivesArgs, context: Context) -> Result<Exit, Complaint> {
    let engine = Engine::builder().build()?;
    let done = if args.watch {
        watch(&engine, context).await
    } else {
        list(&engine, &context).await
    };
    open::end(engine, &[]).await?;
    done
}

async fn list(engine: &Engine, context: &Context) -> Result<Exit, Complaint> {
    let mut drives = Vec::new();
    for found in pitland::find_drives().await? {
        drives.push(asked(engine, &found).await);
    }
    context.output.result(&DrivesView { drives });
    Ok(Exit::Done)
}

async fn watch(engine: &Engine, mut context: Context) -> Result<Exit, Complaint> {
    let mut changes = pitland::watch_drives(WatchOptions::default())?;
    context.output.event(&WatchingView {});
    loop {
        let event = tokio::select! {
            event = changes.next() => event,
            () = context.interrupt.raised() => return Ok(Exit::Done),
        };
        let Some(event) = event else {
            return Ok(Exit::Done);
        };
        let what = match &event {
            DriveEvent::Arrived(_) => "arrived",
            DriveEvent::Updated(_) => "updated",
            DriveEvent::Removed(_) => "removed",
            DriveEvent::MediumChanged(_) => "medium-changed",
            DriveEvent::EjectRequested(_) => "eject-requested",
            _ => continue,
        };
        let drive = match &event {
            DriveEvent::Arrived(found) => asked_when_permitted(engine, found).await,
            other => DriveView::new(other.drive()),
        };
        context.output.result(&DriveEventView { what, drive });
    }
}

async fn asked_when_permitted(engine: &Engine, found: &FoundDrive) -> DriveView {
    let until = tokio::time::Instant::now() + UNTIL_PERMITTED;
    loop {
        let view = asked(engine, found).await;
        let settled = view.not_asked.is_none() || view.holder.is_some();
        if settled || tokio::time::Instant::now() >= until {
            return view;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A drive with what it says of itself, or why it could not be asked.
async fn asked(engine: &Engine, found: &FoundDrive) -> DriveView {
    let mut view = DriveView::new(found);
    let system = System::default();
    view.holder = lock::holder(&system.locks, found.address, &system.proc)
        .ok()
        .flatten()
        .map(|holder| holder.to_string());
    // An open would send commands of the kernel's own between those of the holder.
    if let Some(holder) = &view.holder {
        view.not_asked = Some(format!("it is held by {holder}"));
        return view;
    }
    let Some(path) = found.node() else {
        view.not_asked = Some("it has no device node".into());
        return view;
    };
    let address = DriveAddress::Device {
        path: path.to_owned(),
    };
    let name = Name::new(path);
    match open::look(engine, &Named { address, name }) {
        Err(complaint) => view.not_asked = Some(complaint.message().to_owned()),
        Ok(handle) => {
            match handle.capabilities().await {
                Ok(told) => view.tell(&told),
                Err(error) => view.not_asked = Some(error.to_string()),
            }
            engine.release(&handle);
        }
    }
    view
}
