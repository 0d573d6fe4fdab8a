//! The operational keys: their ranges, their defaults, and how two wishes
//! become one value.
//!
//! Owns the table. Must not know stages, PDUs or who is asked first: both
//! sides answer and settle by the same rows. The rows are those of RFC 3720,
//! chapter 12; `TaskReporting`, a later key, is not among them: of its values
//! the one is agreed to that names RFC 3720's own way.

use core::ops::RangeInclusive;

/// What a session settled, or begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Headers carry a digest.
    pub header_digest: bool,
    /// Data carry a digest.
    pub data_digest: bool,
    /// Most bytes of data in one PDU that we take.
    pub max_recv_data_segment_length: u32,
    /// Most bytes of data in one PDU that the peer takes.
    pub peer_max_recv_data_segment_length: u32,
    /// Most bytes of one burst of Data-In or of solicited Data-Out.
    pub max_burst_length: u32,
    /// Most bytes of unsolicited data of one command.
    pub first_burst_length: u32,
    /// Data-Out PDUs wait for the first R2T.
    pub initial_r2t: bool,
    /// Data may come with the command.
    pub immediate_data: bool,
    /// R2Ts of one command that may be open at a time.
    pub max_outstanding_r2t: u32,
    /// Data PDUs of a burst come in order.
    pub data_pdu_in_order: bool,
    /// Bursts come in order.
    pub data_sequence_in_order: bool,
    /// Seconds to wait before coming back after a cut.
    pub default_time2wait: u32,
    /// Seconds that tasks are kept after a cut.
    pub default_time2retain: u32,
    /// How much is repaired within a session; 0 is nothing.
    pub error_recovery_level: u32,
    /// Connections of one session.
    pub max_connections: u32,
}

impl Default for Parameters {
    /// The standard's values of keys that nobody names.
    fn default() -> Self {
        Self {
            header_digest: false,
            data_digest: false,
            max_recv_data_segment_length: 8192,
            peer_max_recv_data_segment_length: 8192,
            max_burst_length: 262_144,
            first_burst_length: 65_536,
            initial_r2t: true,
            immediate_data: true,
            max_outstanding_r2t: 1,
            data_pdu_in_order: true,
            data_sequence_in_order: true,
            default_time2wait: 2,
            default_time2retain: 20,
            error_recovery_level: 0,
            max_connections: 1,
        }
    }
}

/// Which digests a side takes, and which it would rather have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Digests {
    /// None; damage on the way is TCP's to find.
    #[default]
    None,
    /// None rather than CRC-32C.
    NoneFirst,
    /// CRC-32C rather than none.
    Crc32cFirst,
    /// CRC-32C only.
    Crc32c,
}

impl Digests {
    /// As the list that is offered.
    fn offer(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::NoneFirst => "None,CRC32C",
            Self::Crc32cFirst => "CRC32C,None",
            Self::Crc32c => "CRC32C",
        }
    }

    const fn takes(self, crc32c: bool) -> bool {
        match self {
            Self::None => !crc32c,
            Self::Crc32c => crc32c,
            Self::NoneFirst | Self::Crc32cFirst => true,
        }
    }
}

/// What one side would like. The fields have the meaning of [`Parameters`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Digests of headers.
    pub header_digest: Digests,
    /// Digests of data.
    pub data_digest: Digests,
    /// Most bytes of data in one PDU that we take; 512 to 16777215.
    pub max_recv_data_segment_length: u32,
    /// 512 to 16777215.
    pub max_burst_length: u32,
    /// 512 to 16777215, and no more than `max_burst_length`.
    pub first_burst_length: u32,
    /// Whether Data-Out PDUs shall wait for the first R2T.
    pub initial_r2t: bool,
    /// Whether data may come with the command.
    pub immediate_data: bool,
}

impl Default for Wish {
    /// Long PDUs, data with the command, and no digests unless asked.
    fn default() -> Self {
        Self {
            header_digest: Digests::NoneFirst,
            data_digest: Digests::NoneFirst,
            max_recv_data_segment_length: 262_144,
            max_burst_length: 262_144,
            first_burst_length: 262_144,
            initial_r2t: false,
            immediate_data: true,
        }
    }
}

