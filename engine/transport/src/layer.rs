//! Layers round a drive: what one does not name passes on to the drive.
//!
//! Owns the passing on, once for every layer: a question that is asked of a
//! transport in future reaches the drive through the layers of today. Must not
//! know what a layer is for.
//!
//! [`Around`] is a layer in one closure:
//!
//! ```
//! use pitland_mmc::cdb::{Cdb, TestUnitReady};
//! use pitland_transport::address::{DriveAddress, OpenMode};
//! use pitland_transport::layer::Around;
//! use pitland_transport::{Exchange, Transport};
//! use std::time::Duration;
//!
//! let address: DriveAddress = "virtual:null".parse()?;
//! let mut heard = Vec::new();
//! let drive = address.open(OpenMode::Existing)?;
//! let mut drive = Around::new(drive, |drive, exchange| {
//!     heard.push(exchange.cdb.opcode());
//!     drive.execute(exchange)
//! });
//! drive.execute(Exchange::none(TestUnitReady {}.emit(), Duration::from_secs(10)))?;
//! drop(drive);
//! assert_eq!(heard, [0x00]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Layer`] is for one that does more than that. Its methods have the names of
//! [`Transport`]'s, so it is best named by its module, not imported beside it,
//! and generic over what is inside:
//!
//! ```
//! use pitland_transport::{Exchange, Reply, Transport, TransportError, layer};
//!
//! /// Counts commands, and is known by another name.
//! struct Counting<T> {
//!     inner: T,
//!     commands: u64,
//! }
//!
//! impl<T: Transport> layer::Layer for Counting<T> {
//!     type Inner = T;
//!
//!     fn inner(&self) -> &T {
//!         &self.inner
//!     }
//!
//!     fn inner_mut(&mut self) -> &mut T {
//!         &mut self.inner
//!     }
//!
//!     fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
//!         self.commands += 1;
//!         self.inner.execute(exchange)
//!     }
//!
//!     fn identity_hint(&self) -> String {
//!         format!("counted {}", self.inner.identity_hint())
//!     }
//! }
//! ```

use crate::{
    BusShare, Claim, ClaimDenied, DeviceClock, Exchange, Limits, Reply, Transport, TransportError,
};
use core::fmt;
use core::time::Duration;

/// A transport round another one, which by itself changes nothing.
///
/// Every layer is a [`Transport`]. Each method but the first two is that of
/// the same name there, and asks the transport inside unless the layer has an
/// answer of its own. One that answers [`claim`](Self::claim) itself answers
/// [`release`](Self::release), too.
pub trait Layer: Send {
    /// What is inside. Where that is in a box it is `dyn Transport`, not the box:
    /// a box is a layer, too, so that its methods would be meant twice.
    type Inner: Transport + ?Sized;

    /// The transport inside.
    fn inner(&self) -> &Self::Inner;

    /// The transport inside, to be used.
    fn inner_mut(&mut self) -> &mut Self::Inner;

    /// [`Transport::execute`].
    ///
    /// # Errors
    /// Those of the transport inside.
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        self.inner_mut().execute(exchange)
    }

    /// [`Transport::limits`].
    fn limits(&self) -> Limits {
        self.inner().limits()
    }

    /// [`Transport::clock`].
    fn clock(&self) -> DeviceClock {
        self.inner().clock()
    }

    /// [`Transport::now`].
    fn now(&self) -> Duration {
        self.inner().now()
    }

    /// [`Transport::advance`].
    fn advance(&mut self, by: Duration) {
        self.inner_mut().advance(by);
    }

    /// [`Transport::identity_hint`].
    fn identity_hint(&self) -> String {
        self.inner().identity_hint()
    }

    /// [`Transport::claim`].
    ///
    /// # Errors
    /// Those of the transport inside.
    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        self.inner_mut().claim(claim)
    }

    /// [`Transport::release`].
    fn release(&mut self) {
        self.inner_mut().release();
    }

    /// [`Transport::host_remembers_medium`].
    fn host_remembers_medium(&self) -> bool {
        self.inner().host_remembers_medium()
    }

    /// [`Transport::have_host_look`].
    fn have_host_look(&mut self) {
        self.inner_mut().have_host_look();
    }

    /// [`Transport::quieten`].
    ///
    /// # Errors
    /// Those of the transport inside.
    fn quieten(&mut self, quiet: bool) -> Result<(), ClaimDenied> {
        self.inner_mut().quieten(quiet)
    }

    /// [`Transport::bus`].
    fn bus(&self) -> Option<BusShare> {
        self.inner().bus()
    }
}

impl<L: Layer> Transport for L {
    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        Layer::execute(self, exchange)
    }
    fn limits(&self) -> Limits {
        Layer::limits(self)
    }
    fn clock(&self) -> DeviceClock {
        Layer::clock(self)
    }
    fn now(&self) -> Duration {
        Layer::now(self)
    }
    fn advance(&mut self, by: Duration) {
        Layer::advance(self, by);
    }
    fn identity_hint(&self) -> String {
        Layer::identity_hint(self)
    }
    fn claim(&mut self, claim: Claim<'_>) -> Result<(), ClaimDenied> {
        Layer::claim(self, claim)
    }
    fn release(&mut self) {
        Layer::release(self);
    }
    fn host_remembers_medium(&self) -> bool {
        Layer::host_remembers_medium(self)
    }
    fn have_host_look(&mut self) {
        Layer::have_host_look(self);
    }
    fn quieten(&mut self, quiet: bool) -> Result<(), ClaimDenied> {
        Layer::quieten(self, quiet)
    }
    fn bus(&self) -> Option<BusShare> {
        Layer::bus(self)
    }
}

