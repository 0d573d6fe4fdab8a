//! GET CONFIGURATION: profiles and features, and which of them are current for the
//! medium in its present state (recipes 2.4 and 13.1).

use crate::dispatch::{Outcome, Request, reply};
use pitland_mmc::Profile;

use crate::identity::padded;
use crate::info::structure::has_write_inhibit;
use crate::medium::{Medium, MediumKind, dvd_minus};
use crate::quirks::Quirks;
use crate::recorder::Recorder;
use crate::refusal::Refusal;

/// One feature descriptor.
struct Feature {
    code: u16,
    version: u8,
    persistent: bool,
    current: bool,
    data: Vec<u8>,
}

impl Feature {
    fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.code.to_be_bytes());
        out.push(self.version << 2 | u8::from(self.persistent) << 1 | u8::from(self.current));
        out.push(self.data.len() as u8);
        out.extend(&self.data);
    }
}

/// What the medium allows now.
struct Now<'a> {
    medium: Option<&'a Medium>,
    /// The drive writes it, as long as it takes anything.
    writes: bool,
    quirks: &'a Quirks,
}

impl Now<'_> {
    fn is(&self, kinds: &[MediumKind]) -> bool {
        self.medium.is_some_and(|m| kinds.contains(&m.kind))
    }

    /// As [`Self::is`], and the disc is neither finished nor protected: write features
    /// drop out then.
    fn writable(&self, kinds: &[MediumKind]) -> bool {
        let closed = |m: &Medium| {
            let protected = m.rewritable().is_some_and(|disc| disc.protection.any());
            protected || (m.is_complete() && !self.quirks.keeps_write_features)
        };
        self.writes
            && self.is(kinds)
            && !self.quirks.no_write_features
            && !self.medium.is_some_and(closed)
    }

    fn bd(&self) -> bool {
        self.medium.is_some_and(|m| m.kind.is_bd())
    }

    fn cd(&self) -> bool {
        self.medium.is_some_and(|m| m.kind.is_cd())
    }

    fn dvd(&self) -> bool {
        self.medium.is_some_and(|m| m.kind.is_dvd())
    }

    /// A DVD-RW that can be made blank again, a finished one too.
    fn blanks_dvd(&self) -> bool {
        self.writes && !self.quirks.no_write_features && self.is(&[MediumKind::DvdMinusRw])
    }

    /// DVD-R or DVD-RW that takes tracks and sessions, or could once it is blank again.
    fn minus(&self) -> bool {
        let kinds = [
            MediumKind::DvdMinusR,
            MediumKind::DvdMinusRDl,
            MediumKind::DvdMinusRw,
        ];
        let sequential = |m: &Medium| m.sequential().is_some();
        self.medium.is_some_and(sequential) && (self.writable(&kinds) || self.blanks_dvd())
    }

    /// DVD-R, or DVD-RW in either mode, that can be recorded by increments.
    fn minus_incremental(&self) -> bool {
        let after_quick_blank = self.quirks.advertises_incremental_after_quick_blank;
        let takes = |m: &Medium| match m.sequential() {
            Some(disc) => {
                dvd_minus::takes_increments(disc)
                    || (disc.minus.at_once_only && !disc.complete && after_quick_blank)
            }
            None => true,
        };
        let kinds = [
            MediumKind::DvdMinusR,
            MediumKind::DvdMinusRDl,
            MediumKind::DvdMinusRw,
        ];
        self.writable(&kinds) && self.medium.is_some_and(takes)
    }

    fn profile(&self) -> Option<Profile> {
        self.medium.map(Medium::profile)
    }

    /// DVD-RW in restricted overwrite.
    fn restricted_overwrite(&self) -> bool {
        self.profile() == Some(Profile::DvdMinusRwRestrictedOverwrite)
            && self.writable(&[MediumKind::DvdMinusRw])
    }

    /// BD-R can be formatted while it is blank; the rewritable ones always.
    fn formattable(&self) -> bool {
        (self.writable(&MediumKind::ALL) || self.blanks_dvd())
            && self.medium.is_some_and(|m| {
                (m.rewritable().is_some() && !m.is_write_once()) || !m.formats().is_empty()
            })
    }

    fn has_spares(&self) -> bool {
        self.medium.is_some_and(|m| {
            m.spares().is_some()
                || matches!(m.kind, MediumKind::BdRe | MediumKind::DvdRam)
                || m.profile() == Profile::BdRRrm
        })
    }

    /// BD-R that takes blocks in their order, or anywhere (recipe 13.1).
    fn bd_r(&self, sequential: bool) -> bool {
        let recorded = |m: &Medium| m.sequential().is_some() == sequential;
        self.writable(&[MediumKind::BdR]) && self.medium.is_some_and(recorded)
    }

    fn pow(&self) -> bool {
        let pow = |m: &Medium| m.sequential().is_some_and(|disc| disc.pow.is_some());
        self.writable(&[MediumKind::BdR]) && self.medium.is_some_and(pow)
    }

    fn streams_writes(&self) -> bool {
        self.writable(&[MediumKind::BdR, MediumKind::BdRe, MediumKind::DvdRam])
    }
}

