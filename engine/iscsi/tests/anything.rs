//! Whatever arrives is read or refused: the fuzz targets' functions on a stable
//! toolchain, over a small corpus and random bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_iscsi::negotiation::*;
use pitland_iscsi::pdu::*;
use proptest::prelude::*;

/// As the fuzz target `pdu`. Gives how many headers were understood.
fn pdus(data: &[u8]) -> usize {
    let Some((digests, stream)) = data.split_first() else {
        return 0;
    };
    let mut reader = PduReader::new(stream, 4096);
    reader.header_digest = digests & 1 != 0;
    reader.data_digest = digests & 2 != 0;
    let mut room = [0; 512];
    let mut understood = 0;
    while let Ok(Some(incoming)) = reader.header() {
        for segment in AdditionalHeaders::new(reader.additional_headers(&incoming)) {
            let _ = segment;
        }
        if let Ok(pdu) = InitiatorPdu::parse(&incoming.header) {
            assert_eq!(InitiatorPdu::parse(&pdu.emit()), Ok(pdu));
            understood += 1;
        }
        if let Ok(pdu) = TargetPdu::parse(&incoming.header) {
            assert_eq!(TargetPdu::parse(&pdu.emit()), Ok(pdu));
            understood += 1;
        }
        if reader.data(incoming, &mut room).is_err() {
            break;
        }
    }
    understood
}

fn steps(mut data: &[u8]) -> impl Iterator<Item = (BasicHeaderSegment, &[u8])> {
    core::iter::from_fn(move || {
        let (header, rest) = data.split_first_chunk::<48>()?;
        let (length, rest) = rest.split_first()?;
        let (text, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        data = rest;
        Some((BasicHeaderSegment(*header), text))
    })
}

/// As the fuzz target `login`.
fn logins(data: &[u8]) {
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
}

fn hex(text: &str) -> Vec<u8> {
    text.split_ascii_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

/// A session of libiscsi's `iscsi-inq` at `tgtd`, as it came: what `tgtd` sent,
/// after its login response.
const FROM_TGTD: &str = "
    21 80 00 02 00 00 00 14 00 00 00 00 00 00 00 00 08 d1 cf 53 00 00 00 00
    00 00 00 01 7e 02 62 8a 7e 02 63 0a 00 00 00 00 00 00 00 00 00 00 00 00
    00 12 70 00 06 00 00 00 00 0a 00 00 00 00 29 00 00 00 00 00
    21 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 08 d1 cf 54 00 00 00 00
    00 00 00 02 7e 02 62 8b 7e 02 63 0b 00 00 00 00 00 00 00 00 00 00 00 00
    25 81 00 00 00 00 00 05 00 00 00 00 00 00 00 00 08 d1 cf 55 ff ff ff ff
    00 00 00 03 7e 02 62 8c 7e 02 63 0c 00 00 00 00 00 00 00 00 00 00 00 00
    05 80 05 12 3d 00 00 00
    26 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 08 d1 cf 57 00 00 00 00
    00 00 00 05 7e 02 62 8d 7e 02 63 0d 00 00 00 00 00 00 00 00 00 00 00 00";

#[test]
fn what_another_target_sends_is_understood() {
    let mut stream = vec![0];
    stream.extend(hex(FROM_TGTD));
    assert_eq!(pdus(&stream), 4);
    let bytes = &stream[1..];
    let header = |at: usize| BasicHeaderSegment(bytes[at..at + 48].try_into().unwrap());
    let check = ScsiResponse::parse(&header(0));
    assert_eq!((check.status, check.stat_sn), (2, 1));
    assert_eq!(
        (check.exp_cmd_sn, check.max_cmd_sn),
        (0x7E02_628A, 0x7E02_630A)
    );
    let data = DataIn::parse(&header(48 + 20 + 48));
    assert!(data.last && data.has_status);
    assert_eq!((data.status, data.data_sn, data.buffer_offset), (0, 0, 0));
    assert_eq!(data.initiator_task_tag, 0x08D1_CF55);
    let ours = data.emit();
    assert_eq!(ours.0[..4], header(48 + 20 + 48).0[..4]);
    assert_eq!(ours.0[8..], header(48 + 20 + 48).0[8..]);
}

#[test]
fn the_corpus_is_read_or_refused() {
    let mut entries = vec![
        Vec::new(),
        vec![0],
        vec![3; 200],
        vec![0xFF; 1200],
        vec![0; 1200],
    ];
    let mut tgtd = vec![0];
    tgtd.extend(hex(FROM_TGTD));
    entries.push(tgtd.clone());
    tgtd[0] = 3;
    entries.push(tgtd);
    // A login in one step, and one in two.
    let mut login = LoginRequest {
        transit: true,
        current_stage: Stage::OperationalNegotiation,
        next_stage: Stage::FullFeature,
        ..LoginRequest::default()
    }
    .emit()
    .0
    .to_vec();
    let text = b"InitiatorName=iqn.a:i\0TargetName=iqn.a:t\0MaxBurstLength=1\0X=1\0";
    login.push(text.len() as u8);
    login.extend(text);
    entries.push(login.clone());
    login[1] = 0x40;
    entries.push(login.repeat(40));
    for entry in entries {
        pdus(&entry);
        logins(&entry);
    }
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(data in prop::collection::vec(any::<u8>(), 0..800)) {
        pdus(&data);
        logins(&data);
    }
}
