//! Sound on the virtual CD by burners of others, and read by others: every sample, where each track
//! begins, texts and codes. Owns the album, its trials and their judgement; what a program does is told in
//! `burners/sound`.

use super::burners;
use super::common::outside;
use super::common::tree;
use super::guest::{self, Boot, Guest, Scenario};
use super::program::pitland;
use super::served::Served;
use super::table::{Row, Table};
use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The programs that burn and read, and Debian's packages with them.
const PROGRAMS: [(&str, &str); 7] = [
    ("wodim", "wodim"),
    ("cdrdao", "cdrdao"),
    ("cdrskin", "cdrskin"),
    ("cd-info", "libcdio-utils"),
    ("cdparanoia", "cdparanoia"),
    ("sg_start", "sg3-utils"),
    ("blockdev", "util-linux"),
];

/// Frames of the tracks: of eight seconds and of seven, as wodim takes two of the first for a pause.
const FRAMES: [usize; 2] = [600, 525];
pub(crate) const FRAME_BYTES: usize = 2352;
/// Bytes before the samples, as cdparanoia writes them.
const WAV_HEADER: usize = 44;

/// A program and how it writes.
#[derive(Debug, Clone, Copy)]
struct Trial {
    program: &'static str,
    mode: &'static str,
    /// Where the second track and the lead-out are.
    second: usize,
    lead_out: usize,
    /// It writes the texts, the catalogue number and the codes of its cue sheet or toc-file.
    texts: bool,
}

const fn trial(
    program: &'static str,
    mode: &'static str,
    second: usize,
    lead_out: usize,
    texts: bool,
) -> Trial {
    Trial {
        program,
        mode,
        second,
        lead_out,
        texts,
    }
}

/// cdrdao's second track has a pause with sound of one second.
const TRIALS: [Trial; 6] = [
    trial("wodim", "tao", 752, 1279, false),
    trial("wodim", "sao", 600, 1125, true),
    trial("wodim", "raw", 600, 1125, false),
    trial("cdrdao", "sao", 675, 1125, true),
    trial("cdrdao", "raw", 675, 1125, true),
    trial("cdrskin", "sao", 600, 1125, true),
];

const MEDIUM: &str = "cd-r";

impl Trial {
    fn name(&self) -> String {
        format!("sound.{}.{}", self.program, self.mode)
    }

    fn row(&self) -> Row {
        Row::new(self.program, MEDIUM, &format!("sound {}", self.mode))
    }

    fn scenario(&self, number: usize) -> Scenario {
        let Self { program, mode, .. } = self;
        Scenario {
            name: self.name(),
            script: format!(
                "MEDIUM={MEDIUM} DEVICE=/dev/sr{number} PROGRAM={program} MODE={mode}\n\
                 . /share/functions\n. /share/burners/sound\n"
            ),
            limit: 600,
        }
    }

    /// What must read from the first frame to the lead-out.
    fn samples(&self, album: &[u8]) -> Vec<u8> {
        if self.mode != "tao" {
            return album.to_vec();
        }
        // The drive's pause and run-out are silent.
        let (first, second) = album.split_at(FRAMES[0] * FRAME_BYTES);
        let mut all = first.to_vec();
        all.resize(self.second * FRAME_BYTES, 0);
        all.extend(second);
        all.resize(self.lead_out * FRAME_BYTES, 0);
        all
    }

    /// What is wrong with what the readers found, one line each.
    fn judge(&self, share: &Path, album: &[u8]) -> Vec<String> {
        let out = share.join(format!("{}.out", self.name()));
        if !out.join("done").exists() {
            let said = share.join("said").join(self.name());
            let said = fs::read_to_string(said).unwrap_or_default();
            let lines: Vec<&str> = said.lines().collect();
            return vec![lines[lines.len().saturating_sub(25)..].join("\n    ")];
        }
        let mut wrong = Vec::new();
        let mut check = |what: &str, right: bool| {
            if !right {
                wrong.push(what.to_owned());
            }
        };
        let samples = self.samples(album);
        check("cdparanoia's samples", ripped(&out, 1..=2) == samples);
        // The file of cdrdao has each sample's high byte first.
        let mut swapped = fs::read(out.join("all.bin")).unwrap();
        swapped.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        check("cdrdao's samples", swapped == samples);
        let info = fs::read_to_string(out.join("info")).unwrap();
        let starts = [("1:", 0), ("2:", self.second), ("170:", self.lead_out)];
        for (number, lba) in starts {
            check(
                &format!("{number} at {lba}"),
                starts_of(&info, number) == Some(lba),
            );
        }
        let toc = fs::read_to_string(out.join("toc")).unwrap();
        let texts = [
            "TITLE: Album of two",
            "PERFORMER: The Virtual",
            "TITLE: First",
            "TITLE: Second",
            "(MCN): 4006381333931",
        ];
        for text in texts {
            check(text, info.contains(text) == self.texts);
        }
        for code in ["\"USAT29902803\"", "\"DEABC1345678\"", "INDEX 00:03:00"] {
            check(code, toc.contains(code) == self.texts);
        }
        if self.program == "cdrdao" {
            check("a pause of a second", toc.contains("START 00:01:00"));
        }
        wrong
    }
}

/// The tracks that cdparanoia wrote, one behind the other, without their headers.
pub(crate) fn ripped(folder: &Path, tracks: RangeInclusive<u8>) -> Vec<u8> {
    let track = |number: u8| {
        let name = format!("track{number:02}.cdda.wav");
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        bytes.get(WAV_HEADER..).unwrap_or_default().to_vec()
    };
    tracks.flat_map(track).collect()
}

