/* test_conf_parse.c - what a sound configuration becomes: values, defaults, references. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <waymark/conf.h>
#include <waymark/report.h>

static const char head[] =
    "zones: ( { name = \"cdn.example.\"; file = \"cdn.zone\"; } );\n"
    "geo: { databases = [\"demo.mmdb\"]; };\n"
    "regions: {\n"
    "  europe: { continents = [\"EU\"]; };\n"
    "  apac: { countries = [\"jp\", \"KR\"]; asns = (4713, \"AS4294967295\", \"17676\");\n"
    "          prefixes = [\"203.0.113.0/24\", \"2001:db8::/32\"];\n"
    "          subdivisions = [\"US-HI\", \"US-New York\"]; };\n"
    "};\n"
    "checks: {\n"
    "  edge: { url = \"http://{address}:8080/healthz\"; host = \"www.cdn.example\"; };\n"
    "  cdn: { url = \"https://{cname}/\"; status = [200, 204]; body = \"ok\"; fall = 5; };\n"
    "};\n"
    "pops: {\n"
    "  tokyo: { at = [35.68, 139.69]; addresses = [\"192.0.2.1\", \"2001:db8::1\"];\n"
    "           probe_addresses = [\"192.0.2.8:80\", \"192.0.2.8:80\"];\n"
    "           check = \"edge\"; serves = { region = \"apac\"; continents = [\"OC\"]; }; };\n"
    "  london: { at = (51, -0.13); addresses = [\"192.0.2.2\", \"2001:db8::2\"]; bias = -5; };\n"
    "};\n"
    "providers: {\n"
    "  fast: { cname = \"x.fast.example.\"; weight = 0; check = \"cdn\";\n"
    "          probe_addresses = [\"192.0.2.9:8443\", \"2001:db8::9\"]; };\n"
    "};\n";

static struct conf *parse(const char *services)
{
    char text[8192];
    struct report *report = report_new();

    snprintf(text, sizeof text, "%s%s", head, services);
    struct conf *conf = conf_parse(text, strlen(text), "test.conf", report);
    if (report_count(report) > 0)
        report_print(report, stderr);
    assert_int_equal(report_count(report), 0);
    assert_non_null(conf);
    report_free(report);
    return conf;
}

static struct conf *parse_policy(const char *policy)
{
    char text[4096];

    snprintf(text, sizeof text,
             "services: ( { name = \"www\"; hosts = [\"www.cdn.example\", \"*.cdn.example.\"];\n"
             "  targets = [\"london\", \"fast\", \"tokyo\"]; policy = %s; } );\n",
             policy);
    return parse(text);
}

static void what_is_not_written_has_the_default_of_the_table(void **state)
{
    struct conf *conf = parse_policy("( \"healthy\", { stage = \"region\"; rules = ( "
                                     "{ region = \"europe\"; targets = [\"london\"]; } ); }, "
                                     "\"fence\", \"nearest\" )");
    char text[ENDPOINT_TEXT_LEN];

    assert_int_equal(conf->server.n_listen, 1);
    assert_string_equal(endpoint_format(&conf->server.listen[0], text), "127.0.0.1:53");
    assert_int_equal(conf->server.threads, 0);
    assert_null(conf->server.user);
    assert_null(conf->server.nsid);
    assert_string_equal(conf->server.state, "/var/lib/waymark");
    assert_string_equal(conf->server.draw_key_file, "/var/lib/waymark/draw.key");
    assert_int_equal(conf->server.metrics.addr.family, 0);
    assert_int_equal(conf->server.udp_size, 1232);
    assert_int_equal(conf->health.n_resolvers, 0);
    assert_int_equal(conf->health.first_results_s, 5);
    assert_int_equal(conf->geo.views_max, 64);
    assert_int_equal(conf->checks[0].every_s, 10);
    assert_int_equal(conf->checks[0].timeout_ms, 3000);
    assert_int_equal(conf->checks[0].fall, 3);
    assert_int_equal(conf->checks[0].rise, 2);
    assert_int_equal(conf->checks[0].n_status, 1);
    assert_int_equal(conf->checks[0].status[0], 200);
    assert_int_equal(conf->targets[0].weight, 100);
    assert_int_equal(conf->targets[0].min_up, 1);
    assert_int_equal(conf->services[0].ttl_s, 30);
    assert_int_equal(conf->services[0].window_s, 120);
    assert_int_equal(conf->services[0].draw, CONF_DRAW_WINDOW);
    assert_int_equal(conf->services[0].no_target, CONF_NO_TARGET_ZONE);
    conf_unref(conf);
}

static void values_are_what_was_written(void **state)
{
    struct conf *conf = parse_policy(
        "( \"healthy\", { stage = \"region\"; rules = ( { region = [\"europe\", \"apac\"]; "
        "asns = [1]; targets = ([\"tokyo\", \"fast\"], \"london\"); } ); others = [\"fast\"]; }, "
        "{ stage = \"fence\"; hard = false; }, { stage = \"within\"; km = 3000; }, "
        "{ stage = \"nearest\"; tie_pct = 12.5; depth = 6; }, "
        "{ stage = \"priority\"; targets = (\"fast\", [\"tokyo\", \"london\"]); }, "
        "\"weighted\", { stage = \"floor\"; targets = [\"fast\"]; pct = 2.5; }, "
        "{ stage = \"take\"; n = 2; } )");
    const struct conf_service *s = &conf->services[0];

    assert_int_equal(s->n_stages, 9);
    assert_int_equal(s->stages[1].kind, CONF_STAGE_REGION);
    assert_int_equal(s->stages[1].n_rules, 1);
    const struct conf_rule *rule = &s->stages[1].rules[0];
    assert_int_equal(rule->match.n_regions, 2);
    assert_int_equal(rule->match.regions[0], 0);
    assert_int_equal(rule->match.regions[1], 1);
    assert_int_equal(rule->match.asns[0], 1);
    assert_int_equal(rule->order.n, 3);
    assert_int_equal(rule->order.targets[0], 0);
    assert_int_equal(rule->order.targets[1], 2);
    assert_int_equal(rule->order.targets[2], 1);
    assert_int_equal(rule->order.tiers[0], 0);
    assert_int_equal(rule->order.tiers[1], 0);
    assert_int_equal(rule->order.tiers[2], 1);
    assert_int_equal(s->stages[1].order.n, 1);
    assert_int_equal(s->stages[1].order.targets[0], 2);
    assert_false(s->stages[2].is_hard);
    assert_true(s->stages[3].km == 3000);
    assert_true(s->stages[4].tie_pct == 12.5);
    assert_int_equal(s->stages[4].depth, 6);
    assert_int_equal(s->stages[5].order.tiers[1], 1);
    assert_int_equal(s->stages[6].kind, CONF_STAGE_WEIGHTED);
    assert_int_equal(s->stages[7].kind, CONF_STAGE_FLOOR);
    assert_true(s->stages[7].pct == 2.5);
    assert_int_equal(s->stages[7].order.targets[0], 2);
    assert_int_equal(s->stages[8].take, 2);
    conf_unref(conf);
}

static const char every_part[] =
    "( \"healthy\", \"fence\", { stage = \"region\"; rules = ( { region = [\"europe\", \"apac\"]; "
    "targets = [\"tokyo\"]; } ); }, \"nearest\", { stage = \"take\"; n = 7; } )";

static void names_become_indexes_into_the_parts(void **state)
{
    struct conf *conf = parse_policy(every_part);
    const struct conf_service *s = &conf->services[0];

    assert_int_equal(conf->n_targets, 3);
    assert_string_equal(conf->targets[0].name, "tokyo");
    assert_string_equal(conf->targets[1].name, "london");
    assert_string_equal(conf->targets[2].name, "fast");
    assert_int_equal(conf->targets[1].kind, CONF_POP);
    assert_int_equal(conf->targets[2].kind, CONF_PROVIDER);
    assert_int_equal(s->targets[0], 1);
    assert_int_equal(s->targets[1], 2);
    assert_int_equal(s->targets[2], 0);
    assert_int_equal(conf->targets[0].check, 0);
    assert_int_equal(conf->targets[1].check, CONF_NONE);
    assert_int_equal(conf->targets[2].check, 1);
    assert_true(conf->targets[0].has_serves);
    assert_int_equal(conf->targets[0].serves.regions[0], 1);
    assert_false(conf->targets[1].has_serves);
    conf_unref(conf);
}

static void names_of_hosts_lose_their_trailing_dot(void **state)
{
    struct conf *conf = parse_policy(every_part);

    assert_string_equal(conf->zones[0].name, "cdn.example");
    assert_string_equal(conf->services[0].hosts[0], "www.cdn.example");
    assert_string_equal(conf->services[0].hosts[1], "*.cdn.example");
    assert_string_equal(conf->targets[2].cname, "x.fast.example");
    conf_unref(conf);
}

static void coordinates_may_mix_integers_and_numbers_in_a_list(void **state)
{
    struct conf *conf = parse_policy(every_part);

    assert_true(conf->targets[1].has_place);
    assert_true(conf->targets[1].latitude == 51.0);
    assert_true(conf->targets[1].longitude == -0.13);
    assert_false(conf->targets[2].has_place);
    assert_int_equal(conf->targets[1].bias, -5);
    conf_unref(conf);
}

static void clients_are_named_by_codes_numbers_and_prefixes(void **state)
{
    struct conf *conf = parse_policy(every_part);
    const struct conf_match *apac = &conf->regions[1].match;
    char text[PREFIX_TEXT_LEN];

    assert_string_equal(conf->regions[0].match.continents[0], "EU");
    assert_int_equal(apac->n_countries, 2);
    assert_string_equal(apac->countries[0], "JP");
    assert_int_equal(apac->n_asns, 3);
    assert_true(apac->asns[0] == 4713);
    assert_true(apac->asns[1] == 4294967295U);
    assert_true(apac->asns[2] == 17676);
    assert_string_equal(prefix_format(&apac->prefixes[1], text), "2001:db8::/32");
    assert_string_equal(apac->subdivisions[1], "US-New York");
    conf_unref(conf);
}

static void a_probe_address_without_a_port_leaves_it_to_the_url(void **state)
{
    struct conf *conf = parse_policy(every_part);
    const struct conf_target *fast = &conf->targets[2];

    assert_int_equal(fast->n_probe_addresses, 2);
    assert_int_equal(fast->probe_addresses[0].port, 8443);
    assert_int_equal(fast->probe_addresses[1].port, 0);
    assert_int_equal(fast->probe_addresses[1].addr.family, 6);
    conf_unref(conf);
}

static void both_families_of_a_pop_may_be_probed_at_one_place(void **state)
{
    struct conf *conf = parse_policy(every_part);
    const struct conf_target *tokyo = &conf->targets[0];

    assert_int_equal(tokyo->n_probe_addresses, 2);
    assert_true(endpoint_equal(&tokyo->probe_addresses[0], &tokyo->probe_addresses[1]));
    conf_unref(conf);
}

static void nearest_keeps_at_least_what_take_wants(void **state)
{
    struct conf *conf = parse_policy(every_part);

    assert_int_equal(conf->services[0].stages[3].depth, 7);
    conf_unref(conf);
}

static void the_window_is_four_times_the_ttl_unless_given(void **state)
{
    static const char services[] =
        "services: ( { name = \"a\"; hosts = [\"a.cdn.example\"]; targets = [\"tokyo\", "
        "\"london\"]; "
        "ttl_s = 7; policy = (\"healthy\", \"fence\", { stage = \"region\"; rules = ( { region = "
        "\"europe\"; targets = [\"tokyo\"]; } ); }, \"nearest\"); },\n"
        "{ name = \"b\"; hosts = [\"b.cdn.example\"]; targets = [\"fast\"]; ttl_s = 7; "
        "window_s = 600; draw = \"query\"; no_target = \"servfail\"; policy = [\"healthy\"]; } );";
    struct conf *conf = parse(services);

    assert_int_equal(conf->services[0].window_s, 28);
    assert_int_equal(conf->services[1].window_s, 600);
    assert_int_equal(conf->services[1].draw, CONF_DRAW_QUERY);
    assert_int_equal(conf->services[1].no_target, CONF_NO_TARGET_SERVFAIL);
    conf_unref(conf);
}

static void a_conf_lives_until_the_last_reference_goes(void **state)
{
    struct conf *conf = parse_policy(every_part);

    assert_ptr_equal(conf_ref(conf), conf);
    conf_unref(conf);
    assert_string_equal(conf->targets[0].name, "tokyo"); /* the sanitizer would know */
    conf_unref(conf);
    conf_unref(NULL);
}

