/* test_state_verdicts.c - verdicts saved and loaded, and every way in which the file can be broken.
 */
#include "cm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include <waymark/state.h>

enum { SEEN_MAX = 16 };

struct seen {
    size_t n;
    struct {
        char target[64];
        struct state_verdict verdict;
    } rows[SEEN_MAX];
};

static char folder[64];

static int set_up(void **state)
{
    strcpy(folder, "/tmp/waymark-state-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static const char *path_of(const char *suffix)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/verdicts.sqlite%s", folder, suffix);
    return path;
}

static int tear_down(void **state)
{
    unlink(path_of(""));
    unlink(path_of("-wal"));
    unlink(path_of("-shm"));
    unlink(path_of("-journal"));
    return rmdir(folder);
}

static void on_verdict(void *ctx, const struct state_verdict *verdict)
{
    struct seen *seen = ctx;

    assert_in_range(seen->n, 0, SEEN_MAX - 1);
    snprintf(seen->rows[seen->n].target, sizeof seen->rows->target, "%s", verdict->target);
    seen->rows[seen->n++].verdict = *verdict;
}

static struct state *open_it(void)
{
    struct state *s;
    char why[WHY_LEN] = "";

    if (state_open(folder, &s, why) != 0)
        fail_msg("%s", why);
    return s;
}

static struct state_verdict verdict_of(const char *target, const char *address, bool is_up,
                                       int64_t checked_ms)
{
    struct state_verdict v = { target, { 0 }, 7, is_up, 1000, checked_ms };

    if (address != NULL)
        assert_true(addr_parse(address, &v.address));
    return v;
}

static void save(struct state *s, const struct state_verdict *verdicts, size_t n)
{
    char why[WHY_LEN] = "";

    if (state_save_verdicts(s, verdicts, n, why) != 0)
        fail_msg("%s", why);
}

static struct seen load(struct state *s, int64_t from_ms)
{
    struct seen seen = { 0 };
    char why[WHY_LEN] = "";

    if (state_load_verdicts(s, from_ms, on_verdict, &seen, why) != 0)
        fail_msg("%s", why);
    return seen;
}

/* Runs SQL behind the room's back. */
static void meddle(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path_of(""), &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    int status = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (status != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void what_was_saved_is_there_after_a_restart(void **state)
{
    struct state_verdict verdicts[] = { verdict_of("fastly", NULL, false, 5000),
                                        verdict_of("tokyo", "127.0.10.1", true, 6000),
                                        verdict_of("tokyo", "2001:db8::1", false, 7000) };
    verdicts[1].check = UINT64_MAX - 3;
    struct state *s = open_it();
    save(s, verdicts, 3);
    state_close(s);

    s = open_it();
    struct seen seen = load(s, 0);
    state_close(s);
    assert_int_equal(seen.n, 3); /* in the order of the key */
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(seen.rows[i].target, verdicts[i].target);
        assert_true(addr_equal(&seen.rows[i].verdict.address, &verdicts[i].address));
        assert_int_equal(seen.rows[i].verdict.is_up, verdicts[i].is_up);
        assert_true(seen.rows[i].verdict.check == verdicts[i].check);
        assert_int_equal(seen.rows[i].verdict.since_ms, 1000);
        assert_int_equal(seen.rows[i].verdict.checked_ms, verdicts[i].checked_ms);
    }
}

static void a_newer_verdict_replaces_the_former_one(void **state)
{
    struct state_verdict before = verdict_of("tokyo", "127.0.10.1", true, 5000);
    struct state_verdict after = verdict_of("tokyo", "127.0.10.1", false, 6000);
    struct state *s = open_it();

    save(s, &before, 1);
    save(s, &after, 1);
    struct seen seen = load(s, 0);
    state_close(s);
    assert_int_equal(seen.n, 1);
    assert_false(seen.rows[0].verdict.is_up);
}

static void old_rows_are_not_handed_over_and_can_be_forgotten(void **state)
{
    struct state_verdict verdicts[] = { verdict_of("gone", "127.0.10.1", true, 4999),
                                        verdict_of("here", "127.0.10.1", true, 5000) };
    char why[WHY_LEN] = "";
    struct state *s = open_it();

    save(s, verdicts, 2);
    assert_int_equal(load(s, 5000).n, 1);
    assert_int_equal(load(s, 0).n, 2);
    assert_int_equal(state_forget_verdicts(s, 5000, why), 0);
    struct seen seen = load(s, 0);
    state_close(s);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.rows[0].target, "here");
}

