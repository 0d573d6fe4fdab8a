//! What is told of the disc that is in a drive, and the speeds for it.

use crate::common::burn::Opened;
use crate::common::tree;
use crate::common::watched::{Then, at_write};
use crate::drives::{Attached, blocks, small, virtual_drive};
use pitland::codes::{Code, Coded, imapi};
use pitland::transport::layer::Around;
use pitland::transport::sim::{DiscType, DriveModel, MediumKind, Protection, create_disc};
use pitland::writer::mmc::cdb::{
    Cdb, GetConfiguration, ReadDiscInformation, ReadDiscStructure, RequestedFeatures,
};
use pitland::writer::mmc::reply::{
    BookType, Configuration, DiscInformation, DiscStructure, DvdPhysical, dvd_format,
};
use pitland::writer::mmc::{MediumType, Profile};
use pitland::writer::{Answer, MediumCondition, MediumStatus, Recording, WriteProtection};
use pitland::{
    BurnError, BurnOptions, CommandError, Finish, Image, LeaseOptions, MasterOptions, MediaFacts,
    Outcome, Placement, QueryError, RawCommand, ReadOptions, Refusal, Speed, Transport,
    VerifyLevel, Warning,
};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

fn quick() -> BurnOptions {
    BurnOptions::default().verify(VerifyLevel::None)
}

impl Attached {
    async fn burn(&self, options: BurnOptions) {
        let lease = self.drive.lease("a check").await.unwrap();
        lease.burn(options, blocks(64, 7)).report().await.unwrap();
    }

    async fn status(&self) -> MediumStatus {
        self.facts().await.medium_status()
    }
}

async fn mask_of(bench: Attached) -> u32 {
    let mask = bench.status().await.mask();
    bench.end().await;
    mask
}

/// The mask of a disc whose burn was cut off when the drive vanished in mid-write.
async fn cut_off(kind: MediumKind, recording: Recording) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("disc.vdisc");
    drop(create_disc(&file, kind, None).unwrap());
    let opened = Opened::with(&file, |inner| at_write(inner, 20, || Then::Gone));
    let options = quick().recording(recording);
    opened.burn(options, blocks(4000, 7)).await.unwrap_err();
    opened.close().await;
    let opened = Opened::new(&file);
    let mask = opened.facts().await.medium_status().mask();
    opened.close().await;
    mask
}

