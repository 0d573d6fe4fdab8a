//! Odd drives on the virtual one: every habit of single drives by itself, every drive on record, and
//! each row of the table of quirks with the habit that it is there for, with and without the row.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use pitland_bd_r::BdR;
use pitland_burn::quirks::{self, QuirkTable};
use pitland_burn::{Fault as JobFault, MediumState, Note, Outcome, Unproven};
use pitland_cd_tao::CdTao;
use pitland_dvd_plus_r::DvdPlusR;
use pitland_dvd_sequential::DvdSequential;
use pitland_overwritable::Overwritable;
use pitland_simdrive::{Identity, Quirks};
use pitland_testkit::{
    Bench, DiscType, DriveModel, Entry, Fault, Given, Image, NotRun, Run, SimulatedDrive, Trace,
    VirtualBench, burn, conformance_on, identify,
};
use pitland_writer::mmc::cdb::{Cdb, Command, ModeSelect10, StartStopUnit, TestUnitReady};
use pitland_writer::mmc::mode_page::{
    DataBlockType, ModePage, ModeParameterList, MultiSession, WriteParameters, WriteType,
};
use pitland_writer::mmc::{Profile, Sense};
use pitland_writer::{
    BurnRequest, Finish, MediumCondition, MissingFact, Move, Placement, Refusal, Speed, Warning,
};
use std::num::NonZeroU32;
use std::time::Duration;

const ALL: [DiscType; 18] = DiscType::ALL;
const IMAGE: Image = Image::new(97, 41);

/// A job on a drive, and what was said.
struct Job {
    run: Result<Run, NotRun>,
    trace: Trace,
}

impl Job {
    /// Ends verified; answers what was worth telling besides what the plan told beforehand.
    fn verified(&self) -> Vec<Note> {
        let run = self.run.as_ref().unwrap();
        let ending = &run.ending;
        let outcome = ending.outcome;
        assert_eq!(outcome, Outcome::Verified, "{ending:?}\n{}", self.trace);
        let planned = |note: &Note| matches!(note, Note::Planned(_));
        let notes = ending.notes.iter().filter(|note| !planned(note));
        notes.cloned().collect()
    }

    /// The commands that were sent and what came back, in order.
    fn commands(&self) -> Vec<(Command, Given)> {
        let command = |entry: &Entry| match entry {
            Entry::Command { cdb, given, .. } => {
                Some((Command::parse(cdb.as_slice()).unwrap(), *given))
            }
            Entry::Wait(_) => None,
        };
        self.trace.entries.iter().filter_map(command).collect()
    }

    fn sent(&self, wanted: impl Fn(&Command) -> bool) -> usize {
        let commands = self.commands();
        commands.iter().filter(|(c, _)| wanted(c)).count()
    }

    /// Whether the drive gave this answer to anything.
    fn answered(&self, key: u8, asc: u8, ascq: u8) -> bool {
        let sense = Sense::new(key, asc, ascq).triple();
        self.commands()
            .iter()
            .any(|(_, given)| matches!(given, Given::Sense(s) if s.triple() == sense))
    }
}

fn drive(disc: DiscType, model: DriveModel) -> Box<dyn SimulatedDrive> {
    VirtualBench::with(disc).with_model(model).drive()
}

fn job_on(
    drive: &mut dyn SimulatedDrive,
    disc: DiscType,
    image: &Image,
    fault: Fault,
    change: impl FnOnce(&mut BurnRequest),
) -> Job {
    let mut request = BurnRequest::new(image.blocks);
    change(&mut request);
    let mut trace = Trace::default();
    let run = match disc.profile() {
        Profile::CdR | Profile::CdRw => burn::<CdTao>(drive, &mut trace, request, image, fault),
        Profile::DvdMinusRSequential
        | Profile::DvdMinusRwSequential
        | Profile::DvdMinusRDlSequential => {
            burn::<DvdSequential>(drive, &mut trace, request, image, fault)
        }
        Profile::BdRSrm => burn::<BdR>(drive, &mut trace, request, image, fault),
        Profile::DvdPlusR | Profile::DvdPlusRDl => {
            burn::<DvdPlusR>(drive, &mut trace, request, image, fault)
        }
        _ => burn::<Overwritable>(drive, &mut trace, request, image, fault),
    };
    Job { run, trace }
}

