//! Every type of the SDK crosses the border and comes back as it was; nothing that arrives panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::*;
use pitland_abi::{
    Cursor, DecodeError, MAX_BYTES, MAX_RECORDS, Message, Record, Words, codes, decode, encode,
};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeSet;
use std::fmt::Debug;

fn returns<T: Words + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let message = encode(value);
    prop_assert!(
        message.iter().all(|r| r.code != codes::WITHOUT_CODE),
        "{value:?} has no code"
    );
    prop_assert!(message.iter().all(|r| codes::name(r.code).is_some()));
    let back = decode::<T>(&message);
    prop_assert_eq!(back.as_ref(), Ok(value));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 256 }, ..ProptestConfig::default() })]

    #[test]
    fn writer_infos_return(value in info()) { returns(&value)?; }
    #[test]
    fn facts_return(value in facts()) { returns(&value)?; }
    #[test]
    fn requests_return(value in request()) { returns(&value)?; }
    #[test]
    fn layouts_return(value in cd_layout()) { returns(&value)?; }
    #[test]
    fn what_is_asked_returns(facts in facts(), request in request()) { returns(&(facts, request))?; }
    #[test]
    fn fits_return(value in fit()) { returns(&value)?; }
    #[test]
    fn refusals_return(value in refusal()) { returns(&value)?; }
    #[test]
    fn plans_return(value in plan()) { returns(&value)?; }
    #[test]
    fn beginnings_return(value in prop_oneof![plan().prop_map(Ok), refusal().prop_map(Err)]) {
        returns::<Result<WritePlan, Refusal>>(&value)?;
    }
    #[test]
    fn steps_return(value in step()) { returns(&value)?; }
    #[test]
    fn events_return(value in event()) { returns(&value)?; }
    #[test]
    fn failures_return(value in failure()) { returns(&value)?; }

    #[test]
    fn no_records_panic(message in prop::collection::vec(record(), 0..12)) {
        decode_as_everything(&message);
    }

    /// True messages with one thing wrong reach further than noise does.
    #[test]
    fn no_damaged_message_panics(step in step(), event in event(), at in any::<prop::sample::Index>(), bad in record()) {
        for mut message in [encode(&step), encode(&event)] {
            let at = at.index(message.len());
            decode_as_everything(&message[..at]);
            message[at] = bad.clone();
            decode_as_everything(&message);
        }
    }

    #[test]
    fn a_message_cut_short_is_not_taken_for_a_whole_one(plan in plan(), at in any::<prop::sample::Index>()) {
        let message = encode(&plan);
        let at = at.index(message.len());
        prop_assert!(decode::<WritePlan>(&message[..at]).is_err());
    }
}

fn record() -> impl Strategy<Value = Record> {
    let code = prop_oneof![
        4 => prop::sample::select(codes::TABLE).prop_map(|(_, code)| code),
        1 => any::<u32>(),
    ];
    let flags = prop_oneof![0..16u32, any::<u32>()];
    let number = prop_oneof![0..4u64, any::<u64>()];
    let reserved = prop_oneof![9 => Just(0), 1 => any::<u64>()];
    (code, flags, any::<i64>(), number, bytes(), reserved).prop_map(
        |(code, flags, lba, count, bytes, reserved)| {
            let mut record = Record::word(code).lba(lba).count(count).bytes(&bytes);
            record.flags = flags;
            record.reserved = reserved;
            record
        },
    )
}

fn decode_as_everything(message: &[Record]) {
    let _ = decode::<WriterInfo>(message);
    let _ = decode::<MediaFacts>(message);
    let _ = decode::<(MediaFacts, Request)>(message);
    let _ = decode::<Fit>(message);
    let _ = decode::<Result<WritePlan, Refusal>>(message);
    let _ = decode::<Step>(message);
    let _ = decode::<Event>(message);
}

/// The names of the variants of an enum of the SDK, from its source.
fn variants<'a>(source: &'a str, name: &str) -> BTreeSet<&'a str> {
    let start = source.find(&format!("pub enum {name} {{")).expect(name);
    let body = &source[start..];
    let body = &body[..body.find("\n}").unwrap()];
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| {
            line.split(|c: char| !c.is_ascii_alphanumeric())
                .next()
                .unwrap()
        })
        .collect()
}

