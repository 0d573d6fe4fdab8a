//! `pitland cd`: CDs beyond one data track.

mod image;

use super::Context;
use crate::args::cd::CdCommand;
use crate::error::Complaint;
use crate::exit::Exit;

pub(crate) async fn run(command: CdCommand, context: Context) -> Result<Exit, Complaint> {
    match command {
        CdCommand::Image(args) => image::run(args, context).await,
    }
}
