//! Rust source without its comments and literals, line for line. Knows just enough of the language for
//! that.

/// The text with comments and the insides of strings and characters blanked; lines stay lines.
pub(crate) fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let skip = match rest[0] {
            '/' if rest.get(1) == Some(&'/') => rest.iter().take_while(|c| **c != '\n').count(),
            '/' if rest.get(1) == Some(&'*') => block_comment(rest),
            '"' => string(rest),
            'r' | 'b' if !ends_in_word(&out) => raw_string(rest).unwrap_or(0),
            '\'' => character(rest),
            _ => 0,
        };
        if skip == 0 {
            out.push(rest[0]);
            at += 1;
        } else {
            out.extend(
                rest[..skip]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { ' ' }),
            );
            at += skip;
        }
    }
    out
}

fn ends_in_word(out: &str) -> bool {
    out.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match (rest[at], rest.get(at + 1)) {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at.min(rest.len())
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn raw_string(rest: &[char]) -> Option<usize> {
    let mut at = 1;
    if rest[0] == 'b' && rest.get(1) == Some(&'r') {
        at = 2;
    } else if rest[0] == 'b' {
        return None;
    }
    let hashes = rest[at..].iter().take_while(|c| **c == '#').count();
    at += hashes;
    if rest.get(at) != Some(&'"') {
        return None;
    }
    at += 1;
    while at < rest.len() {
        let closes =
            rest[at] == '"' && rest[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
        at += 1;
        if closes {
            return Some(at + hashes);
        }
    }
    Some(rest.len())
}

/// A character, not a lifetime.
fn character(rest: &[char]) -> usize {
    match (rest.get(1), rest.get(2)) {
        (Some('\\'), _) => rest
            .iter()
            .skip(3)
            .position(|c| *c == '\'')
            .map_or(0, |at| at + 4),
        (Some(_), Some('\'')) => 3,
        _ => 0,
    }
}

/// Whether a line has this word, whole.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(inside) && !line[at + word.len()..].starts_with(inside)
    })
}

#[test]
fn comments_and_literals_are_blanked_and_nothing_else() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        ("f(\"x \\\" y\") g", "f(        ) g"),
        ("r#\"a \" b\"# c", "           c"),
        ("'x' '\\n' '\\u{41}' &'a T", "                  &'a T"),
        ("br\"no\" b", "       b"),
    ];
    for (text, code) in cases {
        assert_eq!(code_of(text), code, "{text}");
    }
}

#[test]
fn words_are_whole() {
    assert!(has_word("pub unsafe fn", "unsafe"));
    assert!(!has_word("unsafe_code", "unsafe") && !has_word("not_unsafe", "unsafe"));
}