static struct report *load_refused(const char *path)
{
    struct report *report = report_new();

    assert_null(conf_load(path, report));
    assert_int_equal(report_errors(report), 1);
    assert_string_equal(report_at(report, 0)->file, path);
    return report;
}

static void what_is_no_readable_file_is_refused_at_once(void **state)
{
    char fifo[] = "/tmp/waymark-conf-XXXXXX";
    struct report *report = load_refused("no/such/file.conf");

    assert_non_null(strstr(report_at(report, 0)->text, "No such file"));
    report_free(report);
    report = load_refused("/");
    assert_non_null(strstr(report_at(report, 0)->text, "is a folder"));
    report_free(report);
    assert_non_null(mkdtemp(fifo));
    char path[64];
    snprintf(path, sizeof path, "%s/fifo", fifo);
    assert_int_equal(mkfifo(path, 0600), 0);
    report = load_refused(path); /* and does not wait for a writer */
    report_free(report);
    unlink(path);
    rmdir(fifo);
}

static void the_sample_configuration_is_sound(void **state)
{
    struct report *report = report_new();
    struct conf *conf = conf_load("packaging/waymark.conf.sample", report);

    if (report_count(report) > 0)
        report_print(report, stderr);
    assert_int_equal(report_count(report), 0);
    assert_non_null(conf);
    conf_unref(conf);
    report_free(report);
}