/// An answer to an offer that the rules do not allow. The peer's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the peer answers {key}={value:?}, which was not offered")]
pub struct BadAnswer {
    /// The key.
    pub key: String,
    /// The value, cut at 64 characters.
    pub value: String,
}

const YES: &str = "Yes";
const NO: &str = "No";
/// The answer to a value that makes no sense.
pub(crate) const REJECT: &str = "Reject";
/// The answer to a key that is not known.
pub(crate) const NOT_UNDERSTOOD: &str = "NotUnderstood";
/// The answer to a key that does not matter here.
const IRRELEVANT: &str = "Irrelevant";

const LENGTHS: RangeInclusive<u32> = 512..=0x00FF_FFFF;

type Number = fn(&mut Parameters) -> &mut u32;
type Flag = fn(&mut Parameters) -> &mut bool;

/// How two wishes become one value.
enum Rule {
    /// The smaller one of the two numbers.
    Minimum(RangeInclusive<u32>, Number, fn(&Wish) -> u32),
    /// The larger one.
    Maximum(RangeInclusive<u32>, Number, fn(&Wish) -> u32),
    /// Yes, if one of the two says so.
    Or(Flag, fn(&Wish) -> bool),
    /// Yes, if both say so.
    And(Flag, fn(&Wish) -> bool),
    /// The first of the list that the other side takes.
    Digest(Flag, fn(&Wish) -> Digests),
    /// Each side tells its own number; it is not answered.
    Told(RangeInclusive<u32>, Number),
    /// Something that we do not have.
    Refused(&'static str),
    /// A list from which only this value is taken.
    Only(&'static str),
}

struct Row {
    key: &'static str,
    rule: Rule,
}

const fn row(key: &'static str, rule: Rule) -> Row {
    Row { key, rule }
}

#[rustfmt::skip]
static TABLE: [Row; 19] = [
    row("HeaderDigest", Rule::Digest(|p| &mut p.header_digest, |w| w.header_digest)),
    row("DataDigest", Rule::Digest(|p| &mut p.data_digest, |w| w.data_digest)),
    row("MaxConnections", Rule::Minimum(1..=65_535, |p| &mut p.max_connections, |_| 1)),
    row("InitialR2T", Rule::Or(|p| &mut p.initial_r2t, |w| w.initial_r2t)),
    row("ImmediateData", Rule::And(|p| &mut p.immediate_data, |w| w.immediate_data)),
    row("MaxRecvDataSegmentLength", Rule::Told(LENGTHS, |p| &mut p.peer_max_recv_data_segment_length)),
    row("MaxBurstLength", Rule::Minimum(LENGTHS, |p| &mut p.max_burst_length, |w| w.max_burst_length)),
    row("FirstBurstLength", Rule::Minimum(LENGTHS, |p| &mut p.first_burst_length, |w| w.first_burst_length)),
    row("DefaultTime2Wait", Rule::Maximum(0..=3600, |p| &mut p.default_time2wait, |_| 0)),
    row("DefaultTime2Retain", Rule::Minimum(0..=3600, |p| &mut p.default_time2retain, |_| 0)),
    row("MaxOutstandingR2T", Rule::Minimum(1..=65_535, |p| &mut p.max_outstanding_r2t, |_| 1)),
    row("DataPDUInOrder", Rule::Or(|p| &mut p.data_pdu_in_order, |_| true)),
    row("DataSequenceInOrder", Rule::Or(|p| &mut p.data_sequence_in_order, |_| true)),
    row("ErrorRecoveryLevel", Rule::Minimum(0..=2, |p| &mut p.error_recovery_level, |_| 0)),
    // Nobody marks any more, and peers still ask.
    row("IFMarker", Rule::Refused(NO)),
    row("OFMarker", Rule::Refused(NO)),
    row("IFMarkInt", Rule::Refused(REJECT)),
    row("OFMarkInt", Rule::Refused(REJECT)),
    row("TaskReporting", Rule::Only("RFC3720")),
];

fn find(key: &str) -> Option<&'static Rule> {
    TABLE.iter().find(|row| row.key == key).map(|row| &row.rule)
}

/// Keys that only tell something and are not answered.
fn is_told(key: &str) -> bool {
    const TOLD: [&str; 7] = [
        "InitiatorName",
        "InitiatorAlias",
        "TargetName",
        "TargetAlias",
        "TargetAddress",
        "TargetPortalGroupTag",
        "SessionType",
    ];
    TOLD.contains(&key)
}

/// A number in decimal, or in hexadecimal with `0x`.
fn number(value: &str) -> Option<u32> {
    match value.strip_prefix("0x").or(value.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok()
        }
        None if value.bytes().all(|b| b.is_ascii_digit()) => value.parse().ok(),
        _ => None,
    }
}

