//! Any value of every type of the SDK.
#![allow(unreachable_pub, reason = "shared by tests")]

use pitland_writer::mmc::cdb::CdbBytes;
use pitland_writer::mmc::param::{CueSheetEntry, DataForm};
use pitland_writer::mmc::{Lba, Profile, Sense, SenseKey, TrackNumber};
use pitland_writer::refusal::MissingFact;
use pitland_writer::*;
use proptest::option;
use proptest::prelude::*;
use std::num::NonZeroU32;
use std::time::Duration;

pub fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..40)
}

pub fn cdb() -> impl Strategy<Value = CdbBytes> {
    prop::collection::vec(any::<u8>(), 1..=16).prop_map(|b| CdbBytes::from_slice(&b).unwrap())
}

pub fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

pub fn profile() -> impl Strategy<Value = Profile> {
    any::<u16>().prop_map(Profile::from_code)
}

pub fn time() -> impl Strategy<Value = Duration> {
    (any::<u64>(), 0..1_000_000_000u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos))
}

pub fn lba() -> impl Strategy<Value = Lba> {
    any::<i32>().prop_map(Lba)
}

pub fn sense() -> impl Strategy<Value = Sense> {
    (
        any::<[u8; 3]>(),
        any::<bool>(),
        any::<Option<u16>>(),
        any::<Option<u32>>(),
    )
        .prop_map(
            |([key, asc, ascq], deferred, progress, information)| Sense {
                deferred,
                key: SenseKey::from_code(key),
                asc,
                ascq,
                progress,
                information,
            },
        )
}

pub fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        sense().prop_map(Failure::Drive),
        Just(Failure::UnexpectedEvent),
        Just(Failure::TimedOut),
        text().prop_map(|message| Failure::Panicked { message }),
        time().prop_map(|limit| Failure::Hung { limit }),
        any::<u32>().prop_map(|code| Failure::UnknownWord { code }),
        Just(Failure::OutsidePlan),
        Just(Failure::MediumState),
    ]
}

pub fn info() -> impl Strategy<Value = WriterInfo> {
    (text(), text(), prop::collection::vec(profile(), 0..5))
        .prop_map(|(name, summary, profiles)| WriterInfo::new(name, summary, profiles))
}

/// Facts as they are read from answers, of which none need make sense.
pub fn facts() -> impl Strategy<Value = MediaFacts> {
    let answer = (cdb(), bytes()).prop_map(|(cdb, data)| Answer { cdb, data });
    prop::collection::vec(answer, 0..6).prop_map(MediaFacts::from_answers)
}

pub fn placement() -> impl Strategy<Value = Placement> {
    prop_oneof![
        Just(Placement::BlankOnly),
        Just(Placement::Overwrite),
        Just(Placement::NewSession),
        (run(), run(), run()).prop_map(|(session, one, other)| {
            let growth = Growth::from(session.first_lba).session(session.blocks);
            Placement::Grow(growth.head([one, other]))
        }),
    ]
}

fn run() -> impl Strategy<Value = Run> {
    (lba(), any::<u64>()).prop_map(|(first_lba, blocks)| Run::new(first_lba, blocks))
}

pub fn finish() -> impl Strategy<Value = Finish> {
    prop_oneof![Just(Finish::CloseSession), Just(Finish::FinalizeDisc)]
}

pub fn speed() -> impl Strategy<Value = Speed> {
    prop_oneof![
        Just(Speed::Maximum),
        any::<NonZeroU32>().prop_map(Speed::KilobytesPerSecond),
        any::<NonZeroU32>().prop_map(Speed::TenthsOfNominal),
    ]
}

pub fn recording() -> impl Strategy<Value = Recording> {
    prop::sample::select(vec![
        Recording::AsUsual,
        Recording::AtOnce,
        Recording::TrackByTrack,
    ])
}

pub fn cd_form() -> impl Strategy<Value = CdForm> {
    prop::sample::select(vec![CdForm::AsDisc, CdForm::Mode1, CdForm::Mode2Form1])
}

