//! The drive builds its replies by itself; what the project's own vocabulary makes
//! of them, on every medium in several states, and back again, must be the same bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use pitland_mmc::feature::{Feature, FeatureDescriptor};
use pitland_mmc::mode_page::ModeParameterList;
use pitland_mmc::reply::{
    Atip, Capacity, Configuration, DiscInformation, EventStatus, FormatCapacities, FullToc,
    InquiryData, Performance, SessionInfo, Toc, TrackInformation, WriteSpeeds,
};
use pitland_mmc::{Command, Sense};
use pitland_simdrive::MediumKind;

type Again = fn(&[u8]) -> Vec<u8>;

/// Every question whose reply has a parser, with that parser.
fn questions() -> Vec<(Vec<u8>, Again)> {
    macro_rules! again {
        ($reply:ty) => {
            |bytes| <$reply>::parse(bytes).expect(stringify!($reply)).emit()
        };
    }
    vec![
        (vec![0x12, 0, 0, 1, 0, 0], again!(InquiryData)),
        (vec![0x46, 0, 0, 0, 0, 0, 0, 4, 0, 0], |bytes| {
            let configuration = Configuration::parse(bytes).expect("configuration");
            for descriptor in &configuration.features {
                check_feature(descriptor);
            }
            configuration.emit()
        }),
        (
            // With the table of a power calibration, where there was one.
            vec![0x51, 0, 0, 0, 0, 0, 0, 0, 64, 0],
            again!(DiscInformation),
        ),
        (
            vec![0x52, 1, 0, 0, 0, 1, 0, 0, 48, 0],
            again!(TrackInformation),
        ),
        (
            vec![0x23, 0, 0, 0, 0, 0, 0, 0, 252, 0],
            again!(FormatCapacities),
        ),
        (vec![0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], again!(Capacity)),
        (vec![0x43, 0, 0, 0, 0, 0, 0, 4, 0, 0], again!(Toc)),
        (vec![0x43, 0, 1, 0, 0, 0, 0, 4, 0, 0], again!(SessionInfo)),
        (vec![0x43, 0, 2, 0, 0, 0, 0, 4, 0, 0], again!(FullToc)),
        (vec![0x43, 0, 3, 0, 0, 0, 0, 4, 0, 0], again!(FullToc)),
        (vec![0x43, 0, 4, 0, 0, 0, 0, 4, 0, 0], again!(Atip)),
        (
            vec![0x4A, 1, 0, 0, 0x7E, 0, 0, 0, 8, 0],
            again!(EventStatus),
        ),
        (
            vec![0x5A, 8, 0x3F, 0, 0, 0, 0, 4, 0, 0],
            again!(ModeParameterList),
        ),
        (
            vec![0xAC, 0x10, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0],
            again!(Performance),
        ),
        (
            vec![0xAC, 0x14, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0],
            again!(Performance),
        ),
        (
            vec![0xAC, 0, 0, 0, 0, 0, 0, 0, 0, 16, 3, 0],
            again!(WriteSpeeds),
        ),
        (vec![3, 0, 0, 0, 18, 0], |bytes| {
            Sense::parse(bytes).expect("sense").emit().to_vec()
        }),
    ]
}

fn check_feature(descriptor: &FeatureDescriptor) {
    let feature = Feature::parse(descriptor.code, &descriptor.data).expect("feature");
    assert_eq!(feature.emit(), descriptor.data, "{:04X}", descriptor.code);
}

fn check(host: &mut Host) {
    for (cdb, again) in questions() {
        assert!(Command::parse(&cdb).is_ok(), "{cdb:02X?}");
        let Ok(reply) = host.try_get(&cdb, 2048) else {
            // On CD a track is not told before page 05h says how it would be written.
            let cd = host.drive.medium().unwrap().kind().is_cd();
            let missing = cdb[0] == 0x43 || (cd && cdb[0] == 0x52);
            assert!(missing, "only a TOC may be missing: {cdb:02X?}");
            continue;
        };
        assert_eq!(again(&reply), reply, "{cdb:02X?}");
    }
}

#[test]
fn the_vocabulary_reads_every_reply_and_gives_the_same_bytes() {
    for kind in MediumKind::ALL {
        let mut host = Host::with(kind);
        check(&mut host);
        host.prepare();
        check(&mut host);
        host.write(0, &pattern(0, 64));
        check(&mut host);
        host.command(&close(2, 0));
        check_sense(&mut host);
        host.ready();
        check(&mut host);
    }
}

/// A check condition's bytes are sense data like any other.
fn check_sense(host: &mut Host) {
    let answer = host.command(&[0; 6]);
    if answer.key_asc_ascq().is_some() {
        let sense = Sense::parse(&answer.sense).expect("sense");
        assert_eq!(sense.emit(), answer.sense);
    }
}
