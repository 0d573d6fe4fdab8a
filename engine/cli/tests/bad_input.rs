//! Bad input: a clear error, the published status, no panic, and a disc as it was.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{Bench, Run};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::process::Stdio;

const DISC: &str = "virtual:disc.vdisc";

/// Runs something that must fail, and insists that the disc and the folder stay as they are.
fn refused(bench: &Bench, status: i32, args: &[&str]) -> Run {
    let before = bench.bytes("disc.vdisc");
    let names = bench.names();
    let run = bench.expect(status, args);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    assert!(run.stdout.is_empty(), "{}", run.text());
    if status != 2 {
        for word in ["pitland: ", "medium: untouched", "advice: "] {
            assert!(run.stderr.contains(word), "{args:?}: {}", run.stderr);
        }
    }
    assert_eq!(bench.bytes("disc.vdisc"), before, "{args:?}");
    assert_eq!(bench.names(), names, "{args:?}");
    run
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.tree("tree");
    bench.disc("disc.vdisc", "bd-r");
    bench
}

#[test]
fn what_is_wrong_has_its_condition_and_the_value_that_windows_has_for_it() {
    let bench = bench();
    let told = |status, args: &[&str]| {
        let error = bench.expect(status, args).of_type("error").remove(0);
        let word = |field: &str| error[field].as_str().map(str::to_owned);
        (word("condition").unwrap(), word("imapi"))
    };
    let with = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    let without_drive = told(2, &["burn", "tree", "--json"]);
    assert_eq!(without_drive, with("request.no-drive", "C0AA0003"));
    let erase = told(4, &["erase", DISC, "--json"]);
    assert_eq!(erase, with("medium.not-rewritable", "80AA0904"));
    let missing = told(3, &["burn", "missing", "--drive", DISC, "--json"]);
    assert_eq!(missing, with("source.missing", "C0AAB12A"));
    // Each way of writing sound has a value of its own.
    let cd = "virtual:cd.vdisc";
    bench.expect(0, &["virtual", "create", "cd.vdisc", "--medium", "cd-r"]);
    bench.expect(0, &["burn", "tree", "--drive", cd]);
    fs::write(bench.path("sound.bin"), vec![0; 300 * 2352]).unwrap();
    let sheet = "FILE sound.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n";
    fs::write(bench.path("sound.cue"), sheet).unwrap();
    for (mode, value) in [
        ("tao", "C0AA0506"),
        ("raw", "C0AA0606"),
        ("sao", "C0AA0606"),
    ] {
        let sound = [
            "audio",
            "--cue",
            "sound.cue",
            "--mode",
            mode,
            "--drive",
            cd,
            "--json",
        ];
        assert_eq!(told(4, &sound), with("medium.not-blank", value), "{mode}");
    }
    let (condition, value) = told(
        2,
        &["burn", "tree", "--drive", DISC, "--drive", DISC, "--json"],
    );
    assert_eq!((condition.as_str(), value), ("drive.same", None));
}

#[test]
fn sources_that_are_missing_or_of_a_wrong_kind_are_named() {
    let bench = bench();
    let fifo = Command::new("mkfifo")
        .arg(bench.path("fifo"))
        .status()
        .unwrap();
    assert!(fifo.success());
    let named = |args: &[&str], name: &str| {
        let run = refused(&bench, 3, args);
        assert!(run.stderr.contains(name), "{}", run.stderr);
    };
    named(&["burn", "missing", "--drive", DISC], "missing");
    named(&["burn", "missing.iso", "--drive", DISC], "missing.iso");
    named(&["burn", "fifo", "--drive", DISC], "fifo");
    named(&["burn", "tree", "/dev/null", "--drive", DISC], "/dev/null");
    named(&["image", "missing", "-o", "out.iso"], "missing");
    // No new disc for a burn that cannot be.
    named(&["burn", "missing", "--drive", "virtual:new"], "missing");
    bench.expect(0, &["burn", "tree/a", "--drive", DISC]);
    named(&["verify", DISC, "missing"], "missing");
    named(&["verify", DISC, "missing.iso"], "missing.iso");
}

