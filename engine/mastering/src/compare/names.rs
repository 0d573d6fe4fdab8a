//! Names, kinds, sizes and attributes, folder by folder, by one set of names after the other.
//!
//! Must not read files: it notes those whose contents are to be compared.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::{Attribute, Comparison, Difference};
use crate::block::{BlockSource, runs};
use crate::iso9660::names::Rules;
use crate::iso9660::stamp::ShortStamp;
use crate::joliet;
use crate::layout::{Count, Hierarchy, Namespace, PlanError, RockRidge};
use crate::read::{Entry, Guard, Names, Volume, shown_name};
use crate::rock_ridge::StampForm;
use crate::tree::{HiddenIn, NodeId, NodeKind};
use crate::udf::{self, read::expected};

impl Comparison<'_> {
    /// Compares names, kinds, sizes and attributes. `first`: by the best names, whose files are noted for later;
    /// otherwise their blocks are compared with those noted.
    pub(super) fn structure<R: BlockSource>(
        &mut self,
        volume: &mut Volume<R>,
        names: Names,
        first: bool,
    ) -> Result<(), PlanError> {
        let tree = self.tree;
        let ordinals: Vec<u32> = tree
            .nodes()
            .scan(0, |next, id| {
                let own = *next;
                *next += u32::from(tree.kind(id) == NodeKind::Directory);
                Some(own)
            })
            .collect();
        // Names of UDF, too, need no records to be settled.
        let udf_names =
            (names == Names::Udf).then(|| udf::names::Names::settle(tree, &mut Count::default()));
        let namespace = match names {
            Names::RockRidge | Names::Udf => None,
            Names::Joliet => Some(Namespace::Joliet {
                surrogates: self.options.surrogates,
                units: joliet::most_units(self.options.joliet_long),
            }),
            Names::Enhanced => Some(Namespace::Enhanced),
            // The plain names of a volume with Rock Ridge are given to links and devices, too.
            Names::Plain => Some(Namespace::Iso {
                rules: Rules {
                    level: self.options.iso_level,
                    names: self.options.iso_names,
                },
                deep: self.options.deep,
                rock_ridge: volume
                    .offered_names()
                    .contains(&Names::RockRidge)
                    .then_some(RockRidge {
                        access_times: false,
                        stamps: StampForm::Short,
                    }),
            }),
        };
        let hierarchy = namespace
            .map(|n| Hierarchy::new(tree, n, &ordinals, &mut Vec::new()))
            .transpose()?;
        let hidden = |id: NodeId| {
            tree.extras(id)
                .map_or_else(HiddenIn::default, |extras| extras.hidden_in)
        };
        let expected = |id: NodeId| match &udf_names {
            Some(udf_names) if !hidden(id).udf => expected::name(&udf_names.of(tree, id)),
            None if !hidden(id).iso => Some(tree.name_bytes(id).to_vec()),
            _ => None,
        };
        // Folders that lay too deep stand in the root, and an empty file in their place.
        let placed_by = |h: &Hierarchy, folder: NodeId| -> Vec<(Vec<u8>, NodeId)> {
            let held = h.children_of(tree, folder).filter(|child| h.holds(*child));
            held.map(|child| {
                (
                    shown_name(names, h.identifier_in(folder, tree, child)),
                    child,
                )
            })
            .collect()
        };
        let stands_for_moved = |folder: NodeId, id: NodeId| {
            let placeholder = |h: &Hierarchy| h.is_placeholder(folder, id);
            hierarchy.as_ref().is_some_and(placeholder)
        };
        let mut guard = Guard::new(volume.limits());
        let root = match volume.root() {
            Ok(root) => root,
            Err(error) => {
                self.report(Difference::Damaged {
                    path: "/".into(),
                    names,
                    error,
                });
                return Ok(());
            }
        };
        self.attributes(NodeId::ROOT, &root, names);
        let mut pending = vec![(NodeId::ROOT, root, 0)];
        while let Some((folder, folder_entry, depth)) = pending.pop() {
            let entries = guard
                .enter(&folder_entry, depth)
                .and_then(|()| volume.read_dir(&folder_entry));
            let mut on_disc = match entries {
                Ok(entries) => entries,
                Err(error) => {
                    self.report(Difference::Damaged {
                        path: tree.disc_path(folder),
                        names,
                        error,
                    });
                    continue;
                }
            };
            on_disc.sort_by(|a, b| a.name.cmp(&b.name));
            let mut in_source: Vec<(Vec<u8>, NodeId)> = match &hierarchy {
                Some(hierarchy) => placed_by(hierarchy, folder),
                None => tree
                    .children(folder)
                    .filter_map(|child| Some((expected(child)?, child)))
                    .collect(),
            };
            in_source.sort();
            let mut on_disc = on_disc.into_iter().peekable();
            for (name, id) in in_source {
                while let Some(extra) = on_disc.next_if(|entry| entry.name < name) {
                    self.extra(folder, &extra, names);
                }
                self.summary.names += 1;
                match on_disc.next_if(|entry| entry.name == name) {
                    None => {
                        let lba = folder_entry.extents.first().map(|e| e.first_lba);
                        self.report(Difference::Missing {
                            path: tree.disc_path(id),
                            names,
                            lba,
                        });
                    }
                    Some(entry) if stands_for_moved(folder, id) && entry.kind == NodeKind::File => {
                    }
                    Some(entry) => {
                        if self.same_shape(id, &entry, names, first) {
                            self.attributes(id, &entry, names);
                            match tree.kind(id) {
                                NodeKind::Directory => pending.push((id, entry, depth + 1)),
                                NodeKind::File if first => self.files.push((id, entry)),
                                NodeKind::File if entry.inline.is_some() => {
                                    self.copies.push((id, entry));
                                }
                                NodeKind::File => self.same_blocks(id, &entry, names),
                                _ => {}
                            }
                        }
                    }
                }
            }
            for extra in on_disc {
                self.extra(folder, &extra, names);
            }
        }
        if first {
            // For the look-up of `same_blocks`.
            self.files.sort_by_key(|(id, _)| *id);
        }
        Ok(())
    }

    fn extra(&mut self, folder: NodeId, entry: &Entry, names: Names) {
        let path = self
            .tree
            .disc_path(folder)
            .join(OsString::from_vec(entry.name.clone()));
        self.report(Difference::Extra {
            path,
            names,
            lba: entry.location.lba,
        });
    }

    /// The file as the best names tell it, once they are all read.
    fn noted(&self, id: NodeId) -> Option<&Entry> {
        let position = self.files.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.files.get(position).map(|(_, entry)| entry)
    }

    fn same_shape(&mut self, id: NodeId, entry: &Entry, names: Names, first: bool) -> bool {
        let tree = self.tree;
        let lba = entry.location.lba;
        let has_bytes = |kind| matches!(kind, NodeKind::Directory | NodeKind::File);
        let (volume, source) = (entry.kind, tree.kind(id));
        // Plain names show links and devices as empty files.
        let shown_as_file = !matches!(names, Names::RockRidge | Names::Udf)
            && volume == NodeKind::File
            && !has_bytes(source);
        if volume != source && !shown_as_file {
            self.report(Difference::Kind {
                path: tree.disc_path(id),
                names,
                lba,
                volume,
                source,
            });
            return false;
        }
        // Rock Ridge tells what a compressed file was, all others what stands there.
        let plain = entry.zisofs.and(tree.extras(id)).and_then(|e| e.zisofs);
        let size = plain.map_or(tree.size(id), |zisofs| zisofs.size.into());
        let noted = (!first).then(|| self.noted(id)).flatten();
        let size = match noted.filter(|noted| noted.zisofs.is_some() && entry.zisofs.is_none()) {
            Some(noted) => noted.extents.iter().map(|e| u64::from(e.bytes)).sum(),
            None => size,
        };
        if volume == NodeKind::File && entry.size != size {
            self.report(Difference::Size {
                path: tree.disc_path(id),
                names,
                lba,
                volume: entry.size,
                source: size,
            });
            return false;
        }
        true
    }

    fn same_blocks(&mut self, id: NodeId, entry: &Entry, names: Names) {
        let best = self.noted(id);
        if best.is_some_and(|best| entry.size > 0 && runs(&best.extents) != runs(&entry.extents)) {
            let path = self.tree.disc_path(id);
            self.report(Difference::Blocks {
                path,
                names,
                lba: entry.location.lba,
            });
        }
    }

    fn attributes(&mut self, id: NodeId, entry: &Entry, names: Names) {
        if !self.options.attributes {
            return;
        }
        let tree = self.tree;
        let mut differing = Vec::new();
        let mut check = |attribute, same: bool| {
            if !same {
                differing.push(attribute);
            }
        };
        // All names carry the modification time; the root's is in its own record.
        let stamp = match names {
            Names::Udf => expected::time(tree.modified(id)),
            _ => ShortStamp::new(tree.modified(id)).time(),
        };
        // One that differs by all names is told once.
        let as_noted = entry.modified == stamp || !self.modified_noted.insert(id);
        check(Attribute::Modified, as_noted);
        if matches!(names, Names::RockRidge | Names::Udf) {
            let (links, target) = match names {
                Names::Udf => (
                    expected::links(tree, &self.shown, id),
                    expected::target(tree, id),
                ),
                _ => {
                    let target = tree.link_target(id);
                    let target = target.map(|t| t.as_os_str().as_encoded_bytes().to_vec());
                    (tree.link_count(id), target)
                }
            };
            let (uid, gid) = tree.owner(id);
            let posix = entry.posix.unwrap_or_default();
            check(Attribute::Mode, posix.mode == tree.mode(id));
            check(Attribute::User, posix.uid == uid);
            check(Attribute::Group, posix.gid == gid);
            check(Attribute::Links, posix.links == links);
            check(Attribute::Target, entry.target == target);
            check(Attribute::Device, entry.device == tree.device_number(id));
            // Rock Ridge 1.10 has no serial numbers.
            if posix.serial != 0 {
                let file = tree.first_name(id);
                let same = *self.serials.entry((names, posix.serial)).or_insert(file) == file
                    && *self.serial_of.entry((names, file)).or_insert(posix.serial) == posix.serial;
                check(Attribute::SameFile, same);
            }
        }
        for attribute in differing {
            let path = self.tree.disc_path(id);
            self.report(Difference::Attribute {
                path,
                lba: entry.location.lba,
                attribute,
            });
        }
    }
}
