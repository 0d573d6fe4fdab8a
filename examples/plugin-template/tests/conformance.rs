//! The kit's rules, on the virtual drive.

#[test]
fn the_template_keeps_the_rules_of_a_writer() {
    pitland_testkit::conformance::<plugin_template::TemplateWriter>();
}
