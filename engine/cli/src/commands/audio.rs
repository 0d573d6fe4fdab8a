//! `pitland audio`, and `pitland burn` of a cue sheet with sound: a CD is laid out, burned, and read back.

use super::plan::verify_words;
use super::{Context, blocking, burn, job};
use crate::args::cd::{AudioArgs, AudioBurnArgs, CdModeArg};
use crate::args::{BurnArgs, StashArg};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open::{self, Named};
use crate::output::bar::Watcher;
use crate::output::plan::PlanView;
use crate::output::report::ReportView;
use crate::sink::Sink;
use pitland::cd::cue_sheet::{CueSheet, CueTrackKind};
use pitland::cd::{
    CdImage, CdMode, CdSubchannel, CdTrack, CdWarning, Gap, LaterSession, TrackDigest,
};
use pitland::codes::{Code, Interface};
use pitland::{BurnOptions, DriveLease, Finish, Image, OpenMode, Placement};
use std::path::PathBuf;

/// Blocks between the lead-out of the first session and the first track of the second: a lead-out of a minute and a half,
/// a lead-in of one, and two seconds of pause.
const FIRST_GAP: i32 = 6750 + 4500 + 150;
/// The same behind a later one, whose lead-out has half a minute.
const LATER_GAP: i32 = 2250 + 4500 + 150;
/// Blocks that a drive puts behind a track of data that is written by itself.
const RUN_OUT_BLOCKS: u32 = 2;

/// A burn of a CD of sound: what is wanted, of which drive, and where it is told.
struct Burning<'a> {
    args: &'a AudioArgs,
    mode: CdMode,
    named: &'a Named,
    context: &'a Context,
}

