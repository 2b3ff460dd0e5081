/* mmdb.c - opens a database: what its metadata says is held against the file before libmaxminddb
 * may believe it. Runs wherever a load runs. */
#include "geo/mmdb.h"

#include <errno.h>
#include <string.h>

#include "geo/shape.h"

enum { METADATA_AREA = 128 * 1024 /* the metadata starts in the file's last so many octets */ };

static const uint8_t marker[] = "\xab\xcd\xefMaxMind.com";
enum { MARKER_LEN = sizeof marker - 1 };

enum meta {
    META_NODE_COUNT,
    META_RECORD_SIZE,
    META_IP_VERSION,
    META_TYPE,
    META_EPOCH,
    META_MAJOR,
    META_MINOR,
    META_LANGUAGES,
    META_DESCRIPTION,
    METAS
};

struct meta_key {
    const char *key;
    enum geo_type type;
};

static const struct meta_key meta_keys[METAS] = {
    [META_NODE_COUNT] = { "node_count", GEO_TYPE_UINT32 },
    [META_RECORD_SIZE] = { "record_size", GEO_TYPE_UINT16 },
    [META_IP_VERSION] = { "ip_version", GEO_TYPE_UINT16 },
    [META_TYPE] = { "database_type", GEO_TYPE_TEXT },
    [META_EPOCH] = { "build_epoch", GEO_TYPE_UINT64 },
    [META_MAJOR] = { "binary_format_major_version", GEO_TYPE_UINT16 },
    [META_MINOR] = { "binary_format_minor_version", GEO_TYPE_UINT16 },
    [META_LANGUAGES] = { "languages", GEO_TYPE_ARRAY },
    [META_DESCRIPTION] = { "description", GEO_TYPE_MAP },
};

/* The offset after the last marker in the area where it must be; 0: there is none. */
static size_t find_metadata(const uint8_t *data, size_t size)
{
    size_t at = size > METADATA_AREA ? size - METADATA_AREA : 0;
    size_t found = 0;

    for (;;) {
        const uint8_t *hit = memmem(data + at, size - at, marker, MARKER_LEN);
        if (hit == NULL)
            return found;
        found = at = (size_t)(hit - data) + MARKER_LEN;
    }
}

static uint64_t number_of(const uint8_t *area, const struct geo_value *v)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < v->size; i++)
        n = n << 8 | area[v->payload + i];
    return n;
}

/* Walks the metadata, pointers and all, and asks that every key be there with its type. */
static int read_metadata(const uint8_t *area, size_t size, struct geo_value values[GEO_PATHS_MAX],
                         char why[static WHY_LEN])
{
    struct geo_path paths[METAS];
    struct geo_shape shape = { .data = area,
                               .size = (uint32_t)size,
                               .paths = paths,
                               .n_paths = METAS,
                               .is_thorough = true,
                               .budget = 2 * GEO_SHAPE_VALUES };
    char trouble[WHY_LEN];
    uint32_t mask;

    for (int i = 0; i < METAS; i++)
        geo_path_parse(meta_keys[i].key, &paths[i]);
    if (geo_shape_walk(&shape, 0, values, &mask, trouble) != 0)
        return why_set(why, -EINVAL, "its metadata holds %s", trouble);
    for (int i = 0; i < METAS; i++) {
        if ((mask & 1u << i) == 0)
            return why_set(why, -EINVAL, "its metadata has no %s", meta_keys[i].key);
        if (values[i].type != meta_keys[i].type)
            return why_set(why, -EINVAL, "%s in its metadata has the wrong type (%d)",
                           meta_keys[i].key, (int)values[i].type);
    }
    /* libmaxminddb 1.7 refuses other members, too, but leaks what it has read by then. */
    if (!geo_shape_is_all_text(&shape, &values[META_LANGUAGES]) ||
        !geo_shape_is_all_text(&shape, &values[META_DESCRIPTION]))
        return why_set(why, -EINVAL,
                       "languages and description in its metadata may hold texts only");
    return 0;
}

