//! A host that sends commands to the virtual recorder, and what the tests ask often.
#![allow(dead_code, unreachable_pub)] // each test file uses a part of it
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod cd;

use std::time::Duration;

use pitland_simdrive::{
    Answer, BLOCK_BYTES, DiscType, DriveModel, Medium, MediumKind, MemoryStore, Quirks, Recorder,
    Status,
};

/// Key, ASC and ASCQ.
pub type Sense = (u8, u8, u8);

pub const BUFFER_FULL: Sense = (2, 4, 8);
pub const NOT_AT_NWA: Sense = (5, 0x21, 2);
pub const OUT_OF_RANGE: Sense = (5, 0x21, 0);
pub const ILLEGAL_FIELD: Sense = (5, 0x24, 0);
pub const ILLEGAL_PARAMETER: Sense = (5, 0x26, 0);

pub struct Host {
    pub drive: Recorder,
    pub store: MemoryStore,
}

/// Blocks of a small disc of any kind: 64 units of 32 blocks, twice over.
pub const SMALL: u32 = 8192;

impl Host {
    /// A drive with a new disc of the usual size, ready.
    pub fn with(kind: MediumKind) -> Self {
        Self::with_model(kind, None, DriveModel::default())
    }

    pub fn small(kind: MediumKind) -> Self {
        Self::with_model(kind, Some(SMALL), DriveModel::default())
    }

    pub fn with_model(kind: MediumKind, blocks: Option<u32>, model: DriveModel) -> Self {
        let store = MemoryStore::new();
        let medium = Medium::blank(kind, blocks, Box::new(store.clone())).unwrap();
        let mut drive = Recorder::new(model);
        drive.insert(medium);
        let mut host = Self { drive, store };
        host.ready();
        host
    }

    /// A disc as it is sold under that name.
    pub fn sold(disc: DiscType, blocks: Option<u32>, model: DriveModel) -> Self {
        let store = MemoryStore::new();
        let medium = Medium::as_sold(disc, blocks, Box::new(store.clone())).unwrap();
        let mut drive = Recorder::new(model);
        drive.insert(medium);
        let mut host = Self { drive, store };
        host.ready();
        host
    }

    /// A small disc in a drive with a habit.
    pub fn odd(kind: MediumKind, habit: fn(&mut Quirks)) -> Self {
        let mut model = DriveModel::default();
        habit(&mut model.quirks);
        Self::with_model(kind, Some(SMALL), model)
    }

    /// Does what a new disc needs before it can be written to: the format of a rewritable one,
    /// page 05h on CD.
    pub fn prepare(&mut self) {
        let medium = self.drive.medium().unwrap().kind();
        match medium {
            MediumKind::BdRe | MediumKind::DvdPlusRw | MediumKind::DvdPlusRwDl => {
                self.format_default();
            }
            MediumKind::CdR | MediumKind::CdRw => {
                let page = [(2, 0x41), (3, 0xC4), (4, 8)];
                assert_eq!(self.write_parameters(&page).key_asc_ascq(), None);
            }
            _ => {}
        }
    }

    /// The same disc in a drive that was just switched on: what a kill leaves behind.
    pub fn reopened(&self) -> Self {
        let medium = Medium::open(Box::new(self.store.clone())).unwrap();
        let mut drive = Recorder::new(self.drive.model().clone());
        drive.insert(medium);
        let mut host = Self {
            drive,
            store: self.store.clone(),
        };
        host.ready();
        host
    }

    /// Tests the unit until it is ready; attentions and 2/04/xx are waited out.
    pub fn ready(&mut self) {
        for _ in 0..1000 {
            match self.command(&[0; 6]).key_asc_ascq() {
                None => return,
                Some((6, _, _)) => {}
                Some((2, 4 | 0x3A, _)) => {
                    let half = self.drive.next_change().expect("nothing is under way") / 2;
                    self.drive.advance(half.max(Duration::from_nanos(1)));
                }
                Some(other) => panic!("not ready: {other:02X?}"),
            }
        }
        panic!("never ready");
    }

    pub fn command(&mut self, cdb: &[u8]) -> Answer {
        self.drive.execute(cdb, &[], &mut [])
    }

    pub fn send(&mut self, cdb: &[u8], data: &[u8]) -> Answer {
        self.drive.execute(cdb, data, &mut [])
    }

