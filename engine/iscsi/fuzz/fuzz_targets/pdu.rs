//! A stream of PDUs, whatever they are: read to its end; what is understood returns.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_iscsi::pdu::{AdditionalHeaders, InitiatorPdu, PduReader, TargetPdu};

fuzz_target!(|data: &[u8]| {
    let Some((digests, stream)) = data.split_first() else {
        return;
    };
    let mut reader = PduReader::new(stream, 4096);
    reader.header_digest = digests & 1 != 0;
    reader.data_digest = digests & 2 != 0;
    let mut room = [0; 512];
    while let Ok(Some(incoming)) = reader.header() {
        for segment in AdditionalHeaders::new(reader.additional_headers(&incoming)) {
            let _ = segment;
        }
        if let Ok(pdu) = InitiatorPdu::parse(&incoming.header) {
            assert_eq!(InitiatorPdu::parse(&pdu.emit()), Ok(pdu));
        }
        if let Ok(pdu) = TargetPdu::parse(&incoming.header) {
            assert_eq!(TargetPdu::parse(&pdu.emit()), Ok(pdu));
        }
        if reader.data(incoming, &mut room).is_err() {
            break;
        }
    }
});
