//! Keys and values as text: `key=value`, each ended by a zero byte.
//!
//! Owns the form and its bounds. Must not know any key.

/// Most bytes of text that one exchange may bring, over all its PDUs.
pub const MOST_TEXT: usize = 16 * 1024;
/// Most pairs that one exchange may bring.
pub const MOST_PAIRS: usize = 64;
/// Longest key; the standard's longest is half of this.
const MOST_KEY: usize = 63;

/// What is wrong with a text. The peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It does not end.
    #[error("the peer's text is longer than {MOST_TEXT} bytes")]
    TooLong,
    /// It has too many pairs.
    #[error("the peer's text has more than {MOST_PAIRS} keys")]
    TooManyPairs,
    /// A pair has no `=`, or a key that is none.
    #[error("the peer's text has a part that is no key=value")]
    NoPair,
    /// It is not UTF-8.
    #[error("the peer's text is not UTF-8")]
    NotText,
}

/// Gathers text that may come in several PDUs.
#[derive(Debug, Default)]
pub(crate) struct TextBuffer {
    bytes: Vec<u8>,
}

impl TextBuffer {
    /// Adds what one PDU brought.
    pub(crate) fn push(&mut self, part: &[u8]) -> Result<(), TextError> {
        if self.bytes.len() + part.len() > MOST_TEXT {
            return Err(TextError::TooLong);
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }

    /// The whole text; the buffer is empty afterwards.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }
}

/// Takes a whole text apart, in the order in which it came.
///
/// # Errors
/// A [`TextError`].
pub fn parse_pairs(text: &[u8]) -> Result<Vec<(&str, &str)>, TextError> {
    if text.len() > MOST_TEXT {
        return Err(TextError::TooLong);
    }
    let mut pairs = Vec::new();
    for part in text.split(|byte| *byte == 0) {
        // Between two zeros is nothing: some peers end their text twice.
        if part.is_empty() {
            continue;
        }
        if pairs.len() == MOST_PAIRS {
            return Err(TextError::TooManyPairs);
        }
        let part = core::str::from_utf8(part).map_err(|_| TextError::NotText)?;
        let (key, value) = part.split_once('=').ok_or(TextError::NoPair)?;
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b".-+@_#".contains(&byte);
        if key.is_empty() || key.len() > MOST_KEY || !key.bytes().all(is_key) {
            return Err(TextError::NoPair);
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// Adds one pair to a text.
pub fn push_pair(text: &mut Vec<u8>, key: &str, value: &str) {
    text.extend(key.bytes());
    text.push(b'=');
    text.extend(value.bytes().filter(|byte| *byte != 0));
    text.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pairs_come_in_their_order_and_a_value_may_hold_anything() {
        let text = b"InitiatorName=iqn.x:a=b\0\0SessionType=Normal\0Empty=";
        assert_eq!(
            parse_pairs(text),
            Ok(vec![
                ("InitiatorName", "iqn.x:a=b"),
                ("SessionType", "Normal"),
                ("Empty", "")
            ])
        );
    }

    #[test]
    fn what_is_no_pair_is_told() {
        assert_eq!(parse_pairs(b"Initiator"), Err(TextError::NoPair));
        assert_eq!(parse_pairs(b"=x"), Err(TextError::NoPair));
        assert_eq!(parse_pairs(b"a b=x"), Err(TextError::NoPair));
        assert_eq!(parse_pairs(b"a=\xFF"), Err(TextError::NotText));
        assert_eq!(
            parse_pairs(&b"a=1\0".repeat(65)),
            Err(TextError::TooManyPairs)
        );
    }

    #[test]
    fn a_text_that_does_not_end_is_cut_off() {
        let mut buffer = TextBuffer::default();
        let part = [b'a'; 8192];
        assert_eq!(buffer.push(&part), Ok(()));
        assert_eq!(buffer.push(&part), Ok(()));
        assert_eq!(buffer.push(b"a"), Err(TextError::TooLong));
        assert_eq!(buffer.take().len(), MOST_TEXT);
        assert!(buffer.take().is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(pairs in prop::collection::vec(("[A-Za-z][A-Za-z0-9.#-]{0,30}", "[ -~]{0,40}"), 0..20)) {
            let mut text = Vec::new();
            for (key, value) in &pairs {
                push_pair(&mut text, key, value);
            }
            let read = parse_pairs(&text).unwrap();
            prop_assert!(read.iter().copied().eq(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str()))));
        }

        #[test]
        fn any_text_is_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..2000)) {
            if let Ok(pairs) = parse_pairs(&text) {
                prop_assert!(pairs.len() <= MOST_PAIRS);
            }
        }
    }
}
