/* test_conf_options.c - the table of options agrees with the structs and with itself. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/conf.h>

#include "conf/conf_near.h"
#include "conf/conf_options.h"
#include "conf/conf_url.h"

static void the_limits_of_the_table_are_those_of_the_door(void **state)
{
    assert_true(conf_option(OPT_target_addresses)->most == CONF_ADDRESSES_MAX);
    assert_true(conf_option(OPT_service_targets)->most == CONF_SERVICE_TARGETS_MAX);
    assert_true(conf_option(OPT_service_policy)->most == CONF_STAGES_MAX);
    assert_true(conf_option(OPT_https_alpn)->most == CONF_ALPN_MAX);
    assert_true(conf_option(OPT_service_addresses)->most == CONF_ADDRESSES_MAX);
    assert_true(conf_option(OPT_top_pops)->most == CONF_TARGETS_MAX);
    assert_true(conf_option(OPT_top_edges)->most == CONF_EDGES_MAX);
    assert_true(conf_option(OPT_edge_listen)->most == CONF_LISTEN_MAX);
    assert_true(conf_option(OPT_edge_listen_tls)->most == CONF_LISTEN_MAX);
    assert_true(conf_option(OPT_origin_urls)->most == CONF_ORIGIN_URLS_MAX);
    assert_true(conf_option(OPT_route_query)->most == CONF_KEY_PARTS_MAX);
    assert_true(conf_option(OPT_route_headers)->most == CONF_KEY_PARTS_MAX);
    assert_true(conf_option(OPT_route_cookies)->most == CONF_KEY_PARTS_MAX);
}

static void assert_words(enum conf_option_id id, const char *const words[], int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(conf_option_word(conf_option(id), words[i]), i);
    assert_int_equal(conf_option_word(conf_option(id), ""), -1);
}

static void words_stand_in_the_order_of_their_enums(void **state)
{
    static const char *const draws[] = {
        [CONF_DRAW_WINDOW] = "window", [CONF_DRAW_QUERY] = "query"
    };
    static const char *const no_targets[] = { [CONF_NO_TARGET_ZONE] = "zone",
                                              [CONF_NO_TARGET_NODATA] = "nodata",
                                              [CONF_NO_TARGET_SERVFAIL] = "servfail" };
    static const char *const stages[] = {
        [CONF_STAGE_HEALTHY] = "healthy",   [CONF_STAGE_FENCE] = "fence",
        [CONF_STAGE_REGION] = "region",     [CONF_STAGE_NEAREST] = "nearest",
        [CONF_STAGE_WITHIN] = "within",     [CONF_STAGE_PRIORITY] = "priority",
        [CONF_STAGE_WEIGHTED] = "weighted", [CONF_STAGE_STICKY] = "sticky",
        [CONF_STAGE_FLOOR] = "floor",       [CONF_STAGE_TAKE] = "take",
    };

    assert_words(OPT_service_draw, draws, COUNT_OF(draws));
    assert_words(OPT_service_no_target, no_targets, COUNT_OF(no_targets));
    assert_words(OPT_stage_stage, stages, COUNT_OF(stages));
}

static void defaults_lie_within_their_range(void **state)
{
    for (int i = 0; i < CONF_OPTIONS; i++) {
        const struct conf_option *o = conf_option((enum conf_option_id)i);
        char *end;
        double preset = strtod(o->preset, &end);
        if (o->type != CONF_TYPE_INT && o->type != CONF_TYPE_NUMBER)
            continue;
        assert_true(o->least < o->most);
        if (*end == '\0' && end != o->preset)
            assert_true(preset >= o->least && preset <= o->most);
    }
}

static void every_option_is_printed_with_its_sentence(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    conf_print_options(f);
    fclose(f);
    for (int i = 0; i < CONF_OPTIONS; i++) {
        const struct conf_option *o = conf_option((enum conf_option_id)i);
        char start[80];
        snprintf(start, sizeof start, "\n  %s ", o->name);
        assert_non_null(strstr(text, start));
        assert_non_null(strstr(text, o->sentence));
    }
    free(text);
}

static void assert_hint(const char *wanted, const char *best)
{
    static const char *const names[] = { "threads", "nsid", "user", "tcp_clients", "udp_size" };
    struct conf_near near;

    conf_near_init(&near, wanted);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        conf_near_offer(&near, names[i]);
    if (best == NULL)
        assert_null(near.best);
    else
        assert_string_equal(near.best, best);
}

static void a_slip_is_recognised_and_a_stranger_is_not(void **state)
{
    assert_hint("thread", "threads");
    assert_hint("thraeds", "threads");
    assert_hint("NSID", "nsid");
    assert_hint("nisd", "nsid");
    assert_hint("tcpclients", "tcp_clients");
    assert_hint("colour", NULL);
    assert_hint("x", NULL);
    assert_hint("", NULL);
}

static void assert_url(const char *url, enum conf_check_kind kind, bool has_address, bool has_cname)
{
    struct conf_url out;

    assert_null(conf_url_parse(url, &out));
    assert_int_equal(out.kind, kind);
    assert_int_equal(out.has_address, has_address);
    assert_int_equal(out.has_cname, has_cname);
}

static void urls_are_taken_apart(void **state)
{
    struct conf_url out;

    assert_url("http://{address}:8080/healthz", CONF_CHECK_HTTP, true, false);
    assert_url("https://{cname}/?a=b&c=%20", CONF_CHECK_HTTPS, false, true);
    assert_url("tcp://{address}:53", CONF_CHECK_TCP, true, false);
    assert_url("http://{cname}", CONF_CHECK_HTTP, false, true);
    assert_url("http://status.example:81/of/{address}", CONF_CHECK_HTTP, true, false);
    assert_url("http://[2001:db8::1]:81/", CONF_CHECK_HTTP, false, false);
    assert_non_null(conf_url_parse("", &out));
    assert_non_null(conf_url_parse("http://", &out));
    assert_non_null(conf_url_parse("http://[", &out));
    assert_non_null(conf_url_parse("http://{address", &out));
    assert_non_null(conf_url_parse("http://{address}:/", &out));
    assert_non_null(conf_url_parse("http://{cname}/{", &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limits_of_the_table_are_those_of_the_door),
        cmocka_unit_test(words_stand_in_the_order_of_their_enums),
        cmocka_unit_test(defaults_lie_within_their_range),
        cmocka_unit_test(every_option_is_printed_with_its_sentence),
        cmocka_unit_test(a_slip_is_recognised_and_a_stranger_is_not),
        cmocka_unit_test(urls_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