pub fn certification() -> impl Strategy<Value = Certification> {
    prop::sample::select(vec![
        Certification::AsUsual,
        Certification::None,
        Certification::Quick,
        Certification::Full,
    ])
}

pub fn scope() -> impl Strategy<Value = EraseScope> {
    prop_oneof![
        Just(EraseScope::Disc),
        Just(EraseScope::LastSession),
        lba().prop_map(EraseScope::TrackTail),
    ]
}

pub fn cd_subchannel() -> impl Strategy<Value = CdSubchannel> {
    prop::sample::select(vec![
        CdSubchannel::Raw96,
        CdSubchannel::Packed96,
        CdSubchannel::Pq16,
    ])
}

pub fn cd_mode() -> impl Strategy<Value = CdMode> {
    prop_oneof![
        Just(CdMode::SessionAtOnce),
        Just(CdMode::TrackAtOnce),
        cd_subchannel().prop_map(CdMode::Raw),
    ]
}

fn cd_track() -> impl Strategy<Value = CdTrack> {
    (
        lba(),
        any::<[u64; 2]>(),
        any::<[u8; 3]>(),
        any::<u32>(),
        any::<Option<[u8; 12]>>(),
    )
        .prop_map(
            |(index_1, [image_block, blocks], [number, control, form], pregap, isrc)| {
                let mut track = CdTrack::audio(number, index_1, image_block, blocks);
                track.control = control;
                track.form = DataForm::from_code(form);
                track.pregap = pregap;
                track.isrc = isrc;
                track
            },
        )
}

pub fn cd_layout() -> impl Strategy<Value = CdLayout> {
    (
        cd_mode(),
        (lba(), lba()),
        prop::collection::vec(any::<[u8; 8]>(), 0..5),
        prop::collection::vec(cd_track(), 0..4),
        (any::<Option<[u8; 13]>>(), bytes()),
    )
        .prop_map(
            |(mode, (first_lba, lead_out), sheet, tracks, (catalogue, text))| {
                let mut layout = CdLayout::new(mode, first_lba);
                layout.lead_out = lead_out;
                layout.cue_sheet = sheet.into_iter().map(CueSheetEntry::from_bytes).collect();
                layout.tracks = tracks;
                layout.catalogue = catalogue;
                layout.text = text;
                layout
            },
        )
}

pub fn layout_fault() -> impl Strategy<Value = LayoutFault> {
    prop_oneof![
        any::<u32>().prop_map(|tracks| LayoutFault::Tracks { tracks }),
        any::<u8>().prop_map(|track| LayoutFault::Number { track }),
        any::<u8>().prop_map(|track| LayoutFault::Form { track }),
        any::<(u8, u64)>().prop_map(|(track, blocks)| LayoutFault::TooShort { track, blocks }),
        any::<u8>().prop_map(|track| LayoutFault::Place { track }),
        any::<(u64, u64)>().prop_map(|(described, image)| LayoutFault::Blocks { described, image }),
        any::<(u32, u32)>().prop_map(|(bytes, most)| LayoutFault::SheetTooLong { bytes, most }),
        prop::sample::select(vec![
            LayoutFault::LeadOut,
            LayoutFault::CueSheet,
            LayoutFault::Text,
        ]),
    ]
}

fn burn() -> impl Strategy<Value = BurnRequest> {
    (
        any::<u64>(),
        placement(),
        finish(),
        speed(),
        any::<[bool; 5]>(),
        (recording(), cd_form(), option::of(cd_layout())),
    )
        .prop_map(
            |(blocks, placement, finish, speed, flags, (recording, cd_form, cd))| {
                let [
                    test_write,
                    underrun_protection,
                    fast_write,
                    overburn,
                    postgap,
                ] = flags;
                let mut burn = BurnRequest::new(blocks);
                burn.placement = placement;
                burn.finish = finish;
                burn.speed = speed;
                burn.test_write = test_write;
                burn.underrun_protection = underrun_protection;
                burn.fast_write = fast_write;
                burn.recording = recording;
                burn.cd_form = cd_form;
                burn.cd = cd;
                burn.overburn = overburn;
                burn.postgap_in_image = postgap;
                burn.pure_cav = overburn != fast_write;
                burn
            },
        )
}

