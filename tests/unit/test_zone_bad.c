/* test_zone_bad.c - every file of tests/bad/zone is refused with the sentences of its .expect, and
 * with no other errors.
 *
 * A line of .expect is "LINE: sentence", "LINE: warning: sentence" or "file:LINE: sentence"; a part
 * of the sentence will do. Line 0 is the whole file. */
#include "cm.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "zone_text.h"

#include "zone/zone_file.h"

#define FOLDER "tests/bad/zone/"

enum { ZONES_MIN = 60, LOAD_MAX_S = 5 };

struct expected {
    char file[1100], sentence[1100];
    int line;
    enum report_level level;
};

/* "bad.inc:2: A: an IPv4" or "7: A: an IPv4". */
static struct expected parse(char *text, const char *zone_file)
{
    struct expected e = { .level = REPORT_ERROR };
    char *colon = strchr(text, ':');

    assert_non_null(colon);
    *colon = '\0';
    snprintf(e.file, sizeof e.file, "%s", zone_file);
    if (strspn(text, "0123456789") != strlen(text)) {
        snprintf(e.file, sizeof e.file, FOLDER "%s", text);
        text = colon + 1;
        colon = strchr(text, ':');
        assert_non_null(colon);
        *colon = '\0';
    }
    e.line = atoi(text);
    text = colon + 2;
    if (strncmp(text, "warning: ", 9) == 0) {
        e.level = REPORT_WARNING;
        text += 9;
    }
    snprintf(e.sentence, sizeof e.sentence, "%s", text);
    return e;
}

static bool is_in(const struct report *report, const struct expected *e)
{
    for (size_t i = 0; i < report_count(report); i++) {
        const struct report_line *l = report_at(report, i);
        if (l->level == e->level && l->line == e->line && strcmp(l->file, e->file) == 0 &&
            strstr(l->text, e->sentence) != NULL)
            return true;
    }
    return false;
}

/* How many sentences are missing, or errors too many. */
static int compare(const struct report *report, const char *zone_file)
{
    char path[300], text[1024];
    size_t n_errors = 0;
    int wrong = 0;

    snprintf(path, sizeof path, "%.*s.expect", (int)strlen(zone_file) - 5, zone_file);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(text, sizeof text, file) != NULL) {
        text[strcspn(text, "\n")] = '\0';
        struct expected e = parse(text, zone_file);
        n_errors += e.level == REPORT_ERROR;
        if (is_in(report, &e))
            continue;
        fprintf(stderr, "%s: missing on line %d: %s\n", e.file, e.line, e.sentence);
        wrong++;
    }
    fclose(file);
    if (report_errors(report) > n_errors && report_errors(report) < 500) {
        fprintf(stderr, "%s: %zu errors, %zu expected\n", zone_file, report_errors(report),
                n_errors);
        wrong++;
    }
    if (wrong > 0)
        report_print(report, stderr);
    return wrong;
}

static int try_zone(const char *zone_file)
{
    struct zone_source source = { .name = "example", .file = zone_file };
    struct report *report = report_new();
    time_t begin = time(NULL);

    assert_null(zone_set_from_sources(&source, 1, report));
    assert_true(report_errors(report) > 0);
    assert_true(time(NULL) - begin <= LOAD_MAX_S);
    int wrong = compare(report, zone_file);
    report_free(report);
    return wrong;
}

static void every_bad_zone_is_refused_with_its_sentences(void **state)
{
    DIR *folder = opendir(FOLDER);
    int n = 0, wrong = 0;

    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        char path[400];
        size_t len = strlen(e->d_name);
        if (len < 5 || len > 200 || strcmp(e->d_name + len - 5, ".zone") != 0)
            continue;
        snprintf(path, sizeof path, FOLDER "%.200s", e->d_name);
        wrong += try_zone(path);
        n++;
    }
    closedir(folder);
    assert_int_equal(wrong, 0);
    assert_true(n >= ZONES_MIN);
}

static void expect_refused(const struct zone_source *sources, size_t n, const char *sentence)
{
    struct report *report = report_new();

    assert_null(zone_set_from_sources(sources, n, report));
    assert_int_equal(report_errors(report), 1);
    if (strstr(report_at(report, 0)->text, sentence) == NULL)
        fail_msg("\"%s\" says nothing of \"%s\"", report_at(report, 0)->text, sentence);
    report_free(report);
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
    struct zone_source source = { .name = "example", .file = "tests/bad" };

    expect_refused(&source, 1, "is a folder");
    source.file = "tests/no-such.zone";
    expect_refused(&source, 1, "cannot be opened: No such file or directory");
    source.file = "/dev/zero";
    expect_refused(&source, 1, "is not a regular file");

    char fifo[] = "/tmp/waymark-fifo-XXXXXX";
    assert_non_null(mkdtemp(fifo));
    char path[64];
    snprintf(path, sizeof path, "%s/pipe", fifo);
    assert_int_equal(mkfifo(path, 0600), 0);
    source.file = path;
    expect_refused(&source, 1, "is not a regular file"); /* and nobody waits for a writer */
    unlink(path);
    rmdir(fifo);
}

static void a_file_too_large_is_refused_unread(void **state)
{
    char path[] = "/tmp/waymark-large-XXXXXX";
    int fd = mkstemp(path);
    struct zone_source source = { .name = "example", .file = path };

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)ZONE_FILE_MAX + 1), 0);
    expect_refused(&source, 1, "is too large");
    close(fd);
    unlink(path);
}

static void a_zone_given_twice_or_without_a_proper_name_is_refused(void **state)
{
    struct zone_source sources[] = {
        { .name = "example", .file = "a", .text = SOA_AND_NS, .len = strlen(SOA_AND_NS) },
        { .name = "EXAMPLE.", .file = "b", .text = SOA_AND_NS, .len = strlen(SOA_AND_NS) },
    };

    expect_refused(sources, 2, "this zone is given twice");
    sources[1].name = "a..b";
    expect_refused(sources, 2, "this is no domain name");
    sources[1].name = "*.example";
    expect_refused(sources, 2, "a zone cannot be named by a wildcard");
}

static void text_in_memory_includes_nothing(void **state)
{
    static const char text[] = SOA_AND_NS "$INCLUDE tests/bad/zone/good.inc\n";
    struct zone_source source = {
        .name = "example", .file = "x", .text = text, .len = sizeof text - 1
    };

    expect_refused(&source, 1, "$INCLUDE: it is not possible here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_zone_is_refused_with_its_sentences),
        cmocka_unit_test(what_is_no_regular_file_is_refused_at_once),
        cmocka_unit_test(a_file_too_large_is_refused_unread),
        cmocka_unit_test(a_zone_given_twice_or_without_a_proper_name_is_refused),
        cmocka_unit_test(text_in_memory_includes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
