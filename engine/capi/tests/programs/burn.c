/* Lists the drives, burns a folder, verifies it, is told of what cannot be done, and cancels two further burns: one from its
 * call-back, one from another thread. Ends with 0 where all went as it should.
 *
 * burn FOLDER DRIVE LARGE-FOLDER DRIVE-2 DRIVE-3 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void must(pitland_status status, pitland_error **place) {
    pitland_error *error = *place;
    if (status != PITLAND_STATUS_OK) {
        fprintf(stderr, "status %u (%s): %s; %s\n", (unsigned)status, pitland_error_name(error), pitland_error_text(error),
                pitland_error_advice(error));
        exit(1);
    }
    CHECK(error == NULL);
}

/* Which phases were told, and how far writing got. */
struct seen {
    unsigned phases;
    uint64_t done, total;
    int32_t answer;
};

static int32_t watch(const pitland_progress *progress, void *user) {
    struct seen *seen = user;
    CHECK(progress->size >= sizeof *progress);
    CHECK(progress->done <= progress->total || progress->total == 0);
    seen->phases |= 1u << progress->phase;
    if (progress->phase == PITLAND_PHASE_WRITING && progress->total > 0) {
        seen->done = progress->done;
        seen->total = progress->total;
    }
    return progress->phase == PITLAND_PHASE_WRITING ? seen->answer : 0;
}

static pitland_drive *opened(pitland_engine *engine, const char *address) {
    pitland_drive *drive = NULL;
    pitland_error *error = NULL;
    must(pitland_engine_open(engine, address, PITLAND_OPEN_CREATE, &drive, &error), &error);
    CHECK(drive != NULL);
    return drive;
}

static void list(pitland_engine *engine) {
    pitland_drive_list *drives = NULL;
    pitland_error *error = NULL;
    must(pitland_engine_find_drives(engine, &drives, &error), &error);
    size_t count = pitland_drive_list_count(drives);
    for (size_t i = 0; i < count; i++) {
        CHECK(strncmp(pitland_drive_list_address(drives, i), "/dev/", 5) == 0);
        CHECK(pitland_drive_list_name(drives, i) != NULL);
    }
    CHECK(pitland_drive_list_address(drives, count) == NULL);
    printf("drives: %zu\n", count);
    pitland_drive_list_free(drives);
}

static void bad_calls(pitland_engine *engine) {
    pitland_drive *drive = (pitland_drive *)&checks;
    pitland_error *error = NULL;
    CHECK(pitland_engine_open(engine, "cdrom", PITLAND_OPEN_EXISTING, &drive, &error) == PITLAND_STATUS_BAD_ADDRESS);
    CHECK(drive == NULL);
    CHECK(pitland_error_status(error) == PITLAND_STATUS_BAD_ADDRESS);
    CHECK(strstr(pitland_error_text(error), "cdrom") != NULL);
    CHECK(strlen(pitland_error_advice(error)) > 10);
    CHECK(strlen(pitland_error_name(error)) > 3);
    CHECK(pitland_error_medium(error) == PITLAND_MEDIUM_UNTOUCHED);
    pitland_error_free(error);
    CHECK(pitland_engine_open(engine, "virtual:/no/such/folder/x", PITLAND_OPEN_EXISTING, &drive, NULL) ==
          PITLAND_STATUS_NOT_OPENED);
    CHECK(pitland_engine_open(engine, NULL, PITLAND_OPEN_EXISTING, &drive, &error) == PITLAND_STATUS_BAD_ARGUMENT);
    CHECK(strcmp(pitland_error_text(error), "address is a null pointer") == 0);
    pitland_error_free(error);
    CHECK(pitland_engine_open(engine, "virtual:null", 99, &drive, NULL) == PITLAND_STATUS_BAD_ARGUMENT);
    CHECK(pitland_drive_cancel(NULL) == PITLAND_STATUS_BAD_ARGUMENT);
}

