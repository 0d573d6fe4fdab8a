//! How sessions begin, share a drive, break and end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::peer::{Peer, accept_session, scripted_target};
use common::*;
use pitland_iscsi::initiator::{ConnectError, Initiator, InitiatorOptions, LinkError, discover};
use pitland_iscsi::pdu::*;
use pitland_iscsi::target::{BindError, LogicalUnit, Target, TargetOptions};
use pitland_iscsi::{Portal, TARGET_NAME};
use pitland_transport::sim::MediumKind;
use pitland_transport::{DeviceClock, Exchange, Reply, Status, Transport, TransportError};
use std::error::Error;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const PREVENT: [u8; 6] = [0x1E, 0, 0, 0, 1, 0];
const ALLOW: [u8; 6] = [0x1E, 0, 0, 0, 0, 0];
const EJECT: [u8; 6] = [0x1B, 0, 0, 0, 2, 0];
const LOAD: [u8; 6] = [0x1B, 0, 0, 0, 3, 0];

#[test]
fn a_portal_tells_of_its_target() {
    let target = target(&[MediumKind::BdR], TargetOptions::default());
    let portal = Portal::from(target.local_address());
    let found = discover(&portal, &InitiatorOptions::default()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, TARGET_NAME);
    assert_eq!(found[0].addresses, [format!("{portal},1")]);
}

#[test]
fn unit_0_has_no_drive_and_lists_those_that_there_are() {
    let target = target(
        &[MediumKind::BdR, MediumKind::DvdRam],
        TargetOptions::default(),
    );
    let mut peer = Peer::session(target.local_address(), "iqn.a:raw", &[]);
    let mut cmd_sn = 1;
    let mut ask = |lun: u8, cdb: &[u8], expected: u32| {
        let mut field = [0; 16];
        field[..cdb.len()].copy_from_slice(cdb);
        let command = ScsiCommand {
            last: true,
            read: expected > 0,
            lun: [0, lun, 0, 0, 0, 0, 0, 0],
            initiator_task_tag: cmd_sn,
            expected_data_transfer_length: expected,
            cmd_sn,
            cdb: field,
            ..ScsiCommand::default()
        };
        peer.send(command.emit(), &[]);
        cmd_sn += 1;
        peer.next().unwrap()
    };
    let inquiry = ask(0, &[0x12, 0, 0, 0, 36, 0], 36);
    assert_eq!(inquiry.data[0], 0x7F);
    let TargetPdu::ScsiResponse(ready) = ask(0, &[0; 6], 0).of_target() else {
        panic!("no response");
    };
    assert_eq!(ready.status, 2);
    let refused = ask(9, &[0; 6], 0);
    // Two bytes of length, then 5/25/00.
    assert_eq!(refused.data[..2], [0, 18]);
    assert_eq!(
        (refused.data[4], refused.data[14], refused.data[15]),
        (5, 0x25, 0)
    );
    for lun in [0, 1, 2] {
        let list = ask(lun, &[0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0], 64);
        assert_eq!(list.data.len(), 24);
        assert_eq!(list.data[..8], [0, 0, 0, 16, 0, 0, 0, 0]);
        assert_eq!((list.data[9], list.data[17]), (1, 2));
        let TargetPdu::DataIn(status) = list.of_target() else {
            panic!("no data");
        };
        assert!(status.has_status && status.underflow);
        assert_eq!(status.residual_count, 40);
    }
}

#[test]
fn a_unit_that_is_not_there_is_told_when_connecting() {
    let target = target(&[MediumKind::BdR], TargetOptions::default());
    let portal = Portal::from(target.local_address());
    for lun in [0, 2, 300] {
        let address = portal.unit(TARGET_NAME, lun).unwrap();
        let told = Initiator::connect(&address, InitiatorOptions::default()).unwrap_err();
        assert!(
            matches!(told, ConnectError::NoSuchUnit { lun: l } if l == lun),
            "{told}"
        );
    }
    let other = portal.unit("iqn.2026-11.org.pitland:other", 1).unwrap();
    let told = Initiator::connect(&other, InitiatorOptions::default()).unwrap_err();
    assert!(
        told.to_string().contains("no target is called so there"),
        "{told}"
    );
}

