/* conf_say.c - findings with the path of the setting they are about, and what stands there.
 *
 * One loader at a time. */
#include "conf_say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <waymark/escape.h>
#include <waymark/report.h>

enum { PATH_LEN = 200, TEXT_LEN = 700 };

int conf_line(const config_setting_t *s)
{
    return (int)(intptr_t)config_setting_get_hook(s); /* put there by conf.c */
}

bool conf_is_clean(const struct conf_reader *r)
{
    return report_errors(r->report) == r->errors_before;
}

struct conf_where conf_where(const struct conf_reader *r, const config_setting_t *s)
{
    return (struct conf_where){ .file = r->file, .line = conf_line(s) };
}

const char *conf_show(const char *text, char out[static CONF_SHOW_LEN])
{
    if (text[escape_text(out, CONF_SHOW_LEN, text)] != '\0') {
        escape_text(out, CONF_SHOW_LEN - 3, text);
        strcat(out, "...");
    }
    return out;
}

/* Elements of lists go by their "name" if they have a text there, else by their place from 1 on. */
static void step_text(const config_setting_t *s, char *out, size_t size)
{
    const config_setting_t *name = NULL;
    char shown[CONF_SHOW_LEN];

    if (config_setting_name(s) != NULL) {
        snprintf(out, size, ".%s", conf_show(config_setting_name(s), shown));
        return;
    }
    if (config_setting_is_group(s))
        name = config_setting_get_member(s, "name");
    if (name != NULL && config_setting_type(name) == CONFIG_TYPE_STRING)
        snprintf(out, size, ".%s", conf_show(config_setting_get_string(name), shown));
    else
        snprintf(out, size, "[%d]", config_setting_index(s) + 1);
}

static void path_text(const config_setting_t *s, char out[static PATH_LEN])
{
    const config_setting_t *chain[32];
    char step[CONF_SHOW_LEN + 2];
    size_t n = 0, used = 0;

    out[0] = '\0';
    for (; s != NULL && !config_setting_is_root(s) && n < 32; s = config_setting_parent(s))
        chain[n++] = s;
    while (n-- > 0 && used < PATH_LEN) {
        step_text(chain[n], step, sizeof step);
        const char *text = used == 0 && step[0] == '.' ? step + 1 : step;
        used += (size_t)snprintf(out + used, PATH_LEN - used, "%s", text);
    }
}

/* Once the report is full findings are only counted: to find the words for each takes too long. */
static void say(struct conf_reader *r, enum report_level level, const config_setting_t *at,
                const char *format, va_list args)
{
    char path[PATH_LEN], text[TEXT_LEN] = "";

    if (report_count(r->report) < REPORT_LINES_MAX) {
        path_text(at, path);
        int used = snprintf(text, sizeof text, "%s%s", path, path[0] == '\0' ? "" : ": ");
        vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    }
    if (level == REPORT_ERROR)
        report_error(r->report, r->file, conf_line(at), "%s", text);
    else
        report_warning(r->report, r->file, conf_line(at), "%s", text);
}

void conf_error(struct conf_reader *r, const config_setting_t *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(r, REPORT_ERROR, at, format, args);
    va_end(args);
}

void conf_warning(struct conf_reader *r, const config_setting_t *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(r, REPORT_WARNING, at, format, args);
    va_end(args);
}

void conf_warning_at(struct conf_reader *r, struct conf_where where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_add(r->report, REPORT_WARNING, where.file, where.line, format, args);
    va_end(args);
}

const char *conf_got(const config_setting_t *s, char out[static CONF_GOT_LEN])
{
    char shown[CONF_SHOW_LEN];
    const size_t size = CONF_GOT_LEN;

    switch (config_setting_type(s)) {
    case CONFIG_TYPE_INT:
        snprintf(out, size, "%d", config_setting_get_int(s));
        break;
    case CONFIG_TYPE_INT64:
        snprintf(out, size, "%lld", config_setting_get_int64(s));
        break;
    case CONFIG_TYPE_FLOAT:
        snprintf(out, size, "%g", config_setting_get_float(s));
        break;
    case CONFIG_TYPE_STRING:
        snprintf(out, size, "the text \"%s\"", conf_show(config_setting_get_string(s), shown));
        break;
    case CONFIG_TYPE_BOOL:
        snprintf(out, size, "%s", config_setting_get_bool(s) ? "true" : "false");
        break;
    case CONFIG_TYPE_GROUP:
        snprintf(out, size, "a group { }");
        break;
    default:
        snprintf(out, size, "a list of %d", config_setting_length(s));
    }
    return out;
}
