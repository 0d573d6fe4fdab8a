//! Tracks that are added one by one, of any lengths.

use super::*;
use pitland_mmc::Lba;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// Samples that all differ from their neighbours, and none of which is silence.
fn pcm(first: u32, count: u32) -> Vec<u8> {
    let sample = |n: u32| (n.wrapping_mul(2_654_435_761) | 0x0101_0101).to_le_bytes();
    (first..first + count).flat_map(sample).collect()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> CdTrack {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    CdTrack::pcm(path)
}

fn all(image: &CdImage) -> Vec<u8> {
    let blocks = image.sectors();
    let mut out = vec![0; blocks.blocks() as usize * SECTOR_BYTES];
    blocks.reader().read_blocks(0, &mut out).unwrap();
    out
}

/// What is no silence.
fn sound(bytes: &[u8]) -> Vec<u8> {
    let samples = bytes.as_chunks::<4>().0;
    samples
        .iter()
        .filter(|sample| **sample != [0; 4])
        .flatten()
        .copied()
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the gaps and wherever files end, no sample is lost, doubled or moved; and without gaps none is inserted.
    #[test]
    fn no_sample_is_lost_or_inserted(
        lengths in proptest::collection::vec((0u32..2000, prop_oneof![Just(Gap::None), (1u32..200).prop_map(Gap::Silence), (1u32..20).prop_map(Gap::Shared)]), 1..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut builder = CdImage::builder();
        let mut whole = Vec::new();
        let mut next = 0;
        for (number, (more, gap)) in lengths.iter().enumerate() {
            // Longer than four seconds by more than any gap takes away.
            let count = 588 * 325 + more;
            let bytes = pcm(next, count);
            next += count;
            let mut track = put(folder.path(), &format!("{number}"), &bytes);
            track.gap = Some(*gap);
            builder.add(track);
            whole.extend(bytes);
        }
        let image = builder.finish().unwrap();
        let made = all(&image);
        prop_assert!(sound(&made) == whole);
        let gapless = lengths.iter().skip(1).all(|(_, gap)| !matches!(gap, Gap::Silence(_)));
        if gapless {
            let from = 150 * SECTOR_BYTES;
            prop_assert!(made[from..][..whole.len()] == whole);
            prop_assert_eq!(made.len(), (from + whole.len()).next_multiple_of(SECTOR_BYTES));
        }
        // Every form of raw image has the same sectors, for sound is not scrambled.
        let raw = image.raw(SubchannelForm::Pq16, Lba(-4650)).unwrap();
        let mut blocks = vec![0; 2368 * (made.len() / SECTOR_BYTES)];
        raw.reader().read_blocks(4500, &mut blocks).unwrap();
        let sectors: Vec<u8> = blocks.chunks_exact(2368).flat_map(|block| &block[..SECTOR_BYTES]).copied().collect();
        prop_assert!(sectors == made);
    }
}

#[test]
fn a_track_begins_in_the_frame_of_its_first_sample() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = CdImage::builder();
    builder.gap = Gap::None;
    builder.add(put(folder.path(), "a", &pcm(0, 588 * 300 + 587)));
    builder.add(put(folder.path(), "b", &pcm(0, 588 * 300 + 1)));
    builder.add(put(folder.path(), "c", &pcm(0, 588 * 300 + 1)));
    let image = builder.finish().unwrap();
    let starts: Vec<i32> = image
        .session()
        .tracks()
        .map(|(_, placed)| placed.index_1.0)
        .collect();
    assert_eq!(starts, [0, 300, 601]);
    assert_eq!(image.session().lead_out(), Lba(902));
}

#[test]
fn a_shared_gap_moves_the_mark_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = CdImage::builder();
    builder.gap = Gap::None;
    builder.add(put(folder.path(), "a", &pcm(0, 588 * 600)));
    builder.add(put(folder.path(), "b", &pcm(0, 588 * 400)));
    let plain = builder.finish().unwrap();
    builder.gap = Gap::Shared(150);
    let shared = builder.finish().unwrap();
    assert!(all(&plain) == all(&shared));
    let second = |image: &CdImage| {
        image
            .session()
            .tracks()
            .nth(1)
            .map(|(_, placed)| (placed.start, placed.index_1))
    };
    assert_eq!(second(&plain), Some((Lba(600), Lba(600))));
    assert_eq!(second(&shared), Some((Lba(450), Lba(600))));
    builder.gap = Gap::Shared(301);
    assert!(matches!(
        builder.finish().unwrap_err().fault,
        CdFault::Layout(LayoutError::TooShort {
            track: 1,
            frames: 299
        })
    ));
}

