//! `pitland cd`: CDs beyond one data track.

mod flac;
mod image;
mod read;
mod rip;
mod sectors;
mod sheets;
mod sound_file;
mod toc;

use super::Context;
use crate::args::cd::CdCommand;
use crate::error::Complaint;
use crate::exit::Exit;

pub(crate) async fn run(command: CdCommand, context: Context) -> Result<Exit, Complaint> {
    match command {
        CdCommand::Image(args) => image::run(args, context).await,
        CdCommand::Toc(args) => toc::run(args, context).await,
        CdCommand::Text(args) => toc::text(args, context).await,
        CdCommand::Rip(args) => rip::run(args, context).await,
        CdCommand::Read(args) => read::run(args, context).await,
    }
}
