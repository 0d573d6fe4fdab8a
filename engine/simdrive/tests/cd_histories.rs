//! Random histories on CD: whatever the host does, the drive neither panics nor breaks its
//! promises, and a kill at any moment leaves a disc that is true.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::cd::*;
use common::*;
use crc::{CRC_32_ISO_HDLC, Crc};
use pitland_simdrive::{
    BLOCK_BYTES, DiscStore, DriveModel, Medium, MediumKind, MemoryStore, Quirks, Recorder,
    SECTOR_BYTES, StoreError,
};
use proptest::prelude::*;

/// Room for two or three sessions.
const CAPACITY: u32 = 26_000;

#[derive(Default)]
struct Watch {
    /// Operations until the process is killed.
    fuse: Option<u32>,
    written: BTreeSet<u32>,
    sectors: BTreeSet<i32>,
    rewritten: bool,
}

/// A store that dies at a chosen operation, which is torn; nothing after it has any effect.
struct Watched(MemoryStore, Arc<Mutex<Watch>>);

impl Watched {
    /// Whether the operation begins, and whether it ends.
    fn step(&self) -> (bool, bool) {
        match &mut self.1.lock().unwrap().fuse {
            None => (true, true),
            Some(0) => (false, false),
            Some(left) => {
                *left -= 1;
                (true, *left > 0)
            }
        }
    }
}

impl DiscStore for Watched {
    fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        self.0.read(lba, out)
    }

    fn write(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
        let (begins, ends) = self.step();
        let blocks = match (begins, ends) {
            (true, true) => data.len() / BLOCK_BYTES,
            (true, false) => data.len() / BLOCK_BYTES / 2,
            _ => return Ok(()),
        };
        let mut watch = self.1.lock().unwrap();
        for block in lba..lba + blocks as u32 {
            watch.rewritten |= !watch.written.insert(block);
        }
        self.0.write(lba, &data[..blocks * BLOCK_BYTES])
    }

    fn keeps_sectors(&self) -> bool {
        true
    }

    fn read_sectors(&mut self, lba: i32, out: &mut [u8]) -> Result<(), StoreError> {
        self.0.read_sectors(lba, out)
    }

    fn write_sectors(&mut self, lba: i32, data: &[u8]) -> Result<(), StoreError> {
        let (begins, ends) = self.step();
        let sectors = match (begins, ends) {
            (true, true) => data.len() / SECTOR_BYTES,
            (true, false) => data.len() / SECTOR_BYTES / 2,
            _ => return Ok(()),
        };
        let mut watch = self.1.lock().unwrap();
        for sector in (lba..).take(sectors) {
            watch.rewritten |= !watch.sectors.insert(sector);
        }
        self.0.write_sectors(lba, &data[..sectors * SECTOR_BYTES])
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        match self.step() {
            (true, _) => self.0.erase(),
            _ => Ok(()),
        }
    }

    fn save_state(&mut self, state: &[u8]) -> Result<(), StoreError> {
        match self.step() {
            (true, true) => self.0.save_state(state),
            _ => Ok(()),
        }
    }

    fn load_state(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.load_state()
    }
}

