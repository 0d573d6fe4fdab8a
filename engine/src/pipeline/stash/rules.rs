//! The rules by which a file is stashed or not, and the words for them. Pure: facts in, decision out; knows
//! neither how facts are found nor what becomes of a decision.

use crate::config::StashPolicy;
use std::time::Duration;

/// A file up to here counts as small: opening it costs more than reading it.
pub(crate) const SMALL: u64 = 64 << 10;

/// So many small files on one file system are worth threads that read ahead.
pub(crate) const MANY: u64 = 64;

/// What was changed so short a time ago may be changed again.
pub(crate) const RECENT: Duration = Duration::from_secs(3);

/// What was changed just now and is larger is not copied for that alone: it is looked at twice.
pub(crate) const RECENT_AT_MOST: u64 = 16 << 20;

/// A source must give half as much again as the drive takes.
const HEADROOM: (u64, u64) = (3, 2);

/// Where the bytes of a file are before they are burned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StashPlace {
    /// At the source: they are read while they are burned.
    Straight,
    /// At the source: several threads read ahead while it is burned.
    Ahead,
    /// In memory, before the disc is touched.
    Memory,
    /// In a stash file without a name, before the disc is touched.
    File,
}

impl StashPlace {
    /// A stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Straight => "straight",
            Self::Ahead => "ahead",
            Self::Memory => "memory",
            Self::File => "file",
        }
    }

    /// Whether the bytes are stored a second time before the disc is touched.
    pub fn is_stored(self) -> bool {
        matches!(self, Self::Memory | Self::File)
    }
}

/// Why a file goes where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StashWhy {
    /// It was asked for.
    Policy,
    /// It has no bytes.
    Empty,
    /// It does not change, and its file system is local and fast enough.
    Steady,
    /// It is small, and one of many.
    Small,
    /// It comes only once.
    Once,
    /// Its file system is another machine's.
    Network,
    /// Its file system is a program's, which may be slow or end.
    UserSpace,
    /// Its file system can be pulled out.
    Removable,
    /// It lies on an optical disc.
    Optical,
    /// Its file system was measured, and gives less than half as much again as the drive takes.
    Slow,
    /// It was changed a moment ago, or while it was looked at.
    Changing,
}

impl StashWhy {
    /// A stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Empty => "empty",
            Self::Steady => "steady",
            Self::Small => "small",
            Self::Once => "once",
            Self::Network => "network",
            Self::UserSpace => "user-space",
            Self::Removable => "removable",
            Self::Optical => "optical",
            Self::Slow => "slow",
            Self::Changing => "changing",
        }
    }

    /// In a person's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Policy => "as asked for",
            Self::Empty => "no bytes",
            Self::Steady => "steady, on a local file system",
            Self::Small => "small, and one of many",
            Self::Once => "comes only once",
            Self::Network => "on another machine",
            Self::UserSpace => "on a file system in user space",
            Self::Removable => "on a device that can be pulled out",
            Self::Optical => "on an optical disc",
            Self::Slow => "slower than the drive needs",
            Self::Changing => "being changed",
        }
    }
}

/// What a file system is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FileSystemKind {
    Local,
    Network,
    UserSpace,
    Removable,
    Optical,
}

impl FileSystemKind {
    /// Why its files are stashed whatever else is known of them.
    pub(crate) fn doubt(self) -> Option<StashWhy> {
        match self {
            Self::Local => None,
            Self::Network => Some(StashWhy::Network),
            Self::UserSpace => Some(StashWhy::UserSpace),
            Self::Removable => Some(StashWhy::Removable),
            Self::Optical => Some(StashWhy::Optical),
        }
    }
}

/// What is known of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileFacts {
    pub(crate) size: u64,
    /// It can be read again, from any place.
    pub(crate) repeatable: bool,
    pub(crate) changing: bool,
}

