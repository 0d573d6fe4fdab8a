//! Tests over all commands: none may be left out, so they stand together.

use proptest::prelude::*;

use super::*;
use crate::addr::{Lba, Msf};

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap())
        .collect()
}

/// Bytes of each command, with every field set to a value of its own, and the
/// words for them.
#[rustfmt::skip]
const WORDS: &[(&str, &str)] = &[
    ("00 00 00 00 00 00", "TEST UNIT READY"),
    ("01 00 00 00 00 00", "REZERO UNIT"),
    ("03 00 00 00 12 00", "REQUEST SENSE, 18 bytes"),
    ("03 01 00 00 FC 00", "REQUEST SENSE, descriptor format, 252 bytes"),
    ("04 11 00 00 00 00", "FORMAT UNIT code 1"),
    ("04 19 00 00 00 00", "FORMAT UNIT code 1, complete list"),
    ("04 01 00 00 00 00", "FORMAT UNIT code 1, no list"),
    ("12 00 00 00 24 00", "INQUIRY, 36 bytes"),
    ("12 01 83 01 00 00", "INQUIRY page 83h, 256 bytes"),
    ("1A 08 6A 00 FF 00", "MODE SENSE (6) page 2Ah changeable, 255 bytes"),
    ("1B 00 00 00 02 00", "START/STOP UNIT eject"),
    ("1B 00 00 00 03 00", "START/STOP UNIT load"),
    ("1B 01 00 00 00 00", "START/STOP UNIT stop, IMMED"),
    ("1B 00 00 00 01 00", "START/STOP UNIT start"),
    ("1B 00 00 00 30 00", "START/STOP UNIT power condition 3"),
    ("1E 00 00 00 01 00", "PREVENT/ALLOW MEDIUM REMOVAL prevent"),
    ("1E 00 00 00 02 00", "PREVENT/ALLOW MEDIUM REMOVAL allow, persistent"),
    ("23 00 00 00 00 00 00 01 04 00", "READ FORMAT CAPACITIES, 260 bytes"),
    ("25 00 00 00 00 00 00 00 00 00", "READ CAPACITY"),
    ("28 00 01 02 03 04 00 05 06 00", "READ (10) lba 16909060, 1286 blocks"),
    ("28 08 00 00 00 10 00 00 01 00", "READ (10) lba 16, 1 block, FUA"),
    ("2A 00 FF FF FF 6A 00 00 0D 00", "WRITE (10) lba -150, 13 blocks"),
    ("2A 08 00 00 10 00 00 00 20 00", "WRITE (10) lba 4096, 32 blocks, FUA"),
    ("2B 00 00 00 10 00 00 00 00 00", "SEEK (10) lba 4096"),
    ("2E 00 00 00 10 00 00 00 10 00", "WRITE AND VERIFY (10) lba 4096, 16 blocks"),
    ("2F 00 00 00 10 00 00 00 10 00", "VERIFY (10) lba 4096, 16 blocks"),
    ("35 02 00 00 00 00 00 00 00 00", "SYNCHRONIZE CACHE, IMMED"),
    ("35 00 00 00 00 40 00 00 02 00", "SYNCHRONIZE CACHE lba 64, 2 blocks"),
    ("3C 02 01 00 00 04 00 40 00 00", "READ BUFFER mode 2, buffer 1, offset 4, 16384 bytes"),
    ("42 02 40 01 00 00 00 00 10 00", "READ SUB-CHANNEL position of track 0, 16 bytes, MSF"),
    ("42 00 00 03 00 00 07 01 18 00", "READ SUB-CHANNEL ISRC of track 7, 280 bytes, header alone"),
    ("43 02 02 00 00 00 01 03 24 00", "READ TOC/PMA/ATIP full TOC from 1, 804 bytes, MSF"),
    ("43 00 05 00 00 00 00 00 04 00", "READ TOC/PMA/ATIP CD-TEXT from 0, 4 bytes"),
    ("44 02 00 00 00 10 00 00 08 00", "READ HEADER of lba 16, 8 bytes, MSF"),
    ("46 02 00 21 00 00 00 00 10 00", "GET CONFIGURATION one feature from 0021h, 16 bytes"),
    ("4A 01 00 00 7E 00 00 00 08 00", "GET EVENT STATUS NOTIFICATION classes 7Eh, 8 bytes"),
    ("51 02 00 00 00 00 00 00 10 00", "READ DISC INFORMATION pseudo-overwrite resources, 16 bytes"),
    ("52 01 00 00 00 FF 00 00 24 00", "READ TRACK INFORMATION of track FFh (invisible), 36 bytes"),
    ("52 00 FF FF FF 6A 00 00 30 00", "READ TRACK INFORMATION of lba -150, 48 bytes"),
    ("52 06 00 00 00 02 00 00 30 00", "READ TRACK INFORMATION of session 2, next open, 48 bytes"),
    ("53 00 00 00 00 00 00 0E 10 00", "RESERVE TRACK 3600 blocks"),
    ("53 03 00 00 00 00 00 0E 10 00", "RESERVE TRACK up to lba 3600, RMZ"),
    ("54 01 00 00 00 00 00 00 00 00", "SEND OPC INFORMATION calibrate"),
    ("54 00 00 00 00 00 00 00 08 00", "SEND OPC INFORMATION send values, 8 bytes"),
    ("55 10 00 00 00 00 00 00 3C 00", "MODE SELECT (10) 60 bytes"),
    ("55 01 00 00 00 00 00 00 3C 00", "MODE SELECT (10) 60 bytes, no page format, saved"),
    ("5A 08 85 00 00 00 00 00 3C 00", "MODE SENSE (10) page 05h default, 60 bytes"),
    ("5B 01 01 00 01 02 00 00 00 00", "CLOSE TRACK/SESSION track 258, IMMED"),
    ("5B 00 00 00 00 00 00 00 00 00", "CLOSE TRACK/SESSION stop background format"),
    ("5B 01 06 00 00 00 00 00 00 00", "CLOSE TRACK/SESSION finalize disc, IMMED"),
    ("5C 01 00 00 00 00 00 00 0C 00", "READ BUFFER CAPACITY in blocks, 12 bytes"),
    ("5D 00 00 00 00 00 01 00 08 00", "SEND CUE SHEET 65544 bytes"),
    ("A1 11 00 00 00 00 00 00 00 00 00 00", "BLANK minimal, IMMED"),
    ("A1 02 00 00 00 03 00 00 00 00 00 00", "BLANK track at 3"),
    ("A6 01 00 00 03 00 00 00 05 00 00 00", "LOAD/UNLOAD MEDIUM slot 5 load, IMMED"),
    ("A6 00 00 00 02 00 00 00 05 00 00 00", "LOAD/UNLOAD MEDIUM slot 5 unload"),
    ("A8 08 00 00 00 10 00 01 00 00 80 00", "READ (12) lba 16, 65536 blocks, FUA, streaming"),
    ("AA 08 00 00 00 20 00 00 00 20 80 00", "WRITE (12) lba 32, 32 blocks, FUA, streaming"),
    ("AC 14 00 00 00 40 00 00 00 04 00 00", "GET PERFORMANCE performance write from lba 64, 4 descriptors"),
    ("AC 00 00 00 00 00 00 00 00 01 03 00", "GET PERFORMANCE write speed from lba 0, 1 descriptor"),
    ("AD 01 00 00 00 00 00 00 00 74 00 00", "READ DISC STRUCTURE BD format 00h, layer 0, 116 bytes"),
    ("AD 00 00 00 00 05 01 20 00 0C 40 00", "READ DISC STRUCTURE DVD format 20h, layer 1, address 5, agid 1, 12 bytes"),
    ("B6 00 00 00 00 00 00 00 00 00 1C 00", "SET STREAMING type 0, 28 bytes"),
    ("B9 04 00 00 02 00 00 02 01 F8 01 00", "READ CD MSF 00:02:00 to 00:02:01, CD-DA, sync, header, sub-header, user data, EDC/ECC, raw P-W"),
    ("BB 01 FF FF 0B 06 00 00 00 00 00 00", "SET CD SPEED read max, write 2822 kB/s, CAV"),
    ("BD 00 00 00 00 00 00 00 01 00 00 00", "MECHANISM STATUS, 256 bytes"),
    ("BE 04 FF FF FF 6A 01 00 02 F8 02 00", "READ CD lba -150, 65538 blocks, CD-DA, sync, header, sub-header, user data, EDC/ECC, Q"),
    ("BE 0A 00 00 00 10 00 00 01 12 00 00", "READ CD lba 16, 1 block, mode 1, user data, C2 bits"),
    ("BF 00 00 00 00 00 00 20 00 0C 00 00", "SEND DISC STRUCTURE DVD format 20h, 12 bytes"),
    ("F3 00 00 00 00 00", "UNKNOWN COMMAND F3 00 00 00 00 00"),
];

