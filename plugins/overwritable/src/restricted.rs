//! DVD-RW in restricted overwrite: its formats, how it grows, and its way back (recipe 6).
//!
//! Owns what no other medium here has: quick formats leave an intermediate session, which is written in
//! order and closed, and BLANK makes a disc of sequential recording of it. Must not know how the blocks of
//! a burn are written.

use crate::format::no_such_format;
use crate::medium::Surface;
use crate::write::{end_of, zeros};
use pitland_writer::mmc::feature::{Feature, FeatureCode};
use pitland_writer::mmc::mode_page::WriteParameters;
use pitland_writer::mmc::param::{FormatParameterList, FormatType};
use pitland_writer::mmc::{Lba, SectorCount};
use pitland_writer::recipe::has_room;
use pitland_writer::write_parameters::{fresh, of_dvd};
use pitland_writer::{
    Certification, EraseRequest, ExpectedMedium, Extent, FormatRequest, MediaFacts,
    MediumCondition, Occasion, PlannedCommand, Recipe, Refusal, Warning, moves,
};

/// Parameter of all formats of DVD-RW but one: blocks of an ECC block.
const UNIT: u32 = 16;
/// Parameter of that one: bytes of a block.
const BLOCK_LENGTH: u32 = 2048;
/// Blocks of zeros that follow a quick format, so that there is a session to close: the places where file
/// systems start.
const FIRST_BLOCKS: u64 = 512;

/// The formats of the whole disc.
const WHOLE: [FormatType; 2] = [FormatType::Full, FormatType::CdRwDvdRwFull];

/// The recipe of a format, also of a disc in sequential recording. In full it takes as long as writing
/// the disc; the quick way is done in a minute, and the disc grows as it is written.
pub(crate) fn format(facts: &MediaFacts, request: &FormatRequest) -> Result<Recipe, Refusal> {
    let condition = facts.condition();
    if condition == MediumCondition::NoMedium {
        return Err(Refusal::NoMedium);
    }
    let kind = wanted(facts, request)?;
    let loses = (condition.is_blank() != Some(true)).then_some(Warning::FormatsFirst);
    let recipe = Recipe::new()
        .prepare([moves::clear_test_write(&page(facts))])
        .prepare(calibration(facts))
        .prepare([moves::format(&list(facts, kind))])
        .warn(loses);
    if WHOLE.contains(&kind) {
        let blocks = facts.listed_formats(kind).next().map(|f| f.blocks.0.into());
        return Ok(recipe.expect(ExpectedMedium::capacity(blocks)));
    }
    Ok(recipe
        .identify(has_room)
        .extent(zeros(FIRST_BLOCKS, UNIT))
        .close(moves::synchronize_cache())
        .close([end(Occasion::AfterFormat)])
        .expect(expected(Some(FIRST_BLOCKS))))
}

/// What a disc shows whose intermediate session is closed: it takes data, as any that is formatted.
pub(crate) fn expected(blocks: Option<u64>) -> ExpectedMedium {
    let mut expected = ExpectedMedium::capacity(blocks);
    expected.appendable = Some(true);
    expected
}

/// The recipe of a close without a burn. A session into which nothing was written has no end, and needs none:
/// the next burn goes into it.
pub(crate) fn close(surface: &Surface) -> Result<Recipe, Refusal> {
    match surface.intermediate {
        Some(next) if next > Lba(0) => Ok(Recipe::new()
            .close([end(Occasion::Always)])
            .expect(expected(None))),
        _ => Err(Refusal::NothingToClose),
    }
}

/// The kind of a format: one that the drive lists for this disc.
fn wanted(facts: &MediaFacts, request: &FormatRequest) -> Result<FormatType, Refusal> {
    let listed = |kind: &FormatType| facts.listed_formats(*kind).next().is_some();
    let by_itself = match request.certification {
        Certification::Full => WHOLE.into_iter().find(listed).unwrap_or(FormatType::Full),
        _ => FormatType::Quick,
    };
    let kind = request.kind.map_or(by_itself, FormatType::from_code);
    let in_full = WHOLE.contains(&kind);
    if request.certification == Certification::Full && !in_full {
        return Err(Refusal::NoSuchCertification {
            wanted: request.certification,
        });
    }
    let without_spare = request.spare_bytes.is_none_or(|spare| spare == 0);
    let offered = (in_full || kind == FormatType::Quick) && listed(&kind);
    match offered && without_spare {
        true => Ok(kind),
        false => Err(no_such_format(facts, kind)),
    }
}

/// What must come before an extent: nothing while it stays inside of what is formatted, else the disc
/// grows. One that offers no growth is formatted anew, where the extent starts at the first block and
/// replaces what is there.
pub(crate) fn growth(
    facts: &MediaFacts,
    surface: &Surface,
    extent: &Extent,
) -> Result<(Option<PlannedCommand>, Option<Warning>), Refusal> {
    let end = end_of(extent);
    let fits = surface.formatted.is_some_and(|formatted| end <= formatted);
    if fits || surface.intermediate.is_some() {
        return Ok((None, None));
    }
    let grows = facts.listed_formats(FormatType::QuickGrow).next().is_some();
    let kind = match grows {
        true => FormatType::QuickGrow,
        false if extent.first_lba > Lba(0) => return Err(Refusal::NothingToResume),
        false => FormatType::Quick,
    };
    let loses = (!grows).then_some(Warning::FormatsFirst);
    Ok((Some(moves::format(&list(facts, kind))), loses))
}

/// Closes an intermediate session. It must never stay one: some drives do not even read it.
pub(crate) fn end(occasion: Occasion) -> PlannedCommand {
    moves::close_session().only(occasion)
}

/// The recipe of an erase by BLANK, which leaves a disc of sequential recording; `None` where the drive has
/// no such thing for a disc in restricted overwrite.
pub(crate) fn erase(facts: &MediaFacts, erase: &EraseRequest) -> Option<Recipe> {
    let feature = facts.current_feature(FeatureCode::RigidRestrictedOverwrite)?;
    matches!(feature, Feature::RigidRestrictedOverwrite(rigid) if rigid.blank).then(|| {
        Recipe::blank(&page(facts), erase.full)
            .warn((!erase.full).then_some(Warning::OnlyAtOnceAfterwards))
    })
}

/// The page that some burners send and others leave out (recipe 1): both burn. It is sent for the test
/// write that an earlier job may have left.
pub(crate) fn page(facts: &MediaFacts) -> WriteParameters {
    WriteParameters {
        buffer_underrun_free: true,
        fixed_packet: true,
        packet_size: UNIT,
        ..of_dvd(fresh(facts))
    }
}

/// A calibration before a format, where the drive has no table of powers for this disc (recipes 4 and 6).
fn calibration(facts: &MediaFacts) -> Option<PlannedCommand> {
    let tables = facts.disc.as_ref().and_then(|disc| disc.opc_table_count);
    (tables == Some(0)).then(moves::calibrate_power)
}

/// The list of a format: no option but IMMED. The quick ones count no blocks: they cover what is written.
fn list(facts: &MediaFacts, kind: FormatType) -> FormatParameterList {
    let whole = facts.listed_formats(kind).next().map(|f| f.blocks);
    FormatParameterList {
        immed: true,
        blocks: whole
            .filter(|_| WHOLE.contains(&kind))
            .unwrap_or(SectorCount(0)),
        kind,
        parameter: match kind {
            FormatType::Full => BLOCK_LENGTH,
            _ => UNIT,
        },
        ..FormatParameterList::default()
    }
}
