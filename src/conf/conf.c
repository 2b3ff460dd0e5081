/* conf.c - from a file to a checked configuration, and its life.
 *
 * Reads the text, lets the scan look at it, lets libconfig parse it, runs the readers of the parts.
 * One loader at a time; the result never changes and is counted atomically. */
#include <waymark/conf.h>

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <libconfig.h>

#include <waymark/arena.h>
#include <waymark/file.h>
#include <waymark/report.h>

#include "conf_parts.h"
#include "conf_scan.h"

/* Octets that libconfig may take: for any file, and for each value. */
enum {
    MEMORY_LEAST = 1 << 20,
    MEMORY_PER_VALUE = 512,
    PAGES_PER_VALUE = 16 * 1024,
    ARENA = 192 << 20, /* what malloc reserves for a thread, and some */
    MANY_VALUES = 1 << 16
};

/* What conf_parse returns a pointer into. */
struct conf_box {
    struct conf conf; /* first, so that a conf is its box */
    struct arena *arena;
    atomic_int refs;
};

static void box_free(struct conf_box *box)
{
    if (box == NULL)
        return;
    arena_free(box->arena);
    free(box);
}

static struct conf_box *box_new(void)
{
    struct conf_box *box = calloc(1, sizeof *box);

    if (box == NULL)
        return NULL;
    box->arena = arena_new();
    box->refs = 1;
    if (box->arena == NULL) {
        box_free(box);
        return NULL;
    }
    return box;
}

struct conf *conf_ref(struct conf *conf)
{
    struct conf_box *box = (struct conf_box *)conf;

    atomic_fetch_add(&box->refs, 1);
    return conf;
}

void conf_unref(struct conf *conf)
{
    struct conf_box *box = (struct conf_box *)conf;

    if (box != NULL && atomic_fetch_sub(&box->refs, 1) == 1)
        box_free(box);
}

/* ---- lines ---- */

static bool take_line(config_setting_t *s, const struct conf_lines *lines, size_t *at)
{
    if (*at == lines->n)
        return false;
    config_setting_set_hook(s, (void *)(intptr_t)lines->lines[(*at)++]);
    return true;
}

/* The tree in the order of the text, as the scan saw it; nested no deeper than the scan allows. */
static bool take_lines(config_setting_t *s, const struct conf_lines *lines, size_t *at)
{
    if (!config_setting_is_root(s) && !take_line(s, lines, at))
        return false;
    if (!config_setting_is_aggregate(s))
        return true;
    for (int i = 0; i < config_setting_length(s); i++)
        if (!take_lines(config_setting_get_elem(s, (unsigned)i), lines, at))
            return false;
    return true;
}

/* ---- parsing ---- */

const config_setting_t *conf_read_named(struct conf_reader *r, const config_setting_t *top,
                                        enum conf_option_id id, size_t *n)
{
    const config_setting_t *group = conf_member(top, id);

    *n = 0;
    if (group == NULL)
        return NULL;
    if (!config_setting_is_group(group)) {
        conf_error(r, group, "expected a group { } of named groups: %s: { name: { ... }; }",
                   conf_option(id)->name);
        return NULL;
    }
    size_t len = (size_t)config_setting_length(group);
    if ((double)len > conf_option(id)->most) {
        conf_error(r, group, "expected at most %.0f, got %zu", conf_option(id)->most, len);
        return NULL;
    }
    *n = len;
    return group;
}

static void read_parts(struct conf_reader *r, const config_setting_t *top)
{
    conf_check_group(r, top, CONF_SET(top));
    conf_read_server(r, conf_member(top, OPT_top_server));
    conf_read_health(r, conf_member(top, OPT_top_health));
    conf_read_zones(r, top);
    conf_read_geo(r, conf_member(top, OPT_top_geo));
    conf_read_regions(r, top);
    conf_read_checks(r, top);
    conf_read_targets(r, top);
    conf_read_services(r, top);
    conf_read_origins(r, top);
    conf_read_edges(r, top);
    if (conf_is_clean(r))
        conf_check_whole(r);
    if (r->is_out_of_memory)
        report_error(r->report, r->file, 0, "out of memory");
}

/* libconfig 1.5 does not look whether its memory was given, and a reload would end the server with
 * it: see first that there is plenty. Where a thread gets no arena of its own, malloc takes pages
 * for every piece; where it gets one, the pieces count as they are. */
static bool has_memory_for(size_t text_len, size_t n_values)
{
    size_t pages = n_values < ARENA / PAGES_PER_VALUE ? n_values * PAGES_PER_VALUE : ARENA;
    size_t size = MEMORY_LEAST + 2 * text_len + MEMORY_PER_VALUE * n_values + pages;
    void *reserve = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return reserve != MAP_FAILED && munmap(reserve, size) == 0;
}

/* The scan lets nothing through that libconfig refuses; were it wrong, the file would be refused
 * with libconfig's sentence, and the fuzzer would tell us. */
static void parse_text(struct conf_reader *r, const char *text, const struct conf_lines *lines)
{
    config_t config;
    size_t at = 0;

    if (!has_memory_for(strlen(text), lines->n)) {
        report_error(r->report, r->file, 0, "out of memory");
        return;
    }
    config_init(&config);
    if (config_read_string(&config, text) != CONFIG_TRUE)
        report_error(r->report, r->file, config_error_line(&config), "libconfig says: %s",
                     config_error_text(&config));
    else if (!take_lines(config_root_setting(&config), lines, &at) || at != lines->n)
        report_error(r->report, r->file, 0, "libconfig found other values than the scan");
    else
        read_parts(r, config_root_setting(&config));
    config_destroy(&config);
    if (lines->n > MANY_VALUES)
        malloc_trim(0); /* its pieces lie between ours: malloc alone would keep them all */
}

/* libconfig wants a NUL at the end, and a newline: a comment in the last line needs it. */
static char *text_copy(const char *text, size_t len)
{
    char *copy = malloc(len + 2);

    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\n';
    copy[len + 1] = '\0';
    return copy;
}

static void scan_and_parse(struct conf_reader *r, const char *text, size_t len)
{
    struct conf_lines lines = { 0 };
    char *copy = len > CONF_TEXT_MAX ? NULL : text_copy(text, len);

    if (len > CONF_TEXT_MAX)
        report_error(r->report, r->file, 0, "longer than %d octets", CONF_TEXT_MAX);
    else if (copy == NULL)
        report_error(r->report, r->file, 0, "out of memory");
    else if (conf_scan(copy, len + 1, r->file, r->report, &lines))
        parse_text(r, copy, &lines);
    conf_lines_fini(&lines);
    free(copy);
}

struct conf *conf_parse(const char *text, size_t len, const char *name, struct report *report)
{
    struct conf_box *box = box_new();
    struct conf_reader r = { .report = report, .errors_before = report_errors(report) };

    if (box == NULL) {
        report_error(report, name, 0, "out of memory");
        return NULL;
    }
    r.conf = &box->conf;
    r.arena = box->arena;
    r.file = box->conf.file = conf_keep(&r, name);
    scan_and_parse(&r, text, len);
    if (!conf_is_clean(&r)) {
        box_free(box);
        return NULL;
    }
    return &box->conf;
}

/* ---- files ---- */

struct conf *conf_load(const char *path, struct report *report)
{
    struct file_text file;
    char why[WHY_LEN];

    if (file_read(path, CONF_TEXT_MAX, &file, why) != 0) {
        report_error(report, path, 0, "%s", why);
        return NULL;
    }
    struct conf *conf = conf_parse(file.text, file.len, path, report);
    file_text_free(&file);
    return conf;
}
