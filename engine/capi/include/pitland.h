/* Pitland: masters and burns optical discs. The engine for programs that are not Rust.
 *
 * Made from the sources of pitland-capi; not to be edited. docs/c.md has an example.
 *
 * - A call that can fail returns a pitland_status; what it gives goes to the place that a pointer names, which is null
 *   afterwards where the call failed. Every call of that kind has a last argument for a pitland_error, which may be null.
 * - What a call gives is the caller's, and is freed once by the pitland_..._free of its type, which takes null. A text that is
 *   a const char * belongs to what it was asked of, and is valid as long as that; a char * is freed by pitland_string_free.
 * - Texts are UTF-8, those of paths as the system has them. A null pointer where none may be is told by
 *   PITLAND_STATUS_BAD_ARGUMENT; any other pointer must be what the name says.
 * - Every call waits until it is done. Engines and drives may be used from several threads at once; a drive that is at work
 *   for one refuses the others by PITLAND_STATUS_DENIED. What is freed is used by no other thread.
 * - From a call-back, pitland_drive_cancel, pitland_drive_free and what only looks into an object that is there may be
 *   called; whatever waits for a drive is refused by PITLAND_STATUS_BAD_ARGUMENT.
 * - A struct that the caller makes begins with its size in bytes, so that a later library knows how much of it there is.
 *   What is zero in it is the default.
 * - Nothing is taken away or gets another meaning: a library does all that a header with its PITLAND_ABI or a smaller one
 *   says. Numbers may come to those that a call gives.
 */

#ifndef PITLAND_H
#define PITLAND_H

#include <stddef.h>
#include <stdint.h>

// All in one go, by a cue sheet.
#define PITLAND_CD_SAO 0

// Track by track: the drive puts two seconds between them, and there is no CD-TEXT.
#define PITLAND_CD_TAO 1

// Raw with P to W, 96 bytes a sector: lead-in, program and lead-out are made here.
#define PITLAND_CD_RAW 2

// The same; the drive adds what R to W are recorded with.
#define PITLAND_CD_RAW_PACKED 3

// Raw with P and Q, 16 bytes a sector: there is no CD-TEXT.
#define PITLAND_CD_RAW_PQ 4

// Two seconds of silence before each track but the first.
#define PITLAND_GAP_USUAL 0

// None: sound that was cut goes on without a sample between.
#define PITLAND_GAP_NONE 1

// As much silence as `gap_frames` says.
#define PITLAND_GAP_FRAMES 2

// CD-TEXT of the sheet, else of the sound files' tags; none where there are none.
#define PITLAND_CD_TEXT_AUTO 0

// No CD-TEXT.
#define PITLAND_CD_TEXT_NONE 1

// CD-TEXT of the file of packs that `cd_text_file` names.
#define PITLAND_CD_TEXT_FILE 2

// Sound is as loud as in its files.
#define PITLAND_LEVEL_AS_IS 0

// The album's greatest sample is brought to full scale.
#define PITLAND_LEVEL_PEAK 1

// The album is brought to -18 LUFS, its greatest sample to 1 dB below full scale at most.
#define PITLAND_LEVEL_LOUDNESS 2

// What makes a disc look used is taken away.
#define PITLAND_ERASE_QUICK 0

// The whole surface: takes as long as writing it.
#define PITLAND_ERASE_FULL 1

// The last session alone (CD-RW).
#define PITLAND_ERASE_LAST_SESSION 2

// As the writer thinks best for the disc.
#define PITLAND_FORMAT_AS_USUAL 0

// A format of the drive's list: this number and the type, as READ FORMAT CAPACITIES numbers it from 0 to 63.
#define PITLAND_FORMAT_TYPE 256

// The surface is gone over as the writer thinks best for the disc.
#define PITLAND_CERTIFY_AS_USUAL 0

// It is not gone over.
#define PITLAND_CERTIFY_NONE 1

// A part of it (BD-RE); on DVD-RW and DVD-RAM the quick format.
#define PITLAND_CERTIFY_QUICK 2

// All of it: takes as long as writing the whole disc, or twice that.
#define PITLAND_CERTIFY_FULL 3