pub(crate) async fn run(args: AudioArgs, context: Context) -> Result<Exit, Complaint> {
    let named = open::address(&args.drive)?;
    let burning = Burning {
        args: &args,
        mode: mode_of(args.how.mode),
        named: &named,
        context: &context,
    };
    // What is wrong with the files is told before the drive is touched.
    let image = burning.image().await?;
    let digests = burning.digests(&image).await?;
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
    let mut exit = match args.record.plan {
        true => burning.plan(&lease, image).await,
        false => burning.record(&lease, image).await,
    };
    if let (Some(digests), Exit::Done) = (digests, exit)
        && let Err(complaint) = digests.finish()
    {
        context.output.event(&complaint.view());
        exit = complaint.exit();
    }
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
        digests: None,
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

/// The file among the sources that describes a CD of more than one data track. A cue sheet that cannot be read is none:
/// whoever reads it next says why.
pub(crate) fn sheet_of(sources: &[PathBuf], as_file: bool) -> Option<PathBuf> {
    let [path] = sources else { return None };
    if as_file || path.is_dir() {
        return None;
    }
    if crate::source::is_disc_description(path) {
        return Some(path.clone());
    }
    if !crate::source::is_cue_sheet(path) {
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

impl Burning<'_> {
    async fn image(&self) -> Result<CdImage, Complaint> {
        let (args, how) = (self.args, &self.args.how);
        let mut watcher = Watcher::new(&self.context.output, self.named.name.clone());
        watcher.phase("planning");
        let sound = how.sound.clone();
        let opened = match &args.cue {
            Some(sheet) => {
                let sheet = sheet.clone();
                let options = sound.of_sheet(how.mode == CdModeArg::Raw);
                blocking(move || {
                    let image = CdImage::from_sheet(&sheet, &options)?;
                    Ok(sound.settle(image)?)
                })
                .await
            }
            None => {
                let mut builder = CdImage::builder();
                builder.gap = match args.gapless {
                    true => Gap::None,
                    false => Gap::Silence(args.pause),
                };
                builder.pad = sound.pad;
                builder.text_from = sound.cd_text.clone();
                for track in &args.tracks {
                    builder.add(CdTrack::sound(track));
                }
                blocking(move || Ok(sound.settle(builder.finish()?)?)).await
            }
        };
        let image = opened?;
        // The drive's gaps are pauses.
        let has_pauses = how.mode == CdModeArg::Tao;
        let is_moot = |warning: &CdWarning| {
            has_pauses && matches!(warning, CdWarning::EmphasisWithoutPause { .. })
        };
        for warning in image.warnings().iter().filter(|told| !is_moot(told)) {
            watcher.warn(warning.to_string());
        }
        if args.gapless && how.mode == CdModeArg::Tao {
            watcher.warn(
                "the drive puts two seconds between tracks that are written one by one".into(),
            );
        }
        let has_no_texts = matches!(how.mode, CdModeArg::Tao | CdModeArg::RawPq);
        if has_no_texts && !image.text().is_empty() {
            watcher.warn("there is no room for CD-TEXT in this mode: it is left out".into());
        }
        watcher.finish();
        Ok(image)
    }

    /// The digests, in a file that appears when the disc is burned.
    async fn digests(&self, image: &CdImage) -> Result<Option<Sink>, Complaint> {
        let Some(path) = &self.args.digests else {
            return Ok(None);
        };
        if image.is_made_of(path) {
            let message = format!("{} is part of what the disc is made of", path.display());
            return Err(Complaint::usage(message));
        }
        let mut sink = Sink::create(path, None)?;
        let (image, mode) = (image.clone(), self.mode);
        let digests = blocking(move || Ok(image.digests(mode)?)).await?;
        sink.write(TrackDigest::to_text(&digests).as_bytes())?;
        Ok(Some(sink))
    }

    fn options(&self) -> BurnOptions {
        burn::recording(&self.args.record).overburn(self.args.how.overburn)
    }

    async fn plan(&self, lease: &DriveLease, image: CdImage) -> Exit {
        let options = self.options();
        let how = verify_words(&options);
        match lease.plan(options, Image::cd(image, self.mode)).await {
            Ok(plan) => {
                let view = PlanView::new(self.named.name.clone(), false, how, &plan);
                self.context.output.result(&view);
                Exit::Done
            }
            Err(error) => self.lament(&error),
        }
    }

    fn lament(&self, error: &pitland::BurnError) -> Exit {
        let interface = match self.mode {
            CdMode::TrackAtOnce => Interface::TrackAtOnce,
            _ => Interface::RawCd,
        };
        let complaint = Complaint::of_job("burn", &self.named.name, error);
        self.tell(&complaint.of_interface(interface))
    }

    fn tell(&self, complaint: &Complaint) -> Exit {
        self.context.output.event(&complaint.view());
        complaint.exit()
    }

    async fn record(&self, lease: &DriveLease, image: CdImage) -> Exit {
        let later = match self.later(&image) {
            Ok(later) => later,
            Err(complaint) => return self.tell(&complaint),
        };
        let options = match later.is_empty() {
            true => self.options(),
            // What is to follow needs an open disc.
            false => self.options().finish(Finish::CloseSession),
        };
        let mut exit = self.burn(lease, options, Image::cd(image, self.mode)).await;
        for (at, session) in later.iter().enumerate() {
            if exit != Exit::Done {
                break;
            }
            let mut options = self.options().placement(Placement::NewSession);
            if at + 1 < later.len() {
                options = options.finish(Finish::CloseSession);
            }
            // It ends as it ended, without blocks of padding that it did not have.
            let options = options.cd_form(session.form()).postgap_in_image(true);
            exit = match self.has_place(lease, session).await {
                Ok(()) => self.burn(lease, options, session.image()).await,
                Err(complaint) => self.tell(&complaint),
            };
        }
        exit
    }

    async fn burn(&self, lease: &DriveLease, options: BurnOptions, image: Image) -> Exit {
        let name = &self.named.name;
        let job = lease.burn(options, image);
        let report = match job::follow(name, job, self.context).await {
            Ok(report) => report,
            Err(error) => return self.lament(&error),
        };
        let view = ReportView::new("burn", name.clone(), &report, Exit::Done);
        self.context.output.result(&view);
        Exit::Done
    }

    /// The sessions that are burned behind the first one. A volume counts on its blocks: what will come to stand elsewhere is
    /// refused before anything is written.
    fn later(&self, image: &CdImage) -> Result<Vec<LaterSession>, Complaint> {
        let later = image.later_sessions()?;
        if !later.is_empty() && self.args.record.simulate.is_some() {
            let watcher = Watcher::new(&self.context.output, self.named.name.clone());
            watcher.warn("sessions behind the first one are not simulated".into());
            return Ok(Vec::new());
        }
        let contents = image.expected_contents(self.mode);
        let mut end = contents.lead_out().map_or(0, |lead_out| lead_out.0);
        let mut gap = FIRST_GAP;
        for session in &later {
            let first = end + gap;
            if session.first_lba().0 != first {
                return Err(elsewhere(session, first));
            }
            end = first.saturating_add_unsigned(session.blocks() + RUN_OUT_BLOCKS);
            gap = LATER_GAP;
        }
        Ok(later)
    }

    /// Whether the drive puts a session where it was.
    async fn has_place(&self, lease: &DriveLease, session: &LaterSession) -> Result<(), Complaint> {
        let facts = lease.drive().medium().await?.facts;
        match facts.nwa() {
            Some(nwa) if nwa != session.first_lba() => Err(elsewhere(session, nwa.0)),
            _ => Ok(()),
        }
    }
}

fn elsewhere(session: &LaterSession, first: i32) -> Complaint {
    Complaint::new(
        Exit::Refused,
        format!(
            "session {} was at LBA {}, and would come to LBA {first}: its volume would not be found",
            session.number(),
            session.first_lba().0
        ),
        "caller",
        "burn the first session as it was, all in one go; or the files of the other one by pitland burn --new-session",
    )
    .coded(Code::CdLayout)
}

impl AudioBurnArgs {
    /// As `pitland burn` has them.
    fn usual() -> Self {
        Self {
            mode: CdModeArg::Sao,
            sound: crate::args::cd::SoundArgs {
                cd_text: pitland::cd::CdTextFrom::Auto,
                pad: false,
                normalise: None,
                write_offset: 0,
            },
            overburn: false,
        }
    }
}