static int check_numbers(const uint8_t *area, const struct geo_value *values,
                         char why[static WHY_LEN])
{
    uint64_t major = number_of(area, &values[META_MAJOR]);
    uint64_t family = number_of(area, &values[META_IP_VERSION]);
    uint64_t record = number_of(area, &values[META_RECORD_SIZE]);

    if (major != 2)
        return why_set(why, -EINVAL, "is of format %llu; only format 2 is known",
                       (unsigned long long)major);
    if (family != 4 && family != 6)
        return why_set(why, -EINVAL, "says it is for IP version %llu, expected 4 or 6",
                       (unsigned long long)family);
    if (record != 24 && record != 28 && record != 32)
        return why_set(why, -EINVAL, "says its records have %llu bits, expected 24, 28 or 32",
                       (unsigned long long)record);
    if (number_of(area, &values[META_NODE_COUNT]) == 0)
        return why_set(why, -EINVAL, "holds no network");
    if (values[META_TYPE].size > 255 ||
        !geo_text_is_clean(area + values[META_TYPE].payload, values[META_TYPE].size))
        return why_set(why, -EINVAL, "its database_type is not clean UTF-8 of at most 255 octets");
    return 0;
}

/* Tree, separator, data and metadata must follow one another inside the file. */
static int check_room(struct geo_mmdb *m, size_t metadata_at, uint64_t n_nodes, uint64_t record,
                      char why[static WHY_LEN])
{
    static const uint8_t zero[GEO_MMDB_SEPARATOR];
    uint64_t tree = n_nodes * (record / 4);
    size_t data_end = metadata_at - MARKER_LEN;

    if (tree + GEO_MMDB_SEPARATOR > data_end)
        return why_set(why, -EINVAL,
                       "says it has %llu nodes of %llu octets, but only %zu octets "
                       "precede the metadata: it is truncated or corrupt",
                       (unsigned long long)n_nodes, (unsigned long long)(record / 4), data_end);
    if (memcmp(m->snapshot.data + tree, zero, GEO_MMDB_SEPARATOR) != 0)
        return why_set(why, -EINVAL,
                       "has no separator behind its %llu nodes of %llu octets: "
                       "its metadata does not belong to it, or it is corrupt",
                       (unsigned long long)n_nodes, (unsigned long long)(record / 4));
    m->data_size = (uint32_t)(data_end - tree - GEO_MMDB_SEPARATOR);
    return 0;
}

static int check_file(struct geo_mmdb *m, char why[static WHY_LEN])
{
    const uint8_t *data = m->snapshot.data;
    struct geo_value values[GEO_PATHS_MAX];
    size_t at = find_metadata(data, m->snapshot.size);

    if (at == 0)
        return why_set(why, -EINVAL, "has no MaxMind metadata: it is truncated, or no database");
    int err = read_metadata(data + at, m->snapshot.size - at, values, why);
    if (err == 0)
        err = check_numbers(data + at, values, why);
    if (err == 0)
        err = check_room(m, at, number_of(data + at, &values[META_NODE_COUNT]),
                         number_of(data + at, &values[META_RECORD_SIZE]), why);
    return err;
}

/* Only now may the library have it. */
static int open_checked(struct geo_mmdb *m, char why[static WHY_LEN])
{
    int err = check_file(m, why);

    if (err != 0)
        goto fail;
    int status = MMDB_open(m->snapshot.path, MMDB_MODE_MMAP, &m->db);
    if (status != MMDB_SUCCESS) {
        err = why_set(why, -EINVAL, "cannot be opened: %s", MMDB_strerror(status));
        goto fail;
    }
    m->is_open = true;
    return 0;
fail:
    geo_mmdb_close(m);
    return err;
}

int geo_mmdb_open(const char *path, struct geo_mmdb *out, char why[static WHY_LEN])
{
    *out = (struct geo_mmdb){ .is_open = false };
    int err = geo_snapshot_open(path, &out->snapshot, why);

    return err != 0 ? err : open_checked(out, why);
}

int geo_mmdb_from(const void *data, size_t size, struct geo_mmdb *out, char why[static WHY_LEN])
{
    *out = (struct geo_mmdb){ .is_open = false };
    int err = geo_snapshot_from(data, size, &out->snapshot, why);

    return err != 0 ? err : open_checked(out, why);
}

void geo_mmdb_close(struct geo_mmdb *m)
{
    if (m->is_open)
        MMDB_close(&m->db);
    m->is_open = false;
    geo_snapshot_close(&m->snapshot);
}
