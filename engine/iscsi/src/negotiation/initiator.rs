//! The initiator's side of a login.

use super::keys::{self, BadAnswer};
use super::text::{TextBuffer, TextError, parse_pairs, push_pair};
use super::{Parameters, SessionKind, Wish};
use crate::pdu::{LoginRequest, LoginResponse, LoginStatus, Stage};

/// Responses that a login may have; three are usual.
const MOST_STEPS: u32 = 32;

/// The session that an initiator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionWish {
    /// What for.
    pub kind: SessionKind,
    /// Who asks.
    pub initiator_name: String,
    /// A name for people.
    pub initiator_alias: Option<String>,
    /// Which target; not used for discovery.
    pub target_name: String,
    /// The initiator's part of the session's name. A session with the same one
    /// takes the place of an older one.
    pub isid: [u8; 6],
}

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The target refused.
    #[error("the target refuses the login: {status}{}", moved(.address))]
    Refused {
        /// Why.
        status: LoginStatus,
        /// Where it says that it is, if it has moved; not checked, at most 256
        /// characters.
        address: Option<String>,
    },
    /// The target wants an authentication that we do not have.
    #[error("the target wants the authentication {method:?}; only None is known here")]
    Authentication {
        /// What it asked for, cut at 64 characters.
        method: String,
    },
    /// The target answers what was not offered.
    #[error(transparent)]
    Answer(#[from] BadAnswer),
    /// The target's text is none.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The target does not keep to the order of a login.
    #[error("the target broke the login's rules: {what}")]
    Protocol {
        /// How.
        what: &'static str,
    },
}

fn moved(address: &Option<String>) -> String {
    match address {
        Some(address) => format!("; it names {}", address.escape_debug()),
        None => String::new(),
    }
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum LoginStep {
    /// This is to be sent.
    Send {
        /// The header.
        request: LoginRequest,
        /// Its text.
        text: Vec<u8>,
    },
    /// Commands may be sent.
    Done {
        /// What was settled.
        parameters: Parameters,
        /// Next command number that the target waits for.
        exp_cmd_sn: u32,
        /// Highest command number that it takes.
        max_cmd_sn: u32,
        /// Next status number.
        exp_stat_sn: u32,
    },
}

/// A login as the initiator sees it: [`begin`](Self::begin) gives the first
/// request, [`step`](Self::step) takes each response.
#[derive(Debug)]
pub struct InitiatorLogin {
    session: SessionWish,
    wish: Wish,
    stage: Stage,
    steps: u32,
    exp_stat_sn: u32,
    text: TextBuffer,
    settled: Parameters,
    offered: bool,
}

/// Number of the first command of a session.
const FIRST_CMD_SN: u32 = 1;

impl InitiatorLogin {
    /// A login that has not begun.
    pub fn new(session: SessionWish, wish: Wish) -> Self {
        Self {
            session,
            wish,
            stage: Stage::SecurityNegotiation,
            steps: 0,
            exp_stat_sn: 0,
            text: TextBuffer::default(),
            settled: Parameters::default(),
            offered: false,
        }
    }

    /// The first request.
    pub fn begin(&mut self) -> (LoginRequest, Vec<u8>) {
        let mut text = Vec::new();
        push_pair(&mut text, "InitiatorName", &self.session.initiator_name);
        if let Some(alias) = &self.session.initiator_alias {
            push_pair(&mut text, "InitiatorAlias", alias);
        }
        match self.session.kind {
            SessionKind::Normal => {
                push_pair(&mut text, "TargetName", &self.session.target_name);
                push_pair(&mut text, "SessionType", "Normal");
            }
            SessionKind::Discovery => push_pair(&mut text, "SessionType", "Discovery"),
        }
        push_pair(&mut text, "AuthMethod", "None");
        let onward = Some(Stage::OperationalNegotiation);
        (self.request(onward), text)
    }

    fn request(&self, onward: Option<Stage>) -> LoginRequest {
        LoginRequest {
            transit: onward.is_some(),
            current_stage: self.stage,
            next_stage: onward.unwrap_or_default(),
            isid: self.session.isid,
            cmd_sn: FIRST_CMD_SN,
            exp_stat_sn: self.exp_stat_sn,
            ..LoginRequest::default()
        }
    }

    /// Takes a response and its text.
    ///
    /// # Errors
    /// A [`LoginError`]; the connection is to be closed.
    pub fn step(&mut self, response: &LoginResponse, text: &[u8]) -> Result<LoginStep, LoginError> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return broken("it does not come to an end");
        }
        if !response.status.is_success() {
            // Where it has moved to is worth a line; a bad text is not.
            let _ = self.text.push(text);
            let whole = self.text.take();
            let address = parse_pairs(&whole).ok().and_then(|pairs| {
                let (_, value) = pairs.into_iter().find(|(key, _)| *key == "TargetAddress")?;
                Some(value.chars().take(256).collect())
            });
            return Err(LoginError::Refused {
                status: response.status,
                address,
            });
        }
        if response.initiator_task_tag != 0 || response.isid != self.session.isid {
            return broken("a response belongs to another login");
        }
        if response.version_active != 0 {
            return broken("another version of the protocol");
        }
        if response.current_stage != self.stage {
            return broken("a response belongs to another stage");
        }
        if self.steps > 1 && response.stat_sn != self.exp_stat_sn {
            return broken("a response is missing");
        }
        self.exp_stat_sn = response.stat_sn.wrapping_add(1);
        self.text.push(text)?;
        if response.continues {
            if response.transit {
                return broken("a stage ends in the middle of a text");
            }
            return Ok(LoginStep::Send {
                request: self.request(None),
                text: Vec::new(),
            });
        }
        let whole = self.text.take();
        let answer = self.take_keys(&whole)?;
        match self.stage {
            Stage::SecurityNegotiation if response.transit => {
                if response.next_stage != Stage::OperationalNegotiation {
                    return broken("it goes on to a stage that nobody asked for");
                }
                self.stage = Stage::OperationalNegotiation;
                self.offered = true;
                let mut text = answer;
                for (key, value) in keys::offers(&self.wish) {
                    push_pair(&mut text, key, &value);
                }
                Ok(LoginStep::Send {
                    request: self.request(Some(Stage::FullFeature)),
                    text,
                })
            }
            Stage::OperationalNegotiation if response.transit => {
                if response.next_stage != Stage::FullFeature {
                    return broken("it goes on to a stage that nobody asked for");
                }
                if !answer.is_empty() {
                    return broken("a stage ends while an answer is due");
                }
                if response.tsih == 0 {
                    return broken("the session got no name");
                }
                Ok(LoginStep::Done {
                    parameters: keys::completed(self.settled, &self.wish),
                    exp_cmd_sn: response.exp_cmd_sn,
                    max_cmd_sn: response.max_cmd_sn,
                    exp_stat_sn: self.exp_stat_sn,
                })
            }
            stage => {
                let onward = match stage {
                    Stage::SecurityNegotiation => Stage::OperationalNegotiation,
                    _ => Stage::FullFeature,
                };
                Ok(LoginStep::Send {
                    request: self.request(Some(onward)),
                    text: answer,
                })
            }
        }
    }

    /// Settles what was offered and gives the answer to what the target offers.
    fn take_keys(&mut self, text: &[u8]) -> Result<Vec<u8>, LoginError> {
        let mut answer = Vec::new();
        for (key, value) in parse_pairs(text)? {
            match key {
                "AuthMethod" if value == "None" => {}
                "AuthMethod" => {
                    return Err(LoginError::Authentication {
                        method: value.chars().take(64).collect(),
                    });
                }
                _ if value == keys::NOT_UNDERSTOOD && !self.offered => {}
                _ if self.offered => keys::settle(&mut self.settled, &self.wish, key, value)?,
                _ => {
                    if let Some(told) = keys::answer(&mut self.settled, &self.wish, key, value) {
                        push_pair(&mut answer, key, &told);
                    }
                }
            }
        }
        Ok(answer)
    }
}

