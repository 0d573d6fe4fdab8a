//! The writers of an engine, and the choice among them.
//!
//! Owns the rule of choice: the best fit begins; at equal fit one that is linked in comes before a
//! loaded one, and an earlier one before a later one; or the caller names one. Must not know what any
//! writer does, nor what is in the drive beyond the facts it passes on.

use super::{LoadedPlugin, PluginError, guard::Guarded};
use pitland_abi::{ABI_VERSION, AbiVersion, Metadata};
use pitland_burn::gate::Allowances;
use pitland_writer::mmc::Profile;
use pitland_writer::{
    Failure, Fit, MediaFacts, MediumCondition, Refusal, Request, Service, WriterInfo, WriterModule,
};
use std::cmp::Reverse;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a writer may take over one answer.
pub const CALL_LIMIT: Duration = Duration::from_secs(5);

/// The fitness of a writer that is made for what it is asked.
const HIGHEST_FITNESS: u8 = 100;

/// Where a writer comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// Linked into the program.
    BuiltIn,
    /// Loaded from this library.
    Plugin(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Plugin(path) => path.display().fmt(f),
        }
    }
}

/// Which writer it was: its name, where it came from, and in which versions. For reports, and for errors
/// that are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriterOrigin {
    /// Its name.
    pub name: String,
    /// Where it came from.
    pub source: Source,
    /// The package that it was built in; empty for one that the program's author linked in by hand.
    pub package: String,
    /// The version of that package.
    pub version: String,
    /// The version of the ABI that it speaks.
    pub abi: AbiVersion,
    /// The version of the SDK that it was built with.
    pub sdk: String,
}

impl fmt::Display for WriterOrigin {
    /// `sketch 0.3.0 (/usr/lib/pitland/plugins/sketch.so)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if !self.version.is_empty() {
            write!(f, " {}", self.version)?;
        }
        write!(f, " ({})", self.source)
    }
}

/// A writer of a registry.
#[derive(Clone)]
#[non_exhaustive]
pub struct Registered {
    /// The writer; each call has a deadline.
    pub module: Arc<dyn WriterModule>,
    /// Who it is.
    pub info: WriterInfo,
    /// Where it comes from.
    pub source: Source,
    /// What its library told of itself; `None` for one that is linked in.
    pub metadata: Option<Arc<Metadata>>,
    /// What it may beside what every writer may.
    pub allowed: Allowances,
}

impl Registered {
    /// Which writer this is.
    pub fn origin(&self) -> WriterOrigin {
        let (package, version, abi, sdk) = match &self.metadata {
            Some(told) => (&*told.package, &*told.version, told.abi, &*told.sdk),
            // One that is linked in is built with the program, from the SDK that the engine has.
            None => {
                let ours = env!("CARGO_PKG_VERSION");
                (
                    env!("CARGO_PKG_NAME"),
                    ours,
                    ABI_VERSION,
                    pitland_writer::VERSION,
                )
            }
        };
        WriterOrigin {
            name: self.info.name.clone(),
            source: self.source.clone(),
            package: package.to_owned(),
            version: version.to_owned(),
            abi,
            sdk: sdk.to_owned(),
        }
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("info", &self.info)
            .field("source", &self.source)
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

/// The writer that serves a request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Choice {
    /// The writer.
    pub writer: Registered,
    /// What it offers.
    pub service: Service,
}

/// Nobody serves a request. The medium is untouched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChooseError {
    /// No writer has this name.
    #[error("there is no writer {name}; there are: {}", known.join(", "))]
    NoSuchWriter {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// No writer takes it; those that know the medium say why.
    #[error("{}", explained(*profile, *condition, refusals))]
    Refused {
        /// What is in the drive.
        profile: Profile,
        /// In which state it is.
        condition: MediumCondition,
        /// The writers that know such a medium, and why they do not take this one.
        refusals: Vec<(WriterOrigin, Refusal)>,
    },
}

impl ChooseError {
    /// The one reason to act on: of the only writer that knows the medium, or of the first, or that
    /// there is none.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::NoSuchWriter { .. } => Refusal::NotOffered,
            Self::Refused {
                profile,
                condition,
                refusals,
            } => match reason(refusals) {
                Some((_, refusal)) => refusal.clone(),
                None => nobodys(*profile, *condition),
            },
        }
    }
}

