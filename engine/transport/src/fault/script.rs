//! The text of a script: read line by line, and written so that it reads back.
//!
//! Owns the grammar, described in `docs/faults.md`. Must not know what a fault
//! does. A text comes from anywhere: whatever it says, it is read or refused.

use super::rule::{FaultRule, FaultScript, What};
use super::when::{Chance, Commands, LbaRange, Turn, When};
use core::fmt;
use core::num::NonZeroU32;
use core::str::{FromStr, SplitWhitespace};
use core::time::Duration;
use pitland_mmc::{Command, Lba, Sense};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest script that is read from a file, in bytes.
const FILE_MAX: u64 = 1 << 20;

/// Why a text is no script: a fault of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
#[non_exhaustive]
pub struct FaultScriptError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: SyntaxFault,
}

/// What is wrong with a line of a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxFault {
    /// The line is neither a rule nor a seed.
    #[error(
        "{found:?} begins no line; a line is \"when COMMANDS [CONDITION ...] do FAULT\" or \"seed N\""
    )]
    Line {
        /// Its first word.
        found: String,
    },
    /// No command has that name.
    #[error(
        "no command is called {found:?}; it is any, write, read, a name as read-track-information, or a code as 2Ah"
    )]
    Commands {
        /// What stands there.
        found: String,
    },
    /// No condition begins so.
    #[error(
        "{found:?} is no condition; there are nth N, every N, from N, lba A..B, after BYTES, at TIME, chance N/M, once, times N, and then do"
    )]
    Condition {
        /// What stands there.
        found: String,
    },
    /// A condition stands there that was stated before.
    #[error("{found:?} says again, or otherwise, what was said before")]
    Repeated {
        /// The condition.
        found: String,
    },
    /// No fault is called so.
    #[error(
        "{found:?} is no fault; there are sense, busy, good, nwa, lost-reply, lost-command, timeout, reset, unplug, delay, pause, short, flip and kill"
    )]
    Fault {
        /// What stands there.
        found: String,
    },
    /// A word is not what is expected behind the one before it.
    #[error("{found:?} stands where {expected} belongs")]
    Value {
        /// What stands there.
        found: String,
        /// What is taken.
        expected: &'static str,
    },
    /// The line ends too early.
    #[error("the line ends where {expected} belongs")]
    Ends {
        /// What is missing.
        expected: &'static str,
    },
    /// More words than the line takes.
    #[error("{found:?} is too much")]
    TooMuch {
        /// The first of them.
        found: String,
    },
}

/// Why a file gives no script.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultFileError {
    /// The system does not let it be read. Look at the path and its
    /// permissions.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Longer than 1 MiB, which no script is.
    #[error("is longer than 1 MiB: it is no script of faults")]
    TooLong,
    /// The text is no script. Mend the line.
    #[error(transparent)]
    Script(#[from] FaultScriptError),
}

impl FaultScript {
    /// Reads a script from a file.
    ///
    /// # Errors
    /// A [`FaultFileError`]; bytes that are not UTF-8 are refused by the line
    /// in which they stand.
    pub fn read(path: &Path) -> Result<Self, FaultFileError> {
        let mut bytes = Vec::new();
        File::open(path)?
            .take(FILE_MAX + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_MAX {
            return Err(FaultFileError::TooLong);
        }
        Ok(String::from_utf8_lossy(&bytes).parse()?)
    }
}

impl FromStr for FaultScript {
    type Err = FaultScriptError;

    fn from_str(text: &str) -> Result<Self, FaultScriptError> {
        let mut script = Self::default();
        let mut seeded = false;
        for (number, line) in text.lines().enumerate() {
            let said = line.split('#').next().unwrap_or_default();
            let read = Words(said.split_whitespace()).line(&mut script, &mut seeded);
            read.map_err(|fault| FaultScriptError {
                line: number + 1,
                fault,
            })?;
        }
        Ok(script)
    }
}

impl FromStr for FaultRule {
    type Err = SyntaxFault;

