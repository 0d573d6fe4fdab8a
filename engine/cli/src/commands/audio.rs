//! `pitland audio`, and `pitland burn` of a cue sheet with sound: a CD is laid out, burned, and compared with its files.

use super::{Context, blocking, burn, job};
use crate::args::cd::{AudioArgs, AudioBurnArgs, CdModeArg, CompareArg};
use crate::args::{BurnArgs, StashArg, VerifyArg};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open::{self, Named};
use crate::output::bar::Watcher;
use crate::output::cd::ComparedView;
use crate::output::plan::PlanView;
use crate::output::report::ReportView;
use pitland::cd::cue_sheet::{CueSheet, CueTrackKind};
use pitland::cd::{CdImage, CdMode, CdSubchannel, CdTrack, Gap, SECTOR_BYTES};
use pitland::{BurnOptions, DriveLease, Image, OpenMode, VerifyLevel};
use std::ops::ControlFlow;
use std::path::PathBuf;

pub(crate) async fn run(args: AudioArgs, context: Context) -> Result<Exit, Complaint> {
    let mode = mode_of(args.how.mode);
    let named = open::address(&args.drive)?;
    // What is wrong with the files is told before the drive is touched.
    let image = image(&args, &context, &named).await?;
    let engine = open::engine(&args.job.plugins.plugins, &context.output)?;
    let trace = open::traces(args.job.trace.as_deref(), 1)?.pop().flatten();
    let how = match args.record.plan {
        true => OpenMode::ReadOnly,
        false => OpenMode::Existing,
    };
    let (handle, trace) = open::open(&engine, &named, how, trace)?;
    let lease = handle
        .lease_with(&args.job.client, args.job.lease_options())
        .await
        .map_err(|error| Complaint::of_lease(&error).of_drive(&named.name))?;
    let exit = match args.record.plan {
        true => plan(&lease, &args, image, mode, &named, &context).await,
        false => record(&lease, &args, image, mode, &named, &context).await,
    };
    drop((lease, handle));
    job::end(engine, &[trace], exit, &named, &context).await
}

/// The same for `pitland burn` of a cue sheet.
pub(crate) async fn burn_sheet(
    sheet: PathBuf,
    args: BurnArgs,
    context: Context,
) -> Result<Exit, Complaint> {
    let [drive] = args.drives.as_slice() else {
        return Err(Complaint::usage(
            "a CD of sound is burned onto one drive at a time",
        ));
    };
    if let Some(option) = not_for_sheets(&args) {
        let why = format!("{option} is not for CDs of more than one data track: see pitland audio");
        return Err(Complaint::usage(&why));
    }
    let args = AudioArgs {
        tracks: Vec::new(),
        cue: Some(sheet),
        drive: drive.clone(),
        gapless: false,
        pause: 0,
        how: AudioBurnArgs::usual(),
        verify: match args.verify {
            VerifyArg::None => CompareArg::None,
            _ => CompareArg::Full,
        },
        record: args.record,
        job: args.job,
    };
    run(args, context).await
}

/// The first option of `burn` that would be left out of account for such a disc.
fn not_for_sheets(args: &BurnArgs) -> Option<&'static str> {
    let stash = !matches!(args.stash, StashArg::Auto) || !args.stash_dirs.is_empty();
    [
        ("--overwrite", args.overwrite),
        ("--new-session", args.new_session),
        ("--verify-drive", args.verify_drive.is_some()),
        ("--fast-write", args.fast_write),
        ("--recording", args.recording.is_some()),
        ("--cd-form", args.cd_form.is_some()),
        ("--stash", stash),
        ("--stash-memory", args.stash_memory.is_some()),
        ("--stash-quota", args.stash_quota.is_some()),
        ("--buffer", args.buffer.is_some()),
        ("--most-lag", args.most_lag.is_some()),
        ("--journal", args.journal.is_some()),
        ("--size", args.size.is_some()),
    ]
    .into_iter()
    .find_map(|(option, is_given)| is_given.then_some(option))
}

/// The cue sheet among the sources that describes more than one data track. One that cannot be read is none: whoever reads
/// it next says why.
pub(crate) fn sheet_of(sources: &[PathBuf], as_file: bool) -> Option<PathBuf> {
    let [path] = sources else { return None };
    if as_file || !crate::source::is_cue_sheet(path) {
        return None;
    }
    let length = path.metadata().ok().filter(|meta| meta.is_file())?.len();
    let text = (length <= 1 << 20)
        .then(|| std::fs::read(path).ok())
        .flatten()?;
    let sheet = CueSheet::parse(&text).ok()?;
    let is_plain = sheet.tracks.len() == 1
        && sheet
            .tracks
            .iter()
            .all(|track| track.kind != CueTrackKind::Audio);
    (!is_plain).then(|| path.clone())
}