// The spare area is as large as usual.
#define PITLAND_SPARE_AS_USUAL 0

// The spare area has `spare_bytes`, which may be 0.
#define PITLAND_SPARE_BYTES 1

// The version of this interface: what a program compares pitland_abi_version() with.
#define PITLAND_ABI 2

// What pitland_engine_open makes of a virtual disc whose file is missing: an error.
#define PITLAND_OPEN_EXISTING 0

// What pitland_engine_open makes of a virtual disc whose file is missing: a blank BD-R.
#define PITLAND_OPEN_CREATE 1

// For looking alone: nothing is written, and others may read a virtual disc at the same time.
#define PITLAND_OPEN_READ_ONLY 2

// What a number is that is not known.
#define PITLAND_UNKNOWN INT64_MIN

// Only onto a blank disc.
#define PITLAND_PLACE_BLANK 0

// From the disc's first block, in the place of what is there.
#define PITLAND_PLACE_OVERWRITE 1

// As a further session behind the earlier ones.
#define PITLAND_PLACE_NEW_SESSION 2

// The session is closed, the disc takes further ones.
#define PITLAND_FINISH_SESSION 0

// The disc is final.
#define PITLAND_FINISH_DISC 1

// Every block is read back.
#define PITLAND_VERIFY_FULL 0

// Both ends and a sample are read back.
#define PITLAND_VERIFY_QUICK 1

// Nothing is read back but what proves that something was recorded.
#define PITLAND_VERIFY_NONE 2

// For real.
#define PITLAND_SIMULATE_NO 0

// With the drive in its test mode; refused where the disc has none.
#define PITLAND_SIMULATE_TEST_WRITE 1

// Up to the first command that would change the disc.
#define PITLAND_SIMULATE_HOST 2

// How a call ended. Further numbers may come: what is not known is a failure.
enum pitland_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // As asked.
  PITLAND_STATUS_OK = 0,
  // A pointer is null that must not be, a text is no UTF-8, a number means nothing here, or a call was made from a
  // call-back.
  PITLAND_STATUS_BAD_ARGUMENT = 1,
  // The library itself is at fault.
  PITLAND_STATUS_INTERNAL = 2,
  // The text names no drive.
  PITLAND_STATUS_BAD_ADDRESS = 3,
  // The drive cannot be opened, or is open already.
  PITLAND_STATUS_NOT_OPENED = 4,
  // Somebody else has the drive, or it is at work.
  PITLAND_STATUS_DENIED = 5,
  // What was asked cannot be done with this disc in this drive; the disc is untouched.
  PITLAND_STATUS_REFUSED = 6,
  // The source cannot be read, or cannot become a volume; the disc is untouched.
  PITLAND_STATUS_SOURCE = 7,
  // The drive does not answer, or answers with an error; the disc is untouched.
  PITLAND_STATUS_DRIVE = 8,
  // A job was begun and did not come to its end: the error says what the disc is now.
  PITLAND_STATUS_FAILED = 9,
  // Cancelled: the error says what the disc is now.
  PITLAND_STATUS_CANCELLED = 10,
  // The disc does not hold what it was compared with.
  PITLAND_STATUS_DIFFERENT = 11,
  // There was nothing to be cancelled.
  PITLAND_STATUS_NOTHING_RUNNING = 12,
  // The machine has something not: a list of its drives, a thread, a runtime.
  PITLAND_STATUS_SYSTEM = 13,
  // A file of this machine cannot be written. Since PITLAND_ABI 2.
  PITLAND_STATUS_OUTPUT = 14,
  // Blocks of the disc could not be read; the others are there. Since PITLAND_ABI 2.
  PITLAND_STATUS_INCOMPLETE = 15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pitland_status pitland_status;
