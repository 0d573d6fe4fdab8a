//! Which drives there are, what they say of themselves, and commands of a client's own.

use crate::drives::{Attached, blocks, small, virtual_drive};
use futures::StreamExt;
use pitland::codes::{Coded, imapi};
use pitland::transport::layer::Around;
use pitland::transport::linux::watch::WatchOptions;
use pitland::transport::linux::{DriveEvent, System, discover};
use pitland::transport::sim::{DriveModel, MediumKind, VirtualDrive};
use pitland::transport::{Data, Exchange, Reply, Status, TransportError};
use pitland::writer::MediumCondition;
use pitland::writer::mmc::cdb::PageControl;
use pitland::writer::mmc::feature::{Feature, FeatureDescriptor, ListedProfile};
use pitland::writer::mmc::reply::Configuration;
use pitland::writer::mmc::{CdbBytes, Profile, Sense};
use pitland::{
    BurnOptions, CommandEffect, CommandError, CommandRefused, LeaseDenied, LeaseOptions, PageError,
    RawCommand, Transport,
};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const INQUIRY: [u8; 6] = [0x12, 0, 0, 0, 36, 0];
const READ_CAPACITY: [u8; 10] = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// RECOVERED ERROR, recovered data with retries.
const REMARK: Sense = Sense::new(1, 0x17, 0x01);

fn raw(cdb: &[u8]) -> RawCommand {
    RawCommand::new(cdb).unwrap()
}

