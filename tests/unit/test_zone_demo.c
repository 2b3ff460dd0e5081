/* test_zone_demo.c - the demo's own zones, read from the disk as a configuration names them. */
#include "cm.h"

#include <waymark/conf.h>

#include "zone_text.h"

static struct zone_set *load_demo(size_t n_warnings)
{
    static const struct conf_zone zones[] = {
        { .name = "cdn.example", .file = "zones/cdn.example.zone" },
        { .name = "lab.cdn.example", .file = "zones/lab.cdn.example.zone" },
    };
    struct conf conf = { .zones = zones, .n_zones = COUNT_OF(zones) };
    struct report *report = report_new();
    struct zone_set *set = zone_set_load(&conf, report);

    report_print(report, stderr);
    assert_int_equal(report_warnings(report), n_warnings);
    report_free(report);
    assert_non_null(set);
    return set;
}

static void the_demo_loads_without_a_warning(void **state)
{
    struct zone_set *set = load_demo(0);
    const struct zone *zone = zone_at(set, 0);

    assert_int_equal(zone_count(set), 2);
    assert_int_equal(zone->serial, 2024060101);
    assert_int_equal(zone->negative_ttl, 300);
    assert_int_equal(zone->soa->ttl, 3600);
    assert_int_equal(zone_rrset_of(zone->node, WIRE_NS)->set.count, 2);
    assert_int_equal(zone_at(set, 1)->serial, 7);
    zone_set_free(set);
}

static void steered_hosts_hold_nothing_but_addresses(void **state)
{
    static const char *const hosts[] = { "www", "video", "maps", "download", "x.img" };
    struct zone_set *set = load_demo(0);

    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.cdn.example", hosts[i]);
        const struct zone_node *node = find(set, name, WIRE_A).node;
        assert_int_equal(node->n_rrsets, 2);
        assert_int_equal(count_of(node, WIRE_A), 1);
        assert_int_equal(count_of(node, WIRE_AAAA), 1);
        assert_int_equal(zone_rrset_of(node, WIRE_A)->ttl, 300);
    }
    expect_at(set, "x.img.cdn.example", WIRE_A, ZONE_WILDCARD, "cdn.example", "*.img.cdn.example");
    expect_at(set, "logo.img.cdn.example", WIRE_A, ZONE_FOUND, "cdn.example",
              "logo.img.cdn.example");
    zone_set_free(set);
}

static void the_child_answers_beside_its_parent(void **state)
{
    struct zone_set *set = load_demo(0);

    expect_at(set, "www.lab.cdn.example", WIRE_A, ZONE_FOUND, "lab.cdn.example",
              "www.lab.cdn.example");
    expect_at(set, "lab.cdn.example", WIRE_DS, ZONE_FOUND, "cdn.example", "lab.cdn.example");
    expect_at(set, "www.partner.cdn.example", WIRE_A, ZONE_DELEGATED, "cdn.example",
              "partner.cdn.example");
    zone_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_loads_without_a_warning),
        cmocka_unit_test(steered_hosts_hold_nothing_but_addresses),
        cmocka_unit_test(the_child_answers_beside_its_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
