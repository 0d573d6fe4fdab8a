//! What burners of others said to our drive and what it answered, kept in `golden/` and said again on every
//! machine: the drive gives the same answers. Owns the form of these files; the guest makes them anew with
//! `UPDATE_GOLDEN=1`.
//!
//! A line a command, comments begin with `#`:
//!
//! ```text
//! [+NS] CDB dirD lenN [out:HEX] stS [K/AA/QQ] [inN] [sum:CRC] [xN]
//! ```
//!
//! `+NS` time passed on the drive's clock before it, in ns; `dir` 0 none, 1 data-in, 2 data-out; `len` the
//! bytes on offer; `out:` a parameter list (a WRITE's blocks are not kept); `st` the SCSI status, with sense
//! key/ASC/ASCQ; `in` the bytes of the answer and `sum:` their CRC-32C; `xN` so many of the same follow each
//! other, WRITEs with rising addresses. READs are left out: what they bring depends on the blocks.

use super::guest::file;
use super::trials;
use pitland::Transport;
use pitland::transport::sim::{DiscType, Pace, VirtualDrive, create_disc};
use pitland::transport::{Exchange, Reply, Status};
use pitland::writer::mmc::CdbBytes;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// So many recordings are there, at least: none goes without being missed.
const RECORDINGS: usize = 55;

