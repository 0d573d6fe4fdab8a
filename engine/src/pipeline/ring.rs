//! The ring between one source and any number of drives: a fixed set of page-aligned slots of whole write
//! units, allocated once. Owns the slots, their order, who has yet to read which, and the waiting at both
//! ends; knows nothing of files, commands or discs.
//!
//! A slot is free, with the filler, or full: then it is free again when the slowest reader has passed it.
//! One lock is taken per slot and end, never per block, and nothing is allocated while slots flow.
//! A wake-up costs more than the slot that it is for, so that both ends sleep until half of the ring is
//! worth waking for. That cannot lock up: the filler sleeps only when no slot is free, and then the
//! slowest reader has more than half of the ring before it. A reader does not wait for more than a moment
//! when something is there: a source that stands still must not keep back what it gave.
//!
//! A reader that keeps the others waiting can be let go: it reads what it holds to its end, and counts no
//! more. If the ring wants a slot back that such a reader still holds, it takes a new one in its place.

use super::sync::{Arc, Bell, Deadline, Mutex, MutexGuard, PoisonError};
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What slots are a multiple of: the unit of the checks, and every medium's write units go into it.
pub(crate) const UNIT_BYTES: usize = 64 << 10;
/// Slots start on a page.
const PAGE: usize = 4096;
/// How long a reader that has run dry lets slots gather before it takes what there is: well below the 58 ms
/// that a drive's buffer of 4 MiB lasts at the speed of the fastest discs.
const PATIENCE: Duration = Duration::from_millis(10);

/// How a ring is made. What makes no sense is put right: at least two slots, of at least one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Slots in all: with `slot_bytes` the memory of the ring, from now on and for good.
    pub(crate) slots: usize,
    /// Bytes of a slot: a multiple of [`UNIT_BYTES`].
    pub(crate) slot_bytes: usize,
    /// Slots that must wait for a reader before it starts.
    pub(crate) start_mark: usize,
    /// The image's byte that is pushed first: not 0 where a burn goes on, or a drive catches up.
    pub(crate) first_byte: u64,
}

impl Shape {
    fn made_right(self) -> Self {
        let slots = self.slots.max(2);
        Self {
            slots,
            slot_bytes: self.slot_bytes.max(1).next_multiple_of(UNIT_BYTES),
            start_mark: self.start_mark.clamp(1, slots),
            first_byte: self.first_byte,
        }
    }

    /// How much must be there, or free, before a sleeper is woken.
    fn worth_waking(&self) -> usize {
        self.slots / 2
    }
}

/// Page-aligned memory.
#[derive(Debug)]
struct Buffer {
    /// One page more than a slot, so that an aligned slot fits wherever the allocator put it.
    storage: Vec<u8>,
    offset: usize,
}

impl Buffer {
    fn new(bytes: usize) -> Self {
        let storage = vec![0; bytes + PAGE];
        let misaligned = storage.as_ptr() as usize % PAGE;
        Self {
            offset: (PAGE - misaligned) % PAGE,
            storage,
        }
    }

    fn bytes(&self, filled: usize) -> &[u8] {
        self.storage
            .get(self.offset..self.offset + filled)
            .unwrap_or_default()
    }

    fn space(&mut self, bytes: usize) -> &mut [u8] {
        self.storage
            .get_mut(self.offset..self.offset + bytes)
            .unwrap_or_default()
    }
}

/// A free slot, with the filler: goes back with [`Filler::push`]. One that is dropped instead is lost to
/// the ring.
#[derive(Debug)]
pub(crate) struct Slot {
    buffer: Arc<Buffer>,
    bytes: usize,
}

impl Slot {
    /// The slot's bytes, to be filled from the start. They hold what was in them before.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        let bytes = self.bytes;
        // The filler's slots are shared with nobody: see `Filler::hand_out`.
        Arc::get_mut(&mut self.buffer)
            .map(|buffer| buffer.space(bytes))
            .unwrap_or_default()
    }
}

/// A full slot, with a reader. To be dropped before the next one is asked for.
#[derive(Debug)]
pub(crate) struct ReadSlot {
    buffer: Arc<Buffer>,
    filled: usize,
    position: u64,
}

