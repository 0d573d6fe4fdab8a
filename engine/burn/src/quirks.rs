//! What single drives need that others do not, as data (recipe 11).
//!
//! Owns the table, keyed by what INQUIRY says, and the habits that a host takes on for such a drive.
//! Must not know how a habit is carried out: that is with the machine, with the identification, and
//! with whoever else obeys one.
//!
//! What is right for every drive is no row but how things are done here:
//!
//! | recipe 11 | for every drive |
//! | --- | --- |
//! | Q1, Q3 | what is answered with "busy" is sent again, and a disc that does not prove the job is looked at once more after a stop and a start |
//! | Q1 | no eject and no load has IMMED |
//! | Q2 | a second SYNCHRONIZE CACHE is without IMMED |
//! | Q6 | structure 11h and quick certification are not asked for, and streaming is of whole 64 KiB |
//! | Q7 | the write parameters say so before a DVD+R is finalized |
//! | Q10, Q11 | refused speeds and calibrations end no job, and events are drained to a bound |
//! | Q11, Q12 | what a drive does not tell, or tells short, is missing and no failure |
//! | Q14 | no vendor's command is sent |
//! | Q15 | IMMED that is refused is done without |
//!
//! Q5 and Q13 are of media that have no writer yet.

use pitland_mmc::cdb::{Cdb, CdbBytes, StartStopUnit};
use pitland_mmc::reply::InquiryData;
use std::borrow::Cow;

/// What a host does for a drive beside what it does for all. All off by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct HostQuirks {
    /// The drive is refused: its command set is from before MMC.
    pub pre_mmc: bool,
    /// While a disc loads, "no medium, tray closed" and "not ready, no cause" are taken for "becoming
    /// ready".
    pub vague_while_loading: bool,
    /// The disc is stopped and started before it is asked what became of it: until then the drive says
    /// ready while it is not.
    pub stop_barrier: bool,
    /// START UNIT without IMMED comes before an eject.
    pub start_before_eject: bool,
    /// READ BUFFER CAPACITY is not asked: what it says is late or absurd.
    pub no_buffer_reports: bool,
    /// How far a long operation is, is asked with REQUEST SENSE: TEST UNIT READY does not tell.
    pub progress_by_request_sense: bool,
    /// Nothing is sent with IMMED: long operations are waited for without progress.
    pub no_immed: bool,
    /// The current write speed is read from GET PERFORMANCE: that of mode page 2Ah is not it.
    pub speed_by_performance: bool,
}

impl HostQuirks {
    /// A drive without any.
    pub const NONE: Self = Self {
        pre_mmc: false,
        vague_while_loading: false,
        stop_barrier: false,
        start_before_eject: false,
        no_buffer_reports: false,
        progress_by_request_sense: false,
        no_immed: false,
        speed_by_performance: false,
    };

    /// What is sent before an eject, with the patience of a load: START UNIT, which is answered when the
    /// disc turns. `None` where nothing is needed.
    pub fn before_eject(&self) -> Option<CdbBytes> {
        self.start_before_eject.then(|| StartStopUnit::START.emit())
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            pre_mmc: self.pre_mmc | other.pre_mmc,
            vague_while_loading: self.vague_while_loading | other.vague_while_loading,
            stop_barrier: self.stop_barrier | other.stop_barrier,
            start_before_eject: self.start_before_eject | other.start_before_eject,
            no_buffer_reports: self.no_buffer_reports | other.no_buffer_reports,
            progress_by_request_sense: self.progress_by_request_sense
                | other.progress_by_request_sense,
            no_immed: self.no_immed | other.no_immed,
            speed_by_performance: self.speed_by_performance | other.speed_by_performance,
        }
    }
}

/// Which firmware a row speaks of. Revisions compare as text, as their makers count them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Firmware {
    /// Any.
    #[default]
    Any,
    /// Revisions that begin like this.
    Prefix(Cow<'static, str>),
    /// Revisions from `first` to `last`, both included.
    Between {
        /// The first.
        first: Cow<'static, str>,
        /// The last.
        last: Cow<'static, str>,
    },
}

impl Firmware {
    /// Whether a revision is one of these.
    pub fn matches(&self, revision: &str) -> bool {
        let revision = revision.trim();
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => revision.starts_with(prefix.as_ref()),
            Self::Between { first, last } => (first.as_ref()..=last.as_ref()).contains(&revision),
        }
    }
}

/// What is known of some drives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct QuirkRow {
    /// Its name: the number in recipe 11, where it has one, and a word.
    pub name: Cow<'static, str>,
    /// The vendor, whole.
    pub vendor: Cow<'static, str>,
    /// How the product begins; runs of spaces count as one. Empty: every product.
    pub product: Cow<'static, str>,
    /// Which firmware.
    pub firmware: Firmware,
    /// What the drive does, as a sentence about it for its owner.
    pub habit: Cow<'static, str>,
    /// What a host does about it.
    pub quirks: HostQuirks,
    /// Where this is known from.
    pub evidence: Cow<'static, str>,
}

