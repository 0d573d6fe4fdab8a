//! `pitland virtual`: makes virtual discs, and exports what a reader sees on them.

use super::{Context, blocking, pour};
use crate::args::{CreateArgs, ExportArgs};
use crate::error::{Complaint, drive_name};
use crate::exit::Exit;
use crate::output::bar::Watcher;
use crate::output::json::{Name, VirtualDiscView};
use crate::output::read::ReadView;
use crate::sink::Sink;
use pitland::DriveAddress;
use pitland::codes::Code;
use pitland::mastering::BLOCK_SIZE;
use pitland::transport::address::VirtualOptions;
use pitland::transport::sim::{Access, create_disc, open_disc};

pub(crate) fn create(args: &CreateArgs, context: &Context) -> Result<Exit, Complaint> {
    let blocks = args.capacity.map(blocks_of).transpose()?;
    let disc = create_disc(&args.file, args.medium, blocks)?;
    let address = DriveAddress::VirtualFile {
        path: args.file.clone(),
        options: VirtualOptions::default(),
    };
    context.output.result(&VirtualDiscView::new(
        Name::new(&args.file),
        drive_name(&address),
        disc.profile(),
        blocks.unwrap_or(disc.capacity()),
    ));
    Ok(Exit::Done)
}

fn blocks_of(bytes: u64) -> Result<u32, Complaint> {
    let whole = bytes.is_multiple_of(BLOCK_SIZE as u64);
    let blocks = u32::try_from(bytes / BLOCK_SIZE as u64)
        .ok()
        .filter(|_| whole);
    blocks.ok_or_else(|| {
        Complaint::usage("a capacity is a number of bytes in whole blocks of 2048, below 8 TB")
    })
}

pub(crate) async fn export(args: ExportArgs, context: Context) -> Result<Exit, Complaint> {
    blocking(move || {
        let view = copy(&args, &context)?;
        context.output.result(&view);
        Ok(Exit::Done)
    })
    .await
}

fn copy(args: &ExportArgs, context: &Context) -> Result<ReadView, Complaint> {
    let mut disc = open_disc(&args.file, Access::ReadOnly)?;
    let (first, blocks) = match args.track {
        None => (0, disc.written_end()),
        Some(number) => *disc.tracks().get(usize::from(number) - 1).ok_or_else(|| {
            Complaint::new(
                Exit::Refused,
                format!("the disc has no track {number} that holds data"),
                "caller",
                "pitland medium virtual:FILE lists the tracks",
            )
            .coded(Code::MediumNoContents)
        })?,
    };
    if blocks == 0 {
        return Err(Complaint::new(
            Exit::Refused,
            "there is nothing on the disc to export",
            "medium",
            "burn something onto it first",
        )
        .coded(Code::MediumEmpty));
    }
    let mut sink = Sink::create(&args.output, Some(&args.file))?;
    let mut watcher = Watcher::new(&context.output, Name::new(&args.file));
    watcher.phase("exporting");
    let size = (u64::from(blocks), BLOCK_SIZE);
    pour(&mut sink, size, context, &mut watcher, |block, piece| {
        // Less than all, which are counted so.
        let lba = first + block as u32;
        disc.read_blocks(lba, piece).map_err(|error| {
            Complaint::new(
                Exit::DriveFailed,
                format!(
                    "{} cannot be read at LBA {lba}: {error}",
                    args.file.display()
                ),
                "medium",
                "look at the file system that it lies on",
            )
        })
    })?;
    watcher.finish();
    let bytes = sink.finish()?;
    Ok(ReadView {
        drive: Name::new(&args.file),
        track: args.track,
        output: Name::new(&args.output),
        blocks: u64::from(blocks),
        bytes,
        empty: None,
    })
}
