//! Anything that crossed the wire as one readable line.
//!
//! Owns the joining of a command with its parameter list, and of a reply with
//! its command. Must not know layouts: it asks the values. It never panics
//! and never hides a byte: what is not understood is printed in hexadecimal.

use core::fmt;

use crate::cdb::{CdbBytes, Command, DiscInformationType, PerformanceType, StructureMedium};
use crate::cdb::{SubChannelFormat, TocFormat, cdb_len};
use crate::mode_page::ModeParameterList;
use crate::param::{CueSheetEntry, FormatParameterList, OpcInformation, StreamingDescriptor};
use crate::reply::{
    Atip, BdDiscInformation, BufferCapacity, Capacity, CdTextPacks, Configuration, DiscInformation,
    DiscStructure, DvdPhysical, EventStatus, FormatCapacities, FullToc, InquiryData, LayerBoundary,
    Performance, PowResources, ReplyError, SessionInfo, SubChannelCode, Toc, TrackInformation,
    WriteSpeeds, bd_format, dvd_format,
};
use crate::sense::Sense;

/// A command, and the parameter list that went with it, as one line in words.
///
/// User data of a WRITE are not printed, only counted. An empty `data_out`
/// adds nothing. Blocks padded with zeros to a link's fixed length are read
/// at the length of their operation code.
///
/// ```
/// use pitland_mmc::pretty::describe;
///
/// let cdb = [0x5B, 1, 1, 0, 0, 1, 0, 0, 0, 0];
/// assert_eq!(describe(&cdb, &[]), "CLOSE TRACK/SESSION track 1, IMMED");
/// ```
pub fn describe(cdb: &[u8], data_out: &[u8]) -> String {
    let command = match Command::parse(unpadded(cdb)) {
        Ok(command) => command,
        Err(error) => {
            let name = cdb.first().and_then(|opcode| Command::name_of(*opcode));
            let name = name.unwrap_or("UNKNOWN COMMAND");
            return format!("{name} [{}]: {error}", Hex(cdb));
        }
    };
    if data_out.is_empty() {
        return command.to_string();
    }
    match parameters(&command, data_out) {
        Some(Ok(list)) => format!("{command}: {list}"),
        Some(Err(error)) => format!("{command}: [{}] ({error})", Hex(data_out)),
        None if command.is_write() => format!("{command}, {} bytes of data", data_out.len()),
        None => format!("{command}: [{}]", Hex(data_out)),
    }
}

/// The data that a drive sent for a command, as one line in words.
///
/// Blocks that were read are counted, not printed.
pub fn describe_reply(cdb: &[u8], data_in: &[u8]) -> String {
    let reply = Command::parse(unpadded(cdb)).ok().and_then(|command| {
        if command.blocks().is_some() {
            return Some(Ok(format!("{} bytes of data", data_in.len())));
        }
        reply(&command, data_in)
    });
    match reply {
        Some(Ok(text)) => text,
        Some(Err(error)) => format!("[{}] ({error})", Hex(data_in)),
        None => format!("[{}]", Hex(data_in)),
    }
}

/// Sense data as one line in words.
pub fn describe_sense(data: &[u8]) -> String {
    match Sense::parse(data) {
        Ok(sense) => sense.to_string(),
        Err(error) => format!("[{}] ({error})", Hex(data)),
    }
}

/// The mode pages of MODE SENSE or MODE SELECT as one line in words.
pub fn describe_mode_pages(data: &[u8]) -> String {
    match mode_pages(data) {
        Ok(text) => text,
        Err(error) => format!("[{}] ({error})", Hex(data)),
    }
}

/// A block without the zeros that a link padded it with.
fn unpadded(cdb: &[u8]) -> &[u8] {
    let len = cdb.first().and_then(|opcode| cdb_len(*opcode));
    match len.and_then(|len| cdb.split_at_checked(len)) {
        Some((block, padding)) if padding.iter().all(|byte| *byte == 0) => block,
        _ => cdb,
    }
}

/// Bytes that nothing understood; the first 64 of them.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, chunk) in self.0.chunks(CdbBytes::MAX).take(4).enumerate() {
            let gap = if i == 0 { "" } else { " " };
            f.write_str(gap)?;
            if let Ok(bytes) = CdbBytes::from_slice(chunk) {
                bytes.fmt(f)?;
            }
        }
        match self.0.len().checked_sub(64) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