/// The reason to act on: that of a writer whose job it is, before that of one which leaves it to another, and both
/// before that of one which failed over it.
pub(crate) fn reason(refusals: &[(WriterOrigin, Refusal)]) -> Option<&(WriterOrigin, Refusal)> {
    let rank = |refusal: &Refusal| match refusal {
        Refusal::NotOffered | Refusal::NoSuchRecording { .. } | Refusal::NoSuchForm { .. } => 1,
        fault if is_fault(fault) => 2,
        _ => 0,
    };
    // The first of the best rank.
    refusals.iter().min_by_key(|(_, refusal)| rank(refusal))
}

fn is_fault(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::WriterFault(_))
}

/// What is said of a medium that is no writer's own.
fn nobodys(profile: Profile, condition: MediumCondition) -> Refusal {
    match condition {
        MediumCondition::NoMedium => Refusal::NoMedium,
        MediumCondition::Unrecognized => Refusal::UnrecognizedMedium,
        _ if profile == Profile::None => Refusal::NoMedium,
        _ => Refusal::NoWriter { profile },
    }
}

fn explained(
    profile: Profile,
    condition: MediumCondition,
    refusals: &[(WriterOrigin, Refusal)],
) -> String {
    match refusals {
        [] => nobodys(profile, condition).to_string(),
        [(writer, refusal)] if is_fault(refusal) => format!("{writer}: {refusal}"),
        [(_, refusal)] => refusal.to_string(),
        many => {
            let reasons: Vec<String> = many
                .iter()
                .map(|(writer, refusal)| match is_fault(refusal) {
                    true => format!("{writer}: {refusal}"),
                    false => format!("{}: {refusal}", writer.name),
                })
                .collect();
            format!("no writer takes this {profile}: {}", reasons.join("; "))
        }
    }
}

/// The writers of an engine.
#[derive(Debug, Clone)]
pub struct Registry {
    writers: Vec<Registered>,
    limit: Duration,
    /// The names of writers that may send commands of the vendor's own.
    vendor_commands: Vec<String>,
}

impl Default for Registry {
    /// As [`Registry::new`].
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// No writers, and [`CALL_LIMIT`] for each call of those that come.
    pub fn new() -> Self {
        Self {
            writers: Vec::new(),
            limit: CALL_LIMIT,
            vendor_commands: Vec::new(),
        }
    }

    /// The writers that are linked in by the feature `builtin-writers`.
    #[cfg(feature = "builtin-writers")]
    pub fn with_builtins() -> Self {
        use pitland_writer::module_of;
        let mut registry = Self::new();
        for module in [
            module_of::<pitland_bd_r::BdR>(),
            module_of::<pitland_cd_tao::CdTao>(),
            module_of::<pitland_cd_raw::CdRaw>(),
            module_of::<pitland_cd_sao::CdSao>(),
            module_of::<pitland_dvd_plus_r::DvdPlusR>(),
            module_of::<pitland_dvd_sequential::DvdSequential>(),
            module_of::<pitland_overwritable::Overwritable>(),
        ] {
            if let Err(failure) = registry.add(Arc::from(module)) {
                // Our own writers describe themselves by constants.
                tracing::error!(%failure, "a writer of our own is left out");
            }
        }
        registry
    }

    /// With another limit for each call of the writers that are added from now on.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Allows a writer, by its name, commands of the vendor's own (C0h to FFh): as queries and as moves of its
    /// own. Nobody can say what they do to a drive, so no writer has them by default. It holds for writers of
    /// that name that are there and that come.
    pub fn allow_vendor_commands(&mut self, name: impl Into<String>) {
        self.vendor_commands.push(name.into());
        for writer in &mut self.writers {
            if self.vendor_commands.contains(&writer.info.name) {
                writer.allowed = Allowances::VENDOR_COMMANDS;
            }
        }
    }

