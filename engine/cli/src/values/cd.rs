//! Values of options for CDs.

use clap::builder::{OsStringValueParser, TypedValueParser};
use pitland::cd::CdTextFrom;
use pitland::writer::mmc::{Lba, Msf};

/// Where the texts come from: `auto`, `none`, or a file (one of these names is `./auto`).
pub(crate) fn cd_text() -> impl TypedValueParser<Value = CdTextFrom> {
    OsStringValueParser::new().map(|name| match name.to_str() {
        Some("auto") => CdTextFrom::Auto,
        Some("none") => CdTextFrom::None,
        _ => CdTextFrom::File(name.into()),
    })
}

/// The beginning of a lead-in: its last minute at most is left away.
pub(crate) fn lead_in(text: &str) -> Result<Lba, String> {
    let mut parts = text
        .split(':')
        .map(|part| part.parse::<u8>().ok().filter(|_| part.len() == 2));
    let msf = match [parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(Some(m)), Some(Some(s)), Some(Some(f)), None] => Msf::new(m, s, f),
        _ => Msf::new(0, 0, 0),
    };
    msf.to_lba()
        .filter(|lba| msf.is_valid() && (-45_150..=-4_650).contains(&lba.0))
        .ok_or_else(|| "a lead-in begins at MM:SS:FF between 90:00:00 and 99:00:00".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_in_begins_behind_minute_89_and_has_a_minute() {
        assert_eq!(lead_in("95:00:00"), Ok(Lba(-22_650)));
        assert_eq!(lead_in("99:00:00"), Ok(Lba(-4_650)));
        assert_eq!(lead_in("90:00:00"), Ok(Lba(-45_150)));
        for wrong in [
            "",
            "95",
            "95:00",
            "99:00:01",
            "89:59:74",
            "95:60:00",
            "95:00:75",
            "95:0:0",
            "95:00:00:00",
        ] {
            assert!(lead_in(wrong).is_err(), "{wrong}");
        }
    }
}
