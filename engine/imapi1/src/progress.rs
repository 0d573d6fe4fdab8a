//! What an application is told, and how it says stop. Owns the list of those who listen; what is told when is for those who
//! do it.

use std::sync::{Arc, Mutex, PoisonError};

/// Somebody who listens, with the calls of `IDiscMasterProgressEvents`. They come one after the other, from a task or a
/// thread of the session: one that takes long holds up what it is told of.
///
/// While data are staged: [`notify_add_progress`](Self::notify_add_progress) from 0 to its total. While a disc is recorded:
/// [`notify_preparing_burn`](Self::notify_preparing_burn) once; then blocks, from 0 to their total, and among them for audio
/// tracks, from 0 to their number; [`notify_closing_disc`](Self::notify_closing_disc) once; and last, whatever became of it,
/// [`notify_burn_complete`](Self::notify_burn_complete). That number alone says whether it went well: blocks may be told as written
/// up to their total where one of them failed.
pub trait DiscMasterProgress: Send + Sync {
    /// The list of recorders has changed: enumerate them anew.
    fn notify_pnp_activity(&self) {}

    /// So many steps of what is being staged are done. A step is no certain amount of anything.
    fn notify_add_progress(&self, completed: u64, total: u64) {
        let _ = (completed, total);
    }

    /// So many blocks of the disc are written.
    fn notify_block_progress(&self, completed: u64, total: u64) {
        let _ = (completed, total);
    }

    /// So many audio tracks are written as a whole: 0 says that the first one begins.
    fn notify_track_progress(&self, completed: u32, total: u32) {
        let _ = (completed, total);
    }

    /// The recorder gets ready; how long that takes, in seconds, is a guess.
    fn notify_preparing_burn(&self, estimated_seconds: u32) {
        let _ = estimated_seconds;
    }

    /// The disc is being closed; how long that takes, in seconds, is a guess.
    fn notify_closing_disc(&self, estimated_seconds: u32) {
        let _ = estimated_seconds;
    }

    /// The burn has ended: 0, or the number of the error that the call returns.
    fn notify_burn_complete(&self, status: u32) {
        let _ = status;
    }

    /// The erase has ended: 0, or the number of the error that the call returns.
    fn notify_erase_complete(&self, status: u32) {
        let _ = status;
    }

    /// Whether what is under way shall end. Asked again and again while data or audio blocks are staged and while a disc is
    /// recorded.
    fn query_cancel(&self) -> bool {
        false
    }
}

/// Names one who listens, for [`DiscMaster::progress_unadvise`](crate::DiscMaster::progress_unadvise).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdviseCookie(u64);

type Listening = Vec<(AdviseCookie, Arc<dyn DiscMasterProgress>)>;

/// All who listen.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<(u64, Listening)>>);

impl std::fmt::Debug for Listeners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Listeners").field(&self.now().len()).finish()
    }
}

impl Listeners {
    pub(crate) fn add(&self, listener: Arc<dyn DiscMasterProgress>) -> AdviseCookie {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.0 += 1;
        let cookie = AdviseCookie(held.0);
        held.1.push((cookie, listener));
        cookie
    }

    /// Whether there was such a one.
    pub(crate) fn remove(&self, cookie: AdviseCookie) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = held.1.len();
        held.1.retain(|(known, _)| *known != cookie);
        held.1.len() < before
    }

    /// Without the lock: a listener may add or remove one.
    fn now(&self) -> Listening {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.1.clone()
    }

    pub(crate) fn tell(&self, what: impl Fn(&dyn DiscMasterProgress)) {
        for (_, listener) in self.now() {
            what(&*listener);
        }
    }

    /// Whether one of them says stop. All are asked.
    pub(crate) fn want_end(&self) -> bool {
        let answers = self
            .now()
            .into_iter()
            .map(|(_, listener)| listener.query_cancel());
        answers.fold(false, |end, answer| end | answer)
    }
}
