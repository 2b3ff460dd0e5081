/* metrics_guard.h - the figures of cookies and limits, as Prometheus reads them. Main thread. */
#pragma once

#include <stdio.h>

struct dns_counts;

void metrics_write_guard(FILE *out, const struct dns_counts *n);
