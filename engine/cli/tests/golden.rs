//! The JSON that is published: whole runs against the files in `golden/`, with what changes from run to
//! run made equal. `PITLAND_BLESS=1` writes the files anew.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::Bench;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// Fields whose values change from run to run.
const VOLATILE: [&str; 5] = [
    "elapsed_seconds",
    "device_seconds",
    "buffer_full",
    "ring_ran_dry",
    "free_bytes",
];

/// Fields that change from release to release.
const VERSIONS: [&str; 3] = ["version", "abi", "sdk"];

/// Something in each place, whatever file system this is.
const STASH: &[&str] = &["--stash", "all", "--stash-memory", "1k", "--stash-dir", "."];

fn check(name: &str, lines: Vec<Value>) {
    let mut text = String::new();
    for mut line in lines {
        // How many figures there are depends on the machine; their form has a test of its own.
        if line["type"] == "progress" {
            continue;
        }
        normalise(&mut line);
        text.push_str(&serde_json::to_string_pretty(&line).unwrap());
        text.push('\n');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.json"));
    if std::env::var_os("PITLAND_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        text, golden,
        "{name}: if this is meant, PITLAND_BLESS=1 writes it anew"
    );
}

fn normalise(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if VOLATILE.contains(&key.as_str()) {
                    assert!(value.is_number(), "{key}");
                    *value = json!("volatile");
                } else if VERSIONS.contains(&key.as_str()) {
                    let text = value.as_str().unwrap_or_default();
                    assert_eq!(text.split('.').count(), 3, "{key}: {text:?}");
                    *value = json!("version");
                } else {
                    normalise(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(normalise),
        _ => {}
    }
}

/// A tree whose image has the same size wherever and whenever it is made.
fn bench() -> Bench {
    let bench = Bench::new();
    let root = bench.path("tree");
    fs::create_dir_all(root.join("folder")).unwrap();
    fs::write(root.join("hello.txt"), "hello\n").unwrap();
    fs::write(root.join("folder/data.bin"), vec![0x5A; 100_000]).unwrap();
    settle(&bench);
    bench
}

/// Times that do not depend on the second in which the test runs.
fn settle(bench: &Bench) {
    for name in [
        "tree",
        "tree/folder",
        "tree/hello.txt",
        "tree/folder/data.bin",
    ] {
        let file = fs::File::open(bench.path(name)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000))
            .unwrap();
    }
}

#[test]
fn a_burn_and_its_disc() {
    let bench = bench();
    let disc = "virtual:disc.vdisc";
    check(
        "virtual-create",
        bench
            .expect(
                0,
                &[
                    "virtual",
                    "create",
                    "disc.vdisc",
                    "--medium",
                    "bd-r",
                    "--capacity",
                    "32M",
                    "--json",
                ],
            )
            .json(),
    );
    check(
        "medium-blank",
        bench.expect(0, &["medium", disc, "--json"]).json(),
    );
    check(
        "plan",
        bench
            .expect(
                0,
                &[
                    &["burn", "tree", "--drive", disc, "--plan", "--json"],
                    STASH,
                ]
                .concat(),
            )
            .json(),
    );
    check(
        "burn",
        bench
            .expect(0, &["burn", "tree", "--drive", disc, "--json"])
            .json(),
    );
    check(
        "burn-refused",
        bench
            .expect(4, &["burn", "tree", "--drive", disc, "--json"])
            .json(),
    );
    check(
        "burn-new-session",
        bench
            .expect(
                0,
                &[
                    "burn",
                    "tree",
                    "--drive",
                    disc,
                    "--new-session",
                    "--close",
                    "--json",
                ],
            )
            .json(),
    );
    check(
        "medium",
        bench.expect(0, &["medium", disc, "--json"]).json(),
    );
    check(
        "verify",
        bench.expect(0, &["verify", disc, "tree", "--json"]).json(),
    );
    fs::write(bench.path("tree/new.txt"), "new").unwrap();
    settle(&bench);
    let mut differs = bench.expect(9, &["verify", disc, "tree", "--json"]).json();
    differs.retain(|line| line["path"] == "/new.txt" || line["type"] == "verified");
    check("verify-differs", differs);
    check(
        "read",
        bench
            .expect(
                0,
                &["read", disc, "--track", "1", "-o", "out.img", "--json"],
            )
            .json(),
    );
    check(
        "virtual-export",
        bench
            .expect(
                0,
                &["virtual", "export", "disc.vdisc", "-o", "out.img", "--json"],
            )
            .json(),
    );
    check("eject", bench.expect(0, &["eject", disc, "--json"]).json());
    check("load", bench.expect(0, &["load", disc, "--json"]).json());
}

#[test]
fn jobs_on_a_rewritable_disc() {
    let bench = bench();
    let disc = "virtual:disc.vdisc";
    bench.disc("disc.vdisc", "dvd+rw");
    check(
        "format",
        bench.expect(0, &["format", disc, "--json"]).json(),
    );
    check(
        "medium-rewritable",
        bench.expect(0, &["medium", disc, "--json"]).json(),
    );
    check("erase", bench.expect(0, &["erase", disc, "--json"]).json());
    check(
        "plan-rewritable",
        bench
            .expect(
                0,
                &[
                    &["burn", "tree", "--drive", disc, "--plan", "--json"],
                    STASH,
                ]
                .concat(),
            )
            .json(),
    );
}

#[test]
fn a_single_command() {
    let bench = bench();
    let disc = "virtual:disc.vdisc";
    bench.disc("disc.vdisc", "bd-r");
    let inquiry = [
        "scsi", disc, "12", "00", "00", "00", "24", "00", "--in", "36",
    ];
    check(
        "scsi",
        bench
            .expect(0, &[&inquiry[..], &["--json"]].concat())
            .json(),
    );
    let shown = String::from_utf8(bench.expect(0, &inquiry).stdout).unwrap();
    assert!(shown.contains("PITLAND"), "{shown}");
    let into = [&inquiry[..], &["-o", "inquiry.bin"]].concat();
    bench.expect(0, &into);
    assert_eq!(bench.bytes("inquiry.bin")[8..15], *b"PITLAND");
    // What changes something is sent only where that is said.
    let eject = ["scsi", disc, "1b", "00", "00", "00", "02", "00"];
    check(
        "scsi-not-sent",
        bench.expect(2, &[&eject[..], &["--json"]].concat()).json(),
    );
    bench.expect(0, &[&eject[..], &["--changes"]].concat());
    fs::write(bench.path("list.bin"), [0; 8]).unwrap();
    let select = [
        "scsi", disc, "55", "10", "00", "00", "00", "00", "00", "00", "08", "00",
    ];
    bench.expect(
        0,
        &[&select[..], &["--changes", "--out", "list.bin"]].concat(),
    );
    // A refusal of the drive is told with its sense: 3Eh is no command of an optical drive.
    let unknown = [
        "scsi", disc, "3e", "00", "00", "00", "00", "00", "00", "00", "00", "00",
    ];
    let unknown = [&unknown[..], &["--changes", "--json"]].concat();
    check("scsi-refused", bench.expect(7, &unknown).json());
    for wrong in ["1", "1ff", "zz"] {
        bench.expect(2, &["scsi", disc, wrong]);
    }
    bench.expect(2, &["scsi", disc, "12", "00"]);
    bench.expect(
        2,
        &[
            "scsi", disc, "12", "00", "00", "00", "24", "00", "--in", "35",
        ],
    );
}

#[test]
fn what_needs_no_disc() {
    let bench = bench();
    // Which drives there are is the machine's.
    let told = bench.expect(0, &["drives", "--json"]).json();
    assert_eq!(told[0]["type"], "drives");
    assert!(told[0]["drives"].is_array(), "{told:?}");
    check("plugins", bench.expect(0, &["plugins", "--json"]).json());
    check(
        "exit-statuses",
        bench.expect(0, &["exit-statuses", "--json"]).json(),
    );
    check(
        "image",
        bench
            .expect(0, &["image", "tree", "-o", "out.iso", "--json"])
            .json(),
    );
    check(
        "plan-to-be-made",
        bench
            .expect(
                0,
                &[
                    "burn",
                    "tree",
                    "--drive",
                    "virtual:new.vdisc",
                    "--plan",
                    "--json",
                    "--stash",
                    "never",
                ],
            )
            .json(),
    );
    check(
        "error-usage",
        bench
            .expect(
                2,
                &[
                    "burn",
                    "tree",
                    "--drive",
                    "virtual:null",
                    "--speed",
                    "fast",
                    "--json",
                ],
            )
            .json(),
    );
    check(
        "error-source",
        bench
            .expect(
                3,
                &["burn", "missing", "--drive", "virtual:new.vdisc", "--json"],
            )
            .json(),
    );
    check(
        "error-no-drive",
        bench
            .expect(5, &["medium", "virtual:missing.vdisc", "--json"])
            .json(),
    );
    check(
        "error-plugin",
        bench
            .expect(10, &["plugins", "--plugin", "missing.so", "--json"])
            .json(),
    );
}

#[test]
fn a_volume_is_listed_and_extracted() {
    let bench = bench();
    bench.expect(0, &["image", "tree", "-o", "image.iso"]);
    let listed = ["ls", "image.iso", "folder", "--json", "--fs", "joliet"];
    let lines = bench.expect(0, &listed).json();
    check("ls", lines);
    let extracted = ["extract", "image.iso", "-o", "out", "--json"];
    check("extract", bench.expect(0, &extracted).json());
    check(
        "ls-no-such-path",
        bench
            .expect(4, &["ls", "image.iso", "missing", "--json"])
            .json(),
    );
}

#[test]
fn figures_have_the_published_fields() {
    let bench = bench();
    let data = fs::File::create(bench.path("tree/big")).unwrap();
    data.set_len(24 << 20).unwrap();
    bench.disc("disc.vdisc", "bd-r");
    let run = bench.expect(
        0,
        &["burn", "tree", "--drive", "virtual:disc.vdisc", "--json"],
    );
    let figures = run.of_type("progress");
    assert!(!figures.is_empty());
    let published = [
        "schema",
        "type",
        "drive",
        "phase",
        "percent",
        "bytes_done",
        "bytes_total",
        "bytes_per_second",
        "times_nominal",
        "ring",
        "drive_buffer",
        "elapsed_seconds",
        "remaining_seconds",
        "committed",
    ];
    for line in figures {
        let fields = line.as_object().unwrap();
        assert_eq!(fields.len(), published.len(), "{line}");
        for field in published {
            assert!(fields.contains_key(field), "{field} in {line}");
        }
    }
}

/// Sound that is the same each time.
fn sheet(bench: &Bench) {
    let sound: Vec<u8> = (0..700 * 588u32)
        .flat_map(|n| (n.wrapping_mul(2_654_435_761) | 1).to_le_bytes())
        .collect();
    fs::write(bench.path("a.bin"), sound).unwrap();
    let text = "CATALOG 4006381333931\nTITLE Album\nFILE a.bin BINARY\nTRACK 1 AUDIO\nTITLE One\nISRC USAT29902803\nINDEX 1 0:0:0\n\
        TRACK 2 AUDIO\nFLAGS PRE\nPREGAP 0:2:0\nINDEX 1 0:5:0\n";
    fs::write(bench.path("a.cue"), text).unwrap();
}

#[test]
fn a_cd_of_sound() {
    let bench = Bench::new();
    sheet(&bench);
    let image = [
        "cd",
        "image",
        "a.cue",
        "-o",
        "a.raw",
        "--lead-in",
        "99:00:00",
        "--json",
    ];
    check("cd-image", bench.expect(0, &image).json());
    bench.expect(0, &["virtual", "create", "a.vdisc", "--medium", "cd-r"]);
    let drive = "virtual:a.vdisc";
    let audio = ["audio", "--cue", "a.cue", "--drive", drive, "--json"];
    check(
        "audio-plan",
        bench.expect(0, &[&audio[..], &["--plan"]].concat()).json(),
    );
    check("audio", bench.expect(0, &audio).json());
    check(
        "cd-toc",
        bench.expect(0, &["cd", "toc", drive, "--json"]).json(),
    );
    check(
        "cd-text",
        bench.expect(0, &["cd", "text", drive, "--json"]).json(),
    );
    check(
        "cd-toc-indexes",
        bench
            .expect(0, &["cd", "toc", drive, "--indexes", "--json"])
            .json(),
    );
    let read = ["cd", "read", drive, "-o", "copy", "--as", "ccd", "--json"];
    check("cd-read", bench.expect(0, &read).json());
    check(
        "cd-rip",
        bench
            .expect(0, &["cd", "rip", drive, "-o", "rip", "--json"])
            .json(),
    );
}
