//! Ctrl-C and the termination signal. Owns the count of them; what ends how is told by whoever waits.

use crate::output::Output;
use crate::output::json::InterruptView;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
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
        // A closed terminal is an end as well; whoever started this with nohup wants none of it.
        let mut hangups = match ignores_hangup() {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        let (told, heard) = watch::channel(0u32);
        let output = Arc::clone(output);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupts.recv() => {}
                    _ = terminations.recv() => {}
                    _ = hung_up(&mut hangups) => {}
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

async fn hung_up(hangups: &mut Option<Signal>) {
    match hangups {
        Some(hangups) => {
            hangups.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether the program was started with SIGHUP ignored, as by nohup: bit 0 of the mask that the kernel
/// tells.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 != 0)
}
