/* findings.h - a report as lines of the log, for whoever reads the journal. */
#pragma once

struct report;

void findings_log(const struct report *report);
