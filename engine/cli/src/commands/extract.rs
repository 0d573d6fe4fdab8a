//! `pitland extract`: files of a volume onto the host.

use super::Context;
use super::volume::{self, Opened};
use crate::args::ExtractArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::output::bar::Watcher;
use crate::output::json::Name;
use crate::output::listing::{ExtractedView, ProblemView};
use pitland::mastering::extract::{ExtractError, ExtractObserver, ExtractProblem};
use pitland::mastering::{ExtractOptions, extract};
use std::fs::{DirBuilder, File};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// How many times its own size an image may yield: as much as duplicates that share blocks make plausible.
const MOST_TIMES: u64 = 4;

pub(crate) async fn run(args: ExtractArgs, context: Context) -> Result<Exit, Complaint> {
    let own = context.clone();
    let ExtractArgs {
        volume: at,
        paths,
        output,
        replace,
        xattr,
        most,
    } = args;
    let work = move |opened: Opened| {
        let most = most.unwrap_or(opened.bytes.saturating_mul(MOST_TIMES));
        let mut options = ExtractOptions::new(most);
        options.replace = replace;
        options.attributes = xattr;
        // Nobody else may give files away.
        options.owners = rustix::process::geteuid().is_root();
        run_in(opened, &paths, &output, &options, &own)
    };
    volume::with(&at, &context, work).await
}

fn run_in(
    opened: Opened,
    paths: &[PathBuf],
    output: &Path,
    options: &ExtractOptions,
    context: &Context,
) -> Result<Exit, Complaint> {
    let Opened {
        name, mut volume, ..
    } = opened;
    let (target, is_new) = target(output).map_err(|error| Complaint::output(output, &error))?;
    let mut watcher = Watcher::new(&context.output, name.clone());
    watcher.phase("extracting");
    let mut observer = Observer {
        context,
        name: &name,
        replaces: options.replace,
        watcher,
        worst: Exit::Done,
    };
    let extracted = extract(&mut volume, paths, target.into(), options, &mut observer);
    let Observer { watcher, worst, .. } = observer;
    watcher.finish();
    let summary = extracted.map_err(|error| {
        if is_new {
            // Nothing was made in it.
            let _ = std::fs::remove_dir(output);
        }
        refused(&name, &error)
    })?;
    if summary.stopped {
        return Err(Complaint::cancelled());
    }
    context.output.result(&ExtractedView {
        source: name,
        output: Name::new(output),
        session_lba: volume.first_lba(),
        files: summary.files,
        folders: summary.folders,
        links: summary.links,
        bytes: summary.bytes,
        left_out: summary.left_out,
        problems: summary.problems,
    });
    Ok(worst)
}

/// The folder, and whether it was made.
fn target(output: &Path) -> io::Result<(File, bool)> {
    let made = match DirBuilder::new().mode(0o777).create(output) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(error),
    };
    let folder = File::open(output)?;
    if !folder.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok((folder, made))
}

fn refused(name: &Name, error: &ExtractError) -> Complaint {
    let complaint = match error {
        ExtractError::NoSuchPath { path } => volume::no_such_path(name, path),
        ExtractError::Read { source, .. } => volume::of_read(name, source),
        ExtractError::TooMuch { .. } => Complaint::new(
            Exit::Refused,
            format!("{}: {error}", name.escaped()),
            "medium",
            "its files share blocks or are compressed, or it lies about their sizes; where that is wanted, say --most BYTES",
        ),
        _ => Complaint::internal(error.to_string()),
    };
    complaint.coded(error)
}

struct Observer<'a> {
    context: &'a Context,
    name: &'a Name,
    /// What is there already may be replaced.
    replaces: bool,
    watcher: Watcher,
    /// The status for what went wrong first.
    worst: Exit,
}

impl Observer<'_> {
    fn words(&self, problem: &ExtractProblem) -> String {
        match problem {
            ExtractProblem::Host { source, .. }
                if source.kind() == io::ErrorKind::AlreadyExists && !self.replaces =>
            {
                format!("{problem}; --replace puts files and links in the place of others")
            }
            _ => problem.to_string(),
        }
    }
}

impl ExtractObserver for Observer<'_> {
    fn problem(&mut self, problem: ExtractProblem) {
        let exit = match problem {
            ExtractProblem::LeftOut { .. } => Exit::Done,
            ExtractProblem::Host { .. } | ExtractProblem::Attribute { .. } => Exit::Output,
            _ => Exit::Differs,
        };
        if self.worst == Exit::Done {
            self.worst = exit;
        }
        self.context.output.event(&ProblemView {
            source: self.name.clone(),
            path: Name::new(problem.path()),
            what: self.words(&problem),
        });
    }

    fn extracted(&mut self, bytes: u64, of: u64) -> ControlFlow<()> {
        self.watcher.bytes(bytes, of);
        match self.context.interrupt.is_raised() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