#[test]
fn every_command_is_read_written_and_put_in_words() {
    for (bytes, words) in WORDS {
        let bytes = unhex(bytes);
        let command = Command::parse(&bytes).unwrap();
        assert_eq!(command.to_string(), *words);
        assert_eq!(command.emit().as_slice(), bytes, "{words}");
        assert!(command.to_string().starts_with(command.name()));
        assert_eq!(command.opcode(), bytes[0]);
    }
    for (opcode, _, name) in Command::ALL {
        let seen = WORDS.iter().any(|(bytes, _)| unhex(bytes)[0] == *opcode);
        assert!(seen, "{name} has no row");
    }
}

#[test]
fn every_operation_code_is_one_command() {
    for (i, (opcode, len, name)) in Command::ALL.iter().enumerate() {
        assert_eq!(cdb_len(*opcode), Some(*len), "{name}");
        assert_eq!(Command::name_of(*opcode), Some(*name));
        assert!(Command::ALL[..i].iter().all(|row| row.0 != *opcode));
    }
    assert_eq!(Command::name_of(0xAB), None);
}

/// The strongest check of the layouts: a bit has a meaning, and then it
/// returns, or it has none, and then the error points to it.
#[test]
fn every_single_bit_returns_or_is_named_as_reserved() {
    for (opcode, len, name) in Command::ALL {
        for bit in 8..len * 8 {
            let mut bytes = vec![0; *len];
            bytes[0] = *opcode;
            bytes[bit / 8] = 1 << (bit % 8);
            match Command::parse(&bytes) {
                Ok(command) => assert_eq!(command.emit().as_slice(), bytes, "{name} bit {bit}"),
                Err(CdbError::Reserved {
                    command,
                    field,
                    byte,
                    bits,
                }) => {
                    assert_eq!(command, *name);
                    assert_eq!((usize::from(byte), bits), (bit / 8, 1 << (bit % 8)));
                    let control = bit / 8 == len - 1;
                    assert_eq!(field, if control { "control" } else { "reserved" });
                }
                Err(other) => panic!("{name} bit {bit}: {other}"),
            }
        }
    }
}

