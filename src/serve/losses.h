/* losses.h - what a reload would take away. */
#pragma once

#include <waymark/conf.h>

struct report;

/* A warning for each zone and service that `next` leaves out; an error when it leaves out every
 * zone, as a file does that was caught half written. */
void losses_name(const struct conf *serving, const struct conf *next, struct report *report);