static void rows_of_another_make_are_passed_over(void **state)
{
    state_close(open_it());
    meddle("INSERT INTO verdicts VALUES ('a', 'no address', 1, 1, 1, 9000);"
           "INSERT INTO verdicts VALUES ('b', '', 'text', 1, 1, 9000);"
           "INSERT INTO verdicts VALUES ('c', '', 1, 1, 2.5, 9000);"
           "INSERT INTO verdicts VALUES (x'00ff', '', 1, 1, 1, 9000);"
           "INSERT INTO verdicts VALUES (hex(zeroblob(400)), '', 1, 1, 1, 9000);"
           "INSERT INTO verdicts VALUES ('good', '', 1, 1, 1, 9000)");
    struct state *s = open_it();
    struct seen seen = load(s, 0);
    state_close(s);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.rows[0].target, "good");
}

static void a_name_too_long_is_left_out_and_the_rest_saved(void **state)
{
    char name[STATE_TARGET_MAX + 2];

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct state_verdict verdicts[] = { verdict_of(name, NULL, true, 1),
                                        verdict_of("short", NULL, true, 1) };
    struct state *s = open_it();
    save(s, verdicts, 2);
    struct seen seen = load(s, 0);
    state_close(s);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.rows[0].target, "short");
}

/* The sentence of an open that must fail. */
static const char *refusal(void)
{
    static char why[WHY_LEN];
    struct state *s = NULL;

    why[0] = '\0';
    assert_true(state_open(folder, &s, why) < 0);
    assert_null(s);
    return why;
}

static void a_file_that_is_no_database_is_refused_with_its_name(void **state)
{
    FILE *f = fopen(path_of(""), "w");

    for (int i = 0; i < 1000; i++)
        fputs("this is not a database\n", f);
    fclose(f);
    assert_non_null(strstr(refusal(), path_of("")));
    assert_non_null(strstr(refusal(), "remove it to start anew"));
}

static void a_database_cut_short_or_scribbled_on_never_crashes(void **state)
{
    enum { PAGE = 4096 };
    struct state_verdict v = verdict_of("tokyo", "127.0.10.1", true, 5000);
    char why[WHY_LEN];
    int n_refused = 0;

    for (int at = 0; at < 3 * PAGE; at += 97) {
        struct seen seen = { 0 };
        unlink(path_of(""));
        struct state *s = open_it();
        save(s, &v, 1);
        state_close(s);
        int fd = open(path_of(""), O_RDWR);
        if (at % 2 == 0) {
            assert_int_equal(ftruncate(fd, at), 0);
        } else {
            assert_int_equal(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, at), 8);
        }
        close(fd);
        if (state_open(folder, &s, why) != 0) {
            n_refused++;
            continue;
        }
        n_refused += state_load_verdicts(s, 0, on_verdict, &seen, why) != 0;
        state_save_verdicts(s, &v, 1, why);
        state_close(s);
    }
    assert_in_range(n_refused, 5, 3 * PAGE / 97 + 1);
}

static void a_file_of_a_later_version_is_left_alone(void **state)
{
    state_close(open_it());
    meddle("PRAGMA user_version = 9");
    assert_non_null(strstr(refusal(), "layout 9"));
}

