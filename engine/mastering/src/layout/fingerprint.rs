//! The fingerprint of a plan: whether another plan would give the same bytes from the same sources.
//!
//! Reads the plan, never a file.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;

use super::{Layout, VolumeTexts};
use crate::el_torito::Emulation;
use crate::iso9660::rules::{Deep, IsoNames, VolumeSize};
use crate::joliet::Surrogates;
use crate::time::Timestamp;
use crate::tree::{Extras, HiddenIn, NodeKind};
use crate::udf::UdfOptions;

/// Part of every fingerprint: another way to lay out a volume, or to take the fingerprint, has another number.
const VERSION: u64 = 3;

static CRC: crc::Crc<u64, crc::Table<16>> = crc::Crc::<u64, crc::Table<16>>::new(&crc::CRC_64_XZ);

/// Takes values in, each in a form of fixed or stated length, so that no two rows of values look alike.
struct Sum<'a>(crc::Digest<'a, u64, crc::Table<16>>);

impl Sum<'_> {
    fn numbers<const N: usize>(&mut self, values: [u64; N]) {
        for value in values {
            self.0.update(&value.to_le_bytes());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.numbers([bytes.len() as u64]);
        self.0.update(bytes);
    }

    fn extras(&mut self, extras: &Extras) {
        // All by name: what a node can have more is not to be forgotten here.
        let Extras {
            hidden_in,
            marked_hidden,
            weight,
            streams,
            attributes,
            real_time,
            created,
            zisofs,
            digest: _,
        } = extras;
        let HiddenIn { iso, joliet, udf } = *hidden_in;
        self.numbers([iso, joliet, udf, *marked_hidden, *real_time].map(u64::from));
        self.numbers([
            i64::from(*weight).cast_unsigned(),
            created.map_or(0, |_| 1),
            zisofs.map_or(0, |zisofs| u64::from(zisofs.block_log2)),
            zisofs.map_or(0, |zisofs| u64::from(zisofs.size)),
            streams.len() as u64,
            attributes.len() as u64,
        ]);
        self.time(created.unwrap_or_default());
        for stream in streams {
            self.bytes(stream.name.as_bytes());
            self.numbers([stream.bytes.length()]);
        }
        for attribute in attributes {
            self.bytes(&attribute.name);
            self.bytes(&attribute.value);
        }
    }

    fn time(&mut self, time: Timestamp) {
        self.numbers([time.seconds.cast_unsigned(), u64::from(time.nanoseconds)]);
    }
}

