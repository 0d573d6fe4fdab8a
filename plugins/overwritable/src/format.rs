//! Formatting: which format, with which parameters (recipes 6 and 7).
//!
//! Owns the choice from what the drive lists. Must not know what is written afterwards.

use crate::medium::{Medium, Surface};
use crate::restricted;
use pitland_writer::mmc::SectorCount;
use pitland_writer::mmc::feature::{Feature, FeatureCode, Formattable};
use pitland_writer::mmc::param::{FormatParameterList, FormatType};
use pitland_writer::mmc::reply::CapacityDescriptor;
use pitland_writer::{
    Certification, ExpectedMedium, FormatRequest, MediaFacts, MissingFact, Occasion,
    PlannedCommand, Recipe, Refusal, Warning, moves,
};

/// Block length, the parameter of formats that have no other.
const BLOCK_LENGTH: u32 = 2048;
/// Parameter of a DVD+RW format: go on with the suspended one, instead of from the start.
const RESTART: u32 = 1;
/// Blocks of a DVD+RW format whose size the drive does not list: its own choice.
const DRIVE_CHOOSES: SectorCount = SectorCount(u32::MAX);
/// Subtypes of a BD-RE's format with a spare area (recipe 7).
const NOT_CERTIFIED: u8 = 1;
const FULLY_CERTIFIED: u8 = 2;
const QUICKLY_CERTIFIED: u8 = 3;
/// Blocks of one cluster of a BD-RE; its spare areas are counted in clusters.
const CLUSTER: u64 = 32;

/// The recipe of a format that was asked for.
pub(crate) fn recipe(
    facts: &MediaFacts,
    medium: Medium,
    request: &FormatRequest,
) -> Result<Recipe, Refusal> {
    if medium == Medium::DvdMinusRw {
        return restricted::format(facts, request);
    }
    let surface = Surface::find(facts)?;
    let list = choose(facts, medium, request)?;
    let loses = (surface.blank != Some(true)).then_some(Warning::FormatsFirst);
    let known = Some(list.blocks).filter(|blocks| *blocks != DRIVE_CHOOSES);
    let expected = ExpectedMedium::capacity(known.map(|blocks| u64::from(blocks.0)));
    Ok(Recipe::new()
        .prepare(commands(facts, medium, &list, request.certification))
        .warn(loses)
        .expect(expected))
}

/// The format that makes an unformatted medium usable; on DVD+RW it goes on in the background.
pub(crate) fn usual(facts: &MediaFacts, medium: Medium) -> Result<Vec<PlannedCommand>, Refusal> {
    if !facts.feature_current(FeatureCode::Formattable.code()) {
        return Err(Refusal::FormatNeeded);
    }
    let list = choose(facts, medium, &FormatRequest::default())?;
    Ok(commands(facts, medium, &list, Certification::AsUsual))
}

/// A format, and on DVD+RW what makes its start final (recipe 6).
fn commands(
    facts: &MediaFacts,
    medium: Medium,
    list: &FormatParameterList,
    certification: Certification,
) -> Vec<PlannedCommand> {
    let [synchronize, _] = moves::synchronize_cache();
    let synchronize = synchronize.only(Occasion::Always);
    let last = medium.formats_in_background().then_some(synchronize);
    let quick = matches!(certification, Certification::None | Certification::Quick);
    let format = match medium == Medium::DvdRam && quick && keeps_its_size(facts, list) {
        true => moves::reformat(&FormatParameterList {
            dcrt: true,
            ..*list
        }),
        false => moves::format(list),
    };
    [format].into_iter().chain(last).collect()
}

/// A DVD-RAM is formatted without a look at its surface only to the size that it has: one drive does not
/// take another size so (recipe 6).
fn keeps_its_size(facts: &MediaFacts, list: &FormatParameterList) -> bool {
    let current = facts.format_capacities.as_ref().map(|list| list.current);
    current.is_some_and(|current| current.blocks == list.blocks)
}

/// Goes on with the suspended background format of a DVD+RW.
pub(crate) fn restart(facts: &MediaFacts, medium: Medium) -> Vec<PlannedCommand> {
    let list = FormatParameterList {
        parameter: RESTART,
        ..dvd_plus_rw(facts)
    };
    commands(facts, medium, &list, Certification::AsUsual)
}

fn choose(
    facts: &MediaFacts,
    medium: Medium,
    request: &FormatRequest,
) -> Result<FormatParameterList, Refusal> {
    let wanted = wanted_kind(medium, request);
    let list = match (medium, wanted) {
        (Medium::DvdPlusRw | Medium::DvdPlusRwDl, FormatType::DvdPlusRwBasic) => {
            request.spare_bytes.is_none().then(|| dvd_plus_rw(facts))
        }
        (Medium::DvdRam, FormatType::Full | FormatType::SpareExpansion) => {
            by_listed_size(facts, wanted, request.spare_bytes).map(listed)
        }
        (Medium::BdRe, FormatType::BdReWithSpare) => bd_re_with_spare(facts, request.spare_bytes),
        (Medium::BdRe, FormatType::BdReWithoutSpare) => request
            .spare_bytes
            .is_none_or(|spare| spare == 0)
            .then(|| facts.listed_formats(wanted).next().map(listed))
            .flatten(),
        (Medium::BdRe, FormatType::Full) => request
            .spare_bytes
            .is_none()
            .then(|| facts.listed_formats(wanted).next().map(listed))
            .flatten(),
        _ => None,
    };
    let list = list.ok_or_else(|| no_such_format(facts, wanted))?;
    certified(facts, medium, list, request.certification)
}

