/* why.h - the sentence that goes with an error number.
 *
 * A callee that fails fills `why` with a sentence for the operator and returns -errno; the caller
 * decides whether to log it. Never both. */
#pragma once

#define WHY_LEN 512

/* Writes the sentence and returns `err`, so that a failing function can end in one line. */
int why_set(char why[static WHY_LEN], int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
