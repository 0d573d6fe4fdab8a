//! The media that are burned in fault, and their discs. A later medium joins by one line of [`SCENES`].

use pitland::transport::sim::{DiscStore, Medium, MediumKind, MemoryStore};
use pitland::{BurnOptions, Finish, Placement};

/// A burn that succeeds where nothing fails.
#[derive(Debug)]
pub(crate) struct Scene {
    /// As `pitland virtual create --medium` has it, and what is different besides.
    pub(crate) name: &'static str,
    pub(crate) kind: MediumKind,
    pub(crate) finish: Finish,
    /// Where the data go on a disc that holds a session already; a blank disc without.
    pub(crate) onto: Option<Placement>,
}

const fn scene(name: &'static str, kind: MediumKind) -> Scene {
    Scene {
        name,
        kind,
        finish: Finish::CloseSession,
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

    const fn onto(self, placement: Placement) -> Self {
        Self {
            onto: Some(placement),
            ..self
        }
    }
}

pub(crate) const SCENES: &[Scene] = &[
    scene("bd-r", MediumKind::BdR),
    scene("bd-r, finalized", MediumKind::BdR).finalized(),
    scene("bd-r, a further session", MediumKind::BdR).onto(Placement::NewSession),
    scene("bd-re", MediumKind::BdRe),
    scene("bd-re, overwritten", MediumKind::BdRe).onto(Placement::Overwrite),
    scene("dvd+r", MediumKind::DvdPlusR),
    scene("dvd+r, finalized", MediumKind::DvdPlusR).finalized(),
    scene("dvd+r, a further session", MediumKind::DvdPlusR).onto(Placement::NewSession),
    scene("dvd+r-dl", MediumKind::DvdPlusRDl),
    scene("dvd+rw", MediumKind::DvdPlusRw),
    scene("dvd+rw, overwritten", MediumKind::DvdPlusRw).onto(Placement::Overwrite),
    scene("dvd-ram", MediumKind::DvdRam),
    scene("dvd-ram, overwritten", MediumKind::DvdRam).onto(Placement::Overwrite),
];

impl Scene {
    pub(crate) fn options(&self) -> BurnOptions {
        let options = BurnOptions::default().finish(self.finish);
        match self.onto {
            Some(placement) => options.placement(placement),
            None => options,
        }
    }

    pub(crate) fn blank_disc(&self) -> Disc {
        let store = MemoryStore::new();
        drop(Medium::blank(self.kind, None, Box::new(store.clone())).unwrap());
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