fn features(drive: &Recorder) -> Vec<Feature> {
    use MediumKind::{
        BdR, BdRe, CdR, CdRw, DvdMinusRDl, DvdMinusRw, DvdPlusR, DvdPlusRDl, DvdPlusRw,
        DvdPlusRwDl, DvdRam,
    };
    // Until the medium is recognised there is no profile (recipe 1).
    let medium = recognised(drive);
    let quirks = &drive.model.quirks;
    let now = Now {
        medium,
        writes: medium.is_some_and(|m| drive.writes(m)),
        quirks,
    };
    let any = medium.is_some();
    let last_lba = medium.map_or(0, |m| m.capacity().saturating_sub(1));
    let blocking = medium.map_or(16, |m| m.kind.unit() as u16);
    let mut list = Vec::with_capacity(32);
    let mut add = |code: u16, version: u8, persistent: bool, current: bool, data: Vec<u8>| {
        list.push(Feature {
            code,
            version,
            persistent,
            current: current || persistent,
            data,
        });
    };

    add(
        0x0000,
        0,
        true,
        true,
        profile_list(drive, medium.map(|m| profile(drive, m))),
    );
    // Core: SCSI family, device busy events, INQUIRY2.
    add(0x0001, 2, true, true, vec![0, 0, 0, 1, 0x03, 0, 0, 0]);
    add(0x0002, 1, true, true, vec![0x02, 0, 0, 0]);
    // Tray; locks and ejects, loads by command where it has a motor.
    let load = u8::from(drive.model.motor_tray) << 4;
    add(0x0003, 2, true, true, vec![0x29 | load, 0, 0, 0]);
    if medium.is_some_and(has_write_inhibit) {
        // WDCB: the block of DVD+RW by which it is protected is read.
        add(0x0004, 2, false, true, vec![0x04, 0, 0, 0]);
    }
    // 2048-byte blocks, the blocking of the medium, error recovery page present.
    let mut readable = vec![0, 0, 8, 0];
    readable.extend(blocking.to_be_bytes());
    readable.extend([1, 0]);
    add(0x0010, 0, false, any, readable);
    add(0x001D, 0, false, now.cd(), vec![]);
    // CD-TEXT in bit 0, C2 pointers in bit 1.
    let c2 = u8::from(!quirks.refuses_c2_pointers) << 1;
    add(0x001E, 2, false, now.cd(), vec![c2 | 1, 0, 0, 0]);
    add(0x001F, 1, false, now.dvd(), vec![1, 0, 1, 0]);
    let mut random = last_lba.to_be_bytes().to_vec();
    random.extend([0, 0, 8, 0]);
    random.extend(blocking.to_be_bytes());
    random.extend([1, 0]);
    add(
        0x0020,
        1,
        false,
        now.writable(&[BdRe, DvdPlusRw, DvdPlusRwDl, DvdRam]) || now.bd_r(false),
        random,
    );
    // Incremental streaming: mode 1 blocks only, underrun protection, links of a whole ECC block.
    let protected = u8::from(drive.model.underrun_protection);
    add(
        0x0021,
        3,
        false,
        now.bd_r(true) || now.minus_incremental(),
        vec![0x01, 0x00, protected, 1, blocking as u8, 0, 0, 0],
    );
    // BD-RE: full certification, quick certification, without spares; no expansion. BD-R: RRM.
    let certifies =
        u8::from(drive.model.full_certification) | u8::from(drive.model.quick_certification) << 1;
    let random_recording = u8::from(drive.model.random_recording);
    add(
        0x0023,
        1,
        false,
        now.formattable(),
        vec![0x08 | certifies, 0, 0, 0, random_recording, 0, 0, 0],
    );
    add(0x0024, 1, false, now.has_spares(), vec![0x80, 0, 0, 0]);
    add(0x0026, 0, false, now.restricted_overwrite(), vec![]);
    // Reads +RW in any state; writes it unless it is protected.
    let model = &drive.model;
    let bit = |kind: MediumKind| {
        u8::from(now.writable(&[kind]) || (!now.is(&[kind]) && model.writes_any(&[kind])))
    };
    let plus_rw = bit(DvdPlusRw);
    add(
        0x002A,
        1,
        false,
        now.is(&[DvdPlusRw]),
        // Quick start: it can be written while the format goes on in the background.
        vec![plus_rw, 0x02, 0, 0],
    );
    let plus_r = u8::from(model.writes_any(&[DvdPlusR, DvdPlusRDl]));
    add(
        0x002B,
        1,
        false,
        now.writable(&[DvdPlusR, DvdPlusRDl]),
        vec![plus_r, 0, 0, 0],
    );
    // Restricted overwrite: blanks, and knows the intermediate state.
    add(
        0x002C,
        0,
        false,
        now.restricted_overwrite(),
        vec![0x03, 0, 0, 0],
    );
    // DVD-R: underrun protection in bit 6, two layers in bit 3, test write in bit 2, DVD-RW in bit 1.
    let minus = protected << 6
        | u8::from(model.writes_any(&[DvdMinusRDl])) << 3
        | u8::from(model.test_write) << 2
        | u8::from(model.writes_any(&[DvdMinusRw])) << 1;
    add(0x002F, 2, false, now.minus(), vec![minus, 0, 0, 0]);
    // Layer jumps are known, and not made.
    let layer_jump = now.profile() == Some(Profile::DvdMinusRDlLayerJump);
    add(
        0x0033,
        0,
        false,
        layer_jump,
        vec![0, 0, 0, 1, blocking as u8, 0, 0, 0],
    );
    let plus_rw_dl = bit(DvdPlusRwDl);
    add(
        0x003A,
        0,
        false,
        now.is(&[DvdPlusRwDl]),
        vec![plus_rw_dl, 0, 0, 0],
    );
    // Track at once: underrun protection in bit 6, test write in bit 2, CD-RW in bit 1; blocks of
    // audio, of mode 1 and of mode 2 (types 0, 8 to 10 and 13), where the disc has a place for them. Neither packets (0021h) nor their formats (0023h, 0026h) are
    // current on CD, as this drive writes none.
    let tests = u8::from(drive.model.test_write) << 2;
    let cd = now.writable(&[CdR, CdRw]);
    let cd_rw = u8::from(model.writes_any(&[CdRw])) << 1;
    add(
        0x002D,
        2,
        false,
        cd,
        vec![protected << 6 | tests | cd_rw, 0, 0x27, 0x01],
    );
    // Mastering: the same, and session at once in bit 5, raw in bit 3, sub-channels R to W in bit 0.
    let [_, high, middle, low] = drive.model.cue_sheet_bytes.to_be_bytes();
    let raw = u8::from(drive.model.raw_forms.any()) << 3;
    let texts = u8::from(drive.model.writes_cd_text);
    let mastering = protected << 6 | 0x20 | raw | tests | cd_rw | texts;
    add(0x002E, 2, false, cd, vec![mastering, high, middle, low]);
    // Subtypes 0 to 2 of CD-RW; a finished one can be blanked.
    let rewrites = now.writes && now.is(&[CdRw]) && !quirks.no_write_features;
    add(0x0037, 0, false, rewrites, vec![0, 0x07, 0, 0]);
    add(0x0038, 0, false, now.pow(), vec![0, 0, 0, 0]);
    // Reads a +R DL in any state; bit 0: writes such discs.
    let plus_r_dl = match now.is(&[DvdPlusRDl]) {
        true => now.writes && !quirks.no_write_features,
        false => model.writes_any(&[DvdPlusRDl]),
    };
    add(
        0x003B,
        0,
        false,
        now.is(&[DvdPlusRDl]),
        vec![u8::from(plus_r_dl), 0, 0, 0],
    );
    let bd_reads = bd_classes(|kind| model.reads_any(&[kind]));
    add(0x0040, 0, false, now.bd(), bd_reads);
    let bd_writes = bd_classes(|kind| model.writes_any(&[kind]));
    add(0x0041, 0, false, now.writable(&[BdR, BdRe]), bd_writes);
    add(0x0100, 0, true, true, vec![]);
    add(0x0105, 0, true, true, vec![0, 0, 0, 0]);
    // Write speeds by GET PERFORMANCE and page 2Ah, SET CD SPEED, buffer capacity in blocks.
    let streaming = u8::from(now.streams_writes())
        | u8::from(!quirks.no_performance) << 1
        | u8::from(!quirks.no_capabilities_page) << 2
        | u8::from(!quirks.no_set_cd_speed) << 3
        | u8::from(!quirks.no_buffer_capacity) << 4;
    add(0x0107, 4, false, any, vec![streaming, 0, 0, 0]);
    let serial = &drive.model.identity.serial;
    let serial_len = serial.len().min(20).next_multiple_of(4);
    add(0x0108, 0, true, true, padded(serial, serial_len));
    list.retain(|feature| feature.current || model.lists_feature(feature.code));
    // In ascending order, as drives list them.
    list.sort_by_key(|feature| feature.code);
    list
}

