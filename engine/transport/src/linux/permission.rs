//! Which permission is missing, in words.
//!
//! Owns the reading of a file's mode against who we are. Must not try
//! anything: it explains a refusal that has happened.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    ReadWrite,
}

impl Access {
    /// The bits of one class of a mode.
    const fn bits(self) -> u32 {
        match self {
            Self::Read => 0o4,
            Self::ReadWrite => 0o6,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Read => "reading",
            Self::ReadWrite => "reading and writing",
        }
    }
}

/// Who asks: the effective user and all groups.
#[derive(Debug, Clone)]
struct Identity {
    user: u32,
    groups: Vec<u32>,
}

impl Identity {
    fn ours() -> Self {
        let mut groups: Vec<u32> = rustix::process::getgroups()
            .unwrap_or_default()
            .into_iter()
            .map(rustix::process::Gid::as_raw)
            .collect();
        groups.push(rustix::process::getegid().as_raw());
        Self {
            user: rustix::process::geteuid().as_raw(),
            groups,
        }
    }
}

/// Whose a node is.
#[derive(Debug, Clone, Copy)]
struct Owned {
    mode: u32,
    user: u32,
    group: u32,
}

/// Whether the system's refusal is one of permission.
pub fn is_refusal(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EACCES | libc::EPERM))
}

/// What is missing to open `node` so, after the system has refused it.
pub fn missing(node: &Path, access: Access, refusal: &io::Error) -> String {
    let Ok(found) = fs::metadata(node) else {
        return format!("its folder is closed to us ({refusal})");
    };
    let owned = Owned {
        mode: found.mode(),
        user: found.uid(),
        group: found.gid(),
    };
    let group = group_name(Path::new("/etc/group"), owned.group);
    explain(owned, &group, &Identity::ours(), access)
}

fn explain(node: Owned, group: &str, who: &Identity, access: Access) -> String {
    let may = |class: u32| node.mode >> class & access.bits() == access.bits();
    let (is_owner, is_member) = (who.user == node.user, who.groups.contains(&node.group));
    let ours = match (is_owner, is_member) {
        (true, _) => may(6),
        (false, true) => may(3),
        (false, false) => may(0),
    };
    if ours || who.user == 0 {
        return "its mode permits it, so an access list, a container's device rules or a security \
                module refuses it"
            .into();
    }
    let words = access.words();
    if !is_member && may(3) {
        return format!(
            "{words} is for members of group {group} ({}), and this process is not one; \
             after joining, log in anew",
            node.group
        );
    }
    if may(6) {
        return format!("{words} is for user {} only", node.user);
    }
    format!(
        "its mode {:04o} lets nobody but root do that ({words})",
        node.mode & 0o7777
    )
}

/// A group's name as the file has it; its number where it has none.
fn group_name(file: &Path, group: u32) -> String {
    let text = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let name = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number = fields.nth(1)?.parse::<u32>().ok()?;
        (number == group).then(|| name.escape_debug().to_string())
    });
    name.unwrap_or_else(|| group.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: Owned = Owned {
        mode: 0o60660,
        user: 0,
        group: 24,
    };

    fn told(node: Owned, user: u32, groups: &[u32], access: Access) -> String {
        let who = Identity {
            user,
            groups: groups.to_vec(),
        };
        explain(node, "cdrom", &who, access)
    }

    #[test]
    fn one_who_is_not_in_the_group_is_told_its_name() {
        let told = told(NODE, 1000, &[1000, 100], Access::ReadWrite);
        assert!(told.contains("group cdrom (24)"), "{told}");
    }

    #[test]
    fn a_group_that_may_only_read_is_not_named_for_writing() {
        let node = Owned {
            mode: 0o60640,
            ..NODE
        };
        let writing = told(node, 1000, &[], Access::ReadWrite);
        assert!(!writing.contains("cdrom"), "{writing}");
        assert!(writing.contains("user 0"), "{writing}");
        let reading = told(node, 1000, &[], Access::Read);
        assert!(reading.contains("group cdrom"), "{reading}");
    }

    #[test]
    fn the_owner_is_judged_by_the_owners_bits() {
        let node = Owned {
            mode: 0o60060,
            user: 1000,
            group: 24,
        };
        let told = told(node, 1000, &[24], Access::Read);
        assert!(told.contains("0060"), "{told}");
    }

    #[test]
    fn a_refusal_against_the_mode_is_laid_to_what_else_can_refuse() {
        for told in [
            told(NODE, 1000, &[24], Access::ReadWrite),
            told(NODE, 0, &[0], Access::Read),
        ] {
            assert!(told.contains("device rules"), "{told}");
        }
    }

    #[test]
    fn groups_without_a_name_are_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("group");
        fs::write(&file, "root:x:0:\n\nodd\ncdrom:x:24:me,you\nlast:x:7").unwrap();
        assert_eq!(group_name(&file, 24), "cdrom");
        assert_eq!(group_name(&file, 7), "last");
        assert_eq!(group_name(&file, 99), "99");
        assert_eq!(group_name(&folder.path().join("no"), 24), "24");
    }
}
