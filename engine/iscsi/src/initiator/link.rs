//! One connection with a session on it, as an initiator uses it.
//!
//! Owns numbers and tags, one command at a time. The target is taken for
//! hostile: whatever does not fit is a [`Breach`], and the connection is of no
//! use afterwards. Must not know drives.

use super::error::{Breach, ConnectError, LinkError};
use super::transfer::{Direction, Transfer};
use crate::Portal;
use crate::negotiation::{InitiatorLogin, LoginStep, Parameters, SessionWish, Wish};
use crate::pdu::{
    AsyncEvent, AsyncMessage, DataOut, FrameError, Incoming, LogoutRequest, NO_TAG, NopIn, NopOut,
    PduReader, PduWriter, ReadyToTransfer, ScsiCommand, ScsiResponse, ServiceResponse, TargetPdu,
    TaskFunction, TaskManagementRequest, TextRequest,
};
use crate::socket::Socket;
use core::ops::Range;
use core::time::Duration;
use pitland_mmc::{CdbBytes, Sense};
use pitland_transport::{Data, Reply, Status};
use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Instant;

/// Bytes of a response that are looked at: a length and the longest sense.
const MOST_SENSE: usize = 2 + 252;
/// Messages that a target may send while nothing is asked of it.
const MOST_IDLE: usize = 64;
/// Messages aside that a target may send before it answers a command: a ping
/// every minute for a week, and more.
const MOST_ASIDE: u32 = 16 * 1024;
/// How long a word of farewell may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// A session.
#[derive(Debug)]
pub(super) struct Link {
    reader: PduReader<Socket>,
    writer: PduWriter<Socket>,
    parameters: Parameters,
    lun: [u8; 8],
    cmd_sn: u32,
    max_cmd_sn: u32,
    exp_stat_sn: u32,
    next_tag: u32,
    /// Messages aside since the last answer.
    asides: u32,
    /// The target asked for a logout: the next command gets a new session.
    ending: bool,
}

/// Why a command has no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Its time is over.
    TimedOut,
    /// The link is of no use.
    Link(LinkError),
}

impl Trouble {
    /// The same as an error of the link.
    pub(super) fn into_link_error(self) -> LinkError {
        match self {
            Self::Link(error) => error,
            Self::TimedOut => FrameError::Io(ErrorKind::TimedOut.into()).into(),
        }
    }
}

impl<E: Into<LinkError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        match error.into() {
            LinkError::Frame(frame) if matches!(&*frame, FrameError::Io(io) if io.kind() == ErrorKind::TimedOut) => {
                Self::TimedOut
            }
            error => Self::Link(error),
        }
    }
}

/// How one command ended.
struct Ended {
    status: u8,
    transferred: usize,
    sense: Option<Sense>,
}

impl Link {
    /// Connects and logs in.
    pub(super) fn open(
        portal: &Portal,
        session: SessionWish,
        wish: Wish,
        lun: u16,
        deadline: Instant,
    ) -> Result<Self, ConnectError> {
        let failed = |source| ConnectError::Link {
            portal: portal.to_string(),
            source,
        };
        let stream = connect(portal, deadline)?;
        let mut socket = Socket::new(stream).map_err(|e| failed(FrameError::Io(e).into()))?;
        socket.set_deadline(Some(deadline));
        let mut reader = PduReader::new(socket.clone(), wish.max_recv_data_segment_length as usize);
        let mut writer = PduWriter::new(socket);
        let mut login = InitiatorLogin::new(session, wish);
        let (mut request, mut text) = login.begin();
        let mut room = vec![0; crate::negotiation::MOST_TEXT];
        loop {
            writer
                .write(request.emit(), &text)
                .map_err(|error| failed(error.into()))?;
            let incoming = reader
                .header()
                .map_err(|error| failed(error.into()))?
                .ok_or_else(|| failed(LinkError::Closed))?;
            let opcode = incoming.header.opcode();
            let Ok(TargetPdu::Login(response)) = TargetPdu::parse(&incoming.header) else {
                return Err(failed(Breach::Unasked { opcode }.into()));
            };
            if incoming.data_bytes > room.len() {
                return Err(failed(Breach::EndlessText.into()));
            }
            let length = reader
                .data(incoming, &mut room)
                .map_err(|error| failed(error.into()))?;
            let step = login
                .step(&response, room.get(..length).unwrap_or_default())
                .map_err(|source| ConnectError::Login {
                    portal: portal.to_string(),
                    source,
                })?;
            match step {
                LoginStep::Send {
                    request: next,
                    text: more,
                } => (request, text) = (next, more),
                LoginStep::Done {
                    parameters,
                    exp_cmd_sn,
                    max_cmd_sn,
                    exp_stat_sn,
                } => {
                    reader.header_digest = parameters.header_digest;
                    reader.data_digest = parameters.data_digest;
                    writer.header_digest = parameters.header_digest;
                    writer.data_digest = parameters.data_digest;
                    return Ok(Self {
                        reader,
                        writer,
                        parameters,
                        lun: lun_field(lun),
                        cmd_sn: exp_cmd_sn,
                        max_cmd_sn,
                        exp_stat_sn,
                        next_tag: 1,
                        asides: 0,
                        ending: false,
                    });
                }
            }
        }
    }

