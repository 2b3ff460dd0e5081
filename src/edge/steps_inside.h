/* steps_inside.h - what steps.c and steps_look_up.c share.
 *
 * Threads: the edge's. */
#pragma once

#include "session.h"

enum step steps_look_up(struct session *s);
enum step steps_reply(struct session *s, unsigned status, const char *why); /* of our own making */
