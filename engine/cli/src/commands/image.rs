//! `pitland image`: masters an image without burning it.

use super::{Context, blocking};
use crate::args::ImageArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::output::bar::Watcher;
use crate::output::json::{ImageView, Name, PlannedVolumeView};
use crate::sink::Sink;
use crate::source;
use pitland::MasterOptions;
use pitland::mastering::BLOCK_SIZE;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Blocks that are made at a time.
const PIECE: u64 = 512;

pub(crate) async fn run(args: ImageArgs, context: Context) -> Result<Exit, Complaint> {
    if args.sources.iter().any(|source| source.as_os_str() == "-") {
        return Err(Complaint::usage(
            "standard input is an image already (a file of that name is ./-)",
        ));
    }
    let options = source::master_options(&args.volume)?;
    blocking(move || {
        let view = master(&args, &options, &context)?;
        context.output.result(&view);
        Ok(Exit::Done)
    })
    .await
}

/// An image must not take the place of what it is made of.
fn refuse_own_source(output: &Path, sources: &[PathBuf]) -> Result<(), Complaint> {
    let Some(target) = output.canonicalize().ok().filter(|path| path.is_file()) else {
        return Ok(());
    };
    let mut own = sources
        .iter()
        .filter_map(|source| source.canonicalize().ok());
    if own.any(|source| target.starts_with(source)) {
        return Err(Complaint::usage(format!(
            "{} is part of what the image is made of",
            output.display()
        )));
    }
    Ok(())
}

fn master(
    args: &ImageArgs,
    options: &MasterOptions,
    context: &Context,
) -> Result<ImageView, Complaint> {
    let mut watcher = Watcher::new(&context.output, Name::new(&args.output));
    watcher.phase("planning");
    let layout = Arc::new(options.plan(&args.sources, 0, None)?);
    refuse_own_source(&args.output, &args.sources)?;
    let mut sink = Sink::create(&args.output, None)?;
    let mut emitter = layout.emitter_ahead();
    let mut buffer = vec![0; PIECE as usize * BLOCK_SIZE];
    let total = layout.blocks();
    watcher.phase("mastering");
    let mut block = 0;
    while block < total {
        if context.interrupt.is_raised() {
            return Err(Complaint::cancelled());
        }
        let count = PIECE.min(total - block);
        let piece = buffer
            .get_mut(..count as usize * BLOCK_SIZE)
            .unwrap_or_default();
        emitter
            .read_blocks(block, piece)
            .map_err(|error| Complaint::source(error.to_string()))?;
        sink.write(piece)?;
        block += count;
        watcher.bytes(block * BLOCK_SIZE as u64, total * BLOCK_SIZE as u64);
    }
    let bytes = sink.finish()?;
    Ok(ImageView {
        output: Name::new(&args.output),
        bytes,
        blocks: total,
        volume: PlannedVolumeView::new(&layout),
        warnings: layout.warnings().iter().map(ToString::to_string).collect(),
    })
}
