//! `--boot HOST-FILE[,OPTION]...`. Options are taken from the right for as long as they read like some, so that commas in
//! HOST-FILE need no care; what reads like an option and is none is refused.

use clap::builder::{OsStringValueParser, TypedValueParser};
use pitland::mastering::Platform;
use pitland::{BootEmulation, BootImage};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The parser of the option's value, which may hold any bytes in its path.
pub(crate) fn boot_image() -> impl TypedValueParser<Value = BootImage> {
    OsStringValueParser::new().try_map(|given| boot(&given))
}

fn boot(given: &OsStr) -> Result<BootImage, String> {
    let mut path = given.as_bytes();
    let mut options = Vec::new();
    while let Some(comma) = path.iter().rposition(|byte| *byte == b',') {
        let (before, option) = path.split_at(comma);
        let Some(option) = std::str::from_utf8(option).ok().and_then(|o| o.get(1..)) else {
            break;
        };
        if !reads_like_an_option(option) {
            break;
        }
        options.push(option);
        path = before;
    }
    if path.is_empty() {
        return Err("the file of the image is missing".into());
    }
    let mut image = BootImage::new(Path::new(OsStr::from_bytes(path)), Platform::Bios);
    for option in options.into_iter().rev() {
        take(&mut image, option)?;
    }
    Ok(image)
}

fn reads_like_an_option(text: &str) -> bool {
    let word = text.split_once('=').map_or(text, |(word, _)| word);
    let of_a_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let is_word = !word.is_empty() && word.bytes().all(of_a_word);
    is_word && (text.contains('=') || word == "info-table")
}

fn take(image: &mut BootImage, option: &str) -> Result<(), String> {
    let (word, value) = option.split_once('=').unwrap_or((option, ""));
    match word {
        "platform" => image.platform = platform(value)?,
        "emulation" => image.emulation = emulation(value)?,
        "load-size" => {
            let sectors = value
                .parse()
                .map_err(|_| "load-size is a number of sectors of 512 bytes, at most 65535")?;
            image.load_sectors = Some(sectors);
        }
        "load-segment" => {
            let digits = value.strip_prefix("0x").unwrap_or(value);
            image.load_segment = u16::from_str_radix(digits, 16)
                .map_err(|_| "load-segment is a hexadecimal number, at most FFFF")?;
        }
        "id" => image.id = value.to_owned(),
        "info-table" if !option.contains('=') => image.info_table = true,
        _ => {
            return Err(format!(
                "{option} is none of platform=, emulation=, load-size=, load-segment=, id=, info-table"
            ));
        }
    }
    Ok(())
}

fn platform(value: &str) -> Result<Platform, String> {
    Ok(match value {
        "bios" => Platform::Bios,
        "efi" => Platform::Efi,
        number => {
            let code = match number.strip_prefix("0x") {
                Some(digits) => u8::from_str_radix(digits, 16),
                None => number.parse(),
            };
            Platform::from_code(code.map_err(|_| "a platform is bios, efi or a number up to 255")?)
        }
    })
}

fn emulation(value: &str) -> Result<BootEmulation, String> {
    Ok(match value {
        "none" => BootEmulation::None,
        "floppy" => BootEmulation::Floppy,
        "hd" => BootEmulation::HardDrive,
        _ => return Err("an emulation is none, floppy or hd".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<BootImage, String> {
        boot(OsStr::new(text))
    }

    #[test]
    fn options_stand_behind_the_file_whatever_its_name() {
        let image = of("a,B=C/boot.img,platform=efi,id=a name,load-size=8,load-segment=7c0,info-table,emulation=hd").unwrap();
        assert_eq!(image.path, Path::new("a,B=C/boot.img"));
        assert_eq!(image.platform, Platform::Efi);
        assert_eq!(image.emulation, BootEmulation::HardDrive);
        assert_eq!((image.load_sectors, image.load_segment), (Some(8), 0x7C0));
        assert!(image.info_table && image.id == "a name");
        let plain = of("boot.img").unwrap();
        assert_eq!(plain, BootImage::new("boot.img", Platform::Bios));
        assert_eq!(
            of("x,platform=0x42").unwrap().platform,
            Platform::Other(0x42)
        );
        let path = OsStr::from_bytes(b"\xff,\xfe");
        assert_eq!(boot(path).unwrap().path, Path::new(path));
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for text in [
            "",
            ",info-table",
            "x,colour=red",
            "x,platform=256",
            "x,platform=",
            "x,emulation=cd",
            "x,load-size=65536",
            "x,load-segment=10000",
            "x,info-table=yes",
        ] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
