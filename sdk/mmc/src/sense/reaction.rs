//! The one table of reactions: what a burn does about each answer (recipe 9).
//!
//! Owns the rows. Must not know counters, clocks or the command in flight:
//! a row says *what* to do, the burn decides how long and how often.

use super::{Sense, SenseKey};

/// What to do about an answer.
///
/// Where the recipe says "before the burn ... mid-burn ...", the reaction
/// names the event and the caller, who knows the phase, chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reaction {
    /// Not a failure: go on.
    Continue,
    /// Not a failure, but tell the user once (calibration or management area
    /// nearly full).
    ContinueAndWarn,
    /// Not ready without a cause: poll for 5 s at most, then identify anew.
    PollBriefly,
    /// The drive becomes ready: poll, up to 5 minutes after a load.
    PollUntilReady,
    /// A long operation runs: poll every 0.1 to 1 s, then send the same CDB.
    PollOperation,
    /// A format runs: poll; in a WRITE synchronize first, then the same CDB.
    PollFormat,
    /// The write buffer is full: the same CDB again after 2 to 60 ms.
    BufferFull,
    /// Old drives cut an immediate close short: wait and poll.
    WaitAndPoll,
    /// There is no medium: ask for one. Not an error while waiting for it.
    NoMedium,
    /// The medium is of the wrong kind or state for the command, or nothing
    /// can be read from it: stop, another medium is needed.
    IncompatibleMedium,
    /// The medium is not formatted or its format failed: format it, or stop
    /// when that was the format.
    FormatNeeded,
    /// The medium failed in a WRITE: stop writing, synchronize, keep the
    /// session open where it can be resumed; suggest a lower speed.
    WriteFault,
    /// Streaming was lost or met defects: streaming off, the unit once again
    /// on overwritable media.
    StreamingLost,
    /// A block cannot be read: slower, once uncached, then report its LBA.
    ReadFault,
    /// An area that was never written was read: the range is wrong.
    BlankArea,
    /// No spare blocks are left: stop, advise a full format or another disc.
    SparesExhausted,
    /// Erasing failed or the TOC is beyond recovery: one full blank, else
    /// discard.
    EraseFault,
    /// Closing failed: report that the data may be readable all the same.
    CloseFault,
    /// Closing met an incomplete track: close the track, then once again.
    CloseTrackFirst,
    /// A calibration or management area is full or failed: stop before
    /// writing.
    CalibrationFault,
    /// The drive's hardware failed: stop, no retry; power cycle.
    HardwareFault,
    /// The drive wants an initialising command or a hand: stop.
    InterventionNeeded,
    /// The drive does not know the command: do without it.
    Unsupported,
    /// The drive refuses this form of the command: the next variant, else it
    /// is a bug of the host.
    FallBack,
    /// Wrong order, or somebody else used the drive: synchronize, at most
    /// two retries, identify anew.
    SequenceError,
    /// The address is not the next writable one: read it anew.
    ResyncNwa,
    /// The address is out of range: the disc is full or the host is wrong.
    OutOfRange,
    /// The write crossed a layer jump: continue on the other layer.
    LayerJump,
    /// The track's mode does not permit it: another write mode or a full
    /// blank.
    WrongTrackMode,
    /// The tray is locked: unlock, then eject.
    Locked,
    /// Copy protection: report the source as protected.
    Protected,
    /// Write protected: tab, persistent protection or a read-only medium.
    WriteProtected,
    /// Another medium: before a burn identify anew, within it abort.
    MediumChanged,
    /// Reset or power-on: before a burn set it up anew, within it the
    /// state is lost: abort or resume by the next writable address.
    Reset,
    /// Parameters changed: read them anew.
    ParametersChanged,
    /// The user pressed a button of the drive.
    OperatorRequest,
    /// Another unit attention: note it, identify anew.
    UnitAttention,
    /// The drive gave up or the link failed: once again if the command can be
    /// repeated; on sequential media read the next writable address first.
    HostFault,
    /// More or other data than expected: a bug of sizes, or a mismatch.
    DataMismatch,
    /// Nothing known: stop and report.
    Fatal,
}

