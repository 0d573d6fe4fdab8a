//! An album that our program writes in each of its ways, read by programs of others through the real kernel:
//! every sample, where everything begins, pauses, indexes, flags, codes and texts. Owns the album and what
//! must be found of it.

use super::common::outside;
use super::common::tree;
use super::facade;
use super::frames::{self, CDRDAO, Peer, Sheet, Track, WODIM};
use super::guest::{self, Boot, Guest, Scenario};
use super::listing::Listing;
use super::program::{self, pitland};
use super::served::Served;
use super::sound::{FRAME_BYTES, Instant, blank_disc, ripped, wav};
use pitland::cd::Control;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The programs that read, and Debian's packages with them.
const PROGRAMS: [(&str, &str); 6] = [
    ("cdrdao", "cdrdao"),
    ("wodim", "wodim"),
    ("cd-info", "libcdio-utils"),
    ("cd-read", "libcdio-utils"),
    ("cdparanoia", "cdparanoia"),
    ("sg_start", "sg3-utils"),
];

/// Frames of the album's file: hidden sound of two seconds, then four tracks, the third with a second of sound
/// before it. The fourth has three seconds of silence before it that the file has not.
const HIDDEN: usize = 150;
const FILE_FRAMES: usize = 1725;
/// Where the file is cut by that silence, and its frames.
const CUT: usize = 1425;
const SILENCE: usize = 225;

const CUE: &str = r#"CATALOG 4006381333931
TITLE "Album of four"
PERFORMER "The Virtual"
FILE "album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "First"
    PERFORMER "One"
    ISRC USAT29902803
    INDEX 00 00:00:00
    INDEX 01 00:02:00
    INDEX 02 00:05:00
  TRACK 02 AUDIO
    TITLE "Second"
    PERFORMER "Two"
    INDEX 01 00:08:00
  TRACK 03 AUDIO
    TITLE "Third"
    PERFORMER "Three"
    FLAGS DCP
    ISRC DEABC1345678
    INDEX 00 00:13:00
    INDEX 01 00:14:00
    INDEX 02 00:16:00
    INDEX 03 00:17:00
  TRACK 04 AUDIO
    TITLE "Fourth"
    PERFORMER "Four"
    FLAGS DCP PRE
    PREGAP 00:03:00
    INDEX 01 00:19:00
"#;

/// The same for cdrdao, which takes no texts from cue sheets. Codes stand among the texts, too, as ours do.
const TOC: &str = r#"CD_DA
CATALOG "4006381333931"
CD_TEXT {
  LANGUAGE_MAP { 0 : EN }
  LANGUAGE 0 { TITLE "Album of four" PERFORMER "The Virtual" UPC_EAN "4006381333931" }
}
TRACK AUDIO
ISRC "USAT29902803"
CD_TEXT { LANGUAGE 0 { TITLE "First" PERFORMER "One" ISRC "USAT29902803" } }
FILE "/share/album/album.wav" 0 00:08:00
START 00:02:00
INDEX 00:03:00
TRACK AUDIO
CD_TEXT { LANGUAGE 0 { TITLE "Second" PERFORMER "Two" ISRC "" } }
FILE "/share/album/album.wav" 00:08:00 00:05:00
TRACK AUDIO
COPY
ISRC "DEABC1345678"
CD_TEXT { LANGUAGE 0 { TITLE "Third" PERFORMER "Three" ISRC "DEABC1345678" } }
FILE "/share/album/album.wav" 00:13:00 00:06:00
START 00:01:00
INDEX 00:02:00
INDEX 00:03:00
TRACK AUDIO
COPY
PRE_EMPHASIS
CD_TEXT { LANGUAGE 0 { TITLE "Fourth" PERFORMER "Four" ISRC "" } }
PREGAP 00:03:00
FILE "/share/album/album.wav" 00:19:00
"#;

