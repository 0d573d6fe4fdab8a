//! What a target itself has to tell the initiators of one unit.
//!
//! Owns who has still to hear it: each initiator port once, on a new session
//! where the old one is over. What the drive has to say is no business of this.

use super::sessions::SessionKey;
use super::unit::Nexus;
use pitland_mmc::Sense;
use std::collections::VecDeque;
use std::sync::Arc;

/// Things to say to one port that are kept.
const MOST_OWED: usize = 8;
/// Ports without a session that are remembered for what they have not heard.
const MOST_AWAY: usize = 64;

#[derive(Debug)]
struct Port {
    key: Arc<SessionKey>,
    /// Its session; `None` while it has none.
    nexus: Option<Nexus>,
    owed: VecDeque<Sense>,
    /// Tasks of an older generation were cleared, and it knows.
    knows: u64,
}

/// The initiator ports of a unit.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    ports: Vec<Port>,
}

impl Ports {
    /// A session begins; an older one of the same port is over.
    pub(crate) fn begin(&mut self, nexus: Nexus, key: &Arc<SessionKey>) {
        if let Some(port) = self.ports.iter_mut().find(|port| port.key == *key) {
            port.nexus = Some(nexus);
            return;
        }
        self.ports.push(Port {
            key: Arc::clone(key),
            nexus: Some(nexus),
            owed: VecDeque::new(),
            knows: 0,
        });
    }

    /// A session is over. What it has not heard is kept for the next one of
    /// the same port.
    pub(crate) fn end(&mut self, nexus: Nexus) {
        if let Some(port) = self.of(nexus) {
            port.nexus = None;
        }
        self.ports
            .retain(|port| port.nexus.is_some() || !port.owed.is_empty());
        let is_away = |port: &Port| port.nexus.is_none();
        if self.ports.iter().filter(|port| is_away(port)).count() > MOST_AWAY
            && let Some(oldest) = self.ports.iter().position(is_away)
        {
            self.ports.remove(oldest);
        }
    }

    /// Everybody is to hear this.
    pub(crate) fn owe(&mut self, sense: Sense) {
        for port in &mut self.ports {
            if port.owed.len() < MOST_OWED && !port.owed.contains(&sense) {
                port.owed.push_back(sense);
            }
        }
    }

    /// What a session is told next.
    pub(crate) fn next(&mut self, nexus: Nexus) -> Option<Sense> {
        self.of(nexus)?.owed.pop_front()
    }

    /// Whether a session has still to hear that its tasks older than
    /// `generation` were cleared; it knows from now on.
    pub(crate) fn learn(&mut self, nexus: Nexus, generation: u64) -> bool {
        let Some(port) = self.of(nexus) else {
            return false;
        };
        let is_news = port.knows < generation;
        port.knows = generation;
        is_news
    }

    fn of(&mut self, nexus: Nexus) -> Option<&mut Port> {
        self.ports.iter_mut().find(|port| port.nexus == Some(nexus))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWS: Sense = Sense::new(6, 0x29, 0x03);

    fn key(number: usize) -> Arc<SessionKey> {
        Arc::new(SessionKey {
            initiator_name: format!("iqn.a:{number}"),
            isid: [0; 6],
        })
    }

    #[test]
    fn each_port_hears_it_once_on_whatever_session() {
        let mut ports = Ports::default();
        ports.begin(Nexus(1), &key(1));
        ports.begin(Nexus(2), &key(2));
        ports.owe(NEWS);
        ports.owe(NEWS);
        assert_eq!(ports.next(Nexus(1)), Some(NEWS));
        assert_eq!(ports.next(Nexus(1)), None);
        // The second one comes back before its old session has ended.
        ports.begin(Nexus(3), &key(2));
        ports.end(Nexus(2));
        assert_eq!(ports.next(Nexus(2)), None);
        assert_eq!(ports.next(Nexus(3)), Some(NEWS));
        ports.begin(Nexus(4), &key(4));
        assert_eq!(ports.next(Nexus(4)), None);
    }

    #[test]
    fn those_who_are_away_are_remembered_up_to_a_bound() {
        let mut ports = Ports::default();
        for number in 0..200 {
            ports.begin(Nexus(number as u64), &key(number));
        }
        ports.end(Nexus(0));
        assert_eq!(ports.ports.len(), 199);
        ports.owe(NEWS);
        for number in 1..200 {
            ports.end(Nexus(number));
        }
        assert_eq!(ports.ports.len(), MOST_AWAY);
        ports.begin(Nexus(300), &key(199));
        assert_eq!(ports.next(Nexus(300)), Some(NEWS));
    }

    #[test]
    fn that_tasks_were_cleared_is_news_once() {
        let mut ports = Ports::default();
        ports.begin(Nexus(1), &key(1));
        assert!(ports.learn(Nexus(1), 1));
        assert!(!ports.learn(Nexus(1), 1));
        assert!(ports.learn(Nexus(1), 2));
        assert!(!ports.learn(Nexus(9), 2));
    }
}