#else
typedef uint32_t pitland_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Where a job stands. A job leaves out what it does not need. Further numbers may come.
enum pitland_phase
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Waiting for its turn.
  PITLAND_PHASE_WAITING = 0,
  // Reading what drive and disc are.
  PITLAND_PHASE_IDENTIFYING = 1,
  // Settings and calibration.
  PITLAND_PHASE_PREPARING = 2,
  // Formatting or blanking: the disc is changed from here on.
  PITLAND_PHASE_FORMATTING = 3,
  // Writing blocks.
  PITLAND_PHASE_WRITING = 4,
  // Closing track, session and disc.
  PITLAND_PHASE_CLOSING = 5,
  // Looking whether the disc shows what was done.
  PITLAND_PHASE_PROVING = 6,
  // Reading back.
  PITLAND_PHASE_VERIFYING = 7,
  // Ended, well or not.
  PITLAND_PHASE_ENDED = 8,
  // Reading a disc into a file. Since PITLAND_ABI 2.
  PITLAND_PHASE_READING = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pitland_phase pitland_phase;
#else
typedef uint32_t pitland_phase;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What a disc is after a job.
enum pitland_medium
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // As it was before.
  PITLAND_MEDIUM_UNTOUCHED = 0,
  // Changed, readable, and open to more data.
  PITLAND_MEDIUM_APPENDABLE = 1,
  // Changed, readable, and final.
  PITLAND_MEDIUM_CLOSED = 2,
  // Changed, and its last session is incomplete or unreadable.
  PITLAND_MEDIUM_DAMAGED = 3,
  // The drive no longer tells.
  PITLAND_MEDIUM_UNKNOWN = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pitland_medium pitland_medium;
#else
typedef uint32_t pitland_medium;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What can be done with a disc.
enum pitland_condition
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // The drive did not tell enough.
  PITLAND_CONDITION_UNKNOWN = 0,
  // There is no disc.
  PITLAND_CONDITION_NO_DISC = 1,
  // There is a disc, and the drive cannot make out what it is.
  PITLAND_CONDITION_UNRECOGNIZED = 2,
  // It holds nothing.
  PITLAND_CONDITION_BLANK = 3,
  // It takes a further session.
  PITLAND_CONDITION_APPENDABLE = 4,
  // Its last session was begun and not closed.
  PITLAND_CONDITION_OPEN_SESSION = 5,
  // A recording was announced and not begun; forgotten when the disc is ejected.
  PITLAND_CONDITION_ANNOUNCED = 6,
  // It is final, full, or read-only.
  PITLAND_CONDITION_CLOSED = 7,
  // It can be overwritten.
  PITLAND_CONDITION_FORMATTED = 8,
  // It must be formatted before anything else.
  PITLAND_CONDITION_UNFORMATTED = 9,
  // Its last track is damaged, and can only be closed.
  PITLAND_CONDITION_DAMAGED = 10,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pitland_condition pitland_condition;
#else
typedef uint32_t pitland_condition;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What is in a track. Since PITLAND_ABI 2.
enum pitland_track_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // There is no such track, or nothing is in it yet.
  PITLAND_TRACK_KIND_NONE = 0,
  // Data.
  PITLAND_TRACK_KIND_DATA = 1,
  // Sound.
  PITLAND_TRACK_KIND_SOUND = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pitland_track_kind pitland_track_kind;
#else
typedef uint32_t pitland_track_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What became of the data of a job.
enum pitland_outcome
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  // Nothing was recorded.
  PITLAND_OUTCOME_NOTHING_WRITTEN = 0,
  // There were no data; the disc was formatted, erased or closed as asked.
  PITLAND_OUTCOME_MEDIUM_CHANGED = 1,
  // Recorded, closed as asked, read back as a whole and equal.
  PITLAND_OUTCOME_VERIFIED = 2,
  // Recorded and closed as asked; not read back, or only in part.
  PITLAND_OUTCOME_UNVERIFIED = 3,
  // Readable as far as it goes; not complete, or not closed.
  PITLAND_OUTCOME_READABLE_OPEN = 4,
  // The disc waits for the rest.
  PITLAND_OUTCOME_RESUMABLE = 5,
  // What is on the disc cannot be relied on.
  PITLAND_OUTCOME_LOST = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pitland_outcome pitland_outcome;
#else
typedef uint32_t pitland_outcome;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// A drive.
typedef struct pitland_drive pitland_drive;

// The drives of the machine, as they were when they were looked for.
typedef struct pitland_drive_list pitland_drive_list;

