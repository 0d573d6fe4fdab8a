//! What a trace holds, and that it replays.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use pitland_mmc::cdb::*;
use pitland_mmc::{CdbBytes, Lba, Sense};
use pitland_transport::trace::{Detail, Mismatch, Replay, ReplayError, Trace};
use pitland_transport::*;
use proptest::prelude::*;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// A little disc of 64 blocks that takes writes and gives reads, with a clock.
#[derive(Default)]
struct Disc {
    blocks: Vec<u8>,
    now: Duration,
    answers: Vec<Result<Reply, TransportError>>,
}

impl Disc {
    fn new() -> Self {
        Self {
            blocks: vec![0xEE; 64 * 2048],
            ..Self::default()
        }
    }

    fn answering(answers: Vec<Result<Reply, TransportError>>) -> Self {
        Self {
            answers,
            ..Self::new()
        }
    }
}

impl Transport for Disc {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        self.now += Duration::from_millis(1);
        if !self.answers.is_empty() {
            return self.answers.remove(0);
        }
        let cdb = exchange.cdb.as_slice();
        let at = || 2048 * u32::from_be_bytes([cdb[2], cdb[3], cdb[4], cdb[5]]) as usize;
        match exchange.data {
            Data::Blocks { bytes, .. } => {
                self.blocks[at()..at() + bytes.len()].copy_from_slice(bytes);
                Ok(Reply::good(bytes.len()))
            }
            Data::In(room) if cdb[0] == 0x28 => {
                room.copy_from_slice(&self.blocks[at()..at() + room.len()]);
                Ok(Reply::good(room.len()))
            }
            Data::In(room) => {
                room[..4].copy_from_slice(&[1, 2, 3, 4]);
                Ok(Reply::good(4))
            }
            Data::Out(list) => Ok(Reply::good(list.len())),
            Data::None => Ok(Reply::good(0)),
        }
    }
    fn clock(&self) -> DeviceClock {
        DeviceClock::Virtual
    }
    fn now(&self) -> Duration {
        self.now
    }
    fn advance(&mut self, by: Duration) {
        self.now += by;
    }
    fn identity_hint(&self) -> String {
        "virtual:a\nb.vdisc".into()
    }
}

/// A sink that can still be read when the trace is done with it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(lba: i32, bytes: &[u8]) -> Exchange<'_> {
    let blocks = (bytes.len() / 2048) as u16;
    Exchange::blocks(
        Write10 {
            lba: Lba(lba),
            blocks,
            fua: false,
        }
        .emit(),
        bytes,
        2048,
        LIMIT,
    )
}

fn read(lba: i32, room: &mut [u8]) -> Exchange<'_> {
    let blocks = (room.len() / 2048) as u16;
    Exchange::data_in(
        Read10 {
            lba: Lba(lba),
            blocks,
            fua: false,
        }
        .emit(),
        room,
        LIMIT,
    )
}

fn ready() -> Exchange<'static> {
    Exchange::none(TestUnitReady::default().emit(), LIMIT)
}

fn select(list: &[u8]) -> Exchange<'_> {
    let cdb = CdbBytes::from_slice(&[0x55, 0x10, 0, 0, 0, 0, 0, 0, list.len() as u8, 0]).unwrap();
    Exchange::data_out(cdb, list, LIMIT)
}

fn inquiry(room: &mut [u8]) -> Exchange<'_> {
    Exchange::data_in(
        CdbBytes::from_slice(&[0x12, 0, 0, 0, room.len() as u8, 0]).unwrap(),
        room,
        LIMIT,
    )
}

/// A small burn with verification, against whatever transport.
fn burn(drive: &mut dyn Transport) -> Result<Vec<u8>, TransportError> {
    let payload: Vec<u8> = (0..4 * 2048u32).map(|i| (i / 3) as u8).collect();
    let mut answer = [0; 36];
    drive.execute(inquiry(&mut answer))?;
    drive.execute(select(&[0, 1, 2, 3]))?;
    drive.advance(Duration::from_millis(20));
    for lba in [0, 2] {
        drive.execute(write(lba, &payload[lba as usize * 2048..][..4096]))?;
    }
    drive.execute(ready())?;
    let mut back = vec![0; 4 * 2048];
    drive.execute(read(0, &mut back))?;
    let mut before = vec![0; 2048];
    drive.execute(read(40, &mut before))?;
    assert_eq!(back, payload);
    back.extend(answer);
    back.extend(before);
    back.extend(drive.now().as_nanos().to_le_bytes());
    Ok(back)
}

