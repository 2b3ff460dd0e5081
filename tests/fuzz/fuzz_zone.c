/* fuzz_zone.c - any text as a master file. It makes a set or it makes errors; in a set every name
 * finds itself or what occludes it, and every record is whole. */
#include "fuzz.h"

#include <string.h>

#include <waymark/report.h>

#include "zone/zone_set.h"
#include "zone/zone_text.h"

static void records_are_whole(const struct zone_rrset *rrset)
{
    const uint8_t *p = rrset->set.wire, *end = p + rrset->set.wire_len;
    unsigned n = 0;

    for (; p < end; n++) {
        assert(end - p >= WIRE_RR_HEAD && wire_get16(p) == WIRE_QNAME_POINTER);
        assert(wire_get16(p + 2) == rrset->set.type && wire_get16(p + 4) == WIRE_CLASS_IN);
        assert(wire_rr_ttl(p) <= 0x7fffffff);
        p = wire_rr_next(p);
    }
    assert(p == end && n == rrset->set.count && n > 0);
}

static void name_is_found(const struct zone_set *set, const struct zone_node *node)
{
    struct wire_name name, below;
    uint8_t octets[WIRE_NAME_MAX + 3] = { 2, 'z', '*' };

    assert(wire_name_from_octets(node->name, WIRE_NAME_MAX, &name));
    assert(zone_node_at(set, zone_at(set, node->zone), &name) == node);
    struct zone_match m = zone_find(set, &name, WIRE_A);
    switch (m.verdict) {
    case ZONE_FOUND:
        assert(m.node == node && (node->flags & (ZONE_NODE_CUT | ZONE_NODE_OCCLUDED)) == 0);
        break;
    case ZONE_DELEGATED:
        assert(m.node == node || (node->flags & ZONE_NODE_OCCLUDED) != 0);
        assert((m.node->flags & ZONE_NODE_CUT) != 0);
        break;
    case ZONE_BELOW_DNAME:
        assert((node->flags & ZONE_NODE_OCCLUDED) != 0);
        assert((m.node->flags & ZONE_NODE_DNAME) != 0);
        break;
    default:
        assert(!"a name of ours is not there");
    }
    memcpy(octets + 3, name.octets, name.len);
    if (wire_name_from_octets(octets, name.len + 3u, &below))
        assert(zone_find(set, &below, WIRE_DS).verdict != ZONE_OUTSIDE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone_source source = {
        .name = "example", .file = "text", .text = size > 0 ? (const char *)data : "", .len = size
    };
    struct report *report = report_new();

    assert(report != NULL);
    struct zone_set *set = zone_set_from_sources(&source, 1, report);
    assert((set != NULL) == (report_errors(report) == 0));
    if (set != NULL) {
        for (size_t i = 0; i < zone_set_nodes(set); i++) {
            const struct zone_node *node = &set->nodes[i];
            assert(node->id == i);
            for (unsigned r = 0; r < node->n_rrsets; r++)
                records_are_whole(&node->rrsets[r]);
            name_is_found(set, node);
        }
    }
    zone_set_free(set);
    report_free(report);
    return 0;
}
