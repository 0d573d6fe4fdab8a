//! Which faults there are: every row of the table of reactions and every fault of a script, at every
//! command that a burn sends. The list is made from a census, so that it is complete by itself.

use crate::bench::Hall;
use crate::media::{SCENES, Scene};
use pitland::VerifyLevel;
use pitland::transport::fault::{Commands, FaultScript, What, When};
use pitland::writer::mmc::sense::REACTIONS;
use pitland::writer::mmc::{Command, Sense};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How often a command fails from its position on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HowOften {
    Once,
    Always,
}

/// One burn and what fails in it.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) scene: &'static Scene,
    pub(crate) opcode: u8,
    /// Which of the commands of that code, from 1.
    pub(crate) nth: u32,
    pub(crate) often: HowOften,
    pub(crate) what: What,
}

impl Case {
    pub(crate) fn script(&self) -> FaultScript {
        let when = When::any_of(Commands::Opcode(self.opcode));
        let when = match self.often {
            HowOften::Once => when.nth(self.nth),
            HowOften::Always => when.from(self.nth),
        };
        FaultScript::new(1).rule(when, self.what)
    }
}

/// How to see the case again, with the program.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = self.script().to_string().trim_end().replace('\n', "; ");
        write!(f, "{}: {script}", self.scene.name)
    }
}

/// One answer for each row of the table of reactions, and answers of which nothing is known.
pub(crate) fn senses() -> Vec<Sense> {
    let rows = REACTIONS.iter().enumerate().map(|(place, row)| {
        let key = row.key.unwrap().code();
        let codes = (row.asc.0..=row.asc.1)
            .flat_map(|asc| (row.ascq.0..=row.ascq.1).map(move |ascq| Sense::new(key, asc, ascq)));
        let mut of_this_row = codes
            .filter(|sense| REACTIONS.iter().position(|row| row.matches(sense)) == Some(place));
        of_this_row.next().unwrap()
    });
    let unknown = [(0x2, 0x99), (0x5, 0x99), (0xC, 0x00), (0xF, 0x00)];
    let unknown = unknown.map(|(key, asc)| Sense::new(key, asc, 0));
    rows.chain(unknown).collect()
}

/// Every fault that may come to a command.
fn faults(opcode: u8) -> Vec<What> {
    let mut faults = Vec::new();
    for sense in senses() {
        faults.push(What::sense(sense));
        faults.push(What::sense_after(sense));
        faults.push(What::sense(sense.as_deferred()));
    }
    faults.extend([
        What::Busy,
        What::Good,
        What::LostReply,
        What::LostCommand,
        What::Timeout { carried_out: false },
        What::Timeout { carried_out: true },
        What::Reset,
        What::Unplug,
        What::Delay(Duration::from_secs(2)),
        What::Delay(Duration::from_secs(2000)),
        What::Pause(Duration::from_secs(90)),
        What::Short { bytes: 0 },
        What::Short { bytes: 7 },
        What::Short { bytes: 20_480 },
        What::FlipBit,
    ]);
    if Command::name_of(opcode) == Some("READ TRACK INFORMATION") {
        let off = [-640, -32, -16, -1, 1, 16, 32, 1 << 20];
        faults.extend(off.map(|by| What::NextWritable { by }));
    }
    faults
}

/// How many commands of each code come to the drive in a burn where nothing fails.
async fn census(hall: &Hall, scene: &Scene, verify: VerifyLevel) -> BTreeMap<u8, u32> {
    let options = scene.options().verify(verify);
    let run = hall.burn(scene, options, FaultScript::new(0)).await;
    run.result.unwrap();
    let mut census = BTreeMap::new();
    for opcode in run.heard.opcodes {
        *census.entry(opcode).or_default() += 1;
    }
    census
}

/// Every case there is.
pub(crate) async fn all(hall: &Hall, verify: VerifyLevel) -> Vec<Case> {
    let mut cases = Vec::new();
    for scene in SCENES {
        for (opcode, count) in census(hall, scene, verify).await {
            let mut positions = vec![1, 2, count.div_ceil(2), count];
            positions.retain(|nth| *nth <= count);
            positions.sort_unstable();
            positions.dedup();
            for nth in positions {
                for what in faults(opcode) {
                    for often in [HowOften::Once, HowOften::Always] {
                        cases.push(Case {
                            scene,
                            opcode,
                            nth,
                            often,
                            what,
                        });
                    }
                }
            }
        }
    }
    cases
}
