//! `pitland cd rip`: the sound of a CD as sound files, sample for sample. Sectors that cannot be read come as silence, and
//! are told.

use super::sectors::{PIECE, Sectors, Told, is_sound};
use super::sheets::{self, Sheet};
use super::sound_file::{SoundFile, Tags};
use super::toc::{end_of_session, no_tracks};
use crate::args::cd::{RipArgs, SheetArg, SoundFormatArg};
use crate::commands::{Context, blocking};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::bar::Watcher;
use crate::output::cd::ripped::{DigestResult, RippedView, TrackRippedView};
use crate::output::json::{Name, hex};
use pitland::DriveReader;
use pitland::cd::cue_sheet::{CueFileKind, SheetFile};
use pitland::cd::{CdScan, SECTOR_BYTES, TextKind, TrackDigest, TrackDigester};
use pitland::codes::Code;
use pitland::writer::MediaFacts;
use pitland::writer::mmc::Lba;
use pitland::writer::mmc::reply::TocEntry;
use std::path::PathBuf;

/// Blocks before a data track behind sound that are no sound.
const TURN: i32 = 150;

pub(crate) async fn run(args: RipArgs, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive.drive)?;
    let digests = match &args.digests {
        Some(path) => Some(digests_of(path)?),
        None => None,
    };
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let facts = open::facts(&handle, &named).await?;
    let reader = handle.reader();
    let mut watcher = Watcher::new(&context.output, named.name.clone());
    watcher.phase("reading");
    let worker = context.clone();
    let view = blocking(move || {
        let mut rip = Rip::new(args, digests, &facts, reader, watcher, worker)?;
        let ripped = rip.all();
        rip.watcher.finish();
        ripped
    })
    .await
    .map_err(|complaint| complaint.of_drive(&named.name))?;
    let is_as_wanted = view.is_as_wanted();
    context.output.result(&RippedView {
        drive: named.name.clone(),
        ..view
    });
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(match is_as_wanted {
        true => Exit::Done,
        false => Exit::Differs,
    })
}

fn digests_of(path: &std::path::Path) -> Result<Vec<TrackDigest>, Complaint> {
    let wrong = |what: String| Complaint::source(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    TrackDigest::parse(&text).map_err(|error| wrong(error.to_string()))
}

/// A track of sound on the disc, or what is hidden before the first one.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    /// 0 before the first track.
    number: u8,
    first: Lba,
    blocks: u32,
}

struct Rip {
    args: RipArgs,
    digests: Option<Vec<TrackDigest>>,
    tracks: Vec<Wanted>,
    /// First and last track of sound of the disc.
    ends: (u8, u8),
    scan: Option<CdScan>,
    sectors: Sectors,
    done: u64,
    watcher: Watcher,
    context: Context,
}

impl Rip {
    fn new(
        args: RipArgs,
        digests: Option<Vec<TrackDigest>>,
        facts: &MediaFacts,
        reader: DriveReader,
        watcher: Watcher,
        context: Context,
    ) -> Result<Self, Complaint> {
        let mut tracks = sounds_of(facts);
        let (Some(first), Some(last)) = (tracks.first().copied(), tracks.last().copied()) else {
            return Err(match &facts.cd.toc {
                Some(toc) if toc.tracks().next().is_some() => no_sound(),
                _ => no_tracks(),
            });
        };
        let scan = match args.sheet != SheetArg::None || args.format == SoundFormatArg::Flac {
            true => Some(reader.scan_cd(facts)?),
            false => None,
        };
        let has_data = |scan: &CdScan| scan.session.tracks().any(|(track, _)| !is_sound(track));
        if args.sheet != SheetArg::None && scan.as_ref().is_some_and(has_data) {
            return Err(Complaint::new(
                Exit::Refused,
                "a sheet of sound files cannot have the disc's tracks of data",
                "caller",
                "pitland cd read reads sound and data into one image",
            ));
        }
        if first.number == 1 && first.first.0 > 0 {
            let hidden = Wanted {
                number: 0,
                first: Lba(0),
                blocks: first.first.0.unsigned_abs(),
            };
            tracks.insert(0, hidden);
        }
        if !args.track.is_empty() {
            tracks.retain(|track| args.track.contains(&track.number));
        }
        let is_there = |wanted: &&u8| tracks.iter().any(|track| track.number == **wanted);
        if let Some(track) = args.track.iter().find(|wanted| !is_there(wanted)) {
            return Err(Complaint::new(
                Exit::Refused,
                format!("the disc has no track {track} of sound"),
                "caller",
                "pitland cd toc DRIVE lists the tracks",
            )
            .coded(Code::MediumNoContents));
        }
        let program = 0..end_of_program(facts);
        let offset = args.sound.read_offset;
        Ok(Self {
            sectors: Sectors::new(reader, program, offset),
            ends: (first.number, last.number),
            args,
            digests,
            tracks,
            scan,
            done: 0,
            watcher,
            context,
        })
    }