static void burn(pitland_engine *engine, const char *folder, const char *address) {
    pitland_drive *drive = opened(engine, address);
    pitland_error *error = NULL;
    CHECK(strcmp(pitland_drive_address(drive), address) == 0);

    pitland_facts *facts = NULL;
    must(pitland_drive_facts(drive, &facts, &error), &error);
    CHECK(pitland_facts_condition(facts) == PITLAND_CONDITION_BLANK);
    CHECK(pitland_facts_next_writable(facts) == 0);
    CHECK(pitland_facts_free_blocks(facts) > 0 && pitland_facts_free_blocks(facts) <= pitland_facts_capacity(facts));
    printf("%s %s %s: %s (%04Xh)\n", pitland_facts_vendor(facts), pitland_facts_product(facts), pitland_facts_revision(facts),
           pitland_facts_medium(facts), (unsigned)pitland_facts_profile(facts));
    pitland_facts_free(facts);

    char *plan = NULL;
    must(pitland_drive_plan_tree(drive, &folder, 1, NULL, &plan, &error), &error);
    CHECK(strlen(plan) > 100);
    pitland_string_free(plan);

    struct seen seen = {0};
    pitland_burn_options options = {.size = sizeof options, .label = "FROM_C", .client = "burn.c"};
    options.progress = watch;
    options.user = &seen;
    pitland_report *report = NULL;
    must(pitland_drive_burn_tree(drive, &folder, 1, &options, &report, &error), &error);
    CHECK(pitland_report_outcome(report) == PITLAND_OUTCOME_VERIFIED);
    CHECK(pitland_report_medium(report) == PITLAND_MEDIUM_APPENDABLE);
    CHECK(pitland_report_first_lba(report) == 0);
    CHECK(pitland_report_blocks_written(report) * 2048 >= pitland_report_image_bytes(report));
    CHECK(pitland_report_warning(report, pitland_report_warning_count(report)) == NULL);
    unsigned expected = 1u << PITLAND_PHASE_WRITING | 1u << PITLAND_PHASE_CLOSING | 1u << PITLAND_PHASE_VERIFYING;
    CHECK((seen.phases & expected) == expected);
    printf("burned by %s\n", pitland_report_writer(report));

    must(pitland_drive_verify(drive, report, NULL, &error), &error);
    uint64_t differences = 99;
    must(pitland_drive_verify_tree(drive, &folder, 1, &differences, &error), &error);
    CHECK(differences == 0);
    const char *other = "/etc/hostname";
    CHECK(pitland_drive_verify_tree(drive, &other, 1, &differences, &error) == PITLAND_STATUS_DIFFERENT);
    CHECK(differences > 0);
    CHECK(strstr(pitland_error_text(error), "differences") != NULL);
    pitland_error_free(error);
    pitland_report_free(report);

    /* The disc is no longer blank. */
    CHECK(pitland_drive_burn_tree(drive, &folder, 1, NULL, &report, &error) == PITLAND_STATUS_REFUSED);
    CHECK(report == NULL);
    CHECK(pitland_error_medium(error) == PITLAND_MEDIUM_UNTOUCHED);
    CHECK(strcmp(pitland_error_name(error), "medium.not-blank") == 0);
    CHECK(pitland_error_imapi_code(error) == 0xC0AA0405);
    printf("refused: %s %08X\n", pitland_error_name(error), (unsigned)pitland_error_imapi_code(error));
    pitland_error_free(error);

    CHECK(pitland_drive_cancel(drive) == PITLAND_STATUS_NOTHING_RUNNING);
    must(pitland_drive_eject(drive, &error), &error);
    must(pitland_drive_load(drive, &error), &error);
    pitland_drive_free(drive);
}

static void cancel_by_answer(pitland_engine *engine, const char *folder, const char *address) {
    pitland_drive *drive = opened(engine, address);
    struct seen seen = {.answer = 1};
    pitland_burn_options options = {.size = sizeof options, .progress = watch, .user = &seen};
    pitland_report *report = NULL;
    pitland_error *error = NULL;
    CHECK(pitland_drive_burn_tree(drive, &folder, 1, &options, &report, &error) == PITLAND_STATUS_CANCELLED);
    CHECK(pitland_error_medium(error) != PITLAND_MEDIUM_UNKNOWN);
    /* A job was begun: its report says the same of the disc. */
    CHECK(pitland_report_medium(report) == pitland_error_medium(error));
    CHECK(pitland_report_outcome(report) != PITLAND_OUTCOME_VERIFIED);
    pitland_report_free(report);
    pitland_error_free(error);
    pitland_drive_free(drive);
}

/* Two threads that wait for each other: the one that burns until the other has cancelled. */
struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int writing, cancelled;
    pitland_drive *drive;
};

static int32_t wait_for_cancel(const pitland_progress *progress, void *user) {
    struct meeting *meeting = user;
    if (progress->phase != PITLAND_PHASE_WRITING) return 0;
    pthread_mutex_lock(&meeting->lock);
    meeting->writing = 1;
    pthread_cond_broadcast(&meeting->changed);
    while (!meeting->cancelled) pthread_cond_wait(&meeting->changed, &meeting->lock);
    pthread_mutex_unlock(&meeting->lock);
    return 0;
}

static void *canceller(void *user) {
    struct meeting *meeting = user;
    pthread_mutex_lock(&meeting->lock);
    while (!meeting->writing) pthread_cond_wait(&meeting->changed, &meeting->lock);
    CHECK(pitland_drive_cancel(meeting->drive) == PITLAND_STATUS_OK);
    meeting->cancelled = 1;
    pthread_cond_broadcast(&meeting->changed);
    pthread_mutex_unlock(&meeting->lock);
    return NULL;
}

static void cancel_from_a_thread(pitland_engine *engine, const char *folder, const char *address) {
    struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, opened(engine, address)};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, canceller, &meeting) == 0);
    pitland_burn_options options = {.size = sizeof options, .progress = wait_for_cancel, .user = &meeting};
    pitland_error *error = NULL;
    CHECK(pitland_drive_burn_tree(meeting.drive, &folder, 1, &options, NULL, &error) == PITLAND_STATUS_CANCELLED);
    printf("cancelled: %s\n", pitland_error_text(error));
    pitland_error_free(error);
    CHECK(pthread_join(thread, NULL) == 0);
    pitland_drive_free(meeting.drive);
}

int main(int count, char **arguments) {
    CHECK(count == 6);
    CHECK(pitland_abi_version() >= PITLAND_ABI);
    CHECK(strlen(pitland_version()) >= 5);
    CHECK(strcmp(pitland_phase_name(PITLAND_PHASE_VERIFYING), "verifying") == 0);
    pitland_engine *engine = NULL;
    pitland_error *error = NULL;
    must(pitland_engine_new(&engine, &error), &error);
    list(engine);
    bad_calls(engine);
    burn(engine, arguments[1], arguments[2]);
    cancel_by_answer(engine, arguments[3], arguments[4]);
    cancel_from_a_thread(engine, arguments[3], arguments[5]);
    pitland_engine_free(engine);
    printf("%d checks\n", checks);
    return 0;
}
