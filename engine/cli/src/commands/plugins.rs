//! `pitland plugins`: the writers, built in and loaded, and the libraries that were refused.

use super::Context;
use crate::args::PluginArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::json::Name;
use crate::output::plugins::{PluginsView, RefusedView, WriterView};
use pitland::plugin_host::Registry;

pub(crate) fn run(args: &PluginArgs, context: &Context) -> Result<Exit, Complaint> {
    let mut registry = Registry::with_builtins();
    // One that was asked for by name must load; one that lies about need not.
    for file in &args.plugins {
        registry.load(file)?;
    }
    let mut refused = Vec::new();
    for file in open::plugin_files() {
        if let Err(error) = registry.load(&file) {
            refused.push(RefusedView {
                plugin: Name::new(&file),
                reason: error.to_string(),
            });
        }
    }
    context.output.result(&PluginsView {
        writers: registry.writers().iter().map(WriterView::new).collect(),
        refused,
    });
    Ok(Exit::Done)
}