fn job(disc: DiscType, model: DriveModel) -> Job {
    let mut drive = drive(disc, model);
    job_on(drive.as_mut(), disc, &IMAGE, Fault::None, |_| {})
}

/// A drive with these habits and a name that no row has.
fn nameless(habits: &[&str]) -> DriveModel {
    let mut model = DriveModel::default();
    for habit in habits {
        assert!(model.quirks.set(habit, true), "{habit}");
    }
    model
}

/// The same drive under the name that a row has.
fn named(vendor: &str, product: &str, revision: &str, habits: &[&str]) -> DriveModel {
    DriveModel {
        identity: Identity {
            vendor: vendor.into(),
            product: product.into(),
            revision: revision.into(),
            ..Identity::default()
        },
        ..nameless(habits)
    }
}

// --- every habit, every drive ---

#[test]
fn whatever_one_habit_a_drive_has_a_burn_is_verified_or_ends_in_words() {
    for habit in Quirks::NAMES {
        for disc in ALL {
            let job = job(disc, nameless(&[habit]));
            let profile = disc.profile();
            let missing = |what| Err(NotRun::Refused(Refusal::FactMissing { what }));
            let run = job.run.as_ref().map(|_| ()).map_err(NotRun::clone);
            match *habit {
                // Without profiles there is nothing to go by.
                "pre_mmc" | "no_get_configuration" => assert_eq!(run, Err(NotRun::NotIdentified)),
                "no_disc_information" if !profile.is_overwritable() => {
                    assert_eq!(run, missing(MissingFact::DiscInformation));
                }
                // An unformatted BD-RE: its sizes are the drive's to tell.
                "no_format_capacities" if profile == Profile::BdRe => {
                    assert_eq!(run, missing(MissingFact::FormatCapacities));
                }
                // These two need their row: see below.
                "absent_while_loading" => assert_eq!(run, Err(NotRun::NotMine)),
                "clueless_while_loading" => assert_eq!(run, Err(NotRun::NotIdentified)),
                // A drive that only reads is found out before the first WRITE.
                "no_write_features" => {
                    let refused = Err(NotRun::Refused(Refusal::DriveOnlyReads { profile }));
                    assert_eq!(run, refused, "{disc}");
                }
                _ => {
                    job.verified();
                }
            }
        }
    }
}

#[test]
fn every_drive_on_record_burns_or_is_refused() {
    for name in DriveModel::known_names() {
        for disc in ALL {
            let job = job(disc, DriveModel::named(name).unwrap());
            match name {
                "CDU928E" => assert_eq!(job.run.unwrap_err(), NotRun::NotIdentified),
                // READ DISC INFORMATION is unknown to it.
                "QEMU" if !disc.profile().is_overwritable() => {
                    assert!(matches!(job.run, Err(NotRun::Refused(_))), "{disc}");
                }
                _ => {
                    job.verified();
                }
            }
        }
    }
}

// --- commands that are optional ---

/// A drive that knows no more than it must for a burn.
const SPARTAN: &[&str] = &[
    "no_event_status",
    "no_buffer_capacity",
    "no_reserve_track",
    "no_calibration",
    "no_performance",
    "no_set_streaming",
    "no_set_cd_speed",
    "no_disc_structure",
    "no_capabilities_page",
    "refuses_immediate",
];

#[test]
fn a_drive_that_knows_no_optional_command_burns_all_the_same() {
    for disc in ALL {
        let notes = job(disc, nameless(SPARTAN)).verified();
        // That it runs at a speed of its own, and tells no progress.
        let speed = |note: &Note| matches!(note, Note::Tolerated { purpose, .. } if *purpose == Move::SetSpeed);
        let immed = |note: &Note| matches!(note, Note::WithoutImmed { .. });
        assert!(notes.iter().any(speed) && notes.iter().any(immed), "{disc}");
        assert_eq!(notes.len(), 2, "{disc}: {notes:?}");
    }
}

