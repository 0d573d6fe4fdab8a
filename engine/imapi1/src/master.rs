//! The session, as `IDiscMaster` has it. Owns what is chosen, what is staged, and the order in which calls make sense.

use crate::audio_disc::RedbookDiscMaster;
use crate::condition::Condition;
use crate::data_disc::JolietDiscMaster;
use crate::error::{Cause, Imapi1Error};
use crate::joliet::{Earlier, JolietStage};
use crate::progress::{AdviseCookie, DiscMasterProgress, Listeners};
use crate::record::{Outline, PREPARING_SECONDS, follow};
use crate::recorder::{DiscRecorder, Shared, check_cd};
use crate::redbook::{RedbookStage, track_ends};
use crate::session::SessionLock;
use crate::settings::DiscMasterSettings;
use crate::stash::Stash;
use crate::volume::{Host, StashDoubt};
use crate::watch::Watch;
use pitland::mastering::import::{ImportError, ImportOptions, Imported, import};
use pitland::mastering::{DiscError, DiscId, Names};
use pitland::writer::MediumCondition;
use pitland::{
    BurnOptions, DriveLease, Engine, Finish, Image, MediaFacts, Placement, Simulate, StashPolicy,
    VerifyLevel,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// The kind of disc that a session makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DiscMasterFormat {
    /// Data, as ISO 9660 with Joliet's names.
    #[default]
    Joliet,
    /// Audio tracks.
    Redbook,
}

impl DiscMasterFormat {
    /// All that there are, as `EnumDiscMasterFormats` lists them.
    pub const ALL: [Self; 2] = [Self::Joliet, Self::Redbook];
}

/// A session: one on this machine at a time. Formats are chosen first, then a recorder with its disc, then content is staged,
/// and at last recorded.
///
/// Dropping it closes it, and so does the end of the process. A future of it that is dropped in mid-way ends what it began,
/// as a cancel would.
#[derive(Debug)]
pub struct DiscMaster {
    engine: Engine,
    settings: DiscMasterSettings,
    shared: Arc<Shared>,
    open: Option<Open>,
}

/// What a session has while it is open.
#[derive(Debug)]
pub(crate) struct Open {
    /// Given back before the session: the next one shall find it free.
    pub(crate) stash: Stash,
    _watch: Option<Watch>,
    _lock: SessionLock,
    pub(crate) created: SystemTime,
    recorders: Vec<DiscRecorder>,
    active: Option<Active>,
    pub(crate) stage: Stage,
}

/// The recorder that is chosen, with the disc that was in it then.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) recorder: DiscRecorder,
    pub(crate) facts: MediaFacts,
    pub(crate) earlier: Option<(Earlier, DiscId)>,
}

/// What is staged.
#[derive(Debug)]
pub(crate) enum Stage {
    Joliet(Box<JolietStage>),
    Redbook(RedbookStage),
}

impl Stage {
    fn new(format: DiscMasterFormat) -> Self {
        match format {
            DiscMasterFormat::Joliet => Self::Joliet(Box::default()),
            DiscMasterFormat::Redbook => Self::Redbook(RedbookStage::default()),
        }
    }

    fn format(&self) -> DiscMasterFormat {
        match self {
            Self::Joliet(_) => DiscMasterFormat::Joliet,
            Self::Redbook(_) => DiscMasterFormat::Redbook,
        }
    }
}

impl Open {
    pub(crate) fn active(&self) -> Result<&Active, Imapi1Error> {
        self.active
            .as_ref()
            .ok_or_else(|| Condition::NoActiveRecorder.into())
    }

    fn forget_content(&mut self) {
        self.stash.clear();
        match &mut self.stage {
            Stage::Joliet(stage) => stage.clear(),
            Stage::Redbook(stage) => *stage = RedbookStage::default(),
        }
    }
}

/// Runs what waits on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Imapi1Error> + Send + 'static,
) -> Result<T, Imapi1Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Condition::Generic.into()))
}

impl DiscMaster {
    /// Opens the session, with an empty stash.
    ///
    /// # Errors
    /// [`Condition::AlreadyOpen`] while another one is open on this machine, [`Condition::StashInUse`], the refusals of a
    /// stash's folder ([`Condition::CompressedStash`], [`Condition::EncryptedStash`], [`Condition::RemovableStash`],
    /// [`Condition::NoRoomForStash`]), and [`Condition::FileAccess`].
    pub async fn open(engine: Engine, settings: DiscMasterSettings) -> Result<Self, Imapi1Error> {
        let wanted = settings.clone();
        let (lock, stash) = blocking(move || {
            let lock = SessionLock::take(&wanted.lock_in())?;
            let stash = Stash::open(&wanted.stash_in(), wanted.most_stash(), &Host::this_one())?;
            Ok((lock, stash))
        })
        .await?;
        let shared = Arc::new(Shared {
            is_open: AtomicBool::new(true),
            client: settings.client.clone(),
            ..Shared::default()
        });
        let watch = match &settings.machine {
            Some(options) => Some(Watch::start(options.clone(), shared.listeners.clone()).await?),
            None => None,
        };
        let open = Open {
            stash,
            _watch: watch,
            _lock: lock,
            created: settings.created.unwrap_or_else(SystemTime::now),
            recorders: Vec::new(),
            active: None,
            stage: Stage::new(DiscMasterFormat::default()),
        };
        Ok(Self {
            engine,
            settings,
            shared,
            open: Some(open),
        })
    }