#[test]
fn a_wrong_length_is_named_for_every_command() {
    for (opcode, len, name) in Command::ALL {
        for found in [1, len - 1, len + 1, 16] {
            if found == *len {
                continue;
            }
            let mut bytes = vec![0; found];
            bytes[0] = *opcode;
            let expected = CdbError::WrongLength {
                command: name,
                expected: *len,
                found,
            };
            assert_eq!(Command::parse(&bytes), Err(expected));
        }
    }
    assert_eq!(Command::parse(&[]), Err(CdbError::Empty));
    assert_eq!(
        Command::parse(&[0xEA; 17]),
        Err(CdbError::TooLong { found: 17 })
    );
}

#[test]
fn a_value_refuses_the_block_of_another_command() {
    assert_eq!(
        Read10::parse(&[0x2A; 10]),
        Err(CdbError::WrongOpcode {
            command: "READ (10)",
            expected: 0x28,
            found: 0x2A
        })
    );
}

#[test]
fn a_view_reads_what_the_value_refuses() {
    let bytes = [0x2A, 0xFF, 0, 0, 0x10, 0, 0xFF, 0, 0x20];
    assert!(Write10::parse(&bytes).is_err());
    let view = Write10View::new(&bytes);
    assert_eq!(view.lba(), Some(Lba(4096)));
    assert_eq!(view.blocks(), Some(32));
    assert_eq!(view.fua(), Some(true));
    assert_eq!(Write10View::new(&bytes[..8]).blocks(), None);
    assert_eq!(view.bytes(), bytes);
}

#[test]
fn a_count_too_large_for_24_bits_is_not_cut_to_a_small_one() {
    let cdb = SendCueSheet {
        parameter_list_length: 0x0100_0008,
    }
    .emit();
    assert_eq!(&cdb.as_slice()[6..9], [0xFF, 0xFF, 0xFF]);
}

#[test]
fn what_changes_the_disc_is_known() {
    for (bytes, changes) in [
        ("2A 00 00 00 00 00 00 00 01 00", true),
        ("AA 00 00 00 00 00 00 00 00 01 00 00", true),
        ("2E 00 00 00 00 00 00 00 01 00", true),
        ("A1 00 00 00 00 00 00 00 00 00 00 00", true),
        ("04 11 00 00 00 00", true),
        ("5B 00 02 00 00 00 00 00 00 00", true),
        ("53 00 00 00 00 00 00 00 10 00", true),
        ("5D 00 00 00 00 00 00 00 08 00", true),
        ("BF 00 00 00 00 00 00 20 00 0C 00 00", true),
        ("54 01 00 00 00 00 00 00 00 00", true),
        ("F3 00 00 00 00 00", true),
        ("54 00 00 00 00 00 00 00 08 00", false),
        ("35 00 00 00 00 00 00 00 00 00", false),
        ("55 10 00 00 00 00 00 00 3C 00", false),
        ("28 00 00 00 00 00 00 00 01 00", false),
        ("1B 00 00 00 02 00", false),
    ] {
        let command = Command::parse(&unhex(bytes)).unwrap();
        assert_eq!(command.changes_disc(), changes, "{command}");
    }
}

