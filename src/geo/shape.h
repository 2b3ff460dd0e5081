/* shape.h - is this value of a database's data section sound, and where in it lie the fields?
 *
 * libmaxminddb decodes what it is pointed at without asking how deep or how large it is, and comes
 * back to the start of a record for each field. Here a record is walked once, within limits: the
 * pass checks what it passes and notes where the wanted fields lie.
 *
 * Threads: pure. Source: MaxMind DB file format 2.0, "Output Data Section". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/why.h>

enum geo_type {
    GEO_TYPE_POINTER = 1,
    GEO_TYPE_TEXT = 2,
    GEO_TYPE_DOUBLE = 3,
    GEO_TYPE_BYTES = 4,
    GEO_TYPE_UINT16 = 5,
    GEO_TYPE_UINT32 = 6,
    GEO_TYPE_MAP = 7,
    GEO_TYPE_INT32 = 8,
    GEO_TYPE_UINT64 = 9,
    GEO_TYPE_UINT128 = 10,
    GEO_TYPE_ARRAY = 11,
    GEO_TYPE_BOOL = 14,
    GEO_TYPE_FLOAT = 15
};

enum {
    GEO_SHAPE_DEPTH = 16,    /* of maps and arrays in one another; real data has 4 */
    GEO_SHAPE_VALUES = 8192, /* in one record, pointers followed */
    GEO_PATHS_MAX = 32,
    GEO_PATH_STEPS = 8
};

struct geo_step {
    const char *key;
    uint32_t len;
    uint32_t index; /* the key as an array index; UINT32_MAX: it is none */
};

/* "subdivisions.0.names.en", cut up. Refers to the text. */
struct geo_path {
    const char *text;
    size_t n;
    struct geo_step steps[GEO_PATH_STEPS];
};
/* false: empty, an empty step, or more than GEO_PATH_STEPS. */
bool geo_path_parse(const char *text, struct geo_path *out);

/* One decoded value, pointers followed. */
struct geo_value {
    enum geo_type type;
    uint32_t at;      /* of its control octet */
    uint32_t payload; /* where its octets start; a map's or array's first member */
    uint32_t size;    /* octets; for a map, an array: members; for a bool its value */
};

/* Records share their keys: which paths a key at an offset belongs to is remembered. */
struct geo_key_memo {
    uint32_t at, depth, mask, hits; /* mask 0: not in use */
};

enum { GEO_KEY_MEMOS = 64 };

struct geo_shape {
    const uint8_t *data;
    uint32_t size;
    const struct geo_path *paths;
    size_t n_paths;   /* at most GEO_PATHS_MAX */
    bool is_thorough; /* follow pointers under keys that nobody wants, too */
    uint64_t budget;  /* values that may still be visited, over all records */
    struct geo_key_memo memos[GEO_KEY_MEMOS];
};

/* Walks the value at `at`. found[i] says where the value of paths[i] is, bit i of the result set;
 * the first of several wins. 0, or -EINVAL with `why`, a clause that names the trouble. */
int geo_shape_walk(struct geo_shape *shape, uint32_t at, struct geo_value found[GEO_PATHS_MAX],
                   uint32_t *mask, char why[static WHY_LEN]);

/* Are all members of the map or array (keys included) texts? It was found by a walk. */
bool geo_shape_is_all_text(struct geo_shape *shape, const struct geo_value *container);

/* Is it whole UTF-8 (RFC 3629) without control characters? */
bool geo_text_is_clean(const uint8_t *text, size_t len);
