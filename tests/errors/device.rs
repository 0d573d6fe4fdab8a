//! What drives answer, who has them, and which discs they hold.

use crate::common::burn::{self, Opened, Place};
use crate::{Met, as_wanted};
use bytes::Bytes;
use futures::{StreamExt, stream};
use pitland::codes::Code;
use pitland::transport::Data;
use pitland::transport::fault::{Fault, FaultScript};
use pitland::transport::layer::Around;
use pitland::transport::sim::Access;
use pitland::transport::sim::{DiscType, DriveModel, MediumKind, Pace, VirtualDrive, open_disc};
use pitland::writer::mmc::cdb::PageControl;
use pitland::{
    Append, BurnError, BurnOptions, DriveHandle, EarlierSession, Engine, Image, MasterOptions,
    QueryError, RawCommand, ReadOptions, Simulate, Speed, StashPolicy, Transport, VerifyLevel,
};
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const LENGTH: u64 = 1 << 20;

/// A MiB that can be read as often as one likes.
pub(crate) fn image(place: &Place) -> Image {
    let path = place.path("image");
    std::fs::write(&path, vec![7; LENGTH as usize]).unwrap();
    Image::file(path)
}

/// A blank disc in a drive that fails by this script.
pub(crate) fn failing(place: &Place, disc: impl Into<DiscType>, script: &str) -> Opened {
    let path = place.path("disc.vdisc");
    burn::blank(&path, disc, None);
    again(&path, script)
}

/// A disc that there is in a drive that fails by this script.
pub(crate) fn again(disc: &Path, script: &str) -> Opened {
    let script: FaultScript = script.parse().unwrap();
    Opened::with(disc, |drive| Box::new(Fault::new(drive, script)))
}

/// A burn onto a blank disc that must fail.
async fn burned(disc: MediumKind, script: &str, options: BurnOptions) -> BurnError {
    let place = Place::new();
    let opened = failing(&place, disc, script);
    let error = opened.burn(options, image(&place)).await.unwrap_err();
    opened.close().await;
    error
}

async fn answers() -> Vec<Met> {
    let mut met = Vec::new();
    for (script, code) in [
        ("when write do sense 4/44/00", Code::DriveFault),
        ("when write do sense 5/24/00", Code::DriveRefuses),
        ("when write do sense 7/27/00", Code::MediumWriteProtected),
        ("when write do sense 3/0C/00", Code::MediumWriteFault),
        ("when write do sense 3/0C/09", Code::WriteLossOfStreaming),
        ("when write do sense 5/30/10", Code::MediumNotFormatted),
        ("when write do unplug", Code::DriveGone),
        ("when read do sense 3/11/05", Code::VerifyDiffers),
        ("when read do flip", Code::VerifyDiffers),
        ("when get-configuration do sense 5/20/00", Code::DriveTooOld),
        (
            "when read-disc-information do sense 5/20/00",
            Code::DriveFactMissing,
        ),
        ("when test-unit-ready do sense 2/04/01", Code::DriveNotReady),
        (
            "when test-unit-ready do sense 2/04/02",
            Code::DriveNeedsHand,
        ),
        (
            "when test-unit-ready do sense 2/04/04",
            Code::DriveFormatting,
        ),
        (
            "when test-unit-ready do sense 2/04/07",
            Code::DriveLongOperation,
        ),
        (
            "when test-unit-ready do sense 2/06/00",
            Code::MediumUpsideDown,
        ),
        (
            "when test-unit-ready do sense 2/30/00",
            Code::MediumUnrecognized,
        ),
        ("when test-unit-ready do sense 2/3A/00", Code::MediumNone),
        ("when inquiry do timeout", Code::DriveTimeout),
    ] {
        let error = burned(MediumKind::BdR, script, burn::options()).await;
        met.push(Met::new(code, &error));
    }
    met
}

/// INQUIRY answers with another type of device.
pub(crate) fn disguised(drive: Box<dyn Transport>) -> Box<dyn Transport> {
    Box::new(Around::new(drive, |drive, mut exchange| {
        let reply = drive.execute(exchange.reborrow())?;
        if exchange.cdb.opcode() == 0x12
            && let Data::In(bytes) = exchange.data
        {
            // A direct-access device, as sticks are.
            bytes[0] = 0;
        }
        Ok(reply)
    }))
}

/// A drive that only reads what is in it.
pub(crate) fn reader(disc: &Path) -> (Engine, DriveHandle) {
    let mut model = DriveModel::default();
    assert!(model.quirks.set("no_write_features", true));
    let medium = open_disc(disc, Access::ReadWrite).unwrap();
    let reader = VirtualDrive::new(model, medium, Pace::Virtual, "virtual:reader".into());
    let engine = Engine::builder().build().unwrap();
    let drive = engine.attach(Box::new(reader)).unwrap();
    (engine, drive)
}

