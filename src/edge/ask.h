/* ask.h - whom a flight asks, and the head that it sends. Pure but for the edge it reads.
 *
 * Threads: the edge's. */
#pragma once

#include "lines.h"
#include "parts.h"
#include "request.h"

enum { ASK_URL_MAX = 600 }; /* of an origin: its URL, and its name */

/* Points into the configuration: good until the loop's next event. */
struct ask {
    bool is_shield;
    char url[ASK_URL_MAX];
    char connect_to[ASK_URL_MAX];  /* as in fetch.h; "": where the URL says */
    const char *directory;         /* not NULL: a file from here, and no URL */
    const char *cache_control;     /* of such a file */
    int connect_ms, first_byte_ms, body_idle_ms;
};

/* The next place to ask; `attempt` (how many were asked before) and `no_shield` tell what was tried.
 * false: there is none. */
bool ask_whom(const struct edge *e, int attempt, bool no_shield, struct ask *out);
int ask_count(const struct edge *e); /* origins there are */

/* What is sent: texts that fetch.h takes. */
struct ask_head {
    char method[HTTP_METHOD_MAX + 1];
    char host[HTTP_HOST_MAX + 1];
    struct lines target; /* ended by NUL */
    struct lines fields;
};

/* `for_cache`: a GET of what the key says; else the client's own request. With the validators of
 * `stale`, if it is not NULL. false: out of memory. The head is zeroed before, and freed in any
 * case. */
bool ask_write(const struct edge *e, const struct request *r, const struct ask *ask, bool for_cache,
               const struct object *stale, struct ask_head *out);
void ask_head_fini(struct ask_head *h);