/// What cdrdao must find where the album is one session, without empty lines and comments. Indexes from 2 on
/// count from the track's beginning on.
const READ_TOC: &str = r#"CD_DA
CATALOG "4006381333931"
CD_TEXT {
  LANGUAGE_MAP {
    0: 9
  }
  LANGUAGE 0 {
    TITLE "Album of four"
    PERFORMER "The Virtual"
    UPC_EAN "4006381333931"
    SIZE_INFO { 0,  1,  4,  0,  4,  3,  0,  0,  0,  0,  0,  0,
                0,  0,  0,  0,  0,  0,  4,  3, 13,  0,  0,  0,
                0,  0,  0,  0,  9,  0,  0,  0,  0,  0,  0,  0}
  }
}
TRACK AUDIO
NO COPY
NO PRE_EMPHASIS
TWO_CHANNEL_AUDIO
ISRC "USAT29902803"
CD_TEXT {
  LANGUAGE 0 {
    TITLE "First"
    PERFORMER "One"
    ISRC "USAT29902803"
  }
}
SILENCE 00:02:00
FILE "data.wav" 0 00:06:00
START 00:02:00
INDEX 00:03:00
TRACK AUDIO
NO COPY
NO PRE_EMPHASIS
TWO_CHANNEL_AUDIO
CD_TEXT {
  LANGUAGE 0 {
    TITLE "Second"
    PERFORMER "Two"
    ISRC ""
  }
}
FILE "data.wav" 00:06:00 00:05:00
TRACK AUDIO
COPY
NO PRE_EMPHASIS
TWO_CHANNEL_AUDIO
ISRC "DEABC1345678"
CD_TEXT {
  LANGUAGE 0 {
    TITLE "Third"
    PERFORMER "Three"
    ISRC "DEABC1345678"
  }
}
FILE "data.wav" 00:11:00 00:06:00
START 00:01:00
INDEX 00:02:00
INDEX 00:03:00
TRACK AUDIO
COPY
PRE_EMPHASIS
TWO_CHANNEL_AUDIO
CD_TEXT {
  LANGUAGE 0 {
    TITLE "Fourth"
    PERFORMER "Four"
    ISRC ""
  }
}
FILE "data.wav" 00:17:00 00:07:00
START 00:03:00
"#;

/// The same where a drive made the gaps: it knows neither texts nor indexes, and track 1 begins with the hidden
/// sound. The run-out ends a track, the pause begins
/// the next.
const READ_TOC_TAO: &str = r#"CD_DA
CATALOG "4006381333931"
TRACK AUDIO
NO COPY
NO PRE_EMPHASIS
TWO_CHANNEL_AUDIO
ISRC "USAT29902803"
FILE "data.wav" 0 00:08:02
TRACK AUDIO
NO COPY
NO PRE_EMPHASIS
TWO_CHANNEL_AUDIO
FILE "data.wav" 00:08:02 00:08:02
START 00:02:00
TRACK AUDIO
COPY
NO PRE_EMPHASIS
TWO_CHANNEL_AUDIO
ISRC "DEABC1345678"
FILE "data.wav" 00:16:04 00:07:02
START 00:02:00
TRACK AUDIO
COPY
PRE_EMPHASIS
TWO_CHANNEL_AUDIO
FILE "data.wav" 00:23:06 00:06:02
START 00:02:00
"#;

/// What cd-info must find: its table, the catalogue number, the texts. It calls the bit that permits copies
/// green, too.
const INFO: &str = "\
1: 00:04:00 000150 audio false no 2 no
2: 00:10:00 000600 audio false no 2 no
3: 00:16:00 001050 audio true yes 2 no
4: 00:24:00 001650 audio true yes 2 yes
170: 00:28:00 001950 leadout (4 MB raw, 4 MB formatted)
Media Catalog Number (MCN): 4006381333931
";
const INFO_TEXTS: &str = "\
CD-TEXT for Disc:
TITLE: Album of four
PERFORMER: The Virtual
UPC_EAN: 4006381333931
CD-TEXT for Track 1:
TITLE: First
PERFORMER: One
ISRC: USAT29902803
CD-TEXT for Track 2:
TITLE: Second
PERFORMER: Two
CD-TEXT for Track 3:
TITLE: Third
PERFORMER: Three
ISRC: DEABC1345678
CD-TEXT for Track 4:
TITLE: Fourth
PERFORMER: Four
";
/// Data behind the album: 11400 blocks of lead-out, lead-in and pause come before it. The data have 330 blocks,
/// of 150 that are added and two of run-out.
const INFO_EXTRA: &str = "\
5: 03:00:00 013350 data false no
170: 03:06:32 013832 leadout (31 MB raw, 30 MB formatted)
";
const INFO_TAO: &str = "\
1: 00:02:00 000000 audio false no 2 no
2: 00:12:02 000752 audio false no 2 no
3: 00:20:04 001354 audio true yes 2 no
4: 00:27:06 001881 audio true yes 2 yes
170: 00:31:08 002183 leadout (4 MB raw, 4 MB formatted)
Media Catalog Number (MCN): 4006381333931
";

