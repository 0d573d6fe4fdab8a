//! Drives with a name on record, as data: what INQUIRY tells of them, and their habits.
//!
//! For hosts that know drives by name: the name and the habit come together. Only
//! drives whose INQUIRY strings were seen are here; a revision that was not seen is
//! left blank. Each row names the recipe that tells of the habits.

use crate::model::{DriveModel, Identity};
use crate::quirks::Quirks;

struct KnownDrive {
    /// What people call it.
    name: &'static str,
    vendor: &'static str,
    product: &'static str,
    revision: &'static str,
    habits: &'static [&'static str],
}

const fn drive(
    name: &'static str,
    vendor: &'static str,
    product: &'static str,
    revision: &'static str,
    habits: &'static [&'static str],
) -> KnownDrive {
    KnownDrive {
        name,
        vendor,
        product,
        revision,
        habits,
    }
}

static KNOWN_DRIVES: &[KnownDrive] = &[
    // Recipe 2.5 of Pioneer drives; recipes 5 and 6: TEST UNIT READY is GOOD during a close, CLOSE
    // SESSION wants its tracks closed, and Pioneers do not read an open session of a DVD-RW.
    drive(
        "DVR-111D",
        "PIONEER",
        "DVD-RW  DVR-111D",
        "1.23",
        &[
            "ready_too_early",
            "closes_closed_tracks_only",
            "performance_is_nominal",
            "reads_no_intermediate_session",
        ],
    ),
    // Q3; recipe 4.2.
    drive(
        "DVR-216D",
        "PIONEER",
        "DVD-RW  DVR-216D",
        "1.09",
        &[
            "ready_too_early_after_start",
            "wedged_by_early_buffer_question",
        ],
    ),
    // R9: spares told 16 times over; recipe 2.5 of LG drives.
    drive(
        "WH16NS40",
        "HL-DT-ST",
        "BD-RE  WH16NS40",
        "1.00",
        &["spares_in_other_units", "performance_is_nominal"],
    ),
    // Recipe 2.5.
    drive(
        "GSA-4081B",
        "HL-DT-ST",
        "DVDRAM GSA-4081B",
        "A104",
        &["refuses_set_streaming"],
    ),
    // Q4.
    drive(
        "GSA-4082B",
        "HL-DT-ST",
        "DVDRAM GSA-4082B",
        "A208",
        &[
            "absent_while_loading",
            "clueless_while_loading",
            "late_buffer_reports",
            "refuses_c2_pointers",
        ],
    ),
    // Q6.
    drive(
        "GGW-H20L",
        "HL-DT-ST",
        "BD-RE  GGW-H20L",
        "",
        &[
            "no_adip_structure",
            "junk_from_short_streaming",
            "refuses_quick_certification",
        ],
    ),
    // Q14.
    drive(
        "BH16NS40",
        "HL-DT-ST",
        "BD-RE  BH16NS40",
        "1.03",
        &["wedged_by_media_serial"],
    ),
    // Q15.
    drive(
        "BH14NS48",
        "HL-DT-ST",
        "BD-RE  BH14NS48",
        "",
        &["breaks_immediate"],
    ),
    // Q9.
    drive("CDU928E", "SONY", "CD-R   CDU928E", "", &["pre_mmc"]),
    // Q10.
    drive(
        "PX-708A",
        "PLEXTOR",
        "DVDR   PX-708A",
        "1.06",
        &["refuses_calibration", "refuses_speeds", "events_repeat"],
    ),
    drive(
        "PX-716A",
        "PLEXTOR",
        "DVDR   PX-716A",
        "1.11",
        &[
            "calibration_is_write_protected",
            "refuses_speeds",
            "events_repeat",
        ],
    ),
    // Recipe 2.5 and 4.2 of Lite-On drives.
    drive(
        "iHAS424",
        "ATAPI",
        "iHAS424   B",
        "GL1A",
        &["no_speeds_in_capabilities", "not_ready_at_first_write"],
    ),
    // R8; nothing odd is on record.
    drive("SH-S182M", "TSSTcorp", "CD/DVDW SH-S182M", "SB00", &[]),
    // Q12.
    drive(
        "QEMU",
        "QEMU",
        "QEMU DVD-ROM",
        "2.5+",
        &[
            "no_disc_information",
            "short_capabilities_page",
            "block_descriptors_always",
        ],
    ),
];

impl DriveModel {
    /// A drive on record, by what people call it (`"DVR-216D"`) or by its product name as
    /// INQUIRY tells it (`"DVD-RW  DVR-216D"`); `None` where there is none of it. It has that drive's identity and habits, and is this model in all else: buffer,
    /// speeds and media are not the real drive's.
    pub fn named(name: &str) -> Option<Self> {
        let is = |row: &&KnownDrive| row.name == name || row.product == name;
        let row = KNOWN_DRIVES.iter().find(is)?;
        let mut quirks = Quirks::default();
        for habit in row.habits {
            quirks.set(habit, true);
        }
        Some(Self {
            identity: Identity {
                vendor: row.vendor.into(),
                product: row.product.into(),
                revision: row.revision.into(),
                ..Identity::default()
            },
            quirks,
            ..Self::default()
        })
    }

    /// What people call the drives on record.
    pub fn known_names() -> impl Iterator<Item = &'static str> {
        KNOWN_DRIVES.iter().map(|row| row.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_a_name_of_its_own_that_fits_and_habits_that_exist() {
        for row in KNOWN_DRIVES {
            assert!(row.vendor.len() <= 8 && row.product.len() <= 16 && row.revision.len() <= 4);
            let model = DriveModel::named(row.name).unwrap();
            assert_eq!(model.identity.vendor, row.vendor);
            let set: Vec<&str> = model.quirks.names().collect();
            assert_eq!(set.len(), row.habits.len(), "{}", row.name);
            assert!(row.habits.iter().all(|habit| set.contains(habit)));
        }
        assert_eq!(
            DriveModel::named("DVR-216D"),
            DriveModel::named("DVD-RW  DVR-216D")
        );
        assert_eq!(DriveModel::named("DVR-217D"), None);
    }
}
