//! What the writers of a CD's [`CdLayout`] share: the place of its session and whether it fits, what the drive
//! offers for it, and the blocks of CD-TEXT (recipes 3 and 5).
//!
//! Owns these measures and judgements. Must not know in how many goes a writer burns.

use super::{CdLayout, CdMode, LayoutFault, RUN_OUT_BLOCKS, TEXT_PACK_BYTES};
use crate::facts::MediaFacts;
use crate::plan::{BlockForm, ExpectedMedium, Extent, Origin, Warning};
use crate::refusal::Refusal;
use crate::request::{BurnRequest, Finish};
use crate::sequential::Spot;
use crate::write_parameters;
use crate::writer::Service;
use pitland_mmc::cdb::{Cdb, CdbBytes, ReadTrackInformation, TrackAddressType};
use pitland_mmc::feature::{CdMastering, Feature, FeatureCode};
use pitland_mmc::mode_page::{SessionFormat, WriteParameters};
use pitland_mmc::param::DataForm;
use pitland_mmc::{Lba, TrackNumber};

/// Bytes of an answer to [`ask_for_track`].
pub const TRACK_REPLY: u16 = 36;
/// The block behind the last one that a CD's addresses can tell: minute 90 is the lead-in's (recipe 2.3).
const LAST_ADDRESS: Lba = Lba(404_850);
/// Blocks of CD-TEXT in one go, where whole texts are as short: as many as most drives take in a command.
const TEXT_BLOCKS: usize = 256;
/// Packs of CD-TEXT in the sub-channel of one block.
const PACKS_OF_A_BLOCK: usize = 4;

/// What the drive says of writing sessions at once, and raw, on this disc; nothing where it does not say so.
pub fn mastering(facts: &MediaFacts) -> CdMastering {
    match facts.current_feature(FeatureCode::CdMastering) {
        Some(Feature::CdMastering(feature)) => feature,
        _ => CdMastering::default(),
    }
}

/// The question for the track that is not there yet. One drive takes no cue sheet before it was asked; what
/// it answers is worth nothing (recipe 5).
pub fn ask_for_track() -> CdbBytes {
    ReadTrackInformation {
        open: false,
        address_type: TrackAddressType::Track,
        address: TrackNumber::INVISIBLE.0.into(),
        allocation_length: TRACK_REPLY,
    }
    .emit()
}

/// The place of a session of whole sectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SectorPlace {
    /// Where index 1 of its first track goes, and behind what.
    pub spot: Spot,
    /// Blocks that its tracks can have from there on.
    pub room: u64,
    /// Blocks behind them that the drive adds before the lead-out.
    run_out: u32,
}

impl SectorPlace {
    /// Where the session of a burn goes, to whose end the drive adds `run_out` blocks.
    ///
    /// # Errors
    /// As [`Spot::find`]; [`Refusal::SessionLimit`], where the disc has all the tracks that one can have.
    pub fn find(facts: &MediaFacts, burn: &BurnRequest, run_out: u32) -> Result<Self, Refusal> {
        let spot = Spot::find(facts, burn.placement)?;
        if super::is_out_of_tracks(&spot) {
            return Err(Refusal::SessionLimit {
                limit: super::MOST_TRACKS.into(),
            });
        }
        let room = match burn.overburn {
            true => {
                let blocks = LAST_ADDRESS.blocks_since(spot.nwa);
                blocks.map_or(0, |blocks| u64::from(blocks.0.saturating_sub(run_out)))
            }
            false => super::room(facts, &spot, run_out),
        };
        Ok(Self {
            spot,
            room,
            run_out,
        })
    }

    /// The offer to write here.
    pub fn service(&self, test_write: bool) -> Service {
        Service {
            free_blocks: self.room,
            test_write,
            ..self.spot.service()
        }
    }

