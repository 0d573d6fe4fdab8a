//! A layer round a drive that lets a test act at a certain command. Owns that moment; changes nothing
//! else of what passes.

use pitland::Transport;
use pitland::transport::{
    Claim, ClaimDenied, DeviceClock, Exchange, Limits, Reply, TransportError,
};
use std::time::Duration;

/// What becomes of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is sent.
    Pass,
    /// The drive is gone, for this and every later command.
    Gone,
}

/// A drive whose commands are looked at before they are sent.
pub struct Watched<F> {
    inner: Box<dyn Transport>,
    look: F,
    gone: bool,
}

impl<F: FnMut(&Exchange<'_>) -> Then + Send> Watched<F> {
    pub fn new(inner: Box<dyn Transport>, look: F) -> Self {
        Self {
            inner,
            look,
            gone: false,
        }
    }
}

/// Whether a command is a WRITE of blocks.
pub fn is_write(exchange: &Exchange<'_>) -> bool {
    matches!(exchange.data, pitland::transport::Data::Blocks { .. })
}

/// Acts at the `number`-th WRITE, counted from 1, and passes everything.
pub fn at_write(
    inner: Box<dyn Transport>,
    number: u32,
    act: impl FnOnce() -> Then + Send + 'static,
) -> Box<dyn Transport> {
    let mut act = Some(act);
    let mut seen = 0;
    Box::new(Watched::new(inner, move |exchange| {
        seen += u32::from(is_write(exchange));
        if seen == number
            && let Some(act) = act.take()
        {
            return act();
        }
        Then::Pass
    }))
}

impl<F: FnMut(&Exchange<'_>) -> Then + Send> Transport for Watched<F> {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        self.gone |= (self.look)(&exchange) == Then::Gone;
        if self.gone {
            return Err(TransportError::Gone);
        }
        self.inner.execute(exchange)
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    fn clock(&self) -> DeviceClock {
        self.inner.clock()
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn advance(&mut self, by: Duration) {
        self.inner.advance(by);
    }

    fn identity_hint(&self) -> String {
        self.inner.identity_hint()
    }

    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        self.inner.claim(claim)
    }

    fn release(&mut self) {
        self.inner.release();
    }

    fn host_remembers_medium(&self) -> bool {
        self.inner.host_remembers_medium()
    }

    fn have_host_look(&mut self) {
        self.inner.have_host_look();
    }

    fn quieten(&mut self, quiet: bool) -> Result<(), ClaimDenied> {
        self.inner.quieten(quiet)
    }
}