    /// Closes the session; what is staged and not recorded is lost. One that is closed stays so.
    pub fn close(&mut self) {
        self.shared.is_open.store(false, Ordering::SeqCst);
        if let Some(open) = self.open.take() {
            for recorder in &open.recorders {
                recorder.close();
            }
        }
    }

    pub(crate) fn get(&self) -> Result<&Open, Imapi1Error> {
        self.open
            .as_ref()
            .ok_or_else(|| Condition::NotOpened.into())
    }

    pub(crate) fn get_mut(&mut self) -> Result<&mut Open, Imapi1Error> {
        self.open
            .as_mut()
            .ok_or_else(|| Condition::NotOpened.into())
    }

    pub(crate) fn listeners(&self) -> &Listeners {
        &self.shared.listeners
    }

    pub(crate) fn stash_folder(&self) -> PathBuf {
        self.settings.stash_in()
    }

    /// The formats that there are.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn enum_disc_master_formats(&self) -> Result<[DiscMasterFormat; 2], Imapi1Error> {
        self.get().map(|_| DiscMasterFormat::ALL)
    }

    /// The format that is chosen: Joliet, until another one is.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn active_disc_master_format(&self) -> Result<DiscMasterFormat, Imapi1Error> {
        Ok(self.get()?.stage.format())
    }

    /// Chooses a format, also the same again. What is staged is forgotten, and so are the properties of a volume and which
    /// recorder is the active one.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn set_active_disc_master_format(
        &mut self,
        format: DiscMasterFormat,
    ) -> Result<(), Imapi1Error> {
        let open = self.get_mut()?;
        open.stash.clear();
        open.stage = Stage::new(format);
        open.active = None;
        Ok(())
    }

    /// The recorders for CDs as they are now: the engine's drives, and where the settings say so those of the machine. A
    /// drive that is at work for somebody, or does not answer, is left out unless it was listed before.
    ///
    /// # Errors
    /// [`Condition::NotOpened`], [`Condition::DeviceNotPresent`] where the drives of the machine cannot be listed.
    pub async fn enum_disc_recorders(&mut self) -> Result<Vec<DiscRecorder>, Imapi1Error> {
        self.get()?;
        if let Some(options) = &self.settings.machine {
            crate::watch::open_all(&self.engine, &options.system).await?;
        }
        let mut known = std::mem::take(&mut self.get_mut()?.recorders);
        let mut now = Vec::new();
        for drive in self.engine.drives() {
            let before = known
                .iter()
                .position(|recorder| recorder.path() == drive.name());
            if let Some(at) = before {
                now.push(known.swap_remove(at));
            } else if let Ok(capabilities) = drive.capabilities().await
                && DiscRecorder::is_one(&capabilities)
            {
                now.push(DiscRecorder::new(
                    drive,
                    capabilities,
                    Arc::clone(&self.shared),
                ));
            }
        }
        self.get_mut()?.recorders.clone_from(&now);
        Ok(now)
    }

    /// The recorder that is chosen.
    ///
    /// # Errors
    /// [`Condition::NotOpened`], [`Condition::NoActiveRecorder`].
    pub fn active_disc_recorder(&self) -> Result<DiscRecorder, Imapi1Error> {
        Ok(self.get()?.active()?.recorder.clone())
    }

    /// Chooses a recorder of the last enumeration, with the disc that is in it: before content is staged, and anew for each
    /// disc. For data a disc with a Joliet volume that can be appended to makes the session go on with that: the same disc
    /// must then be there when it is recorded. What is staged is forgotten.
    ///
    /// # Errors
    /// [`Condition::NotOpened`], [`Condition::DeviceNotPresent`] for a recorder of another session,
    /// [`Condition::MediumNotPresent`], [`Condition::MediumInvalidType`] where the disc is no CD or holds no Joliet volume,
    /// [`Condition::CannotWriteToMedia`] where it takes nothing more, [`Condition::DiscInfo`],
    /// [`Condition::DeviceStillInUse`], [`Condition::DeviceNotAccessible`].
    pub async fn set_active_disc_recorder(
        &mut self,
        recorder: &DiscRecorder,
    ) -> Result<(), Imapi1Error> {
        let open = self.get_mut()?;
        if !open.recorders.iter().any(|known| known.is_same(recorder)) {
            return Err(Condition::DeviceNotPresent.into());
        }
        open.active = None;
        open.forget_content();
        let format = open.stage.format();
        let lease = recorder.lease().await?;
        let facts = lease.drive().medium().await?.facts;
        check_cd(&facts)?;
        let earlier = match (format, facts.condition()) {
            (_, MediumCondition::Blank) => None,
            (DiscMasterFormat::Joliet, MediumCondition::Appendable) => {
                Some(earlier_session(&lease, &facts).await?)
            }
            _ => return Err(Condition::CannotWriteToMedia.into()),
        };
        recorder.learn(&facts);
        self.get_mut()?.active = Some(Active {
            recorder: recorder.clone(),
            facts,
            earlier,
        });
        Ok(())
    }

    /// Forgets what is staged, and an earlier session of the disc: the next burn needs a blank one.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn clear_format_content(&mut self) -> Result<(), Imapi1Error> {
        let open = self.get_mut()?;
        open.forget_content();
        if let Some(active) = &mut open.active {
            active.earlier = None;
        }
        Ok(())
    }

    /// Has somebody told what happens, and asked whether to stop.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn progress_advise(
        &mut self,
        listener: Arc<dyn DiscMasterProgress>,
    ) -> Result<AdviseCookie, Imapi1Error> {
        self.get()?;
        Ok(self.shared.listeners.add(listener))
    }

    /// Has somebody told nothing any more.
    ///
    /// # Errors
    /// [`Condition::NotOpened`], [`Condition::InvalidArgument`] for one who does not listen.
    pub fn progress_unadvise(&mut self, cookie: AdviseCookie) -> Result<(), Imapi1Error> {
        self.get()?;
        match self.shared.listeners.remove(cookie) {
            true => Ok(()),
            false => Err(Imapi1Error::argument("nobody listens under this cookie")),
        }
    }

    /// Bytes in the stash, and its file.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn stash(&self) -> Result<(&Path, u64), Imapi1Error> {
        let stash = &self.get()?.stash;
        Ok((stash.path(), stash.length()))
    }

    /// What the system does not tell of the stash's volume.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn stash_doubts(&self) -> Result<&[StashDoubt], Imapi1Error> {
        Ok(self.get()?.stash.doubts())
    }

    /// The data disc that is staged.
    ///
    /// # Errors
    /// [`Condition::NotOpened`], [`Condition::WrongFormat`] where audio is chosen.
    pub fn joliet(&mut self) -> Result<JolietDiscMaster<'_>, Imapi1Error> {
        match self.active_disc_master_format()? {
            DiscMasterFormat::Joliet => Ok(JolietDiscMaster::new(self)),
            DiscMasterFormat::Redbook => Err(Condition::WrongFormat.into()),
        }
    }

    /// The audio disc that is staged.
    ///
    /// # Errors
    /// [`Condition::NotOpened`], [`Condition::WrongFormat`] where data is chosen.
    pub fn redbook(&mut self) -> Result<RedbookDiscMaster<'_>, Imapi1Error> {
        match self.active_disc_master_format()? {
            DiscMasterFormat::Redbook => Ok(RedbookDiscMaster::new(self)),
            DiscMasterFormat::Joliet => Err(Condition::WrongFormat.into()),
        }
    }

    /// Records what is staged onto the disc in the active recorder, or only has the drive go through it in its test mode, and
    /// ejects the disc afterwards where that is asked for. Once it has succeeded, in either way, the stash is empty, and a
    /// recorder must be chosen anew. Where it fails, what is staged stays.
    ///
    /// # Errors
    /// [`Condition::NotOpened`], [`Condition::NoActiveRecorder`], [`Condition::TrackOpen`], [`Condition::InvalidImage`] where
    /// nothing is staged, [`Condition::DeviceNotAccessible`] where the recorder is open exclusively,
    /// [`Condition::WrongDisc`], [`Condition::UserAbort`], and what the drive and the disc have to say. The error tells what
    /// the disc is now.
    pub async fn record_disc(
        &mut self,
        simulate: bool,
        eject_after_burn: bool,
    ) -> Result<(), Imapi1Error> {
        let open = self.get()?;
        let active = open.active()?;
        match &open.stage {
            Stage::Redbook(stage) if stage.open_track().is_some() => {
                return Err(Condition::TrackOpen.into());
            }
            Stage::Redbook(stage) if stage.is_empty() => return Err(Condition::InvalidImage.into()),
            Stage::Joliet(stage) if stage.is_empty => return Err(Condition::InvalidImage.into()),
            _ => {}
        }
        let recorder = active.recorder.clone();
        let lease = recorder.lease().await?;
        let _burning = recorder.burning();
        let listeners = self.shared.listeners.clone();
        listeners.tell(|listener| listener.notify_preparing_burn(PREPARING_SECONDS));
        let burned = self.burn(open, active, &lease, simulate).await;
        let ended = match &burned {
            Ok(()) if eject_after_burn => lease.eject().await.map_err(Imapi1Error::from),
            _ => burned.clone(),
        };
        drop(lease);
        // It is recorded, whatever became of the tray.
        if burned.is_ok() {
            let open = self.get_mut()?;
            open.forget_content();
            open.active = None;
        }
        let status = ended.as_ref().err().map_or(0, Imapi1Error::code);
        listeners.tell(|listener| listener.notify_burn_complete(status));
        ended
    }

    async fn burn(
        &self,
        open: &Open,
        active: &Active,
        lease: &DriveLease,
        simulate: bool,
    ) -> Result<(), Imapi1Error> {
        if self.shared.listeners.want_end() {
            return Err(Condition::UserAbort.into());
        }
        if let Some((_, disc)) = &active.earlier {
            check_disc(lease, *disc).await?;
        }
        let options = self.burn_options(active, simulate);
        let (image, outline, options) = match &open.stage {
            Stage::Joliet(stage) => {
                let earlier = active.earlier.as_ref().map(|(earlier, _)| earlier);
                let volume = stage.master_options(open.created, earlier, stage.boot()?);
                let outline = Outline {
                    blocks: stage.used_blocks,
                    track_ends: Vec::new(),
                };
                (Image::built(stage.tree.clone(), volume), outline, options)
            }
            Stage::Redbook(stage) => {
                let (tracks, path) = (stage.tracks().to_vec(), open.stash.path().to_owned());
                let settings = active.recorder.settings();
                let (image, mode) =
                    blocking(move || RedbookStage::image(&tracks, &path, &settings)).await?;
                let track_ends = track_ends(&image, mode);
                let outline = Outline {
                    blocks: track_ends.last().copied().unwrap_or(0),
                    track_ends,
                };
                // Sound has no sums by which a job could compare it.
                let options = options
                    .verify(VerifyLevel::None)
                    .finish(Finish::FinalizeDisc);
                (Image::cd(image, mode), outline, options)
            }
        };
        let job = lease.burn(options, image);
        follow(job, outline, &self.shared.listeners).await?;
        Ok(())
    }

    pub(crate) fn burn_options(&self, active: &Active, simulate: bool) -> BurnOptions {
        let settings = active.recorder.settings();
        BurnOptions::default()
            .placement(match &active.earlier {
                Some(_) => Placement::NewSession,
                None => Placement::BlankOnly,
            })
            .speed(settings.speed())
            .underrun_protection(settings.underrun_protection())
            .simulate(match simulate {
                true => Simulate::TestWrite,
                false => Simulate::No,
            })
            .verify(self.settings.verify)
            // It is all in the stash of the session.
            .stash(StashPolicy::Never, Vec::new())
    }
}