fn traced(detail: Detail) -> (String, Vec<u8>) {
    let sink = Shared::default();
    let mut trace = Trace::new(Disc::new(), sink.clone(), detail);
    let seen = burn(&mut trace).unwrap();
    let (_, fate) = trace.finish();
    fate.unwrap();
    (sink.text(), seen)
}

fn replay(text: &str) -> Replay<Cursor<Vec<u8>>> {
    Replay::new(Cursor::new(text.as_bytes().to_vec())).unwrap()
}

fn parting(
    text: &str,
    run: impl FnOnce(&mut dyn Transport) -> Result<Reply, TransportError>,
) -> (u64, Mismatch) {
    let mut replay = replay(text);
    match run(&mut replay) {
        Err(TransportError::Diverged(parted)) => {
            assert!(
                matches!(replay.execute(ready()), Err(TransportError::Diverged(again)) if again.line == parted.line),
                "nothing is served after a divergence"
            );
            (parted.line, parted.mismatch)
        }
        other => panic!("no divergence but {other:?}"),
    }
}

#[test]
fn a_trace_is_read_in_words_a_line_an_exchange() {
    let (text, _) = traced(Detail::Replay);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "pitland-trace 1 detail=replay clock=virtual max-transfer=65536 drive=virtual:a\\nb.vdisc"
    );
    assert_eq!(
        lines[3],
        "    0.022000 WRITE (10) lba 0, 2 blocks -> GOOD | at=22000000 cdb=2A000000000000000200 \
         limit=60000000000 blocks=4096/2048 crc=CC70EBE7 st=00 n=4096 end=23000000"
    );
    assert!(
        lines[1].contains(" in=36 st=00 n=4 got=01020304 end="),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].contains(" out=00010203 st=00 n=4 end="),
        "{}",
        lines[2]
    );
    assert_eq!(lines[8], "end 7");
}

#[test]
fn after_a_failure_what_is_read_is_kept_whole() {
    let failures = || {
        [
            Err(TransportError::TimedOut { limit: LIMIT }),
            Ok(Reply::check(Sense::new(3, 0x0C, 0))),
            Ok(Reply::check(Sense::new(3, 0x0C, 0).as_deferred())),
        ]
    };
    for (n, failure) in failures().into_iter().enumerate() {
        let sink = Shared::default();
        let mut trace = Trace::new(
            Disc::answering(vec![Ok(Reply::good(2048)), failure]),
            sink.clone(),
            Detail::Replay,
        );
        let run = |drive: &mut dyn Transport| {
            drive.execute(write(0, &[1; 2048])).unwrap();
            let _ = drive.execute(if n == 2 {
                ready()
            } else {
                write(0, &[2; 2048])
            });
            let mut back = [0; 2048];
            drive.execute(read(0, &mut back)).unwrap();
            back
        };
        let seen = run(&mut trace);
        drop(trace);
        assert!(sink.text().contains(" got=EEEE"), "failure {n}");
        assert_eq!(run(&mut replay(&sink.text())), seen);
    }
}