#[test]
fn an_image_that_is_not_whole_is_burned_with_a_warning() {
    let bench = bench();
    bench.expect(0, &["image", "tree", "-o", "whole.iso"]);
    let whole = bench.bytes("whole.iso");
    let cut = &whole[..whole.len() / 2 / 2048 * 2048];
    fs::write(bench.path("cut.iso"), cut).unwrap();
    fs::write(bench.path("odd.iso"), &whole[..whole.len() - 1]).unwrap();
    fs::write(bench.path("none.iso"), vec![7; 40 * 2048]).unwrap();
    for (image, told) in [
        ("whole.iso", None),
        ("cut.iso", Some("was cut short")),
        ("odd.iso", Some("no whole blocks")),
        ("none.iso", Some("no volume")),
    ] {
        let args = ["burn", image, "--drive", DISC, "--plan", "--json"];
        let warnings = bench.expect(0, &args).of_type("warning");
        let messages: Vec<&str> = warnings
            .iter()
            .map(|warning| warning["message"].as_str().unwrap())
            .collect();
        match told {
            None => assert_eq!(messages, [""; 0]),
            Some(told) => assert!(messages[0].contains(told), "{messages:?}"),
        }
    }
    // What cannot grow says so in words that fit an image.
    let grow = ["image", "tree", "--append-to", "cut.iso"];
    let refused = bench.expect(3, &grow);
    assert!(!refused.stderr.contains("disc"), "{}", refused.stderr);
    assert!(bench.bytes("cut.iso") == cut);
}

#[test]
fn special_files_inside_of_a_tree_are_refused_unless_told_otherwise() {
    let bench = bench();
    let fifo = Command::new("mkfifo")
        .arg(bench.path("tree/a/pipe"))
        .status()
        .unwrap();
    assert!(fifo.success());
    let run = refused(&bench, 3, &["burn", "tree", "--drive", DISC]);
    assert!(run.stderr.contains("a/pipe"), "{}", run.stderr);
    bench.expect(
        0,
        &[
            "burn",
            "tree",
            "--drive",
            "virtual:skip",
            "--special",
            "skip",
        ],
    );
    bench.expect(0, &["verify", "virtual:skip", "tree", "--special", "skip"]);
    bench.expect(
        0,
        &[
            "burn",
            "tree",
            "--drive",
            "virtual:store",
            "--special",
            "store",
        ],
    );
    bench.expect(
        0,
        &["verify", "virtual:store", "tree", "--special", "store"],
    );
    refused(
        &bench,
        2,
        &["burn", "tree", "--drive", DISC, "--special", "eat"],
    );
}

#[test]
fn a_loop_of_links_is_an_error_only_where_links_are_followed() {
    let bench = bench();
    std::os::unix::fs::symlink("..", bench.path("tree/a/up")).unwrap();
    let run = refused(
        &bench,
        3,
        &["burn", "tree", "--follow-links", "--drive", DISC],
    );
    assert!(run.stderr.contains("a/up"), "{}", run.stderr);
    bench.expect(0, &["burn", "tree", "--drive", DISC]);
}

#[test]
fn data_that_do_not_fit_are_refused_with_both_sizes_before_anything_is_written() {
    let bench = bench();
    let big = fs::File::create(bench.path("tree/big")).unwrap();
    big.set_len(64 << 20).unwrap();
    let run = refused(&bench, 4, &["burn", "tree", "--drive", DISC]);
    assert!(run.stderr.contains("bytes needed"), "{}", run.stderr);
    assert!(run.stderr.contains("bytes free"), "{}", run.stderr);
    // Over what 2^32 blocks hold.
    big.set_len(8 << 40).unwrap_or_default();
    refused(&bench, 3, &["burn", "tree", "--drive", DISC]);
}

#[test]
fn a_disc_that_holds_something_or_is_closed_is_refused_with_a_way_out() {
    let bench = bench();
    bench.expect(0, &["burn", "tree", "--drive", DISC]);
    let run = refused(&bench, 4, &["burn", "tree", "--drive", DISC]);
    assert!(run.stderr.contains("--new-session"), "{}", run.stderr);
    refused(&bench, 4, &["burn", "tree", "--drive", DISC, "--overwrite"]);
    refused(&bench, 4, &["erase", DISC]);
    refused(&bench, 4, &["read", DISC, "--track", "9", "-o", "out"]);
    refused(
        &bench,
        4,
        &[
            "virtual",
            "export",
            "disc.vdisc",
            "--track",
            "9",
            "-o",
            "out",
        ],
    );
    bench.expect(0, &["close", DISC, "--disc"]);
    refused(
        &bench,
        4,
        &["burn", "tree", "--drive", DISC, "--new-session"],
    );
    refused(&bench, 4, &["close", DISC]);
}

#[test]
fn a_blank_disc_has_nothing_to_read_or_to_verify() {
    let bench = bench();
    refused(&bench, 4, &["read", DISC, "-o", "out"]);
    refused(&bench, 4, &["verify", DISC, "tree"]);
    refused(&bench, 4, &["virtual", "export", "disc.vdisc", "-o", "out"]);
    refused(&bench, 4, &["close", DISC]);
}

