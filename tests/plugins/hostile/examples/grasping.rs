//! Writers that reach for what nobody asked them for: in their plans, by their questions, and by steps that lie
//! outside of either. But for that one thing each of them burns a BD-R as it should be.

use pitland_writer::mmc::cdb::{
    Blank, BlankingType, Cdb, CdbBytes, CloseFunction, CloseTrackSession, FormatUnit, Inquiry,
    SetCdSpeed, Write10,
};
use pitland_writer::mmc::param::{FormatParameterList, FormatType};
use pitland_writer::mmc::{Lba, Profile};
use pitland_writer::sequential::Spot;
use pitland_writer::{
    Event, Extent, Fit, MediaFacts, MediaWriter, Move, Occasion, Origin, PlannedCommand, Recipe,
    Refusal, Request, Service, Step, WritePlan, WriterInfo, moves,
};

/// What a writer does wrong.
enum Deed {
    /// Something in its plan.
    Plans(fn(&mut WritePlan)),
    /// The same in a plan that it gives later, before the first block.
    Replans(fn(&mut WritePlan)),
    /// A question that is none, before the first block.
    Asks(fn() -> CdbBytes, u32),
    /// The same once the blocks are written.
    AsksLate(fn() -> CdbBytes, u32),
    /// A step at the wrong time.
    Steps(fn() -> Step),
    /// It panics once the blocks are written.
    PanicsLate,
    /// It never answers once the blocks are written.
    HangsLate,
    /// It takes every medium for its own, and any request for one that it serves best.
    ClaimsAll,
}

use Deed::{Asks, AsksLate, ClaimsAll, HangsLate, PanicsLate, Plans, Replans, Steps};

const WRITERS: [(&str, Deed); 34] = [
    (
        "plans-a-write",
        Plans(|plan| prepare(plan, Move::Own(1), write())),
    ),
    (
        "plans-a-blank",
        Plans(|plan| prepare(plan, Move::Blank, blank())),
    ),
    (
        "plans-a-format",
        Plans(|plan| plan.prepare.push(moves::format(&whole()))),
    ),
    (
        "plans-a-finalize",
        Plans(|plan| plan.closing.push(moves::finalize(CloseFunction::Finalize))),
    ),
    (
        "plans-firmware",
        Plans(|plan| prepare(plan, Move::Own(1), firmware())),
    ),
    (
        "plans-for-another-unit",
        Plans(|plan| prepare(plan, Move::SetSpeed, another_unit())),
    ),
    (
        "plans-a-key",
        Plans(|plan| prepare(plan, Move::Own(1), key())),
    ),
    (
        "plans-security",
        Plans(|plan| prepare(plan, Move::Own(1), security())),
    ),
    (
        "plans-a-vendor-command",
        Plans(|plan| prepare(plan, Move::Own(1), vendor())),
    ),
    (
        "plans-an-eject",
        Plans(|plan| prepare(plan, Move::Own(1), eject())),
    ),
    ("plans-over-what-is-closed", Plans(|plan| move_to(plan, 0))),
    ("plans-outside", Plans(|plan| move_to(plan, 1_000_000))),
    ("plans-before-the-first-block", Plans(before_the_first)),
    ("plans-zeros-without-end", Plans(zeros)),
    ("plans-nothing", Plans(|plan| plan.extents.clear())),
    (
        "plans-a-huge-list",
        Plans(|plan| parameters(plan, 300 * 1024)),
    ),
    (
        "plans-a-list-of-another-length",
        Plans(|plan| parameters(plan, 24)),
    ),
    ("plans-ever-more", Plans(ever_more)),
    (
        "plans-a-huge-unit",
        Plans(|plan| plan.extents.iter_mut().for_each(|e| e.unit = 1 << 31)),
    ),
    (
        "plans-more-blocks-than-there-are",
        Plans(|plan| {
            plan.extents
                .iter_mut()
                .for_each(|e| e.blocks = u64::MAX / 32 * 32)
        }),
    ),
    (
        "replans-over-what-is-closed",
        Replans(|plan| move_to(plan, 0)),
    ),
    (
        "replans-a-blank",
        Replans(|plan| prepare(plan, Move::Blank, blank())),
    ),
    ("asks-to-write", Asks(write, 0)),
    ("asks-to-blank", Asks(blank, 0)),
    ("asks-to-format", Asks(|| FormatUnit::WITH_LIST.emit(), 0)),
    ("asks-to-close", Asks(close, 0)),
    ("asks-the-vendor", Asks(vendor, 16)),
    ("asks-for-too-much", Asks(inquiry, u32::MAX)),
    ("asks-to-blank-in-the-end", AsksLate(blank, 0)),
    ("takes-a-step-outside", Steps(|| Step::Prepare(99))),
    ("ends-before-the-blocks", Steps(|| Step::Finished)),
    ("panics-in-the-end", PanicsLate),
    ("hangs-in-the-end", HangsLate),
    ("claims-all", ClaimsAll),
];

