//! A DVD+R recorder that others wrote, as it was recorded: the emulated drive behind `tgtd`. It knows
//! neither events nor lists of formats nor calibrations, checks no address, does not move its next
//! writable address, and takes any CLOSE for the last one: the disc is a pressed DVD then.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_burn::{MediumState, Note, Outcome};
use pitland_dvd_plus_r::DvdPlusR;
use pitland_testkit::{Fault, Image, NotRun, Run, SimulatedDrive, Trace, burn, identify};
use pitland_writer::mmc::{Lba, Profile, Sense};
use pitland_writer::{BurnRequest, Finish, MediumCondition, Placement};
use std::time::Duration;

const BLOCK: usize = 2048;

/// The recorded answers, in hexadecimal; what is not named here is made by the rules below.
const INQUIRY: &str = "058005123d00000249455420202020205649525455414c2d4344524f4d20202030303031";
const CONFIGURATION_BLANK: &str = "000000700000001b0000030800100000001b0100000103040000000200020304\
    000000000003030429000000001000080000080000100100001d0000001f0000002b010401000000010003000105030001\
    070c041f000000010803080000000000000000010a010c4644430053444300544f4300";
const CONFIGURATION_COMPLETE: &str = "00000070000000100000030800100100001b000000010304000000020002030\
    4000000000003030429000000001001080000080000100100001d0000001f0100002b00040100000001000300010503000\
    1070d041f000000010803080000000000000000010a000c4644430053444300544f4300";
const DISC_BLANK: &str = "00200001010101100000000000000000000000000023054000000000000000000000";
const DISC_COMPLETE: &str = "00200e01010101000000000000000000000000000000000000000000000000000000";
const TRACK_BLANK: &str = "00260101000741010000000000000000002305400000001000230540000000000000000000\
    040d0e0000000000000000";
/// Size and last block are of the disc that was recorded.
const TRACK_COMPLETE: &str = "002201010004010200000000000000000000000000000010000000400000003f0000000\
    0000000000000000000000000";
const CAPABILITIES: &str = "00460000000000002a3e3f37f3f32923108a01000800108a0000108a108a00010000000010\
    8a00050000108a00000b060000084500000583000002c2000000000000000000000000";
const SPEEDS_BLANK: &str = "0000001400000000010000000023053f00000cfc00000cfc";
const SPEEDS_COMPLETE: &str =
    "0000002400000000000000000025999900000ad200000ad2000000000025999900000569000005690000";
const STRUCTURE_BLANK: &str = "08020000a10f0200000300000026053f0000000000000000";
const STRUCTURE_COMPLETE: &str = "0801000001020110000300001bc17f000000000000000000";
const BUFFER: &str = "000a00000080000000400000";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[derive(Default)]
struct Recorded {
    told_power_on: bool,
    complete: bool,
    disc: Vec<u8>,
    now: Duration,
    /// Blocks that were written, first and count, in order.
    writes: Vec<(u32, u32)>,
}

impl Recorded {
    fn blocks(&self) -> u32 {
        (self.disc.len() / BLOCK) as u32
    }

    fn last_block(&self) -> u32 {
        self.blocks().saturating_sub(1)
    }

    fn track(&self, number: u8) -> Result<Vec<u8>, Sense> {
        match (self.complete, number) {
            (false, _) => Ok(bytes(TRACK_BLANK)),
            (true, 1) => {
                let mut track = bytes(TRACK_COMPLETE);
                track[24..28].copy_from_slice(&self.blocks().to_be_bytes());
                track[28..32].copy_from_slice(&self.last_block().to_be_bytes());
                Ok(track)
            }
            (true, _) => Err(Sense::new(2, 0x24, 0)),
        }
    }

    fn capacity(&self) -> Vec<u8> {
        let last = if self.complete { self.last_block() } else { 0 };
        [last.to_be_bytes(), (BLOCK as u32).to_be_bytes()].concat()
    }

    fn read(&self, lba: u32, blocks: u32) -> Result<Vec<u8>, Sense> {
        if !self.complete {
            return Err(Sense::new(5, 0x21, 0));
        }
        let (from, to) = (lba as usize * BLOCK, (lba + blocks) as usize * BLOCK);
        let blocks = self.disc.get(from..to);
        blocks.map(<[u8]>::to_vec).ok_or(Sense::new(3, 0x11, 0))
    }

    fn write(&mut self, lba: u32, data: &[u8]) -> Result<Vec<u8>, Sense> {
        if self.complete {
            return Err(Sense::new(5, 0x30, 5));
        }
        let from = lba as usize * BLOCK;
        let to = from + data.len();
        self.disc.resize(self.disc.len().max(to), 0);
        self.disc[from..to].copy_from_slice(data);
        self.writes.push((lba, (data.len() / BLOCK) as u32));
        Ok(Vec::new())
    }

