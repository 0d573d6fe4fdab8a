//! Extended attributes and access control lists: written for xorriso, read from it, and from the host.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pitland_mastering::tree::{ExtendedAttribute, Extras};
use pitland_mastering::{ImageFile, Layout, PlanError, Tree, Volume};
use rustix::fs::{XattrFlags, setxattr};
use support::*;

fn attribute(name: &str, value: &[u8]) -> ExtendedAttribute {
    ExtendedAttribute {
        name: name.as_bytes().to_vec(),
        value: value.to_vec(),
    }
}

/// Linux's form of a list of rights: tag, permissions, number.
fn rights(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut out = vec![2, 0, 0, 0];
    for (tag, permissions, id) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(permissions.to_le_bytes());
        out.extend(id.to_le_bytes());
    }
    out
}

const NO_ID: u32 = u32::MAX;

/// A tree with attributes of all lengths, and what they are.
fn with_attributes(source: &Path) -> (Tree, Vec<(&'static str, Vec<ExtendedAttribute>)>) {
    for name in ["short", "long", "rights", "many", "plain", "folder/file"] {
        write(&source.join(name), name.as_bytes());
    }
    let access = rights(&[
        (1, 6, NO_ID),
        (2, 6, 1234),
        (4, 4, NO_ID),
        (16, 6, NO_ID),
        (32, 4, NO_ID),
    ]);
    let default = rights(&[(1, 7, NO_ID), (4, 5, NO_ID), (32, 0, NO_ID)]);
    let many = (0..300).map(|n| attribute(&format!("user.number {n:03}"), &noise(n, 40)));
    let all = vec![
        ("/short", vec![attribute("user.comment", b"hello world")]),
        (
            "/long",
            vec![
                attribute("user.zero", b""),
                attribute("user.text", &noise(1, 20_000)),
            ],
        ),
        (
            "/rights",
            vec![attribute("system.posix_acl_access", &access)],
        ),
        ("/many", many.collect()),
        (
            "/folder",
            vec![
                attribute("system.posix_acl_default", &default),
                attribute("user.x", b"y"),
            ],
        ),
    ];
    let mut builder = scan(source).edit();
    for (path, attributes) in &all {
        let mut extras = Extras::default();
        extras.attributes = attributes.clone();
        builder.set_extras(path, extras).unwrap();
    }
    (builder.finish().unwrap(), all)
}

fn layout(tree: Tree, first_lba: u32) -> Arc<Layout> {
    Arc::new(Layout::plan(tree, first_lba, &options()).unwrap())
}

#[test]
fn attributes_and_rights_come_back() {
    let test = "attributes_and_rights_come_back";
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    let (tree, all) = with_attributes(&source);
    let made = layout(tree, 0);
    image_file(&made, &file);
    let mut volume = Volume::open(ImageFile::new(File::open(&file).unwrap()), 0).unwrap();
    for (path, attributes) in &all {
        let entry = volume.find(Path::new(path)).unwrap().unwrap();
        assert!(entry.attributes == *attributes, "{path}");
    }
    let plain = volume.find(Path::new("/plain")).unwrap().unwrap();
    assert!(plain.attributes.is_empty());
    if tool(test, "xorriso").is_none() {
        return;
    }
    let asked = |what: &str, path: &str| {
        let output = run(Command::new("xorriso")
            .args(["-no_rc", "-xattr", "on", "-acl", "on", "-indev"])
            .arg(&file)
            .args([what, path, "--"]));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = asked("-getfattr", "/short");
    assert!(text.contains("user.comment=\"hello\\040world\""), "{text}");
    let text = asked("-getfattr", "/many");
    assert_eq!(text.matches("user.number").count(), 300, "{text}");
    // xorriso shows no value over 4096 bytes, but says how long it is.
    let text = asked("-getfattr", "/long");
    assert!(
        text.contains("value 20000 bytes") && text.contains("user.zero=\"\""),
        "{text}"
    );
    let text = asked("-getfacl", "/rights");
    for line in [
        "user::rw-",
        "user:1234:rw-",
        "group::r--",
        "mask::rw-",
        "other::r--",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let text = asked("-getfacl", "/folder");
    for line in [
        "default:user::rwx",
        "default:group::r-x",
        "default:other::---",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // Everything else is as it would be without them.
    let out = dir.path().join("o");
    xorriso_extract(&file, None, &out);
    assert_same(&snapshot_for_xorriso(&source), &snapshot_for_xorriso(&out));
}

#[test]
fn attributes_that_xorriso_recorded_are_read() {
    let test = "attributes_that_xorriso_recorded_are_read";
    if tool(test, "xorriso").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (source, file) = (dir.path().join("s"), dir.path().join("i.iso"));
    write(&source.join("file"), b"1");
    let long = "x".repeat(3_000);
    run(Command::new("xorriso")
        .args(["-no_rc", "-xattr", "on", "-acl", "on", "-outdev"])
        .arg(&file)
        .arg("-map")
        .arg(&source)
        .args(["/", "-setfattr", "user.comment", "hello", "/file", "--"])
        .args(["-setfattr", "user.long", &long, "/file", "--"])
        .args([
            "-setfacl",
            "user::rw-,user:1234:rw-,group::r--,group:77:r--,mask::rw-,other::r--",
            "/file",
            "--",
        ]));
    let mut volume = Volume::open(ImageFile::new(File::open(&file).unwrap()), 0).unwrap();
    let entry = volume.find(Path::new("/file")).unwrap().unwrap();
    let value = |name: &str| {
        let found = entry.attributes.iter().find(|a| a.name == name.as_bytes());
        found.map(|a| a.value.clone())
    };
    assert_eq!(value("user.comment").unwrap(), b"hello");
    assert_eq!(value("user.long").unwrap(), long.as_bytes());
    let access = value("system.posix_acl_access").unwrap();
    let expected = rights(&[
        (1, 6, NO_ID),
        (2, 6, 1234),
        (4, 4, NO_ID),
        (8, 4, 77),
        (16, 6, NO_ID),
        (32, 4, NO_ID),
    ]);
    assert_eq!(access, expected);
}

#[test]
fn attributes_of_the_host_are_taken_where_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    write(&file, b"1");
    write(&dir.path().join("other"), b"2");
    if setxattr(&file, "user.b", b"two", XattrFlags::empty()).is_err() {
        eprintln!(
            "not run: attributes_of_the_host_are_taken_where_they_are_asked_for: the file system has none"
        );
        return;
    }
    setxattr(&file, "user.a", b"", XattrFlags::empty()).unwrap();
    let mut tree = scan(dir.path());
    assert_eq!(tree.read_attributes().unwrap(), 1);
    let extras = tree.extras(tree.find(Path::new("/file")).unwrap()).unwrap();
    let user = |a: &&ExtendedAttribute| a.name.starts_with(b"user.");
    let found: Vec<_> = extras.attributes.iter().filter(user).cloned().collect();
    assert_eq!(
        found,
        [attribute("user.a", b""), attribute("user.b", b"two")]
    );
}

#[test]
fn too_many_bytes_of_attributes_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("file"), b"1");
    let mut builder = scan(dir.path()).edit();
    let mut extras = Extras::default();
    extras.attributes = vec![attribute("user.large", &vec![7; 48_000])];
    builder.set_extras("/file", extras).unwrap();
    let error = Layout::plan(builder.finish().unwrap(), 0, &options()).unwrap_err();
    assert!(
        matches!(&error, PlanError::AttributesTooLarge { path, .. } if path == Path::new("/file")),
        "{error}"
    );
}
