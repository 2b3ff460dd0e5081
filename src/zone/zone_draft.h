/* zone_draft.h - one zone while it is read: growing lists, thrown away once the set is frozen.
 *
 * Threads: one owner. Owner: whoever makes it frees it.
 * Parents stand before their children, so one pass forward hands flags down. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/file.h>
#include <waymark/wire.h>

#include "zone/zone_name.h"
#include "zone/zone_table.h"

enum {
    ZONE_DRAFT_NODES_MAX = 1 << 30,
    ZONE_DRAFT_BLOB_MAX = 0x7fffffff /* octets of names, and of data */
};

struct zone_draft_node {
    uint64_t hash;
    uint32_t name_at; /* in names, lower case */
    uint32_t parent;  /* ZONE_NONE: the apex */
    uint32_t first_set;
    uint16_t n_sets;
    uint8_t name_len;
    uint8_t flags; /* enum zone_node_flag */
    bool is_below_dname;
};

struct zone_draft_record {
    uint32_t node;
    uint32_t line;
    uint32_t ttl;
    uint32_t rdata_at;
    uint16_t rdata_len;
    uint16_t type;
    uint16_t file;
    bool is_dropped; /* the same as an earlier one */
};

/* Records of one type at one node: order[first..first + n]. */
struct zone_draft_set {
    uint32_t node, first, n, ttl;
    uint32_t wire_len;
    uint16_t type;
};

struct zone_draft {
    const struct wire_hash_key *key;
    struct wire_name apex; /* node 0 */

    struct zone_draft_node *nodes;
    uint8_t *names;
    struct zone_draft_record *records;
    uint8_t *rdata;
    uint32_t n_nodes, n_records;
    size_t nodes_cap, names_len, names_cap, records_cap, rdata_len, rdata_cap;
    struct zone_table table;

    const char **files; /* by record's number; copies */
    struct file_stamp *stamps; /* of each */
    uint16_t n_files;

    uint32_t *order; /* after zone_draft_group */
    struct zone_draft_set *sets;
    uint32_t n_sets;
};

/* NULL: out of memory. */
struct zone_draft *zone_draft_new(const struct wire_hash_key *key, const struct wire_name *apex);
void zone_draft_free(struct zone_draft *draft); /* NULL is fine */

/* The number by which records name their file; -ENOMEM, or -E2BIG. */
int zone_draft_add_file(struct zone_draft *draft, const char *file);

/* The node of a name (lower case) at or below the apex, made with its ancestors when it is new.
 * ZONE_NONE: out of memory, or too many. */
uint32_t zone_draft_node_for(struct zone_draft *draft, const uint8_t *name, size_t len);
/* The same without making it: ZONE_NONE when it is not there. */
uint32_t zone_draft_find(const struct zone_draft *draft, const uint8_t *name, size_t len);

/* Copies the data. False: out of memory, or too much. */
bool zone_draft_add(struct zone_draft *draft, const struct zone_draft_record *record,
                    const uint8_t *rdata);

/* Sorts the records into sets, by node and type, each in the order of reading. False: out of
 * memory. */
bool zone_draft_group(struct zone_draft *draft);

/* The set of a type at a node; NULL: none. */
struct zone_draft_set *zone_draft_set_of(const struct zone_draft *draft, uint32_t node,
                                         uint16_t type);

static inline const uint8_t *zone_draft_name(const struct zone_draft *draft, uint32_t node)
{
    return draft->names + draft->nodes[node].name_at;
}

static inline const uint8_t *zone_draft_rdata(const struct zone_draft *draft,
                                              const struct zone_draft_record *record)
{
    return draft->rdata + record->rdata_at;
}

/* The i-th record of a set. */
static inline const struct zone_draft_record *zone_draft_record_of(const struct zone_draft *draft,
                                                                   const struct zone_draft_set *set,
                                                                   uint32_t i)
{
    return &draft->records[draft->order[set->first + i]];
}