/// A way to write it.
#[derive(Debug, Clone, Copy)]
struct Way {
    mode: &'static str,
    /// By the program in the guest, on `/dev/srN`; else on the host, into the disc's file.
    in_guest: bool,
    /// A session of data follows, as CD-EXTRA has it.
    extra: bool,
}

const fn way(mode: &'static str, in_guest: bool) -> Way {
    Way {
        mode,
        in_guest,
        extra: false,
    }
}

const WAYS: [Way; 6] = [
    way("sao", true),
    way("raw", false),
    way("raw-packed", false),
    way("raw-pq", false),
    way("tao", false),
    Way {
        extra: true,
        ..way("sao", false)
    },
];

impl Way {
    fn name(self) -> String {
        format!("album.{}", if self.extra { "extra" } else { self.mode })
    }

    fn scenario(self, number: usize) -> Scenario {
        let mut script = format!("DEVICE=/dev/sr{number}\n. /share/functions\n");
        if self.in_guest {
            let mode = self.mode;
            write!(
                script,
                ". /share/engine-functions\n\
                 expect 0 audio --cue /share/album/album.cue --drive $DEVICE --mode {mode}\n"
            )
            .unwrap();
        }
        script += "hear $DEVICE\ncd-read -C $DEVICE -m audio -s 0 -n 150 -o $out/hidden\n";
        if self.extra {
            script += "list_mounted $DEVICE list ''\n";
        }
        Scenario {
            name: self.name(),
            script,
            limit: 600,
        }
    }

    /// What must read from block 0 to the lead-out.
    fn samples(self, file: &[u8]) -> Vec<u8> {
        let frames = |from: usize, to: usize| &file[from * FRAME_BYTES..to * FRAME_BYTES];
        let silence = |frames: usize| vec![0; frames * FRAME_BYTES];
        if self.mode != "tao" {
            return [frames(0, CUT), &silence(SILENCE), frames(CUT, FILE_FRAMES)].concat();
        }
        // The drive ends each track with two frames and begins the next with a pause of two seconds. What
        // the file has before index 1 ends the track before, so that no sound is lost.
        let tracks = [0..600, 600..1050, 1050..CUT, CUT..FILE_FRAMES];
        let mut all = Vec::new();
        for (number, track) in tracks.into_iter().enumerate() {
            if number > 0 {
                all.extend(silence(150));
            }
            all.extend(frames(track.start, track.end));
            all.extend(silence(2));
        }
        all
    }

    /// The toc-file that cdrdao must write. Nothing is said in a lead-in that has P and Q alone.
    fn read_toc(self) -> String {
        match self.mode {
            "tao" => READ_TOC_TAO.to_owned(),
            "raw-pq" => without_texts(READ_TOC),
            _ => READ_TOC.to_owned(),
        }
    }

    fn info(self) -> String {
        match self.mode {
            _ if self.extra => {
                let (tracks, lead_out) = INFO.split_at(INFO.find("170:").unwrap());
                let (_, catalogue) = lead_out.split_once('\n').unwrap();
                format!("{tracks}{INFO_EXTRA}{catalogue}{INFO_TEXTS}CD-TEXT for Track 5:\n")
            }
            "tao" => INFO_TAO.to_owned(),
            "raw-pq" => INFO.to_owned(),
            _ => format!("{INFO}{INFO_TEXTS}"),
        }
    }

