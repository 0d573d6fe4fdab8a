//! The media that are burned in fault, and their discs. A later medium joins by one line of [`SCENES`].

use pitland::transport::sim::{DiscStore, DiscType, Medium, MemoryStore};
use pitland::writer::Recording;
use pitland::{BurnOptions, Finish, Placement};

/// A burn that succeeds where nothing fails.
#[derive(Debug)]
pub(crate) struct Scene {
    /// As `pitland virtual create --medium` has it, and what is different besides.
    pub(crate) name: &'static str,
    pub(crate) disc: DiscType,
    /// Blocks of the disc; as such discs are sold without.
    pub(crate) blocks: Option<u32>,
    pub(crate) finish: Finish,
    pub(crate) recording: Recording,
    /// Where the data go on a disc that holds a session already; a blank disc without.
    pub(crate) onto: Option<Placement>,
}

const fn scene(name: &'static str, disc: DiscType) -> Scene {
    Scene {
        name,
        disc,
        blocks: None,
        finish: Finish::CloseSession,
        recording: Recording::AsUsual,
        onto: None,
    }
}

impl Scene {
    const fn finalized(self) -> Self {
        Self {
            finish: Finish::FinalizeDisc,
            ..self
        }
    }

    /// So small that what lies between its sessions, and what its format has covered, is soon compared.
    const fn small(self) -> Self {
        Self {
            blocks: Some(8192),
            ..self
        }
    }

    const fn at_once(self) -> Self {
        Self {
            recording: Recording::AtOnce,
            ..self
        }
    }

    const fn onto(self, placement: Placement) -> Self {
        Self {
            onto: Some(placement),
            ..self
        }
    }
}

pub(crate) const SCENES: &[Scene] = &[
    scene("bd-r", DiscType::BdR),
    scene("bd-r, finalized", DiscType::BdR).finalized(),
    scene("bd-r, a further session", DiscType::BdR).onto(Placement::NewSession),
    scene("bd-re", DiscType::BdRe),
    scene("bd-re, overwritten", DiscType::BdRe).onto(Placement::Overwrite),
    scene("dvd+r", DiscType::DvdPlusR),
    scene("dvd+r, finalized", DiscType::DvdPlusR).finalized(),
    scene("dvd+r, a further session", DiscType::DvdPlusR).onto(Placement::NewSession),
    scene("dvd+r-dl", DiscType::DvdPlusRDl),
    scene("dvd+rw", DiscType::DvdPlusRw),
    scene("dvd+rw, overwritten", DiscType::DvdPlusRw).onto(Placement::Overwrite),
    scene("dvd-ram", DiscType::DvdRam),
    scene("dvd-ram, overwritten", DiscType::DvdRam).onto(Placement::Overwrite),
    scene("cd-r", DiscType::CdR),
    scene("cd-r, at once", DiscType::CdR).at_once(),
    scene("cd-r, finalized", DiscType::CdR).finalized(),
    scene("cd-rw, a further session", DiscType::CdRw).onto(Placement::NewSession),
    scene("dvd-r", DiscType::DvdMinusR).small(),
    scene("dvd-r, at once", DiscType::DvdMinusR)
        .small()
        .at_once(),
    scene("dvd-r, finalized", DiscType::DvdMinusR)
        .small()
        .finalized(),
    scene("dvd-rw, a further session", DiscType::DvdMinusRw)
        .small()
        .onto(Placement::NewSession),
    scene("dvd-rw-ro", DiscType::DvdMinusRwRestrictedOverwrite).small(),
    scene(
        "dvd-rw-ro, overwritten",
        DiscType::DvdMinusRwRestrictedOverwrite,
    )
    .small()
    .onto(Placement::Overwrite),
    scene("dvd-r-dl", DiscType::DvdMinusRDl).small(),
    scene("dvd+rw-dl", DiscType::DvdPlusRwDl),
    scene("bd-r-pow", DiscType::BdRPow),
];

impl Scene {
    pub(crate) fn options(&self) -> BurnOptions {
        let options = BurnOptions::default()
            .finish(self.finish)
            .recording(self.recording);
        match self.onto {
            Some(placement) => options.placement(placement),
            None => options,
        }
    }

    /// Whether a burn of it can be taken up again: not on CD, nor what is written at once.
    pub(crate) fn resumes(&self) -> bool {
        self.recording != Recording::AtOnce && !self.disc.kind().is_cd()
    }

    pub(crate) fn blank_disc(&self) -> Disc {
        let store = MemoryStore::new();
        drop(Medium::as_sold(self.disc, self.blocks, Box::new(store.clone())).unwrap());
        Disc { store }
    }
}

/// A disc that can be looked at beside the drive it is in.
pub(crate) struct Disc {
    store: MemoryStore,
}

impl Disc {
    /// The disc as it was last saved.
    pub(crate) fn medium(&self) -> Medium {
        Medium::open(Box::new(self.store.clone())).unwrap()
    }

    /// Everything that the disc tells of itself, in words that can be compared.
    pub(crate) fn state(&self) -> String {
        format!("{:?}", self.medium())
    }

    pub(crate) fn blocks(&self, lba: u32, count: u32) -> Vec<u8> {
        let mut bytes = vec![0; count as usize * 2048];
        self.medium().read_blocks(lba, &mut bytes).unwrap();
        bytes
    }

    /// Other bytes in one block, as by a scratch.
    pub(crate) fn spoil(&self, lba: u32) {
        let bytes: Vec<u8> = self.blocks(lba, 1).iter().map(|byte| !byte).collect();
        self.store.clone().write(lba, &bytes).unwrap();
    }

    /// A disc of its own with the same on it.
    pub(crate) fn twin(&self) -> Self {
        let mut store = MemoryStore::new();
        let state = self.store.clone().load_state().unwrap().unwrap();
        store.save_state(&state).unwrap();
        store
            .write(0, &self.blocks(0, self.medium().written_end()))
            .unwrap();
        Self { store }
    }
}
