/* metrics.h - the page that Prometheus reads. Main thread. */
#pragma once

#include <stdio.h>

struct control;

void metrics_write(const struct control *control, FILE *out);

/* What a person sees who opens the address in a browser. */
void metrics_write_root(const struct control *control, FILE *out);
