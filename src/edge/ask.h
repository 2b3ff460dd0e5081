/* ask.h - whom a flight asks, and the head that it sends. Pure but for the edge it reads. */
#pragma once

#include "lines.h"
#include "parts.h"
#include "request.h"

enum { ASK_URL_MAX = 320 };

struct ask {
    bool is_shield;
    int attempt;      /* how many were asked before */
    char url[ASK_URL_MAX];
    const char *directory; /* not NULL: a file from here, and no URL */
    const char *cache_control; /* of such a file */
    int connect_ms, first_byte_ms;
};

/* The next place to ask; `attempt` and `no_shield` tell what was tried. false: there is none. */
bool ask_whom(const struct edge *e, int attempt, bool no_shield, struct ask *out);
int ask_count(const struct edge *e); /* origins there are */

/* The fields to send; with the validators of `stale`, if it is not NULL. */
void ask_fields(const struct edge *e, const struct request *r, bool for_cache,
                const struct object *stale, struct lines *out);
void ask_host(const struct edge *e, const struct request *r, const struct ask *ask,
              char out[static HTTP_HOST_MAX + 1]);
/* Ended by NUL: as the key has it where the cache is to be filled, else with the client's query. */
bool ask_target(const struct request *r, bool for_cache, struct lines *out);
