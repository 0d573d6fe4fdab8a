//! CDs beyond one data track, burned by their writers under the real machine on the virtual drive, and read back
//! sector by sector.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_burn::{MediumState, Outcome};
use pitland_cd_raw::CdRaw;
use pitland_cd_sao::CdSao;
use pitland_cd_tao::CdTao;
use pitland_redbook::disc::{CueSheetForm, Limits, Session, Track};
use pitland_redbook::raw::{ProgramSource, RawImage, SubchannelForm};
use pitland_redbook::sector::SectorForm;
use pitland_redbook::text::{CdText, Language, TextBlock, TextKind};
use pitland_redbook::{SECTOR_BYTES, SectorCodec};
use pitland_testkit::{
    Bench, DiscType, DriveModel, Fault, Image, Run, SimulatedDrive, Trace, VirtualBench, identify,
    perform,
};
use pitland_writer::mmc::cdb::{Cdb, Command, ReadCd, ReadTocPmaAtip, TocFormat};
use pitland_writer::mmc::feature::FeatureCode;
use pitland_writer::mmc::param::DataForm;
use pitland_writer::mmc::{Lba, Sense};
use pitland_writer::testing::album;
use pitland_writer::{
    BlockForm, BurnRequest, CdLayout, CdMode, CdSubchannel, CdTrack, Finish, Fit, MediaWriter,
    Placement, Request,
};
use std::time::Duration;

const SEED: u64 = 11;

fn bench() -> VirtualBench {
    VirtualBench::with(DiscType::CdR)
}

fn request((layout, blocks): (CdLayout, u64)) -> BurnRequest {
    let mut burn = BurnRequest::new(blocks);
    burn.cd = Some(layout);
    burn
}

fn image(burn: &BurnRequest) -> Image {
    let bytes = burn.cd.as_ref().unwrap().mode.block().bytes();
    Image::new(burn.blocks, SEED).of_blocks(bytes as usize)
}

fn run<W: MediaWriter>(drive: &mut dyn SimulatedDrive, burn: &BurnRequest, fault: Fault) -> Run {
    let mut trace = Trace::default();
    let request = Request::Burn(burn.clone());
    match perform::<W>(drive, &mut trace, &request, &image(burn), fault) {
        Ok(run) => run,
        Err(error) => panic!("{error}\n{trace}"),
    }
}

/// Burns on a good day.
fn burned<W: MediaWriter>(drive: &mut dyn SimulatedDrive, burn: &BurnRequest) -> Run {
    let run = run::<W>(drive, burn, Fault::None);
    assert!(run.ending.result.is_ok(), "{:?}", run.ending);
    let outcome = match burn.cd.as_ref().unwrap().mode {
        // The kit's image is not what was written.
        CdMode::Raw(_) => Outcome::Unverified,
        _ => Outcome::Verified,
    };
    assert_eq!(run.ending.outcome, outcome);
    run
}

/// Executes what reads, until the drive has nothing else to tell.
fn ask(drive: &mut dyn SimulatedDrive, cdb: &[u8], room: usize) -> Result<Vec<u8>, Sense> {
    let mut data = vec![0; room];
    let mut last = Sense::default();
    for _ in 0..50 {
        match drive.execute(cdb, &[], &mut data) {
            Ok(came) => {
                data.truncate(came);
                return Ok(data);
            }
            Err(sense) => last = sense,
        }
        drive.advance(Duration::from_secs(1));
    }
    Err(last)
}

/// A sector as it is on the disc, whole.
fn sector(drive: &mut dyn SimulatedDrive, lba: i32) -> Vec<u8> {
    let cdb = ReadCd {
        lba: Lba(lba),
        blocks: 1,
        sync: true,
        headers: 3,
        user_data: true,
        edc_ecc: true,
        ..ReadCd::default()
    };
    ask(drive, cdb.emit().as_slice(), SECTOR_BYTES)
        .unwrap_or_else(|sense| panic!("block {lba}: {sense}"))
}

fn of_image(image: &Image, block: u64) -> Vec<u8> {
    let mut bytes = vec![0; image.block_bytes];
    image.fill(block, &mut bytes);
    bytes
}

/// Control and address of the tracks that the table of contents has, the lead-out's last.
fn toc(drive: &mut dyn SimulatedDrive) -> Vec<(u8, i32)> {
    let cdb = ReadTocPmaAtip {
        format: TocFormat::Toc,
        allocation_length: 1_024,
        ..ReadTocPmaAtip::default()
    };
    let told = ask(drive, cdb.emit().as_slice(), 1_024).unwrap();
    let entries = told[4..].chunks_exact(8);
    entries
        .map(|e| (e[1] & 0xF, i32::from_be_bytes([e[4], e[5], e[6], e[7]])))
        .collect()
}

