//! Mode pages and features as a lease holder asks for them: one at a time, the page alone.
//!
//! Owns the frames round them, and what a drive's refusal means here. What a page says is `mmc`'s.

use super::{CommandError, RawCommand};
use crate::drive::lease::DriveLease;
use pitland_mmc::cdb::{
    GetConfiguration, ModeSelect10, ModeSense10, PageControl, RequestedFeatures,
};
use pitland_mmc::feature::FeatureDescriptor;
use pitland_mmc::mode_page::{ModePage, ModeParameterList, RawPage};
use pitland_mmc::reply::{Configuration, ReplyError};
use pitland_mmc::sense::{Sense, SenseKey};

/// The code that stands for all pages.
const ALL_PAGES: u8 = 0x3F;
/// The longest page, with its head: some drives understate the length of their whole answer.
const LONGEST_PAGE: usize = 257;
/// Invalid command operation code.
const UNKNOWN_COMMAND: u8 = 0x20;

/// A mode page or a feature could not be had, or not be set.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The drive has no such page, or no such values of it.
    #[error("the drive has no mode page {page:02X}h of that kind")]
    NoSuchModePage {
        /// Its code.
        page: u8,
    },
    /// The drive refuses what the page says.
    #[error("the drive refuses the mode page: {sense}")]
    InvalidModeParameters {
        /// What it answered.
        sense: Sense,
    },
    /// The bytes are shorter than the page says. Nothing was sent.
    #[error("these bytes are no mode page: {0}")]
    NotAPage(#[source] ReplyError),
    /// The drive has no such feature.
    #[error("the drive has no feature {feature:04X}h")]
    NoSuchFeature {
        /// Its code.
        feature: u16,
    },
    /// The feature is not current with what is in the drive.
    #[error("feature {feature:04X}h is not current with this medium")]
    FeatureIsNotCurrent {
        /// Its code.
        feature: u16,
    },
    /// The drive is older than features.
    #[error("the drive does not know GET CONFIGURATION")]
    GetConfigurationNotSupported,
    /// The drive's answer makes no sense.
    #[error("the drive's answer makes no sense: {0}")]
    Nonsense(#[from] ReplyError),
    /// It was not sent, or not answered.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl DriveLease {
    /// A mode page as the drive sends it, without the header: its code and length first. Which of its values is asked
    /// for too: the current ones, a mask of those that can be changed, the drive's own, the saved ones.
    ///
    /// # Errors
    /// [`PageError::NoSuchModePage`], also where a drive saves no values; else as [`DriveLease::execute`].
    pub async fn mode_page(&self, page: u8, which: PageControl) -> Result<Vec<u8>, PageError> {
        let found = self.sense_pages(page, which).await?;
        let found = found.into_iter().find(|found| found.code() == page);
        let found = found.ok_or(PageError::NoSuchModePage { page })?;
        Ok(found.bytes)
    }

    /// All the mode pages that the drive has, with their current values, known here or not.
    ///
    /// # Errors
    /// As [`DriveLease::mode_page`].
    pub async fn mode_pages(&self) -> Result<Vec<RawPage>, PageError> {
        self.sense_pages(ALL_PAGES, PageControl::Current).await
    }

    /// Sets a mode page: the page alone, as [`DriveLease::mode_page`] gives it, with other values. Not saved by the
    /// drive; a job sets what it needs by itself.
    ///
    /// # Errors
    /// [`PageError::NotAPage`]; [`PageError::InvalidModeParameters`] where the drive refuses the values, or has no such page; else as
    /// [`DriveLease::execute`].
    pub async fn set_mode_page(&self, page: &[u8]) -> Result<(), PageError> {
        ModePage::parse(page).map_err(PageError::NotAPage)?;
        let page = ModePage::Unknown(RawPage {
            bytes: page.to_vec(),
        });
        let list = ModeParameterList::select(&page);
        let select = ModeSelect10 {
            page_format: true,
            parameter_list_length: u16::try_from(list.len()).unwrap_or(u16::MAX),
            ..Default::default()
        };
        let command = RawCommand::asking(select, 0).sending(list);
        match self.execute(command).await {
            Ok(_) => Ok(()),
            Err(CommandError::Sense { sense, .. }) if is_illegal(&sense) => {
                Err(PageError::InvalidModeParameters { sense })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One feature of the drive, known here or not; with `current_only` one that holds for the medium that is in.
    ///
    /// # Errors
    /// [`PageError::NoSuchFeature`], [`PageError::FeatureIsNotCurrent`], [`PageError::GetConfigurationNotSupported`];
    /// else as [`DriveLease::execute`].
    pub async fn feature(
        &self,
        feature: u16,
        current_only: bool,
    ) -> Result<FeatureDescriptor, PageError> {
        const HEAD: usize = Configuration::HEADER_LEN + FeatureDescriptor::HEAD_LEN;
        let question = |bytes: usize| GetConfiguration {
            requested: RequestedFeatures::One,
            starting_feature: feature,
            allocation_length: u16::try_from(bytes).unwrap_or(u16::MAX),
        };
        let header = self.configuration(question(HEAD), HEAD).await?;
        let length = Configuration::announced_len(&header).unwrap_or_default();
        let length = length.clamp(HEAD, usize::from(u16::MAX));
        let answer = self.configuration(question(length), length).await?;
        // Some drives answer with the features that follow, too.
        let found = Configuration::parse(&answer)?.feature(feature).cloned();
        match found {
            None => Err(PageError::NoSuchFeature { feature }),
            Some(found) if current_only && !found.current => {
                Err(PageError::FeatureIsNotCurrent { feature })
            }
            Some(found) => Ok(found),
        }
    }

    async fn configuration(
        &self,
        question: GetConfiguration,
        bytes: usize,
    ) -> Result<Vec<u8>, PageError> {
        let answer = self.execute(RawCommand::asking(question, bytes)).await;
        match answer {
            Ok(reply) => Ok(reply.data.to_vec()),
            Err(CommandError::Sense { sense, .. })
                if is_illegal(&sense) && sense.asc == UNKNOWN_COMMAND =>
            {
                Err(PageError::GetConfigurationNotSupported)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn sense_pages(&self, page: u8, which: PageControl) -> Result<Vec<RawPage>, PageError> {
        let question = |bytes: usize| ModeSense10 {
            disable_block_descriptors: true,
            page_control: which,
            page_code: page,
            subpage_code: 0,
            allocation_length: u16::try_from(bytes).unwrap_or(u16::MAX),
        };
        const HEAD: usize = ModeParameterList::HEADER_LEN;
        let header = self.mode_sense(question(HEAD), HEAD).await?;
        let length = ModeParameterList::announced_len(&header).unwrap_or_default();
        let length = length.clamp(HEAD + LONGEST_PAGE, usize::from(u16::MAX));
        let answer = self.mode_sense(question(length), length).await?;
        Ok(ModeParameterList::raw_pages(&answer)?)
    }

    async fn mode_sense(&self, question: ModeSense10, bytes: usize) -> Result<Vec<u8>, PageError> {
        let page = question.page_code;
        let answer = self.execute(RawCommand::asking(question, bytes)).await;
        match answer {
            Ok(reply) => Ok(reply.data.to_vec()),
            Err(CommandError::Sense { sense, .. })
                if is_illegal(&sense) && sense.asc != UNKNOWN_COMMAND =>
            {
                Err(PageError::NoSuchModePage { page })
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn is_illegal(sense: &Sense) -> bool {
    sense.key == SenseKey::IllegalRequest
}