#[test]
fn hidden_sound_lies_before_the_first_track_and_short_tracks_are_filled_up() {
    let folder = tempfile::tempdir().unwrap();
    let wave = folder.path().join("hidden.wav");
    let hidden = pcm(9, 588 * 200);
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
    file.extend(44_100u32.to_le_bytes());
    file.extend((44_100u32 * 4).to_le_bytes());
    file.extend([4, 0, 16, 0]);
    file.extend(b"data");
    file.extend((hidden.len() as u32).to_le_bytes());
    file.extend(&hidden);
    let length = (file.len() as u32 - 8).to_le_bytes();
    file[4..8].copy_from_slice(&length);
    fs::write(&wave, file).unwrap();
    let mut builder = CdImage::builder();
    builder.pad = true;
    let short = pcm(0, 588 * 10 + 1);
    builder.add(put(folder.path(), "short", &short).hiding(&wave));
    builder.add(put(folder.path(), "long", &pcm(0, 588 * 300)));
    let image = builder.finish().unwrap();
    let made = all(&image);
    assert!(made[150 * SECTOR_BYTES..][..hidden.len()] == hidden);
    assert!(made[350 * SECTOR_BYTES..][..short.len()] == short);
    let (_, first) = image.session().tracks().next().unwrap();
    assert_eq!((first.index_1, first.end), (Lba(200), Lba(500)));
    assert_eq!(
        image.warnings(),
        [CdWarning::Padded {
            track: 1,
            frames: 289
        }]
    );
}

#[test]
fn pre_emphasis_that_changes_without_a_pause_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = |gap: Gap, emphasized: [bool; 3]| {
        let mut builder = CdImage::builder();
        builder.gap = gap;
        for (number, emphasis) in emphasized.into_iter().enumerate() {
            let name = number.to_string();
            let mut track = put(folder.path(), &name, &pcm(0, 588 * 500));
            track.control.pre_emphasis = emphasis;
            builder.add(track);
        }
        builder.finish().unwrap().warnings().to_vec()
    };
    let late = |track, pause| CdWarning::EmphasisWithoutPause { track, pause };
    let once = [false, true, true];
    assert_eq!(told(Gap::None, once), [late(2, 0)]);
    assert_eq!(told(Gap::Silence(149), once), [late(2, 149)]);
    let twice = [false, true, false];
    assert_eq!(told(Gap::None, twice), [late(2, 0), late(3, 0)]);
    assert_eq!(told(Gap::Silence(150), twice), []);
    // What is played in the pause does not matter.
    assert_eq!(told(Gap::Shared(150), twice), []);
    assert_eq!(told(Gap::None, [true; 3]), []);
}

/// Samples of two channels, full scale 1.
fn floating_wav(rate: u32, samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0\x02\0".to_vec();
    file.extend(rate.to_le_bytes());
    file.extend((rate * 8).to_le_bytes());
    file.extend([8, 0, 32, 0]);
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    let length = (file.len() as u32 - 8).to_le_bytes();
    file[4..8].copy_from_slice(&length);
    file
}

