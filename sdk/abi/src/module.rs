//! The shape of a module: what a library exports, version by version.
//!
//! Owns the layout that the loader checks. Nothing here may change once the ABI is frozen: a new shape
//! is a new root beside this one, and a host tries the newest first.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::expect_used,
    reason = "what the macros of abi_stable expand to"
)]

use crate::record::{Message, Record};
use abi_stable::library::RootModule;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RBox, ROption, RSlice};
use abi_stable::{StableAbi, package_version_strings, sabi_trait};

/// A writer at work, on the far side.
#[sabi_trait]
pub trait Job: Send {
    /// The answer to an event: a step.
    #[sabi(last_prefix_field)]
    fn next(&mut self, event: RSlice<'_, Record>) -> Message;
}

/// A job as it crosses the border; dropping it drops the writer, on the far side.
pub type JobBox = Job_TO<'static, RBox<()>>;

/// What `begin` answers: a plan with its job, or a refusal without one.
#[repr(C)]
#[derive(StableAbi)]
pub struct Begun {
    /// A plan, or a refusal.
    pub answer: Message,
    /// The job, when there is a plan.
    pub job: ROption<JobBox>,
}

/// What a module exports.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = Root, prefix_fields = RootPrefix)))]
#[sabi(missing_field(panic))]
pub struct RootFields {
    /// Who the writers of the module are, one description behind another.
    pub writers: extern "C" fn() -> Message,
    /// Whether the writer of this index serves a request; asked: facts, then the request.
    pub assess: extern "C" fn(writer: u32, asked: RSlice<'_, Record>) -> Message,
    /// Takes a job; asked: facts, then the request.
    #[sabi(last_prefix_field)]
    pub begin: extern "C" fn(writer: u32, asked: RSlice<'_, Record>) -> Begun,
}

impl RootModule for Root {
    abi_stable::declare_root_module_statics! {Root}

    const BASE_NAME: &'static str = "pitland_writers";
    const NAME: &'static str = "pitland writers";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}