impl ReadSlot {
    /// The image's bytes in it.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.bytes(self.filled)
    }

    /// Where they begin in the image.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }
}

/// How full a ring is for one reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fill {
    /// Slots waiting for the reader.
    pub(crate) full: usize,
    /// Slots in all.
    pub(crate) slots: usize,
}

/// What a reader finds.
#[derive(Debug)]
pub(crate) enum Next<E> {
    /// The next piece.
    Slot(ReadSlot),
    /// The source has ended well and all of it was taken.
    Complete,
    /// The source failed.
    Failed(E),
    /// The filler is gone without a word: its thread panicked or its task was dropped.
    Vanished,
    /// The others do not wait for this reader any more; it has had everything before `position`.
    LetGo {
        /// The image's first byte that it was not given.
        position: u64,
    },
}

/// Nobody takes anything any more: every reader is gone or was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no drive takes data any more")]
pub(crate) struct AllGone;

/// Why there is no free slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSlot {
    /// See [`AllGone`].
    #[error(transparent)]
    AllGone(#[from] AllGone),
    /// The time is up, and these readers hold the oldest slot.
    #[error("no slot became free in time")]
    Blocked {
        /// The readers' numbers, from 0.
        slowest: Vec<usize>,
    },
}

#[derive(Debug, Clone)]
enum Finish<E> {
    Complete,
    Failed(E),
    Vanished,
}

#[derive(Debug)]
struct Entry {
    buffer: Arc<Buffer>,
    filled: usize,
    position: u64,
    /// Readers that have not passed it yet. Never less than that of the entry before.
    left: usize,
}

/// A reader's place.
#[derive(Debug)]
struct Seat {
    /// The number of the entry that it takes next; entries are counted from the first ever.
    next: u64,
    /// It reads the entry before `next`.
    reading: bool,
    /// The image's first byte that it was not given.
    position: u64,
    attached: bool,
    /// It sleeps until so many slots wait for it.
    asleep: Option<usize>,
    /// How often it found nothing after it had started.
    starved: u64,
}

#[derive(Debug)]
struct State<E> {
    free: Vec<Arc<Buffer>>,
    full: VecDeque<Entry>,
    /// The number of the first entry in `full`.
    first: u64,
    /// The image's byte that is pushed next.
    position: u64,
    seats: Vec<Seat>,
    attached: usize,
    finish: Option<Finish<E>>,
    /// The filler's thread sleeps until slots are free.
    filler_asleep: bool,
    /// The filler's task waits for slots, and not only for the end of all readers.
    task_wants_slot: bool,
    task: Option<Waker>,
    worth_waking: usize,
}

/// Who is to be woken when the lock is free again: woken under it, they would only run into it.
#[derive(Debug, Default)]
#[must_use]
struct FillerCall {
    thread: bool,
    task: Option<Waker>,
}

impl<E> State<E> {
    fn pushed(&self) -> u64 {
        self.first + self.full.len() as u64
    }

    fn waiting(&self, seat: &Seat) -> usize {
        usize::try_from(self.pushed().saturating_sub(seat.next)).unwrap_or(usize::MAX)
    }

    /// Whether something waits for the reader, and more that is worth waiting for may come.
    fn is_trickling(&self, reader: usize) -> bool {
        self.finish.is_none()
            && self.seats.get(reader).is_some_and(|seat| {
                seat.attached && (1..self.worth_waking).contains(&self.waiting(seat))
            })
    }

    /// Frees what every reader has passed.
    fn free_passed(&mut self) {
        while self.full.front().is_some_and(|entry| entry.left == 0) {
            if let Some(entry) = self.full.pop_front() {
                self.first += 1;
                self.free.push(entry.buffer);
            }
        }
    }

    /// The reader has passed what it was given.
    fn pass(&mut self, reader: usize) {
        let Some(seat) = self.seats.get_mut(reader) else {
            return;
        };
        if !std::mem::take(&mut seat.reading) || !seat.attached {
            return;
        }
        let at = (seat.next - 1).saturating_sub(self.first);
        if let Some(entry) = usize::try_from(at)
            .ok()
            .and_then(|at| self.full.get_mut(at))
        {
            entry.left -= 1;
        }
        self.free_passed();
    }

