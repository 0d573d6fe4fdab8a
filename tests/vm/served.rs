//! Virtual drives behind iSCSI, as the program serves them. Owns the process and its end.

use super::program::pitland;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// A running `pitland virtual serve`.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    addresses: Vec<String>,
    traces: Vec<PathBuf>,
}

impl Served {
    /// Serves each disc as a drive. What is said to the drives is traced into files in `folder`.
    pub(crate) fn start(discs: &[PathBuf], folder: &Path) -> Self {
        let trace = folder.join("trace");
        let mut child = pitland()
            .args(["virtual", "serve", "--listen", "127.0.0.1:0", "--trace"])
            .arg(&trace)
            .args(discs)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let addresses: Vec<String> = lines
            .map(|line| line.unwrap())
            .filter_map(|line| {
                let address = line.find("iscsi://")?;
                line[address..].split(' ').next().map(str::to_owned)
            })
            .take(discs.len())
            .collect();
        assert_eq!(addresses.len(), discs.len(), "the drives are served");
        let traces = match discs.len() {
            1 => vec![trace],
            drives => (1..=drives)
                .map(|number| trace.with_extension(number.to_string()))
                .collect(),
        };
        Self {
            child,
            addresses,
            traces,
        }
    }

    /// The drives, in the order of their discs.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Ends it in good order: the discs are saved, and the traces are whole, which it gives.
    pub(crate) fn end(mut self) -> Vec<PathBuf> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        std::mem::take(&mut self.traces)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // After a failure; it has ended otherwise.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
