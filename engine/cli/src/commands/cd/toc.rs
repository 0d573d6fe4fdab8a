//! `pitland cd toc` and `pitland cd text`: what a CD says of its tracks.

use crate::args::DriveArg;
use crate::args::cd::TocArgs;
use crate::commands::{Context, blocking};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::cd::{Codes, TextView, TocView};
use pitland::DriveReader;
use pitland::cd::CdText;
use pitland::codes::Code;
use pitland::writer::MediaFacts;
use pitland::writer::mmc::Lba;

pub(crate) async fn run(args: TocArgs, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let facts = open::facts(&handle, &named).await?;
    let of_drive = |complaint: Complaint| complaint.of_drive(&named.name);
    let toc = facts.cd.toc.clone();
    let toc = toc.ok_or_else(|| of_drive(no_tracks()))?;
    let reader = handle.reader();
    let codes = blocking(move || codes(&reader, &facts, args.indexes))
        .await
        .map_err(of_drive)?;
    let view = TocView::new(named.name.clone(), &toc, &codes);
    context.output.result(&view);
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(Exit::Done)
}

/// The codes of the disc, and with its pauses and indexes, if they are wanted.
fn codes(reader: &DriveReader, facts: &MediaFacts, indexes: bool) -> Result<Codes, Complaint> {
    let toc = facts.cd.toc.as_ref().ok_or_else(no_tracks)?;
    let mut recordings = Vec::new();
    for (entry, _) in toc.tracks().filter(|(entry, _)| !entry.is_data()) {
        let code = reader.read_isrc(entry.track)?;
        recordings.extend(code.map(|code| (entry.track, code)));
    }
    let ends = toc.tracks().filter_map(|(entry, next)| {
        let end = end_of_session(facts, entry.track, next.track)?;
        Some((entry.track, end))
    });
    Ok(Codes {
        session_ends: ends.collect(),
        catalogue: reader.read_catalogue()?,
        recordings,
        session: match indexes {
            true => {
                let scan = reader.scan_cd(facts)?;
                scan.has_positions.then_some(scan.session)
            }
            false => None,
        },
    })
}

/// Where the lead-out behind a track begins, if the next one is of another session.
pub(super) fn end_of_session(facts: &MediaFacts, track: u8, next: u8) -> Option<Lba> {
    let full = facts.cd.full_toc.as_ref()?;
    let session_of = |track: u8| {
        let entry = full
            .entries
            .iter()
            .find(|entry| entry.point == track && entry.adr == 1);
        entry.map(|entry| entry.session)
    };
    let session = session_of(track)?;
    (session_of(next)? != session).then(|| full.lead_out(session))?
}

pub(super) fn no_tracks() -> Complaint {
    Complaint::new(
        Exit::Refused,
        "there is no CD with closed tracks in the drive",
        "medium",
        "insert a CD that was burned",
    )
    .coded(Code::MediumNoContents)
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