    /// The reader counts no more.
    fn detach(&mut self, reader: usize) {
        let Some(seat) = self.seats.get_mut(reader).filter(|seat| seat.attached) else {
            return;
        };
        seat.attached = false;
        let holds_from = seat.next - u64::from(seat.reading);
        let at = usize::try_from(holds_from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        for entry in self.full.iter_mut().skip(at) {
            entry.left -= 1;
        }
        self.attached -= 1;
        self.free_passed();
    }

    /// The readers that hold the oldest slot.
    fn slowest(&self) -> Vec<usize> {
        let holds = |seat: &Seat| seat.next - u64::from(seat.reading);
        let seats = || self.seats.iter().enumerate().filter(|(_, s)| s.attached);
        let oldest = seats().map(|(_, seat)| holds(seat)).min();
        seats()
            .filter(|(_, seat)| Some(holds(seat)) == oldest)
            .map(|(reader, _)| reader)
            .collect()
    }

    /// The readers that sleep and have enough now, or will get no more: they are to be woken.
    fn find_due(&mut self, due: &mut Vec<usize>) {
        let pushed = self.pushed();
        let ended = self.finish.is_some();
        due.clear();
        for (reader, seat) in self.seats.iter_mut().enumerate() {
            let waiting = pushed.saturating_sub(seat.next);
            if seat
                .asleep
                .is_some_and(|mark| ended || waiting >= mark as u64)
            {
                seat.asleep = None;
                due.push(reader);
            }
        }
    }

    /// After slots became free or a reader went.
    fn filler_call(&mut self) -> FillerCall {
        let all_gone = self.attached == 0;
        if !all_gone && self.free.len() < self.worth_waking {
            return FillerCall::default();
        }
        let task = (self.task_wants_slot || all_gone)
            .then(|| self.task.take())
            .flatten();
        self.task_wants_slot &= task.is_none();
        FillerCall {
            thread: std::mem::take(&mut self.filler_asleep),
            task,
        }
    }
}

#[derive(Debug)]
struct Shared<E> {
    state: Mutex<State<E>>,
    /// One for each reader: it has enough, the source ended, or somebody interrupts.
    readers: Vec<Bell>,
    /// The filler's thread: enough is free, or all readers are gone.
    filler: Bell,
    shape: Shape,
}

impl<E> Shared<E> {
    /// A panic cannot leave the state half changed: nothing in here calls what may panic but `interrupted`,
    /// and that between changes.
    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call_filler(&self, call: FillerCall) {
        if call.thread {
            self.filler.ring();
        }
        if let Some(task) = call.task {
            task.wake();
        }
    }

    fn call_reader(&self, reader: usize) {
        if let Some(bell) = self.readers.get(reader) {
            bell.ring();
        }
    }
}

/// The end that fills slots.
#[derive(Debug)]
pub(crate) struct Filler<E> {
    shared: Arc<Shared<E>>,
    /// Readers to wake: kept, so that nothing is allocated for it.
    due: Vec<usize>,
}

/// An end that reads slots.
#[derive(Debug)]
pub(crate) struct Reader<E> {
    shared: Arc<Shared<E>>,
    reader: usize,
}

/// A reader's view of the ring for whoever reports progress, and the way to wake that reader.
#[derive(Debug)]
pub(crate) struct Gauge<E> {
    shared: Arc<Shared<E>>,
    reader: usize,
}

impl<E> Clone for Gauge<E> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            reader: self.reader,
        }
    }
}

