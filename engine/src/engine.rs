//! The engine: its writers and its drives. Owns the list of both and the shutdown; what a drive does is
//! the drive's.

use crate::drive::{DriveHandle, Setting, ThreadsRunning, spawn};
use crate::error::EngineError;
use crate::inhibit::SleepInhibitor;
use crate::plugin_host::{Registered, Registry};
use pitland_burn::QuirkTable;
use pitland_iscsi::initiator::{Initiator, InitiatorOptions};
use pitland_transport::Transport;
use pitland_transport::address::{DriveAddress, DriveKey, IscsiAddress, OpenMode};
use pitland_writer::WriterModule;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Writers and drives. Cheap to clone; all clones are one engine.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    setting: Setting,
    drives: Mutex<Vec<Open>>,
    /// Drives that are being opened.
    opening: Mutex<Vec<Option<DriveKey>>>,
    threads: Arc<ThreadsRunning>,
}

#[derive(Debug)]
struct Open {
    key: Option<DriveKey>,
    drive: DriveHandle,
}

/// A drive that is being opened.
struct Place {
    inner: Arc<Inner>,
    key: Option<DriveKey>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut opening = self
            .inner
            .opening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = opening.iter().position(|key| *key == self.key) {
            opening.swap_remove(at);
        }
    }
}

/// What an engine shall have.
#[derive(Default)]
pub struct EngineBuilder {
    linked: Vec<Box<dyn WriterModule>>,
    plugins: Vec<PathBuf>,
    without_builtins: bool,
    inhibitor: Option<SleepInhibitor>,
    quirks: Option<QuirkTable>,
    vendor_commands: Vec<String>,
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("plugins", &self.plugins)
            .finish_non_exhaustive()
    }
}

/// How a shutdown went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Drives whose threads have not ended by the deadline. They go on with the safe ending of their
    /// jobs for as long as the process lives.
    pub still_running: usize,
}

impl Engine {
    /// An engine to be described.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Opens a drive by its address; a missing virtual disc is an error.
    ///
    /// This waits: for the kernel to open a node, and for the login at an iSCSI target, 30 seconds at most.
    /// A task that must not wait calls it by `spawn_blocking`.
    ///
    /// # Errors
    /// The address names no drive, or one that is open already, or that cannot be opened.
    pub fn open(&self, address: &DriveAddress) -> Result<DriveHandle, EngineError> {
        self.open_with(address, OpenMode::Existing, |transport| transport)
    }

    /// Opens a drive by its address, with a layer of the caller's own round its transport (a trace).
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_with(
        &self,
        address: &DriveAddress,
        mode: OpenMode,
        layer: impl FnOnce(Box<dyn Transport>) -> Box<dyn Transport>,
    ) -> Result<DriveHandle, EngineError> {
        // The login may take its time, in which others open drives.
        let connected = match address {
            DriveAddress::Iscsi(unit) => Some(connect(unit)?),
            _ => None,
        };
        // Opening takes its time, too, in which the drive is ours, and nobody else waits.
        let _place = self.take_place(address)?;
        let transport = match connected {
            Some(initiator) => layer(initiator),
            None => layer(address.open(mode)?),
        };
        let drive = self.spawn(transport)?;
        self.drives_locked().push(Open {
            key: address.same_drive_key().ok(),
            drive: drive.clone(),
        });
        Ok(drive)
    }

    /// Keeps others of this engine from opening the same drive meanwhile.
    fn take_place(&self, address: &DriveAddress) -> Result<Place, EngineError> {
        // A file that is still to be made has an identity by its folder and name.
        let key = address.same_drive_key().ok();
        let drives = self.drives_locked();
        let mut opening = self
            .inner
            .opening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_there = drives.iter().any(|open| open.key == key) || opening.contains(&key);
        if key.is_some() && is_there {
            return Err(EngineError::SameDrive {
                name: address.to_string(),
            });
        }
        opening.push(key.clone());
        Ok(Place {
            inner: Arc::clone(&self.inner),
            key,
        })
    }

    /// Takes a drive that the caller has brought.
    ///
    /// # Errors
    /// There is no tokio runtime here, or no thread to be had.
    pub fn attach(&self, transport: Box<dyn Transport>) -> Result<DriveHandle, EngineError> {
        let drive = self.spawn(transport)?;
        self.drives_locked().push(Open {
            key: None,
            drive: drive.clone(),
        });
        Ok(drive)
    }

    /// The drives that are open, in the order in which they were opened.
    pub fn drives(&self) -> Vec<DriveHandle> {
        self.drives_locked()
            .iter()
            .map(|open| open.drive.clone())
            .collect()
    }

