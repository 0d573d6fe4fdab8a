/* Uses every function of the library once at least, rightly and wrongly, and frees all that it is given: what becomes of memory
 * and threads is judged from outside. Ends with 0 where all went as it should.
 *
 * whole FOLDER, which is empty; what is left in it is looked at by others. */
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pitland.h"

static int checks;

#define CHECK(holds)                                                                    \
    do {                                                                                \
        checks++;                                                                       \
        if (!(holds)) {                                                                 \
            fprintf(stderr, "line %d: %s\n", __LINE__, #holds);                         \
            exit(1);                                                                    \
        }                                                                               \
    } while (0)

/* A path in the folder, or anything else that is put together. */
static char *text(const char *form, ...) {
    static char texts[16][512];
    static unsigned last;
    char *place = texts[last++ % 16];
    va_list values;
    va_start(values, form);
    CHECK(vsnprintf(place, sizeof texts[0], form, values) < (int)sizeof texts[0]);
    va_end(values);
    return place;
}

static pitland_engine *engine;
static const char *folder;

static void must_at(int line, pitland_status status, pitland_error **error) {
    if (status != PITLAND_STATUS_OK || *error != NULL) {
        fprintf(stderr, "line %d: status %u (%s): %s; %s\n", line, (unsigned)status, pitland_error_name(*error),
                pitland_error_text(*error), pitland_error_advice(*error));
        exit(1);
    }
}

/* A call that does what it should. */
#define MUST(call)                                                                      \
    do {                                                                                \
        pitland_error *error = NULL;                                                    \
        pitland_status status = (call);                                                 \
        must_at(__LINE__, status, &error);                                              \
    } while (0)

static void fails_at(int line, pitland_status status, pitland_status wanted, const char *words, pitland_error *error) {
    if (status != wanted || pitland_error_status(error) != wanted || strstr(pitland_error_text(error), words) == NULL) {
        fprintf(stderr, "line %d: status %u, not %u (%s): %s\n", line, (unsigned)status, (unsigned)wanted, words,
                error == NULL ? "" : pitland_error_text(error));
        exit(1);
    }
    CHECK(*pitland_error_name(error) != 0 && *pitland_error_advice(error) != 0);
    (void)pitland_error_imapi_code(error);
    pitland_error_free(error);
}

/* A call that is told to fail, with this in its text. */
#define FAILS(call, wanted, words)                                                      \
    do {                                                                                \
        pitland_error *error = NULL;                                                    \
        pitland_status status = (call);                                                 \
        fails_at(__LINE__, status, wanted, words, error);                               \
    } while (0)

static void write_file(const char *path, const void *bytes, size_t count) {
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
}

static char *read_file(const char *path, size_t *count) {
    struct stat meta;
    CHECK(stat(path, &meta) == 0);
    *count = (size_t)meta.st_size;
    char *bytes = malloc(*count + 1);
    FILE *file = fopen(path, "rb");
    CHECK(bytes != NULL && file != NULL && fread(bytes, 1, *count, file) == *count && fclose(file) == 0);
    return bytes;
}

/* A WAVE file of so many frames of 588 samples each. */
static void wave(const char *path, uint32_t frames) {
    uint32_t bytes = frames * 2352;
    unsigned char *file = malloc(44 + bytes);
    CHECK(file != NULL);
    static const unsigned char head[44] = {'R', 'I', 'F', 'F', 0,    0,    0, 0, 'W',  'A',  'V', 'E', 'f', 'm', 't',
                                           ' ', 16,  0,   0,   0,    1,    0, 2, 0,    0x44, 0xAC, 0,  0,   0x10, 0xB1,
                                           2,   0,   4,   0,   16,   0,    'd', 'a', 't', 'a', 0,  0,  0,   0};
    memcpy(file, head, sizeof head);
    for (int i = 0; i < 4; i++) {
        file[4 + i] = (unsigned char)((bytes + 36) >> (8 * i));
        file[40 + i] = (unsigned char)(bytes >> (8 * i));
    }
    for (uint32_t i = 0; i < bytes; i++) file[44 + i] = (unsigned char)((i * 2654435761u) >> 26);
    write_file(path, file, 44 + bytes);
    free(file);
}

/* A drive with a new disc that is sold under this name. */
static pitland_drive *drive_with(const char *file, const char *disc) {
    pitland_drive *drive = NULL;
    char *path = text("%s/%s.vdisc", folder, file);
    MUST(pitland_virtual_disc_create(path, disc, 0, &error));
    char *address = text("virtual:%s", path);
    MUST(pitland_engine_open(engine, address, PITLAND_OPEN_EXISTING, &drive, &error));
    CHECK(drive != NULL && strcmp(pitland_drive_address(drive), address) == 0);
    return drive;
}

static pitland_facts *facts_of(pitland_drive *drive) {
    pitland_facts *facts = NULL;
    MUST(pitland_drive_facts(drive, &facts, &error));
    CHECK(facts != NULL);
    return facts;
}

static pitland_condition condition(pitland_drive *drive) {
    pitland_facts *facts = facts_of(drive);
    pitland_condition condition = pitland_facts_condition(facts);
    pitland_facts_free(facts);
    return condition;
}

/* Which phases were told, and what is answered in which. */
struct seen {
    unsigned phases, calls;
    pitland_phase stop_in;
    int stops;
};

static int32_t watch(const pitland_progress *progress, void *user) {
    struct seen *seen = user;
    CHECK(progress->size >= sizeof *progress);
    CHECK(strcmp(pitland_phase_name(progress->phase), "") != 0);
    seen->phases |= 1u << progress->phase;
    seen->calls++;
    return seen->stops && progress->phase == seen->stop_in;
}

static void find_drives(void) {
    pitland_drive_list *drives = NULL;
    MUST(pitland_engine_find_drives(engine, &drives, &error));
    size_t count = pitland_drive_list_count(drives);
    for (size_t i = 0; i <= count; i++) {
        CHECK((pitland_drive_list_address(drives, i) == NULL) == (i == count));
        CHECK((pitland_drive_list_name(drives, i) == NULL) == (i == count));
    }
    pitland_drive_list_free(drives);
}

/* A disc that takes sessions: a first, one that goes on with it, and its end. */
static void sessions(void) {
    pitland_drive *drive = drive_with("sessions", "bd-r");
    pitland_facts *facts = facts_of(drive);
    CHECK(pitland_facts_condition(facts) == PITLAND_CONDITION_BLANK);
    CHECK(strcmp(pitland_facts_medium(facts), "BD-R SRM") == 0 && pitland_facts_profile(facts) != 0);
    CHECK(*pitland_facts_vendor(facts) && *pitland_facts_product(facts) && *pitland_facts_revision(facts));
    CHECK(pitland_facts_next_writable(facts) == 0);
    CHECK(pitland_facts_free_blocks(facts) == pitland_facts_capacity(facts) && pitland_facts_capacity(facts) > 0);
    CHECK(pitland_facts_sessions(facts) == 0 && pitland_facts_session_start(facts, 1) == PITLAND_UNKNOWN);
    CHECK(pitland_facts_last_session_start(facts) == PITLAND_UNKNOWN);
    size_t speeds = pitland_facts_write_speed_count(facts);
    CHECK(speeds > 0 && pitland_facts_write_speed(facts, 0) > 1000 && pitland_facts_write_speed(facts, speeds) == 0);
    pitland_facts_free(facts);

    const char *first = text("%s/first", folder), *second = text("%s/second", folder);
    pitland_burn_options options = {.size = sizeof options, .label = "BEGUN", .client = "whole.c"};
    struct seen seen = {0};
    options.progress = watch;
    options.user = &seen;
    char *plan = NULL;
    MUST(pitland_drive_plan_tree(drive, &first, 1, &options, &plan, &error));
    CHECK(strlen(plan) > 100);
    pitland_string_free(plan);
    pitland_report *report = NULL;
    MUST(pitland_drive_burn_tree(drive, &first, 1, &options, &report, &error));
    CHECK(pitland_report_outcome(report) == PITLAND_OUTCOME_VERIFIED);
    CHECK(pitland_report_medium(report) == PITLAND_MEDIUM_APPENDABLE);
    CHECK(strcmp(pitland_report_writer(report), "bd-r") == 0 && pitland_report_first_lba(report) == 0);
    CHECK(pitland_report_blocks_written(report) * 2048 >= pitland_report_image_bytes(report));
    CHECK(pitland_report_elapsed_ms(report) < UINT64_MAX);
    CHECK(pitland_report_warning(report, pitland_report_warning_count(report)) == NULL);
    CHECK(seen.phases & 1u << PITLAND_PHASE_WRITING && seen.phases & 1u << PITLAND_PHASE_VERIFYING);
    MUST(pitland_drive_verify(drive, report, NULL, &error));
    pitland_report_free(report);
    uint64_t differences = 99;
    MUST(pitland_drive_verify_tree(drive, &first, 1, &differences, &error));
    CHECK(differences == 0);
    FAILS(pitland_drive_verify_tree(drive, &second, 1, &differences, &error), PITLAND_STATUS_DIFFERENT, "differences");
    CHECK(differences > 0);

    /* A name that is there already is not replaced unasked, and nothing is left out that is not there. */
    const char *gone = "sub/gone.txt", *nothing = "no such file";
    pitland_append_options how = {.size = sizeof how};
    FAILS(pitland_drive_append_tree(drive, &second, 1, &how, NULL, &report, &error), PITLAND_STATUS_SOURCE, "same.txt");
    how.replace = 1;
    how.remove = &nothing;
    how.remove_count = 1;
    FAILS(pitland_drive_append_tree(drive, &second, 1, &how, NULL, &report, &error), PITLAND_STATUS_SOURCE, nothing);
    how.remove = &gone;
    how.session = 7;
    FAILS(pitland_drive_append_tree(drive, &second, 1, &how, NULL, &report, &error), PITLAND_STATUS_SOURCE, "session");
    how.session = 1;
    pitland_burn_options over = {.size = sizeof over, .placement = PITLAND_PLACE_OVERWRITE};
    FAILS(pitland_drive_append_tree(drive, &second, 1, &how, &over, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "placement");
    MUST(pitland_drive_append_tree(drive, &second, 1, &how, NULL, &report, &error));
    CHECK(pitland_report_outcome(report) == PITLAND_OUTCOME_VERIFIED && pitland_report_first_lba(report) > 0);
    int64_t start = pitland_report_first_lba(report);
    pitland_report_free(report);
    facts = facts_of(drive);
    CHECK(pitland_facts_sessions(facts) == 2 && pitland_facts_session_start(facts, 1) == 0);
    CHECK(pitland_facts_session_start(facts, 2) == start && pitland_facts_last_session_start(facts) == start);
    CHECK(pitland_facts_condition(facts) == PITLAND_CONDITION_APPENDABLE);
    CHECK(pitland_facts_track_count(facts) == 3 && pitland_facts_track_number(facts, 1) == 2);
    CHECK(pitland_facts_track_session(facts, 1) == 2 && pitland_facts_track_start(facts, 1) == start);
    CHECK(pitland_facts_track_kind(facts, 1) == PITLAND_TRACK_KIND_DATA && pitland_facts_track_blocks(facts, 1) > 0);
    CHECK(pitland_facts_track_number(facts, 3) == 0 && pitland_facts_track_kind(facts, 3) == PITLAND_TRACK_KIND_NONE);
    pitland_facts_free(facts);

    uint64_t unreadable = 99;
    seen = (struct seen){0};
    pitland_read_options reading = {.size = sizeof reading, .progress = watch, .user = &seen};
    MUST(pitland_drive_read(drive, text("%s/sessions.img", folder), &reading, &unreadable, &error));
    CHECK(unreadable == 0 && seen.phases == 1u << PITLAND_PHASE_READING && seen.calls >= 2);
    printf("second session at %" PRId64 "\n", start);

    MUST(pitland_drive_close(drive, PITLAND_FINISH_DISC, NULL, &report, &error));
    CHECK(pitland_report_outcome(report) == PITLAND_OUTCOME_MEDIUM_CHANGED);
    CHECK(pitland_report_medium(report) == PITLAND_MEDIUM_CLOSED);
    pitland_report_free(report);
    CHECK(condition(drive) == PITLAND_CONDITION_CLOSED);
    FAILS(pitland_drive_erase(drive, PITLAND_ERASE_QUICK, NULL, &report, &error), PITLAND_STATUS_REFUSED, "");
    CHECK(report == NULL);
    MUST(pitland_drive_eject(drive, &error));
    MUST(pitland_drive_load(drive, &error));
    pitland_drive_free(drive);
}

/* A disc that is formatted, overwritten and erased, and an image that is read from it and burned again. */
static void overwritten(void) {
    pitland_drive *drive = drive_with("overwritten", "bd-re");
    CHECK(condition(drive) == PITLAND_CONDITION_UNFORMATTED);
    struct seen seen = {0};
    pitland_job_options options = {.size = sizeof options, .client = "whole.c", .progress = watch, .user = &seen};
    pitland_format_options format = {.size = sizeof format, .kind = PITLAND_FORMAT_TYPE + 0x30, .certify = PITLAND_CERTIFY_NONE};
    pitland_report *report = NULL;
    MUST(pitland_drive_format(drive, &format, &options, &report, &error));
    CHECK(pitland_report_outcome(report) == PITLAND_OUTCOME_MEDIUM_CHANGED && seen.phases & 1u << PITLAND_PHASE_FORMATTING);
    pitland_report_free(report);
    pitland_facts *facts = facts_of(drive);
    CHECK(pitland_facts_condition(facts) == PITLAND_CONDITION_FORMATTED);
    CHECK(pitland_facts_sessions(facts) == PITLAND_UNKNOWN && pitland_facts_last_session_start(facts) == 0);
    pitland_facts_free(facts);

    const char *image = text("%s/sessions.img", folder);
    pitland_burn_options burn = {.size = sizeof burn, .placement = PITLAND_PLACE_OVERWRITE, .verify = PITLAND_VERIFY_QUICK};
    MUST(pitland_drive_burn_image(drive, image, &burn, NULL, &error));
    /* Reading is ended by the call-back, and no file is left. */
    seen = (struct seen){.stop_in = PITLAND_PHASE_READING, .stops = 1};
    pitland_read_options reading = {.size = sizeof reading, .progress = watch, .user = &seen, .skip_errors = 1};
    FAILS(pitland_drive_read(drive, text("%s/ended.img", folder), &reading, NULL, &error), PITLAND_STATUS_CANCELLED, "");
    FAILS(pitland_drive_read(drive, folder, NULL, NULL, &error), PITLAND_STATUS_OUTPUT, "no ordinary file");
    FAILS(pitland_drive_read(drive, text("%s/overwritten.vdisc", folder), NULL, NULL, &error), PITLAND_STATUS_OUTPUT, "itself");
    FAILS(pitland_drive_read(drive, text("%s/no/such/folder", folder), NULL, NULL, &error), PITLAND_STATUS_OUTPUT, "");
    MUST(pitland_drive_erase(drive, PITLAND_ERASE_QUICK, &options, NULL, &error));
    FAILS(pitland_drive_erase(drive, PITLAND_ERASE_LAST_SESSION, &options, NULL, &error), PITLAND_STATUS_REFUSED, "");
    FAILS(pitland_drive_erase(drive, 3, &options, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "how has no value 3");
    FAILS(pitland_drive_close(drive, 2, NULL, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "finish has no value 2");
    format.kind = PITLAND_FORMAT_TYPE + 64;
    FAILS(pitland_drive_format(drive, &format, NULL, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "kind");
    format.kind = 0;
    format.spare_bytes = 1;
    FAILS(pitland_drive_format(drive, &format, NULL, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "spare_bytes");
    pitland_drive_free(drive);
}

/* CDs of sound, by files and by a sheet, on a disc that is erased between. */
static void albums(void) {
    pitland_drive *drive = drive_with("album", "cd-rw");
    char *tracks[] = {text("%s/one.wav", folder), text("%s/two.wav", folder)};
    wave(tracks[0], 75);
    wave(tracks[1], 90);
    pitland_audio_options audio = {.size = sizeof audio, .gap = PITLAND_GAP_FRAMES, .gap_frames = 75};
    const char *const *files = (const char *const *)tracks;
    pitland_report *report = NULL;
    FAILS(pitland_drive_burn_audio(drive, files, 2, &audio, NULL, &report, &error), PITLAND_STATUS_SOURCE, "4 seconds");
    audio.pad = 1;
    MUST(pitland_drive_burn_audio(drive, files, 2, &audio, NULL, &report, &error));
    CHECK(pitland_report_outcome(report) == PITLAND_OUTCOME_VERIFIED);
    CHECK(strcmp(pitland_report_writer(report), "cd-sao") == 0);
    for (size_t i = 0; i < pitland_report_warning_count(report); i++) CHECK(pitland_report_warning(report, i) != NULL);
    pitland_report_free(report);
    pitland_facts *facts = facts_of(drive);
    CHECK(pitland_facts_track_count(facts) >= 2);
    CHECK(pitland_facts_track_kind(facts, 0) == PITLAND_TRACK_KIND_SOUND);
    CHECK(pitland_facts_track_start(facts, 1) == 300 + 75);
    pitland_facts_free(facts);
    MUST(pitland_drive_erase(drive, PITLAND_ERASE_QUICK, NULL, NULL, &error));
    CHECK(condition(drive) == PITLAND_CONDITION_BLANK);

    unsigned char *sound = calloc(600, 2352);
    CHECK(sound != NULL);
    for (size_t i = 0; i < 600 * 2352; i += 7) sound[i] = (unsigned char)(i >> 4);
    write_file(text("%s/disc.bin", folder), sound, 600 * 2352);
    free(sound);
    const char *sheet = text("%s/disc.cue", folder);
    static const char words[] = "TITLE \"From C\"\nFILE \"disc.bin\" BINARY\n  TRACK 01 AUDIO\n    TITLE \"One\"\n    INDEX 01 00:00:00\n"
                                "  TRACK 02 AUDIO\n    TITLE \"Two\"\n    INDEX 01 00:04:00\n";
    write_file(sheet, words, sizeof words - 1);
    pitland_audio_options how = {.size = sizeof how, .mode = PITLAND_CD_SAO, .cd_text = PITLAND_CD_TEXT_NONE, .write_offset = -6};
    MUST(pitland_drive_burn_sheet(drive, sheet, &how, NULL, NULL, &error));
    facts = facts_of(drive);
    CHECK(pitland_facts_track_start(facts, 1) == 300 && pitland_facts_sessions(facts) == 1);
    pitland_facts_free(facts);
    FAILS(pitland_drive_read(drive, text("%s/sound.img", folder), NULL, NULL, &error), PITLAND_STATUS_DRIVE, "");

    how.gap = PITLAND_GAP_NONE;
    FAILS(pitland_drive_burn_sheet(drive, sheet, &how, NULL, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "gap");
    how.gap = 0;
    how.cd_text = PITLAND_CD_TEXT_FILE;
    FAILS(pitland_drive_burn_sheet(drive, sheet, &how, NULL, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "cd_text_file");
    how.cd_text = 0;
    how.write_offset = 5881;
    FAILS(pitland_drive_burn_sheet(drive, sheet, &how, NULL, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "write_offset");
    pitland_burn_options named = {.size = sizeof named, .label = "NAME"};
    FAILS(pitland_drive_burn_audio(drive, files, 2, NULL, &named, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "label");
    pitland_drive_free(drive);
}

/* A disc with blocks that cannot be read. */
static void damage(void) {
    const char *script = text("%s/damage.faults", folder);
    write_file(script, "when read lba 40..41 do sense 3/11/00\n", 38);
    pitland_drive *drive = NULL;
    MUST(pitland_engine_open(engine, text("virtual:%s/sessions.vdisc,faults=%s", folder, script), PITLAND_OPEN_READ_ONLY, &drive,
                             &error));
    const char *path = text("%s/damaged.img", folder);
    uint64_t unreadable = 0;
    FAILS(pitland_drive_read(drive, path, NULL, &unreadable, &error), PITLAND_STATUS_DRIVE, "block 40");
    CHECK(access(path, F_OK) != 0);
    pitland_read_options how = {.size = sizeof how, .track = 1, .skip_errors = 1};
    FAILS(pitland_drive_read(drive, path, &how, &unreadable, &error), PITLAND_STATUS_INCOMPLETE, "2 blocks");
    CHECK(unreadable == 2);
    size_t count = 0, whole = 0;
    char *bytes = read_file(path, &count), *sound = read_file(text("%s/sessions.img", folder), &whole);
    CHECK(count >= 42 * 2048 && count <= whole);
    memset(sound + 40 * 2048, 0, 2 * 2048);
    CHECK(memcmp(bytes, sound, count) == 0);
    free(bytes);
    free(sound);
    how.track = 98;
    FAILS(pitland_drive_read(drive, path, &how, NULL, &error), PITLAND_STATUS_DRIVE, "no track 98");
    pitland_drive_free(drive);
}

/* Two threads and a drive: one burns, and waits in its call-back until the other has seen what it may and may not do. */
struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int writing, cancelled;
    pitland_drive *drive;
    pitland_status answers[4];
};

static int32_t wait_for_cancel(const pitland_progress *progress, void *user) {
    struct meeting *meeting = user;
    if (progress->phase != PITLAND_PHASE_WRITING || meeting->drive == NULL) return 0;
    pthread_mutex_lock(&meeting->lock);
    if (!meeting->writing) {
        meeting->writing = 1;
        pthread_cond_broadcast(&meeting->changed);
        while (!meeting->cancelled) pthread_cond_wait(&meeting->changed, &meeting->lock);
        /* What would wait is refused here, and the drive may be freed. */
        pitland_drive *drive = meeting->drive, *other = NULL;
        pitland_engine *another = NULL;
        const char *path = folder;
        meeting->answers[0] = pitland_drive_eject(drive, NULL);
        meeting->answers[1] = pitland_drive_burn_tree(drive, &path, 1, NULL, NULL, NULL);
        meeting->answers[2] = pitland_engine_open(engine, "virtual:null", 0, &other, NULL);
        meeting->answers[3] = pitland_engine_new(&another, NULL);
        CHECK(other == NULL && another == NULL);
        meeting->drive = NULL;
        pitland_drive_free(drive);
    }
    pthread_mutex_unlock(&meeting->lock);
    return 0;
}

static void *other_thread(void *user) {
    struct meeting *meeting = user;
    pthread_mutex_lock(&meeting->lock);
    while (!meeting->writing) pthread_cond_wait(&meeting->changed, &meeting->lock);
    pitland_drive *drive = meeting->drive;
    const char *path = text("%s/first", folder);
    pitland_facts *facts = NULL;
    FAILS(pitland_drive_facts(drive, &facts, &error), PITLAND_STATUS_DENIED, "");
    FAILS(pitland_drive_burn_tree(drive, &path, 1, NULL, NULL, &error), PITLAND_STATUS_DENIED, "the burning thread");
    FAILS(pitland_drive_erase(drive, PITLAND_ERASE_QUICK, NULL, NULL, &error), PITLAND_STATUS_DENIED, "");
    CHECK(pitland_drive_cancel(drive) == PITLAND_STATUS_OK);
    CHECK(pitland_drive_cancel(drive) == PITLAND_STATUS_OK);
    meeting->cancelled = 1;
    pthread_cond_broadcast(&meeting->changed);
    pthread_mutex_unlock(&meeting->lock);
    return NULL;
}

/* Cancelled by the call-back, used again; cancelled by another thread, and freed by the call-back. */
static void cancelled(void) {
    pitland_drive *drive = drive_with("cancelled", "bd-re");
    const char *large = text("%s/large", folder), *first = text("%s/first", folder);
    CHECK(pitland_drive_cancel(drive) == PITLAND_STATUS_NOTHING_RUNNING);
    struct seen seen = {.stop_in = PITLAND_PHASE_WRITING, .stops = 1};
    pitland_burn_options options = {.size = sizeof options, .client = "the burning thread", .progress = watch, .user = &seen};
    pitland_report *report = NULL;
    pitland_error *error = NULL;
    CHECK(pitland_drive_burn_tree(drive, &large, 1, &options, &report, &error) == PITLAND_STATUS_CANCELLED);
    CHECK(report != NULL && pitland_report_medium(report) == pitland_error_medium(error));
    pitland_report_free(report);
    pitland_error_free(error);
    options.placement = PITLAND_PLACE_OVERWRITE;
    seen.stops = 0;
    MUST(pitland_drive_burn_tree(drive, &first, 1, &options, NULL, &error));

    struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, drive, {0}};
    options.progress = wait_for_cancel;
    options.user = &meeting;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, other_thread, &meeting) == 0);
    FAILS(pitland_drive_burn_tree(drive, &large, 1, &options, NULL, &error), PITLAND_STATUS_CANCELLED, "");
    CHECK(pthread_join(thread, NULL) == 0);
    for (int i = 0; i < 4; i++) CHECK(meeting.answers[i] == PITLAND_STATUS_BAD_ARGUMENT);
}

/* What callers do wrong is told. */
static void mistakes(void) {
    pitland_drive *drive = (pitland_drive *)&checks;
    FAILS(pitland_engine_open(engine, NULL, 0, &drive, &error), PITLAND_STATUS_BAD_ARGUMENT, "address is a null pointer");
    CHECK(drive == NULL);
    FAILS(pitland_engine_open(engine, "cdrom", 0, &drive, &error), PITLAND_STATUS_BAD_ADDRESS, "cdrom");
    FAILS(pitland_engine_open(engine, "virtual:null", 9, &drive, &error), PITLAND_STATUS_BAD_ARGUMENT, "mode");
    FAILS(pitland_engine_open(engine, "virtual:/no/such/disc", 0, &drive, &error), PITLAND_STATUS_NOT_OPENED, "");
    FAILS(pitland_virtual_disc_create("/no/such/folder/x", "cd-r", 0, &error), PITLAND_STATUS_OUTPUT, "");
    FAILS(pitland_virtual_disc_create("x", "floppy", 0, &error), PITLAND_STATUS_BAD_ARGUMENT, "dvd-ram");
    drive = drive_with("mistakes", "dvd+rw");
    const char *first = text("%s/first", folder);
    pitland_burn_options latin = {.size = sizeof latin, .label = "caf\xe9"};
    FAILS(pitland_drive_burn_tree(drive, &first, 1, &latin, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "label is no UTF-8");
    latin = (pitland_burn_options){.size = sizeof latin, .client = "caf\xe9"};
    FAILS(pitland_drive_burn_tree(drive, &first, 1, &latin, NULL, &error), PITLAND_STATUS_BAD_ARGUMENT, "client is no UTF-8");
    /* Paths are as the system has them. */
    const char *bytes = text("%s/caf\xe9", folder);
    write_file(bytes, "au lait", 7);
    MUST(pitland_drive_burn_tree(drive, &bytes, 1, NULL, NULL, &error));
    MUST(pitland_drive_verify_tree(drive, &bytes, 1, NULL, &error));
    pitland_drive_free(drive);
    CHECK(pitland_drive_address(NULL) == NULL && pitland_error_text(NULL) == NULL);
    CHECK(pitland_drive_cancel(NULL) == PITLAND_STATUS_BAD_ARGUMENT);
    pitland_string_free(NULL);
    pitland_error_free(NULL);
    pitland_facts_free(NULL);
    pitland_report_free(NULL);
    pitland_drive_list_free(NULL);
    pitland_drive_free(NULL);
    pitland_engine_free(NULL);
}

static void make_sources(void) {
    CHECK(mkdir(text("%s/first", folder), 0755) == 0 && mkdir(text("%s/first/sub", folder), 0755) == 0);
    CHECK(mkdir(text("%s/second", folder), 0755) == 0 && mkdir(text("%s/large", folder), 0755) == 0);
    write_file(text("%s/first/kept.txt", folder), "kept", 4);
    write_file(text("%s/first/same.txt", folder), "earlier", 7);
    write_file(text("%s/first/sub/gone.txt", folder), "gone", 4);
    write_file(text("%s/second/same.txt", folder), "later", 5);
    write_file(text("%s/second/new.txt", folder), "new", 3);
    /* It takes so long to burn that a cancel comes in time: a hole of many gigabytes. */
    FILE *hole = fopen(text("%s/large/hole.img", folder), "wb");
    CHECK(hole != NULL && ftruncate(fileno(hole), (off_t)20 << 30) == 0 && fclose(hole) == 0);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    folder = arguments[1];
    CHECK(pitland_abi_version() >= PITLAND_ABI && strlen(pitland_version()) >= 5);
    MUST(pitland_engine_new(&engine, &error));
    make_sources();
    find_drives();
    mistakes();
    sessions();
    overwritten();
    albums();
    damage();
    cancelled();
    pitland_engine_free(engine);
    printf("%d checks\n", checks);
    return 0;
}
