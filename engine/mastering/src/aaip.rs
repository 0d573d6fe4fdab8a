//! Extended attributes and access control lists in Rock Ridge's records: the Arbitrary Attribute Interchange Protocol 2.0
//! of the libburnia project, which xorriso writes and reads.
//!
//! Attributes have the names and values that Linux gives them. Lists of access rights, `system.posix_acl_access` and
//! `system.posix_acl_default`, are recorded in the protocol's own form and come back in that of Linux. Knows one file's
//! attributes, not where their `AL` entries go.
//!
//! As xorriso does, the volume does not announce the protocol by an `ER` entry: version 1.10 of the sharing protocol
//! allows that, and readers that look for Rock Ridge by the first `ER` are not led astray.

use crate::tree::ExtendedAttribute;

/// The most bytes that the attributes of one file may take in a volume. What reads them takes 32 areas of a block at most.
pub const MOST_BYTES: usize = 48_000;

const ACCESS: &[u8] = b"system.posix_acl_access";
const DEFAULT: &[u8] = b"system.posix_acl_default";

/// Namespaces that one byte stands for.
const NAMESPACES: [(u8, &[u8]); 5] = [
    (2, b"system."),
    (3, b"user."),
    (4, b"isofs."),
    (5, b"trusted."),
    (6, b"security."),
];
/// Stands before a name that begins with one of the bytes 1 to 31 itself.
const ESCAPE: u8 = 1;
const LAST_RESERVED: u8 = 0x1f;

/// The components of a file's attribute list: names and values by turns. The list of access rights comes first, under
/// an empty name. One that is not in Linux's form is recorded as an attribute like others.
pub(crate) fn components(attributes: &[ExtendedAttribute]) -> Vec<Vec<u8>> {
    let rights = |name: &[u8]| {
        let of_name = attributes.iter().find(|attribute| attribute.name == name);
        of_name.and_then(|attribute| from_linux(&attribute.value))
    };
    let (access, default) = (rights(ACCESS), rights(DEFAULT));
    let mut components = Vec::new();
    if access.is_some() || default.is_some() {
        let mut value = access.clone().unwrap_or_default();
        if let Some(default) = &default {
            value.push(SWITCH);
            value.extend(default);
        }
        components.extend([Vec::new(), value]);
    }
    // Those without a value stand first: libisofs 1.5.4 takes a list for damaged whose last value is empty.
    let (empty, others): (Vec<_>, Vec<_>) = attributes.iter().partition(|a| a.value.is_empty());
    for attribute in empty.into_iter().chain(others) {
        let told = match attribute.name.as_slice() {
            ACCESS => access.is_some(),
            DEFAULT => default.is_some(),
            name => name.is_empty(),
        };
        if !told {
            components.extend([short_name(&attribute.name), attribute.value.clone()]);
        }
    }
    components
}

/// The components of a recorded list: of all its entries, one behind the other. Ends where the bytes do.
pub(crate) fn parse(list: &[u8]) -> Vec<Vec<u8>> {
    const CONTINUE: u8 = 1;
    let mut components: Vec<Vec<u8>> = Vec::new();
    let mut continues = false;
    let mut rest = list;
    while let [flags, length, after @ ..] = rest {
        let Some((bytes, after)) = after.split_at_checked(usize::from(*length)) else {
            break;
        };
        match components.last_mut() {
            Some(last) if continues => last.extend_from_slice(bytes),
            _ => components.push(bytes.to_vec()),
        }
        continues = flags & CONTINUE != 0;
        rest = after;
    }
    components
}

/// The attributes that the components of a list say. A last name without a value is passed over.
pub(crate) fn attributes(components: &[Vec<u8>]) -> Vec<ExtendedAttribute> {
    let mut attributes = Vec::new();
    for pair in components.chunks_exact(2) {
        let [name, value] = pair else {
            continue;
        };
        if name.is_empty() {
            let mut halves = split_rights(value).into_iter();
            for name in [ACCESS, DEFAULT] {
                let entries = halves.next().filter(|entries| !entries.is_empty());
                attributes.extend(entries.map(|entries| ExtendedAttribute {
                    name: name.to_vec(),
                    value: to_linux(&entries),
                }));
            }
        } else {
            attributes.push(ExtendedAttribute {
                name: long_name(name),
                value: value.clone(),
            });
        }
    }
    attributes
}

