//! `pitland erase`: leaves a rewritable medium empty, or takes the last session of a CD-RW away.

use super::{Context, job};
use crate::args::EraseArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use pitland::writer::mmc::Lba;
use pitland::writer::{EraseRequest, EraseScope};

pub(crate) async fn run(args: EraseArgs, context: Context) -> Result<Exit, Complaint> {
    let mut erase = EraseRequest::new(args.full);
    erase.scope = match (args.last_session, args.tail) {
        (true, _) => EraseScope::LastSession,
        (false, Some(lba)) => EraseScope::TrackTail(Lba(lba)),
        (false, None) => EraseScope::Disc,
    };
    job::run("erase", &args.drive.drive, &args.job, context, |lease| {
        lease.erase_as(erase)
    })
    .await
}