static const char edges[] =
    "server: { edge_threads = 2; access_log = \"access.log\"; };\n"
    "origins: {\n"
    "  site: { url = \"http://127.0.0.1:9000/\"; };\n"
    "  twins: { urls = [\"https://a.example\", \"https://b.example:444\"];\n"
    "           host = \"www.cdn.example\"; connect_ms = 500; body_idle_ms = 700; };\n"
    "  files: { directory = \"site\"; };\n"
    "};\n"
    "edges: (\n"
    "  { pop = \"tokyo\"; listen = \"192.0.2.1:80\"; shield = \"london\"; origin = \"site\";\n"
    "    routes = ( { prefix = \"/i/\"; query = \"none\"; },\n"
    "               { prefix = \"/img/\"; query = [\"w\", \"h\"]; headers = [\"Accept\"];\n"
    "                 cookies = [\"Lang\"]; bypass_on_no_cache = false; } ); },\n"
    "  { pop = \"london\"; listen = [\"192.0.2.2:80\", \"[2001:db8::2]:80\"]; origin = \"twins\";\n"
    "    listen_tls = \"192.0.2.2:443\"; certificate = \"c.pem\"; key = \"c.key\"; },\n"
    "  { pop = \"fast\"; listen = \"192.0.2.3:80\"; origin = \"files\"; cache_mb = 7; }\n"
    ");\n"
    "services: ( { name = \"www\"; hosts = [\"www.cdn.example\"];\n"
    "  targets = [\"tokyo\", \"london\", \"fast\"]; policy = (\"healthy\", \"fence\",\n"
    "  { stage = \"region\"; rules = ( { region = \"europe\"; targets = [\"london\"]; } ); },\n"
    "  \"nearest\"); } );\n";