fn short_name(name: &[u8]) -> Vec<u8> {
    for (byte, space) in NAMESPACES {
        if let Some(rest) = name.strip_prefix(space) {
            return [&[byte], rest].concat();
        }
    }
    match name.first() {
        Some(1..=LAST_RESERVED) => [&[ESCAPE], name].concat(),
        _ => name.to_vec(),
    }
}

fn long_name(name: &[u8]) -> Vec<u8> {
    let Some((first, rest)) = name.split_first() else {
        return Vec::new();
    };
    match NAMESPACES.iter().find(|(byte, _)| byte == first) {
        Some((_, space)) => [space, rest].concat(),
        None if *first == ESCAPE => rest.to_vec(),
        None => name.to_vec(),
    }
}

/// An entry of a list of access rights: whom it is for, by Linux's tag, with a number where the tag wants one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Right {
    tag: u16,
    permissions: u8,
    id: u32,
}

/// Linux's tags, and the types of AAIP for them.
const TAGS: [(u16, u8); 6] = [
    (0x01, 1),
    (0x02, 10),
    (0x04, 3),
    (0x08, 12),
    (0x10, 5),
    (0x20, 6),
];
const NAMED_USER: u16 = 0x02;
const NAMED_GROUP: u16 = 0x08;
const QUALIFIER: u8 = 0x08;
/// What follows is the list that new files in a folder are given.
const SWITCH: u8 = 0x81;
/// The version of Linux's form, and the number of an entry that has none.
const LINUX_VERSION: u32 = 2;
const NO_ID: u32 = u32::MAX;

/// Linux's form of a list in that of AAIP; `None` where it is none.
fn from_linux(value: &[u8]) -> Option<Vec<u8>> {
    let (version, entries) = value.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != LINUX_VERSION || entries.len() % 8 != 0 {
        return None;
    }
    let mut out = Vec::new();
    for entry in entries.chunks_exact(8) {
        let [t, a, p, q, id @ ..] = *entry.as_array::<8>()?;
        let (tag, permissions) = (u16::from_le_bytes([t, a]), u16::from_le_bytes([p, q]));
        let (_, kind) = TAGS.iter().find(|(linux, _)| *linux == tag)?;
        let permissions = u8::try_from(permissions).ok().filter(|bits| *bits < 8)?;
        let named = matches!(tag, NAMED_USER | NAMED_GROUP);
        let flags = kind << 4 | permissions | if named { QUALIFIER } else { 0 };
        out.push(flags);
        if named {
            let id = u32::from_le_bytes(id).to_be_bytes();
            let skip = id.iter().take(3).take_while(|byte| **byte == 0).count();
            let id = id.get(skip..).unwrap_or_default();
            out.push(id.len() as u8);
            out.extend(id);
        }
    }
    Some(out)
}

/// The lists of a value: of access, and for new files where there is one. Ends where it makes no sense.
fn split_rights(value: &[u8]) -> Vec<Vec<Right>> {
    let mut lists = vec![Vec::new()];
    let mut rest = value;
    while let Some((flags, after)) = rest.split_first() {
        rest = after;
        if *flags == SWITCH {
            lists.push(Vec::new());
            continue;
        }
        let mut id = NO_ID;
        if flags & QUALIFIER != 0 {
            let mut number = 0;
            loop {
                let Some((head, after)) = rest.split_first() else {
                    return lists;
                };
                let Some((bytes, after)) = after.split_at_checked(usize::from(head & 0x7f)) else {
                    return lists;
                };
                rest = after;
                for byte in bytes {
                    number = number << 8 | u32::from(*byte);
                }
                if head & 0x80 == 0 {
                    break;
                }
            }
            if matches!(flags >> 4, 10 | 12) {
                id = number;
            }
        }
        // Others are of no meaning to us, such as the names that stand for numbers.
        let tag = TAGS.iter().find(|(_, kind)| *kind == flags >> 4);
        if let (Some((tag, _)), Some(list)) = (tag, lists.last_mut()) {
            list.push(Right {
                tag: *tag,
                permissions: flags & 7,
                id,
            });
        }
    }
    lists
}