#[derive(Debug, Clone)]
enum Act {
    /// Bytes 2 and 3 and the block type of page 05h.
    Page(u8, u8, u8),
    /// At the next writable address.
    Write(u8),
    WriteAt(i16, u8),
    /// The same with blocks of 2352 bytes, of 2448 or of 96.
    Sound(u8, usize),
    /// A sheet of one track of sound, with texts or without, and a byte spoiled.
    SoundSheet(u16, bool, Option<(u8, u8)>),
    /// Address, blocks, expected type, bytes 9 and 10.
    ReadCd(u16, u8, u8, u8, u8),
    SubChannel(u8, u8),
    /// So many blocks behind the start of the session, and a byte spoiled.
    Sheet(u16, Option<(u8, u8)>),
    Read(u16, u8),
    Advance(u16),
    Settle,
    Sync,
    Close(u8, u8),
    Blank(u8, u16),
    Toc(u8, u8),
    Track(u8, u16),
    PowerLoss,
    Reload,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let sound_pages = vec![
        (0x41, 0xC4, 8),
        (0x41, 0x04, 8),
        (0x41, 0xC4, 10),
        (0x01, 0xC4, 8),
        (0x42, 0x00, 0),
        (0x42, 0xC0, 0),
        (0x02, 0xC0, 0),
        (0x51, 0xC4, 8),
        (0x52, 0xC0, 0),
        (0x41, 0xC0, 0),
        (0x41, 0xC3, 0),
        (0x51, 0xC0, 0),
        (0x43, 0x00, 3),
        (0x53, 0x00, 1),
    ];
    let act = prop_oneof![
        4 => prop::sample::select(sound_pages).prop_map(|(a, b, c)| Act::Page(a, b, c)),
        1 => any::<(u8, u8, u8)>().prop_map(|(a, b, c)| Act::Page(a, b, c)),
        10 => (1u8..=120).prop_map(Act::Write),
        6 => (1u8..=60, prop::sample::select(vec![2352, 2352, 2352, 2448, 2368, 96]))
            .prop_map(|(n, bytes)| Act::Sound(n, bytes)),
        2 => (300u16..400, any::<bool>()).prop_map(|(n, texts)| Act::SoundSheet(n, texts, None)),
        1 => (any::<u16>(), any::<(u8, u8)>()).prop_map(|(n, at)| Act::SoundSheet(n, false, Some(at))),
        2 => (any::<u16>(), 0u8..20, 0u8..7, any::<u8>(), 0u8..6)
            .prop_map(|(lba, n, expected, main, sub)| Act::ReadCd(lba, n, expected, main, sub)),
        2 => (0u16..700, 0u8..20).prop_map(|(lba, n)| Act::ReadCd(lba, n, 1, 0x10, 0)),
        1 => (0u8..5, 0u8..4).prop_map(|(format, track)| Act::SubChannel(format, track)),
        1 => (any::<i16>(), 0u8..70).prop_map(|(lba, n)| Act::WriteAt(lba, n)),
        3 => (300u16..500).prop_map(|n| Act::Sheet(n, None)),
        1 => (any::<u16>(), any::<(u8, u8)>()).prop_map(|(n, at)| Act::Sheet(n, Some(at))),
        2 => (any::<u16>(), 0u8..70).prop_map(|(lba, n)| Act::Read(lba, n)),
        2 => any::<u16>().prop_map(Act::Advance),
        4 => Just(Act::Settle),
        3 => Just(Act::Sync),
        3 => (0u8..4, 0u8..4).prop_map(|(f, t)| Act::Close(f, t)),
        2 => (0u8..8, any::<u16>()).prop_map(|(kind, at)| Act::Blank(kind, at)),
        1 => (0u8..7, 0u8..5).prop_map(|(format, from)| Act::Toc(format, from)),
        1 => (0u8..8, any::<u16>()).prop_map(|(by, number)| Act::Track(by, number)),
        1 => Just(Act::PowerLoss),
        1 => Just(Act::Reload),
    ];
    prop::collection::vec(act, 1..70)
}

/// A track of sound at once.
const SOUND_FIRST: [Act; 4] = [
    Act::Page(0x41, 0xC0, 0),
    Act::Sound(60, 2352),
    Act::Sync,
    Act::Settle,
];

fn kinds() -> impl Strategy<Value = MediumKind> {
    prop::sample::select(vec![MediumKind::CdR, MediumKind::CdRw])
}

fn habits() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(Quirks::NAMES.to_vec()), 0..3)
}

struct World {
    host: Host,
    watch: Arc<Mutex<Watch>>,
    kind: MediumKind,
}

impl World {
    fn new(kind: MediumKind, habits: &[&str], fuse: Option<u32>) -> Self {
        let mut quirks = Quirks::default();
        for habit in habits {
            assert!(quirks.set(habit, true));
        }
        let store = MemoryStore::new();
        let watch = Arc::new(Mutex::new(Watch::default()));
        let watched = Watched(store.clone(), Arc::clone(&watch));
        let medium = Medium::blank(kind, Some(CAPACITY), Box::new(watched)).unwrap();
        watch.lock().unwrap().fuse = fuse;
        let mut drive = Recorder::new(DriveModel {
            buffer_bytes: 1 << 20,
            quirks,
            ..DriveModel::default()
        });
        drive.insert(medium);
        Self {
            host: Host { drive, store },
            watch,
            kind,
        }
    }

    /// The process has not been killed yet.
    fn is_alive(&self) -> bool {
        self.watch.lock().unwrap().fuse != Some(0)
    }

    fn settle(&mut self) {
        while let Some(time) = self.host.drive.next_change() {
            self.host.drive.advance(time.max(Duration::from_nanos(1)));
        }
    }

