//! What the text files that describe discs have in common: their encoding, their size, and how they write times.

use pitland_mmc::Msf;

/// Longer files describe no disc.
const MOST_BYTES: usize = 1 << 20;

/// Text in UTF-8, with or without its mark, else in Latin-1; `None`: it is none, or too long.
pub(crate) fn decoded(text: &[u8]) -> Option<String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.len() > MOST_BYTES || text.contains(&0) {
        return None;
    }
    Some(match std::str::from_utf8(text) {
        Ok(text) => text.to_owned(),
        Err(_) => text.iter().copied().map(char::from).collect(),
    })
}

/// Frames of a time in minutes, seconds and frames. Minutes may have more than two digits: files are longer than discs.
pub(crate) fn frames_of(time: &str) -> Option<u32> {
    let parts: Vec<u32> = time
        .split(':')
        .map(|part| {
            let digits = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        })
        .collect::<Option<_>>()?;
    match parts[..] {
        [m, s, f] if s < 60 && f < Msf::FRAMES_PER_SECOND => {
            Some((m * 60 + s) * Msf::FRAMES_PER_SECOND + f)
        }
        _ => None,
    }
}

/// A time as such files have it, with as many minutes as it takes.
pub(crate) fn time_of(frames: u32) -> String {
    let (seconds, frames) = (
        frames / Msf::FRAMES_PER_SECOND,
        frames % Msf::FRAMES_PER_SECOND,
    );
    format!("{:02}:{:02}:{frames:02}", seconds / 60, seconds % 60)
}
