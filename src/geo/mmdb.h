/* mmdb.h - one MaxMind-format database, opened with suspicion.
 *
 * libmaxminddb believes what a file says of itself: it opens many corrupt ones, and some kill it.
 * Everything it will rely on is therefore checked beforehand, on a private copy of the file.
 *
 * Threads: one owner. Owner: whoever opens it closes it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <maxminddb.h>

#include <waymark/why.h>

#include "geo/seq.h"
#include "geo/snapshot.h"

enum { GEO_MMDB_SEPARATOR = 16 /* zero octets between tree and data */ };

struct geo_mmdb {
    struct geo_snapshot snapshot;
    MMDB_s db;
    bool is_open;
    uint32_t data_size; /* of the data section proper, up to the metadata */
};

/* 0, or -errno with `why`, a clause that does not name the file. */
int geo_mmdb_open(const char *path, struct geo_mmdb *out, char why[static WHY_LEN]);
int geo_mmdb_from(const void *data, size_t size, struct geo_mmdb *out, char why[static WHY_LEN]);
void geo_mmdb_close(struct geo_mmdb *mmdb); /* half-open is fine */

/* What records become, some at a time; each is asked for once. 0, or -errno with `why`. */
enum { GEO_RECORDS_MAX = 16 };
typedef int geo_records_cb(void *ctx, const uint32_t offsets[], uint32_t values[], size_t n,
                           char why[static WHY_LEN]);

/* Both families' networks, each with its record's number, 0 where there is none. The sequences are
 * empty at first, and the caller's even when this fails. `n` counts networks with a record. */
int geo_mmdb_walk(const struct geo_mmdb *mmdb, geo_records_cb *on_records, void *ctx,
                  struct geo_seq *v4, struct geo_seq *v6, size_t *n, char why[static WHY_LEN]);
