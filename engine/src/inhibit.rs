//! Keeping the machine awake while a disc is being changed. Owns the words with logind; when they are
//! said is the job's. Without the feature `inhibit` there is nothing here but the empty place for it.

use std::os::fd::OwnedFd;

/// Lets the machine sleep again when it is dropped.
pub(crate) type Awake = OwnedFd;

#[cfg(feature = "inhibit")]
pub use logind::SleepInhibitor;

/// Nothing: the feature `inhibit` is off.
#[cfg(not(feature = "inhibit"))]
#[derive(Debug, Clone)]
pub(crate) enum SleepInhibitor {}

#[cfg(not(feature = "inhibit"))]
impl SleepInhibitor {
    pub(crate) async fn hold(&self, _drive: &str, _client: &str) -> Option<Awake> {
        match *self {}
    }
}

#[cfg(feature = "inhibit")]
mod logind {
    use super::Awake;
    use std::time::Duration;
    use zbus::OwnedFd;
    use zbus::connection::{Builder, Connection};

    /// What logind is asked to block: the machine's sleep and its shutdown, also those that come of idling.
    const WHAT: &str = "sleep:shutdown:idle";
    /// How long logind may take to answer: a burn does not wait for a bus that hangs.
    const PATIENCE: Duration = Duration::from_secs(5);

    #[zbus::proxy(
        interface = "org.freedesktop.login1.Manager",
        default_service = "org.freedesktop.login1",
        default_path = "/org/freedesktop/login1"
    )]
    trait Manager {
        fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::Result<OwnedFd>;
    }

    /// Asks systemd's logind to keep the machine awake while a job changes a disc (the method `Inhibit` of
    /// `org.freedesktop.login1.Manager`, mode `block`). Feature `inhibit`.
    ///
    /// A machine without logind, or one that refuses, is told in the log; the burn goes on.
    #[derive(Debug, Clone)]
    pub struct SleepInhibitor {
        address: Option<String>,
    }

    impl SleepInhibitor {
        /// By the system's bus.
        pub fn system() -> Self {
            Self { address: None }
        }

        /// By the bus at this D-Bus address, as `unix:path=/run/dbus/system_bus_socket`.
        pub fn on_bus(address: impl Into<String>) -> Self {
            Self {
                address: Some(address.into()),
            }
        }

        pub(crate) async fn hold(&self, drive: &str, client: &str) -> Option<Awake> {
            match tokio::time::timeout(PATIENCE, self.ask(drive, client)).await {
                Ok(Ok(held)) => Some(held.into()),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the machine may sleep while the disc is written");
                    None
                }
                Err(_) => {
                    tracing::warn!(
                        "no answer of logind: the machine may sleep while the disc is written"
                    );
                    None
                }
            }
        }

        async fn ask(&self, drive: &str, client: &str) -> zbus::Result<OwnedFd> {
            let bus = match &self.address {
                None => Connection::system().await?,
                Some(address) => Builder::address(address.as_str()).build().await?,
            };
            let why = format!("writes the disc in {drive}");
            ManagerProxy::new(&bus)
                .await?
                .inhibit(WHAT, client, &why, "block")
                .await
        }
    }
}