// Writers and drives.
typedef struct pitland_engine pitland_engine;

// Why a call failed.
typedef struct pitland_error pitland_error;

// What a drive and its disc are.
typedef struct pitland_facts pitland_facts;

// What became of a job.
typedef struct pitland_report pitland_report;

// How a CD of sound is made. Zeros, but for the size, are the defaults: in one go, two seconds between the tracks, texts of
// the files. Since PITLAND_ABI 2.
typedef struct pitland_audio_options {
  // Bytes of this struct, as the caller has it: sizeof(pitland_audio_options).
  size_t size;
  // The file of packs, 18 bytes each, with PITLAND_CD_TEXT_FILE; else null.
  const char *cd_text_file;
  // One of PITLAND_CD_...
  uint32_t mode;
  // One of PITLAND_GAP_...
  uint32_t gap;
  // Frames of 1/75 second, at most 22500, with PITLAND_GAP_FRAMES; else 0.
  uint32_t gap_frames;
  // One of PITLAND_CD_TEXT_...
  uint32_t cd_text;
  // One of PITLAND_LEVEL_...
  uint32_t level;
  // 1: tracks shorter than four seconds are filled up with silence. 0: they are refused.
  uint32_t pad;
  // 1: the disc is filled beyond what it says it holds; what lies behind may not be readable.
  uint32_t overburn;
  // Sound is recorded so many samples later than its place, -5880 to 5880, for a drive that writes it beside.
  int32_t write_offset;
} pitland_audio_options;

// How far a job is.
typedef struct pitland_progress {
  // Bytes of this struct, as the library has it.
  size_t size;
  // Where the job stands.
  pitland_phase phase;
  // Whether the disc has been changed: 0 or 1.
  uint32_t committed;
  // Blocks done in this phase.
  uint64_t done;
  // Blocks to do in this phase; 0 where it has no such count.
  uint64_t total;
  // Bytes of a block; 0 before that is known.
  uint64_t block_bytes;
  // Bytes per second over the last seconds.
  uint64_t bytes_per_second;
  // Milliseconds since the job started.
  uint64_t elapsed_ms;
  // Milliseconds that are left in this phase, or PITLAND_UNKNOWN.
  int64_t remaining_ms;
} pitland_progress;

// Is told how far a job is, on the thread that began it: at each phase, and a few times a second. What it answers counts:
// anything but 0 asks for an early end. It must return: it may not throw an exception, nor jump out.
typedef int32_t (*pitland_progress_fn)(const struct pitland_progress *progress, void *user);

// How a burn is wished. Zeros, but for the size, are the defaults: onto a blank disc, at full speed, session closed, disc
// left appendable, everything read back.
typedef struct pitland_burn_options {
  // Bytes of this struct, as the caller has it: sizeof(pitland_burn_options).
  size_t size;
  // The volume's name; null: "PITLAND". Of a tree only.
  const char *label;
  // Who holds the drive meanwhile, as others are told; null: "a C program".
  const char *client;
  // Is told how far the job is; may be null.
  pitland_progress_fn progress;
  // What the call-back is given.
  void *user;
  // At most so many kB/s (1000 bytes); 0: as fast as the drive offers.
  uint32_t speed;
  // One of PITLAND_PLACE_...
  uint32_t placement;
  // One of PITLAND_FINISH_...
  uint32_t finish;
  // One of PITLAND_VERIFY_...
  uint32_t verify;
  // One of PITLAND_SIMULATE_...
  uint32_t simulate;
  // 0.
  uint32_t reserved;
} pitland_burn_options;

// How a job without data is wished. Zeros, but for the size, are the defaults. Since PITLAND_ABI 2.
typedef struct pitland_job_options {
  // Bytes of this struct, as the caller has it: sizeof(pitland_job_options).
  size_t size;
  // Who holds the drive meanwhile, as others are told; null: "a C program".
  const char *client;
  // Is told how far the job is; may be null.
  pitland_progress_fn progress;
  // What the call-back is given.
  void *user;
} pitland_job_options;

