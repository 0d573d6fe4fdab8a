//! Calls in any order, against a small model of what must come of them: never a panic, and always the right condition.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use pitland::mastering::{Attributes, Origin, Timestamp, TreeBuilder};
use pitland::transport::sim::MediumKind;
use pitland_imapi1::{
    Condition, DiscMaster, DiscMasterFormat, DiscRecorder, Imapi1Error, RecorderState,
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use support::{Bench, samples};

#[derive(Debug, Clone, Copy)]
enum Call {
    Format(DiscMasterFormat),
    Choose,
    Clear,
    Add { name: u8, overwrite: bool },
    CreateTrack,
    AddBlocks(u32),
    CloseTrack,
    OpenExclusive,
    CloseExclusive,
    Query,
    Erase,
    Record { simulate: bool },
    Close,
    Open,
}

fn call() -> impl Strategy<Value = Call> {
    let formats = prop_oneof![
        Just(DiscMasterFormat::Joliet),
        Just(DiscMasterFormat::Redbook)
    ];
    prop_oneof![
        1 => formats.prop_map(Call::Format),
        4 => Just(Call::Choose),
        1 => Just(Call::Clear),
        4 => (0u8..3, any::<bool>()).prop_map(|(name, overwrite)| Call::Add { name, overwrite }),
        3 => Just(Call::CreateTrack),
        3 => prop_oneof![Just(1u32), Just(299), Just(300)].prop_map(Call::AddBlocks),
        3 => Just(Call::CloseTrack),
        1 => Just(Call::OpenExclusive),
        2 => Just(Call::CloseExclusive),
        1 => Just(Call::Query),
        1 => Just(Call::Erase),
        4 => any::<bool>().prop_map(|simulate| Call::Record { simulate }),
        1 => Just(Call::Close),
        2 => Just(Call::Open),
    ]
}

/// What is on the disc.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Disc {
    Blank,
    /// Closed sessions with these files.
    Data(BTreeSet<u8>),
    Sound,
}

/// The recorder that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chosen {
    /// The files of the session that is gone on with.
    earlier: Option<BTreeSet<u8>>,
}

#[derive(Debug)]
struct Model {
    is_open: bool,
    redbook: bool,
    chosen: Option<Chosen>,
    files: BTreeSet<u8>,
    tracks: usize,
    track: Option<u32>,
    exclusive: bool,
    disc: Disc,
}

use Condition as C;

impl Model {
    fn new() -> Self {
        Self {
            is_open: true,
            redbook: false,
            chosen: None,
            files: BTreeSet::new(),
            tracks: 0,
            track: None,
            exclusive: false,
            disc: Disc::Blank,
        }
    }

    fn forget_content(&mut self) {
        self.files.clear();
        self.tracks = 0;
        self.track = None;
    }

    /// Whether the disc can be written as it was chosen.
    fn takes(&self, chosen: &Chosen) -> Result<(), Condition> {
        match (&chosen.earlier, &self.disc) {
            (None, Disc::Blank) => Ok(()),
            (None, _) => Err(C::CannotWriteToMedia),
            (Some(files), Disc::Data(there)) if files == there => Ok(()),
            (Some(_), _) => Err(C::WrongDisc),
        }
    }

