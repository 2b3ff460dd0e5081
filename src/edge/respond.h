/* respond.h - the heads of answers: of stored responses, of passing ones, of our own.
 *
 * Threads: the edge's. */
#pragma once

#include "session.h"

/* Queues the head for told.object and sets what of its body is to follow. */
void respond_object(struct session *s);
/* Queues an answer of our own, whole. `why` is a sentence for people. */
void respond_local(struct session *s, unsigned status, const char *why);