    /// Takes what the target sent while nothing was asked. False: the session
    /// is over, before anything else was sent on it.
    pub(super) fn is_alive(&mut self, deadline: Option<Instant>) -> bool {
        self.set_deadline(deadline);
        self.asides = 0;
        for _ in 0..MOST_IDLE {
            if self.ending {
                return false;
            }
            if !self.reader.stream().is_readable() {
                return true;
            }
            // Anything that would be an answer is no good sign, either.
            let aside = match self.next() {
                Ok((incoming, pdu)) => self.aside(incoming, &pdu),
                Err(_) => return false,
            };
            if !matches!(aside, Ok(true)) {
                return false;
            }
        }
        false
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.reader.stream().set_deadline(deadline);
        self.writer.stream().set_deadline(deadline);
    }

    fn take_tag(&mut self) -> u32 {
        let tag = self.next_tag;
        self.next_tag = self.next_tag.wrapping_add(1);
        if self.next_tag == NO_TAG {
            self.next_tag = 1;
        }
        tag
    }

    /// Sends one command and brings its answer.
    pub(super) fn command(
        &mut self,
        cdb: CdbBytes,
        data: Data<'_>,
        deadline: Option<Instant>,
    ) -> Result<Reply, Trouble> {
        self.set_deadline(deadline);
        self.asides = 0;
        while self.window_is_closed() {
            let (incoming, pdu) = self.next()?;
            if !self.aside(incoming, &pdu)? {
                return Err(unasked(&incoming).into());
            }
        }
        let ended = match data {
            Data::None => self.exchange(cdb, Direction::None, &[], &mut [])?,
            Data::In(room) => self.exchange(cdb, Direction::In, &[], room)?,
            Data::Out(bytes) | Data::Blocks { bytes, .. } => {
                self.exchange(cdb, Direction::Out, bytes, &mut [])?
            }
        };
        let status = match (ended.status, ended.sense) {
            (0x00, _) => Status::Good,
            (0x02, Some(sense)) => Status::CheckCondition(sense),
            (0x02, None) => return Err(Trouble::Link(Breach::NoSense.into())),
            (0x08, _) => Status::Busy,
            (0x18, _) => Status::ReservationConflict,
            (code, _) => Status::Other(code),
        };
        Ok(Reply {
            status,
            transferred: ended.transferred,
        })
    }

    fn window_is_closed(&self) -> bool {
        self.cmd_sn.wrapping_sub(self.max_cmd_sn.wrapping_add(1)) < u32::MAX / 2
    }

