//! One logical unit: a drive, one command at a time, whoever sends it.
//!
//! Owns what belongs to the drive and not to a session: its turn, its clock,
//! who holds its door, and what there is still to say. Must not know PDUs.
//!
//! The drive's mutex is held for as long as a command takes. Who holds the
//! door and who is to be told what are kept beside it, under mutexes of their
//! own that nobody holds for long; they are taken after it, never before.

use super::announced::Announced;
use super::pace::{Drive, Pace};
use super::ports::Ports;
use super::sessions::SessionKey;
use core::time::Duration;
use pitland_mmc::{CdbBytes, Sense};
use pitland_transport::sim::VirtualDrive;
use pitland_transport::trace::{Detail, Trace};
use pitland_transport::{Data, Exchange, Reply, Status, Transport};
use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Commands end when the drive says so; this is only there to be finite.
const LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

const REQUEST_SENSE: u8 = 0x03;
const PREVENT_ALLOW: u8 = 0x1E;

/// Things to say that are kept for the next command.
const MOST_OWED: usize = 8;

/// 4/44/00: the drive's own side failed.
const INTERNAL_FAILURE: Sense = Sense::new(4, 0x44, 0x00);
/// 6/29/00: after it was switched on.
const POWER_ON: Sense = Sense::new(6, 0x29, 0x00);
/// 6/29/03: after a reset by task management.
const RESET_OCCURRED: Sense = Sense::new(6, 0x29, 0x03);
/// 6/2F/00: another session cleared the tasks.
const TASKS_CLEARED: Sense = Sense::new(6, 0x2F, 0x00);

/// A drive to be offered by a target.
pub struct LogicalUnit {
    drive: Drive,
}

impl core::fmt::Debug for LogicalUnit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let kind = match self.drive {
            Drive::Virtual(_) | Drive::Traced(_) => "virtual",
            Drive::Any(_) => "any",
        };
        f.debug_struct("LogicalUnit")
            .field("drive", &kind)
            .finish_non_exhaustive()
    }
}

impl LogicalUnit {
    /// A virtual drive. With a speed named it runs on the clock on the wall;
    /// without, each look at a long operation finds it about a third further,
    /// so that it lasts a few polls.
    pub fn virtual_drive(drive: VirtualDrive) -> Self {
        Self {
            drive: Drive::Virtual(Box::new(drive)),
        }
    }

    /// Any other drive. It is asked as it is: without
    /// [`Checked`](pitland_transport::Checked), because judging CDBs is the
    /// drive's business here.
    pub fn new(drive: Box<dyn Transport>) -> Self {
        Self {
            drive: Drive::Any(drive),
        }
    }

    /// With a trace of every command that reaches the drive and of its answer, in the form that
    /// [`Replay`](pitland_transport::trace::Replay) reads. What the sink refuses is missing in it; the drive
    /// goes on.
    #[must_use]
    pub fn traced(self, sink: impl Write + Send + 'static) -> Self {
        let sink: Box<dyn Write + Send> = Box::new(sink);
        let drive = match self.drive {
            Drive::Virtual(drive) => {
                Drive::Traced(Box::new(Trace::new(*drive, sink, Detail::Replay)))
            }
            Drive::Any(drive) => Drive::Any(Box::new(Trace::new(drive, sink, Detail::Replay))),
            traced @ Drive::Traced(_) => traced,
        };
        Self { drive }
    }
}

impl From<VirtualDrive> for LogicalUnit {
    fn from(drive: VirtualDrive) -> Self {
        Self::virtual_drive(drive)
    }
}

/// One initiator's session, as the units tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Nexus(pub(crate) u64);

/// Whose command it is.
pub(crate) struct Caller<'a> {
    pub(crate) nexus: Nexus,
    /// The unit's generation when the command came.
    pub(crate) generation: u64,
    /// Whether anybody still waits for it.
    pub(crate) waits: &'a dyn Fn() -> bool,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    /// SCSI status.
    pub(crate) status: u8,
    /// Sense, with CHECK CONDITION.
    pub(crate) sense: Option<[u8; Sense::LEN]>,
    /// Bytes that moved.
    pub(crate) transferred: usize,
}

impl Answer {
    pub(crate) const GOOD: u8 = 0x00;
    pub(crate) const CHECK_CONDITION: u8 = 0x02;
    pub(crate) const TASK_SET_FULL: u8 = 0x28;
    pub(crate) const TASK_ABORTED: u8 = 0x40;