#[tokio::test]
async fn check_11_each_fact_of_a_mediums_state_is_that_of_a_fitting_disc() {
    // What it takes.
    assert_eq!(mask_of(Attached::blank(MediumKind::BdR)).await, 0x2);
    assert_eq!(
        mask_of(Attached::blank(MediumKind::DvdRam)).await,
        0x1,
        "formatted when it is sold"
    );
    assert_eq!(
        mask_of(Attached::blank(MediumKind::DvdPlusRw)).await,
        0x1 | 0x2
    );
    let bench = Attached::blank(MediumKind::BdR);
    bench.burn(quick()).await;
    assert_eq!(mask_of(bench).await, 0x4);
    // One session more and no other: a DVD-RW that was erased quickly.
    let bench = Attached::blank(MediumKind::DvdMinusRw);
    assert_eq!(bench.status().await.mask(), 0x2);
    bench.burn(quick().finish(Finish::FinalizeDisc)).await;
    assert_eq!(
        bench.status().await.mask(),
        0x4000 | 0x800,
        "finalized, and to be erased first"
    );
    let lease = bench.drive.lease("eraser").await.unwrap();
    lease.erase(false).report().await.unwrap();
    drop(lease);
    let status = bench.status().await;
    assert_eq!((status.mask(), status.is_unfit()), (0x2 | 0x8, false));
    bench.burn(quick()).await;
    let status = bench.status().await;
    assert!(
        status.finalized && !status.appendable,
        "it was the last one: {status:?}"
    );
    bench.end().await;

    // What it does not take.
    let bench = Attached::blank(MediumKind::BdR);
    bench.burn(quick().finish(Finish::FinalizeDisc)).await;
    let status = bench.status().await;
    assert_eq!((status.mask(), status.is_unfit()), (0x4000, true));
    bench.end().await;
    let read_only = DriveModel {
        writes: vec![DiscType::BdR],
        ..DriveModel::default()
    };
    let bench = Attached::holding(read_only, small(MediumKind::DvdPlusR));
    assert_eq!(
        mask_of(bench).await,
        0x2 | 0x8000,
        "blank, and the drive does not write it"
    );

    // What was begun and not ended.
    let sequential = cut_off(MediumKind::BdR, Recording::AsUsual).await;
    assert_eq!(sequential, 0x1000, "it can be gone on with, or closed");
    let at_once = |kind| cut_off(kind, Recording::AtOnce);
    assert_eq!(at_once(MediumKind::CdR).await, 0x400);
    assert_eq!(at_once(MediumKind::CdRw).await, 0x400 | 0x800);

    // What protects it.
    let means: [(Protection, u32); 4] = [
        (
            Protection {
                until_power_down: true,
                ..Default::default()
            },
            0x1,
        ),
        (
            Protection {
                cartridge: true,
                ..Default::default()
            },
            0x2,
        ),
        (
            Protection {
                medium_specific: true,
                ..Default::default()
            },
            0x4,
        ),
        (
            Protection {
                persistent: true,
                ..Default::default()
            },
            0x8,
        ),
    ];
    let block = Protection {
        control_block: true,
        ..Default::default()
    };
    let means = means.map(|(protection, mask)| (MediumKind::DvdRam, protection, mask));
    let means = means
        .into_iter()
        .chain([(MediumKind::DvdPlusRw, block, 0x10)]);
    for (kind, protection, expected) in means {
        let mut medium = small(kind);
        medium.protect(protection).unwrap();
        let bench = Attached::holding(DriveModel::default(), medium);
        let facts = bench.facts().await;
        assert_eq!(facts.write_protection().mask(), expected, "{protection:?}");
        // The DVD+RW was never formatted.
        let blank = if kind == MediumKind::DvdPlusRw {
            0x2
        } else {
            0
        };
        let status = facts.medium_status().mask();
        assert_eq!(status, 0x1 | 0x2000 | blank, "{protection:?}");
        let lease = bench.drive.lease("burner").await.unwrap();
        let options = quick().placement(Placement::Overwrite);
        let refused = lease
            .burn(options, blocks(16, 1))
            .report()
            .await
            .unwrap_err();
        assert_eq!(
            refused.imapi_code(),
            Some(imapi::E_IMAPI_RECORDER_MEDIA_WRITE_PROTECTED)
        );
    }
    let rom = facts_of(Profile::DvdRom, None).write_protection();
    assert_eq!((rom.mask(), rom.read_only), (0x4000, true));
    assert_eq!(WriteProtection::default().mask(), 0);
}

/// What a drive would tell of a medium of this profile, with its book where it has one.
fn facts_of(profile: Profile, book: Option<DvdPhysical>) -> MediaFacts {
    let told = Configuration {
        profile,
        features: Vec::new(),
    };
    let question = GetConfiguration {
        requested: RequestedFeatures::All,
        starting_feature: 0,
        allocation_length: 512,
    };
    let mut answers = vec![Answer {
        cdb: question.emit(),
        data: told.emit(),
    }];
    if let Some(book) = book {
        let question = ReadDiscStructure {
            format: dvd_format::PHYSICAL,
            allocation_length: 2052,
            ..Default::default()
        };
        let data = DiscStructure { data: book.emit() };
        answers.push(Answer {
            cdb: question.emit(),
            data: data.emit(),
        });
    }
    MediaFacts::from_answers(answers)
}

