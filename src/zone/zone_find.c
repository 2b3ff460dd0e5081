/* zone_find.c - what is at a name: RFC 1034 4.3.2 over the frozen table. Any thread; no allocation,
 * no lock. An exact hit outside delegations costs one probe, ancestors are looked at on a miss
 * only. */
#include <waymark/zone.h>

#include <assert.h>
#include <string.h>

#include "zone/zone_set.h"

static const struct zone_node *probe(const struct zone_set *set, const struct zone_table *table,
                                     const uint8_t *name, size_t len, uint64_t hash, uint32_t *at)
{
    uint32_t id;

    while ((id = zone_table_next(table, hash, at)) != ZONE_NONE)
        if (memcmp(set->nodes[id].name, name, len) == 0)
            return &set->nodes[id];
    return NULL;
}

/* The node of this name in the deepest zone that holds it. */
static const struct zone_node *visible(const struct zone_set *set, const uint8_t *name, size_t len)
{
    uint32_t at = ZONE_NONE;

    return probe(set, &set->visible, name, len, wire_hash(&set->key, name, len), &at);
}

static const struct zone_node *in_zone(const struct zone_set *set, uint32_t zone,
                                       const uint8_t *name, size_t len)
{
    uint64_t hash = wire_hash(&set->key, name, len);
    uint32_t at = ZONE_NONE;
    const struct zone_node *node = probe(set, &set->visible, name, len, hash, &at);

    if (node != NULL && node->zone == zone)
        return node;
    at = ZONE_NONE;
    while ((node = probe(set, &set->shadowed, name, len, hash, &at)) != NULL)
        if (node->zone == zone)
            return node;
    return NULL;
}

static struct zone_match match(const struct zone_set *set, enum zone_verdict verdict,
                               const struct zone_node *node)
{
    return (struct zone_match){ .verdict = verdict, .zone = &set->zones[node->zone], .node = node };
}

static bool is_occluder(const struct zone_node *node)
{
    return (node->flags & ZONE_NODE_OCCLUDED) == 0 &&
           (node->flags & (ZONE_NODE_CUT | ZONE_NODE_DNAME)) != 0;
}

/* The cut or DNAME above an occluded name; label i is the first of its parent. */
static struct zone_match occluded(const struct zone_set *set, const struct wire_name *name,
                                  unsigned i)
{
    for (;; i++) {
        assert(i <= name->n_labels); /* an occluded name has its occluder above it */
        unsigned at = name->label_at[i];
        const struct zone_node *node = visible(set, name->octets + at, name->len - at);
        if (node != NULL && is_occluder(node))
            return match(
                set, (node->flags & ZONE_NODE_CUT) != 0 ? ZONE_DELEGATED : ZONE_BELOW_DNAME, node);
    }
}

/* RFC 4592 3.3.1: the asterisk label below the closest encloser, and no other, may answer. Writes its
 * name and returns the length; 0 when that is longer than a name. */
static size_t wildcard_below(const struct wire_name *name, unsigned i,
                             uint8_t out[static WIRE_NAME_MAX])
{
    unsigned at = name->label_at[i], len = name->len - at;

    if (len + 2 > WIRE_NAME_MAX)
        return 0;
    out[0] = 1;
    out[1] = '*';
    memcpy(out + 2, name->octets + at, len);
    return len + 2;
}

/* The name does not exist; its first i labels are not there, `encloser` is what follows them. */
static struct zone_match covered_in(const struct zone_set *set, const struct wire_name *name,
                                    unsigned i, const struct zone_node *encloser)
{
    uint8_t wildcard[WIRE_NAME_MAX];
    size_t len = wildcard_below(name, i, wildcard);
    const struct zone_node *node = len > 0 ? in_zone(set, encloser->zone, wildcard, len) : NULL;

    return node != NULL ? match(set, ZONE_WILDCARD, node) : match(set, ZONE_ABSENT, encloser);
}

