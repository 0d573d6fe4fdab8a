//! Initiators that keep to no rule: the target answers, rejects or closes, and
//! goes on for everybody else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::peer::{Came, Peer};
use common::*;
use pitland_iscsi::pdu::*;
use pitland_iscsi::target::{Target, TargetOptions};
use pitland_transport::sim::MediumKind;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn one_drive() -> Target {
    target(&[MediumKind::DvdRam], TargetOptions::default())
}

/// A good initiator is served as if nothing had happened.
fn still_serves(target: &Target) {
    let mut drive = connected(target, 1);
    wait_ready(&mut drive);
    write(&mut drive, 0, &pattern(0, 16));
    assert_eq!(read(&mut drive, 0, 16), pattern(0, 16));
}

fn command(tag: u32, cmd_sn: u32, expected: u32, cdb: &[u8]) -> ScsiCommand {
    let mut field = [0; 16];
    field[..cdb.len()].copy_from_slice(cdb);
    ScsiCommand {
        last: true,
        lun: [0, 1, 0, 0, 0, 0, 0, 0],
        initiator_task_tag: tag,
        expected_data_transfer_length: expected,
        cmd_sn,
        cdb: field,
        ..ScsiCommand::default()
    }
}

fn write_command(tag: u32, cmd_sn: u32, blocks: u16) -> ScsiCommand {
    ScsiCommand {
        write: true,
        ..command(tag, cmd_sn, u32::from(blocks) * 2048, &at(0x2A, 0, blocks))
    }
}

/// A session whose drive has said what it had to say.
fn ready(target: &Target, name: &str, keys: &[(&str, &str)]) -> (Peer, u32) {
    let mut drive = connected(target, 1);
    wait_ready(&mut drive);
    (Peer::session(target.local_address(), name, keys), 1)
}

fn rejected(came: &Came) -> RejectReason {
    match came.of_target() {
        TargetPdu::Reject(reject) => reject.reason,
        other => panic!("not rejected: {other:?}"),
    }
}

fn sense_of(came: &Came) -> Triple {
    assert!(
        matches!(came.of_target(), TargetPdu::ScsiResponse(_)),
        "{came:?}"
    );
    (came.data[4] & 0xF, came.data[14], came.data[15])
}

#[test]
fn a_pdu_that_means_nothing_is_rejected_with_its_header() {
    let target = one_drive();
    let (mut peer, _) = ready(&target, "iqn.a:x", &[]);
    let mut header = BasicHeaderSegment([0xAB; 48]);
    header.0[0] = 0x1C;
    header.set_ahs_bytes(0);
    peer.send(header, b"data");
    let came = peer.next().unwrap();
    assert_eq!(rejected(&came), RejectReason::CommandUnsupported);
    header.set_data_bytes(4);
    assert_eq!(came.data, header.0);
    still_serves(&target);
    assert_eq!(target.counts().protocol_errors, 1);
}

#[test]
fn absurd_lengths_close_the_connection_and_nothing_else() {
    let target = one_drive();
    for data_bytes in [0x00FF_FFFF, 262_145] {
        let (mut peer, _) = ready(&target, "iqn.a:x", &[]);
        let mut header = NopOut {
            immediate: true,
            initiator_task_tag: 1,
            ..NopOut::default()
        }
        .emit();
        header.set_data_bytes(data_bytes);
        peer.raw(&header.0);
        assert!(peer.is_closed_by_peer());
    }
    // Before there is a session, no more than a text is taken.
    let mut peer = Peer::connect(target.local_address());
    let mut header = LoginRequest::default().emit();
    header.set_data_bytes(20_000);
    peer.raw(&header.0);
    assert!(peer.is_closed_by_peer());
    still_serves(&target);
}

