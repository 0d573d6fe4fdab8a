//! A codec of others judges our sectors: it finds out what they are by their codes, and makes them again from the user's bytes.

use ecmlib::{Decoder, Encoder, Optimizations, SectorType};
use pitland_mmc::Lba;
use pitland_redbook::sector::Subheader;
use pitland_redbook::{SECTOR_BYTES, SectorCodec, SectorForm};
use proptest::prelude::*;

/// What the outsider takes each form for.
fn kinds(subheader: Subheader) -> [(SectorForm, SectorType); 3] {
    [
        (SectorForm::Mode1, SectorType::Mode1),
        (SectorForm::Mode2Form1(subheader), SectorType::Mode2Xa1),
        (SectorForm::Mode2Form2(subheader), SectorType::Mode2Xa2),
    ]
}

proptest! {
    #[test]
    fn an_outside_codec_knows_each_form_and_makes_the_same_sector(
        user in proptest::collection::vec(any::<u8>(), 2336),
        lba in 0i32..350_000,
        subheader in any::<[u8; 4]>(),
        portable in any::<bool>(),
    ) {
        let codec = match portable {
            true => SectorCodec::portable(),
            false => SectorCodec::new(),
        };
        let [file, channel, submode, coding] = subheader;
        for (form, kind) in kinds(Subheader { file, channel, submode, coding }) {
            let mut sector = [0; SECTOR_BYTES];
            codec.encode(form, Lba(lba), &user[..form.user_bytes()], &mut sector).unwrap();
            let mut encoder = Encoder::new(Optimizations::all());
            prop_assert_eq!(encoder.detect_sector_type(&sector).unwrap(), kind);
            let number = lba as u32 + 150;
            let bare = encoder.encode_sector(&sector, number, Some(kind), true).unwrap();
            prop_assert!(bare.len() <= form.user_bytes() + 4, "{} bytes are left", bare.len());
            let again = Decoder::new()
                .decode_sector(&bare, kind, number, encoder.get_last_used_optimizations())
                .unwrap();
            prop_assert!(again == sector, "{:?} differs", form);
        }
    }
}

/// The judge would find a wrong byte.
#[test]
fn the_outside_codec_takes_a_damaged_sector_for_none_of_ours() {
    for (form, kind) in kinds(Subheader::data()) {
        let mut sector = [0; SECTOR_BYTES];
        let user = vec![0xa5; form.user_bytes()];
        SectorCodec::new()
            .encode(form, Lba(0), &user, &mut sector)
            .unwrap();
        sector[1234] ^= 1;
        let found = Encoder::new(Optimizations::all()).detect_sector_type(&sector);
        assert_ne!(found.unwrap(), kind);
    }
}
