//! Rock Ridge 1.12: POSIX names, modes, links, devices and times in system use entries.
//!
//! Knows one file's attributes and their bytes, not where they are placed: that is `susp` and `layout`.

use crate::iso9660::read_both_u32;
use crate::iso9660::stamp::{LongStamp, ShortStamp};
use crate::iso9660::{HalvesDiffer, both_u32};
use crate::susp::{Entry, Packer};
use crate::time::Timestamp;
use crate::zisofs::Zisofs;

/// What the `ER` entry calls Rock Ridge 1.12. It stands without the texts that may go with it: with them the root's own
/// record would need a continuation area, and Linux (seen with 6.1.192) follows none in a further session, so that
/// the whole of Rock Ridge would be lost there: it takes the area's address, absolute on the disc, for one beyond the
/// volume, whose size counts the session's own blocks.
pub const EXTENSION_IDENTIFIER: &[u8] = b"IEEE_P1282";

/// Bytes of a `PX` entry with its serial number.
pub const PX_LENGTH: usize = 44;
/// Bytes of a `TF` entry with three short stamps; one without an access time has 7 fewer.
pub const TF_LENGTH: usize = 26;
/// Bytes of a `TF` entry with three long stamps; one without an access time has 17 fewer.
pub const TF_LONG_LENGTH: usize = 56;
/// Bytes of a `PN` entry.
pub const PN_LENGTH: usize = 20;
/// Bytes of a `CL` or a `PL` entry.
pub const LINK_LENGTH: usize = 12;

/// `RE`: the folder of this record was moved here.
pub const RE: [u8; 4] = [b'R', b'E', 4, 1];

const CONTINUE: u8 = 0x01;
const CURRENT: u8 = 0x02;
const PARENT: u8 = 0x04;
const ROOT: u8 = 0x08;

const TF_MODIFICATION: u8 = 0x02;
const TF_ACCESS: u8 = 0x04;
const TF_ATTRIBUTES: u8 = 0x08;
const TF_LONG_FORM: u8 = 0x80;

/// `PX`: mode with file type, links, owner, and a number that is the same for all names of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posix {
    /// File type and permissions, as `st_mode` has them.
    pub mode: u32,
    /// Number of names.
    pub links: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// File serial number; 0 where the entry is the shorter one of version 1.10.
    pub serial: u32,
}

impl Posix {
    /// The entry.
    #[must_use]
    pub fn emit(&self) -> [u8; PX_LENGTH] {
        let mut entry = [0; PX_LENGTH];
        entry[..4].copy_from_slice(&[b'P', b'X', 44, 1]);
        for (at, value) in [self.mode, self.links, self.uid, self.gid, self.serial]
            .into_iter()
            .enumerate()
        {
            entry[4 + at * 8..12 + at * 8].copy_from_slice(&both_u32(value));
        }
        entry
    }

    fn parse(data: &[u8]) -> Result<Self, HalvesDiffer> {
        let number = |at: usize| read_both_u32(data.get(at * 8..).unwrap_or_default());
        Ok(Self {
            mode: number(0)?,
            links: number(1)?,
            uid: number(2)?,
            gid: number(3)?,
            serial: number(4)?,
        })
    }
}

/// The stamps of a `TF` entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StampForm {
    /// 7 bytes, to the second.
    Short,
    /// 17 digits and an offset, to the hundredth of a second.
    Long,
}

/// Packs `TF` with modification, access if there is one, and attribute change.
pub(crate) fn pack_times(
    packer: &mut Packer,
    form: StampForm,
    modification: Timestamp,
    access: Option<Timestamp>,
    attributes: Timestamp,
) {
    let mut entry = [0; TF_LONG_LENGTH];
    let mut length = 5;
    let stamps = [Some(modification), access, Some(attributes)];
    for stamp in stamps.into_iter().flatten() {
        match form {
            StampForm::Short => {
                entry[length..length + 7].copy_from_slice(&ShortStamp::new(stamp).0);
                length += 7;
            }
            StampForm::Long => {
                entry[length..length + 17].copy_from_slice(&LongStamp::new(stamp).0);
                length += 17;
            }
        }
    }
    let access = if access.is_some() { TF_ACCESS } else { 0 };
    let form = if form == StampForm::Long {
        TF_LONG_FORM
    } else {
        0
    };
    let flags = TF_MODIFICATION | TF_ATTRIBUTES | access | form;
    entry[..5].copy_from_slice(&[b'T', b'F', length as u8, 1, flags]);
    packer.push(&entry[..length]);
}

