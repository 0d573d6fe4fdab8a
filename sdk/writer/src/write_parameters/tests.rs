//! What of a page follows from the request, and what from the drive.

use super::*;
use crate::testing::{dvd_minus, media};
use pitland_mmc::mode_page::Capabilities;

#[test]
fn of_the_drives_own_page_only_the_vendors_bytes_are_kept() {
    let mut facts = dvd_minus::dvd_r_blank().build();
    assert_eq!(fresh(&facts), WriteParameters::default());
    facts.write_parameters = Some(WriteParameters {
        savable: true,
        test_write: true,
        copy: true,
        mcn: Some(*b"0123456789012"),
        vendor: vec![7, 8],
        ..WriteParameters::default()
    });
    let kept = WriteParameters {
        vendor: vec![7, 8],
        ..WriteParameters::default()
    };
    assert_eq!(fresh(&facts), kept);
}

#[test]
fn a_page_says_what_the_request_says() {
    let facts = dvd_minus::dvd_r_blank().build();
    let mut burn = BurnRequest::new(1);
    let page = of_burn(&facts, &burn);
    assert!(page.buffer_underrun_free && !page.test_write);
    assert_eq!(page.multi_session, MultiSession::NextSessionAllowed);
    burn.test_write = true;
    burn.finish = Finish::FinalizeDisc;
    burn.underrun_protection = false;
    let page = of_burn(&facts, &burn);
    assert!(!page.buffer_underrun_free && page.test_write);
    assert_eq!(page.multi_session, MultiSession::Final);
    assert_eq!(unprotected(&page, &burn), None);
}

#[test]
fn underrun_protection_is_told_by_a_current_feature_or_by_the_page_of_capabilities() {
    let mut plain = dvd_minus::dvd_r_blank_in_a_plain_drive().build();
    let burn = BurnRequest::new(1);
    assert!(!offers_underrun_protection(&plain));
    let warned = unprotected(&of_burn(&plain, &burn), &burn);
    assert_eq!(warned, Some(Warning::NoUnderrunProtection));
    plain.capabilities = Some(Capabilities {
        feature_flags: 0x80,
        ..Capabilities::default()
    });
    assert!(offers_underrun_protection(&plain));
}

#[test]
fn media_without_the_page_have_no_test_write_no_recording_at_once_and_no_choice_of_protection() {
    let profile = media::bd_r_blank().build().profile();
    let mut burn = BurnRequest::new(1);
    assert_eq!(not_needed(profile, &burn), Ok(()));
    burn.recording = Recording::TrackByTrack;
    assert_eq!(not_needed(profile, &burn), Ok(()));
    burn.underrun_protection = false;
    let refused = Err(Refusal::NoUnderrunChoice { profile });
    assert_eq!(not_needed(profile, &burn), refused);
    let recording = Recording::AtOnce;
    burn.recording = recording;
    let refused = Err(Refusal::NoSuchRecording { profile, recording });
    assert_eq!(not_needed(profile, &burn), refused);
    burn.test_write = true;
    let refused = Err(Refusal::NoTestWrite { profile });
    assert_eq!(not_needed(profile, &burn), refused);
}
