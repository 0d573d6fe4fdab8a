//! The cd-raw writer as a loadable plug-in.
pitland_abi::export_writers!(pitland_cd_raw::CdRaw);