fn text(drive: &mut dyn SimulatedDrive) -> Vec<u8> {
    let cdb = ReadTocPmaAtip {
        format: TocFormat::CdText,
        allocation_length: 4_096,
        ..ReadTocPmaAtip::default()
    };
    ask(drive, cdb.emit().as_slice(), 4_096).unwrap()[4..].to_vec()
}

fn gapless() -> BurnRequest {
    // Hidden sound before the first track, a pause with sound before the third.
    let tracks = vec![
        album::audio(1, 40, 400),
        album::audio(2, 0, 333),
        album::audio(3, 75, 300),
    ];
    request(album::layout(CdMode::SessionAtOnce, Lba(0), tracks))
}

fn one_by_one() -> BurnRequest {
    let mut tracks = vec![album::audio(1, 0, 400), album::audio(2, 0, 333)];
    tracks[1].control = 2;
    request(album::layout(CdMode::TrackAtOnce, Lba(0), tracks))
}

#[test]
fn a_session_at_once_has_every_block_where_the_sheet_says() {
    let mut drive = bench().drive();
    let burn = gapless();
    let done = burned::<CdSao>(drive.as_mut(), &burn);
    assert_eq!(
        toc(drive.as_mut()),
        [(0, 40), (0, 440), (0, 848), (0, 1_148)]
    );
    let image = image(&burn);
    for block in 150..burn.blocks {
        let lba = i32::try_from(block).unwrap() - 150;
        assert_eq!(
            sector(drive.as_mut(), lba),
            of_image(&image, block),
            "{lba}"
        );
    }
    let facts = done.ending.facts.unwrap();
    assert_eq!(facts.closed_sessions(), Some(1));
    assert_eq!(done.ending.medium, MediumState::Appendable);
}

#[test]
fn texts_reach_the_lead_in() {
    let mut block = TextBlock::new(Language::ENGLISH, 1, 3);
    for (track, title) in [(0, "Album"), (1, "One"), (2, "Two"), (3, "Three and more")] {
        block = block.with(TextKind::Title, track, title);
    }
    let blocks = vec![block];
    let packs = CdText { blocks }.packs().unwrap();
    let packs: Vec<u8> = packs.iter().flat_map(|pack| *pack.bytes()).collect();
    let mut burn = gapless();
    let layout = burn.cd.as_mut().unwrap();
    layout.text = packs.clone();
    layout.cue_sheet = album::sheet(layout);
    let mut drive = bench().drive();
    let done = burned::<CdSao>(drive.as_mut(), &burn);
    assert_eq!(done.plan.extents[0].form, BlockForm::CdText96);
    assert_eq!(text(drive.as_mut()), packs);
    let image = image(&burn);
    assert_eq!(sector(drive.as_mut(), 500), of_image(&image, 650));
}

#[test]
fn tracks_at_once_begin_where_the_drive_goes_on() {
    let mut drive = bench().drive();
    let burn = one_by_one();
    let done = burned::<CdTao>(drive.as_mut(), &burn);
    let starts: Vec<i32> = done
        .ending
        .written
        .iter()
        .map(|run| run.first_lba.0)
        .collect();
    let told = toc(drive.as_mut());
    assert_eq!(told.len(), 3);
    assert_eq!((told[0], told[1]), ((0, starts[0]), (2, starts[1])));
    // Behind the gap, which is the drive's.
    assert!(starts[1] >= 400 + 150, "{starts:?}");
    let image = image(&burn);
    for run in &done.ending.written {
        for n in 0..i32::try_from(run.blocks).unwrap() {
            let block = run.image_block + u64::try_from(n).unwrap();
            let lba = run.first_lba.0 + n;
            assert_eq!(
                sector(drive.as_mut(), lba),
                of_image(&image, block),
                "{lba}"
            );
        }
    }
    assert_eq!(done.ending.medium, MediumState::Appendable);
}

/// Of each sector the drive is sent what it does not make, and makes the rest.
#[test]
fn data_tracks_at_once_become_sectors_of_their_own() {
    let tracks = vec![
        album::data(1, DataForm::Mode1Raw, 0, 320),
        album::audio(2, 0, 300),
    ];
    let burn = request(album::layout(CdMode::TrackAtOnce, Lba(0), tracks));
    let mut drive = bench().drive();
    let done = burned::<CdTao>(drive.as_mut(), &burn);
    let image = image(&burn);
    let told = toc(drive.as_mut());
    assert_eq!(told[0].0, 4);
    assert_eq!(told[1].0, 0);
    let codec = SectorCodec::new();
    for lba in [0, 1, 17, 319] {
        let given = of_image(&image, u64::try_from(lba).unwrap());
        let mut made = [0; SECTOR_BYTES];
        let user = &given[16..16 + 2048];
        codec
            .encode_run(SectorForm::Mode1, Lba(lba), user, &mut made)
            .unwrap();
        assert_eq!(sector(drive.as_mut(), lba), made, "{lba}");
    }
    let audio = done.ending.written[1];
    assert_eq!(audio.image_block, 320);
    assert_eq!(
        sector(drive.as_mut(), audio.first_lba.0 + 5),
        of_image(&image, 325)
    );
}

