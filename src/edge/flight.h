/* flight.h - fetches under way, and who waits for them.
 *
 * A shared flight fetches for all who ask for its key until its head is here. Then, if the response
 * may be stored, all whose variant it is get the object, which still grows; if not, the first gets
 * it and the others are let go at once, each to fetch for itself; that is remembered. A private
 * flight is one client's alone: other methods, and what is known to be uncacheable.
 *
 * Threads: the edge's. */
#pragma once

#include "parts.h"
#include "request.h"

enum flight_kind {
    FLIGHT_SHARED,  /* fills the cache; can be joined */
    FLIGHT_ALONE,   /* fills the cache if the response may be stored after all */
    FLIGHT_PRIVATE, /* passes through: the client's own method, conditions, ranges, body */
};

enum flight_news {
    FLIGHT_OBJECT, /* here it is: counted for nobody yet */
    FLIGHT_AGAIN,  /* it is not for you: look again; is_stored: yours is another variant */
    FLIGHT_FAILED, /* `status` says what to answer */
};

struct flight_told {
    enum flight_news news;
    struct object *object;
    enum edge_result result;
    bool is_collapsed; /* somebody else's fetch */
    bool is_stored;
    unsigned status;     /* FAILED: 502, 503, 504; else the origin's own, 0 where it failed */
    int64_t origin_us;   /* begun to head */
    const char *detail;  /* a token for Cache-Status, or NULL */
    const char *origin_error; /* why the origin failed: a word of RFC 9209 2.3, or NULL */
};

/* Embedded in who waits. */
struct flight_waiter {
    struct flight *flight; /* NULL: waits for none */
    struct flight_waiter *next, **prev;
    const struct request *request;
    void (*on_news)(void *ctx, const struct flight_told *told); /* never from inside a call */
    void *ctx;
};

struct flight_plan {
    struct edge *edge;
    struct request *request;
    enum flight_kind kind;
    struct object *stale;         /* complete: to be validated, served if the origin fails */
    struct flight_waiter *waiter; /* NULL: in the background */
    fetch_read_cb *read;          /* the request's body, or NULL */
    void *read_ctx;
};

/* Joins the flight of that key if there is one that may be joined. */
bool flight_join(struct edge *e, const struct request *request, struct flight_waiter *waiter);
/* 0, or -errno: too many, or out of memory. */
int flight_start(const struct flight_plan *plan);
/* The waiter goes. Its flight ends too, if it was private. NULL flight is fine. */
void flight_leave(struct flight_waiter *waiter);
/* More of the request's body has come, or never will. */
void flight_upload(struct flight_waiter *waiter);

/* What is under way for that URL is not for those who come later, nor to be stored. */
void flight_forget(struct edge *e, struct http_text url);
void flights_end(struct edge *e); /* all, at the end; nobody waits any more */