/// Values with a separator between them.
fn joined<T: fmt::Display>(values: impl IntoIterator<Item = T>) -> String {
    let words: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    if words.is_empty() {
        return "empty list".to_owned();
    }
    words.join("; ")
}

fn parameters(command: &Command, data: &[u8]) -> Option<Result<String, ReplyError>> {
    Some(match command {
        Command::ModeSelect10(_) => mode_pages(data),
        Command::FormatUnit(_) => FormatParameterList::parse(data).map(|list| list.to_string()),
        Command::SendCueSheet(_) => CueSheetEntry::parse_sheet(data).map(joined),
        Command::SetStreaming(c) if c.kind == 0 => {
            StreamingDescriptor::parse(data).map(|descriptor| descriptor.to_string())
        }
        Command::SendOpcInformation(_) => OpcInformation::parse_list(data)
            .map(|list| joined(list.iter().map(|e| format!("values for {} kB/s", e.speed)))),
        Command::SendDiscStructure(c)
            if c.medium == StructureMedium::Dvd && c.format == dvd_format::LAYER_BOUNDARY =>
        {
            DiscStructure::parse(data)
                .and_then(|structure| LayerBoundary::parse(&structure.data))
                .map(|boundary| boundary.to_string())
        }
        _ => return None,
    })
}

fn mode_pages(data: &[u8]) -> Result<String, ReplyError> {
    let list = ModeParameterList::parse(data)?;
    let mut words: Vec<_> = list.pages.iter().map(ToString::to_string).collect();
    if !list.block_descriptors.is_empty() {
        words.insert(
            0,
            format!("block descriptor [{}]", Hex(&list.block_descriptors)),
        );
    }
    if words.is_empty() {
        words.push("no page".to_owned());
    }
    Ok(joined(words))
}

fn reply(command: &Command, data: &[u8]) -> Option<Result<String, ReplyError>> {
    Some(match command {
        Command::RequestSense(_) => Sense::parse(data).map(|sense| sense.to_string()),
        Command::Inquiry(c) if !c.vital_product_data => {
            InquiryData::parse(data).map(|inquiry| inquiry.to_string())
        }
        Command::ModeSense10(_) => mode_pages(data),
        Command::GetConfiguration(_) => Configuration::parse(data).map(|c| {
            let current = c.features.iter().filter(|feature| feature.current).count();
            format!(
                "{}, {} features, {current} current",
                c.profile,
                c.features.len()
            )
        }),
        Command::GetEventStatusNotification(_) => EventStatus::parse(data).map(event),
        Command::ReadDiscInformation(c) => return disc_information(c.data_type, data),
        Command::ReadTrackInformation(_) => TrackInformation::parse(data).map(|t| track(&t)),
        Command::ReadFormatCapacities(_) => FormatCapacities::parse(data).map(|f| {
            let current = format!("{} {} blocks", f.current.kind, f.current.blocks);
            joined(core::iter::once(current).chain(f.formats.iter().map(ToString::to_string)))
        }),
        Command::ReadCapacity(_) => Capacity::parse(data).map(|c| {
            format!(
                "last lba {}, blocks of {} bytes",
                c.last_lba, c.block_length
            )
        }),
        Command::ReadBufferCapacity(_) => BufferCapacity::parse(data).map(|c| match c {
            BufferCapacity::Bytes { total, free } => format!("{free} of {total} bytes free"),
            BufferCapacity::Blocks { free } => format!("{free} blocks free"),
        }),
        Command::GetPerformance(c) => match c.kind {
            PerformanceType::Performance => Performance::parse(data).map(|p| {
                joined(p.descriptors.iter().map(|d| {
                    let [start, end] = [d.start_speed, d.end_speed];
                    format!("lba {} to {}: {start} to {end} kB/s", d.start, d.end)
                }))
            }),
            PerformanceType::WriteSpeed => WriteSpeeds::parse(data).map(|speeds| {
                joined(speeds.descriptors.iter().map(|d| {
                    format!(
                        "write {} read {} kB/s {}",
                        d.write_speed, d.read_speed, d.rotation
                    )
                }))
            }),
            _ => return None,
        },
        Command::ReadTocPmaAtip(c) => return toc(c.format, c.msf, data),
        Command::ReadSubChannel(c)
            if matches!(
                c.format,
                SubChannelFormat::Catalogue | SubChannelFormat::Isrc
            ) =>
        {
            SubChannelCode::parse(data).map(|told| match told.code {
                Some(code) => format!("{} {code}", c.format),
                None => format!("no {}", c.format),
            })
        }
        Command::ReadDiscStructure(c) => return structure(c.medium, c.format, data),
        _ => return None,
    })
}

