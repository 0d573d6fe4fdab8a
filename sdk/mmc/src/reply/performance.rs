//! GET PERFORMANCE: nominal speeds and write speed descriptors (recipe 2.5).
//!
//! Owns their layouts. Must not know which speed to choose.

use super::{ReplyError, need};
use crate::addr::Lba;
use crate::cdb::RotationControl;
use crate::wire::Field;

layout! {
    /// Fields of the 8-byte header, unjudged.
    PerformanceHeaderView, HeaderPut {
        /// Bytes after byte 3.
        length: u32 = Field::be(0, 4),
        /// The data are about writing.
        write: bool = Field::bit(4, 1),
        /// The data are exceptions.
        except: bool = Field::bit(4, 0),
    }
}

layout! {
    /// Fields of a nominal performance descriptor (type 0), unjudged.
    NominalView, NominalPut {
        /// First block.
        start: Lba = Field::be(0, 4),
        /// Speed there, kB/s.
        start_speed: u32 = Field::be(4, 4),
        /// Last block.
        end: Lba = Field::be(8, 4),
        /// Speed there, kB/s.
        end_speed: u32 = Field::be(12, 4),
    }
}

layout! {
    /// Fields of a write speed descriptor (type 3), unjudged.
    WriteSpeedDescriptorView, WriteSpeedPut {
        /// WRC.
        rotation: RotationControl = Field::bits(0, 4, 3),
        /// RDD: the drive's defaults.
        default: bool = Field::bit(0, 2),
        /// Exact: this speed or none.
        exact: bool = Field::bit(0, 1),
        /// MRW: suits mixed reading and writing.
        mrw: bool = Field::bit(0, 0),
        /// Last block of the medium.
        end: u32 = Field::be(4, 4),
        /// Read speed, kB/s.
        read_speed: u32 = Field::be(8, 4),
        /// Write speed, kB/s.
        write_speed: u32 = Field::be(12, 4),
    }
}

/// One stretch of the medium and its speeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NominalPerformance {
    /// First block.
    pub start: Lba,
    /// Speed there, kB/s.
    pub start_speed: u32,
    /// Last block.
    pub end: Lba,
    /// Speed there, kB/s.
    pub end_speed: u32,
}

/// One write speed on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WriteSpeedDescriptor {
    /// How the disc turns.
    pub rotation: RotationControl,
    /// The drive's defaults.
    pub default: bool,
    /// This speed or none.
    pub exact: bool,
    /// Suits mixed reading and writing. The same bit means something else in
    /// a [`crate::param::StreamingDescriptor`]: never copy it.
    pub mrw: bool,
    /// Last block of the medium; drives disagree (capacity, 0, FFFFFFFFh).
    pub end: u32,
    /// Read speed, kB/s.
    pub read_speed: u32,
    /// Write speed, kB/s.
    pub write_speed: u32,
}

/// Nominal performance (type 0).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Performance {
    /// It is about writing.
    pub write: bool,
    /// It lists exceptions.
    pub except: bool,
    /// Stretches of the medium.
    pub descriptors: Vec<NominalPerformance>,
}

/// Write speeds (type 3). The first is the default.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct WriteSpeeds {
    /// Speeds on offer.
    pub descriptors: Vec<WriteSpeedDescriptor>,
}

/// Length of the header.
const HEADER: usize = 8;

/// The whole descriptors that came, as far as the header announces them.
fn descriptors(name: &'static str, data: &[u8]) -> Result<Vec<[u8; 16]>, ReplyError> {
    need(name, data, HEADER)?;
    let length = PerformanceHeaderView::new(data)
        .length()
        .unwrap_or_default();
    if length < 4 {
        return Err(ReplyError::invalid(name, "data length", length));
    }
    let declared = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .saturating_add(4);
    let end = data.len().min(declared);
    Ok(data[HEADER..end].as_chunks().0.to_vec())
}

/// Header and descriptors as bytes.
fn with_header(write: bool, except: bool, descriptors: &[[u8; 16]]) -> Vec<u8> {
    let mut data = vec![0; HEADER];
    HeaderPut(&mut data)
        .length((4 + descriptors.len() * 16) as u32)
        .write(write)
        .except(except);
    data.extend(descriptors.iter().flatten());
    data
}

impl Performance {
    /// Reads a reply of type 0.
    ///
    /// # Errors
    /// No header, or a length field below 4. A descriptor that is cut off is
    /// left out.
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        let descriptors = descriptors("performance", data)?;
        let view = PerformanceHeaderView::new(data);
        Ok(Self {
            write: view.write().unwrap_or_default(),
            except: view.except().unwrap_or_default(),
            descriptors: descriptors
                .iter()
                .map(NominalView::new)
                .map(|view| NominalPerformance {
                    start: view.start().unwrap_or_default(),
                    start_speed: view.start_speed().unwrap_or_default(),
                    end: view.end().unwrap_or_default(),
                    end_speed: view.end_speed().unwrap_or_default(),
                })
                .collect(),
        })
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        let descriptors: Vec<_> = self
            .descriptors
            .iter()
            .map(|d| {
                let mut data = [0; 16];
                NominalPut(&mut data)
                    .start(d.start)
                    .start_speed(d.start_speed)
                    .end(d.end)
                    .end_speed(d.end_speed);
                data
            })
            .collect();
        with_header(self.write, self.except, &descriptors)
    }
}