fn flag(value: &str) -> Option<bool> {
    match value {
        YES => Some(true),
        NO => Some(false),
        _ => None,
    }
}

fn digest(value: &str) -> Option<bool> {
    match value {
        "CRC32C" => Some(true),
        "None" => Some(false),
        _ => None,
    }
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { YES } else { NO }
}

/// Takes the peer's offer of `key`: changes `settled`, and gives what is to be
/// answered. `None`: the key is not answered.
pub fn answer(settled: &mut Parameters, wish: &Wish, key: &str, value: &str) -> Option<String> {
    let Some(rule) = find(key) else {
        return (!is_told(key)).then(|| NOT_UNDERSTOOD.into());
    };
    let answered = match rule {
        Rule::Minimum(range, place, wished) | Rule::Maximum(range, place, wished) => {
            let Some(offered) = number(value).filter(|n| range.contains(n)) else {
                return Some(REJECT.into());
            };
            let wished = wished(wish);
            let result = match rule {
                Rule::Minimum(..) => offered.min(wished),
                _ => offered.max(wished),
            };
            *place(settled) = result;
            result.to_string()
        }
        Rule::Or(place, wished) | Rule::And(place, wished) => {
            let Some(offered) = flag(value) else {
                return Some(REJECT.into());
            };
            let wished = wished(wish);
            let result = match rule {
                Rule::Or(..) => offered || wished,
                _ => offered && wished,
            };
            *place(settled) = result;
            yes_or_no(result).into()
        }
        Rule::Digest(place, wished) => {
            let taken = wished(wish);
            let Some(crc32c) = value
                .split(',')
                .filter_map(digest)
                .find(|crc32c| taken.takes(*crc32c))
            else {
                return Some(REJECT.into());
            };
            *place(settled) = crc32c;
            if crc32c { "CRC32C" } else { "None" }.into()
        }
        Rule::Told(range, place) => {
            let Some(told) = number(value).filter(|n| range.contains(n)) else {
                return Some(REJECT.into());
            };
            *place(settled) = told;
            return None;
        }
        Rule::Refused(answer) => (*answer).into(),
        Rule::Only(taken) if value.split(',').any(|one| one == *taken) => (*taken).into(),
        Rule::Only(_) => REJECT.into(),
    };
    Some(answered)
}

/// What an initiator offers, in the order in which it is sent.
pub fn offers(wish: &Wish) -> Vec<(&'static str, String)> {
    let mut defaults = Parameters::default();
    TABLE
        .iter()
        .filter_map(|row| {
            let value = match &row.rule {
                Rule::Minimum(_, _, wished) => wished(wish).to_string(),
                // We would take less, but the standard's value asks for no more.
                Rule::Maximum(_, place, wished) => {
                    wished(wish).max(*place(&mut defaults)).to_string()
                }
                Rule::Or(_, wished) | Rule::And(_, wished) => yes_or_no(wished(wish)).into(),
                Rule::Digest(_, wished) => wished(wish).offer().into(),
                Rule::Told(..) => wish.max_recv_data_segment_length.to_string(),
                Rule::Refused(_) | Rule::Only(_) => return None,
            };
            Some((row.key, value))
        })
        .collect()
}