fn sampled<T: Debug>(strategy: impl Strategy<Value = T>) -> BTreeSet<String> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..2000)
        .map(|_| {
            let value = strategy.new_tree(&mut runner).unwrap().current();
            let words = format!("{value:?}");
            words
                .split(|c: char| !c.is_ascii_alphanumeric())
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

/// A variant that is added to the SDK and forgotten here would cross as [`codes::WITHOUT_CODE`]: the
/// enums are open, so the compiler does not say.
#[test]
#[cfg_attr(miri, ignore = "reads sources, and draws thousands of values")]
fn every_word_of_the_sdk_is_drawn_by_these_tests() {
    let plan = include_str!("../../writer/src/plan.rs");
    let step = include_str!("../../writer/src/step.rs");
    let request = include_str!("../../writer/src/request.rs");
    let refusal = include_str!("../../writer/src/refusal.rs");
    let writer = include_str!("../../writer/src/writer.rs");
    let check = |source, name, drawn: BTreeSet<String>| {
        let drawn: BTreeSet<&str> = drawn.iter().map(String::as_str).collect();
        assert_eq!(variants(source, name), drawn, "{name}");
    };
    check(step, "Step", sampled(common::step()));
    check(step, "Event", sampled(event()));
    check(step, "Failure", sampled(failure()));
    check(request, "Request", sampled(common::request()));
    check(request, "Placement", sampled(placement()));
    check(request, "Finish", sampled(finish()));
    check(request, "Speed", sampled(speed()));
    check(refusal, "Refusal", sampled(common::refusal()));
    check(refusal, "MissingFact", sampled(missing()));
    check(writer, "Fit", sampled(fit()));
    let layout = include_str!("../../writer/src/cd/layout.rs");
    check(layout, "CdMode", sampled(cd_mode()));
    check(layout, "CdSubchannel", sampled(cd_subchannel()));
    check(layout, "LayoutFault", sampled(layout_fault()));
    check(plan, "Move", sampled(purpose()));
    check(plan, "Occasion", sampled(occasion()));
    check(plan, "Settle", sampled(settle()));
    check(plan, "BlockForm", sampled(form()));
    check(plan, "Origin", sampled(origin()));
    check(plan, "WriteCommand", sampled(write_command()));
    check(plan, "Warning", sampled(warning()));
}

/// Numbers of a few words, as they were given out: the golden list guards names, this guards the use.
#[test]
fn a_step_looks_like_this_on_the_border() {
    let message = encode(&Step::Write(3));
    assert_eq!(message.as_slice(), [Record::word(0x0901).count(3)]);
    let extent = Extent::image(Lba(-150), 32, 16);
    assert_eq!(
        encode(&extent).as_slice(),
        [
            Record::word(0x0606)
                .flag(1, true)
                .lba(-150)
                .count(32)
                .numbers(&[2048, 16, 0]),
            Record::word(0x0610),
            Record::word(0x0620),
        ]
    );
}

#[test]
fn words_of_a_newer_sdk_are_told_apart_from_faults() {
    let newer = [Record::word(0x0950)];
    assert_eq!(
        decode::<Step>(&newer),
        Err(DecodeError::UnknownCode { code: 0x0950 })
    );
    assert_eq!(
        DecodeError::UnknownCode { code: 0x0950 }.into_failure(),
        Failure::UnknownWord { code: 0x0950 }
    );
    let newer = [
        Record::word(codes::FIT_REFUSES),
        Record::word(0x0570),
        Record::word(0x0571),
    ];
    assert_eq!(
        decode::<Fit>(&newer),
        Ok(Fit::Refuses(Refusal::Unknown { code: 0x0570 }))
    );
    assert_eq!(
        decode::<Step>(&[Record::word(codes::STEP_IDENTIFY).flag(1, true)]),
        Err(DecodeError::UnknownFlags {
            code: codes::STEP_IDENTIFY,
            flags: 1
        })
    );
}

#[test]
fn a_newer_warning_is_passed_on_by_its_number() {
    let mut plan = WritePlan::default();
    plan.warnings = vec![Warning::FormatsFirst];
    let mut message = encode(&plan);
    message[1] = Record::word(0x0850);
    assert_eq!(
        decode::<WritePlan>(&message).unwrap().warnings,
        [Warning::Unknown { code: 0x0850 }]
    );
}

#[test]
fn impossible_fields_are_named() {
    let bad = |record: Record| decode::<Step>(&[record]).unwrap_err().to_string();
    assert_eq!(
        bad(Record::word(codes::STEP_WRITE).count(1 << 32)),
        "STEP_WRITE has an impossible index"
    );
    assert_eq!(
        bad(Record::word(codes::STEP_ASK)),
        "STEP_ASK has an impossible command descriptor block"
    );
    let mut reserved = Record::word(codes::STEP_FINISHED);
    reserved.reserved = 1;
    assert_eq!(
        bad(reserved),
        "STEP_FINISHED has an impossible reserved field"
    );
    let mut wide = encode(&Extent::image(Lba(0), 1, 1));
    wide[0].lba = 1 << 40;
    assert_eq!(
        decode::<Extent>(&wide),
        Err(DecodeError::BadValue {
            code: codes::EXTENT,
            field: "address"
        })
    );
}

#[test]
fn bytes_are_bounded_at_256_kib() {
    let answer = |bytes: usize| encode(&Event::Answer(vec![0; bytes]));
    assert!(decode::<Event>(&answer(MAX_BYTES)).is_ok());
    assert_eq!(
        decode::<Event>(&answer(MAX_BYTES + 1)),
        Err(DecodeError::TooManyBytes {
            code: codes::EVENT_ANSWER,
            bytes: MAX_BYTES + 1
        })
    );
}

#[test]
fn a_promise_of_many_is_not_believed() {
    let mut message = encode(&Profile::BdRSrm);
    message.insert(0, Record::word(codes::WRITER).count(u64::MAX));
    message.insert(1, Record::word(codes::WRITER_SUMMARY));
    assert_eq!(decode::<WriterInfo>(&message), Err(DecodeError::Ended));
}

#[test]
fn messages_are_bounded() {
    let many: Message = (0..=MAX_RECORDS)
        .map(|_| Record::word(codes::PROFILE))
        .collect();
    assert!(matches!(
        Cursor::new(&many),
        Err(DecodeError::TooLarge { .. })
    ));
    let two = [
        Record::word(codes::STEP_FINISHED),
        Record::word(codes::STEP_FINISHED),
    ];
    assert_eq!(
        decode::<Step>(&two),
        Err(DecodeError::Trailing {
            code: codes::STEP_FINISHED
        })
    );
}