    /// Whether a layout is for this place and ends in time: what is to be said of it where it goes beyond what
    /// the disc is made for. `first_lba`: where its image has to begin; `end`: the block behind its tracks.
    ///
    /// # Errors
    /// [`Refusal::OtherPlace`], [`Refusal::TooLarge`], and [`Refusal::BadLayout`] where its numbers do not go on
    /// with those of the disc.
    pub fn takes(
        &self,
        facts: &MediaFacts,
        layout: &CdLayout,
        first_lba: Option<Lba>,
        end: Lba,
    ) -> Result<Option<Warning>, Refusal> {
        // The lead-in of a blank disc may say any number, where the host makes it.
        let says_number = self.spot.blank && matches!(layout.mode, CdMode::Raw(_));
        if let Some(first) = layout.tracks.first()
            && u16::from(first.number) != self.spot.track.0
            && !says_number
        {
            let track = first.number;
            return Err(LayoutFault::Number { track }.into());
        }
        if let Some(found) = first_lba.filter(|found| *found != layout.first_lba) {
            let planned = layout.first_lba;
            return Err(Refusal::OtherPlace { planned, found });
        }
        let needed = end.blocks_since(self.spot.nwa).map_or(0, |b| b.0.into());
        if needed > self.room {
            return Err(Refusal::TooLarge {
                needed,
                available: self.room,
            });
        }
        let last = facts.last_possible_lead_out();
        let lead_out = end.checked_add(self.run_out);
        let beyond = last.zip(lead_out);
        let beyond = beyond.and_then(|(last, lead_out)| lead_out.blocks_since(last));
        let beyond = beyond.map(|blocks| u64::from(blocks.0));
        Ok(beyond
            .filter(|blocks| *blocks > 0)
            .map(|blocks| Warning::Overburn { blocks }))
    }

    /// What the disc must show once the session is closed whose tracks end there. What drives count as
    /// readable of audio differs, and is not looked at.
    pub fn expected(&self, end: Lba, finish: Finish) -> ExpectedMedium {
        let blocks = end.blocks_since(self.spot.nwa);
        let blocks = blocks.map_or(0, |blocks| u64::from(blocks.0));
        super::expected_behind(&self.spot, Some(end), blocks, self.run_out, finish)
    }
}

/// Where the tracks of a layout begin that are written one by one, as far as that can be told before the drive
/// makes the gaps between them; and the block behind the last one (recipe 5). `None` where no disc reaches.
pub fn starts_track_by_track(first: Lba, layout: &CdLayout) -> Option<(Vec<Lba>, Lba)> {
    let mut starts = Vec::new();
    let mut next = first;
    let mut end = first;
    for track in &layout.tracks {
        starts.push(next);
        let blocks = u32::try_from(track.blocks).ok()?;
        end = next.checked_add(blocks)?;
        next = end.checked_add(RUN_OUT_BLOCKS + super::PREGAP_BLOCKS)?;
    }
    Some((starts, end))
}

/// Page 05h of a burn of whole sectors, before its write type and what its blocks are.
pub fn page(facts: &MediaFacts, burn: &BurnRequest, layout: &CdLayout) -> WriteParameters {
    let mode_2 = |form| matches!(form, DataForm::XaRaw | DataForm::Mode2Raw);
    let is_xa = layout.tracks.iter().any(|track| mode_2(track.form));
    WriteParameters {
        session_format: match super::session_format(facts) {
            SessionFormat::CdDaOrRom if is_xa => SessionFormat::CdRomXa,
            of_the_disc => of_the_disc,
        },
        ..write_parameters::of_burn(facts, burn)
    }
}

/// An extent of the image in its own blocks.
pub fn of_image(layout: &CdLayout, first_lba: Lba, blocks: u64, page: &WriteParameters) -> Extent {
    Extent {
        form: layout.mode.block(),
        ..Extent::image(first_lba, blocks, 1).under(page)
    }
}

/// The image of a session at once, an extent for each run of tracks whose sectors are alike: a drive takes no command
/// that goes from one kind over to another. The pause before a track is of the track's kind.
pub fn of_session(layout: &CdLayout, blocks: u64, page: &WriteParameters) -> Vec<Extent> {
    let mut begins = vec![0];
    for (before, track) in layout.tracks.iter().zip(layout.tracks.iter().skip(1)) {
        if before.form != track.form {
            begins.push(track.image_block.saturating_sub(track.pregap.into()));
        }
    }
    let ends = begins.iter().skip(1).copied().chain([blocks]);
    begins
        .iter()
        .zip(ends)
        .map(|(begin, end)| {
            let into = i32::try_from(*begin).unwrap_or(i32::MAX);
            let first = Lba(layout.first_lba.0.saturating_add(into));
            of_image(layout, first, end.saturating_sub(*begin), page)
        })
        .collect()
}

