//! The rules for SOURCE: what is mastered, what is an image already, and what comes from standard input.
//! Owns the rules only; reading is the engine's.

use crate::args::{AppendArgs, BurnArgs, FsArg, SpecialArg, TextArgs, TreeArgs, VolumeArgs};
use crate::error::Complaint;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use pitland::mastering::tree::Weights;
use pitland::mastering::{Deep, IsoLevel, IsoNames, ReadyError, SpecialFiles, Tree, validate};
use pitland::{
    Append, EarlierSession, FileSystems, HybridImage, Image, ImageSource, MasterOptions, Udf,
    VolumeTexts,
};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, Stdin};

/// What is asked to be burned.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Folders and files that become a volume.
    Tree {
        sources: Vec<PathBuf>,
        options: Box<MasterOptions>,
    },
    /// A file that is an image already.
    ImageFile(PathBuf),
    /// An image of so many bytes on standard input.
    Stdin { bytes: u64 },
}

impl Source {
    /// By the rules of the command line.
    pub(crate) fn of_burn(args: &BurnArgs) -> Result<Self, Complaint> {
        if !args.go_on && args.earlier.any() {
            return Err(Complaint::usage(
                "--remove, --replace and --session belong to --append",
            ));
        }
        let from_stdin = args.sources.iter().any(|source| source.as_os_str() == "-");
        match (from_stdin, args.size) {
            (true, _) if args.sources.len() > 1 => Err(Complaint::usage(
                "- is the only SOURCE, or none (a file of that name is ./-)",
            )),
            (true, None) => Err(Complaint::usage(
                "an image from standard input needs --size BYTES",
            )),
            (true, Some(bytes)) => Ok(Self::Stdin { bytes }),
            (false, Some(_)) => Err(Complaint::usage(
                "--size belongs to an image from standard input",
            )),
            // What goes on with a disc is a tree, whatever its source is called.
            (false, None) => match image_file(&args.sources, args.as_file || args.go_on) {
                Some(path) => Ok(Self::ImageFile(path)),
                None => {
                    let mut options = match args.go_on {
                        true => further_options(&args.volume, &args.earlier)?,
                        false => master_options(&args.volume)?,
                    };
                    options.spool = args.stash_dirs.first().cloned();
                    Ok(Self::Tree {
                        sources: args.sources.clone(),
                        options: Box::new(options),
                    })
                }
            },
        }
    }

    /// What a person would want to know of an image that is burned as it is, before it is.
    pub(crate) fn doubt(&self) -> Option<String> {
        let Self::ImageFile(path) = self else {
            return None;
        };
        // Whoever opens a fifo waits.
        if !path.is_file() {
            return None;
        }
        let burned = "it is burned as it is";
        match validate(path) {
            Ok(mut volume) => {
                let end = volume.source().end();
                let stated = volume.blocks();
                (stated > end).then(|| {
                    format!(
                        "{} has {end} blocks, and its volume {stated}: it was cut short; {burned}",
                        path.display()
                    )
                })
            }
            // The burn tells it.
            Err(ReadyError::Image(_)) => None,
            Err(error) => Some(format!("{error}; {burned}")),
        }
    }

    /// The image, for all drives.
    pub(crate) fn image(&self) -> Image {
        match self {
            Self::Tree { sources, options } => {
                Image::tree(sources.clone(), options.as_ref().clone())
            }
            Self::ImageFile(path) => Image::file(path),
            Self::Stdin { bytes } => Image::source(StdinImage {
                stdin: tokio::io::stdin(),
                bytes: *bytes,
            }),
        }
    }

    /// The same image for a plan, which asks for sizes only: standard input stays unread.
    pub(crate) fn image_for_plan(&self) -> Image {
        match self {
            Self::Stdin { bytes } => Image::stream(*bytes, futures::stream::empty()),
            other => other.image(),
        }
    }
}

/// The one `.iso` or `.cue` file that is an image and not a file for the disc.
pub(crate) fn image_file(sources: &[PathBuf], as_file: bool) -> Option<PathBuf> {
    let is_image = |path: &Path| is_called(path, "iso") || is_cue_sheet(path);
    match sources {
        [path] if !as_file && is_image(path) && !path.is_dir() => Some(path.clone()),
        _ => None,
    }
}

/// A table of contents of cdrdao, or a control file of CloneCD.
pub(crate) fn is_disc_description(path: &Path) -> bool {
    is_called(path, "toc") || is_called(path, "ccd")
}

pub(crate) fn is_cue_sheet(path: &Path) -> bool {
    is_called(path, "cue")
}

