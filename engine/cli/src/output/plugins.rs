//! The writers and the libraries they come from, as JSON and in words.

use super::human::Lines;
use super::json::{Name, ProfileView};
use super::{Say, escape};
use pitland::plugin_host::{Registered, Source, WriterOrigin};
use serde::Serialize;

/// `"plugins"`.
#[derive(Debug, Serialize)]
pub(crate) struct PluginsView {
    pub(crate) writers: Vec<WriterView>,
    /// Libraries that were not loaded.
    pub(crate) refused: Vec<RefusedView>,
}

/// A writer that can be chosen.
#[derive(Debug, Serialize)]
pub(crate) struct WriterView {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) profiles: Vec<ProfileView>,
    #[serde(flatten)]
    pub(crate) origin: OriginView,
}

/// Where a writer comes from.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OriginView {
    /// The library; null for one that is linked in.
    pub(crate) plugin: Option<Name>,
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) abi: String,
    /// Empty for a library from before it was told.
    pub(crate) sdk: String,
}

/// A library that was not loaded, and why.
#[derive(Debug, Serialize)]
pub(crate) struct RefusedView {
    pub(crate) plugin: Name,
    pub(crate) reason: String,
}

impl WriterView {
    pub(crate) fn new(writer: &Registered) -> Self {
        let info = &writer.info;
        Self {
            name: info.name.clone(),
            summary: info.summary.clone(),
            profiles: info
                .profiles
                .iter()
                .copied()
                .map(ProfileView::new)
                .collect(),
            origin: OriginView::new(&writer.origin()),
        }
    }
}

impl OriginView {
    pub(crate) fn new(origin: &WriterOrigin) -> Self {
        Self {
            plugin: match &origin.source {
                Source::Plugin(path) => Some(Name::new(path)),
                _ => None,
            },
            package: origin.package.clone(),
            version: origin.version.clone(),
            abi: origin.abi.to_string(),
            sdk: origin.sdk.clone(),
        }
    }

    /// `0.1.0, built in`.
    pub(crate) fn words(&self) -> String {
        let from = self
            .plugin
            .as_ref()
            .map_or_else(|| "built in".to_owned(), Name::escaped);
        format!("{}, {from}", escape::text(&self.version))
    }
}

impl Say for PluginsView {
    const TYPE: &'static str = "plugins";

    fn say(&self) -> String {
        let mut lines = Lines::new();
        for writer in &self.writers {
            let origin = &writer.origin;
            lines.line(format!(
                "{:<16}{}",
                escape::text(&writer.name),
                escape::text(&writer.summary)
            ));
            let sdk = match origin.sdk.as_str() {
                "" => "unknown".into(),
                sdk => escape::text(sdk),
            };
            lines.line(format!(
                "{:16}{}, ABI {}, SDK {sdk}",
                "",
                origin.words(),
                origin.abi
            ));
            for profile in &writer.profiles {
                lines.line(format!("{:16}{} {}", "", profile.code, profile.name));
            }
        }
        for refused in &self.refused {
            lines.line(format!("refused         {}", escape::text(&refused.reason)));
        }
        lines.0
    }
}