async fn drives() -> Vec<Met> {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, MediumKind::BdR, None);
    let mut met = Vec::new();

    let opened = Opened::with(&disc, disguised);
    let error = opened.drive.medium().await.unwrap_err();
    met.push(Met::new(Code::DriveNotOptical, &error));
    opened.close().await;

    let opened = again(&disc, "when inquiry do short 4");
    let error = opened.drive.capabilities().await.unwrap_err();
    met.push(Met::new(Code::DriveNonsense, &error));
    opened.close().await;

    let (engine, drive) = reader(&disc);
    let lease = drive.lease("a test").await.unwrap();
    let job = lease.burn(burn::options(), image(&place));
    met.push(Met::new(
        Code::DriveOnlyReads,
        &job.report().await.unwrap_err(),
    ));
    drop(lease);
    engine.shutdown(Duration::from_secs(60)).await;

    // An engine that writes nothing.
    let engine = Engine::builder().without_builtin_writers().build().unwrap();
    let opened = Opened::of(engine, &disc, |drive| drive);
    let error = opened.burn(burn::options(), image(&place)).await;
    met.push(Met::new(Code::MediumNotSupported, &error.unwrap_err()));

    // The disc has no track, and nothing to be read.
    let error = opened.drive.read(ReadOptions::default()).await;
    met.push(Met::new(Code::MediumEmpty, &error.err().unwrap()));
    let lease = opened.drive.lease("a test").await.unwrap();
    let error = lease.eject().await;
    assert_eq!(error, Ok(()));
    drop(lease);
    let error = opened.burn(burn::options(), image(&place)).await;
    met.push(Met::new(Code::MediumNone, &error.unwrap_err()));
    opened.close().await;
    met
}

async fn discs() -> Vec<Met> {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, MediumKind::BdR, Some(8192));
    let mut met = Vec::new();
    let opened = Opened::new(&disc);

    let test_write = burn::options().simulate(Simulate::TestWrite);
    let error = opened.burn(test_write, image(&place)).await.unwrap_err();
    met.push(Met::new(Code::DriveFeatureNotCurrent, &error));

    let large = Image::stream(64 << 20, stream::empty());
    let error = opened.burn(burn::options(), large).await.unwrap_err();
    met.push(Met::new(Code::MediumTooSmall, &error));

    let empty = Image::stream(0, stream::empty());
    let error = opened.burn(burn::options(), empty).await.unwrap_err();
    met.push(Met::new(Code::SourceEmpty, &error));

    let slow = burn::options().speed(Speed::TenthsOfNominal(NonZeroU32::MIN));
    let lease = opened.drive.lease("a test").await.unwrap();
    let plan = lease.plan(slow, image(&place)).await.unwrap();
    let warning = plan
        .plan
        .warnings
        .iter()
        .find(|warning| Code::of_warning(warning).is_some())
        .unwrap();
    met.push(Met::told(
        Code::SpeedAdjusted,
        Code::of_warning(warning),
        warning,
    ));
    drop(lease);

    opened.burn(burn::options(), image(&place)).await.unwrap();
    let ninth = Append::default().session(EarlierSession::Number(9));
    let ninth = Image::tree(vec![], MasterOptions::default().append(ninth));
    let error = opened.burn(burn::new_session(), ninth).await.unwrap_err();
    met.push(Met::new(Code::MediumNoSuchSession, &error));
    let error = opened.burn(burn::options(), image(&place)).await;
    met.push(Met::new(Code::MediumNotBlank, &error.unwrap_err()));
    let error = opened.drive.read(ReadOptions::default().track(9)).await;
    met.push(Met::new(Code::MediumNoContents, &error.err().unwrap()));
    opened.close().await;

    // A block that cannot be read.
    let opened = again(&disc, "when read do sense 3/11/05");
    let reading = opened.drive.read(ReadOptions::default()).await;
    let error = match reading {
        Err(error) => error,
        Ok(mut reading) => loop {
            if let Err(error) = reading.pieces.next().await.unwrap() {
                break error;
            }
        },
    };
    met.push(Met::new(Code::MediumUnreadable, &error));
    opened.close().await;

    let opened = Opened::new(&disc);
    let lease = opened.drive.lease("a test").await.unwrap();
    lease.close(true).report().await.unwrap();
    drop(lease);
    let error = opened.burn(burn::new_session(), image(&place)).await;
    met.push(Met::new(Code::MediumClosed, &error.unwrap_err()));
    opened.close().await;

    let disc = place.path("overwritable.vdisc");
    burn::blank(&disc, MediumKind::BdRe, None);
    let opened = Opened::new(&disc);
    opened.burn(burn::options(), image(&place)).await.unwrap();
    let error = opened.burn(burn::new_session(), image(&place)).await;
    met.push(Met::new(Code::MediumNoSessions, &error.unwrap_err()));
    let lease = opened.drive.lease("a test").await.unwrap();
    let error = lease.format(Some(0x3f), None).report().await;
    met.push(Met::new(Code::DriveFeatureMissing, &error.unwrap_err()));
    drop(lease);
    opened.close().await;
    met
}

