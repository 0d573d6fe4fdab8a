//! Task management: one task about others.

use super::wire::Field;

coded! {
    /// What is to be done (RFC 3720, 10.5.1).
    TaskFunction {
        /// One task of this session ends.
        AbortTask = 1 => "ABORT TASK",
        /// All tasks of this session on the logical unit end.
        AbortTaskSet = 2 => "ABORT TASK SET",
        /// An auto contingent allegiance ends.
        ClearAca = 3 => "CLEAR ACA",
        /// All tasks on the logical unit end, whoever sent them.
        ClearTaskSet = 4 => "CLEAR TASK SET",
        /// The logical unit begins anew.
        LogicalUnitReset = 5 => "LOGICAL UNIT RESET",
        /// All logical units begin anew.
        TargetWarmReset = 6 => "TARGET WARM RESET",
        /// And all sessions end.
        TargetColdReset = 7 => "TARGET COLD RESET",
        /// A task goes on over another connection.
        TaskReassign = 8 => "TASK REASSIGN",
    }
}

header! {
    /// A task management function is asked for (RFC 3720, 10.5).
    TaskManagementRequest = 0x02, ones &[Field::bit(1, 7)], {
        /// I.
        immediate: bool = Field::bit(0, 6),
        /// The function.
        function: TaskFunction = Field::bits(1, 6, 0),
        /// Logical unit, for functions that have one.
        lun: [u8; 8] = Field::be(8, 8),
        /// Tag of this task.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// Tag of the task that is meant.
        referenced_task_tag: u32 = Field::be(20, 4),
        /// Command number.
        cmd_sn: u32 = Field::be(24, 4),
        /// Next status number that the initiator waits for.
        exp_stat_sn: u32 = Field::be(28, 4),
        /// Command number of the task that is meant.
        ref_cmd_sn: u32 = Field::be(32, 4),
        /// For reassigned tasks.
        exp_data_sn: u32 = Field::be(36, 4),
    }
}

coded! {
    /// How a task management function ended.
    TaskManagementResult {
        /// It is done.
        Complete = 0 => "function complete",
        /// There is no such task, or it has ended.
        NoSuchTask = 1 => "the task does not exist",
        /// There is no such logical unit.
        NoSuchLun = 2 => "the logical unit does not exist",
        /// The task still belongs to another connection.
        StillAllegiant = 3 => "the task is still allegiant",
        /// Tasks cannot change their connection.
        ReassignUnsupported = 4 => "tasks cannot be reassigned",
        /// The function is not known.
        Unsupported = 5 => "the function is not supported",
        /// Not for this initiator.
        Unauthorized = 6 => "the function is not allowed",
        /// Refused.
        Rejected = 255 => "the function is rejected",
    }
}

header! {
    /// How a task management function ended.
    TaskManagementResponse = 0x22, ones &[Field::bit(1, 7)], {
        /// The end.
        result: TaskManagementResult = Field::be(2, 1),
        /// As in the request.
        initiator_task_tag: u32 = Field::be(16, 4),
        /// Status number.
        stat_sn: u32 = Field::be(24, 4),
        /// Next command number that the target waits for.
        exp_cmd_sn: u32 = Field::be(28, 4),
        /// Highest command number that it takes.
        max_cmd_sn: u32 = Field::be(32, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_function_and_task() {
        let request = TaskManagementRequest {
            immediate: true,
            function: TaskFunction::AbortTask,
            referenced_task_tag: 7,
            ref_cmd_sn: 5,
            ..TaskManagementRequest::default()
        };
        let header = request.emit();
        assert_eq!(header.0[..2], [0x42, 0x81]);
        assert_eq!(header.0[20..24], [0, 0, 0, 7]);
        assert_eq!(header.0[32..36], [0, 0, 0, 5]);
        assert_eq!(TaskManagementRequest::parse(&header), request);
    }

    #[test]
    fn a_response_has_its_result_in_byte_2() {
        let header = TaskManagementResponse {
            result: TaskManagementResult::Rejected,
            ..TaskManagementResponse::default()
        }
        .emit();
        assert_eq!(header.0[..3], [0x22, 0x80, 255]);
    }
}