impl Reaction {
    /// Whether the drive is busy or becomes ready: the same command may be
    /// taken after a while.
    pub const fn is_busy(self) -> bool {
        matches!(
            self,
            Self::PollBriefly
                | Self::PollUntilReady
                | Self::PollOperation
                | Self::PollFormat
                | Self::BufferFull
        )
    }

    /// Whether the drive told once of something that had happened to it,
    /// instead of doing what it was told: the same command may be taken at
    /// once, by a drive that is perhaps not as it was. What the user asked of
    /// the drive is not among it.
    pub const fn is_attention(self) -> bool {
        matches!(
            self,
            Self::MediumChanged | Self::Reset | Self::ParametersChanged | Self::UnitAttention
        )
    }
}

/// One row: the first that matches holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReactionRow {
    /// Key, `None` for any.
    pub key: Option<SenseKey>,
    /// First and last additional sense code.
    pub asc: (u8, u8),
    /// First and last qualifier.
    pub ascq: (u8, u8),
    /// What to do.
    pub reaction: Reaction,
    /// The row of recipe 9 that says so.
    pub source: &'static str,
}

impl ReactionRow {
    /// Whether the row speaks of that answer.
    pub fn matches(&self, sense: &Sense) -> bool {
        self.key.is_none_or(|key| key == sense.key)
            && (self.asc.0..=self.asc.1).contains(&sense.asc)
            && (self.ascq.0..=self.ascq.1).contains(&sense.ascq)
    }
}

pub(super) fn lookup(sense: &Sense) -> Reaction {
    REACTIONS
        .iter()
        .find(|row| row.matches(sense))
        .map_or(Reaction::Fatal, |row| row.reaction)
}

const ANY: (u8, u8) = (0, 0xFF);

const fn row(
    key: SenseKey,
    asc: (u8, u8),
    ascq: (u8, u8),
    reaction: Reaction,
    source: &'static str,
) -> ReactionRow {
    ReactionRow {
        key: Some(key),
        asc,
        ascq,
        reaction,
        source,
    }
}

/// One code.
const fn at(code: u8) -> (u8, u8) {
    (code, code)
}

use Reaction as R;
use SenseKey as K;

