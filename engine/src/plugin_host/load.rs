//! How a library becomes writers.
//!
//! Owns the order of the checks: who can have made the file, what it says of itself, and only then
//! loading it. A plug-in is trusted code: from the moment it is loaded it can do all that this program
//! can. The checks keep mistakes and other people's files out; they are no sandbox.
//!
//! A library is never unloaded, and the descriptor that it was loaded from is never closed: the
//! system's loader knows libraries by name, and would take a new file under a used
//! `/proc/self/fd/N` for the first one.
#![allow(unsafe_code, reason = "loading a library runs its constructors")]

use super::trust::{TrustedFile, open_trusted, privileged};
use super::{PluginError, guard, handshake};
use abi_stable::library::{LibraryError, lib_header_from_path};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use pitland_abi::{ABI_VERSION, Metadata, ModuleError, Root, writers_of};
use pitland_writer::{Failure, WriterModule};
use std::collections::HashMap;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a library may take to load and to say who its writers are.
pub const LOAD_LIMIT: Duration = Duration::from_secs(30);

/// A library of writers, loaded for good. Cheap to clone.
#[derive(Clone)]
pub struct LoadedPlugin {
    path: PathBuf,
    metadata: Arc<Metadata>,
    writers: Vec<Arc<dyn WriterModule>>,
}

impl LoadedPlugin {
    /// Where it was found, without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it told of itself before it was loaded.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(super) fn shared_metadata(&self) -> Arc<Metadata> {
        Arc::clone(&self.metadata)
    }

    /// Its writers. Called directly they have no deadline; a [`Registry`](super::Registry) gives
    /// them one.
    pub fn writers(&self) -> &[Arc<dyn WriterModule>] {
        &self.writers
    }
}

impl std::fmt::Debug for LoadedPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedPlugin")
            .field("path", &self.path)
            .field("metadata", &self.metadata)
            .field(
                "writers",
                &self
                    .writers
                    .iter()
                    .map(|w| w.info().name)
                    .collect::<Vec<_>>(),
            )
            .finish()
    }
}

/// The libraries of this process, by device and inode.
static LOADED: Mutex<Option<HashMap<(u64, u64), LoadedPlugin>>> = Mutex::new(None);

/// Loads a library of writers. The same file again is the same plug-in.
///
/// Blocks for as long as the file system and the library's constructors take, at most
/// [`LOAD_LIMIT`]; other callers wait meanwhile. A library whose constructors never return keeps the
/// system's loader locked: every later library is then given up as well. A library that was loaded
/// and only then refused costs its memory and a descriptor, for good.
///
/// # Errors
/// See [`PluginError`]. Up to [`PluginError::AbortsOnPanic`] none of the library's code was run.
pub fn load(path: impl AsRef<Path>) -> Result<LoadedPlugin, PluginError> {
    let given = path.as_ref();
    if privileged() {
        return Err(PluginError::Privileged {
            path: given.to_path_buf(),
        });
    }
    let library = open_trusted(given)?;
    let path = library.path.clone();
    let identity = library.identity;
    // Held while loading: the second caller for the same file waits for the first one's answer.
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = loaded.get_or_insert_default();
    if let Some(plugin) = loaded.get(&identity) {
        return Ok(plugin.clone());
    }
    let metadata = check(&library)?;
    tracing::debug!(path = %path.display(), ?metadata, "loading a plug-in");
    let plugin =
        guard::call(LOAD_LIMIT, move || run(library, metadata)).unwrap_or_else(|failure| {
            Err(match failure {
                Failure::Hung { limit } => PluginError::Hung {
                    path: path.clone(),
                    limit,
                },
                other => PluginError::Loader {
                    path: path.clone(),
                    reason: other.to_string(),
                },
            })
        })?;
    loaded.insert(identity, plugin.clone());
    Ok(plugin)
}

/// What can be judged without running any of it.
fn check(library: &TrustedFile) -> Result<Metadata, PluginError> {
    let path = || library.path.clone();
    let metadata = handshake::read(&library.file).map_err(|reason| PluginError::NotAPlugin {
        path: path(),
        reason,
    })?;
    let package = metadata.package.clone();
    if !ABI_VERSION.is_spoken_by(metadata.abi) {
        let theirs = metadata.abi;
        return Err(PluginError::OtherAbi {
            path: path(),
            theirs,
            ours: ABI_VERSION,
            package,
        });
    }
    if !metadata.unwinds {
        return Err(PluginError::AbortsOnPanic {
            path: path(),
            package,
        });
    }
    Ok(metadata)
}

/// Loads it, on a thread that may be lost to it.
fn run(library: TrustedFile, metadata: Metadata) -> Result<LoadedPlugin, PluginError> {
    let path = library.path.clone();
    let name = library.name();
    // From here on the loader may know the name: the descriptor stays open whatever happens.
    mem::forget(library.file);

    // abi_stable binds symbols when they are first called, and a missing one would then end the
    // process in the middle of a burn. Binding all of them now makes that an error.
    // SAFETY: this runs the library's constructors. It is trusted code: only root or the user can
    // have made the file, and it says that it is a plug-in.
    let bound = unsafe { Library::open(Some(&name), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| {
        PluginError::Loader {
            path: path.clone(),
            reason: error.to_string(),
        }
    })?;
    // Never unloaded: writers, and threads lost to them, may still be inside.
    mem::forget(bound);

    let root = lib_header_from_path(&name)
        .and_then(|header| header.init_root_module::<Root>())
        .map_err(|error| layout(&path, &metadata, &error))?;
    let writers = writers_of(root).map_err(|source: ModuleError| PluginError::Module {
        path: path.clone(),
        source,
    })?;
    Ok(LoadedPlugin {
        path,
        metadata: Arc::new(metadata),
        writers: writers.into_iter().map(Arc::from).collect(),
    })
}

/// A mismatch that the handshake did not show. The whole text may run to thousands of lines.
fn layout(path: &Path, metadata: &Metadata, error: &LibraryError) -> PluginError {
    let text = error.to_string();
    tracing::debug!(path = %path.display(), "{text}");
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("Error:"))
        .take(3)
        .collect();
    let details = if lines.is_empty() {
        text.lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .unwrap_or_default()
            .to_owned()
    } else {
        lines.join("; ")
    };
    PluginError::Layout {
        path: path.to_path_buf(),
        abi: metadata.abi,
        package: metadata.package.clone(),
        details,
    }
}