fn broken<T>(what: &'static str) -> Result<T, LoginError> {
    Err(LoginError::Protocol { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> InitiatorLogin {
        InitiatorLogin::new(
            SessionWish {
                kind: SessionKind::Normal,
                initiator_name: "iqn.a:i".into(),
                initiator_alias: None,
                target_name: "iqn.a:t".into(),
                isid: [0x80, 0, 0, 0, 0, 1],
            },
            Wish::default(),
        )
    }

    fn response(stage: Stage, onward: Option<Stage>) -> LoginResponse {
        LoginResponse {
            transit: onward.is_some(),
            current_stage: stage,
            next_stage: onward.unwrap_or_default(),
            isid: [0x80, 0, 0, 0, 0, 1],
            tsih: 1,
            ..LoginResponse::default()
        }
    }

    use Stage::{
        FullFeature, OperationalNegotiation as Operational, SecurityNegotiation as Security,
    };

    #[test]
    fn a_target_that_wants_a_password_is_told_apart() {
        let mut login = login();
        let _ = login.begin();
        let told = login.step(&response(Security, None), b"AuthMethod=CHAP\0");
        assert!(
            matches!(told, Err(LoginError::Authentication { .. })),
            "{told:?}"
        );
    }

    #[test]
    fn a_target_that_has_moved_says_where_to() {
        let mut login = login();
        let _ = login.begin();
        let moved = LoginResponse {
            status: LoginStatus::MOVED_TEMPORARILY,
            ..response(Security, None)
        };
        let told = login
            .step(&moved, b"TargetAddress=[::1]:3260\0")
            .unwrap_err();
        assert_eq!(
            told.to_string(),
            "the target refuses the login: the target has moved for a while (login status 0101h); it names [::1]:3260"
        );
    }

    #[test]
    fn stages_have_their_order() {
        for bad in [
            response(Operational, None),
            response(Security, Some(FullFeature)),
            response(Security, Some(Security)),
            LoginResponse {
                initiator_task_tag: 5,
                ..response(Security, None)
            },
            LoginResponse {
                isid: [1; 6],
                ..response(Security, None)
            },
            LoginResponse {
                continues: true,
                ..response(Security, Some(Operational))
            },
        ] {
            let mut login = login();
            let _ = login.begin();
            let told = login.step(&bad, b"");
            assert!(
                matches!(told, Err(LoginError::Protocol { .. })),
                "{bad:?}: {told:?}"
            );
        }
    }

    #[test]
    fn numbers_that_skip_are_seen() {
        let mut login = login();
        let _ = login.begin();
        assert!(
            login
                .step(&response(Security, Some(Operational)), b"")
                .is_ok()
        );
        let late = LoginResponse {
            stat_sn: 5,
            ..response(Operational, Some(FullFeature))
        };
        assert!(matches!(
            login.step(&late, b""),
            Err(LoginError::Protocol { .. })
        ));
    }

    #[test]
    fn a_login_without_end_is_cut_off() {
        let mut login = login();
        let _ = login.begin();
        let mut last = Ok(());
        for i in 0..40 {
            let more = LoginResponse {
                stat_sn: i,
                ..response(Security, None)
            };
            last = login.step(&more, b"").map(|_| ());
            if last.is_err() {
                break;
            }
        }
        assert!(last.is_err());
    }
}
