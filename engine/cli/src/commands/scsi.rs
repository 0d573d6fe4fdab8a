//! `pitland scsi`: one command to a drive, as it is typed.

use super::{Context, blocking};
use crate::args::scsi::ScsiArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::scsi::ScsiView;
use crate::sink::Sink;
use pitland::{
    CommandEffect, CommandError, CommandRefused, CommandReply, LeaseOptions, OpenMode, RawCommand,
};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// More than any link carries at a time.
const MOST_BYTES: u64 = 16 << 20;

pub(crate) async fn run(args: ScsiArgs, context: Context) -> Result<Exit, Complaint> {
    let command = command(&args).await?;
    let named = open::address(&args.drive.drive)?;
    let sink = args.output.as_deref().map(|to| Sink::create(to, None));
    let mut sink = sink.transpose()?;
    let engine = open::engine(&[], &context.output)?;
    // What only asks shares a virtual disc with others.
    let mode = match command.effect() {
        CommandEffect::Nothing => OpenMode::ReadOnly,
        _ => OpenMode::Existing,
    };
    let (handle, _) = open::open(&engine, &named, mode, None)?;
    let mut options = LeaseOptions::default();
    options.unmount = args.force_unmount;
    options.raw = args.changes;
    let lease = handle.lease_with(&args.client, options).await;
    let lease = lease.map_err(|e| Complaint::of_lease(&e).of_drive(&named.name))?;
    // What a drive has to tell first, and its look at a new disc, would else be the answer. What comes of this does not
    // matter: the command is sent in any case.
    let _ = handle.medium().await;
    let answer = lease.execute(command.clone()).await;
    drop((lease, handle));
    let view = |done, reply: &CommandReply| {
        let (sense, data) = (reply.sense.as_ref(), &reply.data);
        let name = named.name.clone();
        ScsiView::new(name, &command, done, sense, data, args.output.is_some())
    };
    let ended = match &answer {
        Ok(reply) => {
            if let Some(sink) = &mut sink {
                sink.write(&reply.data)?;
            }
            context.output.result(&view(true, reply));
            Ok(Exit::Done)
        }
        Err(error) => {
            if let CommandError::Sense { sense, data, .. } = error {
                let name = named.name.clone();
                let view = ScsiView::new(name, &command, false, Some(sense), data, false);
                context.output.event(&view);
            }
            Err(complaint(error, command.effect()).of_drive(&named.name))
        }
    };
    open::end(engine, &[]).await?;
    if let (Ok(_), Some(sink)) = (&ended, sink) {
        sink.finish()?;
    }
    ended
}

async fn command(args: &ScsiArgs) -> Result<RawCommand, Complaint> {
    let command = RawCommand::new(&args.cdb).map_err(|e| refused(&e))?;
    let command = command.within(Duration::from_secs(args.timeout.into()));
    Ok(match (args.receive, &args.send) {
        (Some(bytes), _) => command.receiving(bytes as usize),
        (None, Some(file)) => {
            let file = file.clone();
            command.sending(blocking(move || parameters(&file)).await?)
        }
        (None, None) => command,
    })
}

/// What goes to the drive.
fn parameters(file: &Path) -> Result<Vec<u8>, Complaint> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        let input = std::io::stdin().lock();
        input.take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        let opened = std::fs::File::open(file);
        opened.and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
    };
    let name = PathBuf::from(file);
    match read {
        Err(error) => Err(Complaint::source(format!("{}: {error}", name.display()))),
        Ok(_) if bytes.len() as u64 > MOST_BYTES => Err(Complaint::source(format!(
            "{} has more bytes than one command carries",
            name.display()
        ))),
        Ok(_) => Ok(bytes),
    }
}

fn refused(error: &CommandRefused) -> Complaint {
    let told = match error {
        // It says itself that nothing was sent.
        CommandRefused::Data(error) => error.to_string(),
        _ => format!("not sent: {error}"),
    };
    let complaint = Complaint::usage(told);
    match error {
        CommandRefused::Changes { .. } => complaint.advising("say --changes where that is meant"),
        CommandRefused::Data(_) => {
            complaint.advising("say by --in or --out as many bytes as the command announces")
        }
        _ => complaint,
    }
}

fn complaint(error: &CommandError, effect: CommandEffect) -> Complaint {
    let complaint = match error {
        CommandError::Refused(error) => return refused(error),
        CommandError::Denied(denied) => return denied.into(),
        CommandError::NoAnswer(_) | CommandError::TimedOut { .. } => Complaint::new(
            Exit::DriveFailed,
            error.to_string(),
            "link",
            "check the drive's connection, then identify the medium anew",
        ),
        _ => Complaint::new(
            Exit::DriveFailed,
            error.to_string(),
            "drive",
            "look up what the sense means for this command",
        ),
    };
    match effect {
        CommandEffect::Nothing | CommandEffect::Drive => complaint,
        _ => complaint.of_unknown_medium(),
    }
}
