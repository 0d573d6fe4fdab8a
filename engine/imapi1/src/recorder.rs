//! One recorder, as `IDiscRecorder` has it. Owns its properties, its exclusive hold and its state; what is recorded is the
//! session's.

use crate::condition::Condition;
use crate::error::Imapi1Error;
use crate::progress::Listeners;
use crate::properties::{Applied, PropertySet, PropertyValue};
use futures::StreamExt;
use pitland::transport::probe::Capabilities;
use pitland::writer::MediumCondition;
use pitland::writer::mmc::feature::{Feature, FeatureCode};
use pitland::writer::mmc::reply::DiscType;
use pitland::writer::mmc::{Lba, Profile};
use pitland::{DriveHandle, DriveLease, LeaseOptions, MediaFacts, Speed};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a recorder writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum RecorderType {
    /// CD-R.
    Cdr = 1,
    /// CD-RW too.
    Cdrw = 2,
}

/// What a recorder is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum RecorderState {
    /// Nothing.
    Idle = 0,
    /// It is open exclusively.
    Opened = 1,
    /// A disc is recorded, or erased.
    Burning = 2,
}

/// What kind of disc is in a recorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum MediaType {
    /// There is none.
    None = 0,
    /// Sound or data of mode 1.
    CddaCdrom = 1,
    /// CD-ROM XA.
    CdRomXa = 2,
    /// CD-I.
    CdI = 3,
    /// Sound in the first session, data behind it.
    CdExtra = 4,
    /// Nothing is said of it: a blank disc.
    CdOther = 5,
    /// One that the recorder makes nothing of.
    Special = 6,
}

/// What can be done with the disc in a recorder. All are false without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaFlags {
    /// It is blank.
    pub blank: bool,
    /// It can be erased.
    pub rw: bool,
    /// It can be written as it is.
    pub writable: bool,
}

impl MediaFlags {
    /// IMAPI's mask.
    #[must_use]
    pub fn bits(self) -> u32 {
        u32::from(self.blank) | u32::from(self.rw) << 1 | u32::from(self.writable) << 2
    }
}

/// What is on a disc, and what has room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MediaInfo {
    /// Sessions that are closed.
    pub sessions: u32,
    /// The number of the last track of them; 0 without one.
    pub last_track: u8,
    /// The first block of that track.
    pub start_address: u32,
    /// Where writing begins.
    pub next_writable: u32,
    /// Blocks that can be written from there on.
    pub free_blocks: u32,
}

/// What all recorders of a session share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) is_open: AtomicBool,
    pub(crate) listeners: Listeners,
    pub(crate) client: String,
}

/// One recorder. Cheap to clone. Its properties are those of the session, and end with it.
#[derive(Debug, Clone)]
pub struct DiscRecorder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    drive: DriveHandle,
    capabilities: Capabilities,
    shared: Arc<Shared>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    exclusive: Option<DriveLease>,
    is_burning: bool,
    settings: Settings,
}

/// What the properties say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    write_speed: i32,
    most_speed: i32,
    /// Blocks between two audio tracks.
    pub(crate) audio_gap: u32,
    /// Whether the recorder can protect itself from underruns.
    underrun_capable: bool,
    underrun_protection: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            write_speed: -1,
            most_speed: 0,
            audio_gap: 150,
            underrun_capable: false,
            underrun_protection: -1,
        }
    }
}

const WRITE_SPEED: &str = "WriteSpeed";
const MAX_WRITE_SPEED: &str = "MaxWriteSpeed";
const AUDIO_GAP_SIZE: &str = "AudioGapSize";
const UNDERRUN_CAPABLE: &str = "BufferUnderrunFreeCapable";
const ENABLE_UNDERRUN: &str = "EnableBufferUnderrunFree";
/// The most blocks between two audio tracks.
const MOST_GAP: i32 = 225;
/// Bytes a second of a CD at 1x, in kB.
const NOMINAL: u32 = 176;

