//! Every public name of the library, against a snapshot: a change of the API is seen in review. Renew it
//! with `UPDATE_API=1 cargo test --test api`.

use super::outside::tell_not_run;
use super::rendered::items;
use serde_json::Value;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SNAPSHOT: &str = "tests/api/pitland.txt";

/// The forms of rustdoc's JSON whose words are those that are read here.
const KNOWN_FORMATS: std::ops::RangeInclusive<u64> = 45..=57;

/// `rustdoc`'s JSON of the library; an error says why there is none.
fn json() -> Result<Value, String> {
    // `rustup run` finds a toolchain also where the test's own one is set by name.
    let there = Command::new("rustup")
        .args(["run", "nightly", "rustdoc", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        return Err("no nightly toolchain".to_owned());
    }
    let test = env::current_exe().unwrap();
    let target: PathBuf = test.ancestors().nth(3).unwrap().join("api");
    let output = Command::new("rustup")
        .args(["run", "nightly", "cargo", "rustdoc", "--quiet", "--offline"])
        .args(["--package", "pitland", "--lib", "--target-dir"])
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // What is set for the toolchain of this test is not for the other one.
        .env_remove("CARGO")
        .env_remove("RUSTC")
        .env_remove("RUSTDOC")
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTDOCFLAGS")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read_to_string(target.join("doc/pitland.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let format = json["format_version"].as_u64().unwrap_or(0);
    if KNOWN_FORMATS.contains(&format) {
        Ok(json)
    } else {
        Err(format!(
            "rustdoc's JSON has format {format}, which is not known here"
        ))
    }
}

#[test]
fn the_public_api_is_the_one_of_the_snapshot() {
    let json = match json() {
        Ok(json) => json,
        Err(reason) => {
            tell_not_run("the_public_api_is_the_one_of_the_snapshot", &reason);
            return;
        }
    };
    let now = items(&json);
    assert!(now.len() > 200, "only {} items", now.len());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SNAPSHOT);
    if env::var_os("UPDATE_API").is_some() {
        fs::write(&path, now.join("\n") + "\n").unwrap();
        return;
    }
    let text = fs::read_to_string(&path).unwrap();
    let before: Vec<&str> = text.lines().collect();
    let gone = before
        .iter()
        .filter(|line| !now.iter().any(|other| other == *line));
    let new = now.iter().filter(|line| !before.contains(&line.as_str()));
    let changes: Vec<String> = gone
        .map(|line| format!("- {line}"))
        .chain(new.map(|line| format!("+ {line}")))
        .collect();
    assert!(
        changes.is_empty(),
        "the public API has changed; if that is meant, UPDATE_API=1:\n{}",
        changes.join("\n")
    );
}

#[test]
fn an_api_is_rendered_in_words() {
    let json: Value = serde_json::from_str(
        r#"{ "root": 0, "index": {
        "0": { "name": "x", "visibility": "public", "inner": { "module": { "items": [1, 2, 6] } } },
        "1": { "name": "S", "visibility": "public", "inner": { "struct": {
            "kind": { "plain": { "fields": [3] } }, "impls": [4] } } },
        "2": { "name": null, "visibility": "public", "inner": { "use": {
            "source": "other::T", "name": "T", "id": 99, "is_glob": false } } },
        "3": { "name": "f", "visibility": "public", "inner": { "struct_field": { "primitive": "u8" } } },
        "4": { "name": null, "visibility": "default", "inner": { "impl": {
            "is_synthetic": false, "blanket_impl": null, "trait": null, "items": [5] } } },
        "5": { "name": "go", "visibility": "public", "inner": { "function": {
            "sig": { "inputs": [
                ["self", { "borrowed_ref": { "is_mutable": true, "lifetime": null, "type": { "generic": "Self" } } }],
                ["by", { "resolved_path": { "path": "a::Option", "args": { "angle_bracketed": {
                    "args": [{ "type": { "primitive": "i32" } }], "constraints": [] } } } }]
            ], "output": null }, "header": { "is_async": true } } } },
        "6": { "name": "E", "visibility": "public", "inner": { "enum": { "variants": [7], "impls": [] } } },
        "7": { "name": "V", "visibility": "default", "inner": { "variant": { "kind": "plain" } } }
        } }"#,
    )
    .unwrap();
    assert_eq!(
        items(&json),
        [
            "enum x::E",
            "field x::S::f: u8",
            "fn x::S::go(self: &mut Self, by: Option<i32>) [async]",
            "struct x::S",
            "use x::T = other::T",
            "variant x::E::V",
        ]
    );
}
