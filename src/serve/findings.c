/* findings.c - see findings.h. Any thread. */
#include "findings.h"

#include <waymark/log.h>
#include <waymark/report.h>

static void log_finding(const struct report_line *l)
{
    enum log_level level = l->level == REPORT_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;

    if (l->file[0] == '\0')
        log_line(level, "%s", l->text);
    else if (l->line == 0)
        log_line(level, "%s: %s", l->file, l->text);
    else
        log_line(level, "%s:%d: %s", l->file, l->line, l->text);
}

void findings_log(const struct report *report)
{
    size_t n = report_count(report);
    size_t all = report_errors(report) + report_warnings(report);

    for (size_t i = 0; i < n; i++)
        log_finding(report_at(report, i));
    if (all > n)
        log_line(LOG_LEVEL_WARNING, "and %zu more findings", all - n);
}