/// Takes the peer's answer to an offer of ours made by [`offers`].
///
/// # Errors
/// [`BadAnswer`] where the rules do not lead from our wish to that value.
pub fn settle(
    settled: &mut Parameters,
    wish: &Wish,
    key: &str,
    value: &str,
) -> Result<(), BadAnswer> {
    let bad = || BadAnswer {
        key: key.into(),
        value: value.chars().take(64).collect(),
    };
    // The standard's value holds for a key that the peer does not take part in.
    if [NOT_UNDERSTOOD, IRRELEVANT].contains(&value) {
        return match find(key) {
            Some(Rule::Digest(_, wished)) if wished(wish) == Digests::Crc32c => Err(bad()),
            _ => Ok(()),
        };
    }
    match find(key) {
        Some(Rule::Minimum(range, place, wished)) => {
            let result = number(value).filter(|n| range.contains(n) && *n <= wished(wish));
            *place(settled) = result.ok_or_else(bad)?;
        }
        Some(Rule::Maximum(range, place, wished)) => {
            let result = number(value).filter(|n| range.contains(n) && *n >= wished(wish));
            *place(settled) = result.ok_or_else(bad)?;
        }
        Some(Rule::Or(place, wished)) => {
            let result = flag(value).filter(|yes| *yes || !wished(wish));
            *place(settled) = result.ok_or_else(bad)?;
        }
        Some(Rule::And(place, wished)) => {
            let result = flag(value).filter(|yes| !*yes || wished(wish));
            *place(settled) = result.ok_or_else(bad)?;
        }
        Some(Rule::Digest(place, wished)) => {
            let result = digest(value).filter(|crc32c| wished(wish).takes(*crc32c));
            *place(settled) = result.ok_or_else(bad)?;
        }
        Some(Rule::Told(range, place)) => {
            let told = number(value).filter(|n| range.contains(n));
            *place(settled) = told.ok_or_else(bad)?;
        }
        Some(Rule::Refused(_) | Rule::Only(_)) | None => {}
    }
    Ok(())
}