#[test]
fn files_that_are_no_virtual_disc_or_a_damaged_one_are_not_opened() {
    let bench = bench();
    fs::write(bench.path("text"), "no disc at all").unwrap();
    let good = bench.bytes("disc.vdisc");
    fs::write(bench.path("short"), &good[..good.len() / 2]).unwrap();
    let mut torn = good.clone();
    torn[16..4096].fill(0xA5);
    fs::write(bench.path("torn"), &torn).unwrap();
    for name in ["text", "short", "torn", "tree"] {
        let before = fs::read(bench.path(name)).unwrap_or_default();
        let drive = format!("virtual:{name}");
        refused(&bench, 5, &["burn", "tree", "--drive", &drive]);
        refused(&bench, 5, &["medium", &drive]);
        refused(&bench, 5, &["virtual", "export", name, "-o", "out"]);
        assert_eq!(fs::read(bench.path(name)).unwrap_or_default(), before);
    }
}

#[test]
fn drives_that_do_not_exist_or_are_named_twice_are_refused() {
    let bench = bench();
    for drive in [
        "/dev/sr0",
        "disc.vdisc",
        "./disc.vdisc",
        "cdrom",
        "",
        "/dev/null",
    ] {
        refused(&bench, 5, &["burn", "tree", "--drive", drive]);
        refused(&bench, 5, &["medium", drive]);
    }
    refused(
        &bench,
        5,
        &["burn", "tree", "--drive", "virtual:no/such/folder/x"],
    );
    for twice in [
        [DISC, DISC],
        [DISC, "virtual:./disc.vdisc"],
        [DISC, "virtual:disc.vdisc,speed=4x"],
        ["virtual:new", "virtual:tree/../new"],
        ["virtual:null", "virtual:null,id=0"],
    ] {
        let run = bench.expect(
            2,
            &["burn", "tree", "--drive", twice[0], "--drive", twice[1]],
        );
        assert!(run.stderr.contains("twice"), "{}", run.stderr);
    }
    for drive in [
        "virtual:",
        "virtual:x,speed=fast",
        "virtual:null,id=x",
        "virtual:x,id=1",
    ] {
        refused(&bench, 2, &["medium", drive]);
    }
}

#[test]
fn a_wrong_command_line_is_refused_before_anything_is_looked_at() {
    let bench = bench();
    for args in [
        &["burn", "tree"][..],
        &["burn", "--drive", DISC],
        &["burn", "tree", "--drive", DISC, "--speed", "fast"],
        &["burn", "tree", "--drive", DISC, "--speed", "0"],
        &["burn", "tree", "--drive", DISC, "--verify", "some"],
        &["burn", "tree", "--drive", DISC, "--stash", "sometimes"],
        &["burn", "tree", "--drive", DISC, "--simulate=drive"],
        &[
            "burn",
            "tree",
            "--drive",
            DISC,
            "--overwrite",
            "--new-session",
        ],
        &["burn", "tree", "--drive", DISC, "--client", "a\u{1b}b"],
        &[
            "burn",
            "tree",
            "--drive",
            DISC,
            "--volume-id",
            "123456789012345678901234567890123",
        ],
        &[
            "burn",
            "tree",
            "--drive",
            DISC,
            "--writer",
            "no-such-writer",
        ],
        &["burn", "tree", "--drive", DISC, "--size", "4096"],
        &["burn", "-", "--drive", DISC],
        &["burn", "-", "tree", "--drive", DISC, "--size", "4096"],
        &["burn", "tree", "--drive", DISC, "--buffer", "3MB"],
        &["burn", "tree", "--drive", DISC, "--most-lag", "0"],
        &["burn", "tree", "--drive", DISC, "--stash-quota", "lots"],
        &["burn", "tree", "--drive", DISC, "--size", "0"],
        &["image", "-", "-o", "out"],
        &["image", "tree"],
        &["read", DISC],
        &["read", DISC, "--track", "0", "-o", "out"],
        &["format", DISC, "--kind", "64"],
        &["virtual", "create", "new", "--medium", "lp"],
        &[
            "virtual",
            "create",
            "new",
            "--medium",
            "bd-r",
            "--capacity",
            "2047",
        ],
        &[
            "virtual",
            "create",
            "new",
            "--medium",
            "bd-r",
            "--capacity",
            "2048",
        ],
        &[
            "virtual",
            "create",
            "new",
            "--medium",
            "bd-r",
            "--capacity",
            "99999999T",
        ],
        &["frobnicate"],
        &[],
    ] {
        refused(&bench, 2, args);
    }
    let run = bench.expect(2, &["burn", "tree", "--json"]);
    assert_eq!(run.of_type("error")[0]["code"], "usage");
}

