//! `pitland burn --plan`: what a burn would do, with nothing touched.

use super::Context;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::output::json::Name;
use crate::output::plan::PlanView;
use crate::output::stash;
use crate::source::Source;
use pitland::{BurnError, BurnOptions, DriveLease, Simulate, VerifyLevel};

pub(crate) async fn show(
    lease: &DriveLease,
    drive: &Name,
    disc_to_be_made: bool,
    options: &BurnOptions,
    source: &Source,
    context: &Context,
) -> Exit {
    let mut interrupt = context.interrupt.clone();
    let planned = tokio::select! {
        planned = lease.plan(options.clone(), source.image_for_plan()) => planned,
        () = interrupt.raised() => Err(BurnError::Cancelled),
    };
    match planned {
        Ok(plan) => {
            context.output.result(&PlanView::new(
                drive.clone(),
                disc_to_be_made,
                verify_words(options),
                &plan,
            ));
            for row in stash::rows(drive, &plan.stash) {
                context.output.result(&row);
            }
            Exit::Done
        }
        Err(error) => {
            let complaint = Complaint::of_job("burn", drive, &error);
            context.output.event(&complaint.view());
            complaint.exit()
        }
    }
}

pub(super) fn verify_words(options: &BurnOptions) -> &'static str {
    match (options.simulate, options.verify) {
        (Simulate::No, VerifyLevel::Full) => "every block is read back and compared",
        (Simulate::No, VerifyLevel::Quick) => "both ends and a sample are read back and compared",
        (Simulate::No, _) => "nothing is read back; the medium must show that it was written",
        (Simulate::TestWrite, _) => "nothing is recorded: there is nothing to read back",
        (_, _) => "a rehearsal on the host ends before the first command that changes the disc",
    }
}
