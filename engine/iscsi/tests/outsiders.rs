//! Judged by programs that others wrote: libiscsi's tools at our target, and
//! our initiator at `tgtd`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::outside::{Tgtd, not_run, program, run, run_with_input};
use common::*;
use pitland_iscsi::initiator::{Initiator, InitiatorOptions, discover};
use pitland_iscsi::negotiation::{Digests, Wish};
use pitland_iscsi::target::{Target, TargetOptions};
use pitland_iscsi::{Portal, TARGET_NAME};
use pitland_mmc::reply::InquiryData;
use pitland_transport::sim::MediumKind;
use std::path::Path;

fn url(target: &Target, lun: u16) -> String {
    target.address(lun).unwrap().to_string()
}

#[test]
fn iscsi_ls_finds_the_target_and_each_drive() {
    let Some(ls) = program("iscsi_ls_finds_the_target_and_each_drive", "iscsi-ls") else {
        return;
    };
    let target = target(
        &[MediumKind::BdR, MediumKind::DvdRam],
        TargetOptions::default(),
    );
    let portal = format!("iscsi://{}/", target.local_address());
    let (well, said) = run(&ls, &["-s", &portal]);
    assert!(well, "{said}");
    assert!(
        said.contains(&format!(
            "Target:{TARGET_NAME} Portal:{},1",
            target.local_address()
        )),
        "{said}"
    );
    for lun in [1, 2] {
        assert!(said.contains(&format!("Lun:{lun}    Type:MMC")), "{said}");
    }
    assert_eq!(target.counts().protocol_errors, 0);
}

