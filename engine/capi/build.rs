//! Gives the shared library its name: without one, a program that is linked with it by its path would look for it by that
//! path.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libpitland_capi.so");
    }
}
