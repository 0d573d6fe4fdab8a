//! Waiting for an async answer on a thread that may block. Knows neither what is waited for nor why it is given up.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// Waits for an answer on this thread; `None` where it is given up first, which is asked whenever the thread is woken.
pub(crate) fn wait_for<T>(
    future: impl Future<Output = T>,
    given_up: impl Fn() -> bool,
) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if given_up() {
            return None;
        }
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return Some(answer),
            Poll::Pending => std::thread::park(),
        }
    }
}