static void a_view_in_place_of_the_table_is_an_error_not_a_hang(void **state)
{
    struct seen seen = { 0 };
    char why[WHY_LEN] = "";

    state_close(open_it());
    meddle(
        "DROP TABLE verdicts;"
        "CREATE VIEW verdicts AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        " SELECT 'a' target, '' address, x check_hash, 1 is_up, 1 since_ms, -x checked_ms FROM n");
    struct state *s = open_it();
    assert_true(state_load_verdicts(s, 0, on_verdict, &seen, why) < 0);
    state_close(s);
    assert_int_equal(seen.n, 0);
    assert_true(why[0] != '\0');
}

static void a_folder_that_is_a_file_is_refused(void **state)
{
    char why[WHY_LEN] = "";
    struct state *s = NULL;

    fclose(fopen(path_of(""), "w"));
    assert_true(state_open(path_of(""), &s, why) < 0);
    assert_non_null(strstr(why, folder));
}

static void a_read_only_folder_is_refused(void **state)
{
    uid_t root = geteuid();

    assert_int_equal(chmod(folder, 0555), 0);
    if (root == 0)
        assert_int_equal(seteuid(65534), 0); /* root may write anywhere */
    refusal();
    assert_int_equal(seteuid(root), 0);
    assert_int_equal(chmod(folder, 0755), 0);
}

static void a_save_that_fails_keeps_what_was_there(void **state)
{
    struct state_verdict before = verdict_of("tokyo", NULL, true, 5000);
    struct state_verdict after[] = { verdict_of("tokyo", NULL, false, 6000),
                                     verdict_of("paris", NULL, true, 6000) };
    char why[WHY_LEN] = "";
    struct state *s = open_it();
    sqlite3 *other;

    save(s, &before, 1);
    assert_int_equal(sqlite3_open(path_of(""), &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(state_save_verdicts(s, after, 2, why), -EBUSY);
    sqlite3_close(other);
    struct seen seen = load(s, 0);
    assert_int_equal(seen.n, 1);
    assert_true(seen.rows[0].verdict.is_up);
    save(s, after, 2); /* and the next one succeeds */
    assert_int_equal(load(s, 0).n, 2);
    state_close(s);
}

/* Who copies a folder back over a running server's cuts its files first: one of them was mapped,
 * and the next save ended the server. */
static void bug_a_file_cut_under_a_running_server_ended_it(void **state)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
    struct state_verdict up = verdict_of("tokyo", NULL, true, 5000);
    struct seen seen = { 0 };
    char why[WHY_LEN] = "";
    struct state *s = open_it();

    save(s, &up, 1);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (truncate(path_of(suffixes[i]), 0) != 0)
            assert_int_equal(errno, ENOENT);
    if (state_save_verdicts(s, &up, 1, why) != 0) /* a sentence is all that it may cost */
        assert_non_null(strstr(why, path_of("")));
    state_load_verdicts(s, 0, on_verdict, &seen, why);
    state_close(s);

    s = open_it();
    save(s, &up, 1);
    assert_int_equal(load(s, 0).n, 1);
    state_close(s);
}

static void who_only_looks_finds_what_is_there_and_makes_nothing(void **state)
{
    struct state_verdict up = verdict_of("tokyo", NULL, true, 5000);
    struct state *s = NULL, *writer;
    char why[WHY_LEN] = "";
    struct stat file;

    assert_int_equal(state_open_to_look(folder, &s, why), -ENOENT);
    assert_non_null(strstr(why, "verdicts.sqlite"));
    assert_int_not_equal(stat(path_of(""), &file), 0);
    writer = open_it();
    save(writer, &up, 1);
    for (int i = 0; i < 2; i++) { /* the folder, the file; while a server has it open */
        assert_int_equal(state_open_to_look(i == 0 ? folder : path_of(""), &s, why), 0);
        assert_int_equal(load(s, 0).n, 1);
        assert_int_not_equal(state_save_verdicts(s, &up, 1, why), 0);
        state_close(s);
    }
    save(writer, &up, 1);
    state_close(writer);
}

static void who_only_looks_is_told_what_is_wrong(void **state)
{
    struct state *s = NULL;
    char why[WHY_LEN] = "";

    fclose(fopen(path_of(""), "w"));
    assert_int_equal(state_open_to_look(folder, &s, why), -ENOENT);
    assert_non_null(strstr(why, "nothing was saved there yet"));
    state_close(open_it());
    meddle("PRAGMA user_version = 9");
    assert_int_equal(state_open_to_look(folder, &s, why), -EINVAL);
    assert_non_null(strstr(why, "layout 9"));
    assert_null(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_saved_is_there_after_a_restart),
        TEST(a_newer_verdict_replaces_the_former_one),
        TEST(old_rows_are_not_handed_over_and_can_be_forgotten),
        TEST(rows_of_another_make_are_passed_over),
        TEST(a_name_too_long_is_left_out_and_the_rest_saved),
        TEST(a_file_that_is_no_database_is_refused_with_its_name),
        TEST(a_database_cut_short_or_scribbled_on_never_crashes),
        TEST(a_file_of_a_later_version_is_left_alone),
        TEST(a_view_in_place_of_the_table_is_an_error_not_a_hang),
        TEST(a_folder_that_is_a_file_is_refused),
        TEST(a_read_only_folder_is_refused),
        TEST(a_save_that_fails_keeps_what_was_there),
        TEST(who_only_looks_finds_what_is_there_and_makes_nothing),
        TEST(who_only_looks_is_told_what_is_wrong),
        TEST(bug_a_file_cut_under_a_running_server_ended_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