// How a disc is formatted. Zeros, but for the size, are the defaults: the writer's choice. Since PITLAND_ABI 2.
typedef struct pitland_format_options {
  // Bytes of this struct, as the caller has it: sizeof(pitland_format_options).
  size_t size;
  // PITLAND_FORMAT_AS_USUAL, or PITLAND_FORMAT_TYPE and a type.
  uint32_t kind;
  // One of PITLAND_CERTIFY_...
  uint32_t certify;
  // One of PITLAND_SPARE_...
  uint32_t spare;
  // 0.
  uint32_t reserved;
  // Bytes of spare area, with PITLAND_SPARE_BYTES.
  uint64_t spare_bytes;
} pitland_format_options;

// How a session goes on with an earlier one. Zeros, but for the size, are the defaults. Since PITLAND_ABI 2.
typedef struct pitland_append_options {
  // Bytes of this struct, as the caller has it: sizeof(pitland_append_options).
  size_t size;
  // Files and folders that the new session is not to have, a folder with all that it holds; may be null.
  const char *const *remove;
  // How many these are.
  size_t remove_count;
  // The session that is gone on with, from 1; 0: the last that is closed.
  uint32_t session;
  // 1: a source takes the place of what has its name. 0: that is refused.
  uint32_t replace;
} pitland_append_options;

// What is read. Zeros, but for the size, are the defaults: all of the disc. Since PITLAND_ABI 2.
typedef struct pitland_read_options {
  // Bytes of this struct, as the caller has it: sizeof(pitland_read_options).
  size_t size;
  // Is told how far the reading is; may be null.
  pitland_progress_fn progress;
  // What the call-back is given.
  void *user;
  // This track alone, by its number; 0: all from block 0 to the end.
  uint32_t track;
  // 1: blocks that cannot be read come as zeros. 0: the first of them ends the reading.
  uint32_t skip_errors;
} pitland_read_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Burns sound files, each a track, in this order: WAVE, AIFF, FLAC, MP3, Ogg Vorbis, AAC. What has not the samples of a CD is
// converted; all files are decoded once before the disc is touched. `audio` and `options` may be null; of these `label` and
// `placement` are left 0. `report` as with pitland_drive_burn_tree. Since PITLAND_ABI 2.
pitland_status pitland_drive_burn_audio(const struct pitland_drive *drive,
                                        const char *const *tracks,
                                        size_t count,
                                        const struct pitland_audio_options *audio,
                                        const struct pitland_burn_options *options,
                                        struct pitland_report **report,
                                        struct pitland_error **error);

// Burns the CD that a file describes: a cue sheet, a table of contents of cdrdao (.toc) or a control file of CloneCD (.ccd),
// with the files that it names beside it. What lies between its tracks it says itself: `gap` and `gap_frames` of `audio` are
// left 0. Otherwise as pitland_drive_burn_audio. Since PITLAND_ABI 2.
pitland_status pitland_drive_burn_sheet(const struct pitland_drive *drive,
                                        const char *path,
                                        const struct pitland_audio_options *audio,
                                        const struct pitland_burn_options *options,
                                        struct pitland_report **report,
                                        struct pitland_error **error);

// Leaves a rewritable disc empty. `how` is one of PITLAND_ERASE_... `options` may be null. `report` may be null; it is given
// where a job was begun, also where that failed. Since PITLAND_ABI 2.
pitland_status pitland_drive_erase(const struct pitland_drive *drive,
                                   uint32_t how,
                                   const struct pitland_job_options *options,
                                   struct pitland_report **report,
                                   struct pitland_error **error);

// Formats a disc. `format` and `options` may be null; `report` as with pitland_drive_erase. Since PITLAND_ABI 2.
pitland_status pitland_drive_format(const struct pitland_drive *drive,
                                    const struct pitland_format_options *format,
                                    const struct pitland_job_options *options,
                                    struct pitland_report **report,
                                    struct pitland_error **error);

// Closes what an earlier burn left open. `finish` is one of PITLAND_FINISH_...: with PITLAND_FINISH_DISC the disc takes
// nothing more afterwards. `options` may be null; `report` as with pitland_drive_erase. Since PITLAND_ABI 2.
pitland_status pitland_drive_close(const struct pitland_drive *drive,
                                   uint32_t finish,
                                   const struct pitland_job_options *options,
                                   struct pitland_report **report,
                                   struct pitland_error **error);