pub fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        burn().prop_map(Request::Burn),
        (any::<(Option<u8>, Option<u64>)>(), certification()).prop_map(
            |((kind, spare), certification)| {
                let mut format = FormatRequest::new(kind, spare);
                format.certification = certification;
                Request::Format(format)
            }
        ),
        (any::<(bool, u64)>(), scope()).prop_map(|((full, volume_blocks), scope)| {
            let mut erase = EraseRequest::new(full);
            erase.volume_blocks = volume_blocks;
            erase.scope = scope;
            Request::Erase(erase)
        }),
        any::<bool>().prop_map(|finalize| Request::Close(CloseRequest::new(finalize))),
        (burn(), any::<u64>())
            .prop_map(|(burn, written)| Request::Resume(ResumeRequest::new(burn, written))),
    ]
}

pub fn service() -> impl Strategy<Value = Service> {
    (
        lba(),
        any::<u64>(),
        any::<u32>(),
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(
            |(first_lba, free_blocks, write_unit, fitness, test_write)| {
                let mut service = Service::new(first_lba, free_blocks, write_unit);
                service.fitness = fitness;
                service.test_write = test_write;
                service
            },
        )
}

pub fn missing() -> impl Strategy<Value = MissingFact> {
    prop_oneof![
        Just(MissingFact::DiscInformation),
        Just(MissingFact::TrackInformation),
        Just(MissingFact::FormatCapacities),
        Just(MissingFact::NextWritableAddress),
        Just(MissingFact::LeadIn),
    ]
}

pub fn refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![
        prop_oneof![
            Just(Refusal::NoMedium),
            Just(Refusal::UnrecognizedMedium),
            Just(Refusal::OnlyAnnounced),
            Just(Refusal::MediumClosed),
            Just(Refusal::MediumDamaged),
            Just(Refusal::SessionOpen),
            Just(Refusal::Empty),
            Just(Refusal::NothingToClose),
            Just(Refusal::NothingToResume),
            Just(Refusal::PseudoOverwrite),
            Just(Refusal::FormatNeeded),
            Just(Refusal::EraseFirst),
            Just(Refusal::WriteProtected),
            Just(Refusal::NotOffered),
        ],
        prop_oneof![
            profile().prop_map(|profile| Refusal::NoWriter { profile }),
            profile().prop_map(|profile| Refusal::NoTestWrite { profile }),
            profile().prop_map(|profile| Refusal::NoUnderrunChoice { profile }),
            profile().prop_map(|profile| Refusal::NotRewritable { profile }),
            profile().prop_map(|profile| Refusal::NoSessions { profile }),
            profile().prop_map(|profile| Refusal::NotFormattable { profile }),
            profile().prop_map(|profile| Refusal::NoPrecedent { profile }),
            profile().prop_map(|profile| Refusal::DriveOnlyReads { profile }),
            profile().prop_map(|profile| Refusal::FinalWithSessionOnly { profile }),
            (profile(), recording())
                .prop_map(|(profile, recording)| Refusal::NoSuchRecording { profile, recording }),
            certification().prop_map(|wanted| Refusal::NoSuchCertification { wanted }),
            (cd_form(), recording())
                .prop_map(|(form, recording)| Refusal::NoSuchForm { form, recording }),
        ],
        option::of(placement()).prop_map(|offer| Refusal::MediumNotBlank { offer }),
        any::<(u64, u64)>().prop_map(|(needed, available)| Refusal::TooLarge { needed, available }),
        any::<u32>().prop_map(|limit| Refusal::SessionLimit { limit }),
        any::<u64>().prop_map(|written_blocks| Refusal::BadCheckpoint { written_blocks }),
        (lba(), lba()).prop_map(|(expected, found)| Refusal::NotWhereCutOff { expected, found }),
        (any::<u8>(), bytes()).prop_map(|(kind, offered)| Refusal::NoSuchFormat { kind, offered }),
        missing().prop_map(|what| Refusal::FactMissing { what }),
        layout_fault().prop_map(Refusal::BadLayout),
        (lba(), lba()).prop_map(|(planned, found)| Refusal::OtherPlace { planned, found }),
        cd_mode().prop_map(|mode| Refusal::NoSuchMode { mode }),
        Just(Refusal::NoCdText),
        failure().prop_map(Refusal::WriterFault),
        any::<u32>().prop_map(|code| Refusal::Unknown { code }),
    ]
}

