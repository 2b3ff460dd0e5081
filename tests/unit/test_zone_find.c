/* test_zone_find.c - what is at a name: wildcards, delegations, DNAME, zones in zones, the root. */
#include "cm.h"

#include "zone_text.h"

/* RFC 4592 2.2.1, with addresses where it has only ellipses. */
static const char rfc4592[] = "$ORIGIN example.\n$TTL 3600\n"
                              "example.                 3600 IN  SOA   a. b. 1 2 3 4 5\n"
                              "example.                 3600     NS    ns.example.com.\n"
                              "example.                 3600     NS    ns.example.net.\n"
                              "*.example.               3600     TXT   \"this is a wildcard\"\n"
                              "*.example.               3600     MX    10 host1.example.\n"
                              "sub.*.example.           3600     TXT   \"this is not a wildcard\"\n"
                              "host1.example.           3600     A     192.0.2.1\n"
                              "_ssh._tcp.host1.example. 3600     SRV   0 0 22 host1.example.\n"
                              "_ssh._tcp.host2.example. 3600     SRV   0 0 22 host2.example.\n"
                              "subdel.example.          3600     NS    ns.example.com.\n"
                              "subdel.example.          3600     NS    ns.example.net.\n";

static void wildcards_answer_as_rfc_4592_2_2_1_says(void **state)
{
    struct zone_set *set = zone_of("example", rfc4592);

    expect_at(set, "host3.example", WIRE_MX, ZONE_WILDCARD, "example", "*.example");
    expect_at(set, "host3.example", WIRE_A, ZONE_WILDCARD, "example", "*.example");
    expect_at(set, "foo.bar.example", WIRE_TXT, ZONE_WILDCARD, "example", "*.example");
    expect_at(set, "host1.example", WIRE_MX, ZONE_FOUND, "example", "host1.example");
    expect_at(set, "sub.*.example", WIRE_MX, ZONE_FOUND, "example", "sub.*.example");
    expect_at(set, "_telnet._tcp.host1.example", WIRE_SRV, ZONE_ABSENT, "example",
              "_tcp.host1.example");
    expect_at(set, "host.subdel.example", WIRE_A, ZONE_DELEGATED, "example", "subdel.example");
    expect_at(set, "ghost.*.example", WIRE_MX, ZONE_ABSENT, "example", "*.example");
    expect_at(set, "*.example", WIRE_MX, ZONE_FOUND, "example", "*.example");
    zone_set_free(set);
}

static void an_empty_non_terminal_is_there_and_blocks_the_wildcard(void **state)
{
    struct zone_set *set = zone_of("example", rfc4592);

    expect_at(set, "host2.example", WIRE_A, ZONE_FOUND, "example", "host2.example");
    assert_int_equal(find(set, "host2.example", WIRE_A).node->n_rrsets, 0);
    expect_at(set, "x.host2.example", WIRE_A, ZONE_ABSENT, "example", "host2.example");
    expect_at(set, "_tcp.host2.example", WIRE_A, ZONE_FOUND, "example", "_tcp.host2.example");
    zone_set_free(set);
}

static void a_wildcard_without_data_still_matches(void **state)
{
    struct zone_set *set = zone_of("example", SOA_AND_NS "a.*.w 60 A 192.0.2.9\n");

    expect_at(set, "x.w.example", WIRE_A, ZONE_WILDCARD, "example", "*.w.example");
    assert_int_equal(find(set, "x.w.example", WIRE_A).node->n_rrsets, 0);
    expect_at(set, "w.example", WIRE_A, ZONE_FOUND, "example", "w.example");
    expect_at(set, "a.*.w.example", WIRE_A, ZONE_FOUND, "example", "a.*.w.example");
    zone_set_free(set);
}