fn to_linux(rights: &[Right]) -> Vec<u8> {
    // Linux wants them by tag and number.
    let mut rights = rights.to_vec();
    rights.sort_by_key(|right| (right.tag, right.id));
    let mut out = LINUX_VERSION.to_le_bytes().to_vec();
    for right in rights {
        out.extend(right.tag.to_le_bytes());
        out.extend(u16::from(right.permissions).to_le_bytes());
        out.extend(right.id.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attribute(name: &[u8], value: &[u8]) -> ExtendedAttribute {
        ExtendedAttribute {
            name: name.to_vec(),
            value: value.to_vec(),
        }
    }

    fn linux(rights: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut out = vec![2, 0, 0, 0];
        for (tag, permissions, id) in rights {
            out.extend(tag.to_le_bytes());
            out.extend(permissions.to_le_bytes());
            out.extend(id.to_le_bytes());
        }
        out
    }

    #[test]
    fn rights_have_the_bytes_of_the_published_example() {
        // u::rw-,u:123:rw-,g::r--,g:65534:rw-,m::r--,o::r--
        let access = linux(&[
            (1, 6, NO_ID),
            (2, 6, 123),
            (4, 4, NO_ID),
            (8, 6, 65_534),
            (16, 4, NO_ID),
            (32, 4, NO_ID),
        ]);
        let list = [attribute(ACCESS, &access)];
        let made = components(&list);
        let example = [0x16, 0xae, 1, 123, 0x34, 0xce, 2, 255, 254, 0x54, 0x64];
        assert_eq!(made, [Vec::new(), example.to_vec()]);
        assert_eq!(attributes(&made), list);
    }

    #[test]
    fn a_list_for_new_files_follows_the_switch() {
        let example = [0x17, 0x35, 0x65, 0x81, 0x17, 0x35, 0x57, 0x65, 0xaf, 1, 123];
        let read = attributes(&[Vec::new(), example.to_vec()]);
        let access = linux(&[(1, 7, NO_ID), (4, 5, NO_ID), (32, 5, NO_ID)]);
        let default = linux(&[
            (1, 7, NO_ID),
            (2, 7, 123),
            (4, 5, NO_ID),
            (16, 7, NO_ID),
            (32, 5, NO_ID),
        ]);
        assert_eq!(
            read,
            [attribute(ACCESS, &access), attribute(DEFAULT, &default)]
        );
        assert_eq!(attributes(&components(&read)), read);
    }

    #[test]
    fn namespaces_are_one_byte_and_what_looks_like_one_is_escaped() {
        let list = [
            attribute(b"user.abc", b"1"),
            attribute(b"\x03abc", b"0"),
            attribute(b"other.abc", b"2"),
            attribute(ACCESS, b"not of Linux"),
        ];
        let made = components(&list);
        assert_eq!(made[0], b"\x03abc");
        assert_eq!(made[2], b"\x01\x03abc");
        assert_eq!(made[4], b"other.abc");
        assert_eq!(made[6], b"\x02posix_acl_access");
        assert_eq!(attributes(&made), list);
    }

    proptest! {
        #[test]
        fn whatever_is_recorded_is_read_without_a_panic(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let read = attributes(&[Vec::new(), value]);
            prop_assert_eq!(attributes(&components(&read)), read);
        }

        #[test]
        fn attributes_come_back(list in proptest::collection::vec(("[a-z]{1,8}\\.[a-z]{1,20}", proptest::collection::vec(any::<u8>(), 0..50)), 0..6)) {
            let mut list: Vec<_> = list.iter().map(|(name, value)| attribute(name.as_bytes(), value)).collect();
            list.sort_by_key(|attribute| !attribute.value.is_empty());
            prop_assert_eq!(attributes(&components(&list)), list);
        }
    }
}