/// A session behind another: its image is made for where the disc goes on.
fn behind<W: MediaWriter>(drive: &mut dyn SimulatedDrive, mode: CdMode, track: u8) -> BurnRequest {
    let facts = identify(drive, &mut Trace::default()).unwrap();
    let mut open = BurnRequest::new(0);
    open.placement = Placement::NewSession;
    open.cd = Some(CdLayout::new(mode, Lba(0)));
    let Fit::Serves(place) = W::assess(&facts, &Request::Burn(open)) else {
        panic!("no further session");
    };
    let tracks = vec![album::audio(track, 0, 300), album::audio(track + 1, 0, 320)];
    let mut burn = request(album::layout(mode, place.first_lba, tracks));
    burn.placement = Placement::NewSession;
    burn
}

#[test]
fn sessions_follow_one_another_in_either_mode() {
    // Not every drive adds a session at once.
    let mut model = DriveModel::default();
    model.quirks.appends_at_once = true;
    let mut drive = bench().with_model(model).drive();
    burned::<CdTao>(drive.as_mut(), &one_by_one());
    let second = behind::<CdSao>(drive.as_mut(), CdMode::SessionAtOnce, 3);
    burned::<CdSao>(drive.as_mut(), &second);
    let third = behind::<CdTao>(drive.as_mut(), CdMode::TrackAtOnce, 5);
    let done = burned::<CdTao>(drive.as_mut(), &third);
    assert_eq!(done.ending.facts.unwrap().closed_sessions(), Some(3));
    let told = toc(drive.as_mut());
    assert_eq!(told.len(), 7);
    let at_once = &second.cd.as_ref().unwrap().tracks;
    assert_eq!(told[2].1, at_once[0].index_1.0);
    assert_eq!(told[3].1, at_once[1].index_1.0);
    let written = &done.ending.written;
    assert_eq!(told[4].1, written[0].first_lba.0);
    assert_eq!(told[5].1, written[1].first_lba.0);
    let of_second = image(&second);
    for lba in [told[2].1, told[3].1 - 1, told[3].1 + 319] {
        let block = u64::from(lba.abs_diff(second.cd.as_ref().unwrap().first_lba.0));
        assert_eq!(
            sector(drive.as_mut(), lba),
            of_image(&of_second, block),
            "{lba}"
        );
    }
    assert_eq!(
        sector(drive.as_mut(), told[5].1 + 7),
        of_image(&image(&third), 307)
    );
}

/// Most drives refuse the sheet of a further session: nothing has become of the disc then.
#[test]
fn a_drive_that_adds_no_session_at_once_leaves_the_disc_as_it_was() {
    let mut drive = bench().drive();
    burned::<CdTao>(drive.as_mut(), &one_by_one());
    let second = behind::<CdSao>(drive.as_mut(), CdMode::SessionAtOnce, 3);
    let run = run::<CdSao>(drive.as_mut(), &second, Fault::None);
    assert!(run.ending.result.is_err());
    assert_eq!(run.ending.outcome, Outcome::NothingWritten);
    let third = behind::<CdTao>(drive.as_mut(), CdMode::TrackAtOnce, 3);
    burned::<CdTao>(drive.as_mut(), &third);
}

/// Samples that tell where they are.
struct Source;

impl ProgramSource for Source {
    fn read(&mut self, track: u8, frame: u32, out: &mut [u8]) -> std::io::Result<()> {
        let image = Image::new(u64::MAX, track.into()).of_blocks(out.len());
        image.fill(frame.into(), out);
        Ok(())
    }
}

/// A drive whose blocks come from a raw image, whatever the kit sends.
struct RawDrive<'a> {
    drive: Box<dyn SimulatedDrive>,
    image: RawImage<'a>,
}