    fn all(&mut self) -> Result<RippedView, Complaint> {
        let folder = self.args.output.clone();
        std::fs::create_dir_all(&folder).map_err(|error| Complaint::output(&folder, &error))?;
        if self.scan.as_ref().is_some_and(|scan| !scan.has_positions) {
            self.watcher
                .warn("the drive gives no sub-channels: pauses and indexes are not known".into());
        }
        let blocks = self.tracks.iter().map(|track| track.blocks).sum();
        let whole = folder.join(format!("disc.{}", self.args.format.ending()));
        let mut all = match self.args.whole {
            true => {
                let tags = self.tags(None);
                Some(SoundFile::create(self.args.format, &whole, blocks, &tags)?)
            }
            false => None,
        };
        let mut views = Vec::new();
        let mut files: Vec<(PathBuf, Lba)> = Vec::new();
        for track in self.tracks.clone() {
            let (file, path) = match all.take() {
                Some(file) => (file, whole.clone()),
                None => {
                    let ending = self.args.format.ending();
                    let path = folder.join(format!("track{:02}.{ending}", track.number));
                    let tags = self.tags(Some(track.number));
                    let file = SoundFile::create(self.args.format, &path, track.blocks, &tags)?;
                    (file, path)
                }
            };
            if files.last().is_none_or(|(last, _)| *last != path) {
                files.push((path.clone(), track.first));
            }
            let (file, view) = self.track(file, track, Name::new(&path), blocks)?;
            views.push(view);
            match self.args.whole {
                true => all = Some(file),
                false => drop(file.finish()?),
            }
        }
        if let Some(file) = all {
            file.finish()?;
        }
        let sheet = self.sheet(&files)?;
        Ok(RippedView {
            drive: Name::new(""),
            sheet,
            read_offset: self.args.sound.read_offset,
            missing: self.missing(),
            tracks: views,
        })
    }

    /// Tracks that there are digests of, and that the disc has not.
    fn missing(&self) -> Vec<u8> {
        let wanted = self.digests.iter().flatten().map(|digest| digest.track);
        let wanted = wanted.filter(|track| {
            self.args.track.is_empty() && !self.tracks.iter().any(|of| of.number == *track)
        });
        wanted.collect()
    }

    fn sheet(&self, files: &[(PathBuf, Lba)]) -> Result<Option<Name>, Complaint> {
        let kind = match self.args.sheet {
            SheetArg::None => return Ok(None),
            SheetArg::Cue => Sheet::Cue,
            SheetArg::Toc => Sheet::Toc,
        };
        let Some(scan) = &self.scan else {
            return Ok(None);
        };
        let names: Vec<String> = files
            .iter()
            .map(|(path, _)| sheets::name_of(path))
            .collect();
        let files: Vec<SheetFile<'_>> = names
            .iter()
            .zip(files)
            .map(|(name, (_, first))| SheetFile {
                name,
                kind: CueFileKind::Sound,
                first: *first,
            })
            .collect();
        let path = self.args.output.join(format!("disc.{}", kind.ending()));
        kind.write(&path, &[(scan, &files)])?;
        Ok(Some(Name::new(&path)))
    }

    /// What the disc says of a track, or of itself.
    fn tags(&self, track: Option<u8>) -> Tags {
        let mut tags = Tags::new();
        let Some(scan) = &self.scan else { return tags };
        let text = |kind, track| {
            let block = scan.text.blocks.first()?;
            let text = block.text(kind, track).filter(|text| !text.is_empty())?;
            Some(text.to_owned())
        };
        let mut put = |name, text: Option<String>| tags.extend(text.map(|text| (name, text)));
        put("ALBUM", text(TextKind::Title, 0));
        let album = text(TextKind::Performer, 0);
        match track {
            None => put("ARTIST", album),
            Some(track) => {
                put("TITLE", text(TextKind::Title, track));
                put(
                    "ARTIST",
                    text(TextKind::Performer, track).or_else(|| album.clone()),
                );
                put("ALBUMARTIST", album);
                put("COMPOSER", text(TextKind::Composer, track));
                put("TRACKNUMBER", Some(track.to_string()));
                let mut tracks = scan.session.tracks();
                let of = tracks.find(|(_, placed)| placed.number == track);
                put("ISRC", of.and_then(|(of, _)| Some(of.isrc?.to_string())));
            }
        }
        put(
            "MCN",
            scan.session.catalogue().map(|number| number.to_string()),
        );
        tags
    }

