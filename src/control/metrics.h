/* metrics.h - the page that Prometheus reads. Main thread. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct control;

void metrics_write(const struct control *control, FILE *out);

/* The map of a service, "" for the first; false: there is none. */
bool metrics_write_map(const struct control *control, const char *name, FILE *out);

/* What a person sees who opens the address in a browser. */
void metrics_write_root(const struct control *control, FILE *out);
