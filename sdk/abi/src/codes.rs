//! The one table of codes: every word that crosses the border, and its number.
//!
//! Owns numbers and nothing else. A number, once given, keeps its meaning for good: it is never
//! changed and never given to another word. New words take new numbers, at the end of their group.
//! `codes.golden` beside this file holds the list as it was given out; a test compares.

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $number:literal,)+) => {
        $($(#[$meta])* pub const $name: u32 = $number;)+

        /// Every code by its name.
        pub const TABLE: &[(&str, u32)] = &[$((stringify!($name), $name)),+];

        /// The name of a code.
        pub fn name(code: u32) -> Option<&'static str> {
            TABLE.iter().find(|(_, number)| *number == code).map(|(name, _)| *name)
        }
    };
}

codes! {
    /// A writer: `count` profiles follow its summary; bytes: its name.
    WRITER = 0x0100,
    /// One line for a person; bytes: text.
    WRITER_SUMMARY = 0x0101,
    /// A profile; count: its number.
    PROFILE = 0x0102,

    /// What is known of drive and medium; `count` pairs of command and data follow.
    FACTS = 0x0200,
    /// A question to the drive; bytes: the command descriptor block.
    ANSWER_COMMAND = 0x0201,
    /// What it answered; bytes: the data.
    ANSWER_DATA = 0x0202,

    /// Burn `count` blocks; flags: 1 test write, 2 underrun protection, 4 fast write, 8 overburn, 16 a CD layout
    /// is given, 64 the image has its postgap. Placement, finish, speed, recording and form of CD sectors follow, then the layout.
    REQUEST_BURN = 0x0300,
    /// Format; flags: 1 kind given (count), 2 spare bytes given (number 0). Certification follows.
    REQUEST_FORMAT = 0x0301,
    /// Erase; flags: 1 full; count: blocks of the volume. Scope follows.
    REQUEST_ERASE = 0x0302,
    /// Close; flags: 1 finalize.
    REQUEST_CLOSE = 0x0303,
    /// Resume behind `count` blocks; the burn follows.
    REQUEST_RESUME = 0x0304,
    /// Only onto a blank medium.
    PLACEMENT_BLANK_ONLY = 0x0310,
    /// From the first block.
    PLACEMENT_OVERWRITE = 0x0311,
    /// As a further session.
    PLACEMENT_NEW_SESSION = 0x0312,
    /// As a session of `count` blocks at `lba`, of a volume that grows; first block and blocks of each run of the head are
    /// the numbers.
    PLACEMENT_GROW = 0x0313,
    /// The session is closed.
    FINISH_CLOSE_SESSION = 0x0320,
    /// The disc is finalized.
    FINISH_FINALIZE_DISC = 0x0321,
    /// As fast as offered.
    SPEED_MAXIMUM = 0x0330,
    /// At most `count` kB/s.
    SPEED_KILOBYTES_PER_SECOND = 0x0331,
    /// At most `count` tenths of the nominal speed.
    SPEED_TENTHS_OF_NOMINAL = 0x0332,
    /// As the writer thinks best.
    RECORDING_AS_USUAL = 0x0340,
    /// All at once.
    RECORDING_AT_ONCE = 0x0341,
    /// Track by track.
    RECORDING_TRACK_BY_TRACK = 0x0342,
    /// As the earlier sessions.
    CD_FORM_AS_DISC = 0x0350,
    /// Mode 1.
    CD_FORM_MODE_1 = 0x0351,
    /// Mode 2 form 1.
    CD_FORM_MODE_2_FORM_1 = 0x0352,
    /// As the writer thinks best.
    CERTIFICATION_AS_USUAL = 0x0360,
    /// None.
    CERTIFICATION_NONE = 0x0361,
    /// Of a part.
    CERTIFICATION_QUICK = 0x0362,
    /// Of all.
    CERTIFICATION_FULL = 0x0363,
    /// The whole disc.
    SCOPE_DISC = 0x0370,
    /// The last session.
    SCOPE_LAST_SESSION = 0x0371,
    /// The open track from `lba` on.
    SCOPE_TRACK_TAIL = 0x0372,
    /// A CD's layout of `count` tracks, whose image goes to `lba`; number 0: where the lead-out begins (32 bits,
    /// two's complement); flags: 1 a catalogue number follows. Mode, cue sheet, CD-TEXT and tracks follow.
    CD_LAYOUT = 0x0380,
    /// Session at once.
    CD_MODE_SESSION_AT_ONCE = 0x0381,
    /// Track at once.
    CD_MODE_TRACK_AT_ONCE = 0x0382,
    /// Raw; the sub-channel follows.
    CD_MODE_RAW = 0x0383,
    /// Raw, 96 bytes.
    CD_SUBCHANNEL_RAW_96 = 0x0384,
    /// Packed, 96 bytes.
    CD_SUBCHANNEL_PACKED_96 = 0x0385,
    /// P and Q, 16 bytes.
    CD_SUBCHANNEL_PQ_16 = 0x0386,
    /// Bytes: a cue sheet, or nothing.
    CD_CUE_SHEET = 0x0387,
    /// Bytes: packs of CD-TEXT, or nothing.
    CD_TEXT = 0x0388,
    /// A track whose index 1 is at `lba`, of `count` blocks; numbers 0 to 4: its number, CTL, form, blocks of its
    /// pregap, block of the image; flags: 1 an ISRC follows, 2 a copy that must not be copied once more.
    CD_TRACK = 0x0389,
    /// Bytes: the 13 digits of a catalogue number.
    CD_CATALOGUE = 0x038A,
    /// Bytes: the 12 characters of an ISRC.
    CD_ISRC = 0x038B,

    /// Serves from `lba` on, `count` blocks free; number 0: fitness, 1: write unit; flags: 1 test write.
    FIT_SERVES = 0x0400,
    /// Its medium, but not so; a refusal follows.
    FIT_REFUSES = 0x0401,
    /// Not its medium.
    FIT_NOT_MINE = 0x0402,
    /// A job begins; its plan follows.
    BEGUN = 0x0410,
    /// No job; a refusal follows.
    NOT_BEGUN = 0x0411,

    /// No medium in the drive.
    REFUSAL_NO_MEDIUM = 0x0500,
    /// No writer for a profile; count: its number.
    REFUSAL_NO_WRITER = 0x0501,
    /// Not blank; flags: 1 a placement that would be taken follows.
    REFUSAL_MEDIUM_NOT_BLANK = 0x0502,
    /// Nothing can be added.
    REFUSAL_MEDIUM_CLOSED = 0x0503,
    /// Damaged.
    REFUSAL_MEDIUM_DAMAGED = 0x0504,
    /// The last session is open.
    REFUSAL_SESSION_OPEN = 0x0505,
    /// `count` blocks needed; number 0: blocks available.
    REFUSAL_TOO_LARGE = 0x0506,
    /// Nothing to write.
    REFUSAL_EMPTY = 0x0507,
    /// No test-write mode; count: profile.
    REFUSAL_NO_TEST_WRITE = 0x0508,
    /// Written once only; count: profile.
    REFUSAL_NOT_REWRITABLE = 0x0509,
    /// No sessions; count: profile.
    REFUSAL_NO_SESSIONS = 0x050A,
    /// `count` sessions are the limit.
    REFUSAL_SESSION_LIMIT = 0x050B,
    /// No format of kind `count`; bytes: the kinds offered.
    REFUSAL_NO_SUCH_FORMAT = 0x050C,
    /// Cannot be formatted as it is; count: profile.
    REFUSAL_NOT_FORMATTABLE = 0x050D,
    /// Nothing is open.
    REFUSAL_NOTHING_TO_CLOSE = 0x050E,
    /// The drive did not tell; the missing fact follows.
    REFUSAL_FACT_MISSING = 0x050F,
    /// Write protected.
    REFUSAL_WRITE_PROTECTED = 0x0510,
    /// Not offered by the writer.
    REFUSAL_NOT_OFFERED = 0x0511,
    /// The writer itself failed; a failure follows.
    REFUSAL_WRITER_FAULT = 0x0512,
    /// A refusal that the sender had no word for either; count: its code.
    REFUSAL_UNKNOWN = 0x0513,
    /// Spare areas would be used up.
    REFUSAL_PSEUDO_OVERWRITE = 0x0514,
    /// Nothing of the burn to be resumed is there.
    REFUSAL_NOTHING_TO_RESUME = 0x0515,
    /// Cut off at `count`, and the medium goes on at `lba`.
    REFUSAL_NOT_WHERE_CUT_OFF = 0x0516,
    /// Not cut off behind `count` blocks.
    REFUSAL_BAD_CHECKPOINT = 0x0517,
    /// Read, not written; count: profile.
    REFUSAL_NO_PRECEDENT = 0x0518,
    /// Not written that way; count: profile. The recording follows.
    REFUSAL_NO_SUCH_RECORDING = 0x0519,
    /// Not formatted, and not by this drive.
    REFUSAL_FORMAT_NEEDED = 0x051A,
    /// Not certified that way; the certification follows.
    REFUSAL_NO_SUCH_CERTIFICATION = 0x051B,
    /// Finalized with a session only; count: profile.
    REFUSAL_FINAL_WITH_SESSION_ONLY = 0x051C,
    /// Written again after an erase only.
    REFUSAL_ERASE_FIRST = 0x051D,
    /// Not written by this drive; count: profile.
    REFUSAL_DRIVE_ONLY_READS = 0x051E,
    /// There is a medium in the drive that it cannot make out.
    REFUSAL_UNRECOGNIZED_MEDIUM = 0x051F,
    /// Such sectors are not written in that way: the words of sectors and recording follow.
    REFUSAL_NO_SUCH_FORM = 0x0520,
    /// A recording was announced and never begun.
    REFUSAL_ONLY_ANNOUNCED = 0x0521,
    /// A layout that is none; its fault follows.
    REFUSAL_BAD_LAYOUT = 0x0522,
    /// An image for `count` (32 bits, two's complement), and the disc goes on at `lba`.
    REFUSAL_OTHER_PLACE = 0x0523,
    /// A CD that is not written in that mode, which follows.
    REFUSAL_NO_SUCH_MODE = 0x0524,
    /// No CD-TEXT.
    REFUSAL_NO_CD_TEXT = 0x0525,
    /// Underrun protection cannot be turned off; count: profile.
    REFUSAL_NO_UNDERRUN_CHOICE = 0x0526,
    /// READ DISC INFORMATION is missing.
    MISSING_DISC_INFORMATION = 0x0580,
    /// READ TRACK INFORMATION is missing.
    MISSING_TRACK_INFORMATION = 0x0581,
    /// READ FORMAT CAPACITIES is missing.
    MISSING_FORMAT_CAPACITIES = 0x0582,
    /// A valid next writable address is missing.
    MISSING_NEXT_WRITABLE_ADDRESS = 0x0583,
    /// The start of the lead-in is missing.
    MISSING_LEAD_IN = 0x0584,
    /// `count` tracks.
    LAYOUT_TRACKS = 0x0590,
    /// The number of track `count`.
    LAYOUT_NUMBER = 0x0591,
    /// Form and flags of track `count`.
    LAYOUT_FORM = 0x0592,
    /// Track `count` is too short; number 0: its blocks.
    LAYOUT_TOO_SHORT = 0x0593,
    /// The place of track `count`.
    LAYOUT_PLACE = 0x0594,
    /// The lead-out.
    LAYOUT_LEAD_OUT = 0x0595,
    /// `count` blocks described; number 0: those of the image.
    LAYOUT_BLOCKS = 0x0596,
    /// The cue sheet.
    LAYOUT_CUE_SHEET = 0x0597,
    /// CD-TEXT.
    LAYOUT_TEXT = 0x0598,
    /// A sheet of `count` bytes; number 0: the most.
    LAYOUT_SHEET_TOO_LONG = 0x0599,

    /// A plan: `count` preparing commands, then (numbers 0, 1, 2) extents, closing commands and
    /// warnings follow, then what is expected; flags: 1 can be resumed.
    PLAN = 0x0600,
    /// A command with `count` tolerances; bytes: its descriptor block. Its move, parameters, time
    /// limit, settling, occasion and tolerances follow.
    COMMAND = 0x0601,
    /// Bytes: a parameter list, or nothing.
    COMMAND_PARAMETERS = 0x0602,
    /// Done when it answers.
    SETTLE_AT_ONCE = 0x0603,
    /// Done when the drive is ready; a time follows.
    SETTLE_WHEN_READY = 0x0604,
    /// A tolerated sense answer; bytes: key, ASC, ASCQ; flags: 1, 2, 4 which of them count, 8 warn.
    TOLERANCE = 0x0605,
    /// `count` blocks from `lba`; number 0: bytes of a block, 1: write unit, 2: commands before it; flags: 1
    /// underrun protection, 2 test write, 4 where the drive goes on. Origin, write command and commands follow.
    EXTENT = 0x0606,
    /// In every course of the job.
    OCCASION_ALWAYS = 0x0608,
    /// When the command before it is refused.
    OCCASION_IF_REFUSED = 0x0609,
    /// Once a WRITE was tried.
    OCCASION_AFTER_WRITING = 0x060A,
    /// Once a block was taken, unless a later one was refused.
    OCCASION_AFTER_BLOCKS = 0x060B,
    /// When everything was written.
    OCCASION_AFTER_ALL = 0x060C,
    /// After a cancel.
    OCCASION_AFTER_CANCEL = 0x060D,
    /// After a format.
    OCCASION_AFTER_FORMAT = 0x060E,
    /// From the image.
    ORIGIN_IMAGE = 0x0610,
    /// From track `count`.
    ORIGIN_TRACK = 0x0611,
    /// Digital silence.
    ORIGIN_SILENCE = 0x0612,
    /// Zeros.
    ORIGIN_ZEROS = 0x0613,
    /// A lead-in made by the engine.
    ORIGIN_LEAD_IN = 0x0614,
    /// A lead-out made by the engine.
    ORIGIN_LEAD_OUT = 0x0615,
    /// Bytes of the writer's own: whole blocks, over and over.
    ORIGIN_BYTES = 0x0616,
    /// WRITE (10).
    WRITE_10 = 0x0620,
    /// WRITE (12) with the streaming bit.
    WRITE_12_STREAMING = 0x0621,
    /// WRITE AND VERIFY (10).
    WRITE_AND_VERIFY_10 = 0x0622,
    /// What the medium must show; flags: 1 sessions told (number 0), 2 appendable told, 4 its value,
    /// 8 blank told, 16 its value, 32 NWA told (`lba`), 64 capacity told (`count`).
    EXPECTED = 0x0630,

    /// Choose the speed.
    MOVE_SET_SPEED = 0x0700,
    /// Set page 05h.
    MOVE_SET_WRITE_PARAMETERS = 0x0701,
    /// Calibrate.
    MOVE_CALIBRATE_POWER = 0x0702,
    /// Format.
    MOVE_FORMAT = 0x0703,
    /// Blank.
    MOVE_BLANK = 0x0704,
    /// Reserve a track.
    MOVE_RESERVE_TRACK = 0x0705,
    /// Set the layer break.
    MOVE_SET_LAYER_BREAK = 0x0706,
    /// Send the cue sheet.
    MOVE_SEND_CUE_SHEET = 0x0707,
    /// Write out the drive's buffer.
    MOVE_SYNCHRONIZE_CACHE = 0x0708,
    /// Stop a background format.
    MOVE_STOP_FORMAT = 0x0709,
    /// Close a track.
    MOVE_CLOSE_TRACK = 0x070A,
    /// Close a session.
    MOVE_CLOSE_SESSION = 0x070B,
    /// Finalize the disc.
    MOVE_FINALIZE_DISC = 0x070C,
    /// The writer's own; count: its number.
    MOVE_OWN = 0x070D,

    /// Would fit one layer: `count` blocks needed; number 0: blocks of the layer.
    WARNING_WOULD_FIT_ONE_LAYER = 0x0800,
    /// The drive verifies as it records.
    WARNING_VERIFIED_BY_DRIVE = 0x0801,
    /// `count` kB/s taken.
    WARNING_SPEED_ADJUSTED = 0x0802,
    /// `count` sessions already.
    WARNING_MANY_SESSIONS = 0x0803,
    /// Formatted first.
    WARNING_FORMATS_FIRST = 0x0804,
    /// A warning that the sender had no word for either; count: its code.
    WARNING_UNKNOWN = 0x0805,
    /// The disc takes no further session.
    WARNING_BECOMES_FINAL = 0x0806,
    /// The drive fills up a short burn.
    WARNING_LONG_LEAD_OUT = 0x0807,
    /// At once only, after a quick erase.
    WARNING_ONLY_AT_ONCE_AFTERWARDS = 0x0808,
    /// No underrun protection.
    WARNING_NO_UNDERRUN_PROTECTION = 0x0809,
    /// Defects are not replaced.
    WARNING_DEFECTS_NOT_REPLACED = 0x080A,
    /// `count` blocks behind the last lead-out.
    WARNING_OVERBURN = 0x080B,
    /// The disc does not turn at one rate.
    WARNING_ROTATION_ADJUSTED = 0x080C,
    /// Another speed, and not at one rate.
    WARNING_SPEED_AND_ROTATION_ADJUSTED = 0x080D,

    /// Send preparing command `count`.
    STEP_PREPARE = 0x0900,
    /// Write extent `count`.
    STEP_WRITE = 0x0901,
    /// Send closing command `count`.
    STEP_CLOSE = 0x0902,
    /// Ask; bytes: the command descriptor block; count: bytes of answer wanted.
    STEP_ASK = 0x0903,
    /// Wait until ready; a time follows.
    STEP_WAIT_READY = 0x0904,
    /// Wait; a time follows.
    STEP_WAIT = 0x0905,
    /// Identify anew.
    STEP_IDENTIFY = 0x0906,
    /// A new plan follows.
    STEP_REPLAN = 0x0907,
    /// All done.
    STEP_FINISHED = 0x0908,
    /// Cannot go on; a failure follows.
    STEP_FAILED = 0x0909,
    /// Send a command before extent `count`; number 0: its index.
    STEP_BETWEEN = 0x090A,

    /// The job starts.
    EVENT_BEGIN = 0x0A00,
    /// The step succeeded.
    EVENT_DONE = 0x0A01,
    /// Bytes: the answer.
    EVENT_ANSWER = 0x0A02,
    /// A sense answer follows.
    EVENT_REFUSED = 0x0A03,
    /// Extent `count` ended early at `lba`; a sense answer follows.
    EVENT_WRITE_REFUSED = 0x0A04,
    /// Facts follow.
    EVENT_FACTS = 0x0A05,
    /// The job is to end early; count: blocks written.
    EVENT_CANCELLED = 0x0A06,
    /// The step ran out of time.
    EVENT_TIMED_OUT = 0x0A07,

    /// The drive's answer ends the job; a sense answer follows.
    FAILURE_DRIVE = 0x0B00,
    /// An event that answers no step.
    FAILURE_UNEXPECTED_EVENT = 0x0B01,
    /// Not ready in time.
    FAILURE_TIMED_OUT = 0x0B02,
    /// The writer panicked; bytes: what the panic said.
    FAILURE_PANICKED = 0x0B03,
    /// No answer in time; a time follows.
    FAILURE_HUNG = 0x0B04,
    /// A word unknown to the other side; count: its code.
    FAILURE_UNKNOWN_WORD = 0x0B05,
    /// Outside the plan.
    FAILURE_OUTSIDE_PLAN = 0x0B06,
    /// The medium is not in the state needed.
    FAILURE_MEDIUM_STATE = 0x0B07,

    /// A sense answer; bytes: key, ASC, ASCQ; flags: 1 deferred, 2 progress told (`count`),
    /// 4 information told (`lba`).
    SENSE = 0x0C00,
    /// A span of time; count: seconds; number 0: nanoseconds.
    TIME = 0x0C01,

    /// A word that has no code yet; never understood.
    WITHOUT_CODE = 0xFFFF_FFFF,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const GOLDEN: &str = include_str!("codes.golden");

    #[test]
    fn no_number_is_given_twice() {
        let mut seen = BTreeMap::new();
        for (name, number) in TABLE {
            assert_eq!(
                seen.insert(number, name),
                None,
                "{name} takes a number that is taken"
            );
        }
    }

    #[test]
    fn numbers_are_the_ones_once_given_out() {
        let now: String = TABLE
            .iter()
            .map(|(name, number)| format!("{number:08X} {name}\n"))
            .collect();
        assert_eq!(
            now, GOLDEN,
            "a code changed; new words go to the end of codes.golden's groups"
        );
    }
}