    fn exchange(
        &mut self,
        cdb: CdbBytes,
        direction: Direction,
        out: &[u8],
        room: &mut [u8],
    ) -> Result<Ended, Trouble> {
        let length = out.len().max(room.len());
        let mut transfer = Transfer::new(direction, length, &self.parameters);
        let unasked = transfer.unasked(&self.parameters);
        let tag = self.take_tag();
        let mut field = [0; 16];
        for (to, from) in field.iter_mut().zip(cdb.as_slice()) {
            *to = *from;
        }
        let command = ScsiCommand {
            last: unasked.unsolicited.is_empty(),
            read: direction == Direction::In && length > 0,
            write: direction == Direction::Out && length > 0,
            attribute: 1,
            lun: self.lun,
            initiator_task_tag: tag,
            expected_data_transfer_length: length as u32,
            cmd_sn: self.cmd_sn,
            exp_stat_sn: self.exp_stat_sn,
            cdb: field,
            ..ScsiCommand::default()
        };
        self.cmd_sn = self.cmd_sn.wrapping_add(1);
        let immediate = out.get(unasked.immediate).unwrap_or_default();
        self.writer.write(command.emit(), immediate)?;
        if !unasked.unsolicited.is_empty() {
            self.send_data(tag, NO_TAG, out, unasked.unsolicited)?;
        }
        loop {
            let (incoming, pdu) = self.next()?;
            let found = incoming.header.initiator_task_tag();
            match pdu {
                TargetPdu::DataIn(pdu) if found == tag => {
                    let place = transfer.data_in(&pdu, incoming.data_bytes)?;
                    let place = room.get_mut(place).unwrap_or_default();
                    self.reader.data(incoming, place)?;
                    if !pdu.has_status {
                        continue;
                    }
                    self.take_stat_sn(pdu.stat_sn)?;
                    let (over, under) = (pdu.overflow, pdu.underflow);
                    let well = pdu.status == 0;
                    return Ok(Ended {
                        status: pdu.status,
                        transferred: transfer.finish(over, under, pdu.residual_count, well)?,
                        sense: None,
                    });
                }
                TargetPdu::ReadyToTransfer(pdu) if found == tag => {
                    self.reader.skip(incoming)?;
                    self.answer_r2t(&mut transfer, &pdu, out)?;
                }
                TargetPdu::ScsiResponse(pdu) if found == tag => {
                    return self.response(&transfer, incoming, &pdu);
                }
                TargetPdu::DataIn(_)
                | TargetPdu::ReadyToTransfer(_)
                | TargetPdu::ScsiResponse(_) => {
                    return Err(Breach::Tag {
                        found,
                        expected: tag,
                    }
                    .into());
                }
                pdu => {
                    if !self.aside(incoming, &pdu)? {
                        return Err(self::unasked(&incoming).into());
                    }
                }
            }
        }
    }

    fn answer_r2t(
        &mut self,
        transfer: &mut Transfer,
        pdu: &ReadyToTransfer,
        out: &[u8],
    ) -> Result<(), Trouble> {
        let range = transfer.ready(pdu)?;
        self.send_data(pdu.initiator_task_tag, pdu.target_transfer_tag, out, range)
    }

    /// Sends a sequence of Data-Out from where the data lie.
    fn send_data(
        &mut self,
        tag: u32,
        target_tag: u32,
        out: &[u8],
        range: Range<usize>,
    ) -> Result<(), Trouble> {
        let most = self.parameters.peer_max_recv_data_segment_length.max(512) as usize;
        let (mut at, mut data_sn) = (range.start, 0);
        while at < range.end {
            let end = range.end.min(at + most);
            let header = DataOut {
                last: end == range.end,
                lun: if target_tag == NO_TAG {
                    [0; 8]
                } else {
                    self.lun
                },
                initiator_task_tag: tag,
                target_transfer_tag: target_tag,
                exp_stat_sn: self.exp_stat_sn,
                data_sn,
                buffer_offset: at as u32,
            };
            let part = out.get(at..end).unwrap_or_default();
            self.writer.write(header.emit(), part)?;
            data_sn += 1;
            at = end;
        }
        Ok(())
    }

    fn response(
        &mut self,
        transfer: &Transfer,
        incoming: Incoming,
        pdu: &ScsiResponse,
    ) -> Result<Ended, Trouble> {
        let mut room = [0; MOST_SENSE];
        let length = self.reader.data(incoming, &mut room)?;
        self.take_stat_sn(pdu.stat_sn)?;
        if pdu.response != ServiceResponse::CommandCompleted {
            let response = pdu.response.code();
            return Err(Trouble::Link(LinkError::TargetFailure { response }));
        }
        let well = pdu.status == 0;
        let transferred = transfer.finish(pdu.overflow, pdu.underflow, pdu.residual_count, well)?;
        let sense = match room.get(..length).unwrap_or_default() {
            [high, low, sense @ ..] => {
                let announced = usize::from(u16::from_be_bytes([*high, *low]));
                let sense = sense.get(..announced).unwrap_or(sense);
                Sense::parse(sense).ok()
            }
            _ => None,
        };
        Ok(Ended {
            status: pdu.status,
            transferred,
            sense,
        })
    }