/// What is known of its file system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemFacts {
    pub(crate) kind: FileSystemKind,
    /// Small files of this image on it.
    pub(crate) small_files: u64,
    /// Bytes of the image per second from large files, as measured.
    pub(crate) large_rate: Option<u64>,
    /// The same from small files.
    pub(crate) small_rate: Option<u64>,
}

/// What is asked for, and what is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) policy: StashPolicy,
    /// Bytes per second that the drive takes, where that is known.
    pub(crate) drive_rate: Option<u64>,
    /// Bytes of memory that are not taken yet.
    pub(crate) memory_left: u64,
}

/// A place, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) place: StashPlace,
    pub(crate) why: StashWhy,
}

/// Decides for one file: the first rule that holds. docs/stash.md has them as a table.
pub(crate) fn decide(file: &FileFacts, system: &SystemFacts, terms: &Terms) -> Decision {
    let small = file.size <= SMALL;
    let one_of_many = small && system.small_files >= MANY;
    let rate = if small {
        // A few small files are there before a drive would miss them.
        system.small_rate.filter(|_| one_of_many)
    } else {
        system.large_rate
    };
    let slow = rate
        .zip(terms.drive_rate)
        .is_some_and(|(rate, needed)| !suffices(rate, needed));
    let stored = |why| Decision {
        place: if file.size <= terms.memory_left {
            StashPlace::Memory
        } else {
            StashPlace::File
        },
        why,
    };
    let at_source = |place, why| Decision { place, why };
    if file.size == 0 {
        return at_source(StashPlace::Straight, StashWhy::Empty);
    }
    match terms.policy {
        StashPolicy::Never => return at_source(StashPlace::Straight, StashWhy::Policy),
        StashPolicy::All => return stored(StashWhy::Policy),
        StashPolicy::Auto => {}
    }
    if !file.repeatable {
        stored(StashWhy::Once)
    } else if let Some(why) = system.kind.doubt() {
        stored(why)
    } else if file.changing {
        stored(StashWhy::Changing)
    } else if slow {
        stored(StashWhy::Slow)
    } else if one_of_many {
        at_source(StashPlace::Ahead, StashWhy::Small)
    } else {
        at_source(StashPlace::Straight, StashWhy::Steady)
    }
}

