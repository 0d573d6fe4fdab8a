//! The lease: one client's right to change what is in a drive. Counted by clones, visible to anyone, and
//! freed when the last clone is dropped; a dead client's task drops its own.

use crate::config::BurnOptions;
use crate::drive::burning::{self, BurnPlan};
use crate::drive::handle::DriveHandle;
use crate::drive::job::Job;
use crate::drive::read::DriveReader;
use crate::drive::report::Written;
use crate::drive::section::{self, WriteSection};
use crate::drive::thread::{Order, Tray};
use crate::drive::together;
use crate::error::{BurnError, LeaseDenied, QueryError};
use crate::pipeline::{Image, ImageSource};
use pitland_burn::VerifyLevel;
use pitland_writer::{CloseRequest, EraseRequest, FormatRequest, Request};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak, mpsc as blocking};

/// The most characters of a client's name.
pub(crate) const MOST_NAME: usize = 64;

/// The lease itself: alive as long as a clone of it is.
#[derive(Debug)]
pub(crate) struct LeaseToken {
    pub(crate) id: u64,
    pub(crate) who: String,
    pub(crate) ended: Arc<AtomicBool>,
    /// Weak: a lease that outlives the engine keeps no thread running.
    pub(crate) orders: Weak<blocking::SyncSender<Order>>,
}

impl Drop for LeaseToken {
    /// Asks the thread to let other programs have the drive. If its orders are full it comes past the mark
    /// anyway.
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Some(orders) = self.orders.upgrade() {
            let _ = orders.try_send(Order::LookUp);
        }
    }
}

/// How a lease is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LeaseOptions {
    /// File systems that are mounted from the disc are unmounted first, as `umount` does it: one that is in
    /// use is a refusal. Without, a mounted disc is a refusal.
    pub unmount: bool,
    /// The tray stays in when a job has changed the medium. Without, it goes out and in where the host keeps
    /// what it learned of the medium: only then does a kernel mount a disc that was burned. Concerns drives
    /// of the machine only.
    pub keep_tray: bool,
    /// The client may send the drive what it likes, past every writer and plan: nothing keeps it from spoiling a disc,
    /// or from leaving the drive in a state that nobody planned. Without, that is refused.
    pub raw: bool,
}

impl LeaseOptions {
    /// With what is mounted unmounted.
    #[must_use]
    pub fn unmounting(mut self) -> Self {
        self.unmount = true;
        self
    }

    /// For a client that goes past the writers.
    #[must_use]
    pub fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// With the tray left in after a job.
    #[must_use]
    pub fn keeping_tray(mut self) -> Self {
        self.keep_tray = true;
        self
    }
}

/// A client's name: readable by anyone who asks, so that it must be readable.
pub(crate) fn client_name(who: &str) -> Result<String, LeaseDenied> {
    let length = who.chars().count();
    if (1..=MOST_NAME).contains(&length) && !who.chars().any(char::is_control) {
        Ok(who.to_owned())
    } else {
        Err(LeaseDenied::BadName)
    }
}

/// A client's hold on a drive. Clones count as one hold; the drive is free when all are dropped.
#[derive(Debug, Clone)]
pub struct DriveLease {
    pub(crate) drive: DriveHandle,
    pub(crate) token: Arc<LeaseToken>,
    pub(crate) keep_tray: bool,
    pub(crate) raw: bool,
}

impl DriveLease {
    /// The drive.
    pub fn drive(&self) -> &DriveHandle {
        &self.drive
    }

    /// The client's name.
    pub fn who(&self) -> &str {
        &self.token.who
    }

    /// What burning the image would do: sizes, padding, commands. Identifies the medium and reads the
    /// source's names and sizes; sends nothing that changes drive or medium.
    ///
    /// # Errors
    /// As a burn is refused. Cancel-safe.
    pub async fn plan(&self, options: BurnOptions, image: Image) -> Result<BurnPlan, BurnError> {
        burning::plan(self, options, image).await
    }

    /// Burns an image. The job runs whether or not it is looked at; dropping it cancels it.
    pub fn burn(&self, options: BurnOptions, image: Image) -> Job {
        together::burn_one(image, self.clone(), options)
    }

    /// Writes what a source gives from a block on, past every writer: no question of room, nothing that prepares, nothing
    /// that is closed, no look at the medium afterwards ([`MediumState::Unknown`](crate::MediumState::Unknown)). A last
    /// part of a block is filled with zeros. For clients that have set the drive up by commands of their own; needs
    /// a lease that was taken with [`LeaseOptions::raw`], else it ends with [`LeaseDenied::NotRaw`].
    pub fn write_section(&self, section: WriteSection, source: impl ImageSource + 'static) -> Job {
        section::write(self, section, Box::new(source))
    }

    /// Reads back a disc that was burned, perhaps in another drive, and compares it with the checks that were
    /// taken then: all of it, or a sample. Changes nothing.
    pub fn verify(&self, written: &Written, level: VerifyLevel) -> Job {
        burning::verify(self, level, written.clone(), None)
    }

    /// Formats the medium: the kind as READ FORMAT CAPACITIES numbers it, or the writer's choice.
    pub fn format(&self, kind: Option<u8>, spare_bytes: Option<u64>) -> Job {
        self.format_as(FormatRequest::new(kind, spare_bytes))
    }

    /// Leaves a rewritable medium empty.
    pub fn erase(&self, full: bool) -> Job {
        self.erase_as(EraseRequest::new(full))
    }

    /// As [`DriveLease::format`], with all that can be asked of a format.
    pub fn format_as(&self, format: FormatRequest) -> Job {
        burning::start_without_image(self, Request::Format(format))
    }

    /// As [`DriveLease::erase`], with all that can be asked of an erase.
    pub fn erase_as(&self, erase: EraseRequest) -> Job {
        burning::start_without_image(self, Request::Erase(erase))
    }

    /// Closes what an earlier burn left open, or finalizes the disc.
    pub fn close(&self, finalize: bool) -> Job {
        burning::start_without_image(self, Request::Close(CloseRequest::new(finalize)))
    }

    /// Opens the tray.
    ///
    /// # Errors
    /// The drive is at work, or its answer.
    pub async fn eject(&self) -> Result<(), QueryError> {
        self.drive.tray(Some(self.token.id), Tray::Eject).await
    }

    /// Closes the tray and waits for the medium.
    ///
    /// # Errors
    /// The drive is at work, or its answer.
    pub async fn load(&self) -> Result<(), QueryError> {
        self.drive.tray(Some(self.token.id), Tray::Load).await
    }

    /// Reads blocks through this lease, blocking: for a thread of the caller's own.
    pub fn reader(&self) -> DriveReader {
        self.drive.reader()
    }

    pub(crate) async fn holders(&self, order: Order) -> Result<(), LeaseDenied> {
        self.drive.holders(Some(self.token.id), order).await
    }

    pub(crate) async fn run(&self, order: Order) -> Result<(), LeaseDenied> {
        self.drive.run_job(order).await
    }
}