    fn track(
        &mut self,
        mut file: SoundFile,
        track: Wanted,
        output: Name,
        total: u32,
    ) -> Result<(SoundFile, TrackRippedView), Complaint> {
        let all = self.digests.iter().flatten();
        let digest = all
            .into_iter()
            .find(|digest| digest.track == track.number)
            .cloned();
        let is_end = |end| end == track.number;
        let (is_first, is_last) = (is_end(self.ends.0), is_end(self.ends.1));
        let mut own = TrackDigester::new(track.blocks, is_first, is_last);
        // Of a track with gaps that the drive made, the digests know the sound alone. What they know whole is summed up once.
        let known = digest.as_ref().map_or(track.blocks, |digest| digest.blocks);
        let mut as_known =
            (known != track.blocks).then(|| TrackDigester::new(known, is_first, is_last));
        let mut told = Told::default();
        let mut at = 0;
        while at < track.blocks {
            if self.context.interrupt.is_raised() {
                return Err(Complaint::cancelled());
            }
            let count = PIECE.min(track.blocks - at);
            let lba = Lba(track.first.0.saturating_add_unsigned(at));
            let (samples, more) = self.sectors.sound(lba, count)?;
            told.add(more);
            own.update(&samples);
            if let Some(as_known) = &mut as_known {
                let known = known.saturating_sub(at).min(count) as usize * SECTOR_BYTES;
                as_known.update(samples.get(..known).unwrap_or_default());
            }
            file.write(&samples)?;
            at += count;
            self.done += u64::from(count);
            let each = SECTOR_BYTES as u64;
            self.watcher
                .bytes(self.done * each, u64::from(total) * each);
        }
        let own = own.finish(track.number, track.first);
        let as_known = as_known.map(|sums| sums.finish(track.number, track.first));
        let view = TrackRippedView {
            number: track.number,
            output,
            first_lba: track.first.0,
            blocks: track.blocks,
            unreadable: told.unreadable,
            c2_sectors: self.sectors.has_c2().then_some(told.flagged),
            sha256: hex(&own.sha256),
            crc_1: hex(&own.crc_1.to_be_bytes()),
            crc_2: hex(&own.crc_2.to_be_bytes()),
            digest: self.judge(digest.as_ref(), as_known.as_ref().unwrap_or(&own)),
        };
        Ok((file, view))
    }

    fn judge(&self, wanted: Option<&TrackDigest>, read: &TrackDigest) -> Option<DigestResult> {
        self.digests.as_ref()?;
        let wanted = wanted?;
        let is_whole = wanted.blocks == read.blocks;
        Some(match is_whole && wanted.sha256 == read.sha256 {
            true => DigestResult::Equal,
            // What the offset keeps away lies at the ends, which these sums leave out.
            false if is_whole && self.args.sound.read_offset != 0 && wanted.crc_2 == read.crc_2 => {
                DigestResult::EqualInside
            }
            false => DigestResult::Differs,
        })
    }
}

/// The tracks of sound of all sessions.
/// The disc has tracks, and all of them are data.
fn no_sound() -> Complaint {
    Complaint::new(
        Exit::Refused,
        "the disc has no track of sound",
        "medium",
        "pitland cd read takes whole discs, data as well; pitland extract takes the files",
    )
    .coded(Code::MediumNoContents)
}

fn sounds_of(facts: &MediaFacts) -> Vec<Wanted> {
    let Some(toc) = &facts.cd.toc else {
        return Vec::new();
    };
    let sounds = toc.tracks().filter(|(entry, _)| !entry.is_data());
    let track = |(entry, next): (&TocEntry, &TocEntry)| {
        let to_data = !next.is_lead_out() && next.is_data();
        // A drive may say anything.
        let by_next = next.start.0.saturating_sub(if to_data { TURN } else { 0 });
        let end = end_of_session(facts, entry.track, next.track).map_or(by_next, |end| end.0);
        Wanted {
            number: entry.track,
            first: entry.start,
            blocks: u32::try_from(end.saturating_sub(entry.start.0)).unwrap_or(0),
        }
    };
    sounds.map(track).collect()
}

/// Where what can be read ends.
fn end_of_program(facts: &MediaFacts) -> i32 {
    let toc = facts.cd.toc.as_ref();
    toc.and_then(|toc| toc.lead_out())
        .map_or(i32::MAX, |lba| lba.0)
}
