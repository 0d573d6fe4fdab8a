//! Texts recorded and read again.

use super::*;
use proptest::prelude::*;

fn album() -> TextBlock {
    TextBlock::new(Language::ENGLISH, 1, 3)
        .with(TextKind::Title, 0, "Pits and Lands")
        .with(TextKind::Title, 1, "A")
        .with(TextKind::Title, 2, "The second one is longer than a pack")
        .with(TextKind::Title, 3, "")
        .with(TextKind::Performer, 0, "Nobody")
}

/// As other programs record the beginning of such an album: 80h, of the album, the first pack, block 0.
#[test]
fn a_pack_tells_whose_its_first_character_is() {
    let packs = CdText {
        blocks: vec![album()],
    }
    .packs()
    .unwrap();
    let second = packs[1].bytes();
    assert_eq!(packs[0].bytes()[..4], [0x80, 0, 0, 0]);
    assert_eq!(&packs[0].bytes()[4..16], b"Pits and Lan");
    assert_eq!(second[..4], [0x80, 0, 1, 12]);
    assert_eq!(&second[4..16], b"ds\0A\0The sec");
    assert_eq!(packs[2].bytes()[..4], [0x80, 2, 2, 7]);
    assert_eq!(
        packs[3].bytes()[..4],
        [0x80, 2, 3, 15],
        "15 stands for more"
    );
    let sizes = &packs[packs.len() - 3..];
    assert!(sizes.iter().all(|pack| pack.kind() == PackKind::SIZES));
    assert_eq!(
        sizes[0].bytes()[4..10],
        [0, 1, 3, 0, 5, 1],
        "5 packs of titles, 1 of performers"
    );
}

#[test]
fn texts_are_read_as_they_were_recorded_in_each_language() {
    let mut japanese = TextBlock::new(Language::JAPANESE, 1, 3)
        .with(TextKind::Title, 0, "\u{6d77}\u{3068}\u{9678}")
        .with(TextKind::Title, 2, "\u{ff21}\u{ff22}")
        .with(TextKind::Code, 1, "USAT29902803");
    japanese.encoding = Encoding::MsJis;
    japanese.genre = Some((0x0010, "Classical".into()));
    let text = CdText {
        blocks: vec![album(), japanese],
    };
    let bytes: Vec<u8> = text
        .packs()
        .unwrap()
        .iter()
        .flat_map(|pack| *pack.bytes())
        .collect();
    let (read, faults) = CdText::parse(&bytes);
    assert_eq!(faults, []);
    let mut expected = text;
    // An empty text is no text.
    expected.blocks[0].texts.remove(&(TextKind::Title, 3));
    assert_eq!(read, expected);
}

#[test]
fn what_cannot_be_recorded_is_refused_by_name() {
    let wrong = |block: TextBlock| {
        CdText {
            blocks: vec![block],
        }
        .packs()
        .unwrap_err()
    };
    assert_eq!(
        wrong(album().with(TextKind::Title, 4, "x")),
        TextError::Track {
            track: 4,
            first: 1,
            last: 3
        }
    );
    assert_eq!(
        wrong(album().with(TextKind::Title, 1, "\u{6d77}")),
        TextError::Character {
            text: "\u{6d77}".into(),
            character: '\u{6d77}',
            encoding: Encoding::Latin1
        }
    );
    assert!(matches!(
        wrong(album().with(TextKind::Message, 0, "x".repeat(3000))),
        TextError::TooLong { packs: 257.. }
    ));
    let many = CdText {
        blocks: vec![album(); 9],
    };
    assert_eq!(many.packs(), Err(TextError::TooManyBlocks(9)));
}

#[test]
fn a_damaged_pack_costs_its_own_texts_alone() {
    let text = CdText {
        blocks: vec![album()],
    };
    let mut bytes: Vec<u8> = text
        .packs()
        .unwrap()
        .iter()
        .flat_map(|pack| *pack.bytes())
        .collect();
    bytes[18 + 6] ^= 1;
    let (read, faults) = CdText::parse(&bytes);
    assert_eq!(faults, [TextFault::Damaged(1), TextFault::Gap(2)]);
    let [block] = &read.blocks[..] else {
        panic!("one block is there");
    };
    assert_eq!(block.text(TextKind::Performer, 0), Some("Nobody"));
    assert_eq!(block.text(TextKind::Title, 2), None);
}

#[test]
fn four_packs_fill_the_sub_channel_of_a_sector_and_begin_again() {
    let packs = CdText {
        blocks: vec![album()],
    }
    .packs()
    .unwrap();
    let symbols = symbols_of(&packs, packs.len() - 1);
    let last = packs[packs.len() - 1].bytes();
    assert_eq!(symbols[0], last[0] >> 2);
    assert_eq!(symbols[23], last[17] & 0x3f);
    assert_eq!(symbols[24], packs[0].bytes()[0] >> 2);
    assert_eq!(symbols_of(&[], 5), [0; 96]);
}

proptest! {
    #[test]
    fn every_album_is_read_as_it_was_recorded(
        tracks in 1u8..20,
        texts in proptest::collection::vec((0usize..8, 0u8..20, "[ -~\u{a1}-\u{ff}]{1,40}"), 0..30),
    ) {
        let mut block = TextBlock::new(Language::FRENCH, 1, tracks);
        for (kind, track, text) in texts {
            let kind = TextKind::ALL[kind];
            let track = if kind == TextKind::DiscId { 0 } else { track % (tracks + 1) };
            block = block.with(kind, track, text);
        }
        let text = CdText { blocks: vec![block] };
        let Ok(packs) = text.packs() else {
            return Ok(());
        };
        let bytes: Vec<u8> = packs.iter().flat_map(|pack| *pack.bytes()).collect();
        let (read, faults) = CdText::parse(&bytes);
        prop_assert_eq!(faults, vec![]);
        prop_assert_eq!(read, text);
    }

    #[test]
    fn anything_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300), right in any::<bool>()) {
        let mut bytes = bytes;
        if right {
            for pack in bytes.as_chunks_mut::<18>().0 {
                let sum = crate::subchannel::checksum(&pack[..16]).to_be_bytes();
                pack[16..].copy_from_slice(&sum);
            }
        }
        let _ = CdText::parse(&bytes);
    }
}
