//! Blocks that are written by themselves: the write loop and nothing before it or behind it.
//!
//! Owns the plan that is nothing but these blocks. Must not know the medium: the door, its state, its tracks and what is
//! closed are the caller's affair.

use super::*;
use pitland_writer::{BlockForm, BurnRequest, Extent, Recipe, WriteCommand};

/// Blocks for one run of WRITE commands.
#[derive(Debug, Clone)]
pub struct BareWrite {
    /// Drive and medium, as far as they are known: of a drive that was not asked, its name and profile are enough.
    pub facts: MediaFacts,
    /// The first block. Before block 0 on CD only.
    pub first_lba: Lba,
    /// How many. For streaming whole units of 32, from such a unit on.
    pub blocks: u64,
    /// Their bytes. Others than 2048 on CD only.
    pub form: BlockForm,
    /// By WRITE (12) with the streaming bit, not by WRITE (10).
    pub streaming: bool,
    /// The most bytes that one command may carry.
    pub most_bytes: u32,
}

impl Machine {
    /// A machine that writes blocks, and does nothing else: no lock, no question, nothing that prepares or closes. What
    /// the medium is afterwards it cannot tell. Beside it the recipe that is its writer.
    ///
    /// # Errors
    /// The blocks cannot be sent that way.
    pub fn bare(job: BareWrite) -> Result<(Self, Recipe), PlanFault> {
        let mut extent = Extent::image(job.first_lba, job.blocks, 1);
        extent.form = job.form;
        if job.streaming {
            extent.command = WriteCommand::Write12Streaming;
            extent.unit = gate::STREAMING_BLOCKS;
        }
        gate::check_bare(&extent, job.facts.profile().family(), job.most_bytes)?;
        let (recipe, plan) = Recipe::new().extent(extent).build();
        let mut machine = Self::of(Job {
            request: Request::Burn(BurnRequest::new(job.blocks)),
            facts: job.facts,
            service: None,
            plan,
            verify: VerifyLevel::None,
            rehearse: false,
            most_bytes: job.most_bytes,
            resumed: None,
        });
        machine.writes_only = true;
        Ok((machine, recipe))
    }
}