/// Bytes of the entry that [`pack_times`] makes.
pub(crate) fn times_length(form: StampForm, access: bool) -> usize {
    match (form, access) {
        (StampForm::Short, true) => TF_LENGTH,
        (StampForm::Short, false) => TF_LENGTH - 7,
        (StampForm::Long, true) => TF_LONG_LENGTH,
        (StampForm::Long, false) => TF_LONG_LENGTH - 17,
    }
}

/// `CL`, in the place of a folder that was moved: where its records are now, absolute on the disc.
pub(crate) fn child_link(lba: u32) -> [u8; LINK_LENGTH] {
    link(*b"CL", lba)
}

/// `PL`, in a moved folder's record of its parent: where the records of the folder are that it belongs to.
pub(crate) fn parent_link(lba: u32) -> [u8; LINK_LENGTH] {
    link(*b"PL", lba)
}

fn link(signature: [u8; 2], lba: u32) -> [u8; LINK_LENGTH] {
    let mut entry = [0; LINK_LENGTH];
    entry[..2].copy_from_slice(&signature);
    entry[2..4].copy_from_slice(&[LINK_LENGTH as u8, 1]);
    entry[4..].copy_from_slice(&both_u32(lba));
    entry
}

/// `PN`: a device's number, its 64 bits in two halves.
#[must_use]
pub fn emit_device(number: u64) -> [u8; PN_LENGTH] {
    let mut entry = [0; PN_LENGTH];
    entry[..4].copy_from_slice(&[b'P', b'N', 20, 1]);
    entry[4..12].copy_from_slice(&both_u32((number >> 32) as u32));
    entry[12..20].copy_from_slice(&both_u32((number & u64::from(u32::MAX)) as u32));
    entry
}

/// Bytes of the `NM` entry of a name, where it is not split. Names beyond 250 bytes take two entries.
pub(crate) fn name_length(name: usize) -> usize {
    name + 5 * name.div_ceil(250).max(1)
}

/// Packs the `NM` entries of a name, which go on in the next area where it is too long for this one.
pub(crate) fn pack_name(packer: &mut Packer, name: &[u8]) {
    let mut rest = name;
    loop {
        if packer.room() < 6 {
            packer.next_area();
        }
        let take = rest.len().min(packer.room() - 5).min(250);
        let (piece, after) = rest.split_at(take);
        let flags = if after.is_empty() { 0 } else { CONTINUE };
        // At most 255 by the limit above.
        packer.push(&[&[b'N', b'M', (5 + take) as u8, 1, flags], piece].concat());
        rest = after;
        if rest.is_empty() {
            return;
        }
    }
}

/// Packs the `SL` entries of a link's target: a component for each name between slashes.
pub(crate) fn pack_link(packer: &mut Packer, target: &[u8]) {
    let mut components: Vec<(u8, &[u8])> = Vec::new();
    let mut rest = target;
    if let Some(after) = target.strip_prefix(b"/") {
        components.push((ROOT, b""));
        rest = after;
    }
    if !(rest.is_empty() && components.len() == 1) {
        components.extend(rest.split(|b| *b == b'/').map(|name| match name {
            b"." => (CURRENT, b"".as_slice()),
            b".." => (PARENT, b"".as_slice()),
            name => (0, name),
        }));
    }
    pack_components(packer, *b"SL", components);
}

/// Packs the `AL` entries of an attribute list.
pub(crate) fn pack_attributes(packer: &mut Packer, components: &[Vec<u8>]) {
    let components = components.iter().map(|component| (0, component.as_slice()));
    pack_components(packer, *b"AL", components);
}

