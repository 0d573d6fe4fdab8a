//! Each rule of the gate: what it lets through, and what it does not.

use super::*;
use pitland_mmc::cdb::{
    Blank, BlankingType, Cdb, CloseFunction, CloseTrackSession, ModeSelect10, Read10, ReadCapacity,
    ReserveTrack, SendCueSheet, Write10,
};
use pitland_mmc::mode_page::{ModePage, ModeParameterList, WriteParameters};
use pitland_mmc::param::{CuePosition, CueSheetEntry, DataForm, FormatParameterList, FormatType};
use pitland_mmc::{Msf, SectorCount};
use pitland_writer::testing::media;
use pitland_writer::{
    BlockForm, BurnRequest, CloseRequest, EraseRequest, Extent, Finish, FormatRequest, Growth,
    Occasion, Placement, PlannedCommand, ResumeRequest, Run, SensePattern, WriteCommand, moves,
};

fn burn(blocks: u64) -> Request {
    Request::Burn(BurnRequest::new(blocks))
}

fn plan_of(extents: Vec<Extent>) -> WritePlan {
    let mut plan = WritePlan::default();
    plan.extents = extents;
    plan
}

#[test]
fn a_write_dressed_as_something_else_is_refused() {
    let mut plan = plan_of(vec![Extent::image(Lba(0), 32, 32)]);
    let write = Write10 {
        lba: Lba(0),
        blocks: 1,
        fua: false,
    }
    .emit();
    for purpose in [
        Move::SetSpeed,
        Move::SynchronizeCache,
        Move::CloseTrack,
        Move::Own(1),
    ] {
        plan.prepare = vec![PlannedCommand::new(purpose, write)];
        assert!(matches!(
            check_plan(&plan, &burn(1), None),
            Err(PlanFault::WrongCommand { .. })
        ));
    }
}

#[test]
fn a_streaming_write_is_of_whole_and_aligned_64_kib_only() {
    let streaming = |lba, unit| {
        let mut extent = Extent::image(Lba(lba), 64, unit);
        extent.command = WriteCommand::Write12Streaming;
        check_plan(&plan_of(vec![extent]), &burn(64), None)
    };
    assert_eq!(streaming(0, 32), Ok(()));
    assert_eq!(streaming(0, 16), Err(PlanFault::BadExtent { index: 0 }));
    assert_eq!(streaming(16, 32), Err(PlanFault::BadExtent { index: 0 }));
}

#[test]
fn a_query_that_writes_is_refused() {
    let write = Write10 {
        lba: Lba(0),
        blocks: 1,
        fua: false,
    }
    .emit();
    assert!(matches!(
        check_query(&write, 0),
        Err(PlanFault::NotAQuery { .. })
    ));
    let close = CloseTrackSession {
        function: CloseFunction::Session,
        ..Default::default()
    }
    .emit();
    assert!(matches!(
        check_query(&close, 0),
        Err(PlanFault::NotAQuery { .. })
    ));
    // "Simulate" of Ricoh, and the serial number of the medium, which made one drive unusable
    // (recipe 11, Q14).
    for vendor in [
        &[0xEA, 0, 0, 0, 0, 0][..],
        &[0xAB, 1, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0],
    ] {
        let vendor = CdbBytes::from_slice(vendor).unwrap();
        assert!(matches!(
            check_query(&vendor, 24),
            Err(PlanFault::NotAQuery { .. } | PlanFault::VendorCommand { .. })
        ));
    }
    assert_eq!(check_query(&ReadCapacity {}.emit(), 8), Ok(()));
}

#[test]
fn a_disc_is_finalized_only_when_that_was_asked() {
    let mut plan = WritePlan::default();
    let close = CloseTrackSession {
        function: CloseFunction::Session,
        ..Default::default()
    }
    .emit();
    plan.closing = vec![PlannedCommand::new(Move::FinalizeDisc, close)];
    assert!(check_plan(&plan, &Request::Close(CloseRequest::new(true)), None).is_ok());
    assert!(matches!(
        check_plan(&plan, &Request::Close(CloseRequest::new(false)), None),
        Err(PlanFault::NotAsked { .. })
    ));
}

