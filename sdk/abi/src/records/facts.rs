//! What is known of a drive and its medium, as records: the raw answers, read anew on arrival.

use super::{Cursor, DecodeError, Words, length};
use crate::codes::*;
use crate::record::{Message, Record};
use pitland_writer::{Answer, MediaFacts};

impl Words for Answer {
    fn put(&self, out: &mut Message) {
        out.push(Record::word(ANSWER_COMMAND).bytes(self.cdb.as_slice()));
        out.push(Record::word(ANSWER_DATA).bytes(&self.data));
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let cdb = from.expect(ANSWER_COMMAND)?.cdb()?;
        let data = from.expect(ANSWER_DATA)?.bytes.to_vec();
        Ok(Self { cdb, data })
    }
}

impl Words for MediaFacts {
    fn put(&self, out: &mut Message) {
        let answers = &self.answers;
        out.push(Record::word(FACTS).count(length(answers.len())));
        for answer in answers {
            answer.put(out);
        }
    }

    fn take(from: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let count = from.expect(FACTS)?.count;
        Ok(Self::from_answers(from.take_many(count)?))
    }
}
