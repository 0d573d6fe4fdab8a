//! `pitland close`: closes what an earlier burn left open, or finalizes the disc.

use super::{Context, job};
use crate::args::CloseArgs;
use crate::error::Complaint;
use crate::exit::Exit;

pub(crate) async fn run(args: CloseArgs, context: Context) -> Result<Exit, Complaint> {
    job::run("close", &args.drive.drive, &args.job, context, |lease| {
        lease.close(args.disc)
    })
    .await
}