/// The block of a line of cd-info's table: number, time, block.
pub(crate) fn starts_of(info: &str, number: &str) -> Option<usize> {
    let words = info
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut found = words.filter(|words| words.first() == Some(&number));
    found.next()?.get(2)?.parse().ok()
}

/// The rows of the table that are told here.
pub(crate) fn rows() -> Vec<Row> {
    TRIALS.iter().map(Trial::row).collect()
}

pub(crate) fn wav(samples: &[u8]) -> Vec<u8> {
    let length = samples.len() as u32;
    let mut out = b"RIFF".to_vec();
    out.extend((36 + length).to_le_bytes());
    out.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    out.extend(44_100u32.to_le_bytes());
    out.extend((44_100u32 * 4).to_le_bytes());
    out.extend(b"\x04\0\x10\0data");
    out.extend(length.to_le_bytes());
    out.extend(samples);
    out
}

const CUE: &str = r#"CATALOG 4006381333931
TITLE "Album of two"
PERFORMER "The Virtual"
FILE "/share/sound/album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "First"
    PERFORMER "One"
    ISRC USAT29902803
    INDEX 01 00:00:00
    INDEX 02 00:03:00
  TRACK 02 AUDIO
    TITLE "Second"
    PERFORMER "Two"
    ISRC DEABC1345678
    INDEX 01 00:08:00
"#;

const TOC: &str = r#"CD_DA
CATALOG "4006381333931"
CD_TEXT {
  LANGUAGE_MAP { 0 : EN }
  LANGUAGE 0 { TITLE "Album of two" PERFORMER "The Virtual" }
}
TRACK AUDIO
ISRC "USAT29902803"
CD_TEXT { LANGUAGE 0 { TITLE "First" PERFORMER "One" } }
FILE "/share/sound/1.wav" 0
INDEX 00:03:00
TRACK AUDIO
ISRC "DEABC1345678"
CD_TEXT { LANGUAGE 0 { TITLE "Second" PERFORMER "Two" } }
FILE "/share/sound/2.wav" 0
START 00:01:00
"#;

/// Puts the album into the share; its samples.
fn album(share: &Path) -> Vec<u8> {
    let folder = share.join("sound");
    let tracks = [0, 1].map(|at| tree::noise(31 + at as u64, FRAMES[at] * FRAME_BYTES));
    let all = tracks.concat();
    tree::write(&folder.join("1.wav"), &wav(&tracks[0]));
    tree::write(&folder.join("2.wav"), &wav(&tracks[1]));
    tree::write(&folder.join("album.wav"), &wav(&all));
    tree::write(&folder.join("album.cue"), CUE.as_bytes());
    tree::write(&folder.join("album.toc"), TOC.as_bytes());
    all
}

/// A new CD-R of 30000 blocks.
pub(crate) fn blank_disc(folder: &Path, name: &str) -> PathBuf {
    let disc = folder.join(format!("{name}.vdisc"));
    let mut create = pitland();
    create.args(["virtual", "create", "--medium", MEDIUM]);
    outside::run(create.args(["--capacity", "61440000"]).arg(&disc));
    disc
}

/// A drive that takes no time.
pub(crate) struct Instant(PathBuf);

impl Instant {
    /// Its profile, in a file of the folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let path = folder.join("instant.toml");
        tree::write(
            &path,
            b"about = \"takes no time\"\n[does]\nclock_permille = 0\n",
        );
        Self(path)
    }

    /// The drive with this disc, as it is served.
    pub(crate) fn of(&self, disc: &Path) -> PathBuf {
        let profile = self.0.display();
        PathBuf::from(format!("{},profile={profile},speed=48x", disc.display()))
    }
}

/// cdrdao gives up at the first WRITE of a raw lead-in that finds the buffer full, where a drive may also
/// let the host wait: its drive takes no time.
fn served_as(trial: &Trial, disc: PathBuf, instant: &Instant) -> PathBuf {
    match (trial.program, trial.mode) {
        ("cdrdao", "raw") => instant.of(&disc),
        _ => disc,
    }
}

#[test]
fn burners_of_others_write_sound_and_readers_of_others_read_it() {
    let Some(guest) = Guest::ready_with_drives(&PROGRAMS) else {
        return;
    };
    let place = guest::place();
    let share = place.path().join("share");
    fs::create_dir_all(&share).unwrap();
    let album = album(&share);
    let instant = Instant::new(place.path());
    let discs: Vec<PathBuf> = TRIALS
        .iter()
        .map(|trial| served_as(trial, blank_disc(place.path(), &trial.name()), &instant))
        .collect();
    let served = Served::start(&discs, place.path());
    guest.run(&Boot {
        share: &share,
        modules: "virtio_scsi,sr_mod,sg",
        drives: served.addresses().to_vec(),
        scenarios: TRIALS
            .iter()
            .enumerate()
            .map(|(number, trial)| trial.scenario(number))
            .collect(),
        workers: 3,
    });
    drop(served.end());
    let mut table = Table::default();
    let mut told = String::new();
    for trial in &TRIALS {
        let wrong = trial.judge(&share, &album);
        let outcome = if wrong.is_empty() { "ok" } else { "fails" };
        table.insert(trial.row(), outcome);
        for what in wrong {
            writeln!(told, "{}: {what}", trial.name()).unwrap();
        }
    }
    table.judge(&burners::versions(), &told);
}
