/* question.h - what `waymark explain` is asked, from text. Pure.
 *
 * The client checks its arguments with it, and the server what comes over the socket. */
#pragma once

#include <stdint.h>

#include <waymark/dns.h>
#include <waymark/why.h>

enum { QUESTION_BITS4 = 24, QUESTION_BITS6 = 56 }; /* what resolvers usually pass on */

struct question_text {
    const char *name, *type, *client, *resolver, *at; /* NULL as in control_explain_args */
};

/* 0, or -EINVAL with `why`. `now_ms` is meant when `at` is NULL. */
int question_parse(const struct question_text *text, int64_t now_ms, struct dns_question *out,
                   char why[static WHY_LEN]);
