/* zone_take.c - finds a zone in the set before, asks the disk whether it changed, and copies it.
 * Runs in whichever thread loads. */
#include "zone/zone_take.h"

#include <string.h>

const struct zone *zone_take_find(const struct zone_set *former, const struct wire_name *apex)
{
    struct zone_match m = zone_find(former, apex, WIRE_SOA);

    return m.verdict == ZONE_FOUND && m.zone->node == m.node ? m.zone : NULL;
}

bool zone_take_is_possible(const struct zone_set *former, const struct zone *zone,
                           const char *file)
{
    const struct zone_part *part = &former->parts[zone - former->zones];

    if (!part->is_firm || strcmp(zone->file, file) != 0)
        return false;
    for (size_t i = 0; i < part->n_stamps; i++)
        if (!file_stamp_holds(&part->stamps[i]))
            return false;
    return true;
}

/* Where what lay at `was` among the former pieces lies now. */
static uint8_t *moved(const struct zone_part *part, uint8_t *pieces, const void *was)
{
    return pieces + ((const uint8_t *)was - part->pieces);
}

void zone_take_nodes(const struct zone_set *former, const struct zone_part *part,
                     struct zone_node *nodes, uint8_t *pieces)
{
    memcpy(pieces, part->pieces, part->pieces_len);
    for (uint32_t i = 0; i < part->n_nodes; i++) {
        struct zone_node *node = &nodes[i];
        *node = former->nodes[part->first_node + i];
        node->name = moved(part, pieces, node->name);
        if (node->n_rrsets == 0)
            continue;
        struct zone_rrset *rrsets =
            (struct zone_rrset *)(void *)moved(part, pieces, node->rrsets);
        for (unsigned k = 0; k < node->n_rrsets; k++)
            rrsets[k].set.wire = moved(part, pieces, rrsets[k].set.wire);
        node->rrsets = rrsets;
    }
}

size_t zone_name_len(const uint8_t *name)
{
    size_t len = 1;

    for (; *name != 0; name += 1u + *name)
        len += 1u + *name;
    return len;
}