/// Recordable classes of BD; the drive knows versions 1 to 3 of what it serves.
fn bd_classes(serves: impl Fn(MediumKind) -> bool) -> Vec<u8> {
    let mut out = vec![0; 28];
    // Verification is not required of the host.
    out[0] = 0x01;
    let served = [serves(MediumKind::BdRe), serves(MediumKind::BdR), true];
    for (class, _) in [4, 12, 20].into_iter().zip(served).filter(|(_, is)| *is) {
        out[class] = 0x0E;
    }
    out
}

fn recognised(drive: &Recorder) -> Option<&Medium> {
    let loading = drive
        .operation
        .is_some_and(|o| o.effect == crate::long_operation::Effect::Loaded);
    drive.medium().filter(|m| !loading && drive.reads(m))
}

/// The current profile: some drives have a finished disc pass for a pressed one.
fn profile(drive: &Recorder, medium: &Medium) -> Profile {
    let read_only = drive.model.quirks.read_only_profile_when_complete;
    match medium.kind {
        // What can be blanked must be known for what it is.
        _ if !read_only || !medium.is_complete() || !medium.is_write_once() => medium.profile(),
        kind if kind.is_bd() => Profile::BdRom,
        kind if kind.is_cd() => Profile::CdRom,
        _ => Profile::DvdRom,
    }
}