impl Layout {
    /// A CRC-64/XZ over all that decides about the volume's bytes: options, first LBA, size, and of every node its name,
    /// kind, place, attributes, size, both times to the nanosecond, and its inode. Stable: the same in another process
    /// and on another machine, for as long as volumes are laid out as they are. For comparing a plan made anew with one
    /// that was interrupted; no protection against somebody who wants two plans to look alike.
    ///
    /// Device numbers count by the order of their first appearance only, for the system may give a file system another
    /// one when it is mounted again. Access times count where they are recorded.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut sum = Sum(CRC.digest());
        self.take_options(&mut sum);
        let tree = &self.tree;
        let mut devices: HashMap<u64, u64> = HashMap::new();
        for id in tree.nodes() {
            let node = tree.node(id);
            let next = devices.len() as u64;
            let device = *devices.entry(node.identity.device).or_insert(next);
            sum.bytes(tree.name_bytes(id));
            sum.numbers([
                u64::from(node.parent),
                u64::from(node.mode),
                u64::from(node.uid),
                u64::from(node.gid),
                u64::from(tree.first_name(id).0),
                u64::from(self.first_lba_of(id)),
                device,
                node.identity.inode,
                tree.size(id),
                tree.device_number(id).unwrap_or(0),
                u64::from(node.followed),
            ]);
            sum.time(tree.modified(id));
            sum.time(tree.changed(id));
            if self.options.access_times {
                sum.numbers([node.accessed.cast_unsigned()]);
            }
            if node.kind == NodeKind::Symlink {
                sum.bytes(
                    tree.link_target(id)
                        .map_or(&[][..], |target| target.as_os_str().as_bytes()),
                );
            }
            for extent in tree.recorded(id).into_iter().flatten() {
                sum.numbers([extent.first_lba.into(), extent.bytes.into()]);
            }
            if let Some(extras) = tree.extras(id) {
                sum.extras(extras);
            }
            if tree.is_base(id) {
                sum.bytes(tree.source_path(id).as_os_str().as_bytes());
            }
        }
        sum.0.finalize()
    }

    fn take_options(&self, sum: &mut Sum<'_>) {
        // All by name: a new option is not to be forgotten here.
        let super::VolumeOptions {
            volume_id,
            texts,
            created,
            modified,
            expires,
            effective,
            iso9660,
            volume_size,
            iso_level,
            iso_names,
            deep,
            enhanced,
            rock_ridge,
            access_times,
            long_times,
            joliet,
            joliet_long,
            surrogates,
            udf,
            udf_options,
            boot,
            boot_catalogue,
            hybrid,
            padding_blocks,
            most_blocks: _,
        } = &self.options;
        let VolumeTexts {
            system_id,
            volume_set_id,
            publisher,
            preparer,
            application,
            copyright_file,
            abstract_file,
            bibliographic_file,
        } = texts;
        for text in [
            volume_id,
            system_id,
            volume_set_id,
            publisher,
            preparer,
            application,
            copyright_file,
            abstract_file,
            bibliographic_file,
        ] {
            sum.bytes(text.as_bytes());
        }
        sum.time(*created);
        for time in [modified, expires, effective] {
            sum.numbers([u64::from(time.is_some())]);
            sum.time(time.unwrap_or_default());
        }
        let IsoNames {
            lower_case,
            ascii,
            dots,
            no_version,
            no_final_dot,
        } = *iso_names;
        let deep = match deep {
            Deep::AsIs => 0,
            Deep::Refuse => 1,
            Deep::Relocate => 2,
        };
        sum.numbers([
            u64::from(*iso9660),
            u64::from(iso_level.number()),
            u64::from(lower_case),
            u64::from(ascii),
            u64::from(dots),
            u64::from(no_version),
            u64::from(no_final_dot),
            deep,
            u64::from(*enhanced),
            u64::from(*joliet_long),
            u64::from(*long_times),
            u64::from(*volume_size == VolumeSize::ToEnd),
        ]);
        if let Some(hybrid) = hybrid {
            let code = hybrid.code.as_ref();
            sum.bytes(code.map_or(&[], |code| code.bytes()));
            sum.numbers([
                code.map_or(0, |code| 1 + code.pointer() as u64),
                hybrid.table as u64,
                hybrid.efi as u64,
            ]);
        }
        sum.numbers([
            boot_catalogue.map_or(0, |file| 1 + u64::from(file.0)),
            u64::from(hybrid.is_some()),
            boot.len() as u64,
        ]);
        for entry in boot {
            let partition = match entry.emulation {
                Emulation::HardDrive { partition_type } => 0x100 + u64::from(partition_type),
                Emulation::None => 0,
                Emulation::Floppy1200 => 1,
                Emulation::Floppy1440 => 2,
                Emulation::Floppy2880 => 3,
            };
            sum.bytes(entry.id.as_bytes());
            sum.bytes(&entry.selection.criteria);
            sum.numbers([
                u64::from(entry.image.0),
                u64::from(entry.platform.code()),
                partition,
                u64::from(entry.load_segment),
                u64::from(entry.selection.kind),
                entry.load_sectors.map_or(u64::MAX, u64::from),
                u64::from(entry.info_table),
                u64::from(entry.bootable),
            ]);
        }
        let surrogates = match surrogates {
            Surrogates::Keep => 0,
            Surrogates::Replace => 1,
        };
        let UdfOptions { mirror } = *udf_options;
        sum.numbers([u64::from(mirror)]);
        sum.numbers([
            VERSION,
            u64::from(*rock_ridge),
            u64::from(*access_times),
            u64::from(*joliet),
            surrogates,
            udf.map_or(0, |revision| u64::from(revision.code())),
            u64::from(*padding_blocks),
            u64::from(self.first_lba),
            self.blocks(),
            self.tree.nodes.len() as u64,
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::VolumeOptions;
    use crate::tree::{Node, Tree, WalkOptions};
    use std::path::Path;

    /// The fingerprint after a change of one file's node that no file system would allow alone.
    fn with(dir: &Path, change: impl Fn(&mut Node)) -> u64 {
        let mut tree = Tree::scan(&[dir.to_path_buf()], &WalkOptions::default()).unwrap();
        for node in &mut tree.nodes {
            node.identity.device = 7;
            node.identity.inode = 8;
            node.identity.modified = Timestamp::from_seconds(1);
            node.identity.changed = Timestamp::from_seconds(2);
        }
        tree.nodes.iter_mut().for_each(|node| node.accessed = 3);
        change(&mut tree.nodes[1]);
        let options = VolumeOptions::new("X", Timestamp::from_seconds(4));
        Layout::plan(tree, 0, &options).unwrap().fingerprint()
    }

    #[test]
    fn every_part_of_a_source_counts_and_its_access_does_not() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), b"12345").unwrap();
        let with = |change: fn(&mut Node)| with(dir.path(), change);
        let plain = with(|_| ());
        let changes: [fn(&mut Node); 9] = [
            |node| node.identity.inode += 1,
            |node| node.identity.device += 1,
            |node| node.identity.modified.seconds += 1,
            |node| node.identity.modified.nanoseconds += 1,
            |node| node.identity.changed.nanoseconds += 1,
            |node| node.identity.size += 1,
            |node| node.mode ^= 0o100,
            |node| node.uid += 1,
            |node| node.gid += 1,
        ];
        let mut seen = vec![plain];
        seen.extend(changes.map(with));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), changes.len() + 1);
        assert_eq!(with(|node| node.accessed += 1), plain);
    }
}