impl QuirkRow {
    /// A row for all firmware of the products that begin so, without words.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        vendor: impl Into<Cow<'static, str>>,
        product: impl Into<Cow<'static, str>>,
        quirks: HostQuirks,
    ) -> Self {
        Self {
            name: name.into(),
            vendor: vendor.into(),
            product: product.into(),
            firmware: Firmware::Any,
            habit: Cow::Borrowed(""),
            quirks,
            evidence: Cow::Borrowed(""),
        }
    }

    /// For this firmware only.
    #[must_use]
    pub fn firmware(mut self, firmware: Firmware) -> Self {
        self.firmware = firmware;
        self
    }

    /// With what the drive does.
    #[must_use]
    pub fn habit(mut self, habit: impl Into<Cow<'static, str>>) -> Self {
        self.habit = habit.into();
        self
    }

    /// With where this is known from.
    #[must_use]
    pub fn evidence(mut self, evidence: impl Into<Cow<'static, str>>) -> Self {
        self.evidence = evidence.into();
        self
    }

    /// Whether the row speaks of the drive with these names. Padding does not count.
    pub fn matches(&self, vendor: &str, product: &str, revision: &str) -> bool {
        same_words(&self.vendor, vendor)
            && begins_with(product, &self.product)
            && self.firmware.matches(revision)
    }
}

fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// Whether a product begins like that, each run of spaces taken for one.
fn begins_with(product: &str, beginning: &str) -> bool {
    let one_space = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_space(product).starts_with(&one_space(beginning))
}

/// The rows that are looked at: those of an embedder, then those that come with this crate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuirkTable {
    added: Vec<QuirkRow>,
}

impl QuirkTable {
    /// The rows that come with this crate.
    pub const fn builtin() -> Self {
        Self { added: Vec::new() }
    }

    /// With a row more.
    #[must_use]
    pub fn with(mut self, row: QuirkRow) -> Self {
        self.added.push(row);
        self
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &QuirkRow> {
        self.added.iter().chain(BUILTIN)
    }

    /// The rows that speak of a drive.
    pub fn rows_of<'a>(
        &'a self,
        vendor: &'a str,
        product: &'a str,
        revision: &'a str,
    ) -> impl Iterator<Item = &'a QuirkRow> {
        self.rows()
            .filter(move |row| row.matches(vendor, product, revision))
    }

    /// What all rows together ask for a drive.
    pub fn of(&self, vendor: &str, product: &str, revision: &str) -> HostQuirks {
        self.rows_of(vendor, product, revision)
            .fold(HostQuirks::NONE, |all, row| all.and(row.quirks))
    }

    /// The rows that speak of the drive that said this of itself. Names that are no text have no row.
    pub fn rows_of_drive<'a>(
        &'a self,
        inquiry: &'a InquiryData,
    ) -> impl Iterator<Item = &'a QuirkRow> {
        let text = |bytes: &'a [u8]| std::str::from_utf8(bytes).ok();
        let names = text(&inquiry.vendor)
            .zip(text(&inquiry.product))
            .zip(text(&inquiry.revision));
        names
            .into_iter()
            .flat_map(|((vendor, product), revision)| self.rows_of(vendor, product, revision))
    }

    /// What all rows together ask for the drive that said this of itself.
    pub fn of_drive(&self, inquiry: &InquiryData) -> HostQuirks {
        self.rows_of_drive(inquiry)
            .fold(HostQuirks::NONE, |all, row| all.and(row.quirks))
    }
}

/// What the rows of this crate ask for a drive, by its names as INQUIRY gives them, padded or not.
pub fn of(vendor: &str, product: &str, revision: &str) -> HostQuirks {
    QuirkTable::builtin().of(vendor, product, revision)
}

const fn row(
    name: &'static str,
    vendor: &'static str,
    product: &'static str,
    quirks: HostQuirks,
    evidence: &'static str,
    habit: &'static str,
) -> QuirkRow {
    QuirkRow {
        name: Cow::Borrowed(name),
        vendor: Cow::Borrowed(vendor),
        product: Cow::Borrowed(product),
        firmware: Firmware::Any,
        habit: Cow::Borrowed(habit),
        quirks,
        evidence: Cow::Borrowed(evidence),
    }
}

const NONE: HostQuirks = HostQuirks::NONE;