#[test]
fn a_command_for_more_than_a_session_holds_is_refused_without_asking_for_its_data() {
    let target = one_drive();
    let (mut peer, cmd_sn) = ready(&target, "iqn.a:x", &[("InitialR2T", "Yes")]);
    let mut huge = write_command(1, cmd_sn, 32);
    huge.expected_data_transfer_length = u32::MAX;
    peer.send(huge.emit(), &[]);
    assert_eq!(sense_of(&peer.next().unwrap()), (5, 0x24, 0));
    let mut huge = command(2, cmd_sn + 1, u32::MAX, &at(0x28, 0, 2049));
    huge.read = true;
    peer.send(huge.emit(), &[]);
    assert_eq!(sense_of(&peer.next().unwrap()), (5, 0x24, 0));
    // Much is expected and little asked for: that is what comes.
    let mut inquiry = command(6, cmd_sn + 2, u32::MAX, &[0x12, 0, 0, 0, 36, 0]);
    inquiry.read = true;
    peer.send(inquiry.emit(), &[]);
    let came = peer.next().unwrap();
    let TargetPdu::DataIn(answer) = came.of_target() else {
        panic!("{came:?}");
    };
    assert_eq!((came.data.len(), answer.underflow), (36, true));
    assert_eq!(answer.residual_count, u32::MAX - 36);
    let cmd_sn = cmd_sn + 1;
    // Each of these announces 4 MiB; the third has no room.
    for tag in 3..6 {
        let mut large = write_command(tag, cmd_sn + tag - 1, 2048);
        large.expected_data_transfer_length = 4 << 20;
        peer.send(large.emit(), &[]);
        let came = peer.next().unwrap();
        match came.of_target() {
            TargetPdu::ReadyToTransfer(asked) => {
                assert!(tag < 5);
                assert_eq!(asked.initiator_task_tag, tag);
            }
            TargetPdu::ScsiResponse(response) => {
                assert_eq!((tag, response.status), (5, 0x28));
            }
            other => panic!("{other:?}"),
        }
    }
    still_serves(&target);
}

#[test]
fn data_for_a_task_that_is_not_there_are_rejected() {
    let target = one_drive();
    let (mut peer, cmd_sn) = ready(&target, "iqn.a:x", &[("InitialR2T", "Yes")]);
    let stray = DataOut {
        last: true,
        initiator_task_tag: 77,
        target_transfer_tag: 5,
        ..DataOut::default()
    };
    peer.send(stray.emit(), &[0; 512]);
    assert_eq!(
        rejected(&peer.next().unwrap()),
        RejectReason::InvalidPduField
    );
    // A tag that belongs to no request of ours; the task goes on.
    peer.send(write_command(1, cmd_sn, 16).emit(), &[]);
    let TargetPdu::ReadyToTransfer(asked) = peer.next().unwrap().of_target() else {
        panic!("nothing is asked for");
    };
    let mut data = DataOut {
        initiator_task_tag: 1,
        target_transfer_tag: asked.target_transfer_tag ^ 1,
        ..stray
    };
    peer.send(data.emit(), &[1; 512]);
    assert_eq!(
        rejected(&peer.next().unwrap()),
        RejectReason::InvalidPduField
    );
    data.target_transfer_tag = asked.target_transfer_tag;
    peer.send(data.emit(), &pattern(0, 16));
    let TargetPdu::ScsiResponse(response) = peer.next().unwrap().of_target() else {
        panic!("no response");
    };
    assert_eq!(response.status, 0);
    still_serves(&target);
}

