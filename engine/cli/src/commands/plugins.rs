//! `pitland plugins`: the writers, built in and loaded.

use super::Context;
use crate::args::PluginArgs;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open;
use crate::output::json::{Name, PluginsView, ProfileView, WriterView};
use pitland::plugin_host::Source;

pub(crate) fn run(args: &PluginArgs, context: &Context) -> Result<Exit, Complaint> {
    let engine = open::engine(&args.plugins, &context.output)?;
    let writers = engine.writers().iter().map(|writer| WriterView {
        name: writer.info.name.clone(),
        summary: writer.info.summary.clone(),
        profiles: writer
            .info
            .profiles
            .iter()
            .copied()
            .map(ProfileView::new)
            .collect(),
        plugin: match &writer.source {
            Source::Plugin(path) => Some(Name::new(path)),
            _ => None,
        },
    });
    context.output.result(&PluginsView {
        writers: writers.collect(),
    });
    Ok(Exit::Done)
}
