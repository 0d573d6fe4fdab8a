//! `pitland cd toc` and `pitland cd text`: what a CD says of its tracks.

use crate::args::DriveArg;
use crate::commands::{Context, blocking};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::cd::{TextView, TocView};
use pitland::cd::CdText;

pub(crate) async fn run(args: DriveArg, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let facts = open::facts(&handle, &named).await?;
    let toc = facts
        .cd
        .toc
        .as_ref()
        .ok_or_else(|| no_tracks().of_drive(&named.name))?;
    context
        .output
        .result(&TocView::new(named.name.clone(), toc));
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(Exit::Done)
}

pub(super) fn no_tracks() -> Complaint {
    Complaint::new(
        Exit::Refused,
        "there is no CD with closed tracks in the drive",
        "medium",
        "insert a CD that was burned",
    )
}

pub(crate) async fn text(args: DriveArg, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    // The drive may have to spin up, and there may be no disc.
    open::facts(&handle, &named).await?;
    let reader = handle.reader();
    let packs = blocking(move || Ok(reader.read_cd_text()?)).await;
    let packs = packs.map_err(|error| error.of_drive(&named.name))?;
    let (text, faults) = CdText::parse(packs.as_flattened());
    context.output.result(&TextView::new(
        named.name.clone(),
        packs.len(),
        &text,
        &faults,
    ));
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(Exit::Done)
}