#[test]
fn nobody_listening_is_told_as_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let address = Portal::from(address).unit(TARGET_NAME, 1).unwrap();
    let told = Initiator::connect(&address, InitiatorOptions::default()).unwrap_err();
    assert!(matches!(told, ConnectError::Unreachable { .. }), "{told}");
}

#[test]
fn two_sessions_take_turns_at_one_drive() {
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let mut first = connected(&target, 1);
    let mut second = connected(&target, 1);
    wait_ready(&mut first);
    std::thread::scope(|scope| {
        for (drive, offset) in [(&mut first, 0), (&mut second, 16)] {
            scope.spawn(move || {
                for turn in 0..20 {
                    let lba = turn * 32 + offset;
                    write(drive, lba, &pattern(lba, 16));
                }
            });
        }
    });
    assert_eq!(read(&mut first, 0, 32), pattern(0, 32));
    assert_eq!(read(&mut second, 19 * 32, 32), pattern(19 * 32, 32));
}

#[test]
fn a_lost_session_lets_go_of_the_door() {
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let mut holder = connected(&target, 1);
    let mut other = connected(&target, 1);
    do_none(&mut holder, &PREVENT);
    let refused = none(&mut other, &EJECT).unwrap();
    assert_eq!(triple(&refused), Some((5, 0x53, 2)));
    drop(holder);
    // The target notices when it does; until then the door stays shut.
    let opened = (0..10_000).any(|_| none(&mut other, &EJECT).unwrap().status == Status::Good);
    assert!(opened);
    do_none(&mut other, &LOAD);
}

#[test]
fn a_login_under_the_same_name_ends_the_older_session() {
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let mut older = Peer::session(target.local_address(), "iqn.a:same", &[]);
    let mut other = Peer::session(target.local_address(), "iqn.a:other", &[]);
    let mut newer = Peer::session(target.local_address(), "iqn.a:same", &[]);
    assert!(older.is_closed_by_peer());
    let ping = NopOut {
        immediate: true,
        initiator_task_tag: 5,
        target_transfer_tag: NO_TAG,
        ..NopOut::default()
    };
    for peer in [&mut newer, &mut other] {
        peer.send(ping.emit(), b"hello");
        assert_eq!(peer.next().unwrap().data, b"hello");
    }
}

