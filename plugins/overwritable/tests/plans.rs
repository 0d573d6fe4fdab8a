//! What the writer of overwritable media plans, line by line as a person reads it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_overwritable::Overwritable;
use pitland_writer::mmc::Profile;
use pitland_writer::mmc::feature::{Feature, FeatureDescriptor, Formattable, RealTimeStreaming};
use pitland_writer::testing::asked::lines;
use pitland_writer::testing::{FactsBuilder, asked, dvd_minus, media};
use pitland_writer::{
    BurnRequest, Certification, CloseRequest, EraseRequest, ExpectedMedium, Finish, FormatRequest,
    MediaFacts, MediaWriter, Move, Origin, Placement, Request, ResumeRequest, Warning,
    WriteCommand, WritePlan,
};

const GIB: u64 = 1 << 30;

fn plan(medium: FactsBuilder, request: Request) -> WritePlan {
    asked::plan::<Overwritable>(medium, &request)
}

fn burn(blocks: u64, finish: Finish) -> Request {
    asked::burn(blocks, Placement::Overwrite, finish)
}

fn moves(plan: &WritePlan) -> (Vec<Move>, Vec<Move>) {
    let of = |commands: &[pitland_writer::PlannedCommand]| {
        let mut moves: Vec<Move> = commands.iter().map(|c| c.purpose).collect();
        moves.dedup();
        moves
    };
    (of(&plan.prepare), of(&plan.closing))
}

#[test]
fn a_dvd_plus_rw_from_the_box() {
    let plan = plan(
        media::dvd_plus_rw_unformatted(),
        burn(100, Finish::CloseSession),
    );
    assert_eq!(
        lines(&plan),
        [
            "format: FORMAT UNIT code 1: format DVD+RW basic (type 26h/0), 2295104 blocks, parameter 000000h, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "set speed: SET STREAMING type 0, 28 bytes: read 22160 kB/s, write 22160 kB/s, blocks 0 to 2295103, default rotation",
            "set speed: SET CD SPEED read max, write 22160 kB/s, default rotation (only if the one before is refused)",
            "write 112 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "stop format: CLOSE TRACK/SESSION stop background format, IMMED"
        ]
    );
    assert_eq!(plan.expected, ExpectedMedium::capacity(Some(112)));
}

fn resume(blocks: u64, finish: Finish, written: u64) -> Request {
    asked::rest(blocks, written, finish)
}

#[test]
fn the_rest_of_a_burn_beyond_a_suspended_format() {
    let medium = || media::dvd_plus_rw_suspended(1_600).first_blocks(7);
    let beyond = plan(medium(), resume(3_000, Finish::CloseSession, 1_024));
    assert_eq!(
        lines(&beyond)[..2],
        [
            "format: FORMAT UNIT code 1: format DVD+RW basic (type 26h/0), 2295104 blocks, parameter 000001h, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
        ]
    );
    let write = "write 1984 blocks of 2048 bytes from LBA 1024 by WRITE (10), the image";
    assert!(lines(&beyond).iter().any(|line| line == write));
    assert_eq!(beyond.expected, ExpectedMedium::capacity(Some(3_008)));
    assert!(beyond.resumable);
    let within = plan(medium(), resume(1_600, Finish::CloseSession, 1_024));
    assert!(!within.prepare.iter().any(|c| c.purpose == Move::Format));
}

