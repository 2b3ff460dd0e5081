/* conf_say.h - who reads, and how findings are put.
 *
 * Threads: one loader. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libconfig.h>

#include <waymark/conf.h>

struct arena;
struct report;
struct conf_index;

struct conf_reader {
    const char *file; /* in the arena */
    struct report *report;
    struct arena *arena;
    struct conf *conf;
    struct conf_index *regions, *checks, *targets, *origins; /* names, once they are read */
    size_t errors_before;                          /* in the report, from other files */
    bool is_out_of_memory;
};

/* "path.of.setting: text", with its line. */
void conf_error(struct conf_reader *r, const config_setting_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void conf_warning(struct conf_reader *r, const config_setting_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* For what has no setting any more. */
void conf_warning_at(struct conf_reader *r, struct conf_where where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Before any error: after one, what looks useless may be right but misspelt. */
bool conf_is_clean(const struct conf_reader *r);

int conf_line(const config_setting_t *s);
struct conf_where conf_where(const struct conf_reader *r, const config_setting_t *s);

/* A text from the file, shortened and without control characters, for a message. Returns `out`. */
enum { CONF_SHOW_LEN = 72 };
const char *conf_show(const char *text, char out[static CONF_SHOW_LEN]);

/* What stands there, for "expected ..., got ...". Returns `out`. */
enum { CONF_GOT_LEN = CONF_SHOW_LEN + 16 };
const char *conf_got(const config_setting_t *s, char out[static CONF_GOT_LEN]);