    /// What is wrong with what the readers found.
    fn judge(self, share: &Path, file: &[u8]) -> String {
        let out = share.join(format!("{}.out", self.name()));
        let text = |name: &str| fs::read_to_string(out.join(name)).unwrap();
        let mut wrong = String::new();
        let mut check = |what: &str, right: bool| {
            if !right {
                writeln!(wrong, "{}: {what}", self.name()).unwrap();
            }
        };
        let samples = self.samples(file);
        let hidden = &samples[..HIDDEN * FRAME_BYTES];
        // cdparanoia's tracks are those of the table of contents; what lies before the first one is its own.
        let ripped = ripped(&out, if self.mode == "tao" { 1..=4 } else { 0..=4 });
        check("cdparanoia's samples", ripped == samples);
        check(
            "cd-read's samples",
            fs::read(out.join("hidden")).unwrap() == hidden,
        );
        let mut swapped = fs::read(out.join("all.bin")).unwrap();
        swapped.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        check("cdrdao's samples", swapped == samples);
        let toc = facts_of_toc(&text("toc"));
        check(
            &format!("cdrdao's toc-file:\n{toc}"),
            toc == self.read_toc(),
        );
        let info = facts_of_info(&text("info"));
        check(&format!("cd-info's table:\n{info}"), info == self.info());
        wrong
    }
}

/// A toc-file without comments and empty lines.
fn facts_of_toc(toc: &str) -> String {
    let told = |line: &&str| !line.is_empty() && !line.starts_with("//");
    toc.lines()
        .filter(told)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn without_texts(toc: &str) -> String {
    let mut in_text = false;
    let mut out = String::new();
    for line in toc.lines() {
        in_text |= line == "CD_TEXT {";
        if !in_text {
            writeln!(out, "{line}").unwrap();
        }
        in_text &= line != "}";
    }
    out
}

/// The lines of cd-info's table of tracks, of the catalogue number and of the texts, with single spaces.
fn facts_of_info(info: &str) -> String {
    let mut out = String::new();
    for line in info.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_track = words
            .first()
            .and_then(|word| word.strip_suffix(':'))
            .is_some_and(|number| number.parse::<u8>().is_ok());
        let is_text = line.starts_with("CD-TEXT for") || line.starts_with('\t');
        if is_track || is_text || line.starts_with("Media Catalog") {
            writeln!(out, "{}", words.join(" ")).unwrap();
        }
    }
    out
}

const COPY: Control = Control {
    copy_permitted: true,
    ..Control::AUDIO
};

/// The album, by its blocks.
const ALBUM: Sheet = Sheet {
    tracks: &[
        Track {
            start: -150,
            indexes: &[150, 375],
            control: Control::AUDIO,
            isrc: Some("USAT29902803"),
        },
        Track {
            start: 600,
            indexes: &[600],
            control: Control::AUDIO,
            isrc: None,
        },
        Track {
            start: 975,
            indexes: &[1050, 1200, 1275],
            control: COPY,
            isrc: Some("DEABC1345678"),
        },
        Track {
            start: 1425,
            indexes: &[1650],
            control: Control {
                pre_emphasis: true,
                ..COPY
            },
            isrc: None,
        },
    ],
    lead_out: 1950,
    catalogue: Some("4006381333931"),
};

/// wodim takes no cue sheet where it writes raw. It has a file for each track, and makes the last two seconds of
/// one the pause of the next.
const PLAIN_CUE: &str = r#"FILE "album.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    FLAGS DCP
    INDEX 00 00:06:00
    INDEX 01 00:08:00
"#;

const PLAIN: Sheet = Sheet {
    tracks: &[
        Track {
            start: -150,
            indexes: &[0],
            control: Control::AUDIO,
            isrc: None,
        },
        Track {
            start: 450,
            indexes: &[600],
            control: COPY,
            isrc: None,
        },
    ],
    lead_out: FILE_FRAMES as i32,
    catalogue: None,
};

/// A program of others that writes one of both sheets raw, and how.
struct Rival {
    peer: Peer,
    sheet: Sheet,
    script: &'static str,
}

const RIVALS: [Rival; 2] = [
    Rival {
        peer: CDRDAO,
        sheet: ALBUM,
        script: "cdrdao write -n --driver generic-mmc-raw:0x10 --device $DEVICE /share/album/album.toc",
    },
    Rival {
        peer: WODIM,
        sheet: PLAIN,
        script: "cd /share/album\n\
            wodim -v gracetime=2 dev=$DEVICE -raw96r -audio 1.wav -copy 2.wav",
    },
];

impl Rival {
    fn name(&self) -> String {
        format!("frames.{}", self.peer.name)
    }