    fn answer(&mut self, cdb: &[u8], data: &[u8]) -> Result<Vec<u8>, Sense> {
        let be32 = |at: usize| u32::from_be_bytes(cdb[at..at + 4].try_into().unwrap());
        let be16 = |at: usize| u32::from(u16::from_be_bytes([cdb[at], cdb[at + 1]]));
        let of = |blank: &str, complete: &str| bytes(if self.complete { complete } else { blank });
        match cdb[0] {
            0x00 if !self.told_power_on => {
                self.told_power_on = true;
                Err(Sense::new(6, 0x29, 0))
            }
            0x12 => Ok(bytes(INQUIRY)),
            0x46 => Ok(of(CONFIGURATION_BLANK, CONFIGURATION_COMPLETE)),
            0x51 => Ok(of(DISC_BLANK, DISC_COMPLETE)),
            0x52 => self.track(cdb[5]),
            0x25 => Ok(self.capacity()),
            0x5A => Ok(bytes(CAPABILITIES)),
            0xAC => Ok(of(SPEEDS_BLANK, SPEEDS_COMPLETE)),
            0xAD => Ok(of(STRUCTURE_BLANK, STRUCTURE_COMPLETE)),
            0x5C => Ok(bytes(BUFFER)),
            0x28 => self.read(be32(2), be16(7)),
            0x2A => {
                // Its clock stands still otherwise: about the time that a packet takes.
                self.now += Duration::from_millis(2);
                self.write(be32(2), data)
            }
            0x5B => {
                self.complete = true;
                Ok(Vec::new())
            }
            0x00 | 0x1B | 0x1E | 0x35 | 0x55 | 0xB6 | 0xBB => Ok(Vec::new()),
            _ => Err(Sense::new(5, 0x20, 0)),
        }
    }
}

impl SimulatedDrive for Recorded {
    fn execute(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Result<usize, Sense> {
        let mut answer = self.answer(cdb, data_out)?;
        // It fills what the host has room for with zeros.
        if !data_in.is_empty() {
            answer.resize(data_in.len(), 0);
            data_in.copy_from_slice(&answer);
        }
        Ok(answer.len().max(data_out.len()))
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
    }
}

const IMAGE: Image = Image::new(1_000, 7);

fn burned(drive: &mut Recorded, finish: Finish) -> (Run, Trace) {
    let mut request = BurnRequest::new(IMAGE.blocks);
    request.finish = finish;
    let mut trace = Trace::default();
    let run = burn::<DvdPlusR>(drive, &mut trace, request, &IMAGE, Fault::None);
    (run.unwrap(), trace)
}

#[test]
fn a_blank_disc_in_a_drive_that_others_wrote_is_seen_as_one() {
    let facts = identify(&mut Recorded::default(), &mut Trace::default()).unwrap();
    assert_eq!(facts.profile(), Profile::DvdPlusR);
    assert_eq!(facts.condition(), MediumCondition::Blank);
    assert_eq!(facts.nwa(), Some(Lba(0)));
    assert_eq!(facts.free_blocks(), Some(2_295_104));
    assert_eq!(facts.write_speeds(), [3_324]);
    assert_eq!(facts.unreadable, []);
}

#[test]
fn a_burn_is_verified_and_that_the_disc_was_finalized_is_told() {
    let mut drive = Recorded::default();
    let (run, trace) = burned(&mut drive, Finish::CloseSession);
    let ending = &run.ending;
    assert_eq!(ending.outcome, Outcome::Verified, "{ending:?}\n{trace}");
    assert_eq!(ending.medium, MediumState::Closed);
    assert_eq!(ending.notes, [Note::MoreClosedThanAsked]);
    let facts = ending.facts.as_ref().unwrap();
    assert_eq!(facts.profile(), Profile::DvdRom);
    assert_eq!(facts.condition(), MediumCondition::Complete);

    // What lies on its disc is the image, padded to whole units, from the first block on.
    let mut expected = vec![0; IMAGE.blocks.next_multiple_of(16) as usize * BLOCK];
    IMAGE.fill(0, &mut expected);
    assert!(drive.disc == expected);
    let mut next = 0;
    for (lba, blocks) in drive.writes {
        assert_eq!(lba, next);
        next += blocks;
    }
}

#[test]
fn a_finalized_burn_has_nothing_to_tell() {
    let (run, trace) = burned(&mut Recorded::default(), Finish::FinalizeDisc);
    assert_eq!(run.ending.outcome, Outcome::Verified, "{trace}");
    assert_eq!(run.ending.notes, []);
}

#[test]
fn a_drive_that_drops_what_it_took_is_found_out() {
    struct Forgetful(Recorded);
    impl SimulatedDrive for Forgetful {
        fn execute(&mut self, cdb: &[u8], out: &[u8], to: &mut [u8]) -> Result<usize, Sense> {
            if cdb[0] == 0x2A && cdb[2..6] == 320u32.to_be_bytes() {
                return Ok(out.len());
            }
            self.0.execute(cdb, out, to)
        }
        fn now(&self) -> Duration {
            self.0.now()
        }
        fn advance(&mut self, by: Duration) {
            self.0.advance(by);
        }
    }
    let mut drive = Forgetful(Recorded::default());
    let request = BurnRequest::new(IMAGE.blocks);
    let run = burn::<DvdPlusR>(
        &mut drive,
        &mut Trace::default(),
        request,
        &IMAGE,
        Fault::None,
    );
    let ending = run.unwrap().ending;
    assert_eq!(ending.outcome, Outcome::Lost, "{ending:?}");
}

#[test]
fn a_burned_disc_is_not_written_again() {
    let mut drive = Recorded::default();
    burned(&mut drive, Finish::CloseSession);
    let facts = identify(&mut drive, &mut Trace::default()).unwrap();
    assert_eq!(facts.readable_blocks(), Some(1_008));
    let mut request = BurnRequest::new(IMAGE.blocks);
    request.placement = Placement::NewSession;
    let again = burn::<DvdPlusR>(
        &mut drive,
        &mut Trace::default(),
        request,
        &IMAGE,
        Fault::None,
    );
    // A pressed DVD is no writer's.
    assert_eq!(again.unwrap_err(), NotRun::NotMine);
}