#[tokio::test]
async fn check_12_each_kind_of_medium_is_recognized() {
    let mut seen = Vec::new();
    // Those that a drive here holds, as it tells them.
    for kind in MediumKind::ALL {
        let bench = Attached::blank(kind);
        let found = bench.facts().await.medium_type();
        let expected = match kind {
            MediumKind::CdR => MediumType::CdR,
            MediumKind::CdRw => MediumType::CdRw,
            MediumKind::DvdMinusR => MediumType::DvdMinusR,
            MediumKind::DvdMinusRw => MediumType::DvdMinusRw,
            MediumKind::DvdMinusRDl => MediumType::DvdMinusRDl,
            MediumKind::DvdPlusR => MediumType::DvdPlusR,
            MediumKind::DvdPlusRDl => MediumType::DvdPlusRDl,
            MediumKind::DvdPlusRw => MediumType::DvdPlusRw,
            MediumKind::DvdPlusRwDl => MediumType::DvdPlusRwDl,
            MediumKind::DvdRam => MediumType::DvdRam,
            MediumKind::BdR => MediumType::BdR,
            MediumKind::BdRe => MediumType::BdRe,
        };
        assert_eq!(found, expected);
        seen.push(found);
        bench.end().await;
    }
    // The others by the number of their profile.
    for (code, expected) in [
        (0x0000, MediumType::Unknown),
        (0x0008, MediumType::CdRom),
        (0x0010, MediumType::DvdRom),
        (0x0002, MediumType::RandomlyWritable),
        (0x0050, MediumType::HdDvdRom),
        (0x0051, MediumType::HdDvdR),
        (0x0052, MediumType::HdDvdRam),
        (0x0040, MediumType::BdRom),
    ] {
        let found = facts_of(Profile::from_code(code), None).medium_type();
        assert_eq!(found, expected, "{code:04X}");
        seen.push(found);
    }
    seen.sort();
    assert_eq!(seen, MediumType::ALL, "each of the twenty once");
    assert_eq!(
        facts_of(Profile::Other(0xABCD), None).medium_type(),
        MediumType::Unknown
    );

    // A finished disc that its drive shows as one to be read only.
    let book = |book| DvdPhysical {
        book,
        ..Default::default()
    };
    for (told, expected) in [
        (BookType::DvdPlusR, MediumType::DvdPlusR),
        (BookType::DvdMinusRw, MediumType::DvdMinusRw),
        (BookType::DvdRom, MediumType::DvdRom),
    ] {
        let facts = facts_of(Profile::DvdRom, Some(book(told)));
        assert_eq!(facts.medium_type(), expected);
        assert_eq!(
            facts.write_protection().read_only,
            expected == MediumType::DvdRom
        );
    }
    let erasable = DiscInformation {
        erasable: true,
        ..Default::default()
    };
    let mut answers = facts_of(Profile::CdRom, None).answers;
    answers.push(Answer {
        cdb: ReadDiscInformation {
            allocation_length: 34,
            ..Default::default()
        }
        .emit(),
        data: erasable.emit(),
    });
    assert_eq!(
        MediaFacts::from_answers(answers).medium_type(),
        MediumType::CdRw
    );
}

/// An image of zeros, its last block of something else where that is wanted.
fn zeros(count: u64, last: u8) -> Image {
    let piece = move |at: u64| Ok(vec![if at + 1 == count { last } else { 0 }; 2048].into());
    Image::stream(count * 2048, futures::stream::iter((0..count).map(piece)))
}

#[tokio::test]
async fn check_13_a_zeroed_disc_looks_blank_and_is_not() {
    let bench = Attached::blank(MediumKind::DvdPlusRw);
    let looks = || async { bench.drive.looks_blank().await.unwrap() };
    assert_eq!(
        (bench.status().await.blank, looks().await),
        (true, Some(true))
    );
    let overwrite = || quick().placement(Placement::Overwrite);
    let write = |image: Image| async {
        let lease = bench.drive.lease("a check").await.unwrap();
        lease.burn(overwrite(), image).report().await.unwrap();
    };
    // A file system.
    let folder = tempfile::tempdir().unwrap();
    tree::small(&folder.path().join("tree"));
    let options = MasterOptions::default();
    write(Image::tree(vec![folder.path().join("tree")], options)).await;
    assert_eq!(
        (bench.status().await.blank, looks().await),
        (false, Some(false))
    );
    // Zeroed: blank by its look, and never again by the drive's word.
    write(zeros(1100, 0)).await;
    assert_eq!(
        (bench.status().await.blank, looks().await),
        (false, Some(true))
    );
    assert!(!matches!(
        bench.facts().await.condition(),
        MediumCondition::Blank
    ));
    // Something at its very end, and nothing before.
    let all = bench.facts().await.total_capacity().unwrap();
    write(zeros(all, 5)).await;
    assert_eq!(looks().await, Some(false));
    bench.drive.eject().await.unwrap();
    assert_eq!(looks().await, None);
    bench.end().await;

    let bench = Attached::blank(MediumKind::BdR);
    assert_eq!(bench.drive.looks_blank().await.unwrap(), Some(true));
    bench.burn(quick()).await;
    assert_eq!(bench.drive.looks_blank().await.unwrap(), Some(false));
    bench.end().await;
}

