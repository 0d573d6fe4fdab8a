//! `pitland medium`: what is in a drive.

use super::{Context, blocking};
use crate::args::DriveArg;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::json::{MediumView, VolumeView};
use pitland::mastering::Volume;
use pitland::{DriveHandle, MediaFacts};

pub(crate) async fn run(args: DriveArg, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let facts = open::facts(&handle, &named).await?;
    let volume = volume(&handle, &facts).await?;
    let known = facts.inquiry.as_ref().map_or_else(Vec::new, |inquiry| {
        let rows = engine.quirks().rows_of_drive(inquiry);
        rows.map(|row| format!("{} ({})", row.habit, row.evidence))
            .collect()
    });
    context
        .output
        .result(&MediumView::new(named.name, &facts, volume, known));
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(Exit::Done)
}

/// The volume of the last session, where there is one that can be read.
async fn volume(handle: &DriveHandle, facts: &MediaFacts) -> Result<Option<VolumeView>, Complaint> {
    let Some(first) = facts
        .last_closed_session_start()
        .and_then(|lba| u32::try_from(lba.0).ok())
    else {
        return Ok(None);
    };
    let reader = handle.reader();
    blocking(move || {
        Ok(Volume::open(reader, first).ok().map(|volume| VolumeView {
            id: volume.volume_id(),
            first_lba: volume.first_lba(),
            blocks: volume.blocks(),
            names: volume
                .offered_names()
                .iter()
                .map(ToString::to_string)
                .collect(),
        }))
    })
    .await
}
