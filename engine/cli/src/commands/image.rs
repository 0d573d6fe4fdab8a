//! `pitland image`: masters an image without burning it.

use super::{Context, blocking, looking, pour, volume};
use crate::args::ImageArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::output::bar::Watcher;
use crate::output::json::{ImageView, Name, PlannedVolumeView};
use crate::sink::Sink;
use crate::source;
use pitland::mastering::grow::{FIRST_SESSION_WITH_UDF, GrowError, grow_file_with};
use pitland::mastering::images::Sectors;
use pitland::mastering::import::{ImportError, import};
use pitland::mastering::sessions::SESSION_ALIGNMENT;
use pitland::mastering::{BLOCK_SIZE, BlockSource, DiscId, DiscImage, ImageFile, Layout, Tree};
use pitland::{MasterOptions, SourceError};
use std::fs::{File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) async fn run(args: ImageArgs, context: Context) -> Result<Exit, Complaint> {
    if args.sources.iter().any(|source| source.as_os_str() == "-") {
        return Err(Complaint::usage(
            "standard input is an image already (a file of that name is ./-)",
        ));
    }
    let options = match args.append_to {
        Some(_) => source::further_options(&args.volume, &args.earlier)?,
        None if args.earlier.any() => {
            return Err(Complaint::usage(
                "--remove, --replace and --session belong to --append-to",
            ));
        }
        None => source::master_options(&args.volume)?,
    };
    let view = match (&args.append_to, &args.output) {
        (Some(image), _) => grow(image.clone(), args, options, context.clone()).await?,
        (None, Some(output)) => {
            master(output.clone(), args.sources, options, context.clone()).await?
        }
        (None, None) => return Err(Complaint::usage("an image needs -o FILE")),
    };
    context.output.result(&view);
    Ok(Exit::Done)
}

/// An image must not take the place of what it is made of. What lies among the sources and was left out may go.
fn refuse_own_source(output: &Path, sources: &[PathBuf], tree: &Tree) -> Result<(), Complaint> {
    let Some(target) = output.canonicalize().ok().filter(|path| path.is_file()) else {
        return Ok(());
    };
    let mut own = sources
        .iter()
        .filter_map(|source| source.canonicalize().ok());
    let is_in_tree = || match target.metadata() {
        Ok(meta) => tree
            .nodes()
            .any(|id| tree.inode(id) == (meta.dev(), meta.ino())),
        Err(_) => true,
    };
    if own.any(|source| target.starts_with(source)) && is_in_tree() {
        return Err(Complaint::usage(format!(
            "{} is part of what the image is made of",
            output.display()
        )));
    }
    Ok(())
}

async fn master(
    output: PathBuf,
    sources: Vec<PathBuf>,
    options: MasterOptions,
    context: Context,
) -> Result<ImageView, Complaint> {
    let mut watcher = Watcher::new(&context.output, Name::new(&output));
    watcher.phase("planning");
    let (target, own) = (output.clone(), sources);
    let layout = looking(&context, move || {
        let layout = Arc::new(options.plan(&own, 0, None)?);
        refuse_own_source(&target, &own, layout.tree())?;
        Ok(layout)
    })
    .await?;
    blocking(move || {
        let mut sink = Sink::create(&output, None)?;
        let mut emitter = layout.emitter_ahead();
        watcher.phase("mastering");
        let size = (layout.blocks(), BLOCK_SIZE);
        pour(&mut sink, size, &context, &mut watcher, |block, piece| {
            let read = emitter.read_blocks(block, piece);
            read.map_err(|error| Complaint::source(error.to_string()).coded(error))
        })?;
        let bytes = sink.finish()?;
        Ok(view(&output, &layout, bytes))
    })
    .await
}

fn view(output: &Path, layout: &Layout, bytes: u64) -> ImageView {
    ImageView {
        output: Name::new(output),
        first_lba: layout.first_lba(),
        bytes,
        blocks: layout.blocks(),
        volume: PlannedVolumeView::new(layout),
        warnings: layout.warnings().iter().map(ToString::to_string).collect(),
    }
}