#[test]
fn lengths_and_directions_follow_from_the_block() {
    use DataDirection::{In, None as No, Out};
    for (bytes, direction, bytes_in_cdb, transfer) in [
        ("00 00 00 00 00 00", No, None, None),
        ("2A 00 00 00 00 00 00 00 20 00", Out, None, Some(65536)),
        (
            "AA 00 00 00 00 00 00 00 00 20 80 00",
            Out,
            None,
            Some(65536),
        ),
        ("28 00 00 00 00 00 00 00 01 00", In, None, Some(2048)),
        ("25 00 00 00 00 00 00 00 00 00", In, None, Some(8)),
        ("AC 00 00 00 00 00 00 00 00 03 03 00", In, None, Some(56)),
        ("52 01 00 00 00 01 00 00 24 00", In, Some(36), Some(36)),
        ("5D 00 00 00 00 00 00 00 28 00", Out, Some(40), Some(40)),
        (
            "B6 00 00 00 00 00 00 00 00 00 1C 00",
            Out,
            Some(28),
            Some(28),
        ),
        ("04 11 00 00 00 00", Out, None, None),
        ("BE 00 00 00 00 00 00 00 02 F8 01 00", In, None, Some(4896)),
        ("B9 00 00 00 02 00 00 02 03 10 00 00", In, None, None),
        ("B9 04 00 00 02 00 00 02 03 F8 00 00", In, None, Some(7056)),
    ] {
        let command = Command::parse(&unhex(bytes)).unwrap();
        assert_eq!(command.direction(), direction, "{command}");
        assert_eq!(command.byte_len(), bytes_in_cdb, "{command}");
        assert_eq!(command.transfer_len(2048), transfer, "{command}");
    }
}

#[test]
fn read_cd_knows_the_length_of_a_sector() {
    let user_data = |sector_type, headers, edc_ecc| {
        ReadCd {
            sector_type,
            headers,
            edc_ecc,
            user_data: true,
            ..Default::default()
        }
        .block_len()
    };
    assert_eq!(user_data(SectorType::Mode1, 0, false), Some(2048));
    assert_eq!(user_data(SectorType::Mode1, 1, true), Some(2340));
    assert_eq!(user_data(SectorType::Mode2Formless, 0, false), Some(2336));
    assert_eq!(user_data(SectorType::Mode2Form1, 3, true), Some(2340));
    assert_eq!(user_data(SectorType::Mode2Form2, 0, false), Some(2328));
    assert_eq!(user_data(SectorType::Mode2Form2, 2, true), Some(2336));
    assert_eq!(user_data(SectorType::CdDa, 0, false), Some(2352));
    assert_eq!(user_data(SectorType::Any, 0, false), None);
    assert_eq!(ReadCd::default().block_len(), Some(0));
    let end = ReadCdMsf {
        start: Msf::new(0, 2, 0),
        end: Msf::new(0, 1, 0),
        ..Default::default()
    };
    assert_eq!(Command::from(end).blocks(), None);
}

proptest! {
    #[test]
    fn whatever_is_accepted_returns_as_it_came(
        opcode in prop::sample::select(Command::ALL),
        bytes in prop::collection::vec(any::<u8>(), 16),
        sparse in prop::collection::vec(prop::bool::weighted(0.2), 16),
    ) {
        let mut cdb: Vec<_> = bytes
            .iter()
            .zip(&sparse)
            .map(|(byte, keep)| if *keep { *byte } else { 0 })
            .take(opcode.1)
            .collect();
        cdb[0] = opcode.0;
        if let Ok(command) = Command::parse(&cdb) {
            let emitted = command.emit();
            prop_assert_eq!(emitted.as_slice(), cdb.as_slice());
        }
    }

    #[test]
    fn nothing_panics_and_nothing_is_silent(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        match Command::parse(&bytes) {
            Ok(command) => {
                prop_assert!(!command.to_string().is_empty());
                let _ = (command.transfer_len(2048), command.changes_disc(), command.blocks());
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
