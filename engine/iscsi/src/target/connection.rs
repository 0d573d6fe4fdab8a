//! One connection: its login, and the thread that reads.
//!
//! Owns what a PDU of an initiator leads to. Commands are put together here and
//! carried out by the executor; must not know how.

mod management;

use super::announced::{Announced, trimmed};
use super::executor;
use super::gather::{Gathering, Next};
use super::luns;
use super::options::count;
use super::outbound::{Admission, Carries, Numbers, Outbound};
use super::sessions::SessionKey;
use super::task::{Control, Failure, Job, MOST_TRANSFER, Rooms, Task};
use super::unit::Nexus;
use super::{Shared, WINDOW};
use crate::negotiation::{
    Established, Parameters, SessionKind, TargetLogin, TargetStep, TextBuffer, parse_pairs,
    push_pair,
};
use crate::pdu::{
    AdditionalHeader, AdditionalHeaders, BasicHeaderSegment, DataOut, FrameError, Incoming,
    InitiatorPdu, LoginStatus, LogoutRequest, LogoutResult, NO_TAG, NopIn, NopOut, PduReader,
    PduWriter, ReadyToTransfer, Reject, RejectReason, ScsiCommand, TaskFunction,
    TaskManagementRequest, TaskManagementResult, TextRequest, TextResponse,
};
use crate::socket::Socket;
use std::collections::VecDeque;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Bytes of text that a login request may bring: what every side takes at
/// first, and a little patience.
const LOGIN_DATA: usize = 16 * 1024;

/// Jobs that wait: the window, and as many of other kinds.
const MOST_JOBS: usize = 2 * WINDOW as usize;

/// Tags of aborted tasks whose data may still come.
const MOST_FORGOTTEN: usize = 16;

/// What both threads of a session know.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) nexus: Nexus,
    pub(super) parameters: Parameters,
    outbound: Mutex<Outbound>,
    /// Tasks that have come and are not answered.
    tasks: Mutex<Vec<Arc<Control>>>,
    /// Set from elsewhere, too, where a newer session takes its place.
    closed: Arc<AtomicBool>,
}

impl Session {
    pub(super) fn outbound(&self) -> MutexGuard<'_, Outbound> {
        self.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tasks(&self) -> MutexGuard<'_, Vec<Arc<Control>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// The connection is of no use any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.outbound().close();
    }

    /// A task is over, whether it was answered or not.
    pub(super) fn forget(&self, control: &Arc<Control>) {
        self.tasks().retain(|task| !Arc::ptr_eq(task, control));
    }
}

