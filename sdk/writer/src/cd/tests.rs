//! The measures of tracks and sessions, page 05h and the cue sheet, against what burners send.

use super::*;
use crate::request::Placement;
use crate::testing::{FactsBuilder, cd};
use pitland_mmc::Profile;
use pitland_mmc::mode_page::ModePage;
use pitland_mmc::reply::{DiscType, Toc, TocEntry};

fn spot(disc: FactsBuilder) -> Spot {
    Spot::find(&disc.build(), Placement::NewSession).unwrap()
}

fn track(blocks: u64, room: u64) -> Result<DataTrack, Refusal> {
    DataTrack::fitting(&BurnRequest::new(blocks), Lba(0), room, READ_AHEAD_BLOCKS)
}

#[test]
fn a_track_is_padded_to_its_least_length_and_away_from_the_run_out() {
    assert_eq!(track(1_000, 5_000).unwrap().padding_blocks, 150);
    assert_eq!(track(20, 5_000).unwrap().blocks(), 300);
    assert_eq!(track(200, 5_000).unwrap().blocks(), 350);
}

#[test]
fn a_disc_is_filled_with_less_padding_rather_than_refused() {
    assert_eq!(track(4_990, 5_000).unwrap().padding_blocks, 10);
    let full = track(5_000, 5_000).unwrap();
    assert_eq!(full.padding_blocks, 0);
    assert_eq!(full.extents(&WriteParameters::default()).len(), 1);
    assert_eq!(
        track(5_001, 5_000),
        Err(Refusal::TooLarge {
            needed: 5_001,
            available: 5_000
        })
    );
    assert_eq!(
        track(20, 299),
        Err(Refusal::TooLarge {
            needed: 300,
            available: 299
        })
    );
    assert_eq!(track(0, 5_000), Err(Refusal::Empty));
    assert!(track(u64::MAX, 5_000).is_err());
}

#[test]
fn what_is_free_ends_where_the_lead_out_must_start() {
    let blank = cd::blank(Profile::CdR).build();
    let at = Spot::find(&blank, Placement::BlankOnly).unwrap();
    assert_eq!(room(&blank, &at, RUN_OUT_BLOCKS), u64::from(cd::FREE));
    // The drive counts its pregap, too.
    let pregap = cd::blank_at_the_pregap(Profile::CdR).build();
    let at = Spot::find(&pregap, Placement::BlankOnly).unwrap();
    assert_eq!(at.nwa, Lba(0));
    assert_eq!(room(&pregap, &at, 0), u64::from(cd::LEAD_OUT));
}

/// Page 05h of the last MODE SELECT before the first WRITE, as wodim and cdrskin sent it: wodim claims a
/// link size that no CD has, and both leave underrun protection off in a drive that has none.
const WODIM_TAO: [u8; 6] = [0x05, 0x32, 0x21, 0x04, 0x08, 0x07];
const CDRSKIN_TAO: [u8; 6] = [0x05, 0x32, 0x01, 0x04, 0x08, 0x00];
const CDRSKIN_SAO: [u8; 6] = [0x05, 0x32, 0x02, 0x00, 0x00, 0x00];

#[test]
fn the_pages_are_those_that_burners_send() {
    let drive = (Default::default(), Default::default());
    let facts = cd::blank_in(Profile::CdR, drive).build();
    let mut burn = BurnRequest::new(1_000);
    burn.finish = Finish::FinalizeDisc;
    burn.underrun_protection = false;
    let head = |page: WriteParameters| {
        assert!(!page.test_write && page.vendor == [0xAB, 0xCD]);
        assert_eq!((page.packet_size, page.audio_pause), (0, 150));
        let mut bytes = ModePage::WriteParameters(WriteParameters {
            vendor: Vec::new(),
            ..page
        })
        .emit();
        bytes.truncate(6);
        bytes
    };
    let tao = head(track_at_once(&facts, &burn));
    assert_eq!(tao, CDRSKIN_TAO);
    assert_eq!(tao[2], WODIM_TAO[2] & !0x20);
    assert_eq!(tao[3..5], WODIM_TAO[3..5]);
    assert_eq!(head(session_at_once(&facts, &burn)), CDRSKIN_SAO);
    burn.finish = Finish::CloseSession;
    assert_eq!(head(track_at_once(&facts, &burn))[3], 0xC4);
    assert_eq!(
        head(session_at_once_as_data(&facts, &burn))[2..5],
        [0x02, 0xC4, 0x08]
    );
}