impl WriteSpeeds {
    /// Reads a reply of type 3.
    ///
    /// # Errors
    /// As [`Performance::parse`].
    pub fn parse(data: &[u8]) -> Result<Self, ReplyError> {
        Ok(Self {
            descriptors: descriptors("write speeds", data)?
                .iter()
                .map(WriteSpeedDescriptorView::new)
                .map(|view| WriteSpeedDescriptor {
                    rotation: view.rotation().unwrap_or_default(),
                    default: view.default().unwrap_or_default(),
                    exact: view.exact().unwrap_or_default(),
                    mrw: view.mrw().unwrap_or_default(),
                    end: view.end().unwrap_or_default(),
                    read_speed: view.read_speed().unwrap_or_default(),
                    write_speed: view.write_speed().unwrap_or_default(),
                })
                .collect(),
        })
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        let descriptors: Vec<_> = self
            .descriptors
            .iter()
            .map(|d| {
                let mut data = [0; 16];
                WriteSpeedPut(&mut data)
                    .rotation(d.rotation)
                    .default(d.default)
                    .exact(d.exact)
                    .mrw(d.mrw)
                    .end(d.end)
                    .read_speed(d.read_speed)
                    .write_speed(d.write_speed);
                data
            })
            .collect();
        with_header(false, false, &descriptors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[rustfmt::skip]
    const SPEEDS: [u8; 40] = [
        0, 0, 0, 36, 0, 0, 0, 0,
        0b0000_1111, 0, 0, 0, 0x00, 0xBA, 0x73, 0xFF, 0x00, 0x00, 0x69, 0x60, 0x00, 0x00, 0xD2, 0xC0,
        0b0000_0000, 0, 0, 0, 0x00, 0xBA, 0x73, 0xFF, 0x00, 0x00, 0x69, 0x60, 0x00, 0x00, 0x46, 0x40,
    ];

    #[test]
    fn write_speeds_are_read_and_written() {
        let read = WriteSpeeds::parse(&SPEEDS).unwrap();
        assert_eq!(
            read.descriptors[0],
            WriteSpeedDescriptor {
                rotation: RotationControl::Cav,
                default: true,
                exact: true,
                mrw: true,
                end: 12_219_391,
                read_speed: 26_976,
                write_speed: 53_952,
            }
        );
        assert_eq!(read.descriptors[1].write_speed, 17_984);
        assert_eq!(read.emit(), SPEEDS);
    }

    #[test]
    fn nominal_speeds_are_read_and_written() {
        #[rustfmt::skip]
        let data = [
            0, 0, 0, 20, 0b11, 0, 0, 0,
            0, 0, 0, 1, 0, 0, 0x0D, 0x85, 0, 0x23, 0x05, 0x3F, 0, 0, 0x21, 0x13,
        ];
        let read = Performance::parse(&data).unwrap();
        assert!(read.write && read.except);
        assert_eq!(
            read.descriptors,
            [NominalPerformance {
                start: Lba(1),
                start_speed: 3461,
                end: Lba(2_295_103),
                end_speed: 8467,
            }]
        );
        assert_eq!(read.emit(), data);
    }

    #[test]
    fn the_header_alone_is_an_empty_list() {
        assert!(
            WriteSpeeds::parse(&SPEEDS[..8])
                .unwrap()
                .descriptors
                .is_empty()
        );
        assert_eq!(
            WriteSpeeds::parse(&SPEEDS[..39]).unwrap().descriptors.len(),
            1
        );
    }

    #[test]
    fn each_malformed_length_is_named() {
        assert!(WriteSpeeds::parse(&SPEEDS[..7]).is_err());
        let mut data = SPEEDS;
        data[3] = 3;
        let error = WriteSpeeds::parse(&data).unwrap_err().to_string();
        assert_eq!(error, "write speeds: data length is 3 (0x3)");
        data[..4].fill(0xFF);
        assert_eq!(WriteSpeeds::parse(&data).unwrap().descriptors.len(), 2);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_the_same(mut data in prop::collection::vec(any::<u8>(), 8..80)) {
            data[..3].fill(0);
            data[3] |= 4;
            let speeds = WriteSpeeds::parse(&data).unwrap();
            prop_assert_eq!(WriteSpeeds::parse(&speeds.emit()), Ok(speeds));
            let nominal = Performance::parse(&data).unwrap();
            prop_assert_eq!(Performance::parse(&nominal.emit()), Ok(nominal));
        }
    }
}