    /// Adds a writer that is linked in.
    ///
    /// # Errors
    /// It could not say who it is.
    pub fn add(&mut self, module: Arc<dyn WriterModule>) -> Result<(), Failure> {
        let registered = self.guard(module, Source::BuiltIn, None)?;
        self.writers.push(registered);
        Ok(())
    }

    /// Adds the writers of a library, all or none. A library that is there already changes nothing.
    ///
    /// A loaded writer may have the name of one that is linked in ([`Registry::choose`] says which is
    /// meant), but not of one from another library.
    ///
    /// # Errors
    /// [`PluginError::DuplicateName`], or [`PluginError::Module`] when a description fails.
    pub fn add_plugin(&mut self, plugin: &LoadedPlugin) -> Result<(), PluginError> {
        let source = Source::Plugin(plugin.path().to_path_buf());
        if self.writers.iter().any(|writer| writer.source == source) {
            return Ok(());
        }
        let mut added = Vec::new();
        for module in plugin.writers() {
            let writer = self
                .guard(
                    Arc::clone(module),
                    source.clone(),
                    Some(plugin.shared_metadata()),
                )
                .map_err(|failure| PluginError::Loader {
                    path: plugin.path().to_path_buf(),
                    reason: failure.to_string(),
                })?;
            let same = self
                .writers
                .iter()
                .chain(&added)
                .filter(|other| other.info.name == writer.info.name);
            for other in same {
                if let Source::Plugin(other) = &other.source {
                    return Err(PluginError::DuplicateName {
                        path: plugin.path().to_path_buf(),
                        name: writer.info.name,
                        other: other.clone(),
                    });
                }
            }
            added.push(writer);
        }
        self.writers.append(&mut added);
        Ok(())
    }

    /// Loads a library and adds its writers. Blocks; see [`load`](super::load()).
    ///
    /// # Errors
    /// As [`load`](super::load()) and [`Registry::add_plugin`].
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<LoadedPlugin, PluginError> {
        let plugin = super::load(path)?;
        self.add_plugin(&plugin)?;
        Ok(plugin)
    }

    fn guard(
        &self,
        module: Arc<dyn WriterModule>,
        source: Source,
        metadata: Option<Arc<Metadata>>,
    ) -> Result<Registered, Failure> {
        let guarded = Guarded::new(module, self.limit)?;
        let info = guarded.info();
        let allowed = match self.vendor_commands.contains(&info.name) {
            true => Allowances::VENDOR_COMMANDS,
            false => Allowances::NONE,
        };
        Ok(Registered {
            info,
            module: Arc::new(guarded),
            source,
            metadata,
            allowed,
        })
    }

    /// All writers, in the order they came.
    pub fn writers(&self) -> &[Registered] {
        &self.writers
    }

