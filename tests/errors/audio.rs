//! CDs that cannot be made: sheets, sound, tracks, codes.

use crate::common::burn::{self, Place};
use crate::device::failing;
use crate::{Met, as_wanted};
use pitland::Image;
use pitland::cd::{CdImage, CdMode, CdSubchannel, CdTrack, CueOptions, Limits};
use pitland::codes::Code;
use pitland::transport::sim::MediumKind;
use pitland::writer::mmc::Lba;
use std::fs::{self, File};

/// Bytes of a frame of sound.
const FRAME: u64 = 2352;
/// Four seconds.
const SHORTEST: u64 = 300 * FRAME;

/// A sheet over a file of silence of so many bytes.
fn sheet(place: &Place, text: &str, bytes: u64) -> Result<CdImage, pitland::cd::CdError> {
    File::create(place.path("sound.bin"))
        .unwrap()
        .set_len(bytes)
        .unwrap();
    let path = place.path("sheet.cue");
    fs::write(&path, text).unwrap();
    CdImage::from_cue(&path, &CueOptions::default())
}

fn sheets() -> Vec<Met> {
    let place = Place::new();
    let file = "FILE sound.bin BINARY\n";
    let track = "TRACK 01 AUDIO\nINDEX 01 00:00:00\n";
    let many: String = (1..=100)
        .map(|number| {
            format!(
                "TRACK {number:02} AUDIO\nINDEX 01 {:02}:{:02}:00\n",
                number / 12,
                number % 12 * 5
            )
        })
        .collect();
    let mut met = Vec::new();
    for (text, bytes, code) in [
        (
            format!("{file}TRACK 01 VIDEO\nINDEX 01 00:00:00\n"),
            SHORTEST,
            Code::SheetTrackKind,
        ),
        (
            format!("{file}TRACK 01 AUDIO\n"),
            SHORTEST,
            Code::SheetNoFirstIndex,
        ),
        (file.into(), SHORTEST, Code::CdNoTrack),
        (
            format!("{file}{many}"),
            1000 * SHORTEST,
            Code::CdTooManyTracks,
        ),
        (format!("CATALOG 123\n{file}{track}"), SHORTEST, Code::CdMcn),
        (
            format!("{file}TRACK 01 AUDIO\nISRC 12\nINDEX 01 00:00:00\n"),
            SHORTEST,
            Code::CdIsrc,
        ),
        (
            format!("{file}{track}INDEX 02 00:00:05\n"),
            SHORTEST,
            Code::CdIndex,
        ),
        (format!("{file}{track}"), SHORTEST + 1, Code::SoundLength),
        (
            format!("{file}{track}"),
            SHORTEST - FRAME,
            Code::CdTrackTooShort,
        ),
        (format!("{file}{track}"), 500_000 * FRAME, Code::CdTooLong),
        (
            format!("FILE sound.bin WAVE\n{track}"),
            SHORTEST,
            Code::SoundFile,
        ),
        (
            format!("{file}{track}REM fine\nSOMETHING else\n"),
            SHORTEST,
            Code::SheetSyntax,
        ),
    ] {
        let error = sheet(&place, &text, bytes)
            .err()
            .unwrap_or_else(|| panic!("{text} is taken"));
        met.push(Met::new(code, &error));
    }
    met
}

fn tracks() -> Vec<Met> {
    let place = Place::new();
    let path = place.path("sound.bin");
    File::create(&path).unwrap().set_len(10 * SHORTEST).unwrap();
    let mut met = Vec::new();
    let mut track = CdTrack::pcm(&path);
    track.indexes = (1..=99).map(|index| index * 20).collect();
    let mut builder = CdImage::builder();
    builder.add(track);
    met.push(Met::new(
        Code::CdTooManyIndexes,
        &builder.finish().unwrap_err(),
    ));

    let mut builder = CdImage::builder();
    builder.add(CdTrack::pcm(&path));
    builder.limits = Limits {
        last_lead_out: Some(Lba(1000)),
        ..Limits::ADDRESSES
    };
    met.push(Met::new(Code::CdTooLong, &builder.finish().unwrap_err()));
    met
}

/// A drive that does not write in the way that is asked for.
async fn modes() -> Vec<Met> {
    let place = Place::new();
    let track = "FILE sound.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n";
    let image = sheet(&place, track, SHORTEST).unwrap();
    let opened = failing(&place, MediumKind::DvdPlusR, "");
    let image = Image::cd(image, CdMode::Raw(CdSubchannel::Raw96));
    let error = opened.burn(burn::options(), image).await.unwrap_err();
    opened.close().await;
    vec![Met::new(Code::CdSectorForm, &error)]
}

pub(crate) async fn met() -> Vec<Met> {
    let mut met = sheets();
    met.extend(tracks());
    met.extend(modes().await);
    met
}

#[test]
fn sheets_that_make_no_cd_have_their_codes() {
    as_wanted(&sheets());
}

#[test]
fn tracks_that_make_no_cd_have_their_codes() {
    as_wanted(&tracks());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_of_recording_that_a_disc_does_not_take_has_its_code() {
    as_wanted(&modes().await);
}
