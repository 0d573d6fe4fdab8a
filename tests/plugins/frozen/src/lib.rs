//! A writer as version 1 of the ABI has it, by hand: no crate of the project is used, only the shape of a record and
//! of a module, and numbers.
//!
//! **Never changed**, but to compile: that it loads is what is promised to everybody's plug-ins.
#![allow(
    non_local_definitions,
    non_camel_case_types,
    reason = "what the macros of abi_stable expand to"
)]

use abi_stable::library::{
    __call_root_module_loader, CheckTypeLayout, LibHeader, RootModule, RootModuleResult,
};
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RBox, ROption, RSlice, RVec};
use abi_stable::{StableAbi, package_version_strings, sabi_trait};

// --- the shape of version 1 ---

#[repr(C)]
#[derive(StableAbi, Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub code: u32,
    pub flags: u32,
    pub lba: i64,
    pub count: u64,
    pub bytes: RVec<u8>,
    pub reserved: u64,
}

pub type Message = RVec<Record>;

#[sabi_trait]
pub trait Job: Send {
    #[sabi(last_prefix_field)]
    fn next(&mut self, event: RSlice<'_, Record>) -> Message;
}

pub type JobBox = Job_TO<'static, RBox<()>>;

#[repr(C)]
#[derive(StableAbi)]
pub struct Begun {
    pub answer: Message,
    pub job: ROption<JobBox>,
}

#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = Root, prefix_fields = RootPrefix)))]
#[sabi(missing_field(panic))]
pub struct RootFields {
    pub writers: extern "C" fn() -> Message,
    pub assess: extern "C" fn(writer: u32, asked: RSlice<'_, Record>) -> Message,
    #[sabi(last_prefix_field)]
    pub begin: extern "C" fn(writer: u32, asked: RSlice<'_, Record>) -> Begun,
}

impl RootModule for Root {
    abi_stable::declare_root_module_statics! {Root}

    const BASE_NAME: &'static str = "pitland_writers";
    const NAME: &'static str = "pitland writers";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

// --- the handshake of version 1 ---

const SIZE: usize = 2048;
const TEXT: &[u8] = b"package: frozen\nversion: 1.0.0\nwriters: Frozen\n";

const fn number(text: &str) -> u16 {
    let digits = text.as_bytes();
    let (mut value, mut at) = (0, 0);
    while at < digits.len() {
        value = value * 10 + (digits[at] - b'0') as u16;
        at += 1;
    }
    value
}

const fn put(bytes: &mut [u8; SIZE], at: usize, part: &[u8]) {
    let mut i = 0;
    while i < part.len() {
        bytes[at + i] = part[i];
        i += 1;
    }
}

const fn handshake() -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    put(&mut bytes, 0, b"PITLAND PLUGIN\r\n");
    put(
        &mut bytes,
        16,
        &number(env!("CARGO_PKG_VERSION_MAJOR")).to_le_bytes(),
    );
    put(
        &mut bytes,
        18,
        &number(env!("CARGO_PKG_VERSION_MINOR")).to_le_bytes(),
    );
    put(
        &mut bytes,
        20,
        &number(env!("CARGO_PKG_VERSION_PATCH")).to_le_bytes(),
    );
    // Its panics can be caught.
    put(&mut bytes, 22, &[1, 0]);
    put(&mut bytes, 24, &(TEXT.len() as u32).to_le_bytes());
    put(&mut bytes, 28, TEXT);
    bytes
}

// SAFETY: the name is the project's own, exported once for each library.
#[unsafe(export_name = "pitland_plugin_metadata")]
pub static METADATA: [u8; SIZE] = handshake();

extern "C" fn erased_root() -> RootModuleResult {
    __call_root_module_loader(root)
}

// SAFETY: `erased_root` returns an erased `Root`, which is the type named here; the name is abi_stable's.
#[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
pub static HEADER: LibHeader =
    // SAFETY: as above.
    unsafe { LibHeader::from_constructor::<Root>(erased_root, CheckTypeLayout::Yes) };

fn root() -> Root {
    RootFields {
        writers,
        assess,
        begin,
    }
    .leak_into_prefix()
}

// --- the writer, in numbers ---

fn word(code: u32, lba: i64, count: u64, bytes: &[u8]) -> Record {
    Record {
        code,
        flags: 0,
        lba,
        count,
        bytes: bytes.iter().copied().collect(),
        reserved: 0,
    }
}

fn numbers(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

extern "C" fn writers() -> Message {
    // A writer of one profile, its summary, and the profile.
    [
        word(0x0100, 0, 1, b"frozen"),
        word(0x0101, 0, 0, b"as version 1 has it"),
        word(0x0102, 0, 0x5C07, &[]),
    ]
    .into_iter()
    .collect()
}

/// The request behind the facts, which are pairs of question and answer.
fn request<'a>(asked: &'a [Record]) -> &'a [Record] {
    let pairs = asked.first().map_or(0, |facts| facts.count) as usize;
    asked.get(1 + 2 * pairs..).unwrap_or_default()
}

/// Blocks to burn; or what it says to anything else.
fn burn(asked: &[Record]) -> Result<u64, Message> {
    let request = request(asked);
    match request.first() {
        // A burn with what this writer has words for.
        Some(burn) if burn.code == 0x0300 && burn.flags & !0b111 == 0 => Ok(burn.count),
        // A refusal, by its own fault: a word that it does not know.
        Some(other) if other.code == 0x0300 => Err([
            word(0x0401, 0, 0, &[]),
            word(0x0512, 0, 0, &[]),
            word(0x0B05, 0, other.code.into(), &[]),
        ]
        .into_iter()
        .collect()),
        _ => Err([word(0x0402, 0, 0, &[])].into_iter().collect()),
    }
}

extern "C" fn assess(_: u32, asked: RSlice<'_, Record>) -> Message {
    match burn(asked.as_slice()) {
        // From block 64 on, 1000 blocks free, fitness 70, units of 8.
        Ok(_) => [word(0x0400, 64, 1_000, &numbers(&[70, 8]))]
            .into_iter()
            .collect(),
        Err(other) => other,
    }
}

extern "C" fn begin(_: u32, asked: RSlice<'_, Record>) -> Begun {
    match burn(asked.as_slice()) {
        Ok(blocks) => Begun {
            answer: [
                word(0x0410, 0, 0, &[]),
                // No preparing command, one extent, no closing command, one warning.
                word(0x0600, 0, 0, &numbers(&[1, 0, 1])),
                // Of 2048-byte blocks in units of 8, nothing before it, from the image, by WRITE (10).
                word(
                    0x0606,
                    64,
                    blocks.next_multiple_of(8),
                    &numbers(&[2_048, 8, 0]),
                ),
                word(0x0610, 0, 0, &[]),
                word(0x0620, 0, 0, &[]),
                // The drive verifies as it records.
                word(0x0801, 0, 0, &[]),
                // Nothing is said of the medium afterwards.
                word(0x0630, 0, 0, &numbers(&[0])),
            ]
            .into_iter()
            .collect(),
            job: ROption::RSome(Job_TO::from_value(AtWork, TD_Opaque)),
        },
        Err(_) => Begun {
            answer: [word(0x0411, 0, 0, &[]), word(0x0511, 0, 0, &[])]
                .into_iter()
                .collect(),
            job: ROption::RNone,
        },
    }
}

struct AtWork;

impl Job for AtWork {
    fn next(&mut self, event: RSlice<'_, Record>) -> Message {
        let step = match event.as_slice().first().map(|event| event.code) {
            // It begins: write extent 0.
            Some(0x0A00) => word(0x0901, 0, 0, &[]),
            // It is done: all done.
            Some(0x0A01) => word(0x0908, 0, 0, &[]),
            _ => word(0x0909, 0, 0, &[]),
        };
        let fails = step.code == 0x0909;
        // An event that answers no step.
        let why = fails.then(|| word(0x0B01, 0, 0, &[]));
        [step].into_iter().chain(why).collect()
    }
}
