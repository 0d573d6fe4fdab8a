//! Several faults in one burn, by chance: whatever comes together, the job ends and tells the truth.

use crate::bench::Hall;
use crate::cases::senses;
use crate::common::{full, tree};
use crate::judge::{Excuses, is_taken_for_done, lies};
use crate::media::{SCENES, Scene};
use futures::{StreamExt, stream};
use pitland::VerifyLevel;
use pitland::transport::fault::{Chance, Commands, FaultScript, What, When};
use std::num::NonZeroU32;
use std::time::Duration;

const BLOCKS: usize = 650;
const AT_ONCE: usize = 4;

/// Numbers of a seed.
struct Numbers(std::vec::IntoIter<u8>);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        let word = [0; 4].map(|_: u8| self.0.next().unwrap());
        u32::from_le_bytes(word) as usize % end
    }
}

fn history(seed: u64) -> (&'static Scene, FaultScript) {
    let mut numbers = Numbers(tree::noise(seed, 256).into_iter());
    let scene = &SCENES[numbers.below(SCENES.len())];
    let senses = senses();
    let mut script = FaultScript::new(seed);
    for _ in 0..=numbers.below(3) {
        let commands = match numbers.below(4) {
            0 => Commands::Any,
            1 => Commands::Reads,
            _ => Commands::Writes,
        };
        let of = NonZeroU32::new([3, 20, 100][numbers.below(3)]).unwrap();
        let when = When::any_of(commands)
            .chance(Chance::new(1, of).unwrap())
            .times(1 + numbers.below(4) as u32);
        let sense = senses[numbers.below(senses.len())];
        let what = match numbers.below(16) {
            0 => What::Busy,
            1 => What::Good,
            2 => What::LostReply,
            3 => What::LostCommand,
            4 => What::Timeout { carried_out: true },
            5 => What::Reset,
            6 => What::Delay(Duration::from_secs(45)),
            7 => What::Short { bytes: 20_480 },
            8 => What::FlipBit,
            9 => What::sense(sense.as_deferred()),
            10 | 11 => What::sense_after(sense),
            _ => What::sense(sense),
        };
        script = script.rule(when, what);
    }
    (scene, script)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_together_the_job_ends_and_tells_the_truth() {
    let hall = Hall::new(BLOCKS);
    let count = if full() { 50_000 } else { 600 };
    let hall = &hall;
    let runs = stream::iter(1..=count).map(|seed| async move {
        let (scene, script) = history(seed);
        let hides = script.rules.iter().any(|rule| is_taken_for_done(rule.what));
        let excuses = Excuses {
            blind: true,
            door: true,
            write: hides,
            first_write: hides,
            gone: false,
        };
        let run = hall.burn(scene, scene.options(), script.clone()).await;
        let lies = lies(excuses, VerifyLevel::Full, &hall.bytes, &run);
        let lied = (!lies.is_empty()).then(|| format!("{}: {lies:#?}\n{script}", scene.name));
        (run.fired > 0, lied)
    });
    let ended: Vec<_> = runs.buffer_unordered(AT_ONCE).collect().await;
    let lied: Vec<String> = ended.iter().filter_map(|(_, lied)| lied.clone()).collect();
    assert!(
        lied.is_empty(),
        "{} of {count}:\n{}",
        lied.len(),
        lied.join("\n")
    );
    let fired = ended.iter().filter(|(fired, _)| *fired).count() as u64;
    assert!(fired > count / 2, "faults came in {fired} of {count}");
}
