//! Ctrl-C and the termination signal. Owns the count of them; what ends how is told by whoever waits.

use crate::output::Output;
use crate::output::json::InterruptView;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether the user wants an end. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(watch::Receiver<u32>);

impl Interrupt {
    /// Listens from now on; needs a runtime. The first signal asks for an orderly end, a further one
    /// only says that this is under way: a disc must not be left with an open track.
    pub(crate) fn listen(output: &Arc<Output>) -> std::io::Result<Self> {
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut terminations = signal(SignalKind::terminate())?;
        let (told, heard) = watch::channel(0u32);
        let output = Arc::clone(output);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupts.recv() => {}
                    _ = terminations.recv() => {}
                }
                told.send_modify(|count| *count = count.saturating_add(1));
                output.event(&InterruptView {
                    count: *told.borrow(),
                });
            }
        });
        Ok(Self(heard))
    }

    /// Whether an end was asked for.
    pub(crate) fn is_raised(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until an end is asked for.
    pub(crate) async fn raised(&mut self) {
        if self.0.wait_for(|count| *count > 0).await.is_err() {
            // Nobody listens any more: nothing will be asked for.
            std::future::pending::<()>().await;
        }
    }
}
