//! The writers of the project, held to the rules.

#![allow(clippy::unwrap_used, reason = "a test says so by panicking")]

use pitland_bd_r::BdR;
use pitland_dvd_plus_r::DvdPlusR;
use pitland_overwritable::Overwritable;
use pitland_testkit::{DriveModel, VirtualBench, conformance, conformance_on};
use pitland_writer::mmc::Profile;

#[test]
fn bd_r_conforms() {
    conformance::<BdR>();
}

#[test]
fn dvd_plus_r_conforms() {
    conformance::<DvdPlusR>();
}

#[test]
fn overwritable_conforms() {
    conformance::<Overwritable>();
}

/// A drive of other habits than the default one: each of them is on record.
fn odd_drive(profile: Profile) -> VirtualBench {
    let bench = VirtualBench::of(profile).unwrap();
    bench.with_model(DriveModel {
        buffer_bytes: 512 * 1024,
        attention_after_close: true,
        attention_after_format: false,
        refuses_write_parameters: false,
        calibrates_at_first_write: false,
        ..DriveModel::default()
    })
}

#[test]
fn the_writers_conform_on_a_drive_of_other_habits() {
    conformance_on::<BdR>(&odd_drive(Profile::BdRSrm));
    conformance_on::<DvdPlusR>(&odd_drive(Profile::DvdPlusR));
    conformance_on::<Overwritable>(&odd_drive(Profile::DvdPlusRw));
    conformance_on::<Overwritable>(&odd_drive(Profile::BdRe));
}
