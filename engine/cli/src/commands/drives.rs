//! `pitland drives`: the drives that are there.

use super::Context;
use crate::error::Complaint;
use crate::exit::Exit;
use crate::open::{self, Named};
use crate::output::json::{DriveView, DrivesView, InquiryView};
use pitland::DriveAddress;

pub(crate) async fn run(context: Context) -> Result<Exit, Complaint> {
    let engine = open::engine(&[], &context.output)?;
    // Of virtual drives only the one for measuring is always there.
    let address = DriveAddress::VirtualNull { id: 0, speed: None };
    let name = crate::error::drive_name(&address);
    let named = Named { address, name };
    let handle = open::look(&engine, &named)?;
    let facts = handle
        .medium()
        .await
        .map_err(|e| Complaint::from(e).of_drive(&named.name))?
        .facts;
    let drives = vec![DriveView {
        drive: named.name,
        inquiry: InquiryView::new(&facts),
    }];
    context.output.result(&DrivesView { drives });
    drop(handle);
    open::end(engine, &[]).await?;
    Ok(Exit::Done)
}