static void origins_are_urls_or_directories(void **state)
{
    struct conf *conf = parse(edges);
    const struct conf_origin *o = conf->origins;

    assert_int_equal(conf->n_origins, 3);
    assert_string_equal(o[0].urls[0], "http://127.0.0.1:9000"); /* a path can follow */
    assert_null(o[0].host);
    assert_int_equal(o[0].connect_ms, 2000);
    assert_int_equal(o[0].body_idle_ms, 60000);
    assert_int_equal(o[1].n_urls, 2);
    assert_string_equal(o[1].urls[1], "https://b.example:444");
    assert_string_equal(o[1].host, "www.cdn.example");
    assert_int_equal(o[1].connect_ms, 500);
    assert_int_equal(o[1].body_idle_ms, 700);
    assert_int_equal(o[2].n_urls, 0);
    assert_string_equal(o[2].directory, "site");
    assert_string_equal(o[2].cache_control, "max-age=60");
    conf_unref(conf);
}

static void edges_know_their_target_shield_and_origin(void **state)
{
    struct conf *conf = parse(edges);
    const struct conf_edge *e = conf->edges;

    assert_int_equal(conf->server.edge_threads, 2);
    assert_string_equal(conf->server.access_log, "access.log");
    assert_int_equal(conf->n_edges, 3);
    assert_string_equal(conf->targets[e[0].target].name, "tokyo");
    assert_int_equal(e[0].shield, 1);
    assert_int_equal(e[1].shield, CONF_NONE);
    assert_int_equal(e[1].origin, 1);
    assert_int_equal(e[0].n_listen, 1);
    assert_int_equal(e[0].listen[0].port, 80);
    assert_int_equal(e[1].n_listen, 2);
    assert_int_equal(e[1].listen_tls[0].port, 443);
    assert_string_equal(e[1].key, "c.key");
    assert_int_equal(e[2].cache_mb, 7);
    assert_int_equal(e[2].idle_s, 60);
    conf_unref(conf);
}

