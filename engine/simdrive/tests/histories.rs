//! Random histories: whatever the host does, the drive neither panics nor breaks
//! its promises, and a kill at any moment leaves a disc that is true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::*;
use pitland_simdrive::{
    BLOCK_BYTES, DiscStore, DriveModel, Medium, MediumError, MediumKind, MemoryStore, Quirks,
    Recorder, StoreError, supported_commands,
};
use proptest::prelude::*;

/// What the store behind a disc is made to do.
#[derive(Default)]
struct Watch {
    /// Operations until the process is killed; `None`: never.
    fuse: Option<u32>,
    /// Blocks that were written since the last erase.
    written: BTreeSet<u32>,
    rewritten: bool,
    saves: u32,
    writes: u32,
}

/// A store that is watched, and that dies at a chosen operation: the write that is
/// under way then is torn, and nothing after it has any effect.
struct Watched {
    inner: MemoryStore,
    watch: Arc<Mutex<Watch>>,
}

impl Watched {
    /// False once the process is dead; the operation that kills it is the last one, torn.
    fn alive(&self) -> (bool, bool) {
        let mut watch = self.watch.lock().unwrap();
        match &mut watch.fuse {
            None => (true, false),
            Some(0) => (false, false),
            Some(left) => {
                *left -= 1;
                (true, *left == 0)
            }
        }
    }
}

impl DiscStore for Watched {
    fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        self.inner.read(lba, out)
    }

    fn write(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
        let (alive, torn) = self.alive();
        if !alive {
            return Ok(());
        }
        let blocks = (data.len() / BLOCK_BYTES) as u32;
        let mut watch = self.watch.lock().unwrap();
        for block in lba..lba + blocks {
            watch.rewritten |= !watch.written.insert(block);
        }
        watch.writes += 1;
        drop(watch);
        let kept = if torn { blocks / 2 } else { blocks } as usize * BLOCK_BYTES;
        self.inner.write(lba, &data[..kept])
    }

    fn erase(&mut self) -> Result<(), StoreError> {
        let (alive, _) = self.alive();
        if !alive {
            return Ok(());
        }
        self.watch.lock().unwrap().written.clear();
        self.inner.erase()
    }

    fn save_state(&mut self, state: &[u8]) -> Result<(), StoreError> {
        let (alive, torn) = self.alive();
        if !alive || torn {
            return Ok(());
        }
        self.watch.lock().unwrap().saves += 1;
        self.inner.save_state(state)
    }

    fn load_state(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load_state()
    }
}

#[derive(Debug, Clone)]
enum Act {
    /// At the next writable address, so many units.
    Write(u8),
    /// At the next writable address, so many blocks.
    WritePart(u8),
    /// At any address, any length.
    WriteAt(u16, u8),
    Read(u16, u8),
    Advance(u16),
    Settle,
    Sync,
    Close(u8, u8),
    Reserve(u8),
    Format(u8, u8),
    Blank(u8),
    /// Page 05h: write type, multi-session bits and flags of byte 2.
    Parameters(u8, u8, u8),
    Speed(u16),
    PowerLoss,
    Reopen,
    Eject,
    Load,
    Bytes([u8; 12], u16),
    /// A known opcode, a few bits set, and data of any kind.
    Probe(u8, Vec<(u8, u8)>, Vec<u8>),
}