/// Brings what was settled into one piece, once all keys are there.
pub(crate) fn completed(mut settled: Parameters, wish: &Wish) -> Parameters {
    settled.max_recv_data_segment_length = wish.max_recv_data_segment_length;
    // A first burst longer than any burst makes no sense; peers that answer
    // the two keys one by one come to it.
    settled.first_burst_length = settled.first_burst_length.min(settled.max_burst_length);
    settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answered(key: &str, value: &str) -> (Option<String>, Parameters) {
        let mut settled = Parameters::default();
        let wish = Wish::default();
        (answer(&mut settled, &wish, key, value), settled)
    }

    #[test]
    fn each_key_is_answered_by_its_rule() {
        let cases = [
            ("HeaderDigest", "CRC32C,None", Some("CRC32C")),
            ("DataDigest", "KRB9,None", Some("None")),
            ("DataDigest", "KRB9", Some("Reject")),
            ("MaxConnections", "8", Some("1")),
            ("InitialR2T", "Yes", Some("Yes")),
            ("InitialR2T", "No", Some("No")),
            ("ImmediateData", "No", Some("No")),
            ("ImmediateData", "Yes", Some("Yes")),
            ("ImmediateData", "Maybe", Some("Reject")),
            ("MaxBurstLength", "16776192", Some("262144")),
            ("MaxBurstLength", "0x1000", Some("4096")),
            ("MaxBurstLength", "511", Some("Reject")),
            ("MaxBurstLength", "16777216", Some("Reject")),
            ("FirstBurstLength", "65536", Some("65536")),
            ("DefaultTime2Wait", "2", Some("2")),
            ("DefaultTime2Retain", "20", Some("0")),
            ("MaxOutstandingR2T", "16", Some("1")),
            ("DataPDUInOrder", "No", Some("Yes")),
            ("DataSequenceInOrder", "No", Some("Yes")),
            ("ErrorRecoveryLevel", "2", Some("0")),
            ("ErrorRecoveryLevel", "3", Some("Reject")),
            ("IFMarker", "Yes", Some("No")),
            ("TaskReporting", "FastAbort,RFC3720", Some("RFC3720")),
            ("TaskReporting", "FastAbort", Some("Reject")),
            ("MaxRecvDataSegmentLength", "131072", None),
            ("MaxRecvDataSegmentLength", "5", Some("Reject")),
            ("TargetAlias", "x", None),
            ("X-com.example.key", "1", Some("NotUnderstood")),
        ];
        for (key, value, expected) in cases {
            assert_eq!(answered(key, value).0.as_deref(), expected, "{key}={value}");
        }
    }

    #[test]
    fn what_is_answered_is_what_holds() {
        assert_eq!(answered("MaxBurstLength", "4096").1.max_burst_length, 4096);
        assert!(answered("HeaderDigest", "CRC32C").1.header_digest);
        assert!(!answered("InitialR2T", "No").1.initial_r2t);
        let (_, settled) = answered("MaxRecvDataSegmentLength", "131072");
        assert_eq!(settled.peer_max_recv_data_segment_length, 131_072);
        let (_, settled) = answered("MaxBurstLength", "nonsense");
        assert_eq!(settled, Parameters::default());
    }

    #[test]
    fn an_answer_that_was_not_offered_is_refused() {
        let wish = Wish {
            header_digest: Digests::None,
            immediate_data: false,
            initial_r2t: true,
            ..Wish::default()
        };
        let bad = [
            ("HeaderDigest", "CRC32C"),
            ("HeaderDigest", "Reject"),
            ("ImmediateData", "Yes"),
            ("InitialR2T", "No"),
            ("MaxBurstLength", "262145"),
            ("MaxBurstLength", "0"),
            ("MaxConnections", "2"),
            ("ErrorRecoveryLevel", "1"),
            ("DataPDUInOrder", "No"),
            ("MaxRecvDataSegmentLength", "99999999"),
        ];
        for (key, value) in bad {
            let told = settle(&mut Parameters::default(), &wish, key, value);
            assert!(told.is_err(), "{key}={value}");
        }
        let only = Wish {
            data_digest: Digests::Crc32c,
            ..wish
        };
        let told = settle(
            &mut Parameters::default(),
            &only,
            "DataDigest",
            "NotUnderstood",
        );
        assert!(told.is_err());
    }

    fn wish() -> impl Strategy<Value = Wish> {
        let digests = || {
            prop_oneof![
                Just(Digests::None),
                Just(Digests::NoneFirst),
                Just(Digests::Crc32cFirst)
            ]
        };
        (
            digests(),
            digests(),
            LENGTHS,
            LENGTHS,
            LENGTHS,
            any::<bool>(),
            any::<bool>(),
        )
            .prop_map(
                |(header, data, segment, burst, first, r2t, immediate)| Wish {
                    header_digest: header,
                    data_digest: data,
                    max_recv_data_segment_length: segment,
                    max_burst_length: burst,
                    first_burst_length: first,
                    initial_r2t: r2t,
                    immediate_data: immediate,
                },
            )
    }

    proptest! {
        /// Two sides of ours come to the same session, whatever they wish.
        #[test]
        fn both_sides_settle_the_same(initiator in wish(), target in wish()) {
            let (mut ours, mut theirs) = (Parameters::default(), Parameters::default());
            for (key, value) in offers(&initiator) {
                if let Some(answered) = answer(&mut theirs, &target, key, &value) {
                    prop_assert_eq!(settle(&mut ours, &initiator, key, &answered), Ok(()), "{}", key);
                }
            }
            let told = target.max_recv_data_segment_length.to_string();
            settle(&mut ours, &initiator, "MaxRecvDataSegmentLength", &told).unwrap();
            let (ours, theirs) = (completed(ours, &initiator), completed(theirs, &target));
            prop_assert_eq!(
                ours.max_recv_data_segment_length,
                theirs.peer_max_recv_data_segment_length
            );
            prop_assert_eq!(
                theirs.max_recv_data_segment_length,
                ours.peer_max_recv_data_segment_length
            );
            let same = Parameters {
                max_recv_data_segment_length: theirs.max_recv_data_segment_length,
                peer_max_recv_data_segment_length: theirs.peer_max_recv_data_segment_length,
                ..ours
            };
            prop_assert_eq!(same, theirs);
            prop_assert!(ours.first_burst_length <= ours.max_burst_length);
        }
    }
}
