//! The header is what the sources say: it is made from them here, by cbindgen, and compared.
//! `PITLAND_BLESS=1` writes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use cbindgen::{Builder, Config, DocumentationStyle, EnumConfig, Language, RenameRule, Style};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder().join("src")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn made() -> String {
    let mut config = Config {
        language: Language::C,
        header: Some(pitland_capi::HEAD.trim_end().to_owned()),
        include_guard: Some("PITLAND_H".into()),
        cpp_compat: true,
        style: Style::Both,
        usize_is_size_t: true,
        documentation: true,
        documentation_style: DocumentationStyle::C99,
        line_length: 120,
        no_includes: true,
        sys_includes: ["stddef.h", "stdint.h"].map(str::to_owned).to_vec(),
        enumeration: EnumConfig {
            rename_variants: RenameRule::QualifiedScreamingSnakeCase,
            ..EnumConfig::default()
        },
        ..Config::default()
    };
    // What stands before it is no part of the interface.
    config.export.exclude = vec!["HEAD".into()];
    // The modules are found from there.
    let builder = Builder::new()
        .with_config(config)
        .with_src(folder().join("src/lib.rs"));
    let mut out = Vec::new();
    builder.generate().unwrap().write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn the_header_is_what_the_sources_say() {
    let path = folder().join("include/pitland.h");
    let made = made();
    if std::env::var_os("PITLAND_BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "include/pitland.h is not what the sources say; look at what PITLAND_BLESS=1 makes of it"
    );
}

/// Names of functions, as they stand before a parenthesis.
fn functions(text: &str, before: &str) -> BTreeSet<String> {
    let parts = text.split(before).skip(1);
    let word = |part: &str| {
        let end = part.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        part[end..]
            .starts_with('(')
            .then(|| format!("pitland_{}", &part[..end]))
    };
    parts.filter_map(word).collect()
}

#[test]
fn no_function_is_left_out_of_the_header() {
    let all: String = sources()
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let exported = functions(&all, "extern \"C\" fn pitland_");
    assert!(exported.len() > 40, "{}", exported.len());
    assert_eq!(all.matches("#[unsafe(no_mangle)]").count(), exported.len());
    let made = made();
    let declared = functions(&made, "pitland_");
    for name in &exported {
        let times = made.matches(&format!("{name}(")).count();
        let mentioned = made.matches(&format!("{name}() ")).count();
        assert_eq!(times - mentioned, 1, "{name}");
    }
    assert_eq!(
        exported.difference(&declared).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}