/* RFC 1034 4.3.2, step 3, label by label. */
struct zone_match zone_find_in(const struct zone_set *set, const struct zone *zone,
                               const struct wire_name *name, uint16_t type)
{
    const struct zone_node *node = zone->node;

    if (!wire_name_is_in(name, &zone->apex))
        return (struct zone_match){ .verdict = ZONE_OUTSIDE };
    for (unsigned i = name->n_labels - zone->apex.n_labels; i > 0; i--) {
        unsigned at = name->label_at[i - 1];
        if ((node->flags & ZONE_NODE_CUT) != 0)
            return match(set, ZONE_DELEGATED, node);
        if ((node->flags & ZONE_NODE_DNAME) != 0)
            return match(set, ZONE_BELOW_DNAME, node);
        const struct zone_node *next =
            in_zone(set, node->zone, name->octets + at, name->len - at);
        if (next == NULL)
            return covered_in(set, name, i, node);
        node = next;
    }
    bool is_cut = (node->flags & ZONE_NODE_CUT) != 0 && type != WIRE_DS;
    return match(set, is_cut ? ZONE_DELEGATED : ZONE_FOUND, node);
}

/* RFC 4035 3.1.4.1: DS belongs to the parent's side. */
static struct zone_match at_apex(const struct zone_set *set, const struct wire_name *name,
                                 const struct zone_node *node, uint16_t type)
{
    uint32_t parent = set->parents[node->zone];

    if (type == WIRE_DS && parent != ZONE_NONE)
        return zone_find_in(set, &set->zones[parent], name, type);
    return match(set, ZONE_FOUND, node);
}

static struct zone_match exact(const struct zone_set *set, const struct wire_name *name,
                               const struct zone_node *node, uint16_t type)
{
    if ((node->flags & (ZONE_NODE_APEX | ZONE_NODE_CUT | ZONE_NODE_OCCLUDED)) == 0)
        return match(set, ZONE_FOUND, node);
    if ((node->flags & ZONE_NODE_APEX) != 0)
        return at_apex(set, name, node, type);
    if ((node->flags & ZONE_NODE_OCCLUDED) != 0)
        return occluded(set, name, 1);
    return match(set, type == WIRE_DS ? ZONE_FOUND : ZONE_DELEGATED, node);
}

static struct zone_match below(const struct zone_set *set, const struct wire_name *name, unsigned i,
                               const struct zone_node *encloser)
{
    uint8_t wildcard[WIRE_NAME_MAX];

    if ((encloser->flags & ZONE_NODE_OCCLUDED) != 0)
        return occluded(set, name, i + 1);
    if ((encloser->flags & ZONE_NODE_CUT) != 0)
        return match(set, ZONE_DELEGATED, encloser);
    if ((encloser->flags & ZONE_NODE_DNAME) != 0)
        return match(set, ZONE_BELOW_DNAME, encloser);
    size_t len = wildcard_below(name, i, wildcard);
    const struct zone_node *node = len > 0 ? visible(set, wildcard, len) : NULL;
    assert(node == NULL || node->zone == encloser->zone); /* no zone is named by a wildcard */
    return node != NULL ? match(set, ZONE_WILDCARD, node) : match(set, ZONE_ABSENT, encloser);
}

struct zone_match zone_find(const struct zone_set *set, const struct wire_name *name, uint16_t type)
{
    const struct zone_node *node = visible(set, name->octets, name->len);

    if (node != NULL)
        return exact(set, name, node, type);
    unsigned i = 1;
    if (name->n_labels > set->labels_max + 1u)
        i = name->n_labels - set->labels_max; /* nothing is that deep */
    for (; i <= name->n_labels; i++) {
        unsigned at = name->label_at[i];
        node = visible(set, name->octets + at, name->len - at);
        if (node != NULL)
            return below(set, name, i, node);
    }
    return (struct zone_match){ .verdict = ZONE_OUTSIDE };
}

const struct zone_node *zone_node_at(const struct zone_set *set, const struct zone *zone,
                                     const struct wire_name *name)
{
    assert(zone >= set->zones && zone < set->zones + set->n_zones);
    return in_zone(set, (uint32_t)(zone - set->zones), name->octets, name->len);
}