    /// Lets go of a drive: it is closed when its other handles, leases and jobs are gone.
    pub fn release(&self, drive: &DriveHandle) {
        self.drives_locked()
            .retain(|open| !open.drive.same_as(drive));
    }

    /// What is known of single drives.
    pub fn quirks(&self) -> &QuirkTable {
        &self.inner.setting.quirks
    }

    /// The writers, builtin ones first.
    pub fn writers(&self) -> &[Registered] {
        self.inner.setting.registry.writers()
    }

    /// Ends the engine: running jobs are cancelled by the safe sequence and waited for, until the
    /// deadline. Handles and leases that are still held get [`crate::LeaseDenied::Gone`] afterwards.
    pub async fn shutdown(self, deadline: Duration) -> ShutdownReport {
        let drives: Vec<_> = std::mem::take(&mut *self.drives_locked());
        for open in &drives {
            open.drive.end().await;
        }
        drop(drives);
        ShutdownReport {
            still_running: self.inner.threads.none_by(deadline).await,
        }
    }

    /// Waits for the threads of drives that nobody holds any more, without a runtime: for a program
    /// whose runtime has been dropped.
    pub fn join_drives(&self, deadline: Duration) -> ShutdownReport {
        self.drives_locked().clear();
        ShutdownReport {
            still_running: self.inner.threads.none_by_blocking(deadline),
        }
    }

    fn spawn(&self, transport: Box<dyn Transport>) -> Result<DriveHandle, EngineError> {
        spawn(transport, self.inner.setting.clone(), &self.inner.threads)
    }

    fn drives_locked(&self) -> std::sync::MutexGuard<'_, Vec<Open>> {
        self.inner
            .drives
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(unit: &IscsiAddress) -> Result<Box<dyn Transport>, EngineError> {
    let initiator = Initiator::connect(unit, InitiatorOptions::default())?;
    Ok(Box::new(initiator))
}

impl EngineBuilder {
    /// With the writers of a plug-in file. A plug-in is trusted code: it runs in this process.
    #[must_use]
    pub fn plugin(mut self, file: impl Into<PathBuf>) -> Self {
        self.plugins.push(file.into());
        self
    }

    /// With a writer that the caller has linked in (see [`pitland_writer::module_of`]).
    #[must_use]
    pub fn writer(mut self, writer: Box<dyn WriterModule>) -> Self {
        self.linked.push(writer);
        self
    }

    /// Without the writers that are linked in.
    #[must_use]
    pub fn without_builtin_writers(mut self) -> Self {
        self.without_builtins = true;
        self
    }

    /// Lets the writer of this name send commands of the drive's vendor (C0h to FFh). Nobody can say what they do,
    /// so no writer may by default.
    #[must_use]
    pub fn allow_vendor_commands(mut self, writer: impl Into<String>) -> Self {
        self.vendor_commands.push(writer.into());
        self
    }

    /// With another table of what single drives need; without, it is [`QuirkTable::builtin`].
    #[must_use]
    pub fn quirks(mut self, table: QuirkTable) -> Self {
        self.quirks = Some(table);
        self
    }

    /// Keeps the machine awake while a job changes a disc.
    #[cfg(feature = "inhibit")]
    #[must_use]
    pub fn inhibit_sleep(mut self, inhibitor: SleepInhibitor) -> Self {
        self.inhibitor = Some(inhibitor);
        self
    }

    /// The engine.
    ///
    /// # Errors
    /// A plug-in that cannot be loaded, with its path and what to rebuild; a writer that cannot say who
    /// it is.
    pub fn build(self) -> Result<Engine, EngineError> {
        let mut registry = Registry::new();
        #[cfg(feature = "builtin-writers")]
        if !self.without_builtins {
            registry = Registry::with_builtins();
        }
        for writer in self.linked {
            registry.add(writer.into()).map_err(EngineError::Writer)?;
        }
        for file in &self.plugins {
            registry.load(file)?;
        }
        for writer in self.vendor_commands {
            registry.allow_vendor_commands(writer);
        }
        Ok(Engine {
            inner: Arc::new(Inner {
                setting: Setting {
                    registry: Arc::new(registry),
                    inhibitor: self.inhibitor,
                    quirks: Arc::new(self.quirks.unwrap_or_else(QuirkTable::builtin)),
                    buses: Arc::default(),
                },
                drives: Mutex::new(Vec::new()),
                opening: Mutex::new(Vec::new()),
                threads: Arc::new(ThreadsRunning::default()),
            }),
        })
    }
}