fn event(status: EventStatus) -> String {
    use crate::reply::Event;
    match status.event {
        None => "no event".to_owned(),
        Some(Event::Media {
            code,
            tray_open,
            present,
        }) => format!(
            "media: {code}, tray {}, medium {}",
            if tray_open { "open" } else { "closed" },
            if present { "present" } else { "absent" }
        ),
        Some(Event::DeviceBusy {
            changed,
            status,
            time_left,
        }) => format!(
            "device busy: {}status {status}, {}.{} s left",
            if changed { "changed, " } else { "" },
            time_left / 10,
            time_left % 10
        ),
        Some(Event::Raw {
            class,
            code,
            status,
            detail,
        }) => format!("{class}: code {code}, status {status}, detail {detail}"),
    }
}

fn disc_information(kind: DiscInformationType, data: &[u8]) -> Option<Result<String, ReplyError>> {
    match kind {
        DiscInformationType::Standard => Some(DiscInformation::parse(data).map(|d| {
            format!(
                "disc {}, last session {}, {} sessions, tracks {} to {} in the last, \
                 background format {}",
                d.status,
                d.last_session_state,
                d.sessions,
                d.first_track_in_last_session,
                d.last_track_in_last_session,
                d.background_format
            )
        })),
        DiscInformationType::PowResources => Some(PowResources::parse(data).map(|p| {
            format!(
                "{} replacements, {} map entries, {} updates left",
                p.replacements, p.map_entries, p.updates
            )
        })),
        _ => None,
    }
}

fn track(track: &TrackInformation) -> String {
    let mut text = format!(
        "track {} session {}, start {}, ",
        track.track, track.session, track.start
    );
    match track.nwa {
        Some(nwa) => text += &format!("nwa {nwa}, "),
        None => text += "no nwa, ",
    }
    text += &format!("{} blocks free", track.free_blocks);
    for (set, word) in [
        (track.damage, ", damaged"),
        (track.blank, ", blank"),
        (track.reserved, ", reserved"),
        (track.packet, ", incremental"),
    ] {
        if set {
            text += word;
        }
    }
    text
}

fn toc(format: TocFormat, msf: bool, data: &[u8]) -> Option<Result<String, ReplyError>> {
    let at = |entry: &crate::reply::TocEntry| match msf {
        true => entry.start_msf().to_string(),
        false => entry.start.to_string(),
    };
    Some(match format {
        TocFormat::Toc => Toc::parse(data).map(|toc| {
            joined(toc.entries.iter().map(|entry| match entry.track {
                0xAA => format!("lead-out at {}", at(entry)),
                track => format!("track {track} at {}", at(entry)),
            }))
        }),
        TocFormat::SessionInfo => SessionInfo::parse(data).map(|info| {
            format!(
                "sessions {} to {}, last one starts with track {} at {}",
                info.first_session,
                info.last_session,
                info.first_track.track,
                at(&info.first_track)
            )
        }),
        TocFormat::FullToc => FullToc::parse(data).map(|toc| {
            joined(toc.entries.iter().map(|e| {
                format!(
                    "session {} point {:02X}h at {}",
                    e.session, e.point, e.pointed
                )
            }))
        }),
        TocFormat::Atip => Atip::parse(data)
            .map(|atip| format!("lead-in {}, lead-out {}", atip.lead_in, atip.lead_out)),
        TocFormat::CdText => {
            CdTextPacks::parse(data).map(|text| format!("{} packs", text.packs.len()))
        }
        _ => return None,
    })
}