#[test]
fn a_burn_that_lacks_only_the_end_of_its_format() {
    let medium = media::dvd_plus_rw_formatting().first_blocks(7);
    let plan = plan(medium, resume(1_600, Finish::FinalizeDisc, 1_600));
    assert_eq!(
        lines(&plan),
        [
            "stop format: CLOSE TRACK/SESSION stop background format, IMMED",
            "finalize disc: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
    assert_eq!(plan.expected, ExpectedMedium::capacity(Some(1_600)));
}

#[test]
fn a_dvd_plus_rw_beyond_its_suspended_format() {
    let plan = plan(
        media::dvd_plus_rw_suspended(1_600),
        burn(1_601, Finish::FinalizeDisc),
    );
    assert_eq!(
        lines(&plan),
        [
            "format: FORMAT UNIT code 1: format DVD+RW basic (type 26h/0), 2295104 blocks, parameter 000001h, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "set speed: SET STREAMING type 0, 28 bytes: read 22160 kB/s, write 22160 kB/s, blocks 0 to 2295103, default rotation",
            "set speed: SET CD SPEED read max, write 22160 kB/s, default rotation (only if the one before is refused)",
            "write 1616 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE",
            "stop format: CLOSE TRACK/SESSION stop background format, IMMED",
            "finalize disc: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
}

#[test]
fn a_suspended_format_goes_on_only_where_the_data_need_it() {
    let formats = |covered, blocks| {
        let plan = plan(
            media::dvd_plus_rw_suspended(covered),
            burn(blocks, Finish::CloseSession),
        );
        moves(&plan).0.contains(&Move::Format)
    };
    assert!(!formats(1_600, 1_600));
    assert!(formats(1_600, 1_601));
    // A drive that calls the whole disc formatted tells nothing.
    assert!(formats(media::DVD_PLUS, 16));
}

#[test]
fn a_running_format_is_left_running_and_stopped_at_the_end() {
    let plan = plan(
        media::dvd_plus_rw_formatting(),
        burn(64, Finish::CloseSession),
    );
    let sync_and_stop = vec![Move::SynchronizeCache, Move::StopFormat];
    assert_eq!(moves(&plan), (vec![Move::SetSpeed], sync_and_stop));
}

#[test]
fn a_formatted_dvd_plus_rw_is_closed_only_where_it_shall_be_final() {
    let of = |finish| moves(&plan(media::dvd_plus_rw_formatted(), burn(64, finish))).1;
    assert_eq!(of(Finish::CloseSession), [Move::SynchronizeCache]);
    assert_eq!(
        of(Finish::FinalizeDisc),
        [Move::SynchronizeCache, Move::FinalizeDisc]
    );
}

#[test]
fn a_bd_re_from_the_box() {
    let plan = plan(media::bd_re_unformatted(), burn(100, Finish::FinalizeDisc));
    assert_eq!(
        lines(&plan),
        [
            "warning: the drive verifies as it records: expect half the nominal speed",
            "format: FORMAT UNIT code 1: format full (type 00h/0), 11826176 blocks, parameter 003000h, FOV, IMMED",
            "set speed: SET STREAMING type 0, 28 bytes: read 8990 kB/s, write 8990 kB/s, blocks 0 to 11826175, default rotation",
            "set speed: SET CD SPEED read max, write 8990 kB/s, default rotation (only if the one before is refused)",
            "write 128 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE"
        ]
    );
    assert_eq!(plan.expected, ExpectedMedium::capacity(Some(128)));
}

#[test]
fn a_dvd_ram() {
    let plan = plan(media::dvd_ram(), burn(100, Finish::CloseSession));
    assert_eq!(
        lines(&plan),
        [
            "warning: the drive verifies as it records: expect half the nominal speed",
            "set speed: SET STREAMING type 0, 28 bytes: read 4155 kB/s, write 4155 kB/s, blocks 0 to 2236703, default rotation",
            "set speed: SET CD SPEED read max, write 4155 kB/s, default rotation (only if the one before is refused)",
            "write 112 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE"
        ]
    );
}

#[test]
fn a_verifying_drive_is_warned_of() {
    let warnings = |medium| plan(medium, burn(64, Finish::CloseSession)).warnings;
    assert_eq!(
        warnings(media::bd_re_formatted()),
        [Warning::VerifiedByDrive]
    );
    assert_eq!(warnings(media::dvd_ram()), [Warning::VerifiedByDrive]);
    assert_eq!(warnings(media::dvd_plus_rw_formatted()), []);
}

#[test]
fn an_erase_writes_zeros_from_the_first_block() {
    let blocks = |medium: FactsBuilder, full, volume_blocks| {
        let mut erase = EraseRequest::new(full);
        erase.volume_blocks = volume_blocks;
        let plan = plan(medium, Request::Erase(erase));
        assert_eq!(plan.expected, ExpectedMedium::blank());
        let [extent] = plan.extents.as_slice() else {
            panic!("{plan}")
        };
        assert_eq!((extent.first_lba.0, &extent.origin), (0, &Origin::Zeros));
        u32::try_from(extent.blocks).unwrap()
    };
    assert_eq!(blocks(media::dvd_ram(), false, 0), 512);
    assert_eq!(blocks(media::bd_re_formatted(), false, 10_001), 10_016);
    assert_eq!(
        blocks(media::dvd_plus_rw_formatted(), false, u64::MAX),
        media::DVD_PLUS
    );
    assert_eq!(
        blocks(media::bd_re_unformatted(), true, 0),
        media::BD_DEFAULT
    );
    assert_eq!(blocks(media::dvd_ram(), true, 0), media::DVD_RAM);
}

#[test]
fn an_erase_formats_what_is_unformatted() {
    let plan = plan(
        media::dvd_plus_rw_unformatted(),
        Request::Erase(EraseRequest::new(false)),
    );
    let format = vec![Move::Format, Move::SynchronizeCache, Move::SetSpeed];
    let stop = vec![Move::SynchronizeCache, Move::StopFormat];
    assert_eq!(moves(&plan), (format, stop));
}

#[test]
fn formats_by_kind_and_spare_area() {
    let format = |medium, kind, spare| {
        let plan = plan(medium, Request::Format(FormatRequest::new(kind, spare)));
        assert!(plan.expected.capacity_at_least.is_some() && plan.closing.is_empty());
        lines(&plan)
    };
    assert_eq!(
        format(media::dvd_plus_rw_unformatted(), None, None),
        [
            "format: FORMAT UNIT code 1: format DVD+RW basic (type 26h/0), 2295104 blocks, parameter 000000h, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED"
        ]
    );
    assert_eq!(
        format(media::bd_re_unformatted(), None, None),
        [
            "format: FORMAT UNIT code 1: format full (type 00h/0), 11826176 blocks, parameter 003000h, FOV, IMMED"
        ]
    );
    assert_eq!(
        format(media::bd_re_unformatted(), None, Some(0)),
        [
            "format: FORMAT UNIT code 1: format BD-RE without spare areas (type 31h/0), 12219392 blocks, parameter 000800h, FOV, IMMED"
        ]
    );
    // Less than the least that is listed is given as much as that.
    assert_eq!(
        format(media::bd_re_unformatted(), None, Some(1)),
        [
            "format: FORMAT UNIT code 1: format BD-RE with spare areas (type 30h/0), 12088320 blocks, parameter 001000h, FOV, IMMED"
        ]
    );
    // A size in between: 8192 clusters.
    assert_eq!(
        format(media::bd_re_unformatted(), None, Some(GIB / 2)),
        [
            "format: FORMAT UNIT code 1: format BD-RE with spare areas (type 30h/0), 11957248 blocks, parameter 002000h, FOV, IMMED"
        ]
    );
    assert_eq!(
        format(media::bd_re_formatted().first_blocks(1), Some(0x30), None),
        [
            "warning: the medium is formatted first: what it holds is lost",
            "format: FORMAT UNIT code 1: format BD-RE with spare areas (type 30h/0), 11826176 blocks, parameter 003000h, FOV, IMMED"
        ]
    );
    assert_eq!(
        format(media::dvd_ram().first_blocks(0), None, None),
        [
            "format: FORMAT UNIT code 1: format full (type 00h/0), 2236704 blocks, parameter 000800h, FOV, IMMED"
        ]
    );
    assert_eq!(
        format(media::dvd_ram().first_blocks(0), None, Some(0)),
        [
            "format: FORMAT UNIT code 1: format full (type 00h/0), 2295072 blocks, parameter 000800h, FOV, IMMED"
        ]
    );
    assert_eq!(
        format(media::dvd_ram().first_blocks(0), Some(1), None),
        [
            "format: FORMAT UNIT code 1: format spare area expansion (type 01h/0), 2226976 blocks, parameter 000800h, FOV, IMMED"
        ]
    );
}

#[test]
fn a_dvd_plus_rw_whose_size_is_not_listed_is_left_to_the_drive() {
    let mut facts = media::dvd_plus_rw_unformatted().build();
    facts.format_capacities.as_mut().unwrap().formats.clear();
    let format = Request::Format(FormatRequest::default());
    let (_, plan) = Overwritable::begin(&facts, &format).unwrap();
    assert_eq!(
        lines(&plan),
        [
            "format: FORMAT UNIT code 1: format DVD+RW basic (type 26h/0), 4294967295 blocks, parameter 000000h, IMMED",
            "synchronize cache: SYNCHRONIZE CACHE, IMMED"
        ]
    );
    assert_eq!(plan.expected, ExpectedMedium::default());
}

#[test]
fn closing_a_dvd_plus_rw_stops_its_format_or_writes_a_lead_out() {
    let close =
        |medium, finalize| lines(&plan(medium, Request::Close(CloseRequest::new(finalize))));
    assert_eq!(
        close(media::dvd_plus_rw_formatting(), true),
        [
            "stop format: CLOSE TRACK/SESSION stop background format, IMMED",
            "finalize disc: CLOSE TRACK/SESSION session, IMMED"
        ]
    );
    assert_eq!(
        close(media::dvd_plus_rw_formatting(), false),
        ["stop format: CLOSE TRACK/SESSION stop background format, IMMED"]
    );
    assert_eq!(
        close(media::dvd_plus_rw_formatted(), true),
        ["finalize disc: CLOSE TRACK/SESSION session, IMMED"]
    );
}

const DVD_RW_PAGE: &str = "set write parameters: MODE SELECT (10) 60 bytes: write parameters: incremental, final, track mode 5, mode 1 2048, BUFE, fixed packets, packet 16";
const CLOSE_SESSION: &str = "close session: CLOSE TRACK/SESSION session, IMMED";
const SYNCS: [&str; 2] = [
    "synchronize cache: SYNCHRONIZE CACHE, IMMED",
    "synchronize cache: SYNCHRONIZE CACHE",
];

#[test]
fn a_dvd_rw_is_written_where_it_is_formatted_and_grows_beyond() {
    let lines_of = |medium, blocks| lines(&plan(medium, burn(blocks, Finish::CloseSession)));
    let inside = lines_of(dvd_minus::dvd_rw_formatted(1_600), 1_590);
    assert_eq!(
        inside,
        [
            DVD_RW_PAGE,
            "set speed: SET STREAMING type 0, 28 bytes: read 5540 kB/s, write 5540 kB/s, blocks 0 to 2297887, default rotation",
            "set speed: SET CD SPEED read max, write 5540 kB/s, default rotation (only if the one before is refused)",
            "write 1600 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            SYNCS[0],
            SYNCS[1],
        ]
    );
    let beyond = lines_of(dvd_minus::dvd_rw_formatted(1_600), 1_601);
    assert_eq!(
        beyond[1],
        "format: FORMAT UNIT code 1: format quick grow (type 13h/0), 0 blocks, parameter 000010h, IMMED"
    );
    assert_eq!(
        beyond[4..],
        [
            "write 1616 blocks of 2048 bytes from LBA 0 by WRITE (10), the image",
            SYNCS[0],
            SYNCS[1],
            CLOSE_SESSION,
        ]
    );
    // Quickly formatted by another program: only written and closed.
    let fresh = lines_of(dvd_minus::dvd_rw_intermediate(0), 1_601);
    assert!(!fresh.iter().any(|line| line.starts_with("format")));
    assert_eq!(fresh.last().unwrap(), CLOSE_SESSION);
    let request = burn(1_601, Finish::CloseSession);
    let proven = plan(dvd_minus::dvd_rw_intermediate(0), request).expected;
    assert_eq!(
        (proven.appendable, proven.capacity_at_least),
        (Some(true), Some(1_616))
    );
}

#[test]
fn a_dvd_rw_that_offers_no_growth_is_formatted_anew() {
    let mut facts = dvd_minus::dvd_rw_formatted(1_600).build();
    let formats = &mut facts.format_capacities.as_mut().unwrap().formats;
    formats.retain(|format| format.kind.code() != 0x13);
    let (_, plan) = Overwritable::begin(&facts, &burn(2_000, Finish::CloseSession)).unwrap();
    assert_eq!(plan.warnings, [Warning::FormatsFirst]);
    let format = lines(&plan)
        .into_iter()
        .find(|line| line.starts_with("format"));
    assert_eq!(
        format.unwrap(),
        "format: FORMAT UNIT code 1: format quick (type 15h/0), 0 blocks, parameter 000010h, IMMED"
    );
}

#[test]
fn a_dvd_rw_is_formatted_the_quick_way_or_in_full() {
    let format = |medium, kind, certification| {
        let mut format = FormatRequest::new(kind, None);
        format.certification = certification;
        plan(medium, Request::Format(format))
    };
    let quick = format(dvd_minus::dvd_rw_blank(), None, Certification::AsUsual);
    assert_eq!(
        lines(&quick),
        [
            DVD_RW_PAGE,
            "calibrate power: SEND OPC INFORMATION calibrate",
            "format: FORMAT UNIT code 1: format quick (type 15h/0), 0 blocks, parameter 000010h, IMMED",
            "write 512 blocks of 2048 bytes from LBA 0 by WRITE (10), zeros",
            SYNCS[0],
            SYNCS[1],
            CLOSE_SESSION,
        ]
    );
    let in_full = [
        (
            None,
            "full (type 00h/0), 2297888 blocks, parameter 000800h, IMMED",
        ),
        (
            Some(0x10),
            "CD-RW/DVD-RW full (type 10h/0), 2297888 blocks, parameter 000010h, IMMED",
        ),
    ];
    for (kind, words) in in_full {
        let full = format(
            dvd_minus::dvd_rw_formatted(1_600).first_blocks(1),
            kind,
            Certification::Full,
        );
        assert_eq!(full.warnings, [Warning::FormatsFirst]);
        let last = lines(&full).pop().unwrap();
        assert_eq!(last, format!("format: FORMAT UNIT code 1: format {words}"));
        assert!(full.closing.is_empty() && full.extents.is_empty());
        let whole = u64::from(dvd_minus::DVD_MINUS);
        assert_eq!(full.expected, ExpectedMedium::capacity(Some(whole)));
    }
}

#[test]
fn an_erase_of_a_dvd_rw_is_a_blank_where_the_drive_has_one() {
    let erase = |medium, full| plan(medium, Request::Erase(EraseRequest::new(full)));
    let blanked = erase(dvd_minus::dvd_rw_formatted(1_600), true);
    assert_eq!(
        lines(&blanked),
        [DVD_RW_PAGE, "blank: BLANK whole disc, IMMED"]
    );
    let quickly = erase(dvd_minus::dvd_rw_intermediate(1_600), false);
    assert_eq!(quickly.warnings, [Warning::OnlyAtOnceAfterwards]);
    assert_eq!(lines(&quickly)[2], "blank: BLANK minimal, IMMED");
    let zeros = erase(dvd_minus::dvd_rw_formatted_without_blank(1_600), false);
    assert_eq!(zeros.extents[0].origin, Origin::Zeros);
    assert_eq!(zeros.extents[0].blocks, 512);
}

#[test]
fn an_intermediate_session_is_closed() {
    let close = Request::Close(CloseRequest::new(false));
    let closed = plan(dvd_minus::dvd_rw_intermediate(1_600), close);
    assert_eq!(lines(&closed), [CLOSE_SESSION]);
    // A drive that says "nothing to close" and leaves it open is not believed.
    assert_eq!(closed.expected.appendable, Some(true));
    let resume = Request::Resume(ResumeRequest::new(BurnRequest::new(1_600), 1_600));
    let ended = plan(dvd_minus::dvd_rw_intermediate(1_600), resume);
    assert_eq!(lines(&ended), [CLOSE_SESSION]);
}

/// The medium, in a drive with this feature as well.
fn with(medium: FactsBuilder, feature: Feature) -> MediaFacts {
    let mut facts = medium.build();
    let features = &mut facts.configuration.as_mut().unwrap().features;
    features.retain(|known| known.code != feature.code());
    features.push(FeatureDescriptor::new(&feature, true));
    facts
}

#[test]
fn a_fast_write_streams_the_bulk_where_the_drive_can() {
    let streaming = || {
        Feature::RealTimeStreaming(RealTimeStreaming {
            stream_writing: true,
            ..RealTimeStreaming::default()
        })
    };
    let write = |facts: &MediaFacts, fast_write| {
        let mut burn = BurnRequest::new(10_000);
        burn.placement = Placement::Overwrite;
        burn.fast_write = fast_write;
        let (_, plan) = Overwritable::begin(facts, &Request::Burn(burn)).unwrap();
        let commands: Vec<_> = plan.extents.iter().map(|extent| extent.command).collect();
        (commands, plan.warnings)
    };
    let fast = |facts: &MediaFacts| write(facts, true);
    use WriteCommand::{Write10, Write12Streaming};
    let offered = with(media::dvd_ram(), streaming());
    let streamed = (
        vec![Write10, Write12Streaming, Write10],
        vec![Warning::DefectsNotReplaced],
    );
    assert_eq!(fast(&offered), streamed);
    let not_offered = media::dvd_ram().build();
    let verified = (vec![Write10], vec![Warning::VerifiedByDrive]);
    assert_eq!(write(&offered, false), verified);
    assert_eq!(fast(&not_offered), verified);
    // No spare areas, nothing to leave out.
    let mut plain = with(media::bd_re_formatted(), streaming());
    let features = &mut plain.configuration.as_mut().unwrap().features;
    features.retain(|feature| feature.code != 0x24);
    assert_eq!(fast(&plain), (vec![Write10], vec![]));
    assert_eq!(plain.profile(), Profile::BdRe);
}

#[test]
fn certification_is_a_subtype_of_a_bd_re_and_left_out_of_a_dvd_ram() {
    let certify = |facts: &MediaFacts, certification| {
        let mut format = FormatRequest::default();
        format.certification = certification;
        let (_, plan) = Overwritable::begin(facts, &Request::Format(format)).unwrap();
        lines(&plan).pop().unwrap()
    };
    let offered = with(
        media::bd_re_unformatted(),
        Feature::Formattable(Formattable {
            certification: true,
            quick_certification: true,
            ..Formattable::default()
        }),
    );
    let of_subtype = |subtype| {
        format!(
            "format: FORMAT UNIT code 1: format BD-RE with spare areas (type 30h/{subtype}), 11826176 blocks, parameter 003000h, FOV, IMMED"
        )
    };
    assert_eq!(certify(&offered, Certification::None), of_subtype(1));
    assert_eq!(certify(&offered, Certification::Full), of_subtype(2));
    assert_eq!(certify(&offered, Certification::Quick), of_subtype(3));
    let ram = media::dvd_ram().build();
    assert_eq!(
        certify(&ram, Certification::Quick),
        "format: FORMAT UNIT code 1, complete list: format full (type 00h/0), 2236704 blocks, parameter 000800h, FOV, DCRT, IMMED"
    );
    assert_eq!(
        certify(&ram, Certification::Full),
        "format: FORMAT UNIT code 1: format full (type 00h/0), 2236704 blocks, parameter 000800h, FOV, IMMED"
    );
}
