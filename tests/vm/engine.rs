//! Our program on drives behind the real kernel: on one of others, tgtd's, an early DVD+R recorder (see
//! `with-tgtd`), and on our virtual drive with media that no drive of others has here. Owns the stories.

use super::common::{outside, tree};
use super::guest::{self, Boot, Guest, Scenario, file};
use super::listing::Listing;
use super::program::{self, pitland};
use super::quiet;
use super::served::Served;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const PROGRAMS: [(&str, &str); 4] = [
    ("tgtd", "tgt"),
    ("tgtadm", "tgt"),
    ("sg_start", "sg3-utils"),
    ("setpriv", "util-linux"),
];

/// Recorders of tgtd, while it is there.
struct Tgtd {
    child: Child,
    drives: Vec<String>,
}

impl Tgtd {
    fn start(discs: &Path, drives: usize) -> Self {
        let mut child = Command::new(file("with-tgtd"))
            .args(["-n", &drives.to_string()])
            .arg(discs)
            // It lasts until its standard input ends.
            .args(["sh", "-c", "echo $TGT_DRIVES; cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let addresses: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(addresses.len(), drives, "tgtd came up");
        Self {
            child,
            drives: addresses,
        }
    }
}

impl Drop for Tgtd {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A ready image goes onto the disc; it is told as it is; while it is mounted it is left alone.
const IMAGE: &str = r#"
expect 0 --json drives
says '"drive":"/dev/sr0","generic":"/dev/sg0","vendor":"IET","product":"VIRTUAL-CDROM"'
expect 0 --json medium /dev/sr0
says '"profile":"DVD+R"'
says '"blank":true'
expect 0 --json burn /share/one.iso --drive /dev/sr0
says '"outcome":"verified"'
expect 0 --json medium /dev/sr0
says '"blank":false'
says '"condition":"closed"'
mkdir /tmp/image
mount -t iso9660 -o ro /dev/sr0 /tmp/image
/share/listing /tmp/image >/share/image.list
expect 0 --json drives
says '/tmp/image'
expect 6 burn /share/one --drive /dev/sr0
says '/tmp/image'
expect 6 eject /dev/sr0
says '/tmp/image'
expect 6 burn /share/one --drive /dev/sr0 --force-unmount --plan
mountpoint -q /tmp/image || fail "it was unmounted"
expect 4 burn /share/one --drive /dev/sr0 --force-unmount
mountpoint -q /tmp/image && fail "it is still mounted"
expect 0 verify /dev/sr0 /share/one.iso
"#;

/// A folder is burned by a user whose only right is the group cdrom; without it, that is what is said.
const USER: &str = r#"
chgrp 24 /dev/sr1 /dev/sg1
chmod 660 /dev/sr1 /dev/sg1
real=$P
P="setpriv --reuid=1000 --regid=1000 --clear-groups $real"
as_user() { setpriv --reuid=1000 --regid=1000 "$@"; }
status=0
as_user --clear-groups "$real" burn /share/one --drive /dev/sr1 >$OUT 2>&1 || status=$?
cat $OUT
[ $status -ne 0 ] || fail "burned without a right to"
says cdrom
as_user --groups=24 "$real" --json burn /share/one --drive /dev/sr1 >$OUT 2>&1 || fail "$(cat $OUT)"
says '"outcome":"verified"'
mkdir /tmp/user
mount -t iso9660 -o ro /dev/sr1 /tmp/user
/share/listing /tmp/user >/share/user.list
umount /tmp/user
"#;

/// One client holds the drive: the other is told by whom. A kill gives the drive back.
const CLIENTS: &str = r#"
begin_stalled_burn /dev/sr2 'the first one'
expect 6 burn /share/one --drive /dev/sr2 --client 'the second one'
says 'the first one'
expect 0 --json drives
says 'the first one'
# The kernel leaves a drive alone that is held; it polls a free one every so often.
commands() { echo $(($(cat /sys/block/$1/device/iorequest_cnt))); }
polled() { # NAME of a node: commands in a second
	echo 100 >/sys/block/$1/events_poll_msecs
	before=$(commands $1)
	sleep 1
	echo $(($(commands $1) - before))
	echo 0 >/sys/block/$1/events_poll_msecs
}
while_held=$(polled sr2)
[ "$while_held" -le 2 ] || fail "$while_held commands went to the held drive"
kill -9 $BURNER
wait $BURNER || true
expect 0 --json drives
grep -q 'the first one' $OUT && fail "a dead process holds the drive"
# It can be had again, and the door opens.
expect 0 eject /dev/sr2
expect 0 load /dev/sr2
while_free=$(polled sr2)
[ "$while_free" -ge 4 ] || fail "the kernel does not poll: $while_free"
"#;

/// The drive goes in mid-write: the burn ends, and says so.
const UNPLUGGED: &str = r#"
begin_stalled_burn /dev/sr3 'the burner'
echo 1 >/sys/block/sr3/device/delete
touch /tmp/$SCENARIO.go
status=0
wait $BURNER || status=$?
cat /tmp/$SCENARIO.burn
[ $status -eq 14 ] || fail "ended with $status, not 14: the disc can be resumed"
cp /tmp/$SCENARIO.burn $OUT
says '"type":"error"'
says gone
"#;

#[test]
fn our_program_burns_on_a_drive_of_others() {
    let Some(guest) = Guest::ready_with_drives(&PROGRAMS) else {
        return;
    };
    let place = guest::place();
    let (share, discs) = (place.path().join("share"), place.path().join("discs"));
    fs::create_dir_all(&share).unwrap();
    fs::copy(program::path(), share.join("pitland")).unwrap();
    let (one, image) = (share.join("one"), share.join("one.iso"));
    tree::small(&one);
    outside::run(pitland().arg("image").arg(&one).arg("-o").arg(&image));

    let tgtd = Tgtd::start(&discs, 4);
    let stories = [
        ("image", IMAGE),
        ("user", USER),
        ("clients", CLIENTS),
        ("unplugged", UNPLUGGED),
    ];
    let scenario = |(name, script): (&str, &str)| Scenario {
        name: name.to_owned(),
        script: format!(". /share/functions\n. /share/engine-functions\n{script}"),
        limit: 300,
    };
    let outcomes = guest.run(&Boot {
        share: &share,
        modules: "virtio_scsi,sr_mod,sg,isofs",
        drives: tgtd.drives.clone(),
        scenarios: stories.into_iter().map(scenario).collect(),
        workers: 2,
    });
    drop(tgtd);
    outcomes.assert_all_well();

    let expected = Listing::of(&one);
    for name in ["image", "user"] {
        let got = Listing::read(&share.join(format!("{name}.list")));
        expected.assert_same(name, &got);
    }
    let (disc, image) = (
        fs::read(discs.join("disc1.img")).unwrap(),
        fs::read(&image).unwrap(),
    );
    assert!(
        disc.starts_with(&image),
        "the disc's file holds other bytes than the image"
    );
    // What fills the last unit.
    assert!(disc[image.len()..].iter().all(|byte| *byte == 0));
    assert!(disc.len() - image.len() < 16 * 2048);
}

/// A folder, and another one as a session of its own; the kernel finds both. On DEVICE.
const SESSIONS: &str = r#"
expect 0 --json medium $DEVICE
says '"blank":true'
expect 0 --json burn /share/one --drive $DEVICE
says '"outcome":"verified"'
expect 0 --json medium $DEVICE
says '"blank":false'
says '"condition":"appendable"'
list_mounted $DEVICE first ''
expect 0 --json burn /share/two --drive $DEVICE --new-session
says '"outcome":"verified"'
list_mounted $DEVICE second ''
list_mounted $DEVICE first-again ,session=0
expect 0 verify $DEVICE /share/two
"#;

/// One folder, then, when the disc was blanked, another one. On DEVICE.
const ERASED: &str = r#"
expect 0 --json burn /share/one --drive $DEVICE --close
says '"outcome":"verified"'
list_mounted $DEVICE first ''
expect 0 --json erase $DEVICE
expect 0 --json medium $DEVICE
says '"blank":true'
expect 0 --json burn /share/two --drive $DEVICE
says '"outcome":"verified"'
list_mounted $DEVICE second ''
"#;

#[test]
fn our_program_burns_every_family_of_sequential_media_through_the_kernel() {
    let Some(guest) = Guest::ready_with_drives(&PROGRAMS[2..3]) else {
        return;
    };
    let place = guest::place();
    let share = place.path().join("share");
    fs::create_dir_all(&share).unwrap();
    fs::copy(program::path(), share.join("pitland")).unwrap();
    let (one, two) = (share.join("one"), share.join("two"));
    tree::small(&one);
    tree::write(&two.join("second/more.bin"), &tree::noise(22, 400_000));

    let stories = [
        ("cd-r", SESSIONS),
        ("dvd-r", SESSIONS),
        ("cd-rw", ERASED),
        ("dvd-rw", ERASED),
    ];
    let mut discs = Vec::new();
    for (medium, _) in stories {
        let disc = place.path().join(medium).with_extension("vdisc");
        outside::run(
            pitland()
                .args(["virtual", "create", "--capacity", "64M", "--medium", medium])
                .arg(&disc),
        );
        discs.push(disc);
    }
    discs.push(quiet::disc(place.path(), &share));
    let served = Served::start(&discs, place.path());
    let outcomes = guest.run(&Boot {
        share: &share,
        modules: "virtio_scsi,sr_mod,sg,isofs",
        drives: served.addresses().to_vec(),
        scenarios: (0..)
            .zip(stories)
            .map(|(number, (medium, script))| Scenario {
                name: medium.to_owned(),
                script: format!(
                    "DEVICE=/dev/sr{number}\n\
                     . /share/functions\n. /share/engine-functions\n{script}"
                ),
                limit: 300,
            })
            .chain([quiet::scenario(stories.len())])
            .collect(),
        workers: 2,
    });
    served.end();
    outcomes.assert_all_well();

    let (one, two) = (Listing::of(&one), Listing::of(&two));
    for (medium, script) in stories {
        let got = |kind: &str| Listing::read(&share.join(format!("{medium}.{kind}")));
        one.assert_same(&format!("{medium}, first"), &got("first"));
        if script == SESSIONS {
            one.assert_same(&format!("{medium}, first again"), &got("first-again"));
        }
        two.assert_same(&format!("{medium}, second"), &got("second"));
    }
}
