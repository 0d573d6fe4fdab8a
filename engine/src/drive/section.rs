//! Blocks that a client writes by itself, past every writer: these bytes at that address, and nothing else.
//!
//! Owns what is asked beforehand, which is no more than who the drive is and what kind of medium is in it, and the way
//! to the write loop. Must not know what the blocks are part of.

use crate::config::BurnOptions;
use crate::drive::burning::{self, Errand};
use crate::drive::incoming::Supply;
use crate::drive::job::Job;
use crate::drive::lease::DriveLease;
use crate::drive::report::JobFacts;
use crate::drive::start_line::start_line;
use crate::drive::thread::{Order, Question};
use crate::drive::together::{self, Member, enrol};
use crate::error::{BurnError, LeaseDenied, QueryError, SourceError};
use crate::pipeline::checks::{Checks, Kept};
use crate::pipeline::{Feed, ImageSource};
use pitland_burn::{BareWrite, Machine, VerifyLevel, patience};
use pitland_mmc::Lba;
use pitland_mmc::cdb::{
    Cdb, CdbBytes, GetConfiguration, Inquiry, RequestedFeatures, TestUnitReady,
};
use pitland_mmc::reply::Configuration;
use pitland_mmc::sense::Reaction;
use pitland_writer::{Answer, BlockForm, MediaFacts, Refusal};
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::sync::oneshot;

/// Bytes of the answers that are asked for.
const INQUIRY_BYTES: u8 = 36;
const CONFIGURATION_BYTES: u16 = Configuration::HEADER_LEN as u16;

/// Where blocks go that are written by themselves, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteSection {
    /// The first block. Before block 0 there is something on CDs only.
    pub first_lba: Lba,
    /// The bytes of a block. On DVD and BD [`BlockForm::Cooked2048`].
    pub block: BlockForm,
    /// By WRITE (12) with the streaming bit: whole units of 32 blocks, from such a unit on.
    pub streaming: bool,
    /// Blocks a second that the drive is thought to take at the first block and at the last. Only what is told of the
    /// time that is left depends on it, and only until the drive's own pace is known.
    pub pace: Option<(NonZeroU32, NonZeroU32)>,
}

impl WriteSection {
    /// From this block on, in blocks of these bytes.
    pub fn new(first_lba: Lba, block: BlockForm) -> Self {
        Self {
            first_lba,
            block,
            streaming: false,
            pace: None,
        }
    }

    /// By WRITE (12), streaming.
    #[must_use]
    pub fn streaming(mut self) -> Self {
        self.streaming = true;
        self
    }

    /// At about so many blocks a second, at its beginning and at its end.
    #[must_use]
    pub fn pace(mut self, first: NonZeroU32, last: NonZeroU32) -> Self {
        self.pace = Some((first, last));
        self
    }
}

/// Writes what the source gives.
pub(super) fn write(
    lease: &DriveLease,
    section: WriteSection,
    source: Box<dyn ImageSource>,
) -> Job {
    let options = BurnOptions::default().verify(VerifyLevel::None);
    let (job, member) = enrol(lease.clone(), options);
    tokio::spawn(async move {
        if !member.lease.raw {
            return member.end(LeaseDenied::NotRaw);
        }
        let Some(mut member) = together::occupy(member).await else {
            return;
        };
        match errand(&mut member, section, source).await {
            Ok(errand) => burning::carry_out(member, errand).await,
            Err(error) => member.end(error),
        }
    });
    job
}

async fn errand(
    member: &mut Member,
    section: WriteSection,
    source: Box<dyn ImageSource>,
) -> Result<Errand, BurnError> {
    let bytes = source.length();
    let block_bytes = section.block.bytes();
    let blocks = bytes.div_ceil(block_bytes.into());
    if blocks == 0 {
        return Err(Refusal::Empty.into());
    }
    let lease = &member.lease;
    let facts = ask(lease).await?;
    let quirks = burning::quirks(lease, &facts);
    let (machine, writer) = Machine::bare(BareWrite {
        facts,
        first_lba: section.first_lba,
        blocks,
        form: section.block,
        streaming: section.streaming,
        most_bytes: lease.drive.most_bytes(),
    })
    .map_err(BurnError::Section)?;
    member.teller.expects(section.pace);
    let checks = Checks::new(0, Kept::None);
    let supply = Supply {
        feed: Feed::Once(source),
        bytes,
        padded_bytes: blocks.saturating_mul(block_bytes.into()),
        tail: None,
        from: 0,
        block_bytes,
        checks: checks.clone(),
        most_lag: Duration::MAX,
    };
    let incoming = supply.start(member.options.ring_bytes, 1)?;
    let place = incoming.into_iter().zip(start_line(1)).next();
    Ok(Errand {
        machine: machine.obeying(quirks),
        writer: Box::new(writer),
        job: JobFacts {
            drive: member.lease.drive.name().to_owned(),
            writer: String::new(),
            led_by: None,
            first_lba: section.first_lba.0,
            image_bytes: bytes,
            block_bytes,
            layout: None,
        },
        checks,
        place: Some(place.ok_or(SourceError::Vanished)?),
        journal: None,
        notes: Vec::new(),
        changes: true,
        // What is begun here may go on with the next section: the tray stays where it is.
        shows_host: false,
    })
}

/// Who the drive is, and the profile of its medium, once it is sure of that: nothing that a drive in the middle of a
/// session would mind.
async fn ask(lease: &DriveLease) -> Result<MediaFacts, BurnError> {
    match answer(lease, TestUnitReady {}.emit(), 0).await {
        Err(BurnError::Drive(QueryError::Sense(sense)))
            if sense.reaction() == Reaction::NoMedium =>
        {
            return Err(Refusal::NoMedium.into());
        }
        ready => drop(ready?),
    }
    let inquiry = Inquiry {
        allocation_length: INQUIRY_BYTES.into(),
        ..Inquiry::default()
    };
    let configuration = GetConfiguration {
        requested: RequestedFeatures::Current,
        starting_feature: 0,
        allocation_length: CONFIGURATION_BYTES,
    };
    let answers = vec![
        answer(lease, inquiry.emit(), INQUIRY_BYTES.into()).await?,
        answer(lease, configuration.emit(), CONFIGURATION_BYTES.into()).await?,
    ];
    let facts = MediaFacts::from_answers(answers);
    match facts.profile() {
        pitland_mmc::Profile::None => Err(Refusal::NoMedium.into()),
        _ => Ok(facts),
    }
}

async fn answer(lease: &DriveLease, cdb: CdbBytes, length: usize) -> Result<Answer, BurnError> {
    let (reply, answer) = oneshot::channel();
    let question = Question {
        cdb,
        length,
        timeout: patience::QUICK,
    };
    lease.run(Order::Ask(question, reply)).await?;
    let brought = answer.await.map_err(|_| LeaseDenied::Gone)?;
    let data = brought.map_err(QueryError::from)?.to_vec();
    Ok(Answer { cdb, data })
}
