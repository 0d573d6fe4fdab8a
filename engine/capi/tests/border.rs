//! What callers do wrong stays a status: null pointers, calls from a call-back, structs of another size.
#![allow(unsafe_code, reason = "the calls are those of another language")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_capi::*;
use std::ffi::{CStr, CString, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};

const BAD: pitland_status = pitland_status::BadArgument;

fn engine() -> *mut pitland_engine {
    let mut engine = null_mut();
    // SAFETY: a place, and null.
    let status = unsafe { pitland_engine_new(&raw mut engine, null_mut()) };
    assert_eq!(status, pitland_status::Ok);
    engine
}

/// A drive with a new disc in it.
fn drive(engine: *mut pitland_engine, folder: &Path) -> *mut pitland_drive {
    let address = CString::new(format!("virtual:{}/x.vdisc", folder.display())).unwrap();
    let mut drive = null_mut();
    // SAFETY: an engine, a text, a place, and null.
    let status = unsafe {
        let mode = PITLAND_OPEN_CREATE;
        pitland_engine_open(engine, address.as_ptr(), mode, &raw mut drive, null_mut())
    };
    assert_eq!(status, pitland_status::Ok);
    drive
}

#[test]
fn null_pointers_are_told_and_freed() {
    let engine = engine();
    let folder = tempfile::tempdir().unwrap();
    let drive = drive(engine, folder.path());
    let path = c"/".as_ptr();
    let nothing = &raw const path;
    let (mut list, mut other, mut text) = (null_mut(), null_mut(), null_mut());
    // SAFETY: every pointer is null, a place, or what it should be.
    unsafe {
        for status in [
            pitland_engine_new(null_mut(), null_mut()),
            pitland_engine_find_drives(null(), &raw mut list, null_mut()),
            pitland_engine_find_drives(engine, null_mut(), null_mut()),
            pitland_engine_open(null(), path, 0, &raw mut other, null_mut()),
            pitland_drive_facts(null(), null_mut(), null_mut()),
            pitland_drive_facts(drive, null_mut(), null_mut()),
            pitland_drive_eject(null(), null_mut()),
            pitland_drive_load(null(), null_mut()),
            pitland_drive_cancel(null()),
            pitland_drive_burn_tree(null(), nothing, 1, null(), null_mut(), null_mut()),
            pitland_drive_burn_tree(drive, null(), 1, null(), null_mut(), null_mut()),
            pitland_drive_burn_tree(drive, nothing, 0, null(), null_mut(), null_mut()),
            pitland_drive_burn_image(drive, null(), null(), null_mut(), null_mut()),
            pitland_drive_burn_image(null(), path, null(), null_mut(), null_mut()),
            pitland_drive_plan_tree(drive, nothing, 1, null(), null_mut(), null_mut()),
            pitland_drive_plan_tree(null(), nothing, 1, null(), &raw mut text, null_mut()),
            pitland_drive_verify(drive, null(), null(), null_mut()),
            pitland_drive_verify_tree(drive, null(), 1, null_mut(), null_mut()),
            pitland_drive_verify_tree(drive, nothing, usize::MAX, null_mut(), null_mut()),
            pitland_drive_erase(null(), 0, null(), null_mut(), null_mut()),
            pitland_drive_format(null(), null(), null(), null_mut(), null_mut()),
            pitland_drive_close(null(), 0, null(), null_mut(), null_mut()),
            pitland_drive_read(null(), path, null(), null_mut(), null_mut()),
            pitland_drive_read(drive, null(), null(), null_mut(), null_mut()),
            pitland_virtual_disc_create(null(), path, 0, null_mut()),
            pitland_virtual_disc_create(path, null(), 0, null_mut()),
        ] {
            assert_eq!(status, BAD);
        }
        let (options, report, error) = (null(), null_mut(), null_mut());
        for status in [
            pitland_drive_append_tree(null(), nothing, 1, null(), options, report, error),
            pitland_drive_append_tree(drive, nothing, 0, null(), options, report, error),
            pitland_drive_burn_audio(null(), nothing, 1, null(), options, report, error),
            pitland_drive_burn_audio(drive, null(), 1, null(), options, report, error),
            pitland_drive_burn_audio(drive, nothing, 0, null(), options, report, error),
            pitland_drive_burn_sheet(null(), path, null(), options, report, error),
            pitland_drive_burn_sheet(drive, null(), null(), options, report, error),
        ] {
            assert_eq!(status, BAD);
        }
        assert_eq!(pitland_drive_list_count(null()), 0);
        assert!(pitland_drive_list_name(null(), 0).is_null());
        assert!(pitland_drive_address(null()).is_null());
        assert_eq!(pitland_error_status(null()), pitland_status::Ok);
        assert!(pitland_error_text(null()).is_null());
        assert_eq!(pitland_error_imapi_code(null()), 0);
        assert_eq!(pitland_facts_capacity(null()), PITLAND_UNKNOWN);
        assert!(pitland_facts_vendor(null()).is_null());
        assert!(pitland_report_writer(null()).is_null());
        assert_eq!(pitland_report_warning_count(null()), 0);
        assert_eq!(pitland_facts_sessions(null()), PITLAND_UNKNOWN);
        assert_eq!(pitland_facts_session_start(null(), 1), PITLAND_UNKNOWN);
        assert_eq!(pitland_facts_track_count(null()), 0);
        assert_eq!(
            pitland_facts_track_kind(null(), 0),
            pitland_track_kind::None
        );
        assert_eq!(pitland_facts_write_speed(null(), 0), 0);
        pitland_string_free(null_mut());
        pitland_error_free(null_mut());
        pitland_facts_free(null_mut());
        pitland_report_free(null_mut());
        pitland_drive_list_free(null_mut());
        pitland_drive_free(null_mut());
        pitland_engine_free(null_mut());
        // A drive outlives its engine, and refuses.
        pitland_engine_free(engine);
        let mut facts = null_mut();
        let status = pitland_drive_facts(drive, &raw mut facts, null_mut());
        assert_eq!(status, pitland_status::Denied);
        assert!(facts.is_null());
        pitland_drive_free(drive);
    }
}

