//! The export macro.

/// Makes a library of writers out of a `cdylib` crate, in one line.
///
/// ```
/// use pitland_writer::{
///     Event, Fit, MediaFacts, MediaWriter, Refusal, Request, Step, WritePlan, WriterInfo,
/// };
///
/// /// Serves nothing.
/// struct Never;
///
/// impl MediaWriter for Never {
///     fn info() -> WriterInfo {
///         WriterInfo::new("never", "serves nothing", Vec::new())
///     }
///     fn assess(_: &MediaFacts, _: &Request) -> Fit {
///         Fit::NotMine
///     }
///     fn begin(_: &MediaFacts, _: &Request) -> Result<(Self, WritePlan), Refusal> {
///         Err(Refusal::NotOffered)
///     }
///     fn next(&mut self, _: Event) -> Step {
///         Step::Finished
///     }
/// }
///
/// pitland_abi::export_writers!(Never);
/// ```
///
/// Exports the handshake ([`metadata`](crate::metadata)) and the root of the module
/// ([`module`](crate::module)), with every entry behind the fence ([`fence`](crate::fence)). Called
/// once, in a crate that holds nothing else: two crates that export the same symbols cannot be linked
/// into one program. Names, authors and licence are taken from the manifest of that crate, which must
/// be built with `panic = "unwind"`.
#[macro_export]
macro_rules! export_writers {
    ($($writer:ty),+ $(,)?) => {
        const _: () = {
            use $crate::__private as p;

            struct Writers;

            impl p::WriterList for Writers {
                const WRITERS: &'static [fn() -> ::std::boxed::Box<dyn p::WriterModule>] =
                    &[$(p::module_of::<$writer>),+];
            }

            #[allow(unsafe_code, reason = "a symbol of its own, read before anything is called")]
            // SAFETY: the name is the project's own, exported once for each library.
            #[unsafe(export_name = "pitland_plugin_metadata")]
            pub static METADATA: [u8; p::SIZE] = p::emit(
                cfg!(panic = "unwind"),
                &[
                    "package: ", env!("CARGO_PKG_NAME"),
                    "\nversion: ", env!("CARGO_PKG_VERSION"),
                    "\nauthors: ", env!("CARGO_PKG_AUTHORS"),
                    "\nlicense: ", env!("CARGO_PKG_LICENSE"),
                    "\nrustc: ", p::RUSTC,
                    "\nsdk: ", p::VERSION,
                    "\nwriters:", $(" ", stringify!($writer),)+
                    "\n",
                ],
            );

            extern "C" fn erased_root() -> p::RootModuleResult {
                p::call_root_module_loader(p::root::<Writers>)
            }

            #[allow(unsafe_code, reason = "the symbol that abi_stable looks for")]
            // SAFETY: `erased_root` returns an erased `Root`, which is the type named here, and the
            // name is the one that abi_stable reserves for a `LibHeader` (a test compares).
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            pub static HEADER: p::LibHeader = unsafe {
                p::LibHeader::from_constructor::<p::Root>(erased_root, p::CheckTypeLayout::Yes)
            };
        };
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_exported_static_has_the_name_that_abi_stable_looks_for() {
        let name = abi_stable::library::ROOT_MODULE_LOADER_NAME;
        assert!(
            include_str!("export.rs").contains(&format!("#[unsafe(export_name = \"{name}\")]")),
            "{name}"
        );
    }

    #[test]
    fn the_metadata_have_the_name_that_hosts_look_for() {
        let name = crate::metadata::SYMBOL;
        assert!(
            include_str!("export.rs").contains(&format!("#[unsafe(export_name = \"{name}\")]"))
        );
    }
}