/// The table, in the order in which it is searched: the particular before the
/// general. What no row names is [`Reaction::Fatal`].
#[rustfmt::skip]
pub const REACTIONS: &[ReactionRow] = &[
    // 1-3/73/01 and 1/73/06: nearly full; the rest of 73h with key 3 is full.
    row(K::RecoveredError, at(0x73), at(0x01), R::ContinueAndWarn, "1/73/01"),
    row(K::NotReady,       at(0x73), at(0x01), R::ContinueAndWarn, "2/73/01"),
    row(K::MediumError,    at(0x73), at(0x01), R::ContinueAndWarn, "3/73/01"),
    row(K::RecoveredError, at(0x73), at(0x06), R::ContinueAndWarn, "1/73/06"),
    row(K::MediumError,    at(0x73), at(0x06), R::ContinueAndWarn, "3/73/06"),
    // 0/xx/xx includes 0/04/04, a background format of a usable drive (4.1).
    row(K::NoSense,        ANY,      ANY,      R::Continue, "0/00/00"),
    row(K::RecoveredError, ANY,      ANY,      R::Continue, "1/xx/xx"),

    row(K::NotReady, at(0x04), at(0x00),     R::PollBriefly, "2/04/00"),
    row(K::NotReady, at(0x04), at(0x01),     R::PollUntilReady, "2/04/01"),
    row(K::NotReady, at(0x04), (0x02, 0x03), R::InterventionNeeded, "2/04/02, 2/04/03"),
    row(K::NotReady, at(0x04), at(0x04),     R::PollFormat, "2/04/04"),
    row(K::NotReady, at(0x04), at(0x07),     R::PollOperation, "2/04/07"),
    row(K::NotReady, at(0x04), at(0x08),     R::BufferFull, "2/04/08"),
    row(K::NotReady, at(0x04), ANY,          R::PollBriefly, "2/04/xx, as 2/04/00"),
    row(K::NotReady, at(0x3A), ANY,          R::NoMedium, "2/3A/xx"),
    row(K::NotReady, at(0x30), ANY,          R::IncompatibleMedium, "2/30/xx"),

    row(K::MediumError, at(0x30), at(0x10),     R::FormatNeeded, "3/30/10, not formatted"),
    row(K::MediumError, at(0x30), ANY,          R::IncompatibleMedium, "3/30/xx, as 2/30/xx"),
    row(K::MediumError, at(0x0C), at(0x09),     R::StreamingLost, "3/0C/09"),
    row(K::MediumError, at(0x0C), at(0x0F),     R::StreamingLost, "3/0C/0F"),
    row(K::MediumError, at(0x0C), ANY,          R::WriteFault, "3/0C/00-02,07,08"),
    // The same code reading: the caller knows whether it read or wrote, and
    // what stops a write is the safe meaning.
    row(K::MediumError, at(0x02), ANY,          R::WriteFault, "3/02"),
    row(K::MediumError, at(0x11), ANY,          R::ReadFault, "3/11/xx"),
    row(K::MediumError, at(0x31), (0x00, 0x01), R::FormatNeeded, "3/31/00-01"),
    row(K::MediumError, at(0x32), ANY,          R::SparesExhausted, "3/32/00"),
    row(K::MediumError, at(0x51), ANY,          R::EraseFault, "3/51"),
    row(K::MediumError, at(0x57), ANY,          R::EraseFault, "3/57"),
    row(K::MediumError, at(0x72), at(0x03),     R::CloseTrackFirst, "3/72/03"),
    row(K::MediumError, at(0x72), ANY,          R::CloseFault, "3/72/xx"),
    row(K::MediumError, at(0x73), ANY,          R::CalibrationFault, "3/73/02-05"),

    row(K::HardwareError, ANY, ANY, R::HardwareFault, "4/09, 4/15, 4/1B, 4/3E, 4/44"),

    row(K::IllegalRequest, at(0x20), ANY,          R::Unsupported, "5/20/00"),
    row(K::IllegalRequest, at(0x21), at(0x02),     R::ResyncNwa, "5/21/02"),
    row(K::IllegalRequest, at(0x21), at(0x03),     R::LayerJump, "5/21/03"),
    row(K::IllegalRequest, at(0x21), ANY,          R::OutOfRange, "5/21/00"),
    row(K::IllegalRequest, at(0x1A), ANY,          R::FallBack, "5/1A/00"),
    row(K::IllegalRequest, at(0x24), ANY,          R::FallBack, "5/24/00"),
    row(K::IllegalRequest, at(0x26), ANY,          R::FallBack, "5/26/xx"),
    row(K::IllegalRequest, at(0x39), ANY,          R::FallBack, "5/39/00"),
    row(K::IllegalRequest, at(0x2C), ANY,          R::SequenceError, "5/2C/00,03,04"),
    row(K::IllegalRequest, at(0x30), at(0x10),     R::FormatNeeded, "5/30/10"),
    row(K::IllegalRequest, at(0x30), ANY,          R::IncompatibleMedium, "5/30/xx"),
    row(K::IllegalRequest, at(0x3A), ANY,          R::NoMedium, "5/3A/xx, as 2/3A/xx"),
    row(K::IllegalRequest, at(0x53), at(0x02),     R::Locked, "5/53/02"),
    row(K::IllegalRequest, at(0x63), ANY,          R::OutOfRange, "5/63/00-01"),
    row(K::IllegalRequest, at(0x64), ANY,          R::WrongTrackMode, "5/64/00"),
    row(K::IllegalRequest, at(0x6F), ANY,          R::Protected, "5/6F/xx"),
    row(K::IllegalRequest, at(0x72), at(0x03),     R::CloseTrackFirst, "5/72/03"),
    row(K::IllegalRequest, at(0x72), ANY,          R::CloseFault, "5/72/xx"),
    row(K::IllegalRequest, at(0x73), ANY,          R::CalibrationFault, "5/73/xx, recipe 4 step 6"),

    row(K::UnitAttention, at(0x28), ANY,          R::MediumChanged, "6/28/00"),
    row(K::UnitAttention, at(0x29), ANY,          R::Reset, "6/29/xx"),
    row(K::UnitAttention, at(0x2A), ANY,          R::ParametersChanged, "6/2A/01"),
    row(K::UnitAttention, at(0x2E), ANY,          R::WaitAndPoll, "6/2E/00"),
    row(K::UnitAttention, at(0x5A), ANY,          R::OperatorRequest, "6/5A/01-03"),
    row(K::UnitAttention, ANY,      ANY,          R::UnitAttention, "6/xx/xx"),

    row(K::DataProtect,    ANY, ANY, R::WriteProtected, "7/27/xx"),
    row(K::BlankCheck,     ANY, ANY, R::BlankArea, "8/xx"),
    row(K::VendorSpecific, ANY, ANY, R::HostFault, "9/xx"),
    row(K::AbortedCommand, ANY, ANY, R::HostFault, "B/00,08,47"),
    row(K::VolumeOverflow, ANY, ANY, R::DataMismatch, "D/xx"),
    row(K::Miscompare,     ANY, ANY, R::DataMismatch, "E/1D"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn each_row_of_the_recipe_gives_its_reaction() {
        for (key, asc, ascq, reaction) in [
            (0x0, 0x00, 0x00, R::Continue), (0x0, 0x04, 0x04, R::Continue),
            (0x1, 0x17, 0x01, R::Continue), (0x1, 0x73, 0x01, R::ContinueAndWarn),
            (0x2, 0x73, 0x01, R::ContinueAndWarn), (0x3, 0x73, 0x01, R::ContinueAndWarn),
            (0x1, 0x73, 0x06, R::ContinueAndWarn), (0x3, 0x73, 0x06, R::ContinueAndWarn),
            (0x2, 0x04, 0x00, R::PollBriefly), (0x2, 0x04, 0x01, R::PollUntilReady),
            (0x2, 0x04, 0x02, R::InterventionNeeded), (0x2, 0x04, 0x03, R::InterventionNeeded),
            (0x2, 0x04, 0x04, R::PollFormat), (0x2, 0x04, 0x07, R::PollOperation),
            (0x2, 0x04, 0x08, R::BufferFull), (0x2, 0x04, 0x09, R::PollBriefly),
            (0x2, 0x3A, 0x01, R::NoMedium), (0x2, 0x3A, 0x02, R::NoMedium),
            (0x2, 0x30, 0x00, R::IncompatibleMedium),
            (0x3, 0x30, 0x10, R::FormatNeeded), (0x3, 0x30, 0x00, R::IncompatibleMedium),
            (0x3, 0x02, 0x00, R::WriteFault), (0x3, 0x0C, 0x00, R::WriteFault),
            (0x3, 0x0C, 0x08, R::WriteFault), (0x3, 0x0C, 0x09, R::StreamingLost),
            (0x3, 0x0C, 0x0F, R::StreamingLost), (0x3, 0x11, 0x05, R::ReadFault),
            (0x3, 0x31, 0x00, R::FormatNeeded), (0x3, 0x31, 0x01, R::FormatNeeded),
            (0x3, 0x32, 0x00, R::SparesExhausted), (0x3, 0x51, 0x00, R::EraseFault),
            (0x3, 0x57, 0x00, R::EraseFault), (0x3, 0x72, 0x03, R::CloseTrackFirst),
            (0x3, 0x72, 0x01, R::CloseFault), (0x3, 0x73, 0x02, R::CalibrationFault),
            (0x3, 0x73, 0x03, R::CalibrationFault), (0x3, 0x73, 0x04, R::CalibrationFault),
            (0x3, 0x73, 0x05, R::CalibrationFault),
            (0x4, 0x09, 0x00, R::HardwareFault), (0x4, 0x44, 0x00, R::HardwareFault),
            (0x5, 0x20, 0x00, R::Unsupported), (0x5, 0x21, 0x00, R::OutOfRange),
            (0x5, 0x21, 0x02, R::ResyncNwa), (0x5, 0x21, 0x03, R::LayerJump),
            (0x5, 0x1A, 0x00, R::FallBack), (0x5, 0x24, 0x00, R::FallBack),
            (0x5, 0x26, 0x02, R::FallBack), (0x5, 0x39, 0x00, R::FallBack),
            (0x5, 0x2C, 0x00, R::SequenceError), (0x5, 0x2C, 0x03, R::SequenceError),
            (0x5, 0x30, 0x05, R::IncompatibleMedium), (0x5, 0x30, 0x06, R::IncompatibleMedium),
            (0x5, 0x30, 0x10, R::FormatNeeded), (0x5, 0x3A, 0x00, R::NoMedium),
            (0x5, 0x53, 0x02, R::Locked), (0x5, 0x63, 0x00, R::OutOfRange),
            (0x5, 0x64, 0x00, R::WrongTrackMode), (0x5, 0x6F, 0x01, R::Protected),
            (0x5, 0x72, 0x03, R::CloseTrackFirst), (0x5, 0x72, 0x04, R::CloseFault),
            (0x5, 0x73, 0x03, R::CalibrationFault),
            (0x6, 0x28, 0x00, R::MediumChanged), (0x6, 0x29, 0x00, R::Reset),
            (0x6, 0x2A, 0x01, R::ParametersChanged), (0x6, 0x2E, 0x00, R::WaitAndPoll),
            (0x6, 0x5A, 0x01, R::OperatorRequest), (0x6, 0x3F, 0x01, R::UnitAttention),
            (0x7, 0x27, 0x00, R::WriteProtected), (0x8, 0x00, 0x00, R::BlankArea),
            (0x9, 0x80, 0x00, R::HostFault), (0xB, 0x08, 0x00, R::HostFault),
            (0xB, 0x47, 0x03, R::HostFault), (0xD, 0x00, 0x00, R::DataMismatch),
            (0xE, 0x1D, 0x00, R::DataMismatch),
            (0x5, 0x99, 0x00, R::Fatal), (0x2, 0x99, 0x00, R::Fatal), (0xF, 0, 0, R::Fatal),
        ] {
            let sense = Sense::new(key, asc, ascq);
            assert_eq!(sense.reaction(), reaction, "{sense}");
        }
    }

    #[test]
    fn no_row_is_hidden_by_an_earlier_one() {
        for (i, row) in REACTIONS.iter().enumerate() {
            let key = row.key.unwrap().code();
            let reached = (row.asc.0..=row.asc.1).any(|asc| {
                (row.ascq.0..=row.ascq.1).any(|ascq| {
                    let sense = Sense::new(key, asc, ascq);
                    REACTIONS.iter().position(|r| r.matches(&sense)) == Some(i)
                })
            });
            assert!(reached, "row {i} ({}) can never be reached", row.source);
        }
    }

    #[test]
    fn who_is_busy_or_tells_of_a_change_may_be_asked_again() {
        let of = |key, asc, ascq| Sense::new(key, asc, ascq).reaction();
        for busy in [
            of(2, 4, 0),
            of(2, 4, 1),
            of(2, 4, 4),
            of(2, 4, 7),
            of(2, 4, 8),
        ] {
            assert!(busy.is_busy() && !busy.is_attention(), "{busy:?}");
        }
        for attention in [
            of(6, 0x28, 0),
            of(6, 0x29, 0),
            of(6, 0x2A, 1),
            of(6, 0x3F, 2),
        ] {
            assert!(
                attention.is_attention() && !attention.is_busy(),
                "{attention:?}"
            );
        }
        for neither in [
            of(0, 0, 0),
            of(2, 0x3A, 0),
            of(3, 0x11, 5),
            of(5, 0x20, 0),
            of(6, 0x5A, 1),
        ] {
            assert!(!neither.is_busy() && !neither.is_attention(), "{neither:?}");
        }
    }
}