    /// The writer that serves a request on a medium.
    ///
    /// With a name, only writers of that name are asked, and a loaded one counts before the one that
    /// is linked in: whoever loads a library and names its writer means that one. Without, the best
    /// fit wins, and at equal fit one that is linked in. Blocks for as long as the writers take, at
    /// most their limit each.
    ///
    /// # Errors
    /// Nobody of that name, or nobody who serves it; then with the reasons of all that know the medium.
    pub fn choose(
        &self,
        facts: &MediaFacts,
        request: &Request,
        by_name: Option<&str>,
    ) -> Result<Choice, ChooseError> {
        let mut asked: Vec<&Registered> = match by_name {
            None => self.writers.iter().collect(),
            Some(name) => self
                .writers
                .iter()
                .filter(|w| w.info.name == name)
                .collect(),
        };
        if let (Some(name), true) = (by_name, asked.is_empty()) {
            let known = self.writers.iter().map(|w| w.info.name.clone()).collect();
            return Err(ChooseError::NoSuchWriter {
                name: name.to_owned(),
                known,
            });
        }
        // A stable sort: among equals the order in which they came stays.
        asked.sort_by_key(|writer| (writer.source != Source::BuiltIn) != by_name.is_some());
        let mut offers = Vec::new();
        let mut refusals = Vec::new();
        for writer in asked {
            match writer.module.assess(facts, request) {
                Fit::Serves(mut service) => {
                    // One that claims more than there is comes before nobody.
                    service.fitness = service.fitness.min(HIGHEST_FITNESS);
                    offers.push(Choice {
                        writer: writer.clone(),
                        service,
                    });
                }
                Fit::Refuses(refusal) => refusals.push((writer.origin(), refusal)),
                Fit::NotMine => {}
                // An answer of a newer SDK: no offer that could be taken up.
                _ => refusals.push((writer.origin(), Refusal::NotOffered)),
            }
        }
        let best = if by_name.is_some() {
            offers.into_iter().next()
        } else {
            offers
                .into_iter()
                .min_by_key(|offer| Reverse(offer.service.fitness))
        };
        best.ok_or(ChooseError::Refused {
            profile: facts.profile(),
            condition: facts.condition(),
            refusals,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitland_writer::mmc::Lba;
    use pitland_writer::{ActiveWriter, BurnRequest, CloseRequest, WritePlan};

    struct Fixed(&'static str, Fit);

    impl WriterModule for Fixed {
        fn info(&self) -> WriterInfo {
            WriterInfo::new(self.0, "for tests", vec![])
        }
        fn assess(&self, _: &MediaFacts, request: &Request) -> Fit {
            match request {
                Request::Burn(_) => self.1.clone(),
                _ => Fit::NotMine,
            }
        }
        fn begin(
            &self,
            _: &MediaFacts,
            _: &Request,
        ) -> Result<(Box<dyn ActiveWriter>, WritePlan), Refusal> {
            Err(Refusal::NotOffered)
        }
    }

    fn serves(fitness: u8) -> Fit {
        let mut service = Service::new(Lba(0), 1, 1);
        service.fitness = fitness;
        Fit::Serves(service)
    }

    fn registry(writers: Vec<(Source, Fixed)>) -> Registry {
        let mut registry = Registry::new().with_limit(Duration::from_secs(60));
        for (source, writer) in writers {
            let writer = registry.guard(Arc::new(writer), source, None).unwrap();
            registry.writers.push(writer);
        }
        registry
    }

    fn loaded() -> Source {
        Source::Plugin("/plugin.so".into())
    }

    fn choose(registry: &Registry, name: Option<&str>) -> Result<(String, Source), ChooseError> {
        let facts = MediaFacts::from_answers(Vec::new());
        registry
            .choose(&facts, &Request::Burn(BurnRequest::new(1)), name)
            .map(|choice| (choice.writer.info.name, choice.writer.source))
    }

    #[test]
    fn the_best_fit_begins_and_a_builtin_wins_at_equal_fit() {
        let registry = registry(vec![
            (loaded(), Fixed("far", serves(90))),
            (Source::BuiltIn, Fixed("worse", serves(10))),
            (Source::BuiltIn, Fixed("near", serves(90))),
            (Source::BuiltIn, Fixed("late", serves(90))),
        ]);
        assert_eq!(
            choose(&registry, None),
            Ok(("near".to_owned(), Source::BuiltIn))
        );
    }

    #[test]
    fn a_better_plugin_wins_over_a_builtin() {
        let registry = registry(vec![
            (Source::BuiltIn, Fixed("near", serves(90))),
            (loaded(), Fixed("far", serves(91))),
        ]);
        assert_eq!(choose(&registry, None), Ok(("far".to_owned(), loaded())));
    }

    #[test]
    fn a_name_overrules_the_fit_and_means_the_loaded_one_first() {
        let registry = registry(vec![
            (Source::BuiltIn, Fixed("bd-r", serves(100))),
            (Source::BuiltIn, Fixed("other", serves(1))),
            (loaded(), Fixed("bd-r", serves(100))),
        ]);
        assert_eq!(
            choose(&registry, Some("other")),
            Ok(("other".to_owned(), Source::BuiltIn))
        );
        assert_eq!(
            choose(&registry, Some("bd-r")),
            Ok(("bd-r".to_owned(), loaded()))
        );
        assert_eq!(
            choose(&registry, None),
            Ok(("bd-r".to_owned(), Source::BuiltIn))
        );
        let error = choose(&registry, Some("cd")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no writer cd; there are: bd-r, other, bd-r"
        );
    }

    #[test]
    fn refusals_explain_why_nobody_takes_it() {
        let one = registry(vec![
            (Source::BuiltIn, Fixed("a", Fit::NotMine)),
            (
                Source::BuiltIn,
                Fixed("b", Fit::Refuses(Refusal::MediumClosed)),
            ),
        ]);
        let error = choose(&one, None).unwrap_err();
        assert_eq!(error.to_string(), Refusal::MediumClosed.to_string());
        assert_eq!(error.refusal(), Refusal::MediumClosed);

        let two = registry(vec![
            (
                Source::BuiltIn,
                Fixed("a", Fit::Refuses(Refusal::WriteProtected)),
            ),
            (
                Source::BuiltIn,
                Fixed("b", Fit::Refuses(Refusal::MediumClosed)),
            ),
        ]);
        let error = choose(&two, None).unwrap_err().to_string();
        assert!(
            error.contains("a: the medium is write protected; b: the disc is closed"),
            "{error}"
        );

        let none = registry(vec![(Source::BuiltIn, Fixed("a", Fit::NotMine))]);
        assert_eq!(
            choose(&none, None).unwrap_err().refusal(),
            Refusal::NoMedium
        );
    }

    #[test]
    fn the_reason_to_act_on_is_that_of_the_writer_whose_job_it_is() {
        let fault = Refusal::WriterFault(Failure::OutsidePlan);
        let registry = registry(vec![
            (
                Source::BuiltIn,
                Fixed("failing", Fit::Refuses(fault.clone())),
            ),
            (
                Source::BuiltIn,
                Fixed("other", Fit::Refuses(Refusal::NotOffered)),
            ),
            (
                Source::BuiltIn,
                Fixed("own", Fit::Refuses(Refusal::MediumClosed)),
            ),
        ]);
        assert_eq!(
            choose(&registry, None).unwrap_err().refusal(),
            Refusal::MediumClosed
        );
        let error = choose(&registry, Some("other")).unwrap_err();
        assert_eq!(error.refusal(), Refusal::NotOffered);
        let error = choose(&registry, Some("failing")).unwrap_err();
        assert_eq!(error.refusal(), fault);
        let text = error.to_string();
        assert!(
            text.starts_with("failing ") && text.contains("(built in): "),
            "{text}"
        );
    }

    #[test]
    fn only_the_writers_that_are_named_have_vendor_commands() {
        let mut registry = registry(vec![
            (Source::BuiltIn, Fixed("a", serves(1))),
            (loaded(), Fixed("b", serves(1))),
        ]);
        registry.allow_vendor_commands("b");
        registry.allow_vendor_commands("c");
        registry.add(Arc::new(Fixed("c", serves(1)))).unwrap();
        let allowed = registry.writers().iter().map(|w| w.allowed.vendor_commands);
        assert_eq!(allowed.collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn more_than_the_highest_fitness_is_no_more_than_the_highest() {
        let registry = registry(vec![
            (loaded(), Fixed("greedy", serves(u8::MAX))),
            (Source::BuiltIn, Fixed("made-for-it", serves(100))),
        ]);
        let chosen = choose(&registry, None).unwrap();
        assert_eq!(chosen.0, "made-for-it");
    }

    #[test]
    fn a_request_that_no_writer_knows_is_refused() {
        let registry = registry(vec![(Source::BuiltIn, Fixed("a", serves(1)))]);
        let facts = MediaFacts::from_answers(Vec::new());
        let request = Request::Close(CloseRequest::new(false));
        assert!(registry.choose(&facts, &request, None).is_err());
    }
}
