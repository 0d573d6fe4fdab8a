//! The overwritable writer as a loadable plug-in.
pitland_abi::export_writers!(pitland_overwritable::Overwritable);
