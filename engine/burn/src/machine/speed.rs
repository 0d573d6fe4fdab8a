//! The speed that a drive took, read back after it was set (recipe 2.5): drives accept a speed and burn
//! at another, and whoever waits for a disc should know.
//!
//! Owns the question and the comparison. Must not know how a speed is chosen.

use super::*;
use pitland_mmc::cdb::{self, GetPerformance, PageControl, PerformanceType};
use pitland_mmc::mode_page::{ModePage, ModeParameterList};
use pitland_mmc::param::StreamingDescriptor;
use pitland_mmc::reply::Performance;

/// Stretches of the medium asked for at most.
const STRETCHES: u16 = 32;

impl Machine {
    /// After a speed was taken: asks which it is. Nothing is asked where nothing certain was wanted, or
    /// where the drive did not tell before.
    pub(super) fn check_speed(&mut self, planned: Planned) -> Action {
        let wanted = self.speed_meant(planned).and_then(wanted_speed);
        let (Some(wanted), Some((cdb, length))) = (wanted, self.speed_question()) else {
            return self.consult(Event::Done);
        };
        self.state = State::CheckingSpeed { wanted };
        Action::Send(Command {
            cdb,
            payload: Payload::wanting(length),
            timeout: patience::QUICK,
        })
    }

    /// The command that tells which speed is meant: a stand-in may have to ask for more than that, and
    /// then it is the one that it stands in for.
    fn speed_meant(&self, planned: Planned) -> Option<&PlannedCommand> {
        let asked = self.command(planned)?;
        match planned {
            Planned::Prepare(index) if asked.occasion == Occasion::IfRefused => {
                self.command(Planned::Prepare(index.checked_sub(1)?))
            }
            _ => Some(asked),
        }
    }

    pub(super) fn speed_answered(&mut self, wanted: u32, input: Input<'_>) -> Action {
        match input {
            Input::Good(data) => {
                let found = self.speed_told(data);
                if let Some(found) = found.filter(|found| !about_equal(*found, wanted)) {
                    self.notes.push(Note::SpeedNotTaken { wanted, found });
                }
            }
            Input::NoAnswer(cause @ (NoAnswer::Gone | NoAnswer::Link)) => {
                return self.command_lost(cause);
            }
            // A speed that is not told is no reason to stop.
            _ => {}
        }
        self.consult(Event::Done)
    }

    /// The question, with the bytes of its answer. Page 2Ah is asked for as it was when the drive was
    /// identified, and so at its true length.
    fn speed_question(&self) -> Option<(CdbBytes, u32)> {
        if self.quirks.speed_by_performance {
            let question = GetPerformance {
                tolerance: 0b10,
                write: true,
                except: 0,
                start: Lba(0),
                max_descriptors: STRETCHES,
                kind: PerformanceType::Performance,
            };
            return Some((question.emit(), 8 + 16 * u32::from(STRETCHES)));
        }
        let is_page_2a = |cdb: &CdbBytes| {
            matches!(
                cdb::Command::parse(cdb.as_slice()),
                Ok(cdb::Command::ModeSense10(c))
                    if c.page_code == 0x2A && c.page_control == PageControl::Current
            )
        };
        let asked = self.job.facts.answers.iter().rev();
        asked
            .map(|answer| (answer.cdb, answer.data.len()))
            .find(|(cdb, _)| is_page_2a(cdb))
            .and_then(|(cdb, length)| Some((cdb, u32::try_from(length).ok()?)))
    }

    /// The speed in kB/s; `None` where the answer tells none. A disc that turns at one rate is fastest
    /// at its end, and that is how its speed is called. Page 2Ah is believed in the terms of the speeds
    /// that the drive offers for this disc: some drives have those of CD there.
    fn speed_told(&self, data: &[u8]) -> Option<u32> {
        let speed = if self.quirks.speed_by_performance {
            let stretches = Performance::parse(data).ok()?.descriptors;
            stretches
                .iter()
                .map(|s| s.start_speed.max(s.end_speed))
                .max()
        } else {
            let pages = ModeParameterList::parse(data).ok()?.pages;
            let offered = self.job.facts.write_speeds();
            pages
                .into_iter()
                .find_map(|page| match page {
                    ModePage::Capabilities(page) => page.write_speed.map(u32::from),
                    _ => None,
                })
                .filter(|speed| offered.iter().any(|offer| about_equal(*offer, *speed)))
        };
        speed.filter(|speed| *speed > 0)
    }
}

/// The speed that a command asks for, in kB/s; `None` for "as fast as it goes".
fn wanted_speed(planned: &PlannedCommand) -> Option<u32> {
    match cdb::Command::parse(planned.cdb.as_slice()) {
        Ok(cdb::Command::SetStreaming(_)) => {
            let set = StreamingDescriptor::parse(&planned.parameters).ok()?;
            let per_second = u64::from(set.write_size) * 1000;
            let speed = per_second.checked_div(set.write_time.into())?;
            u32::try_from(speed).ok().filter(|_| !set.restore_defaults)
        }
        Ok(cdb::Command::SetCdSpeed(set)) if set.write_speed != u16::MAX => {
            Some(set.write_speed.into())
        }
        _ => None,
    }
}

/// Drives round a multiple of 1x each in its own way, by less than two percent.
fn about_equal(a: u32, b: u32) -> bool {
    u64::from(a.abs_diff(b)) * 50 < u64::from(a.max(b))
}