#[test]
fn after_a_cut_the_next_command_has_a_new_session() {
    let (address, script) = scripted_target(2, |number, mut peer| {
        let mut numbers = accept_session_or_login(number, &mut peer);
        let command = ScsiCommand::parse(&peer.next().unwrap().header);
        if number == 0 {
            // The write came; whether it was carried out nobody knows.
            assert_eq!(command.cdb[0], 0x2A);
            return;
        }
        // It is not sent again: what comes is the next command.
        assert_eq!(command.cdb[0], 0x00);
        respond(&mut peer, &command, &mut numbers);
        assert!(matches!(
            peer.next().unwrap().of_initiator(),
            InitiatorPdu::Logout(_)
        ));
    });
    let address = Portal::from(address)
        .unit("iqn.2026-11.a:script", 1)
        .unwrap();
    let mut drive = Initiator::connect(&address, InitiatorOptions::default()).unwrap();
    let write = cdb(&at(0x2A, 0, 1));
    let told = drive
        .execute(Exchange::blocks(write, &[0; 2048], 2048, LIMIT))
        .unwrap_err();
    let TransportError::Foreign(cause) = &told else {
        panic!("{told}");
    };
    let cause: &(dyn Error + 'static) = &**cause;
    assert!(cause.downcast_ref::<LinkError>().is_some(), "{told}");
    assert_eq!(none(&mut drive, &[0; 6]).unwrap().status, Status::Good);
    drop(drive);
    script.join().unwrap();
}

#[test]
fn a_door_that_was_locked_is_locked_again_on_a_new_session() {
    let (address, script) = scripted_target(3, |number, mut peer| {
        let mut numbers = accept_session_or_login(number, &mut peer);
        let mut expect = |expected: &[u8], sense: Option<[u8; 2]>| {
            let command = ScsiCommand::parse(&peer.next().unwrap().header);
            assert_eq!(command.cdb[..6], *expected);
            let response = ScsiResponse {
                status: if sense.is_some() { 2 } else { 0 },
                initiator_task_tag: command.initiator_task_tag,
                stat_sn: numbers.stat_sn,
                exp_cmd_sn: command.cmd_sn + 1,
                max_cmd_sn: command.cmd_sn + 8,
                ..ScsiResponse::default()
            };
            numbers.stat_sn += 1;
            let data = sense.map_or(Vec::new(), |[asc, ascq]| {
                vec![
                    0, 18, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0,
                ]
            });
            peer.send(response.emit(), &data);
        };
        match number {
            0 => expect(&PREVENT, None),
            1 => {
                expect(&PREVENT, Some([0x29, 0]));
                expect(&PREVENT, None);
                expect(&[0; 6], None);
                expect(&ALLOW, None);
            }
            _ => expect(&[0; 6], None),
        }
    });
    let address = Portal::from(address)
        .unit("iqn.2026-11.a:script", 1)
        .unwrap();
    let mut drive = Initiator::connect(&address, InitiatorOptions::default()).unwrap();
    // A cut is noticed with the next command or under way.
    let mut send = |command: &[u8]| {
        let first = none(&mut drive, command);
        first.or_else(|_| none(&mut drive, command)).unwrap()
    };
    assert_eq!(send(&PREVENT).status, Status::Good);
    // What the drive said to the lock is not lost.
    assert_eq!(triple(&send(&[0; 6])), Some((6, 0x29, 0)));
    assert_eq!(send(&[0; 6]).status, Status::Good);
    assert_eq!(send(&ALLOW).status, Status::Good);
    assert_eq!(send(&[0; 6]).status, Status::Good);
    drop(drive);
    script.join().unwrap();
}

fn accept_session_or_login(number: usize, peer: &mut Peer) -> common::peer::Numbers {
    match number {
        0 => accept_session(peer).unwrap(),
        _ => common::peer::accept_login(peer).unwrap(),
    }
}

fn respond(peer: &mut Peer, command: &ScsiCommand, numbers: &mut common::peer::Numbers) {
    let response = ScsiResponse {
        initiator_task_tag: command.initiator_task_tag,
        stat_sn: numbers.stat_sn,
        exp_cmd_sn: command.cmd_sn + 1,
        max_cmd_sn: command.cmd_sn + 8,
        ..ScsiResponse::default()
    };
    numbers.stat_sn += 1;
    peer.send(response.emit(), &[]);
}

#[test]
fn a_session_that_ended_in_silence_is_renewed_without_a_word() {
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let mut drive = connected(&target, 1);
    wait_ready(&mut drive);
    let mut reset = Peer::session(target.local_address(), "iqn.a:reset", &[]);
    let cold = TaskManagementRequest {
        immediate: true,
        function: TaskFunction::TargetColdReset,
        initiator_task_tag: 1,
        referenced_task_tag: NO_TAG,
        ..TaskManagementRequest::default()
    };
    reset.send(cold.emit(), &[]);
    assert!(reset.is_closed_by_peer());
    // All sessions are closed; the drive says that something happened.
    let reply = none(&mut drive, &[0; 6]).unwrap();
    assert_eq!(triple(&reply), Some((6, 0x29, 3)));
    assert_eq!(target.counts().sessions, 3);
}

#[test]
fn a_target_that_does_not_come_back_is_gone() {
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let mut drive = connected(&target, 1);
    drop(target);
    let told = none(&mut drive, &[0; 6]).unwrap_err();
    assert!(matches!(told, TransportError::Gone), "{told}");
}

#[test]
fn a_command_without_answer_is_given_up_and_aborted() {
    let (address, script) = scripted_target(2, |number, mut peer| {
        let mut numbers = accept_session_or_login(number, &mut peer);
        let command = ScsiCommand::parse(&peer.next().unwrap().header);
        if number == 0 {
            let InitiatorPdu::TaskManagement(abort) = peer.next().unwrap().of_initiator() else {
                panic!("no abort");
            };
            assert_eq!(abort.function, TaskFunction::AbortTask);
            assert_eq!(abort.referenced_task_tag, command.initiator_task_tag);
            assert_eq!(abort.ref_cmd_sn, command.cmd_sn);
            return;
        }
        respond(&mut peer, &command, &mut numbers);
    });
    let address = Portal::from(address)
        .unit("iqn.2026-11.a:script", 1)
        .unwrap();
    let mut drive = Initiator::connect(&address, InitiatorOptions::default()).unwrap();
    let limit = Duration::from_millis(20);
    let told = drive
        .execute(Exchange::none(cdb(&[0; 6]), limit))
        .unwrap_err();
    assert!(
        matches!(told, TransportError::TimedOut { limit: l } if l == limit),
        "{told}"
    );
    assert_eq!(none(&mut drive, &[0; 6]).unwrap().status, Status::Good);
    drop(drive);
    script.join().unwrap();
}

#[test]
fn connections_beyond_the_bound_are_turned_away_and_places_come_back() {
    let mut options = TargetOptions::default();
    options.most_connections = 2;
    let target = target(&[MediumKind::DvdRam], options);
    let first = Peer::session(target.local_address(), "iqn.a:1", &[]);
    let _second = Peer::session(target.local_address(), "iqn.a:2", &[]);
    let mut third = Peer::connect(target.local_address());
    assert!(third.is_closed_by_peer());
    assert_eq!(target.counts().turned_away, 1);
    drop(first);
    let came = (0..10_000).any(|_| {
        let mut peer = Peer::connect(target.local_address());
        peer.send(LoginRequest::default().emit(), b"");
        peer.next().is_some()
    });
    assert!(came);
}

#[test]
fn a_login_that_does_not_go_on_is_cut_off() {
    let mut options = TargetOptions::default();
    options.login_timeout = Duration::from_millis(20);
    let target = target(&[MediumKind::DvdRam], options);
    let mut silent = Peer::connect(target.local_address());
    assert!(silent.is_closed_by_peer());
    let mut half = Peer::connect(target.local_address());
    half.raw(&LoginRequest::default().emit().0[..20]);
    assert!(half.is_closed_by_peer());
}

#[test]
fn a_message_that_does_not_go_on_is_cut_off() {
    let mut options = TargetOptions::default();
    options.stall_timeout = Duration::from_millis(50);
    let target = target(&[MediumKind::DvdRam], options);
    let mut half = Peer::session(target.local_address(), "iqn.a:half", &[]);
    half.raw(&NopOut::default().emit().0[..20]);
    assert!(half.is_closed_by_peer());
}

#[test]
fn a_target_serves_loopback_only_unless_it_is_told_otherwise() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let told = Target::bind(everywhere, Vec::new(), TargetOptions::default()).unwrap_err();
    assert!(matches!(told, BindError::NotLoopback { .. }), "{told}");
    assert!(told.to_string().contains("--insecure"));
    let taken = target(&[MediumKind::DvdRam], TargetOptions::default());
    let told = Target::bind(taken.local_address(), Vec::new(), TargetOptions::default());
    assert!(matches!(told, Err(BindError::System { .. })));
}

