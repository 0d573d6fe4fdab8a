//! Command sequences of foreign burners, served to their end (recipe 4 and the
//! skeleton that these programs follow).
//!
//! The sequences are facts taken from recordings of burns that ended well; the
//! drive they ran on was a lenient one, so only what the host sent is kept. The
//! host waits as these programs do: 2/04/xx is polled, attentions are consumed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use pitland_simdrive::{BLOCK_BYTES, MediumKind};

enum Payload {
    None,
    In(usize),
    Out(Vec<u8>),
    Data {
        blocks: u32,
        times: u32,
    },
    /// Blocks of 2352 bytes, from an address that may be below 0.
    Sound {
        blocks: u32,
        times: u32,
    },
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits"))
        .collect()
}

/// One command: what it carries, and whether the program goes on where it is refused.
struct Step {
    cdb: Vec<u8>,
    payload: Payload,
    trial: bool,
}

fn parse(recording: &str) -> Vec<Step> {
    let commands = recording
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let command = |line: &str| {
        let (trial, line) = match line.strip_prefix("? ") {
            Some(line) => (true, line),
            None => (false, line),
        };
        let (cdb, carried) = line.split_once(" | ").unwrap_or((line, ""));
        let words: Vec<&str> = carried.split(' ').collect();
        let payload = match words[..] {
            ["in", room] => Payload::In(room.parse().unwrap()),
            ["out", ..] => Payload::Out(hex(&carried[3..])),
            ["data", blocks, "times", times] => Payload::Data {
                blocks: blocks.parse().unwrap(),
                times: times.parse().unwrap(),
            },
            ["data", blocks] => Payload::Data {
                blocks: blocks.parse().unwrap(),
                times: 1,
            },
            ["sound", blocks, "times", times] => Payload::Sound {
                blocks: blocks.parse().unwrap(),
                times: times.parse().unwrap(),
            },
            ["sound", blocks] => Payload::Sound {
                blocks: blocks.parse().unwrap(),
                times: 1,
            },
            [""] => Payload::None,
            _ => panic!("{line}"),
        };
        Step {
            cdb: hex(cdb),
            payload,
            trial,
        }
    };
    commands.map(command).collect()
}

/// Sends one command until it is served; a refusal other than "not yet" ends the test.
fn serve(host: &mut Host, cdb: &[u8], out: &[u8], room: usize) -> Vec<u8> {
    for _ in 0..1000 {
        let mut data = vec![0; room];
        let answer = host.drive.execute(cdb, out, &mut data);
        match answer.key_asc_ascq() {
            None => {
                data.truncate(answer.transferred);
                return data;
            }
            Some((6, 0x28 | 0x29, 0)) => {}
            Some((2, 4, _)) => {
                let time = host.drive.next_change().expect("something is under way");
                host.drive.advance(time);
            }
            Some(sense) => panic!("{cdb:02X?} was refused: {sense:02X?}"),
        }
    }
    panic!("{cdb:02X?} was never served");
}

/// Serves a recording on a blank disc; gives the drive as it is after, and the blocks written.
fn replay(kind: MediumKind, recording: &str) -> (Host, u32) {
    let mut host = Host::with(kind);
    let mut written = 0;
    for Step {
        cdb,
        payload,
        trial,
    } in parse(recording)
    {
        match payload {
            Payload::In(room) if trial => {
                let _ = host.try_get(&cdb, room);
            }
            Payload::Out(list) if trial => {
                host.send(&cdb, &list);
            }
            Payload::None if trial => {
                host.command(&cdb);
            }
            Payload::None => {
                serve(&mut host, &cdb, &[], 0);
            }
            Payload::In(room) => {
                let reply = serve(&mut host, &cdb, &[], room);
                assert!(!reply.is_empty(), "{cdb:02X?} gave nothing");
            }
            Payload::Out(list) => {
                serve(&mut host, &cdb, &list, 0);
            }
            Payload::Sound { blocks, times } => {
                let first = word(&cdb, 2) as i32;
                for at in 0..times {
                    let lba = first + (at * blocks) as i32;
                    let mut cdb = cdb.clone();
                    cdb[2..6].copy_from_slice(&lba.to_be_bytes());
                    serve(&mut host, &cdb, &cd::samples(lba, blocks), 0);
                    written += blocks;
                }
            }
            Payload::Data { blocks, times } => {
                let first = word(&cdb, 2);
                for at in 0..times {
                    let lba = first + at * blocks;
                    let mut cdb = cdb.clone();
                    cdb[2..6].copy_from_slice(&lba.to_be_bytes());
                    serve(&mut host, &cdb, &pattern(lba, blocks), 0);
                    written += blocks;
                }
            }
        }
    }
    (host, written)
}

