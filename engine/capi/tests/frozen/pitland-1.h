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
 * - Every call waits until it is done. Engines and drives may be used from several threads at once; a drive is freed when no
 *   other thread uses it. Of a call-back's thread no call may be made but pitland_drive_cancel and those that only read.
 * - A struct that the caller makes begins with its size in bytes, so that a later library knows how much of it there is.
 *   What is zero in it is the default.
 */

#ifndef PITLAND_H
#define PITLAND_H

#include <stddef.h>
#include <stdint.h>

// The version of this interface: what a program compares pitland_abi_version() with.
#define PITLAND_ABI 1

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
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pitland_status pitland_status;
#else
typedef uint32_t pitland_status;
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

// Where a job stands. A job leaves out what it does not need.
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
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum pitland_phase pitland_phase;
#else
typedef uint32_t pitland_phase;
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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

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

// Asks for an early end of the job that runs by this drive, from any thread and from its call-back. What is open on the disc
// is closed first; the call that began the job tells what the disc became. PITLAND_STATUS_NOTHING_RUNNING: there is none,
// or it has not got the drive yet.
pitland_status pitland_drive_cancel(const struct pitland_drive *drive);

// Frees a drive. It is closed when what it does has come to its end.
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
// refuse everything afterwards.
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

// Burns a file that is an image already (.iso, or a .cue of one track of data). `options` and `report` as with
// pitland_drive_burn_tree.
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

// A lower-case name of a phase that stays the same in later versions.
const char *pitland_phase_name(uint32_t phase);

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

// The number of things that the volume could not hold as they are in the source.
size_t pitland_report_warning_count(const struct pitland_report *report);

// One of these, in a sentence. Null where there is no such warning.
const char *pitland_report_warning(const struct pitland_report *report, size_t index);

// Frees a report, and its texts with it.
void pitland_report_free(struct pitland_report *report);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PITLAND_H */
