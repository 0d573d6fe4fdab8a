//! The drives of the machine, found and watched. Owns the way of these into async code; how drives are
//! found is the transport's, and none is opened or asked here.

use crate::error::EngineError;
use futures::Stream;
use pitland_transport::linux::{
    DriveEvent, DriveEvents, FoundDrive, System, discover,
    watch::{DriveWatch, WatchOptions},
};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// The drives of the machine, sorted by their SCSI address, as the kernel shows them: no permission is
/// needed and no drive is spoken to.
///
/// # Errors
/// [`EngineError::Discovery`] when sysfs cannot be read. Cancel-safe.
pub async fn find_drives() -> Result<Vec<FoundDrive>, EngineError> {
    tokio::task::spawn_blocking(|| discover::drives(&System::default()))
        .await
        .map_err(|_| EngineError::ShutDown)?
        .map_err(EngineError::Discovery)
}

/// What happens to the drives of the machine: arrival, removal, change of medium, eject button; each drive
/// that is there is told as arrived first. Events that nobody takes are merged, so that their number is
/// bounded by that of the drives. The stream never ends by itself; dropping it ends the watch.
///
/// A drive that the engine holds in a lease is not looked at by the kernel: its own events are told by
/// [`crate::DriveHandle::medium_events`].
#[derive(Debug)]
pub struct DriveChanges {
    told: Arc<Told>,
    _watch: DriveWatch,
}

#[derive(Debug, Default)]
struct Told {
    events: DriveEvents,
    reader: Mutex<Option<Waker>>,
}

impl Told {
    fn reader(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to watch the drives of the machine. Needs no runtime; a thread of its own looks.
///
/// # Errors
/// [`EngineError::Discovery`] when sysfs cannot be read, or there is no thread to be had.
pub fn watch_drives(options: WatchOptions) -> Result<DriveChanges, EngineError> {
    let told = Arc::new(Told::default());
    let sink = {
        let told = Arc::clone(&told);
        move |event| {
            told.events.push(event);
            if let Some(reader) = told.reader().take() {
                reader.wake();
            }
        }
    };
    let watch = DriveWatch::start(options, sink).map_err(EngineError::Discovery)?;
    Ok(DriveChanges {
        told,
        _watch: watch,
    })
}

impl Stream for DriveChanges {
    type Item = DriveEvent;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<DriveEvent>> {
        // The waker first: an event that comes between the two wakes.
        *self.told.reader() = Some(context.waker().clone());
        match self.told.events.pop() {
            Some(event) => Poll::Ready(Some(event)),
            None => Poll::Pending,
        }
    }
}
