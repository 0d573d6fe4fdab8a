//! `pitland verify` of a CD of sound, or of sound and data, with the sheet that it was burned from: every sector of every track,
//! and what the disc says of itself.

use crate::args::VerifyArgs;
use crate::commands::{Context, blocking};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::bar::Watcher;
use crate::output::cd::compared::CdVerifiedView;
use crate::output::json::DifferenceView;
use pitland::cd::{
    CdComparison, CdFinding, CdImage, CueOptions, FindingKind, Found, Level, SECTOR_BYTES,
};
use pitland::writer::MediaFacts;
use std::ops::ControlFlow;
use std::path::PathBuf;

pub(super) async fn run(
    sheet: PathBuf,
    args: VerifyArgs,
    context: Context,
) -> Result<Exit, Complaint> {
    // What is wrong with the files is told before the drive is asked.
    let image = blocking(move || {
        let mut options = CueOptions::default();
        options.pad = args.pad;
        options.text_from = args.cd_text.unwrap_or_default();
        let image = CdImage::from_sheet(&sheet, &options)?;
        Ok(image.levelled(args.normalise.unwrap_or(Level::AsIs))?)
    })
    .await?;
    let named = open::address(&args.drive.drive)?;
    let engine = open::engine(&[], &context.output)?;
    let handle = open::look(&engine, &named)?;
    let facts = open::facts(&handle, &named).await?;
    let reader = handle.reader();
    let work = context.clone();
    let name = named.name.clone();
    let exit = blocking(move || {
        let mode = image.recorded_as(&facts);
        let mut watcher = Watcher::new(&work.output, name.clone());
        watcher.phase("comparing");
        let compared = reader.compare_cd(&image, mode, &facts, |done, total| {
            let each = SECTOR_BYTES as u64;
            watcher.bytes(done * each, total * each);
            match work.interrupt.is_raised() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        watcher.phase("comparing codes and texts");
        let findings = reader.compare_cd_description(&image, mode, &facts, |_, _| {
            match work.interrupt.is_raised() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        let (differing, others): (Vec<_>, Vec<_>) = findings
            .iter()
            .partition(|finding| finding.kind() == FindingKind::Difference);
        for finding in others {
            watcher.warn(finding.to_string());
        }
        watcher.finish();
        let sectors = differences(&compared, &image, &facts);
        let said = differing
            .iter()
            .map(|finding| (lba_of(finding), finding.to_string()));
        for (lba, what) in sectors.into_iter().chain(said) {
            work.output.result(&DifferenceView {
                drive: name.clone(),
                path: None,
                lba,
                what,
            });
        }
        work.output.result(&CdVerifiedView::new(
            name, mode, &image, &compared, &findings,
        ));
        Ok(match compared.is_equal() && differing.is_empty() {
            true => Exit::Done,
            false => Exit::Differs,
        })
    })
    .await
    .map_err(|complaint: Complaint| complaint.of_drive(&named.name))?;
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(exit)
}

/// Where a difference is on the disc.
fn lba_of(finding: &CdFinding) -> Option<u32> {
    match finding {
        CdFinding::Index {
            found: Found::Other(lba),
            ..
        } => u32::try_from(lba.0).ok(),
        _ => None,
    }
}

/// What differs in the sectors, in words; the first sectors one by one.
fn differences(
    compared: &CdComparison,
    image: &CdImage,
    facts: &MediaFacts,
) -> Vec<(Option<u32>, String)> {
    let mut all = Vec::new();
    for track in &compared.misplaced {
        let mut placed = image.session().tracks().map(|(_, placed)| placed);
        let wanted = placed.find(|placed| placed.number == *track);
        let wanted = wanted.map_or(0, |placed| placed.index_1.0);
        let mut found = facts.cd.toc.iter().flat_map(|toc| &toc.entries);
        all.push(match found.find(|entry| entry.track == *track) {
            Some(entry) => (
                u32::try_from(entry.start.0).ok(),
                format!(
                    "track {track} begins at LBA {}, not at LBA {wanted}",
                    entry.start.0
                ),
            ),
            None => (None, format!("track {track} is missing")),
        });
    }
    for difference in &compared.differences {
        let lba = difference.lba.0;
        all.push((u32::try_from(lba).ok(), format!("{difference} (LBA {lba})")));
    }
    let untold = compared.bad - compared.differences.len() as u64;
    if untold > 0 {
        all.push((None, format!("{untold} more sectors differ")));
    }
    all
}