#[test]
fn extents_must_be_whole_units_in_order_and_inside_the_medium() {
    let service = Service::new(Lba(0), 64, 32);
    let ok = plan_of(vec![Extent::image(Lba(0), 64, 32)]);
    assert_eq!(check_plan(&ok, &burn(50), Some(&service)), Ok(()));
    let short = plan_of(vec![Extent::image(Lba(0), 33, 32)]);
    assert!(matches!(
        check_plan(&short, &burn(33), None),
        Err(PlanFault::BadExtent { .. })
    ));
    let twice = plan_of(vec![
        Extent::image(Lba(0), 32, 32),
        Extent::image(Lba(16), 32, 32),
    ]);
    assert!(matches!(
        check_plan(&twice, &burn(33), None),
        Err(PlanFault::Overlap { .. })
    ));
    let outside = plan_of(vec![Extent::image(Lba(32), 64, 32)]);
    assert!(matches!(
        check_plan(&outside, &burn(33), Some(&service)),
        Err(PlanFault::OutsideMedium { .. })
    ));
    let cut = plan_of(vec![Extent::image(Lba(0), 32, 32)]);
    assert!(matches!(
        check_plan(&cut, &burn(33), None),
        Err(PlanFault::ImageCut { .. })
    ));
}

fn resume(blocks: u64, written: u64) -> Request {
    Request::Resume(ResumeRequest::new(BurnRequest::new(blocks), written))
}

#[test]
fn the_rest_of_a_burn_must_be_all_of_it_and_follow_what_is_there() {
    let rest = plan_of(vec![Extent::image(Lba(1_048), 64, 16)]);
    assert_eq!(check_plan(&rest, &resume(112, 48), None), Ok(()));
    let cut = check_plan(&rest, &resume(113, 48), None);
    let (planned, needed) = (112, 113);
    assert_eq!(cut, Err(PlanFault::ImageCut { planned, needed }));
    let run = |first, blocks, image_block| WrittenRun {
        first_lba: Lba(first),
        blocks,
        image_block,
    };
    let check = |run: Option<WrittenRun>| check_resumed(&rest, &resume(112, 48), run.as_ref());
    assert_eq!(check(Some(run(1_000, 48, 0))), Ok(()));
    for other in [
        None,
        Some(run(1_000, 32, 0)),
        Some(run(984, 48, 0)),
        Some(run(1_000, 48, 32)),
    ] {
        assert_eq!(check(other), Err(PlanFault::NotTheRest));
    }
    let there = run(1_000, 48, 0);
    let anew = check_resumed(&rest, &burn(64), Some(&there));
    assert_eq!(anew, Err(PlanFault::NotTheRest));
    assert_eq!(check_resumed(&rest, &burn(64), None), Ok(()));
}

#[test]
fn what_is_there_is_neither_formatted_away_nor_finalized_unasked() {
    let with = |command| {
        let mut plan = plan_of(vec![Extent::image(Lba(32), 32, 16)]);
        plan.prepare = vec![command];
        check_plan(&plan, &resume(64, 32), None)
    };
    let format = |kind, parameter| {
        moves::format(&FormatParameterList {
            fov: true,
            kind,
            parameter,
            ..FormatParameterList::default()
        })
    };
    assert_eq!(with(format(FormatType::DvdPlusRwBasic, 1)), Ok(()));
    // A DVD-RW in restricted overwrite grows with what is written behind its formatted part.
    assert_eq!(with(format(FormatType::QuickGrow, 16)), Ok(()));
    for anew in [
        format(FormatType::DvdPlusRwBasic, 0),
        format(FormatType::Full, 1),
        format(FormatType::Quick, 16),
    ] {
        let purpose = Move::Format;
        assert_eq!(with(anew), Err(PlanFault::NotAsked { purpose }));
    }
    let purpose = Move::FinalizeDisc;
    let finalize = moves::finalize(CloseFunction::Finalize);
    assert_eq!(with(finalize), Err(PlanFault::NotAsked { purpose }));
}

