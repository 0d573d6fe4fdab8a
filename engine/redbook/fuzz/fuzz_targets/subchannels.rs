//! Sub-channels of any bytes: what Q says is read or refused, and the forms turn into one another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pitland_redbook::subchannel::{Channels, Q};

fuzz_target!(|data: [u8; 96]| {
    let channels = Channels::from_interleaved(&data);
    assert_eq!(channels.interleaved(), data);
    if let Ok(q) = Q::parse(&channels.q()) {
        assert_eq!(Q::parse(&q.to_bytes()), Ok(q));
    }
});