static void the_longest_prefix_of_a_route_comes_first(void **state)
{
    struct conf *conf = parse(edges);
    const struct conf_route *r = conf->edges[0].routes;

    assert_int_equal(conf->edges[0].n_routes, 3);
    assert_string_equal(r[0].prefix, "/img/");
    assert_int_equal(r[0].query, CONF_QUERY_NAMED);
    assert_int_equal(r[0].n_parameters, 2);
    assert_string_equal(r[0].headers[0], "accept");
    assert_string_equal(r[0].cookies[0], "Lang");
    assert_false(r[0].bypass_on_no_cache);
    assert_int_equal(r[1].query, CONF_QUERY_NONE);
    assert_string_equal(r[2].prefix, "/"); /* for all that no route fits */
    assert_int_equal(r[2].query, CONF_QUERY_ALL);
    assert_true(r[2].bypass_on_no_cache);
    assert_int_equal(conf->edges[1].n_routes, 1);
    conf_unref(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_written_has_the_default_of_the_table),
        cmocka_unit_test(values_are_what_was_written),
        cmocka_unit_test(names_become_indexes_into_the_parts),
        cmocka_unit_test(names_of_hosts_lose_their_trailing_dot),
        cmocka_unit_test(coordinates_may_mix_integers_and_numbers_in_a_list),
        cmocka_unit_test(clients_are_named_by_codes_numbers_and_prefixes),
        cmocka_unit_test(a_probe_address_without_a_port_leaves_it_to_the_url),
        cmocka_unit_test(both_families_of_a_pop_may_be_probed_at_one_place),
        cmocka_unit_test(nearest_keeps_at_least_what_take_wants),
        cmocka_unit_test(the_window_is_four_times_the_ttl_unless_given),
        cmocka_unit_test(a_conf_lives_until_the_last_reference_goes),
        cmocka_unit_test(what_is_no_readable_file_is_refused_at_once),
        cmocka_unit_test(the_sample_configuration_is_sound),
        cmocka_unit_test(origins_are_urls_or_directories),
        cmocka_unit_test(edges_know_their_target_shield_and_origin),
        cmocka_unit_test(the_longest_prefix_of_a_route_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
