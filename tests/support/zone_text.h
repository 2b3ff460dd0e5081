/* zone_text.h - zone sets from texts, for tests. */
#pragma once

#include <string.h>

#include <waymark/report.h>
#include <waymark/zone.h>

#include "zone/zone_text.h"

#define SOA_AND_NS                                                                                 \
    "@ 300 IN SOA ns1 admin 7 3600 600 86400 60\n@ 300 NS ns1\n@ 300 NS ns2\n"                     \
    "ns1 300 A 192.0.2.1\nns2 300 A 192.0.2.2\n"

static inline struct zone_set *zones_of(const struct zone_source *sources, size_t n)
{
    struct report *report = report_new();
    struct zone_set *set;

    assert_non_null(report);
    set = zone_set_from_sources(sources, n, report);
    if (set == NULL)
        report_print(report, stderr);
    assert_non_null(set);
    report_free(report);
    return set;
}

static inline struct zone_set *zone_of(const char *name, const char *text)
{
    struct zone_source source = { .name = name, .file = "text", .text = text, .len = strlen(text) };

    return zones_of(&source, 1);
}

static inline struct wire_name name_of(const char *text)
{
    struct wire_name name;

    assert_true(wire_name_from_text(text, &name));
    return name;
}

static inline struct zone_match find(const struct zone_set *set, const char *text, uint16_t type)
{
    struct wire_name name = name_of(text);

    return zone_find(set, &name, type);
}

/* The verdict, the zone and the node's name in one. */
static inline void expect_at(const struct zone_set *set, const char *text, uint16_t type,
                             enum zone_verdict verdict, const char *zone, const char *node)
{
    struct zone_match m = find(set, text, type);
    char owner[WIRE_NAME_TEXT_LEN];

    assert_int_equal(m.verdict, verdict);
    if (verdict == ZONE_OUTSIDE) {
        assert_null(m.zone);
        assert_null(m.node);
        return;
    }
    assert_string_equal(m.zone->name, zone);
    assert_string_equal(wire_name_to_text(m.node->name, owner), node);
    assert_ptr_equal(zone_at(set, m.node->zone), m.zone);
}

/* How many records of the type the node has. */
static inline unsigned count_of(const struct zone_node *node, uint16_t type)
{
    const struct zone_rrset *rrset = zone_rrset_of(node, type);

    return rrset == NULL ? 0 : rrset->set.count;
}