    pub(crate) fn good(transferred: usize) -> Self {
        Self {
            status: Self::GOOD,
            sense: None,
            transferred,
        }
    }

    /// A status without sense or data.
    pub(crate) fn bare(status: u8) -> Self {
        Self {
            status,
            sense: None,
            transferred: 0,
        }
    }

    pub(crate) fn check(sense: &Sense) -> Self {
        Self {
            status: Self::CHECK_CONDITION,
            sense: Some(sense.emit()),
            transferred: 0,
        }
    }

    pub(crate) fn of(result: Result<usize, Sense>) -> Self {
        match result {
            Ok(transferred) => Self::good(transferred),
            Err(sense) => Self::check(&sense),
        }
    }
}

/// Data of a command on its way to a unit.
pub(crate) enum UnitData<'a> {
    In(&'a mut [u8]),
    Out(&'a [u8]),
}

/// A logical unit at work.
pub(crate) struct Unit {
    state: Mutex<State>,
    /// Who holds the door; it opens when nobody does.
    preventing: Mutex<Vec<Nexus>>,
    /// Who has still to hear what the target itself did.
    ports: Mutex<Ports>,
    /// Tasks of an older generation have been ended by a reset.
    generation: AtomicU64,
}

struct State {
    drive: Drive,
    pace: Pace,
    /// What the drive said to a command of the target's own, for the next
    /// command of somebody else.
    owed: VecDeque<Sense>,
}

impl Unit {
    pub(crate) fn new(unit: LogicalUnit) -> Self {
        let mut state = State {
            drive: unit.drive,
            pace: Pace::default(),
            owed: VecDeque::new(),
        };
        state.start();
        Self {
            state: Mutex::new(state),
            preventing: Mutex::default(),
            ports: Mutex::default(),
            generation: AtomicU64::new(0),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A drive that panicked leaves nothing half done that matters here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn preventing(&self) -> MutexGuard<'_, Vec<Nexus>> {
        self.preventing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn ports(&self) -> MutexGuard<'_, Ports> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session begins.
    pub(crate) fn nexus_begins(&self, nexus: Nexus, key: &Arc<SessionKey>) {
        self.ports().begin(nexus, key);
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Ends all tasks that wait for this unit.
    pub(crate) fn clear_tasks(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits for the unit's turn and has it do one command. `None`: while it
    /// waited, its session or its task was ended; nothing was done.
    pub(crate) fn execute(
        &self,
        caller: &Caller<'_>,
        cdb: CdbBytes,
        announced: &Announced,
        data: UnitData<'_>,
    ) -> Option<Answer> {
        let mut data = data;
        let mut state = self.state();
        if !(caller.waits)() {
            return None;
        }
        // INQUIRY, GET CONFIGURATION, GET EVENT STATUS NOTIFICATION and
        // MECHANISM STATUS leave attentions alone.
        let hears = !matches!(cdb.opcode(), 0x12 | 0x46 | 0x4A | 0xBD);
        let mut ports = self.ports();
        let owed = hears.then(|| ports.next(caller.nexus)).flatten();
        let was_cleared = caller.generation != self.generation();
        drop(ports);
        if was_cleared {
            return Some(self.cleared(caller.nexus, owed));
        }
        let owed = match owed {
            None if hears => state.owed.pop_front(),
            owed => owed,
        };
        if let Some(sense) = owed {
            return Some(told(&sense, cdb, &mut data));
        }
        let data = match data {
            UnitData::In([]) => Data::None,
            UnitData::In(room) => Data::In(room),
            UnitData::Out([]) => Data::None,
            UnitData::Out(bytes) => match announced.block_bytes(bytes.len()) {
                Some(block_bytes) => Data::Blocks { bytes, block_bytes },
                None => Data::Out(bytes),
            },
        };
        let answer = state.command(cdb, data);
        if cdb.opcode() == PREVENT_ALLOW && answer.status == Answer::GOOD {
            self.door_command(&mut state, caller.nexus, cdb);
        }
        Some(answer)
    }

    /// What a task is told that somebody else ended before its turn came.
    fn cleared(&self, nexus: Nexus, owed: Option<Sense>) -> Answer {
        let is_news = self.ports().learn(nexus, self.generation());
        match owed {
            Some(sense) => Answer::check(&sense),
            None if is_news => Answer::check(&TASKS_CLEARED),
            None => Answer::bare(Answer::TASK_ABORTED),
        }
    }

    /// A session took hold of the door, or let go. The drive has done as it
    /// was told; another session may still hold on.
    fn door_command(&self, state: &mut State, nexus: Nexus, cdb: CdbBytes) {
        let prevents = cdb.as_slice().get(4).is_some_and(|byte| byte & 1 != 0);
        let mut preventing = self.preventing();
        preventing.retain(|holder| *holder != nexus);
        if prevents {
            preventing.push(nexus);
        }
        let others_hold = !prevents && !preventing.is_empty();
        drop(preventing);
        if others_hold {
            state.own_command([PREVENT_ALLOW, 0, 0, 0, 1, 0]);
        }
    }

    /// A session is over: it no longer holds the door. A unit whose door it
    /// does not hold is not waited for.
    pub(crate) fn nexus_lost(&self, nexus: Nexus) {
        self.ports().end(nexus);
        if !self.preventing().contains(&nexus) {
            return;
        }
        let mut state = self.state();
        let mut preventing = self.preventing();
        preventing.retain(|holder| *holder != nexus);
        let nobody_holds = preventing.is_empty();
        drop(preventing);
        if nobody_holds {
            state.open_door();
        }
    }

    /// The unit begins anew: no tasks, door free, and every session is told.
    pub(crate) fn reset(&self) {
        // At once: a task that is told of the reset is one that it ended.
        let mut ports = self.ports();
        ports.owe(RESET_OCCURRED);
        self.clear_tasks();
        drop(ports);
        let mut state = self.state();
        let held = !core::mem::take(&mut *self.preventing()).is_empty();
        if held {
            state.open_door();
        }
    }
}

impl State {
    /// The target looks at a virtual drive first, as a host does that has been
    /// up for a while. Of what the drive has to say only the power on is left
    /// for the first initiator: some give up on the second attention.
    fn start(&mut self) {
        if let Drive::Virtual(_) | Drive::Traced(_) = self.drive {
            Pace::start(&mut self.drive);
            self.own_command([0; 6]);
            self.owed.clear();
            self.owe(POWER_ON);
        }
    }

    fn command(&mut self, cdb: CdbBytes, data: Data<'_>) -> Answer {
        let opcode = cdb.opcode();
        let exchange = Exchange {
            cdb,
            data,
            timeout: LIMIT,
        };
        let result = self.drive.transport().execute(exchange);
        let reply = result.unwrap_or_else(|error| {
            tracing::warn!(%error, "a drive behind the target failed");
            Reply::check(INTERNAL_FAILURE)
        });
        self.pace
            .after(&mut self.drive, opcode, reply.status.sense());
        let (status, sense) = match reply.status {
            Status::Good => (Answer::GOOD, None),
            Status::CheckCondition(sense) => (Answer::CHECK_CONDITION, Some(sense.emit())),
            Status::Busy => (0x08, None),
            Status::ReservationConflict => (0x18, None),
            Status::Other(code) => (code, None),
            // Whatever a later version adds, the drive did not say GOOD.
            _ => (Answer::CHECK_CONDITION, Some(INTERNAL_FAILURE.emit())),
        };
        Answer {
            status,
            sense,
            transferred: reply.transferred,
        }
    }

    fn owe(&mut self, sense: Sense) {
        if self.owed.len() < MOST_OWED && !self.owed.contains(&sense) {
            self.owed.push_back(sense);
        }
    }

    fn open_door(&mut self) {
        self.own_command([PREVENT_ALLOW, 0, 0, 0, 0, 0]);
    }

    /// A command of the target's own. What the drive has to say first is kept
    /// for somebody who listens.
    fn own_command(&mut self, cdb: [u8; 6]) {
        let Ok(cdb) = CdbBytes::from_slice(&cdb) else {
            return;
        };
        for _ in 0..MOST_OWED {
            let exchange = Exchange::none(cdb, LIMIT);
            match self.drive.transport().execute(exchange) {
                Ok(Reply {
                    status: Status::CheckCondition(sense),
                    ..
                }) if sense.deferred || sense.triple().0 == 6 => self.owe(sense),
                Ok(reply) => {
                    tracing::debug!(status = %reply.status, ?cdb, "a command of the target's own");
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "a drive behind the target failed");
                    return;
                }
            }
        }
    }
}

/// Says what there is to say instead of doing the command.
fn told(sense: &Sense, cdb: CdbBytes, data: &mut UnitData<'_>) -> Answer {
    match data {
        UnitData::In(room) if cdb.opcode() == REQUEST_SENSE => {
            let length = cdb.as_slice().get(4).copied().unwrap_or(0).into();
            let bytes = sense.emit();
            let moved = room.len().min(length).min(bytes.len());
            for (to, from) in room.iter_mut().zip(bytes).take(moved) {
                *to = from;
            }
            Answer::good(moved)
        }
        _ => Answer::check(sense),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_transport::sim::{DriveModel, Medium, MediumKind, MemoryStore, Pace as Speed};

    fn unit(kind: MediumKind) -> Unit {
        let medium = Medium::blank(kind, None, Box::new(MemoryStore::new())).unwrap();
        let drive = VirtualDrive::new(DriveModel::default(), medium, Speed::Virtual, "x".into());
        let unit = Unit::new(LogicalUnit::from(drive));
        for nexus in [1, 2] {
            let key = SessionKey {
                initiator_name: format!("iqn.a:{nexus}"),
                isid: [0; 6],
            };
            unit.nexus_begins(Nexus(nexus), &Arc::new(key));
        }
        unit
    }

    fn caller(unit: &Unit, nexus: u64) -> Caller<'static> {
        Caller {
            nexus: Nexus(nexus),
            generation: unit.generation(),
            waits: &|| true,
        }
    }

    fn send(unit: &Unit, nexus: u64, bytes: &[u8]) -> (u8, Option<(u8, u8, u8)>) {
        send_as(unit, &caller(unit, nexus), bytes)
    }

    fn send_as(unit: &Unit, caller: &Caller<'_>, bytes: &[u8]) -> (u8, Option<(u8, u8, u8)>) {
        let cdb = CdbBytes::from_slice(bytes).unwrap();
        let announced = Announced::of(&cdb, 0);
        let answer = unit.execute(caller, cdb, &announced, UnitData::Out(&[]));
        let answer = answer.unwrap();
        let sense = answer.sense.map(|s| (s[2] & 0xF, s[12], s[13]));
        (answer.status, sense)
    }

    fn ready(unit: &Unit) -> usize {
        for polls in 0..100 {
            if send(unit, 1, &[0; 6]).0 == Answer::GOOD {
                return polls;
            }
        }
        panic!("never ready");
    }

    const PREVENT: [u8; 6] = [0x1E, 0, 0, 0, 1, 0];
    const ALLOW: [u8; 6] = [0x1E, 0, 0, 0, 0, 0];
    const EJECT: [u8; 6] = [0x1B, 1, 0, 0, 2, 0];
    const LOAD: [u8; 6] = [0x1B, 1, 0, 0, 3, 0];

    #[test]
    fn a_disc_is_recognised_before_the_first_command_and_later_within_a_few_polls() {
        let unit = unit(MediumKind::BdR);
        assert_eq!(send(&unit, 1, &[0; 6]).1, Some((6, 0x29, 0)));
        assert_eq!(send(&unit, 1, &[0; 6]), (0, None));
        assert_eq!(send(&unit, 1, &EJECT).0, 0);
        for _ in 0..3 {
            assert_eq!(send(&unit, 1, &[0; 6]).1, Some((2, 0x04, 7)));
        }
        assert_eq!(send(&unit, 1, &[0; 6]).1, Some((2, 0x3A, 2)));
        assert_eq!(send(&unit, 1, &LOAD).0, 0);
        for _ in 0..3 {
            assert_eq!(send(&unit, 1, &[0; 6]).1, Some((2, 0x04, 1)));
        }
        assert_eq!(send(&unit, 1, &[0; 6]).1, Some((6, 0x28, 0)));
        assert_eq!(send(&unit, 1, &[0; 6]), (0, None));
    }

    #[test]
    fn the_door_opens_when_the_last_holder_lets_go() {
        let unit = unit(MediumKind::DvdRam);
        ready(&unit);
        assert_eq!(send(&unit, 1, &PREVENT).0, 0);
        assert_eq!(send(&unit, 2, &PREVENT).0, 0);
        assert_eq!(send(&unit, 1, &ALLOW).0, 0);
        assert_eq!(send(&unit, 1, &EJECT).1, Some((5, 0x53, 2)));
        unit.nexus_lost(Nexus(2));
        assert_eq!(send(&unit, 1, &EJECT).0, 0);
    }

    #[test]
    fn what_the_drive_says_while_a_lost_session_s_door_is_opened_is_not_lost() {
        let unit = unit(MediumKind::DvdRam);
        ready(&unit);
        send(&unit, 1, &PREVENT);
        if let Drive::Virtual(drive) = &mut unit.state().drive {
            let disc = drive.recorder().remove().unwrap();
            drive.recorder().insert(disc);
            let time = drive.recorder().next_change().unwrap();
            drive.advance(time);
        }
        unit.nexus_lost(Nexus(1));
        assert_eq!(send(&unit, 2, &[0; 6]).1, Some((6, 0x28, 0)));
        assert_eq!(send(&unit, 2, &[0; 6]).0, 0);
    }

    #[test]
    fn a_reset_opens_the_door_and_says_that_it_happened() {
        let unit = unit(MediumKind::DvdRam);
        ready(&unit);
        send(&unit, 1, &PREVENT);
        let before = unit.generation();
        unit.reset();
        assert!(unit.generation() > before);
        for nexus in [1, 2] {
            assert_eq!(send(&unit, nexus, &EJECT).1, Some((6, 0x29, 3)));
            assert_eq!(send(&unit, nexus, &[0; 6]), (0, None));
        }
        assert_eq!(send(&unit, 1, &EJECT).0, 0);
    }

    #[test]
    fn a_task_that_another_session_ended_is_told_why_and_not_carried_out() {
        let unit = unit(MediumKind::DvdRam);
        ready(&unit);
        let before = caller(&unit, 1);
        unit.reset();
        assert_eq!(send_as(&unit, &before, &EJECT).1, Some((6, 0x29, 3)));
        assert_eq!(send_as(&unit, &before, &EJECT).0, Answer::TASK_ABORTED);
        let before = caller(&unit, 1);
        unit.clear_tasks();
        assert_eq!(send_as(&unit, &before, &EJECT).1, Some((6, 0x2F, 0)));
        assert_eq!(send_as(&unit, &before, &EJECT).0, Answer::TASK_ABORTED);
        // Not once did the tray come out.
        assert_eq!(send(&unit, 1, &[0; 6]), (0, None));
    }

    #[test]
    fn a_command_that_nobody_waits_for_is_not_carried_out() {
        let unit = unit(MediumKind::DvdRam);
        ready(&unit);
        let gone = Caller {
            waits: &|| false,
            ..caller(&unit, 1)
        };
        let cdb = CdbBytes::from_slice(&EJECT).unwrap();
        let announced = Announced::of(&cdb, 0);
        let answer = unit.execute(&gone, cdb, &announced, UnitData::Out(&[]));
        assert_eq!(answer, None);
        assert_eq!(send(&unit, 1, &[0; 6]), (0, None));
    }

    #[test]
    fn a_session_that_does_not_hold_the_door_does_not_wait_for_the_drive() {
        let unit = unit(MediumKind::DvdRam);
        // The drive is at work: waiting for it here would be for ever.
        let _busy = unit.state();
        unit.nexus_lost(Nexus(1));
    }

    #[test]
    fn a_full_buffer_has_room_when_the_write_is_sent_again() {
        let unit = unit(MediumKind::BdR);
        ready(&unit);
        let block = vec![7; 65536];
        let mut lba = 0u32;
        let mut full = 0;
        while full < 3 {
            let mut cdb = [0x2A, 0, 0, 0, 0, 0, 0, 0, 32, 0];
            cdb[2..6].copy_from_slice(&lba.to_be_bytes());
            let cdb = CdbBytes::from_slice(&cdb).unwrap();
            let announced = Announced::of(&cdb, 65536);
            let write = || {
                let data = UnitData::Out(&block);
                unit.execute(&caller(&unit, 1), cdb, &announced, data)
                    .unwrap()
            };
            let mut answer = write();
            if let Some(sense) = answer.sense {
                assert_eq!((sense[2], sense[12], sense[13]), (2, 4, 8));
                full += 1;
                answer = write();
            }
            assert_eq!(answer, Answer::good(65536));
            lba += 32;
        }
    }
}
