//! The way from IMAGE or DRIVE to an open volume. Owns which of the two it is, which session is meant, and how much of the
//! volume is believed; what is done with it is the commands'.

use super::{Context, blocking};
use crate::args::{NamesArg, VolumeAt};
use crate::error::{Complaint, drive_name};
use crate::exit::Exit;
use crate::open::{self, Named};
use crate::output::json::Name;
use pitland::codes::Code;
use pitland::mastering::read::ReadLimits;
use pitland::mastering::sessions::sessions;
use pitland::mastering::{BLOCK_SIZE, BlockSource, DiscImage, Names, ReadError, Volume};
use pitland::{DriveAddress, DriveHandle, Engine, MediaFacts};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// A volume whose blocks come from wherever they are.
pub(super) type AnyVolume = Volume<Box<dyn BlockSource + Send>>;

/// A volume that is looked into.
pub(super) struct Opened {
    /// The image or drive, as it is told.
    pub(super) name: Name,
    pub(super) volume: AnyVolume,
    /// Bytes of the whole image or disc: no volume in it can truly hold more.
    pub(super) bytes: u64,
}

enum Place {
    Image(PathBuf),
    Drive(Named),
}

/// Opens the volume, does the work on a thread where it may block, and closes what was opened.
pub(super) async fn with<T: Send + 'static>(
    at: &VolumeAt,
    context: &Context,
    work: impl FnOnce(Opened) -> Result<T, Complaint> + Send + 'static,
) -> Result<T, Complaint> {
    let names = at.fs.map(names);
    match place(at)? {
        Place::Image(path) => {
            let (number, first) = (at.session, at.session_lba);
            blocking(move || work(open_image(&path, number, first, names)?)).await
        }
        Place::Drive(named) => {
            let engine = open::engine(&[], &context.output)?;
            let handle = open::look(&engine, &named)?;
            let done = on_drive(&handle, at, &named.name, names, work).await;
            let done = done.map_err(|complaint| complaint.of_drive(&named.name));
            drop(handle);
            let ended = end(engine).await;
            let done = done?;
            ended?;
            Ok(done)
        }
    }
}

async fn end(engine: Engine) -> Result<(), Complaint> {
    open::end(engine, &[]).await
}

async fn on_drive<T: Send + 'static>(
    handle: &DriveHandle,
    at: &VolumeAt,
    name: &Name,
    names: Option<Names>,
    work: impl FnOnce(Opened) -> Result<T, Complaint> + Send + 'static,
) -> Result<T, Complaint> {
    let facts = handle.medium().await?.facts;
    let first = match at.session_lba {
        Some(first) => first,
        None => session(&facts, at.session)?,
    };
    let bytes = facts.readable_blocks().unwrap_or(0) * BLOCK_SIZE as u64;
    let (reader, name) = (handle.reader(), name.clone());
    blocking(move || work(open_volume(name, Box::new(reader), bytes, first, names)?)).await
}

/// The first block of a session: the numbered one, else the last that is closed.
fn session(facts: &MediaFacts, number: Option<u16>) -> Result<u32, Complaint> {
    let none = |what: String, advice| {
        Complaint::new(Exit::Refused, what, "medium", advice).coded(Code::MediumEmpty)
    };
    let first = match number {
        None => facts.last_closed_session_start().ok_or_else(|| {
            none(
                "the disc has no closed session".into(),
                "insert a disc that holds data",
            )
        })?,
        Some(number) => facts.closed_session_start(number).ok_or_else(|| {
            none(
                format!("the disc has no closed session {number}"),
                "pitland medium DRIVE lists the sessions of the tracks; a medium that is overwritten has none",
            )
        })?,
    };
    // What lies before block 0 belongs to no volume.
    Ok(u32::try_from(first.0).unwrap_or(0))
}