/// Packs entries of components, each with its flags, in as many as it takes.
fn pack_components<'a>(
    packer: &mut Packer,
    [s, i]: [u8; 2],
    components: impl IntoIterator<Item = (u8, &'a [u8])>,
) {
    const HEAD: usize = 5;
    const LONGEST: usize = 255;
    let mut entry: Vec<u8> = vec![s, i, 0, 1, 0];
    let close = |packer: &mut Packer, entry: &mut Vec<u8>, flags: u8| {
        entry[2] = entry.len() as u8; // at most LONGEST
        entry[4] = flags;
        packer.push(entry);
        entry.truncate(HEAD);
    };
    // An entry may be as long as what is left of the area, unless that is too little to be worth beginning.
    let limit = |packer: &mut Packer| {
        if packer.room() < HEAD + 2 + 32 {
            packer.next_area();
        }
        packer.room().min(LONGEST)
    };
    let mut most = limit(packer);
    for (flags, mut name) in components {
        loop {
            let room = most.saturating_sub(entry.len() + 2);
            if entry.len() + 2 <= most && name.len() <= room {
                entry.extend([flags, name.len() as u8]);
                entry.extend_from_slice(name);
                break;
            }
            if entry.len() > HEAD {
                close(packer, &mut entry, CONTINUE);
                most = limit(packer);
            } else {
                // A component longer than a whole entry goes on in the next.
                let (piece, after) = name.split_at(room);
                entry.extend([flags | CONTINUE, room as u8]);
                entry.extend_from_slice(piece);
                name = after;
                close(packer, &mut entry, CONTINUE);
                most = limit(packer);
            }
        }
    }
    close(packer, &mut entry, 0);
}

/// What the Rock Ridge entries of one record say, as they are collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `PX`.
    pub posix: Option<Posix>,
    /// `NM`, all parts.
    pub name: Option<Vec<u8>>,
    /// `SL`, all parts, as a path.
    pub target: Option<Vec<u8>>,
    /// `PN`.
    pub device: Option<u64>,
    /// Modification time from `TF`.
    pub modified: Option<Timestamp>,
    /// Access time from `TF`.
    pub accessed: Option<Timestamp>,
    /// Attribute change time from `TF`.
    pub changed: Option<Timestamp>,
    /// `CL`: the folder of this name was moved; its block.
    pub child_link: Option<u32>,
    /// `ZF`: the file is compressed.
    pub zisofs: Option<Zisofs>,
    /// `SF`: the file has holes. What stands in its extents are tables of where its bytes are; the bytes that it has with its
    /// holes.
    pub sparse: Option<u64>,
    /// `RE`: a folder that was moved here and is to be shown elsewhere.
    pub relocated: bool,
    /// `AL`, all parts, one behind the other: a component may go on in the middle of the next entry.
    pub attribute_list: Vec<u8>,
    list_complete: bool,
    name_complete: bool,
    /// Whether the next component of the target needs a slash before it.
    slash: bool,
}

