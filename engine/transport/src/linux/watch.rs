//! Watches the drives of the machine: arrival, removal, media and the eject
//! button.
//!
//! The truth is the list in sysfs. A message of the kernel is a hint to look
//! at it, and a slow look now and then finds what no message told: containers
//! may get none, and a socket's buffer may run over. Nothing is believed
//! because a message says it, but for the eject button, which leaves no trace
//! in sysfs, and the change of a medium on kernels that do not number media.
//!
//! Owns the thread, the socket and the comparison of two looks. Must not open a
//! drive: messages come before udev has set the permissions of a new node, so
//! that whoever opens it tries again for a while.
//!
//! After it has noticed a change of a medium, and that is so for each new drive,
//! the kernel keeps silent about further ones until something opens the block
//! node: udev does, and so does identifying the medium.

use super::discover::{self, FoundDrive};
use super::drive_events::DriveEvent;
use super::{System, Uevent};
use core::time::Duration;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketAddrAny, SocketFlags, SocketType};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

/// The kernel's own messages; udev's are of group 2.
const KERNEL_GROUP: u32 = 1;

/// A message has a head and at most 2 KiB of fields.
const MESSAGE_BYTES: usize = 8 * 1024;

/// Asked of the socket, for bursts: a hub with drives is some dozens of
/// messages.
const SOCKET_BYTES: usize = 1 << 20;

/// Messages taken before what they hint at is looked at.
const MOST_MESSAGES: usize = 1024;

/// Names of nodes kept from one look to the next.
const MOST_NAMES: usize = 256;

/// The shortest time between two looks that no message asked for.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// How drives are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchOptions {
    /// Where sysfs and the nodes are.
    pub system: System,
    /// Time between two looks that no message asked for; at least 10 ms.
    pub interval: Duration,
    /// Whether the kernel's messages are listened to.
    pub messages: bool,
}

impl Default for WatchOptions {
    /// This machine's drives, messages, and a look each 5 seconds.
    fn default() -> Self {
        Self {
            system: System::default(),
            interval: Duration::from_secs(5),
            messages: true,
        }
    }
}

/// A thread that watches. Dropping it ends the watch and waits for the thread,
/// and so for a call of the sink that is under way.
#[derive(Debug)]
pub struct DriveWatch {
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
    refused: Option<io::Error>,
}

impl DriveWatch {
    /// Begins to watch. Each drive that is there is told as
    /// [`DriveEvent::Arrived`] first.
    ///
    /// The sink is called on the watch's thread. While it takes its time
    /// nothing piles up: what happens meanwhile is found by the next look. A
    /// reader that wants to be free of that fills a
    /// [`DriveEvents`](super::DriveEvents).
    ///
    /// # Errors
    /// Sysfs cannot be listed, or the system has no room for a thread. That
    /// the kernel's messages are refused is none:
    /// [`without_messages`](Self::without_messages) tells it.
    pub fn start(
        options: WatchOptions,
        sink: impl FnMut(DriveEvent) + Send + 'static,
    ) -> io::Result<Self> {
        // Before the first look, so that nothing is lost between the two.
        let messages = options.messages.then(Messages::listen);
        Self::begin(options, messages, sink)
    }

    fn begin(
        options: WatchOptions,
        messages: Option<io::Result<Messages>>,
        sink: impl FnMut(DriveEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let (messages, refused) = match messages.transpose() {
            Ok(messages) => (messages, None),
            Err(error) => (None, Some(error)),
        };
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let first = discover::drives(&options.system)?;
        let watcher = Watcher {
            stop: Arc::clone(&stop),
            messages,
            interval: options.interval.max(SHORTEST_INTERVAL),
            system: options.system,
            known: Known::default(),
            sink,
        };
        let thread = std::thread::Builder::new()
            .name("pitland-watch".into())
            .spawn(move || watcher.run(first))?;
        Ok(Self {
            stop,
            thread: Some(thread),
            refused,
        })
    }

    /// Why the kernel's messages cannot be had, as in some containers: then
    /// changes are noticed by the look at each interval alone, and the eject
    /// button not at all.
    pub fn without_messages(&self) -> Option<&io::Error> {
        self.refused.as_ref()
    }
}

impl Drop for DriveWatch {
    fn drop(&mut self) {
        // The counter cannot run over: it is written once.
        let told = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
        let Some(thread) = self.thread.take() else {
            return;
        };
        thread.thread().unpark();
        // The sink may own the watch; a thread cannot wait for itself.
        if told.is_ok() && thread.thread().id() != std::thread::current().id() {
            // A sink that panicked has said so.
            let _ = thread.join();
        }
    }
}

struct Watcher<S> {
    stop: Arc<OwnedFd>,
    messages: Option<Messages>,
    interval: Duration,
    system: System,
    known: Known,
    sink: S,
}

impl<S: FnMut(DriveEvent)> Watcher<S> {
    fn run(mut self, first: Vec<FoundDrive>) {
        let mut events = self
            .known
            .compare(first, &Hints::default(), &self.system.dev);
        loop {
            for event in events.drain(..) {
                if self.is_stopped() {
                    return;
                }
                (self.sink)(event);
            }
            let next = Instant::now() + self.interval;
            let mut hints = Hints::default();
            while !hints.look && Instant::now() < next {
                if !self.wait_until(next) {
                    return;
                }
                self.listen(&mut hints);
            }
            events = self.known.look(&self.system, &hints);
        }
    }