static void an_asterisk_inside_a_label_or_escaped_octets_mean_nothing_special(void **state)
{
    struct zone_set *set =
        zone_of("example", SOA_AND_NS "*a 60 A 192.0.2.9\n\\042 60 A 192.0.2.8\n");

    expect_at(set, "xa.example", WIRE_A, ZONE_WILDCARD, "example", "*.example"); /* \042 is "*" */
    expect_at(set, "*a.example", WIRE_A, ZONE_FOUND, "example", "*a.example");
    zone_set_free(set);
}

static void names_below_a_cut_lead_to_it_even_if_they_exist_as_glue(void **state)
{
    struct zone_set *set =
        zone_of("example", SOA_AND_NS "lab 60 NS ns.lab\nlab 60 NS a.b.lab\nns.lab 60 A 192.0.2.3\n"
                                      "a.b.lab 60 A 192.0.2.4\nlab 60 A 192.0.2.5\n"
                                      "*.lab 60 A 192.0.2.6\n* 60 A 192.0.2.7\n");

    expect_at(set, "lab.example", WIRE_A, ZONE_DELEGATED, "example", "lab.example");
    expect_at(set, "lab.example", WIRE_NS, ZONE_DELEGATED, "example", "lab.example");
    expect_at(set, "ns.lab.example", WIRE_A, ZONE_DELEGATED, "example", "lab.example");
    expect_at(set, "b.lab.example", WIRE_A, ZONE_DELEGATED, "example", "lab.example");
    expect_at(set, "x.b.lab.example", WIRE_A, ZONE_DELEGATED, "example", "lab.example");
    expect_at(set, "w.lab.example", WIRE_A, ZONE_DELEGATED, "example", "lab.example");
    expect_at(set, "*.lab.example", WIRE_A, ZONE_DELEGATED, "example", "lab.example");
    expect_at(set, "ns.lab.example", WIRE_DS, ZONE_DELEGATED, "example", "lab.example");
    expect_at(set, "else.example", WIRE_A, ZONE_WILDCARD, "example", "*.example");

    struct wire_name glue = name_of("ns.lab.example");
    const struct zone_node *node = zone_node_at(set, zone_at(set, 0), &glue);
    assert_non_null(node);
    assert_int_equal(count_of(node, WIRE_A), 1);
    assert_true((node->flags & ZONE_NODE_OCCLUDED) != 0);
    zone_set_free(set);
}

static void the_topmost_cut_counts(void **state)
{
    struct zone_set *set = zone_of("example", SOA_AND_NS "a 60 NS ns1\nb.a 60 NS ns1\n"
                                                         "d.c.b.a 60 DNAME x.\n");

    expect_at(set, "b.a.example", WIRE_A, ZONE_DELEGATED, "example", "a.example");
    expect_at(set, "c.b.a.example", WIRE_A, ZONE_DELEGATED, "example", "a.example");
    expect_at(set, "y.d.c.b.a.example", WIRE_A, ZONE_DELEGATED, "example", "a.example");
    expect_at(set, "b.a.example", WIRE_DS, ZONE_DELEGATED, "example", "a.example");
    expect_at(set, "a.example", WIRE_DS, ZONE_FOUND, "example", "a.example");
    zone_set_free(set);
}

