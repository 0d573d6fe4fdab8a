//! The target's side of a login.

use super::keys::{self, REJECT};
use super::text::{TextBuffer, parse_pairs, push_pair};
use super::{Parameters, SessionKind, Wish, is_name};
use crate::pdu::{LoginRequest, LoginResponse, LoginStatus, Stage};

/// Steps that a login may have: three are usual, and long texts take more.
const MOST_STEPS: u32 = 64;
/// Bytes of an answer: what a peer takes before it says otherwise.
const MOST_ANSWER: usize = 8192;

/// Who the target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name; the only one that a session may be asked for.
    pub target_name: String,
    /// A name for people.
    pub target_alias: Option<String>,
    /// Tag of the portal group.
    pub portal_group: u16,
    /// Commands that a session may send before one is answered; at least 1.
    pub window: u32,
}

/// A session that has been agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Established {
    /// What it is for.
    pub kind: SessionKind,
    /// The initiator's name.
    pub initiator_name: String,
    /// The initiator's part of the session's name.
    pub isid: [u8; 6],
    /// The connection's number.
    pub cid: u16,
    /// What was settled.
    pub parameters: Parameters,
    /// Number of the first command to come.
    pub cmd_sn: u32,
    /// Number of the next status.
    pub stat_sn: u32,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum TargetStep {
    /// This, and the login goes on.
    Answer {
        /// The header.
        response: LoginResponse,
        /// Its text.
        text: Vec<u8>,
    },
    /// This, and commands may come.
    Done {
        /// The header.
        response: LoginResponse,
        /// Its text.
        text: Vec<u8>,
        /// The session.
        established: Box<Established>,
    },
    /// This, and the connection is closed.
    Refused {
        /// The header.
        response: LoginResponse,
    },
}

/// A login as the target sees it: [`step`](Self::step) takes each request, in
/// order, until it is done or refused.
#[derive(Debug)]
pub struct TargetLogin {
    identity: Identity,
    wish: Wish,
    tsih: u16,
    first: Option<First>,
    stage: Stage,
    steps: u32,
    text: TextBuffer,
    stat_sn: u32,
    kind: SessionKind,
    initiator_name: Option<String>,
    target_name: Option<String>,
    settled: Parameters,
    /// Keys that came already: none may come twice.
    seen: Vec<String>,
    told_own: bool,
    told_segment: bool,
}

/// What every request of a login repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct First {
    isid: [u8; 6],
    tsih: u16,
    tag: u32,
    cid: u16,
    cmd_sn: u32,
}

impl First {
    fn of(request: &LoginRequest) -> Self {
        Self {
            isid: request.isid,
            tsih: request.tsih,
            tag: request.initiator_task_tag,
            cid: request.cid,
            cmd_sn: request.cmd_sn,
        }
    }
}

type Refusal = LoginStatus;

impl TargetLogin {
    /// Waits for the first request. `tsih` (not 0) will be the target's part
    /// of the session's name.
    pub fn new(identity: Identity, wish: Wish, tsih: u16) -> Self {
        Self {
            identity,
            wish,
            tsih,
            first: None,
            stage: Stage::SecurityNegotiation,
            steps: 0,
            text: TextBuffer::default(),
            stat_sn: 1,
            kind: SessionKind::Normal,
            initiator_name: None,
            target_name: None,
            settled: Parameters::default(),
            seen: Vec::new(),
            told_own: false,
            told_segment: false,
        }
    }

    /// Takes a request and its text.
    pub fn step(&mut self, request: &LoginRequest, text: &[u8]) -> TargetStep {
        match self.take(request, text) {
            Ok(step) => step,
            Err(status) => TargetStep::Refused {
                response: LoginResponse {
                    status,
                    ..self.response(request)
                },
            },
        }
    }

    /// A response to something that is no login request.
    pub fn refusal(&self, status: LoginStatus) -> LoginResponse {
        LoginResponse {
            status,
            ..LoginResponse::default()
        }
    }

    fn response(&self, request: &LoginRequest) -> LoginResponse {
        LoginResponse {
            current_stage: request.current_stage,
            isid: request.isid,
            tsih: request.tsih,
            initiator_task_tag: request.initiator_task_tag,
            stat_sn: self.stat_sn,
            exp_cmd_sn: request.cmd_sn,
            max_cmd_sn: request
                .cmd_sn
                .wrapping_add(self.identity.window)
                .wrapping_sub(1),
            ..LoginResponse::default()
        }
    }