pub fn fit() -> impl Strategy<Value = Fit> {
    prop_oneof![
        service().prop_map(Fit::Serves),
        refusal().prop_map(Fit::Refuses),
        Just(Fit::NotMine)
    ]
}

pub fn purpose() -> impl Strategy<Value = Move> {
    prop_oneof![
        any::<u32>().prop_map(Move::Own),
        prop::sample::select(vec![
            Move::SetSpeed,
            Move::SetWriteParameters,
            Move::CalibratePower,
            Move::Format,
            Move::Blank,
            Move::ReserveTrack,
            Move::SetLayerBreak,
            Move::SendCueSheet,
            Move::SynchronizeCache,
            Move::StopFormat,
            Move::CloseTrack,
            Move::CloseSession,
            Move::FinalizeDisc,
        ]),
    ]
}

pub fn occasion() -> impl Strategy<Value = Occasion> {
    prop::sample::select(vec![
        Occasion::Always,
        Occasion::IfRefused,
        Occasion::AfterWriting,
        Occasion::AfterBlocks,
        Occasion::AfterAll,
        Occasion::AfterCancel,
        Occasion::AfterFormat,
    ])
}

pub fn settle() -> impl Strategy<Value = Settle> {
    prop_oneof![
        Just(Settle::AtOnce),
        time().prop_map(|limit| Settle::WhenReady { limit })
    ]
}

fn tolerance() -> impl Strategy<Value = Tolerance> {
    any::<(Option<u8>, Option<u8>, Option<u8>, bool)>().prop_map(|(key, asc, ascq, warn)| {
        Tolerance {
            pattern: SensePattern { key, asc, ascq },
            warn,
        }
    })
}

fn command() -> impl Strategy<Value = PlannedCommand> {
    let tolerate = prop::collection::vec(tolerance(), 0..3);
    (
        purpose(),
        cdb(),
        bytes(),
        time(),
        settle(),
        occasion(),
        tolerate,
    )
        .prop_map(
            |(purpose, cdb, parameters, timeout, settle, occasion, tolerate)| {
                let mut command = PlannedCommand::new(purpose, cdb).with_parameters(parameters);
                command.timeout = timeout;
                command.settle = settle;
                command.occasion = occasion;
                command.tolerate = tolerate;
                command
            },
        )
}

pub fn form() -> impl Strategy<Value = BlockForm> {
    prop::sample::select(vec![
        BlockForm::Cooked2048,
        BlockForm::Xa2056,
        BlockForm::Xa2324,
        BlockForm::Xa2332,
        BlockForm::Mode2336,
        BlockForm::Raw2352,
        BlockForm::Raw2368,
        BlockForm::Raw2448,
        BlockForm::CdText96,
    ])
}

pub fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Image),
        any::<u16>().prop_map(|n| Origin::Track(TrackNumber(n))),
        Just(Origin::Silence),
        Just(Origin::Zeros),
        Just(Origin::LeadIn),
        Just(Origin::LeadOut),
        bytes().prop_map(Origin::Bytes),
    ]
}

pub fn write_command() -> impl Strategy<Value = WriteCommand> {
    prop_oneof![
        Just(WriteCommand::Write10),
        Just(WriteCommand::Write12Streaming),
        Just(WriteCommand::WriteAndVerify10),
    ]
}