#[test]
fn the_writers_keep_every_rule_on_a_drive_that_knows_no_optional_command() {
    let spartan = |disc| {
        let bench = VirtualBench::with(disc);
        bench.with_model(nameless(SPARTAN))
    };
    conformance_on::<BdR>(&spartan(DiscType::BdR));
    conformance_on::<Overwritable>(&spartan(DiscType::DvdPlusRw));
}

#[test]
fn the_writers_keep_every_rule_behind_a_barrier() {
    let pioneer = DriveModel::named("DVR-111D").unwrap();
    let bench = VirtualBench::with(DiscType::DvdPlusR);
    conformance_on::<DvdPlusR>(&bench.with_model(pioneer));
}

#[test]
fn without_a_list_of_formats_media_that_need_no_size_are_burned_twice() {
    for disc in ALL
        .into_iter()
        .filter(|disc| disc.profile() != Profile::BdRe)
    {
        let mut drive = drive(disc, nameless(&["no_format_capacities"]));
        let first = job_on(drive.as_mut(), disc, &IMAGE, Fault::None, |_| {});
        first.verified();
        if first
            .run
            .unwrap()
            .plan
            .warnings
            .contains(&Warning::BecomesFinal)
        {
            continue;
        }
        let again = job_on(drive.as_mut(), disc, &IMAGE, Fault::None, |request| {
            request.placement = match disc.profile().is_overwritable() {
                true => Placement::Overwrite,
                false => Placement::NewSession,
            };
        });
        again.verified();
    }
}

#[test]
fn what_two_drives_answer_to_speeds_ends_no_burn() {
    // Q10: 5/2C/00, in the place of any speed; 7/27/00 to the first of the two forms.
    for disc in ALL {
        let notes = job(disc, nameless(&["refuses_speeds", "events_repeat"])).verified();
        assert!(
            matches!(notes.as_slice(), [Note::Tolerated { .. }]),
            "{notes:?}"
        );
        let mut plain = drive(disc, DriveModel::default());
        let first = job_on(plain.as_mut(), disc, &IMAGE, Fault::None, |_| {});
        let speed = first.run.as_ref().unwrap().plan.prepare.iter();
        let at = speed.take_while(|c| c.purpose != Move::SetSpeed).count();
        let fault = Fault::SenseAt {
            command: at,
            sense: Sense::new(0x7, 0x27, 0x00),
        };
        let mut plain = drive(disc, DriveModel::default());
        let job = job_on(plain.as_mut(), disc, &IMAGE, fault, |_| {});
        assert!(matches!(
            job.verified().as_slice(),
            [Note::Tolerated { .. }]
        ));
    }
}

#[test]
fn events_that_repeat_are_asked_for_a_few_times_only() {
    let job = job(DiscType::BdR, nameless(&["events_repeat"]));
    job.verified();
    let asked = job.sent(|c| matches!(c, Command::GetEventStatusNotification(_)));
    assert!(asked <= 4, "{asked}");
}

// --- how much is closed ---

#[test]
fn a_drive_that_completes_the_disc_at_any_close_is_told_of_and_the_burn_verified() {
    let habits: [&[&str]; 2] = [
        &["closes_too_much"],
        &["closes_too_much", "read_only_profile_when_complete"],
    ];
    for habits in habits {
        for disc in [DiscType::BdR, DiscType::DvdPlusR, DiscType::DvdPlusRDl] {
            let job = job(disc, nameless(habits));
            let notes = job.verified();
            let run = job.run.unwrap();
            assert_eq!(run.ending.medium, MediumState::Closed);
            let facts = run.ending.facts.unwrap();
            assert_eq!(facts.condition(), MediumCondition::Complete);
            // On a BD-R as small as this one the plan promises no room for a further session.
            let promised = run.plan.expected.appendable == Some(true);
            assert_eq!(promised, disc != DiscType::BdR);
            assert_eq!(notes.contains(&Note::MoreClosedThanAsked), promised);
        }
    }
}