/// A ring with so many readers, in the order of their numbers.
pub(crate) fn ring<E: Clone>(shape: Shape, readers: usize) -> (Filler<E>, Vec<Reader<E>>) {
    let shape = shape.made_right();
    let seat = || Seat {
        next: 0,
        reading: false,
        position: shape.first_byte,
        attached: true,
        asleep: None,
        starved: 0,
    };
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            free: (0..shape.slots)
                .map(|_| Arc::new(Buffer::new(shape.slot_bytes)))
                .collect(),
            full: VecDeque::with_capacity(shape.slots),
            first: 0,
            position: shape.first_byte,
            seats: (0..readers).map(|_| seat()).collect(),
            attached: readers,
            finish: None,
            filler_asleep: false,
            task_wants_slot: false,
            task: None,
            worth_waking: shape.worth_waking(),
        }),
        readers: (0..readers).map(|_| Bell::default()).collect(),
        filler: Bell::default(),
        shape,
    });
    let ends = (0..readers)
        .map(|reader| Reader {
            shared: Arc::clone(&shared),
            reader,
        })
        .collect();
    let filler = Filler {
        shared,
        due: Vec::with_capacity(readers),
    };
    (filler, ends)
}

impl<E> Filler<E> {
    /// Bytes of each slot.
    pub(crate) fn slot_bytes(&self) -> usize {
        self.shared.shape.slot_bytes
    }

    /// A free slot, if there is one within `limit`; waits for it on a thread. [`Duration::MAX`] is for ever.
    ///
    /// # Errors
    /// [`NoSlot::Blocked`] with those that [`Self::let_go`] would help against.
    pub(crate) fn free_within(&mut self, limit: Duration) -> Result<Slot, NoSlot> {
        let mut state = self.shared.lock();
        let mut deadline = None;
        let mut passed = false;
        loop {
            if let Some(found) = Self::look(&mut state) {
                drop(state);
                return Ok(found.map(|buffer| self.hand_out(buffer))?);
            }
            if passed {
                return Err(NoSlot::Blocked {
                    slowest: state.slowest(),
                });
            }
            let deadline = deadline.get_or_insert_with(|| Deadline::after(limit));
            state.filler_asleep = true;
            (state, passed) = self.shared.filler.wait_until(state, *deadline);
            state.filler_asleep = false;
        }
    }

    /// A free slot, for a task. Cancel-safe: a slot is taken only when it is returned.
    ///
    /// # Errors
    /// [`AllGone`].
    pub(crate) fn poll_free(&mut self, cx: &mut Context<'_>) -> Poll<Result<Slot, AllGone>> {
        let mut state = self.shared.lock();
        let Some(found) = Self::look(&mut state) else {
            state.task_wants_slot = true;
            keep(&mut state.task, cx);
            return Poll::Pending;
        };
        state.task_wants_slot = false;
        drop(state);
        Poll::Ready(found.map(|buffer| self.hand_out(buffer)))
    }

    /// As [`Self::poll_free`].
    ///
    /// # Errors
    /// [`AllGone`].
    pub(crate) async fn free_async(&mut self) -> Result<Slot, AllGone> {
        std::future::poll_fn(|cx| self.poll_free(cx)).await
    }

    /// Ready when all readers are gone or were let go. Cancel-safe.
    pub(crate) fn poll_abandoned(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.shared.lock();
        if state.attached == 0 {
            return Poll::Ready(());
        }
        state.task_wants_slot = false;
        keep(&mut state.task, cx);
        Poll::Pending
    }

    /// As [`Self::poll_abandoned`].
    pub(crate) async fn abandoned(&mut self) {
        std::future::poll_fn(|cx| self.poll_abandoned(cx)).await;
    }

    fn look(state: &mut State<E>) -> Option<Result<Arc<Buffer>, AllGone>> {
        if state.attached == 0 {
            return Some(Err(AllGone));
        }
        state.free.pop().map(Ok)
    }

    /// Makes sure that nobody reads what is about to be filled: a reader that was let go may.
    fn hand_out(&self, mut buffer: Arc<Buffer>) -> Slot {
        let bytes = self.slot_bytes();
        if Arc::get_mut(&mut buffer).is_none() {
            buffer = Arc::new(Buffer::new(bytes));
        }
        Slot { buffer, bytes }
    }

