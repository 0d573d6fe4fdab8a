//! `pitland ls`: what a volume holds.

use super::Context;
use super::volume::{self, Opened};
use crate::args::LsArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::output::json::Name;
use crate::output::listing::{EntryView, ListedView, ProblemView};
use pitland::mastering::{Entry, NodeKind};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub(crate) async fn run(args: LsArgs, context: Context) -> Result<Exit, Complaint> {
    let own = context.clone();
    let LsArgs {
        volume: at,
        path,
        recursive,
        lba,
    } = args;
    let listing = move |opened| {
        let mut listing = Listing {
            context: own,
            recursive,
            lba,
            entries: 0,
            problems: 0,
        };
        listing.show(opened, &path)
    };
    volume::with(&at, &context, listing).await
}

struct Listing {
    context: Context,
    recursive: bool,
    lba: bool,
    entries: u64,
    problems: u64,
}

impl Listing {
    fn show(&mut self, opened: Opened, path: &Path) -> Result<Exit, Complaint> {
        let Opened {
            name, mut volume, ..
        } = opened;
        let entry = volume
            .find(path)
            .map_err(|error| volume::of_read(&name, &error))?
            .ok_or_else(|| volume::no_such_path(&name, path))?;
        let from_root = Path::new("/").join(path);
        if self.recursive {
            let mut last = from_root.clone();
            for next in volume.walk_from(from_root, entry) {
                if self.context.interrupt.is_raised() {
                    return Err(Complaint::cancelled());
                }
                match next {
                    Ok((path, entry)) => {
                        self.entry(&path, &path, &entry);
                        last = path;
                    }
                    Err(error) => {
                        self.problems += 1;
                        self.context.output.event(&ProblemView {
                            source: name.clone(),
                            path: Name::new(&last),
                            what: error.to_string(),
                        });
                    }
                }
            }
        } else if entry.kind == NodeKind::Directory {
            let entries = volume.read_dir(&entry);
            for entry in entries.map_err(|error| volume::of_read(&name, &error))? {
                let shown = PathBuf::from(OsStr::from_bytes(&entry.name));
                self.entry(&from_root.join(&shown), &shown, &entry);
            }
        } else {
            self.entry(&from_root, path, &entry);
        }
        self.context
            .output
            .result(&ListedView::new(name, &volume, self.entries, self.problems));
        Ok(match self.problems {
            0 => Exit::Done,
            _ => Exit::Differs,
        })
    }

    /// `shown`: how a person reads its path.
    fn entry(&mut self, path: &Path, shown: &Path, entry: &Entry) {
        self.entries += 1;
        let view = EntryView::new(path, shown, entry, self.lba);
        self.context.output.result(&view);
    }
}
