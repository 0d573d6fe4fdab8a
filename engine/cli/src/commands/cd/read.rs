//! `pitland cd read`: a CD, sound and data, as an image and a file that describes it, from which it can be burned again.
//! Sectors that cannot be read come as silence or zeros, and are told.

use super::sectors::{PIECE, Sectors, Told, is_sound};
use super::sheets::{self, Sheet, with_ending};
use crate::args::cd::{CdFormatArg, CdReadArgs};
use crate::commands::{Context, blocking};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::bar::Watcher;
use crate::output::cd::read::CdReadView;
use crate::output::json::{Name, hex};
use crate::sink::Sink;
use pitland::DriveReader;
use pitland::cd::cue_sheet::{CueFileKind, SheetFile};
use pitland::cd::{CdScan, Channels, SECTOR_BYTES, Session};
use pitland::writer::MediaFacts;
use pitland::writer::mmc::Lba;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Blocks of run-out behind a data track that was written by itself, which do not read.
const RUN_OUT: i32 = 2;

pub(crate) async fn run(args: CdReadArgs, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let facts = open::facts(&handle, &named).await?;
    let reader = handle.reader();
    let mut watcher = Watcher::new(&context.output, named.name.clone());
    watcher.phase("reading");
    let worker = context.clone();
    let (view, told) = blocking(move || {
        let scans = scans(&reader, &facts, &args, &watcher)?;
        let outputs = Outputs::create(&args, &scans)?;
        let mut copy = Copy {
            progress: (0, scans.iter().map(blocks_of).sum()),
            reader,
            read_offset: args.sound.read_offset,
            scans,
            outputs,
            run_out: 0,
            has_c2: true,
            watcher,
            context: worker,
        };
        let told = copy.sessions()?;
        copy.watcher.finish();
        Ok((copy.finish(told)?, told))
    })
    .await
    .map_err(|complaint| complaint.of_drive(&named.name))?;
    context.output.result(&CdReadView {
        drive: named.name.clone(),
        ..view
    });
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(match told.unreadable {
        0 => Exit::Done,
        _ => Exit::Differs,
    })
}

/// The sessions that are read: all, or one.
fn scans(
    reader: &DriveReader,
    facts: &MediaFacts,
    args: &CdReadArgs,
    watcher: &Watcher,
) -> Result<Vec<CdScan>, Complaint> {
    let first = reader.scan_cd_session(facts, args.session.unwrap_or(1))?;
    let is_toc = args.kind == CdFormatArg::Toc;
    let last = match args.session {
        None if !is_toc => first.sessions,
        _ => 1,
    };
    if args.session.is_none() && is_toc && first.sessions > 1 {
        watcher.warn(format!(
            "the disc has {} sessions, and a .toc has one: the first is read; --session N reads another",
            first.sessions
        ));
    }
    let mut scans = vec![first];
    for number in 2..=last {
        scans.push(reader.scan_cd_session(facts, number)?);
    }
    if scans.iter().any(|scan| !scan.has_positions) {
        watcher.warn("the drive gives no sub-channels: pauses and indexes are not known".into());
    }
    let numbered = scans.iter().find(|scan| scan.session.first_track() > 1);
    if let Some(scan) = numbered.filter(|_| is_toc) {
        let first = scan.session.first_track();
        watcher.warn(format!(
            "a .toc numbers its tracks from 1; those of the disc begin with {first}"
        ));
    }
    let copy = scans.iter().find_map(|scan| {
        let mut tracks = scan.session.tracks();
        tracks.find(|(track, _)| track.serial_copy)
    });
    if let Some((_, placed)) = copy.filter(|_| args.kind != CdFormatArg::Bincue) {
        let ending = args.kind.sheet().ending();
        watcher.warn(format!(
            "track {} says that it is a copy (SCMS), which a .{ending} cannot tell: a cue sheet can",
            placed.number
        ));
    }
    Ok(scans)
}

/// The block that the first sector of a session in an image is.
fn begin_of(scan: &CdScan) -> i32 {
    let mut placed = scan.session.tracks().map(|(_, placed)| placed);
    placed.next().map_or(0, |first| first.source.0)
}

fn blocks_of(scan: &CdScan) -> u64 {
    u64::try_from(scan.session.lead_out().0 - begin_of(scan)).unwrap_or(0)
}

impl CdFormatArg {
    /// The sheet that describes the image.
    fn sheet(self) -> Sheet {
        match self {
            Self::Bincue => Sheet::Cue,
            Self::Toc => Sheet::Toc,
            Self::Ccd => Sheet::Ccd,
        }
    }
}

/// The files that a disc becomes.
struct Outputs {
    kind: CdFormatArg,
    /// One for all sessions, or one for each.
    images: Vec<(PathBuf, Sink)>,
    subchannels: Option<(PathBuf, Sink)>,
    sheet: PathBuf,
    digest: Sha256,
}