fn check_data(host: &Host, blocks: u32) {
    assert_eq!(stored(&host.store, 0, blocks), pattern(0, blocks));
    assert_eq!(BLOCK_BYTES, 2048);
}

#[test]
fn cdrskin_finishes_a_dvd_plus_r() {
    let (mut host, written) = replay(
        MediumKind::DvdPlusR,
        include_str!("recordings/cdrskin-dvd-plus-r.txt"),
    );
    assert_eq!(written, 928);
    check_data(&host, written);
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
}

#[test]
fn cdrskin_finishes_a_bd_r() {
    let (mut host, written) = replay(MediumKind::BdR, include_str!("recordings/cdrskin-bd-r.txt"));
    assert_eq!(written, 928);
    check_data(&host, written);
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
    assert_eq!(host.last_lba(), 927);
}

#[test]
fn xorriso_leaves_a_bd_r_appendable() {
    let (mut host, written) = replay(MediumKind::BdR, include_str!("recordings/xorriso-bd-r.txt"));
    assert_eq!(written, 928);
    check_data(&host, written);
    assert_eq!(host.disc(), (1, 0, 2, 2, 2));
    assert_eq!(host.nwa(2), Some(928));
    assert_eq!(host.last_lba(), 927);
}

#[test]
fn cdrskin_finishes_a_cd_with_a_track_at_once() {
    let (mut host, written) = replay(
        MediumKind::CdR,
        include_str!("recordings/cdrskin-cd-tao.txt"),
    );
    assert_eq!(written, 919);
    check_data(&host, written);
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
    assert_eq!(host.read(0, 919).unwrap(), pattern(0, 919));
    assert_eq!(host.last_lba(), 920, "run-out counts");
}

#[test]
fn wodim_finishes_a_cd_with_a_track_at_once() {
    let (mut host, written) = replay(MediumKind::CdR, include_str!("recordings/wodim-cd-tao.txt"));
    assert_eq!(written, 919);
    check_data(&host, written);
    assert_eq!(host.disc(), (2, 3, 1, 1, 1));
    assert_eq!(host.read(0, 919).unwrap(), pattern(0, 919));
}

/// Two tracks of sound in a session at once: where each begins, the lead-out, and every sample.
fn check_album(recording: &str, second: u32, lead_out: u32) {
    let (mut host, written) = replay(MediumKind::CdR, recording);
    assert_eq!(written, 150 + lead_out);
    assert_eq!(host.disc(), (2, 3, 1, 1, 2));
    let toc = host.toc(0).unwrap();
    let lines: Vec<(u8, u32)> = toc.chunks(8).map(|l| (l[1], word(l, 4))).collect();
    assert_eq!(lines, [(0x10, 0), (0x10, second), (0x10, lead_out)]);
    assert_eq!(host.sound(0, lead_out), cd::samples(0, lead_out));
}

#[test]
fn cdrskin_writes_sound_in_a_session_at_once() {
    let recording = include_str!("recordings/cdrskin-cd-sao-audio.txt");
    check_album(recording, 400, 900);
}

#[test]
fn cdrdao_writes_sound_in_a_session_at_once() {
    let recording = include_str!("recordings/cdrdao-cd-sao-audio.txt");
    check_album(recording, 550, 1050);
}
