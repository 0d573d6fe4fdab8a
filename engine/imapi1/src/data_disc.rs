//! The members of `IJolietDiscMaster`. Owns their order: nothing is staged that the disc does not take.

use crate::condition::Condition;
use crate::error::Imapi1Error;
use crate::joliet::{DATA_BLOCK_BYTES, JolietStage, Staging, Stop, Storage};
use crate::master::{DiscMaster, Open, Stage, blocking};
use crate::properties::{Applied, PropertySet};
use pitland::Image;
use pitland::mastering::TreeBuilder;

/// The data disc of a session.
#[derive(Debug)]
pub struct JolietDiscMaster<'a> {
    master: &'a mut DiscMaster,
}

fn stage(open: &Open) -> Result<&JolietStage, Imapi1Error> {
    match &open.stage {
        Stage::Joliet(stage) => Ok(stage),
        Stage::Redbook(_) => Err(Condition::WrongFormat.into()),
    }
}

fn stage_mut(open: &mut Open) -> Result<&mut JolietStage, Imapi1Error> {
    match &mut open.stage {
        Stage::Joliet(stage) => Ok(stage),
        Stage::Redbook(_) => Err(Condition::WrongFormat.into()),
    }
}

impl<'a> JolietDiscMaster<'a> {
    pub(crate) fn new(master: &'a mut DiscMaster) -> Self {
        Self { master }
    }

    /// Bytes of a block: 2048.
    #[must_use]
    pub fn data_block_size(&self) -> u32 {
        DATA_BLOCK_BYTES
    }

    /// Blocks that the disc has room for.
    ///
    /// # Errors
    /// [`Condition::NoActiveRecorder`].
    pub fn total_data_blocks(&self) -> Result<u64, Imapi1Error> {
        let active = self.master.get()?.active()?;
        Ok(active.facts.free_blocks().unwrap_or(0))
    }

    /// Blocks that the volume takes with what is staged, 0 where nothing is.
    ///
    /// # Errors
    /// [`Condition::NoActiveRecorder`].
    pub fn used_data_blocks(&self) -> Result<u64, Imapi1Error> {
        let open = self.master.get()?;
        open.active()?;
        Ok(stage(open)?.used_blocks)
    }

    /// Copies what a storage holds into the stash, to be recorded in the root of the disc. Folders of the same name become
    /// one. All of it is staged, or nothing.
    ///
    /// # Errors
    /// [`Condition::NoActiveRecorder`], [`Condition::FileExists`] where a file of the name is staged already or is on the
    /// disc, unless `overwrite` says that it gives way, [`Condition::DiscFull`], [`Condition::NoRoomForStash`],
    /// [`Condition::BadJolietName`], [`Condition::FileAccess`], [`Condition::InvalidArgument`] for what is neither folder nor
    /// file, [`Condition::UserAbort`].
    pub async fn add_data(
        &mut self,
        storage: impl Into<Storage>,
        overwrite: bool,
    ) -> Result<(), Imapi1Error> {
        let storage = storage.into();
        let open = self.master.get()?;
        let earlier = open.active()?.earlier.as_ref();
        let (stop, _given_up) = Stop::new(self.master.listeners().clone());
        let staging = Staging {
            tail: open.stash.tail(),
            staged: stage(open)?.tree.clone(),
            earlier: earlier.map(|(earlier, _)| earlier.tree.clone()),
            overwrite,
            stop,
        };
        let (staged, before) = blocking(move || staging.add(storage)).await?;
        let blocks = match self.blocks_of(staged.clone()).await {
            Ok(blocks) => blocks,
            Err(error) => {
                open.stash.cut(before);
                return Err(error);
            }
        };
        let stage = stage_mut(self.master.get_mut()?)?;
        stage.is_empty = staged.walk().nth(1).is_none();
        stage.tree = staged;
        stage.used_blocks = blocks;
        Ok(())
    }

    /// Blocks of the volume on the disc that is there.
    async fn blocks_of(&self, tree: TreeBuilder) -> Result<u64, Imapi1Error> {
        let open = self.master.get()?;
        let active = open.active()?;
        let stage = stage(open)?;
        let earlier = active.earlier.as_ref().map(|(earlier, _)| earlier);
        // One that is not fit is told when it is recorded: properties come in any order.
        let boot = stage.boot().ok().flatten();
        let volume = stage.master_options(open.created, earlier, boot);
        let options = self.master.burn_options(active, false);
        let lease = active.recorder.lease().await?;
        let plan = lease.plan(options, Image::built(tree, volume)).await?;
        Ok(plan.image_blocks)
    }

    /// The properties of the volume: `VolumeName`, the date until another is set; and `PlaceBootImageOnDisc`,
    /// `BootImageManufacturerIDString`, `BootImagePlatform`, `BootImageEmulationType`, as El Torito numbers them. The boot
    /// image itself, `BootImage`, is not told.
    ///
    /// # Errors
    /// [`Condition::NotOpened`].
    pub fn joliet_properties(&self) -> Result<PropertySet, Imapi1Error> {
        let open = self.master.get()?;
        Ok(stage(open)?.properties(open.created))
    }

    /// Sets properties, all or none. What has no such name, or is of another kind, is ignored and told.
    ///
    /// # Errors
    /// [`Condition::InvalidArgument`] for a value out of its range, [`Condition::FileAccess`].
    pub fn set_joliet_properties(
        &mut self,
        properties: &PropertySet,
    ) -> Result<Applied, Imapi1Error> {
        let folder = self.master.stash_folder();
        stage_mut(self.master.get_mut()?)?.set_properties(properties, &folder)
    }
}