    fn from_str(text: &str) -> Result<Self, SyntaxFault> {
        let mut words = Words(text.split_whitespace());
        match words.next("a rule")? {
            "when" => words.rule(),
            found => Err(SyntaxFault::Line {
                found: found.into(),
            }),
        }
    }
}

/// What is left of a line.
struct Words<'a>(SplitWhitespace<'a>);

const WHOLE: &str = "a number from 1 to 4294967295";

impl<'a> Words<'a> {
    fn line(mut self, script: &mut FaultScript, seeded: &mut bool) -> Result<(), SyntaxFault> {
        match self.0.next() {
            None => Ok(()),
            Some("when") => {
                script.rules.push(self.rule()?);
                Ok(())
            }
            Some("seed") if *seeded => Err(repeated("seed")),
            Some("seed") => {
                script.seed = self.parsed("a number from 0 to 18446744073709551615")?;
                *seeded = true;
                self.end()
            }
            Some(found) => Err(SyntaxFault::Line {
                found: found.into(),
            }),
        }
    }

    fn rule(mut self) -> Result<FaultRule, SyntaxFault> {
        let commands = self.next("commands")?;
        let mut when =
            When::any_of(commands_of(commands).ok_or_else(|| SyntaxFault::Commands {
                found: commands.into(),
            })?);
        while self.condition(&mut when)? {}
        let what = self.what()?;
        self.end()?;
        Ok(FaultRule::new(when, what))
    }

    /// Reads one condition; `false` at `do`.
    fn condition(&mut self, when: &mut When) -> Result<bool, SyntaxFault> {
        let word = self.next("a condition, or do")?;
        let fresh = match word {
            "do" => return Ok(false),
            "nth" => set_turn(when, Turn::Nth(self.parsed(WHOLE)?)),
            "every" => set_turn(when, Turn::Every(self.parsed(WHOLE)?)),
            "from" => set_turn(when, Turn::From(self.parsed(WHOLE)?)),
            "once" => when.times.replace(NonZeroU32::MIN).is_none(),
            "times" => when.times.replace(self.parsed(WHOLE)?).is_none(),
            "lba" => {
                let range = self.with("a range of blocks as 16..31", lba_range)?;
                when.lba.replace(range).is_none()
            }
            "after" => {
                let bytes = self.with("a number of bytes, 1 or more", |text| {
                    text.parse().ok().filter(|bytes| *bytes > 0)
                })?;
                std::mem::replace(&mut when.after_bytes, bytes) == 0
            }
            "at" => {
                let time = self.with(TIME, |text| time_of(text).filter(|time| !time.is_zero()))?;
                std::mem::replace(&mut when.after_time, time).is_zero()
            }
            "chance" => {
                let chance = self.with("a chance as 1/50", chance_of)?;
                when.chance.replace(chance).is_none()
            }
            found => {
                return Err(SyntaxFault::Condition {
                    found: found.into(),
                });
            }
        };
        fresh.then_some(true).ok_or_else(|| repeated(word))
    }

    fn what(&mut self) -> Result<What, SyntaxFault> {
        Ok(match self.next("a fault")? {
            "sense" => self.sense()?,
            "busy" => What::Busy,
            "good" => What::Good,
            "nwa" => What::NextWritable {
                by: self.with("blocks with their sign, as +32 or -1", signed)?,
            },
            "lost-reply" => What::LostReply,
            "lost-command" => What::LostCommand,
            "timeout" => What::Timeout {
                carried_out: self.flag(CARRIED_OUT),
            },
            "reset" => What::Reset,
            "unplug" => What::Unplug,
            "delay" => What::Delay(self.with(TIME, time_of)?),
            "pause" => What::Pause(self.with(TIME, time_of)?),
            "short" => What::Short {
                bytes: self.parsed("a number of bytes")?,
            },
            "flip" => What::FlipBit,
            "kill" => What::Kill {
                carried_out: self.flag(CARRIED_OUT),
            },
            found => {
                return Err(SyntaxFault::Fault {
                    found: found.into(),
                });
            }
        })
    }