    /// Waits for the next PDU, and takes what it says about the window.
    fn next(&mut self) -> Result<(Incoming, TargetPdu), Trouble> {
        let incoming = self
            .reader
            .header()?
            .ok_or(Trouble::Link(LinkError::Closed))?;
        let pdu = TargetPdu::parse(&incoming.header).map_err(|unknown| Breach::Opcode {
            opcode: unknown.opcode,
        })?;
        let (exp, max) = match &pdu {
            TargetPdu::NopIn(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::ScsiResponse(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::TaskManagement(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::Login(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::Text(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::DataIn(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::Logout(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::ReadyToTransfer(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::Async(p) => (p.exp_cmd_sn, p.max_cmd_sn),
            TargetPdu::Reject(p) => (p.exp_cmd_sn, p.max_cmd_sn),
        };
        // A window that ends before it begins says nothing, and one that
        // shrinks is an old one.
        let sound = max.wrapping_add(1).wrapping_sub(exp) < u32::MAX / 2;
        if sound && max.wrapping_sub(self.max_cmd_sn) < u32::MAX / 2 {
            self.max_cmd_sn = max;
        }
        Ok((incoming, pdu))
    }

    /// Takes a PDU that belongs to no command: pings, announcements,
    /// rejections. False: it is none of these.
    fn aside(&mut self, incoming: Incoming, pdu: &TargetPdu) -> Result<bool, Trouble> {
        self.asides += 1;
        if self.asides > MOST_ASIDE {
            return Err(Breach::Flood.into());
        }
        match pdu {
            TargetPdu::NopIn(ping) => {
                self.reader.skip(incoming)?;
                self.answer_ping(ping)?;
                Ok(true)
            }
            TargetPdu::Async(message) => {
                self.reader.skip(incoming)?;
                self.take_stat_sn(message.stat_sn)?;
                self.announcement(message)?;
                Ok(true)
            }
            TargetPdu::Reject(reject) => {
                self.reader.skip(incoming)?;
                Err(Trouble::Link(LinkError::Rejected {
                    reason: reject.reason,
                }))
            }
            _ => Ok(false),
        }
    }

    fn answer_ping(&mut self, ping: &NopIn) -> Result<(), Trouble> {
        if ping.initiator_task_tag != NO_TAG {
            // The answer to a ping that was never sent.
            return Err(Breach::Unasked {
                opcode: NopIn::OPCODE,
            }
            .into());
        }
        if ping.target_transfer_tag == NO_TAG {
            return Ok(());
        }
        let header = NopOut {
            immediate: true,
            lun: ping.lun,
            initiator_task_tag: NO_TAG,
            target_transfer_tag: ping.target_transfer_tag,
            cmd_sn: self.cmd_sn,
            exp_stat_sn: self.exp_stat_sn,
        };
        Ok(self.writer.write(header.emit(), &[])?)
    }

    fn announcement(&mut self, message: &AsyncMessage) -> Result<(), Trouble> {
        match message.event {
            AsyncEvent::LogoutRequested => self.ending = true,
            AsyncEvent::ConnectionDropped | AsyncEvent::SessionDropped => {
                return Err(Trouble::Link(LinkError::Ended {
                    event: message.event,
                }));
            }
            // The drive says it again with the next command; nothing else
            // needs an answer.
            _ => {}
        }
        Ok(())
    }

    fn take_stat_sn(&mut self, found: u32) -> Result<(), Breach> {
        let expected = self.exp_stat_sn;
        if found != expected {
            return Err(Breach::StatusNumber { found, expected });
        }
        self.exp_stat_sn = expected.wrapping_add(1);
        Ok(())
    }

    /// Says that the last command is not waited for any more. Nobody waits for
    /// the answer to that.
    pub(super) fn abort_last(&mut self) {
        self.set_deadline(Instant::now().checked_add(FAREWELL));
        let last = self.next_tag.wrapping_sub(1);
        let request = TaskManagementRequest {
            immediate: true,
            function: TaskFunction::AbortTask,
            lun: self.lun,
            initiator_task_tag: self.take_tag(),
            referenced_task_tag: last,
            cmd_sn: self.cmd_sn,
            exp_stat_sn: self.exp_stat_sn,
            ref_cmd_sn: self.cmd_sn.wrapping_sub(1),
            ..TaskManagementRequest::default()
        };
        if let Err(error) = self.writer.write(request.emit(), &[]) {
            tracing::debug!(%error, "a task could not be aborted");
        }
    }

    /// Says farewell; nobody waits for the answer.
    pub(super) fn log_out(&mut self) {
        self.set_deadline(Instant::now().checked_add(FAREWELL));
        let request = LogoutRequest {
            immediate: true,
            initiator_task_tag: self.take_tag(),
            cmd_sn: self.cmd_sn,
            exp_stat_sn: self.exp_stat_sn,
            ..LogoutRequest::default()
        };
        if let Err(error) = self.writer.write(request.emit(), &[]) {
            tracing::debug!(%error, "a session could not be logged out");
        }
    }

    /// Asks for text and gathers the whole answer, at most `most` bytes.
    pub(super) fn ask_text(
        &mut self,
        text: &[u8],
        most: usize,
        deadline: Instant,
    ) -> Result<Vec<u8>, Trouble> {
        self.set_deadline(Some(deadline));
        self.asides = 0;
        let tag = self.take_tag();
        let mut request = TextRequest {
            immediate: true,
            last: true,
            initiator_task_tag: tag,
            target_transfer_tag: NO_TAG,
            cmd_sn: self.cmd_sn,
            exp_stat_sn: self.exp_stat_sn,
            ..TextRequest::default()
        };
        self.writer.write(request.emit(), text)?;
        let mut answer = Vec::new();
        loop {
            let (incoming, pdu) = self.next()?;
            let TargetPdu::Text(response) = pdu else {
                if !self.aside(incoming, &pdu)? {
                    return Err(unasked(&incoming).into());
                }
                continue;
            };
            let found = response.initiator_task_tag;
            if found != tag {
                return Err(Breach::Tag {
                    found,
                    expected: tag,
                }
                .into());
            }
            let start = answer.len();
            // An empty piece that is not the last would go on for ever.
            if start + incoming.data_bytes > most || (incoming.data_bytes == 0 && !response.last) {
                return Err(Breach::EndlessText.into());
            }
            answer.resize(start + incoming.data_bytes, 0);
            let place = answer.get_mut(start..).unwrap_or_default();
            self.reader.data(incoming, place)?;
            self.take_stat_sn(response.stat_sn)?;
            if response.last {
                return Ok(answer);
            }
            request.lun = response.lun;
            request.target_transfer_tag = response.target_transfer_tag;
            request.exp_stat_sn = self.exp_stat_sn;
            self.writer.write(request.emit(), &[])?;
        }
    }
}

fn unasked(incoming: &Incoming) -> Breach {
    Breach::Unasked {
        opcode: incoming.header.opcode(),
    }
}

/// Single-level addressing: up to 255 by peripheral, beyond by flat space.
fn lun_field(lun: u16) -> [u8; 8] {
    let [high, low] = lun.to_be_bytes();
    let method = if high == 0 { 0 } else { 0x40 };
    [high & 0x3F | method, low, 0, 0, 0, 0, 0, 0]
}

fn connect(portal: &Portal, deadline: Instant) -> Result<TcpStream, ConnectError> {
    let addresses = (portal.host(), portal.port())
        .to_socket_addrs()
        .map_err(|source| ConnectError::Resolve {
            host: portal.host().into(),
            source,
        })?;
    let mut last = std::io::Error::from(ErrorKind::AddrNotAvailable);
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        // The system takes no limit of zero.
        let attempt = TcpStream::connect_timeout(&address, left.max(Duration::from_millis(1)));
        match attempt {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(ConnectError::Unreachable {
        portal: portal.to_string(),
        source: last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_addressed_on_a_single_level() {
        assert_eq!(lun_field(1), [0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(lun_field(255), [0, 255, 0, 0, 0, 0, 0, 0]);
        assert_eq!(lun_field(0x0102), [0x41, 2, 0, 0, 0, 0, 0, 0]);
        assert_eq!(lun_field(0x3FFF), [0x7F, 0xFF, 0, 0, 0, 0, 0, 0]);
    }
}