#[test]
fn an_album_of_another_rate_has_no_joints_where_its_sound_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let tone = |at: u32| (f64::from(at / 2) / 48_000.0 * 997.0 * std::f64::consts::TAU).sin() / 3.0;
    let samples: Vec<f32> = (0..2 * 48_000 * 13).map(|at| tone(at) as f32).collect();
    let write = |name: &str, from: usize, to: usize| {
        let path = folder.path().join(name);
        fs::write(&path, floating_wav(48_000, &samples[2 * from..2 * to])).unwrap();
        path
    };
    let (first, second) = (48_000 * 4 + 77, 48_000 * 8 + 1001);
    let parts = [
        write("1.wav", 0, first),
        write("2.wav", first, second),
        write("3.wav", second, samples.len() / 2),
    ];
    let uncut = [write("uncut.wav", 0, samples.len() / 2)];
    let built = |files: &[std::path::PathBuf], gap: Gap| {
        let mut builder = CdImage::builder();
        builder.gap = gap;
        for path in files {
            builder.add(CdTrack::sound(path));
        }
        builder.finish().unwrap()
    };
    let sheet = folder.path().join("album.cue");
    let lines = |number: usize| {
        format!("FILE {number}.wav WAVE\n TRACK 0{number} AUDIO\n  INDEX 01 00:00:00\n")
    };
    fs::write(&sheet, (1..=3).map(lines).collect::<String>()).unwrap();
    let values = |image: &CdImage| -> Vec<i16> {
        let bytes = all(image);
        let pairs = bytes.as_chunks::<2>().0.iter();
        pairs.map(|pair| i16::from_le_bytes(*pair)).collect()
    };
    let whole = values(&built(&uncut, Gap::None));
    // Each file has a dither of its own, of up to one step either way.
    let off = |made: &[i16]| {
        assert_eq!(made.len(), whole.len());
        whole
            .iter()
            .zip(made)
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap()
    };
    assert!(off(&values(&built(&parts, Gap::None))) <= 3);
    let of_sheet = CdImage::from_cue(&sheet, &CueOptions::default()).unwrap();
    assert!(off(&values(&of_sheet)) <= 3);
    let of_sheet = of_sheet
        .levelled(Level::Peak {
            ceiling: -20.0 * 3f64.log10(),
        })
        .unwrap();
    assert!(off(&values(&of_sheet)) <= 3, "as loud as it was");
    // With silence between, each is converted by itself.
    let paused = values(&built(&parts, Gap::Silence(1)));
    let alone = values(&built(&parts[2..], Gap::None));
    let lead = 2 * 588 * 150;
    assert!(paused.ends_with(&alone[lead..]));
}

#[test]
fn crests_that_are_cut_off_are_told_unless_the_album_becomes_quieter() {
    let folder = tempfile::tempdir().unwrap();
    let samples = [1.0f32, -2.0].repeat(588 * 300);
    let path = folder.path().join("loud.wav");
    fs::write(&path, floating_wav(44_100, &samples)).unwrap();
    let mut builder = CdImage::builder();
    builder.add(CdTrack::sound(&path));
    let image = builder.finish().unwrap();
    let clipped = CdWarning::Clipped { path, beyond: 602 };
    assert!(
        image.warnings().contains(&clipped),
        "{:?}",
        image.warnings()
    );
    let quieter = image.levelled(Level::Peak { ceiling: 0.0 }).unwrap();
    assert!(!quieter.warnings().contains(&clipped));
    let levelled = CdWarning::Levelled {
        gain: -602,
        loudness: None,
        limited: false,
    };
    assert!(
        quieter.warnings().contains(&levelled),
        "{:?}",
        quieter.warnings()
    );
}

#[test]
fn a_file_that_changed_meanwhile_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = CdImage::builder();
    builder.add(put(folder.path(), "a", &pcm(0, 588 * 400)));
    let image = builder.finish().unwrap();
    fs::write(folder.path().join("a"), pcm(0, 588 * 399)).unwrap();
    let mut out = vec![0; SECTOR_BYTES];
    let error = image
        .sectors()
        .reader()
        .read_blocks(549, &mut out)
        .unwrap_err();
    assert!(
        error.to_string().contains("changed while it was read"),
        "{error}"
    );
}

#[test]
fn parts_of_one_file_are_tracks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("both");
    let bytes = pcm(0, 588 * 800);
    fs::write(&path, &bytes).unwrap();
    let of = |part: std::ops::Range<u64>| {
        let mut builder = CdImage::builder();
        builder.gap = Gap::None;
        builder.add(CdTrack::pcm_part(&path, part.clone()));
        builder.add(CdTrack::pcm_part(&path, 0..part.start));
        builder.finish()
    };
    let (first, end) = (300 * 2352, 800 * 2352);
    let image = of(first..end).unwrap();
    let swapped = [&bytes[first as usize..], &bytes[..first as usize]].concat();
    assert!(sound(&all(&image)) == swapped);
    assert!(matches!(
        of(first..end + 2352).unwrap_err().fault,
        CdFault::Io { .. }
    ));
    assert!(matches!(
        of(first..first).unwrap_err().fault,
        CdFault::Empty { .. }
    ));
}