// The address by which a drive was opened. Null without a drive.
const char *pitland_drive_address(const struct pitland_drive *drive);

// Asks what the drive and the disc in it are. Refused while the drive is at work.
pitland_status pitland_drive_facts(const struct pitland_drive *drive,
                                   struct pitland_facts **facts,
                                   struct pitland_error **error);

// Opens the tray. Refused while somebody holds the drive.
pitland_status pitland_drive_eject(const struct pitland_drive *drive, struct pitland_error **error);

// Closes the tray and waits for the disc. Refused while somebody holds the drive.
pitland_status pitland_drive_load(const struct pitland_drive *drive, struct pitland_error **error);

// Asks for an early end of what runs by this drive, a job or a reading, from any thread and from its call-back. What is open
// on the disc is closed first; the call that began it tells what the disc became. PITLAND_STATUS_NOTHING_RUNNING: there is
// none, or it has not got the drive yet. A drive that was cancelled takes further calls.
pitland_status pitland_drive_cancel(const struct pitland_drive *drive);

// Frees a drive, also from its call-back. It is closed when what it does has come to its end.
void pitland_drive_free(struct pitland_drive *drive);

// The version of the library, as "0.1.0".
const char *pitland_version(void);

// The version of the interface that the library has. It can do all that a header with the same or a smaller PITLAND_ABI
// says.
uint32_t pitland_abi_version(void);

// Frees a text that was given as a char *.
void pitland_string_free(char *text);

// Makes an engine with the writers of the library.
pitland_status pitland_engine_new(struct pitland_engine **engine, struct pitland_error **error);

// Ends an engine: jobs that run are cancelled and led to a safe end, which is waited for. Drives that are not freed yet
// refuse everything afterwards. From a call-back it waits for nothing and cancels nothing: the drives go on until they are
// freed.
void pitland_engine_free(struct pitland_engine *engine);

// Looks for the drives of the machine. None is opened.
pitland_status pitland_engine_find_drives(const struct pitland_engine *engine,
                                          struct pitland_drive_list **list,
                                          struct pitland_error **error);

// The number of drives in a list.
size_t pitland_drive_list_count(const struct pitland_drive_list *list);

// The address of a drive in a list, as pitland_engine_open takes it. Null where there is no such drive.
const char *pitland_drive_list_address(const struct pitland_drive_list *list, size_t index);

// Vendor, product and revision of a drive in a list. Null where there is no such drive.
const char *pitland_drive_list_name(const struct pitland_drive_list *list, size_t index);

// Frees a list, and its texts with it.
void pitland_drive_list_free(struct pitland_drive_list *list);

// Opens a drive: /dev/sr0, iscsi://HOST/TARGET/LUN, or virtual:FILE. `mode` is one of PITLAND_OPEN_...
pitland_status pitland_engine_open(const struct pitland_engine *engine,
                                   const char *address,
                                   uint32_t mode,
                                   struct pitland_drive **drive,
                                   struct pitland_error **error);

// How the call ended that gave this error; PITLAND_STATUS_OK without an error.
pitland_status pitland_error_status(const struct pitland_error *error);

// What went wrong, in a sentence. Null without an error.
const char *pitland_error_text(const struct pitland_error *error);

// What to do now, in a sentence. Null without an error.
const char *pitland_error_advice(const struct pitland_error *error);

// A name of the condition that stays the same in later versions, finer than the status. Null without an error.
const char *pitland_error_name(const struct pitland_error *error);

// What the disc is now; PITLAND_MEDIUM_UNTOUCHED without an error.
pitland_medium pitland_error_medium(const struct pitland_error *error);

// The HRESULT that Windows' Image Mastering API has for the condition; 0 where it has none.
uint32_t pitland_error_imapi_code(const struct pitland_error *error);

// Frees an error, and its texts with it.
void pitland_error_free(struct pitland_error *error);

// The drive's vendor, at most 8 characters.
const char *pitland_facts_vendor(const struct pitland_facts *facts);