fn is_called(path: &Path, ending: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

fn special(args: &TreeArgs) -> SpecialFiles {
    match args.special {
        None => SpecialFiles::Refuse,
        Some(SpecialArg::Store) => SpecialFiles::Store,
        Some(SpecialArg::Skip) => SpecialFiles::Skip,
    }
}

/// What the sources are, as it should stand in a volume.
pub(crate) fn tree(sources: &[PathBuf], args: &TreeArgs) -> Result<Tree, Complaint> {
    let mut options = MasterOptions::default()
        .follow_links(args.follow_links)
        .special(special(args));
    options.exclude.clone_from(&args.exclude);
    Ok(Tree::scan(sources, &options.walk()?)?)
}

/// How sources become a volume.
pub(crate) fn master_options(args: &VolumeArgs) -> Result<MasterOptions, Complaint> {
    let mut options = MasterOptions::default()
        // One time for the plan and for the burn.
        .created(created()?)
        .follow_links(args.tree.follow_links)
        .special(special(&args.tree))
        .file_systems(file_systems(args)?);
    if let Some(name) = &args.volume_id {
        options = options.volume_id(name);
    }
    if let Some(path) = &args.sort_file {
        options = options.weights(weights(path)?);
    }
    if let Some(code) = &args.isohybrid {
        let hybrid = HybridImage::default();
        options = options.hybrid(match code.is_empty() {
            true => hybrid,
            false => hybrid.code(code),
        });
    }
    options = options
        .dedup(args.dedup)
        .manifest(args.manifest)
        .attributes(args.xattr)
        .zisofs(args.zisofs)
        .texts(texts(&args.texts));
    options.boot.clone_from(&args.boot);
    options.exclude.clone_from(&args.tree.exclude);
    options.hide.clone_from(&args.tree.hide);
    Ok(options)
}

/// The same for a session that goes on with an earlier one.
pub(crate) fn further_options(
    args: &VolumeArgs,
    append: &AppendArgs,
) -> Result<MasterOptions, Complaint> {
    let session = append
        .session
        .map_or(EarlierSession::Last, EarlierSession::Number);
    let how = Append::default()
        .session(session)
        .replace(append.replace)
        .remove(append.remove.iter().cloned());
    let mut options = master_options(args)?.append(how);
    if args.texts.application.is_none() {
        options.texts.application.clear();
    }
    Ok(match args.volume_id {
        Some(_) => options,
        None => options.volume_id(""),
    })
}

fn texts(args: &TextArgs) -> VolumeTexts {
    let mut texts = VolumeTexts::default();
    for (given, text) in [
        (&args.publisher, &mut texts.publisher),
        (&args.preparer, &mut texts.preparer),
        (&args.application, &mut texts.application),
        (&args.volume_set, &mut texts.volume_set_id),
        (&args.system_id, &mut texts.system_id),
        (&args.copyright, &mut texts.copyright_file),
        (&args.abstract_file, &mut texts.abstract_file),
        (&args.biblio, &mut texts.bibliographic_file),
    ] {
        match given.as_deref() {
            None => {}
            // None, and not that of an earlier session.
            Some("") => *text = " ".into(),
            Some(given) => text.replace_range(.., given),
        }
    }
    texts
}

/// The lines of a file of weights.
fn weights(path: &Path) -> Result<Vec<String>, Complaint> {
    let wrong = |what: String| Complaint::source(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Weights::parse(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The variable by which builds are told the one time that they may know.
const TIME_VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// When the volume says it was made.
fn created() -> Result<SystemTime, Complaint> {
    let Some(given) = std::env::var_os(TIME_VARIABLE).filter(|given| !given.is_empty()) else {
        return Ok(SystemTime::now());
    };
    let seconds = given.to_str().and_then(|text| text.parse().ok());
    seconds
        .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
        .ok_or_else(|| {
            Complaint::usage(format!("{TIME_VARIABLE} is a number of seconds since 1970"))
        })
}

fn file_systems(args: &VolumeArgs) -> Result<FileSystems, Complaint> {
    let systems = FileSystems::default();
    let listed = |system| args.fs.contains(&system);
    let is_default = args.fs.is_empty();
    let iso = is_default || listed(FsArg::Iso);
    if !iso && (listed(FsArg::Joliet) || listed(FsArg::Rr)) {
        return Err(Complaint::usage(
            "joliet and rr are parts of iso: name it in --fs, too",
        ));
    }
    let joliet = is_default || listed(FsArg::Joliet);
    let rock_ridge = is_default || listed(FsArg::Rr);
    let names = &args.names;
    for (said, option, system, there) in [
        (args.iso_level.is_some(), "--iso-level", "iso", iso),
        (names.relaxed, "--relaxed", "iso", iso),
        (names.iso_1999, "--iso-1999", "iso", iso),
        (names.joliet_long, "--joliet-long", "joliet", joliet),
        (names.relocate, "--relocate", "rr", rock_ridge),
        (args.xattr, "--xattr", "rr", rock_ridge),
        (args.zisofs, "--zisofs", "rr", rock_ridge),
    ] {
        if said && !there {
            return Err(Complaint::usage(format!(
                "{option} has nothing to do without {system} in --fs"
            )));
        }
    }
    if args.zisofs && (args.udf.is_some() || listed(FsArg::Udf)) {
        return Err(Complaint::usage(
            "--zisofs and UDF do not go together: it has no compressed files",
        ));
    }
    let udf = match (args.udf, is_default, listed(FsArg::Udf)) {
        (Some(_), false, false) => {
            return Err(Complaint::usage(
                "--udf needs udf in --fs, where that is said",
            ));
        }
        (Some(revision), ..) => Udf::Revision(revision),
        (None, true, _) => Udf::WhereNeeded,
        (None, false, true) => Udf::ByMedium,
        (None, false, false) => Udf::Never,
    };
    let level = args.iso_level.and_then(IsoLevel::from_number);
    Ok(systems
        .iso9660(iso)
        .iso_level(level.unwrap_or_default())
        .iso_names(match names.relaxed {
            true => IsoNames::RELAXED,
            false => IsoNames::STRICT,
        })
        .enhanced(names.iso_1999)
        .deep(match names.relocate {
            true => Deep::Relocate,
            false => Deep::AsIs,
        })
        .joliet(joliet)
        .joliet_long(names.joliet_long)
        .rock_ridge(rock_ridge)
        .udf(udf))
}

/// Bytes that are asked of standard input at a time.
const PIECE: usize = 256 * 1024;

struct StdinImage {
    stdin: Stdin,
    bytes: u64,
}

#[async_trait]
impl ImageSource for StdinImage {
    fn length(&self) -> u64 {
        self.bytes
    }

    fn name(&self) -> String {
        "standard input".into()
    }

    async fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        let mut piece = BytesMut::with_capacity(PIECE);
        match self.stdin.read_buf(&mut piece).await? {
            0 => Ok(None),
            _ => Ok(Some(piece.freeze())),
        }
    }
}
