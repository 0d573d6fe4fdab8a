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
use pitland::cd::cue_sheet::{CueFileKind, SheetFile};
use pitland::cd::{CdScan, Channels, Placed, SECTOR_BYTES, Track};
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
        let scan = reader.scan_cd(&facts)?;
        tell(&scan, &watcher);
        let program = 0..scan.session.lead_out().0;
        let sectors = Sectors::new(reader, program, args.sound.read_offset);
        let mut copy = Copy {
            outputs: Outputs::create(&args)?,
            scan,
            sectors,
            run_out: 0,
            watcher,
            context: worker,
        };
        let told = copy.sectors()?;
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

fn tell(scan: &CdScan, watcher: &Watcher) {
    if scan.sessions > 1 {
        watcher.warn(format!(
            "the disc has {} sessions: the first is read",
            scan.sessions
        ));
    }
    if !scan.has_positions {
        watcher.warn("the drive gives no sub-channels: pauses and indexes are not known".into());
    }
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
    image: (PathBuf, Sink),
    subchannels: Option<(PathBuf, Sink)>,
    sheet: PathBuf,
    digest: Sha256,
}

impl Outputs {
    fn create(args: &CdReadArgs) -> Result<Self, Complaint> {
        let named = |ending| with_ending(&args.output, ending);
        let image = match args.kind {
            CdFormatArg::Bincue | CdFormatArg::Toc => "bin",
            CdFormatArg::Ccd => "img",
        };
        let sink = |path: PathBuf| -> Result<_, Complaint> {
            let sink = Sink::create(&path, None)?;
            Ok((path, sink))
        };
        Ok(Self {
            kind: args.kind,
            image: sink(named(image))?,
            subchannels: match args.kind {
                CdFormatArg::Ccd => Some(sink(named("sub"))?),
                _ => None,
            },
            sheet: named(args.kind.sheet().ending()),
            digest: Sha256::new(),
        })
    }

    /// Takes whole sectors.
    fn write(&mut self, mut sectors: Vec<u8>, is_sound: bool) -> Result<(), Complaint> {
        self.digest.update(&sectors);
        // Samples of such files are in Motorola's order.
        if is_sound && self.kind == CdFormatArg::Toc {
            let samples = sectors.as_chunks_mut::<2>().0;
            samples.iter_mut().for_each(|sample| sample.reverse());
        }
        self.image.1.write(&sectors)
    }
}

struct Copy {
    scan: CdScan,
    sectors: Sectors,
    outputs: Outputs,
    /// Blocks of run-out that did not read.
    run_out: u64,
    watcher: Watcher,
    context: Context,
}

impl Copy {
    fn sectors(&mut self) -> Result<Told, Complaint> {
        let mut told = Told::default();
        let session = self.scan.session.clone();
        let total = session.lead_out().0.unsigned_abs();
        for (track, placed) in session.tracks() {
            let mut at = placed.start.0.max(0);
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
                told.add(self.piece(track, placed, Lba(at), count)?);
                at = at.saturating_add_unsigned(count);
                let each = SECTOR_BYTES as u64;
                let done = u64::from(at.unsigned_abs());
                self.watcher.bytes(done * each, u64::from(total) * each);
            }
        }
        Ok(told)
    }

    fn piece(
        &mut self,
        track: &Track,
        placed: Placed,
        lba: Lba,
        count: u32,
    ) -> Result<Told, Complaint> {
        let (sectors, mut told) = match is_sound(track) {
            true => self.sectors.sound(lba, count)?,
            false => self.sectors.data(lba, count, track.form)?,
        };
        if !is_sound(track) && lba.0 >= placed.end.0 - RUN_OUT {
            self.run_out += std::mem::take(&mut told.unreadable);
        }
        self.outputs.write(sectors, is_sound(track))?;
        if let Some((_, sink)) = &mut self.outputs.subchannels {
            let session = &self.scan.session;
            let channels = self.sectors.subchannels(session, lba, count)?;
            for interleaved in &channels {
                sink.write(&Channels::from_interleaved(interleaved).by_channel())?;
            }
        }
        Ok(told)
    }

    /// The sheet, and then the names of all files.
    fn finish(self, told: Told) -> Result<CdReadView, Complaint> {
        let Self {
            scan,
            sectors,
            outputs,
            run_out,
            ..
        } = self;
        let name = sheets::name_of(&outputs.image.0);
        let file = SheetFile {
            name: &name,
            kind: CueFileKind::Binary,
            first: Lba(0),
        };
        let text = outputs.kind.sheet().text(&scan, &[file])?;
        let mut names = vec![Name::new(&outputs.image.0)];
        let bytes = outputs.image.1.finish()?;
        if let Some((path, sink)) = outputs.subchannels {
            sink.finish()?;
            names.push(Name::new(&path));
        }
        sheets::write(&outputs.sheet, &text)?;
        names.push(Name::new(&outputs.sheet));
        let c2_sectors = sectors.has_c2().then_some(told.flagged);
        let sha256 = hex(&outputs.digest.finalize());
        Ok(CdReadView {
            bytes,
            unreadable: told.unreadable,
            run_out,
            c2_sectors,
            sha256,
            ..CdReadView::of_disc(names, &scan)
        })
    }
}