/// A Rock Ridge entry that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributeError {
    /// The entry is shorter than its fields.
    #[error("the {0} entry is cut short")]
    Truncated(&'static str),
    /// The two byte orders of a number differ.
    #[error("a number of the {entry} entry is {} in one byte order and {} in the other", .halves.little, .halves.big)]
    Halves {
        /// Which entry.
        entry: &'static str,
        /// The two values.
        halves: HalvesDiffer,
    },
    /// A name or a target grows beyond what any file system holds.
    #[error("the {0} entries add up to more than any file system takes")]
    TooLong(&'static str),
}

/// More than any file system takes for a name. Records may share their areas, so that this and the next bound what a
/// record can make of itself.
const LONGEST_NAME: usize = 1024;
/// More than any file system takes for a target.
const LONGEST_TARGET: usize = 8192;
/// More than is recorded here of a file's extended attributes.
const LONGEST_ATTRIBUTES: usize = 65_536;

/// The size that an `SF` entry tells: its upper half stands first, or is missing in those of RRIP before 1.12.
fn sparse_size(data: &[u8]) -> Result<u64, AttributeError> {
    let halves = |halves| AttributeError::Halves {
        entry: "SF",
        halves,
    };
    let number = |at: usize| {
        let field = data
            .get(at..at + 8)
            .ok_or(AttributeError::Truncated("SF"))?;
        read_both_u32(field).map_err(halves)
    };
    let first = number(0)?;
    match data.len() < 16 {
        true => Ok(u64::from(first)),
        false => Ok(u64::from(first) << 32 | u64::from(number(8)?)),
    }
}

impl Attributes {
    /// Takes one entry in. Entries of other extensions are passed over.
    ///
    /// # Errors
    /// [`AttributeError`], which names the entry.
    pub fn take(&mut self, entry: &Entry<'_>) -> Result<(), AttributeError> {
        let data = entry.data;
        let halves = |name| {
            move |halves| AttributeError::Halves {
                entry: name,
                halves,
            }
        };
        match &entry.signature {
            b"PX" => {
                if data.len() < 32 {
                    return Err(AttributeError::Truncated("PX"));
                }
                self.posix = Some(Posix::parse(data).map_err(halves("PX"))?);
            }
            b"PN" => {
                if data.len() < 16 {
                    return Err(AttributeError::Truncated("PN"));
                }
                let high = read_both_u32(data).map_err(halves("PN"))?;
                let low = read_both_u32(data.get(8..).unwrap_or_default()).map_err(halves("PN"))?;
                self.device = Some(u64::from(high) << 32 | u64::from(low));
            }
            b"CL" => {
                if data.len() < 8 {
                    return Err(AttributeError::Truncated("CL"));
                }
                self.child_link = Some(read_both_u32(data).map_err(halves("CL"))?);
            }
            b"ZF" => self.zisofs = Zisofs::parse(data).map_err(halves("ZF"))?,
            b"SF" => self.sparse = Some(sparse_size(data)?),
            b"RE" => self.relocated = true,
            b"NM" => self.take_name(data)?,
            b"SL" => self.take_link(data)?,
            b"AL" => self.take_attributes(data)?,
            b"TF" => self.take_times(data)?,
            _ => {}
        }
        Ok(())
    }

    fn take_name(&mut self, data: &[u8]) -> Result<(), AttributeError> {
        let (flags, text) = data.split_first().ok_or(AttributeError::Truncated("NM"))?;
        if self.name_complete || flags & (CURRENT | PARENT) != 0 {
            return Ok(());
        }
        let name = self.name.get_or_insert_default();
        if name.len() + text.len() > LONGEST_NAME {
            return Err(AttributeError::TooLong("NM"));
        }
        name.extend_from_slice(text);
        self.name_complete = flags & CONTINUE == 0;
        Ok(())
    }

    fn take_link(&mut self, data: &[u8]) -> Result<(), AttributeError> {
        let (_flags, mut rest) = data.split_first().ok_or(AttributeError::Truncated("SL"))?;
        let target = self.target.get_or_insert_default();
        while let [flags, length, after @ ..] = rest {
            let text = after
                .get(..usize::from(*length))
                .ok_or(AttributeError::Truncated("SL"))?;
            if target.len() + text.len() + 3 > LONGEST_TARGET {
                return Err(AttributeError::TooLong("SL"));
            }
            if self.slash {
                target.push(b'/');
            }
            match flags & !CONTINUE {
                CURRENT => target.push(b'.'),
                PARENT => target.extend_from_slice(b".."),
                ROOT => target.push(b'/'),
                _ => target.extend_from_slice(text),
            }
            self.slash = flags & (CONTINUE | ROOT) == 0;
            rest = after.get(usize::from(*length)..).unwrap_or_default();
        }
        Ok(())
    }

    fn take_attributes(&mut self, data: &[u8]) -> Result<(), AttributeError> {
        let (flags, part) = data.split_first().ok_or(AttributeError::Truncated("AL"))?;
        if self.list_complete {
            return Ok(());
        }
        if self.attribute_list.len() + part.len() > LONGEST_ATTRIBUTES {
            return Err(AttributeError::TooLong("AL"));
        }
        self.attribute_list.extend_from_slice(part);
        self.list_complete = flags & CONTINUE == 0;
        Ok(())
    }

    fn take_times(&mut self, data: &[u8]) -> Result<(), AttributeError> {
        let (flags, mut rest) = data.split_first().ok_or(AttributeError::Truncated("TF"))?;
        let size = if flags & TF_LONG_FORM == 0 { 7 } else { 17 };
        for bit in 0..7 {
            if flags & (1 << bit) == 0 {
                continue;
            }
            let (stamp, after) = rest
                .split_at_checked(size)
                .ok_or(AttributeError::Truncated("TF"))?;
            rest = after;
            let time = match (<[u8; 7]>::try_from(stamp), <[u8; 17]>::try_from(stamp)) {
                (Ok(short), _) => ShortStamp(short).time(),
                (_, Ok(long)) => LongStamp(long).time(),
                _ => None,
            };
            match 1 << bit {
                TF_MODIFICATION => self.modified = time,
                TF_ACCESS => self.accessed = time,
                TF_ATTRIBUTES => self.changed = time,
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::susp::Entries;
    use proptest::prelude::*;

    fn collect(packer: &Packer) -> Attributes {
        let mut attributes = Attributes::default();
        for area in packer.areas() {
            assert!(area.len() <= 2020);
            for entry in Entries::new(area) {
                attributes.take(&entry.unwrap()).unwrap();
            }
        }
        attributes
    }

    fn take(bytes: &[u8]) -> Attributes {
        let mut attributes = Attributes::default();
        for entry in Entries::new(bytes) {
            attributes.take(&entry.unwrap()).unwrap();
        }
        attributes
    }

    #[test]
    fn px_has_the_bytes_of_a_recorded_one() {
        let bytes = b"PX,\x01\xedA\0\0\0\0A\xed\x01\0\0\0\0\0\0\x01\xe8\x03\0\0\0\0\x03\xe8\
            \x64\0\0\0\0\0\0\x64\x02\0\0\0\0\0\0\x02";
        let value = Posix {
            mode: 0o040_755,
            links: 1,
            uid: 1000,
            gid: 100,
            serial: 2,
        };
        assert_eq!(&value.emit(), bytes);
        assert_eq!(take(bytes).posix, Some(value));
        // Version 1.10 has no serial number.
        let mut old = bytes[..36].to_vec();
        old[2] = 36;
        assert_eq!(take(&old).posix, Some(Posix { serial: 0, ..value }));
    }

    #[test]
    fn tf_has_short_stamps_in_the_order_of_their_flags() {
        let at = Timestamp::from_seconds;
        let entry_of = |form, access: Option<Timestamp>| {
            let mut packer = Packer::default();
            packer.begin(200);
            let (modified, changed) = (at(1_795_383_930), at(1_795_383_932));
            pack_times(&mut packer, form, modified, access, changed);
            assert_eq!(packer.total(), times_length(form, access.is_some()));
            packer.areas().flatten().copied().collect::<Vec<u8>>()
        };
        let entry = |access| entry_of(StampForm::Short, access);
        let with_access = entry(Some(at(1_795_383_931)));
        assert_eq!(
            &with_access,
            b"TF\x1a\x01\x0e\x7e\x0b\x16\x15\x2d\x1e\0\x7e\x0b\x16\x15\x2d\x1f\0\x7e\x0b\x16\x15\x2d\x20\0"
        );
        let read = take(&with_access);
        assert_eq!(read.modified, Some(at(1_795_383_930)));
        assert_eq!(read.accessed, Some(at(1_795_383_931)));
        assert_eq!(read.changed, Some(at(1_795_383_932)));
        let without = entry(None);
        assert_eq!(
            &without,
            b"TF\x13\x01\x0a\x7e\x0b\x16\x15\x2d\x1e\0\x7e\x0b\x16\x15\x2d\x20\0"
        );
        let read = take(&without);
        assert_eq!(read.modified, Some(at(1_795_383_930)));
        assert_eq!(read.accessed, None);
        assert_eq!(read.changed, Some(at(1_795_383_932)));
        let long = entry_of(StampForm::Long, None);
        assert_eq!(
            &long,
            b"TF\x27\x01\x8a2026112221453000\x002026112221453200\0"
        );
        let read = take(&entry_of(StampForm::Long, Some(at(1_795_383_931))));
        assert_eq!(read.modified, Some(at(1_795_383_930)));
        assert_eq!(read.accessed, Some(at(1_795_383_931)));
        assert_eq!(read.changed, Some(at(1_795_383_932)));
    }

    #[test]
    fn cl_and_pl_name_a_block_in_both_orders() {
        assert_eq!(&child_link(0x1234), b"CL\x0c\x01\x34\x12\0\0\0\0\x12\x34");
        assert_eq!(&parent_link(1), b"PL\x0c\x01\x01\0\0\0\0\0\0\x01");
        assert_eq!(take(&child_link(0x1234)).child_link, Some(0x1234));
        assert!(take(&RE).relocated);
    }

    #[test]
    fn tf_in_the_long_form_is_read() {
        let entry = [b"TF\x16\x01\x82".as_slice(), b"2000022900000000\0"].concat();
        assert_eq!(
            take(&entry).modified,
            Some(Timestamp::from_seconds(951_782_400))
        );
    }

    #[test]
    fn pn_has_the_halves_of_the_device_number() {
        let entry = emit_device(0x1_0000_0801);
        assert_eq!(
            &entry,
            b"PN\x14\x01\x01\0\0\0\0\0\0\x01\x01\x08\0\0\0\0\x08\x01"
        );
        assert_eq!(take(&entry).device, Some(0x1_0000_0801));
    }

    #[test]
    fn nm_and_its_continuation() {
        let mut packer = Packer::default();
        packer.begin(8);
        pack_name(&mut packer, b"abcdef");
        let areas: Vec<&[u8]> = packer.areas().collect();
        assert_eq!(
            areas,
            [b"NM\x08\x01\x01abc".as_slice(), b"NM\x08\x01\x00def"]
        );
        assert_eq!(collect(&packer).name.unwrap(), b"abcdef");
    }

    #[test]
    fn sl_has_a_component_for_each_part() {
        let mut packer = Packer::default();
        packer.begin(200);
        pack_link(&mut packer, b"/abs/../x/.");
        let area: Vec<&[u8]> = packer.areas().collect();
        assert_eq!(
            area,
            [b"SL\x13\x01\x00\x08\x00\x00\x03abs\x04\x00\x00\x01x\x02\x00".as_slice()]
        );
        assert_eq!(collect(&packer).target.unwrap(), b"/abs/../x/.");
    }

    #[test]
    fn entries_cut_short_are_refused_by_name() {
        let refuse = |bytes: &'static [u8]| {
            let entry = Entries::new(bytes).next().unwrap().unwrap();
            Attributes::default().take(&entry)
        };
        assert_eq!(
            refuse(b"PX\x08\x01\0\0\0\0"),
            Err(AttributeError::Truncated("PX"))
        );
        assert_eq!(refuse(b"PN\x04\x01"), Err(AttributeError::Truncated("PN")));
        assert_eq!(refuse(b"NM\x04\x01"), Err(AttributeError::Truncated("NM")));
        assert_eq!(
            refuse(b"SL\x08\x01\0\0\x09a"),
            Err(AttributeError::Truncated("SL"))
        );
        assert_eq!(
            refuse(b"TF\x06\x01\x02\0"),
            Err(AttributeError::Truncated("TF"))
        );
    }

    proptest! {
        #[test]
        fn every_name_and_target_comes_back_whatever_room_there_is(
            name in proptest::collection::vec(1u8..=255, 1..256),
            target in proptest::collection::vec(
                prop_oneof![Just(b'/'), Just(b'.'), 1u8..=255], 1..4096),
            room in 0usize..200,
        ) {
            let mut packer = Packer::default();
            packer.begin(room);
            pack_name(&mut packer, &name);
            pack_link(&mut packer, &target);
            let read = collect(&packer);
            prop_assert_eq!(read.name.unwrap(), name);
            prop_assert_eq!(read.target.unwrap(), target);
        }

        #[test]
        fn name_length_counts_the_bytes_of_an_unsplit_name(length in 1usize..256) {
            let mut packer = Packer::default();
            packer.begin(1000);
            pack_name(&mut packer, &vec![b'n'; length]);
            prop_assert_eq!(packer.total(), name_length(length));
        }
    }
}
