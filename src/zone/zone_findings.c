/* zone_findings.c - counts findings and passes the first ones on. */
#include "zone/zone_findings.h"

#include <waymark/report.h>

void zone_error(struct zone_findings *findings, const char *file, int line, const char *format, ...)
{
    va_list args;

    if (findings->n_errors++ >= ZONE_ERRORS_MAX)
        return;
    va_start(args, format);
    report_add(findings->report, REPORT_ERROR, file, line, format, args);
    va_end(args);
}

void zone_warning(struct zone_findings *findings, const char *file, int line, const char *format,
                  ...)
{
    va_list args;

    if (findings->n_warnings++ >= ZONE_WARNINGS_MAX)
        return;
    va_start(args, format);
    report_add(findings->report, REPORT_WARNING, file, line, format, args);
    va_end(args);
}

bool zone_findings_are_full(const struct zone_findings *findings)
{
    return findings->n_errors >= ZONE_ERRORS_MAX;
}

void zone_findings_end(struct zone_findings *findings, const char *file)
{
    if (findings->n_warnings > ZONE_WARNINGS_MAX)
        report_warning(findings->report, file, 0, "%zu further warnings about this zone",
                       findings->n_warnings - ZONE_WARNINGS_MAX);
    if (zone_findings_are_full(findings))
        report_error(findings->report, file, 0,
                     "more than %d errors: the rest of this zone was not looked at",
                     ZONE_ERRORS_MAX);
}