#[test]
fn a_target_that_is_stopped_ends_its_sessions_and_its_threads() {
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let mut session = Peer::session(target.local_address(), "iqn.a:1", &[]);
    let mut silent = Peer::connect(target.local_address());
    let stop = target.stop_handle();
    let waiting = std::thread::spawn(move || target.join());
    stop.stop();
    waiting.join().unwrap();
    assert!(session.is_closed_by_peer());
    assert!(silent.is_closed_by_peer());
}

#[test]
fn a_farewell_is_answered_and_the_connection_closed() {
    let target = target(&[MediumKind::DvdRam], TargetOptions::default());
    let mut peer = Peer::session(target.local_address(), "iqn.a:1", &[]);
    for (reason, cid, expected) in [
        (2, 0, LogoutResult::RecoveryUnsupported),
        (1, 7, LogoutResult::NoSuchConnection),
        (0, 0, LogoutResult::Closed),
    ] {
        let request = LogoutRequest {
            immediate: true,
            reason,
            cid,
            initiator_task_tag: 3,
            ..LogoutRequest::default()
        };
        peer.send(request.emit(), &[]);
        let TargetPdu::Logout(response) = peer.next().unwrap().of_target() else {
            panic!("no logout response");
        };
        assert_eq!(response.result, expected);
    }
    assert!(peer.next().is_none());
}

