/* origin_trouble.h - does the origin of an edge answer, and if not, why?
 *
 * Threads: the edge's tells; any asks. Limits: one sentence per edge; a line in the log when it begins
 *          to fail and one when it answers again, a pair in ORIGIN_TOLD_S at most. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { ORIGIN_TEXT_LEN = 200, ORIGIN_TOLD_S = 60 };

struct origin_trouble {
    pthread_mutex_t lock;
    uint64_t n_failed; /* in a row; 0: it answers. Written by the edge's thread under the lock */
    int64_t since_ms;  /* wall clock: the first of them */
    char text[ORIGIN_TEXT_LEN];
    int64_t told_ms; /* of the thread alone: when the log last had it */
    bool is_told;
};

void origin_trouble_init(struct origin_trouble *t);
void origin_trouble_fini(struct origin_trouble *t);

void origin_failed(struct origin_trouble *t, const char *pop, const char *why, int64_t now_ms);
void origin_answered(struct origin_trouble *t, const char *pop);
/* 0 failed: the rest is as it was. */
void origin_trouble_copy(struct origin_trouble *t, uint64_t *n_failed, int64_t *since_ms,
                         char text[static ORIGIN_TEXT_LEN]);