// The drive's product name, at most 16 characters.
const char *pitland_facts_product(const struct pitland_facts *facts);

// The revision of the drive's firmware, at most 4 characters.
const char *pitland_facts_revision(const struct pitland_facts *facts);

// What kind of disc it is, as "BD-R SRM"; "no medium" without one.
const char *pitland_facts_medium(const struct pitland_facts *facts);

// The same as the number of its MMC profile; 0 without a disc.
uint32_t pitland_facts_profile(const struct pitland_facts *facts);

// What can be done with the disc.
pitland_condition pitland_facts_condition(const struct pitland_facts *facts);

// Blocks that the disc has in all, or PITLAND_UNKNOWN.
int64_t pitland_facts_capacity(const struct pitland_facts *facts);

// Blocks that are free, or PITLAND_UNKNOWN.
int64_t pitland_facts_free_blocks(const struct pitland_facts *facts);

// The block that would be written next, or PITLAND_UNKNOWN.
int64_t pitland_facts_next_writable(const struct pitland_facts *facts);

// Sessions that are closed, or PITLAND_UNKNOWN: the disc has no sessions, as one that is overwritten, or the drive does not
// tell. Since PITLAND_ABI 2.
int64_t pitland_facts_sessions(const struct pitland_facts *facts);

// The first block of a closed session, counted from 1, or PITLAND_UNKNOWN. Since PITLAND_ABI 2.
int64_t pitland_facts_session_start(const struct pitland_facts *facts, uint32_t session);

// Where a reader looks for the volume: the first block of the last session that is closed, 0 on a disc that has no sessions,
// or PITLAND_UNKNOWN. Since PITLAND_ABI 2.
int64_t pitland_facts_last_session_start(const struct pitland_facts *facts);

// The number of tracks that the drive described, an open one included. Since PITLAND_ABI 2.
size_t pitland_facts_track_count(const struct pitland_facts *facts);

// The number of the track at an index from 0; 0 where there is none. Since PITLAND_ABI 2.
uint32_t pitland_facts_track_number(const struct pitland_facts *facts, size_t index);

// The session of that track; 0 where there is none. Since PITLAND_ABI 2.
uint32_t pitland_facts_track_session(const struct pitland_facts *facts, size_t index);

// The first block of that track, or PITLAND_UNKNOWN. Since PITLAND_ABI 2.
int64_t pitland_facts_track_start(const struct pitland_facts *facts, size_t index);

// The blocks of that track, what is free in an open one included, or PITLAND_UNKNOWN. Since PITLAND_ABI 2.
int64_t pitland_facts_track_blocks(const struct pitland_facts *facts, size_t index);

// What is in that track. Since PITLAND_ABI 2.
pitland_track_kind pitland_facts_track_kind(const struct pitland_facts *facts, size_t index);

// The number of speeds at which the drive says that it writes this disc. Since PITLAND_ABI 2.
size_t pitland_facts_write_speed_count(const struct pitland_facts *facts);

// One of these in kB/s (1000 bytes), in the drive's order; 0 where there is no such speed. Since PITLAND_ABI 2.
uint32_t pitland_facts_write_speed(const struct pitland_facts *facts, size_t index);

// Frees facts, and their texts with them.
void pitland_facts_free(struct pitland_facts *facts);

// Burns folders and files as a new volume: of one folder what it holds, of several each under its own name. `options` may be
// null. `report` may be null; it is given where a job was begun, also where that failed.
pitland_status pitland_drive_burn_tree(const struct pitland_drive *drive,
                                       const char *const *paths,
                                       size_t count,
                                       const struct pitland_burn_options *options,
                                       struct pitland_report **report,
                                       struct pitland_error **error);

// Adds a session in which files and folders come to what an earlier session holds: that one's files stay where they are on
// the disc, and its names are in the new volume, too. Without a label it keeps its name. `placement` of the options is left
// 0: behind the earlier sessions, or in the volume that grows where a disc has no sessions. There may be no path where
// something is removed. `how` and `options` may be null; `report` as with pitland_drive_burn_tree.
pitland_status pitland_drive_append_tree(const struct pitland_drive *drive,
                                         const char *const *paths,
                                         size_t count,
                                         const struct pitland_append_options *how,
                                         const struct pitland_burn_options *options,
                                         struct pitland_report **report,
                                         struct pitland_error **error);