impl Settings {
    fn set(&mut self, name: &str, value: i32) -> Result<bool, Imapi1Error> {
        let wrong = || Imapi1Error::argument(format!("{name} cannot be {value}"));
        match name {
            WRITE_SPEED => match value {
                -1 | 1.. => self.write_speed = value,
                _ => return Err(wrong()),
            },
            AUDIO_GAP_SIZE => match u32::try_from(value) {
                Ok(blocks) if value <= MOST_GAP => self.audio_gap = blocks,
                _ => return Err(wrong()),
            },
            ENABLE_UNDERRUN => match value {
                -1..=1 => self.underrun_protection = value,
                _ => return Err(wrong()),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(crate) fn speed(&self) -> Speed {
        let tenths = u32::try_from(self.write_speed).ok();
        let tenths = tenths.and_then(|times| NonZeroU32::new(times.saturating_mul(10)));
        tenths.map_or(Speed::Maximum, Speed::TenthsOfNominal)
    }

    pub(crate) fn underrun_protection(&self) -> bool {
        self.underrun_protection != 0
    }
}

impl DiscRecorder {
    pub(crate) fn new(drive: DriveHandle, capabilities: Capabilities, shared: Arc<Shared>) -> Self {
        let state = State {
            exclusive: None,
            is_burning: false,
            settings: Settings::default(),
        };
        Self {
            inner: Arc::new(Inner {
                drive,
                capabilities,
                shared,
                state: Mutex::new(state),
            }),
        }
    }

    /// Whether a drive with these abilities is a recorder here: one for CDs.
    pub(crate) fn is_one(capabilities: &Capabilities) -> bool {
        let writes = &capabilities.writes;
        writes.contains(&Profile::CdR) || writes.contains(&Profile::CdRw)
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settings(&self) -> Settings {
        self.state().settings
    }

    fn check_session(&self) -> Result<(), Imapi1Error> {
        match self.inner.shared.is_open.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err(Condition::NotOpened.into()),
        }
    }

    /// What names it on this machine, as `GetRecorderGUID` does: its address.
    #[must_use]
    pub fn recorder_guid(&self) -> &str {
        self.inner.drive.name()
    }

    /// What it writes.
    #[must_use]
    pub fn recorder_type(&self) -> RecorderType {
        match self.inner.capabilities.writes.contains(&Profile::CdRw) {
            true => RecorderType::Cdrw,
            false => RecorderType::Cdr,
        }
    }

    /// Vendor, product and revision.
    #[must_use]
    pub fn display_names(&self) -> (String, String, String) {
        let inquiry = &self.inner.capabilities.inquiry;
        // What a device says of itself is ASCII by the standard, and anything in fact.
        let plain = |bytes: &[u8]| -> String {
            let text = bytes.iter().map(|byte| char::from(*byte));
            let text = text.map(|c| if c.is_ascii_graphic() { c } else { ' ' });
            text.collect::<String>().trim().to_owned()
        };
        (
            plain(&inquiry.vendor),
            plain(&inquiry.product),
            plain(&inquiry.revision),
        )
    }

    /// An identifier that all recorders of this make share.
    #[must_use]
    pub fn base_pnp_id(&self) -> String {
        let (vendor, product, revision) = self.display_names();
        format!("{vendor}_{product}_{revision}").replace(' ', "_")
    }

    /// The path to it: its address.
    #[must_use]
    pub fn path(&self) -> &str {
        self.inner.drive.name()
    }

    /// What it is doing for this session.
    #[must_use]
    pub fn recorder_state(&self) -> RecorderState {
        let state = self.state();
        match (state.is_burning, &state.exclusive) {
            (true, _) => RecorderState::Burning,
            (false, Some(_)) => RecorderState::Opened,
            (false, None) => RecorderState::Idle,
        }
    }

    /// All its properties. `WriteSpeed` and `MaxWriteSpeed` are multiples of 1x, -1 the most and 0 not known;
    /// `AudioGapSize` blocks between two audio tracks; `BufferUnderrunFreeCapable` 0 or 1; `EnableBufferUnderrunFree` 0 or
    /// 1, -1 as is best. What the recorder tells is known once it was made the active one, with the disc in it.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn recorder_properties(&self) -> Result<PropertySet, Imapi1Error> {
        self.check_session()?;
        let settings = self.settings();
        let gap = i32::try_from(settings.audio_gap).unwrap_or(MOST_GAP);
        Ok(PropertySet::new()
            .with(WRITE_SPEED, settings.write_speed)
            .with(MAX_WRITE_SPEED, settings.most_speed)
            .with(AUDIO_GAP_SIZE, gap)
            .with(UNDERRUN_CAPABLE, i32::from(settings.underrun_capable))
            .with(ENABLE_UNDERRUN, settings.underrun_protection))
    }

    /// Sets properties, all or none. What has no such name, or can only be read, is ignored and told.
    ///
    /// # Errors
    /// [`Condition::NotOpened`], [`Condition::InvalidArgument`] for a value out of its range.
    pub fn set_recorder_properties(
        &self,
        properties: &PropertySet,
    ) -> Result<Applied, Imapi1Error> {
        self.check_session()?;
        let mut state = self.state();
        let mut settings = state.settings;
        let mut ignored = Vec::new();
        for (name, value) in properties.iter() {
            let taken = match value {
                PropertyValue::Integer(value) => settings.set(name, *value)?,
                _ => false,
            };
            if !taken {
                ignored.push(name.to_owned());
            }
        }
        state.settings = settings;
        Ok(Applied::without(ignored))
    }

    /// What the recorder tells with this disc in it.
    pub(crate) fn learn(&self, facts: &MediaFacts) {
        let most = facts.write_speeds().into_iter().max().unwrap_or(0) / NOMINAL;
        let capable = match facts.current_feature(FeatureCode::CdTrackAtOnce) {
            Some(Feature::CdTrackAtOnce(feature)) => feature.buffer_underrun_free,
            _ => false,
        };
        let settings = &mut self.state().settings;
        settings.most_speed = i32::try_from(most).unwrap_or(i32::MAX);
        settings.underrun_capable = capable;
    }

    /// Takes the drive for this client, file systems that are mounted from it unmounted.
    pub(crate) async fn lease(&self) -> Result<DriveLease, Imapi1Error> {
        if self.state().exclusive.is_some() {
            return Err(Condition::DeviceNotAccessible.into());
        }
        let options = LeaseOptions::default().unmounting();
        Ok(self
            .inner
            .drive
            .lease_with(&self.inner.shared.client, options)
            .await?)
    }

    /// Says that a disc is recorded, as long as the answer lives.
    pub(crate) fn burning(&self) -> Burning {
        self.state().is_burning = true;
        Burning(self.clone())
    }

    /// Takes the recorder for oneself: nobody else can use it until [`close`](Self::close). What is mounted from its disc
    /// is unmounted. Taking it once more changes nothing.
    ///
    /// # Errors
    /// [`Condition::DeviceStillInUse`] where another client has it, [`Condition::FileSystem`] where the disc cannot be
    /// unmounted.
    pub async fn open_exclusive(&self) -> Result<(), Imapi1Error> {
        self.check_session()?;
        if self.state().exclusive.is_some() {
            return Ok(());
        }
        let lease = self.lease().await?;
        self.state().exclusive = Some(lease);
        Ok(())
    }

    /// Gives the recorder back. One that is not open stays so.
    pub fn close(&self) {
        let lease = self.state().exclusive.take();
        drop(lease);
    }

    fn exclusive(&self) -> Result<DriveLease, Imapi1Error> {
        self.check_session()?;
        let lease = self.state().exclusive.clone();
        lease.ok_or_else(|| Condition::NotInitialized.into())
    }

    /// What kind of disc is in it, and what can be done with that.
    ///
    /// # Errors
    /// [`Condition::NotInitialized`] unless it is open exclusively, [`Condition::MediumInvalidType`] where the disc is no
    /// CD, and what the drive answers.
    pub async fn query_media_type(&self) -> Result<(MediaType, MediaFlags), Imapi1Error> {
        let lease = self.exclusive()?;
        let facts = lease.drive().medium().await?.facts;
        media_type(&facts)
    }

    /// What is on the disc, and what has room.
    ///
    /// # Errors
    /// As [`query_media_type`](Self::query_media_type); [`Condition::MediumNotPresent`].
    pub async fn query_media_info(&self) -> Result<MediaInfo, Imapi1Error> {
        let lease = self.exclusive()?;
        let facts = lease.drive().medium().await?.facts;
        check_cd(&facts)?;
        Ok(media_info(&facts))
    }

    /// Opens the tray.
    ///
    /// # Errors
    /// [`Condition::NotInitialized`] unless it is open exclusively, and what the drive answers.
    pub async fn eject(&self) -> Result<(), Imapi1Error> {
        Ok(self.exclusive()?.eject().await?)
    }

    /// Erases the disc: quickly, or as a whole. The end is told to those who listen, whatever it is; a quick erase takes a
    /// minute or two, a full one as long as writing all of it.
    ///
    /// # Errors
    /// [`Condition::NotInitialized`] unless it is open exclusively, [`Condition::MediumInvalidType`] for a disc that can be
    /// written but once, and what the drive answers.
    pub async fn erase(&self, full: bool) -> Result<(), Imapi1Error> {
        let lease = self.exclusive()?;
        let _burning = self.burning();
        let mut job = lease.erase(full);
        while job.next().await.is_some() {}
        let ended = job.report().await.map(drop).map_err(Imapi1Error::from);
        let status = ended.as_ref().err().map_or(0, Imapi1Error::code);
        self.inner
            .shared
            .listeners
            .tell(|listener| listener.notify_erase_complete(status));
        ended
    }
}

/// That a disc is being recorded, until it is dropped.
#[derive(Debug)]
pub(crate) struct Burning(DiscRecorder);

impl Drop for Burning {
    fn drop(&mut self) {
        self.0.state().is_burning = false;
    }
}

/// That there is a CD.
pub(crate) fn check_cd(facts: &MediaFacts) -> Result<(), Imapi1Error> {
    match facts.condition() {
        MediumCondition::NoMedium => Err(Condition::MediumNotPresent.into()),
        MediumCondition::Unrecognized => Err(Condition::MediumInvalidType.into()),
        _ if facts.is_cd() => Ok(()),
        _ => Err(Condition::MediumInvalidType.into()),
    }
}

fn media_type(facts: &MediaFacts) -> Result<(MediaType, MediaFlags), Imapi1Error> {
    let condition = facts.condition();
    match condition {
        MediumCondition::NoMedium => return Ok((MediaType::None, MediaFlags::default())),
        MediumCondition::Unrecognized => return Ok((MediaType::Special, MediaFlags::default())),
        _ => check_cd(facts)?,
    }
    let flags = MediaFlags {
        blank: condition == MediumCondition::Blank,
        rw: facts.profile() == Profile::CdRw,
        writable: condition.is_writable(),
    };
    let kind = match facts.cd_type() {
        _ if flags.blank => MediaType::CdOther,
        _ if is_extra(facts) => MediaType::CdExtra,
        DiscType::CdRomXa => MediaType::CdRomXa,
        DiscType::CdI => MediaType::CdI,
        DiscType::CdDaOrRom => MediaType::CddaCdrom,
        _ => MediaType::CdOther,
    };
    Ok((kind, flags))
}

/// Sound, and data behind it in a session of its own.
fn is_extra(facts: &MediaFacts) -> bool {
    let Some(toc) = &facts.cd.toc else {
        return false;
    };
    let mut data = toc.tracks().map(|(track, _)| track.is_data());
    facts.closed_sessions() > Some(1) && data.next() == Some(false) && data.last() == Some(true)
}

fn media_info(facts: &MediaFacts) -> MediaInfo {
    let block = |lba: Lba| u32::try_from(lba.0).unwrap_or(0);
    let last = facts.cd.toc.as_ref().and_then(|toc| toc.tracks().last());
    let last = last.map(|(track, _)| (track.track, block(track.start)));
    let free = facts.free_blocks().unwrap_or(0);
    MediaInfo {
        sessions: facts.closed_sessions().unwrap_or(0),
        last_track: last.map_or(0, |(number, _)| number),
        start_address: last.map_or(0, |(_, start)| start),
        next_writable: facts.nwa().map_or(0, block),
        free_blocks: u32::try_from(free).unwrap_or(u32::MAX),
    }
}