impl Drop for DiscMaster {
    fn drop(&mut self) {
        self.close();
    }
}

/// The volume that a disc goes on with.
async fn earlier_session(
    lease: &DriveLease,
    facts: &MediaFacts,
) -> Result<(Earlier, DiscId), Imapi1Error> {
    let first = facts
        .last_closed_session_start()
        .ok_or(Condition::DiscInfo)?;
    let first_lba = u32::try_from(first.0).unwrap_or(0);
    let reader = lease.reader();
    let imported: Imported = blocking(move || {
        import(reader, first_lba, &ImportOptions::default()).map_err(|error| {
            let condition = match &error {
                ImportError::Disc(_) => Condition::DiscInfo,
                _ => Condition::MediumInvalidType,
            };
            Imapi1Error::caused_by(condition, Cause::Import(Arc::new(error)))
        })
    })
    .await?;
    if !imported.offered.contains(&Names::Joliet) {
        return Err(Condition::MediumInvalidType.into());
    }
    let earlier = Earlier {
        tree: imported.builder,
        first_lba,
    };
    Ok((earlier, imported.disc))
}

/// That the disc is the one whose volume was read.
async fn check_disc(lease: &DriveLease, disc: DiscId) -> Result<(), Imapi1Error> {
    let facts = lease.drive().medium().await?.facts;
    check_cd(&facts)?;
    if facts.condition() != MediumCondition::Appendable {
        return Err(Condition::WrongDisc.into());
    }
    let mut reader = lease.reader();
    blocking(move || {
        disc.check(&mut reader).map_err(|error| match error {
            DiscError::Source(error) => {
                Imapi1Error::io(Condition::DiscInfo, Path::new("the disc"), error)
            }
            _ => Condition::WrongDisc.into(),
        })
    })
    .await
}
