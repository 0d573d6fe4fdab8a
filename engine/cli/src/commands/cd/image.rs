//! `pitland cd image`: the raw image of a CD, without a drive.

use crate::args::cd::{CdImageArgs, SubchannelArg};
use crate::commands::{Context, blocking, pour};
use crate::error::Complaint;
use crate::exit::Exit;
use crate::output::bar::Watcher;
use crate::output::cd::{CdImageView, tracks};
use crate::output::json::Name;
use crate::sink::Sink;
use pitland::cd::{CdImage, SubchannelForm};
use std::path::Path;

pub(crate) async fn run(args: CdImageArgs, context: Context) -> Result<Exit, Complaint> {
    blocking(move || {
        let view = make(&args, &context)?;
        context.output.result(&view);
        Ok(Exit::Done)
    })
    .await
}

fn is_same(a: &Path, b: &Path) -> bool {
    a.canonicalize()
        .is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

fn make(args: &CdImageArgs, context: &Context) -> Result<CdImageView, Complaint> {
    let mut watcher = Watcher::new(&context.output, Name::new(&args.output));
    watcher.phase("planning");
    let takes_subcode = args.form == SubchannelArg::Raw96;
    let image = CdImage::from_sheet(&args.sheet, &args.sound.of_sheet(takes_subcode))?;
    let image = args.sound.settle(image)?;
    let (form, name) = match args.form {
        SubchannelArg::Raw96 => (SubchannelForm::Raw96, "raw96"),
        SubchannelArg::Packed96 => (SubchannelForm::Packed96, "packed96"),
        SubchannelArg::Pq16 => (SubchannelForm::Pq16, "pq16"),
    };
    let has_room = form != SubchannelForm::Pq16;
    if !has_room && !image.text().is_empty() {
        watcher.warn("16 bytes of P and Q have no room for CD-TEXT: it is left out".into());
    }
    let later = image.later_sessions().map_or(1, |later| later.len());
    if later > 0 {
        watcher.warn("a raw image has the first session; what stands behind it is left out".into());
    }
    if image.is_made_of(&args.output) || is_same(&args.output, &args.sheet) {
        return Err(Complaint::usage(format!(
            "{} is part of what the image is made of",
            args.output.display()
        )));
    }
    let raw = image.raw(form, args.lead_in)?;
    let mut sink = Sink::create(&args.output, None)?;
    let mut reader = raw.reader();
    let (each, total) = (raw.block_bytes(), raw.blocks());
    watcher.phase("mastering");
    let size = (u64::from(total), each);
    pour(&mut sink, size, context, &mut watcher, |block, piece| {
        // Less than all, which are counted so.
        let read = reader.read_blocks(block as u32, piece);
        read.map_err(|error| Complaint::source(error.to_string()))
    })?;
    watcher.finish();
    Ok(CdImageView {
        output: Name::new(&args.output),
        form: name,
        first_lba: raw.first_lba().0,
        lead_out: image.session().lead_out().0,
        blocks: total,
        block_bytes: each,
        bytes: sink.finish()?,
        catalogue: image.session().catalogue().map(|number| number.to_string()),
        text_packs: if has_room { image.text().len() } else { 0 },
        tracks: tracks(image.session()),
        warnings: image.warnings().iter().map(ToString::to_string).collect(),
    })
}
