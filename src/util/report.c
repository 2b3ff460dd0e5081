/* report.c - findings about the operator's files, in the order they were made. */
#include <waymark/report.h>

#include <stdlib.h>

#include <waymark/arena.h>
#include <waymark/escape.h>

enum { TEXT_MAX = 1024 };

struct report {
    struct arena *arena;
    size_t n_lines, n_errors, n_warnings;
    struct report_line lines[REPORT_LINES_MAX];
};

struct report *report_new(void)
{
    struct report *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->arena = arena_new();
    if (r->arena == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

void report_free(struct report *report)
{
    if (report == NULL)
        return;
    arena_free(report->arena);
    free(report);
}

static const char *keep(struct report *r, const char *text)
{
    char clean[TEXT_MAX];

    escape_text(clean, sizeof clean, text);
    return arena_text(r->arena, clean);
}

void report_add(struct report *r, enum report_level level, const char *file, int line,
                const char *format, va_list args)
{
    char text[TEXT_MAX + ESCAPE_CHAR_MAX] = ""; /* as in why_set */

    if (level == REPORT_ERROR)
        r->n_errors++;
    else
        r->n_warnings++;
    if (r->n_lines == REPORT_LINES_MAX)
        return;
    vsnprintf(text, sizeof text, format, args);
    const char *kept_text = keep(r, text);
    const char *kept_file = keep(r, file == NULL ? "" : file);
    if (kept_text == NULL || kept_file == NULL)
        kept_text = kept_file = "out of memory";
    r->lines[r->n_lines++] =
        (struct report_line){ .level = level, .file = kept_file, .line = line, .text = kept_text };
}

void report_error(struct report *report, const char *file, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_add(report, REPORT_ERROR, file, line, format, args);
    va_end(args);
}

void report_warning(struct report *report, const char *file, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_add(report, REPORT_WARNING, file, line, format, args);
    va_end(args);
}

size_t report_errors(const struct report *report)
{
    return report->n_errors;
}

size_t report_warnings(const struct report *report)
{
    return report->n_warnings;
}

size_t report_count(const struct report *report)
{
    return report->n_lines;
}

const struct report_line *report_at(const struct report *report, size_t i)
{
    return &report->lines[i];
}

static void print_line(const struct report_line *l, FILE *out)
{
    if (l->file[0] != '\0')
        fprintf(out, "%s:", l->file);
    if (l->line > 0)
        fprintf(out, "%d:", l->line);
    fprintf(out, "%s%s: %s\n", l->file[0] != '\0' ? " " : "",
            l->level == REPORT_ERROR ? "error" : "warning", l->text);
}

void report_print(const struct report *report, FILE *out)
{
    for (size_t i = 0; i < report->n_lines; i++)
        print_line(&report->lines[i], out);
    size_t more = report->n_errors + report->n_warnings - report->n_lines;
    if (more > 0)
        fprintf(out, "and %zu more\n", more);
}
