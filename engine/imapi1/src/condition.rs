//! What can go wrong, as programs of IMAPI 1 number it. Owns the numbers, and a sentence for each that says what to do.

/// States each condition once: its number, what it means, what to do.
macro_rules! conditions {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal, $advice:literal;)*) => {
        /// What went wrong, with the number that IMAPI 1 gives it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Condition {
            $($(#[$doc])* $name,)*
        }

        impl Condition {
            /// All of them, by their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number, an HRESULT.
            #[must_use]
            pub const fn code(self) -> u32 {
                match self { $(Self::$name => $code,)* }
            }

            /// What it means, in a few words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What to do now, in a sentence.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

conditions! {
    /// The session is closed.
    NotOpened = 0x8004_020B, "the session is not open", "open a new DiscMaster";
    /// The recorder was not set up for this call: it must be opened exclusively first.
    NotInitialized = 0x8004_020C, "the recorder is not open for this", "call open_exclusive first";
    /// A progress sink said stop.
    UserAbort = 0x8004_020D, "cancelled", "stage and record again when you wish; look at the disc before you use it";
    /// Something that has no number of its own.
    Generic = 0x8004_020E, "the engine failed", "read the cause; look at the disc before you use it";
    /// There is no disc.
    MediumNotPresent = 0x8004_020F, "there is no disc in the recorder", "insert a disc";
    /// The disc is no CD-R or CD-RW, or not one for this call.
    MediumInvalidType = 0x8004_0210, "the disc is of another kind than this needs", "insert a CD-R or CD-RW";
    /// The recorder's properties are not to be had.
    NoProperties = 0x8004_0211, "the recorder does not tell its properties", "insert a disc that it can write, and try again";
    /// The recorder is open exclusively, or may not be used.
    DeviceNotAccessible = 0x8004_0212, "the recorder cannot be used now", "close the recorder first, or get the permission that is named";
    /// The recorder is gone or does not answer.
    DeviceNotPresent = 0x8004_0213, "the recorder does not answer", "check its connection, and enumerate the recorders anew";
    /// The recorder cannot do this.
    DeviceInvalidType = 0x8004_0214, "the recorder cannot do this", "use another recorder";
    /// The recorder could not be made ready to write.
    InitializeWrite = 0x8004_0215, "the recorder could not be made ready to write", "try again; if it stays, try another disc";
    /// The burn could not be closed.
    InitializeEndWrite = 0x8004_0216, "the disc could not be closed", "close its session in another drive, or burn another disc";
    /// The image could not be built, or the disc not be unmounted.
    FileSystem = 0x8004_0217, "the file system could not be made, or is in use", "mend what the cause names and record again";
    /// The stash or a source cannot be read or written.
    FileAccess = 0x8004_0218, "a file cannot be read or written", "mend what the cause names and stage again";
    /// The disc cannot be read.
    DiscInfo = 0x8004_0219, "the disc cannot be read", "clean the disc, or insert another one";
    /// No audio track is open.
    TrackNotOpen = 0x8004_021A, "no audio track is open", "call create_audio_track first";
    /// An audio track is open.
    TrackOpen = 0x8004_021B, "an audio track is open", "call close_audio_track first";
    /// It does not fit on the disc.
    DiscFull = 0x8004_021C, "the disc has no room for this", "stage less, or insert a larger disc";
    /// A name that Joliet does not take.
    BadJolietName = 0x8004_021D, "a name that Joliet does not take", "rename it: at most 64 characters, none of * / : ; ? \\";
    /// What is staged is not fit to be recorded.
    InvalidImage = 0x8004_021E, "what is staged cannot be recorded", "stage something, and see that the boot image has the size of its emulation";
    /// No format is chosen. One always is here: Joliet at first.
    NoActiveFormat = 0x8004_021F, "no format is chosen", "choose a format";
    /// No recorder is chosen.
    NoActiveRecorder = 0x8004_0220, "no recorder is chosen", "insert the disc and call set_active_disc_recorder";
    /// The other format is active.
    WrongFormat = 0x8004_0221, "the other format is active", "call set_active_disc_master_format; that clears what is staged";
    /// Somebody has a session on this machine.
    AlreadyOpen = 0x8004_0222, "another session is open on this machine", "wait until it is closed";
    /// Another disc than the one chosen before.
    WrongDisc = 0x8004_0223, "this is not the disc that was there before", "insert that disc, or set the recorder anew and stage again";
    /// A file of that name is there.
    FileExists = 0x8004_0224, "there is a file of that name", "rename it, or allow overwriting";
    /// Somebody uses the stash.
    StashInUse = 0x8004_0225, "another program uses the stash", "wait for it, or name another folder";
    /// The recorder is busy with another client.
    DeviceStillInUse = 0x8004_0226, "another client uses the recorder", "wait for it";
    /// The data came too slowly.
    LossOfStreaming = 0x8004_0227, "the data came too slowly", "record at a lower speed, with underrun protection";
    /// The stash lies on a compressed volume.
    CompressedStash = 0x8004_0228, "the folder of the stash is compressed", "name a folder that is not";
    /// The stash lies on an encrypted volume.
    EncryptedStash = 0x8004_0229, "the folder of the stash is encrypted", "name a folder that is not";
    /// There is too little room for the stash.
    NoRoomForStash = 0x8004_022A, "there is too little room for the stash", "make room, name another folder, or stage less";
    /// The stash lies on a removable volume.
    RemovableStash = 0x8004_022B, "the folder of the stash lies on a removable volume", "name a folder of a fixed one";
    /// The disc is refused, or did not take the data.
    CannotWriteToMedia = 0x8004_022C, "the disc cannot be written", "insert a blank disc, or erase this one where it is rewritable";
    /// A track of less than four seconds.
    TrackNotBigEnough = 0x8004_022D, "the track has less than four seconds", "add blocks until it has 300";
    /// An argument that no call takes: Windows' own number for it.
    InvalidArgument = 0x8007_0057, "an argument makes no sense", "ask again, corrected";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_condition_has_a_number_of_its_own_and_a_word_to_say() {
        let numbers: BTreeSet<u32> = Condition::ALL.iter().map(|c| c.code()).collect();
        assert_eq!(numbers.len(), Condition::ALL.len());
        let of_imapi = Condition::ALL.iter().map(|c| c.code());
        let of_imapi: Vec<u32> = of_imapi.filter(|code| code >> 16 == 0x8004).collect();
        let all: Vec<u32> = (0x8004_020B..=0x8004_022D).collect();
        assert_eq!(of_imapi, all, "the numbers run without a gap");
        assert!(
            Condition::ALL
                .iter()
                .all(|c| !c.text().is_empty() && !c.advice().is_empty())
        );
    }
}
