//! `docs/errors.md` and the sources of errors against the table of codes.

use pitland::codes::{Code, imapi};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn result(value: u32) -> String {
    let name = imapi::name(value).expect("a value of a known result");
    format!("`{name}` {value:08X}")
}

fn row(code: Code) -> String {
    let values: Vec<String> = code.imapi_values().iter().copied().map(result).collect();
    let (name, values) = (code.name(), values.join(", "));
    format!(
        "| `{name}` | {values} | {} | {} |",
        code.when(),
        code.advice()
    )
}

#[test]
fn the_page_has_a_row_for_each_code_as_the_code_has_it() {
    let page = read("docs/errors.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let missing: Vec<String> = Code::ALL
        .iter()
        .map(|code| row(*code))
        .filter(|row| !rows.contains(&row.as_str()))
        .collect();
    assert!(missing.is_empty(), "the page lacks\n{}", missing.join("\n"));
    let of_codes = rows.iter().filter(|row| row.split('|').count() == 6);
    assert_eq!(
        of_codes.count(),
        Code::ALL.len(),
        "rows of codes that are none"
    );
}

#[test]
fn each_result_has_a_code_or_a_reason_and_not_both() {
    let page = read("docs/errors.md");
    let (_, reasons) = page
        .split_once("## Results of IMAPI that nothing here leads to")
        .unwrap();
    let led_to: BTreeSet<u32> = Code::ALL
        .iter()
        .flat_map(|code| code.imapi_values().iter().copied())
        .collect();
    let mut wrong = Vec::new();
    for (name, value) in imapi::ALL {
        let reason = reasons
            .lines()
            .find_map(|line| line.strip_prefix(&format!("| {} | ", result(*value))));
        match (led_to.contains(value), reason) {
            (true, None) => {}
            (false, Some(reason)) if reason.len() > 10 => {}
            (true, Some(_)) => wrong.push(format!("{name} has a code and a reason")),
            (false, _) => wrong.push(format!("{name} has neither a code nor a reason")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let rows = reasons.lines().filter(|line| line.starts_with("| `"));
    assert_eq!(
        rows.count(),
        imapi::ALL.len() - led_to.len(),
        "rows of no result"
    );
}

/// Enums of errors of other crates, which may get more variants without the compiler asking here for their codes: where
/// they are, their names, and the module that must name each variant.
const FOREIGN: [(&str, &str, &str); 30] = [
    ("sdk/writer/src/refusal.rs", "Refusal", "burn"),
    ("sdk/writer/src/step.rs", "Failure", "burn"),
    ("sdk/writer/src/cd/layout.rs", "LayoutFault", "burn"),
    ("engine/burn/src/outcome.rs", "Fault", "burn"),
    ("engine/burn/src/outcome.rs", "Unproven", "burn"),
    ("engine/journal/src/error.rs", "JournalError", "burn"),
    ("engine/journal/src/verdict.rs", "Verdict", "burn"),
    ("engine/burn/src/machine/words.rs", "NoAnswer", "drive"),
    ("engine/burn/src/identify.rs", "Unusable", "drive"),
    ("engine/transport/src/error.rs", "TransportError", "drive"),
    ("engine/transport/src/claim.rs", "ClaimDenied", "drive"),
    ("engine/transport/src/probe.rs", "ProbeError", "drive"),
    (
        "engine/transport/src/linux/error.rs",
        "DeviceError",
        "drive",
    ),
    ("engine/transport/src/address.rs", "AddressError", "drive"),
    ("engine/transport/src/address.rs", "OpenError", "drive"),
    (
        "engine/transport/src/sim/disc_file_error.rs",
        "DiscFileError",
        "drive",
    ),
    (
        "engine/iscsi/src/initiator/error.rs",
        "ConnectError",
        "drive",
    ),
    ("engine/mastering/src/tree/scan.rs", "ScanError", "source"),
    (
        "engine/mastering/src/tree/edit/error.rs",
        "EditError",
        "source",
    ),
    ("engine/mastering/src/emit/mod.rs", "EmitError", "source"),
    (
        "engine/mastering/src/zisofs/compress.rs",
        "CompressError",
        "source",
    ),
    ("engine/mastering/src/images/mod.rs", "ImageError", "source"),
    (
        "engine/mastering/src/layout/options.rs",
        "PlanError",
        "volume",
    ),
    (
        "engine/mastering/src/el_torito/mod.rs",
        "BootImageFault",
        "volume",
    ),
    ("engine/mastering/src/read/error.rs", "ReadError", "volume"),
    ("engine/mastering/src/udf/read/mod.rs", "UdfFault", "volume"),
    (
        "engine/mastering/src/import/error.rs",
        "ImportError",
        "volume",
    ),
    ("engine/mastering/src/grow.rs", "GrowError", "volume"),
    ("engine/redbook/src/disc/rules.rs", "LayoutError", "cd"),
    ("engine/redbook/src/audio/error.rs", "AudioFault", "cd"),
];

/// The names of an enum's variants.
fn variants(text: &str, name: &str) -> Vec<String> {
    let mut depth = 0;
    let mut found = Vec::new();
    let head = format!("pub enum {name} {{");
    let body = text.lines().skip_while(|line| *line != head).skip(1);
    for line in body.take_while(|line| *line != "}") {
        let word: String = line
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .collect();
        if depth == 0 && word.starts_with(|c: char| c.is_ascii_uppercase()) {
            found.push(word);
        }
        if !line.trim_start().starts_with(['/', '"']) {
            depth += line.matches(['{', '(']).count();
            depth -= line.matches(['}', ')']).count();
        }
    }
    found
}

/// The arms for an enum: what stands in its `impl Coded`.
fn arms<'a>(module: &'a str, name: &str) -> &'a str {
    let head = format!("impl Coded for {name} {{");
    let (_, rest) = module
        .split_once(&head)
        .unwrap_or_else(|| panic!("there is no {head}"));
    rest.split_once("\n}\n").unwrap().0
}

#[test]
fn each_variant_of_an_error_of_another_crate_is_named_where_its_code_is_decided() {
    let mut wrong = Vec::new();
    for (file, name, module) in FOREIGN {
        let variants = variants(&read(file), name);
        assert!(variants.len() >= 3, "{file} has {variants:?} of {name}");
        let module = read(&format!("engine/src/codes/{module}.rs"));
        let arms = arms(&module, name);
        let is_named = |variant: &String| {
            let word = format!("Self::{variant}");
            arms.match_indices(&word)
                .any(|(at, _)| !arms[at + word.len()..].starts_with(|c: char| c.is_alphanumeric()))
        };
        let missing = variants.iter().filter(|variant| !is_named(variant));
        wrong.extend(missing.map(|variant| format!("{name}::{variant}")));
    }
    assert!(wrong.is_empty(), "without a code of their own: {wrong:?}");
}

#[test]
fn variants_are_found() {
    let text = "/// A.\npub enum A {\n    /// One.\n    #[error(\"{a}\")]\n    One {\n        /// Which.\n        a: u8,\n    },\n    Two(\n        Error,\n    ),\n    Three,\n}\n";
    assert_eq!(variants(text, "A"), ["One", "Two", "Three"]);
}