#[test]
fn files_that_cannot_be_written_are_told_apart() {
    let bench = bench();
    bench.expect(0, &["burn", "tree", "--drive", DISC]);
    refused(&bench, 11, &["image", "tree", "-o", "no/such/folder/x.iso"]);
    refused(&bench, 11, &["image", "tree", "-o", "tree"]);
    refused(&bench, 11, &["read", DISC, "-o", "no/such/folder/x"]);
    refused(
        &bench,
        11,
        &["virtual", "create", "disc.vdisc", "--medium", "bd-r"],
    );
    refused(
        &bench,
        11,
        &[
            "burn",
            "tree",
            "--drive",
            "virtual:new",
            "--trace",
            "no/such/x",
        ],
    );
    // A trace replaces a trace and nothing else.
    refused(
        &bench,
        11,
        &["burn", "tree", "--drive", DISC, "--trace", "disc.vdisc"],
    );
    for _ in 0..2 {
        bench.expect(
            0,
            &[
                "burn",
                "tree",
                "--drive",
                DISC,
                "--new-session",
                "--plan",
                "--trace",
                "trace",
            ],
        );
    }
    // The disc itself is never the place for what is read from it.
    refused(&bench, 2, &["read", DISC, "-o", "disc.vdisc"]);
    refused(
        &bench,
        2,
        &["virtual", "export", "disc.vdisc", "-o", "disc.vdisc"],
    );
    let full = bench.run(&["image", "tree", "-o", "/dev/full"]);
    assert_eq!(full.status, 11, "{}", full.stderr);
}

#[test]
fn a_full_standard_output_is_told_on_standard_error() {
    let bench = bench();
    for json in [&[][..], &["--json"]] {
        let mut command = bench.command(&[&["plugins"][..], json].concat());
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let run = common::Run::new(command.stdout(full).output().unwrap());
        assert_eq!(run.status, 11);
        assert!(run.stderr.contains("standard output"), "{}", run.stderr);
    }
}

#[test]
fn two_programs_do_not_write_one_trace() {
    let bench = bench();
    bench.disc("other.vdisc", "bd-r");
    let waiting = [
        "burn",
        "-",
        "--size",
        "4M",
        "--drive",
        "virtual:other.vdisc",
    ];
    let args = [&waiting[..], &["--trace", "trace", "--json"]].concat();
    let mut first = common::running::Running::start(&bench, &args, Stdio::piped());
    first.until(|line| line["type"] == "phase");
    let burn = ["burn", "tree", "--drive", DISC, "--trace", "trace"];
    let run = bench.expect(11, &burn);
    assert!(run.stderr.contains("somebody else"), "{}", run.stderr);
    first.signal("-TERM");
    first.end();
    let trace = String::from_utf8(bench.bytes("trace")).unwrap();
    assert!(trace.trim_end().contains("\nend "), "a whole trace");
    bench.expect(0, &burn);
}

#[test]
fn what_is_served_has_neither_faults_nor_a_bus() {
    let bench = bench();
    fs::write(bench.path("script"), "").unwrap();
    for option in ["faults=script", "bus=usb@1MB/s"] {
        let address = format!("disc.vdisc,{option}");
        let serve = ["virtual", "serve", &address, "--listen", "127.0.0.1:0"];
        let run = bench.expect(2, &serve);
        assert!(run.stderr.contains("faults="), "{}", run.stderr);
    }
}

#[test]
fn a_disc_that_another_process_burns_is_busy() {
    let bench = bench();
    let held = fs::File::open(bench.path("disc.vdisc")).unwrap();
    held.lock().unwrap();
    let run = refused(&bench, 6, &["burn", "tree", "--drive", DISC]);
    assert!(run.stderr.contains("in use"), "{}", run.stderr);
    refused(&bench, 6, &["medium", DISC]);
}