impl Outputs {
    fn create(args: &CdReadArgs, scans: &[CdScan]) -> Result<Self, Complaint> {
        let named = |ending: &str| with_ending(&args.output, ending);
        let sink = |path: PathBuf| -> Result<_, Complaint> {
            let sink = Sink::create(&path, None)?;
            Ok((path, sink))
        };
        let images = match args.kind {
            CdFormatArg::Ccd => vec![sink(named("img"))?],
            // A sheet with several sessions cannot say where in a file one of them ends.
            CdFormatArg::Bincue | CdFormatArg::Toc => scans
                .iter()
                .enumerate()
                .map(|(at, scan)| match at {
                    0 => sink(named("bin")),
                    _ => sink(named(&format!("{}.bin", scan.number))),
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            kind: args.kind,
            images,
            subchannels: match args.kind {
                CdFormatArg::Ccd => Some(sink(named("sub"))?),
                _ => None,
            },
            sheet: named(args.kind.sheet().ending()),
            digest: Sha256::new(),
        })
    }

    /// Takes whole sectors.
    fn write(
        &mut self,
        session: usize,
        mut sectors: Vec<u8>,
        is_sound: bool,
    ) -> Result<(), Complaint> {
        self.digest.update(&sectors);
        // Samples of such files are in Motorola's order.
        if is_sound && self.kind == CdFormatArg::Toc {
            let samples = sectors.as_chunks_mut::<2>().0;
            samples.iter_mut().for_each(|sample| sample.reverse());
        }
        let last = self.images.len().saturating_sub(1);
        match self.images.get_mut(session.min(last)) {
            Some((_, image)) => image.write(&sectors),
            None => Ok(()),
        }
    }
}

struct Copy {
    reader: DriveReader,
    read_offset: i32,
    scans: Vec<CdScan>,
    outputs: Outputs,
    /// Blocks of run-out that did not read.
    run_out: u64,
    has_c2: bool,
    /// Sectors done and all.
    progress: (u64, u64),
    watcher: Watcher,
    context: Context,
}

impl Copy {
    fn sessions(&mut self) -> Result<Told, Complaint> {
        let mut told = Told::default();
        for at in 0..self.scans.len() {
            let Some(scan) = self.scans.get(at) else {
                break;
            };
            let program = begin_of(scan)..scan.session.lead_out().0;
            let session = scan.session.clone();
            let mut sectors = Sectors::new(self.reader.clone(), program, self.read_offset);
            told.add(self.session(at, &session, &mut sectors)?);
            self.has_c2 &= sectors.has_c2();
        }
        Ok(told)
    }

    fn session(
        &mut self,
        number: usize,
        session: &Session,
        sectors: &mut Sectors,
    ) -> Result<Told, Complaint> {
        let mut told = Told::default();
        for (track, placed) in session.tracks() {
            // What lies before the session's first sector is in no image.
            let mut at = match placed.number == session.first_track() {
                true => placed.source.0,
                false => placed.start.0,
            };
            while at < placed.end.0 {
                if self.context.interrupt.is_raised() {
                    return Err(Complaint::cancelled());
                }
                // The run-out behind data is read by itself.
                let run_out = placed.end.0 - RUN_OUT;
                let until = match is_sound(track) || at >= run_out {
                    true => placed.end.0,
                    false => run_out,
                };
                let count = PIECE.min(until.abs_diff(at));
                let lba = Lba(at);
                let (piece, mut of_piece) = match is_sound(track) {
                    true => sectors.sound(lba, count)?,
                    false => sectors.data(lba, count, track.form)?,
                };
                if !is_sound(track) && at >= run_out {
                    self.run_out += std::mem::take(&mut of_piece.unreadable);
                }
                told.add(of_piece);
                self.outputs.write(number, piece, is_sound(track))?;
                if let Some((_, sink)) = &mut self.outputs.subchannels {
                    for interleaved in &sectors.subchannels(session, lba, count)? {
                        sink.write(&Channels::from_interleaved(interleaved).by_channel())?;
                    }
                }
                at = at.saturating_add_unsigned(count);
                self.progress.0 += u64::from(count);
                let each = SECTOR_BYTES as u64;
                let (done, all) = self.progress;
                self.watcher.bytes(done * each, all * each);
            }
        }
        Ok(told)
    }

    /// The sheet, and then the names of all files.
    fn finish(self, told: Told) -> Result<CdReadView, Complaint> {
        let Self {
            scans,
            outputs,
            run_out,
            has_c2,
            ..
        } = self;
        let paths = outputs.images.iter().map(|(path, _)| sheets::name_of(path));
        let file_names: Vec<String> = paths.collect();
        let files: Vec<[SheetFile<'_>; 1]> = scans
            .iter()
            .zip(&file_names)
            .map(|(scan, name)| {
                [SheetFile {
                    name,
                    kind: CueFileKind::Binary,
                    first: Lba(begin_of(scan)),
                }]
            })
            .collect();
        // A control file names no file.
        let files = files.iter().map(|files| &files[..]);
        let files = files.chain(std::iter::repeat(&[][..]));
        let described: Vec<sheets::Described<'_>> = scans.iter().zip(files).collect();
        let (mut names, mut bytes) = (Vec::new(), 0);
        for (path, sink) in outputs.images {
            bytes += sink.finish()?;
            names.push(Name::new(&path));
        }
        if let Some((path, sink)) = outputs.subchannels {
            sink.finish()?;
            names.push(Name::new(&path));
        }
        let written = outputs.kind.sheet().write(&outputs.sheet, &described)?;
        names.extend(written.iter().map(Name::new));
        let sha256 = hex(&outputs.digest.finalize());
        Ok(CdReadView {
            bytes,
            unreadable: told.unreadable,
            run_out,
            c2_sectors: has_c2.then_some(told.flagged),
            sha256,
            ..CdReadView::of_disc(names, &scans)
        })
    }
}
