//! `pitland cd rip`: the sound of a CD as WAVE files, sample for sample. Sectors that cannot be read come as silence, and
//! are told.

use super::toc::no_tracks;
use crate::args::cd::RipArgs;
use crate::commands::{Context, blocking};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::bar::Watcher;
use crate::output::cd::{RippedView, TrackRippedView};
use crate::output::json::{Name, hex};
use crate::sink::Sink;
use pitland::cd::SECTOR_BYTES;
use pitland::writer::mmc::Lba;
use pitland::writer::mmc::reply::Toc;
use pitland::{DriveReader, QueryError};
use sha2::{Digest, Sha256};

/// Sectors that are read at a time.
const PIECE: u32 = 24;
/// Bytes of a sample of both channels.
const SAMPLE: i64 = 4;
/// Blocks before a data track behind sound that are no sound.
const TURN: i32 = 150;

pub(crate) async fn run(args: RipArgs, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let facts = open::facts(&handle, &named).await?;
    let toc = facts.cd.toc.clone().ok_or_else(no_tracks)?;
    let reader = handle.reader();
    let mut watcher = Watcher::new(&context.output, named.name.clone());
    watcher.phase("reading");
    let worker = context.clone();
    let ripped = blocking(move || {
        let tracks = tracks_of(&toc, &args)?;
        std::fs::create_dir_all(&args.output)
            .map_err(|error| Complaint::output(&args.output, &error))?;
        let total: u64 = tracks.iter().map(|track| u64::from(track.2)).sum();
        let lead_out = toc.lead_out().map_or(i32::MAX, |lba| lba.0);
        let mut rip = Rip {
            program: 0..lead_out,
            reader,
            offset: i64::from(args.read_offset),
            done: 0,
            total,
            watcher,
            context: worker,
        };
        let ripped = tracks.into_iter().map(|track| rip.track(track, &args));
        let ripped = ripped.collect::<Result<Vec<_>, _>>();
        rip.watcher.finish();
        ripped
    })
    .await
    .map_err(|complaint| complaint.of_drive(&named.name))?;
    let unreadable: u64 = ripped.iter().map(|track| track.unreadable).sum();
    context.output.result(&RippedView {
        drive: named.name.clone(),
        tracks: ripped,
    });
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(match unreadable {
        0 => Exit::Done,
        _ => Exit::Differs,
    })
}

/// Number, first block and blocks of the tracks of sound that are wanted.
fn tracks_of(toc: &Toc, args: &RipArgs) -> Result<Vec<(u8, Lba, u32)>, Complaint> {
    let mut tracks = Vec::new();
    for (entry, next) in toc.tracks().filter(|(entry, _)| !entry.is_data()) {
        let to_data = !next.is_lead_out() && next.is_data();
        let end = next.start.0 - if to_data { TURN } else { 0 };
        let blocks = u32::try_from(end - entry.start.0).unwrap_or(0);
        if args.track.is_empty() || args.track.contains(&entry.track) {
            tracks.push((entry.track, entry.start, blocks));
        }
    }
    let missing = args
        .track
        .iter()
        .find(|wanted| !tracks.iter().any(|track| track.0 == **wanted));
    match missing {
        Some(track) => Err(Complaint::new(
            Exit::Refused,
            format!("the disc has no track {track} of sound"),
            "caller",
            "pitland cd toc DRIVE lists the tracks",
        )),
        None if tracks.is_empty() => Err(no_tracks()),
        None => Ok(tracks),
    }
}

struct Rip {
    /// The blocks of the program, outside of which there is silence.
    program: std::ops::Range<i32>,
    reader: DriveReader,
    /// Samples that are read further on.
    offset: i64,
    done: u64,
    total: u64,
    watcher: Watcher,
    context: Context,
}

impl Rip {
    fn track(
        &mut self,
        (number, first, blocks): (u8, Lba, u32),
        args: &RipArgs,
    ) -> Result<TrackRippedView, Complaint> {
        let path = args.output.join(format!("track{number:02}.wav"));
        let mut sink = Sink::create(&path, None)?;
        sink.write(&wave_header(blocks))?;
        let mut digest = Sha256::new();
        let mut unreadable = 0;
        let mut at = 0;
        while at < blocks {
            if self.context.interrupt.is_raised() {
                return Err(Complaint::cancelled());
            }
            let count = PIECE.min(blocks - at);
            let lba = Lba(first.0.saturating_add_unsigned(at));
            let (samples, bad) = self.sound(lba, count)?;
            unreadable += bad;
            digest.update(&samples);
            sink.write(&samples)?;
            at += count;
            self.done += u64::from(count);
            let each = SECTOR_BYTES as u64;
            self.watcher.bytes(self.done * each, self.total * each);
        }
        sink.finish()?;
        let sum = digest.finalize();
        Ok(TrackRippedView {
            number,
            output: Name::new(&path),
            first_lba: first.0,
            blocks,
            unreadable,
            sha256: hex(&sum),
        })
    }

    /// The sound of so many sectors, moved by the offset, and how many could not be read.
    fn sound(&self, lba: Lba, count: u32) -> Result<(Vec<u8>, u64), Complaint> {
        let each = SECTOR_BYTES as i64;
        let from = i64::from(lba.0) * each + self.offset * SAMPLE;
        let (first, into) = (from.div_euclid(each), from.rem_euclid(each) as usize);
        let whole = count + u32::from(into > 0);
        let first = Lba(i32::try_from(first).unwrap_or(i32::MAX));
        let mut read = vec![0; whole as usize * SECTOR_BYTES];
        // Outside of the program there is silence, which is not asked for.
        let before = self
            .program
            .start
            .saturating_sub(first.0)
            .clamp(0, whole as i32);
        let behind = self
            .program
            .end
            .saturating_sub(first.0)
            .clamp(before, whole as i32);
        let inside = before as usize * SECTOR_BYTES..behind as usize * SECTOR_BYTES;
        let place = read.get_mut(inside).unwrap_or_default();
        let bad = self.readable(Lba(first.0.saturating_add(before)), place)?;
        let length = count as usize * SECTOR_BYTES;
        let samples = read.get(into..into + length).unwrap_or_default().to_vec();
        Ok((samples, bad))
    }

    /// Reads sectors; those that cannot be read come as silence, and are counted.
    fn readable(&self, first: Lba, out: &mut [u8]) -> Result<u64, Complaint> {
        match self.reader.read_sectors(first, false, out) {
            Ok(_) => return Ok(0),
            Err(QueryError::Sense(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut bad = 0;
        for (at, sector) in (first.0..).zip(out.chunks_mut(SECTOR_BYTES)) {
            match self.reader.read_sectors(Lba(at), false, sector) {
                Ok(_) => {}
                Err(QueryError::Sense(_)) => {
                    sector.fill(0);
                    bad += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(bad)
    }
}

/// The header of a WAVE file with the samples of so many sectors.
fn wave_header(blocks: u32) -> Vec<u8> {
    // A CD has less than 1 GiB.
    let bytes = blocks.saturating_mul(SECTOR_BYTES as u32);
    let mut out = b"RIFF".to_vec();
    out.extend(bytes.saturating_add(36).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    out.extend(44_100u32.to_le_bytes());
    out.extend((44_100u32 * 4).to_le_bytes());
    out.extend([4, 0, 16, 0]);
    out.extend(b"data");
    out.extend(bytes.to_le_bytes());
    out
}