/// The write parameters that another program left behind, which meant to add a session.
fn leave_multi_session(drive: &mut dyn SimulatedDrive) {
    identify(drive, &mut Trace::default()).unwrap();
    let page = WriteParameters {
        write_type: WriteType::Incremental,
        multi_session: MultiSession::NextSessionAllowed,
        track_mode: 5,
        data_block_type: DataBlockType::Mode1,
        ..WriteParameters::default()
    };
    let list = ModeParameterList::select(&ModePage::WriteParameters(page));
    let select = ModeSelect10 {
        page_format: true,
        save_pages: false,
        parameter_list_length: list.len() as u16,
    };
    let cdb = select.emit();
    drive.execute(cdb.as_slice(), &list, &mut []).unwrap();
}

#[test]
fn q7_a_dvd_plus_r_whose_drive_reads_the_write_parameters_is_finalized() {
    let disc = DiscType::DvdPlusR;
    let reader = || {
        let mut drive = drive(disc, nameless(&["finalizes_by_write_parameters"]));
        leave_multi_session(drive.as_mut());
        drive
    };
    let finalize = |request: &mut BurnRequest| request.finish = Finish::FinalizeDisc;
    let job = job_on(reader().as_mut(), disc, &IMAGE, Fault::None, finalize);
    assert_eq!(job.verified(), []);
    let prepare = job.run.unwrap().plan.prepare;
    // A stand-in for a speed is not sent where the speed is taken.
    let announced = prepare
        .iter()
        .position(|c| c.purpose == Move::SetWriteParameters);
    let command = announced.unwrap() - 1;

    // The same without: the drive never sees the page, and the disc is less closed than asked.
    let fault = Fault::SenseAt {
        command,
        sense: Sense::new(0x5, 0x26, 0x00),
    };
    let job = job_on(reader().as_mut(), disc, &IMAGE, fault, finalize);
    let ending = job.run.unwrap().ending;
    let open = Unproven::Appendable { found: true };
    assert_eq!(ending.result, Err(JobFault::NotProven(open)));
    assert_eq!(ending.medium, MediumState::Appendable);
}

// --- the rows, one by one ---

fn stops(job: &Job) -> usize {
    job.sent(|c| matches!(c, Command::StartStopUnit(_)))
}

#[test]
fn q1_a_pioneer_is_stopped_and_started_before_it_is_asked_what_became_of_the_disc() {
    let habits = &["ready_too_early"];
    for disc in ALL {
        let row = job(disc, named("PIONEER", "DVD-RW  DVR-111D", "1.23", habits));
        assert_eq!(row.verified(), []);
        let commands = row.commands();
        let last = |wanted: fn(&Command) -> bool| commands.iter().rposition(|(c, _)| wanted(c));
        let stop = last(|c| matches!(c, Command::StartStopUnit(c) if !c.start)).unwrap();
        let start = last(|c| matches!(c, Command::StartStopUnit(c) if c.start)).unwrap();
        let sync = last(|c| matches!(c, Command::SynchronizeCache(_))).unwrap();
        let asked = last(|c| matches!(c, Command::ReadDiscInformation(_))).unwrap();
        assert!(sync < stop && stop < start && start < asked);
        // A stop that it was too busy for was sent again until it was taken.
        assert!(matches!(commands[stop].1, Given::Good(_)), "{disc}");
        // The habit is not fatal: whatever else is answered with 2/04/07 is sent again too.
        assert_eq!(stops(&job(disc, nameless(habits))), 0);
    }
}

#[test]
fn q2_absurd_buffer_reports_are_not_asked_for() {
    let reports = |c: &Command| matches!(c, Command::ReadBufferCapacity(_));
    let image = Image::new(3_000, 2);
    let burned = |mut model: DriveModel| {
        model.buffer_bytes = 256 * 1024;
        let mut drive = drive(DiscType::DvdPlusR, model);
        let job = job_on(
            drive.as_mut(),
            DiscType::DvdPlusR,
            &image,
            Fault::None,
            |_| {},
        );
        job.verified();
        job
    };
    let habits = &["absurd_free_space"];
    for product in ["DVD-RW  DVR-105", "DVD-RW  DVR-106D"] {
        let row = burned(named("PIONEER", product, "1.30", habits));
        assert_eq!(row.sent(reports), 0);
    }
    assert!(burned(nameless(habits)).sent(reports) > 0);
}