static void ds_at_a_cut_is_the_parents(void **state)
{
    struct zone_source sources[] = {
        { .name = "lab.example", .file = "child", .text = SOA_AND_NS "www 60 A 192.0.2.8\n" },
        { .name = "example",
          .file = "parent",
          .text = SOA_AND_NS "lab 60 NS ns1.lab\nlab 60 DS 1 8 2 ABCD\nns1.lab 60 A 192.0.2.3\n"
                             "glue.lab 60 A 192.0.2.4\n" },
    };
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        sources[i].len = strlen(sources[i].text);
    struct zone_set *set = zones_of(sources, 2);

    expect_at(set, "lab.example", WIRE_DS, ZONE_FOUND, "example", "lab.example");
    assert_int_equal(count_of(find(set, "lab.example", WIRE_DS).node, WIRE_DS), 1);
    expect_at(set, "lab.example", WIRE_NS, ZONE_FOUND, "lab.example", "lab.example");
    assert_int_equal(count_of(find(set, "lab.example", WIRE_NS).node, WIRE_NS), 2);
    expect_at(set, "www.lab.example", WIRE_A, ZONE_FOUND, "lab.example", "www.lab.example");
    expect_at(set, "x.lab.example", WIRE_A, ZONE_ABSENT, "lab.example", "lab.example");
    expect_at(set, "x.lab.example", WIRE_DS, ZONE_ABSENT, "lab.example", "lab.example");
    /* Glue of the parent is no name of the child. */
    expect_at(set, "glue.lab.example", WIRE_A, ZONE_ABSENT, "lab.example", "lab.example");
    expect_at(set, "example", WIRE_DS, ZONE_FOUND, "example", "example");

    struct wire_name name = name_of("lab.example"), glue = name_of("ns1.lab.example");
    const struct zone_node *apex = zone_node_at(set, zone_at(set, 0), &name);
    const struct zone_node *cut = zone_node_at(set, zone_at(set, 1), &name);
    assert_ptr_not_equal(apex, cut);
    assert_int_equal(apex->flags, ZONE_NODE_APEX);
    assert_int_equal(cut->flags, ZONE_NODE_CUT);
    assert_ptr_not_equal(zone_node_at(set, zone_at(set, 0), &glue),
                         zone_node_at(set, zone_at(set, 1), &glue));
    name = name_of("glue.lab.example");
    assert_null(zone_node_at(set, zone_at(set, 0), &name));
    assert_non_null(zone_node_at(set, zone_at(set, 1), &name));
    zone_set_free(set);
}

/* All but its DS, which are the parent's to have or not. */
static void a_child_that_its_parent_does_not_delegate_answers_for_itself(void **state)
{
    struct zone_source sources[] = {
        { .name = "example", .file = "parent", .text = SOA_AND_NS "* 60 A 192.0.2.7\n" },
        { .name = "lab.example", .file = "child", .text = SOA_AND_NS },
        { .name = "a.b.lab.example", .file = "grandchild", .text = SOA_AND_NS },
    };
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        sources[i].len = strlen(sources[i].text);
    struct zone_set *set = zones_of(sources, COUNT_OF(sources));

    expect_at(set, "lab.example", WIRE_DS, ZONE_WILDCARD, "example", "*.example");
    expect_at(set, "a.b.lab.example", WIRE_DS, ZONE_ABSENT, "lab.example", "lab.example");
    expect_at(set, "lab.example", WIRE_A, ZONE_FOUND, "lab.example", "lab.example");
    expect_at(set, "x.lab.example", WIRE_A, ZONE_ABSENT, "lab.example", "lab.example");
    expect_at(set, "b.lab.example", WIRE_A, ZONE_ABSENT, "lab.example", "lab.example");
    expect_at(set, "a.b.lab.example", WIRE_A, ZONE_FOUND, "a.b.lab.example", "a.b.lab.example");
    expect_at(set, "x.a.b.lab.example", WIRE_A, ZONE_ABSENT, "a.b.lab.example", "a.b.lab.example");
    expect_at(set, "lib.example", WIRE_A, ZONE_WILDCARD, "example", "*.example");
    zone_set_free(set);
}

static void a_cut_below_another_cut_refers_for_the_ds_of_a_child_that_is_here(void **state)
{
    struct zone_source sources[] = {
        { .name = "example",
          .file = "parent",
          .text = SOA_AND_NS "a 60 NS ns1\nlab.a 60 NS ns1\n" },
        { .name = "lab.a.example", .file = "child", .text = SOA_AND_NS },
    };
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        sources[i].len = strlen(sources[i].text);
    struct zone_set *set = zones_of(sources, COUNT_OF(sources));

    expect_at(set, "lab.a.example", WIRE_DS, ZONE_DELEGATED, "example", "a.example");
    expect_at(set, "lab.a.example", WIRE_A, ZONE_FOUND, "lab.a.example", "lab.a.example");
    expect_at(set, "a.example", WIRE_DS, ZONE_FOUND, "example", "a.example");
    expect_at(set, "x.a.example", WIRE_A, ZONE_DELEGATED, "example", "a.example");
    zone_set_free(set);
}

