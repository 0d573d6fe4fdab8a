//! The log that `-v` asks for: the library speaks through tracing, and only the program listens. Owns the
//! subscriber, and that no log line reaches a terminal unescaped.

use crate::output::escape;
use std::io::{self, Write};
use tracing_subscriber::filter::EnvFilter;

/// Listens from now on: errors always, more with each `-v`; `PITLAND_LOG` overrules it.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "error",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("PITLAND_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(|| Escaped)
        .try_init();
    // Somebody else listens already: only ever in tests.
    drop(started);
}

/// Standard error, line by line, with controls escaped. The subscriber writes whole lines.
struct Escaped;

impl Write for Escaped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut line = escape::text(text.trim_end_matches('\n'));
        line.push('\n');
        io::stderr().lock().write_all(line.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
