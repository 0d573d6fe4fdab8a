//! The drives of the machine: opened for the engine, and watched. Owns who is told that their list has changed.

use crate::condition::Condition;
use crate::error::{Cause, Imapi1Error};
use crate::progress::Listeners;
use futures::StreamExt;
use pitland::transport::linux::watch::WatchOptions;
use pitland::transport::linux::{DriveEvent, FoundDrive, System, discover};
use pitland::{DriveAddress, Engine, EngineError, watch_drives};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// A task that tells of changes until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watch {
    pub(crate) async fn start(
        options: WatchOptions,
        listeners: Listeners,
    ) -> Result<Self, Imapi1Error> {
        // Those that are there are no news.
        let mut known = found(&options.system).await?;
        let mut changes = watch_drives(options)?;
        Ok(Self(tokio::spawn(async move {
            while let Some(event) = changes.next().await {
                let at = known
                    .iter()
                    .position(|drive| drive.address == event.drive().address);
                match (event, at) {
                    (DriveEvent::Arrived(drive), None) => known.push(drive),
                    (DriveEvent::Removed(_), Some(at)) => drop(known.swap_remove(at)),
                    _ => continue,
                }
                listeners.tell(|listener| listener.notify_pnp_activity());
            }
        })))
    }
}

async fn found(system: &System) -> Result<Vec<FoundDrive>, Imapi1Error> {
    let system = system.clone();
    let found = tokio::task::spawn_blocking(move || discover::drives(&system)).await;
    let found = found.map_err(|_| Imapi1Error::from(Condition::Generic))?;
    found.map_err(|error| {
        let error = Arc::new(EngineError::Discovery(error));
        Imapi1Error::caused_by(Condition::DeviceNotPresent, Cause::Engine(error))
    })
}

/// Opens all drives of the machine that the engine does not have. One that cannot be opened is left out.
pub(crate) async fn open_all(engine: &Engine, system: &System) -> Result<(), Imapi1Error> {
    for drive in found(system).await? {
        let Some(path) = drive.block.or(drive.generic) else {
            continue;
        };
        let (engine, address) = (engine.clone(), DriveAddress::Device { path });
        let opened = tokio::task::spawn_blocking(move || engine.open(&address).map(drop)).await;
        match opened {
            Ok(Ok(()) | Err(EngineError::SameDrive { .. })) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a recorder is left out"),
            Err(_) => return Err(Condition::Generic.into()),
        }
    }
    Ok(())
}
