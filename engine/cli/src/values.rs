//! Values of options: from what a person types to what is meant. Pure; each error is one sentence.

mod boot;
mod cd;

pub(crate) use boot::boot_image;
pub(crate) use cd::{cd_text, lead_in, level};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use pitland::Speed;
use pitland::mastering::UdfRevision;
use pitland::mastering::tree::Globs;
use pitland::transport::sim::DiscType;
use std::num::NonZeroU32;

/// Suffixes of sizes and their factors.
const UNITS: [(&str, u64); 14] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("k", 1 << 10),
    ("K", 1 << 10),
    ("M", 1 << 20),
    ("G", 1 << 30),
    ("T", 1 << 40),
];

/// Bytes: a whole number, with a unit or without.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, *factor)))
        .unwrap_or((text, 1));
    digits(number)
        .and_then(|number| number.checked_mul(factor))
        .filter(|size| *size > 0)
        .ok_or_else(|| "a size is a whole number above 0, with k, M, G, T (1024), kB, MB, GB, TB (1000) or nothing behind it".into())
}

/// The same, or 0.
pub(crate) fn size_or_none(text: &str) -> Result<u64, String> {
    if text == "0" { Ok(0) } else { size(text) }
}

/// The size of a ring: whole MiB between bounds.
pub(crate) fn ring(text: &str) -> Result<u64, String> {
    const MIB: u64 = 1 << 20;
    let bytes = size(text)?;
    if (2 * MIB..=1024 * MIB).contains(&bytes) && bytes.is_multiple_of(MIB) {
        Ok(bytes)
    } else {
        Err("a buffer is 2M to 1G, in whole MiB".into())
    }
}

/// A disc, by the name that it is sold under.
pub(crate) fn disc() -> impl TypedValueParser<Value = DiscType> {
    PossibleValuesParser::new(DiscType::ALL.map(DiscType::name))
        .try_map(|name| name.parse::<DiscType>())
}

/// A revision of UDF.
pub(crate) fn udf(text: &str) -> Result<UdfRevision, String> {
    let all = UdfRevision::ALL.map(|revision| revision.to_string());
    text.parse()
        .map_err(|_| format!("a revision of UDF is one of {}", all.join(", ")))
}

/// A pattern of paths.
pub(crate) fn glob(text: &str) -> Result<String, String> {
    match Globs::new([text]) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.reason),
    }
}

/// A write speed: `max`, `4x`, `2.4x`, or kB/s.
pub(crate) fn speed(text: &str) -> Result<Speed, String> {
    let wrong = || "a speed is max, a multiple such as 4x or 2.4x, or kB/s such as 8310".to_owned();
    if text == "max" {
        return Ok(Speed::Maximum);
    }
    let Some(multiple) = text.strip_suffix('x') else {
        let speed = digits(text)
            .and_then(|n| u32::try_from(n).ok())
            .and_then(NonZeroU32::new);
        return speed.map(Speed::KilobytesPerSecond).ok_or_else(wrong);
    };
    let (whole, tenth) = multiple.split_once('.').unwrap_or((multiple, "0"));
    let tenths = match (digits(whole), digits(tenth), tenth.len()) {
        (Some(whole), Some(tenth), 1) => whole.checked_mul(10).and_then(|w| w.checked_add(tenth)),
        _ => None,
    };
    let tenths = tenths
        .and_then(|n| u32::try_from(n).ok())
        .and_then(NonZeroU32::new);
    tenths.map(Speed::TenthsOfNominal).ok_or_else(wrong)
}

/// A format type: 0 to 63, decimal or hexadecimal.
pub(crate) fn format_kind(text: &str) -> Result<u8, String> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_suffix('h'));
    let kind = match hexadecimal {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            u8::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None => digits(text).and_then(|n| u8::try_from(n).ok()),
    };
    kind.filter(|kind| *kind < 64)
        .ok_or_else(|| "a format type is 0 to 63, or hexadecimal as 26h or 0x26".into())
}

/// A byte: two hexadecimal digits.
pub(crate) fn byte(text: &str) -> Result<u8, String> {
    let is_byte = text.len() == 2 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let byte = is_byte.then(|| u8::from_str_radix(text, 16).ok()).flatten();
    byte.ok_or_else(|| "a byte is two hexadecimal digits, as 5a".into())
}

/// The name under which a drive is held.
pub(crate) fn client(text: &str) -> Result<String, String> {
    if (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("a name has 1 to 64 characters, none of them a control character".into())
    }
}

/// A volume's name.
pub(crate) fn volume_id(text: &str) -> Result<String, String> {
    if text.chars().count() <= 32 && text.len() <= 128 && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("a volume's name has at most 32 characters, none of them a control character".into())
    }
}

/// A number of decimal digits and nothing else: no sign, no space.
fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024_and_of_1000() {
        for (text, bytes) in [
            ("1", 1),
            ("2048", 2048),
            ("4k", 4096),
            ("4KiB", 4096),
            ("4kB", 4000),
            ("25G", 25 << 30),
            ("25GB", 25_000_000_000),
            ("1T", 1 << 40),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "0",
            "k",
            "-1",
            "+1",
            "1.5G",
            "1 G",
            "1GBs",
            "99999999999T",
            "0x10",
            "٣",
        ] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_is_a_size_only_where_that_makes_sense() {
        assert_eq!(size_or_none("0"), Ok(0));
        assert_eq!(size_or_none("1M"), Ok(1 << 20));
        assert!(size_or_none("").is_err());
        assert!(size_or_none("0M").is_err());
    }

    #[test]
    fn a_ring_is_some_whole_mebibytes() {
        assert_eq!(ring("2M"), Ok(2 << 20));
        assert_eq!(ring("1G"), Ok(1 << 30));
        for text in ["1M", "1025M", "2MB", "0", "2.5M"] {
            assert!(ring(text).is_err(), "{text}");
        }
    }

    #[test]
    fn speeds_are_multiples_or_kilobytes_per_second() {
        let tenths = |n| Speed::TenthsOfNominal(NonZeroU32::new(n).unwrap());
        assert_eq!(speed("max"), Ok(Speed::Maximum));
        assert_eq!(speed("4x"), Ok(tenths(40)));
        assert_eq!(speed("2.4x"), Ok(tenths(24)));
        assert_eq!(
            speed("8310"),
            Ok(Speed::KilobytesPerSecond(NonZeroU32::new(8310).unwrap()))
        );
        for text in [
            "",
            "0",
            "0x",
            "x",
            "-4x",
            "2.44x",
            "2.x",
            "fast",
            "4X",
            "99999999999x",
            "1e3",
        ] {
            assert!(speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn format_types_are_numbers_below_64() {
        assert_eq!(format_kind("0"), Ok(0));
        assert_eq!(format_kind("26h"), Ok(0x26));
        assert_eq!(format_kind("0x31"), Ok(0x31));
        for text in ["", "h", "0x", "64", "40h", "300", "-1", "0x+1"] {
            assert!(format_kind(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_that_could_deceive_a_terminal_are_refused() {
        assert!(client("archive").is_ok());
        assert!(client("").is_err());
        assert!(client("a\u{1b}[2J").is_err());
        assert!(client(&"n".repeat(65)).is_err());
        assert!(volume_id(&"V".repeat(33)).is_err());
    }
}