#[test]
fn data_out_of_order_fail_their_command_alone() {
    let target = one_drive();
    let (mut peer, cmd_sn) = ready(&target, "iqn.a:x", &[("InitialR2T", "Yes")]);
    peer.send(write_command(1, cmd_sn, 16).emit(), &[]);
    let TargetPdu::ReadyToTransfer(asked) = peer.next().unwrap().of_target() else {
        panic!("nothing is asked for");
    };
    let data = DataOut {
        last: true,
        initiator_task_tag: 1,
        target_transfer_tag: asked.target_transfer_tag,
        buffer_offset: 4096,
        ..DataOut::default()
    };
    peer.send(data.emit(), &[0; 2048]);
    assert_eq!(sense_of(&peer.next().unwrap()), (0xB, 0x0C, 0x0D));
    // Data that nobody asked for.
    let mut unasked = write_command(2, cmd_sn + 1, 16);
    unasked.last = false;
    peer.send(unasked.emit(), &[]);
    let data = DataOut {
        last: true,
        initiator_task_tag: 2,
        target_transfer_tag: NO_TAG,
        ..DataOut::default()
    };
    peer.send(data.emit(), &[0; 2048]);
    assert_eq!(sense_of(&peer.next().unwrap()), (0xB, 0x0C, 0x0C));
    still_serves(&target);
}

#[test]
fn commands_outside_of_the_window_are_ignored() {
    let target = one_drive();
    let (mut peer, cmd_sn) = ready(&target, "iqn.a:x", &[]);
    for wrong in [cmd_sn.wrapping_sub(1), cmd_sn + 8, cmd_sn + 1000] {
        peer.send(command(9, wrong, 0, &[0; 6]).emit(), &[]);
    }
    // One that is missing never comes on this connection.
    peer.send(command(9, cmd_sn + 1, 0, &[0; 6]).emit(), &[]);
    assert_eq!(rejected(&peer.next().unwrap()), RejectReason::ProtocolError);
    peer.send(command(1, cmd_sn, 0, &[0; 6]).emit(), &[]);
    let came = peer.next().unwrap();
    assert_eq!(came.header.initiator_task_tag(), 1);
}