/// A drive that works for as long as the test wants.
struct Slow {
    begun: Sender<u8>,
    goes_on: Receiver<()>,
}

impl Transport for Slow {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        let _ = self.begun.send(exchange.cdb.opcode());
        let _ = self.goes_on.recv();
        Ok(Reply::good(0))
    }
    fn clock(&self) -> DeviceClock {
        DeviceClock::Real
    }
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    fn advance(&mut self, _: Duration) {}
    fn identity_hint(&self) -> String {
        "slow".into()
    }
}

#[test]
fn while_the_drive_works_pings_are_answered_and_tasks_are_aborted() {
    let (begun, works) = channel();
    let (go_on, goes_on) = channel();
    let units = vec![LogicalUnit::new(Box::new(Slow { begun, goes_on }))];
    let any = "127.0.0.1:0".parse().unwrap();
    let target = Target::bind(any, units, TargetOptions::default()).unwrap();
    let mut peer = Peer::session(target.local_address(), "iqn.a:1", &[]);
    for tag in 1..=3 {
        let command = ScsiCommand {
            last: true,
            lun: [0, 1, 0, 0, 0, 0, 0, 0],
            initiator_task_tag: tag,
            cmd_sn: tag,
            ..ScsiCommand::default()
        };
        peer.send(command.emit(), &[]);
    }
    assert_eq!(works.recv().unwrap(), 0);
    let ping = NopOut {
        immediate: true,
        initiator_task_tag: 9,
        target_transfer_tag: NO_TAG,
        ..NopOut::default()
    };
    peer.send(ping.emit(), b"busy?");
    assert_eq!(peer.next().unwrap().data, b"busy?");
    // The one that the drive works on, and one that waits for its turn.
    for (tag, referenced_task_tag) in [(10, 1), (11, 2)] {
        let abort = TaskManagementRequest {
            immediate: true,
            function: TaskFunction::AbortTask,
            lun: [0, 1, 0, 0, 0, 0, 0, 0],
            initiator_task_tag: tag,
            referenced_task_tag,
            ..TaskManagementRequest::default()
        };
        peer.send(abort.emit(), &[]);
    }
    // Both are known to be aborted when this is answered.
    peer.send(ping.emit(), &[]);
    assert_eq!(peer.next().unwrap().header.initiator_task_tag(), 9);
    go_on.send(()).unwrap();
    // The third is the second one that reaches the drive.
    assert_eq!(works.recv().unwrap(), 0);
    go_on.send(()).unwrap();
    let answered: Vec<u32> = (0..3)
        .map(|_| peer.next().unwrap().header.initiator_task_tag())
        .collect();
    assert_eq!(answered, [3, 10, 11]);
    // Every place in the window has come back.
    let last = peer_window(&mut peer);
    assert_eq!(last, 3 + 8);
    drop(go_on);
}