/// A drive is what an address names and what is a device; everything else is a file.
fn place(at: &VolumeAt) -> Result<Place, Complaint> {
    let path = Path::new(&at.place);
    let is_device = path
        .metadata()
        .is_ok_and(|meta| meta.file_type().is_block_device() || meta.file_type().is_char_device());
    let text = at.place.to_string_lossy();
    let has_scheme = text.starts_with("virtual:") || text.starts_with("iscsi:");
    if !is_device && !has_scheme {
        return Ok(Place::Image(path.to_owned()));
    }
    let address = DriveAddress::parse(&at.place)
        .map_err(|error| Complaint::from(error).of_drive(&Name::new(&at.place)))?;
    let name = drive_name(&address);
    Ok(Place::Drive(Named { address, name }))
}

fn names(arg: NamesArg) -> Names {
    match arg {
        NamesArg::Iso => Names::Plain,
        NamesArg::Joliet => Names::Joliet,
        NamesArg::Rr => Names::RockRidge,
        NamesArg::Udf => Names::Udf,
        NamesArg::Enhanced => Names::Enhanced,
    }
}

/// The first block of a session of an image, counted from 1.
pub(super) fn session_of_image(
    image: &mut impl BlockSource,
    path: &Path,
    number: u16,
) -> Result<u32, Complaint> {
    let wrong = |error: io::Error| Complaint::source(format!("{}: {error}", path.display()));
    let found = sessions(image).map_err(wrong)?;
    let session = found.get(usize::from(number) - 1);
    session.map(|session| session.first_lba).ok_or_else(|| {
        Complaint::new(
            Exit::Refused,
            format!("{} has no session {number}", path.display()),
            "medium",
            format!("there are {}", found.len()),
        )
        .coded(Code::MediumNoSuchSession)
    })
}

fn open_image(
    path: &Path,
    number: Option<u16>,
    first: Option<u32>,
    names: Option<Names>,
) -> Result<Opened, Complaint> {
    if !path.is_file() && path.exists() {
        return Err(
            Complaint::source(format!("{} is no image file", path.display()))
                .coded(Code::SourceKind),
        );
    }
    let mut image =
        DiscImage::open(path).map_err(|error| Complaint::source(error.to_string()).coded(error))?;
    let first = match (number, first) {
        (_, Some(first)) => first,
        (Some(number), None) => session_of_image(&mut image, path, number)?,
        (None, None) => 0,
    };
    let bytes = u64::from(image.end()) * BLOCK_SIZE as u64;
    open_volume(Name::new(path), Box::new(image), bytes, first, names)
}

fn open_volume(
    name: Name,
    source: Box<dyn BlockSource + Send>,
    bytes: u64,
    first: u32,
    names: Option<Names>,
) -> Result<Opened, Complaint> {
    let mut limits = ReadLimits::default();
    limits.directory_bytes = limits.directory_bytes.min(bytes);
    limits.total_directory_bytes = limits.total_directory_bytes.min(bytes);
    let mut volume =
        Volume::open_with(source, first, limits).map_err(|error| of_read(&name, &error))?;
    if let Some(names) = names
        && !volume.use_names(names)
    {
        return Err(Complaint::new(
            Exit::Refused,
            format!("{}: the volume has no {names} names", name.escaped()),
            "medium",
            "leave --fs away, or name one that pitland ls --json lists as offered",
        )
        .coded(Code::VolumeNamesMissing));
    }
    Ok(Opened {
        name,
        volume,
        bytes,
    })
}

/// A volume, or a part of it, that cannot be read.
pub(super) fn of_read(name: &Name, error: &ReadError) -> Complaint {
    let message = format!("{}: {error}", name.escaped());
    let complaint = match error {
        ReadError::NoVolume { .. } => Complaint::new(
            Exit::Refused,
            message,
            "medium",
            "name another session, or an image; a virtual disc is named virtual:FILE",
        ),
        _ => Complaint::new(
            Exit::Differs,
            message,
            "medium",
            "the volume is damaged: other names (--fs) or an earlier session (--session) may still be whole",
        ),
    };
    complaint.coded(error)
}

/// The volume has no such file or folder.
pub(super) fn no_such_path(name: &Name, path: &Path) -> Complaint {
    Complaint::new(
        Exit::Refused,
        format!("{}: the volume has no {}", name.escaped(), path.display()),
        "caller",
        "pitland ls lists what there is; names are exact, and links are not followed",
    )
    .coded(Code::TreeNotFound)
}
