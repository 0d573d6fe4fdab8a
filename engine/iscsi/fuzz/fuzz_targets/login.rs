//! Logins of both sides, fed with whatever comes: a length, a header, a text, and again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_iscsi::negotiation::*;
use pitland_iscsi::pdu::{BasicHeaderSegment, LoginRequest, LoginResponse};

fn steps(mut data: &[u8]) -> impl Iterator<Item = (BasicHeaderSegment, &[u8])> {
    core::iter::from_fn(move || {
        let (header, rest) = data.split_first_chunk::<48>()?;
        let (length, rest) = rest.split_first()?;
        let (text, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        data = rest;
        Some((BasicHeaderSegment(*header), text))
    })
}

fuzz_target!(|data: &[u8]| {
    let identity = Identity {
        target_name: "iqn.a:t".into(),
        target_alias: None,
        portal_group: 1,
        window: 8,
    };
    let mut target = TargetLogin::new(identity, Wish::default(), 1);
    for (header, text) in steps(data) {
        match target.step(&LoginRequest::parse(&header), text) {
            TargetStep::Answer { text, .. } => assert!(text.len() <= 8192),
            TargetStep::Done { .. } | TargetStep::Refused { .. } => break,
        }
    }
    let session = SessionWish {
        kind: SessionKind::Normal,
        initiator_name: "iqn.a:i".into(),
        initiator_alias: None,
        target_name: "iqn.a:t".into(),
        isid: [0; 6],
    };
    let mut initiator = InitiatorLogin::new(session, Wish::default());
    let _ = initiator.begin();
    for (header, text) in steps(data) {
        match initiator.step(&LoginResponse::parse(&header), text) {
            Ok(LoginStep::Send { text, .. }) => assert!(text.len() <= 8192),
            Ok(LoginStep::Done { .. }) | Err(_) => break,
        }
    }
});