#[test]
fn underrun_protection_and_test_write_are_asked_for_by_the_page_and_shown_by_the_extents() {
    let facts = cd::blank(Profile::CdR).build();
    let mut burn = BurnRequest::new(1_000);
    burn.test_write = true;
    let page = track_at_once(&facts, &burn);
    assert!(page.buffer_underrun_free && page.test_write);
    for extent in track(1_000, 5_000).unwrap().extents(&page) {
        assert!(extent.underrun_protection && extent.test_write);
    }
    burn.underrun_protection = false;
    burn.test_write = false;
    let page = track_at_once(&facts, &burn);
    for extent in track(1_000, 5_000).unwrap().extents(&page) {
        assert!(!extent.underrun_protection && !extent.test_write);
    }
}

#[test]
fn a_further_session_is_of_the_kind_that_the_first_one_made_the_disc() {
    let page = |kind, form| {
        let facts = cd::appendable(Profile::CdR, 1, kind).build();
        let mut burn = BurnRequest::new(1_000);
        burn.cd_form = form;
        track_at_once(&facts, &burn)
    };
    let xa = page(DiscType::CdRomXa, CdForm::AsDisc);
    assert_eq!(xa.data_block_type, DataBlockType::XaForm1);
    assert_eq!(xa.session_format, SessionFormat::CdRomXa);
    assert_eq!(xa.sub_header, [0, 0, 8, 0]);
    let rom = page(DiscType::CdDaOrRom, CdForm::AsDisc);
    assert_eq!(rom.data_block_type, DataBlockType::Mode1);
    assert_eq!(rom.session_format, SessionFormat::CdDaOrRom);
    assert_eq!(rom.sub_header, [0; 4]);
    let as_asked = page(DiscType::CdRomXa, CdForm::Mode1);
    assert_eq!(as_asked.data_block_type, DataBlockType::Mode1);
    assert_eq!(as_asked.session_format, SessionFormat::CdRomXa);
    let cd_i = page(DiscType::CdI, CdForm::AsDisc);
    assert_eq!(cd_i.session_format, SessionFormat::CdI);
    let new_xa = page(DiscType::CdDaOrRom, CdForm::Mode2Form1);
    assert_eq!(new_xa.session_format, SessionFormat::CdRomXa);
}

#[test]
fn data_behind_sound_alone_are_those_of_a_cd_extra() {
    let form = |controls: [u8; 2], asked| {
        let mut facts = cd::appendable(Profile::CdR, 1, DiscType::CdDaOrRom).build();
        let entry = |track, control, start| TocEntry {
            adr: 1,
            control,
            track,
            start: Lba(start),
        };
        let [first, second] = controls;
        let entries = vec![
            entry(1, first, 0),
            entry(2, second, 1000),
            entry(0xaa, second, 2000),
        ];
        facts.cd.toc = Some(Toc {
            first_track: 1,
            last_track: 2,
            entries,
        });
        let mut burn = BurnRequest::new(1_000);
        burn.cd_form = asked;
        track_at_once(&facts, &burn)
    };
    let extra = form([0, 3], CdForm::AsDisc);
    assert_eq!(extra.data_block_type, DataBlockType::XaForm1);
    assert_eq!(extra.session_format, SessionFormat::CdRomXa);
    for mixed in [[4, 0], [0, 4]] {
        assert_eq!(
            form(mixed, CdForm::AsDisc).data_block_type,
            DataBlockType::Mode1
        );
    }
    let asked = form([0, 0], CdForm::Mode1);
    assert_eq!(asked.data_block_type, DataBlockType::Mode1);
}