fn structure(
    medium: StructureMedium,
    format: u8,
    data: &[u8],
) -> Option<Result<String, ReplyError>> {
    let payload = || DiscStructure::parse(data).map(|structure| structure.data);
    Some(match (medium, format) {
        (StructureMedium::Dvd, dvd_format::PHYSICAL | dvd_format::ADIP) => payload()
            .and_then(|data| DvdPhysical::parse(&data))
            .map(|physical| format!("book {}, {} layers", physical.book, physical.layers + 1)),
        (StructureMedium::Dvd, dvd_format::LAYER_BOUNDARY) => payload()
            .and_then(|data| LayerBoundary::parse(&data))
            .map(|boundary| boundary.to_string()),
        (StructureMedium::Bd, bd_format::DISC_INFORMATION) => payload()
            .and_then(|data| BdDiscInformation::parse(&data))
            .map(|info| {
                format!(
                    "type {}, maker {}, media {}",
                    info.type_id.escape_ascii(),
                    info.maker.escape_ascii(),
                    info.media_id.escape_ascii()
                )
            }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_counts_its_data() {
        let cdb = [0x2A, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 0];
        assert_eq!(
            describe(&cdb, &[0; 65536]),
            "WRITE (10) lba 4096, 32 blocks, 65536 bytes of data"
        );
    }

    #[test]
    fn a_layer_break_is_put_in_words() {
        let cdb = [0xBF, 0, 0, 0, 0, 0, 0, 0x20, 0, 12, 0, 0];
        let list = [0, 10, 0, 0, 0, 0, 0, 0, 0x00, 0x1F, 0xD8, 0x00];
        assert_eq!(
            describe(&cdb, &list),
            "SEND DISC STRUCTURE DVD format 20h, 12 bytes: layer 0 of 2086912 blocks"
        );
    }

    #[test]
    fn what_is_not_understood_is_shown_in_full() {
        assert_eq!(
            describe(&[0x2A, 0x01, 0, 0, 0, 0, 0, 0, 1, 0], &[]),
            "WRITE (10) [2A 01 00 00 00 00 00 00 01 00]: \
             WRITE (10): reserved bits 01h set in byte 1 (reserved)"
        );
        assert_eq!(
            describe(&[0x5D, 0, 0, 0, 0, 0, 0, 0, 3, 0], &[1, 2, 3]),
            "SEND CUE SHEET 3 bytes: [01 02 03] (cue sheet: 3 bytes, at least 8 needed)"
        );
        assert_eq!(
            describe(&[0xF3, 0, 0, 0, 0, 0], &[9]),
            "UNKNOWN COMMAND F3 00 00 00 00 00: [09]"
        );
        assert_eq!(
            describe(&[], &[]),
            "UNKNOWN COMMAND []: the command block is empty"
        );
    }

    #[test]
    fn long_bytes_are_cut_and_counted() {
        let text = describe(&[0xF3, 0, 0, 0, 0, 0], &[0xAA; 70]);
        assert!(text.ends_with("AA AA and 6 more]"), "{text}");
        let exact = describe(&[0xF3, 0, 0, 0, 0, 0], &[0xAA; 64]);
        assert!(!exact.contains("more"), "{exact}");
    }

    #[test]
    fn a_padded_block_is_read_at_its_own_length() {
        let mut cdb = [0; 16];
        cdb[0] = 0x1B;
        cdb[4] = 2;
        assert_eq!(describe(&cdb, &[]), "START/STOP UNIT eject");
    }

    #[test]
    fn replies_are_put_in_words() {
        let track = [0x52, 1, 0, 0, 0, 1, 0, 0, 36, 0];
        let mut reply = [0; 36];
        reply[1] = 34;
        reply[2] = 1;
        reply[3] = 1;
        reply[6] = 0x60;
        reply[7] = 1;
        reply[19] = 64;
        assert_eq!(
            describe_reply(&track, &reply),
            "track 1 session 1, start 0, nwa 0, 64 blocks free, blank, incremental"
        );
        let capacity = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            describe_reply(&capacity, &[0, 0, 0, 63, 0, 0, 8, 0]),
            "last lba 63, blocks of 2048 bytes"
        );
        assert_eq!(
            describe_reply(&capacity, &[1]),
            "[01] (capacity: 1 bytes, at least 8 needed)"
        );
        let read = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        assert_eq!(describe_reply(&read, &[0; 2048]), "2048 bytes of data");
        let event = [0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8, 0];
        assert_eq!(
            describe_reply(&event, &[0, 6, 4, 0x10, 3, 1, 0, 0]),
            "media: medium removed, tray open, medium absent"
        );
    }

    #[test]
    fn sense_is_put_in_words() {
        let mut sense = [0; 18];
        sense[0] = 0x70;
        sense[2] = 5;
        sense[12] = 0x21;
        sense[13] = 2;
        assert_eq!(
            describe_sense(&sense),
            "ILLEGAL REQUEST, invalid address for write (5/21/02)"
        );
        assert!(describe_sense(&[1, 2]).starts_with("[01 02] (sense data: response code"));
    }
}
