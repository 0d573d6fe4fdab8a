//! Raw images, block by block.

use super::*;
use crate::disc::{Limits, Track};
use crate::sector::Subheader;
use crate::subchannel::Q;
use crate::text::{CdText, Language, TextBlock, TextKind};

/// Each sector says whose it is.
struct Told;

impl ProgramSource for Told {
    fn read(&mut self, track: u8, frame: u32, out: &mut [u8]) -> io::Result<()> {
        out.fill(track);
        out[..4].copy_from_slice(&frame.to_le_bytes());
        Ok(())
    }
}

fn read(image: &RawImage<'_>, form: SubchannelForm, lba: i32) -> Vec<u8> {
    let mut out = vec![0; form.block_bytes()];
    assert_eq!(image.read_blocks(Lba(lba), &mut Told, &mut out).unwrap(), 1);
    out
}

#[test]
fn every_form_holds_the_same_sectors_and_the_same_q() {
    let session = Session::new(
        vec![Track::audio(300), Track::audio(400).with_pause(150)],
        &Limits::ADDRESSES,
    )
    .unwrap();
    let text = TextBlock::new(Language::ENGLISH, 1, 2).with(TextKind::Title, 0, "Raw");
    let packs = CdText { blocks: vec![text] }.packs().unwrap();
    let image = |form| RawImage::new(&session, Lba(-4650), form, packs.clone());
    let forms = [
        SubchannelForm::Raw96,
        SubchannelForm::Packed96,
        SubchannelForm::Pq16,
    ];
    for lba in [
        -4650, -4000, -151, -150, 0, 299, 300, 449, 450, 849, 850, 7599,
    ] {
        let [a, b, c] = forms.map(|form| read(&image(form), form, lba));
        assert_eq!(a, b);
        assert_eq!(a[..SECTOR_BYTES], c[..SECTOR_BYTES]);
        let raw = Channels::from_interleaved(a[SECTOR_BYTES..].try_into().unwrap());
        let sixteen = Channels::from_sixteen(c[SECTOR_BYTES..].try_into().unwrap());
        assert_eq!((raw.q(), raw.p()), (sixteen.q(), sixteen.p()));
        assert!(Q::parse(&raw.q()).is_ok());
        assert_eq!(
            raw.symbols() != [0; 96],
            lba < -150,
            "texts are in the lead-in"
        );
    }
    let whole = image(SubchannelForm::Raw96);
    assert_eq!(whole.blocks(), 4650 + 850 + LEAD_OUT_BLOCKS);
    let mut beyond = vec![7; 2 * 2448];
    assert_eq!(
        whole
            .read_blocks(Lba(7599), &mut Told, &mut beyond)
            .unwrap(),
        1
    );
    assert_eq!(beyond[2448..], [7; 2448], "behind the end nothing is made");
}

#[test]
fn the_source_is_asked_for_each_of_its_sectors_once_and_silence_for_none() {
    let second = Track {
        lead: 10,
        ..Track::audio(300).with_pause(20)
    };
    let session = Session::new(vec![Track::audio(300), second], &Limits::ADDRESSES).unwrap();
    let image = RawImage::new(&session, Lba(-4650), SubchannelForm::Pq16, Vec::new());
    let sample = |lba| {
        let block = read(&image, SubchannelForm::Pq16, lba);
        (u32::from_le_bytes(block[..4].try_into().unwrap()), block[4])
    };
    assert_eq!(sample(0), (0, 1));
    assert_eq!(sample(299), (299, 1));
    assert_eq!(sample(300), (0, 0), "silence");
    assert_eq!(sample(320), (0, 2));
    assert_eq!(sample(330), (10, 2));
    assert_eq!(sample(-1), (0, 0));
}

#[test]
fn data_sectors_are_whole_and_scrambled_in_pauses_too() {
    for form in [SectorForm::Mode1, SectorForm::Mode2Form1(Subheader::data())] {
        let session = Session::new(vec![Track::data(form, 300)], &Limits::ADDRESSES).unwrap();
        let image = RawImage::new(&session, Lba(-4650), SubchannelForm::Raw96, Vec::new());
        for lba in [-4650, -151, -150, 0, 299, 300, 7049] {
            let block = read(&image, SubchannelForm::Raw96, lba);
            let mut sector: [u8; SECTOR_BYTES] = block[..SECTOR_BYTES].try_into().unwrap();
            let codec = SectorCodec::new();
            codec.scramble(&mut sector);
            assert_eq!(codec.judge(&sector), None, "{form:?} {lba}");
        }
    }
}
