//! What devices say of themselves, fit for a terminal. Owns that form only.

/// What a device said of itself, fit for a terminal: padding is taken off,
/// whatever is not printable ASCII becomes `\xNN`.
pub(crate) fn printable(said: &[u8]) -> String {
    let is_padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = said.iter().position(|byte| !is_padding(byte));
    let end = said.iter().rposition(|byte| !is_padding(byte));
    let (Some(start), Some(end)) = (start, end) else {
        return String::new();
    };
    let mut text = String::new();
    for byte in said.get(start..=end).unwrap_or_default() {
        match byte {
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.extend(core::ascii::escape_default(*byte).map(char::from)),
        }
    }
    text
}