/// Why a connection ends.
enum End {
    /// The peer closed it.
    Closed,
    /// It logged out.
    LoggedOut,
    /// Bytes could not be read or written.
    Frame(FrameError),
    /// The peer broke a rule that leaves nothing to go on with.
    Broken(&'static str),
}

impl From<FrameError> for End {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

/// Serves one connection from its first byte to its last.
pub(super) fn serve(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr) {
    // An accepted socket may take the listener's way of not blocking; ours
    // does not depend on it.
    let Ok(socket) = Socket::new(stream) else {
        return;
    };
    let id = shared.next_session.fetch_add(1, Ordering::SeqCst);
    let closed = Arc::new(AtomicBool::new(false));
    shared.sessions.add(id, socket.clone(), Arc::clone(&closed));
    if !shared.is_stopping() {
        let end = converse(shared, id, &socket, closed);
        match &end {
            End::Closed => tracing::debug!(%peer, "an iSCSI connection was closed"),
            End::LoggedOut => tracing::debug!(%peer, "an iSCSI session logged out"),
            End::Frame(FrameError::Io(error)) => {
                tracing::debug!(%peer, %error, "an iSCSI connection failed");
            }
            End::Frame(error) => {
                count(&shared.counters.protocol_errors);
                tracing::warn!(%peer, %error, "an iSCSI connection is closed");
            }
            End::Broken(what) => {
                count(&shared.counters.protocol_errors);
                tracing::warn!(%peer, what, "an iSCSI connection is closed");
            }
        }
    }
    for unit in &shared.units {
        unit.nexus_lost(Nexus(id));
    }
    socket.close();
    shared.sessions.remove(id);
}

fn converse(shared: &Arc<Shared>, id: u64, socket: &Socket, closed: Arc<AtomicBool>) -> End {
    let mut incoming = socket.clone();
    incoming.set_deadline(Instant::now().checked_add(shared.options.login_timeout));
    let mut reader = PduReader::new(incoming, LOGIN_DATA);
    let mut outgoing = socket.clone();
    outgoing.set_deadline(Instant::now().checked_add(shared.options.login_timeout));
    let mut writer = PduWriter::new(outgoing);
    let established = match log_in(shared, id, &mut reader, &mut writer) {
        Ok(established) => established,
        Err(end) => {
            count(&shared.counters.failed_logins);
            return end;
        }
    };
    count(&shared.counters.sessions);
    tracing::info!(initiator = %established.initiator_name, kind = ?established.kind, "an iSCSI session begins");
    let parameters = established.parameters;
    reader.header_digest = parameters.header_digest;
    reader.data_digest = parameters.data_digest;
    reader.most_data = parameters.max_recv_data_segment_length as usize;
    writer.header_digest = parameters.header_digest;
    writer.data_digest = parameters.data_digest;
    let numbers = Numbers {
        stat_sn: established.stat_sn,
        exp_cmd_sn: established.cmd_sn,
        max_cmd_sn: established.cmd_sn.wrapping_add(WINDOW - 1),
    };
    let session = Arc::new(Session {
        shared: Arc::clone(shared),
        nexus: Nexus(id),
        parameters,
        outbound: Mutex::new(Outbound::new(writer, numbers, shared.options.stall_timeout)),
        tasks: Mutex::new(Vec::new()),
        closed,
    });
    let (jobs, work) = sync_channel(MOST_JOBS);
    let executor = std::thread::Builder::new()
        .name("pitland-iscsi-do".into())
        .spawn({
            let session = Arc::clone(&session);
            move || executor::run(&session, &work)
        });
    let Ok(executor) = executor else {
        return End::Broken("there is no thread for its commands");
    };
    let mut inbound = Inbound {
        session: &session,
        established: &established,
        local: socket.tcp().local_addr().ok(),
        reader,
        jobs,
        rooms: Arc::new(Rooms::default()),
        gathering: Vec::new(),
        forgotten: VecDeque::new(),
        next_tag: 1,
        text: TextBuffer::default(),
        text_tag: None,
        scratch: Vec::new(),
    };
    let end = inbound.run();
    // The executor ends when nobody can give it anything more.
    let Inbound {
        mut reader, jobs, ..
    } = inbound;
    drop(jobs);
    let logged_out = matches!(end, End::LoggedOut);
    if !logged_out {
        session.close();
    }
    if executor.join().is_err() {
        tracing::error!("the thread that carried out iSCSI commands panicked");
    }
    if logged_out {
        let stall = shared.options.stall_timeout;
        reader
            .stream()
            .set_deadline(Instant::now().checked_add(stall));
        let_go(reader.stream());
        session.close();
    }
    end
}

/// Waits for a peer to close its side that has been told farewell: closed
/// before, the connection could take that word with it. What it still sends
/// is heard by nobody.
fn let_go(socket: &mut Socket) {
    let mut ignored = [0; 4096];
    while matches!(socket.read(&mut ignored), Ok(1..)) {}
}

fn log_in(
    shared: &Arc<Shared>,
    id: u64,
    reader: &mut PduReader<Socket>,
    writer: &mut PduWriter<Socket>,
) -> Result<Established, End> {
    // Never 0, which would ask for a new session; its own for 65535 sessions.
    let tsih = (id % 0xFFFF) as u16 + 1;
    let mut login = TargetLogin::new(shared.identity.clone(), shared.options.wish, tsih);
    let mut room = vec![0; LOGIN_DATA];
    loop {
        let incoming = reader.header()?.ok_or(End::Closed)?;
        let Ok(InitiatorPdu::Login(request)) = InitiatorPdu::parse(&incoming.header) else {
            let refusal = login.refusal(LoginStatus::INVALID_DURING_LOGIN);
            writer.write(refusal.emit(), &[])?;
            return Err(End::Broken("something else than a login came first"));
        };
        let length = reader.data(incoming, &mut room)?;
        match login.step(&request, room.get(..length).unwrap_or_default()) {
            TargetStep::Answer { response, text } => writer.write(response.emit(), &text)?,
            TargetStep::Refused { response } => {
                tracing::info!(status = %response.status, "an iSCSI login is refused");
                writer.write(response.emit(), &[])?;
                return Err(End::LoggedOut);
            }
            TargetStep::Done {
                response,
                text,
                established,
            } => {
                if established.kind == SessionKind::Normal {
                    establish(shared, id, &established);
                }
                writer.write(response.emit(), &text)?;
                return Ok(*established);
            }
        }
    }
}

/// From here on there is the session; an older one of the same initiator is
/// over, and what it still had to hear this one is told.
fn establish(shared: &Shared, id: u64, established: &Established) {
    let key = Arc::new(SessionKey {
        initiator_name: established.initiator_name.clone(),
        isid: established.isid,
    });
    for unit in &shared.units {
        unit.nexus_begins(Nexus(id), &key);
    }
    if shared.sessions.establish(id, key) {
        tracing::info!("an older iSCSI session of the same initiator is ended");
    }
}

/// The thread that reads.
struct Inbound<'a> {
    session: &'a Arc<Session>,
    established: &'a Established,
    local: Option<SocketAddr>,
    reader: PduReader<Socket>,
    jobs: SyncSender<Job>,
    rooms: Arc<Rooms>,
    /// Commands whose data are still on their way.
    gathering: Vec<Task>,
    /// Tags of aborted commands whose data may still come.
    forgotten: VecDeque<u32>,
    next_tag: u32,
    text: TextBuffer,
    text_tag: Option<u32>,
    scratch: Vec<u8>,
}

impl Inbound<'_> {
    fn run(&mut self) -> End {
        loop {
            // Nothing obliges a peer to say anything.
            self.reader.stream().set_deadline(None);
            if let Err(error) = self.reader.stream().wait_readable() {
                return FrameError::Io(error).into();
            }
            // Who has begun goes on.
            let stall = self.session.shared.options.stall_timeout;
            let deadline = Instant::now().checked_add(stall);
            self.reader.stream().set_deadline(deadline);
            let incoming = match self.reader.header() {
                Ok(Some(incoming)) => incoming,
                Ok(None) => return End::Closed,
                Err(error) => return error.into(),
            };
            if let Err(end) = self.take(incoming) {
                return end;
            }
        }
    }