static void names_below_a_dname_lead_to_it(void **state)
{
    struct zone_set *set =
        zone_of("example", SOA_AND_NS "d 60 DNAME other.test.\nd 60 A 192.0.2.3\n"
                                      "* 60 A 192.0.2.4\n");

    expect_at(set, "d.example", WIRE_A, ZONE_FOUND, "example", "d.example");
    expect_at(set, "d.example", WIRE_DNAME, ZONE_FOUND, "example", "d.example");
    expect_at(set, "x.d.example", WIRE_A, ZONE_BELOW_DNAME, "example", "d.example");
    expect_at(set, "x.y.d.example", WIRE_A, ZONE_BELOW_DNAME, "example", "d.example");
    expect_at(set, "*.d.example", WIRE_A, ZONE_BELOW_DNAME, "example", "d.example");
    expect_at(set, "e.example", WIRE_A, ZONE_WILDCARD, "example", "*.example");
    zone_set_free(set);
}

static void a_dname_at_the_apex_takes_everything_below_it(void **state)
{
    struct zone_set *set = zone_of("example", "@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS a.\n@ 60 NS b.\n"
                                              "@ 60 DNAME other.test.\n");

    expect_at(set, "example", WIRE_NS, ZONE_FOUND, "example", "example");
    expect_at(set, "x.example", WIRE_A, ZONE_BELOW_DNAME, "example", "example");
    zone_set_free(set);
}

static void names_outside_every_zone_are_outside(void **state)
{
    struct zone_set *set = zone_of("cdn.example", SOA_AND_NS);

    expect_at(set, "example", WIRE_A, ZONE_OUTSIDE, NULL, NULL);
    expect_at(set, ".", WIRE_NS, ZONE_OUTSIDE, NULL, NULL);
    expect_at(set, "xcdn.example", WIRE_A, ZONE_OUTSIDE, NULL, NULL);
    expect_at(set, "cdn.example.org", WIRE_A, ZONE_OUTSIDE, NULL, NULL);
    zone_set_free(set);

    set = zones_of(NULL, 0);
    expect_at(set, "example", WIRE_A, ZONE_OUTSIDE, NULL, NULL);
    assert_int_equal(zone_count(set), 0);
    zone_set_free(set);
}

static void the_root_can_be_a_zone(void **state)
{
    static const char root[] = ". 60 SOA a. b. 1 2 3 4 5\n. 60 NS a.test.\n. 60 NS b.test.\n"
                               "test. 60 NS a.test.\na.test. 60 A 192.0.2.1\n*. 60 A 192.0.2.2\n";
    struct zone_source sources[] = {
        { .name = ".", .file = "root", .text = root, .len = strlen(root) },
        { .name = "example", .file = "child", .text = SOA_AND_NS, .len = strlen(SOA_AND_NS) },
    };
    struct zone_set *set = zones_of(sources, 2);

    expect_at(set, ".", WIRE_SOA, ZONE_FOUND, ".", ".");
    expect_at(set, "test", WIRE_A, ZONE_DELEGATED, ".", "test");
    expect_at(set, "a.test", WIRE_A, ZONE_DELEGATED, ".", "test");
    expect_at(set, "org", WIRE_A, ZONE_WILDCARD, ".", "*");
    expect_at(set, "www.org", WIRE_A, ZONE_WILDCARD, ".", "*");
    expect_at(set, "example", WIRE_A, ZONE_FOUND, "example", "example");
    expect_at(set, "example", WIRE_DS, ZONE_WILDCARD, ".", "*");
    expect_at(set, "x.example", WIRE_A, ZONE_ABSENT, "example", "example");
    zone_set_free(set);
}

