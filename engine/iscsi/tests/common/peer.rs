//! One side of a connection that says whatever it is told to: an initiator
//! without manners, and a target by script.

use pitland_iscsi::pdu::*;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// Long enough for any answer; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A raw connection.
pub struct Peer {
    pub stream: TcpStream,
}

/// A PDU that came.
#[derive(Debug)]
pub struct Came {
    pub header: BasicHeaderSegment,
    pub data: Vec<u8>,
}

impl Came {
    pub fn of_target(&self) -> TargetPdu {
        TargetPdu::parse(&self.header).unwrap()
    }

    pub fn of_initiator(&self) -> InitiatorPdu {
        InitiatorPdu::parse(&self.header).unwrap()
    }
}

impl Peer {
    pub fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).unwrap())
    }

    pub fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    /// Sends bytes; a peer that has closed is no error here.
    pub fn raw(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    pub fn send(&mut self, header: BasicHeaderSegment, data: &[u8]) -> bool {
        let mut bytes = Vec::new();
        PduWriter::new(&mut bytes).write(header, data).unwrap();
        self.raw(&bytes)
    }

    /// The next PDU; `None` when the other side has closed.
    pub fn next(&mut self) -> Option<Came> {
        let mut reader = PduReader::new(&mut self.stream, 1 << 24);
        let incoming = reader.header().ok()??;
        let mut data = vec![0; incoming.data_bytes];
        reader.data(incoming, &mut data).ok()?;
        Some(Came {
            header: incoming.header,
            data,
        })
    }

    /// Waits until the other side closes; what it says before is let pass.
    pub fn is_closed_by_peer(&mut self) -> bool {
        let mut room = [0; 4096];
        loop {
            match self.stream.read(&mut room) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }

    /// Logs in as an initiator with these operational keys, in one request.
    pub fn log_in(&mut self, name: &str, keys: &[(&str, &str)]) -> Came {
        let mut text = Vec::new();
        for (key, value) in [
            ("InitiatorName", name),
            ("TargetName", pitland_iscsi::TARGET_NAME),
        ]
        .iter()
        .chain(keys)
        {
            pitland_iscsi::negotiation::push_pair(&mut text, key, value);
        }
        let request = LoginRequest {
            transit: true,
            current_stage: Stage::OperationalNegotiation,
            next_stage: Stage::FullFeature,
            isid: [0x80, 0, 0, 0, 0, 1],
            cmd_sn: 1,
            ..LoginRequest::default()
        };
        self.send(request.emit(), &text);
        self.next().expect("the login is answered")
    }

    /// Logs in, which must succeed.
    pub fn session(address: SocketAddr, name: &str, keys: &[(&str, &str)]) -> Self {
        let mut peer = Self::connect(address);
        let answer = LoginResponse::parse(&peer.log_in(name, keys).header);
        assert!(answer.status.is_success() && answer.transit, "{answer:?}");
        peer
    }
}

/// The address of a script that plays the target: `play` gets each connection
/// in turn, `connections` of them, with its number.
pub fn scripted_target(
    connections: usize,
    mut play: impl FnMut(usize, Peer) + Send + 'static,
) -> (SocketAddr, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        for number in 0..connections {
            let (stream, _) = listener.accept().unwrap();
            play(number, Peer::of(stream));
        }
    });
    (address, thread)
}

/// The numbers of a scripted target.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    pub stat_sn: u32,
    pub exp_cmd_sn: u32,
}

/// Lets an initiator of ours log in, as a target that agrees to everything.
pub fn accept_login(peer: &mut Peer) -> Option<Numbers> {
    let mut numbers = Numbers {
        stat_sn: 1,
        exp_cmd_sn: 1,
    };
    loop {
        let came = peer.next()?;
        let request = LoginRequest::parse(&came.header);
        numbers.exp_cmd_sn = request.cmd_sn;
        let last = request.next_stage == Stage::FullFeature;
        let response = LoginResponse {
            transit: request.transit,
            current_stage: request.current_stage,
            next_stage: request.next_stage,
            isid: request.isid,
            tsih: if last { 1 } else { 0 },
            initiator_task_tag: request.initiator_task_tag,
            stat_sn: numbers.stat_sn,
            exp_cmd_sn: request.cmd_sn,
            max_cmd_sn: request.cmd_sn + 8,
            ..LoginResponse::default()
        };
        numbers.stat_sn += 1;
        let text: &[u8] = match last {
            true => b"MaxRecvDataSegmentLength=8192\0",
            false => b"AuthMethod=None\0TargetPortalGroupTag=1\0",
        };
        peer.send(response.emit(), text);
        if last {
            return Some(numbers);
        }
    }
}

/// And answers the INQUIRY by which our initiator begins.
pub fn accept_session(peer: &mut Peer) -> Option<Numbers> {
    let mut numbers = accept_login(peer)?;
    let came = peer.next()?;
    let command = ScsiCommand::parse(&came.header);
    assert_eq!(command.cdb[0], 0x12);
    numbers.exp_cmd_sn = command.cmd_sn + 1;
    let mut inquiry = [b' '; 36];
    inquiry[..5].copy_from_slice(&[5, 0x80, 5, 2, 31]);
    let answer = DataIn {
        last: true,
        has_status: true,
        initiator_task_tag: command.initiator_task_tag,
        target_transfer_tag: NO_TAG,
        stat_sn: numbers.stat_sn,
        exp_cmd_sn: numbers.exp_cmd_sn,
        max_cmd_sn: numbers.exp_cmd_sn + 8,
        ..DataIn::default()
    };
    numbers.stat_sn += 1;
    peer.send(answer.emit(), &inquiry);
    Some(numbers)
}