/// The CD-TEXT of a layout, over and over from the first block of the lead-in to the last one before the first
/// pregap: 18 bytes of a pack become 24 of six bits each (recipe 5). Nothing where it has none.
pub fn text_extent(layout: &CdLayout, lead_in: Lba, page: &WriteParameters) -> Option<Extent> {
    let packs = layout.text.as_chunks::<TEXT_PACK_BYTES>().0;
    let blocks = layout.first_lba.blocks_since(lead_in)?.0;
    // After so many times the texts end with a block.
    let times = (1..=PACKS_OF_A_BLOCK)
        .find(|times| (packs.len() * times).is_multiple_of(PACKS_OF_A_BLOCK))?;
    let cycle = packs.len() * times / PACKS_OF_A_BLOCK;
    let cycles = TEXT_BLOCKS.checked_div(cycle)?.max(1);
    let packs = packs.iter().cycle().take(packs.len() * times * cycles);
    Some(Extent {
        form: BlockForm::CdText96,
        origin: Origin::Bytes(packs.flat_map(symbols).collect()),
        ..Extent::image(lead_in, blocks.into(), 1).under(page)
    })
}

/// The bits of a pack, six to a byte.
fn symbols(pack: &[u8; TEXT_PACK_BYTES]) -> impl Iterator<Item = u8> {
    pack.as_chunks::<3>().0.iter().flat_map(|[a, b, c]| {
        let bits = u32::from_be_bytes([0, *a, *b, *c]);
        [18, 12, 6, 0].map(|shift| ((bits >> shift) & 0x3F) as u8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cd::{CdMode, CdTrack};

    #[test]
    fn texts_fill_the_lead_in_over_and_over() {
        let mut layout = CdLayout::new(CdMode::SessionAtOnce, Lba(-150));
        let page = WriteParameters::default();
        assert_eq!(text_extent(&layout, Lba(-11_625), &page), None);
        for packs in [1u16, 2, 3, 4, 5, 30, 2_047] {
            layout.text = (0..packs * 18).map(|byte| (byte % 251) as u8).collect();
            let extent = text_extent(&layout, Lba(-11_625), &page).unwrap();
            assert_eq!((extent.first_lba, extent.blocks), (Lba(-11_625), 11_475));
            let Origin::Bytes(bytes) = extent.origin else {
                panic!("{packs}");
            };
            assert!(bytes.len() <= 256 * 1024, "{packs}");
            assert!(bytes.len().is_multiple_of(96), "{packs}");
            assert!(bytes.iter().all(|byte| *byte < 64));
            // Where they end, they begin anew.
            assert!((bytes.len() / 24).is_multiple_of(packs.into()), "{packs}");
            for (number, symbols) in bytes.chunks(24).enumerate() {
                let bits = |four: &[u8]| {
                    let bits = four
                        .iter()
                        .fold(0u32, |bits, six| bits << 6 | u32::from(*six));
                    bits.to_be_bytes()[1..].to_vec()
                };
                let pack: Vec<u8> = symbols.chunks(4).flat_map(bits).collect();
                let first = number % usize::from(packs) * 18;
                assert_eq!(pack, layout.text[first..first + 18], "{packs}: {number}");
            }
        }
    }

    /// Recipe 5, R2: 18532 blocks from 0, and the next track at 18684.
    #[test]
    fn drives_make_gaps_between_tracks() {
        let mut layout = CdLayout::new(CdMode::TrackAtOnce, Lba(0));
        layout.tracks = vec![
            CdTrack::audio(1, Lba(0), 0, 18_532),
            CdTrack::audio(2, Lba(0), 18_532, 300),
        ];
        let (starts, end) = starts_track_by_track(Lba(0), &layout).unwrap();
        assert_eq!(starts, [Lba(0), Lba(18_684)]);
        assert_eq!(end, Lba(18_684 + 300));
    }
}
