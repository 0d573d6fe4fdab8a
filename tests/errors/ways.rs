//! Conditions with a value for each of the old API's objects, met in the way of each: sound track at once, sound raw, an
//! erase. What none of them meets by a job of its own is met as their sibling meets it.

use crate::Met;
use crate::common::burn::{self, Opened, Place};
use crate::common::watched::{Then, watched};
use crate::device::{again, disguised, reader};
use pitland::cd::{CdImage, CdMode, CdSubchannel, CdTrack, SubchannelForm};
use pitland::codes::{Code, Interface, imapi};
use pitland::transport::sim::MediumKind;
use pitland::{BurnError, DriveHandle, Engine, Image, Job, QueryError};
use std::collections::BTreeSet;
use std::fs::File;
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Frames of a track.
const FRAMES: u32 = 400;

/// A job of one of the objects.
#[derive(Debug, Clone, Copy)]
enum Way {
    Sound(CdMode),
    Erase,
}

const WAYS: [Way; 3] = [
    Way::Sound(CdMode::TrackAtOnce),
    Way::Sound(CdMode::Raw(CdSubchannel::Raw96)),
    Way::Erase,
];

impl Way {
    fn interface(self) -> Interface {
        match self {
            Self::Sound(CdMode::TrackAtOnce) => Interface::TrackAtOnce,
            Self::Sound(_) => Interface::RawCd,
            Self::Erase => Interface::Erase,
        }
    }

    /// Silence of so many frames, to be burned in this way.
    fn image(mode: CdMode, place: &Place, frames: u32) -> Image {
        let path = place.path("silence.pcm");
        let bytes = u64::from(frames) * 2352;
        File::create(&path).unwrap().set_len(bytes).unwrap();
        let mut builder = CdImage::builder();
        builder.add(CdTrack::pcm(&path));
        Image::cd(builder.finish().unwrap(), mode)
    }

    async fn begin(self, place: &Place, drive: &DriveHandle, frames: u32) -> Job {
        let lease = drive.lease("a test").await.unwrap();
        match self {
            Self::Sound(mode) => lease.burn(burn::options(), Self::image(mode, place, frames)),
            Self::Erase => lease.erase(false),
        }
    }

    async fn fails(self, place: &Place, drive: &DriveHandle, frames: u32) -> BurnError {
        let job = self.begin(place, drive, frames).await;
        job.report().await.unwrap_err()
    }

    /// Whether a command is the first one of it that changes the disc.
    fn is_work(self, opcode: u8) -> bool {
        match self {
            Self::Sound(_) => matches!(opcode, 0x2A | 0xAA),
            Self::Erase => opcode == 0xA1,
        }
    }
}

/// A condition met in a way.
struct InItsWay {
    interface: Interface,
    met: Met,
}

/// A new CD-RW that holds data.
async fn written(place: &Place) -> std::path::PathBuf {
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, MediumKind::CdRw, None);
    let opened = Opened::new(&disc);
    let image = crate::device::image(place);
    opened.burn(burn::options(), image).await.unwrap();
    opened.close().await;
    disc
}

/// What the drive says while it is held in the midst of its work.
async fn while_at_work(way: Way, place: &Place, disc: &std::path::Path) -> QueryError {
    let (go_on, held) = mpsc::channel::<()>();
    let (tell, told) = oneshot::channel();
    let mut tell = Some(tell);
    let opened = Opened::with(disc, move |inner| {
        watched(inner, move |exchange| {
            if way.is_work(exchange.cdb.opcode())
                && let Some(tell) = tell.take()
            {
                let _ = tell.send(());
                // It ends with its sender.
                let _ = held.recv();
            }
            Then::Pass
        })
    });
    let job = way.begin(place, &opened.drive, FRAMES).await;
    told.await.unwrap();
    let error = opened.drive.medium().await.unwrap_err();
    // How it ends is not the matter here.
    job.cancel();
    drop(go_on);
    let _ = job.report().await;
    opened.close().await;
    error
}