    fn take(&mut self, request: &LoginRequest, text: &[u8]) -> Result<TargetStep, Refusal> {
        self.check_header(request)?;
        self.text
            .push(text)
            .map_err(|_| LoginStatus::INITIATOR_ERROR)?;
        let mut response = self.response(request);
        self.stat_sn = self.stat_sn.wrapping_add(1);
        if request.continues {
            if request.transit {
                return Err(LoginStatus::INITIATOR_ERROR);
            }
            return Ok(TargetStep::Answer {
                response,
                text: Vec::new(),
            });
        }
        let whole = self.text.take();
        let mut answer = self.take_keys(&whole)?;
        self.check_names()?;
        self.tell_own(request.current_stage, &mut answer);
        if answer.len() > MOST_ANSWER {
            return Err(LoginStatus::INITIATOR_ERROR);
        }
        if !request.transit {
            return Ok(TargetStep::Answer {
                response,
                text: answer,
            });
        }
        response.transit = true;
        response.next_stage = request.next_stage;
        self.stage = request.next_stage;
        if request.next_stage != Stage::FullFeature {
            return Ok(TargetStep::Answer {
                response,
                text: answer,
            });
        }
        response.tsih = self.tsih;
        let established = Box::new(Established {
            kind: self.kind,
            initiator_name: self.initiator_name.clone().unwrap_or_default(),
            isid: request.isid,
            cid: request.cid,
            parameters: keys::completed(self.settled, &self.wish),
            cmd_sn: request.cmd_sn,
            stat_sn: self.stat_sn,
        });
        Ok(TargetStep::Done {
            response,
            text: answer,
            established,
        })
    }

