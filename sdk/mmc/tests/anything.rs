//! Whatever arrives is printed: the fuzz targets' functions on a stable
//! toolchain, over a small corpus and random bytes.

use pitland_mmc::pretty::{describe, describe_mode_pages, describe_reply, describe_sense};
use pitland_mmc::{Sense, mode_page::ModePage};
use proptest::prelude::*;

/// As the fuzz target `cdb`: a length, the block, the parameter list.
fn cdb(data: &[u8]) -> String {
    let (block, list) = split(data);
    describe(block, list)
}

/// As the fuzz target `reply`.
fn reply(data: &[u8]) -> String {
    let (block, reply) = split(data);
    describe_reply(block, reply)
}

fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((len, rest)) = data.split_first() else {
        return (&[], &[]);
    };
    rest.split_at(rest.len().min(usize::from(len % 17)))
}

fn all(data: &[u8]) {
    for text in [
        cdb(data),
        reply(data),
        describe_sense(data),
        describe_mode_pages(data),
    ] {
        assert!(!text.is_empty());
        assert!(!text.contains('\n') && !text.contains('\x1b'), "{text:?}");
    }
    if let Ok(sense) = Sense::parse(data) {
        let again = Sense::parse(&sense.emit()).map(|s| s.triple());
        assert_eq!(again, Ok(sense.triple()));
    }
    if let Ok(page) = ModePage::parse(data) {
        let emitted = page.emit();
        assert_eq!(ModePage::parse(&emitted).map(|p| p.emit()), Ok(emitted));
    }
}

#[test]
fn the_corpus_is_printed() {
    for entry in [
        &b""[..],
        b"\x00",
        b"\x0a",
        b"\x06\x00\x00\x00\x00\x00\x00",
        b"\x0a\x55\x10\0\0\0\0\0\0\x3c\0\0\0\0\0\0\0\0\0\x05\x32\x41\xc5\x08\x10",
        b"\x0a\x5d\0\0\0\0\0\0\0\x08\0\x01\0\0\x01\0\0\0\0",
        b"\x06\x04\x11\0\0\0\0\0\x02\0\x08\xff\xff\xff\xff\x98\0\0\0",
        b"\x0a\x46\0\0\0\0\0\0\0\xff\0\xff\xff\xff\xff\0\0\0\x41\0\0\x03\xff",
        b"\x0a\x23\0\0\0\0\0\0\0\xff\0\0\0\0\xf8\0\0\0\0\x01",
        b"\x0c\xac\0\0\0\0\0\0\0\0\xff\x03\0\xff\xff\xff\xff\0\0\0\0",
        b"\x0a\x43\0\x02\0\0\0\0\xff\xff\0\xff\xff\x01\x02",
        b"\x0c\xad\0\0\0\0\0\0\0\xff\xff\0\0\xff\xff\0\0",
        b"\x72\x05\x24\x00\x00\x00\x00\xff\x02\xff\x00",
        b"\x72\x02\x04\x07\x00\x00\x00\x03\x02\x01\x00",
        b"\x00\x00\x00\x00\x00\x00\xff\xff",
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x41\x00\xff\xff",
    ] {
        all(entry);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_bytes_are_printed(data in prop::collection::vec(any::<u8>(), 0..400)) {
        all(&data);
    }

    #[test]
    fn random_mode_pages_are_printed(
        code in prop::sample::select(&[0x01u8, 0x05, 0x08, 0x1A, 0x1D, 0x2A, 0x30, 0x41]),
        mut page in prop::collection::vec(any::<u8>(), 2..90),
    ) {
        page[0] = code;
        page[1] = page[1].min((page.len() - 2) as u8);
        all(&page);
    }

    /// A known operation code with a clean block reaches the replies.
    #[test]
    fn random_replies_to_known_commands_are_printed(
        block in prop::sample::select(BLOCKS),
        reply in prop::collection::vec(any::<u8>(), 0..300),
        small in any::<bool>(),
    ) {
        let mut reply = reply;
        if small {
            for byte in reply.iter_mut().take(4) {
                *byte &= 0x3F;
            }
        }
        prop_assert!(!describe_reply(block, &reply).is_empty());
        prop_assert!(!describe(block, &reply).is_empty());
    }
}

const BLOCKS: &[&[u8]] = &[
    b"\x03\0\0\0\xff\0",
    b"\x04\x11\0\0\0\0",
    b"\x12\0\0\0\xff\0",
    b"\x23\0\0\0\0\0\0\0\xff\0",
    b"\x25\0\0\0\0\0\0\0\0\0",
    b"\x43\0\0\0\0\0\0\0\xff\0",
    b"\x43\x02\x01\0\0\0\0\0\xff\0",
    b"\x43\0\x02\0\0\0\0\0\xff\0",
    b"\x43\0\x04\0\0\0\0\0\xff\0",
    b"\x43\0\x05\0\0\0\0\0\xff\0",
    b"\x46\0\0\0\0\0\0\0\xff\0",
    b"\x4a\x01\0\0\xff\0\0\0\xff\0",
    b"\x51\0\0\0\0\0\0\0\xff\0",
    b"\x51\x02\0\0\0\0\0\0\xff\0",
    b"\x52\0\0\0\0\0\0\0\xff\0",
    b"\x54\0\0\0\0\0\0\0\xff\0",
    b"\x55\x10\0\0\0\0\0\0\xff\0",
    b"\x5a\0\0\0\0\0\0\0\xff\0",
    b"\x5c\0\0\0\0\0\0\0\xff\0",
    b"\x5d\0\0\0\0\0\0\0\xff\0",
    b"\xac\0\0\0\0\0\0\0\0\xff\0\0",
    b"\xac\0\0\0\0\0\0\0\0\xff\x03\0",
    b"\xad\0\0\0\0\0\0\0\0\xff\0\0",
    b"\xad\0\0\0\0\0\0\x20\0\xff\0\0",
    b"\xad\x01\0\0\0\0\0\0\0\xff\0\0",
    b"\xb6\0\0\0\0\0\0\0\0\0\xff\0",
    b"\xbf\0\0\0\0\0\0\x20\0\xff\0\0",
];
