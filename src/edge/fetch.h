/* fetch.h - responses from origins and shields, by libcurl's multi interface on the thread's loop.
 *
 * libcurl connects, writes requests and cuts the stream into messages; heads are read by http_head.h
 * and chunked bodies by http_chunks.h, as strictly as a client's. libcurl calls back into memory
 * only: whoever waits is told after it has returned, so that a callback here may start, resume and
 * cancel fetches.
 *
 * Threads: one, with its loop. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "body.h"
#include "http_chunks.h"
#include "http_head.h"

struct event_base;
struct fetch;
struct fetchers; /* one per thread: the connections */

enum { FETCH_BODY_UNKNOWN = -1, FETCH_BODY_NONE = -2 };

struct fetchers *edge_fetchers_new(struct event_base *base); /* NULL: out of memory */
void edge_fetchers_free(struct fetchers *all);               /* every fetch is gone; NULL is fine */

enum fetch_outcome {
    FETCH_RUNNING,
    FETCH_WHOLE,   /* body->state tells it from one that only ended */
    FETCH_NOTHING, /* no connection, no answer, or none in time: another address may do better */
    FETCH_BAD,     /* an answer that no parser should take */
    FETCH_CUT      /* the body broke off */
};

/* Bytes of a request's body: > 0 octets written, 0: the end, -1: none now (fetch_upload tells when
 * there are more), -2: there never will be. Called by libcurl: memory only. */
typedef long fetch_read_cb(void *ctx, char *out, size_t room);
/* Something has changed: a head has come, the body has grown, it has ended. The callee may cancel. */
typedef void fetch_cb(void *ctx, struct fetch *f);

struct fetch_spec {
    const char *method;
    const char *url;    /* "http://127.0.0.1:9000": whom to ask; SNI and certificate are its name's */
    const char *connect_to; /* "::host:port", as libcurl has it; "": where the URL says */
    const char *target; /* what for: "/path?query" */
    const char *host;   /* its Host */
    const char *fields; /* all others: "Name: value\r\n" lines */
    size_t fields_len;
    int connect_ms, first_byte_ms;
    int body_idle_ms;   /* silence of the body after which it has broken off */
    int64_t upload;     /* octets of a body, or FETCH_BODY_UNKNOWN, or FETCH_BODY_NONE */
    fetch_read_cb *read;
    void *read_ctx;
    fetch_cb *on_change;
    void *ctx;
};

/* What on_change finds. Read only. */
struct fetch_view {
    enum fetch_outcome outcome;
    bool has_head;
    const struct http_response_head *head; /* slices into the fetch: as long as it lives */
    struct body *body;                     /* filled from the start; counted by the fetch */
    int64_t request_ms, response_ms;       /* wall clock: begun, head here */
    int64_t response_steady_ms;            /* what ages are counted from: nobody sets that clock */
    int64_t first_byte_us;                 /* how long the head took */
    bool was_late;                         /* it ended by a timeout */
    const char *error;      /* once it has failed: a word of RFC 9209 2.3 */
    const char *error_text; /* likewise: whom and why, for people; as long as the fetch lives */
};

/* NULL: out of memory. Texts of the spec are copied. Never calls back at once. */
struct fetch *edge_fetch_start(struct fetchers *all, const struct fetch_spec *spec);
/* The same from a file: a response head of our own making, then `len` octets of `fd` (taken over, -1:
 * no body), read in pieces between other events. */
struct fetch *edge_fetch_start_file(struct fetchers *all, const struct fetch_spec *spec,
                               const char *head, size_t head_len, int fd, uint64_t len);
void edge_fetch_cancel(struct fetch *f); /* frees it; NULL is fine */

struct fetch_view edge_fetch_view(const struct fetch *f);
void edge_fetch_resume(struct fetch *f); /* readers have caught up */
void edge_fetch_upload(struct fetch *f); /* there is more of the request's body */
