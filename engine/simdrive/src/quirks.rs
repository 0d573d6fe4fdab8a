//! Habits of single drives on record: one flag each, all off by default.
//!
//! Owns the flags, their names and what each stands for. Must not know what a
//! habit changes: the code that it bends looks at its flag, in one place.

/// Declares the flags once: as fields with their documentation, and as names.
macro_rules! quirks {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What is odd about a drive. A well-behaved host has to live with each of
        /// these, alone and together. The recipe that tells of a habit is named with it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Quirks {
            $($(#[doc = $doc])+ pub $name: bool,)+
        }

        impl Quirks {
            /// The names of all habits, in the order of the fields.
            pub const NAMES: &[&str] = &[$(stringify!($name),)+];

            /// Sets or clears the habit of this name; false where there is none of it.
            pub fn set(&mut self, name: &str, on: bool) -> bool {
                match name {
                    $(stringify!($name) => self.$name = on,)+
                    _ => return false,
                }
                true
            }

            /// The names of the habits that are set.
            pub fn names(&self) -> impl Iterator<Item = &'static str> {
                [$((self.$name, stringify!($name)),)+]
                    .into_iter()
                    .filter_map(|(on, name)| on.then_some(name))
            }
        }
    };
}

quirks! {
    // ---- commands that the drive does not know: 5/20/00 ----------------------

    /// A recorder from before MMC: it knows what SCSI-2 has for CD-ROM drives, and
    /// gives itself out as a CD recorder (Q9).
    pre_mmc,
    /// GET CONFIGURATION is unknown, as on an MMC-1 drive (recipe 2).
    no_get_configuration,
    /// READ DISC INFORMATION is unknown (Q12).
    no_disc_information,
    /// READ FORMAT CAPACITIES is unknown (recipe 9, 5/20/00).
    no_format_capacities,
    /// GET EVENT STATUS NOTIFICATION is unknown (recipe 9, 5/20/00).
    no_event_status,
    /// READ BUFFER CAPACITY is unknown (recipe 14).
    no_buffer_capacity,
    /// RESERVE TRACK is unknown (recipe 9, 5/20/00).
    no_reserve_track,
    /// SEND OPC INFORMATION is unknown (recipe 13.2).
    no_calibration,
    /// GET PERFORMANCE is unknown (recipe 9, 5/20/00).
    no_performance,
    /// SET STREAMING is unknown (recipe 2.5: SET CD SPEED is the way round).
    no_set_streaming,
    /// SET CD SPEED is unknown (recipe 9, 5/20/00).
    no_set_cd_speed,
    /// READ DISC STRUCTURE is unknown (recipe 9, 5/20/00).
    no_disc_structure,

    // ---- what it knows and refuses -------------------------------------------

    /// SEND OPC INFORMATION is refused with 5/2C/00 (Q10).
    refuses_calibration,
    /// SEND OPC INFORMATION is refused with 7/27/00 (Q10).
    calibration_is_write_protected,
    /// SEND OPC INFORMATION is refused with 5/30/02 (Q11).
    calibration_wants_another_medium,
    /// SET STREAMING is refused with 5/21/00 (recipe 2.5).
    refuses_set_streaming,
    /// SET STREAMING and SET CD SPEED are refused with 5/2C/00 (Q10).
    refuses_speeds,
    /// MODE SENSE of page 2Ah is refused with 5/24/00.
    no_capabilities_page,
    /// ADIP information (structure 11h) is refused with 5/24/00 (Q6).
    no_adip_structure,
    /// READ DISC STRUCTURE hangs: the drive does not answer for an hour (recipe 2.4
    /// tells it of CD media).
    hangs_on_disc_structure,
    /// CLOSE TRACK fails on CD (Q5).
    close_track_fails_on_cd,
    /// A cue sheet that breaks a rule is 5/24/00 in place of 5/26/00 (recipe 5).
    bad_cue_sheet_is_illegal_field,
    /// READ CD with C2 error bits is refused with 5/24/00 (recipe 10).
    refuses_c2_pointers,
    /// BLANK knows the whole disc, minimal and the tail of a track: all other types are 5/24/00
    /// (recipe 5).
    blanks_few_parts,
    /// BLANK minimal of a CD-RW fails with 3/51/00, as on a worn disc (recipe 5).
    minimal_blank_fails,
    /// FORMAT UNIT 30h with quick certification is refused (5/26/00), though feature
    /// 0023h offers it (Q6, recipe 7).
    refuses_quick_certification,
    /// IMMED is refused wherever it can be set: 5/24/00, or 5/26/00 in a format's list.
    refuses_immediate,
    /// IMMED is broken on the way to the drive: BLANK and SYNCHRONIZE CACHE with it are
    /// answered with 2/00/00, and nothing happens (Q15).
    breaks_immediate,
    /// IMMED is implied: formats and closes without it are answered with 6/2E/00 at
    /// once, and go on (recipe 4.1).
    implies_immediate,
    /// ABh, for the serial number of the medium, makes the drive unusable, 4/3E/01,
    /// until the power is switched off and on (Q14).
    wedged_by_media_serial,
    /// READ BUFFER CAPACITY while the buffer was not yet full once makes the drive
    /// unusable, 4/3E/01, until the power is switched off and on (recipe 4.2).
    wedged_by_early_buffer_question,

    // ---- when it says that it is ready ---------------------------------------

    /// TEST UNIT READY says ready while the next command still gets 2/04/07 (Q1).
    ready_too_early,
    /// As soon as a stopped disc is told to START with IMMED, TEST UNIT READY says ready,
    /// while the next command still gets 2/04/01; START without IMMED waits (Q3).
    ready_too_early_after_start,
    /// An eject with IMMED is refused with 2/04/07 until the disc has stopped (Q1).
    immediate_eject_loops,
    /// TEST UNIT READY says ready for a second after FORMAT UNIT with IMMED (recipe 4.1).
    ready_before_format_begins,
    /// In the first half of a load the drive answers 2/3A/01 (Q4).
    absent_while_loading,
    /// While a disc loads, the drive answers 2/04/00 in place of 2/04/01 (Q4).
    clueless_while_loading,
    /// SYNCHRONIZE CACHE with IMMED is answered, and the drive ready, while the buffer
    /// still drains; a close or an eject before that gets 2/04/07. Without IMMED it
    /// waits (Q2). What ends a DVD at once is carried out (recipe 4).
    synchronizes_immediately_only_in_name,
    /// The first WRITE is refused with 2/04/01 while the drive calibrates (recipe 4.2).
    not_ready_at_first_write,
    /// Progress is told by REQUEST SENSE only (Q8).
    progress_only_by_request_sense,
    /// No progress is told at all (recipe 4.1).
    no_progress,
    /// Progress reaches 100 % half way, and stays there (recipe 4.1).
    progress_runs_ahead,
    /// The valid bit of sense data is clear, also where the information is there (Q8).
    sense_valid_bit_clear,
    /// GET EVENT STATUS NOTIFICATION tells the same event for ever (Q10, recipe 4).
    events_repeat,

    // ---- how it writes --------------------------------------------------------

    /// READ BUFFER CAPACITY tells what was free before the last WRITE (Q4).
    late_buffer_reports,
    /// At its highest speed, READ BUFFER CAPACITY tells more free than there is in all (Q2).
    absurd_free_space,
    /// Any question between two WRITEs other than for sense, events and the buffer has
    /// the next one refused with 5/2C/00, until SYNCHRONIZE CACHE (recipe 4.2).
    loses_its_place,
    /// On BD, WRITE (12) streaming of less than whole clusters is taken, and what comes
    /// onto the disc is junk (Q6, recipe 7).
    junk_from_short_streaming,
    /// A suspended background format may be overtaken by writing (recipe 6 names drives
    /// of both kinds; the strict kind is the default).
    writes_past_suspended_format,
    /// A WRITE beside the next writable address is 5/21/00 in place of 5/21/02 (recipe 13.2).
    wrong_address_is_out_of_range,
    /// A session at once is taken on an appendable CD too (recipe 5).
    appends_at_once,
    /// The two blocks behind a track at once are 3/11/05 in place of 5/64/00 (recipe 13.2).
    run_out_is_read_error,
    /// READ TRACK INFORMATION tells the next writable address of a CD also before page 05h was
    /// set for one (recipe 2.2).
    tells_address_before_write_parameters,
    /// A block that was never written is 8/00/00 in place of 3/11/05 (recipe 13.2).
    unwritten_is_blank_check,
    /// Blocks of a formatted DVD-RAM or BD-RE that were never written read as zeros, as
    /// libisoburn expects when it judges whether a disc is blank. Users of Aaru tell of
    /// drives that refuse them on BD-RE (its issue 667), and so does recipe 13.2.
    unwritten_reads_as_zeros,

    // ---- how it closes --------------------------------------------------------

    /// Any CLOSE TRACK/SESSION completes a write-once disc, as an emulated recorder
    /// does.
    closes_too_much,
    /// Finalizing a single-layer DVD+R leaves it appendable unless the multi-session bits of
    /// page 05h say 00 (Q7).
    finalizes_by_write_parameters,
    /// Closing where there is nothing to close is GOOD (recipe 4).
    closes_nothing_gladly,
    /// CLOSE SESSION does not close an open track by itself: 5/72/03 (recipe 6, of DVD+R).
    closes_closed_tracks_only,

    // ---- what it says of itself and its medium ---------------------------------

    /// A finished write-once disc has the read-only profile, 0010h or 0040h (recipe 13).
    read_only_profile_when_complete,
    /// The write features of a finished disc stay current (recipe 2.4 has them drop out).
    keeps_write_features,
    /// The drive only reads this kind of medium: no write feature is current, and
    /// writing is refused with 5/30/05.
    no_write_features,
    /// READ TRACK INFORMATION has no data mode (0Fh) before the first write (Q11).
    data_mode_unknown_before_first_write,
    /// DVD+R has no read-compatibility address: 0 (recipe 13).
    no_read_compatibility,
    /// Spares of BD are told 16 times over: 65536 for 4096 clusters (recipe 2.4).
    spares_in_other_units,
    /// ATIP is all zeros (recipe 2.3).
    atip_is_zero,
    /// ATIP has its addresses in BCD (recipe 2.3).
    atip_in_bcd,
    /// Page 2Ah has 20 bytes (Q12).
    short_capabilities_page,
    /// MODE SENSE has a block descriptor, also where the host disables them (Q12).
    block_descriptors_always,
    /// MODE SENSE (10) tells a length that is 6 too small (recipe 2).
    understates_mode_length,
    /// GET PERFORMANCE type 0 does not follow the speed that was set (recipe 2.5).
    performance_is_nominal,
    /// Page 2Ah has the write speeds of CD, whatever the medium (recipe 2.5).
    cd_speeds_in_capabilities,
    /// Page 2Ah has zeros for the write speeds (recipe 2.5).
    no_speeds_in_capabilities,
    /// Speeds that the host sets are accepted and not obeyed (recipe 2.5).
    ignores_speeds,
    /// SET CD SPEED is accepted and has no effect on DVD and BD (recipe 2.5).
    ignores_set_cd_speed,
    /// SET CD SPEED on CD counts in whole multiples of 177 kB/s: what is below the one of a speed that the
    /// drive has is refused with 5/24/00 (recipe 2.5).
    counts_cd_speeds_in_177,
    /// The end address of write speed descriptors is 0 on a blank DVD+R (recipe 14).
    no_end_of_speeds_when_blank,

    // ---- DVD-R and DVD-RW -----------------------------------------------------

    /// Feature 0021h stays current on a DVD-RW that was blanked in the quick way; the first
    /// WRITE of an incremental recording is refused all the same (recipe 6).
    advertises_incremental_after_quick_blank,
    /// A session of a DVD-RW that is not closed in restricted overwrite does not read (recipe
    /// 6, Pioneer).
    reads_no_intermediate_session,
    /// Page 05h is taken for DVD-R and DVD-RW only with track mode 5, and with fixed packets of
    /// 16 blocks where it is incremental (recipe 3, some Panasonic).
    wants_packet_write_parameters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_sets_its_own_habit_and_no_other() {
        for name in Quirks::NAMES {
            let mut quirks = Quirks::default();
            assert_eq!(quirks.names().count(), 0);
            assert!(quirks.set(name, true));
            assert_eq!(quirks.names().collect::<Vec<_>>(), [*name]);
            assert!(quirks.set(name, false));
            assert_eq!(quirks, Quirks::default());
        }
        assert!(!Quirks::default().set("no such habit", true));
    }
}
