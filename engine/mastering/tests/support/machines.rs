//! Machines that start from an image, and the tiny programs that they start: each says a line on the first serial port.
#![allow(dead_code, unreachable_pub)] // each test file uses its own part

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::tool;

/// Code for 16 and for 64 bits that writes a line and halts: for each character `mov al, c` and `out dx, al`; at last
/// `cli`, `hlt` and a jump back.
fn out_line(line: &str) -> Vec<u8> {
    let mut code = Vec::new();
    for byte in line.bytes().chain(*b"\r\n") {
        code.extend([0xb0, byte, 0xee]);
    }
    code.extend([0xfa, 0xf4, 0xeb, 0xfc]);
    code
}

/// A program for a BIOS: `mov dx, 3F8h`, and the line.
pub fn says(line: &str) -> Vec<u8> {
    [&[0xba, 0xf8, 0x03][..], &out_line(line)].concat()
}

/// A floppy of 1.44 MB whose boot sector says a line.
pub fn floppy(line: &str) -> Vec<u8> {
    let mut image = says(line);
    assert!(image.len() <= 510);
    image.resize(1_474_560, 0);
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    image
}

/// A hard drive of 1 MiB with one partition, whose boot record says a line.
pub fn hard_drive(line: &str) -> Vec<u8> {
    let mut image = says(line);
    assert!(image.len() <= 446);
    image.resize(1 << 20, 0);
    // Active, from sector 1 on, of type 0Eh.
    let partition = [
        0x80, 0, 2, 0, 0x0e, 0x20, 0x20, 0, 1, 0, 0, 0, 0xff, 0x07, 0, 0,
    ];
    image[446..462].copy_from_slice(&partition);
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    image
}

/// Puts numbers into a structure, each as wide as it is said.
fn put(bytes: &mut [u8], fields: &[(usize, usize, u64)]) {
    for (at, width, value) in fields {
        bytes[*at..at + width].copy_from_slice(&value.to_le_bytes()[..*width]);
    }
}

/// A program for UEFI on x86-64 (PE32+): `mov dx, 3F8h`, and the line. It asks nothing of the firmware.
pub fn efi_program(line: &str) -> Vec<u8> {
    let code = [&[0x66, 0xba, 0xf8, 0x03][..], &out_line(line)].concat();
    let code_bytes = code.len().next_multiple_of(512);
    let mut out = vec![0; 1024];
    out[..2].copy_from_slice(b"MZ");
    out[64..68].copy_from_slice(b"PE\0\0");
    put(
        &mut out,
        &[
            (60, 4, 64),     // where the PE header is
            (68, 2, 0x8664), // x86-64
            (70, 2, 1),      // one section
            (84, 2, 240),    // bytes of the optional header
            (86, 2, 0x0022), // executable, of 64 bits
        ],
    );
    let optional = 88;
    put(
        &mut out[optional..],
        &[
            (0, 2, 0x020b),
            (4, 4, code_bytes as u64),
            (16, 4, 0x1000),                     // entry
            (20, 4, 0x1000),                     // code
            (32, 4, 0x1000),                     // alignment in memory
            (36, 4, 512),                        // and in the file
            (56, 4, 0x1000 + code_bytes as u64), // in memory
            (60, 4, 1024),                       // bytes of all headers
            (68, 2, 10),                         // an application for EFI
            (108, 4, 16),
        ],
    );
    let section = optional + 240;
    out[section..section + 5].copy_from_slice(b".text");
    put(
        &mut out[section..],
        &[
            (8, 4, code_bytes as u64),
            (12, 4, 0x1000),
            (16, 4, code_bytes as u64),
            (20, 4, 1024),
            (36, 4, 0x6000_0020), // code, to be read and run
        ],
    );
    out.extend(code);
    out.resize(1024 + code_bytes, 0);
    out
}