    fn is_stopped(&self) -> bool {
        let mut fds = [PollFd::new(&*self.stop, PollFlags::IN)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        matches!(poll(&mut fds, Some(&now)), Ok(ready) if ready > 0)
    }

    /// Waits for a message or the time; `false` when the watch is at its end.
    fn wait_until(&self, next: Instant) -> bool {
        let left = next.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        let mut fds = vec![PollFd::new(&*self.stop, PollFlags::IN)];
        if let Some(messages) = &self.messages {
            fds.push(PollFd::new(&messages.socket, PollFlags::IN));
        }
        match poll(&mut fds, Some(&left)) {
            Ok(_) => fds.first().is_none_or(|stop| stop.revents().is_empty()),
            Err(Errno::INTR) => true,
            Err(_) => {
                // No memory for a poll: try again later, and not at once.
                std::thread::park_timeout(SHORTEST_INTERVAL);
                !self.is_stopped()
            }
        }
    }

    fn listen(&mut self, hints: &mut Hints) {
        if let Some(messages) = &self.messages
            && messages.take(hints).is_err()
        {
            self.messages = None;
        }
    }
}

/// The socket of the kernel's messages.
struct Messages {
    socket: OwnedFd,
}

impl Messages {
    fn listen() -> io::Result<Self> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(netlink::KOBJECT_UEVENT),
        )?;
        // Fewer bytes mean more looks, nothing worse.
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, SOCKET_BYTES);
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, KERNEL_GROUP))?;
        Ok(Self { socket })
    }

    /// Takes the messages that wait.
    ///
    /// # Errors
    /// The socket is of no more use.
    fn take(&self, hints: &mut Hints) -> io::Result<()> {
        let mut buffer = vec![0; MESSAGE_BYTES];
        for _ in 0..MOST_MESSAGES {
            let received =
                rustix::net::recvfrom(&self.socket, buffer.as_mut_slice(), RecvFlags::TRUNC);
            match received {
                Ok((_, length, sender)) => match buffer.get(..length) {
                    Some(message) => hints.hear(message, sender.as_ref()),
                    // Longer than the kernel makes them.
                    None => hints.look |= is_kernel(sender.as_ref()),
                },
                // The buffer ran over: something was lost.
                Err(Errno::NOBUFS) => hints.look = true,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Whether the kernel itself is the sender: its port is 0, which no program can
/// take. (The kernel repeats in its own name what an administrator sends to it.)
fn is_kernel(sender: Option<&SocketAddrAny>) -> bool {
    sender
        .and_then(|sender| SocketAddrNetlink::try_from(sender.clone()).ok())
        .is_some_and(|sender| sender.pid() == 0 && sender.groups() == KERNEL_GROUP)
}

/// What messages hint at.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hints {
    look: bool,
    /// Nodes, below `/dev`, whose medium may be another one.
    media: BTreeSet<Vec<u8>>,
    /// Nodes, below `/dev`, whose eject button was pressed.
    ejects: BTreeSet<Vec<u8>>,
}

impl Hints {
    fn hear(&mut self, message: &[u8], sender: Option<&SocketAddrAny>) {
        let Some(event) = Uevent::parse(message).filter(|_| is_kernel(sender)) else {
            return;
        };
        if !event.concerns_drives() {
            return;
        }
        self.look = true;
        let Some(name) = event.devname else { return };
        for (told, names) in [
            (event.media_change, &mut self.media),
            (event.eject_request, &mut self.ejects),
        ] {
            if told && names.len() < MOST_NAMES {
                names.insert(name.to_vec());
            }
        }
    }
}

/// The drives of the last look.
#[derive(Debug, Default)]
struct Known {
    drives: Vec<FoundDrive>,
}

impl Known {
    /// What is new since the last look.
    fn look(&mut self, system: &System, hints: &Hints) -> Vec<DriveEvent> {
        // A look that fails tells nothing: the drives are not gone.
        discover::drives(system)
            .map(|found| self.compare(found, hints, &system.dev))
            .unwrap_or_default()
    }

    /// What is new since the last look: removals, then arrivals, then the rest
    /// drive by drive.
    fn compare(&mut self, found: Vec<FoundDrive>, hints: &Hints, dev: &Path) -> Vec<DriveEvent> {
        let before = core::mem::replace(&mut self.drives, found);
        let find = |drives: &[FoundDrive], one: &FoundDrive| {
            drives.iter().position(|other| other.is_same_device(one))
        };
        let mut events: Vec<DriveEvent> = before
            .iter()
            .filter(|drive| find(&self.drives, drive).is_none())
            .map(|drive| DriveEvent::Removed(drive.clone()))
            .collect();
        let arrived = |drive: &&FoundDrive| find(&before, drive).is_none();
        let arrivals = self.drives.iter().filter(arrived);
        events.extend(arrivals.map(|drive| DriveEvent::Arrived(drive.clone())));
        for drive in &self.drives {
            let named = |names: &BTreeSet<Vec<u8>>| {
                names
                    .iter()
                    .any(|name| drive.block.as_deref() == Some(&dev.join(OsStr::from_bytes(name))))
            };
            let was = find(&before, drive).and_then(|at| before.get(at));
            if let Some(was) = was {
                if !drive.has_same_facts(was) {
                    events.push(DriveEvent::Updated(drive.clone()));
                }
                let changed = match (was.medium_number, drive.medium_number) {
                    // The message is only where the number went up.
                    (Some(was), Some(is)) => was != is,
                    _ => named(&hints.media),
                };
                if changed {
                    events.push(DriveEvent::MediumChanged(drive.clone()));
                }
            }
            if named(&hints.ejects) {
                events.push(DriveEvent::EjectRequested(drive.clone()));
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::super::DriveEvents;
    use super::super::machine::*;
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    const KERNEL: SocketAddrNetlink = SocketAddrNetlink::new(0, KERNEL_GROUP);

    /// A machine, and what is known of it.
    struct Watched {
        machine: Machine,
        known: Known,
    }

    impl Watched {
        fn new(devices: &[Device]) -> Self {
            let mut watched = Self {
                machine: Machine::with(devices),
                known: Known::default(),
            };
            assert_eq!(watched.told(&Hints::default()).len(), devices.len());
            watched
        }

        fn told(&mut self, hints: &Hints) -> Vec<String> {
            let events = self.known.look(&self.machine.system(), hints);
            events.iter().map(told).collect()
        }
    }

    fn told(event: &DriveEvent) -> String {
        let kind = format!("{event:?}");
        let (kind, _) = kind.split_once('(').unwrap();
        format!("{kind} {}", event.drive().address)
    }

    fn message(name: &str, more: &str) -> Vec<u8> {
        format!("change@/d\0ACTION=change\0DEVPATH=/d\0SUBSYSTEM=block\0DEVNAME={name}\0{more}\0")
            .into_bytes()
    }

    fn hint(name: &str, more: &str) -> Hints {
        let mut hints = Hints::default();
        hints.hear(&message(name, more), Some(&KERNEL.into()));
        hints
    }

    #[test]
    fn arrival_and_removal_are_the_difference_of_two_looks() {
        let mut watched = Watched::new(&[VIRTIO, SATA]);
        assert_eq!(watched.told(&Hints::default()), [""; 0]);
        watched.machine.plug(&USB);
        watched.machine.unplug(&VIRTIO);
        assert_eq!(
            watched.told(&Hints::default()),
            ["Removed 0:0:1:0", "Arrived 9:0:0:0"]
        );
        assert_eq!(watched.told(&Hints::default()), [""; 0]);
    }

    #[test]
    fn a_drive_that_was_out_and_in_between_two_looks_is_told_as_both() {
        let mut watched = Watched::new(&[SATA]);
        watched.machine.unplug(&SATA);
        watched.machine.plug(&SATA);
        assert_eq!(
            watched.told(&Hints::default()),
            ["Removed 2:0:0:0", "Arrived 2:0:0:0"]
        );
    }

    #[test]
    fn a_second_node_and_a_lost_drive_are_updates_and_a_mount_is_none() {
        let mut watched = Watched::new(&[Device {
            block: None,
            ..SATA
        }]);
        let block = Device {
            generic: None,
            ..SATA
        };
        watched.machine.plug(&block);
        assert_eq!(watched.told(&Hints::default()), ["Updated 2:0:0:0"]);
        watched.machine.write(
            "proc/self/mountinfo",
            b"43 31 11:2 / /mnt ro - iso9660 /dev/sr2 ro\n",
        );
        assert_eq!(watched.told(&Hints::default()), [""; 0]);
        assert_eq!(watched.known.drives[0].mounts, [Path::new("/mnt")]);
        fs::write(watched.machine.of(&SATA, "state"), "offline\n").unwrap();
        assert_eq!(watched.told(&Hints::default()), ["Updated 2:0:0:0"]);
    }

    #[test]
    fn a_medium_is_told_once_by_its_number_message_or_not() {
        let mut watched = Watched::new(&[VIRTIO, SATA]);
        let number = watched.machine.of(&SATA, "block/sr2/diskseq");
        fs::write(&number, "7\n").unwrap();
        assert_eq!(watched.told(&Hints::default()), ["MediumChanged 2:0:0:0"]);
        let late = hint("sr2", "DISK_MEDIA_CHANGE=1");
        assert!(late.look);
        assert_eq!(watched.told(&late), [""; 0]);
        fs::write(&number, "8\n").unwrap();
        assert_eq!(watched.told(&late), ["MediumChanged 2:0:0:0"]);
    }

    #[test]
    fn an_older_kernel_s_message_about_a_medium_is_believed() {
        let mut watched = Watched::new(&[VIRTIO, SATA]);
        fs::remove_file(watched.machine.of(&SATA, "block/sr2/diskseq")).unwrap();
        watched.told(&Hints::default());
        let message = hint("sr2", "DISK_MEDIA_CHANGE=1");
        assert_eq!(watched.told(&message), ["MediumChanged 2:0:0:0"]);
        assert_eq!(watched.told(&hint("sr0", "")), [""; 0]);
    }

    #[test]
    fn the_eject_button_is_told_of_the_drive_that_is_named() {
        let mut watched = Watched::new(&[VIRTIO, SATA]);
        assert_eq!(
            watched.told(&hint("sr2", "DISK_EJECT_REQUEST=1")),
            ["EjectRequested 2:0:0:0"]
        );
        assert_eq!(watched.told(&hint("sr9", "DISK_EJECT_REQUEST=1")), [""; 0]);
    }

    #[test]
    fn a_forged_message_is_not_heard() {
        let message = message("sr2", "DISK_EJECT_REQUEST=1");
        let udev = SocketAddrNetlink::new(0, 2);
        let program = SocketAddrNetlink::new(4711, KERNEL_GROUP);
        let unicast = SocketAddrNetlink::new(0, 0);
        let other = rustix::net::SocketAddrV4::new(rustix::net::Ipv4Addr::LOCALHOST, 1);
        let senders = [udev, program, unicast].map(SocketAddrAny::from);
        for sender in senders
            .iter()
            .map(Some)
            .chain([None, Some(&SocketAddrAny::from(other))])
        {
            let mut hints = Hints::default();
            hints.hear(&message, sender);
            assert_eq!(hints, Hints::default(), "{sender:?}");
        }
        assert_ne!(hint("sr2", "DISK_EJECT_REQUEST=1"), Hints::default());
    }

    #[test]
    fn names_do_not_pile_up() {
        let mut hints = Hints::default();
        for number in 0..10_000 {
            let message = message(&format!("sr{number}"), "DISK_EJECT_REQUEST=1");
            hints.hear(&message, Some(&KERNEL.into()));
        }
        assert_eq!(hints.ejects.len(), MOST_NAMES);
    }

    proptest! {
        #[test]
        fn any_message_is_heard_or_not(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            Hints::default().hear(&bytes, Some(&KERNEL.into()));
        }
    }

    /// A watch of a machine for tests that looks all the time.
    fn watch(machine: &Machine, messages: bool) -> (DriveWatch, Arc<DriveEvents>) {
        let options = WatchOptions {
            system: machine.system(),
            interval: Duration::ZERO,
            messages,
        };
        let events = Arc::new(DriveEvents::new());
        let sink = Arc::clone(&events);
        let watch = DriveWatch::start(options, move |event| sink.push(event)).unwrap();
        (watch, events)
    }

    fn next(events: &DriveEvents) -> String {
        told(&events.wait(Duration::from_secs(600)).unwrap())
    }

    #[test]
    fn a_watch_tells_what_is_there_and_what_becomes_of_it() {
        for messages in [true, false] {
            let machine = Machine::with(&[SATA]);
            let (watch, events) = watch(&machine, messages);
            assert_eq!(next(&events), "Arrived 2:0:0:0");
            // With one node only: it comes and goes in one step.
            let usb = Device {
                generic: None,
                ..USB
            };
            machine.plug(&usb);
            assert_eq!(next(&events), "Arrived 9:0:0:0");
            machine.write("aside", b"99\n");
            fs::rename(machine.at("aside"), machine.of(&usb, "block/sr4/diskseq")).unwrap();
            assert_eq!(next(&events), "MediumChanged 9:0:0:0");
            machine.unplug(&usb);
            assert_eq!(next(&events), "Removed 9:0:0:0");
            drop(watch);
            assert!(events.is_empty());
        }
    }

    #[test]
    fn a_look_that_fails_removes_no_drive() {
        let mut watched = Watched::new(&[SATA]);
        fs::rename(watched.machine.at("sys"), watched.machine.at("aside")).unwrap();
        assert_eq!(watched.told(&Hints::default()), [""; 0]);
        fs::rename(watched.machine.at("aside"), watched.machine.at("sys")).unwrap();
        assert_eq!(watched.told(&Hints::default()), [""; 0]);
        watched.machine.unplug(&SATA);
        assert_eq!(watched.told(&Hints::default()), ["Removed 2:0:0:0"]);
    }

    #[test]
    fn without_the_kernel_s_messages_the_look_at_each_interval_goes_on() {
        let machine = Machine::with(&[SATA]);
        let options = WatchOptions {
            system: machine.system(),
            interval: Duration::ZERO,
            messages: true,
        };
        let events = Arc::new(DriveEvents::new());
        let sink = Arc::clone(&events);
        let refused = Some(Err(Errno::ACCESS.into()));
        let watch = DriveWatch::begin(options, refused, move |event| sink.push(event)).unwrap();
        let told = watch.without_messages().map(io::Error::kind);
        assert_eq!(told, Some(io::ErrorKind::PermissionDenied));
        assert_eq!(next(&events), "Arrived 2:0:0:0");
        machine.unplug(&SATA);
        assert_eq!(next(&events), "Removed 2:0:0:0");
    }

    #[test]
    fn a_watch_that_is_dropped_calls_its_sink_no_more() {
        let machine = Machine::with(&[SATA, USB, NAMED]);
        let (told, calls) = std::sync::mpsc::channel();
        let options = WatchOptions {
            system: machine.system(),
            ..WatchOptions::default()
        };
        let watch = DriveWatch::start(options, move |event| told.send(event).unwrap()).unwrap();
        calls.recv().unwrap();
        drop(watch);
        // The sink went with the thread.
        while calls.try_recv().is_ok() {}
        assert_eq!(
            calls.try_recv(),
            Err(std::sync::mpsc::TryRecvError::Disconnected)
        );
    }

    #[test]
    fn a_sink_may_end_its_own_watch() {
        let machine = Machine::with(&[SATA]);
        let own: Arc<std::sync::Mutex<Option<DriveWatch>>> = Arc::default();
        let (sent, ended) = std::sync::mpsc::channel();
        let options = WatchOptions {
            system: machine.system(),
            ..WatchOptions::default()
        };
        let mut held = own.lock().unwrap();
        let sink = Arc::clone(&own);
        *held = Some(
            DriveWatch::start(options, move |_| {
                drop(sink.lock().unwrap().take());
                sent.send(()).unwrap();
            })
            .unwrap(),
        );
        drop(held);
        ended.recv().unwrap();
        assert!(ended.recv().is_err());
    }

    #[test]
    fn a_machine_without_sysfs_cannot_be_watched() {
        let machine = Machine::new();
        fs::remove_dir_all(machine.at("sys")).unwrap();
        let options = WatchOptions {
            system: machine.system(),
            ..WatchOptions::default()
        };
        let error = DriveWatch::start(options, |_| {}).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