static void names_deeper_than_any_of_ours_are_found_absent(void **state)
{
    struct zone_set *set = zone_of("example", SOA_AND_NS "a.b.c 60 A 192.0.2.3\n");
    struct wire_name name = { 0 };
    char text[260];

    for (size_t i = 0; i < 119; i++)
        memcpy(text + 2 * i, "x.", 2);
    strcpy(text + 238, "a.b.c.example");
    name = name_of(text);
    assert_int_equal(name.len, 253);
    struct zone_match m = zone_find(set, &name, WIRE_A);
    assert_int_equal(m.verdict, ZONE_ABSENT);
    expect_at(set, text, WIRE_A, ZONE_ABSENT, "example", "a.b.c.example");
    zone_set_free(set);
}

static void a_wildcard_that_would_be_too_long_is_no_wildcard(void **state)
{
    char text[1024], label[64], owner[300];

    memset(label, 'l', 63);
    label[63] = '\0';
    /* 3 x 64, 53, 8 and 1 are 254 octets: with "*." 256. */
    snprintf(owner, sizeof owner, "%s.%s.%s.%.52s.example", label, label, label, label);
    snprintf(text, sizeof text, "%s%s. 60 A 192.0.2.3\n", SOA_AND_NS, owner);
    struct zone_set *set = zone_of("example", text);
    struct wire_name name = name_of(owner);

    assert_int_equal(name.len, 254);
    expect_at(set, owner, WIRE_A, ZONE_FOUND, "example", owner);
    zone_set_free(set);
}

static void ids_are_dense_over_all_zones(void **state)
{
    struct zone_source sources[] = {
        { .name = "a", .file = "a", .text = SOA_AND_NS, .len = strlen(SOA_AND_NS) },
        { .name = "b", .file = "b", .text = SOA_AND_NS, .len = strlen(SOA_AND_NS) },
    };
    struct zone_set *set = zones_of(sources, 2);
    static const char *const names[] = { "a", "ns1.a", "ns2.a", "b", "ns1.b", "ns2.b" };
    uint32_t seen = 0;

    assert_int_equal(zone_set_nodes(set), COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        seen |= 1u << find(set, names[i], WIRE_A).node->id;
    assert_int_equal(seen, 0x3f);
    assert_int_equal(zone_at(set, 1)->n_names, 3);
    assert_true(zone_set_bytes(set) > 6 * sizeof(struct zone_node));
    zone_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards_answer_as_rfc_4592_2_2_1_says),
        cmocka_unit_test(an_empty_non_terminal_is_there_and_blocks_the_wildcard),
        cmocka_unit_test(a_wildcard_without_data_still_matches),
        cmocka_unit_test(an_asterisk_inside_a_label_or_escaped_octets_mean_nothing_special),
        cmocka_unit_test(names_below_a_cut_lead_to_it_even_if_they_exist_as_glue),
        cmocka_unit_test(the_topmost_cut_counts),
        cmocka_unit_test(ds_at_a_cut_is_the_parents),
        cmocka_unit_test(a_child_that_its_parent_does_not_delegate_answers_for_itself),
        cmocka_unit_test(a_cut_below_another_cut_refers_for_the_ds_of_a_child_that_is_here),
        cmocka_unit_test(names_below_a_dname_lead_to_it),
        cmocka_unit_test(a_dname_at_the_apex_takes_everything_below_it),
        cmocka_unit_test(names_outside_every_zone_are_outside),
        cmocka_unit_test(the_root_can_be_a_zone),
        cmocka_unit_test(names_deeper_than_any_of_ours_are_found_absent),
        cmocka_unit_test(a_wildcard_that_would_be_too_long_is_no_wildcard),
        cmocka_unit_test(ids_are_dense_over_all_zones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
