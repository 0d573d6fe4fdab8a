//! Who wants no notifications of changes of a drive's medium. Owns the count, and that it goes down when the last of them
//! is gone; how the host is kept from asking is the transport's.

use crate::drive::thread::Order;
use crate::error::LeaseDenied;
use pitland_transport::ClaimDenied;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak, mpsc as blocking};
use tokio::sync::oneshot;

/// How many want it. Clones are one count.
#[derive(Debug, Clone, Default)]
pub(crate) struct QuietCount(Arc<AtomicUsize>);

/// One that counts, until it is dropped. Clones count as one.
#[derive(Debug, Clone)]
#[must_use = "notifications are on again when this is dropped"]
pub struct NotificationsOff {
    _one: Arc<One>,
}

#[derive(Debug)]
struct One {
    count: QuietCount,
    /// Weak: it keeps no thread running.
    orders: Weak<blocking::SyncSender<Order>>,
}

/// One that counts already, and is perhaps still to be made effective.
#[derive(Debug)]
pub(crate) struct Quieting {
    pub(crate) wanted: NotificationsOff,
    /// Where the thread says what came of it; `None` where that would take as long as a job.
    pub(crate) applied: Option<oneshot::Receiver<Result<(), ClaimDenied>>>,
}

impl QuietCount {
    pub(crate) fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn one_more(&self, orders: &Arc<blocking::SyncSender<Order>>) -> NotificationsOff {
        self.0.fetch_add(1, Ordering::SeqCst);
        NotificationsOff {
            _one: Arc::new(One {
                count: self.clone(),
                orders: Arc::downgrade(orders),
            }),
        }
    }
}

impl Drop for One {
    /// Has the thread look at the count. If its orders are full it comes past the count anyway.
    fn drop(&mut self) {
        self.count.0.fetch_sub(1, Ordering::SeqCst);
        if let Some(orders) = self.orders.upgrade() {
            let _ = orders.try_send(Order::LookUp);
        }
    }
}

impl Quieting {
    /// Once it is effective.
    pub(crate) async fn applied(self) -> Result<NotificationsOff, LeaseDenied> {
        if let Some(applied) = self.applied {
            let applied = applied.await.map_err(|_| LeaseDenied::Gone)?;
            applied.map_err(LeaseDenied::Outside)?;
        }
        Ok(self.wanted)
    }
}
