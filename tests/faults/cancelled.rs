//! A cancel at every command of a burn: the job ends, and its words are true to the disc.

use crate::bench::Hall;
use crate::common::full;
use crate::judge::{Excuses, lies};
use crate::media::SCENES;
use futures::{StreamExt, stream};
use pitland::transport::fault::FaultScript;
use pitland::{BurnError, Fault, VerifyLevel};

const BLOCKS: usize = 650;
const AT_ONCE: usize = 4;
/// Every so-manyth command in the default run.
const STEP: usize = 11;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_at_any_command_ends_the_job_and_the_disc_is_as_told() {
    let hall = Hall::new(BLOCKS);
    let step = if full() { 1 } else { STEP };
    let mut moments = Vec::new();
    for (shift, scene) in SCENES.iter().enumerate() {
        let sound = hall.burn(scene, scene.options(), FaultScript::new(0)).await;
        sound.result.unwrap();
        let commands = sound.heard.opcodes.len();
        assert!(commands > 50, "{}: {commands}", scene.name);
        moments.extend(
            (1 + shift % step..=commands)
                .step_by(step)
                .map(|at| (scene, at)),
        );
    }
    let of = moments.len();
    let hall = &hall;
    let runs = stream::iter(moments).map(|(scene, at)| async move {
        let none = FaultScript::new(0);
        let run = hall
            .burn_watched(scene, scene.options(), none, move |number, canceller| {
                if number == at {
                    canceller.cancel();
                }
            })
            .await;
        let mut lies = lies(Excuses::default(), VerifyLevel::Full, &hall.bytes, &run);
        let cancelled = matches!(
            &run.result,
            Err(BurnError::Cancelled
                | BurnError::Failed {
                    fault: Fault::Cancelled,
                    ..
                })
        );
        if !cancelled && run.result.is_err() {
            lies.push("another fault than the cancel".into());
        }
        let lied = (!lies.is_empty()).then(|| {
            let ended = run.result.as_ref().map(|report| report.outcome);
            format!(
                "{}, cancelled at command {at}: {lies:#?}, {ended:?}",
                scene.name
            )
        });
        (cancelled, lied)
    });
    let ended: Vec<_> = runs.buffer_unordered(AT_ONCE).collect().await;
    let lied: Vec<String> = ended.iter().filter_map(|(_, lied)| lied.clone()).collect();
    assert!(lied.is_empty(), "{} of {of}: {lied:#?}", lied.len());
    // All but those after the last moment at which a cancel matters.
    let cancelled = ended.iter().filter(|(cancelled, _)| *cancelled).count();
    assert!(cancelled > of / 2, "{cancelled} of {of} were cancelled");
}
