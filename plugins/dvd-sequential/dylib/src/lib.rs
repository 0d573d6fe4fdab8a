//! The dvd-sequential writer as a loadable plug-in.
pitland_abi::export_writers!(pitland_dvd_sequential::DvdSequential);
