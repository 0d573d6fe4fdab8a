"""The same as burn.c, by ctypes alone: lists the drives, burns a folder, verifies it, cancels a second burn.

burn.py LIBRARY HEADER FOLDER DRIVE LARGE-FOLDER DRIVE-2
"""

import ctypes
import re
import sys
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

library, header, folder, address, large_folder, second_address = sys.argv[1:]
pitland = ctypes.CDLL(library)
header = open(header, encoding="utf-8").read()
# What the header declares is in the library, and its numbers are those of the header.
names = set(re.findall(r"\b(pitland_\w+)\(", header)) - {"pitland_progress_fn"}
assert len(names) > 40, names
for name in names:
    getattr(pitland, name)
numbers = {name: int(value) for name, value in re.findall(r"\b(PITLAND_\w+) = (\d+)", header)}
numbers |= {name: int(value) for name, value in re.findall(r"#define (PITLAND_\w+) (\d+)", header)}
for name in names:
    if name.startswith("pitland_error_") or name.startswith("pitland_facts_") or name.startswith("pitland_report_"):
        getattr(pitland, name).argtypes = [c_void_p]
for name in ["error_text", "error_advice", "error_name", "facts_medium", "report_writer"]:
    getattr(pitland, "pitland_" + name).restype = c_char_p
for name in ["facts_capacity", "facts_free_blocks", "report_first_lba"]:
    getattr(pitland, "pitland_" + name).restype = c_int64
pitland.pitland_error_imapi_code.restype = c_uint32
pitland.pitland_report_blocks_written.restype = c_uint64
pitland.pitland_drive_list_count.restype = c_size_t
pitland.pitland_drive_list_count.argtypes = [c_void_p]
for name in ["pitland_drive_free", "pitland_engine_free", "pitland_drive_list_free"]:
    getattr(pitland, name).argtypes = [c_void_p]


class Progress(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("phase", c_uint32),
        ("committed", c_uint32),
        ("done", c_uint64),
        ("total", c_uint64),
        ("block_bytes", c_uint64),
        ("bytes_per_second", c_uint64),
        ("elapsed_ms", c_uint64),
        ("remaining_ms", c_int64),
    ]


Tell = ctypes.CFUNCTYPE(c_int32, POINTER(Progress), c_void_p)


class Options(ctypes.Structure):
    """Only as far as it is needed: the rest is the default."""

    _fields_ = [("size", c_size_t), ("label", c_char_p), ("client", c_char_p), ("progress", Tell), ("user", c_void_p)]


def call(function, *arguments, expected="PITLAND_STATUS_OK"):
    error = c_void_p()
    status = function(*arguments, byref(error))
    assert status == pitland.pitland_error_status(error), status
    told = None
    if error:
        told = (
            pitland.pitland_error_name(error).decode(),
            pitland.pitland_error_text(error).decode(),
            pitland.pitland_error_advice(error).decode(),
            pitland.pitland_error_medium(error),
            pitland.pitland_error_imapi_code(error),
        )
    pitland.pitland_error_free(error)
    assert status == numbers[expected], (status, told)
    return told


def opened(engine, address):
    drive = c_void_p()
    call(pitland.pitland_engine_open, engine, address.encode(), numbers["PITLAND_OPEN_CREATE"], byref(drive))
    return drive


engine = c_void_p()
call(pitland.pitland_engine_new, byref(engine))
drives = c_void_p()
call(pitland.pitland_engine_find_drives, engine, byref(drives))
print("drives:", pitland.pitland_drive_list_count(drives))
pitland.pitland_drive_list_free(drives)

none = c_void_p()
told = call(pitland.pitland_engine_open, engine, b"nowhere", 0, byref(none), expected="PITLAND_STATUS_BAD_ADDRESS")
assert "nowhere" in told[1] and told[2] and not none, told

drive = opened(engine, address)
facts = c_void_p()
call(pitland.pitland_drive_facts, drive, byref(facts))
assert pitland.pitland_facts_condition(facts) == numbers["PITLAND_CONDITION_BLANK"]
assert 0 < pitland.pitland_facts_free_blocks(facts) <= pitland.pitland_facts_capacity(facts)
print(pitland.pitland_facts_medium(facts).decode())
pitland.pitland_facts_free(facts)

phases = []


@Tell
def watch(progress, user):
    if not phases or phases[-1] != progress.contents.phase:
        phases.append(progress.contents.phase)
    return 0


paths = (c_char_p * 1)(folder.encode())
options = Options(ctypes.sizeof(Options), b"FROM_PYTHON", b"burn.py", watch, None)
report = c_void_p()
call(pitland.pitland_drive_burn_tree, drive, paths, c_size_t(1), byref(options), byref(report))
assert pitland.pitland_report_outcome(report) == numbers["PITLAND_OUTCOME_VERIFIED"]
assert phases == sorted(phases) and numbers["PITLAND_PHASE_WRITING"] in phases, phases
call(pitland.pitland_drive_verify, drive, report, None)
different = c_uint64(99)
call(pitland.pitland_drive_verify_tree, drive, paths, c_size_t(1), byref(different))
assert different.value == 0
print("burned by", pitland.pitland_report_writer(report).decode())
pitland.pitland_report_free(report)
told = call(
    pitland.pitland_drive_burn_tree, drive, paths, c_size_t(1), None, byref(report), expected="PITLAND_STATUS_REFUSED"
)
assert told[3] == numbers["PITLAND_MEDIUM_UNTOUCHED"] and not report, told
assert (told[0], told[4]) == ("medium.not-blank", 0xC0AA0405), told
print("refused:", told[0])
pitland.pitland_drive_free(drive)


@Tell
def stop(progress, user):
    return int(progress.contents.phase == numbers["PITLAND_PHASE_WRITING"])


drive = opened(engine, second_address)
paths = (c_char_p * 1)(large_folder.encode())
options = Options(ctypes.sizeof(Options), None, None, stop, None)
told = call(
    pitland.pitland_drive_burn_tree,
    drive,
    paths,
    c_size_t(1),
    byref(options),
    byref(report),
    expected="PITLAND_STATUS_CANCELLED",
)
print("cancelled:", told[1])
pitland.pitland_report_free(report)
pitland.pitland_drive_free(drive)
pitland.pitland_engine_free(engine)