#[test]
fn parameter_lists_and_answers_are_told_in_words() {
    let sink = Shared::default();
    let mut trace = Trace::new(Disc::new(), sink.clone(), Detail::Replay);
    let close = CdbBytes::from_slice(&[0x5B, 1, 2, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    trace.execute(Exchange::none(close, LIMIT)).unwrap();
    let cdb = CdbBytes::from_slice(&[0x04, 0x11, 0, 0, 0, 0]).unwrap();
    let list = [0, 0x82, 0, 8, 0, 0x23, 0x05, 0x40, 0x98, 0, 0, 0];
    trace
        .execute(Exchange::data_out(cdb, &list, LIMIT))
        .unwrap();
    drop(trace);
    let text = sink.text();
    assert!(
        text.contains("CLOSE TRACK/SESSION session, IMMED -> GOOD | "),
        "{text}"
    );
    assert!(
        text.contains("FORMAT UNIT") && text.contains("2295104"),
        "{text}"
    );
}

proptest! {
    /// A drive can answer anything; each line stays one line and is read back.
    #[test]
    fn any_answer_and_any_command_make_a_line_that_replays(
        cdb in prop::collection::vec(any::<u8>(), 1..16),
        answer in prop::collection::vec(any::<u8>(), 0..80),
        list in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        struct Says(Vec<u8>);
        impl Transport for Says {
            fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
                if let Data::In(room) = exchange.data {
                    room.copy_from_slice(&self.0);
                    return Ok(Reply::good(room.len()));
                }
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
                String::new()
            }
        }
        let cdb = CdbBytes::from_slice(&cdb).unwrap();
        let ask = |drive: &mut dyn Transport| {
            let mut room = vec![0; answer.len()];
            drive.execute(Exchange::data_in(cdb, &mut room, LIMIT)).unwrap();
            assert_eq!(room, answer);
            drive.execute(Exchange::data_out(cdb, &list, LIMIT)).unwrap();
        };
        let sink = Shared::default();
        ask(&mut Trace::new(Says(answer.clone()), sink.clone(), Detail::Replay));
        let text = sink.text();
        prop_assert_eq!(text.lines().count(), 4, "{}", text);
        let mut replay = replay(&text);
        ask(&mut replay);
        prop_assert_eq!(replay.finish().unwrap(), 2);
    }
}

#[test]
fn a_read_of_what_the_trace_wrote_is_kept_by_its_sum_any_other_whole() {
    let (text, _) = traced(Detail::Replay);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[6].contains("READ (10) lba 0, 4 blocks") && lines[6].contains(" sum="),
        "{}",
        lines[6]
    );
    assert!(
        lines[7].contains("READ (10) lba 40, 1 block") && lines[7].contains(" got=EEEE"),
        "{}",
        lines[7]
    );
    let (text, _) = traced(Detail::Everything);
    assert!(!text.contains(" sum="));
    let (text, _) = traced(Detail::Words);
    assert!(!text.contains("EEEE") && text.contains("got=01020304"));
}

#[test]
fn a_burn_runs_against_its_record_and_sees_the_same() {
    for detail in [Detail::Replay, Detail::Everything] {
        let (text, seen) = traced(detail);
        let mut replay = replay(&text);
        assert_eq!(burn(&mut replay).unwrap(), seen);
        assert_eq!(replay.finish().unwrap(), 7);
    }
}

#[test]
fn sense_and_failures_of_the_link_are_given_again() {
    let answers = || {
        vec![
            Ok(Reply::check(
                Sense::new(2, 0x04, 0x07).with_progress(0x8000),
            )),
            Ok(Reply::check(
                Sense::new(3, 0x0C, 0).as_deferred().with_information(77),
            )),
            Ok(Reply {
                status: Status::Busy,
                transferred: 0,
            }),
            Ok(Reply {
                status: Status::Other(0x28),
                transferred: 0,
            }),
            Err(TransportError::TimedOut { limit: LIMIT }),
            Err(TransportError::Host {
                host: 7,
                driver: 0x18,
            }),
            Err(TransportError::Gone),
        ]
    };
    let sink = Shared::default();
    let mut trace = Trace::new(Disc::answering(answers()), sink.clone(), Detail::Replay);
    for _ in 0..7 {
        let _ = trace.execute(ready());
    }
    drop(trace);
    let text = sink.text();
    assert!(
        text.contains("TEST UNIT READY -> CHECK CONDITION: NOT READY"),
        "{text}"
    );
    assert!(
        text.contains("TEST UNIT READY -> NO ANSWER: the drive is gone"),
        "{text}"
    );
    let mut replay = replay(&text);
    for expected in answers() {
        assert_eq!(
            format!("{:?}", replay.execute(ready())),
            format!("{expected:?}")
        );
    }
    assert_eq!(replay.finish().unwrap(), 7);
}

#[test]
fn another_command_is_the_first_divergence() {
    let (text, _) = traced(Detail::Replay);
    let (line, mismatch) = parting(&text, |drive| drive.execute(ready()));
    assert_eq!(line, 2);
    assert!(matches!(mismatch, Mismatch::Command { recorded, sent }
            if recorded.starts_with("INQUIRY") && sent == "TEST UNIT READY"));
}