/// A floppy of 1.44 MB with FAT12 that holds one file, `/EFI/BOOT/BOOTX64.EFI`.
pub fn fat_with_efi_program(program: &[u8]) -> Vec<u8> {
    const SECTOR: usize = 512;
    let mut out = vec![0; 2880 * SECTOR];
    out[..11].copy_from_slice(b"\xeb\xfe\x90PITLAND ");
    put(
        &mut out,
        &[
            (11, 2, 512),  // bytes of a sector
            (13, 1, 1),    // sectors of a cluster
            (14, 2, 1),    // sectors before the tables
            (16, 1, 2),    // tables
            (17, 2, 224),  // entries in the root
            (19, 2, 2880), // sectors
            (21, 1, 0xf0),
            (22, 2, 9), // sectors of a table
            (24, 2, 18),
            (26, 2, 2),
            (38, 1, 0x29),
            (510, 2, 0xaa55),
        ],
    );
    out[43..62].copy_from_slice(b"NO NAME    FAT12   ");
    // Two folders of a cluster each, and the file behind them.
    let clusters = program.len().div_ceil(SECTOR);
    let last = 3 + clusters;
    let next = |cluster: usize| match cluster {
        0 => 0xff0,
        1..=3 => 0xfff,
        _ if cluster == last => 0xfff,
        _ => cluster + 1,
    };
    let mut table = vec![0; 9 * SECTOR];
    for pair in 0..=last / 2 {
        let value = |cluster: usize| if cluster <= last { next(cluster) } else { 0 };
        let both = value(2 * pair) | value(2 * pair + 1) << 12;
        put(&mut table, &[(3 * pair, 3, both as u64)]);
    }
    out[SECTOR..][..table.len()].copy_from_slice(&table);
    out[10 * SECTOR..][..table.len()].copy_from_slice(&table);
    let root = 19 * SECTOR;
    let cluster = |number: usize| (33 + number - 2) * SECTOR;
    let mut entry = |at: usize, name: &[u8; 11], folder: bool, first: usize, bytes: usize| {
        out[at..at + 11].copy_from_slice(name);
        let attributes = if folder { 0x10 } else { 0x20 };
        let fields = [
            (11, 1, attributes),
            (24, 2, 0x21),
            (26, 2, first as u64),
            (28, 4, bytes as u64),
        ];
        put(&mut out[at..], &fields);
    };
    entry(root, b"EFI        ", true, 2, 0);
    for (folder, parent) in [(2, 0), (3, 2)] {
        entry(cluster(folder), b".          ", true, folder, 0);
        entry(cluster(folder) + 32, b"..         ", true, parent, 0);
    }
    entry(cluster(2) + 64, b"BOOT       ", true, 3, 0);
    entry(cluster(3) + 64, b"BOOTX64 EFI", false, 4, program.len());
    out[cluster(4)..][..program.len()].copy_from_slice(program);
    out
}

/// How a machine has its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    Disc,
    Stick,
}

/// What a machine starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    Bios,
    Uefi,
}

/// The files of the firmware with UEFI: its code, and its variables as they are when it is new.
fn uefi() -> Option<[PathBuf; 2]> {
    let folders = ["/usr/share/OVMF", "/usr/share/edk2/x64"];
    let names = [
        ["OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"],
        ["OVMF_CODE.fd", "OVMF_VARS.fd"],
    ];
    folders
        .iter()
        .flat_map(|folder| names.map(|pair| pair.map(|name| Path::new(folder).join(name))))
        .find(|files| files.iter().all(|file| file.is_file()))
}

/// Whether machines of this kind can be started here; says so where they cannot.
pub fn can_start(test: &str, firmware: Firmware) -> bool {
    if tool(test, "qemu-system-x86_64").is_none() {
        return false;
    }
    let there = firmware == Firmware::Bios || uefi().is_some();
    // Named as a program that is missing is.
    there || tool(test, "OVMF (package ovmf)").is_some()
}

/// Starts a machine and answers whether it says the line on its serial port before it gives up. `timeout` ends a machine
/// that finds nothing to start.
pub fn machine_says(firmware: Firmware, way: As, image: &Path, line: &str) -> bool {
    let mut command = Command::new("timeout");
    command.args(["120", "qemu-system-x86_64", "-nodefaults", "-no-reboot"]);
    command.args(["-display", "none", "-m", "256", "-serial", "stdio"]);
    // Not by KVM: some machines that are virtual themselves have one that does not run firmware.
    command.args(["-accel", "tcg"]);
    if firmware == Firmware::Uefi {
        let [code, variables] = uefi().unwrap();
        for (unit, file) in [(0, code), (1, variables)] {
            let drive = format!(
                "if=pflash,format=raw,unit={unit},snapshot=on,file={}",
                file.display()
            );
            command.args(["-drive", &drive]);
        }
    }
    let image = format!(
        "if=none,id=image,format=raw,readonly=on,file={}",
        image.display()
    );
    command.args(["-drive", &image]);
    match way {
        As::Disc => command.args(["-device", "ide-cd,drive=image,bootindex=0"]),
        As::Stick => command.args([
            "-device",
            "qemu-xhci",
            "-device",
            "usb-storage,drive=image,bootindex=0",
        ]),
    };
    let mut machine = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(machine.stdout.take().unwrap())
        .split(b'\n')
        .map_while(Result::ok)
        .any(|said| said.windows(line.len()).any(|part| part == line.as_bytes()));
    // Asked to end, it ends the machine as well.
    let id = rustix::process::Pid::from_child(&machine);
    let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    machine.wait().unwrap();
    said
}
