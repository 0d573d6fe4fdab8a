//! One module for each subcommand, and what they share: the context, and one job with its progress.

mod audio;
mod burn;
mod cd;
mod close;
mod drives;
mod elsewhere;
mod erase;
mod extract;
mod format;
mod image;
mod job;
mod jobs;
mod journals;
mod ls;
mod medium;
mod plan;
mod plugins;
mod read;
mod resume;
mod scsi;
mod serve;
mod tray;
mod verify;
mod virtual_disc;
mod volume;

use crate::args::{Command, VirtualCommand};
use crate::error::Complaint;
use crate::exit::{self, Exit};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::output::bar::Watcher;
use crate::output::json::{ExitStatusView, ExitStatusesView};
use crate::sink::Sink;
use std::sync::Arc;

/// What every command has at hand. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) output: Arc<Output>,
    pub(crate) interrupt: Interrupt,
}

/// Runs a command and tells its error.
pub(crate) async fn run(command: Command, output: &Arc<Output>) -> Exit {
    let ended = match Interrupt::listen(output) {
        Ok(interrupt) => {
            dispatch(
                command,
                Context {
                    output: Arc::clone(output),
                    interrupt,
                },
            )
            .await
        }
        Err(error) => Err(Complaint::internal(format!(
            "signals cannot be listened to: {error}"
        ))),
    };
    ended.unwrap_or_else(|complaint| {
        output.event(&complaint.view());
        complaint.exit()
    })
}

async fn dispatch(command: Command, context: Context) -> Result<Exit, Complaint> {
    match command {
        Command::Drives(args) => drives::run(args, context).await,
        Command::Medium(args) => medium::run(args, context).await,
        Command::Plugins(args) => plugins::run(&args, &context),
        Command::Image(args) => image::run(*args, context).await,
        Command::Burn(args) => burn::run(*args, context).await,
        Command::Verify(args) => verify::run(args, context).await,
        Command::Read(args) => read::run(args, context).await,
        Command::Scsi(args) => scsi::run(args, context).await,
        Command::Audio(args) => audio::run(*args, context).await,
        Command::Cd(command) => cd::run(command, context).await,
        Command::Ls(args) => ls::run(args, context).await,
        Command::Extract(args) => extract::run(args, context).await,
        Command::Erase(args) => erase::run(args, context).await,
        Command::Format(args) => format::run(args, context).await,
        Command::Close(args) => close::run(args, context).await,
        Command::Jobs(args) => jobs::run(args, context).await,
        Command::Resume(args) => resume::run(args, context).await,
        Command::Eject(args) => tray::run(args, tray::Tray::Eject, context).await,
        Command::Load(args) => tray::run(args, tray::Tray::Load, context).await,
        Command::Virtual(VirtualCommand::Serve(args)) => serve::run(args, context).await,
        Command::Virtual(VirtualCommand::Create(args)) => virtual_disc::create(&args, &context),
        Command::Virtual(VirtualCommand::Export(args)) => virtual_disc::export(args, context).await,
        Command::ExitStatuses => {
            let statuses = exit::TABLE.iter().map(|line| ExitStatusView {
                status: line.status,
                code: line.code,
                meaning: line.meaning,
            });
            context.output.result(&ExitStatusesView {
                statuses: statuses.collect(),
            });
            Ok(Exit::Done)
        }
    }
}

/// Bytes that are read and written at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Writes so many blocks of so many bytes, from the first on, as `read` gives them.
fn pour(
    sink: &mut Sink,
    (blocks, block_bytes): (u64, usize),
    context: &Context,
    watcher: &mut Watcher,
    mut read: impl FnMut(u64, &mut [u8]) -> Result<(), Complaint>,
) -> Result<(), Complaint> {
    let most = (PIECE_BYTES / block_bytes).max(1) as u64;
    let mut buffer = vec![0; most as usize * block_bytes];
    let each = block_bytes as u64;
    let mut block = 0;
    while block < blocks {
        if context.interrupt.is_raised() {
            return Err(Complaint::cancelled());
        }
        let count = most.min(blocks - block);
        let piece = buffer
            .get_mut(..count as usize * block_bytes)
            .unwrap_or_default();
        read(block, piece)?;
        sink.write(piece)?;
        block += count;
        watcher.bytes(block * each, blocks * each);
    }
    Ok(())
}

/// Runs work that blocks on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Complaint> + Send + 'static,
) -> Result<T, Complaint> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|error| Err(Complaint::internal(error.to_string())))
}

/// As [`blocking`], for work that changes nothing: when an end is asked for, it is left to itself.
async fn looking<T: Send + 'static>(
    context: &Context,
    work: impl FnOnce() -> Result<T, Complaint> + Send + 'static,
) -> Result<T, Complaint> {
    let mut interrupt = context.interrupt.clone();
    tokio::select! {
        looked = blocking(work) => looked,
        () = interrupt.raised() => Err(Complaint::cancelled()),
    }
}