/// What the drive knows, the current profile among it.
fn profile_list(drive: &Recorder, current: Option<Profile>) -> Vec<u8> {
    let model = &drive.model;
    let mut profiles: Vec<Profile> = model.reads.iter().map(|disc| disc.profile()).collect();
    if model.random_recording && profiles.contains(&Profile::BdRSrm) {
        profiles.push(Profile::BdRRrm);
    }
    profiles.extend(current);
    // The highest number first, as drives list them.
    profiles.sort_by_key(|profile| std::cmp::Reverse(profile.code()));
    profiles.dedup();
    let mut out = Vec::new();
    for profile in profiles {
        out.extend(profile.code().to_be_bytes());
        out.push(u8::from(current == Some(profile)));
        out.push(0);
    }
    out
}

pub(crate) fn get_configuration(
    drive: &mut Recorder,
    request: &Request<'_>,
    data_in: &mut [u8],
) -> Outcome {
    let start = request.cdb.be16(2);
    let all = features(drive);
    let chosen: Vec<&Feature> = match request.cdb.byte(1) & 3 {
        0 => all.iter().filter(|f| f.code >= start).collect(),
        1 => all
            .iter()
            .filter(|f| f.code >= start && f.current)
            .collect(),
        2 => all.iter().filter(|f| f.code == start).collect(),
        _ => return Err(Refusal::ILLEGAL_FIELD),
    };
    let profile = recognised(drive).map_or(0, |m| profile(drive, m).code());
    let mut out = vec![0; 8];
    out[6..8].copy_from_slice(&profile.to_be_bytes());
    for feature in chosen {
        feature.emit(&mut out);
    }
    let len = (out.len() - 4) as u32;
    out[..4].copy_from_slice(&len.to_be_bytes());
    reply(data_in, usize::from(request.cdb.be16(7)), &out)
}
