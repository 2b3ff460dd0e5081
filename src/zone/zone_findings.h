/* zone_findings.h - what is wrong with one zone, on its way to the report, within bounds.
 *
 * Threads: one owner. A file of a million mistakes must not take a minute to say so, nor may
 * warnings crowd out the errors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct report;

enum {
    ZONE_ERRORS_MAX = 1000, /* after so many the rest of a zone is left alone */
    ZONE_WARNINGS_MAX = 50  /* of one zone; the rest is counted */
};

struct zone_findings {
    struct report *report;
    size_t n_errors, n_warnings;
    bool lost_soa, lost_ns; /* a record that could have been one was not understood */
};

void zone_error(struct zone_findings *findings, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void zone_warning(struct zone_findings *findings, const char *file, int line, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/* So many errors that reading on is no use? */
bool zone_findings_are_full(const struct zone_findings *findings);
/* Says what was left out. */
void zone_findings_end(struct zone_findings *findings, const char *file);