#[tokio::test]
async fn check_14_an_empty_drive_has_an_answer_to_each_question() {
    let bench = Attached::blank(MediumKind::BdR);
    bench.drive.eject().await.unwrap();
    // To what can be answered, an answer.
    let facts = bench.facts().await;
    assert_eq!(facts.condition(), MediumCondition::NoMedium);
    assert_eq!(
        (
            facts.condition().is_writable(),
            facts.condition().is_blank()
        ),
        (false, None)
    );
    assert_eq!(
        (facts.medium_status().mask(), facts.medium_type()),
        (0, MediumType::Unknown)
    );
    assert_eq!(
        (
            facts.nwa(),
            facts.total_capacity(),
            facts.write_speeds().len()
        ),
        (None, None, 0)
    );
    assert_eq!(bench.drive.looks_blank().await.unwrap(), None);
    assert!(bench.drive.capabilities().await.unwrap().is_recorder());
    // To all else, that there is no medium.
    let lease = bench.drive.lease("a check").await.unwrap();
    let planned = lease.plan(quick(), blocks(16, 1)).await.unwrap_err();
    assert!(
        matches!(planned, BurnError::Refused(Refusal::NoMedium)),
        "{planned:?}"
    );
    for refused in [
        lease
            .burn(quick(), blocks(16, 1))
            .report()
            .await
            .unwrap_err(),
        lease.erase(false).report().await.unwrap_err(),
        lease.format(None, None).report().await.unwrap_err(),
        lease.close(false).report().await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), Code::MediumNone, "{refused:?}");
        assert_eq!(
            refused.imapi_code(),
            Some(imapi::E_IMAPI_RECORDER_MEDIA_NO_MEDIA)
        );
    }
    assert_eq!(
        bench.drive.read(ReadOptions::default()).await.unwrap_err(),
        QueryError::NothingToRead
    );
}

/// The rotation controls of the speed commands that passed, in their order.
type Rotations = Arc<Mutex<Vec<u8>>>;

fn heard(model: DriveModel, kind: MediumKind) -> (Attached, Rotations) {
    let rotations = Rotations::default();
    let heard = Arc::clone(&rotations);
    let drive = virtual_drive(model, small(kind));
    let bench = Attached::new(Around::new(drive, move |drive, exchange| {
        use pitland::transport::Data;
        let rotation = match (exchange.cdb.opcode(), &exchange.data) {
            (0xB6, Data::Out(list)) => Some(list[0] >> 3 & 3),
            (0xBB, _) => Some(exchange.cdb.as_slice()[1] & 3),
            _ => None,
        };
        heard.lock().unwrap().extend(rotation);
        drive.execute(exchange)
    }));
    (bench, rotations)
}

fn at_most(kb_per_s: u32) -> Speed {
    Speed::KilobytesPerSecond(NonZeroU32::new(kb_per_s).unwrap())
}