    /// Version, stages, and what each request repeats (RFC 3720, 10.12).
    fn check_header(&mut self, request: &LoginRequest) -> Result<(), Refusal> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(LoginStatus::INITIATOR_ERROR);
        }
        if request.version_min > 0 {
            return Err(LoginStatus::UNSUPPORTED_VERSION);
        }
        match self.first {
            None => {
                // One connection a session: none is added to another one.
                if request.tsih != 0 {
                    return Err(LoginStatus::NO_SUCH_SESSION);
                }
                self.first = Some(First::of(request));
                self.stage = request.current_stage;
            }
            Some(first) if first == First::of(request) => {}
            Some(_) => return Err(LoginStatus::INITIATOR_ERROR),
        }
        let known = matches!(
            request.current_stage,
            Stage::SecurityNegotiation | Stage::OperationalNegotiation
        );
        if !known || request.current_stage != self.stage {
            return Err(LoginStatus::INITIATOR_ERROR);
        }
        if request.transit {
            let onward = matches!(
                request.next_stage,
                Stage::OperationalNegotiation | Stage::FullFeature
            );
            if !onward || request.next_stage == request.current_stage {
                return Err(LoginStatus::INITIATOR_ERROR);
            }
        }
        Ok(())
    }

    fn take_keys(&mut self, text: &[u8]) -> Result<Vec<u8>, Refusal> {
        let pairs = parse_pairs(text).map_err(|_| LoginStatus::INITIATOR_ERROR)?;
        let mut answer = Vec::new();
        for (key, value) in pairs {
            if self.seen.iter().any(|seen| seen == key) || self.seen.len() >= super::MOST_PAIRS {
                return Err(LoginStatus::INITIATOR_ERROR);
            }
            self.seen.push(key.into());
            match key {
                "InitiatorName" if is_name(value) => self.initiator_name = Some(value.into()),
                "TargetName" if is_name(value) => self.target_name = Some(value.into()),
                "InitiatorName" | "TargetName" => return Err(LoginStatus::INITIATOR_ERROR),
                "SessionType" => {
                    self.kind = match value {
                        "Normal" => SessionKind::Normal,
                        "Discovery" => SessionKind::Discovery,
                        _ => return Err(LoginStatus::SESSION_TYPE_UNSUPPORTED),
                    }
                }
                "AuthMethod" => {
                    if !value.split(',').any(|method| method == "None") {
                        return Err(LoginStatus::AUTHENTICATION_FAILURE);
                    }
                    push_pair(&mut answer, key, "None");
                }
                _ => {
                    if let Some(told) = keys::answer(&mut self.settled, &self.wish, key, value) {
                        if told == REJECT {
                            tracing::debug!(key, value, "a login key was rejected");
                        }
                        push_pair(&mut answer, key, &told);
                    }
                }
            }
        }
        Ok(answer)
    }

    /// The names have to come with the first text.
    fn check_names(&self) -> Result<(), Refusal> {
        if self.initiator_name.is_none() {
            return Err(LoginStatus::MISSING_PARAMETER);
        }
        match (self.kind, &self.target_name) {
            (SessionKind::Normal, None) => Err(LoginStatus::MISSING_PARAMETER),
            (_, Some(name)) if *name != self.identity.target_name => Err(LoginStatus::NOT_FOUND),
            _ => Ok(()),
        }
    }

    /// What the target tells unasked, each once.
    fn tell_own(&mut self, stage: Stage, answer: &mut Vec<u8>) {
        if !self.told_own && self.target_name.is_some() {
            let group = self.identity.portal_group.to_string();
            push_pair(answer, "TargetPortalGroupTag", &group);
            if let Some(alias) = &self.identity.target_alias {
                push_pair(answer, "TargetAlias", alias);
            }
        }
        self.told_own = true;
        if !self.told_segment && stage == Stage::OperationalNegotiation {
            let most = self.wish.max_recv_data_segment_length.to_string();
            push_pair(answer, "MaxRecvDataSegmentLength", &most);
            self.told_segment = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> TargetLogin {
        let identity = Identity {
            target_name: "iqn.a:t".into(),
            target_alias: None,
            portal_group: 1,
            window: 4,
        };
        TargetLogin::new(identity, Wish::default(), 9)
    }

    fn request(from: Stage, to: Option<Stage>) -> LoginRequest {
        LoginRequest {
            transit: to.is_some(),
            current_stage: from,
            next_stage: to.unwrap_or_default(),
            cmd_sn: 5,
            ..LoginRequest::default()
        }
    }

    fn status(step: TargetStep) -> LoginStatus {
        match step {
            TargetStep::Refused { response } => response.status,
            other => panic!("not refused: {other:?}"),
        }
    }

    const NAMES: &[u8] = b"InitiatorName=iqn.a:i\0TargetName=iqn.a:t\0";
    use Stage::{
        FullFeature, OperationalNegotiation as Operational, SecurityNegotiation as Security,
    };

    #[test]
    fn a_login_may_skip_security_and_be_one_request() {
        let step = login().step(&request(Operational, Some(FullFeature)), NAMES);
        let TargetStep::Done {
            response,
            text,
            established,
        } = step
        else {
            panic!("{step:?}");
        };
        assert!(response.transit && response.tsih == 9);
        assert_eq!(
            (response.stat_sn, response.exp_cmd_sn, response.max_cmd_sn),
            (1, 5, 8)
        );
        assert_eq!(
            text,
            b"TargetPortalGroupTag=1\0MaxRecvDataSegmentLength=262144\0"
        );
        assert_eq!((established.cmd_sn, established.stat_sn), (5, 2));
        // Nothing was offered, so the standard's values hold.
        assert!(established.parameters.initial_r2t);
        assert_eq!(
            established.parameters.peer_max_recv_data_segment_length,
            8192
        );
    }

    #[test]
    fn a_text_may_come_in_pieces() {
        let mut login = login();
        let mut piece = request(Security, None);
        piece.continues = true;
        let step = login.step(&piece, &NAMES[..30]);
        let TargetStep::Answer { response, text } = step else {
            panic!("{step:?}");
        };
        assert!(text.is_empty() && !response.transit);
        let step = login.step(&request(Security, Some(FullFeature)), &NAMES[30..]);
        assert!(matches!(step, TargetStep::Done { .. }), "{step:?}");
    }

    #[test]
    fn refusals_say_why() {
        let cases: [(LoginRequest, &[u8], LoginStatus); 8] = [
            (
                request(Security, None),
                b"TargetName=iqn.a:t\0",
                LoginStatus::MISSING_PARAMETER,
            ),
            (
                request(Security, None),
                b"InitiatorName=iqn.a:i\0",
                LoginStatus::MISSING_PARAMETER,
            ),
            (
                request(Security, None),
                b"InitiatorName=iqn.a:i\0TargetName=iqn.a:x\0",
                LoginStatus::NOT_FOUND,
            ),
            (
                request(Security, None),
                b"InitiatorName=iqn.a:i\0TargetName=iqn.a:t\0AuthMethod=CHAP\0",
                LoginStatus::AUTHENTICATION_FAILURE,
            ),
            (
                LoginRequest {
                    version_min: 1,
                    ..request(Security, None)
                },
                NAMES,
                LoginStatus::UNSUPPORTED_VERSION,
            ),
            (
                LoginRequest {
                    tsih: 3,
                    ..request(Security, None)
                },
                NAMES,
                LoginStatus::NO_SUCH_SESSION,
            ),
            (
                request(FullFeature, None),
                NAMES,
                LoginStatus::INITIATOR_ERROR,
            ),
            (
                request(Operational, Some(Security)),
                NAMES,
                LoginStatus::INITIATOR_ERROR,
            ),
        ];
        for (request, text, expected) in cases {
            assert_eq!(
                status(login().step(&request, text)),
                expected,
                "{request:?}"
            );
        }
    }

    #[test]
    fn a_key_may_come_once() {
        let mut login = login();
        let TargetStep::Answer { .. } = login.step(&request(Security, None), NAMES) else {
            panic!("the names are in order");
        };
        let again = login.step(&request(Security, None), b"InitiatorName=iqn.a:other\0");
        assert_eq!(status(again), LoginStatus::INITIATOR_ERROR);
    }

    #[test]
    fn a_login_that_never_ends_is_cut_off() {
        let mut login = login();
        let mut piece = request(Security, None);
        piece.continues = true;
        for _ in 0..MOST_STEPS {
            assert!(matches!(login.step(&piece, b""), TargetStep::Answer { .. }));
        }
        assert_eq!(
            status(login.step(&piece, b"")),
            LoginStatus::INITIATOR_ERROR
        );
    }
}
