//! `pitland format`: formats a medium, by the writer's choice or a type that the drive lists.

use super::{Context, job};
use crate::args::{CertifyArg, FormatArgs};
use crate::error::Complaint;
use crate::exit::Exit;
use pitland::writer::{Certification, FormatRequest};

pub(crate) async fn run(args: FormatArgs, context: Context) -> Result<Exit, Complaint> {
    let mut format = FormatRequest::new(args.kind, args.spare);
    format.certification = match args.certify {
        None => Certification::AsUsual,
        Some(CertifyArg::None) => Certification::None,
        Some(CertifyArg::Quick) => Certification::Quick,
        Some(CertifyArg::Full) => Certification::Full,
    };
    job::run("format", &args.drive.drive, &args.job, context, |lease| {
        lease.format_as(format)
    })
    .await
}