    fn take(&mut self, incoming: Incoming) -> Result<(), End> {
        let Ok(pdu) = InitiatorPdu::parse(&incoming.header) else {
            self.skip(incoming)?;
            return self.reject(&incoming.header, RejectReason::CommandUnsupported);
        };
        match pdu {
            InitiatorPdu::DataOut(pdu) => self.data_out(incoming, &pdu),
            InitiatorPdu::Login(_) => Err(End::Broken("it logs in a second time")),
            InitiatorPdu::ScsiCommand(command) => {
                if !self.admit(&incoming, command.immediate, command.cmd_sn)? {
                    return Ok(());
                }
                self.command(incoming, command)
            }
            InitiatorPdu::NopOut(pdu) => {
                // The answer to a ping of ours, of which there are none, or a
                // word that wants no answer.
                if pdu.initiator_task_tag == NO_TAG {
                    return self.skip(incoming);
                }
                if !self.admit(&incoming, pdu.immediate, pdu.cmd_sn)? {
                    return Ok(());
                }
                self.release(pdu.immediate);
                self.ping(incoming, &pdu)
            }
            InitiatorPdu::TaskManagement(request) => {
                if !self.admit(&incoming, request.immediate, request.cmd_sn)? {
                    return Ok(());
                }
                self.release(request.immediate);
                self.skip(incoming)?;
                self.task_management(&incoming.header, request)
            }
            InitiatorPdu::Text(request) => {
                if !self.admit(&incoming, request.immediate, request.cmd_sn)? {
                    return Ok(());
                }
                self.release(request.immediate);
                self.text(incoming, &request)
            }
            InitiatorPdu::Logout(request) => {
                if !self.admit(&incoming, request.immediate, request.cmd_sn)? {
                    return Ok(());
                }
                self.release(request.immediate);
                self.skip(incoming)?;
                self.logout(&incoming.header, request)
            }
        }
    }

