//! When a fault comes.
//!
//! Owns the conditions and their counting. Must not know the faults, nor the
//! text of a script.

use super::dice::Dice;
use core::num::NonZeroU32;
use core::time::Duration;
use pitland_mmc::{CdbBytes, Command, Lba};

/// Which commands a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Commands {
    /// Each of them.
    #[default]
    Any,
    /// WRITE (10), WRITE (12), and WRITE AND VERIFY (10).
    Writes,
    /// READ (10) and READ (12).
    Reads,
    /// Those of an operation code.
    Opcode(u8),
}

impl Commands {
    fn include(self, opcode: u8, command: Option<&Command>) -> bool {
        match self {
            Self::Any => true,
            Self::Writes => command.is_some_and(Command::is_write),
            Self::Reads => matches!(command, Some(Command::Read10(_) | Command::Read12(_))),
            Self::Opcode(wanted) => wanted == opcode,
        }
    }
}

/// Which of the commands that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Turn {
    /// Each of them.
    #[default]
    Each,
    /// The nth, counted from 1.
    Nth(NonZeroU32),
    /// Every nth.
    Every(NonZeroU32),
    /// The nth and all after it.
    From(NonZeroU32),
}

/// Blocks, the first and the last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LbaRange {
    /// The first block.
    pub first: Lba,
    /// The last block; not before the first.
    pub last: Lba,
}

impl LbaRange {
    /// `None` where the last block is before the first.
    pub fn new(first: Lba, last: Lba) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// Whether one of `blocks` blocks from `lba` on is in the range.
    fn touches(self, lba: Lba, blocks: u32) -> bool {
        let (first, last) = (i64::from(self.first.0), i64::from(self.last.0));
        let start = i64::from(lba.0);
        start <= last && start + i64::from(blocks) > first
    }
}

/// A probability: so many times of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Chance {
    wins: u32,
    of: NonZeroU32,
}

impl Chance {
    /// `None` where it would be more than certain.
    pub fn new(wins: u32, of: NonZeroU32) -> Option<Self> {
        (wins <= of.get()).then_some(Self { wins, of })
    }

    /// How many times.
    pub fn wins(self) -> u32 {
        self.wins
    }

    /// Of how many.
    pub fn of(self) -> u32 {
        self.of.get()
    }
}

/// When a fault comes: all that is stated has to hold.
///
/// A rule counts the commands that it is about: those of its kind, in its
/// range, after its bytes. [`Turn`] is judged by that count, then the chance,
/// then how often the rule has fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct When {
    /// Which commands.
    pub commands: Commands,
    /// Only commands with an address that touch these blocks.
    pub lba: Option<LbaRange>,
    /// Only after so many bytes of blocks were written, by WRITEs that were
    /// answered GOOD.
    pub after_bytes: u64,
    /// Only after so much time on the device's clock.
    pub after_time: Duration,
    /// Which of those.
    pub turn: Turn,
    /// How likely.
    pub chance: Option<Chance>,
    /// How often at most; always when missing.
    pub times: Option<NonZeroU32>,
}

impl When {
    /// Each of these commands.
    pub fn any_of(commands: Commands) -> Self {
        Self {
            commands,
            ..Self::default()
        }
    }

    /// Only the nth, counted from 1; 0 means the first.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.turn = Turn::Nth(at_least_one(nth));
        self
    }

    /// Every nth; 0 means each.
    #[must_use]
    pub fn every(mut self, nth: u32) -> Self {
        self.turn = Turn::Every(at_least_one(nth));
        self
    }

    /// From the nth on; 0 means the first.
    #[must_use]
    pub fn from(mut self, nth: u32) -> Self {
        self.turn = Turn::From(at_least_one(nth));
        self
    }

    /// Only where one of these blocks is touched.
    #[must_use]
    pub fn at(mut self, range: LbaRange) -> Self {
        self.lba = Some(range);
        self
    }

    /// Only after so many bytes of blocks were written.
    #[must_use]
    pub fn after_bytes(mut self, bytes: u64) -> Self {
        self.after_bytes = bytes;
        self
    }

    /// Only after so much time on the device's clock.
    #[must_use]
    pub fn after_time(mut self, time: Duration) -> Self {
        self.after_time = time;
        self
    }

    /// Only with this probability.
    #[must_use]
    pub fn chance(mut self, chance: Chance) -> Self {
        self.chance = Some(chance);
        self
    }

    /// At most so often; 0 means once.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(at_least_one(times));
        self
    }

    /// At most once.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

/// A command as the rules see it.
pub(super) struct Seen {
    opcode: u8,
    command: Option<Command>,
    /// Bytes of blocks written before it.
    pub(super) written: u64,
    /// The device's clock before it.
    pub(super) now: Duration,
}

impl Seen {
    pub(super) fn new(cdb: CdbBytes, written: u64, now: Duration) -> Self {
        Self {
            opcode: cdb.opcode(),
            command: Command::parse(cdb.as_slice()).ok(),
            written,
            now,
        }
    }

