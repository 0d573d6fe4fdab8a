//! The table of conditions: for each its stable name, when it is met, what to do then, and its values in Windows' API.
//! Owns the words; which error is which condition is told by the modules beside it. `docs/errors.md` has the same table.

use super::imapi;

/// What is known of a condition.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) when: &'static str,
    pub(super) advice: &'static str,
    pub(super) imapi: &'static [u32],
}

macro_rules! codes {
    ($($code:ident $name:literal [$($imapi:ident)*] $when:literal => $advice:literal;)*) => {
        /// A condition that a program can meet. The names are stable: none is ever given another meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $name, "`: ", $when, ".")] $code,)*
        }

        impl Code {
            /// All of them, in the order of `docs/errors.md`.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            pub(super) const fn row(self) -> &'static Row {
                match self {
                    $(Self::$code => &Row {
                        name: $name,
                        when: $when,
                        advice: $advice,
                        imapi: &[$(imapi::$imapi),*],
                    },)*
                }
            }
        }
    };
}

codes! {
    // What was asked.
    RequestCancelled "request.cancelled" [E_IMAPI_REQUEST_CANCELLED]
        "the caller wanted an end" => "ask again when it suits";
    RequestNoDrive "request.no-drive"
        [E_IMAPI_RECORDER_REQUIRED E_IMAPI_DF2TAO_NO_RECORDER_SPECIFIED E_IMAPI_DF2RAW_NO_RECORDER_SPECIFIED]
        "no drive was named for what needs one" => "name a drive: those of this machine are listed by pitland drives";
    RequestNotOffered "request.not-offered" []
        "no writer offers what was asked for this medium" => "ask for something else, or insert a medium of another kind";
    RequestNoSuchWriter "request.no-such-writer" []
        "no writer has the name that was asked for" => "name one that is there, or load the plug-in that brings it";
    RequestUsage "request.usage" [IMAPI_E_INVALID_PARAM]
        "a value or a combination of options has no meaning" => "ask again, corrected";
    RequestPattern "request.bad-pattern" [IMAPI_E_INVALID_PARAM]
        "a pattern, or a line of weights, has no meaning" => "mend the pattern, or the line that is named";

    // Who has the drive.
    LeaseHeld "lease.held" [E_IMAPI_RECORDER_LOCKED]
        "somebody else holds the drive; the error names them" => "wait until they are done, or ask them for it";
    LeaseBusy "lease.busy"
        [E_IMAPI_DF2DATA_WRITE_IN_PROGRESS E_IMAPI_DF2TAO_WRITE_IN_PROGRESS E_IMAPI_DF2RAW_WRITE_IN_PROGRESS E_IMAPI_ERASE_RECORDER_IN_USE]
        "the drive is at work on a job" => "wait until the job has ended, or cancel it";
    LeaseMounted "lease.mounted" [E_IMAPI_RECORDER_LOCKED]
        "a file system of the disc is mounted" => "unmount it, or ask for the lease to unmount it";
    LeaseBadName "lease.bad-name"
        [E_IMAPI_RECORDER_CLIENT_NAME_IS_NOT_VALID E_IMAPI_DF2DATA_CLIENT_NAME_IS_NOT_VALID E_IMAPI_DF2TAO_CLIENT_NAME_IS_NOT_VALID E_IMAPI_DF2RAW_CLIENT_NAME_IS_NOT_VALID E_IMAPI_ERASE_CLIENT_NAME_IS_NOT_VALID]
        "the client's name is empty, too long or no plain text" => "give a name of printable characters";
    LeaseNotRaw "lease.not-raw" []
        "what goes past the writers was asked of a lease that was not taken for it" => "take the lease for raw commands";
    LeaseNotPermitted "lease.not-permitted" []
        "a permission of the system is missing to use the drive" => "ask for the permission that the error names";
    LeaseLockFile "lease.lock-file" []
        "the drive's lock file is not one of ours" => "remove the file that the error names";

    // The drive and the way to it.
    DriveMissing "drive.missing" []
        "there is no such drive, or the path is no drive" => "name one that pitland drives lists, or virtual:FILE";
    DriveSame "drive.same" []
        "the drive is open or named already" => "use the handle that there is, or name each drive once";
    DriveGone "drive.gone" []
        "the drive was unplugged, switched off or closed" => "connect it again, and open it anew";
    DriveLink "drive.link" []
        "the link to the drive, or its host adapter, failed" => "check cable, port or network, then identify the medium anew";
    DriveNotSent "drive.not-sent" []
        "a command was not sent: it is malformed, or more than the link carries" => "correct the command, or split the transfer";
    DriveTimeout "drive.timeout" [E_IMAPI_RECORDER_COMMAND_TIMEOUT]
        "the drive gave no answer in time" => "identify drive and medium anew; if it stays, switch the drive off and on";
    DriveNotOptical "drive.not-optical"
        [E_IMAPI_DF2DATA_RECORDER_NOT_SUPPORTED E_IMAPI_DF2TAO_RECORDER_NOT_SUPPORTED E_IMAPI_DF2RAW_RECORDER_NOT_SUPPORTED E_IMAPI_ERASE_RECORDER_NOT_SUPPORTED]
        "the device is no optical drive" => "name another one";
    DriveTooOld "drive.too-old" [E_IMAPI_RECORDER_GET_CONFIGURATION_NOT_SUPPORTED]
        "the drive is from before profiles and features" => "use a newer drive";
    DriveOnlyReads "drive.only-reads"
        [E_IMAPI_DF2DATA_RECORDER_NOT_SUPPORTED E_IMAPI_DF2TAO_RECORDER_NOT_SUPPORTED E_IMAPI_DF2RAW_RECORDER_NOT_SUPPORTED E_IMAPI_ERASE_RECORDER_NOT_SUPPORTED]
        "the drive reads such media, and does not write them" => "use a drive that writes them";
    DriveNotReady "drive.not-ready" [E_IMAPI_RECORDER_MEDIA_BECOMING_READY]
        "the drive is not ready yet, or did not become ready" => "wait a moment and ask again; look at its disc if it stays";
    DriveFormatting "drive.formatting" [E_IMAPI_RECORDER_MEDIA_FORMAT_IN_PROGRESS]
        "a format runs in the background" => "wait for its end, or ask for the format to be stopped";
    DriveLongOperation "drive.long-operation" [E_IMAPI_RECORDER_MEDIA_BUSY]
        "the drive is busy with a long operation, such as finishing a write" => "wait for its end, and ask again";
    DriveNeedsHand "drive.needs-hand" [E_IMAPI_ERASE_DRIVE_FAILED_SPINUP_COMMAND]
        "the drive did not start the disc, or wants a hand" => "take the disc out and insert it again; look at the drive";
    DriveTrayLocked "drive.tray-locked" []
        "the tray is locked by somebody" => "unlock it, or end what uses the disc";
    DriveFeatureMissing "drive.feature-missing" [E_IMAPI_RECORDER_NO_SUCH_FEATURE]
        "the drive does not have what was asked for" => "leave the option away, or use another drive";
    DriveFeatureNotCurrent "drive.feature-not-current" [E_IMAPI_RECORDER_FEATURE_IS_NOT_CURRENT]
        "the drive cannot do that with the disc that is in it" => "leave the option away, or insert a disc of another kind";
    DriveModePageMissing "drive.mode-page-missing" [E_IMAPI_RECORDER_NO_SUCH_MODE_PAGE]
        "the drive has no such mode page" => "do without it: ask first which pages there are";
    DriveModeRefused "drive.mode-refused" [E_IMAPI_RECORDER_INVALID_MODE_PARAMETERS]
        "the drive refused the values of a mode page" => "set what the drive says can be changed";
    DriveStructureMissing "drive.structure-missing" [E_IMAPI_RECORDER_DVD_STRUCTURE_NOT_PRESENT]
        "drive or disc has no such structure" => "do without it: ask first which structures there are";
    DriveNonsense "drive.nonsense" [E_IMAPI_RECORDER_INVALID_RESPONSE_FROM_DEVICE]
        "the drive's answer makes no sense" => "try again; if it stays, use another drive";
    DriveFactMissing "drive.fact-missing" [E_IMAPI_RECORDER_INVALID_RESPONSE_FROM_DEVICE E_IMAPI_ERASE_DISC_INFORMATION_TOO_SMALL]
        "the drive did not tell what a writer must know" => "take the disc out and in again; if it stays, use another drive";
    DriveRefuses "drive.refuses" [E_IMAPI_UNEXPECTED_RESPONSE_FROM_DEVICE]
        "the drive refused a command that it should take" => "identify the medium anew; if it stays, use another drive";
    DriveFault "drive.fault" [E_IMAPI_UNEXPECTED_RESPONSE_FROM_DEVICE]
        "the drive's hardware failed, or it answered what nobody expects" => "switch the drive off and on; if it stays, use another one";
    DriveTestWriteNotTaken "drive.test-write-not-taken" [E_IMAPI_UNEXPECTED_RESPONSE_FROM_DEVICE]
        "the drive does not say that it would only test" => "rehearse on the host: --simulate=host";
    DriveSenseBeside "drive.sense-beside" [S_IMAPI_COMMAND_HAS_SENSE_DATA]
        "the drive carried a command out and told a sense besides" => "look at the sense: nothing failed";

    // The medium.
    MediumNone "medium.none" [E_IMAPI_RECORDER_MEDIA_NO_MEDIA]
        "the drive is empty" => "insert a disc";
    MediumUnrecognized "medium.unrecognized" [E_IMAPI_RECORDER_MEDIA_INCOMPATIBLE]
        "the drive cannot make out what the disc is, or it is of a kind that does not fit" => "clean the disc, or insert another; or use another drive";
    MediumUpsideDown "medium.upside-down" [E_IMAPI_RECORDER_MEDIA_UPSIDE_DOWN]
        "the drive finds nothing to begin at: the disc may lie upside down" => "turn the disc over";
    MediumWriteProtected "medium.write-protected" [E_IMAPI_RECORDER_MEDIA_WRITE_PROTECTED]
        "the medium is write protected" => "take the protection away, or insert another medium";
    MediumCopyProtected "medium.copy-protected" []
        "the source is protected against being copied" => "it is not copied here";
    MediumNotFormatted "medium.not-formatted" [E_IMAPI_RECORDER_MEDIA_NOT_FORMATTED]
        "the medium is not formatted, or its format failed" => "format it, in a drive that formats such media";
    MediumNotSupported "medium.not-supported"
        [E_IMAPI_DF2DATA_MEDIA_IS_NOT_SUPPORTED E_IMAPI_DF2TAO_MEDIA_IS_NOT_SUPPORTED E_IMAPI_DF2RAW_MEDIA_IS_NOT_SUPPORTED E_IMAPI_ERASE_MEDIA_IS_NOT_SUPPORTED]
        "no writer writes media of this kind" => "insert a medium of another kind";
    MediumNotBlank "medium.not-blank"
        [E_IMAPI_DF2DATA_MEDIA_NOT_BLANK E_IMAPI_DF2TAO_MEDIA_IS_NOT_BLANK E_IMAPI_DF2RAW_MEDIA_IS_NOT_BLANK]
        "the medium holds data, and a blank one was asked for" => "insert a blank one, or ask to overwrite or to add a session";
    MediumClosed "medium.closed" [E_IMAPI_DF2DATA_INVALID_MEDIA_STATE]
        "the disc is final or full: nothing can be added" => "insert another disc, or erase it where it is rewritable";
    MediumDamaged "medium.damaged" [E_IMAPI_DF2DATA_INVALID_MEDIA_STATE]
        "the disc's last session is damaged" => "close the session and add another where the drive can, or erase the disc";
    MediumSessionOpen "medium.session-open" [E_IMAPI_DF2DATA_INVALID_MEDIA_STATE]
        "the disc's last session is still open" => "close it, and ask again";
    MediumOnlyAnnounced "medium.only-announced" [E_IMAPI_DF2DATA_INVALID_MEDIA_STATE]
        "a recording was announced to the drive and never begun" => "eject the disc, insert it again, and ask again";
    MediumOtherState "medium.other-state" [E_IMAPI_DF2DATA_INVALID_MEDIA_STATE]
        "the medium is not in a state in which that can be done" => "identify the medium: its state tells what it takes";
    MediumSessionLimit "medium.session-limit" [E_IMAPI_DF2DATA_INVALID_MEDIA_STATE]
        "the disc holds as many sessions as it can" => "insert another disc";
    MediumNoSessions "medium.no-sessions" [IMAPI_E_NO_COMPATIBLE_MULTISESSION_TYPE IMAPI_E_IMPORT_MEDIA_NOT_ALLOWED]
        "media of this kind have no sessions to add to" => "ask to overwrite, or insert a medium with sessions";
    MediumTooSmall "medium.too-small"
        [E_IMAPI_DF2DATA_STREAM_TOO_LARGE_FOR_CURRENT_MEDIA E_IMAPI_DF2TAO_NOT_ENOUGH_SPACE E_IMAPI_DF2RAW_NOT_ENOUGH_SPACE]
        "the data need more blocks than the medium has free" => "burn less, or insert a larger medium";
    MediumNotRewritable "medium.not-rewritable" [E_IMAPI_ERASE_MEDIA_IS_NOT_ERASABLE]
        "media of this kind are written once" => "insert a rewritable medium";
    MediumNothingToClose "medium.nothing-to-close" [E_IMAPI_DF2DATA_INVALID_MEDIA_STATE]
        "nothing on the disc is open" => "nothing needs to be done";
    MediumEmpty "medium.empty" [IMAPI_E_EMPTY_DISC]
        "there is nothing on the disc to read" => "insert a disc that holds data";
    MediumNoSuchSession "medium.no-such-session" [IMAPI_E_BAD_MULTISESSION_PARAMETER]
        "the disc has no such closed session to go on with" => "name a session that is there, or burn without one";
    MediumNoContents "medium.no-contents" [E_IMAPI_DF2TAO_TABLE_OF_CONTENTS_EMPTY_DISC]
        "the disc has no table of contents, or no such track" => "insert a disc with tracks, or name a track that is there";
    MediumOther "medium.other" [IMAPI_E_DISC_MISMATCH]
        "the disc is not the one that was examined, imported or begun" => "insert that disc, or ask anew for this one";
    MediumOtherPlace "medium.other-place" [IMAPI_E_BAD_MULTISESSION_PARAMETER]
        "the session does not begin where the disc goes on" => "make it for the address that the error names";
    MediumWriteFault "medium.write-fault" []
        "the medium failed while it was written" => "burn the data onto another disc, at a lower speed";
    MediumCalibration "medium.calibration" []
        "the disc's calibration or management area is full or failed" => "insert another disc";
    MediumUnreadable "medium.unreadable" [IMAPI_E_IMPORT_READ_FAILURE IMAPI_E_IMPORT_SEEK_FAILURE]
        "a block of the disc or image cannot be read" => "clean the disc, or read it in another drive";

    // Writing, erasing, verifying.
    WriteLossOfStreaming "write.loss-of-streaming" [E_IMAPI_LOSS_OF_STREAMING]
        "data did not come as fast as the medium needs them" => "stash the source, or burn at a lower speed";
    WriteNotProven "write.not-proven" [E_IMAPI_UNEXPECTED_RESPONSE_FROM_DEVICE]
        "all commands succeeded, and the medium does not show what was done" => "identify the medium in another drive before it is used";
    EraseRefused "erase.refused" [E_IMAPI_ERASE_DRIVE_FAILED_ERASE_COMMAND]
        "the drive refused to erase or to format" => "erase it in full, or use another disc or drive";
    EraseFault "erase.fault" [E_IMAPI_ERASE_TOOK_LONGER_THAN_ONE_HOUR]
        "erasing failed on the medium, or came to no end in time" => "erase it in full once; if it stays, use another disc";
    EraseNotProven "erase.not-proven" [E_IMAPI_ERASE_UNEXPECTED_DRIVE_RESPONSE_DURING_ERASE]
        "the medium is not blank after an erase that succeeded" => "erase it once more, in full; if it stays, use another disc";
    VerifyDiffers "verify.differs" [E_IMAPI_BURN_VERIFICATION_FAILED]
        "what was read back is not what was written, or cannot be read" => "burn the data onto another disc, at a lower speed";
    SpeedAdjusted "speed.adjusted" [S_IMAPI_SPEEDADJUSTED]
        "the asked speed is not offered; the nearest is taken" => "nothing needs to be done: the result names the speed";
    SpeedRotationAdjusted "speed.rotation-adjusted" [S_IMAPI_ROTATIONADJUSTED]
        "the asked kind of rotation is not offered; another is taken" => "nothing needs to be done: the result names it";
    SpeedBothAdjusted "speed.both-adjusted" [S_IMAPI_BOTHADJUSTED]
        "neither the asked speed nor its kind of rotation is offered" => "nothing needs to be done: the result names both";

    // What is resumed, and journals.
    ResumeNothing "resume.nothing" []
        "nothing of the burn is on the medium" => "burn it again";
    ResumeLost "resume.lost" []
        "what was burned cannot be completed" => "close the disc to read what is on it, and burn the data onto another one";
    ResumeUnclear "resume.unclear" []
        "neither disc nor journal tell how far the burn came" => "identify the disc anew, or in another drive";
    ResumeSourceChanged "resume.source-changed" []
        "the source is not what was burned, or comes only once" => "restore the source, or close the disc and burn the data anew";
    JournalMissing "journal.missing" []
        "there is no such job" => "name one that pitland jobs lists";
    JournalRunning "journal.running" []
        "the job is running, or being resumed, in another process" => "wait for it, or cancel it";
    JournalDamaged "journal.damaged" []
        "the journal is damaged, or of a later version" => "identify the disc: it may tell what the journal cannot";
    JournalPlace "journal.place" []
        "the journal's folder or file cannot be used" => "look at the folder and its permissions, or name another";

    // Writers and plug-ins, and the engine itself.
    WriterFault "writer.fault" []
        "a writer failed, or its plan is not one that is carried out" => "use another writer, or report the fault to its author";
    PluginRejected "plugin.rejected" []
        "a plug-in was not loaded" => "do what the error says, or leave the plug-in away";
    EngineStopped "engine.stopped" []
        "the engine was shut down, or its runtime ended" => "identify the medium anew before it is used";
    EngineNoRuntime "engine.no-runtime" []
        "there is no tokio runtime" => "call it from within a runtime";
    EngineFault "engine.fault" [IMAPI_E_FSI_INTERNAL_ERROR]
        "a fault of the engine itself" => "report this; identify the medium anew before it is used";
    HostFault "host.fault" []
        "the system of this machine failed" => "look at what the system said of it";
    HostOutput "host.output" []
        "a file to be made cannot be written, or an address not be listened on" => "look at the path, its permissions, and the space left";

    // Files and streams that are read.
    SourceMissing "source.missing" [IMAPI_E_DATA_STREAM_CREATE_FAILURE]
        "a source is not there, or may not be opened" => "look at the path and its permissions";
    SourceUnreadable "source.unreadable" [IMAPI_E_DATA_STREAM_READ_FAILURE]
        "a source cannot be read" => "look at what the system said of it, and ask again";
    SourceFolderUnreadable "source.folder-unreadable" [IMAPI_E_DIRECTORY_READ_FAILURE]
        "a folder or file of a tree cannot be listed" => "look at its permissions, or leave it out";
    SourceChanged "source.changed" [IMAPI_E_DATA_STREAM_INCONSISTENCY]
        "a source is not what it was when it was looked at, or has another length than was said" => "leave it alone while it is burned, and ask again";
    SourceKind "source.kind" []
        "a source is of a kind that cannot be stored" => "name files and folders, or leave such things out";
    SourceLoop "source.loop" []
        "a link that is to be followed leads back to itself" => "leave it out, or do not follow links";
    SourceEmpty "source.empty" [E_IMAPI_DF2DATA_STREAM_NOT_SUPPORTED]
        "there is nothing to write" => "name something that holds data";
    SourceComesOnce "source.comes-once" []
        "the source can be read only once, and would be needed again" => "stash it, or burn one disc after the other";

    // The tree and the volume.
    NameIllegal "name.illegal" [IMAPI_E_INVALID_PATH]
        "a name or a path that no tree can have" => "name it otherwise";
    NameRestricted "name.restricted" [IMAPI_E_RESTRICTED_NAME_VIOLATION]
        "a name that no chosen file system can hold" => "name it otherwise, or choose other file systems";
    NameTaken "name.taken" [IMAPI_E_DUP_NAME]
        "the name is taken" => "name it otherwise, or replace what is there";
    TreeNotFound "tree.not-found" [IMAPI_E_ITEM_NOT_FOUND IMAPI_E_FILE_NOT_FOUND IMAPI_E_DIR_NOT_FOUND IMAPI_E_NOT_IN_FILE_SYSTEM]
        "the tree has nothing at that path" => "name a path that is there";
    TreeNotAFile "tree.not-a-file" [IMAPI_E_NOT_FILE]
        "a file is wanted, and the path names something else" => "name a file";
    TreeNotAFolder "tree.not-a-folder" [IMAPI_E_NOT_DIR]
        "a folder is wanted, and the path names something else" => "name a folder";
    TreeNotEmpty "tree.not-empty" [IMAPI_E_DIR_NOT_EMPTY]
        "the folder is not empty" => "remove what is in it first, or remove the whole tree of it";
    TreeNoSuchPoint "tree.no-such-point" []
        "the change point was given up" => "roll back to one that is kept";
    TreeTooMany "tree.too-many" []
        "more files or names than a volume can number" => "divide the tree";
    TreeContents "tree.contents" [IMAPI_E_INVALID_PARAM]
        "a file was added without bytes, or with such as no file can have" => "say where its bytes come from";
    VolumeText "volume.text" [IMAPI_E_INVALID_VOLUME_NAME]
        "a text of the volume is too long or has characters that it cannot have" => "shorten or change the text";
    VolumeOptions "volume.options" [IMAPI_E_INVALID_PARAM]
        "options of the volume contradict one another" => "change one of the options that the error names";
    VolumeNoFileSystem "volume.no-file-system" [IMAPI_E_NO_OUTPUT]
        "no file system is to be recorded" => "choose at least one";
    VolumeTooLarge "volume.too-large" [IMAPI_E_IMAGE_SIZE_LIMIT IMAPI_E_IMAGE_TOO_BIG]
        "the volume needs more blocks than it may have" => "burn less, or allow more";
    VolumeTooManyFolders "volume.too-many-folders" [IMAPI_E_TOO_MANY_DIRS]
        "more folders than a path table can number" => "divide the tree, or leave ISO 9660 away";
    VolumeTooDeep "volume.too-deep" [IMAPI_E_ISO9660_LEVELS]
        "something lies deeper than the chosen rules allow" => "move it up, or allow deeper folders";
    VolumeFileTooLarge "volume.file-too-large" [IMAPI_E_DATA_TOO_BIG]
        "a file is too large for a chosen file system" => "choose a higher level of ISO 9660, or UDF; or divide the file";
    VolumeAttributes "volume.attributes" []
        "a file's attributes are more than a record can hold" => "leave attributes away, or some of the file's";
    VolumeWithoutEffect "volume.without-effect" [IMAPI_S_IMAGE_FEATURE_NOT_SUPPORTED]
        "an option has no effect at this revision; the image is made without it" => "choose a revision that has it, or leave the option away";
    BootImage "boot.image" [IMAPI_E_BOOT_IMAGE_DATA]
        "a boot image cannot be started from" => "give another image, or mend the entry";
    BootSize "boot.size" [IMAPI_E_BOOT_EMULATION_IMAGE_SIZE_MISMATCH]
        "a boot image has not the size of what it is to emulate" => "give an image of that size, or no emulation";
    BootConflict "boot.conflict" [IMAPI_E_BOOT_OBJECT_CONFLICT]
        "what starts a machine cannot be in this volume: it is recorded already, or no first image" => "make a whole new image, or leave it away";
    ImageFile "image.file" []
        "an image file is not what it says" => "mend the image or its sheet";
    ImageNotWhole "image.not-whole" [IMAPI_E_IMAGEMANAGER_IMAGE_NOT_ALIGNED E_IMAPI_DF2DATA_STREAM_NOT_SUPPORTED]
        "an image is no whole number of sectors" => "give all of the image: it was cut short, or is of another kind";
    ImageTooLarge "image.too-large" [IMAPI_E_IMAGEMANAGER_IMAGE_TOO_BIG]
        "an image has more blocks than can be counted" => "give a smaller one";

    // Volumes that are read, imported or gone on with.
    VolumeNone "volume.none" [IMAPI_E_NO_SUPPORTED_FILE_SYSTEM IMAPI_E_IMAGEMANAGER_NO_VALID_VD_FOUND]
        "there is no volume of a known file system" => "name a disc, session or image that holds ISO 9660 or UDF";
    VolumeNamesMissing "volume.names-missing" [IMAPI_E_FILE_SYSTEM_NOT_FOUND]
        "the volume has not the file system that was asked for" => "leave the choice open, or name one that it has";
    VolumeDamaged "volume.damaged" [IMAPI_E_FILE_SYSTEM_READ_CONSISTENCY_ERROR]
        "structures of the volume are damaged" => "read it in another drive, or from another copy";
    VolumeUnknownFeature "volume.unknown-feature" [IMAPI_E_FILE_SYSTEM_FEATURE_NOT_SUPPORTED IMAPI_E_UDF_NOT_WRITE_COMPATIBLE]
        "the volume has a feature, or a revision, that is not known here" => "read it with the program that wrote it";
    ImportFileIsFolder "import.file-is-folder" [IMAPI_E_IMPORT_TYPE_COLLISION_FILE_EXISTS_AS_DIRECTORY]
        "a file of the sources is a folder on the disc" => "name it otherwise, or remove the folder";
    ImportFolderIsFile "import.folder-is-file" [IMAPI_E_IMPORT_TYPE_COLLISION_DIRECTORY_EXISTS_AS_FILE]
        "a folder of the sources is a file on the disc" => "name it otherwise, or remove the file";
    ImportNotInPlace "import.not-in-place" [IMAPI_E_INCOMPATIBLE_PREVIOUS_SESSION]
        "the earlier session is laid out so that it cannot be gone on with" => "burn without it, onto another disc";

    // What is stored twice.
    StashNoRoom "stash.no-room" [IMAPI_E_WORKING_DIRECTORY_SPACE]
        "there is less room for the stash than it needs, or less was allowed" => "name folders with more room, allow more, or burn without a stash";
    StashPlace "stash.place" [IMAPI_E_INVALID_WORKING_DIRECTORY]
        "a folder for the stash is not there, or no folder" => "name a folder that is there";
    StashOpen "stash.open" [IMAPI_E_STASHFILE_OPEN_FAILURE]
        "a file of the stash cannot be made" => "look at the folder's permissions, or name another";
    StashWrite "stash.write" [IMAPI_E_STASHFILE_WRITE_FAILURE]
        "the stash cannot be written" => "look at what the system said of it, or name another folder";
    StashRead "stash.read" [IMAPI_E_STASHFILE_READ_FAILURE]
        "the stash cannot be read back" => "look at what the system said of it, or name another folder";

    // CDs: sheets, sound, layouts.
    SheetSyntax "sheet.syntax" []
        "a line of a sheet has no meaning, or stands in the wrong place" => "mend the line that the error names";
    SheetTrackKind "sheet.track-kind" [E_IMAPI_RAW_IMAGE_SECTOR_TYPE_NOT_SUPPORTED]
        "a track is of a kind that cannot be recorded" => "give the track as audio, mode 1 or mode 2";
    SheetNoFirstIndex "sheet.no-first-index" [E_IMAPI_RAW_IMAGE_TRACK_INDEX_OFFSET_ZERO_CANNOT_BE_CLEARED]
        "a track has no index 1" => "give the track its index 1";
    CdNoTrack "cd.no-track" [E_IMAPI_RAW_IMAGE_NO_TRACKS]
        "there is no track" => "give at least one";
    CdTooManyTracks "cd.too-many-tracks" [E_IMAPI_RAW_IMAGE_TOO_MANY_TRACKS E_IMAPI_DF2TAO_TRACK_LIMIT_REACHED]
        "more than 99 tracks" => "join some, or make two discs";
    CdTrackTooShort "cd.track-too-short" []
        "a track has less than four seconds" => "have it filled up with silence, or join it with another";
    CdTooLong "cd.too-long" [E_IMAPI_RAW_IMAGE_INSUFFICIENT_SPACE]
        "the session ends behind what a disc of that length has" => "leave tracks away, or take a longer disc";
    CdIndex "cd.index" [E_IMAPI_RAW_IMAGE_TRACK_INDEX_TOO_CLOSE_TO_OTHER_INDEX]
        "an index does not follow the one before it by ten frames" => "move the index, or leave it away";
    CdTooManyIndexes "cd.too-many-indexes" [E_IMAPI_RAW_IMAGE_TOO_MANY_TRACK_INDEXES]
        "a track has more than 99 indexes" => "leave some away";
    CdLayout "cd.layout" []
        "what is said of the CD contradicts itself or the image" => "mend what the error names";
    CdSectorForm "cd.sector-form" [E_IMAPI_DF2RAW_DATA_BLOCK_TYPE_NOT_SUPPORTED]
        "drive or writer does not write sectors of that form, in that way" => "choose another form, or another way of recording";
    CdLeadIn "cd.lead-in" [E_IMAPI_DF2RAW_STREAM_LEADIN_TOO_SHORT]
        "the image's lead-in is shorter than the disc needs" => "make the image for this disc's lead-in";
    CdText "cd.text" []
        "texts that cannot be recorded as CD-TEXT" => "mend the texts, or burn without CD-TEXT";
    CdIsrc "cd.isrc" [E_IMAPI_DF2TAO_INVALID_ISRC]
        "no recording code (ISRC)" => "give two letters, three letters or digits, and seven digits";
    CdMcn "cd.mcn" [E_IMAPI_DF2TAO_INVALID_MCN]
        "no catalogue number (MCN)" => "give 13 digits";
    SoundLength "sound.length" [E_IMAPI_DF2TAO_STREAM_NOT_SUPPORTED E_IMAPI_DF2RAW_STREAM_NOT_SUPPORTED]
        "samples or sectors that are not whole, or none" => "give all of the file: it was cut short, or is of another kind";
    SoundFile "sound.file" [E_IMAPI_DF2TAO_STREAM_NOT_SUPPORTED]
        "a sound file that cannot be decoded" => "make another file of it";
    SectorDamaged "sector.damaged" []
        "a sector of an image is damaged, or not of its track's kind" => "make the image anew, or mend it";

    // Addresses of drives, and what virtual drives are made of.
    AddressSyntax "address.syntax" []
        "an address that names no drive" => "say /dev/srN, iscsi://HOST/TARGET/LUN or virtual:FILE";
    VirtualDisc "virtual.disc" []
        "the file of a virtual disc is missing, damaged or something else" => "restore the file from a copy, or make a new one";
    VirtualOption "virtual.option" []
        "a script of faults, a drive profile or a bus that cannot be used" => "mend the file or the value that the error names";
    LinkRefused "link.refused" []
        "the iSCSI target cannot be reached, or refuses" => "look at address and network, and whether the target runs";
}