    /// Hands on the first `filled` bytes of a slot as the image's next. With 0 the slot is only given back.
    pub(crate) fn push(&mut self, slot: Slot, filled: usize) {
        let filled = filled.min(slot.bytes);
        let mut state = self.shared.lock();
        if filled == 0 || state.attached == 0 {
            state.free.push(slot.buffer);
            return;
        }
        let entry = Entry {
            buffer: slot.buffer,
            filled,
            position: state.position,
            left: state.attached,
        };
        state.position += filled as u64;
        state.full.push_back(entry);
        state.find_due(&mut self.due);
        drop(state);
        self.call_due();
    }

    fn call_due(&self) {
        for &reader in &self.due {
            self.shared.call_reader(reader);
        }
    }

    /// Waits for these readers no more; they are told with [`Next::LetGo`].
    pub(crate) fn let_go(&mut self, readers: &[usize]) {
        let mut state = self.shared.lock();
        for &reader in readers {
            state.detach(reader);
            if let Some(seat) = state.seats.get_mut(reader) {
                seat.asleep = None;
            }
        }
        drop(state);
        for &reader in readers {
            self.shared.call_reader(reader);
        }
    }

    /// Lets go of those that hold the oldest slot, whoever they are.
    #[cfg(test)]
    pub(crate) fn let_go_slowest(&mut self) -> Vec<usize> {
        let slowest = self.shared.lock().slowest();
        self.let_go(&slowest);
        slowest
    }

    /// Lets go of those that hold the oldest slot while none is free and somebody else sleeps for want of
    /// slots; how many they were. Less than is worth waking for may wait for the sleeper.
    pub(crate) fn let_go_of_those_who_starve_others(&mut self) -> usize {
        let state = self.shared.lock();
        // Looked at anew: since the filler's patience ended, the slow may have caught up.
        let starves = state.free.is_empty()
            && (state.seats.iter()).any(|seat| seat.attached && seat.asleep.is_some());
        if !starves {
            return 0;
        }
        let slowest = state.slowest();
        drop(state);
        self.let_go(&slowest);
        slowest.len()
    }

    /// The source has ended well.
    pub(crate) fn complete(mut self) {
        self.finish(Finish::Complete);
    }

    /// The source failed; what was pushed before is still taken first.
    pub(crate) fn fail(mut self, error: E) {
        self.finish(Finish::Failed(error));
    }

    fn finish(&mut self, finish: Finish<E>) {
        let mut state = self.shared.lock();
        if state.finish.is_some() {
            return;
        }
        state.finish = Some(finish);
        state.find_due(&mut self.due);
        drop(state);
        self.call_due();
    }
}

impl<E> Drop for Filler<E> {
    fn drop(&mut self) {
        self.finish(Finish::Vanished);
    }
}

fn keep(place: &mut Option<Waker>, cx: &Context<'_>) {
    if !place.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
        *place = Some(cx.waker().clone());
    }
}

impl<E: Clone> Reader<E> {
    /// The next piece, waiting for it until `interrupted` says otherwise (then `None`); the one before
    /// counts as read. A sleeping reader looks at `interrupted` anew at [`Gauge::interrupt`], so that a
    /// flag raised before that call is seen.
    pub(crate) fn next(&mut self, interrupted: impl Fn() -> bool) -> Option<Next<E>> {
        let mut state = self.shared.lock();
        state.pass(self.reader);
        // Called before any wait: those who are to fill what is waited for may be asleep.
        let call = state.filler_call();
        let mut starving = false;
        if call.thread || call.task.is_some() {
            drop(state);
            self.shared.call_filler(call);
            state = self.shared.lock();
        }
        loop {
            if let Some(found) = self.look(&mut state) {
                return Some(found);
            }
            if interrupted() {
                return None;
            }
            if let Some(seat) = state.seats.get_mut(self.reader)
                && !starving
                && seat.next > 0
            {
                starving = true;
                seat.starved += 1;
            }
            state = self.sleep(state, 1, None);
            if state.is_trickling(self.reader) {
                let worth_waking = state.worth_waking;
                state = self.sleep(state, worth_waking, Some(Deadline::after(PATIENCE)));
            }
        }
    }

