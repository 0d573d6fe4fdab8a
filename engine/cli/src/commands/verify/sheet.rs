//! `pitland verify` of a CD of sound, or of sound and data, with the sheet that it was burned from: every sector of every track,
//! and what the disc says of itself.

use crate::args::VerifyArgs;
use crate::commands::{Context, blocking};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::bar::Watcher;
use crate::output::cd::compared::{CdVerifiedView, Compared};
use crate::output::json::DifferenceView;
use pitland::cd::{
    CdDifference, CdFinding, CdImage, CdWarning, CueOptions, FindingKind, Found, LaterComparison,
    Level, SECTOR_BYTES,
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
        let go_on = || match work.interrupt.is_raised() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let mut count = |done, total| {
            let each = SECTOR_BYTES as u64;
            watcher.bytes(done * each, total * each);
            go_on()
        };
        let sectors = reader.compare_cd(&image, mode, &facts, &mut count)?;
        let (later, untold) = match image.later_sessions() {
            Ok(later) => (later, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let later = later
            .iter()
            .map(|session| reader.compare_cd_session(session, &facts, &mut count))
            .collect::<Result<_, _>>()?;
        watcher.phase("comparing codes and texts");
        let compared = Compared {
            sectors,
            later,
            findings: reader.compare_cd_description(&image, mode, &facts, |_, _| go_on())?,
        };
        if let Some(error) = untold {
            watcher.warn(format!("only the first session is compared: {error}"));
        }
        let left_out = |told: &&CdWarning| matches!(told, CdWarning::LaterSessionsLeftOut { .. });
        for told in image.warnings().iter().filter(left_out) {
            watcher.warn(told.to_string());
        }
        let of_disc = |finding: &&CdFinding| finding.kind() != FindingKind::Difference;
        for finding in compared.findings.iter().filter(of_disc) {
            watcher.warn(finding.to_string());
        }
        watcher.finish();
        for (lba, what) in differences(&compared, &image, &facts) {
            work.output.result(&DifferenceView {
                drive: name.clone(),
                path: None,
                lba,
                what,
            });
        }
        work.output
            .result(&CdVerifiedView::new(name, mode, &image, &compared));
        Ok(match compared.is_equal() {
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

/// What differs, in words; the first sectors one by one.
fn differences(
    compared: &Compared,
    image: &CdImage,
    facts: &MediaFacts,
) -> Vec<(Option<u32>, String)> {
    let mut all = Vec::new();
    let sectors = &compared.sectors;
    for track in &sectors.misplaced {
        let mut placed = image.session().tracks().map(|(_, placed)| placed);
        let wanted = placed.find(|placed| placed.number == *track);
        let mut found = facts.cd.toc.iter().flat_map(|toc| &toc.entries);
        let found = found.find(|entry| entry.track == *track);
        let lba = found.and_then(|entry| u32::try_from(entry.start.0).ok());
        let words = match (found, wanted) {
            (Some(entry), Some(wanted)) => format!(
                "track {track} begins at LBA {}, not at LBA {}",
                entry.start.0, wanted.index_1.0
            ),
            (_, None) => format!("track {track} is not in the sheet"),
            (None, _) => format!("track {track} is missing"),
        };
        all.push((lba, words));
    }
    if let Some(end) = sectors.lead_out {
        let wanted = image.session().lead_out().0;
        let words = format!("the lead-out begins at LBA {}, not at LBA {wanted}", end.0);
        all.push((u32::try_from(end.0).ok(), words));
    }
    told_sectors(&sectors.differences, sectors.bad, &mut all);
    for later in &compared.later {
        let LaterComparison {
            session, wanted, ..
        } = later;
        match later.found {
            Some(found) if found != *wanted => all.push((
                u32::try_from(found.0).ok(),
                format!(
                    "session {session} begins at LBA {}, not at LBA {}",
                    found.0, wanted.0
                ),
            )),
            Some(_) => {}
            None => all.push((None, format!("session {session} is missing"))),
        }
        told_sectors(&later.differences, later.bad, &mut all);
    }
    let differing = compared.findings.iter();
    let differing = differing.filter(|finding| finding.kind() == FindingKind::Difference);
    all.extend(differing.map(|finding| (lba_of(finding), finding.to_string())));
    all
}

fn told_sectors(told: &[CdDifference], bad: u64, all: &mut Vec<(Option<u32>, String)>) {
    for difference in told {
        let lba = difference.lba.0;
        all.push((u32::try_from(lba).ok(), format!("{difference} (LBA {lba})")));
    }
    let untold = bad - told.len() as u64;
    if untold > 0 {
        all.push((None, format!("{untold} more sectors differ")));
    }
}