fn extent() -> impl Strategy<Value = Extent> {
    (
        (lba(), any::<u64>(), any::<u32>()),
        (form(), origin(), write_command()),
        any::<(bool, bool, bool)>(),
        prop::collection::vec(command(), 0..3),
    )
        .prop_map(
            |(
                (first_lba, blocks, unit),
                (form, origin, command),
                (protection, test_write, follows),
                before,
            )| {
                let mut extent = Extent::image(first_lba, blocks, unit);
                extent.form = form;
                extent.origin = origin;
                extent.command = command;
                extent.underrun_protection = protection;
                extent.test_write = test_write;
                extent.follows = follows;
                extent.before = before;
                extent
            },
        )
}

pub fn warning() -> impl Strategy<Value = Warning> {
    prop_oneof![
        any::<(u64, u64)>().prop_map(|(needed, layer)| Warning::WouldFitOneLayer { needed, layer }),
        Just(Warning::VerifiedByDrive),
        any::<u32>().prop_map(|chosen| Warning::SpeedAdjusted { chosen }),
        any::<u32>().prop_map(|sessions| Warning::ManySessions { sessions }),
        Just(Warning::FormatsFirst),
        Just(Warning::RotationAdjusted),
        any::<u32>().prop_map(|chosen| Warning::SpeedAndRotationAdjusted { chosen }),
        prop::sample::select(vec![
            Warning::BecomesFinal,
            Warning::LongLeadOut,
            Warning::OnlyAtOnceAfterwards,
            Warning::NoUnderrunProtection,
            Warning::DefectsNotReplaced,
        ]),
        any::<u64>().prop_map(|blocks| Warning::Overburn { blocks }),
        any::<u32>().prop_map(|code| Warning::Unknown { code }),
    ]
}

fn expected() -> impl Strategy<Value = ExpectedMedium> {
    any::<(
        Option<u32>,
        Option<bool>,
        Option<bool>,
        Option<i32>,
        Option<u64>,
    )>()
    .prop_map(|(sessions, appendable, blank, nwa, capacity)| {
        let mut expected = ExpectedMedium::default();
        expected.closed_sessions = sessions;
        expected.appendable = appendable;
        expected.blank = blank;
        expected.nwa_at_least = nwa.map(Lba);
        expected.capacity_at_least = capacity;
        expected
    })
}

pub fn plan() -> impl Strategy<Value = WritePlan> {
    let commands = || prop::collection::vec(command(), 0..3);
    let extents = prop::collection::vec(extent(), 0..3);
    let warnings = prop::collection::vec(warning(), 0..3);
    let rest = (warnings, expected(), any::<bool>());
    (commands(), extents, commands(), rest).prop_map(
        |(prepare, extents, closing, (warnings, expected, resumable))| {
            let mut plan = WritePlan::default();
            plan.prepare = prepare;
            plan.extents = extents;
            plan.closing = closing;
            plan.warnings = warnings;
            plan.expected = expected;
            plan.resumable = resumable;
            plan
        },
    )
}

pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u32>().prop_map(Step::Prepare),
        any::<u32>().prop_map(Step::Write),
        any::<u32>().prop_map(Step::Close),
        any::<(u32, u32)>().prop_map(|(extent, command)| Step::Between { extent, command }),
        (cdb(), any::<u32>()).prop_map(|(cdb, length)| Step::Ask { cdb, length }),
        time().prop_map(|limit| Step::WaitReady { limit }),
        time().prop_map(Step::Wait),
        Just(Step::Identify),
        plan().prop_map(|plan| Step::Replan(Box::new(plan))),
        Just(Step::Finished),
        failure().prop_map(Step::Failed),
    ]
}

pub fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Begin),
        Just(Event::Done),
        bytes().prop_map(Event::Answer),
        sense().prop_map(|sense| Event::Refused { sense }),
        (any::<u32>(), lba(), sense()).prop_map(|(extent, lba, sense)| Event::WriteRefused {
            extent,
            lba,
            sense
        }),
        facts().prop_map(|facts| Event::Facts(Box::new(facts))),
        any::<u64>().prop_map(|written_blocks| Event::Cancelled { written_blocks }),
        Just(Event::TimedOut),
    ]
}
