//! Sound and raw CDs.

use crate::common::burn::{Opened, Place, blank};
use crate::common::watched::{Then, at_write};
use crate::sub_channels::channels;
use pitland::cd::{
    CdFault, CdImage, CdImageBuilder, CdMode, CdSubchannel, CdSubcode, CdTrack, CdWarning, Control,
    Gap, LayoutError, Limits, SECTOR_BYTES, SubchannelForm, Track,
};
use pitland::codes::{Code, Coded};
use pitland::transport::sim::MediumKind;
use pitland::writer::mmc::{Lba, Msf};
use pitland::{
    BurnError, BurnOptions, BurnReport, DriveHandle, Engine, Image, MediumState, OpenMode, Outcome,
    Refusal, SourceError, VerifyLevel,
};
use pitland_redbook::subchannel::{Channels, Q, QMessage, SubchannelTrack};
use std::sync::{Arc, Mutex};

const MODES: [CdMode; 5] = [
    CdMode::TrackAtOnce,
    CdMode::SessionAtOnce,
    CdMode::Raw(CdSubchannel::Raw96),
    CdMode::Raw(CdSubchannel::Packed96),
    CdMode::Raw(CdSubchannel::Pq16),
];
const RAW_FORMS: [(CdSubchannel, SubchannelForm, usize); 3] = [
    (CdSubchannel::Pq16, SubchannelForm::Pq16, 2368),
    (CdSubchannel::Packed96, SubchannelForm::Packed96, 2448),
    (CdSubchannel::Raw96, SubchannelForm::Raw96, 2448),
];
/// 95:00:00, the beginning of the longest lead-in.
const LONGEST_LEAD_IN: Lba = Lba(-22_650);

/// Samples that all differ from their neighbours, and none of which is silence.
fn sound(first: u32, frames: u32) -> Vec<u8> {
    let sample = |n: u32| (n.wrapping_mul(2_654_435_761) | 0x0101_0101).to_le_bytes();
    (first * 588..(first + frames) * 588)
        .flat_map(sample)
        .collect()
}

fn pcm(place: &Place, name: &str, bytes: &[u8]) -> CdTrack {
    let path = place.path(name);
    std::fs::write(&path, bytes).unwrap();
    CdTrack::pcm(path)
}

/// An album of tracks of so many frames that are one piece of sound.
fn album(place: &Place, frames: &[u32]) -> CdImageBuilder {
    let mut builder = CdImage::builder();
    let mut first = 0;
    for (number, frames) in frames.iter().enumerate() {
        let name = format!("{first}-{number}.pcm");
        builder.add(pcm(place, &name, &sound(first, *frames)));
        first += frames;
    }
    builder
}

fn drive(place: &Place, name: &str) -> Opened {
    blank(&place.path(name), MediumKind::CdR, None);
    Opened::new(&place.path(name))
}

fn full() -> BurnOptions {
    BurnOptions::default().verify(VerifyLevel::Full)
}

/// Burns it, with every sector read back and compared by the job itself.
async fn burned(drive: &Opened, image: &CdImage, mode: CdMode) -> BurnReport {
    let report = drive.burn(full(), Image::cd(image.clone(), mode)).await;
    let report = report.unwrap();
    assert_eq!(report.outcome, Outcome::Verified, "{mode}: {report:?}");
    report
}

/// The sound of a disc from a block on.
async fn read(drive: &DriveHandle, lba: Lba, frames: u32) -> Vec<u8> {
    let lease = drive.lease("a reader").await.unwrap();
    let reader = lease.reader();
    let mut out = vec![0; frames as usize * SECTOR_BYTES];
    let read = tokio::task::spawn_blocking(move || {
        reader.read_sectors(lba, false, &mut out).unwrap();
        out
    });
    read.await.unwrap()
}

/// The blocks of a raw image from an address on.
fn raw_blocks(image: &CdImage, form: SubchannelForm, lba: i32, blocks: u32) -> Vec<u8> {
    let raw = image.raw(form, LONGEST_LEAD_IN).unwrap();
    let mut out = vec![0; blocks as usize * raw.block_bytes()];
    let first = raw.first_lba().0.abs_diff(lba);
    raw.reader().read_blocks(first, &mut out).unwrap();
    out
}

