//! How strictly names keep to ISO 9660, and how deep folders may lie.
//!
//! Words of the caller's wish; `names` makes identifiers by them.

/// The level of interchange: what any reader of the level must take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IsoLevel {
    /// Names of files 8 characters and 3, of folders 8; each file in one section.
    One,
    /// Names of up to 31 characters; each file in one section.
    Two,
    /// As level 2, and files of any number of sections, so that they may grow beyond 4 GiB.
    #[default]
    Three,
}

impl IsoLevel {
    /// The level of this number: 1, 2 or 3.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            3 => Some(Self::Three),
            _ => None,
        }
    }

    /// The level's number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }

    /// Whether a file may have several sections.
    pub(crate) fn many_sections(self) -> bool {
        self == Self::Three
    }
}

/// What is allowed beyond the standard's characters `A` to `Z`, `0` to `9` and `_`, each as an allowance of its own. They
/// concern the ISO 9660 names alone, which readers without Rock Ridge and Joliet see. All of them break the standard,
/// and are read by Linux, Windows, xorriso and isoinfo all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct IsoNames {
    /// `a` to `z` stay as they are; else they become upper case.
    pub lower_case: bool,
    /// All other printable characters of ASCII stay, spaces among them; else each becomes `_`. Not `/` and `;`, which
    /// separate, and not dots.
    pub ascii: bool,
    /// Dots before the last one stay, and those in the names of folders; else each becomes `_`.
    pub dots: bool,
    /// Names of files have no version; else each ends in `;1`.
    pub no_version: bool,
    /// Names of files without an extension have no dot at the end.
    pub no_final_dot: bool,
}

impl IsoNames {
    /// The standard's characters alone.
    pub const STRICT: Self = Self {
        lower_case: false,
        ascii: false,
        dots: false,
        no_version: false,
        no_final_dot: false,
    };

    /// What a recorded name shows to be allowed. Of its version nothing is known.
    pub(crate) fn shown_by(name: &[u8], folder: bool) -> Self {
        let dots = name.iter().filter(|byte| **byte == b'.').count();
        let usual = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        Self {
            lower_case: name.iter().any(u8::is_ascii_lowercase),
            ascii: !name.iter().all(usual),
            dots: dots > usize::from(!folder),
            ..Self::STRICT
        }
    }

    /// What either allows.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            lower_case: self.lower_case || other.lower_case,
            ascii: self.ascii || other.ascii,
            dots: self.dots || other.dots,
            no_version: self.no_version || other.no_version,
            no_final_dot: self.no_final_dot || other.no_final_dot,
        }
    }

    /// Everything is allowed.
    pub const RELAXED: Self = Self {
        lower_case: true,
        ascii: true,
        dots: true,
        no_version: true,
        no_final_dot: true,
    };
}

/// What becomes of folders that lie deeper than the standard allows: more than 8 levels with the root, or with a path
/// of more than 255 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deep {
    /// They stay where they are. Linux, Windows, xorriso and isoinfo read them.
    #[default]
    AsIs,
    /// The plan is refused with [`PlanError::TooDeep`](crate::PlanError::TooDeep).
    Refuse,
    /// Their records move into the root. Rock Ridge says where they belong, so that its readers show them there; readers
    /// without it find them in the root, and an empty file in their place. Needs Rock Ridge. Joliet and the names of
    /// 1999 have no such limit, and stay as they are.
    ///
    /// The root and not a folder of its own (`rr_moved`): a reader of Rock Ridge then shows nothing that the source has
    /// not.
    Relocate,
}

/// What the descriptors of a further session state as the volume's size. For a first session both are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VolumeSize {
    /// The session's own blocks, as genisoimage, xorriso and growisofs state it. Linux (seen with 6.1.192) then takes each
    /// continuation area of Rock Ridge for one beyond the volume, and loses the folder's names from there on:
    /// [`PlanWarning::ContinuedInSession`](crate::PlanWarning::ContinuedInSession).
    #[default]
    Session,
    /// All blocks up to the session's end, so that Linux reads every name. xorriso and isoinfo read both.
    ToEnd,
}

/// Most levels of folders, the root among them.
pub(crate) const LEVELS: usize = 8;
/// Most bytes of a path: of all identifiers on it, with one byte for each folder.
pub(crate) const PATH_BYTES: usize = 255;
