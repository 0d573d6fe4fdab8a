//! The bd-r writer as a loadable plug-in.
pitland_abi::export_writers!(pitland_bd_r::BdR);