fn q(channels: &Channels) -> Q {
    Q::parse(&channels.q()).unwrap()
}

/// The sub-channels of a raw image.
fn made_channels(image: &CdImage, lba: i32, blocks: u32) -> Vec<Channels> {
    let raw = raw_blocks(image, SubchannelForm::Raw96, lba, blocks);
    let of = |block: &[u8]| Channels::from_interleaved(block[SECTOR_BYTES..].try_into().unwrap());
    raw.chunks(2448).map(of).collect()
}

fn layout_error(builder: &CdImageBuilder) -> LayoutError {
    match builder.finish().unwrap_err().fault {
        CdFault::Layout(error) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn check_30_tracks_at_once_are_1_to_99_two_seconds_apart_and_end_well_when_cancelled() {
    let place = Place::new();
    for count in [1, 99] {
        let mut frames = vec![300; count - 1];
        frames.push(10);
        let mut builder = album(&place, &frames);
        builder.pad = true;
        let image = builder.finish().unwrap();
        let padded = CdWarning::Padded {
            track: count as u8,
            frames: 290,
        };
        assert_eq!(image.warnings(), [padded]);
        let drive = drive(&place, &format!("{count}.vdisc"));
        let report = burned(&drive, &image, CdMode::TrackAtOnce).await;
        let toc = report.facts.unwrap().cd.toc.unwrap();
        assert_eq!(toc.entries.len(), count + 1);
        for (number, entry) in toc.entries.iter().take(count).enumerate() {
            // Each behind 300 frames, the run-out, the link and two seconds.
            assert_eq!(entry.start, Lba(number as i32 * (300 + 2 + 150)));
        }
        let last = toc.entries[count - 1].start;
        let read = read(&drive.drive, last, 300).await;
        let (heard, silence) = read.split_at(10 * SECTOR_BYTES);
        assert!(heard == sound((count as u32 - 1) * 300, 10));
        assert!(silence.iter().all(|byte| *byte == 0));
        drive.close().await;
    }
    let mut short = album(&place, &[10]);
    short.pad = false;
    let too_short = LayoutError::TooShort {
        track: 1,
        frames: 10,
    };
    assert_eq!(layout_error(&short), too_short);
    let hundred = album(&place, &[300; 100]);
    assert_eq!(layout_error(&hundred), LayoutError::TooManyTracks(100));
    a_cancelled_album_is_released_as_a_disc_that_plays().await;
}

/// What is cancelled in its second track is closed behind what was written of it, and plays.
async fn a_cancelled_album_is_released_as_a_disc_that_plays() {
    let place = Place::new();
    let disc = place.path("disc.vdisc");
    blank(&disc, MediumKind::CdR, None);
    let cancel: Arc<Mutex<Option<pitland::Canceller>>> = Arc::default();
    let told = Arc::clone(&cancel);
    // The first track has fewer WRITEs.
    let drive = Opened::with(&disc, |inner| {
        at_write(inner, 40, move || {
            told.lock().unwrap().as_ref().unwrap().cancel();
            Then::Pass
        })
    });
    let image = album(&place, &[300, 900]).finish().unwrap();
    let lease = drive.drive.lease("an album").await.unwrap();
    let job = lease.burn(full(), Image::cd(image, CdMode::TrackAtOnce));
    *cancel.lock().unwrap() = Some(job.canceller());
    let error = job.report().await.unwrap_err();
    drop(lease);
    let BurnError::Failed { report, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(report.medium, MediumState::Appendable);
    assert_eq!(report.outcome, Outcome::ReadableOpen);
    let toc = drive.facts().await.cd.toc.unwrap();
    assert_eq!(toc.last_track, 2);
    assert!(read(&drive.drive, Lba(0), 300).await == sound(0, 300));
    let second = toc.entries[1].start;
    let read = read(&drive.drive, second, 300).await;
    let written = sound(300, 900);
    let equal = read
        .chunks(SECTOR_BYTES)
        .zip(written.chunks(SECTOR_BYTES))
        .take_while(|(read, written)| read == written)
        .count();
    assert!(
        (1..300).contains(&equal),
        "{equal} sectors of the second track"
    );
    let filled_up = &read[equal * SECTOR_BYTES..];
    assert!(filled_up.iter().all(|byte| *byte == 0), "with silence");
    // And the drive takes the next one.
    assert!(drive.drive.lease("another").await.is_ok());
    drive.close().await;
}

#[tokio::test]
async fn check_32_the_expected_contents_are_those_that_are_read_after_the_burn() {
    let place = Place::new();
    let modes = [
        CdMode::TrackAtOnce,
        CdMode::SessionAtOnce,
        CdMode::Raw(CdSubchannel::Raw96),
    ];
    for (number, mode) in modes.into_iter().enumerate() {
        let mut builder = album(&place, &[400, 333, 500]);
        builder.gap = match number % 2 {
            0 => Gap::Silence(150),
            _ => Gap::None,
        };
        let image = builder.finish().unwrap();
        let drive = drive(&place, &format!("{number}.vdisc"));
        let expected = image.expected_contents(mode);
        let report = burned(&drive, &image, mode).await;
        assert_eq!(
            report.facts.unwrap().cd.toc.as_ref(),
            Some(&expected),
            "{mode}"
        );
        assert_eq!(drive.facts().await.cd.toc, Some(expected), "{mode}");
        drive.close().await;
    }
}

#[tokio::test]
async fn check_33_raw_blocks_of_three_forms_are_burned_from_where_the_disc_s_lead_in_begins() {
    let place = Place::new();
    let image = album(&place, &[400, 333]).finish().unwrap();
    for (subchannel, form, bytes) in RAW_FORMS {
        let raw = image.raw(form, LONGEST_LEAD_IN).unwrap();
        assert_eq!(
            (raw.block_bytes(), raw.first_lba()),
            (bytes, LONGEST_LEAD_IN)
        );
        let mut stream = vec![0; raw.blocks() as usize * bytes];
        raw.reader().read_blocks(0, &mut stream).unwrap();
        let file = place.path("stream");
        std::fs::write(&file, &stream).unwrap();
        let again = CdImage::from_raw_blocks(&file, form, None).unwrap();
        let starts = |image: &CdImage| -> Vec<(u8, Lba, Lba)> {
            let tracks = image.session().tracks();
            tracks
                .map(|(_, p)| (p.number, p.start, p.index_1))
                .collect()
        };
        assert_eq!(starts(&again), starts(&image));
        let mode = CdMode::Raw(subchannel);
        let disc = place.path(&format!("{subchannel}.vdisc"));
        blank(&disc, MediumKind::CdR, None);
        let drive = Opened::new(&disc);
        let lead_in = drive.facts().await.cd.atip.unwrap().lead_in;
        let report = burned(&drive, &again, mode).await;
        assert_eq!(report.first_lba, lead_in.to_lba().unwrap().0);
        assert_eq!(report.block_bytes as usize, bytes);
        assert!(read(&drive.drive, Lba(0), 400).await == sound(0, 400));
        assert!(read(&drive.drive, Lba(550), 333).await == sound(400, 333));
        drive.close().await;
        // What is burned is what came, behind the blocks that this disc has no place for.
        let on_disc = channels(&disc, 100, 20);
        assert_eq!(on_disc.iter().map(q).collect::<Vec<_>>(), {
            let made = made_channels(&image, 100, 20);
            made.iter().map(q).collect::<Vec<_>>()
        });
        // A lead-in of a minute is shorter than the disc's.
        let short = raw.first_lba().0.abs_diff(-4650) as usize * bytes;
        std::fs::write(&file, &stream[short..]).unwrap();
        let short = CdImage::from_raw_blocks(&file, form, Some(4500)).unwrap();
        let other = place.path("other.vdisc");
        blank(&other, MediumKind::CdR, None);
        let drive = Opened::new(&other);
        let error = drive
            .burn(full(), Image::cd(short, mode))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::CdLeadIn);
        let BurnError::Source(SourceError::Cd(error)) = &error else {
            panic!("{error}");
        };
        let needed = u32::try_from(-150 - lead_in.to_lba().unwrap().0).unwrap();
        assert!(
            matches!(error.fault, CdFault::LeadInTooShort { given: 4500, needed: n } if n == needed),
            "{error}"
        );
        assert_eq!(drive.facts().await.condition().is_blank(), Some(true));
        drive.close().await;
        std::fs::remove_file(&other).unwrap();
    }
    raw_blocks_of_another_form_or_without_contents_are_refused().await;
}

async fn raw_blocks_of_another_form_or_without_contents_are_refused() {
    let place = Place::new();
    let image = album(&place, &[400]).finish().unwrap();
    let raw = image.raw(SubchannelForm::Raw96, LONGEST_LEAD_IN).unwrap();
    let mut stream = vec![0; raw.blocks() as usize * 2448];
    raw.reader().read_blocks(0, &mut stream).unwrap();
    let file = place.path("stream");
    let fault = |stream: &[u8]| {
        std::fs::write(&file, stream).unwrap();
        let opened = CdImage::from_raw_blocks(&file, SubchannelForm::Raw96, None);
        opened.unwrap_err().fault
    };
    assert!(matches!(fault(&stream[1..]), CdFault::Length { .. }));
    assert!(matches!(fault(&[]), CdFault::Empty { .. }));
    let lead_out = 22_650 + 400;
    assert!(matches!(
        fault(&stream[..lead_out * 2448]),
        CdFault::NoLeadOut { .. }
    ));
    let mut silent = stream.clone();
    silent[..22_500 * 2448].fill(0);
    assert!(matches!(fault(&silent), CdFault::NoContents { .. }));
    std::fs::write(&file, &stream).unwrap();
    let again = CdImage::from_raw_blocks(&file, SubchannelForm::Raw96, None).unwrap();
    for mode in [
        CdMode::TrackAtOnce,
        CdMode::SessionAtOnce,
        CdMode::Raw(CdSubchannel::Pq16),
    ] {
        let drive = drive(&place, "disc.vdisc");
        let error = drive.burn(full(), Image::cd(again.clone(), mode)).await;
        assert!(
            matches!(&error, Err(BurnError::Source(SourceError::Cd(error))) if matches!(error.fault, CdFault::OtherForm { .. })),
            "{mode}: {error:?}"
        );
        drive.close().await;
        std::fs::remove_file(place.path("disc.vdisc")).unwrap();
    }
}

#[tokio::test]
async fn check_34_without_gaps_the_sound_is_one_piece_and_with_gaps_150_sectors_of_silence_come_between()
 {
    let place = Place::new();
    let mut builder = album(&place, &[500, 500, 600]);
    let gaps = [Gap::None, Gap::Shared(150), Gap::Silence(150)];
    for (gap, (subchannel, _, _)) in gaps.into_iter().zip(RAW_FORMS) {
        builder.gap = gap;
        let image = builder.finish().unwrap();
        let drive = drive(&place, &format!("{subchannel}.vdisc"));
        burned(&drive, &image, CdMode::Raw(subchannel)).await;
        let all = image.session().lead_out().0 as u32;
        let read = read(&drive.drive, Lba(0), all).await;
        match gap {
            Gap::Silence(_) => {
                let silence = vec![0; 150 * SECTOR_BYTES];
                let tracks = [sound(0, 500), sound(500, 500), sound(1000, 600)];
                assert!(read == tracks.join(&silence[..]), "{subchannel}");
            }
            _ => assert!(read == sound(0, 1600), "{gap:?} {subchannel}"),
        }
        drive.close().await;
    }
}

#[tokio::test]
async fn check_35_hidden_sound_lies_before_index_1_of_the_first_track() {
    let place = Place::new();
    let hidden = wave(&place, &sound(5000, 200));
    let mut builder = CdImage::builder();
    builder.add(pcm(&place, "first", &sound(0, 400)).hiding(&hidden));
    let image = builder.finish().unwrap();
    let (_, first) = image.session().tracks().next().unwrap();
    assert_eq!((first.start, first.index_1), (Lba(-150), Lba(200)));
    let disc = place.path("disc.vdisc");
    blank(&disc, MediumKind::CdR, None);
    let drive = Opened::new(&disc);
    let mode = CdMode::Raw(CdSubchannel::Raw96);
    let report = burned(&drive, &image, mode).await;
    assert_eq!(
        report.facts.unwrap().cd.toc.unwrap().entries[0].start,
        Lba(200)
    );
    assert!(read(&drive.drive, Lba(0), 200).await == sound(5000, 200));
    assert!(read(&drive.drive, Lba(200), 400).await == sound(0, 400));
    drive.close().await;
    let index = |channels: &Channels| match q(channels).message {
        QMessage::Position { index, .. } => index,
        other => panic!("{other:?}"),
    };
    let on_disc = channels(&disc, 198, 4);
    assert_eq!(on_disc.iter().map(index).collect::<Vec<_>>(), [0, 0, 1, 1]);
    // It may end with block 397799 and no later: the track needs its four seconds.
    let session = |lead: u32| {
        let track = Track {
            lead,
            ..Track::audio(300)
        };
        pitland::cd::Session::new(vec![track], &Limits::ADDRESSES)
    };
    let last = session(397_800).unwrap();
    assert_eq!(last.lead_out(), Lba(398_100));
    let hidden = LayoutError::Hidden {
        end: 397_800,
        limit: 397_799,
    };
    assert_eq!(session(397_801).unwrap_err(), hidden);
}

/// A sound file of these samples.
fn wave(place: &Place, samples: &[u8]) -> std::path::PathBuf {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
    file.extend(44_100u32.to_le_bytes());
    file.extend((44_100u32 * 4).to_le_bytes());
    file.extend([4, 0, 16, 0]);
    file.extend(b"data");
    file.extend((samples.len() as u32).to_le_bytes());
    file.extend(samples);
    let length = (file.len() as u32 - 8).to_le_bytes();
    file[4..8].copy_from_slice(&length);
    let path = place.path("hidden.wav");
    std::fs::write(&path, file).unwrap();
    path
}

#[tokio::test]
async fn check_36_codes_flags_and_indexes_stand_in_q_of_the_disc() {
    let place = Place::new();
    let mut builder = CdImage::builder();
    builder.gap = Gap::None;
    let mut first = pcm(&place, "first", &sound(0, 400));
    first.isrc = Some("US-AT2-99-02803".parse().unwrap());
    first.indexes = vec![100, 250];
    first.control = Control {
        pre_emphasis: true,
        copy_permitted: true,
        ..Control::AUDIO
    };
    builder.add(first);
    let mut second = pcm(&place, "second", &sound(400, 400));
    second.serial_copy = true;
    builder.add(second);
    builder.add(pcm(&place, "third", &sound(800, 400)));
    builder.catalogue = Some("4006381333931".parse().unwrap());
    let image = builder.finish().unwrap();
    // The check digit is right; there is no pause for the change of pre-emphasis.
    let late = CdWarning::EmphasisWithoutPause { track: 2, pause: 0 };
    assert_eq!(image.warnings(), std::slice::from_ref(&late));
    for (number, mode) in [
        CdMode::SessionAtOnce,
        CdMode::TrackAtOnce,
        CdMode::Raw(CdSubchannel::Raw96),
    ]
    .into_iter()
    .enumerate()
    {
        let disc = place.path(&format!("{number}.vdisc"));
        blank(&disc, MediumKind::CdR, None);
        let drive = Opened::new(&disc);
        let report = burned(&drive, &image, mode).await;
        let toc = report.facts.unwrap().cd.toc.unwrap();
        drive.close().await;
        let controls: Vec<u8> = toc.entries.iter().map(|entry| entry.control).collect();
        assert_eq!(controls[..3], [0b0011, 0, 0], "{mode}");
        let starts: Vec<i32> = toc.entries.iter().map(|entry| entry.start.0).collect();
        let of_track = |at: usize| channels(&disc, starts[at], 400);
        let (mut catalogue, mut isrc) = (0, 0);
        for (at, channels) in of_track(0).iter().enumerate() {
            let Q { control, message } = q(channels);
            assert_eq!(control.bits(), 0b0011);
            match message {
                QMessage::Position { track, index, .. } => {
                    let wanted = match at {
                        0..100 => 1,
                        100..250 => 2,
                        _ => 3,
                    };
                    // The drive is told of one index alone where it makes the track.
                    let wanted = if mode == CdMode::TrackAtOnce {
                        1
                    } else {
                        wanted
                    };
                    assert_eq!((track, index), (SubchannelTrack::Number(1), wanted), "{at}");
                }
                QMessage::Catalogue { number, .. } => {
                    assert_eq!(number.to_string(), "4006381333931");
                    catalogue += 1;
                }
                QMessage::Recording { code, .. } => {
                    assert_eq!(code.to_string(), "USAT29902803");
                    isrc += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(
            catalogue >= 3 && isrc >= 3,
            "{mode}: at least once in 100 sectors"
        );
        // SCMS: the flag of copies is off for four sectors and on for four.
        let flags: Vec<bool> = of_track(1)
            .iter()
            .map(q)
            .filter(|q| matches!(q.message, QMessage::Position { .. }))
            .map(|q| q.control.copy_permitted)
            .collect();
        let on = flags.iter().filter(|on| **on).count();
        assert!(
            on * 5 > flags.len() * 2 && on * 5 < flags.len() * 3,
            "{mode}: {on}"
        );
        let changes = flags.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!((97..=100).contains(&changes), "{mode}: {changes}");
        assert!(
            of_track(2)
                .iter()
                .all(|channels| !q(channels).control.copy_permitted)
        );
    }
    // A number whose check digit is wrong is told; one that is none is refused.
    builder.catalogue = Some("4006381333932".parse().unwrap());
    let told = builder.finish().unwrap();
    let wrong = CdWarning::CheckDigit("4006381333932".into());
    assert_eq!(told.warnings(), [wrong, late]);
    assert!("40063813339".parse::<pitland::cd::Mcn>().is_err());
    assert!("USAT2990280".parse::<pitland::cd::Isrc>().is_err());
}

#[tokio::test]
async fn check_37_r_to_w_of_the_caller_are_in_the_raw_stream_and_on_the_disc() {
    let place = Place::new();
    let mut builder = album(&place, &[400, 333]);
    builder.gap = Gap::None;
    let sectors = 733;
    let values: Vec<u8> = (0..sectors * 96u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x3f)
        .collect();
    let file = place.path("graphics.cdg");
    std::fs::write(&file, &values).unwrap();
    builder.subcode = Some(CdSubcode::file(&file));
    let image = builder.finish().unwrap();
    let of_sector = |sector: u32| -> [u8; 96] {
        let at = sector as usize * 96;
        values[at..at + 96].try_into().unwrap()
    };
    for (channels, sector) in made_channels(&image, 0, sectors).iter().zip(0..) {
        assert_eq!(channels.symbols(), of_sector(sector));
        assert!(q(channels).control == Control::AUDIO, "P and Q are ours");
    }
    for subchannel in [CdSubchannel::Raw96, CdSubchannel::Packed96] {
        let disc = place.path(&format!("{subchannel}.vdisc"));
        blank(&disc, MediumKind::CdR, None);
        let drive = Opened::new(&disc);
        burned(&drive, &image, CdMode::Raw(subchannel)).await;
        drive.close().await;
        for lba in [0, 1, 399, 400, 732] {
            let on_disc = channels(&disc, lba, 1)[0].symbols();
            assert_eq!(on_disc, of_sector(lba as u32), "{subchannel}: {lba}");
        }
    }
    // There is no place for them in P and Q alone, nor where the drive makes the sub-channels.
    let error = image
        .raw(SubchannelForm::Pq16, LONGEST_LEAD_IN)
        .unwrap_err();
    assert!(matches!(error.fault, CdFault::NoPlaceForSubcode), "{error}");
    for mode in [
        CdMode::SessionAtOnce,
        CdMode::TrackAtOnce,
        CdMode::Raw(CdSubchannel::Pq16),
    ] {
        let disc = place.path("refused.vdisc");
        blank(&disc, MediumKind::CdR, None);
        let drive = Opened::new(&disc);
        let refused = drive.burn(full(), Image::cd(image.clone(), mode)).await;
        assert!(
            matches!(refused, Err(BurnError::Source(SourceError::Cd(_)))),
            "{mode}"
        );
        drive.close().await;
        std::fs::remove_file(&disc).unwrap();
    }
    // Exactly 96 bytes a sector, and nothing in the bits of P and Q.
    for wrong in [&values[1..], &[&values[..], &[0; 96]].concat()] {
        builder.subcode = Some(CdSubcode::bytes(wrong));
        let fault = builder.finish().unwrap_err().fault;
        assert!(
            matches!(fault, CdFault::SubcodeLength { needed: 70_368, .. }),
            "{fault}"
        );
    }
    let mut wrong = values.clone();
    wrong[96 * 500 + 7] |= 0x40;
    builder.subcode = Some(CdSubcode::bytes(wrong));
    let fault = builder.finish().unwrap_err().fault;
    assert!(
        matches!(fault, CdFault::SubcodeBits { sector: 500 }),
        "{fault}"
    );
}

fn tracks_that_no_raw_image_has_are_refused() {
    let session = |tracks: Vec<Track>| pitland::cd::Session::new(tracks, &Limits::ADDRESSES);
    assert!(session(vec![Track::audio(300)]).is_ok());
    let short = LayoutError::TooShort {
        track: 1,
        frames: 299,
    };
    assert_eq!(session(vec![Track::audio(299)]), Err(short));
    assert!(session(vec![Track::audio(300); 99]).is_ok());
    let many = LayoutError::TooManyTracks(100);
    assert_eq!(session(vec![Track::audio(300); 100]), Err(many));
    // 88:29:74 is the last block of a track; the lead-out's last one is 89:59:74 then.
    let longest = session(vec![Track::audio(398_100)]).unwrap();
    let last = Lba(longest.lead_out().0 - 1);
    assert_eq!(
        (last, last.to_msf()),
        (Lba(398_099), Some(Msf::new(88, 29, 74)))
    );
    let long = LayoutError::TooLong {
        end: 398_101,
        limit: 398_100,
    };
    assert_eq!(session(vec![Track::audio(398_101)]), Err(long));
    let indexed = |indexes: Vec<u32>| {
        session(vec![Track {
            indexes,
            ..Track::audio(2000)
        }])
    };
    assert!(indexed((1..=98).map(|n| n * 10).collect()).is_ok());
    let hundred = LayoutError::TooManyIndexes {
        track: 1,
        count: 100,
    };
    assert_eq!(indexed((1..=99).map(|n| n * 10).collect()), Err(hundred));
    for (indexes, index, start) in [
        (vec![9], 2, 9),
        (vec![50, 50], 3, 50),
        (vec![50, 59], 3, 59),
    ] {
        let fault = LayoutError::Index {
            track: 1,
            index,
            start,
        };
        assert_eq!(indexed(indexes), Err(fault));
    }
}

#[tokio::test]
async fn check_38_raw_images_have_limits_and_their_first_track_any_number() {
    let place = Place::new();
    let mut builder = album(&place, &[400, 333]);
    builder.first_track = 7;
    let image = builder.finish().unwrap();
    let disc = place.path("disc.vdisc");
    blank(&disc, MediumKind::CdR, None);
    let drive = Opened::new(&disc);
    let mode = CdMode::Raw(CdSubchannel::Raw96);
    let expected = image.expected_contents(mode);
    let report = burned(&drive, &image, mode).await;
    let facts = report.facts.unwrap();
    let toc = facts.cd.toc.clone().unwrap();
    assert_eq!((toc.first_track, toc.last_track), (7, 8));
    assert_eq!(toc, expected);
    let numbers: Vec<u16> = facts.tracks.iter().map(|track| track.track.0).collect();
    assert_eq!(numbers, [7, 8]);
    drive.close().await;
    for (lba, number) in [(0, 7), (399, 7), (550, 8)] {
        let QMessage::Position { track, .. } = q(&channels(&disc, lba, 1)[0]).message else {
            panic!("no position at {lba}");
        };
        assert_eq!(track, SubchannelTrack::Number(number));
    }
    // The drive numbers what it writes by a sheet or track by track.
    for mode in [CdMode::SessionAtOnce, CdMode::TrackAtOnce] {
        let other = place.path("refused.vdisc");
        blank(&other, MediumKind::CdR, None);
        let drive = Opened::new(&other);
        let refused = drive.burn(full(), Image::cd(image.clone(), mode)).await;
        let refused = refused.unwrap_err();
        assert_eq!(
            refused.medium_state(),
            MediumState::Untouched,
            "{mode}: {refused}"
        );
        drive.close().await;
        std::fs::remove_file(&other).unwrap();
    }
    for (first, tracks) in [(0, 2), (99, 2)] {
        builder.first_track = first;
        assert_eq!(
            layout_error(&builder),
            LayoutError::FirstNumber { first, tracks }
        );
    }
    builder.first_track = 98;
    assert!(builder.finish().is_ok());
    let data = Track::data(pitland::cd::SectorForm::Mode1, 300);
    let data = pitland::cd::Session::new(vec![data], &Limits::ADDRESSES).unwrap();
    assert_eq!(
        data.numbered_from(2),
        Err(LayoutError::NumberedData { track: 2 })
    );
    tracks_that_no_raw_image_has_are_refused();
}

/// Beyond what the disc says it holds is burned by name only, and by a drive that goes there.
#[tokio::test]
async fn overburn_is_for_who_asks_for_it_and_for_drives_that_take_it() {
    let place = Place::new();
    let image = album(&place, &[2500]).finish().unwrap();
    for mode in [
        CdMode::TrackAtOnce,
        CdMode::SessionAtOnce,
        CdMode::Raw(CdSubchannel::Raw96),
    ] {
        for takes in [true, false] {
            let disc = place.path("disc.vdisc");
            blank(&disc, MediumKind::CdR, Some(2048));
            let profile = if takes {
                ",profile=first-dvd-writer"
            } else {
                ""
            };
            let address = format!("virtual:{}{profile}", disc.display());
            let engine = Engine::builder().build().unwrap();
            let drive = engine
                .open_with(&address.parse().unwrap(), OpenMode::Existing, |inner| inner)
                .unwrap();
            let opened = Opened { engine, drive };
            let refused = opened.burn(full(), Image::cd(image.clone(), mode)).await;
            assert!(
                matches!(refused, Err(BurnError::Refused(Refusal::TooLarge { .. }))),
                "{mode}: {refused:?}"
            );
            assert_eq!(opened.facts().await.condition().is_blank(), Some(true));
            let options = full().overburn(true);
            let burned = opened.burn(options, Image::cd(image.clone(), mode)).await;
            match takes {
                true => {
                    let report = burned.unwrap();
                    assert_eq!(report.outcome, Outcome::Verified, "{mode}: {report:?}");
                }
                false => assert!(matches!(burned, Err(BurnError::Failed { .. })), "{mode}"),
            }
            opened.close().await;
            std::fs::remove_file(&disc).unwrap();
        }
    }
}

/// The job itself compares what was burned with what was sent, wherever the drive's read offset puts it.
#[tokio::test]
async fn a_burn_of_sound_is_read_back_by_its_own_job() {
    let place = Place::new();
    let image = album(&place, &[400, 333]).finish().unwrap();
    for (number, mode) in MODES.into_iter().enumerate() {
        if mode == CdMode::Raw(CdSubchannel::Packed96) {
            // This drive does not take it.
            continue;
        }
        let disc = place.path(&format!("{number}.vdisc"));
        blank(&disc, MediumKind::CdR, None);
        let address = format!("virtual:{},profile=first-dvd-writer", disc.display());
        let engine = Engine::builder().build().unwrap();
        let drive = engine
            .open_with(&address.parse().unwrap(), OpenMode::Existing, |inner| inner)
            .unwrap();
        let opened = Opened { engine, drive };
        let report = burned(&opened, &image, mode).await;
        let verified = report.verification.as_ref().unwrap();
        assert!(verified.is_complete());
        // 594 samples away: two sectors at an end of each piece of sound are not seen whole.
        assert!((2..=4).contains(&verified.blocks_unchecked), "{verified:?}");
        assert!(
            report
                .notes
                .iter()
                .any(|note| note.to_string().contains("+594"))
        );
        opened.close().await;
    }
}
