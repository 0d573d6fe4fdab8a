//! The dvd-plus-r writer as a loadable plug-in.
pitland_abi::export_writers!(pitland_dvd_plus_r::DvdPlusR);