    pub fn good(&mut self, cdb: &[u8]) {
        let answer = self.command(cdb);
        assert_eq!(answer.key_asc_ascq(), None, "{cdb:02X?}");
    }

    pub fn refused(&mut self, cdb: &[u8], sense: Sense) {
        let answer = self.command(cdb);
        assert_eq!(answer.key_asc_ascq(), Some(sense), "{cdb:02X?}");
    }

    pub fn sent(&mut self, cdb: &[u8], data: &[u8]) {
        let answer = self.send(cdb, data);
        assert_eq!(answer.key_asc_ascq(), None, "{cdb:02X?} {data:02X?}");
    }

    pub fn send_refused(&mut self, cdb: &[u8], data: &[u8], sense: Sense) {
        let answer = self.send(cdb, data);
        assert_eq!(answer.key_asc_ascq(), Some(sense), "{cdb:02X?}");
    }

    pub fn try_get(&mut self, cdb: &[u8], room: usize) -> Result<Vec<u8>, Sense> {
        let mut data = vec![0; room];
        let answer = self.drive.execute(cdb, &[], &mut data);
        match answer.key_asc_ascq() {
            None => {
                data.truncate(answer.transferred);
                Ok(data)
            }
            Some(sense) => Err(sense),
        }
    }

    pub fn get(&mut self, cdb: &[u8], room: usize) -> Vec<u8> {
        self.try_get(cdb, room)
            .unwrap_or_else(|sense| panic!("{cdb:02X?}: {sense:02X?}"))
    }

    pub fn write_once(&mut self, lba: u32, data: &[u8]) -> Result<(), Sense> {
        let cdb = write_10(lba, (data.len() / BLOCK_BYTES) as u16);
        match self.send(&cdb, data).key_asc_ascq() {
            None => Ok(()),
            Some(sense) => Err(sense),
        }
    }

    /// Writes, and waits while the buffer is full.
    pub fn write(&mut self, lba: u32, data: &[u8]) {
        for _ in 0..100 {
            match self.write_once(lba, data) {
                Ok(()) => return,
                Err(BUFFER_FULL) => {
                    let time = self.drive.next_change().expect("a full buffer drains");
                    self.drive.advance(time);
                }
                Err(sense) => panic!("WRITE at {lba}: {sense:02X?}"),
            }
        }
        panic!("the buffer never drains");
    }

    /// Writes so many units of a pattern from `lba` on.
    pub fn write_units(&mut self, lba: u32, units: u32) {
        let unit = self.drive.medium().unwrap().kind().unit();
        for at in 0..units {
            let lba = lba + at * unit;
            self.write(lba, &pattern(lba, unit));
        }
    }

    pub fn read(&mut self, lba: u32, blocks: u16) -> Result<Vec<u8>, Sense> {
        let [a, b, c, d] = lba.to_be_bytes();
        let [h, l] = blocks.to_be_bytes();
        self.try_get(
            &[0x28, 0, a, b, c, d, 0, h, l, 0],
            usize::from(blocks) * BLOCK_BYTES,
        )
    }