/// One unit whose drive works for as long as the test wants.
fn slow_target() -> (Target, Receiver<u8>, Sender<()>) {
    let (begun, works) = channel();
    let (go_on, goes_on) = channel();
    let units = vec![LogicalUnit::new(Box::new(Slow { begun, goes_on }))];
    let any = "127.0.0.1:0".parse().unwrap();
    let target = Target::bind(any, units, TargetOptions::default()).unwrap();
    (target, works, go_on)
}

fn test_unit_ready(tag: u32, cmd_sn: u32) -> ScsiCommand {
    ScsiCommand {
        last: true,
        lun: [0, 1, 0, 0, 0, 0, 0, 0],
        initiator_task_tag: tag,
        cmd_sn,
        ..ScsiCommand::default()
    }
}

/// TEST UNIT READY, told apart by an operation code of the drive's own.
fn vendor(opcode: u8, cmd_sn: u32) -> BasicHeaderSegment {
    let mut command = test_unit_ready(cmd_sn, cmd_sn);
    command.cdb[0] = opcode;
    command.emit()
}

#[test]
fn a_command_of_an_ended_session_that_waits_for_the_drive_is_not_carried_out() {
    let (target, works, go_on) = slow_target();
    let mut busy = Peer::session(target.local_address(), "iqn.a:busy", &[]);
    busy.send(vendor(0xC1, 1), &[]);
    assert_eq!(works.recv().unwrap(), 0xC1);
    let mut older = Peer::session(target.local_address(), "iqn.a:same", &[]);
    older.send(vendor(0xC2, 1), &[]);
    // Its command has been taken when the ping is answered.
    peer_window(&mut older);
    let mut newer = Peer::session(target.local_address(), "iqn.a:same", &[]);
    newer.send(vendor(0xC3, 1), &[]);
    peer_window(&mut newer);
    drop(go_on);
    assert_eq!(works.recv().unwrap(), 0xC3);
    assert_eq!(newer.next().unwrap().header.initiator_task_tag(), 1);
    assert!(works.try_recv().is_err());
}

#[test]
fn behind_a_farewell_nothing_is_carried_out() {
    let (target, works, go_on) = slow_target();
    drop(go_on);
    let mut peer = Peer::session(target.local_address(), "iqn.a:1", &[]);
    let farewell = LogoutRequest {
        immediate: true,
        initiator_task_tag: 7,
        ..LogoutRequest::default()
    };
    // In one piece, so that the command is there when the farewell is read.
    let mut bytes = vendor(0xC1, 1).0.to_vec();
    bytes.extend(farewell.emit().0);
    bytes.extend(vendor(0xC2, 2).0);
    peer.raw(&bytes);
    assert_eq!(peer.next().unwrap().header.initiator_task_tag(), 1);
    assert_eq!(peer.next().unwrap().header.initiator_task_tag(), 7);
    assert!(peer.next().is_none());
    drop(peer);
    drop(target);
    assert_eq!(works.try_iter().collect::<Vec<_>>(), [0xC1]);
}

