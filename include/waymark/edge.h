/* edge.h - HTTP for the configured edges: listeners, cache, origin fetch, shield, purge.
 *
 * Threads: server.edge_threads of its own, each a libevent loop; an edge (one PoP, its listen
 *          addresses, one store) belongs to one of them. The functions here are called from one other
 *          thread at a time (main); none of them waits for a client or an origin.
 * Owner:   serve opens and closes them.
 * Units:   microseconds in figures, octets for bytes.
 * Nothing a stranger sends makes a log line beside the access log: it is an answer and a counter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/conf.h>
#include <waymark/why.h>

struct report;
struct world_hub;
struct edges;

/* What the files that edges need have against being used: certificates and keys, which a start reads
 * before privileges drop; then, as the user that serves, folders of origins and the access log (errors),
 * and a certificate or key which that user could not read at a reload (a warning). Any thread. */
void edges_check_tls(const struct conf *conf, struct report *report);
void edges_check_files(const struct conf *conf, struct report *report);

/* Binds every listen address and reads certificates: before privileges drop. The conf is referenced.
 * `hub`, if not NULL, tells the verdicts of shields and outlives the edges. 0, or -errno with `why`.
 * With no edge configured it succeeds, and everything below is a no-op. */
int edges_open(struct conf *conf, struct world_hub *hub, struct edges **out,
               char why[static WHY_LEN]);

/* Opens the access log, so as the user that does it at each reload, and starts the threads. 0, or
 * -errno with `why` (the edges can then only be closed). */
int edges_start(struct edges *edges, char why[static WHY_LEN]);

/* Another configuration, made ready so that taking it up cannot fail: addresses bound, certificates
 * read, the log opened, edges made. Nothing that clients see has changed. May be called from another
 * thread than the rest, one at a time. 0, or -errno with `why`. */
struct edges_next;
int edges_prepare(struct edges *edges, struct conf *conf, struct edges_next **out,
                  char why[static WHY_LEN]);
/* One of the two ends it. An edge whose PoP stays keeps its store; its listeners, routes and origins
 * become the new ones; connections of edges that went are closed. server.edge_threads is read at a
 * start only. */
void edges_take_up(struct edges *edges, struct edges_next *next);
void edges_forget(struct edges *edges, struct edges_next *next); /* NULL is fine, of both */

void edges_close(struct edges *edges); /* ends the threads; NULL is fine */

/* What /healthz of a PoP's edge says beside 200 "up": draining is 503 and closes idle connections as
 * they answer, but requests are served; down is 503 too. */
enum edge_state { EDGE_UP, EDGE_DRAINING, EDGE_DOWN };

/* -ENOENT: no edge of that PoP. */
int edges_set_state(struct edges *edges, const char *pop, enum edge_state state);

/* ---- purge ---- */

enum edge_purge_kind {
    EDGE_PURGE_URL,    /* http://host[:port]/path?query, all its variants, under either scheme */
    EDGE_PURGE_PREFIX, /* the same as the beginning of a URL; http://host alone: the whole host */
    EDGE_PURGE_TAG,    /* what the origin called it in Cache-Tag or Surrogate-Key */
    EDGE_PURGE_ALL
};

struct edge_purge {
    enum edge_purge_kind kind;
    const char *what; /* EDGE_PURGE_ALL: NULL */
    bool is_soft;     /* make stale, so that it is revalidated; else forget */
};

struct edge_purged {
    size_t n_edges;      /* that it reached */
    uint64_t generation; /* of the purge; whatever was fetched before it is gone, or stale */
};

/* When this returns, no request that begins later sees what was purged, on any edge of the process,
 * in the store or in a fetch under way. 0, or -errno with `why`: -EINVAL for what cannot be read. */
int edges_purge(struct edges *edges, const struct edge_purge *purge, struct edge_purged *out,
                char why[static WHY_LEN]);

/* ---- figures ---- */

/* How a request was answered. */
enum edge_result {
    EDGE_HIT,
    EDGE_MISS,
    EDGE_STALE,
    EDGE_BYPASS,
    EDGE_REVALIDATED,
    EDGE_LOCAL, /* by the edge itself: /healthz, refusals, its own errors */
    EDGE_RESULTS
};

const char *edge_result_name(enum edge_result result); /* "hit", ... */

/* Statuses by their first digit; 0: the client left before there was one. */
enum { EDGE_STATUS_CLASSES = 6 };

const char *edge_status_name(size_t status_class); /* "none", "1xx", ... */

/* Times by size: four buckets to each doubling. */
enum { EDGE_TIME_BUCKETS = 128 };

struct edge_times {
    uint64_t n, sum_us;
    uint64_t buckets[EDGE_TIME_BUCKETS];
};

/* The time that `per_mille` of a thousand did not exceed, by its bucket; 0 when there is none. */
uint64_t edge_times_quantile_us(const struct edge_times *times, unsigned per_mille);

struct edge_figures {
    char pop[64];
    enum edge_state state;
    uint64_t origin_failed;    /* fetches in a row, up to the last one; 0: the origin answers */
    int64_t origin_failed_ms;  /* wall clock: since when */
    char origin_error[200];    /* the last one's trouble: whom, and why */
    uint64_t requests[EDGE_RESULTS];
    uint64_t statuses[EDGE_STATUS_CLASSES]; /* of all but /healthz */
    uint64_t refused_requests; /* that no HTTP parser should take */
    uint64_t bytes_cache;     /* of bodies sent from the store */
    uint64_t bytes_origin;    /* of bodies received from origins and shields */
    uint64_t fetches;         /* begun */
    uint64_t fetches_failed;
    uint64_t evicted_objects;
    struct edge_times edge_time;   /* head read to last octet handed over, but of /healthz */
    struct edge_times origin_time; /* fetch begun to its head */
    uint64_t store_bytes, store_limit, store_objects;
    uint64_t connections, fetches_in_flight;
};

/* Copies up to `max` in the configuration's order; returns how many there are. */
size_t edges_figures(const struct edges *edges, struct edge_figures *out, size_t max);