    pub fn sync(&mut self) {
        self.good(&[0x35, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
        self.ready();
    }

    pub fn close(&mut self, function: u8, track: u16) {
        self.good(&close(function, track));
        self.ready();
    }

    pub fn disc_information(&mut self) -> Vec<u8> {
        self.get(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], 34)
    }

    /// Disc status, session state, sessions, first and last track of the last session.
    pub fn disc(&mut self) -> (u8, u8, u8, u8, u8) {
        let info = self.disc_information();
        (info[2] & 3, info[2] >> 2 & 3, info[4], info[5], info[6])
    }

    pub fn track(&mut self, number: u8) -> Vec<u8> {
        self.get(&[0x52, 1, 0, 0, 0, number, 0, 0, 48, 0], 48)
    }

    /// The next writable address of a track, where it is valid.
    pub fn nwa(&mut self, number: u8) -> Option<u32> {
        let track = self.track(number);
        (track[7] & 1 == 1).then(|| word(&track, 12))
    }

    pub fn last_lba(&mut self) -> u32 {
        word(&self.get(&[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8), 0)
    }

    /// Codes of the features that are current.
    pub fn current_features(&mut self) -> Vec<u16> {
        let reply = self.get(&[0x46, 1, 0, 0, 0, 0, 0, 4, 0, 0], 1024);
        let mut codes = Vec::new();
        let mut rest = &reply[8..];
        while rest.len() >= 4 {
            assert_eq!(rest[2] & 1, 1, "only current ones were asked for");
            codes.push(u16::from_be_bytes([rest[0], rest[1]]));
            rest = &rest[4 + usize::from(rest[3])..];
        }
        codes
    }

    /// Page 05h with some of its bytes set: (position in the page, value).
    pub fn write_parameters(&mut self, bytes: &[(usize, u8)]) -> Answer {
        let mut page = self.get(&[0x5A, 8, 5, 0, 0, 0, 0, 0, 60, 0], 60);
        page[..8].fill(0);
        for (at, value) in bytes {
            page[8 + at] = *value;
        }
        self.send(&[0x55, 0x10, 0, 0, 0, 0, 0, 0, 60, 0], &page)
    }

    /// Page 05h as recipe 3 has it for DVD-R and DVD-RW: incremental, another session may follow.
    pub fn incremental(&mut self) {
        let page = [(2, 0x60), (3, 0xE5), (4, 8), (5, 16), (13, 16)];
        assert_eq!(self.write_parameters(&page).key_asc_ascq(), None);
    }

    /// As [`Self::incremental`], and this session is the last one.
    pub fn last_session(&mut self) {
        let page = [(2, 0x60), (3, 0x25), (4, 8), (5, 16), (13, 16)];
        assert_eq!(self.write_parameters(&page).key_asc_ascq(), None);
    }

    /// Page 05h for disc at once.
    pub fn at_once(&mut self) {
        let page = [(2, 0x42), (3, 0x05), (4, 8), (5, 0), (13, 0)];
        assert_eq!(self.write_parameters(&page).key_asc_ascq(), None);
    }

    pub fn format(&mut self, list: [u8; 12]) -> Answer {
        self.send(&[0x04, 0x11, 0, 0, 0, 0], &list)
    }

    /// Formats to the first thing that the drive offers, and waits.
    pub fn format_default(&mut self) {
        let list = self.get(&[0x23, 0, 0, 0, 0, 0, 0, 0, 0xFC, 0], 252);
        let first = &list[12..20];
        let mut data = [0; 12];
        let bd = self.drive.medium().unwrap().kind().is_bd();
        data[1] = if bd { 0x82 } else { 0x02 };
        data[3] = 8;
        data[4..12].copy_from_slice(first);
        if self.drive.medium().unwrap().kind() == MediumKind::BdR {
            data[8] |= 1;
        }
        assert_eq!(self.format(data).status, Status::Good);
        self.ready();
    }

    pub fn advance_ms(&mut self, ms: u64) {
        self.drive.advance(Duration::from_millis(ms));
    }
}

pub fn write_10(lba: u32, blocks: u16) -> [u8; 10] {
    let [a, b, c, d] = lba.to_be_bytes();
    let [h, l] = blocks.to_be_bytes();
    [0x2A, 0, a, b, c, d, 0, h, l, 0]
}

pub fn close(function: u8, track: u16) -> [u8; 10] {
    let [h, l] = track.to_be_bytes();
    [0x5B, 1, function, 0, h, l, 0, 0, 0, 0]
}

pub fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// Blocks that say where they belong.
pub fn pattern(lba: u32, blocks: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(blocks as usize * BLOCK_BYTES);
    for block in lba..lba + blocks {
        let tag = block.wrapping_mul(2_654_435_761) | 1;
        out.extend(tag.to_be_bytes().repeat(BLOCK_BYTES / 4));
    }
    out
}

/// What the store holds, without a drive.
pub fn stored(store: &MemoryStore, lba: u32, blocks: u32) -> Vec<u8> {
    let mut medium = Medium::open(Box::new(store.clone())).unwrap();
    let mut out = vec![0; blocks as usize * BLOCK_BYTES];
    medium.read_blocks(lba, &mut out).unwrap();
    out
}

pub fn reserve(blocks: u32) -> [u8; 10] {
    let [a, b, c, d] = blocks.to_be_bytes();
    [0x53, 0, 0, 0, 0, a, b, c, d, 0]
}

pub fn blank(kind: u8) -> [u8; 12] {
    [0xA1, 0x10 | kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}