#[test]
fn plugin_files_that_cannot_be_trusted_or_are_none_are_refused() {
    let bench = bench();
    fs::write(bench.path("text.so"), "no library").unwrap();
    refused(
        &bench,
        10,
        &["burn", "tree", "--drive", DISC, "--plugin", "text.so"],
    );
    refused(&bench, 10, &["plugins", "--plugin", "missing.so"]);
    refused(&bench, 10, &["plugins", "--plugin", "tree"]);
    fs::create_dir(bench.path("open")).unwrap();
    fs::set_permissions(bench.path("open"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::copy(bench.path("text.so"), bench.path("open/text.so")).unwrap();
    let run = refused(&bench, 10, &["plugins", "--plugin", "open/text.so"]);
    assert!(
        run.stderr.contains("can be written by others"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_broken_plugin_in_a_listed_folder_is_left_out_with_a_warning() {
    let bench = bench();
    fs::create_dir(bench.path("plugins")).unwrap();
    fs::write(bench.path("plugins/broken.so"), "no library").unwrap();
    let run = |args: &[&str]| {
        let mut command = bench.command(args);
        command.env("PITLAND_PLUGIN_DIR", "plugins");
        Run::new(command.output().unwrap())
    };
    let burned = run(&["burn", "tree", "--drive", DISC]);
    assert_eq!(burned.status, 0, "{}", burned.stderr);
    assert!(burned.stderr.contains("broken.so"), "{}", burned.stderr);
    assert!(burned.text().contains(", built in"), "{}", burned.text());

    // Asked for the plug-ins, it says why.
    let listed = run(&["plugins"]);
    assert_eq!(listed.status, 0, "{}", listed.stderr);
    let text = listed.text();
    let why = text.lines().find(|line| line.starts_with("refused"));
    let why = why.unwrap_or_else(|| panic!("{text}"));
    assert!(
        why.contains("broken.so: is no plug-in of pitland: it is no shared library"),
        "{why}"
    );
    assert!(text.contains(", built in, ABI "), "{text}");
}

#[test]
fn names_that_would_speak_to_a_terminal_are_escaped_for_people_and_whole_in_json() {
    use std::os::unix::ffi::OsStrExt;
    let bench = bench();
    fs::write(bench.path("tree/evil\u{1b}[2J\u{202e}"), "x").unwrap();
    let bytes = std::ffi::OsStr::from_bytes(b"tree/not-utf8-\xff");
    fs::write(bench.path(bytes), "x").unwrap();
    bench.tree("other");
    bench.expect(0, &["burn", "tree", "--drive", DISC]);
    let human = bench.expect(9, &["verify", DISC, "other"]);
    assert!(
        human.text().contains("evil\\u{1b}[2J\\u{202e}"),
        "{}",
        human.text()
    );
    assert!(!human.text().contains('\u{1b}'));
    let json = bench.expect(9, &["verify", DISC, "other", "--json"]);
    let paths: Vec<_> = json
        .of_type("difference")
        .into_iter()
        .map(|d| d["path"].clone())
        .collect();
    assert!(
        paths.contains(&"/evil\u{1b}[2J\u{202e}".into()),
        "{paths:?}"
    );
    let hex: String = b"/not-utf8-\xff"
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert!(
        paths.iter().any(|p| p["bytes"] == hex.as_str()),
        "{paths:?}"
    );
}

#[test]
fn an_image_does_not_take_the_place_of_its_own_source() {
    let bench = bench();
    fs::write(bench.path("tree/precious"), "precious").unwrap();
    refused(
        &bench,
        2,
        &["image", "tree/precious", "-o", "tree/precious"],
    );
    let over = ["image", "tree", "-o", "tree/precious"];
    for options in [
        &[][..],
        &["--zisofs"],
        &["--dedup"],
        &["--hide", "precious"],
    ] {
        refused(&bench, 2, &[&over[..], options].concat());
    }
    let kept = fs::read_to_string(bench.path("tree/precious")).unwrap();
    assert_eq!(kept, "precious");
    // What is left out is no part of it: so an image is made anew where it lies.
    for _ in 0..2 {
        let beside = ["image", "tree", "-o", "tree/new.iso", "--exclude", "*.iso"];
        bench.expect(0, &beside);
    }
}

#[test]
fn what_cannot_be_finalized_is_not_called_closed() {
    for medium in ["bd-re", "dvd-ram"] {
        let bench = Bench::new();
        bench.tree("tree");
        bench.disc("disc.vdisc", medium);
        let run = refused(&bench, 4, &["burn", "tree", "--drive", DISC, "--close"]);
        assert!(run.stderr.contains("cannot be finalized"), "{}", run.stderr);
    }
}

#[test]
fn a_burn_that_records_nothing_leaves_no_new_disc() {
    let bench = bench();
    let burn = [
        "burn",
        "tree",
        "--drive",
        "virtual:new.vdisc",
        "--stash",
        "all",
    ];
    let nowhere = ["--stash-memory", "0", "--stash-dir", "missing"];
    bench.expect(11, &[&burn[..], &nowhere].concat());
    assert!(!bench.path("new.vdisc").exists());
}

#[test]
fn a_wrong_word_does_not_reach_the_terminal_as_it_is() {
    let bench = bench();
    let run = bench.expect(2, &["image", "tree", "-o", "x", "--fo\u{1b}]0;title\u{7}o"]);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}
