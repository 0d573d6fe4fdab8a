//! Writers from libraries: finding, judging and loading them, and choosing among all writers.
//!
//! With `pitland-abi` the only place that names abi_stable. Must not know any medium.
//!
//! **A plug-in is trusted code.** [`load()`] takes a library only when nobody but root or the user can
//! have made it, reads its handshake before any of its code runs, and puts a deadline on every call;
//! but once loaded it can do whatever the program can. The engine has no folder of plug-ins: a program
//! lists its own, see [`discover()`].

mod discover;
mod error;
mod guard;
mod handshake;
mod load;
mod registry;
mod trust;

pub use discover::discover;
pub use error::{NotAPlugin, PluginError};
pub use load::{LOAD_LIMIT, LoadedPlugin, load};
pub use pitland_abi::{AbiVersion, Metadata};
pub use pitland_burn::gate::Allowances;
pub(crate) use registry::reason;
pub use registry::{CALL_LIMIT, Choice, ChooseError, Registered, Registry, Source, WriterOrigin};
