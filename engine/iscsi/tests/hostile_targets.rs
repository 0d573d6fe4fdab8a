//! Targets that keep to no rule: the initiator says what was wrong, touches no
//! byte beyond the command's data, and ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::peer::{Numbers, Peer, accept_session, scripted_target};
use common::*;
use pitland_iscsi::Portal;
use pitland_iscsi::initiator::{
    Breach, ConnectError, Initiator, InitiatorOptions, LinkError, discover,
};
use pitland_iscsi::pdu::*;
use pitland_transport::{Data, Exchange, Reply, Status, Transport, TransportError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::time::Duration;

/// Bytes of the data of the commands that are sent here.
const LENGTH: usize = 2048;

type Script = Box<dyn FnMut(&mut Peer, &ScsiCommand, Numbers) + Send>;

/// Sends one command to a target that answers it by `script`.
fn answered(
    data: Data<'_>,
    mut script: impl FnMut(&mut Peer, &ScsiCommand, Numbers) + Send + 'static,
) -> Result<Reply, TransportError> {
    let (address, thread) = scripted_target(1, move |_, mut peer| {
        let Some(numbers) = accept_session(&mut peer) else {
            return;
        };
        let Some(came) = peer.next() else { return };
        let command = ScsiCommand::parse(&came.header);
        script(&mut peer, &command, numbers);
        // Whatever the initiator still says is heard.
        while peer.next().is_some() {}
    });
    let address = Portal::from(address)
        .unit("iqn.2026-11.a:script", 1)
        .unwrap();
    let mut drive = Initiator::connect(&address, InitiatorOptions::default()).unwrap();
    let cdb = match data {
        Data::In(_) => cdb(&at(0x28, 0, 1)),
        Data::None => cdb(&[0; 6]),
        _ => cdb(&at(0x2A, 0, 1)),
    };
    let reply = drive.execute(Exchange {
        cdb,
        data,
        timeout: LIMIT,
    });
    drop(drive);
    thread.join().unwrap();
    reply
}

fn breach(result: &Result<Reply, TransportError>) -> Breach {
    match link_error(result) {
        LinkError::Breach(breach) => breach,
        other => panic!("no breach: {other}"),
    }
}

fn link_error(result: &Result<Reply, TransportError>) -> LinkError {
    let Err(TransportError::Foreign(error)) = result else {
        panic!("no error of the link: {result:?}");
    };
    let error: &(dyn std::error::Error + 'static) = &**error;
    error.downcast_ref::<LinkError>().unwrap().clone()
}

fn response(command: &ScsiCommand, numbers: Numbers) -> ScsiResponse {
    ScsiResponse {
        initiator_task_tag: command.initiator_task_tag,
        stat_sn: numbers.stat_sn,
        exp_cmd_sn: command.cmd_sn + 1,
        max_cmd_sn: command.cmd_sn + 8,
        ..ScsiResponse::default()
    }
}

fn data_in(command: &ScsiCommand, offset: u32, data_sn: u32) -> DataIn {
    DataIn {
        last: true,
        initiator_task_tag: command.initiator_task_tag,
        target_transfer_tag: NO_TAG,
        exp_cmd_sn: command.cmd_sn + 1,
        max_cmd_sn: command.cmd_sn + 8,
        data_sn,
        buffer_offset: offset,
        ..DataIn::default()
    }
}

fn asking(command: &ScsiCommand, numbers: Numbers, offset: u32, length: u32) -> ReadyToTransfer {
    ReadyToTransfer {
        initiator_task_tag: command.initiator_task_tag,
        target_transfer_tag: 5,
        stat_sn: numbers.stat_sn,
        exp_cmd_sn: command.cmd_sn + 1,
        max_cmd_sn: command.cmd_sn + 8,
        buffer_offset: offset,
        desired_data_length: length,
        ..ReadyToTransfer::default()
    }
}

#[test]
fn data_beyond_the_room_or_out_of_order_are_refused() {
    let cases: [(u32, usize, u32); 5] = [
        (0, LENGTH + 1, 0),
        (u32::MAX, 512, 0),
        (LENGTH as u32, 1, 0),
        (512, 512, 0),
        (0, 512, 1),
    ];
    for (offset, bytes, data_sn) in cases {
        let mut room = [0xEE; LENGTH];
        let told = answered(Data::In(&mut room), move |peer, command, _| {
            peer.send(data_in(command, offset, data_sn).emit(), &vec![7; bytes]);
        });
        let found = breach(&told);
        assert!(
            matches!(found, Breach::Beyond { .. } | Breach::Order { .. }),
            "{offset} {bytes} {data_sn}: {found}"
        );
        assert_eq!(room, [0xEE; LENGTH]);
    }
}

#[test]
fn absurd_lengths_are_refused_before_they_are_read() {
    let mut room = [0xEE; LENGTH];
    let told = answered(Data::In(&mut room), |peer, command, _| {
        let mut header = data_in(command, 0, 0).emit();
        header.set_data_bytes(0x00FF_FFFF);
        peer.raw(&header.0);
    });
    let LinkError::Frame(frame) = link_error(&told) else {
        panic!("{told:?}");
    };
    assert!(
        matches!(
            *frame,
            FrameError::TooLong {
                announced: 0x00FF_FFFF,
                ..
            }
        ),
        "{frame}"
    );
}

#[test]
fn requests_for_data_that_there_are_not_are_refused() {
    let length = LENGTH as u32;
    for (offset, asked) in [
        (0, length + 1),
        (u32::MAX, 4),
        (0, 0),
        (length, 1),
        (4, 4),
        (0, u32::MAX),
    ] {
        let told = answered(
            Data::Blocks {
                bytes: &[7; LENGTH],
                block_bytes: 2048,
            },
            move |peer, command, numbers| {
                peer.send(asking(command, numbers, offset, asked).emit(), &[]);
            },
        );
        let found = breach(&told);
        assert!(
            matches!(
                found,
                Breach::Beyond { .. } | Breach::Order { .. } | Breach::RequestLength { .. }
            ),
            "{offset} {asked}: {found}"
        );
    }
    // And of a command that has none.
    let told = answered(Data::None, |peer, command, numbers| {
        peer.send(asking(command, numbers, 0, 4).emit(), &[]);
    });
    assert_eq!(breach(&told), Breach::Direction);
}

#[test]
fn answers_for_other_tasks_and_with_wrong_numbers_are_refused() {
    let told = answered(Data::None, |peer, command, numbers| {
        let mut answer = response(command, numbers);
        answer.initiator_task_tag ^= 0x10;
        peer.send(answer.emit(), &[]);
    });
    assert!(matches!(breach(&told), Breach::Tag { .. }));
    let told = answered(Data::None, |peer, command, numbers| {
        let mut answer = response(command, numbers);
        answer.stat_sn += 1;
        peer.send(answer.emit(), &[]);
    });
    assert!(matches!(breach(&told), Breach::StatusNumber { .. }));
}

#[test]
fn what_nobody_asked_for_is_refused() {
    let unasked = [
        LoginResponse::default().emit(),
        TextResponse::default().emit(),
        LogoutResponse::default().emit(),
        TaskManagementResponse::default().emit(),
        NopIn {
            initiator_task_tag: 3,
            ..NopIn::default()
        }
        .emit(),
    ];
    for header in unasked {
        let told = answered(Data::None, move |peer, _, _| {
            peer.send(header, &[]);
        });
        assert!(
            matches!(breach(&told), Breach::Unasked { .. }),
            "{header:?}"
        );
    }
    let told = answered(Data::None, |peer, _, _| {
        peer.send(NopOut::default().emit(), &[]);
    });
    assert_eq!(breach(&told), Breach::Opcode { opcode: 0 });
}

#[test]
fn residuals_that_cannot_be_are_refused() {
    let length = LENGTH as u32;
    let cases = [
        (true, true, 4, 0, "cannot be"),
        (false, true, length + 1, 0, "cannot be"),
        (false, false, 0, 100, "where the answer says"),
        (false, true, 100, 100, "where the answer says"),
        (true, false, 100, 100, "where the answer says"),
    ];
    for (overflow, underflow, count, bytes, words) in cases {
        let mut room = [0; LENGTH];
        let told = answered(Data::In(&mut room), move |peer, command, numbers| {
            if bytes > 0 {
                peer.send(data_in(command, 0, 0).emit(), &vec![7; bytes]);
            }
            let answer = ScsiResponse {
                overflow,
                underflow,
                residual_count: count,
                ..response(command, numbers)
            };
            peer.send(answer.emit(), &[]);
        });
        assert!(breach(&told).to_string().contains(words), "{told:?}");
    }
}

#[test]
fn sense_of_any_length_is_read_as_far_as_it_goes() {
    let full = [0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0, 0, 0];
    let cases: [(&[u8], u16, Option<Triple>); 7] = [
        (&full, 18, Some((5, 0x24, 0))),
        (&full, 3, Some((5, 0, 0))),
        (&full, 0xFFFF, Some((5, 0x24, 0))),
        (&full[..4], 4, Some((5, 0, 0))),
        (&[], 0, None),
        (&[0x7E; 300], 300, None),
        (&full, 0, None),
    ];
    for (sense, announced, expected) in cases {
        let mut data = announced.to_be_bytes().to_vec();
        data.extend(sense);
        if sense.is_empty() {
            data.clear();
        }
        let told = answered(Data::None, move |peer, command, numbers| {
            let answer = ScsiResponse {
                status: 2,
                ..response(command, numbers)
            };
            peer.send(answer.emit(), &data);
        });
        match expected {
            Some(expected) => assert_eq!(triple(&told.unwrap()), Some(expected)),
            None => assert_eq!(breach(&told), Breach::NoSense),
        }
    }
    // More than anybody looks at.
    let mut long = 0x70FFu16.to_be_bytes().to_vec();
    long.extend(full);
    long.resize(60_000, 0);
    let told = answered(Data::None, move |peer, command, numbers| {
        let answer = ScsiResponse {
            status: 2,
            ..response(command, numbers)
        };
        peer.send(answer.emit(), &long);
    });
    assert_eq!(triple(&told.unwrap()), Some((5, 0x24, 0)));
}

#[test]
fn every_scsi_status_has_its_name() {
    for (code, expected) in [
        (0x00, Status::Good),
        (0x08, Status::Busy),
        (0x18, Status::ReservationConflict),
        (0x28, Status::Other(0x28)),
        (0x40, Status::Other(0x40)),
    ] {
        let told = answered(Data::None, move |peer, command, numbers| {
            let answer = ScsiResponse {
                status: code,
                ..response(command, numbers)
            };
            peer.send(answer.emit(), &[]);
        });
        assert_eq!(told.unwrap().status, expected);
    }
}

#[test]
fn a_target_that_fails_rejects_or_ends_says_which() {
    let told = answered(Data::None, |peer, command, numbers| {
        let answer = ScsiResponse {
            response: ServiceResponse::TargetFailure,
            ..response(command, numbers)
        };
        peer.send(answer.emit(), &[]);
    });
    assert!(matches!(
        link_error(&told),
        LinkError::TargetFailure { response: 1 }
    ));
    let told = answered(Data::None, |peer, _, _| {
        let reject = Reject {
            reason: RejectReason::InvalidPduField,
            ..Reject::default()
        };
        peer.send(reject.emit(), &[0; 48]);
    });
    assert!(matches!(link_error(&told), LinkError::Rejected { .. }));
    let told = answered(Data::None, |peer, _, numbers| {
        let ends = AsyncMessage {
            event: AsyncEvent::SessionDropped,
            stat_sn: numbers.stat_sn,
            ..AsyncMessage::default()
        };
        peer.send(ends.emit(), &[]);
    });
    assert!(matches!(link_error(&told), LinkError::Ended { .. }));
    let told = answered(Data::None, |peer, _, _| {
        peer.stream.shutdown(std::net::Shutdown::Both).unwrap();
    });
    assert!(matches!(link_error(&told), LinkError::Closed));
}

#[test]
fn pings_and_news_do_not_disturb_a_command() {
    let told = answered(Data::None, |peer, command, mut numbers| {
        let ping = NopIn {
            initiator_task_tag: NO_TAG,
            target_transfer_tag: 8,
            stat_sn: numbers.stat_sn,
            ..NopIn::default()
        };
        peer.send(ping.emit(), b"are you there");
        let InitiatorPdu::NopOut(answer) = peer.next().unwrap().of_initiator() else {
            panic!("no answer to a ping");
        };
        assert_eq!(
            (answer.target_transfer_tag, answer.initiator_task_tag),
            (8, NO_TAG)
        );
        let news = AsyncMessage {
            event: AsyncEvent::Sense,
            stat_sn: numbers.stat_sn,
            ..AsyncMessage::default()
        };
        numbers.stat_sn += 1;
        peer.send(news.emit(), &[0; 20]);
        peer.send(response(command, numbers).emit(), &[]);
    });
    assert_eq!(told.unwrap().status, Status::Good);
}

#[test]
fn a_target_that_takes_no_more_commands_is_waited_for() {
    let (address, thread) = scripted_target(1, |_, mut peer| {
        let mut numbers = accept_session(&mut peer).unwrap();
        // What the answer to the INQUIRY allowed, and not one more.
        let last = numbers.exp_cmd_sn + 8;
        while numbers.exp_cmd_sn <= last {
            let command = ScsiCommand::parse(&peer.next().unwrap().header);
            let answer = ScsiResponse {
                max_cmd_sn: last,
                ..response(&command, numbers)
            };
            numbers.exp_cmd_sn += 1;
            numbers.stat_sn += 1;
            peer.send(answer.emit(), &[]);
        }
        let mut word = NopIn {
            initiator_task_tag: NO_TAG,
            target_transfer_tag: 6,
            stat_sn: numbers.stat_sn,
            exp_cmd_sn: numbers.exp_cmd_sn,
            max_cmd_sn: last,
            ..NopIn::default()
        };
        peer.send(word.emit(), &[]);
        // Were the next command not held back, it would come before this.
        assert!(matches!(
            peer.next().unwrap().of_initiator(),
            InitiatorPdu::NopOut(_)
        ));
        word.target_transfer_tag = NO_TAG;
        word.max_cmd_sn = last + 1;
        peer.send(word.emit(), &[]);
        let command = ScsiCommand::parse(&peer.next().unwrap().header);
        assert_eq!(command.cmd_sn, last + 1);
        peer.send(response(&command, numbers).emit(), &[]);
        while peer.next().is_some() {}
    });
    let address = Portal::from(address)
        .unit("iqn.2026-11.a:script", 1)
        .unwrap();
    let mut drive = Initiator::connect(&address, InitiatorOptions::default()).unwrap();
    for _ in 0..10 {
        assert_eq!(none(&mut drive, &[0; 6]).unwrap().status, Status::Good);
    }
    drop(drive);
    thread.join().unwrap();
}

#[test]
fn messages_without_end_do_not_keep_a_command_for_ever() {
    // Neither data nor a status: the first one is one too many.
    let mut room = [0xEE; LENGTH];
    let told = answered(Data::In(&mut room), |peer, command, _| {
        peer.send(data_in(command, 0, 0).emit(), &[]);
    });
    assert_eq!(breach(&told), Breach::Empty);
    // Words that want no answer, for as long as anybody takes them.
    let told = answered(Data::None, |peer, _, numbers| {
        let word = NopIn {
            initiator_task_tag: NO_TAG,
            target_transfer_tag: NO_TAG,
            stat_sn: numbers.stat_sn,
            ..NopIn::default()
        };
        let many = word.emit().0.repeat(64);
        while peer.raw(&many) {}
    });
    assert_eq!(breach(&told), Breach::Flood);
}

#[test]
fn a_write_whose_data_were_never_asked_for_is_not_well() {
    const MORE: usize = 16 * 2048;
    let told = answered(
        Data::Blocks {
            bytes: &[7; MORE],
            block_bytes: 2048,
        },
        |peer, command, numbers| {
            peer.send(response(command, numbers).emit(), &[]);
        },
    );
    assert!(
        matches!(breach(&told), Breach::Missing { said: MORE, .. }),
        "{told:?}"
    );
}

#[test]
fn a_list_of_targets_without_end_is_cut_off() {
    let (address, thread) = scripted_target(1, |_, mut peer| {
        let mut numbers = common::peer::accept_login(&mut peer).unwrap();
        while let Some(came) = peer.next() {
            let request = TextRequest::parse(&came.header);
            let more = TextResponse {
                initiator_task_tag: request.initiator_task_tag,
                target_transfer_tag: 1,
                stat_sn: numbers.stat_sn,
                ..TextResponse::default()
            };
            numbers.stat_sn += 1;
            if !peer.send(more.emit(), &b"TargetName=iqn.a:b\0".repeat(400)) {
                return;
            }
        }
    });
    let told = discover(&address.into(), &InitiatorOptions::default()).unwrap_err();
    assert!(told.to_string().contains("does not end"), "{told}");
    thread.join().unwrap();
}

#[test]
fn a_target_that_never_logs_in_is_given_up() {
    let (address, thread) = scripted_target(1, |_, mut peer| while peer.next().is_some() {});
    let address = Portal::from(address)
        .unit("iqn.2026-11.a:script", 1)
        .unwrap();
    let mut options = InitiatorOptions::default();
    options.connect_timeout = Duration::from_millis(30);
    let told = Initiator::connect(&address, options).unwrap_err();
    assert!(matches!(told, ConnectError::Link { .. }), "{told}");
    thread.join().unwrap();
}

/// Any bytes at any point of a session: the command ends, in whatever way.
fn thrown(streams: impl Strategy<Value = Vec<u8>>, after_login: bool) {
    let mut runner = TestRunner::new(Config::with_cases(96));
    let outcome = runner.run(&streams, |bytes| {
        let (address, thread) = scripted_target(1, move |_, mut peer| {
            if after_login {
                let _ = accept_session(&mut peer);
                let _ = peer.next();
            }
            peer.raw(&bytes);
            let _ = peer.stream.shutdown(std::net::Shutdown::Write);
            while peer.next().is_some() {}
        });
        let address = Portal::from(address)
            .unit("iqn.2026-11.a:script", 1)
            .unwrap();
        match Initiator::connect(&address, InitiatorOptions::default()) {
            Ok(mut drive) => {
                let mut room = vec![0xEE; LENGTH];
                let reply = read_whatever(&mut drive, &mut room);
                if let Ok(reply) = reply {
                    prop_assert!(reply.transferred <= LENGTH);
                }
            }
            Err(error) => prop_assert!(!after_login, "{error}"),
        }
        thread.join().unwrap();
        Ok(())
    });
    outcome.unwrap();
}

fn read_whatever(drive: &mut Initiator, room: &mut [u8]) -> Result<Reply, TransportError> {
    drive.execute(Exchange::data_in(cdb(&at(0x28, 0, 1)), room, LIMIT))
}

#[test]
fn noise_instead_of_a_login_is_an_error() {
    thrown(prop::collection::vec(any::<u8>(), 0..300), false);
}

#[test]
fn noise_instead_of_an_answer_is_an_error() {
    thrown(prop::collection::vec(any::<u8>(), 0..300), true);
}

#[test]
fn nonsense_instead_of_an_answer_is_an_error_or_an_answer() {
    let pdu = (
        prop::sample::select(vec![
            0x20u8, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3F,
        ]),
        any::<[u8; 47]>(),
        any::<[bool; 4]>(),
        0u32..6,
        prop::collection::vec(any::<u8>(), 0..600),
    );
    let stream = prop::collection::vec(pdu, 1..8).prop_map(|pdus| {
        let mut bytes = Vec::new();
        let mut writer = PduWriter::new(&mut bytes);
        for (number, (opcode, rest, sane, small, data)) in pdus.into_iter().enumerate() {
            let mut header = BasicHeaderSegment::default();
            header.0[0] = opcode;
            header.0[1..].copy_from_slice(&rest);
            header.set_ahs_bytes(0);
            if sane[0] {
                // The tag of the command: the second one of the session.
                header.0[16..20].copy_from_slice(&2u32.to_be_bytes());
            }
            if sane[1] {
                header.0[36..40].copy_from_slice(&(number as u32).to_be_bytes());
                header.0[40..44].copy_from_slice(&(small * 100).to_be_bytes());
                header.0[44..48].copy_from_slice(&(small * 300).to_be_bytes());
            }
            if sane[2] {
                header.0[24..28].copy_from_slice(&4u32.to_be_bytes());
            }
            if sane[3] {
                header.0[1] = [0x80, 0x81, 0x83, 0x82, 0x00, 0x87][small as usize];
                header.0[2..4].copy_from_slice(&[0, 0]);
            }
            writer.write(header, &data).unwrap();
        }
        bytes
    });
    thrown(stream, true);
}

#[test]
fn a_script_is_what_it_says() {
    // The helpers above answer well when they are told to.
    let script: Script = Box::new(|peer, command, numbers| {
        peer.send(data_in(command, 0, 0).emit(), &[7; LENGTH]);
        peer.send(response(command, numbers).emit(), &[]);
    });
    let mut room = [0; LENGTH];
    let reply = answered(Data::In(&mut room), script).unwrap();
    assert_eq!((reply.status, reply.transferred), (Status::Good, LENGTH));
    assert_eq!(room, [7; LENGTH]);
}
