//! Every disc that can be had, in every drive profile that comes with the program, through what people do
//! with discs: the real writers, the real engine, the public API. What comes of it stands in
//! `docs/media.md`, and every run compares itself with that page.
//!
//! `PITLAND_UPDATE_TABLE=1` writes the page anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "../common/mod.rs"]
mod common;

mod story;
mod table;

use pitland::transport::sim::{DiscType, DriveModel};
use story::Story;
use table::Table;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_of_each_disc_in_each_drive_is_what_the_page_says() {
    let profiles: Vec<&str> = DriveModel::shipped_profiles()
        .map(|(name, _)| name)
        .collect();
    let mut table = Table::new(profiles.clone());
    let mut wrong = String::new();
    for profile in profiles {
        for disc in DiscType::ALL {
            let story = Story::of(disc, profile).await;
            wrong += &story.wrong();
            table.insert(profile, disc, story);
        }
    }
    table.judge(&wrong);
}