/// Only plain blocks can be written: raw sectors would need their sums, and a cue sheet the length of its track.
fn refuse_raw(image: &Path) -> Result<(), Complaint> {
    let raw = source::is_cue_sheet(image)
        || DiscImage::open(image)
            .is_ok_and(|opened| opened.tracks().iter().any(Sectors::have_sums));
    match raw {
        false => Ok(()),
        true => Err(Complaint::new(
            Exit::Refused,
            format!(
                "{} is an image of raw CD sectors, which does not grow",
                image.display()
            ),
            "medium",
            "burn it and go on with the disc (burn --append), or master its files anew (pitland extract, pitland image)",
        )),
    }
}

/// A session behind what an image holds.
async fn grow(
    image: PathBuf,
    args: ImageArgs,
    options: MasterOptions,
    context: Context,
) -> Result<ImageView, Complaint> {
    let wrong = |error: io::Error| Complaint::output(&image, &error);
    let file = File::options().read(true).write(true).open(&image);
    let file = file.map_err(wrong)?;
    if !file.metadata().map_err(wrong)?.is_file() {
        return Err(Complaint::output(
            &image,
            &io::ErrorKind::Unsupported.into(),
        ));
    }
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        let message = format!("somebody else is writing to {}", image.display());
        return Err(Complaint::new(
            Exit::Busy,
            message,
            "host",
            "wait until it is done",
        ));
    }
    refuse_raw(&image)?;
    let mut watcher = Watcher::new(&context.output, Name::new(&image));
    watcher.phase("planning");
    let source = ImageFile::new(file.try_clone().map_err(wrong)?);
    let target = image.clone();
    let session = looking(&context, move || {
        plan_session(source, &target, &args, &options)
    })
    .await?;
    blocking(move || write_session(&file, &image, &session, watcher, &context)).await
}

/// What an image grows by.
struct PlannedSession {
    layout: Arc<Layout>,
    /// The mark of what was imported.
    disc: DiscId,
}

fn plan_session(
    mut source: ImageFile,
    image: &Path,
    args: &ImageArgs,
    options: &MasterOptions,
) -> Result<PlannedSession, Complaint> {
    let not_imported = |error: ImportError| {
        let error = SourceError::Import(Arc::new(error));
        Complaint::from(error).advising(
            "nothing was changed; pitland extract takes out what can be read, of which pitland image makes another image",
        )
    };
    let first = match args.earlier.session {
        None => 0,
        Some(number) => volume::session_of_image(&mut source, image, number)?,
    };
    let imported = import(&mut source, first, &options.import_options()).map_err(not_imported)?;
    // What was cut off behind the volume is not overwritten, either.
    let behind_file = source
        .blocks()
        .and_then(|end| (end + 1).checked_next_multiple_of(SESSION_ALIGNMENT));
    let behind_volume = imported.next_session(SESSION_ALIGNMENT);
    let start = behind_file
        .zip(behind_volume)
        // Whether there will be UDF is not known yet; half a megabyte is no price for it.
        .map(|(file, volume)| file.max(volume).max(FIRST_SESSION_WITH_UDF));
    let start =
        start.ok_or_else(|| Complaint::source("the image has no room for another session"))?;
    let disc = imported.disc;
    let layout = Arc::new(options.plan_with(imported, &args.sources, start, None)?);
    refuse_own_source(image, &args.sources, layout.tree())?;
    Ok(PlannedSession { layout, disc })
}

fn write_session(
    file: &File,
    image: &Path,
    session: &PlannedSession,
    mut watcher: Watcher,
    context: &Context,
) -> Result<ImageView, Complaint> {
    watcher.phase("mastering");
    let observe = |blocks: u64, of: u64| {
        watcher.bytes(blocks * BLOCK_SIZE as u64, of * BLOCK_SIZE as u64);
        match context.interrupt.is_raised() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let growth = grow_file_with(file, &session.layout, Some(session.disc), observe);
    let growth = growth.map_err(|error| match error {
        GrowError::Write(error) => Complaint::output(image, &error),
        GrowError::Stopped => Complaint::cancelled(),
        GrowError::HeadInUse { .. } => Complaint::source(error.to_string())
            .coded(&error)
            .advising(
                "leave udf out of --fs, or make the image anew: extract it, and master that folder with the sources",
            ),
        error => Complaint::source(error.to_string()).coded(error),
    })?;
    let bytes = growth
        .modified_blocks()
        .map(|run| u64::from(run.end - run.start));
    Ok(view(
        image,
        &session.layout,
        bytes.sum::<u64>() * BLOCK_SIZE as u64,
    ))
}