    fn nwa(&mut self) -> Option<(i32, u32)> {
        let ask = [0x52, 1, 0, 0, 0, 0xFF, 0, 0, 48, 0];
        let track = self.host.try_get(&ask, 48).ok()?;
        (track[7] & 1 == 1).then(|| (word(&track, 12) as i32, word(&track, 8)))
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Page(byte_2, byte_3, block_type) => {
                let ask = [0x5A, 8, 5, 0, 0, 0, 0, 0, 60, 0];
                if let Ok(page) = self.host.try_get(&ask, 60)
                    && page.len() == 60
                {
                    self.host.cd_page(byte_2, byte_3, block_type);
                }
            }
            Act::Write(blocks) => {
                let lba = self.nwa().map_or(0, |(nwa, _)| nwa);
                let data = cd_pattern(lba, u32::from(blocks));
                let _ = self.host.write_once(lba as u32, &data);
            }
            Act::WriteAt(lba, blocks) => {
                let lba = i32::from(lba);
                let data = cd_pattern(lba, u32::from(blocks));
                let _ = self.host.write_once(lba as u32, &data);
            }
            Act::Sound(blocks, bytes) => {
                let lba = self.nwa().map_or(0, |(nwa, _)| nwa);
                let data = blocks_of(lba, u32::from(blocks), bytes);
                let cdb = write_10(lba as u32, u16::from(blocks));
                self.host.send(&cdb, &data);
            }
            Act::SoundSheet(blocks, texts, spoiled) => {
                let start = self.nwa().map_or(0, |(_, start)| start as i32);
                let mut sheet = sheet_from(start, 1, start + i32::from(blocks));
                let lead_in = if texts { 0x41 } else { 0x01 };
                for (entry, form) in sheet.iter_mut().zip([lead_in, 0, 0, 1]) {
                    (entry[0], entry[3]) = (1, form);
                }
                if let Some((at, value)) = spoiled {
                    sheet[usize::from(at) % 4][usize::from(at) / 4 % 8] = value;
                }
                self.host.cue(&sheet);
            }
            Act::ReadCd(lba, blocks, expected, main, sub) => {
                let lba = u32::from(lba) % (CAPACITY + 100);
                let read = self
                    .host
                    .read_cd(expected, lba, u32::from(blocks), main, sub);
                if let (Ok(data), (1, 0x10, 0)) = (read, (expected, main, sub)) {
                    check_sound(lba, &data);
                }
            }
            Act::SubChannel(format, track) => {
                let cdb = [0x42, 2, 0x40, format, 0, 0, track, 0, 24, 0];
                let _ = self.host.try_get(&cdb, 24);
            }
            Act::Sheet(blocks, spoiled) => {
                let start = self.nwa().map_or(0, |(_, start)| start as i32);
                let mut sheet = sheet_from(start, 1, start + i32::from(blocks));
                if let Some((at, value)) = spoiled {
                    sheet[usize::from(at) % 4][usize::from(at) / 4 % 8] = value;
                }
                self.host.cue(&sheet);
            }
            Act::Read(lba, blocks) => {
                let lba = u32::from(lba) % (CAPACITY + 100);
                if let Ok(data) = self.host.read(lba, u16::from(blocks)) {
                    check_blocks(lba, &data);
                }
            }
            Act::Advance(ms) => self.host.advance_ms(u64::from(ms)),
            Act::Settle => self.settle(),
            Act::Sync => {
                self.host.command(&[0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
            }
            Act::Close(function, track) => {
                self.host.command(&close(function, u16::from(track)));
            }
            Act::Blank(kind, address) => {
                self.host
                    .command(&blank_cd(kind, u32::from(address) % CAPACITY));
            }
            Act::Toc(format, from) => {
                let cdb = [0x43, 2, format, 0, 0, 0, from, 4, 0, 0];
                let _ = self.host.try_get(&cdb, 1024);
            }
            Act::Track(by, number) => {
                let [a, b] = number.to_be_bytes();
                let _ = self.host.try_get(&[0x52, by, 0, 0, a, b, 0, 0, 48, 0], 48);
            }
            Act::PowerLoss => self.host.drive.power_loss(),
            Act::Reload => {
                if let Some(medium) = self.host.drive.remove() {
                    self.host.drive.insert(medium);
                }
            }
        }
    }

    /// What must hold between any two commands.
    fn check(&self) {
        if self.kind == MediumKind::CdR {
            assert!(!self.watch.lock().unwrap().rewritten, "written twice");
        }
        if let Some(medium) = self.host.drive.medium() {
            medium.validate().unwrap();
        }
    }
}

/// Every block is zeros, or says that it belongs where it was read.
fn check_blocks(lba: u32, data: &[u8]) {
    for (lba, block) in (lba..).zip(data.chunks(BLOCK_BYTES)) {
        if *block != [0; BLOCK_BYTES] {
            assert_eq!(block, cd_pattern(lba as i32, 1), "block {lba}");
        }
    }
}

/// Samples that say where they belong, whatever follows them in each block.
fn blocks_of(lba: i32, blocks: u32, bytes: usize) -> Vec<u8> {
    let sound = samples(lba, blocks);
    let block = |sound: &[u8]| {
        let mut block = sound.to_vec();
        block.resize(bytes, 0);
        block
    };
    sound.chunks(2352).flat_map(block).collect()
}

/// Every sector of sound is silent, or is what was written there; raw writing has no place for it to be read.
fn check_sound(lba: u32, data: &[u8]) {
    for (lba, sector) in (lba..).zip(data.chunks(2352)) {
        if *sector != [0; 2352] {
            assert_eq!(sector, samples(lba as i32, 1), "sector {lba}");
        }
    }
}

/// Start and length of the tracks that a reader finds, with what they hold.
fn contents(medium: &mut Medium) -> Vec<(u32, Vec<u8>)> {
    let tracks = medium.tracks();
    let mut read = |(start, blocks): (u32, u32)| {
        let mut data = vec![0; blocks as usize * BLOCK_BYTES];
        medium.read_blocks(start, &mut data).unwrap();
        (start, data)
    };
    tracks.into_iter().map(&mut read).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_history_breaks_the_drive_or_the_disc(
        kind in kinds(),
        habits in habits(),
        sound in any::<bool>(),
        acts in acts(),
    ) {
        let mut world = World::new(kind, &habits, None);
        world.settle();
        let first = match sound {
            true => &SOUND_FIRST[..],
            false => &[],
        };
        for act in first.iter().chain(&acts) {
            world.act(act);
            world.check();
        }
        // A disc that is opened anew is the one that was there, without what was under way.
        world.settle();
        // An error that came late, of a buffer that ran empty, is told once.
        world.host.command(&[0; 6]);
        world.host.ready();
        for lba in (0..900).step_by(3) {
            world.act(&Act::ReadCd(lba, 1, 1, 0x10, 0));
        }
        if let Some(mut medium) = world.host.drive.remove() {
            medium.validate().unwrap();
            let mut again = Medium::open(Box::new(world.host.store.clone())).unwrap();
            prop_assert_eq!(contents(&mut again), contents(&mut medium));
        }
    }

    /// Killed at any operation: what the disc says it holds is there, and on a disc that cannot be
    /// blanked whatever was ended before is there still.
    #[test]
    fn a_kill_leaves_a_disc_that_is_true(kind in kinds(), acts in acts(), fuse in 1u32..60) {
        let mut world = World::new(kind, &[], Some(fuse));
        world.settle();
        let mut ended = Vec::new();
        for act in &acts {
            world.act(act);
            if let Some(medium) = world.host.drive.medium().filter(|_| world.is_alive()) {
                ended = medium.tracks();
            }
        }
        let mut medium = Medium::open(Box::new(world.host.store.clone())).unwrap();
        medium.validate().unwrap();
        if kind == MediumKind::CdR {
            prop_assert!(medium.tracks().starts_with(&ended), "{ended:?}, then {medium:?}");
        }
        for (start, data) in contents(&mut medium) {
            for (lba, block) in (start..).zip(data.chunks(BLOCK_BYTES)) {
                // Padding is zeros: the last blocks of a track of no more than 300.
                let padded = *block == [0; BLOCK_BYTES] && data.len() == 300 * BLOCK_BYTES;
                if !padded {
                    prop_assert_eq!(block, cd_pattern(lba as i32, 1), "block {}", lba);
                }
            }
        }
    }
    /// A file may hold anything: it is refused, or is a disc that a drive can serve.
    #[test]
    fn a_bent_state_is_an_error_or_a_disc(
        kind in kinds(),
        sound in any::<bool>(),
        acts in acts(),
        at in any::<prop::sample::Index>(),
        bytes in prop_oneof![3 => Just(vec![0xFF; 4]), 1 => prop::collection::vec(any::<u8>(), 1..5)],
    ) {
        // Magic, version and kind stay, and so does the checksum right.
        const FIELDS: usize = 9;
        let mut world = World::new(kind, &[], None);
        world.settle();
        // There is one track at least, and room for what bends it.
        let first = match sound {
            true => SOUND_FIRST,
            false => [Act::Page(0x41, 0xC4, 8), Act::Write(120), Act::Sync, Act::Settle],
        };
        for act in first.iter().chain(&acts) {
            world.act(act);
        }
        let mut state = world.host.store.load_state().unwrap().unwrap();
        let end = state.len() - 4;
        let first = FIELDS + at.index(end - FIELDS);
        for (place, byte) in state[first..end].iter_mut().zip(bytes) {
            *place = byte;
        }
        let sum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&state[..end]);
        state[end..].copy_from_slice(&sum.to_be_bytes());
        world.host.store.save_state(&state).unwrap();
        let Ok(medium) = Medium::open(Box::new(world.host.store.clone())) else {
            return Ok(());
        };
        world.host.drive = Recorder::new(DriveModel::default());
        world.host.drive.insert(medium);
        world.settle();
        for format in 0..6 {
            world.act(&Act::Toc(format, 0));
            world.act(&Act::SubChannel(format, 1));
            world.act(&Act::ReadCd(u16::from(format) * 100, 5, 0, 0xF8, 1));
        }
        for act in acts.iter().rev() {
            world.act(act);
            world.check();
        }
    }
}