    fn look(&self, state: &mut State<E>) -> Option<Next<E>> {
        let seat = state.seats.get(self.reader)?;
        if !seat.attached {
            let position = seat.position;
            return Some(Next::LetGo { position });
        }
        let at = usize::try_from(seat.next.saturating_sub(state.first)).ok()?;
        if let Some(entry) = state.full.get(at) {
            let slot = ReadSlot {
                buffer: Arc::clone(&entry.buffer),
                filled: entry.filled,
                position: entry.position,
            };
            let seat = state.seats.get_mut(self.reader)?;
            seat.next += 1;
            seat.reading = true;
            seat.position = slot.position + slot.filled as u64;
            return Some(Next::Slot(slot));
        }
        Some(match state.finish.clone()? {
            Finish::Complete => Next::Complete,
            Finish::Failed(error) => Next::Failed(error),
            Finish::Vanished => Next::Vanished,
        })
    }

    /// Sleeps until so many slots wait, or for any other reason; not beyond `until`.
    fn sleep<'a>(
        &self,
        mut state: MutexGuard<'a, State<E>>,
        mark: usize,
        until: Option<Deadline>,
    ) -> MutexGuard<'a, State<E>> {
        let Some(bell) = self.shared.readers.get(self.reader) else {
            return state;
        };
        if let Some(seat) = state.seats.get_mut(self.reader) {
            seat.asleep = Some(mark);
        }
        let mut state = match until {
            Some(deadline) => bell.wait_until(state, deadline).0,
            None => bell.wait(state),
        };
        if let Some(seat) = state.seats.get_mut(self.reader) {
            seat.asleep = None;
        }
        state
    }

    /// Waits until the start mark is reached, the source has ended or failed, or this reader was let go.
    /// Returns early when `interrupted`.
    pub(crate) fn wait_for_start(&self, interrupted: impl Fn() -> bool) {
        let mark = self.shared.shape.start_mark;
        let mut state = self.shared.lock();
        while let Some(seat) = state.seats.get(self.reader)
            && seat.attached
            && state.finish.is_none()
            && state.waiting(seat) < mark
            && !interrupted()
        {
            state = self.sleep(state, mark, None);
        }
    }

    /// The failure of a source that broke, whatever still waits, if it did; `vanished` is what one is
    /// called that went without a word. For the moment before the laser is on.
    pub(crate) fn early_failure(&self, vanished: E) -> Option<E> {
        match &self.shared.lock().finish {
            Some(Finish::Failed(error)) => Some(error.clone()),
            Some(Finish::Vanished) => Some(vanished),
            Some(Finish::Complete) | None => None,
        }
    }
}

impl<E> Reader<E> {
    /// This reader's gauge.
    pub(crate) fn gauge(&self) -> Gauge<E> {
        Gauge {
            shared: Arc::clone(&self.shared),
            reader: self.reader,
        }
    }
}

impl<E> Drop for Reader<E> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.detach(self.reader);
        let call = state.filler_call();
        drop(state);
        self.shared.call_filler(call);
    }
}

impl<E> Gauge<E> {
    /// How full the ring is now; nothing waits for a reader that is gone.
    pub(crate) fn fill(&self) -> Fill {
        let state = self.shared.lock();
        let seat = state.seats.get(self.reader).filter(|seat| seat.attached);
        Fill {
            full: seat.map_or(0, |seat| state.waiting(seat)),
            slots: self.shared.shape.slots,
        }
    }

    /// Whether the source has ended, well or not: what waits is the rest.
    pub(crate) fn ended(&self) -> bool {
        self.shared.lock().finish.is_some()
    }

    /// How often the reader found nothing after it had started.
    pub(crate) fn starved(&self) -> u64 {
        let state = self.shared.lock();
        state.seats.get(self.reader).map_or(0, |seat| seat.starved)
    }

    /// Wakes the reader so that it looks at its interruption flag.
    pub(crate) fn interrupt(&self) {
        // The lock orders this after a waiter's look at the flag and before its wait, or after it.
        drop(self.shared.lock());
        self.shared.call_reader(self.reader);
    }
}