/// READ (10), READ (12).
const READS: [u8; 2] = [0x28, 0xA8];
/// WRITE (10), WRITE (12), WRITE AND VERIFY (10).
const WRITES: [u8; 3] = [0x2A, 0xAA, 0x2E];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Command {
    idle: u64,
    cdb: Vec<u8>,
    direction: u8,
    length: usize,
    out: Vec<u8>,
    answer: String,
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn hexed(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Status, sense and what came back, as a line tells them.
fn answer(status: u8, sense: Option<(u8, u8, u8)>, bytes: &[u8]) -> String {
    let mut text = format!("st{status:x}");
    if let Some((key, asc, ascq)) = sense {
        write!(text, " {key:X}/{asc:02X}/{ascq:02X}").unwrap();
    }
    if !bytes.is_empty() {
        write!(text, " in{} sum:{:08x}", bytes.len(), crc32c::crc32c(bytes)).unwrap();
    }
    text
}

impl Command {
    fn is_write(&self) -> bool {
        WRITES.contains(&self.cdb[0])
    }

    fn lba(&self) -> u32 {
        u32::from_be_bytes(self.cdb[2..6].try_into().unwrap())
    }

    /// The command that would follow in a run.
    fn next(&self) -> Self {
        let mut next = self.clone();
        if self.is_write() {
            // CD's begin below 0.
            let lba = self.lba().wrapping_add((self.length / 2048) as u32);
            next.cdb[2..6].copy_from_slice(&lba.to_be_bytes());
        }
        next.idle = 0;
        next
    }

    fn line(&self, times: u32) -> String {
        let mut text = String::new();
        if self.idle > 0 {
            write!(text, "+{} ", self.idle).unwrap();
        }
        write!(
            text,
            "{} dir{} len{}",
            hexed(&self.cdb),
            self.direction,
            self.length
        )
        .unwrap();
        if !self.out.is_empty() {
            write!(text, " out:{}", hexed(&self.out)).unwrap();
        }
        write!(text, " {}", self.answer).unwrap();
        if times > 1 {
            write!(text, " x{times}").unwrap();
        }
        text
    }

    /// The command of a line, and how often it is said.
    fn parse(line: &str) -> (Self, u32) {
        let mut command = Self {
            idle: 0,
            cdb: Vec::new(),
            direction: 0,
            length: 0,
            out: Vec::new(),
            answer: String::new(),
        };
        let mut times = 1;
        for word in line.split(' ') {
            if let Some(idle) = word.strip_prefix('+') {
                command.idle = idle.parse().unwrap();
            } else if command.cdb.is_empty() {
                command.cdb = hex(word);
            } else if let Some(direction) = word.strip_prefix("dir") {
                command.direction = direction.parse().unwrap();
            } else if let Some(length) = word.strip_prefix("len") {
                command.length = length.parse().unwrap();
            } else if let Some(out) = word.strip_prefix("out:") {
                command.out = hex(out);
            } else if let Some(count) = word.strip_prefix('x') {
                times = count.parse().unwrap();
            } else {
                let space = if command.answer.is_empty() { "" } else { " " };
                write!(command.answer, "{space}{word}").unwrap();
            }
        }
        (command, times)
    }

    /// Says it to a drive; what the drive answers, in the words of a line.
    fn say(&self, drive: &mut VirtualDrive) -> String {
        // No command may run into it: the recording tells how long each took.
        let limit = Duration::from_secs(1_000_000);
        drive.advance(Duration::from_nanos(self.idle));
        let cdb = CdbBytes::from_slice(&self.cdb).unwrap();
        let mut room = vec![0; if self.direction == 1 { self.length } else { 0 }];
        let blocks = vec![0x5A; if self.is_write() { self.length } else { 0 }];
        let exchange = match self.direction {
            1 => Exchange::data_in(cdb, &mut room, limit),
            2 if self.is_write() => Exchange::blocks(cdb, &blocks, 2048, limit),
            2 => Exchange::data_out(cdb, &self.out, limit),
            _ => Exchange::none(cdb, limit),
        };
        let Reply {
            status,
            transferred,
        } = drive.execute(exchange).unwrap();
        let bytes = room.get(..transferred).unwrap_or_default();
        match status {
            Status::Good => answer(0, None, bytes),
            Status::CheckCondition(sense) => {
                let sense = sense.emit();
                answer(2, Some((sense[2] & 0x0F, sense[12], sense[13])), bytes)
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The commands of a trace of the drive (`pitland virtual serve --trace`), without its READs.
fn commands(trace: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let (mut now, mut idle) = (0, 0);
    for line in trace.lines() {
        let Some((_, fields)) = line.rsplit_once(" | ") else {
            continue;
        };
        let fields: BTreeMap<&str, &str> = fields
            .split(' ')
            .filter_map(|field| field.split_once('='))
            .collect();
        let field = |name: &str| fields.get(name).copied();
        let time = |name: &str| -> u64 { field(name).unwrap().parse().unwrap() };
        idle += time("at") - now;
        now = time("end");
        let cdb = hex(field("cdb").unwrap());
        if READS.contains(&cdb[0]) {
            continue;
        }
        let sense = field("sense").map(hex).map(|s| (s[2] & 0x0F, s[12], s[13]));
        let got = field("got").map(hex).unwrap_or_default();
        let (direction, length) = match (field("in"), field("out"), field("blocks")) {
            (Some(room), ..) => (1, room.parse().unwrap()),
            (_, Some(list), _) => (2, list.len() / 2),
            (.., Some(blocks)) => (2, blocks.split_once('/').unwrap().0.parse().unwrap()),
            _ => (0, 0),
        };
        let status = u8::from_str_radix(field("st").unwrap(), 16).unwrap();
        commands.push(Command {
            idle,
            cdb,
            direction,
            length,
            out: field("out").map(hex).unwrap_or_default(),
            answer: answer(status, sense, &got),
        });
        idle = 0;
    }
    commands
}

/// Keeps what a trace tells as `golden/NAME.txt`.
pub(crate) fn keep(name: &str, trace: &Path) {
    keep_commands(name, &commands(&fs::read_to_string(trace).unwrap()));
}

fn keep_commands(name: &str, commands: &[Command]) {
    let mut text =
        format!("# {name}: what the drive was told and what it answered, see tests/vm/golden.rs\n");
    let mut at = 0;
    while at < commands.len() {
        let (mut last, mut times) = (commands[at].clone(), 1);
        while commands.get(at + times as usize) == Some(&last.next()) {
            last = last.next();
            times += 1;
        }
        writeln!(text, "{}", commands[at].line(times)).unwrap();
        at += times as usize;
    }
    let folder = file("golden");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.txt")), text).unwrap();
}

/// A recording, said to a new drive again.
struct Replay {
    /// The commands, with the drive's answers of today.
    said: Vec<Command>,
    /// The first answer that differs from the recording.
    difference: Option<String>,
}

impl Replay {
    fn of(name: &str, recording: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let (_, medium) = name.split_once('.').unwrap();
        // The drive's serial number comes from the name of the disc's file.
        let disc = place.path().join(format!("{name}.vdisc"));
        let kind: DiscType = medium.parse().unwrap();
        drop(create_disc(&disc, kind, Some(trials::disc_bytes(medium) / 2048)).unwrap());
        let mut drive = VirtualDrive::file(
            &disc,
            pitland::OpenMode::Existing,
            Pace::Virtual,
            name.to_owned(),
        )
        .unwrap();
        let (mut said, mut difference) = (Vec::new(), None);
        for (number, line) in recording
            .lines()
            .enumerate()
            .filter(|(_, l)| !l.starts_with('#'))
        {
            let (mut command, times) = Command::parse(line);
            for _ in 0..times {
                let answer = command.say(&mut drive);
                if answer != command.answer && difference.is_none() {
                    difference = Some(format!(
                        "{name}.txt:{}: {line}\n  now: {answer}",
                        number + 1
                    ));
                }
                let next = command.next();
                said.push(Command { answer, ..command });
                command = next;
            }
        }
        Self { said, difference }
    }
}

/// Every answer of today is that of the recording. `UPDATE_GOLDEN=answers` writes today's down instead,
/// for a change of the drive of which nothing depends that a burner does: what it says is as it was then.
#[test]
fn the_drive_answers_burners_of_others_as_it_did() {
    let mut names: Vec<_> = fs::read_dir(file("golden"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    assert!(names.len() >= RECORDINGS, "{} recordings", names.len());
    let update = std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "answers");
    let mut wrong = String::new();
    for path in names {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let Replay { said, difference } = Replay::of(name, &fs::read_to_string(&path).unwrap());
        assert!(said.len() > 30, "{name}: only {} commands", said.len());
        match difference {
            Some(_) if update => keep_commands(name, &said),
            Some(difference) => writeln!(wrong, "{difference}").unwrap(),
            None => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_recording_is_read_as_it_is_written() {
    let lines = [
        "00112233 dir0 len0 st0",
        "+15 2a000000000000002000 dir2 len65536 st0 x12",
        "5510000000 dir2 len4 out:01020304 st2 5/26/00",
        "120000002400 dir1 len36 st0 in36 sum:0badcafe",
    ];
    for line in lines {
        let (command, times) = Command::parse(line);
        assert_eq!(command.line(times), line);
    }
}
