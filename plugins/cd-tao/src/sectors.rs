//! Tracks of whole sectors, one at once behind the other: audio, and data in front of it or behind it.
//!
//! Owns the page of each track and what comes between two of them. Must not know the gaps that the drive makes,
//! but for an estimate: where a track begins is the drive's to say.

use crate::track_at_once;
use pitland_writer::cd::sectors::{self, SectorPlace, starts_track_by_track};
use pitland_writer::cd::{self, CdLayout, CdTrack, PREGAP_BLOCKS, RUN_OUT_BLOCKS};
use pitland_writer::mmc::Lba;
use pitland_writer::mmc::mode_page::{DataBlockType, WriteParameters, WriteType};
use pitland_writer::mmc::param::DataForm;
use pitland_writer::speed::set_burn_speed;
use pitland_writer::{
    BlockForm, BurnRequest, ExpectedMedium, Extent, MediaFacts, Occasion, PlannedCommand, Recipe,
    Refusal, Service, Warning, moves, write_parameters,
};

/// What is offered for such a session. Before its size is settled only the place is judged.
pub(crate) fn offer(
    facts: &MediaFacts,
    burn: &BurnRequest,
    layout: &CdLayout,
) -> Result<Service, Refusal> {
    let place = place(facts, burn)?;
    if burn.blocks > 0 {
        Tracks::judge(facts, layout, &place)?;
    }
    Ok(place.service(track_at_once(facts).test_write))
}

/// Its recipe.
pub(crate) fn recipe(
    facts: &MediaFacts,
    burn: &BurnRequest,
    layout: &CdLayout,
) -> Result<Recipe, Refusal> {
    let place = place(facts, burn)?;
    let tracks = Tracks::judge(facts, layout, &place)?;
    if burn.blocks == 0 {
        return Err(Refusal::Empty);
    }
    let session = sectors::page(facts, burn, layout);
    let pages: Vec<_> = layout
        .tracks
        .iter()
        .map(|track| page(&session, layout, track))
        .collect();
    let (Some(first), Some(last)) = (pages.first(), pages.last()) else {
        return Err(Refusal::Empty);
    };
    let recipe = Recipe::new()
        .prepare([moves::set_write_parameters(first)])
        .identify(cd::nwa_as_planned)
        .at_speed(set_burn_speed(facts, burn))
        .prepare((!burn.test_write).then(moves::calibrate_power))
        .extents(tracks.extents(&pages))
        .close(moves::synchronize_cache())
        .warn(tracks.overburn)
        .warn(write_parameters::unprotected(first, burn));
    if burn.test_write {
        // Nothing is there to be closed, and a close spoils the next track of some drives (recipe 3).
        return Ok(recipe);
    }
    Ok(recipe
        .close(cd::closing(last, burn.finish))
        .expect(tracks.expected(&place, burn)))
}

fn place(facts: &MediaFacts, burn: &BurnRequest) -> Result<SectorPlace, Refusal> {
    let place = SectorPlace::find(facts, burn, RUN_OUT_BLOCKS)?;
    if burn.test_write && !track_at_once(facts).test_write {
        let profile = facts.profile();
        return Err(Refusal::NoTestWrite { profile });
    }
    Ok(place)
}

/// Tracks that disc and drive take.
struct Tracks<'a> {
    layout: &'a CdLayout,
    /// Where each begins, by estimate but for the first.
    starts: Vec<Lba>,
    /// The block behind the last one.
    end: Lba,
    overburn: Option<Warning>,
}

impl<'a> Tracks<'a> {
    fn judge(
        facts: &MediaFacts,
        layout: &'a CdLayout,
        place: &SectorPlace,
    ) -> Result<Self, Refusal> {
        if !layout.text.is_empty() {
            return Err(Refusal::NoCdText);
        }
        let offered = track_at_once(facts).data_block_types;
        let takes = |track: &CdTrack| {
            let kind = block_type(track.form).code();
            // A drive that names none takes what all do.
            offered == 0 || offered & (1 << kind) != 0
        };
        if !layout.tracks.iter().all(takes) {
            let mode = layout.mode;
            return Err(Refusal::NoSuchMode { mode });
        }
        let nwa = place.spot.nwa;
        let too_large = Refusal::TooLarge {
            needed: layout.tracks.iter().map(|track| track.blocks).sum(),
            available: place.room,
        };
        let (starts, end) = starts_track_by_track(nwa, layout).ok_or(too_large)?;
        let overburn = place.takes(facts, layout, Some(nwa), end)?;
        Ok(Self {
            layout,
            starts,
            end,
            overburn,
        })
    }

    /// The tracks, each behind the buffer of the one before and a page of its own.
    fn extents(&self, pages: &[WriteParameters]) -> Vec<Extent> {
        let tracks = self.layout.tracks.iter().zip(&self.starts).zip(pages);
        tracks
            .enumerate()
            .map(|(index, ((track, start), page))| {
                let mut extent = Extent::image(*start, track.blocks, 1).under(page);
                extent.form = block_form(track.form);
                match index {
                    0 => extent,
                    _ => extent.behind(ends_track().chain([moves::set_write_parameters(page)])),
                }
            })
            .collect()
    }

    /// The gaps are the drive's, and may be shorter than others'.
    fn expected(&self, place: &SectorPlace, burn: &BurnRequest) -> ExpectedMedium {
        let expected = place.expected(self.end, burn.finish);
        let between = u32::try_from(self.layout.tracks.len().saturating_sub(1)).unwrap_or(0);
        let gaps = between.saturating_mul(PREGAP_BLOCKS + RUN_OUT_BLOCKS);
        let mut expected = expected;
        expected.nwa_at_least = expected.nwa_at_least.and_then(|nwa| nwa.checked_sub(gaps));
        expected
    }
}

/// What is in the drive's buffer belongs to the track, and ends it (recipe 5).
fn ends_track() -> impl Iterator<Item = PlannedCommand> {
    let commands = moves::synchronize_cache().into_iter();
    commands.map(|command| command.only(Occasion::Always))
}

fn page(session: &WriteParameters, layout: &CdLayout, track: &CdTrack) -> WriteParameters {
    WriteParameters {
        write_type: WriteType::TrackAtOnce,
        track_mode: track.control,
        copy: track.serial_copy,
        data_block_type: block_type(track.form),
        mcn: layout.catalogue,
        isrc: track.isrc,
        ..session.clone()
    }
}

/// What the drive is sent of a sector: of data it makes sync, header and codes itself.
fn block_type(form: DataForm) -> DataBlockType {
    match form {
        DataForm::Mode1Raw => DataBlockType::Mode1,
        DataForm::XaRaw => DataBlockType::XaMixed,
        DataForm::Mode2Raw => DataBlockType::Mode2,
        _ => DataBlockType::Raw2352,
    }
}

fn block_form(form: DataForm) -> BlockForm {
    let bytes = block_type(form).block_len();
    bytes
        .and_then(BlockForm::from_bytes)
        .unwrap_or(BlockForm::Raw2352)
}
