//! The writers of the project, held to the rules.

#![allow(clippy::unwrap_used, reason = "a test says so by panicking")]

use pitland_bd_r::BdR;
use pitland_cd_sao::CdSao;
use pitland_cd_tao::CdTao;
use pitland_dvd_plus_r::DvdPlusR;
use pitland_dvd_sequential::DvdSequential;
use pitland_overwritable::Overwritable;
use pitland_testkit::{
    Bench, DiscType, DriveModel, Trace, VirtualBench, conformance_of_recording, conformance_on,
    identify,
};
use pitland_writer::mmc::Profile;
use pitland_writer::mmc::feature::FeatureCode;
use pitland_writer::{MediaWriter, Recording};

/// Each writer on each profile that it claims: what `conformance` does, with a test for each.
macro_rules! conforms {
    ($($test:ident: $writer:ty, $profile:ident;)+) => {
        $(#[test]
        fn $test() {
            conformance_on::<$writer>(&VirtualBench::of(Profile::$profile).unwrap());
        })+

        mod on_a_drive_of_other_habits {
            use super::*;

            $(#[test]
            fn $test() {
                conformance_on::<$writer>(&odd_drive(Profile::$profile));
            })+
        }

        /// The pairs above.
        fn tested() -> Vec<(String, Profile)> {
            vec![$((<$writer>::info().name, Profile::$profile)),+]
        }
    };
}

conforms! {
    cd_tao_conforms_on_cd_r: CdTao, CdR;
    cd_tao_conforms_on_cd_rw: CdTao, CdRw;
    cd_sao_conforms_on_cd_r: CdSao, CdR;
    cd_sao_conforms_on_cd_rw: CdSao, CdRw;
    dvd_sequential_conforms_on_dvd_r: DvdSequential, DvdMinusRSequential;
    dvd_sequential_conforms_on_dvd_rw: DvdSequential, DvdMinusRwSequential;
    dvd_sequential_conforms_on_dvd_r_dl: DvdSequential, DvdMinusRDlSequential;
    dvd_plus_r_conforms: DvdPlusR, DvdPlusR;
    dvd_plus_r_conforms_on_two_layers: DvdPlusR, DvdPlusRDl;
    overwritable_conforms_on_dvd_rw: Overwritable, DvdMinusRwRestrictedOverwrite;
    overwritable_conforms_on_dvd_plus_rw: Overwritable, DvdPlusRw;
    overwritable_conforms_on_dvd_plus_rw_dl: Overwritable, DvdPlusRwDl;
    overwritable_conforms_on_dvd_ram: Overwritable, DvdRam;
    overwritable_conforms_on_bd_re: Overwritable, BdRe;
    bd_r_conforms: BdR, BdRSrm;
}

/// A profile that a writer claims and nobody tries would be one that is only believed.
#[test]
fn no_claimed_profile_is_left_out() {
    let infos = [
        CdTao::info(),
        CdSao::info(),
        DvdSequential::info(),
        DvdPlusR::info(),
        Overwritable::info(),
        BdR::info(),
    ];
    let tested = tested();
    for info in infos {
        for profile in info.profiles {
            // Known and refused with the reason: nobody has a precedent for these.
            let unprecedented = [Profile::BdRRrm, Profile::DvdMinusRDlLayerJump];
            let tried = tested.contains(&(info.name.clone(), profile));
            assert!(
                tried || unprecedented.contains(&profile),
                "{} on {profile}",
                info.name
            );
        }
    }
}

/// Formatted for pseudo-overwriting: the same profile, and another medium.
#[test]
fn bd_r_conforms_on_a_disc_for_pseudo_overwriting() {
    conformance_on::<BdR>(&VirtualBench::with(DiscType::BdRPow));
}

/// One go from the first block to a final disc: nothing is closed, nothing resumed.
#[test]
fn dvd_sequential_conforms_at_once() {
    for disc in [
        DiscType::DvdMinusR,
        DiscType::DvdMinusRw,
        DiscType::DvdMinusRDl,
    ] {
        conformance_of_recording::<DvdSequential>(&VirtualBench::with(disc), Recording::AtOnce);
    }
}

/// Written at once only, and used again by an erase.
#[test]
fn dvd_sequential_conforms_on_a_disc_that_was_blanked_quickly() {
    let bench = VirtualBench::with(DiscType::DvdMinusRw).blanked_quickly();
    let facts = identify(bench.drive().as_mut(), &mut Trace::default()).unwrap();
    let incremental = FeatureCode::IncrementalStreamingWritable.code();
    assert!(facts.condition().is_blank() == Some(true) && !facts.feature_current(incremental));
    conformance_on::<DvdSequential>(&bench);
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
