/* zone.h - master files as one frozen table of names with records ready to copy.
 *
 * Threads: load and free from control; find from any thread, the table never changes.
 * Owner:   whoever loads it frees it, once no reader can hold it.
 * Source:  RFC 1034 4.3.2 (what is found), RFC 4592 (wildcards), RFC 2308 (negative TTL). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/wire_usual.h>

struct conf;
struct report;
struct zone_set; /* every zone of the server */

struct zone_rrset {
    struct wire_set set; /* ready for wire_write_set */
    uint32_t ttl;
    bool is_answer; /* alone it is the whole answer to a question for it */
};

enum zone_node_flag {
    ZONE_NODE_APEX = 1,
    ZONE_NODE_CUT = 2,      /* NS below the apex: a delegation */
    ZONE_NODE_OCCLUDED = 4, /* below a cut or a DNAME: glue or nothing */
    ZONE_NODE_WILDCARD = 8, /* its first label is "*" */
    ZONE_NODE_DNAME = 16
};

struct zone_node {
    uint32_t id; /* dense over the set, for tables kept beside it */
    uint16_t zone;
    uint8_t flags;
    uint8_t n_rrsets; /* 0: an empty non-terminal */
    const struct zone_rrset *rrsets;
    const uint8_t *name; /* wire, lower case, filled up with zeros to whole blocks */
};

struct zone {
    const char *name; /* as configured */
    const char *file;
    struct wire_name apex;
    const struct zone_node *node; /* the apex */
    const struct zone_rrset *soa;
    uint32_t negative_ttl; /* min(SOA's TTL, its MINIMUM), RFC 2308 5 */
    uint32_t serial;
    size_t n_names, n_records;
};

enum zone_verdict {
    ZONE_OUTSIDE,   /* no zone of ours: REFUSED */
    ZONE_FOUND,     /* node is the name itself; maybe an empty non-terminal */
    ZONE_WILDCARD,  /* node is the wildcard that covers the name */
    ZONE_ABSENT,    /* NXDOMAIN; node is the closest encloser */
    ZONE_DELEGATED, /* node is the cut at or above the name */
    ZONE_BELOW_DNAME /* node owns the DNAME above the name */
};

struct zone_match {
    enum zone_verdict verdict;
    const struct zone *zone; /* NULL when outside */
    const struct zone_node *node;
};

/* NULL when the report got errors. Warnings are reported too. */
struct zone_set *zone_set_load(const struct conf *conf, struct report *report);
/* The same after a set that was loaded before (NULL: none): a zone whose files are still what they were
 * is taken over, not read, and says nothing; a serial that went back is a warning. `former` is needed
 * until this returns, not longer. */
struct zone_set *zone_set_load_after(const struct zone_set *former, const struct conf *conf,
                                     struct report *report);
void zone_set_free(struct zone_set *set); /* NULL is fine */

/* The deepest zone answers; but for DS at its apex the next one above, if that is here, as if there
 * were no child (RFC 4035 3.1.4.1): FOUND, and node is the cut, when it delegates. */
struct zone_match zone_find(const struct zone_set *set, const struct wire_name *name,
                            uint16_t type);
/* The same as if this were the only zone; OUTSIDE when the name is not in it. */
struct zone_match zone_find_in(const struct zone_set *set, const struct zone *zone,
                               const struct wire_name *name, uint16_t type);

/* For each query the node that has most likely its name, in the deepest zone; where no zone has it, one
 * without a name. Many at once, so that their cache misses overlap; hashed by zone_hash_key. */
const struct wire_hash_key *zone_hash_key(const struct zone_set *set);
void zone_find_usual(const struct zone_set *set, const struct wire_usual queries[], size_t n,
                     const struct zone_node *nodes[]);

/* Has it that name? With the zeros that fill up both. */
static inline bool zone_is_named(const struct zone_node *node, const struct wire_usual *q)
{
    if (!block_is_equal(block_load(node->name), block_load(q->name)))
        return false;
    for (size_t i = BLOCK_LEN; i < q->name_len; i += BLOCK_LEN)
        if (!block_is_equal(block_load(node->name + i), block_load(q->name + i)))
            return false;
    return true;
}

/* The node of exactly this name in exactly this zone, glue included; NULL: none. */
const struct zone_node *zone_node_at(const struct zone_set *set, const struct zone *zone,
                                     const struct wire_name *name);

/* NULL: the node has no such type. */
static inline const struct zone_rrset *zone_rrset_of(const struct zone_node *node, uint16_t type)
{
    const struct zone_rrset *rrset = node->rrsets;
    unsigned n = node->n_rrsets;

    if (n == 0)
        return NULL;
    for (; rrset->set.type != type; rrset++)
        if (--n == 0)
            return NULL;
    return rrset;
}

size_t zone_count(const struct zone_set *set);
const struct zone *zone_at(const struct zone_set *set, size_t i); /* in the configuration's order */
size_t zone_set_taken_over(const struct zone_set *set);           /* zones that were not read */
size_t zone_set_nodes(const struct zone_set *set);                /* ids run from 0 to this */
size_t zone_set_bytes(const struct zone_set *set);