    fn call(&mut self, call: Call) -> Result<(), Condition> {
        match call {
            Call::Open => {
                if self.is_open {
                    return Err(C::AlreadyOpen);
                }
                let disc = self.disc.clone();
                *self = Self {
                    disc,
                    ..Self::new()
                };
                return Ok(());
            }
            Call::Close => {
                self.is_open = false;
                self.exclusive = false;
                return Ok(());
            }
            Call::CloseExclusive => {
                self.exclusive = false;
                return Ok(());
            }
            _ if !self.is_open => return Err(C::NotOpened),
            _ => {}
        }
        match call {
            Call::Format(format) => {
                self.redbook = format == DiscMasterFormat::Redbook;
                self.chosen = None;
                self.forget_content();
            }
            Call::Choose => {
                self.chosen = None;
                self.forget_content();
                if self.exclusive {
                    return Err(C::DeviceNotAccessible);
                }
                let earlier = match &self.disc {
                    Disc::Blank => None,
                    Disc::Data(files) if !self.redbook => Some(files.clone()),
                    _ => return Err(C::CannotWriteToMedia),
                };
                self.chosen = Some(Chosen { earlier });
            }
            Call::Clear => {
                self.forget_content();
                if let Some(chosen) = &mut self.chosen {
                    chosen.earlier = None;
                }
            }
            Call::Add { name, overwrite } => {
                if self.redbook {
                    return Err(C::WrongFormat);
                }
                let chosen = self.chosen.clone().ok_or(C::NoActiveRecorder)?;
                let on_disc = chosen
                    .earlier
                    .as_ref()
                    .is_some_and(|files| files.contains(&name));
                if !overwrite && (on_disc || self.files.contains(&name)) {
                    return Err(C::FileExists);
                }
                if self.exclusive {
                    return Err(C::DeviceNotAccessible);
                }
                self.takes(&chosen)?;
                self.files.insert(name);
            }
            Call::CreateTrack | Call::AddBlocks(_) | Call::CloseTrack if !self.redbook => {
                return Err(C::WrongFormat);
            }
            Call::CreateTrack => {
                self.chosen.as_ref().ok_or(C::NoActiveRecorder)?;
                if self.track.is_some() {
                    return Err(C::TrackOpen);
                }
                self.track = Some(0);
            }
            Call::AddBlocks(blocks) => *self.track.as_mut().ok_or(C::TrackNotOpen)? += blocks,
            Call::CloseTrack => match self.track {
                None => return Err(C::TrackNotOpen),
                Some(..300) => return Err(C::TrackNotBigEnough),
                Some(_) => {
                    self.track = None;
                    self.tracks += 1;
                }
            },
            Call::OpenExclusive => self.exclusive = true,
            Call::Query if !self.exclusive => return Err(C::NotInitialized),
            Call::Erase if !self.exclusive => return Err(C::NotInitialized),
            Call::Erase => self.disc = Disc::Blank,
            Call::Record { simulate } => {
                let chosen = self.chosen.clone().ok_or(C::NoActiveRecorder)?;
                if self.track.is_some() {
                    return Err(C::TrackOpen);
                }
                if self.files.is_empty() && self.tracks == 0 {
                    return Err(C::InvalidImage);
                }
                if self.exclusive {
                    return Err(C::DeviceNotAccessible);
                }
                self.takes(&chosen)?;
                if !simulate {
                    self.disc = match (self.redbook, &chosen.earlier) {
                        (true, _) => Disc::Sound,
                        (false, earlier) => {
                            let earlier = earlier.clone().unwrap_or_default();
                            Disc::Data(&earlier | &self.files)
                        }
                    };
                }
                self.forget_content();
                self.chosen = None;
            }
            _ => {}
        }
        Ok(())
    }

    fn state(&self) -> RecorderState {
        match self.exclusive {
            true => RecorderState::Opened,
            false => RecorderState::Idle,
        }
    }
}

/// The session, and the recorder of its last enumeration.
struct Real<'a> {
    bench: &'a Bench,
    master: DiscMaster,
    recorder: DiscRecorder,
}

impl Real<'_> {
    async fn call(&mut self, call: Call) -> Result<(), Imapi1Error> {
        let (master, recorder) = (&mut self.master, &self.recorder);
        match call {
            Call::Format(format) => master.set_active_disc_master_format(format),
            Call::Choose => master.set_active_disc_recorder(recorder).await,
            Call::Clear => master.clear_format_content(),
            Call::Add { name, overwrite } => {
                let mut tree = TreeBuilder::new();
                let attributes = Attributes::new(0o644, Timestamp::from_seconds(1_700_000_000));
                let bytes = Origin::memory(vec![name; 3000]);
                tree.add_file(format!("file{name}"), bytes, &attributes)
                    .unwrap();
                master.joliet()?.add_data(tree, overwrite).await
            }
            Call::CreateTrack => master.redbook()?.create_audio_track(300),
            Call::AddBlocks(blocks) => {
                master
                    .redbook()?
                    .add_audio_track_blocks(&samples(blocks, blocks))
                    .await
            }
            Call::CloseTrack => master.redbook()?.close_audio_track(),
            Call::OpenExclusive => recorder.open_exclusive().await,
            Call::CloseExclusive => {
                recorder.close();
                Ok(())
            }
            Call::Query => recorder.query_media_type().await.map(drop),
            Call::Erase => recorder.erase(false).await,
            Call::Record { simulate } => master.record_disc(simulate, false).await,
            Call::Close => {
                master.close();
                Ok(())
            }
            Call::Open => {
                let settings = self.bench.settings();
                let mut master = DiscMaster::open(self.bench.engine.clone(), settings).await?;
                self.recorder = master.enum_disc_recorders().await?.remove(0);
                self.master = master;
                Ok(())
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn calls_in_any_order_end_as_the_model_says(calls in proptest::collection::vec(call(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new();
            bench.drive("disc", MediumKind::CdRw, Some(200_000));
            let mut master = bench.open().await;
            let recorder = master.enum_disc_recorders().await.unwrap().remove(0);
            let mut real = Real { bench: &bench, master, recorder };
            let mut model = Model::new();
            for (at, call) in calls.iter().enumerate() {
                let before = format!("{model:?}");
                let expected = model.call(*call);
                let found = real.call(*call).await;
                let told = found.as_ref().copied().map_err(Imapi1Error::condition);
                prop_assert_eq!(told, expected, "{:?} at {}: {:?}, in {}", call, at, found, before);
                prop_assert_eq!(real.recorder.recorder_state(), model.state());
                if !model.is_open || (model.files.is_empty() && model.tracks == 0 && model.track.is_none()) {
                    let stash = real.master.stash();
                    prop_assert!(stash.is_err() != model.is_open);
                    prop_assert_eq!(stash.map_or(0, |(_, length)| length), 0);
                }
            }
            Ok(())
        })?;
    }
}
