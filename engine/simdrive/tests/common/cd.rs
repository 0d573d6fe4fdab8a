//! What the tests of CD ask often: page 05h, cue sheets and addresses below 0.

use super::*;

use pitland_simdrive::{DiscStore, StoreError};

/// A store as those of the first discs in files: blocks, and no sectors.
struct BlocksOnly(MemoryStore);

impl DiscStore for BlocksOnly {
    fn read(&mut self, lba: u32, out: &mut [u8]) -> Result<(), StoreError> {
        self.0.read(lba, out)
    }

    fn write(&mut self, lba: u32, data: &[u8]) -> Result<(), StoreError> {
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

/// Times of a cue sheet, and points of a table of contents.
pub fn msf(lba: i32) -> [u8; 3] {
    let frames = lba + 150;
    [frames / 4500, frames / 75 % 60, frames % 75].map(|n| n as u8)
}

pub fn blank_cd(kind: u8, address: u32) -> [u8; 12] {
    let [a, b, c, d] = address.to_be_bytes();
    [0xA1, 0x10 | kind, a, b, c, d, 0, 0, 0, 0, 0, 0]
}

/// A sheet of one data track, mode 1, whose lead-out is at this address.
pub fn data_sheet(lead_out: i32) -> Vec<[u8; 8]> {
    sheet_from(0, 1, lead_out)
}

/// The same for a session that begins at `start` with the track of this number.
pub fn sheet_from(start: i32, number: u8, lead_out: i32) -> Vec<[u8; 8]> {
    vec![
        entry(0x41, 0, 0, 0x14, [0; 3]),
        entry(0x41, number, 0, 0x10, msf(start - 150)),
        entry(0x41, number, 1, 0x10, msf(start)),
        entry(0x41, 0xAA, 1, 0x14, msf(lead_out)),
    ]
}

pub fn entry(control_adr: u8, track: u8, index: u8, form: u8, [m, s, f]: [u8; 3]) -> [u8; 8] {
    [control_adr, track, index, form, 0, m, s, f]
}

impl Host {
    /// A blank CD with room for some sessions.
    pub fn cd(kind: MediumKind) -> Self {
        Self::with_model(kind, Some(60_000), DriveModel::default())
    }

    /// A blank CD in a store that keeps no sectors.
    pub fn old_cd(kind: MediumKind) -> Self {
        let store = MemoryStore::new();
        let medium = Medium::blank(kind, Some(60_000), Box::new(BlocksOnly(store.clone())));
        let mut drive = Recorder::new(DriveModel::default());
        drive.insert(medium.unwrap());
        let mut host = Self { drive, store };
        host.ready();
        host
    }

    pub fn cd_with(kind: MediumKind, model: DriveModel) -> Self {
        Self::with_model(kind, Some(60_000), model)
    }

    /// Page 05h: write type and flags of byte 2, byte 3, data block type.
    pub fn cd_page(&mut self, byte_2: u8, byte_3: u8, block_type: u8) -> Answer {
        self.write_parameters(&[(2, byte_2), (3, byte_3), (4, block_type), (5, 0), (13, 0)])
    }

    /// Track at once, a data track of mode 1, another session may follow.
    pub fn track_at_once(&mut self) {
        assert_eq!(self.cd_page(0x41, 0xC4, 8).key_asc_ascq(), None);
    }

    /// As [`Self::track_at_once`], and this session is the last one.
    pub fn last_track_at_once(&mut self) {
        assert_eq!(self.cd_page(0x41, 0x04, 8).key_asc_ascq(), None);
    }

    /// Session at once; the multi-session bits.
    pub fn session_at_once(&mut self, multi_session: u8) {
        let answer = self.cd_page(0x42, multi_session << 6, 0);
        assert_eq!(answer.key_asc_ascq(), None);
    }

    pub fn cue(&mut self, sheet: &[[u8; 8]]) -> Option<Sense> {
        let bytes = sheet.concat();
        let [_, a, b, c] = (bytes.len() as u32).to_be_bytes();
        let cdb = [0x5D, 0, 0, 0, 0, 0, a, b, c, 0];
        self.send(&cdb, &bytes).key_asc_ascq()
    }

    /// Writes a pattern from an address that may be below 0.
    pub fn write_from(&mut self, lba: i32, blocks: u32) {
        let mut at = lba;
        while at < lba + blocks as i32 {
            let now = (lba + blocks as i32 - at).min(16) as u32;
            self.write(at as u32, &cd_pattern(at, now));
            at += now as i32;
        }
    }

    /// Page 05h for an audio track at once; the track mode.
    pub fn audio_at_once(&mut self, mode: u8) {
        assert_eq!(self.cd_page(0x41, 0xC0 | mode, 0).key_asc_ascq(), None);
    }

    /// Writes blocks of `bytes` bytes from an address that may be below 0.
    pub fn write_forms(&mut self, lba: i32, bytes: usize, data: &[u8]) {
        for (at, blocks) in (lba..).step_by(13).zip(data.chunks(13 * bytes)) {
            let cdb = write_10(at as u32, (blocks.len() / bytes) as u16);
            loop {
                match self.send(&cdb, blocks).key_asc_ascq() {
                    None => break,
                    Some(BUFFER_FULL) => {
                        let time = self.drive.next_change().unwrap();
                        self.drive.advance(time);
                    }
                    Some(sense) => panic!("{at}: {sense:02X?}"),
                }
            }
        }
    }

    /// READ CD: expected type, address, blocks, bytes 9 and 10.
    pub fn read_cd(
        &mut self,
        expected: u8,
        lba: u32,
        blocks: u32,
        main: u8,
        sub: u8,
    ) -> Result<Vec<u8>, Sense> {
        let ([a, b, c, d], [_, e, f, g]) = (lba.to_be_bytes(), blocks.to_be_bytes());
        let cdb = [0xBE, expected << 2, a, b, c, d, e, f, g, main, sub, 0];
        self.try_get(&cdb, blocks as usize * 2800)
    }

    /// The samples of sectors.
    pub fn sound(&mut self, lba: u32, blocks: u32) -> Vec<u8> {
        self.read_cd(1, lba, blocks, 0x10, 0).unwrap()
    }

    /// Q of a sector, as drives format it.
    pub fn q(&mut self, lba: u32) -> Vec<u8> {
        self.read_cd(0, lba, 1, 0, 2).unwrap()
    }

    /// A whole session of one track, written at once: sheet, pregap, blocks, synchronization.
    pub fn whole_session(&mut self, blocks: u32) {
        assert_eq!(self.cue(&data_sheet(blocks as i32)), None);
        self.write_from(-150, 150 + blocks);
        self.sync();
    }

    /// One track at once, ended.
    pub fn whole_track(&mut self, lba: u32, blocks: u32) {
        self.write_from(lba as i32, blocks);
        self.sync();
    }

    /// What READ TOC has to say in a format, without the four bytes of its header.
    pub fn toc(&mut self, format: u8) -> Result<Vec<u8>, Sense> {
        let reply = self.try_get(&[0x43, 0, format, 0, 0, 0, 0, 4, 0, 0], 1024)?;
        assert_eq!(
            usize::from(u16::from_be_bytes([reply[0], reply[1]])) + 2,
            reply.len()
        );
        Ok(reply[4..].to_vec())
    }

    /// The next writable address, which may be below 0, and the free blocks.
    pub fn cd_nwa(&mut self) -> Option<(i32, u32)> {
        let track = self.track(0xFF);
        (track[7] & 1 == 1).then(|| (word(&track, 12) as i32, word(&track, 16)))
    }
}

/// [`pattern`] where addresses may be below 0.
pub fn cd_pattern(lba: i32, blocks: u32) -> Vec<u8> {
    let tag = |block: i32| (block as u32).wrapping_mul(2_654_435_761) | 1;
    let mut out = Vec::with_capacity(blocks as usize * BLOCK_BYTES);
    for at in 0..blocks as i32 {
        out.extend(tag(lba + at).to_be_bytes().repeat(BLOCK_BYTES / 4));
    }
    out
}

/// Samples of sectors, each of them other than all others.
pub fn samples(lba: i32, blocks: u32) -> Vec<u8> {
    let first = lba.wrapping_mul(588) as u32;
    let sample = |at: u32| (first.wrapping_add(at)).wrapping_mul(2_654_435_761) | 1;
    (0..blocks * 588)
        .flat_map(|at| sample(at).to_le_bytes())
        .collect()
}
