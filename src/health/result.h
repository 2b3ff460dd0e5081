/* result.h - how one probe ended, and the sentence for it.
 *
 * Pure. */
#pragma once

#include <stdint.h>

#include <waymark/health.h>

enum probe_outcome {
    PROBE_OK,
    PROBE_MISS,
    PROBE_VOID /* our own trouble, which says nothing of the target */
};

struct probe_result {
    enum probe_outcome outcome;
    uint32_t rtt_us;               /* of a success */
    char reason[HEALTH_ERROR_LEN]; /* of anything else; printable */
};

/* Both replace what a stranger may have put into the sentence by question marks, and cut it. */
void result_miss(struct probe_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void result_void(struct probe_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A miss, or void when the error is of this machine: too many open files, no memory. */
void result_errno(struct probe_result *result, int err);
