//! What a drive gives of a disc's sub-channels.

use pitland::cd::SECTOR_BYTES;
use pitland::transport::sim::{Pace, VirtualDrive};
use pitland::transport::{Data, Exchange};
use pitland::writer::mmc::Lba;
use pitland::writer::mmc::cdb::{Cdb, ReadCd, SubchannelSelection};
use pitland::{OpenMode, Transport};
use pitland_redbook::subchannel::Channels;
use std::path::Path;
use std::time::Duration;

/// The sub-channels of blocks of a disc, as its drive gives them raw.
pub(crate) fn channels(disc: &Path, lba: i32, blocks: u32) -> Vec<Channels> {
    let pace = Pace::Virtual;
    let mut drive = VirtualDrive::file(disc, OpenMode::ReadOnly, pace, "a reader".into()).unwrap();
    let each = SECTOR_BYTES + 96;
    let mut all = Vec::new();
    for lba in lba..lba + blocks as i32 {
        let cdb = ReadCd {
            lba: Lba(lba),
            blocks: 1,
            sync: true,
            headers: 3,
            user_data: true,
            edc_ecc: true,
            subchannel: SubchannelSelection::RawPw,
            ..ReadCd::default()
        };
        let mut out = vec![0; each];
        // It says first that a disc came in, and looks at it.
        let came = (0..100).any(|_| {
            let exchange = Exchange {
                cdb: cdb.emit(),
                data: Data::In(&mut out),
                timeout: Duration::from_secs(60),
            };
            let reply = drive.execute(exchange).unwrap();
            let came = reply.transferred == each;
            if !came {
                drive.advance(Duration::from_secs(1));
            }
            came
        });
        assert!(came, "block {lba} does not come");
        all.push(Channels::from_interleaved(
            out[SECTOR_BYTES..].try_into().unwrap(),
        ));
    }
    all
}