    /// Judges a request's number. False: it is forgotten or was rejected, its
    /// data with it.
    fn admit(&mut self, incoming: &Incoming, immediate: bool, cmd_sn: u32) -> Result<bool, End> {
        if immediate {
            return Ok(true);
        }
        let admission = self.session.outbound().numbers.admit(cmd_sn);
        match admission {
            Admission::Take => return Ok(true),
            Admission::Ignore => {
                count(&self.session.shared.counters.protocol_errors);
                tracing::debug!(cmd_sn, "a request outside of the window is ignored");
                self.skip(*incoming)?;
            }
            Admission::Gap => {
                self.skip(*incoming)?;
                self.reject(&incoming.header, RejectReason::ProtocolError)?;
            }
        }
        Ok(false)
    }

    /// Requests that are not commands do not stay in the window.
    fn release(&self, immediate: bool) {
        if !immediate {
            self.session.outbound().numbers.release();
        }
    }

    fn skip(&mut self, incoming: Incoming) -> Result<(), End> {
        Ok(self.reader.skip(incoming)?)
    }

    /// Refuses a PDU; the session goes on.
    fn reject(&mut self, header: &BasicHeaderSegment, reason: RejectReason) -> Result<(), End> {
        count(&self.session.shared.counters.protocol_errors);
        tracing::debug!(%reason, opcode = header.opcode(), "an iSCSI PDU is rejected");
        let mut outbound = self.session.outbound();
        Ok(outbound.send(Carries::Status, &header.0, |numbers| {
            Reject {
                reason,
                stat_sn: numbers.stat_sn,
                exp_cmd_sn: numbers.exp_cmd_sn,
                max_cmd_sn: numbers.max_cmd_sn,
                data_sn: 0,
            }
            .emit()
        })?)
    }

    // ---- commands ---------------------------------------------------------

    fn command(&mut self, incoming: Incoming, command: ScsiCommand) -> Result<(), End> {
        if self.established.kind == SessionKind::Discovery {
            self.release(command.immediate);
            self.skip(incoming)?;
            return self.reject(&incoming.header, RejectReason::CommandUnsupported);
        }
        if let Some(reason) = self.unfit(&incoming, &command) {
            self.release(command.immediate);
            self.skip(incoming)?;
            return self.reject(&incoming.header, reason);
        }
        let units = &self.session.shared.units;
        let unit = luns::number(&command.lun)
            .and_then(|lun| usize::from(lun).checked_sub(1))
            .filter(|index| *index < units.len());
        let generation = unit
            .and_then(|i| units.get(i))
            .map_or(0, |u| u.generation());
        let control = Control::new(command.initiator_task_tag, unit, generation);
        let wanted = match (trimmed(&command.cdb), unit) {
            (Some(cdb), Some(_)) if command.cdb[0] != luns::REPORT_LUNS => {
                Announced::of(&cdb, command.expected_data_transfer_length).bytes
            }
            // The target itself takes no data.
            _ => 0,
        };
        let (mut gathering, next) = Gathering::begin(
            &command,
            incoming.data_bytes,
            wanted,
            &self.session.parameters,
            self.next_tag,
        );
        self.next_tag = self.next_tag.wrapping_add(0x100);
        let mut failure = None;
        let mut room = None;
        if command.expected_data_transfer_length as usize > MOST_TRANSFER && command.write {
            gathering.fail(luns::INVALID_FIELD);
            failure = Some(Failure::Sense(luns::INVALID_FIELD));
        } else if gathering.failure().is_none() {
            room = self.rooms.take(gathering.room());
            if room.is_none() {
                gathering.fail(luns::INVALID_FIELD);
                failure = Some(Failure::Full);
            }
        }
        let Some(mut room) = room.or_else(|| self.rooms.take(0)) else {
            return Err(End::Broken("its memory is used up"));
        };
        // Nothing is asked for that would be thrown away.
        let next = match next {
            Next::Ask { .. } if gathering.failure().is_some() => Next::Complete,
            next => next,
        };
        self.read_data(incoming, room.bytes_mut())?;
        self.session.tasks().push(Arc::clone(&control));
        let task = Task {
            control,
            command,
            gathering,
            room,
            failure,
        };
        self.proceed(task, next, &incoming.header)
    }