fn opcodes() -> Vec<u8> {
    supported_commands().map(|(opcode, _)| opcode).collect()
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (1u8..20).prop_map(Act::Write),
        2 => (1u8..100).prop_map(Act::WritePart),
        2 => (any::<u16>(), 0u8..70).prop_map(|(lba, n)| Act::WriteAt(lba, n)),
        2 => (any::<u16>(), 0u8..70).prop_map(|(lba, n)| Act::Read(lba, n)),
        3 => any::<u16>().prop_map(Act::Advance),
        4 => Just(Act::Settle),
        1 => Just(Act::Sync),
        3 => (0u8..8, 0u8..4).prop_map(|(f, t)| Act::Close(f, t)),
        1 => (1u8..40).prop_map(Act::Reserve),
        2 => (0u8..6, 0u8..8).prop_map(|(line, flags)| Act::Format(line, flags)),
        1 => (0u8..3).prop_map(Act::Blank),
        2 => (0u8..3, 0u8..4, 0u8..3).prop_map(|(kind, sessions, flags)| {
            // Mostly with underrun protection, sometimes in test.
            let flags = [0x40, 0x50, 0x00][usize::from(flags)];
            Act::Parameters(kind, sessions, flags)
        }),
        1 => any::<u16>().prop_map(Act::Speed),
        1 => Just(Act::PowerLoss),
        1 => Just(Act::Reopen),
        1 => Just(Act::Eject),
        1 => Just(Act::Load),
        1 => (any::<[u8; 12]>(), 0u16..300).prop_map(|(cdb, n)| Act::Bytes(cdb, n)),
        5 => (
            prop::sample::select(opcodes()),
            prop::collection::vec((1u8..11, any::<u8>()), 0..5),
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 12..13),
                prop::collection::vec(prop_oneof![3 => Just(0u8), 1 => any::<u8>()], 28..29),
            ],
        )
            .prop_map(|(opcode, bytes, data)| Act::Probe(opcode, bytes, data)),
    ];
    prop::collection::vec(act, 1..60)
}

fn kinds() -> impl Strategy<Value = MediumKind> {
    prop::sample::select(MediumKind::ALL.to_vec())
}

/// A few habits at a time: some together let nothing happen any more.
fn habits() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(Quirks::NAMES.to_vec()), 0..4)
}

struct World {
    host: Host,
    watch: Arc<Mutex<Watch>>,
    kind: MediumKind,
}

impl World {
    fn new(kind: MediumKind, fuse: Option<u32>) -> Self {
        Self::with_habits(kind, fuse, &[])
    }

    fn with_habits(kind: MediumKind, fuse: Option<u32>, habits: &[&str]) -> Self {
        let mut quirks = Quirks::default();
        for habit in habits {
            assert!(quirks.set(habit, true));
        }
        let inner = MemoryStore::new();
        let watch = Arc::new(Mutex::new(Watch::default()));
        let store = Watched {
            inner: inner.clone(),
            watch: Arc::clone(&watch),
        };
        let medium = Medium::blank(kind, Some(SMALL), Box::new(store)).unwrap();
        watch.lock().unwrap().fuse = fuse;
        let mut drive = Recorder::new(DriveModel {
            buffer_bytes: 1 << 20,
            quirks,
            ..DriveModel::default()
        });
        drive.insert(medium);
        Self {
            host: Host {
                drive,
                store: inner,
            },
            watch,
            kind,
        }
    }