#[test]
fn iscsi_inq_reads_who_the_drive_is() {
    let Some(inq) = program("iscsi_inq_reads_who_the_drive_is", "iscsi-inq") else {
        return;
    };
    let target = target(&[MediumKind::BdR], TargetOptions::default());
    let (well, said) = run(&inq, &[&url(&target, 1)]);
    assert!(well, "{said}");
    for line in [
        "Peripheral Device Type:MMC",
        "Removable:1",
        "Vendor:PITLAND",
        "Product:VIRTUAL RECORDER",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let (well, said) = run(&inq, &["-e", "1", "-c", "128", &url(&target, 1)]);
    assert!(well && said.contains("PL0000000001"), "{said}");
    let nothing = url(&target, 1).replace("drive/1", "drive/7");
    let (well, said) = run(&inq, &[&nothing]);
    assert!(
        !well && said.contains("LOGICAL_UNIT_NOT_SUPPORTED"),
        "{said}"
    );
}

/// A recorder has no READ CAPACITY (16): the tool is told so.
#[test]
fn iscsi_readcapacity16_is_refused() {
    let Some(tool) = program("iscsi_readcapacity16_is_refused", "iscsi-readcapacity16") else {
        return;
    };
    let target = target(&[MediumKind::BdR], TargetOptions::default());
    let (well, said) = run(&tool, &[&url(&target, 1)]);
    assert!(
        !well && said.contains("failed to send readcapacity command"),
        "{said}"
    );
}

/// Families of libiscsi's tests that fit a recorder, and the single tests of each
/// that must have been run: one that is left out silently would pass, and one
/// that skips what it is about says that it passed, too.
const FAMILIES: [(&str, &[&str]); 10] = [
    (
        "ALL.Inquiry",
        &[
            "Standard",
            "AllocLength",
            "EVPD",
            "SupportedVPD",
            "VersionDescriptors",
        ],
    ),
    ("ALL.TestUnitReady", &["Simple"]),
    // The control page is none that recorders have, so "Control" asks for too much.
    ("ALL.ModeSense6.AllPages", &["AllPages"]),
    ("ALL.ModeSense6.Residuals", &["Residuals"]),
    ("ALL.ReadCapacity10", &["Simple"]),
    ("ALL.Read10", &["Simple", "BeyondEol", "ZeroBlocks"]),
    ("ALL.Read12", &["Simple", "BeyondEol", "ZeroBlocks"]),
    ("ALL.iSCSIcmdsn", &["iSCSICmdSnTooHigh", "iSCSICmdSnTooLow"]),
    ("ALL.iSCSIdatasn", &["iSCSIDataSnInvalid"]),
    (
        "ALL.iSCSIResiduals",
        &["Read10Invalid", "Read10Residuals", "Read12Residuals"],
    ),
];

/// Families about commands that a recorder has not: being refused is what is
/// wanted. With the words by which each single test tells that it was.
const REFUSALS: [(&str, &[&str], &str); 4] = [
    (
        "ALL.ReportSupportedOpcodes",
        &["Simple", "OneCommand"],
        "[SKIPPED] REPORT_SUPPORTED_OPCODES is not implemented",
    ),
    (
        "ALL.Reserve6",
        &["Simple", "2Initiators", "Logout", "ITNexusLoss", "LUNReset"],
        "[SKIPPED] RESERVE6 is not implemented",
    ),
    (
        "ALL.PrinReadKeys",
        &["Simple"],
        "[SKIPPED] PERSISTENT RESERVE IN is not implemented",
    ),
    (
        "ALL.ProutRegister",
        &["Simple"],
        "[SKIPPED] PROUT Not Supported",
    ),
];

/// A DVD-RAM of 1024 blocks, all of them written: those tests read anywhere.
fn small_disc() -> Target {
    use pitland_iscsi::target::LogicalUnit;
    use pitland_transport::sim::{DriveModel, Medium, MemoryStore, Pace, VirtualDrive};
    let store = Box::new(MemoryStore::new());
    let medium = Medium::blank(MediumKind::DvdRam, Some(1024), store).unwrap();
    let drive = VirtualDrive::new(DriveModel::default(), medium, Pace::Virtual, "small".into());
    let units = vec![LogicalUnit::from(drive)];
    let any = "127.0.0.1:0".parse().unwrap();
    let target = Target::bind(any, units, TargetOptions::default()).unwrap();
    let mut drive = connected(&target, 1);
    wait_ready(&mut drive);
    let mut capacity = [0; 8];
    do_in(
        &mut drive,
        &[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &mut capacity,
    );
    let last = u32::from_be_bytes([capacity[0], capacity[1], capacity[2], capacity[3]]);
    for lba in (0..=last).step_by(16) {
        write(&mut drive, lba, &pattern(lba, 16));
    }
    synchronize(&mut drive);
    target
}

#[test]
fn libiscsi_s_test_suite_passes_where_it_fits() {
    let name = "libiscsi_s_test_suite_passes_where_it_fits";
    let Some(suite) = program(name, "iscsi-test-cu") else {
        return;
    };
    for (family, tests) in FAMILIES {
        for (test, words) in words_of(&suite, family, tests) {
            assert!(!words.contains("[SKIPPED]"), "{family}.{test}: {words}");
        }
    }
    for (family, tests, refusal) in REFUSALS {
        for (test, words) in words_of(&suite, family, tests) {
            assert!(words.contains(refusal), "{family}.{test}: {words}");
        }
    }
}

/// Runs a family of tests at a drive of its own; all that are named must have
/// passed. Gives what each said before its verdict.
fn words_of(suite: &Path, family: &str, tests: &[&str]) -> Vec<(String, String)> {
    let target = small_disc();
    let (_, said) = run(suite, &["-d", "-t", family, &url(&target, 1)]);
    let words = tests.iter().map(|test| {
        let begin = format!("Test: {test} ...");
        let after = said.split_once(&begin).map(|(_, after)| after);
        let after = after.unwrap_or_else(|| panic!("{family}.{test} was not run: {said}"));
        let own = after.split("Test: ").next().unwrap_or_default();
        // What the suite says when it cleans up stands behind the last verdict.
        let words = own.split_once("passed").map(|(words, _)| words);
        let words = words.unwrap_or_else(|| panic!("{family}.{test}: {said}"));
        ((*test).to_owned(), words.to_owned())
    });
    let words = words.collect();
    // Whatever the suite did, the drive still serves.
    let mut drive = connected(&target, 1);
    wait_ready(&mut drive);
    words
}

#[test]
fn our_initiator_burns_on_tgtd_s_dvd_plus_r() {
    let Some(tgtd) = Tgtd::start("our_initiator_burns_on_tgtd_s_dvd_plus_r") else {
        return;
    };
    let portal: Portal = format!("127.0.0.1:{}", tgtd.port).parse().unwrap();
    let found = discover(&portal, &InitiatorOptions::default()).unwrap();
    assert_eq!(found[0].name, Tgtd::NAME);
    let address = portal.unit(Tgtd::NAME, 1).unwrap();
    for (at, digests) in [(0, Digests::None), (1, Digests::Crc32c)] {
        let mut options = InitiatorOptions::default();
        options.wish = Wish {
            header_digest: digests,
            data_digest: digests,
            ..Wish::default()
        };
        let mut drive = Initiator::connect(&address, options).unwrap();
        wait_ready(&mut drive);
        let mut answer = [0; 64];
        let length = do_in(&mut drive, &[0x12, 0, 0, 0, 64, 0], &mut answer);
        let inquiry = InquiryData::parse(&answer[..length]).unwrap();
        assert!(inquiry.to_string().contains("VIRTUAL-CDROM"), "{inquiry}");
        let mut configuration = [0; 512];
        do_in(
            &mut drive,
            &[0x46, 0, 0, 0, 0, 0, 0, 2, 0, 0],
            &mut configuration,
        );
        if at == 0 {
            // Profile DVD+R.
            assert_eq!(configuration[6..8], [0x00, 0x1B]);
        }
        for unit in 0..20 {
            let lba = at * 640 + unit * 32;
            write(&mut drive, lba, &pattern(lba, 32));
        }
        synchronize(&mut drive);
    }
    // It reads nothing before it is finished.
    let mut drive = Initiator::connect(&address, InitiatorOptions::default()).unwrap();
    close(&mut drive, 1, 1);
    close(&mut drive, 6, 0);
    assert_eq!(read(&mut drive, 0, 32), pattern(0, 32));
    assert_eq!(read(&mut drive, 1248, 32), pattern(1248, 32));
    let burned = std::fs::read(&tgtd.disc).unwrap();
    assert_eq!(burned[..1280 * 2048], pattern(0, 1280));
}

/// QEMU opens the drive as it does for a guest, and insists on digests of headers.
#[test]
fn qemu_attaches_the_drive_with_header_digests() {
    let name = "qemu_attaches_the_drive_with_header_digests";
    let Some(qemu) = program(name, "qemu-system-x86_64") else {
        return;
    };
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let drive = format!(
        "if=none,id=d,format=raw,file.driver=iscsi,file.transport=tcp,file.portal={},\
         file.target={TARGET_NAME},file.lun=1,file.header-digest=crc32c",
        target.local_address()
    );
    let (well, said) = run_with_input(
        &qemu,
        &[
            "-M",
            "q35",
            "-nodefaults",
            "-display",
            "none",
            "-monitor",
            "stdio",
            "-S",
            "-device",
            "virtio-scsi-pci,id=s",
            "-drive",
            &drive,
            "-device",
            "scsi-generic,bus=s.0,drive=d",
        ],
        b"quit\n",
    );
    if said.contains("Unknown driver 'iscsi'") {
        not_run(name, "this QEMU has no iscsi driver");
        return;
    }
    assert!(well, "{said}");
    let counts = target.counts();
    assert!(
        counts.sessions > 0 && counts.commands > 0,
        "{counts:?}: {said}"
    );
    assert_eq!(counts.protocol_errors, 0);
}