#[test]
fn an_aborted_command_gets_no_answer_and_its_data_are_forgotten() {
    let target = one_drive();
    let (mut peer, cmd_sn) = ready(&target, "iqn.a:x", &[("InitialR2T", "Yes")]);
    peer.send(write_command(1, cmd_sn, 16).emit(), &[]);
    let TargetPdu::ReadyToTransfer(asked) = peer.next().unwrap().of_target() else {
        panic!("nothing is asked for");
    };
    let mut abort = TaskManagementRequest {
        immediate: true,
        function: TaskFunction::AbortTask,
        lun: [0, 1, 0, 0, 0, 0, 0, 0],
        initiator_task_tag: 2,
        referenced_task_tag: 1,
        cmd_sn: cmd_sn + 1,
        ref_cmd_sn: cmd_sn,
        ..TaskManagementRequest::default()
    };
    let manage = |peer: &mut Peer, request: TaskManagementRequest| {
        peer.send(request.emit(), &[]);
        match peer.next().unwrap().of_target() {
            TargetPdu::TaskManagement(response) => response.result,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(manage(&mut peer, abort), TaskManagementResult::Complete);
    let data = DataOut {
        last: true,
        initiator_task_tag: 1,
        target_transfer_tag: asked.target_transfer_tag,
        ..DataOut::default()
    };
    peer.send(data.emit(), &[0; 4096]);
    assert_eq!(manage(&mut peer, abort), TaskManagementResult::NoSuchTask);
    abort.function = TaskFunction::AbortTaskSet;
    assert_eq!(manage(&mut peer, abort), TaskManagementResult::Complete);
    abort.lun = [0, 9, 0, 0, 0, 0, 0, 0];
    assert_eq!(manage(&mut peer, abort), TaskManagementResult::NoSuchLun);
    abort.function = TaskFunction::TaskReassign;
    assert_eq!(
        manage(&mut peer, abort),
        TaskManagementResult::ReassignUnsupported
    );
    abort.function = TaskFunction::Other(99);
    assert_eq!(manage(&mut peer, abort), TaskManagementResult::Unsupported);
    abort.function = TaskFunction::TargetWarmReset;
    assert_eq!(manage(&mut peer, abort), TaskManagementResult::Complete);
    // The window is as wide as before.
    for i in 1..=8 {
        peer.send(command(10 + i, cmd_sn + i, 0, &[0; 6]).emit(), &[]);
        assert_eq!(peer.next().unwrap().header.initiator_task_tag(), 10 + i);
    }
}

#[test]
fn a_discovery_session_takes_no_commands() {
    let target = one_drive();
    let mut peer = Peer::connect(target.local_address());
    let answer = peer.log_in("iqn.a:x", &[("SessionType", "Discovery")]);
    assert!(LoginResponse::parse(&answer.header).status.is_success());
    peer.send(command(1, 1, 0, &[0; 6]).emit(), &[]);
    assert_eq!(
        rejected(&peer.next().unwrap()),
        RejectReason::CommandUnsupported
    );
    // The text may come in pieces, and may not be endless.
    let mut text = TextRequest {
        immediate: true,
        continues: true,
        initiator_task_tag: 4,
        target_transfer_tag: NO_TAG,
        ..TextRequest::default()
    };
    peer.send(text.emit(), b"SendTar");
    let TargetPdu::Text(response) = peer.next().unwrap().of_target() else {
        panic!("no text");
    };
    assert!(!response.last);
    text.target_transfer_tag = response.target_transfer_tag;
    text.continues = false;
    text.last = true;
    peer.send(text.emit(), b"gets=All\0");
    let answer = peer.next().unwrap();
    assert!(answer.data.starts_with(b"TargetName=iqn."), "{answer:?}");
    text.target_transfer_tag = NO_TAG;
    peer.send(text.emit(), &[b'x'; 17 * 1024]);
    assert_eq!(rejected(&peer.next().unwrap()), RejectReason::ProtocolError);
    still_serves(&target);
}

#[test]
fn something_else_than_a_login_first_is_refused() {
    let target = one_drive();
    let mut peer = Peer::connect(target.local_address());
    peer.send(command(1, 1, 0, &[0; 6]).emit(), &[]);
    let TargetPdu::Login(response) = peer.next().unwrap().of_target() else {
        panic!("no login response");
    };
    assert_eq!(response.status, LoginStatus::INVALID_DURING_LOGIN);
    assert!(peer.is_closed_by_peer());
    assert_eq!(target.counts().failed_logins, 1);
    still_serves(&target);
}

/// Everything that an orderly initiator sends in a short session.
fn an_orderly_session() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut text = Vec::new();
    for (key, value) in [
        ("InitiatorName", "iqn.a:orderly"),
        ("TargetName", pitland_iscsi::TARGET_NAME),
        ("InitialR2T", "No"),
    ] {
        pitland_iscsi::negotiation::push_pair(&mut text, key, value);
    }
    let login = LoginRequest {
        transit: true,
        current_stage: Stage::OperationalNegotiation,
        next_stage: Stage::FullFeature,
        isid: [0x80, 0, 0, 0, 0, 9],
        cmd_sn: 1,
        ..LoginRequest::default()
    };
    let mut inquiry = command(1, 1, 36, &[0x12, 0, 0, 0, 36, 0]);
    inquiry.read = true;
    let mut write = write_command(2, 2, 1);
    write.last = false;
    let data = DataOut {
        last: true,
        initiator_task_tag: 2,
        target_transfer_tag: NO_TAG,
        buffer_offset: 100,
        ..DataOut::default()
    };
    let ping = NopOut {
        initiator_task_tag: 3,
        target_transfer_tag: NO_TAG,
        cmd_sn: 3,
        ..NopOut::default()
    };
    let logout = LogoutRequest {
        initiator_task_tag: 4,
        cmd_sn: 4,
        ..LogoutRequest::default()
    };
    let mut writer = PduWriter::new(&mut bytes);
    writer.write(login.emit(), &text).unwrap();
    writer.write(inquiry.emit(), &[]).unwrap();
    writer.write(write.emit(), &[7; 100]).unwrap();
    writer.write(data.emit(), &[7; 1948]).unwrap();
    writer.write(ping.emit(), b"ping").unwrap();
    writer.write(logout.emit(), &[]).unwrap();
    bytes
}

#[test]
fn a_session_may_be_cut_at_any_byte() {
    let target = one_drive();
    let session = an_orderly_session();
    // Whole headers and texts behave alike; every byte of the small PDUs, and
    // some of the large one.
    for cut in (0..session.len()).filter(|at| at % 31 == 0 || at % 48 < 2) {
        let mut peer = Peer::connect(target.local_address());
        peer.raw(&session[..cut]);
        peer.stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(peer.is_closed_by_peer(), "cut at {cut}");
    }
    let mut whole = Peer::connect(target.local_address());
    whole.raw(&session);
    let mut opcodes = Vec::new();
    while let Some(came) = whole.next() {
        opcodes.push(came.header.opcode());
    }
    opcodes.sort_unstable();
    assert_eq!(opcodes, [0x20, 0x21, 0x23, 0x25, 0x26]);
    still_serves(&target);
}

/// PDUs that are nearly right, which come further than noise does.
fn nearly_right() -> impl Strategy<Value = Vec<u8>> {
    let pdu = (
        prop::sample::select(vec![
            0x00u8, 0x01, 0x02, 0x04, 0x05, 0x06, 0x10, 0x1C, 0x40, 0x41, 0x42, 0x44, 0x46,
        ]),
        any::<[u8; 47]>(),
        any::<[bool; 4]>(),
        0u32..12,
        prop::collection::vec(any::<u8>(), 0..70),
    );
    prop::collection::vec(pdu, 1..30).prop_map(|pdus| {
        let mut bytes = Vec::new();
        let mut writer = PduWriter::new(&mut bytes);
        for (number, (opcode, rest, sane, small, data)) in pdus.into_iter().enumerate() {
            let mut header = BasicHeaderSegment::default();
            header.0[0] = opcode;
            header.0[1..].copy_from_slice(&rest);
            header.set_ahs_bytes(0);
            if sane[0] {
                header.0[8..16].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
            }
            if sane[1] {
                header.0[16..20].copy_from_slice(&small.to_be_bytes());
                header.0[20..24].copy_from_slice(&(small * 700).to_be_bytes());
            }
            if sane[2] {
                header.0[24..28].copy_from_slice(&(number as u32 + 1).to_be_bytes());
            }
            if sane[3] {
                header.0[32..].fill(0);
                header.0[32] = [0x00, 0x12, 0x2A, 0x28, 0x1E, 0x5A][small as usize % 6];
                header.0[40] = 1;
            }
            writer.write(header, &data).unwrap();
        }
        bytes
    })
}

/// Throws what the strategy makes at a target, each time on a connection made by
/// `connect`; the target has to close it, and to serve others afterwards.
fn thrown_at(connect: impl Fn(&Target) -> Peer, streams: impl Strategy<Value = Vec<u8>>) {
    let target = one_drive();
    let mut runner = TestRunner::new(Config::with_cases(128));
    let outcome = runner.run(&streams, |bytes| {
        let mut peer = connect(&target);
        peer.raw(&bytes);
        let _ = peer.stream.shutdown(std::net::Shutdown::Write);
        prop_assert!(peer.is_closed_by_peer());
        Ok(())
    });
    outcome.unwrap();
    still_serves(&target);
}

#[test]
fn noise_is_closed() {
    let connect = |target: &Target| Peer::connect(target.local_address());
    thrown_at(connect, prop::collection::vec(any::<u8>(), 0..400));
}

#[test]
fn a_session_of_nonsense_is_answered_or_closed() {
    let connect = |target: &Target| {
        let keys = [("InitialR2T", "No")];
        Peer::session(target.local_address(), "iqn.a:nonsense", &keys)
    };
    thrown_at(connect, nearly_right());
}