/// That there is no such format.
pub(crate) fn no_such_format(facts: &MediaFacts, wanted: FormatType) -> Refusal {
    match facts.format_capacities {
        Some(_) => Refusal::NoSuchFormat {
            kind: wanted.code(),
            offered: facts.offered_formats(),
        },
        // A drive that lists none: of which size a format may be is not to be guessed.
        None => Refusal::FactMissing {
            what: MissingFact::FormatCapacities,
        },
    }
}

/// The format with the certification that is wanted. On BD-RE it is a subtype of the format with a spare
/// area, and one that the drive must offer; a DVD-RAM is certified unless that is left out, and a DVD+RW
/// never.
fn certified(
    facts: &MediaFacts,
    medium: Medium,
    list: FormatParameterList,
    wanted: Certification,
) -> Result<FormatParameterList, Refusal> {
    let refused = Err(Refusal::NoSuchCertification { wanted });
    let offered = match facts.current_feature(FeatureCode::Formattable) {
        Some(Feature::Formattable(feature)) => feature,
        _ => Formattable::default(),
    };
    let subtype = match (medium, wanted) {
        (_, Certification::AsUsual) | (Medium::DvdRam, _) => return Ok(list),
        (Medium::BdRe, Certification::None) => NOT_CERTIFIED,
        (Medium::BdRe, Certification::Full) if offered.certification => FULLY_CERTIFIED,
        (Medium::BdRe, Certification::Quick) if offered.quick_certification => QUICKLY_CERTIFIED,
        (_, Certification::None) => return Ok(list),
        _ => return refused,
    };
    match list.kind {
        FormatType::BdReWithSpare => Ok(FormatParameterList { subtype, ..list }),
        _ => refused,
    }
}

fn wanted_kind(medium: Medium, request: &FormatRequest) -> FormatType {
    match (request.kind, medium, request.spare_bytes) {
        (Some(kind), ..) => FormatType::from_code(kind),
        (None, Medium::BdRe, Some(0)) => FormatType::BdReWithoutSpare,
        (None, Medium::BdRe, Some(_)) => FormatType::BdReWithSpare,
        // Only this one is certified, or not.
        (None, Medium::BdRe, None) if request.certification != Certification::AsUsual => {
            FormatType::BdReWithSpare
        }
        (None, medium, _) => medium.usual_format(),
    }
}

/// The basic format of DVD+RW: no option but IMMED (recipe 6).
fn dvd_plus_rw(facts: &MediaFacts) -> FormatParameterList {
    let kind = FormatType::DvdPlusRwBasic;
    let blocks = facts.listed_formats(kind).map(|format| format.blocks).max();
    FormatParameterList {
        immed: true,
        blocks: blocks.unwrap_or(DRIVE_CHOOSES),
        kind,
        ..FormatParameterList::default()
    }
}

/// A listed format as it stands. The parameter must be the drive's own (recipe 7); where it lists
/// none, it is the block length.
fn listed(format: &CapacityDescriptor) -> FormatParameterList {
    FormatParameterList {
        fov: true,
        immed: true,
        blocks: format.blocks,
        kind: format.kind,
        parameter: if format.parameter == 0 {
            BLOCK_LENGTH
        } else {
            format.parameter
        },
        ..FormatParameterList::default()
    }
}

/// A listed size of a DVD-RAM. The largest one has no supplementary spare area; a smaller one has the
/// difference. With a wish for spare area, the least that meets it; without, the drive's first.
fn by_listed_size(
    facts: &MediaFacts,
    kind: FormatType,
    spare_bytes: Option<u64>,
) -> Option<&CapacityDescriptor> {
    let Some(spare_bytes) = spare_bytes else {
        return facts.listed_formats(kind).next();
    };
    let largest = facts
        .listed_formats(kind)
        .map(|format| format.blocks.0)
        .max()?;
    let spare = spare_bytes.div_ceil(u64::from(BLOCK_LENGTH));
    facts
        .listed_formats(kind)
        .filter(|format| u64::from(largest - format.blocks.0) >= spare)
        .max_by_key(|format| format.blocks)
}

/// A BD-RE with a spare area of the wanted size, between the smallest and the largest listed one.
/// The parameter counts its clusters, and what is left of the raw capacity are the blocks.
fn bd_re_with_spare(facts: &MediaFacts, spare_bytes: Option<u64>) -> Option<FormatParameterList> {
    let formats = || facts.listed_formats(FormatType::BdReWithSpare);
    let Some(spare_bytes) = spare_bytes else {
        return formats().next().map(listed);
    };
    let smallest = formats().min_by_key(|format| format.parameter)?;
    let largest = formats().max_by_key(|format| format.parameter)?;
    let wanted = spare_bytes.div_ceil(u64::from(BLOCK_LENGTH) * CLUSTER);
    if spare_bytes == 0 || wanted > u64::from(largest.parameter) {
        return None;
    }
    let clusters = wanted.max(u64::from(smallest.parameter));
    let raw = u64::from(smallest.blocks.0) + u64::from(smallest.parameter) * CLUSTER;
    let blocks = raw.checked_sub(clusters * CLUSTER)?;
    Some(FormatParameterList {
        blocks: SectorCount(u32::try_from(blocks).ok()?),
        parameter: u32::try_from(clusters).ok()?,
        ..listed(smallest)
    })
}
