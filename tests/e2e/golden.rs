//! The commands of a burn, in words, as they are kept in `golden/`: what a drive is told does not change
//! unseen. Renew them with `UPDATE_GOLDEN=1 cargo test --test e2e golden`.

use crate::common::burn::{self, Opened, Place};
use crate::common::tree;
use pitland::transport::sim::MediumKind;
use pitland::transport::trace::{Detail, Trace};
use pitland::{Finish, Image};
use std::fs::{self, File};
use std::path::Path;

/// The words of a trace, without times; blocks that follow each other in one line.
fn words(trace: &str) -> String {
    let mut lines: Vec<(String, u32)> = Vec::new();
    for line in trace.lines().skip(1) {
        let Some((words, _)) = line.split_once(" | ") else {
            continue;
        };
        let (_, command) = words.trim_start().split_once(' ').unwrap();
        // Where a run of blocks goes on is not of interest, nor how often the drive was asked to wait.
        let run = ["WRITE (10) lba", "READ (10) lba", "READ BUFFER CAPACITY"]
            .iter()
            .find(|name| command.starts_with(**name));
        let command = match run {
            Some(name) => {
                let answer = command.split_once(" -> ").map_or("", |(_, answer)| answer);
                // A drive's refusal stands whole.
                let answer = if answer.starts_with("GOOD") {
                    "GOOD"
                } else {
                    answer
                };
                format!("{name} ... -> {answer}")
            }
            // How far a long operation is.
            None => match command
                .strip_suffix(" % done")
                .and_then(|c| c.rsplit_once(", "))
            {
                Some((waiting, _)) => waiting.to_owned(),
                None => command.to_owned(),
            },
        };
        match lines.last_mut() {
            Some((last, count)) if *last == command => *count += 1,
            _ => lines.push((command, 1)),
        }
    }
    let mut text = String::new();
    for (line, count) in lines {
        let times = if count > 1 {
            format!("  x{count}")
        } else {
            String::new()
        };
        text += &format!("{line}{times}\n");
    }
    text
}

async fn a_burn_is_told_as_kept(kind: MediumKind, name: &str) {
    let place = Place::new();
    let (disc, image, trace) = (
        place.path("disc.vdisc"),
        place.path("image.iso"),
        place.path("trace.txt"),
    );
    fs::write(&image, tree::noise(4, 1_500_000)).unwrap();
    burn::blank(&disc, kind, Some(8192));
    let sink = File::create(&trace).unwrap();
    let opened = Opened::with(&disc, |inner| {
        Box::new(Trace::new(inner, sink, Detail::Replay))
    });
    let options = burn::options().finish(Finish::CloseSession);
    opened.burn(options, Image::file(&image)).await.unwrap();
    opened.close().await;

    let now = words(&fs::read_to_string(trace).unwrap());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/e2e/golden/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&kept, now).unwrap();
        return;
    }
    let before = fs::read_to_string(&kept).unwrap();
    for (number, (before, now)) in before.lines().zip(now.lines()).enumerate() {
        assert_eq!(before, now, "{name}.txt:{}", number + 1);
    }
    assert_eq!(before.lines().count(), now.lines().count(), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_a_burn_are_those_that_are_kept() {
    let media = [
        (MediumKind::BdR, "bd-r"),
        (MediumKind::BdRe, "bd-re"),
        (MediumKind::DvdPlusR, "dvd-plus-r"),
        (MediumKind::DvdPlusRDl, "dvd-plus-r-dl"),
        (MediumKind::DvdPlusRw, "dvd-plus-rw"),
        (MediumKind::DvdRam, "dvd-ram"),
        (MediumKind::CdR, "cd-r"),
        (MediumKind::DvdMinusR, "dvd-minus-r"),
    ];
    for (kind, name) in media {
        a_burn_is_told_as_kept(kind, name).await;
    }
}
