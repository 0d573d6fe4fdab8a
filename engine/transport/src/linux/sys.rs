//! The calls of the C library that have no safe form: SG_IO and one more
//! ioctl, a signal mask, umount2. Nowhere else in this crate is `unsafe`.
//!
//! Owns the layout of `sg_io_hdr` (kernel header `scsi/sg.h`, version 3) and
//! the soundness of its pointers. Must not know what an answer means.
//!
//! They go through the C library, not straight to the kernel, so that tools
//! which trace or replace its functions see every command.

#![allow(
    unsafe_code,
    reason = "the system calls below take pointers; each block says why they are valid"
)]

use super::sg_io::{Answer, SENSE_BYTES};
use crate::Data;
use std::ffi::{CStr, c_int, c_uchar, c_uint, c_ushort, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// `SG_IO` of `scsi/sg.h`.
const SG_IO: libc::Ioctl = 0x2285;
/// `BLKSECTGET` of `linux/fs.h`; of an sg node it tells bytes.
const BLKSECTGET: libc::Ioctl = 0x1267;

/// `SG_DXFER_*` of `scsi/sg.h`.
mod direction {
    use std::ffi::c_int;

    pub(super) const NONE: c_int = -1;
    pub(super) const TO_DEVICE: c_int = -2;
    pub(super) const FROM_DEVICE: c_int = -3;
}

/// `struct sg_io_hdr`.
#[repr(C)]
struct Header {
    interface_id: c_int,
    dxfer_direction: c_int,
    cmd_len: c_uchar,
    mx_sb_len: c_uchar,
    iovec_count: c_ushort,
    dxfer_len: c_uint,
    dxferp: *mut c_void,
    cmdp: *mut c_uchar,
    sbp: *mut c_uchar,
    timeout: c_uint,
    flags: c_uint,
    pack_id: c_int,
    usr_ptr: *mut c_void,
    status: c_uchar,
    masked_status: c_uchar,
    msg_status: c_uchar,
    sb_len_wr: c_uchar,
    host_status: c_ushort,
    driver_status: c_ushort,
    resid: c_int,
    duration: c_uint,
    info: c_uint,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Header>() == 88);
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Header>() == 64);

/// Sends one command and waits for its end, for as long as the kernel takes.
///
/// `command` is 6 to 16 bytes, the kernel refuses others. The data travel
/// from or to the caller's own pages where the node allows it.
pub(super) fn sg_io(
    node: BorrowedFd<'_>,
    command: &[u8],
    data: &mut Data<'_>,
    timeout_ms: u32,
) -> io::Result<Answer> {
    let mut sense = [0u8; SENSE_BYTES];
    let (dxfer_direction, dxferp, bytes) = match data {
        Data::None => (direction::NONE, std::ptr::null_mut(), 0),
        Data::In(buffer) => (
            direction::FROM_DEVICE,
            buffer.as_mut_ptr().cast::<c_void>(),
            buffer.len(),
        ),
        // The kernel only reads through this pointer: the direction says so.
        Data::Out(bytes) | Data::Blocks { bytes, .. } => (
            direction::TO_DEVICE,
            bytes.as_ptr().cast_mut().cast::<c_void>(),
            bytes.len(),
        ),
    };
    let too_long = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let mut header = Header {
        interface_id: c_int::from(b'S'),
        dxfer_direction: if bytes == 0 {
            direction::NONE
        } else {
            dxfer_direction
        },
        cmd_len: command.len().try_into().map_err(too_long)?,
        mx_sb_len: SENSE_BYTES as u8,
        iovec_count: 0,
        dxfer_len: bytes.try_into().map_err(too_long)?,
        dxferp,
        cmdp: command.as_ptr().cast_mut(),
        sbp: sense.as_mut_ptr(),
        timeout: timeout_ms,
        flags: 0,
        pack_id: 0,
        usr_ptr: std::ptr::null_mut(),
        status: 0,
        masked_status: 0,
        msg_status: 0,
        sb_len_wr: 0,
        host_status: 0,
        driver_status: 0,
        resid: 0,
        duration: 0,
        info: 0,
    };
    // SAFETY: the header has the kernel's layout; command, data and sense are borrowed for the whole call,
    // their lengths stand beside them, and only data that are ours to change are given as from the device.
    let result = unsafe { libc::ioctl(node.as_raw_fd(), SG_IO, &raw mut header) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Answer {
        status: header.status,
        host: header.host_status,
        driver: header.driver_status,
        residual: header.resid,
        sense,
        sense_len: header.sb_len_wr,
    })
}

/// The most bytes that an sg node carries at a time, as it says.
pub(super) fn generic_transfer_bytes(node: BorrowedFd<'_>) -> io::Result<usize> {
    let mut bytes: c_int = 0;
    // SAFETY: on an sg node the call writes one int, and one is lent to it.
    let result = unsafe { libc::ioctl(node.as_raw_fd(), BLKSECTGET, &raw mut bytes) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    usize::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

/// Keeps signals from this thread while it lives.
pub(super) struct SignalsOff {
    before: libc::sigset_t,
}

impl SignalsOff {
    /// From here to the drop no handler runs on this thread; SIGKILL ends the
    /// process all the same.
    pub(super) fn new() -> io::Result<Self> {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigfillset fills in the set it is given, and the mask call reads that one and fills in
        // the other; neither keeps a pointer.
        let error = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr())
        };
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        // SAFETY: the mask call succeeded, so it has filled the set in.
        let before = unsafe { before.assume_init() };
        Ok(Self { before })
    }
}

impl Drop for SignalsOff {
    fn drop(&mut self) {
        // SAFETY: the set was filled in by the same call; the old mask is not asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut()) };
    }
}

/// Unmounts what is mounted at `path` itself (a symbolic link is not
/// followed); neither by force nor lazily.
pub(super) fn unmount(path: &CStr) -> io::Result<()> {
    // SAFETY: the path is a string with its zero, borrowed for the call.
    match unsafe { libc::umount2(path.as_ptr(), libc::UMOUNT_NOFOLLOW) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::fd::AsFd;

    #[test]
    fn a_file_that_is_no_scsi_device_refuses_the_ioctl() {
        let file = File::open("/dev/null").unwrap();
        let refused = sg_io(file.as_fd(), &[0; 6], &mut Data::None, 1000).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::ENOTTY));
        assert!(generic_transfer_bytes(file.as_fd()).is_err());
    }

    #[test]
    fn signals_come_back_as_they_were() {
        fn is_blocked(signal: c_int) -> bool {
            let mut now = MaybeUninit::<libc::sigset_t>::uninit();
            // SAFETY: without a new set the call only fills in the old one.
            unsafe {
                libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), now.as_mut_ptr());
                libc::sigismember(now.as_ptr(), signal) == 1
            }
        }
        assert!(!is_blocked(libc::SIGUSR1));
        let off = SignalsOff::new().unwrap();
        assert!(is_blocked(libc::SIGUSR1));
        drop(off);
        assert!(!is_blocked(libc::SIGUSR1));
    }

    #[test]
    fn what_is_not_mounted_cannot_be_unmounted() {
        assert!(unmount(c"/dev/null").is_err());
    }
}