/// Makes a call that has to wait, and keeps its status.
unsafe extern "C" fn calls_again(_: *const pitland_progress, user: *mut c_void) -> i32 {
    // SAFETY: as `a_call_from_a_call_back_is_refused` has given it.
    let told = unsafe { &mut *user.cast::<(*mut pitland_drive, Option<pitland_status>)>() };
    // SAFETY: the drive, and null.
    told.1 = Some(unsafe { pitland_drive_eject(told.0, null_mut()) });
    0
}

#[test]
fn a_call_from_a_call_back_is_refused() {
    let engine = engine();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "bytes").unwrap();
    let drive = drive(engine, folder.path());
    let mut told = (drive, None);
    let path = CString::new(folder.path().join("file").to_str().unwrap()).unwrap();
    // SAFETY: zeros are the defaults.
    let mut options: pitland_burn_options = unsafe { std::mem::zeroed() };
    options.size = size_of::<pitland_burn_options>();
    options.progress = Some(calls_again);
    options.user = (&raw mut told).cast();
    // SAFETY: a drive, a path, options, and null.
    let status = unsafe {
        let paths = &raw const *[path.as_ptr()].first().unwrap();
        pitland_drive_burn_tree(drive, paths, 1, &raw const options, null_mut(), null_mut())
    };
    assert_eq!(status, pitland_status::Ok);
    assert_eq!(told.1, Some(BAD));
    // SAFETY: both are not freed yet.
    unsafe {
        pitland_drive_free(drive);
        pitland_engine_free(engine);
    }
}

/// The options of a later header.
#[repr(C)]
struct Later {
    options: pitland_burn_options,
    more: u64,
}

#[test]
fn options_of_other_headers_are_taken_as_far_as_they_mean_something() {
    let engine = engine();
    let folder = tempfile::tempdir().unwrap();
    let drive = drive(engine, folder.path());
    let path = c"/dev/null".as_ptr();
    let plan = |options: *const pitland_burn_options| {
        let (mut text, mut error) = (null_mut(), null_mut());
        // SAFETY: a drive, a path, options, and places.
        unsafe {
            let (paths, place) = (&raw const path, &raw mut text);
            let status = pitland_drive_plan_tree(drive, paths, 1, options, place, &raw mut error);
            let words = pitland_error_text(error);
            let told =
                (!words.is_null()).then(|| CStr::from_ptr(words).to_str().unwrap().to_owned());
            pitland_string_free(text);
            pitland_error_free(error);
            (status, told.unwrap_or_default())
        }
    };
    // SAFETY: zeros are the defaults.
    let mut later: Later = unsafe { std::mem::zeroed() };
    let mut sized = |size: usize, more: u64| {
        later.options.size = size;
        later.options.finish = 7;
        later.more = more;
        plan((&raw const later).cast())
    };
    // An earlier header had no `finish`: what stands there is not looked at.
    let (status, words) = sized(std::mem::offset_of!(pitland_burn_options, finish), 0);
    assert_ne!(status, BAD, "{words}");
    let known = size_of::<pitland_burn_options>();
    let (status, words) = sized(known, 0);
    assert_eq!((status, words.as_str()), (BAD, "finish has no value 7"));
    let (status, words) = sized(known + 8, 1);
    assert!(status == BAD && words.contains("does not know"), "{words}");
    let (_, words) = sized(known + 8, 0);
    assert_eq!(words, "finish has no value 7");
    for size in [0, 4, 1 << 40] {
        let (status, words) = sized(size, 0);
        assert!(status == BAD && words.contains("sizeof"), "{words}");
    }
    // SAFETY: both are not freed yet.
    unsafe {
        pitland_drive_free(drive);
        pitland_engine_free(engine);
    }
}