#[tokio::test]
async fn check_05_a_clients_own_command_goes_as_it_is_and_its_sense_comes_back() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let drive = virtual_drive(DriveModel::default(), small(MediumKind::BdR));
    let bench = Attached::new(Around::new(drive, move |drive, exchange| {
        counted.fetch_add(1, Ordering::SeqCst);
        let remarks = exchange.cdb.opcode() == READ_CAPACITY[0];
        let mut reply = drive.execute(exchange)?;
        if remarks {
            reply.status = Status::CheckCondition(REMARK);
        }
        Ok(reply)
    }));
    bench.facts().await;

    // The length of the block is that of its group, before anything is sent.
    let before = sent.load(Ordering::SeqCst);
    for (cdb, expected) in [(0x12, 6), (0x28, 10), (0x9E, 16), (0xAD, 12)] {
        for length in (1..=17).filter(|length| *length != expected) {
            let mut block = vec![0; length];
            block[0] = cdb;
            assert!(RawCommand::new(&block).is_err(), "{cdb:02X} of {length}");
        }
    }
    assert!(matches!(
        RawCommand::new(&[0x12, 0, 0]).unwrap_err(),
        CommandRefused::WrongLength {
            opcode: 0x12,
            expected: 6,
            found: 3
        }
    ));
    assert!(matches!(
        RawCommand::new(&[0x7F; 10]).unwrap_err(),
        CommandRefused::NoLength { opcode: 0x7F, .. }
    ));
    for length in 6..=16 {
        let mut vendors = vec![0; length];
        vendors[0] = 0xC4;
        assert_eq!(raw(&vendors).effect(), CommandEffect::Unknown);
    }

    // Who only asks needs no more than the lease.
    let lease = bench.drive.lease("asks").await.unwrap();
    let reply = lease.execute(raw(&INQUIRY).receiving(36)).await.unwrap();
    assert_eq!((&reply.data[8..15], reply.sense), (&b"PITLAND"[..], None));
    assert_eq!(
        sent.load(Ordering::SeqCst),
        before + 1,
        "once, and nothing else"
    );
    let reply = lease
        .execute(raw(&READ_CAPACITY).receiving(8))
        .await
        .unwrap();
    assert_eq!(
        (reply.data.len(), reply.sense),
        (8, Some(REMARK)),
        "success with sense"
    );
    let read = raw(&[0x28, 0, 0, 0, 0, 64, 0, 0, 1, 0]).receiving(2048);
    match lease.execute(read).await.unwrap_err() {
        CommandError::Sense { sense, .. } => assert_ne!(sense.key.code(), 0, "failure with sense"),
        other => panic!("{other:?}"),
    }

    // What does not fit, or changes anything, is not sent.
    let before = sent.load(Ordering::SeqCst);
    let short = lease
        .execute(raw(&INQUIRY).receiving(35))
        .await
        .unwrap_err();
    assert!(
        matches!(
            short,
            CommandError::Refused(CommandRefused::Data(TransportError::LengthMismatch { .. }))
        ),
        "{short:?}"
    );
    let write = raw(&[0x2A, 0, 0, 0, 0, 0, 0, 0, 32, 0]).sending(vec![7; 32 * 2048]);
    let firmware = raw(&[0x3B, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
    for (command, effect) in [
        (write.clone(), CommandEffect::Disc),
        (raw(&[0x1B, 0, 0, 0, 2, 0]), CommandEffect::Drive),
        (firmware.clone(), CommandEffect::Firmware),
        (raw(&[0xD1; 12]), CommandEffect::Unknown),
    ] {
        match lease.execute(command).await.unwrap_err() {
            CommandError::Refused(CommandRefused::Changes { effect: told, .. }) => {
                assert_eq!(told, effect)
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sent.load(Ordering::SeqCst), before);
    drop(lease);

    // By a lease that was taken for it, everything goes.
    let options = LeaseOptions::default().raw();
    let lease = bench.drive.lease_with("knows", options).await.unwrap();
    lease.execute(write).await.unwrap();
    lease
        .execute(raw(&[0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
        .await
        .unwrap();
    assert_eq!(bench.facts().await.nwa().unwrap().0, 32, "it was written");
    let unknown = lease.execute(firmware).await.unwrap_err();
    assert!(
        matches!(unknown, CommandError::Sense { sense, .. } if sense.triple() == (5, 0x20, 0)),
        "the drive's own answer"
    );
    lease
        .execute(raw(&[0x1B, 0, 0, 0, 2, 0]).within(Duration::from_secs(60)))
        .await
        .unwrap();
    let load = raw(&[0x1B, 0, 0, 0, 3, 0]).within(Duration::from_secs(1));
    let late = lease.execute(load).await.unwrap_err();
    assert!(
        matches!(late, CommandError::TimedOut { limit } if limit == Duration::from_secs(1)),
        "{late:?}"
    );
    drop(lease);
    bench.end().await;
}

#[tokio::test]
async fn while_a_job_runs_no_client_sends_anything_and_pages_have_their_own_words() {
    let bench = Attached::blank(MediumKind::BdR);
    let lease = bench
        .drive
        .lease_with("both", LeaseOptions::default().raw())
        .await
        .unwrap();
    let capabilities = lease.mode_page(0x2A, PageControl::Current).await.unwrap();
    assert_eq!(
        usize::from(capabilities[1]) + 2,
        capabilities.len(),
        "the page alone"
    );
    let codes: Vec<u8> = lease
        .mode_pages()
        .await
        .unwrap()
        .iter()
        .map(|page| page.code())
        .collect();
    assert!(
        codes.contains(&0x2A) && codes.contains(&0x01),
        "{codes:02X?}"
    );
    let mut recovery = lease.mode_page(0x01, PageControl::Current).await.unwrap();
    recovery[3] ^= 1;
    lease.set_mode_page(&recovery).await.unwrap();
    let now = lease.mode_page(0x01, PageControl::Current).await.unwrap();
    assert_eq!((now[3], now.len()), (recovery[3], recovery.len()));
    for (page, which) in [(0x33, PageControl::Current), (0x01, PageControl::Saved)] {
        let error = lease.mode_page(page, which).await.unwrap_err();
        assert!(
            matches!(error, PageError::NoSuchModePage { page: p } if p == page),
            "{error:?}"
        );
    }
    let mut fixed = capabilities.clone();
    fixed[2] ^= 0xFF;
    let error = lease.set_mode_page(&fixed).await.unwrap_err();
    assert!(
        matches!(error, PageError::InvalidModeParameters { .. }),
        "{error:?}"
    );
    let error = lease.set_mode_page(&recovery[..5]).await.unwrap_err();
    assert!(matches!(error, PageError::NotAPage(_)), "{error:?}");

    assert!(lease.feature(0x0000, true).await.unwrap().persistent);
    assert!(!lease.feature(0x002D, false).await.unwrap().current);
    let error = lease.feature(0x002D, true).await.unwrap_err();
    assert!(
        matches!(error, PageError::FeatureIsNotCurrent { feature: 0x002D }),
        "{error:?}"
    );
    let error = lease.feature(0x0777, false).await.unwrap_err();
    assert!(
        matches!(error, PageError::NoSuchFeature { feature: 0x0777 }),
        "{error:?}"
    );

    let mut job = lease.burn(BurnOptions::default(), blocks(64, 1));
    job.next().await.unwrap();
    let denied = lease
        .execute(raw(&INQUIRY).receiving(36))
        .await
        .unwrap_err();
    assert!(
        matches!(denied, CommandError::Denied(LeaseDenied::Busy { .. })),
        "{denied:?}"
    );
    job.report().await.unwrap();
    lease.execute(raw(&INQUIRY).receiving(36)).await.unwrap();
    drop(lease);
    bench.end().await;

    let old = "about = \"x\"\nhabits = [\"no_get_configuration\"]";
    let bench = Attached::holding(
        DriveModel::from_profile(old).unwrap(),
        small(MediumKind::CdR),
    );
    let lease = bench.drive.lease("asks").await.unwrap();
    let error = lease.feature(0x0000, false).await.unwrap_err();
    assert!(
        matches!(error, PageError::GetConfigurationNotSupported),
        "{error:?}"
    );
}

// --- which drives there are ---

/// A machine's folders, without a drive.
fn machine(root: &Path) -> System {
    for folder in ["sys/block", "sys/class/scsi_generic", "proc", "dev"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let mut system = System::default();
    system.sys = root.join("sys");
    system.proc = root.join("proc");
    system.dev = root.join("dev");
    system
}

/// Plugs in a device of this SCSI type as `sr`NUMBER.
fn plug_in(root: &Path, number: u32, kind: &str) {
    let device =
        format!("sys/devices/pci0/ata{number}/host{number}/target{number}:0:0/{number}:0:0:0");
    let device = root.join(device);
    let block = device.join(format!("block/sr{number}"));
    fs::create_dir_all(&block).unwrap();
    for (name, text) in [
        ("type", format!("{kind}\n")),
        ("vendor", "PIONEER \n".into()),
        ("model", format!("BD-RW {number}\n")),
        ("rev", "1.34\n".into()),
    ] {
        fs::write(device.join(name), text).unwrap();
    }
    fs::write(block.join("dev"), format!("11:{number}\n")).unwrap();
    symlink(&device, block.join("device")).unwrap();
    symlink(&block, root.join(format!("sys/block/sr{number}"))).unwrap();
}

fn unplug(root: &Path, number: u32) {
    fs::remove_file(root.join(format!("sys/block/sr{number}"))).unwrap();
    fs::remove_dir_all(root.join(format!("sys/devices/pci0/ata{number}"))).unwrap();
}

#[tokio::test]
async fn check_01_drives_are_listed_under_names_that_stay_and_other_devices_are_not() {
    let root = tempfile::tempdir().unwrap();
    let system = machine(root.path());
    let nodes = || -> Vec<String> {
        let drives = discover::drives(&system).unwrap();
        let node = |drive: &discover::FoundDrive| {
            let node = drive.node().unwrap().strip_prefix(root.path()).unwrap();
            format!("{} {}", node.display(), drive.address)
        };
        drives.iter().map(node).collect()
    };
    assert!(nodes().is_empty(), "no drive is no error");
    plug_in(root.path(), 1, "5");
    assert_eq!(nodes(), ["dev/sr1 1:0:0:0"]);
    plug_in(root.path(), 0, "5");
    plug_in(root.path(), 2, "0");
    plug_in(root.path(), 3, "7");
    plug_in(root.path(), 4, "5");
    let three = ["dev/sr0 0:0:0:0", "dev/sr1 1:0:0:0", "dev/sr4 4:0:0:0"];
    assert_eq!(nodes(), three);
    assert_eq!(nodes(), three, "the same names when asked again");
    unplug(root.path(), 0);
    assert_eq!(nodes(), three[1..], "another's going changes none");
    // This machine, whatever it has.
    pitland::find_drives().await.unwrap();
}

#[tokio::test]
async fn check_02_arrival_and_removal_are_told_once_each_with_the_drive() {
    let root = tempfile::tempdir().unwrap();
    let mut options = WatchOptions::default();
    options.system = machine(root.path());
    options.interval = Duration::from_millis(10);
    options.messages = false;
    let mut changes = pitland::watch_drives(options).unwrap();
    // What comes last marks the end of what is told of the first.
    plug_in(root.path(), 1, "5");
    let mut told = Vec::new();
    while told
        .last()
        .is_none_or(|(what, number)| (*what, *number) != ("removed", 2))
    {
        let event = changes.next().await.unwrap();
        let number = event.drive().address.to_string().starts_with('1');
        let number = if number { 1 } else { 2 };
        match event {
            DriveEvent::Arrived(_) => told.push(("arrived", number)),
            DriveEvent::Removed(_) => told.push(("removed", number)),
            _ => continue,
        }
        match told.last().unwrap() {
            ("arrived", 1) => unplug(root.path(), 1),
            ("removed", 1) => plug_in(root.path(), 2, "5"),
            ("arrived", 2) => unplug(root.path(), 2),
            _ => {}
        }
    }
    assert_eq!(
        told,
        [
            ("arrived", 1),
            ("removed", 1),
            ("arrived", 2),
            ("removed", 2)
        ]
    );
}

// --- one drive ---

#[tokio::test]
async fn check_03_a_drive_has_its_names_and_its_tray_and_keeps_it_shut_for_others() {
    let bench = Attached::blank(MediumKind::BdR);
    let capabilities = bench.drive.capabilities().await.unwrap();
    let inquiry = &capabilities.inquiry;
    assert_eq!(
        (&inquiry.vendor, &inquiry.product, &inquiry.revision),
        (b"PITLAND ", b"VIRTUAL RECORDER", b"0001")
    );
    assert_eq!(
        (capabilities.can_eject, capabilities.can_load),
        (true, Some(true))
    );
    bench.drive.eject().await.unwrap();
    assert_eq!(bench.facts().await.condition(), MediumCondition::NoMedium);
    bench.drive.load().await.unwrap();
    assert_eq!(bench.facts().await.condition(), MediumCondition::Blank);
    let lease = bench.drive.lease("holder").await.unwrap();
    for refused in [bench.drive.eject().await, bench.drive.load().await] {
        let refused = refused.unwrap_err();
        assert!(refused.to_string().contains("holder"), "{refused}");
        assert_eq!(refused.imapi_code(), Some(imapi::E_IMAPI_RECORDER_LOCKED));
    }
    assert_eq!(
        bench.facts().await.condition(),
        MediumCondition::Blank,
        "it stayed in"
    );
    lease.eject().await.unwrap();
    drop(lease);
    bench.drive.load().await.unwrap();
}

/// A feature, a profile and a mode page of no standard.
const ODD_FEATURE: u16 = 0xFF77;
const ODD_PROFILE: Profile = Profile::Other(0x7777);
const ODD_PAGE: [u8; 4] = [0x31, 2, 7, 8];

/// Puts what is odd into the answers of a drive.
fn odd(drive: &mut VirtualDrive, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
    let mut whole = vec![0; 4096];
    let (mut cdb, opcode) = (exchange.cdb.as_slice().to_vec(), exchange.cdb.opcode());
    let all_pages = opcode == 0x5A && cdb[2] & 0x3F == 0x3F;
    let Data::In(room) = exchange.data else {
        return drive.execute(exchange);
    };
    if opcode != 0x46 && !all_pages {
        return drive.execute(Exchange::data_in(exchange.cdb, room, exchange.timeout));
    }
    cdb[7..9].copy_from_slice(&4096u16.to_be_bytes());
    let asked = CdbBytes::from_slice(&cdb).unwrap();
    let asked = Exchange::data_in(asked, &mut whole, exchange.timeout);
    let reply = drive.execute(asked)?;
    if reply.status != Status::Good {
        return Ok(reply);
    }
    whole.truncate(reply.transferred);
    let bytes = if all_pages {
        let mut list = whole.clone();
        list.extend(ODD_PAGE);
        let length = u16::try_from(list.len() - 2).unwrap();
        list[..2].copy_from_slice(&length.to_be_bytes());
        list
    } else {
        let mut told = Configuration::parse(&whole).unwrap();
        for feature in &mut told.features {
            if let Ok(Feature::ProfileList(mut list)) = feature.feature() {
                list.push(ListedProfile {
                    profile: ODD_PROFILE,
                    current: false,
                });
                feature.data = Feature::ProfileList(list).emit();
            }
        }
        told.features.push(FeatureDescriptor {
            code: ODD_FEATURE,
            current: true,
            data: vec![1, 2, 3, 4],
            ..Default::default()
        });
        told.emit()
    };
    let count = bytes.len().min(room.len());
    room[..count].copy_from_slice(&bytes[..count]);
    Ok(Reply::good(count))
}

#[tokio::test]
async fn check_04_what_a_drive_can_and_can_now_are_told_apart_and_unknown_numbers_kept() {
    let drive = virtual_drive(DriveModel::default(), small(MediumKind::BdR));
    let bench = Attached::new(Around::new(drive, odd));
    let configuration = bench.facts().await.configuration.unwrap();
    let features = |current_only: bool| -> Vec<u16> {
        let listed = configuration.features.iter();
        listed
            .filter(|f| !current_only || f.current)
            .map(|f| f.code)
            .collect()
    };
    let (supported, current) = (features(false), features(true));
    assert!(current.len() < supported.len() && current.iter().all(|code| supported.contains(code)));
    // A BD-R is in: BD writing is current, writing CDs is only supported.
    assert!(current.contains(&0x0041) && supported.contains(&0x002E) && !current.contains(&0x002E));
    assert_eq!(
        configuration.feature(ODD_FEATURE).unwrap().data,
        [1, 2, 3, 4]
    );
    let Ok(Feature::ProfileList(profiles)) = configuration.feature(0).unwrap().feature() else {
        panic!("the profile list")
    };
    let is = |wanted: Profile| {
        profiles
            .iter()
            .find(|listed| listed.profile == wanted)
            .unwrap()
            .current
    };
    assert_eq!(
        (is(Profile::BdRSrm), is(Profile::CdR), is(ODD_PROFILE)),
        (true, false, false)
    );
    assert_eq!(configuration.profile, Profile::BdRSrm);

    let lease = bench.drive.lease("asks").await.unwrap();
    let pages = lease.mode_pages().await.unwrap();
    let codes: Vec<u8> = pages.iter().map(|page| page.code()).collect();
    assert!(
        [0x01, 0x05, 0x08, 0x2A, 0x31]
            .iter()
            .all(|code| codes.contains(code)),
        "{codes:02X?}"
    );
    assert_eq!(pages.last().unwrap().bytes, ODD_PAGE);

    // Without a disc nothing but what the drive always has is current.
    lease.eject().await.unwrap();
    let empty = bench.facts().await.configuration.unwrap();
    assert!(empty.feature(0x0041).is_some() && empty.current(0x0041).is_none());
}