/// The entries of a data track, as wodim sent them in front of two audio tracks.
#[rustfmt::skip]
const WODIM_SHEET: [u8; 24] = [
    0x41, 0x00, 0x00, 0x14, 0, 0x00, 0x00, 0x00,
    0x41, 0x01, 0x00, 0x10, 0, 0x00, 0x00, 0x00,
    0x41, 0x01, 0x01, 0x10, 0, 0x00, 0x02, 0x00,
];

#[test]
fn the_cue_sheet_of_a_data_track_is_the_one_that_wodim_sends() {
    let sheet = sheet_of_one_data_track(1_000).unwrap();
    let bytes = CueSheetEntry::emit_sheet(&sheet);
    assert_eq!(bytes[..24], WODIM_SHEET);
    // 1150 frames: 15 seconds and 25 frames.
    assert_eq!(bytes[24..], [0x41, 0xAA, 0x01, 0x14, 0, 0, 15, 25]);
    assert_eq!(sheet_of_one_data_track(500_000), None);
    assert_eq!(sheet_of_one_data_track(u64::MAX), None);
}

#[test]
fn the_next_session_starts_behind_lead_out_lead_in_and_pregap() {
    // Recipe 5: a session of 300 blocks is followed at 11702 when it was written track at once, and at
    // 11700 when it was written session at once.
    let at = spot(cd::blank(Profile::CdR));
    let track = track(300, 300).unwrap();
    let close = Finish::CloseSession;
    let tao = expected(&at, &track, RUN_OUT_BLOCKS, close);
    assert_eq!(tao.nwa_at_least, Some(Lba(11_702)));
    let sao = expected(&at, &track, 0, close);
    assert_eq!(sao.nwa_at_least, Some(Lba(11_700)));
    assert_eq!(sao.closed_sessions, Some(1));
    assert_eq!(sao.appendable, Some(true));
    assert_eq!(sao.capacity_at_least, Some(300));
    let further = spot(cd::appendable(Profile::CdR, 1, DiscType::CdDaOrRom));
    assert_eq!(further.nwa, Lba(11_852));
    let track = DataTrack {
        start: further.nwa,
        ..track
    };
    let later = expected(&further, &track, RUN_OUT_BLOCKS, close);
    assert_eq!(later.nwa_at_least, Some(Lba(11_852 + 302 + 6_900)));
    assert_eq!(later.closed_sessions, Some(2));
    let last = expected(&further, &track, RUN_OUT_BLOCKS, Finish::FinalizeDisc);
    assert_eq!((last.appendable, last.nwa_at_least), (Some(false), None));
}

#[test]
fn whether_a_nearly_full_disc_stays_appendable_is_the_drives_to_say() {
    let at = spot(cd::blank(Profile::CdR));
    let of = |blocks| {
        let track = track(blocks, u64::from(cd::FREE)).unwrap();
        expected(&at, &track, RUN_OUT_BLOCKS, Finish::CloseSession)
    };
    let most = u64::from(cd::FREE) - 11_402 - 300 - 150;
    assert_eq!(of(most).appendable, Some(true));
    assert_eq!(of(most + 1).appendable, None);
    assert_eq!(of(most + 1).nwa_at_least, None);
}

#[test]
fn a_drive_that_goes_on_elsewhere_than_planned_ends_the_job() {
    let facts = cd::blank(Profile::CdR).build();
    let plan = |lba| {
        let mut plan = WritePlan::default();
        plan.extents.push(Extent::image(Lba(lba), 300, 1));
        plan
    };
    assert_eq!(nwa_as_planned(&facts, &plan(0)), Ok(()));
    assert_eq!(
        nwa_as_planned(&facts, &plan(11_702)),
        Err(Failure::MediumState)
    );
}
