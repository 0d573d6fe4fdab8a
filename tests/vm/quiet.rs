//! A drive whose notifications are off, behind the real kernel: the kernel does not ask it, nobody mounts its disc, and what
//! came in meanwhile is told afterwards. Owns the story; whoever boots runs it.

use super::common::program::example;
use super::common::{outside, tree};
use super::guest::Scenario;
use super::program::pitland;
use std::fs;
use std::path::{Path, PathBuf};

/// With a disc in it that can be mounted, on DEVICE, and GENERIC beside it.
const QUIET: &str = r#"
name=${DEVICE#/dev/}
commands() { echo $(($(cat /sys/block/$name/device/iorequest_cnt))); }
changes() { cat /sys/block/$name/diskseq; }
has_more_than() { [ "$("$1")" -gt "$2" ]; }
turn_off() { # OUTPUT
	mkfifo /tmp/$SCENARIO.fifo
	/share/quiet_drive "$DEVICE" </tmp/$SCENARIO.fifo >"$1" 2>&1 &
	QUIET=$!
	exec 9>/tmp/$SCENARIO.fifo
}
turn_on() {
	exec 9>&-
	wait $QUIET || fail "it ended with $?"
	rm /tmp/$SCENARIO.fifo
}
ready $DEVICE

# While the disc is mounted, it is said where, and it stays so.
mkdir /tmp/$SCENARIO.mount
mount -t iso9660 -o ro $DEVICE /tmp/$SCENARIO.mount
status=0
/share/quiet_drive $DEVICE </dev/null >/tmp/$SCENARIO.refused 2>&1 || status=$?
cat /tmp/$SCENARIO.refused
[ $status -ne 0 ] || fail "notifications are off though the disc is mounted"
grep -qF "/tmp/$SCENARIO.mount" /tmp/$SCENARIO.refused || fail "it is not said where it is mounted"
mountpoint -q /tmp/$SCENARIO.mount || fail "it was unmounted"
umount /tmp/$SCENARIO.mount

# The kernel asks, and tells of a disc that comes in.
echo 50 >/sys/block/$name/events_poll_msecs
await "the kernel asks" has_more_than commands $(($(commands) + 3))
seen=$(changes)
sg_start --eject $GENERIC
sg_start --load $GENERIC
await "the disc is told of" has_more_than changes $seen

turn_off /tmp/$SCENARIO.off
await "notifications are off" grep -q off /tmp/$SCENARIO.off
asked=$(commands)
sleep 1
[ $(($(commands) - asked)) -le 2 ] || fail "$(($(commands) - asked)) commands went to the drive"
mount -t iso9660 -o ro $DEVICE /tmp/$SCENARIO.mount && fail "the disc is mounted"
# Another program of ours is told who has the drive.
expect 6 burn /share/one --drive $DEVICE
says quiet_drive
# Past the node that is held: an open of it would have the kernel look.
seen=$(changes)
sg_start --eject $GENERIC
sg_start --load $GENERIC
sleep 1
[ "$(changes)" -eq "$seen" ] || fail "the disc is told of"
turn_on
await "what came in is told of" has_more_than changes $seen
await "the kernel asks again" has_more_than commands $(($(commands) + 3))

# The end of the process, too, has it asked again.
turn_off /tmp/$SCENARIO.off
await "notifications are off" grep -q off /tmp/$SCENARIO.off
kill -9 $QUIET
wait $QUIET || true
exec 9>&-
await "the kernel asks again" has_more_than commands $(($(commands) + 3))
echo 0 >/sys/block/$name/events_poll_msecs
mount -t iso9660 -o ro $DEVICE /tmp/$SCENARIO.mount
umount /tmp/$SCENARIO.mount
"#;

/// The drive's disc, with something on it.
pub(crate) fn disc(folder: &Path, share: &Path) -> PathBuf {
    let disc = folder.join("quiet.vdisc");
    let mut create = pitland();
    create.args([
        "virtual",
        "create",
        "--capacity",
        "64M",
        "--medium",
        "dvd+r",
    ]);
    outside::run(create.arg(&disc));
    let files = folder.join("quiet");
    tree::small(&files);
    let mut burn = pitland();
    burn.arg("burn").arg(&files).arg("--drive");
    outside::run(burn.arg(format!("virtual:{}", disc.display())));
    let program = example("quiet_drive");
    fs::copy(program.get_program(), share.join("quiet_drive")).unwrap();
    disc
}

/// The story on the drive of this number.
pub(crate) fn scenario(number: usize) -> Scenario {
    Scenario {
        name: "quiet".to_owned(),
        script: format!(
            "DEVICE=/dev/sr{number} GENERIC=/dev/sg{number}\n\
             . /share/functions\n. /share/engine-functions\n{QUIET}"
        ),
        limit: 300,
    }
}