    fn sense(&mut self) -> Result<What, SyntaxFault> {
        let mut sense = self.with("key, code and qualifier as 3/0C/00", sense_of)?;
        sense.deferred = self.flag("deferred");
        if self.flag("progress") {
            sense.progress = Some(self.parsed("a number from 0 to 65535")?);
        }
        if self.flag("information") {
            sense.information = Some(self.parsed("a number from 0 to 4294967295")?);
        }
        Ok(What::Sense {
            sense,
            carried_out: self.flag(CARRIED_OUT),
        })
    }

    fn next(&mut self, expected: &'static str) -> Result<&'a str, SyntaxFault> {
        self.0.next().ok_or(SyntaxFault::Ends { expected })
    }

    /// Takes the next word if it is this one.
    fn flag(&mut self, wanted: &str) -> bool {
        let mut ahead = self.0.clone();
        let is_there = ahead.next() == Some(wanted);
        if is_there {
            self.0 = ahead;
        }
        is_there
    }

    fn with<T>(
        &mut self,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, SyntaxFault> {
        let found = self.next(expected)?;
        read(found).ok_or_else(|| SyntaxFault::Value {
            found: found.into(),
            expected,
        })
    }

    fn parsed<T: FromStr>(&mut self, expected: &'static str) -> Result<T, SyntaxFault> {
        self.with(expected, |text| text.parse().ok())
    }

    fn end(&mut self) -> Result<(), SyntaxFault> {
        match self.0.next() {
            None => Ok(()),
            Some(found) => Err(SyntaxFault::TooMuch {
                found: found.into(),
            }),
        }
    }
}

const CARRIED_OUT: &str = "carried-out";
const TIME: &str = "a time as 250us, 20ms or 30s";

fn set_turn(when: &mut When, turn: Turn) -> bool {
    std::mem::replace(&mut when.turn, turn) == Turn::Each
}

fn repeated(word: &str) -> SyntaxFault {
    SyntaxFault::Repeated { found: word.into() }
}

/// A command's name as one word: in small letters, a `-` between words.
fn word_of(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").to_ascii_lowercase()
}

fn commands_of(word: &str) -> Option<Commands> {
    match word {
        "any" => return Some(Commands::Any),
        "write" => return Some(Commands::Writes),
        "read" => return Some(Commands::Reads),
        _ => {}
    }
    let code = word.strip_suffix('h').filter(|code| code.len() == 2);
    let opcode = match code.and_then(hex) {
        Some(opcode) => opcode,
        None => (0..=u8::MAX)
            .find(|opcode| Command::name_of(*opcode).is_some_and(|name| word_of(name) == word))?,
    };
    Some(Commands::Opcode(opcode))
}

/// One or two digits to the base of 16.
fn hex(text: &str) -> Option<u8> {
    let sound = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    u8::from_str_radix(text, 16).ok().filter(|_| sound)
}

fn sense_of(text: &str) -> Option<Sense> {
    let mut parts = text.split('/');
    let (key, asc, ascq) = (parts.next()?, parts.next()?, parts.next()?);
    let key = hex(key).filter(|key| *key < 16)?;
    match parts.next() {
        None => Some(Sense::new(key, hex(asc)?, hex(ascq)?)),
        Some(_) => None,
    }
}

fn lba_range(text: &str) -> Option<LbaRange> {
    let (first, last) = text.split_once("..")?;
    LbaRange::new(Lba(first.parse().ok()?), Lba(last.parse().ok()?))
}

fn chance_of(text: &str) -> Option<Chance> {
    let (wins, of) = text.split_once('/')?;
    Chance::new(wins.parse().ok()?, of.parse().ok()?)
}

fn signed(text: &str) -> Option<i32> {
    text.parse().ok().filter(|_| text.starts_with(['+', '-']))
}

/// Whole microseconds, milliseconds or seconds; up to a thousand days, so that
/// no clock overflows.
fn time_of(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().ok()?;
    let time = match unit {
        "us" => Duration::from_micros(number),
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        _ => return None,
    };
    (time <= LONGEST).then_some(time)
}

const LONGEST: Duration = Duration::from_secs(1000 * 24 * 60 * 60);

impl fmt::Display for FaultScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seed != 0 {
            writeln!(f, "seed {}", self.seed)?;
        }
        self.rules.iter().try_for_each(|rule| writeln!(f, "{rule}"))
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "when {} do {}", self.when, self.what)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.commands.fmt(f)?;
        if let Some(LbaRange { first, last }) = self.lba {
            write!(f, " lba {}..{}", first.0, last.0)?;
        }
        if self.after_bytes > 0 {
            write!(f, " after {}", self.after_bytes)?;
        }
        if !self.after_time.is_zero() {
            write!(f, " at {}", Time(self.after_time))?;
        }
        match self.turn {
            Turn::Each => {}
            Turn::Nth(n) => write!(f, " nth {n}")?,
            Turn::Every(n) => write!(f, " every {n}")?,
            Turn::From(n) => write!(f, " from {n}")?,
        }
        if let Some(chance) = self.chance {
            write!(f, " chance {}/{}", chance.wins(), chance.of())?;
        }
        match self.times {
            None => Ok(()),
            Some(NonZeroU32::MIN) => f.write_str(" once"),
            Some(times) => write!(f, " times {times}"),
        }
    }
}