impl<T: Transport + ?Sized> Layer for Box<T> {
    type Inner = T;

    fn inner(&self) -> &T {
        self
    }

    fn inner_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: Transport + ?Sized> Layer for &mut T {
    type Inner = T;

    fn inner(&self) -> &T {
        self
    }

    fn inner_mut(&mut self) -> &mut T {
        self
    }
}

/// A layer whose commands go through a closure, for watching what is sent, for
/// answering in the drive's place, or for doing something at a certain command.
///
/// The closure is given the transport inside and what is to be sent, and
/// returns what came of it.
#[derive(Clone)]
pub struct Around<T, F> {
    inner: T,
    act: F,
}

impl<T, F> Around<T, F>
where
    T: Transport,
    F: FnMut(&mut T, Exchange<'_>) -> Result<Reply, TransportError> + Send,
{
    /// Puts `act` round `inner`.
    pub fn new(inner: T, act: F) -> Self {
        Self { inner, act }
    }

    /// Takes the layer off.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T, F> Layer for Around<T, F>
where
    T: Transport,
    F: FnMut(&mut T, Exchange<'_>) -> Result<Reply, TransportError> + Send,
{
    type Inner = T;

    fn inner(&self) -> &T {
        &self.inner
    }

    fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    fn execute(&mut self, exchange: Exchange<'_>) -> Result<Reply, TransportError> {
        (self.act)(&mut self.inner, exchange)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for Around<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::fault::{Fault, FaultScript};
    use crate::layer::Around;
    use crate::trace::{Detail, Trace};
    use crate::{
        BusShare, Checked, Claim, ClaimDenied, DeviceClock, Exchange, Limits, OnBus, Reply,
        Transport, TransportError,
    };
    use core::time::Duration;
    use pitland_mmc::cdb::{Cdb, TestUnitReady};
    use std::sync::{Arc, Mutex};

    /// Has an answer to everything that a transport without one would not give, and a list of what was asked.
    struct Talkative(Arc<Mutex<Vec<&'static str>>>);

    impl Talkative {
        fn asked(&self, what: &'static str) {
            self.0.lock().unwrap().push(what);
        }
    }

    impl Transport for Talkative {
        fn execute(&mut self, _: Exchange<'_>) -> Result<Reply, TransportError> {
            self.asked("execute");
            Err(TransportError::Gone)
        }
        fn limits(&self) -> Limits {
            Limits::with_max_transfer(77)
        }
        fn clock(&self) -> DeviceClock {
            DeviceClock::Real
        }
        fn now(&self) -> Duration {
            Duration::from_secs(5)
        }
        fn advance(&mut self, _: Duration) {
            self.asked("advance");
        }
        fn identity_hint(&self) -> String {
            "talkative".into()
        }
        fn claim(&mut self, _: Claim<'_>) -> Result<(), ClaimDenied> {
            self.asked("claim");
            Err(ClaimDenied::Gone)
        }
        fn release(&mut self) {
            self.asked("release");
        }
        fn host_remembers_medium(&self) -> bool {
            true
        }
        fn have_host_look(&mut self) {
            self.asked("have_host_look");
        }
        fn quieten(&mut self, _: bool) -> Result<(), ClaimDenied> {
            self.asked("quieten");
            Err(ClaimDenied::Gone)
        }
        fn bus(&self) -> Option<BusShare> {
            Some("talk@10MB/s".parse().unwrap())
        }
    }

    fn passes_on<T: Transport>(round: impl FnOnce(Talkative) -> T) {
        let asked = Arc::default();
        let mut drive = round(Talkative(Arc::clone(&asked)));
        assert_eq!(drive.limits().max_transfer_bytes, 77);
        assert_eq!(drive.clock(), DeviceClock::Real);
        assert_eq!(drive.now(), Duration::from_secs(5));
        assert_eq!(drive.identity_hint(), "talkative");
        assert!(drive.host_remembers_medium());
        assert!(drive.bus().is_some());
        let cdb = TestUnitReady {}.emit();
        assert!(drive.execute(Exchange::none(cdb, Duration::ZERO)).is_err());
        drive.advance(Duration::ZERO);
        assert!(drive.claim(Claim::Look).is_err());
        drive.release();
        drive.have_host_look();
        assert!(drive.quieten(true).is_err());
        assert_eq!(
            *asked.lock().unwrap(),
            [
                "execute",
                "advance",
                "claim",
                "release",
                "have_host_look",
                "quieten"
            ]
        );
    }

    #[test]
    fn a_layer_passes_on_all_that_it_does_not_answer() {
        passes_on(|drive| drive);
        passes_on(Checked::new);
        passes_on(|drive| Fault::new(drive, FaultScript::new(1)));
        passes_on(|drive| Trace::new(drive, Vec::new(), Detail::default()));
        passes_on(|drive| OnBus::new(drive, "layers@1000MB/s".parse().unwrap()).unwrap());
        passes_on(|drive| Around::new(drive, |drive, exchange| drive.execute(exchange)));
        passes_on(|drive| -> Box<dyn Transport> { Box::new(Box::new(drive)) });
    }
}
