//! Ending tasks at an initiator's wish.
//!
//! Owns which tasks a function ends. Must not know what they do.

use super::*;

impl Inbound<'_> {
    pub(super) fn task_management(
        &mut self,
        header: &BasicHeaderSegment,
        request: TaskManagementRequest,
    ) -> Result<(), End> {
        if self.established.kind == SessionKind::Discovery {
            return self.reject(header, RejectReason::CommandUnsupported);
        }
        let result = self.manage(&request);
        // Behind the tasks that it is about: what of them is under way ends first.
        self.job(Job::TaskManagement { request, result }, header)?;
        Ok(())
    }

    fn manage(&mut self, request: &TaskManagementRequest) -> TaskManagementResult {
        use TaskManagementResult as Result;
        let session = self.session;
        let units = &session.shared.units;
        let unit = luns::number(&request.lun)
            .and_then(|lun| usize::from(lun).checked_sub(1))
            .filter(|index| *index < units.len());
        match request.function {
            TaskFunction::AbortTask => {
                let tag = request.referenced_task_tag;
                let found = session
                    .tasks()
                    .iter()
                    .find(|task| task.tag == tag)
                    .map(Arc::clone);
                match found {
                    Some(task) => {
                        task.abort();
                        self.drop_aborted();
                        Result::Complete
                    }
                    None => Result::NoSuchTask,
                }
            }
            TaskFunction::AbortTaskSet | TaskFunction::ClearTaskSet => {
                let Some(index) = unit else {
                    return Result::NoSuchLun;
                };
                if request.function == TaskFunction::ClearTaskSet
                    && let Some(unit) = units.get(index)
                {
                    unit.clear_tasks();
                }
                for task in session.tasks().iter().filter(|t| t.unit == unit) {
                    task.abort();
                }
                self.drop_aborted();
                Result::Complete
            }
            TaskFunction::LogicalUnitReset => {
                if unit.is_none() {
                    return Result::NoSuchLun;
                }
                for task in session.tasks().iter().filter(|t| t.unit == unit) {
                    task.abort();
                }
                self.drop_aborted();
                Result::Complete
            }
            TaskFunction::TargetWarmReset | TaskFunction::TargetColdReset => {
                for task in session.tasks().iter() {
                    task.abort();
                }
                self.drop_aborted();
                Result::Complete
            }
            TaskFunction::TaskReassign => Result::ReassignUnsupported,
            _ => Result::Unsupported,
        }
    }

    /// Forgets commands that were aborted while their data were on their way.
    fn drop_aborted(&mut self) {
        let session = self.session;
        let forgotten = &mut self.forgotten;
        self.gathering.retain(|task| {
            if !task.control.is_aborted() {
                return true;
            }
            if forgotten.len() == MOST_FORGOTTEN {
                forgotten.pop_front();
            }
            forgotten.push_back(task.control.tag);
            session.forget(&task.control);
            if !task.command.immediate {
                session.outbound().numbers.release();
            }
            false
        });
    }
}