fn suffices(rate: u64, needed: u64) -> bool {
    let (more, of) = HEADROOM;
    u128::from(rate) * u128::from(of) >= u128::from(needed) * u128::from(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileFacts = FileFacts {
        size: 1 << 20,
        repeatable: true,
        changing: false,
    };
    const SYSTEM: SystemFacts = SystemFacts {
        kind: FileSystemKind::Local,
        small_files: 0,
        large_rate: None,
        small_rate: None,
    };
    const TERMS: Terms = Terms {
        policy: StashPolicy::Auto,
        drive_rate: Some(1000),
        memory_left: 16 << 20,
    };

    fn decided(file: FileFacts, system: SystemFacts, terms: Terms) -> (StashPlace, StashWhy) {
        let Decision { place, why } = decide(&file, &system, &terms);
        (place, why)
    }

    #[test]
    fn what_is_large_steady_and_local_is_streamed() {
        assert_eq!(
            decided(FILE, SYSTEM, TERMS),
            (StashPlace::Straight, StashWhy::Steady)
        );
    }

    #[test]
    fn never_stores_nothing_and_all_stores_everything_that_has_bytes() {
        let worst = FileFacts {
            repeatable: false,
            changing: true,
            ..FILE
        };
        let network = SystemFacts {
            kind: FileSystemKind::Network,
            ..SYSTEM
        };
        let with = |policy| Terms { policy, ..TERMS };
        assert_eq!(
            decided(worst, network, with(StashPolicy::Never)),
            (StashPlace::Straight, StashWhy::Policy)
        );
        assert_eq!(
            decided(FILE, SYSTEM, with(StashPolicy::All)),
            (StashPlace::Memory, StashWhy::Policy)
        );
        let empty = FileFacts { size: 0, ..FILE };
        for policy in [StashPolicy::Auto, StashPolicy::All, StashPolicy::Never] {
            assert_eq!(
                decided(empty, network, with(policy)),
                (StashPlace::Straight, StashWhy::Empty)
            );
        }
    }

    #[test]
    fn what_comes_once_or_lies_where_it_may_vanish_is_stored() {
        let once = FileFacts {
            repeatable: false,
            ..FILE
        };
        assert_eq!(decided(once, SYSTEM, TERMS).1, StashWhy::Once);
        for (kind, why) in [
            (FileSystemKind::Network, StashWhy::Network),
            (FileSystemKind::UserSpace, StashWhy::UserSpace),
            (FileSystemKind::Removable, StashWhy::Removable),
            (FileSystemKind::Optical, StashWhy::Optical),
        ] {
            for size in [1, 1 << 20, 1 << 40] {
                let (place, found) = decided(
                    FileFacts { size, ..FILE },
                    SystemFacts {
                        kind,
                        small_files: 1000,
                        large_rate: Some(u64::MAX),
                        small_rate: Some(u64::MAX),
                    },
                    TERMS,
                );
                assert!(place.is_stored());
                assert_eq!(found, why);
            }
        }
    }

    #[test]
    fn what_is_being_changed_is_stored() {
        let changing = FileFacts {
            changing: true,
            ..FILE
        };
        assert_eq!(
            decided(changing, SYSTEM, TERMS),
            (StashPlace::Memory, StashWhy::Changing)
        );
    }

    #[test]
    fn a_source_needs_half_as_much_again_as_the_drive_takes() {
        let measured = |large_rate, small_rate| SystemFacts {
            large_rate,
            small_rate,
            small_files: MANY,
            ..SYSTEM
        };
        let small = FileFacts { size: 100, ..FILE };
        let of = |file, system| decided(file, system, TERMS).1;
        assert_eq!(of(FILE, measured(Some(1499), None)), StashWhy::Slow);
        assert_eq!(of(FILE, measured(Some(1500), Some(0))), StashWhy::Steady);
        assert_eq!(of(small, measured(Some(0), Some(1500))), StashWhy::Small);
        assert_eq!(of(small, measured(None, Some(1499))), StashWhy::Slow);
        let few = SystemFacts {
            small_files: MANY - 1,
            ..measured(None, Some(0))
        };
        assert_eq!(of(small, few), StashWhy::Steady);
        let unknown = Terms {
            drive_rate: None,
            ..TERMS
        };
        assert_eq!(
            decided(FILE, measured(Some(0), None), unknown).1,
            StashWhy::Steady
        );
        assert!(suffices(u64::MAX, u64::MAX / 2));
    }

    #[test]
    fn many_small_files_are_read_ahead_and_few_are_not() {
        let small = FileFacts {
            size: SMALL,
            ..FILE
        };
        let with = |small_files| SystemFacts {
            small_files,
            ..SYSTEM
        };
        assert_eq!(
            decided(small, with(MANY), TERMS),
            (StashPlace::Ahead, StashWhy::Small)
        );
        assert_eq!(
            decided(small, with(MANY - 1), TERMS).0,
            StashPlace::Straight
        );
        let larger = FileFacts {
            size: SMALL + 1,
            ..FILE
        };
        assert_eq!(decided(larger, with(MANY), TERMS).0, StashPlace::Straight);
    }

    #[test]
    fn memory_comes_first_while_there_is_some() {
        let all = |memory_left| Terms {
            policy: StashPolicy::All,
            memory_left,
            ..TERMS
        };
        assert_eq!(decided(FILE, SYSTEM, all(FILE.size)).0, StashPlace::Memory);
        assert_eq!(
            decided(FILE, SYSTEM, all(FILE.size - 1)).0,
            StashPlace::File
        );
    }
}
