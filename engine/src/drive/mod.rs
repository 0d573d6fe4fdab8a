//! A drive and those who use it: the handle that anyone may hold, the lease of one client, the actor that
//! says who may do what, and the thread that speaks to the device.

mod actor;
mod blank;
mod blocks;
pub(crate) mod burning;
mod cd_reading;
mod command;
mod finishing;
mod handle;
pub(crate) mod incoming;
mod job;
mod lease;
mod queries;
mod quiet;
mod read;
mod reading;
mod report;
mod section;
mod start_line;
mod thread;
pub(crate) mod together;
mod tree;

pub use burning::BurnPlan;
pub use command::{
    CommandEffect, CommandError, CommandRefused, CommandReply, PageError, RawCommand,
};
pub use handle::{DriveHandle, DriveStatus, MediumInfo};
pub use job::{Canceller, Job};
pub(crate) use lease::MOST_NAME;
pub use lease::{DriveLease, LeaseOptions};
pub use quiet::NotificationsOff;
pub use read::{DriveReader, WhyEmpty};
pub use reading::{EmptyBlock, ReadOptions, ReadPiece, Reading};
pub use report::{BurnReport, Written};
pub use section::WriteSection;
pub use together::burn_together;
pub use tree::{TreeError, TreeReport};

pub(crate) use actor::spawn;
pub(crate) use cd_reading::CodeAnswer;
pub(crate) use handle::{Setting, ThreadsRunning};
pub(crate) use thread::JobControl;