#[test]
fn a_reset_is_told_to_each_session_once_and_to_what_it_ended() {
    let (target, works, go_on) = slow_target();
    let mut asks = Peer::session(target.local_address(), "iqn.a:asks", &[]);
    let mut writes = Peer::session(target.local_address(), "iqn.a:writes", &[]);
    let mut idle = Peer::session(target.local_address(), "iqn.a:idle", &[]);
    asks.send(vendor(0xC1, 1), &[]);
    assert_eq!(works.recv().unwrap(), 0xC1);
    for (opcode, cmd_sn) in [(0xC2, 1), (0xC3, 2)] {
        writes.send(vendor(opcode, cmd_sn), &[]);
    }
    peer_window(&mut writes);
    let reset = TaskManagementRequest {
        immediate: true,
        function: TaskFunction::LogicalUnitReset,
        lun: [0, 1, 0, 0, 0, 0, 0, 0],
        initiator_task_tag: 5,
        referenced_task_tag: NO_TAG,
        ..TaskManagementRequest::default()
    };
    asks.send(reset.emit(), &[]);
    peer_window(&mut asks);
    go_on.send(()).unwrap();
    drop(go_on);
    // The one command that was under way here was aborted by its own session.
    assert_eq!(asks.next().unwrap().header.initiator_task_tag(), 5);
    let told = |peer: &mut Peer| {
        let came = peer.next().unwrap();
        let TargetPdu::ScsiResponse(response) = came.of_target() else {
            panic!("{came:?}");
        };
        let sense = (came.data.len() > 15).then(|| (came.data[4], came.data[14], came.data[15]));
        (response.status, sense)
    };
    // Who was next at the drive, these two or the reset, is not said; both are
    // answered, and the reset is told once, to a later command if to none of them.
    let answers = [told(&mut writes), told(&mut writes)];
    let news = (2, Some((6, 0x29, 3)));
    let heard = answers.iter().filter(|answer| **answer == news).count();
    assert!(heard <= 1, "{answers:?}");
    let mut others = vec![(&mut asks, 2), (&mut idle, 1)];
    if heard == 0 {
        others.push((&mut writes, 3));
    }
    for (peer, cmd_sn) in others {
        peer.send(test_unit_ready(8, cmd_sn).emit(), &[]);
        assert_eq!(told(peer), news);
        peer.send(test_unit_ready(9, cmd_sn + 1).emit(), &[]);
        assert_eq!(told(peer), (0, None));
    }
}

/// Highest command number that the target takes now.
fn peer_window(peer: &mut Peer) -> u32 {
    let ping = NopOut {
        immediate: true,
        initiator_task_tag: 8,
        target_transfer_tag: NO_TAG,
        ..NopOut::default()
    };
    peer.send(ping.emit(), &[]);
    match peer.next().unwrap().of_target() {
        TargetPdu::NopIn(answer) => answer.max_cmd_sn,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_drive_that_fails_is_a_hardware_error_and_the_target_goes_on() {
    struct Broken;
    impl Transport for Broken {
        fn execute(&mut self, _: Exchange<'_>) -> Result<Reply, TransportError> {
            Err(TransportError::Gone)
        }
        fn clock(&self) -> DeviceClock {
            DeviceClock::Real
        }
        fn now(&self) -> Duration {
            Duration::ZERO
        }
        fn advance(&mut self, _: Duration) {}
        fn identity_hint(&self) -> String {
            "broken".into()
        }
    }
    let units = vec![
        LogicalUnit::new(Box::new(Broken)),
        LogicalUnit::from(drive(MediumKind::DvdRam)),
    ];
    let any = "127.0.0.1:0".parse().unwrap();
    let target = Target::bind(any, units, TargetOptions::default()).unwrap();
    let mut broken = connected(&target, 1);
    assert_eq!(
        triple(&none(&mut broken, &[0; 6]).unwrap()),
        Some((4, 0x44, 0))
    );
    wait_ready(&mut connected(&target, 2));
}

#[test]
fn an_ipv6_address_is_listened_on_and_connected_to() {
    let bound = Target::bind(
        "[::1]:0".parse().unwrap(),
        vec![LogicalUnit::from(drive(MediumKind::DvdRam))],
        TargetOptions::default(),
    );
    let Ok(target) = bound else {
        common::outside::tell_not_run(
            "an_ipv6_address_is_listened_on_and_connected_to",
            "there is no IPv6 here",
        );
        return;
    };
    let address = target.address(1).unwrap();
    assert!(
        address.to_string().starts_with("iscsi://[::1]:"),
        "{address}"
    );
    wait_ready(&mut connected(&target, 1));
    let portal = Portal::from(&address);
    let found = discover(&portal, &InitiatorOptions::default()).unwrap();
    assert_eq!(found[0].addresses, [format!("{portal},1")]);
}
