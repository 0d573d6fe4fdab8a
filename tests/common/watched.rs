//! A layer round a drive that lets a test act at a certain command. Owns that moment; changes nothing
//! else of what passes.

use pitland::Transport;
use pitland::transport::layer::Around;
use pitland::transport::{Data, Exchange, TransportError};

/// What becomes of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is sent.
    Pass,
    /// The drive is gone, for this and every later command.
    Gone,
}

/// A drive whose commands are looked at before they are sent.
pub fn watched(
    inner: Box<dyn Transport>,
    mut look: impl FnMut(&Exchange<'_>) -> Then + Send + 'static,
) -> Box<dyn Transport> {
    let mut gone = false;
    Box::new(Around::new(inner, move |inner, exchange| {
        gone |= look(&exchange) == Then::Gone;
        if gone {
            return Err(TransportError::Gone);
        }
        inner.execute(exchange)
    }))
}

/// Whether a command is a WRITE of blocks.
pub fn is_write(exchange: &Exchange<'_>) -> bool {
    matches!(exchange.data, Data::Blocks { .. })
}

/// Acts at the `number`-th WRITE, counted from 1, and passes everything.
pub fn at_write(
    inner: Box<dyn Transport>,
    number: u32,
    act: impl FnOnce() -> Then + Send + 'static,
) -> Box<dyn Transport> {
    let mut act = Some(act);
    let mut seen = 0;
    watched(inner, move |exchange| {
        seen += u32::from(is_write(exchange));
        if seen == number
            && let Some(act) = act.take()
        {
            return act();
        }
        Then::Pass
    })
}
