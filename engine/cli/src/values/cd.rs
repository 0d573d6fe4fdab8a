//! Values of options for CDs.

use clap::builder::{OsStringValueParser, TypedValueParser};
use pitland::cd::{CdTextFrom, Level};
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

/// Where an album is brought to without a word: what ReplayGain 2.0 brings music to.
const USUAL_LUFS: f64 = -18.0;
/// Full scale.
const PEAK_CEILING: f64 = 0.0;
/// One decibel below, for what lies between the samples.
const LOUDNESS_CEILING: f64 = -1.0;

/// A level: `peak`, `loudness`, or `loudness=LUFS`.
pub(crate) fn level(text: &str) -> Result<Level, String> {
    let (kind, target) = match text.split_once('=') {
        Some((kind, target)) => (kind, Some(target)),
        None => (text, None),
    };
    let lufs = target.map_or(Some(USUAL_LUFS), |target| target.parse().ok());
    match (
        kind,
        target,
        lufs.filter(|lufs| (-60.0..=0.0).contains(lufs)),
    ) {
        ("peak", None, _) => Ok(Level::Peak {
            ceiling: PEAK_CEILING,
        }),
        ("loudness", _, Some(target)) => Ok(Level::Loudness {
            target,
            ceiling: LOUDNESS_CEILING,
        }),
        _ => Err("a level is peak, loudness, or loudness=LUFS with -60 to 0 LUFS".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_peak_or_loudness() {
        assert_eq!(level("peak"), Ok(Level::Peak { ceiling: 0.0 }));
        for (text, target) in [("loudness", -18.0), ("loudness=-23.5", -23.5)] {
            let ceiling = -1.0;
            assert_eq!(level(text), Ok(Level::Loudness { target, ceiling }));
        }
        for wrong in [
            "",
            "peak=1",
            "loud",
            "loudness=",
            "loudness=1",
            "loudness=NaN",
        ] {
            assert!(level(wrong).is_err(), "{wrong}");
        }
    }

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