/// Sends a command until the drive is no longer busy; answers how often it was.
fn insist(drive: &mut dyn SimulatedDrive, cdb: &[u8]) -> usize {
    let mut busy = 0;
    while let Err(sense) = drive.execute(cdb, &[], &mut []) {
        assert_eq!(sense.asc, 0x04, "{sense}");
        busy += 1;
        drive.advance(Duration::from_secs(1));
    }
    busy
}

#[test]
fn q3_a_drive_that_starts_too_late_is_started_before_it_ejects() {
    let model = DriveModel::named("DVR-216D").unwrap();
    let identity = model.identity.clone();
    let stopped = || {
        let mut drive = drive(DiscType::DvdPlusR, model.clone());
        identify(drive.as_mut(), &mut Trace::default()).unwrap();
        insist(drive.as_mut(), StartStopUnit::STOP.emit().as_slice());
        let starts = StartStopUnit {
            immed: true,
            ..StartStopUnit::START
        };
        insist(drive.as_mut(), starts.emit().as_slice());
        // It says that it is ready.
        assert_eq!(
            insist(drive.as_mut(), TestUnitReady {}.emit().as_slice()),
            0
        );
        drive
    };
    let eject = StartStopUnit::EJECT.emit();
    assert!(
        insist(stopped().as_mut(), eject.as_slice()) > 0,
        "it is not"
    );

    let row = quirks::of(&identity.vendor, &identity.product, &identity.revision);
    let before = row.before_eject().unwrap();
    let mut started = stopped();
    started.execute(before.as_slice(), &[], &mut []).unwrap();
    assert_eq!(insist(started.as_mut(), eject.as_slice()), 0);
    let other = quirks::of("PIONEER", "DVD-RW  DVR-111D", "1.23");
    assert_eq!(other.before_eject(), None);
}

#[test]
fn q4_a_drive_that_is_vague_while_it_loads_is_waited_for() {
    for habit in ["absent_while_loading", "clueless_while_loading"] {
        let disc = DiscType::DvdPlusRw;
        let row = named("HL-DT-ST", "DVDRAM GSA-4082B", "A201", &[habit]);
        assert_eq!(job(disc, row).verified(), []);
        // What comes without the row is with the habits above: it is not seen that there is a disc.
        assert!(job(disc, nameless(&[habit])).run.is_err());
    }
}

#[test]
fn q4_a_vague_drive_without_a_disc_is_believed_in_the_end() {
    let model = DriveModel::named("GSA-4082B").unwrap();
    let mut empty = pitland_simdrive::Recorder::new(model);
    let facts = identify(&mut empty, &mut Trace::default()).unwrap();
    assert_eq!(facts.condition(), MediumCondition::NoMedium);
}

#[test]
fn q8_the_progress_of_an_hp_is_asked_for_by_request_sense() {
    let habits = &["progress_only_by_request_sense", "sense_valid_bit_clear"];
    let asked = |c: &Command| matches!(c, Command::RequestSense(_));
    let row = job(
        DiscType::DvdPlusRw,
        named("HP", "DVD Writer 100j", "1.30", habits),
    );
    assert_eq!(row.verified(), []);
    assert!(row.sent(asked) > 10);
    let none = job(DiscType::DvdPlusRw, nameless(habits));
    none.verified();
    assert_eq!(none.sent(asked), 0);
}

#[test]
fn q9_a_drive_from_before_mmc_is_asked_for_its_name_and_refused() {
    let row = job(DiscType::BdR, DriveModel::named("CDU928E").unwrap());
    assert_eq!(row.run.unwrap_err(), NotRun::NotIdentified);
    assert_eq!(row.trace.entries.len(), 1);
    let none = job(DiscType::BdR, nameless(&["pre_mmc"]));
    assert!(none.answered(0x5, 0x20, 0x00) && none.run.is_err());
}