impl SimulatedDrive for RawDrive<'_> {
    fn execute(&mut self, cdb: &[u8], data_out: &[u8], data_in: &mut [u8]) -> Result<usize, Sense> {
        let Ok(Command::Write10(write)) = Command::parse(cdb) else {
            return self.drive.execute(cdb, data_out, data_in);
        };
        let mut blocks = vec![0; data_out.len()];
        let made = self.image.read_blocks(write.lba, &mut Source, &mut blocks);
        assert_eq!(made.unwrap(), usize::from(write.blocks));
        self.drive.execute(cdb, &blocks, data_in)
    }

    fn now(&self) -> Duration {
        self.drive.now()
    }

    fn advance(&mut self, by: Duration) {
        self.drive.advance(by);
    }
}

#[test]
fn raw_discs_are_what_their_sub_channels_say() {
    for (form, mode) in [
        (SubchannelForm::Raw96, CdSubchannel::Raw96),
        (SubchannelForm::Packed96, CdSubchannel::Packed96),
        (SubchannelForm::Pq16, CdSubchannel::Pq16),
    ] {
        let drive = bench().drive();
        let mut plain = drive;
        let facts = identify(plain.as_mut(), &mut Trace::default()).unwrap();
        let lead_in = facts.cd.atip.unwrap().lead_in.to_lba().unwrap();
        let tracks = vec![Track::audio(400), Track::audio(333).with_pause(75)];
        let session = Session::new(tracks, &Limits::ADDRESSES).unwrap();
        let image = RawImage::new(&session, lead_in, form, Vec::new());
        let mut layout = CdLayout::new(CdMode::Raw(mode), lead_in);
        layout.lead_out = session.lead_out();
        for (track, placed) in session.tracks() {
            let into = placed.index_1.0 - lead_in.0;
            let block = u64::try_from(into).unwrap();
            let mut told =
                CdTrack::audio(placed.number, placed.index_1, block, track.frames.into());
            told.pregap = placed.start.0.abs_diff(placed.index_1.0);
            layout.tracks.push(told);
        }
        let mut burn = request((layout, image.blocks().into()));
        burn.finish = Finish::FinalizeDisc;
        let mut drive = RawDrive {
            drive: plain,
            image,
        };
        let done = burned::<CdRaw>(&mut drive, &burn);
        assert_eq!(done.writes[0].0, lead_in);
        assert_eq!(toc(&mut drive), [(0, 0), (0, 475), (0, 808)], "{mode}");
        for (lba, track, frame) in [(0, 1, 0), (399, 1, 399), (475, 2, 0), (807, 2, 332)] {
            let mut samples = vec![0; SECTOR_BYTES];
            Source.read(track, frame, &mut samples).unwrap();
            assert_eq!(sector(&mut drive, lba), samples, "{mode}: {lba}");
        }
        assert_eq!(sector(&mut drive, 440), [0; SECTOR_BYTES], "{mode}");
    }
}

/// The sheet that the writers check is the one that the Red Book's crate makes.
#[test]
fn the_sheets_of_both_sides_agree() {
    let tracks = vec![
        Track {
            lead: 40,
            ..Track::audio(400)
        },
        Track::audio(333),
        Track::audio(300).with_pause(75),
    ];
    let session = Session::new(tracks, &Limits::ADDRESSES).unwrap();
    let layout = gapless().cd.unwrap();
    assert_eq!(
        session.cue_sheet(CueSheetForm::Raw, false),
        layout.cue_sheet
    );
}

#[test]
fn a_test_write_of_each_mode_leaves_the_disc_as_it_was() {
    fn tested<W: MediaWriter>(mut burn: BurnRequest) {
        burn.test_write = true;
        let mut drive = bench().drive();
        let run = run::<W>(drive.as_mut(), &burn, Fault::None);
        assert!(run.ending.result.is_ok(), "{:?}", run.ending);
        assert_eq!(run.ending.outcome, Outcome::NothingWritten);
        assert_eq!(run.ending.medium, MediumState::Untouched);
        let facts = identify(drive.as_mut(), &mut Trace::default()).unwrap();
        assert_eq!(facts.condition().is_blank(), Some(true));
    }
    tested::<CdSao>(gapless());
    tested::<CdTao>(one_by_one());
}

#[test]
fn a_drive_without_raw_recording_is_not_asked_for_it() {
    let model = DriveModel {
        raw_forms: pitland_simdrive::RawForms::NONE,
        ..DriveModel::default()
    };
    let mut drive = bench().with_model(model).drive();
    let facts = identify(drive.as_mut(), &mut Trace::default()).unwrap();
    assert!(facts.feature_current(FeatureCode::CdMastering.code()));
    let mode = CdMode::Raw(CdSubchannel::Raw96);
    let mut burn = BurnRequest::new(0);
    burn.cd = Some(CdLayout::new(mode, Lba(-11_550)));
    assert_eq!(
        CdRaw::assess(&facts, &Request::Burn(burn)),
        Fit::Refuses(pitland_writer::Refusal::NoSuchMode { mode })
    );
}
