/* test_conf_bad.c - every file of tests/bad/conf gets just the sentences it names in its head.
 *
 * A line `# expect LINE error: SENTENCE` (or `warning`) stands for one finding; line 0 means the
 * whole file. Neither may a finding be missing nor one be too many. */
#include "cm.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/conf.h>
#include <waymark/report.h>

static const char folder[] = "tests/bad/conf";

enum { FILES_MIN = 40, EXPECTS_MAX = 64, LINE_LEN = 1024 };

struct expect {
    enum report_level level;
    int line;
    char text[LINE_LEN];
    bool is_met;
};

struct expects {
    size_t n, n_errors;
    struct expect items[EXPECTS_MAX];
};

static bool expect_parse(const char *line, struct expect *out)
{
    char level[10];
    int text_at = 0;

    *out = (struct expect){ 0 };
    if (sscanf(line, "# expect %d %9[a-z]: %n", &out->line, level, &text_at) != 2 || text_at == 0)
        return false;
    out->level = strcmp(level, "error") == 0 ? REPORT_ERROR : REPORT_WARNING;
    snprintf(out->text, sizeof out->text, "%s", line + text_at);
    out->text[strcspn(out->text, "\n")] = '\0';
    return out->text[0] != '\0';
}

static void expects_read(const char *path, struct expects *out)
{
    char line[LINE_LEN];
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    *out = (struct expects){ 0 };
    while (out->n < EXPECTS_MAX && fgets(line, sizeof line, f) != NULL &&
           expect_parse(line, &out->items[out->n])) {
        out->n_errors += out->items[out->n].level == REPORT_ERROR;
        out->n++;
    }
    fclose(f);
}

static bool expects_meet(struct expects *expects, const struct report_line *line)
{
    for (size_t i = 0; i < expects->n; i++) {
        struct expect *e = &expects->items[i];
        if (!e->is_met && e->level == line->level && e->line == line->line &&
            strcmp(e->text, line->text) == 0)
            return e->is_met = true;
    }
    return false;
}

/* How many findings are missing or too many. */
static int compare(const char *path, struct expects *expects, const struct report *report)
{
    int n_wrong = 0;

    for (size_t i = 0; i < report_count(report); i++) {
        const struct report_line *l = report_at(report, i);
        if (expects_meet(expects, l))
            continue;
        fprintf(stderr, "%s: too many: %d %s\n", path, l->line, l->text);
        n_wrong++;
    }
    for (size_t i = 0; i < expects->n; i++) {
        if (expects->items[i].is_met)
            continue;
        fprintf(stderr, "%s: missing: %d %s\n", path, expects->items[i].line,
                expects->items[i].text);
        n_wrong++;
    }
    return n_wrong;
}

static int check_file(const char *path)
{
    struct expects *expects = malloc(sizeof *expects);
    struct report *report = report_new();

    assert_non_null(expects);
    expects_read(path, expects);
    assert_int_not_equal(expects->n, 0);
    struct conf *conf = conf_load(path, report);
    assert_int_equal(conf == NULL, expects->n_errors > 0);
    int n_wrong = compare(path, expects, report);
    conf_unref(conf);
    report_free(report);
    free(expects);
    return n_wrong;
}

static int is_conf(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".conf") == 0;
}

static void every_bad_file_gets_its_sentences_and_no_other(void **state)
{
    struct dirent **entries;
    int n_wrong = 0;
    int n = scandir(folder, &entries, is_conf, alphasort);

    assert_true(n >= FILES_MIN);
    for (int i = 0; i < n; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        n_wrong += check_file(path);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(n_wrong, 0);
}

static void ten_mistakes_are_reported_in_one_go(void **state)
{
    struct report *report = report_new();

    assert_null(conf_load("tests/bad/conf/ten_mistakes.conf", report));
    assert_int_equal(report_errors(report), 10);
    report_free(report);
}

static void a_missing_sentence_would_be_noticed(void **state)
{
    struct expects expects = { .n = 1 };
    struct report *report = report_new();

    assert_true(expect_parse("# expect 3 error: what was expected\n", &expects.items[0]));
    report_error(report, "x", 3, "something else");
    assert_int_equal(compare("(on purpose)", &expects, report), 2);
    report_error(report, "x", 3, "what was expected");
    assert_int_equal(compare("(on purpose)", &expects, report), 1);
    report_free(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_file_gets_its_sentences_and_no_other),
        cmocka_unit_test(ten_mistakes_are_reported_in_one_go),
        cmocka_unit_test(a_missing_sentence_would_be_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
