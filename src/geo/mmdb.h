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

/* What a record becomes; asked once per record. 0, or -errno with `why`. */
typedef int geo_record_cb(void *ctx, uint32_t offset, uint32_t *value, char why[static WHY_LEN]);

/* Both families' networks, each with its record's number, 0 where there is none. The sequences are
 * empty at first, and the caller's even when this fails. `n` counts networks with a record. */
int geo_mmdb_walk(const struct geo_mmdb *mmdb, geo_record_cb *on_record, void *ctx,
                  struct geo_seq *v4, struct geo_seq *v6, size_t *n, char why[static WHY_LEN]);