/// Questions and settings of a client's own.
async fn commands() -> Vec<Met> {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, MediumKind::BdR, None);
    let opened = again(
        &disc,
        "when mode-select-10 do sense 5/26/00\nwhen read-capacity do sense 1/17/01 carried-out",
    );
    let lease = opened.drive.lease("a test").await.unwrap();
    let mut met = Vec::new();
    let current = PageControl::Current;
    let error = lease.mode_page(0x3e, current).await.unwrap_err();
    met.push(Met::new(Code::DriveModePageMissing, &error));
    let page = lease.mode_page(0x01, current).await.unwrap();
    let error = lease.set_mode_page(&page).await.unwrap_err();
    met.push(Met::new(Code::DriveModeRefused, &error));
    let error = lease.feature(0x0fff, false).await.unwrap_err();
    met.push(Met::new(Code::DriveFeatureMissing, &error));

    // READ DISC STRUCTURE of a format that there is not.
    let structure = [0xad, 0, 0, 0, 0, 0, 0, 0x7f, 0, 4, 0, 0];
    let structure = RawCommand::new(&structure).unwrap().receiving(4);
    let error = lease.execute(structure).await.unwrap_err();
    met.push(Met::new(Code::DriveStructureMissing, &error));

    let capacity = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let capacity = RawCommand::new(&capacity).unwrap().receiving(8);
    let reply = lease.execute(capacity).await.unwrap();
    let sense = reply.sense.unwrap();
    met.push(Met::told(Code::DriveSenseBeside, reply.code(), &sense));
    drop(lease);
    opened.close().await;
    met
}

/// A MiB of which the second half comes when it is let go.
fn stalling(halfway: Arc<Notify>, go_on: Arc<Notify>) -> Image {
    let pieces = stream::unfold(0u64, move |sent| {
        let (halfway, go_on) = (Arc::clone(&halfway), Arc::clone(&go_on));
        async move {
            if sent == 16 {
                return None;
            }
            if sent == 8 {
                halfway.notify_one();
                go_on.notified().await;
            }
            let piece: io::Result<Bytes> = Ok(Bytes::from(vec![7; 1 << 16]));
            Some((piece, sent + 1))
        }
    });
    Image::stream(LENGTH, pieces)
}

async fn leases() -> Vec<Met> {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    burn::blank(&disc, MediumKind::BdR, None);
    let opened = Opened::new(&disc);
    let mut met = Vec::new();
    let error = opened.drive.lease("").await.unwrap_err();
    met.push(Met::new(Code::LeaseBadName, &error));
    let lease = opened.drive.lease("the first").await.unwrap();
    let error = opened.drive.lease("the second").await.unwrap_err();
    met.push(Met::new(Code::LeaseHeld, &error));

    let (halfway, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let options = burn::options()
        .verify(VerifyLevel::Quick)
        .stash(StashPolicy::Never, vec![]);
    let job = lease.burn(options, stalling(Arc::clone(&halfway), Arc::clone(&go_on)));
    halfway.notified().await;
    let error: QueryError = opened.drive.medium().await.unwrap_err();
    met.push(Met::new(Code::LeaseBusy, &error));
    job.cancel();
    go_on.notify_one();
    let error = job.report().await.unwrap_err();
    met.push(Met::new(Code::RequestCancelled, &error));
    drop(lease);
    opened.close().await;
    met
}

pub(crate) async fn met() -> Vec<Met> {
    let mut met = answers().await;
    met.extend(drives().await);
    met.extend(discs().await);
    met.extend(leases().await);
    met.extend(commands().await);
    met
}

#[tokio::test(flavor = "multi_thread")]
async fn what_drives_answer_has_its_code() {
    as_wanted(&answers().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn drives_that_are_not_fit_have_their_codes() {
    as_wanted(&drives().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn discs_that_do_not_fit_have_their_codes() {
    as_wanted(&discs().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_drive_has_a_code() {
    as_wanted(&leases().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_drive_does_not_have_or_take_has_its_code() {
    as_wanted(&commands().await);
}
