//! `pitland read`: the blocks of a disc, or of one track, into a file.

use super::Context;
use crate::args::ReadArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::bar::Watcher;
use crate::output::json::Name;
use crate::output::read::{EmptyView, ReadView};
use crate::sink::Sink;
use futures::StreamExt;
use pitland::{DriveAddress, QueryError, ReadOptions, Reading};

pub(crate) async fn run(args: ReadArgs, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let of_drive = |error: QueryError| Complaint::from(error).of_drive(&named.name);
    let mut options = ReadOptions::default();
    options.track = args.track;
    options.skip_errors = args.skip_errors;
    let reading = handle.read(options).await.map_err(of_drive)?;
    let Reading {
        blocks, mut pieces, ..
    } = reading;
    let disc = match &named.address {
        DriveAddress::VirtualFile { path, .. } => Some(path.as_path()),
        _ => None,
    };
    let mut sink = Sink::create(&args.output, disc)?;
    let mut watcher = Watcher::new(&context.output, named.name.clone());
    watcher.phase("reading");
    let mut done = 0;
    let mut empty = EmptyView::default();
    while let Some(piece) = pieces.next().await {
        if context.interrupt.is_raised() {
            return Err(Complaint::cancelled().of_drive(&named.name));
        }
        let piece = piece.map_err(of_drive)?;
        sink.write(&piece.bytes)?;
        piece.empty.iter().for_each(|block| empty.add(block));
        done += piece.bytes.len() as u64;
        watcher.bytes(done, blocks.saturating_mul(2048));
    }
    watcher.finish();
    let bytes = sink.finish()?;
    if let Some(first) = empty.first_unclear_lba {
        let count = empty.unclear_blocks;
        watcher.warn(
            format!(
                "{count} blocks, the first at LBA {first}, were never written or are damaged: no reader can tell; they came as zeros"
            ),
        );
    }
    let exit = match empty.unreadable_blocks {
        0 => Exit::Done,
        _ => Exit::Differs,
    };
    context.output.result(&ReadView {
        drive: named.name.clone(),
        track: args.track,
        output: Name::new(&args.output),
        blocks,
        bytes,
        empty: Some(empty),
    });
    drop((pieces, handle));
    open::end(engine, &[]).await?;
    Ok(exit)
}