async fn in_this_way(way: Way) -> Vec<Met> {
    let place = Place::new();
    let blank = place.path("blank.vdisc");
    burn::blank(&blank, MediumKind::CdRw, None);
    let disc = written(&place).await;
    let mut met = Vec::new();

    let opened = Opened::with(&disc, disguised);
    let error = way.fails(&place, &opened.drive, FRAMES).await;
    met.push(Met::new(Code::DriveNotOptical, &error));
    opened.close().await;

    // A CD-RW is erased whatever features of writing the drive shows: a written one has none.
    let other = place.path("dvd+rw.vdisc");
    burn::blank(&other, MediumKind::DvdPlusRw, None);
    let read_only = match way {
        Way::Sound(_) => &blank,
        Way::Erase => &other,
    };
    let (engine, drive) = reader(read_only);
    let error = way.fails(&place, &drive, FRAMES).await;
    met.push(Met::new(Code::DriveOnlyReads, &error));
    drop(drive);
    engine.shutdown(Duration::from_secs(60)).await;

    let engine = Engine::builder().without_builtin_writers().build().unwrap();
    let opened = Opened::of(engine, &disc, |drive| drive);
    let error = way.fails(&place, &opened.drive, FRAMES).await;
    met.push(Met::new(Code::MediumNotSupported, &error));
    let error = opened.drive.lease("\n").await.unwrap_err();
    met.push(Met::new(Code::LeaseBadName, &error));
    opened.close().await;

    match way {
        Way::Sound(_) => {
            let opened = Opened::new(&disc);
            let error = way.fails(&place, &opened.drive, FRAMES).await;
            met.push(Met::new(Code::MediumNotBlank, &error));
            opened.close().await;
            let small = place.path("small.vdisc");
            burn::blank(&small, MediumKind::CdR, Some(3000));
            let opened = Opened::new(&small);
            let error = way.fails(&place, &opened.drive, 5000).await;
            met.push(Met::new(Code::MediumTooSmall, &error));
            opened.close().await;
            let error = while_at_work(way, &place, &blank).await;
            met.push(Met::new(Code::LeaseBusy, &error));
        }
        Way::Erase => {
            let opened = again(&disc, "when read-disc-information do short 4");
            let error = way.fails(&place, &opened.drive, FRAMES).await;
            met.push(Met::new(Code::DriveFactMissing, &error));
            opened.close().await;
            let opened = again(&disc, "when test-unit-ready do sense 2/04/02");
            let error = way.fails(&place, &opened.drive, FRAMES).await;
            met.push(Met::new(Code::DriveNeedsHand, &error));
            opened.close().await;
            let error = while_at_work(way, &place, &disc).await;
            met.push(Met::new(Code::LeaseBusy, &error));
        }
    }
    met
}

/// What is found before there is a drive.
fn without_a_drive() -> Vec<InItsWay> {
    let place = Place::new();
    let cut = place.path("cut.bin");
    File::create(&cut).unwrap().set_len(2448 + 1).unwrap();
    let raw = CdImage::from_raw_blocks(&cut, SubchannelForm::Raw96, None).unwrap_err();
    let sound = CdTrack::pcm(&cut);
    let mut builder = CdImage::builder();
    builder.add(sound);
    let sound = builder.finish().unwrap_err();
    let whole = place.path("whole.pcm");
    File::create(&whole).unwrap().set_len(300 * 2352).unwrap();
    let mut builder = CdImage::builder();
    (0..100).for_each(|_| {
        builder.add(CdTrack::pcm(&whole));
    });
    let many = builder.finish().unwrap_err();
    [
        (Interface::RawCd, Met::new(Code::SoundLength, &raw)),
        (Interface::TrackAtOnce, Met::new(Code::SoundLength, &sound)),
        (
            Interface::TrackAtOnce,
            Met::new(Code::CdTooManyTracks, &many),
        ),
    ]
    .map(|(interface, met)| InItsWay { interface, met })
    .into()
}

/// Values of what no job here leads to: a job is a drive's. The program, which can be called without one, says at once
/// that it needs one, before it knows in which way.
const OF_NO_JOB: [u32; 2] = [
    imapi::E_IMAPI_DF2TAO_NO_RECORDER_SPECIFIED,
    imapi::E_IMAPI_DF2RAW_NO_RECORDER_SPECIFIED,
];

#[tokio::test(flavor = "multi_thread")]
async fn each_object_of_the_old_api_has_its_values_in_its_own_way() {
    let mut found = without_a_drive();
    for way in WAYS {
        let interface = way.interface();
        let met = in_this_way(way).await;
        found.extend(met.into_iter().map(|met| InItsWay { interface, met }));
    }
    let mut wrong: Vec<String> = Vec::new();
    let mut reached = BTreeSet::from(OF_NO_JOB);
    for InItsWay { interface, met } in &found {
        wrong.extend(met.wrong().map(|what| format!("{interface:?}: {what}")));
        let value = met.code().imapi_in(*interface);
        reached.extend(value.filter(|value| Interface::of(*value) == Some(*interface)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let of_an_object = |value: &u32| {
        let interfaces = [Interface::TrackAtOnce, Interface::RawCd, Interface::Erase];
        Interface::of(*value).is_some_and(|interface| interfaces.contains(&interface))
    };
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| code.imapi_values().len() > 1)
        .flat_map(|code| code.imapi_values())
        .filter(|value| of_an_object(value) && !reached.contains(value))
        .filter_map(|value| imapi::name(*value))
        .collect();
    assert!(
        missing.is_empty(),
        "nothing meets {missing:?} in its own way"
    );
}
