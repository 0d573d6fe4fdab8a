//! A message of the kernel about a device, read.
//!
//! Owns the form of the message (the kernel's "uevent": a head, then
//! `NAME=value` fields, each ended by a zero byte) and what of it concerns
//! optical drives. Must not know how messages come, nor what is done with them.

/// One message. Text is kept as the bytes that came: names of devices may hold
/// anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uevent<'a> {
    /// What happened: `add`, `remove`, `change`, `bind` and the like.
    pub action: &'a [u8],
    /// The device's path below the folder of sysfs.
    pub devpath: &'a [u8],
    /// Its subsystem: `block`, `scsi_generic`, `scsi` and the like.
    pub subsystem: &'a [u8],
    /// The device node below `/dev`, where there is one.
    pub devname: Option<&'a [u8]>,
    /// The medium may have been changed.
    pub media_change: bool,
    /// The eject button was pressed while the door was locked.
    pub eject_request: bool,
}

impl<'a> Uevent<'a> {
    /// Reads a message. `None` for what is none, or lacks what every message
    /// of the kernel has; udev's own messages begin with another word and are
    /// none.
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let mut fields = message.split(|byte| *byte == 0);
        let (head_action, head_path) = halves(fields.next()?, b'@')?;
        let (mut action, mut devpath, mut subsystem) = (None, None, None);
        let (mut devname, mut media_change, mut eject_request) = (None, false, false);
        for field in fields {
            let Some((name, value)) = halves(field, b'=') else {
                continue;
            };
            match name {
                b"ACTION" => action = Some(value),
                b"DEVPATH" => devpath = Some(value),
                b"SUBSYSTEM" => subsystem = Some(value),
                b"DEVNAME" => devname = Some(value),
                b"DISK_MEDIA_CHANGE" => media_change = value == b"1",
                b"DISK_EJECT_REQUEST" => eject_request = value == b"1",
                _ => {}
            }
        }
        let event = Self {
            action: action?,
            devpath: devpath?,
            subsystem: subsystem?,
            devname,
            media_change,
            eject_request,
        };
        (event.action == head_action && event.devpath == head_path).then_some(event)
    }

    /// Whether the list of drives may be another one after this.
    pub fn concerns_drives(&self) -> bool {
        match self.subsystem {
            b"scsi" | b"scsi_generic" => true,
            b"block" => self.devname.is_some_and(|name| name.starts_with(b"sr")),
            _ => false,
        }
    }
}

/// Both sides of the first `sign`; neither may be empty before it.
fn halves(bytes: &[u8], sign: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == sign)?;
    let (name, rest) = bytes.split_at_checked(at)?;
    Some((name, rest.get(1..)?)).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As Linux 6.1 sends it when a disc was changed.
    const CHANGE: &[u8] =
        b"change@/devices/pci0000:00/0000:00:05.0/virtio3/host0/target0:0:5/0:0:5:0/block/sr1\0\
        ACTION=change\0\
        DEVPATH=/devices/pci0000:00/0000:00:05.0/virtio3/host0/target0:0:5/0:0:5:0/block/sr1\0\
        SUBSYSTEM=block\0DISK_MEDIA_CHANGE=1\0MAJOR=11\0MINOR=1\0DEVNAME=sr1\0SEQNUM=1207\0";

    fn message(subsystem: &str, more: &str) -> Vec<u8> {
        format!("add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM={subsystem}\0{more}").into_bytes()
    }

    #[test]
    fn a_change_of_a_medium_is_read() {
        let event = Uevent::parse(CHANGE).unwrap();
        assert_eq!(event.action, b"change");
        assert!(event.devpath.ends_with(b"/block/sr1"));
        assert_eq!(
            (event.subsystem, event.devname),
            (&b"block"[..], Some(&b"sr1"[..]))
        );
        assert!(event.media_change && !event.eject_request && event.concerns_drives());
    }

    #[test]
    fn the_eject_button_is_read_and_a_nought_is_no_one() {
        let pressed = message(
            "block",
            "DEVNAME=sr0\0DISK_EJECT_REQUEST=1\0DISK_MEDIA_CHANGE=0\0",
        );
        let event = Uevent::parse(&pressed).unwrap();
        assert!(event.eject_request && !event.media_change);
    }

    #[test]
    fn only_what_may_change_the_list_concerns_it() {
        let concerns = |subsystem, more| {
            Uevent::parse(&message(subsystem, more))
                .unwrap()
                .concerns_drives()
        };
        assert!(concerns("scsi", ""));
        assert!(concerns("scsi_generic", "DEVNAME=sg3\0"));
        assert!(concerns("block", "DEVNAME=sr3\0"));
        assert!(!concerns("block", "DEVNAME=sda\0"));
        assert!(!concerns("block", ""));
        assert!(!concerns("usb", "DEVNAME=bus/usb/001/002\0"));
    }

    #[test]
    fn what_is_no_message_of_the_kernel_is_none() {
        let head_of_another = message("block", "").strip_prefix(b"add").unwrap().to_vec();
        for message in [
            &b""[..],
            b"\0",
            b"libudev\0\xfe\xed\xca\xfe",
            b"add@/d",
            b"add@/d\0ACTION=add\0DEVPATH=/d\0",
            b"add@/d\0ACTION=add\0SUBSYSTEM=block\0",
            b"add@/d\0DEVPATH=/d\0SUBSYSTEM=block\0",
            b"add@/d\0ACTION=remove\0DEVPATH=/d\0SUBSYSTEM=block\0",
            b"add@/e\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=block\0",
            &head_of_another,
        ] {
            assert_eq!(Uevent::parse(message), None, "{}", message.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(message in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Uevent::parse(&message);
        }

        #[test]
        fn a_message_is_what_its_fields_say(
            fields in prop::collection::vec("[A-Z_]{0,9}=?[ -~]{0,9}", 0..8),
            at in 0usize..400,
        ) {
            let whole = message("block", &fields.join("\0"));
            let read = Uevent::parse(&whole);
            // A field may say the action or the path anew; then head and body differ.
            if !fields.iter().any(|field| field.starts_with("ACTION=") || field.starts_with("DEVPATH=")) {
                prop_assert!(read.is_some());
            }
            let cut = whole.get(..at.min(whole.len())).unwrap();
            if let Some(event) = Uevent::parse(cut) {
                prop_assert_eq!((event.action, event.devpath), (&b"add"[..], &b"/d"[..]));
            }
        }
    }
}