fn raw(cdb: &[u8]) -> CdbBytes {
    // Each of them is short enough.
    CdbBytes::from_slice(cdb).unwrap_or_else(|_| inquiry())
}

fn write() -> CdbBytes {
    let lba = Lba(0);
    let cdb = Write10 {
        lba,
        blocks: 32,
        fua: false,
    };
    cdb.emit()
}

fn blank() -> CdbBytes {
    let kind = BlankingType::Full;
    let cdb = Blank {
        immed: true,
        kind,
        address: 0,
    };
    cdb.emit()
}

fn close() -> CdbBytes {
    let function = CloseFunction::Finalize;
    CloseTrackSession {
        function,
        ..CloseTrackSession::default()
    }
    .emit()
}

/// WRITE BUFFER, the mode that downloads microcode and saves it.
fn firmware() -> CdbBytes {
    raw(&[0x3B, 0x05, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// SEND KEY.
fn key() -> CdbBytes {
    raw(&[0xA3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

/// SECURITY PROTOCOL OUT.
fn security() -> CdbBytes {
    raw(&[0xB5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

fn vendor() -> CdbBytes {
    raw(&[0xEA, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

fn eject() -> CdbBytes {
    raw(&[0x1B, 0, 0, 0, 2, 0])
}

fn inquiry() -> CdbBytes {
    let cdb = Inquiry {
        vital_product_data: false,
        page_code: 0,
        allocation_length: 36,
    };
    cdb.emit()
}

/// A speed for unit 1, by the bits of byte 1 that once told which is meant.
fn another_unit() -> CdbBytes {
    let mut cdb = SetCdSpeed::default().emit().as_slice().to_vec();
    if let Some(byte) = cdb.get_mut(1) {
        *byte |= 0x20;
    }
    raw(&cdb)
}

fn whole() -> FormatParameterList {
    FormatParameterList {
        fov: true,
        kind: FormatType::Full,
        ..FormatParameterList::default()
    }
}

fn prepare(plan: &mut WritePlan, purpose: Move, cdb: CdbBytes) {
    plan.prepare.push(PlannedCommand::new(purpose, cdb));
}

fn parameters(plan: &mut WritePlan, length: usize) {
    if let Some(last) = plan.closing.last_mut() {
        last.parameters = vec![0; length];
    }
}

fn move_to(plan: &mut WritePlan, lba: i32) {
    if let Some(extent) = plan.extents.first_mut() {
        extent.first_lba = Lba(lba);
    }
}

fn before_the_first(plan: &mut WritePlan) {
    let mut extent = Extent::image(Lba(-150), 150, 1);
    extent.origin = Origin::Zeros;
    plan.extents.insert(0, extent);
}

fn zeros(plan: &mut WritePlan) {
    let Some(image) = plan.extents.first() else {
        return;
    };
    let mut extent = Extent::image(image.first_lba, 4096, 32);
    extent.first_lba.0 += image.blocks as i32;
    extent.origin = Origin::Zeros;
    plan.extents.push(extent);
}

fn ever_more(plan: &mut WritePlan) {
    let more = moves::set_cd_speed(u32::MAX).only(Occasion::IfRefused);
    plan.prepare.extend(std::iter::repeat_n(more, 5000));
}

/// The writer of this row.
struct Grasping<const ROW: usize> {
    recipe: Recipe,
    plan: WritePlan,
    began: bool,
    wrote: bool,
}

/// A sound recipe, where there is room for one.
fn sound(facts: &MediaFacts, request: &Request) -> Result<Recipe, Refusal> {
    let Request::Burn(burn) = request else {
        return Err(Refusal::NotOffered);
    };
    let spot = Spot::find(facts, burn.placement)?;
    let extent = spot.extent(burn)?;
    Ok(Recipe::new()
        .expect(spot.expected(&extent, burn.finish, 0))
        .extent(extent)
        .close(spot.closing(burn.finish, CloseFunction::Finalize)))
}

impl<const ROW: usize> Grasping<ROW> {
    /// Where the plan will lie, and room without end: a lie that only the drive's own answers show.
    fn service(facts: &MediaFacts) -> Service {
        let mut plan = WritePlan::default();
        plan.extents = vec![Extent::image(facts.nwa().unwrap_or_default(), 32, 32)];
        if let Plans(bend) | Replans(bend) = WRITERS[ROW].1 {
            bend(&mut plan);
        }
        let image = plan.extents.iter().find(|e| e.origin == Origin::Image);
        let first = image.map_or(Lba(0), |extent| extent.first_lba);
        let mut service = Service::new(Lba(first.0.max(0)), u64::from(u32::MAX), 32);
        service.fitness = match WRITERS[ROW].1 {
            ClaimsAll => u8::MAX,
            _ => 1,
        };
        service
    }

    #[allow(clippy::panic, reason = "it misbehaves")]
    fn misbehave(&mut self, event: &Event) -> Option<Step> {
        let starts = !std::mem::replace(&mut self.began, true);
        let ends = self.wrote && *event == Event::Done;
        match &WRITERS[ROW].1 {
            Asks(cdb, length) if starts => Some(Step::Ask {
                cdb: cdb(),
                length: *length,
            }),
            Steps(step) if starts => Some(step()),
            Replans(bend) if starts => {
                let mut plan = self.plan.clone();
                bend(&mut plan);
                Some(Step::Replan(Box::new(plan)))
            }
            AsksLate(cdb, length) if ends => Some(Step::Ask {
                cdb: cdb(),
                length: *length,
            }),
            PanicsLate if ends => panic!("hostile: {}", WRITERS[ROW].0),
            HangsLate if ends => loop {
                std::thread::park();
            },
            _ => None,
        }
    }
}

impl<const ROW: usize> MediaWriter for Grasping<ROW> {
    fn info() -> WriterInfo {
        let profiles = match WRITERS[ROW].1 {
            ClaimsAll => Profile::KNOWN.to_vec(),
            _ => vec![Profile::BdRSrm],
        };
        WriterInfo::new(WRITERS[ROW].0, "reaches for more", profiles)
    }

    fn assess(facts: &MediaFacts, _: &Request) -> Fit {
        Fit::Serves(Self::service(facts))
    }

    fn begin(facts: &MediaFacts, request: &Request) -> Result<(Self, WritePlan), Refusal> {
        let (recipe, sound) = sound(facts, request)?.build();
        let mut plan = sound.clone();
        if let Plans(bend) = &WRITERS[ROW].1 {
            bend(&mut plan);
        }
        let writer = Self {
            recipe,
            plan: sound,
            began: false,
            wrote: false,
        };
        Ok((writer, plan))
    }

    fn next(&mut self, event: Event) -> Step {
        if let Some(step) = self.misbehave(&event) {
            return step;
        }
        let step = self.recipe.next(event);
        self.wrote |= matches!(step, Step::Write(_));
        step
    }
}

macro_rules! export {
    ($($row:literal)+) => {
        pitland_abi::export_writers!($(Grasping<$row>),+);
    };
}

export!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33);