fn mode_of(mode: CdModeArg) -> CdMode {
    match mode {
        CdModeArg::Tao => CdMode::TrackAtOnce,
        CdModeArg::Sao => CdMode::SessionAtOnce,
        CdModeArg::Raw => CdMode::Raw(CdSubchannel::Raw96),
        CdModeArg::RawPacked => CdMode::Raw(CdSubchannel::Packed96),
        CdModeArg::RawPq => CdMode::Raw(CdSubchannel::Pq16),
    }
}

async fn image(args: &AudioArgs, context: &Context, named: &Named) -> Result<CdImage, Complaint> {
    let mut watcher = Watcher::new(&context.output, named.name.clone());
    watcher.phase("planning");
    let opened = match &args.cue {
        Some(sheet) => {
            let options = args.how.sound.of_sheet();
            let sheet = sheet.clone();
            blocking(move || Ok(CdImage::from_cue(&sheet, &options)?)).await
        }
        None => {
            let mut builder = CdImage::builder();
            builder.gap = match args.gapless {
                true => Gap::None,
                false => Gap::Silence(args.pause),
            };
            builder.pad = args.how.sound.pad;
            builder.text_from = args.how.sound.cd_text.clone();
            for track in &args.tracks {
                builder.add(CdTrack::sound(track));
            }
            blocking(move || Ok(builder.finish()?)).await
        }
    };
    let image = opened?;
    for warning in image.warnings() {
        watcher.warn(warning.to_string());
    }
    if args.gapless && args.how.mode == CdModeArg::Tao {
        watcher
            .warn("the drive puts two seconds between tracks that are written one by one".into());
    }
    let has_no_texts = matches!(args.how.mode, CdModeArg::Tao | CdModeArg::RawPq);
    if has_no_texts && !image.text().is_empty() {
        watcher.warn("there is no room for CD-TEXT in this mode: it is left out".into());
    }
    watcher.finish();
    Ok(image)
}

fn options(args: &AudioArgs) -> BurnOptions {
    burn::recording(&args.record)
        // Sectors are compared with their files behind the job.
        .verify(VerifyLevel::None)
        .overburn(args.how.overburn)
}

async fn plan(
    lease: &DriveLease,
    args: &AudioArgs,
    image: CdImage,
    mode: CdMode,
    named: &Named,
    context: &Context,
) -> Exit {
    let how = match (args.record.simulate, args.verify) {
        (None, CompareArg::Full) => "every sector is read back and compared",
        (None, CompareArg::None) => {
            "nothing is read back; the medium must show that it was written"
        }
        _ => "nothing is recorded: there is nothing to read back",
    };
    match lease.plan(options(args), Image::cd(image, mode)).await {
        Ok(plan) => {
            context
                .output
                .result(&PlanView::new(named.name.clone(), false, how, &plan));
            Exit::Done
        }
        Err(error) => lament(named, &error, context),
    }
}

fn lament(named: &Named, error: &pitland::BurnError, context: &Context) -> Exit {
    let complaint = Complaint::of_job("burn", &named.name, error);
    context.output.event(&complaint.view());
    complaint.exit()
}

async fn record(
    lease: &DriveLease,
    args: &AudioArgs,
    image: CdImage,
    mode: CdMode,
    named: &Named,
    context: &Context,
) -> Exit {
    let job = lease.burn(options(args), Image::cd(image.clone(), mode));
    let report = match job::follow(&named.name, job, context).await {
        Ok(report) => report,
        Err(error) => return lament(named, &error, context),
    };
    context.output.result(&ReportView::new(
        "burn",
        named.name.clone(),
        &report,
        Exit::Done,
    ));
    if args.verify == CompareArg::None || args.record.simulate.is_some() {
        return Exit::Done;
    }
    match compare(lease, image, mode, named, context).await {
        Ok(exit) => exit,
        Err(complaint) => {
            let complaint = complaint.of_drive(&named.name).of_unknown_medium();
            context.output.event(&complaint.view());
            complaint.exit()
        }
    }
}

async fn compare(
    lease: &DriveLease,
    image: CdImage,
    mode: CdMode,
    named: &Named,
    context: &Context,
) -> Result<Exit, Complaint> {
    let facts = lease.drive().medium().await?.facts;
    let reader = lease.reader();
    let mut watcher = Watcher::new(&context.output, named.name.clone());
    watcher.phase("verifying");
    let interrupt = context.interrupt.clone();
    let name = named.name.clone();
    let compared = blocking(move || {
        let compared = reader.compare_cd(&image, mode, &facts, |done, all| {
            let each = SECTOR_BYTES as u64;
            watcher.bytes(done * each, all * each);
            match interrupt.is_raised() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        watcher.finish();
        Ok(compared?)
    })
    .await?;
    context.output.result(&ComparedView::new(name, &compared));
    Ok(match compared.is_equal() {
        true => Exit::Done,
        false => Exit::Differs,
    })
}

impl AudioBurnArgs {
    /// As `pitland burn` has them.
    fn usual() -> Self {
        Self {
            mode: CdModeArg::Sao,
            sound: crate::args::cd::SoundArgs {
                cd_text: pitland::cd::CdTextFrom::Auto,
                pad: false,
            },
            overburn: false,
        }
    }
}