    /// What no task can be made of.
    fn unfit(&self, incoming: &Incoming, command: &ScsiCommand) -> Option<RejectReason> {
        let tag = command.initiator_task_tag;
        if tag == NO_TAG || (!command.write && !command.last) {
            return Some(RejectReason::InvalidPduField);
        }
        let tasks = self.session.tasks();
        if tasks.iter().any(|task| task.tag == tag) {
            return Some(RejectReason::TaskInProgress);
        }
        // The window bounds the others.
        if tasks.len() >= MOST_JOBS {
            return Some(RejectReason::TooManyImmediate);
        }
        if command.read && command.write {
            return Some(RejectReason::CommandUnsupported);
        }
        let additional = self.reader.additional_headers(incoming);
        for segment in AdditionalHeaders::new(additional) {
            match segment {
                Ok(AdditionalHeader::Other { .. }) => {}
                // No optical drive has a CDB beyond 16 bytes, or moves data
                // both ways at once.
                Ok(_) => return Some(RejectReason::CommandUnsupported),
                Err(_) => return Some(RejectReason::InvalidPduField),
            }
        }
        None
    }

    /// Reads data to where they belong. With a wrong digest the PDU is
    /// rejected, and the session ends: at this level nothing is sent again.
    fn read_data(&mut self, incoming: Incoming, room: &mut [u8]) -> Result<(), End> {
        match self.reader.data(incoming, room) {
            Ok(_) => Ok(()),
            Err(FrameError::DataDigest) => {
                self.reject(&incoming.header, RejectReason::DataDigest)?;
                Err(FrameError::DataDigest.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn data_out(&mut self, incoming: Incoming, pdu: &DataOut) -> Result<(), End> {
        let tag = pdu.initiator_task_tag;
        let at = self
            .gathering
            .iter()
            .position(|task| task.control.tag == tag);
        let Some(mut task) = at.map(|at| self.gathering.swap_remove(at)) else {
            self.skip(incoming)?;
            if self.forgotten.contains(&tag) {
                return Ok(());
            }
            return self.reject(&incoming.header, RejectReason::InvalidPduField);
        };
        let Ok((place, next)) = task.gathering.take(pdu, incoming.data_bytes) else {
            self.gathering.push(task);
            self.skip(incoming)?;
            return self.reject(&incoming.header, RejectReason::InvalidPduField);
        };
        let room = place.and_then(|place| task.room.bytes_mut().get_mut(place));
        self.read_data(incoming, room.unwrap_or_default())?;
        self.proceed(task, next, &incoming.header)
    }

    fn proceed(&mut self, task: Task, next: Next, header: &BasicHeaderSegment) -> Result<(), End> {
        match next {
            Next::Wait => self.gathering.push(task),
            Next::Ask {
                offset,
                length,
                r2t_sn,
                tag,
            } => {
                let command = task.command;
                self.session
                    .outbound()
                    .send(Carries::NoStatus, &[], |numbers| {
                        ReadyToTransfer {
                            lun: command.lun,
                            initiator_task_tag: command.initiator_task_tag,
                            target_transfer_tag: tag,
                            stat_sn: numbers.stat_sn,
                            exp_cmd_sn: numbers.exp_cmd_sn,
                            max_cmd_sn: numbers.max_cmd_sn,
                            r2t_sn,
                            buffer_offset: offset,
                            desired_data_length: length,
                        }
                        .emit()
                    })?;
                self.gathering.push(task);
            }
            Next::Complete => {
                self.job(Job::Command(Box::new(task)), header)?;
            }
        }
        Ok(())
    }

    /// Hands a job over. The window bounds commands; what is immediate may find
    /// no place: it is rejected then, and false is given.
    fn job(&mut self, job: Job, header: &BasicHeaderSegment) -> Result<bool, End> {
        match self.jobs.try_send(job) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(job)) => {
                if let Job::Command(task) = &job {
                    self.session.forget(&task.control);
                    self.release(task.command.immediate);
                }
                self.reject(header, RejectReason::TooManyImmediate)?;
                Ok(false)
            }
            Err(TrySendError::Disconnected(_)) => Err(End::Closed),
        }
    }

    // ---- everything else ----------------------------------------------------

    fn ping(&mut self, incoming: Incoming, pdu: &NopOut) -> Result<(), End> {
        let most = self.session.parameters.peer_max_recv_data_segment_length as usize;
        self.scratch.resize(incoming.data_bytes.min(most), 0);
        let mut room = core::mem::take(&mut self.scratch);
        let read = self.read_data(incoming, &mut room);
        self.scratch = room;
        read?;
        let (lun, tag) = (pdu.lun, pdu.initiator_task_tag);
        let mut outbound = self.session.outbound();
        Ok(outbound.send(Carries::Status, &self.scratch, |numbers| {
            NopIn {
                lun,
                initiator_task_tag: tag,
                target_transfer_tag: NO_TAG,
                stat_sn: numbers.stat_sn,
                exp_cmd_sn: numbers.exp_cmd_sn,
                max_cmd_sn: numbers.max_cmd_sn,
            }
            .emit()
        })?)
    }

    fn text(&mut self, incoming: Incoming, request: &TextRequest) -> Result<(), End> {
        let mut room = core::mem::take(&mut self.scratch);
        room.resize(incoming.data_bytes, 0);
        let read = self.read_data(incoming, &mut room);
        self.scratch = room;
        read?;
        if request.target_transfer_tag == NO_TAG {
            drop(self.text.take());
            self.text_tag = None;
        } else if self.text_tag != Some(request.initiator_task_tag) {
            return self.reject(&incoming.header, RejectReason::InvalidPduField);
        }
        if self.text.push(&self.scratch).is_err() || (request.continues && request.last) {
            drop(self.text.take());
            self.text_tag = None;
            return self.reject(&incoming.header, RejectReason::ProtocolError);
        }
        if request.continues {
            self.text_tag = Some(request.initiator_task_tag);
            return self.text_response(request, &[], false);
        }
        self.text_tag = None;
        let whole = self.text.take();
        let Ok(answer) = self.answer_text(&whole) else {
            return self.reject(&incoming.header, RejectReason::ProtocolError);
        };
        let most = self.session.parameters.peer_max_recv_data_segment_length as usize;
        if answer.len() > most {
            // Only a text full of unknown keys comes to this.
            return self.reject(&incoming.header, RejectReason::LongOperation);
        }
        self.text_response(request, &answer, true)
    }

    fn answer_text(&self, text: &[u8]) -> Result<Vec<u8>, crate::negotiation::TextError> {
        let mut answer = Vec::new();
        for (key, value) in parse_pairs(text)? {
            let name = &self.session.shared.identity.target_name;
            let discovery = self.established.kind == SessionKind::Discovery;
            match (key, value) {
                ("SendTargets", "All") if discovery => self.tell_target(&mut answer),
                ("SendTargets", "") if !discovery => self.tell_target(&mut answer),
                ("SendTargets", asked) if asked == name => self.tell_target(&mut answer),
                ("SendTargets", "" | "All") => push_pair(&mut answer, key, "Reject"),
                // Another target: there is none to tell of.
                ("SendTargets", _) => {}
                _ => push_pair(&mut answer, key, "NotUnderstood"),
            }
        }
        Ok(answer)
    }

    fn tell_target(&self, answer: &mut Vec<u8>) {
        let identity = &self.session.shared.identity;
        push_pair(answer, "TargetName", &identity.target_name);
        // The address by which this initiator came is one that it can reach.
        if let Some(local) = self.local {
            let address = format!("{local},{}", identity.portal_group);
            push_pair(answer, "TargetAddress", &address);
        }
    }

    fn text_response(&self, request: &TextRequest, text: &[u8], last: bool) -> Result<(), End> {
        let tag = request.initiator_task_tag;
        let mut outbound = self.session.outbound();
        Ok(outbound.send(Carries::Status, text, |numbers| {
            TextResponse {
                last,
                initiator_task_tag: tag,
                target_transfer_tag: if last { NO_TAG } else { tag },
                stat_sn: numbers.stat_sn,
                exp_cmd_sn: numbers.exp_cmd_sn,
                max_cmd_sn: numbers.max_cmd_sn,
                ..TextResponse::default()
            }
            .emit()
        })?)
    }

    fn logout(&mut self, header: &BasicHeaderSegment, request: LogoutRequest) -> Result<(), End> {
        let result = match request.reason {
            0 => LogoutResult::Closed,
            1 if request.cid == self.established.cid => LogoutResult::Closed,
            1 => LogoutResult::NoSuchConnection,
            _ => LogoutResult::RecoveryUnsupported,
        };
        let leaves = result == LogoutResult::Closed;
        if !self.job(Job::Logout { request, result }, header)? || !leaves {
            return Ok(());
        }
        // What has its data came before and is still answered; nothing that
        // comes now is taken.
        Err(End::LoggedOut)
    }
}
