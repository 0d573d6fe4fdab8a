//! CDs of whole sectors: sound, and data beside it, for writers that take them by a cue sheet or track by track. Raw discs
//! need blocks that are made for the disc, and are not tried.

use super::{Broken, Rule, Verdict, WRITE_ERROR, expect, is_named, is_verified};
use super::{Table, Trial, on, places};
use crate::image::Image;
use crate::run::{Fault, Run, perform};
use pitland_burn::Fault as JobFault;
use pitland_writer::cd::{CdLayout, CdMode};
use pitland_writer::mmc::param::DataForm;
use pitland_writer::mmc::{Lba, MediumFamily};
use pitland_writer::testing::album;
use pitland_writer::{BurnRequest, Fit, MediaWriter, Request};

/// What sets the sectors apart from other images.
const SEED: u64 = 11;

/// Layouts of each way, with the blocks of their images.
fn layouts() -> [(CdLayout, u64); 4] {
    let without_gaps = vec![
        // Hidden sound before the first track, a pause with sound before the third.
        album::audio(1, 40, 400),
        album::audio(2, 0, 333),
        album::audio(3, 75, 300),
    ];
    let mut may_be_copied = album::audio(2, 0, 333);
    may_be_copied.control = 2;
    let one_by_one = vec![album::audio(1, 0, 400), may_be_copied];
    let beside_data = |pause| {
        vec![
            album::data(1, DataForm::Mode1Raw, 0, 320),
            album::audio(2, pause, 300),
        ]
    };
    let layout = |mode, tracks| album::layout(mode, Lba(0), tracks);
    [
        layout(CdMode::SessionAtOnce, without_gaps),
        layout(CdMode::SessionAtOnce, beside_data(150)),
        layout(CdMode::TrackAtOnce, one_by_one),
        layout(CdMode::TrackAtOnce, beside_data(0)),
    ]
}

/// Holds a writer to the rule on one medium, wherever a burn may be cut short.
pub(super) fn check<W: MediaWriter>(bench: &Trial<'_>) -> Result<(), Box<Broken>> {
    let rule = Rule::WritesSound;
    for (layout, blocks) in layouts() {
        let done = on(bench, rule, |table| {
            let Some(run) = burn::<W>(table, &layout, blocks, Fault::None)? else {
                return Ok(None);
            };
            is_verified(&run)?;
            Ok(Some((run.actions, run.commands)))
        })?;
        let Some((actions, commands)) = done else {
            continue;
        };
        // Each sector is read back of those that come to their end: every third place is enough.
        for fault in places(actions).step_by(3).map(Fault::CancelAt) {
            on(bench, rule, |table| {
                cancelled::<W>(table, &layout, blocks, fault)
            })?;
        }
        for command in places(commands).step_by(3) {
            let sense = WRITE_ERROR;
            let fault = Fault::SenseAt { command, sense };
            on(bench, rule, |table| {
                let run = burn::<W>(table, &layout, blocks, fault)?;
                run.map_or(Ok(()), |run| is_named(&run))
            })?;
        }
    }
    Ok(())
}

fn cancelled<W: MediaWriter>(
    table: &mut Table<'_>,
    layout: &CdLayout,
    blocks: u64,
    fault: Fault,
) -> Verdict {
    let Some(run) = burn::<W>(table, layout, blocks, fault)? else {
        return Ok(());
    };
    is_named(&run)?;
    let result = &run.ending.result;
    expect(matches!(result, Ok(_) | Err(JobFault::Cancelled)), || {
        format!("{fault:?}, ended with {result:?}")
    })
}

/// Burns a layout; `None` where the writer does not take it.
fn burn<W: MediaWriter>(
    table: &mut Table<'_>,
    layout: &CdLayout,
    blocks: u64,
    fault: Fault,
) -> Result<Option<Run>, String> {
    let facts = table.facts()?;
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout.clone());
    let request = Request::Burn(burn);
    if facts.profile().family() != MediumFamily::Cd
        || !matches!(W::assess(&facts, &request), Fit::Serves(_))
    {
        return Ok(None);
    }
    let bytes = usize::try_from(layout.mode.block().bytes()).map_err(|e| e.to_string())?;
    let image = Image::new(blocks, SEED).of_blocks(bytes);
    let run = perform::<W>(
        table.drive.as_mut(),
        &mut table.trace,
        &request,
        &image,
        fault,
    );
    let mode = layout.mode;
    run.map(Some).map_err(|e| format!("sound, {mode}: {e}"))
}
