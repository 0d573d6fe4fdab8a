//! The kit's rules, on the author's own simulated medium.

mod sketch_disc;

use plugin_template::{GAP, PROFILE, SketchWriter, UNIT};

#[test]
fn the_writer_keeps_the_rules_on_a_sketch_disc() {
    let bench = pitland_testkit::MediumBench::new(sketch_disc::SketchDisc::default);
    pitland_testkit::conformance_on::<SketchWriter>(&bench);
}