// Burns a file that is an image already (.iso, or a .cue of one track of data; for other sheets there is
// pitland_drive_burn_sheet). `options` and `report` as with pitland_drive_burn_tree.
pitland_status pitland_drive_burn_image(const struct pitland_drive *drive,
                                        const char *path,
                                        const struct pitland_burn_options *options,
                                        struct pitland_report **report,
                                        struct pitland_error **error);

// What pitland_drive_burn_tree would do, as a text for people: sizes, addresses, commands. Nothing that changes the drive or
// the disc is sent. The text is freed by pitland_string_free.
pitland_status pitland_drive_plan_tree(const struct pitland_drive *drive,
                                       const char *const *paths,
                                       size_t count,
                                       const struct pitland_burn_options *options,
                                       char **text,
                                       struct pitland_error **error);

// A lower-case name of a phase that stays the same in later versions.
const char *pitland_phase_name(uint32_t phase);

// Reads the disc, or one track, into a file: blocks of 2048 bytes as a reader sees them, those that hold nothing as zeros.
// The file appears when it is whole, in the place of what has its name. The number of blocks that could not be read goes to
// `unreadable`, which may be null; with `skip_errors` the file is there all the same, and the status is
// PITLAND_STATUS_INCOMPLETE. `options` may be null. Since PITLAND_ABI 2.
pitland_status pitland_drive_read(const struct pitland_drive *drive,
                                  const char *path,
                                  const struct pitland_read_options *options,
                                  uint64_t *unreadable,
                                  struct pitland_error **error);

// What became of the data.
pitland_outcome pitland_report_outcome(const struct pitland_report *report);

// What the disc is now.
pitland_medium pitland_report_medium(const struct pitland_report *report);

// The writer that led the job. Null without a report.
const char *pitland_report_writer(const struct pitland_report *report);

// The first block of the image on the disc.
int64_t pitland_report_first_lba(const struct pitland_report *report);

// Blocks that the drive took, padding included.
uint64_t pitland_report_blocks_written(const struct pitland_report *report);

// Bytes of the image.
uint64_t pitland_report_image_bytes(const struct pitland_report *report);

// Milliseconds that the job took.
uint64_t pitland_report_elapsed_ms(const struct pitland_report *report);

// The number of things that the volume, or the CD, could not hold as they are in the source.
size_t pitland_report_warning_count(const struct pitland_report *report);

// One of these, in a sentence. Null where there is no such warning.
const char *pitland_report_warning(const struct pitland_report *report, size_t index);

// Frees a report, and its texts with it.
void pitland_report_free(struct pitland_report *report);

// Reads back what a burn wrote, by its report, here or in another drive: all of it, or what `verify` of the options says.
// PITLAND_STATUS_DIFFERENT: something else is there, or cannot be read.
pitland_status pitland_drive_verify(const struct pitland_drive *drive,
                                    const struct pitland_report *written,
                                    const struct pitland_burn_options *options,
                                    struct pitland_error **error);

// Compares the disc's last session with the folders and files that it came from: names, attributes, every byte. The number
// of differences goes to `differences`, which may be null. PITLAND_STATUS_DIFFERENT: there are some, and the error names
// the first.
pitland_status pitland_drive_verify_tree(const struct pitland_drive *drive,
                                         const char *const *paths,
                                         size_t count,
                                         uint64_t *differences,
                                         struct pitland_error **error);

// Makes a virtual disc in a new file, as it is sold under a name such as "cd-r", "cd-rw", "dvd+rw" or "bd-re"; an error names
// all of them. A drive with it is opened as "virtual:" and the path. `blocks` of 2048 bytes are its capacity; 0: the usual
// one. The file takes next to no room until it is written to. Since PITLAND_ABI 2.
pitland_status pitland_virtual_disc_create(const char *path,
                                           const char *name,
                                           uint32_t blocks,
                                           struct pitland_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PITLAND_H */