#[tokio::test]
async fn check_23_the_nearest_speed_is_taken_and_what_was_adjusted_is_told() {
    let (bench, rotations) = heard(DriveModel::default(), MediumKind::BdR);
    let offered = bench.facts().await.offered_speeds();
    let told: Vec<(u32, bool)> = offered.iter().map(|s| (s.kb_per_s, s.pure_cav)).collect();
    let expected = [
        (53_952, true),
        (44_960, true),
        (35_968, true),
        (26_976, true),
        (17_984, false),
        (8990, false),
    ];
    assert_eq!(told, expected);
    assert!(offered.iter().all(|s| s.medium == MediumType::BdR));
    assert_eq!(offered[5].blocks_per_second(), 8_990_000 / 2048);

    let lease = bench.drive.lease("a check").await.unwrap();
    let plan = |options: BurnOptions| async {
        let plan = lease.plan(options, blocks(64, 1)).await.unwrap().plan;
        let adjusted = |warning: &&Warning| Code::of_warning(warning).is_some();
        plan.warnings.iter().find(adjusted).copied()
    };
    assert_eq!(plan(quick()).await, None, "as fast as it goes");
    assert_eq!(plan(quick().speed(at_most(17_984))).await, None);
    let slower = plan(quick().speed(at_most(20_000))).await.unwrap();
    assert_eq!(slower, Warning::SpeedAdjusted { chosen: 17_984 });
    let slowest = plan(quick().speed(at_most(1000))).await.unwrap();
    assert_eq!(slowest, Warning::SpeedAdjusted { chosen: 8990 });
    assert_eq!(plan(quick().pure_cav()).await, None);
    assert_eq!(plan(quick().pure_cav().speed(at_most(26_976))).await, None);
    let faster = plan(quick().pure_cav().speed(at_most(17_984)))
        .await
        .unwrap();
    assert_eq!(
        faster,
        Warning::SpeedAdjusted { chosen: 26_976 },
        "the nearest at one rate"
    );
    let options = quick().pure_cav().speed(at_most(26_976));
    let report = lease.burn(options, blocks(64, 1)).report().await.unwrap();
    assert_eq!(report.outcome, Outcome::Unverified);
    assert_eq!(*rotations.lock().unwrap(), [1], "asked for, and taken");
    drop(lease);
    bench.end().await;

    // A drive without it.
    let constant = DriveModel {
        constant_linear_velocity: true,
        ..DriveModel::default()
    };
    let (bench, _) = heard(constant, MediumKind::BdR);
    assert!(
        bench
            .facts()
            .await
            .offered_speeds()
            .iter()
            .all(|s| !s.pure_cav)
    );
    let options = LeaseOptions::default().raw();
    let lease = bench.drive.lease_with("a check", options).await.unwrap();
    let plan = |options: BurnOptions| async {
        let plan = lease.plan(options, blocks(64, 1)).await.unwrap().plan;
        let adjusted = |warning: &&Warning| Code::of_warning(warning).is_some();
        plan.warnings.iter().find(adjusted).copied()
    };
    let speed = plan(quick().speed(at_most(20_000))).await.unwrap();
    let rotation = plan(quick().pure_cav().speed(at_most(17_984)))
        .await
        .unwrap();
    let both = plan(quick().pure_cav().speed(at_most(20_000)))
        .await
        .unwrap();
    assert_eq!(rotation, Warning::RotationAdjusted);
    assert_eq!(both, Warning::SpeedAndRotationAdjusted { chosen: 17_984 });
    let codes =
        [speed, rotation, both].map(|told| Code::of_warning(&told).unwrap().imapi().unwrap());
    assert_eq!(
        codes,
        [
            imapi::S_IMAPI_SPEEDADJUSTED,
            imapi::S_IMAPI_ROTATIONADJUSTED,
            imapi::S_IMAPI_BOTHADJUSTED
        ]
    );
    assert!(codes.iter().all(|code| imapi::is_success(*code)));
    // And it would refuse what nobody offered.
    let mut list = [0; 28];
    list[0] = 1 << 3;
    for (at, value) in [
        (8, 16_383u32),
        (12, 8990),
        (16, 1000),
        (20, 17_984),
        (24, 1000),
    ] {
        list[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    let set = RawCommand::new(&[0xB6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0]).unwrap();
    let refused = lease.execute(set.sending(list.to_vec())).await.unwrap_err();
    assert!(
        matches!(refused, CommandError::Sense { sense, .. } if sense.triple() == (5, 0x26, 0)),
        "{refused:?}"
    );
    drop(lease);
    bench.end().await;

    // On CD by the other command.
    let (bench, rotations) = heard(DriveModel::default(), MediumKind::CdR);
    let cd = bench.facts().await.offered_speeds();
    assert_eq!(
        (cd[0].pure_cav, cd[0].blocks_per_second()),
        (true, 8_467_000 / 2352)
    );
    bench.burn(quick().pure_cav()).await;
    assert_eq!(rotations.lock().unwrap().last(), Some(&1));
    bench.end().await;
}