#[test]
fn q15_where_immed_breaks_nothing_is_sent_with_it() {
    let habits = &["breaks_immediate"];
    for disc in ALL {
        let row = job(disc, named("HL-DT-ST", "BD-RE  BH14NS48", "1.00", habits));
        assert_eq!(row.verified(), []);
        assert!(!row.answered(0x2, 0x00, 0x00));
        // Without the row one command is refused, and the rest sent without.
        let none = job(disc, nameless(habits));
        assert!(matches!(
            none.verified().as_slice(),
            [Note::WithoutImmed { .. }]
        ));
        assert!(none.answered(0x2, 0x00, 0x00));
    }
}

#[test]
fn a_drive_that_lists_cd_speeds_for_dvd_is_asked_elsewhere_for_the_speed_that_it_took() {
    let slow = |request: &mut BurnRequest| {
        request.speed = Speed::TenthsOfNominal(NonZeroU32::new(60).unwrap());
    };
    let disc = DiscType::DvdPlusR;
    let burned = |model| {
        let mut drive = drive(disc, model);
        job_on(drive.as_mut(), disc, &IMAGE, Fault::None, slow).verified()
    };
    for (vendor, product, habit) in [
        ("_NEC", "DVD_RW ND-3540A", "cd_speeds_in_capabilities"),
        ("LITE-ON", "DVDRW SOHW-1673S", "no_speeds_in_capabilities"),
        ("ATAPI", "iHAS424   B", "no_speeds_in_capabilities"),
    ] {
        let habits: &[&str] = &[habit, "ignores_speeds"];
        let told = burned(named(vendor, product, "1.01", habits));
        assert!(
            matches!(told.as_slice(), [Note::SpeedNotTaken { wanted: 8310, found }] if *found > 8310),
            "{told:?}"
        );
        // Without the row it is not known, and nothing is made up.
        assert_eq!(burned(nameless(habits)), []);
        // A drive that obeys is not suspected.
        assert_eq!(burned(named(vendor, product, "1.01", &[habit])), []);
    }
    // Where page 2Ah is right, it tells.
    let told = burned(nameless(&["ignores_speeds"]));
    assert!(
        matches!(told.as_slice(), [Note::SpeedNotTaken { .. }]),
        "{told:?}"
    );
    assert_eq!(burned(DriveModel::default()), []);
}

#[test]
fn a_cd_drive_that_counts_in_177_is_given_the_speed_that_it_offers() {
    let slow = |request: &mut BurnRequest| {
        request.speed = Speed::TenthsOfNominal(NonZeroU32::new(160).unwrap());
    };
    for disc in [DiscType::CdR, DiscType::CdRw] {
        let mut drive = drive(disc, nameless(&["counts_cd_speeds_in_177"]));
        let job = job_on(drive.as_mut(), disc, &IMAGE, Fault::None, slow);
        assert_eq!(job.verified(), [], "{disc}");
        let asked = job.commands().into_iter().filter_map(|entry| match entry {
            (Command::SetCdSpeed(set), given) if set.write_speed != u16::MAX => {
                Some((set.write_speed, given))
            }
            _ => None,
        });
        let asked: Vec<_> = asked.collect();
        assert!(
            matches!(
                asked.as_slice(),
                [(2822, Given::Sense(_)), (2999, Given::Good { .. })]
            ),
            "{disc}: {asked:?}"
        );
    }
}

#[test]
fn every_row_has_its_test_here() {
    let mut names: Vec<String> = QuirkTable::builtin()
        .rows()
        .map(|row| format!("{} {}", row.vendor, row.product))
        .collect();
    names.sort();
    let tested = [
        "ATAPI iHAS",
        "HL-DT-ST BD-RE BH14NS48",
        "HL-DT-ST DVDRAM GSA-4082B",
        "HP DVD Writer 100j",
        "LITE-ON ",
        "PIONEER ",
        "PIONEER DVD-RW DVR-105",
        "PIONEER DVD-RW DVR-106",
        "PIONEER DVD-RW DVR-216D",
        "SONY CD-R CDU928E",
        "_NEC ",
    ];
    assert_eq!(names, tested);
}
