//! `pitland format`: formats a medium, by the writer's choice or a type that the drive lists.

use super::{Context, job};
use crate::args::FormatArgs;
use crate::error::Complaint;
use crate::exit::Exit;

pub(crate) async fn run(args: FormatArgs, context: Context) -> Result<Exit, Complaint> {
    job::run("format", &args.drive.drive, &args.job, context, |lease| {
        lease.format(args.kind, None)
    })
    .await
}
