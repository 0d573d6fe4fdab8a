//! Loading libraries of writers: sound ones, hostile ones, and files that are none.
//!
//! The libraries are built by cargo as the tests need them, from `plugins/` and `tests/plugins/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[path = "plugins/built.rs"]
mod built;

use pitland::plugin_host::{
    ChooseError, LoadedPlugin, NotAPlugin, PluginError, Registry, Source, discover, load,
};
use pitland_abi::{ABI_VERSION, AbiVersion, ModuleError};
use pitland_writer::testing::media;
use pitland_writer::{
    ActiveWriter, BurnRequest, CloseRequest, Event, Failure, Fit, FormatRequest, MediaFacts,
    Placement, Refusal, Request, Step, WriterModule, module_of,
};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A folder that nobody else can write, and libraries in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        set_mode(folder.path(), 0o755);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file of its own (another inode) with the bytes of a library.
    fn copy(&self, library: &Path, name: &str) -> PathBuf {
        self.write(name, &fs::read(library).unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, bytes).unwrap();
        set_mode(&path, 0o644);
        path
    }

    fn sub(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir(&path).unwrap();
        set_mode(&path, mode);
        path
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn bd_r() -> PathBuf {
    built::library("pitland-bd-r-plugin")
}

fn hostile() -> PathBuf {
    built::library("pitland-hostile-plugin")
}

fn burn(blocks: u64) -> Request {
    Request::Burn(BurnRequest::new(blocks))
}

fn new_session(blocks: u64) -> Request {
    let mut burn = BurnRequest::new(blocks);
    burn.placement = Placement::NewSession;
    Request::Burn(burn)
}

// --- sound plug-ins -------------------------------------------------------------------------------

#[test]
fn a_writer_linked_in_and_the_same_one_loaded_say_the_same() {
    let folder = Folder::new();
    let plugin = load(folder.copy(&bd_r(), "bd-r.so")).unwrap();
    let [far] = plugin.writers() else {
        panic!("one writer")
    };
    let near = module_of::<pitland_bd_r::BdR>();
    assert_eq!(far.info(), near.info());

    let mut plans = 0;
    for facts in [
        media::bd_r_blank().build(),
        media::bd_r_formatted().build(),
        media::bd_r_open().build(),
        media::bd_r_damaged().build(),
        media::bd_r_appendable(3).build(),
        media::bd_r_complete().build(),
        media::dvd_ram().build(),
        media::no_medium().build(),
    ] {
        for request in [
            burn(100_000),
            new_session(33),
            burn(u64::MAX),
            Request::Close(CloseRequest::new(true)),
            Request::Format(FormatRequest::new(Some(0), None)),
        ] {
            assert_eq!(far.assess(&facts, &request), near.assess(&facts, &request));
            match (far.begin(&facts, &request), near.begin(&facts, &request)) {
                (Ok((mut far, far_plan)), Ok((mut near, near_plan))) => {
                    assert_eq!(far_plan, near_plan);
                    plans += 1;
                    same_steps(&mut *far, &mut *near, &facts);
                }
                (Err(far), Err(near)) => assert_eq!(far, near),
                _ => panic!("one of them begins, the other does not"),
            }
        }
    }
    assert!(plans >= 2, "only {plans} jobs began");
}

/// Both writers take the same steps until they end; every step goes well.
fn same_steps(far: &mut dyn ActiveWriter, near: &mut dyn ActiveWriter, facts: &MediaFacts) {
    let mut event = Event::Begin;
    for _ in 0..1000 {
        let step = far.next(event.clone());
        assert_eq!(step, near.next(event));
        event = match step {
            Step::Finished | Step::Failed(_) => return,
            Step::Identify => Event::Facts(Box::new(facts.clone())),
            Step::Ask { length, .. } => Event::Answer(vec![0; length.min(64) as usize]),
            _ => Event::Done,
        };
    }
    panic!("no end");
}

#[test]
fn two_plugins_are_two_plugins_and_the_same_file_twice_is_one() {
    let folder = Folder::new();
    let first = folder.copy(&bd_r(), "first.so");
    let a = load(&first).unwrap();
    let b = load(folder.copy(&hostile(), "second.so")).unwrap();
    assert_eq!(names(&a), ["bd-r"]);
    assert!(names(&b).contains(&"panics-in-next".to_owned()));
    assert_eq!(a.metadata().package, "pitland-bd-r-plugin");
    assert_eq!(b.metadata().package, "pitland-hostile-plugin");
    let link = folder.path().join("link.so");
    symlink(&first, &link).unwrap();
    let again = load(&link).unwrap();
    assert_eq!(again.path(), a.path());
    assert!(Arc::ptr_eq(&again.writers()[0], &a.writers()[0]));
}

fn names(plugin: &LoadedPlugin) -> Vec<String> {
    plugin
        .writers()
        .iter()
        .map(|writer| writer.info().name)
        .collect()
}

#[test]
fn the_handshake_tells_what_a_plugin_is() {
    let folder = Folder::new();
    let plugin = load(folder.copy(&bd_r(), "a.so")).unwrap();
    let metadata = plugin.metadata();
    assert_eq!(metadata.abi, ABI_VERSION);
    assert!(metadata.unwinds);
    assert_eq!(metadata.license, "MIT OR Apache-2.0");
    assert!(metadata.rustc.starts_with("rustc "), "{}", metadata.rustc);
    assert!(metadata.writers.ends_with("BdR"), "{}", metadata.writers);
    assert_eq!(metadata.sdk, pitland_writer::VERSION);
}

#[test]
fn a_loaded_writer_is_meant_by_name_and_a_builtin_wins_otherwise() {
    let folder = Folder::new();
    let mut registry = Registry::with_builtins();
    let builtins = registry.writers().len();
    let plugin = registry.load(folder.copy(&bd_r(), "bd-r.so")).unwrap();
    let facts = media::bd_r_blank().build();
    let chosen = registry.choose(&facts, &burn(64), None).unwrap();
    assert_eq!(chosen.writer.source, Source::BuiltIn);
    let chosen = registry.choose(&facts, &burn(64), Some("bd-r")).unwrap();
    assert_eq!(
        chosen.writer.source,
        Source::Plugin(plugin.path().to_path_buf())
    );

    registry.add_plugin(&plugin).unwrap();
    assert_eq!(
        registry.writers().len(),
        builtins + 1,
        "the same library changes nothing"
    );
    let error = registry.load(folder.copy(&bd_r(), "other.so")).unwrap_err();
    assert!(
        matches!(error, PluginError::DuplicateName { ref name, .. } if name == "bd-r"),
        "{error}"
    );
    assert_eq!(registry.writers().len(), builtins + 1);
}

#[test]
fn builtin_writers_serve_every_family_of_media() {
    let registry = Registry::with_builtins();
    for facts in [
        media::bd_r_blank().build(),
        media::bd_re_formatted().build(),
        media::dvd_plus_r_blank().build(),
        media::dvd_plus_r_dl_blank().build(),
        media::dvd_plus_rw_formatted().build(),
        media::dvd_ram().build(),
    ] {
        let mut request = BurnRequest::new(64);
        request.placement = Placement::Overwrite;
        let requests = [burn(64), Request::Burn(request)];
        let chosen = requests
            .iter()
            .any(|r| registry.choose(&facts, r, None).is_ok());
        assert!(chosen, "{}", facts.profile());
    }
    let error = registry
        .choose(&media::no_medium().build(), &burn(64), None)
        .unwrap_err();
    assert_eq!(error.refusal(), Refusal::NoMedium);
    let error = registry
        .choose(&media::bd_r_complete().build(), &burn(64), None)
        .unwrap_err();
    assert!(matches!(error, ChooseError::Refused { .. }), "{error}");
}

#[test]
fn listed_folders_are_searched_and_each_file_is_judged() {
    let folder = Folder::new();
    folder.copy(&bd_r(), "bd-r.so");
    folder.write("broken.so", b"no library");
    folder.write("readme.txt", b"not looked at");
    let found = discover(&[folder.path()]);
    let loaded: Vec<bool> = found.iter().map(|path| load(path).is_ok()).collect();
    assert_eq!(loaded, [true, false]);
}

// --- hostile plug-ins -----------------------------------------------------------------------------

/// Long enough for a writer that answers, on any machine.
const LONG: Duration = Duration::from_secs(60);

fn hostile_writer(registry: &Registry, name: &str) -> Arc<dyn WriterModule> {
    let mut writers = registry.writers().iter();
    Arc::clone(
        &writers
            .find(|writer| writer.info.name == name)
            .expect(name)
            .module,
    )
}

fn hostile_registry(folder: &Folder, limit: Duration) -> Registry {
    let plugin = load(folder.copy(&hostile(), "hostile.so")).unwrap();
    // The descriptions are asked for under a limit that they keep.
    let mut registry = Registry::new().with_limit(limit);
    registry.add_plugin(&plugin).unwrap();
    registry
}

fn panicked(failure: &Failure) -> &str {
    match failure {
        Failure::Panicked { message } => message,
        other => panic!("no panic: {other}"),
    }
}

#[test]
fn panics_of_a_plugin_are_failures_wherever_they_happen() {
    let folder = Folder::new();
    let registry = hostile_registry(&folder, LONG);
    let facts = media::bd_r_blank().build();
    let request = burn(1);

    let writer = hostile_writer(&registry, "panics-in-assess");
    let Fit::Refuses(Refusal::WriterFault(failure)) = writer.assess(&facts, &request) else {
        panic!("no fault");
    };
    assert!(panicked(&failure).starts_with("hostile: panics-in-assess at "));

    let writer = hostile_writer(&registry, "panics-in-begin");
    let Err(Refusal::WriterFault(failure)) = writer.begin(&facts, &request) else {
        panic!("no fault");
    };
    assert!(panicked(&failure).starts_with("hostile: panics-in-begin at "));

    let writer = hostile_writer(&registry, "panics-in-next");
    let (mut job, _) = writer.begin(&facts, &request).unwrap();
    assert_eq!(job.next(Event::Begin), Step::Identify);
    let Step::Failed(failure) = job.next(Event::Done) else {
        panic!("no failure")
    };
    assert!(panicked(&failure).starts_with("hostile: panics-in-next at "));
    assert_eq!(
        job.next(Event::Begin),
        Step::Failed(failure),
        "it is not called again"
    );

    for name in ["panics-in-drop", "panics-twice"] {
        let writer = hostile_writer(&registry, name);
        let (mut job, _) = writer.begin(&facts, &request).unwrap();
        job.next(Event::Begin);
        job.next(Event::Done);
        drop(job);
        // Dropped without the thread in between, where the test would see the process end.
        let plugin = load(folder.path().join("hostile.so")).unwrap();
        let bare = plugin
            .writers()
            .iter()
            .find(|w| w.info().name == name)
            .unwrap();
        let (mut job, _) = bare.begin(&facts, &request).unwrap();
        assert_eq!(job.next(Event::Begin), Step::Identify);
        let _ = job.next(Event::Done);
        drop(job);
    }
}

#[test]
fn a_plugin_that_hangs_costs_its_thread() {
    let folder = Folder::new();
    let limit = Duration::from_secs(1);
    let registry = hostile_registry(&folder, limit);
    let facts = media::bd_r_blank().build();
    let request = burn(1);
    let hung = Failure::Hung { limit };

    let writer = hostile_writer(&registry, "hangs-in-assess");
    assert_eq!(
        writer.assess(&facts, &request),
        Fit::Refuses(Refusal::WriterFault(hung.clone()))
    );
    let writer = hostile_writer(&registry, "hangs-in-begin");
    assert_eq!(
        writer.begin(&facts, &request).err(),
        Some(Refusal::WriterFault(hung.clone()))
    );
    let writer = hostile_writer(&registry, "hangs-in-next");
    let (mut job, _) = writer.begin(&facts, &request).unwrap();
    assert_eq!(job.next(Event::Begin), Step::Identify);
    assert_eq!(job.next(Event::Done), Step::Failed(hung.clone()));
    assert_eq!(
        job.next(Event::Done),
        Step::Failed(hung),
        "it is not asked again"
    );

    let writer = hostile_writer(&registry, "hangs-in-drop");
    let (job, _) = writer.begin(&facts, &request).unwrap();
    let (done, dropped) = mpsc::channel();
    thread::spawn(move || {
        drop(job);
        done.send(()).unwrap();
    });
    dropped
        .recv_timeout(LONG)
        .expect("dropping a job waits for nobody");
}

#[test]
fn a_plugin_whose_description_panics_is_refused() {
    let folder = Folder::new();
    let library = built::example("pitland-hostile-plugin", "undescribed", &[]);
    let error = load(folder.copy(&library, "a.so")).unwrap_err();
    let PluginError::Module {
        source: ModuleError::Panicked { message },
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert!(message.starts_with("hostile in info at "), "{message}");
}

#[test]
fn a_plugin_that_would_end_the_process_when_it_panics_is_refused() {
    let folder = Folder::new();
    let library = built::example("pitland-hostile-plugin", "aborting", &["-C", "panic=abort"]);
    let error = load(folder.copy(&library, "a.so")).unwrap_err();
    assert!(
        matches!(error, PluginError::AbortsOnPanic { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("rebuild pitland-hostile-plugin"),
        "{error}"
    );
}

// --- other versions -------------------------------------------------------------------------------

/// The bytes of a library, and where these begin in them.
fn find(library: &[u8], bytes: &[u8]) -> usize {
    library
        .windows(bytes.len())
        .position(|window| window == bytes)
        .expect("they are there")
}

#[test]
fn a_plugin_of_another_abi_is_refused_with_both_versions() {
    let folder = Folder::new();
    let mut library = fs::read(bd_r()).unwrap();
    let version = find(&library, &pitland_abi::metadata::MAGIC) + 16;
    library[version..version + 2].copy_from_slice(&7u16.to_le_bytes());
    let path = folder.write("a.so", &library);
    let error = load(&path).unwrap_err();
    let PluginError::OtherAbi { theirs, ours, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(
        theirs,
        AbiVersion {
            major: 7,
            ..ABI_VERSION
        }
    );
    assert_eq!(ours, ABI_VERSION);
    let text = error.to_string();
    for part in [
        "a.so",
        &format!("version 7.{}.{}", ABI_VERSION.minor, ABI_VERSION.patch),
        &format!("has {ABI_VERSION}"),
        "rebuild pitland-bd-r-plugin",
    ] {
        assert!(text.contains(part), "{part:?} is missing: {text}");
    }
}

#[test]
fn a_plugin_with_another_abi_stable_inside_is_refused_in_few_words() {
    let folder = Folder::new();
    let mut library = fs::read(bd_r()).unwrap();
    // The bytes that begin the header which the layout check reads.
    let at = find(&library, b"abi stable library for Rust");
    library[at] ^= 0xFF;
    let error = load(folder.write("a.so", &library)).unwrap_err();
    assert!(matches!(error, PluginError::Layout { .. }), "{error}");
    assert!(error.to_string().len() < 600, "{error}");
}

// --- no plug-ins ----------------------------------------------------------------------------------

fn reason(path: &Path) -> NotAPlugin {
    match load(path).unwrap_err() {
        PluginError::NotAPlugin { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn files_that_are_no_plugins_are_refused() {
    let folder = Folder::new();
    let library = fs::read(bd_r()).unwrap();
    let cut = &library[..4096];
    for (name, bytes) in [
        ("text.so", &b"hello"[..]),
        ("empty.so", b""),
        ("magic.so", b"\x7FELF\x02\x01\x01"),
        ("cut.so", cut),
    ] {
        assert_eq!(
            reason(&folder.write(name, bytes)),
            NotAPlugin::NoLibrary,
            "{name}"
        );
    }
    let mut noise = library[..64].to_vec();
    noise.extend((0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
    let _ = reason(&folder.write("noise.so", &noise));

    // A library, but not one of writers: the C library that this test runs on.
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let libc = maps
        .lines()
        .filter_map(|line| line.split_ascii_whitespace().nth(5))
        .find(|path| path.contains("/libc.so"))
        .expect("this test is linked against a C library");
    assert_eq!(reason(Path::new(libc)), NotAPlugin::NoSymbol);

    let mut other = library;
    let at = find(&other, &pitland_abi::metadata::MAGIC);
    other[at] = b'X';
    assert!(matches!(
        reason(&folder.write("other.so", &other)),
        NotAPlugin::Metadata(_)
    ));
}

#[test]
fn paths_that_are_no_files_are_refused() {
    let folder = Folder::new();
    assert!(matches!(
        load(folder.path()),
        Err(PluginError::NotAFile { .. })
    ));
    assert!(matches!(
        load("/dev/null"),
        Err(PluginError::NotAFile { .. } | PluginError::WritableByOthers { .. })
    ));
    let missing = folder.path().join("missing.so");
    assert!(matches!(load(missing), Err(PluginError::NotFound { .. })));
}

// --- who could have made it -----------------------------------------------------------------------

#[test]
fn a_folder_that_others_can_write_is_refused_unless_it_is_sticky() {
    let folder = Folder::new();
    let open = folder.sub("open", 0o777);
    fs::copy(bd_r(), open.join("a.so")).unwrap();
    set_mode(&open.join("a.so"), 0o644);
    let error = load(open.join("a.so")).unwrap_err();
    let PluginError::WritableByOthers {
        path, mode: 0o777, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert!(path.ends_with("open"), "{error}");
    assert!(error.to_string().contains("chmod go-w"), "{error}");

    let link = folder.path().join("link.so");
    symlink(open.join("a.so"), &link).unwrap();
    assert!(matches!(
        load(&link),
        Err(PluginError::WritableByOthers { .. })
    ));

    set_mode(&open, 0o1777);
    assert_eq!(names(&load(open.join("a.so")).unwrap()), ["bd-r"]);
}

#[test]
fn a_file_that_others_can_write_is_refused() {
    let folder = Folder::new();
    let path = folder.copy(&bd_r(), "a.so");
    for mode in [0o666, 0o664] {
        set_mode(&path, mode);
        assert!(
            matches!(load(&path), Err(PluginError::WritableByOthers { .. })),
            "{mode:o}"
        );
    }
    set_mode(&path, 0o600);
    load(&path).unwrap();
}
