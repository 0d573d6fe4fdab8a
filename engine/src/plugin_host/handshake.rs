//! What a library tells of itself, read from its file: none of its code runs, not even the
//! constructors that loading it would run.

use super::NotAPlugin;
use object::read::{Object, ObjectKind, ObjectSection, ObjectSymbol, ReadCache};
use pitland_abi::Metadata;
use pitland_abi::metadata::{SIZE, SYMBOL};
use std::fs::File;

/// The metadata of a library.
///
/// # Errors
/// The file is no library, exports no metadata, or exports something else by that name.
pub(super) fn read(file: &File) -> Result<Metadata, NotAPlugin> {
    let bytes = ReadCache::new(file);
    let library = object::File::parse(&bytes).map_err(|_| NotAPlugin::NoLibrary)?;
    if library.kind() != ObjectKind::Dynamic {
        return Err(NotAPlugin::NoLibrary);
    }
    let symbol = library
        .dynamic_symbols()
        .find(|symbol| symbol.is_definition() && symbol.name_bytes() == Ok(SYMBOL.as_bytes()))
        .ok_or(NotAPlugin::NoSymbol)?;
    // The bytes hold no addresses, so what is in the file is what will be in memory.
    let bytes = symbol
        .section_index()
        .and_then(|index| library.section_by_index(index).ok())
        .and_then(|section| {
            section
                .data_range(symbol.address(), SIZE as u64)
                .ok()
                .flatten()
        })
        .ok_or(NotAPlugin::NoSymbol)?;
    Ok(Metadata::parse(bytes)?)
}