/// The rows that come with this crate. The words of INQUIRY are as owners published them; no report
/// that a row rests on names a firmware that does better, so all rows are for any.
#[rustfmt::skip]
static BUILTIN: &[QuirkRow] = &[
    row("Q1 ready too early", "PIONEER", "",
        HostQuirks { stop_barrier: true, ..NONE }, "recipe 11",
        "says that it is ready while it still works"),
    row("Q2 absurd buffer reports", "PIONEER", "DVD-RW DVR-105",
        HostQuirks { no_buffer_reports: true, ..NONE }, "recipe 11",
        "at high speed tells more free room in its buffer than there is"),
    row("Q2 absurd buffer reports", "PIONEER", "DVD-RW DVR-106",
        HostQuirks { no_buffer_reports: true, ..NONE }, "recipe 11",
        "at high speed tells more free room in its buffer than there is"),
    row("Q3 starts too late", "PIONEER", "DVD-RW DVR-216D",
        HostQuirks { start_before_eject: true, ..NONE }, "recipe 11",
        "says that it is ready before its disc turns"),
    row("Q4 vague while it loads, late buffer reports", "HL-DT-ST", "DVDRAM GSA-4082B",
        HostQuirks { vague_while_loading: true, no_buffer_reports: true, ..NONE }, "recipe 11",
        "says that it has no disc, and then gives no cause, while it loads one"),
    row("Q8 silent progress", "HP", "DVD Writer 100j",
        HostQuirks { progress_by_request_sense: true, ..NONE }, "recipe 11",
        "tells how far it is only when it is asked for sense"),
    row("Q9 from before MMC", "SONY", "CD-R CDU928E",
        HostQuirks { pre_mmc: true, ..NONE }, "recipe 11",
        "speaks a command set from before MMC"),
    // The report has one drive behind one system, and does not tell which of them is to blame. Doing
    // without IMMED from the first command on is right either way, and costs the figure of progress.
    row("Q15 no IMMED", "HL-DT-ST", "BD-RE BH14NS48",
        HostQuirks { no_immed: true, ..NONE }, "recipe 11",
        "fails where it should answer at once and go on working"),
    row("speeds of CD in page 2Ah", "_NEC", "",
        HostQuirks { speed_by_performance: true, ..NONE }, "recipe 2.5",
        "lists its speeds for CD where those for DVD belong"),
    row("no speeds in page 2Ah", "LITE-ON", "",
        HostQuirks { speed_by_performance: true, ..NONE }, "recipe 2.5",
        "leaves out its speeds in one of two lists"),
    row("no speeds in page 2Ah", "ATAPI", "iHAS",
        HostQuirks { speed_by_performance: true, ..NONE }, "recipes 2.5 and 14",
        "leaves out its speeds in one of two lists"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_row_says_something_and_where_it_is_known_from() {
        for row in QuirkTable::builtin().rows() {
            assert_ne!(row.quirks, HostQuirks::NONE, "{}", row.name);
            assert!(row.evidence.starts_with("recipe"), "{}", row.name);
            assert!(
                !row.habit.is_empty() && !row.vendor.is_empty(),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn padding_does_not_hide_a_drive() {
        for product in ["DVDRAM GSA-4082B", "DVDRAM GSA-4082B ", "DVDRAM  GSA-4082B"] {
            assert!(of("HL-DT-ST", product, "A201").vague_while_loading);
        }
        let padded = of("HP      ", "DVD Writer 100j ", "1.30");
        assert!(padded.progress_by_request_sense);
    }

    #[test]
    fn another_drive_of_the_same_maker_has_none() {
        assert_eq!(of("HL-DT-ST", "BD-RE  WH16NS40", "1.00"), HostQuirks::NONE);
        assert_eq!(of("PITLAND", "VIRTUAL RECORDER", "0001"), HostQuirks::NONE);
        // A vendor is the whole word, not its beginning.
        assert_eq!(of("PIONEERS", "DVD-RW  DVR-105", "1.00"), HostQuirks::NONE);
    }

    #[test]
    fn what_several_rows_ask_for_adds_up() {
        let quirks = of("PIONEER ", "DVD-RW  DVR-216D", "1.09");
        assert!(quirks.stop_barrier && quirks.start_before_eject && !quirks.no_buffer_reports);
    }

    #[test]
    fn a_row_of_ones_own_may_speak_of_some_firmware_only() {
        let no_immed = HostQuirks {
            no_immed: true,
            ..NONE
        };
        let row = QuirkRow::new("mine", "ACME", "BURNER", no_immed);
        let early = Firmware::Between {
            first: "1.00".into(),
            last: "1.07".into(),
        };
        let table = QuirkTable::builtin().with(row.clone().firmware(early));
        for (revision, held) in [
            ("0.99", false),
            ("1.00", true),
            ("1.07", true),
            ("1.08", false),
        ] {
            assert_eq!(
                table.of("ACME", "BURNER 4000", revision).no_immed,
                held,
                "{revision}"
            );
        }
        let beta = QuirkTable::builtin().with(row.firmware(Firmware::Prefix("B".into())));
        assert!(beta.of("ACME", "BURNER", "B001").no_immed);
        assert!(!beta.of("ACME", "BURNER", "1.00").no_immed);
    }

    #[test]
    fn names_that_are_no_text_have_no_row() {
        let inquiry = InquiryData {
            vendor: [0xFF; 8],
            ..InquiryData::default()
        };
        assert_eq!(QuirkTable::builtin().of_drive(&inquiry), HostQuirks::NONE);
    }
}