#[test]
fn another_list_payload_or_length_is_named() {
    let (text, _) = traced(Detail::Replay);
    let first = |drive: &mut dyn Transport| drive.execute(inquiry(&mut [0; 36]));
    let (line, mismatch) = parting(&text, |drive| {
        first(drive)?;
        drive.execute(select(&[0, 1, 9, 3]))
    });
    assert_eq!(line, 3);
    assert!(matches!(mismatch, Mismatch::ParameterList { byte: 2, .. }));
    let (line, mismatch) = parting(&text, |drive| {
        first(drive)?;
        drive.execute(select(&[0, 1, 2, 3]))?;
        drive.execute(write(0, &[9; 4096]))
    });
    assert_eq!(line, 4);
    assert!(matches!(
        mismatch,
        Mismatch::Payload {
            recorded: 0xCC70_EBE7,
            ..
        }
    ));
    let (_, mismatch) = parting(&text, |drive| {
        let cdb = CdbBytes::from_slice(&[0x12, 0, 0, 0, 36, 0]).unwrap();
        drive.execute(Exchange::data_in(cdb, &mut [0; 35], LIMIT))
    });
    assert!(matches!(mismatch, Mismatch::Data { .. }));
}

#[test]
fn commands_left_over_are_counted_and_too_many_refused() {
    let (text, _) = traced(Detail::Replay);
    let mut short = replay(&text);
    short.execute(inquiry(&mut [0; 36])).unwrap();
    let left = short.finish().unwrap_err();
    assert_eq!(left.line, 3);
    assert!(matches!(left.mismatch, Mismatch::LeftOver { commands: 6 }));
    let (_, mismatch) = parting(&text, |drive| {
        burn(drive)?;
        drive.execute(ready())
    });
    assert!(matches!(mismatch, Mismatch::Over { sent } if sent == "TEST UNIT READY"));
}

#[test]
fn a_record_that_was_cut_off_or_mangled_says_so() {
    let (text, _) = traced(Detail::Replay);
    let whole = text.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    let mut cut = replay(&whole);
    burn(&mut cut).unwrap();
    assert!(matches!(
        cut.finish().unwrap_err().mismatch,
        Mismatch::Malformed { .. }
    ));
    let mangled = text.replace("st=00", "st=zz");
    let (line, mismatch) = parting(&mangled, |drive| drive.execute(inquiry(&mut [0; 36])));
    assert_eq!(line, 2);
    assert!(matches!(mismatch, Mismatch::Malformed { .. }));
}

#[test]
fn bytes_that_the_replay_cannot_know_are_not_made_up() {
    let (text, _) = traced(Detail::Replay);
    let mut forgetful = replay(&text).remembering(2 * 2048);
    let parted = burn(&mut forgetful).unwrap_err();
    assert!(matches!(parted, TransportError::Diverged(parted)
        if matches!(parted.mismatch, Mismatch::AnswerNotKept { .. }) && parted.line == 7));
}

#[test]
fn files_that_are_no_trace_are_refused() {
    for (text, no_trace) in [
        (&b""[..], true),
        (b"hello\n", true),
        (b"\xFF\xFE\n", true),
        (b"pitland-trace 9 x\n", false),
    ] {
        let refused = Replay::new(Cursor::new(text)).unwrap_err();
        assert_eq!(
            matches!(refused, ReplayError::NoTrace),
            no_trace,
            "{refused}"
        );
    }
}

#[test]
fn a_sink_that_fails_is_told_and_does_not_stop_the_burn() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut trace = Trace::new(Disc::new(), Full, Detail::Replay);
    let status = trace.status();
    burn(&mut trace).unwrap();
    let (_, fate) = trace.finish();
    assert_eq!(fate.unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(status.fault().unwrap().kind(), io::ErrorKind::StorageFull);
}

#[test]
fn dropping_a_trace_writes_its_end() {
    let sink = Shared::default();
    let mut trace = Trace::new(Disc::new(), sink.clone(), Detail::Replay);
    trace.execute(ready()).unwrap();
    assert_eq!(
        sink.text(),
        "",
        "lines are gathered, not written one by one"
    );
    drop(trace);
    assert!(sink.text().ends_with("\nend 1\n"));
}
