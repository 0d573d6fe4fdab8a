//! How two sides come to a session: names, stages, keys.
//!
//! Owns the login of both sides as state machines without I/O: a PDU in, a PDU
//! out. Must not know sockets, commands, or which sessions there are.

mod initiator;
mod keys;
mod target;
mod text;

pub use initiator::{InitiatorLogin, LoginError, LoginStep, SessionWish};
pub use keys::{BadAnswer, Digests, Parameters, Wish, answer, offers, settle};
pub use target::{Established, Identity, TargetLogin, TargetStep};
pub use text::{MOST_PAIRS, MOST_TEXT, TextError, parse_pairs, push_pair};

pub(crate) use text::TextBuffer;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// Commands.
    Normal,
    /// To ask which targets there are.
    Discovery,
}

/// Longest name of an initiator or a target, in bytes.
pub const MOST_NAME: usize = 223;

/// Whether a text can be a name: 1 to 223 characters, of the ones that iSCSI
/// names are made of.
pub fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    (1..=MOST_NAME).contains(&name.len()) && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::LoginStatus;
    use proptest::prelude::*;

    const NAME: &str = "iqn.2026-11.org.pitland:drive";

    fn identity() -> Identity {
        Identity {
            target_name: NAME.into(),
            target_alias: Some("drives".into()),
            portal_group: 1,
            window: 8,
        }
    }

    fn session(kind: SessionKind) -> SessionWish {
        SessionWish {
            kind,
            initiator_name: "iqn.2026-11.org.pitland:test".into(),
            initiator_alias: Some("tests".into()),
            target_name: NAME.into(),
            isid: [0x80, 1, 2, 3, 4, 5],
        }
    }

    /// Lets the two machines talk; gives what both came to.
    fn talk(
        wish: &SessionWish,
        ours: Wish,
        theirs: Wish,
    ) -> Result<(Parameters, Established), LoginError> {
        let mut initiator = InitiatorLogin::new(wish.clone(), ours);
        let mut target = TargetLogin::new(identity(), theirs, 7);
        let (mut request, mut text) = initiator.begin();
        for _ in 0..10 {
            let step = target.step(&request, &text);
            let (response, answer, established) = match step {
                TargetStep::Answer { response, text } => (response, text, None),
                TargetStep::Done {
                    response,
                    text,
                    established,
                } => (response, text, Some(*established)),
                TargetStep::Refused { response } => (response, Vec::new(), None),
            };
            match initiator.step(&response, &answer)? {
                LoginStep::Send {
                    request: next,
                    text: more,
                } => (request, text) = (next, more),
                LoginStep::Done { parameters, .. } => {
                    return Ok((parameters, established.unwrap()));
                }
            }
        }
        panic!("the login does not come to an end");
    }

    #[test]
    fn two_sides_of_ours_come_to_a_session() {
        let (ours, theirs) = talk(
            &session(SessionKind::Normal),
            Wish::default(),
            Wish::default(),
        )
        .unwrap();
        assert_eq!(theirs.parameters, ours);
        assert_eq!(theirs.kind, SessionKind::Normal);
        assert_eq!(theirs.initiator_name, "iqn.2026-11.org.pitland:test");
        assert_eq!(theirs.isid, [0x80, 1, 2, 3, 4, 5]);
        assert!(!ours.initial_r2t && ours.immediate_data && !ours.header_digest);
        assert_eq!(ours.max_burst_length, 262_144);
    }

    #[test]
    fn a_discovery_session_needs_no_target() {
        let mut wish = session(SessionKind::Discovery);
        wish.target_name = String::new();
        let (_, theirs) = talk(&wish, Wish::default(), Wish::default()).unwrap();
        assert_eq!(theirs.kind, SessionKind::Discovery);
    }

    #[test]
    fn digests_are_used_if_one_side_insists() {
        let insists = Wish {
            header_digest: Digests::Crc32c,
            data_digest: Digests::Crc32cFirst,
            ..Wish::default()
        };
        let (ours, _) = talk(&session(SessionKind::Normal), insists, Wish::default()).unwrap();
        assert!(ours.header_digest && ours.data_digest);
        let (ours, _) = talk(
            &session(SessionKind::Normal),
            Wish::default(),
            Wish {
                header_digest: Digests::Crc32c,
                ..Wish::default()
            },
        )
        .unwrap();
        assert!(ours.header_digest && !ours.data_digest);
    }

    #[test]
    fn another_name_is_not_found() {
        let mut wish = session(SessionKind::Normal);
        wish.target_name = "iqn.2026-11.org.pitland:other".into();
        let told = talk(&wish, Wish::default(), Wish::default()).unwrap_err();
        assert!(
            matches!(&told, LoginError::Refused { status, .. } if *status == LoginStatus::NOT_FOUND),
            "{told:?}"
        );
    }

    #[test]
    fn names_are_of_a_kind() {
        assert!(is_name(NAME) && is_name("eui.02004567A425678D"));
        assert!(!is_name("") && !is_name("a b") && !is_name(&"x".repeat(224)));
        assert!(!is_name("iqn\x1b[2J"));
    }

    fn any_request() -> impl Strategy<Value = (crate::pdu::LoginRequest, Vec<u8>)> {
        let texts = prop_oneof![
            Just(Vec::new()),
            Just(b"InitiatorName=iqn.a:b\0".to_vec()),
            Just(
                format!("InitiatorName=iqn.a:b\0TargetName={NAME}\0AuthMethod=None\0").into_bytes()
            ),
            Just(b"SessionType=Discovery\0InitiatorName=iqn.a:b\0".to_vec()),
            Just(b"MaxBurstLength=1024\0FirstBurstLength=99999999\0X-y=1\0".to_vec()),
            prop::collection::vec(any::<u8>(), 0..300),
        ];
        (any::<[u8; 48]>(), any::<bool>(), 0u8..4, texts).prop_map(|(bytes, plain, flags, text)| {
            let header = crate::pdu::BasicHeaderSegment(bytes);
            let mut request = crate::pdu::LoginRequest::parse(&header);
            if plain {
                request = crate::pdu::LoginRequest {
                    transit: flags & 1 != 0,
                    current_stage: crate::pdu::Stage::from_code(flags >> 1),
                    next_stage: crate::pdu::Stage::FullFeature,
                    ..Default::default()
                };
            }
            (request, text)
        })
    }

    proptest! {
        /// A target's login ends for whatever comes: established or refused,
        /// and it never answers more than it was asked.
        #[test]
        fn a_target_takes_any_requests(requests in prop::collection::vec(any_request(), 0..20)) {
            let mut login = TargetLogin::new(identity(), Wish::default(), 1);
            for (request, text) in requests {
                match login.step(&request, &text) {
                    TargetStep::Answer { response, text } => {
                        prop_assert!(response.status.is_success());
                        prop_assert!(text.len() <= 8192);
                    }
                    TargetStep::Done { established, .. } => {
                        prop_assert!(is_name(&established.initiator_name));
                        break;
                    }
                    TargetStep::Refused { response } => {
                        prop_assert!(!response.status.is_success());
                        break;
                    }
                }
            }
        }

        /// And so does an initiator's, for whatever a target says.
        #[test]
        fn an_initiator_takes_any_responses(
            responses in prop::collection::vec((any::<[u8; 48]>(), any::<bool>(), any::<bool>(), prop_oneof![
                Just(Vec::new()),
                Just(b"AuthMethod=None\0TargetPortalGroupTag=1\0".to_vec()),
                Just(b"MaxBurstLength=4096\0HeaderDigest=CRC32C\0".to_vec()),
                Just(b"X-a=1\0".to_vec()),
                prop::collection::vec(any::<u8>(), 0..300),
            ]), 0..40),
        ) {
            let mut login = InitiatorLogin::new(session(SessionKind::Normal), Wish::default());
            let (mut request, _) = login.begin();
            for (bytes, plain, transit, text) in responses {
                let mut response = crate::pdu::LoginResponse::parse(&crate::pdu::BasicHeaderSegment(bytes));
                if plain {
                    response = crate::pdu::LoginResponse {
                        transit,
                        current_stage: request.current_stage,
                        next_stage: request.next_stage,
                        isid: request.isid,
                        tsih: 1,
                        ..Default::default()
                    };
                }
                match login.step(&response, &text) {
                    Ok(LoginStep::Send { request: next, text }) => {
                        prop_assert!(text.len() <= 8192);
                        request = next;
                    }
                    Ok(LoginStep::Done { .. }) | Err(_) => break,
                }
            }
        }
    }
}