// --- other units, vendors, keys and firmware --------------------------------------------------------

/// A block of bytes as a query, with room for as many bytes as it may have.
fn asks(cdb: &[u8]) -> Result<(), PlanFault> {
    check_query(&CdbBytes::from_slice(cdb).unwrap(), 0)
}

#[test]
fn a_question_to_another_unit_is_none() {
    // The bits of byte 1 that once said which unit is meant: 0 in each question, and refused in it.
    let questions: [&[u8]; 10] = [
        &[0x00, 0, 0, 0, 0, 0],
        &[0x03, 0, 0, 0, 0, 0],
        &[0x12, 0, 0, 0, 0, 0],
        &[0x23, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x43, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x46, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x51, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x5A, 8, 5, 0, 0, 0, 0, 0, 0, 0],
        &[0xAD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    for question in questions {
        assert_eq!(asks(question), Ok(()), "{question:02X?}");
        for bit in [0x20, 0x40, 0x80] {
            let mut other = question.to_vec();
            other[1] |= bit;
            assert!(
                matches!(asks(&other), Err(PlanFault::Malformed(_))),
                "{other:02X?}"
            );
        }
    }
}

#[test]
fn no_query_carries_firmware_keys_or_commands_of_the_vendor() {
    // WRITE BUFFER, SECURITY PROTOCOL IN and OUT, SEND KEY, REPORT KEY, SEND DISC STRUCTURE.
    for opcode in [0x3B, 0xA2, 0xB5, 0xA3, 0xA4, 0xBF] {
        let length = if opcode < 0x80 { 10 } else { 12 };
        let mut cdb = vec![0; length];
        cdb[0] = opcode;
        let refused = asks(&cdb);
        assert!(
            matches!(
                refused,
                Err(PlanFault::NotAQuery { .. } | PlanFault::Malformed(_))
            ),
            "{opcode:02X}h: {refused:?}"
        );
    }
    for opcode in 0xC0..=0xFF {
        let cdb = CdbBytes::from_slice(&[opcode, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(
            check_query(&cdb, 16),
            Err(PlanFault::VendorCommand { opcode })
        );
        let allowed = Allowances::VENDOR_COMMANDS;
        assert_eq!(check_query_by(&cdb, 16, allowed), Ok(()));
        let mut plan = WritePlan::default();
        plan.prepare = vec![PlannedCommand::new(Move::Own(1), cdb)];
        let close = Request::Close(CloseRequest::new(false));
        let form = |allowed| check_form(&plan, &close, None, allowed);
        assert_eq!(
            form(Allowances::NONE),
            Err(PlanFault::VendorCommand { opcode })
        );
        assert_eq!(form(allowed), Ok(()));
    }
    // What is nobody's own stays refused.
    let serial = CdbBytes::from_slice(&[0xAB, 1, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0]).unwrap();
    assert!(check_query_by(&serial, 24, Allowances::VENDOR_COMMANDS).is_err());
}

#[test]
fn a_query_has_the_room_that_it_announces() {
    let read = |blocks| {
        let lba = Lba(0);
        let fua = false;
        Read10 { lba, blocks, fua }.emit()
    };
    assert_eq!(check_query(&read(2), 4096), Ok(()));
    for length in [0, 2048, 4097, MOST_BYTES] {
        assert!(
            matches!(
                check_query(&read(2), length),
                Err(PlanFault::LengthMismatch { .. })
            ),
            "{length}"
        );
    }
    let ready = CdbBytes::from_slice(&[0; 6]).unwrap();
    assert!(check_query(&ready, 8).is_err());
    let bytes = u64::from(MOST_BYTES) + 1;
    assert_eq!(
        check_query(&read(129), MOST_BYTES + 1),
        Err(PlanFault::TooManyBytes { bytes })
    );
}

// --- what moves carry -------------------------------------------------------------------------------

fn select(page: &WriteParameters) -> PlannedCommand {
    parameters(ModeParameterList::select(&ModePage::WriteParameters(
        page.clone(),
    )))
}

fn parameters(list: Vec<u8>) -> PlannedCommand {
    let cdb = ModeSelect10 {
        page_format: true,
        save_pages: false,
        parameter_list_length: u16::try_from(list.len()).unwrap(),
    };
    PlannedCommand::new(Move::SetWriteParameters, cdb.emit()).with_parameters(list)
}

/// The fault of a plan with this command before 32 blocks, for a plain burn of them.
fn with(command: PlannedCommand) -> Result<(), PlanFault> {
    let mut plan = plan_of(vec![Extent::image(Lba(0), 32, 32)]);
    plan.prepare = vec![command];
    check_plan(&plan, &burn(32), None)
}

#[test]
fn write_parameters_are_page_05h_and_nothing_else() {
    let page = WriteParameters::default();
    assert_eq!(with(select(&page)), Ok(()));
    let vendor = WriteParameters {
        vendor: vec![1, 2, 3, 4],
        ..page.clone()
    };
    assert_eq!(with(select(&vendor)), Ok(()));

    let mut another = select(&page).parameters;
    another[8] = 0x01;
    let twice = [another.clone(), another[8..].to_vec()].concat();
    let mut two = select(&page).parameters;
    two.extend_from_within(8..);
    for list in [another, twice, two, vec![0; 8]] {
        assert!(
            matches!(with(parameters(list)), Err(PlanFault::BadParameters { .. })),
            "another page was taken"
        );
    }
    let mut saved = select(&page);
    saved.cdb = ModeSelect10 {
        page_format: true,
        save_pages: true,
        parameter_list_length: 60,
    }
    .emit();
    assert!(matches!(with(saved), Err(PlanFault::WrongCommand { .. })));
    let mut short = select(&page);
    short.parameters.pop();
    assert!(matches!(with(short), Err(PlanFault::LengthMismatch { .. })));
    let sync = moves::synchronize_cache()[0].clone();
    let loaded = sync.with_parameters(vec![0; 24]);
    assert!(matches!(
        with(loaded),
        Err(PlanFault::LengthMismatch { .. })
    ));
}

#[test]
fn a_track_is_reserved_for_what_is_recorded() {
    let reserve = |size, by_address| {
        let size = SectorCount(size);
        let rmz = false;
        let cdb = ReserveTrack {
            rmz,
            by_address,
            size,
        };
        with(PlannedCommand::new(Move::ReserveTrack, cdb.emit()))
    };
    assert_eq!(reserve(32, false), Ok(()));
    for (size, by_address) in [(31, false), (33, false), (0, false), (32, true)] {
        assert!(
            matches!(
                reserve(size, by_address),
                Err(PlanFault::BadParameters { .. })
            ),
            "{size}"
        );
    }
}

fn position(track: u8, index: u8, frames: u32) -> CueSheetEntry {
    let form = match track {
        0 | 0xAA => DataForm::Mode1ByDrive,
        _ => DataForm::Mode1,
    };
    CueSheetEntry::Position(CuePosition {
        control: 4,
        track,
        index,
        form,
        start: Msf::from_frames(frames).unwrap(),
        ..CuePosition::default()
    })
}

/// The fault of a session at once of 400 blocks behind their pregap, described by this sheet.
fn at_once(entries: &[CueSheetEntry], image: Extent) -> Result<(), PlanFault> {
    let sheet = CueSheetEntry::emit_sheet(entries);
    let cdb = SendCueSheet {
        parameter_list_length: u32::try_from(sheet.len()).unwrap(),
    };
    let mut pregap = Extent::image(Lba(-150), 150, 1);
    pregap.origin = Origin::Zeros;
    let mut plan = plan_of(vec![pregap, image]);
    plan.prepare = vec![PlannedCommand::new(Move::SendCueSheet, cdb.emit()).with_parameters(sheet)];
    check_plan(&plan, &burn(400), Some(&Service::new(Lba(0), 10_000, 1)))
}

#[test]
fn a_cue_sheet_describes_the_extents() {
    let image = || Extent::image(Lba(0), 400, 1);
    let sheet = |pregap, start, end| {
        [
            position(0, 0, 0),
            position(1, 0, pregap),
            position(1, 1, start),
            position(0xAA, 1, end),
        ]
    };
    let good = sheet(0, 150, 550);
    assert_eq!(at_once(&good, image()), Ok(()));
    for bad in [
        sheet(0, 150, 549),
        sheet(0, 150, 551),
        sheet(1, 150, 550),
        sheet(0, 600, 550),
        sheet(0, 150, 100),
    ] {
        assert!(matches!(
            at_once(&bad, image()),
            Err(PlanFault::BadParameters { .. })
        ));
    }
    for bad in [&good[..3], &good[1..], &good[..1], &[good[0], good[3]]] {
        assert!(matches!(
            at_once(bad, image()),
            Err(PlanFault::BadParameters { .. })
        ));
    }
    let mut audio = good;
    if let CueSheetEntry::Position(track) = &mut audio[2] {
        track.form = DataForm::Audio;
    }
    assert!(matches!(
        at_once(&audio, image()),
        Err(PlanFault::BadParameters { .. })
    ));
    let behind_a_gap = Extent::image(Lba(0), 399, 1);
    assert!(at_once(&good, behind_a_gap).is_err());
}

#[test]
fn only_zeros_of_a_pregap_lie_before_the_image() {
    let fault = |first, blocks, unit, origin: Origin| {
        let mut before = Extent::image(Lba(first), blocks, unit);
        before.origin = origin;
        let plan = plan_of(vec![before, Extent::image(Lba(0), 32, 1)]);
        check_plan(&plan, &burn(32), Some(&Service::new(Lba(0), 64, 1)))
    };
    assert_eq!(fault(-150, 150, 1, Origin::Zeros), Ok(()));
    for (first, blocks, unit) in [(-151, 151, 1), (-160, 160, 16)] {
        assert_eq!(
            fault(first, blocks, unit, Origin::Zeros),
            Err(PlanFault::OutsideMedium { index: 0 })
        );
    }
    let bytes = Origin::Bytes(vec![7; 2048]);
    assert_eq!(
        fault(-1, 1, 1, bytes),
        Err(PlanFault::OutsideMedium { index: 0 })
    );
}

#[test]
fn a_burn_adds_no_more_zeros_than_a_medium_needs() {
    let padded = |blocks| {
        let mut zeros = Extent::image(Lba(32), blocks, 1);
        zeros.origin = Origin::Zeros;
        check_plan(
            &plan_of(vec![Extent::image(Lba(0), 32, 32), zeros]),
            &burn(32),
            None,
        )
    };
    assert_eq!(padded(600), Ok(()));
    assert!(matches!(
        padded(100_000),
        Err(PlanFault::TooMuchPadding { blocks: 100_000 })
    ));
}

// --- test writes ------------------------------------------------------------------------------------

#[test]
fn a_test_write_sets_the_page_and_closes_nothing() {
    let page = |test_write| {
        select(&WriteParameters {
            test_write,
            ..WriteParameters::default()
        })
    };
    let check = |prepare: Vec<PlannedCommand>, closing, test_write| {
        let mut extent = Extent::image(Lba(0), 32, 32);
        extent.test_write = test_write;
        let mut plan = plan_of(vec![extent]);
        plan.prepare = prepare;
        plan.closing = closing;
        let mut burn = BurnRequest::new(32);
        burn.test_write = test_write;
        check_plan(&plan, &Request::Burn(burn), None)
    };
    let sync = || Vec::from(moves::synchronize_cache());
    assert_eq!(check(vec![page(true)], sync(), true), Ok(()));
    assert_eq!(check(vec![page(true)], vec![page(false)], true), Ok(()));
    assert_eq!(check(vec![page(false)], sync(), false), Ok(()));

    let tolerant = page(true).tolerating(SensePattern::ANY, false);
    let sometimes = page(true).only(Occasion::IfRefused);
    for prepare in [
        vec![],
        vec![page(false)],
        vec![page(true), page(false)],
        vec![tolerant],
        vec![sometimes],
    ] {
        assert!(matches!(
            check(prepare, sync(), true),
            Err(PlanFault::BadParameters { .. })
        ));
    }
    assert!(matches!(
        check(vec![page(true)], vec![], false),
        Err(PlanFault::BadParameters { .. })
    ));
    assert!(matches!(
        check(vec![page(true)], vec![page(true)], true),
        Err(PlanFault::BadParameters { .. })
    ));
    let purpose = Move::CloseSession;
    assert_eq!(
        check(vec![page(true)], vec![moves::close_session()], true),
        Err(PlanFault::NotAsked { purpose })
    );
}

// --- what was asked ---------------------------------------------------------------------------------

#[test]
fn only_an_erase_or_a_format_blanks() {
    let blank = |kind, request: &Request| {
        let immed = true;
        let address = 0;
        let cdb = Blank {
            immed,
            kind,
            address,
        };
        let mut plan = WritePlan::default();
        plan.prepare = vec![PlannedCommand::new(Move::Blank, cdb.emit())];
        check_plan(&plan, request, None)
    };
    let erase = Request::Erase(EraseRequest::new(false));
    let format = Request::Format(FormatRequest::new(None, None));
    assert_eq!(blank(BlankingType::Minimal, &erase), Ok(()));
    assert_eq!(blank(BlankingType::Full, &erase), Ok(()));
    assert_eq!(blank(BlankingType::Full, &format), Ok(()));
    let purpose = Move::Blank;
    let not_asked = Err(PlanFault::NotAsked { purpose });
    assert_eq!(blank(BlankingType::TrackTail, &erase), not_asked);
    let close = Request::Close(CloseRequest::new(true));
    let mut over = BurnRequest::new(0);
    over.placement = Placement::Overwrite;
    over.finish = Finish::FinalizeDisc;
    for request in [burn(0), close, resume(64, 32), Request::Burn(over)] {
        assert_eq!(blank(BlankingType::Full, &request), not_asked);
    }
}

// --- the medium -------------------------------------------------------------------------------------

/// A plan held to a medium, whatever its writer offered.
fn on(facts: &MediaFacts, request: &Request, plan: &WritePlan) -> Result<(), PlanFault> {
    let gate = Gate {
        request,
        facts,
        service: None,
        most_bytes: 64 * 1024,
        resumed: None,
        allowed: Allowances::NONE,
    };
    gate.check(plan)
}

fn image_at(lba: i32) -> WritePlan {
    plan_of(vec![Extent::image(Lba(lba), 32, 32)])
}

#[test]
fn nothing_is_recorded_over_what_is_closed_or_outside_of_the_disc() {
    let facts = media::bd_r_appendable(2).build();
    let nwa = facts.nwa().unwrap();
    let free = i32::try_from(facts.free_blocks().unwrap()).unwrap();
    assert_eq!(on(&facts, &burn(32), &image_at(nwa.0)), Ok(()));
    let index = 0;
    for lba in [0, nwa.0 - 32] {
        assert_eq!(
            on(&facts, &burn(32), &image_at(lba)),
            Err(PlanFault::ClosedArea {
                index,
                nwa: Some(nwa)
            })
        );
    }
    for lba in [nwa.0 + free - 31, nwa.0 + free] {
        assert_eq!(
            on(&facts, &burn(32), &image_at(lba)),
            Err(PlanFault::OutsideMedium { index })
        );
    }
    let closed = media::bd_r_complete().build();
    assert_eq!(
        on(&closed, &burn(32), &image_at(0)),
        Err(PlanFault::ClosedArea { index, nwa: None })
    );
    let ram = media::dvd_ram().build();
    let end = i32::try_from(ram.total_capacity().unwrap()).unwrap();
    assert_eq!(on(&ram, &burn(32), &image_at(0)), Ok(()));
    assert_eq!(
        on(&ram, &burn(32), &image_at(end + 100_000)),
        Err(PlanFault::OutsideMedium { index })
    );
}

#[test]
fn blocks_before_the_first_and_raw_sectors_are_only_on_cd() {
    let index = 0;
    let mut raw = Extent::image(Lba(0), 32, 1);
    raw.origin = Origin::Silence;
    raw.form = BlockForm::Raw2352;
    let mut before = Extent::image(Lba(-150), 150, 1);
    before.origin = Origin::Zeros;
    for facts in [
        media::bd_r_blank().build(),
        media::dvd_plus_r_blank().build(),
        media::dvd_ram().build(),
    ] {
        for extent in [&raw, &before] {
            assert_eq!(
                on(&facts, &burn(0), &plan_of(vec![extent.clone()])),
                Err(PlanFault::OnlyOnCd { index })
            );
        }
    }
}

#[test]
fn a_burn_formats_nothing_away_that_was_not_to_be_overwritten() {
    let full = FormatParameterList {
        kind: FormatType::Full,
        ..FormatParameterList::default()
    };
    let mut plan = image_at(0);
    plan.prepare = vec![moves::format(&full)];
    let appendable = media::bd_r_appendable(1).build();
    let blank = media::bd_r_blank().build();
    let purpose = Move::Format;
    assert_eq!(
        on(&appendable, &burn(32), &plan),
        Err(PlanFault::LosesData { purpose })
    );
    assert_eq!(on(&blank, &burn(32), &plan), Ok(()));
}

/// A session at 288 and a head, as they were asked for, and a plan of these extents for them.
fn grown(extents: &[(i32, u64)]) -> Result<(), PlanFault> {
    let growth = Growth::from(Lba(288))
        .session(96)
        .head([Run::new(Lba(256), 32), Run::new(Lba(16), 16)]);
    let mut burn = BurnRequest::new(growth.blocks());
    burn.placement = Placement::Grow(growth);
    let extents = extents
        .iter()
        .map(|(lba, blocks)| Extent::image(Lba(*lba), *blocks, 16))
        .collect();
    let service = Service::new(Lba(288), 10_000, 16);
    check_plan(&plan_of(extents), &Request::Burn(burn), Some(&service))
}

#[test]
fn a_volume_grows_where_it_was_asked_to_and_in_that_order() {
    assert_eq!(grown(&[(288, 96), (256, 32), (16, 16)]), Ok(()));
    assert_eq!(grown(&[(288, 32), (320, 64), (256, 32), (16, 16)]), Ok(()));
    for (extents, index) in [
        (&[(256, 32), (16, 16), (288, 96)][..], 0),
        (&[(288, 96), (16, 16), (256, 32)], 1),
        (&[(288, 96), (256, 32)], 2),
        (&[(288, 96), (256, 32), (32, 16)], 2),
        (&[(288, 96), (256, 32), (16, 16), (48, 16)], 3),
        (&[(288, 96), (240, 48), (16, 16)], 1),
        (&[(288, 128), (256, 32), (16, 16)], 0),
    ] {
        assert_eq!(grown(extents), Err(PlanFault::NotTheGrowth { index }));
    }
}
