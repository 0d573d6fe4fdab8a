//! `pitland erase`: leaves a rewritable medium empty.

use super::{Context, job};
use crate::args::EraseArgs;
use crate::error::Complaint;
use crate::exit::Exit;

pub(crate) async fn run(args: EraseArgs, context: Context) -> Result<Exit, Complaint> {
    job::run("erase", &args.drive.drive, &args.job, context, |lease| {
        lease.erase(args.full)
    })
    .await
}