    /// First block and number of blocks, of a command that has them.
    fn blocks(&self) -> Option<(Lba, u32)> {
        match self.command.as_ref()? {
            Command::Write10(c) => Some((c.lba, c.blocks.into())),
            Command::Write12(c) => Some((c.lba, c.blocks)),
            Command::WriteAndVerify10(c) => Some((c.lba, c.blocks.into())),
            Command::Read10(c) => Some((c.lba, c.blocks.into())),
            Command::Read12(c) => Some((c.lba, c.blocks)),
            Command::Verify10(c) => Some((c.lba, c.blocks.into())),
            _ => None,
        }
    }
}

/// The count of one rule.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    /// Commands that the rule is about.
    about: u32,
    /// Times that it has fired.
    fired: u32,
}

impl Count {
    /// Counts a command, and says whether the rule comes to it now.
    pub(super) fn comes_to(&mut self, when: &When, seen: &Seen, dice: &mut Dice) -> bool {
        let about = when.commands.include(seen.opcode, seen.command.as_ref())
            && seen.written >= when.after_bytes
            && seen.now >= when.after_time
            && when.lba.is_none_or(|range| {
                seen.blocks()
                    .is_some_and(|(lba, blocks)| range.touches(lba, blocks))
            });
        if !about {
            return false;
        }
        self.about = self.about.saturating_add(1);
        let turn = match when.turn {
            Turn::Each => true,
            Turn::Nth(n) => self.about == n.get(),
            Turn::Every(n) => self.about % n == 0,
            Turn::From(n) => self.about >= n.get(),
        };
        turn && when.times.is_none_or(|times| self.fired < times.get())
            && when
                .chance
                .is_none_or(|chance| dice.below(chance.of().into()) < chance.wins().into())
    }

    pub(super) fn fire(&mut self) {
        self.fired = self.fired.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_mmc::cdb::{Cdb, Read10, TestUnitReady, Write10};

    fn write(lba: i32, blocks: u16) -> CdbBytes {
        let lba = Lba(lba);
        Write10 {
            lba,
            blocks,
            fua: false,
        }
        .emit()
    }

    /// Which of a hundred WRITEs of 32 blocks in a row the rule comes to.
    fn comes(when: When) -> Vec<i32> {
        let (mut count, mut dice) = (Count::default(), Dice::new(5));
        (0..100)
            .filter(|n| {
                let written = u64::try_from(*n).unwrap() * 65536;
                let now = Duration::from_secs(written / 65536);
                let came = count.comes_to(
                    &when,
                    &Seen::new(write(n * 32, 32), written, now),
                    &mut dice,
                );
                if came {
                    count.fire();
                }
                came
            })
            .collect()
    }

    #[test]
    fn each_condition_alone_chooses_its_commands() {
        let writes = When::any_of(Commands::Writes);
        assert_eq!(comes(writes).len(), 100);
        assert_eq!(comes(When::any_of(Commands::Reads)), []);
        assert_eq!(comes(When::any_of(Commands::Opcode(0x2A))).len(), 100);
        assert_eq!(comes(When::any_of(Commands::Opcode(0xAA))), []);
        assert_eq!(comes(writes.nth(3)), [2]);
        assert_eq!(comes(writes.every(30)), [29, 59, 89]);
        assert_eq!(comes(writes.from(99)), [98, 99]);
        assert_eq!(comes(writes.once()), [0]);
        assert_eq!(comes(writes.after_bytes(98 * 65536)), [98, 99]);
        assert_eq!(comes(writes.after_time(Duration::from_secs(99))), [99]);
        let range = LbaRange::new(Lba(33), Lba(64)).unwrap();
        assert_eq!(comes(writes.at(range)), [1, 2]);
        // Counted are the commands that the rule is about.
        assert_eq!(comes(writes.at(range).nth(2)), [2]);
    }

    #[test]
    fn a_chance_is_the_seeds_and_about_as_likely_as_stated() {
        let fifth = Chance::new(1, NonZeroU32::new(5).unwrap()).unwrap();
        let came = comes(When::default().chance(fifth));
        assert!((8..35).contains(&came.len()), "{came:?}");
        assert_eq!(came, comes(When::default().chance(fifth)));
        let never = Chance::new(0, NonZeroU32::MIN).unwrap();
        assert_eq!(comes(When::default().chance(never)), []);
    }

    #[test]
    fn a_range_is_only_touched_by_commands_with_an_address() {
        let range = LbaRange::new(Lba(-5), Lba(i32::MAX)).unwrap();
        let when = When::default().at(range);
        let (mut count, mut dice) = (Count::default(), Dice::new(0));
        let mut comes = |cdb| count.comes_to(&when, &Seen::new(cdb, 0, Duration::ZERO), &mut dice);
        assert!(!comes(TestUnitReady::default().emit()));
        let read = Read10 {
            lba: Lba(0),
            blocks: 1,
            ..Read10::default()
        };
        assert!(comes(read.emit()));
        assert!(!comes(write(-6, 1)));
        assert!(comes(write(-6, 2)));
    }
}