    fn nwa(&mut self) -> Option<u32> {
        let info = self
            .host
            .try_get(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], 34)
            .ok()?;
        let track = self
            .host
            .try_get(&[0x52, 1, 0, 0, 0, info[6], 0, 0, 48, 0], 48)
            .ok()?;
        (track[7] & 1 == 1).then(|| word(&track, 12))
    }

    fn act(&mut self, act: &Act) {
        let unit = self.kind.unit();
        let host = &mut self.host;
        match *act {
            Act::Write(units) => {
                let lba = self.nwa().unwrap_or(0);
                let blocks = u32::from(units) * unit;
                let _ = self.host.write_once(lba, &pattern(lba, blocks));
            }
            Act::WritePart(blocks) => {
                let lba = self.nwa().unwrap_or(0);
                let _ = self.host.write_once(lba, &pattern(lba, blocks.into()));
            }
            Act::WriteAt(lba, blocks) => {
                let lba = u32::from(lba) % (SMALL + 100);
                let _ = host.write_once(lba, &pattern(lba, u32::from(blocks)));
            }
            Act::Read(lba, blocks) => {
                let lba = u32::from(lba) % (SMALL + 100);
                if let Ok(data) = host.read(lba, u16::from(blocks)) {
                    check_blocks(lba, &data);
                }
            }
            Act::Advance(ms) => host.advance_ms(u64::from(ms)),
            Act::Settle => {
                while let Some(time) = host.drive.next_change() {
                    host.drive.advance(time.max(Duration::from_nanos(1)));
                }
            }
            Act::Sync => {
                host.command(&[0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
            }
            Act::Close(function, track) => {
                host.command(&close(function, u16::from(track)));
            }
            Act::Reserve(units) => {
                let [a, b, c, d] = (u32::from(units) * unit).to_be_bytes();
                host.command(&[0x53, 0, 0, 0, 0, a, b, c, d, 0]);
            }
            Act::Format(line, flags) => {
                let ask = [0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0];
                let Ok(list) = host.try_get(&ask, 252) else {
                    return;
                };
                let at = 12 + 8 * usize::from(line);
                let Some(chosen) = list.get(at..at + 8) else {
                    return;
                };
                let mut data = [0, 2, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
                data[1] |= (flags & 3) << 6 | (flags & 4) << 3;
                data[4..].copy_from_slice(chosen);
                data[8] |= flags & 1;
                host.format(data);
            }
            Act::Blank(kind) => {
                host.command(&blank(kind));
            }
            Act::Parameters(kind, sessions, flags) => {
                let ask = [0x5A, 8, 5, 0, 0, 0, 0, 0, 60, 0];
                let Ok(mut page) = host.try_get(&ask, 60) else {
                    return;
                };
                page[..8].fill(0);
                let mode = if kind == 1 { 4 } else { 5 };
                (page[10], page[11]) = (flags | kind, sessions << 6 | mode);
                host.send(&[0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0], &page);
            }
            Act::Speed(speed) => {
                let [h, l] = speed.to_be_bytes();
                host.command(&[0xBB, 0, 0xFF, 0xFF, h, l, 0, 0, 0, 0, 0, 0]);
            }
            Act::PowerLoss => host.drive.power_loss(),
            Act::Reopen => {
                if let Some(medium) = host.drive.remove() {
                    host.drive.insert(medium);
                }
            }
            Act::Eject => {
                host.command(&[0x1B, 1, 0, 0, 2, 0]);
            }
            Act::Load => {
                host.command(&[0x1B, 1, 0, 0, 3, 0]);
            }
            Act::Probe(opcode, ref bytes, ref data) => {
                let mut cdb = [0; 12];
                cdb[0] = opcode;
                for (at, value) in bytes {
                    cdb[usize::from(*at)] = *value;
                }
                let end = match opcode >> 5 {
                    0 => 6,
                    1 | 2 => 10,
                    _ => 12,
                };
                // The length field of those that send a list.
                match opcode {
                    0x55 => cdb[8] = data.len() as u8,
                    0xB6 => cdb[10] = data.len() as u8,
                    0xBF => cdb[9] = data.len() as u8,
                    _ => {}
                }
                host.drive.execute(&cdb[..end], data, &mut [0; 4096]);
            }
            Act::Bytes(cdb, len) => {
                let mut data = vec![0; usize::from(len)];
                for end in [6, 10, 12] {
                    host.drive.execute(&cdb[..end], &[0; 64], &mut data);
                }
            }
        }
    }

    /// What must hold between any two commands.
    fn check(&mut self) {
        let watch = self.watch.lock().unwrap();
        if is_sequential(self.kind) {
            assert!(
                !watch.rewritten,
                "a block of a write-once disc was written twice"
            );
        }
        drop(watch);
        if let Some(medium) = self.host.drive.medium() {
            medium.validate().unwrap();
        }
    }
}

/// Those that have tracks, borders and test writing.
const DASH: [MediumKind; 3] = [
    MediumKind::DvdMinusR,
    MediumKind::DvdMinusRw,
    MediumKind::DvdMinusRDl,
];

fn is_sequential(kind: MediumKind) -> bool {
    matches!(
        kind,
        MediumKind::BdR
            | MediumKind::DvdPlusR
            | MediumKind::DvdPlusRDl
            | MediumKind::DvdMinusR
            | MediumKind::DvdMinusRDl
    )
}

/// Acts that may lead to padding, which is zeros where the pattern would be.
fn may_pad(act: &Act) -> bool {
    matches!(
        act,
        Act::Reserve(_)
            | Act::WritePart(_)
            | Act::WriteAt(..)
            | Act::Probe(0x53, ..)
            | Act::Bytes(..)
    )
}

/// Every block is zeros, or says that it belongs where it was read.
fn check_blocks(lba: u32, data: &[u8]) {
    for (lba, block) in (lba..).zip(data.chunks(BLOCK_BYTES)) {
        if *block != [0; BLOCK_BYTES] {
            assert_eq!(block, pattern(lba, 1), "block {lba}");
        }
    }
}

/// Start, next writable address and end of each track that is open.
fn open_tracks(host: &mut Host) -> BTreeMap<u32, (u32, u32)> {
    let mut out = BTreeMap::new();
    let info = [0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0];
    let Ok(info) = host.try_get(&info, 34) else {
        return out;
    };
    for number in 1..=info[6] {
        let ask = [0x52, 1, 0, 0, 0, number, 0, 0, 48, 0];
        let Ok(track) = host.try_get(&ask, 48) else {
            continue;
        };
        if track[7] & 1 == 1 {
            let (start, nwa, free) = (word(&track, 8), word(&track, 12), word(&track, 16));
            // The pregap of a CD lies before its track.
            let nwa = (nwa as i32).max(start as i32) as u32;
            assert_eq!(nwa + free, start + word(&track, 24), "used + free = all");
            out.insert(start, (nwa, start + word(&track, 24)));
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn no_history_breaks_the_drive_or_the_disc(kind in kinds(), acts in acts(), habits in habits()) {
        let mut world = World::with_habits(kind, None, &habits);
        world.host.ready();
        for act in &acts {
            let before = open_tracks(&mut world.host);
            world.act(act);
            world.check();
            if matches!(act, Act::PowerLoss | Act::Bytes(..) | Act::Probe(..)) {
                continue;
            }
            for (start, (nwa, _)) in open_tracks(&mut world.host) {
                if let Some((earlier, _)) = before.get(&start) {
                    prop_assert!(nwa >= *earlier, "the NWA went back");
                }
            }
        }
    }

    #[test]
    fn a_kill_at_any_moment_leaves_a_true_disc(kind in kinds(), acts in acts(), fuse in 1u32..120, pads in any::<bool>()) {
        let mut world = World::new(kind, Some(fuse));
        world.host.ready();
        for act in &acts {
            if pads || !may_pad(act) {
                world.act(act);
            }
        }
        // A new process opens what the store holds.
        let mut medium = Medium::open(Box::new(world.host.store.clone())).unwrap();
        medium.validate().unwrap();
        for (start, blocks) in medium.tracks() {
            let mut data = vec![0; blocks as usize * BLOCK_BYTES];
            medium.read_blocks(start, &mut data).unwrap();
            check_blocks(start, &data);
            // Without padding, what counts as recorded is all there.
            if !pads && is_sequential(kind) {
                prop_assert!(data == pattern(start, blocks), "blocks are missing");
            }
        }
        let mut host = Host {
            drive: Recorder::new(DriveModel::default()),
            store: world.host.store.clone(),
        };
        host.drive.insert(medium);
        host.ready();
        // It can be used again: written on where it is open, or formatted.
        for (nwa, end) in open_tracks(&mut host).into_values() {
            prop_assert!(nwa < end);
            let data = pattern(nwa, kind.unit());
            let first = host.write_once(nwa, &data);
            if first == Err((5, 0x64, 0)) {
                // Reserved for a recording at once, or blanked in the quick way.
                host.at_once();
                host.command(&reserve(kind.unit()));
            }
            if first.is_err() {
                host.write(nwa, &data);
            }
        }
        host.sync();
    }

    #[test]
    fn what_was_synchronized_outlives_a_power_loss(
        kind in prop::sample::select(DASH.to_vec()),
        writes in prop::collection::vec((1u8..40, any::<bool>(), any::<bool>()), 1..20),
        late in 0u16..2000,
    ) {
        let mut host = Host::small(kind);
        host.incremental();
        let (mut next, mut safe) = (0, 0);
        let mut links = BTreeSet::new();
        for (units, syncs, closes) in writes {
            if next + u32::from(units) * 16 > SMALL {
                break;
            }
            host.write_units(next, units.into());
            next += u32::from(units) * 16;
            if syncs {
                host.sync();
                safe = next;
            }
            if syncs && closes && next + 16 < SMALL {
                let track = host.disc().4;
                host.close(1, track.into());
                links.insert(next);
                next += 16;
            }
        }
        host.advance_ms(late.into());
        host.drive.power_loss();
        host.ready();
        let mut read = 0;
        while read < safe {
            match host.read(read, 16) {
                Ok(data) => prop_assert!(data == pattern(read, 16)),
                Err(sense) => prop_assert!(links.contains(&read), "{read}: {sense:02X?}"),
            }
            read += 16;
        }
        let last = host.disc().4;
        prop_assert!(host.nwa(last).unwrap() >= safe);
    }

    #[test]
    fn in_test_nothing_happens_to_the_disc(kind in prop::sample::select(DASH.to_vec()), acts in acts(), at_once in any::<bool>()) {
        let mut world = World::new(kind, None);
        world.host.ready();
        let write_type = if at_once { 2 } else { 0 };
        let page = [(2, 0x50 | write_type), (3, 0xC5)];
        prop_assert_eq!(world.host.write_parameters(&page).key_asc_ascq(), None);
        let disc = |world: &World| format!("{:?}", world.host.drive.medium());
        let before = disc(&world);
        for act in &acts {
            let stays_in_test = !matches!(
                act,
                Act::Parameters(..) | Act::PowerLoss | Act::Bytes(..) | Act::Probe(..) | Act::Eject | Act::Reopen
            );
            if stays_in_test {
                world.act(act);
                prop_assert_eq!(disc(&world), before.clone());
            }
        }
        prop_assert_eq!(world.watch.lock().unwrap().writes, 0);
    }

    #[test]
    fn a_power_loss_and_a_kill_leave_the_same_disc(kind in kinds(), acts in acts()) {
        let mut world = World::new(kind, None);
        world.host.ready();
        for act in &acts {
            world.act(act);
        }
        // What the buffer held is lost either way.
        let killed = Medium::open(Box::new(world.host.store.clone())).unwrap();
        world.host.drive.power_loss();
        if let Some(medium) = world.host.drive.medium() {
            prop_assert_eq!(format!("{medium:?}"), format!("{killed:?}"));
        }
    }

    /// What a user's file may say: it opens to a disc that holds together, or it does not open.
    #[test]
    fn a_state_that_somebody_made_up_is_read_or_refused(kind in kinds(), acts in acts(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut world = World::new(kind, None);
        world.host.ready();
        for act in &acts {
            world.act(act);
        }
        let mut store = world.host.store.clone();
        let mut state = store.load_state().unwrap().unwrap();
        state.truncate(state.len() - 4);
        // The magic and the version stay.
        for (at, byte) in flips {
            *at.get_mut(&mut state[8..]) = byte;
        }
        let sum = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&state);
        state.extend(sum.to_be_bytes());
        store.save_state(&state).unwrap();
        let Ok(medium) = Medium::open(Box::new(store.clone())) else {
            return Ok(());
        };
        prop_assert!(medium.validate().is_ok());
        let mut host = Host {
            drive: Recorder::new(DriveModel::default()),
            store,
        };
        host.drive.insert(medium);
        // Whatever it is, it is looked at and written to like any other.
        let mut world = World { host, watch: Arc::default(), kind };
        world.host.drive.settle();
        for act in &acts {
            world.act(act);
        }
        for cdb in [[0x51, 0], [0x52, 1], [0x23, 0], [0x25, 0], [0x43, 0], [0x46, 0], [0xAC, 0]] {
            let mut long = [0; 12];
            long[..2].copy_from_slice(&cdb);
            (long[5], long[8]) = (1, 200);
            let length = if cdb[0] == 0xAC { 12 } else { 10 };
            let _ = world.host.try_get(&long[..length], 4096);
        }
    }

    #[test]
    fn a_corrupt_state_is_an_error_and_never_a_panic(kind in kinds(), acts in acts(), at in any::<prop::sample::Index>(), flip in 1u8..=255, cut in any::<prop::sample::Index>()) {
        let mut world = World::new(kind, None);
        world.host.ready();
        for act in &acts {
            world.act(act);
        }
        let mut store = world.host.store.clone();
        let state = store.load_state().unwrap().unwrap();
        let mut flipped = state.clone();
        *at.get_mut(&mut flipped) ^= flip;
        store.save_state(&flipped).unwrap();
        let corrupt = matches!(
            Medium::open(Box::new(store.clone())),
            Err(MediumError::Corrupt(_) | MediumError::Version(_))
        );
        prop_assert!(corrupt);
        store.save_state(&state[..cut.index(state.len())]).unwrap();
        prop_assert!(Medium::open(Box::new(store)).is_err());
    }
}

/// Saving is cheap: one save for all that a stretch of time wrote.
#[test]
fn the_state_is_saved_once_for_each_time_the_buffer_drains() {
    let mut world = World::new(MediumKind::BdR, None);
    world.host.ready();
    let mut calls = 0;
    let before = world.watch.lock().unwrap().saves;
    for at in 0..100 {
        let lba = at * 32;
        while world.host.write_once(lba, &pattern(lba, 32)).is_err() {
            calls += 1;
            let time = world.host.drive.next_change().unwrap();
            world.host.drive.advance(time);
        }
    }
    let saves = world.watch.lock().unwrap().saves - before;
    assert!(calls > 0 && saves <= calls, "{saves} saves, {calls} calls");
}

/// A store that fails is a write error, deferred to the next command (recipe 9, 71h).
#[test]
fn recipe_9_a_failing_store_is_a_deferred_write_error() {
    struct Failing(MemoryStore);
    impl DiscStore for Failing {
        fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
            self.0.read(lba, out)
        }
        fn write(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
            if lba as usize + data.len() / BLOCK_BYTES > 64 {
                return Err(std::io::Error::other("full").into());
            }
            self.0.write(lba, data)
        }
        fn erase(&mut self) -> Result<(), StoreError> {
            self.0.erase()
        }
        fn save_state(&mut self, state: &[u8]) -> Result<(), StoreError> {
            self.0.save_state(state)
        }
        fn load_state(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.load_state()
        }
    }
    let store = MemoryStore::new();
    let failing = Box::new(Failing(store.clone()));
    let medium = Medium::blank(MediumKind::BdR, Some(SMALL), failing).unwrap();
    let mut drive = Recorder::new(DriveModel::default());
    drive.insert(medium);
    let mut host = Host { drive, store };
    host.ready();
    host.write_units(0, 1);
    host.advance_ms(1000);
    host.write_units(32, 2);
    host.good(&[0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    host.advance_ms(5000);
    let answer = host.command(&[0; 6]);
    assert_eq!(answer.key_asc_ascq(), Some((3, 0x0C, 0)));
    assert_eq!(answer.sense[0], 0xF1, "deferred, with the block");
    let track = host.track(1);
    assert_eq!(track[5] & 0x20, 0x20, "damaged");
    assert!(word(&track, 12) <= 64);
}

/// What a killed process wrote beyond the saved state is not data: padding reads as zeros.
#[test]
fn recipe_8_padding_after_a_kill_is_zeros() {
    let mut world = World::new(MediumKind::BdR, None);
    world.host.ready();
    world.host.good(&[0x53, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    world.host.write_units(0, 1);
    world.host.sync();
    // One more operation, the write itself; the state that counts it never comes.
    world.watch.lock().unwrap().fuse = Some(2);
    world.host.write_units(32, 4);
    world.host.advance_ms(1000);
    let mut host = world.host.reopened();
    assert_eq!(host.nwa(1), Some(32));
    assert_eq!(stored(&host.store, 32, 32), pattern(32, 32), "left behind");
    host.close(1, 1);
    assert_eq!(host.read(0, 32).unwrap(), pattern(0, 32));
    assert_eq!(host.read(32, 128).unwrap(), vec![0; 128 * BLOCK_BYTES]);
}