    fn scenario(&self, number: usize) -> Scenario {
        let script = self.script;
        Scenario {
            name: self.name(),
            script: format!(
                "DEVICE=/dev/sr{number}\n. /share/functions\nready $DEVICE\n{script}\n"
            ),
            limit: 600,
        }
    }
}

/// Puts the album into the share; the samples of its file.
fn album(share: &Path) -> Vec<u8> {
    let folder = share.join("album");
    let samples = tree::noise(41, FILE_FRAMES * FRAME_BYTES);
    tree::write(&folder.join("album.wav"), &wav(&samples));
    let (first, second) = samples.split_at(600 * FRAME_BYTES);
    tree::write(&folder.join("1.wav"), &wav(first));
    tree::write(&folder.join("2.wav"), &wav(second));
    tree::write(&folder.join("album.cue"), CUE.as_bytes());
    tree::write(&folder.join("plain.cue"), PLAIN_CUE.as_bytes());
    tree::write(&folder.join("album.toc"), TOC.as_bytes());
    samples
}

fn burn_on_host(cue: &Path, disc: &Path, mode: &str) {
    let drive = format!("virtual:{}", disc.display());
    let mut audio = pitland();
    audio.arg("audio").arg("--cue").arg(cue);
    outside::run(audio.args(["--drive", &drive, "--mode", mode, "--verify", "none"]));
}

#[test]
fn an_album_of_ours_is_read_by_others_as_it_was_and_others_write_the_same_frames() {
    let Some(guest) = Guest::ready_with_drives(&PROGRAMS) else {
        return;
    };
    let place = guest::place();
    let share = place.path().join("share");
    fs::create_dir_all(&share).unwrap();
    fs::copy(program::path(), share.join("pitland")).unwrap();
    let file = album(&share);
    let place = place.path();
    let mut discs: Vec<PathBuf> = WAYS.map(|way| blank_disc(place, &way.name())).to_vec();
    let data = place.join("data");
    tree::write(&data.join("b.txt"), b"hello\n");
    tree::write(&data.join("sub/a.bin"), &tree::noise(42, 300_000));
    for (way, disc) in WAYS.iter().zip(&discs).filter(|(way, _)| !way.in_guest) {
        burn_on_host(&share.join("album/album.cue"), disc, way.mode);
        if way.extra {
            let drive = format!("virtual:{}", disc.display());
            let mut burn = pitland();
            burn.arg("burn").arg(&data);
            outside::run(burn.args(["--drive", &drive, "--new-session"]));
        }
    }
    let plain = blank_disc(place, "plain");
    burn_on_host(&share.join("album/plain.cue"), &plain, "raw");
    discs.extend(RIVALS.map(|rival| blank_disc(place, &rival.name())));
    let facade_at = discs.len();
    discs.extend(facade::discs(place, &share));
    let instant = Instant::new(place);
    let drives: Vec<PathBuf> = discs.iter().map(|disc| instant.of(disc)).collect();
    let served = Served::start(&drives, place);
    let ours = (0..).zip(WAYS).map(|(number, way)| way.scenario(number));
    let theirs = (WAYS.len()..)
        .zip(&RIVALS)
        .map(|(number, rival)| rival.scenario(number));
    let outcomes = guest.run(&Boot {
        share: &share,
        modules: "virtio_scsi,sr_mod,sg,isofs",
        drives: served.addresses().to_vec(),
        scenarios: ours
            .chain(theirs)
            .chain([facade::scenario(facade_at)])
            .collect(),
        workers: 3,
    });
    drop(served.end());
    outcomes.assert_all_well();
    Listing::of(&data).assert_same(
        "behind the album",
        &Listing::read(&share.join("album.extra.list")),
    );
    let mut wrong: String = WAYS.iter().map(|way| way.judge(&share, &file)).collect();
    wrong += &facade::judge(&share);
    for (rival, theirs) in RIVALS.iter().zip(&discs[WAYS.len()..facade_at]) {
        let ours = match rival.peer.name {
            "cdrdao" => &discs[1],
            _ => &plain,
        };
        wrong += &frames::compare(&rival.sheet, &rival.peer, ours, theirs);
    }
    assert!(wrong.is_empty(), "{wrong}");
}