impl fmt::Display for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Writes => f.write_str("write"),
            Self::Reads => f.write_str("read"),
            Self::Opcode(opcode) => match Command::name_of(*opcode) {
                Some(name) => f.write_str(&word_of(name)),
                None => write!(f, "{opcode:02X}h"),
            },
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let carried_out = match self {
            Self::Sense { carried_out, .. }
            | Self::Timeout { carried_out }
            | Self::Kill { carried_out } => *carried_out,
            _ => false,
        };
        match self {
            Self::Sense { sense, .. } => write_sense(f, sense)?,
            Self::Busy => f.write_str("busy")?,
            Self::Good => f.write_str("good")?,
            Self::NextWritable { by } => write!(f, "nwa {by:+}")?,
            Self::LostReply => f.write_str("lost-reply")?,
            Self::LostCommand => f.write_str("lost-command")?,
            Self::Timeout { .. } => f.write_str("timeout")?,
            Self::Reset => f.write_str("reset")?,
            Self::Unplug => f.write_str("unplug")?,
            Self::Delay(time) => write!(f, "delay {}", Time(*time))?,
            Self::Pause(time) => write!(f, "pause {}", Time(*time))?,
            Self::Short { bytes } => write!(f, "short {bytes}")?,
            Self::FlipBit => f.write_str("flip")?,
            Self::Kill { .. } => f.write_str("kill")?,
        }
        match carried_out {
            true => write!(f, " {CARRIED_OUT}"),
            false => Ok(()),
        }
    }
}

fn write_sense(f: &mut fmt::Formatter<'_>, sense: &Sense) -> fmt::Result {
    let (key, asc, ascq) = sense.triple();
    write!(f, "sense {key:X}/{asc:02X}/{ascq:02X}")?;
    if sense.deferred {
        f.write_str(" deferred")?;
    }
    if let Some(progress) = sense.progress {
        write!(f, " progress {progress}")?;
    }
    if let Some(information) = sense.information {
        write!(f, " information {information}")?;
    }
    Ok(())
}

/// A time in the largest unit that is exact. Parts of a microsecond, which a
/// text cannot say, are left off.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match (micros % 1000, micros % 1_000_000) {
            (_, 0) => write!(f, "{}s", micros / 1_000_000),
            (0, _) => write!(f, "{}ms", micros / 1000),
            _ => write!(f, "{micros}us"),
        }
    }
}
