/* test_control_text.c - explanations and status as a person reads them, from fixed JSON. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/explain_text.h"
#include "control/reply_text.h"
#include "control/status_text.h"
#include "control/text.h"

typedef void render_fn(const json_t *value, FILE *out);

static char *rendered(render_fn *render, const json_t *value)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    render(value, out);
    fclose(out);
    return text;
}

static json_t *parsed(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);

    if (value == NULL)
        fail_msg("column %d: %s", error.column, error.text);
    return value;
}

static void assert_says(render_fn *render, const char *json, const char *part)
{
    json_t *value = parsed(json);
    char *text = rendered(render, value);

    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
    free(text);
    json_decref(value);
}

static const char steered[] =
    "{'source':{'is_live':true,'now_ms':1772366410000,'file':'demo.conf','world':7,"
    "'is_ready':true},"
    "'question':{'name':'www.cdn.example','type':'A','resolver':'192.0.2.53',"
    "'client':'198.51.100.0/24','at':'2026-03-01 12:00:00Z','at_ms':1772366400000},"
    "'zone':{'verdict':'found','name':'cdn.example','file':'cdn.zone','serial':5},"
    "'service':{'name':'www','file':'demo.conf','line':12,'ttl_s':30,'no_target':'zone',"
    "'is_steered_type':true,'policy':[{'stage':'healthy','detail':null},"
    "{'stage':'nearest','detail':'depth 2, ties within 10 %'},{'stage':'weighted'}]},"
    "'decided':{'by':'ecs','address':'198.51.100.0'},"
    "'place':{'country':'JP','city':'Osaka','subdivision':'Osaka','continent':'AS',"
    "'latitude':34.69,'longitude':135.5,'asn':64500,'source':'demo.mmdb',"
    "'network':'198.51.0.0/16','is_country_level':false,'is_special':false},"
    "'class':{'number':2,'count':12,'network':'198.48.0.0/12','view':0,'view_networks':12345},"
    "'stages':[{'index':1,'stage':'nearest','is_by_place':true,'candidates':["
    "{'target':'tokyo','is_kept':true,'tier':0,'km':401.6,'reason':null},"
    "{'target':'seoul','is_kept':true,'tier':0,'km':827.1},"
    "{'target':'london','is_kept':false,'km':9557.0,'reason':'beyond the depth of `nearest`'}]},"
    "{'index':0,'stage':'healthy','is_by_place':false,'candidates':["
    "{'target':'tokyo','is_kept':true,'tier':0,'reason':'up'},"
    "{'target':'seoul','is_kept':false,'tier':0,'reason':'down'}]},"
    "{'index':2,'stage':'weighted','is_by_place':false,'candidates':["
    "{'target':'tokyo','is_kept':true,'tier':0,'odds_pct':100.0}]}],"
    "'targets':[{'name':'tokyo','probes':["
    "{'address':'192.0.2.1:80','verdict':'up','since_ms':1772362810000,'rtt_us':1500},"
    "{'address':'192.0.2.2:80','verdict':'up','since_ms':1772362810000,'rtt_us':900,"
    "'contrary':2,'error':'timed out'}]},"
    "{'name':'seoul','probes':[{'address':'192.0.2.3:80','verdict':'down',"
    "'since_ms':1772366390000,'error':'connection refused'}]}],"
    "'draw':null,"
    "'choice':{'targets':['tokyo'],'is_open':false,'is_drawn':false,'scope_bits':12,"
    "'scope_network':'198.48.0.0/12','ttl_s':10,'ttl_bound':'horizon','horizon_s':10},"
    "'answer':{'octets':77,'flags':['qr','aa'],'rcode':'NOERROR','ecs_scope':12,'answer':["
    "{'name':'www.cdn.example.','ttl':10,'type':'A','data':'192.0.2.1'}]},"
    "'attribution':['Data by somebody']}";

static const char steered_text[] =
    "Asked the running server (world 7 of demo.conf).\n"
    "\n"
    "www.cdn.example. A\n"
    "  client        198.51.100.0/24, passed on by the resolver 192.0.2.53\n"
    "  at            2026-03-01 12:00:00Z\n"
    "  goes to       tokyo\n"
    "  zone          cdn.example, serial 5 (cdn.zone)\n"
    "\n"
    "Where is the client?\n"
    "  decided by    198.51.100.0, the client subnet in the query (ECS)\n"
    "  place         Osaka, JP, AS (34.69, 135.50), AS64500\n"
    "  known from    demo.mmdb, for all of 198.51.0.0/16\n"
    "  class         3 of 12, like all of 198.48.0.0/12 (view 0 cuts the world into 12,345 "
    "networks)\n"
    "\n"
    "What does the policy of service \"www\" make of it? (demo.conf:12)\n"
    "  By the client's place, alike for 198.48.0.0/12:\n"
    "    2. nearest: depth 2, ties within 10 %\n"
    "       tier 1   tokyo            402 km\n"
    "       tier 1   seoul            827 km\n"
    "       dropped  london         9,557 km   beyond the depth of `nearest`\n"
    "  By what is known now:\n"
    "    1. healthy\n"
    "       tier 1   tokyo       192.0.2.1:80             up for 1 h 00 min, 1.5 ms\n"
    "                            192.0.2.2:80             up for 1 h 00 min, 0.9 ms, but its last "
    "2\n"
    "                                                     probes failed: timed out\n"
    "       dropped  seoul       192.0.2.3:80             DOWN for 20 s: connection refused\n"
    "    3. weighted\n"
    "       tier 1   tokyo          100.0 %\n"
    "  chosen        tokyo, first of those left\n"
    "\n"
    "What is sent?\n"
    "  status        NOERROR, flags qr aa, 77 octets\n"
    "  www.cdn.example.                    10 IN A     192.0.2.1\n"
    "  scope         /12: caches may give it to all of 198.48.0.0/12\n"
    "  TTL           10 s instead of 30: a verdict may flip that soon\n"
    "\n"
    "Data by somebody\n";

/* The JSON above is written with ' for ", to be readable. */
static json_t *quoted(const char *text)
{
    char *copy = strdup(text);

    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *value = parsed(copy);
    free(copy);
    return value;
}

static void an_explanation_reads_from_question_to_packet(void **state)
{
    json_t *x = quoted(steered);
    char *text = rendered(explain_text, x);

    assert_string_equal(text, steered_text);
    free(text);
    json_decref(x);
}

static void no_line_of_it_is_wider_than_a_terminal(void **state)
{
    json_t *x = quoted(steered);
    char *text = rendered(explain_text, x);

    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_true(text_columns(line) <= 100);
    free(text);
    json_decref(x);
}

/* Every member replaced by every kind of value, one at a time. */
static void replace_each(json_t *root, json_t *object, render_fn *render)
{
    static const char *const others[] = { "null", "7", "-1.5", "\"x\"", "[]", "{}", "[[1]]" };
    const char *key;
    json_t *value;
    void *next;

    json_object_foreach_safe(object, next, key, value)
    {
        json_incref(value);
        for (size_t i = 0; i < COUNT_OF(others); i++) {
            json_object_set_new(object, key, json_loads(others[i], JSON_DECODE_ANY, NULL));
            free(rendered(render, root));
        }
        json_object_set_new(object, key, value);
        if (json_is_object(value))
            replace_each(root, value, render);
    }
}

static void whatever_is_missing_or_odd_is_left_out(void **state)
{
    json_t *x = quoted(steered), *nothing = json_object(), *odd = json_array();

    replace_each(x, x, explain_text);
    free(rendered(explain_text, nothing));
    free(rendered(explain_text, odd));
    free(rendered(status_text, nothing));
    free(rendered(status_text, odd));
    free(rendered(reload_text, odd));
    json_decref(x);
    json_decref(nothing);
    json_decref(odd);
}

static void names_that_are_not_steered_say_what_the_zone_says(void **state)
{
    assert_says(explain_text, "{\"zone\":{\"verdict\":\"outside\"}}",
                "refused: the name is in no zone of this server");
    assert_says(explain_text, "{\"zone\":{\"verdict\":\"absent\",\"name\":\"a\"}}",
                "NXDOMAIN: the zone has no such name");
    assert_says(explain_text, "{\"zone\":{\"verdict\":\"delegated\",\"name\":\"a\"}}",
                "a referral: the zone delegates the name");
    assert_says(explain_text,
                "{\"zone\":{\"verdict\":\"found\",\"name\":\"a\"},\"service\":{\"name\":\"s\","
                "\"is_steered_type\":false}}",
                "does not steer this type: the zone answers");
    assert_says(explain_text,
                "{\"zone\":{\"verdict\":\"found\",\"name\":\"a\"},\"answer\":{\"answer\":["
                "{\"type\":\"CNAME\",\"data\":\"www.a.\"}]}}",
                "leads to www.a.: explain that name");
}

static void an_open_choice_is_loud(void **state)
{
    assert_says(explain_text, "{\"choice\":{\"targets\":[\"t\"],\"is_open\":true}}",
                "t - ALTHOUGH DOWN: no target is up, so verdicts are ignored");
    assert_says(explain_text,
                "{\"choice\":{\"targets\":[]},\"service\":{\"no_target\":\"nodata\"}}",
                "nobody: no target is left (no_target = nodata)");
    assert_says(explain_text,
                "{\"choice\":{\"is_open\":true},\"stages\":[{\"index\":0,\"stage\":\"healthy\","
                "\"is_by_place\":false}]}",
                "1. healthy: nobody is up, so verdicts are ignored");
}

static void what_is_wrong_comes_first_in_the_status(void **state)
{
    json_t *s = quoted(
        "{'now_ms':100000,'world':{'is_ready':false},"
        "'targets':[{'target':'tokyo','address':'192.0.2.1:80','verdict':'up','since_ms':1000},"
        "{'target':'london','address':'192.0.2.2:80','verdict':'down','since_ms':40000,"
        "'error':'timed out'}],"
        "'services':[{'name':'www','open_rows':3,'empty_rows':1}],"
        "'last_reload':{'at_ms':90000,'is_done':false,'errors':1,'lines':['a:7: error: no']}}");
    static const char first[] =
        "\nWRONG\n"
        "  steered names are not answered yet: first probe results are awaited\n"
        "  target london (192.0.2.2:80) is down for 1 min 00 s: timed out\n"
        "  service www sends 3 of its groups of clients to targets that are down: none is up for "
        "them\n"
        "  the last reload (1970-01-01 00:01:30Z) failed with 1 error(s); the configuration "
        "before it\n"
        "    is in use\n"
        "    a:7: error: no\n";
    char *text = rendered(status_text, s);

    text[strlen(first)] = '\0';
    assert_string_equal(text, first);
    free(text);
    json_decref(s);
    assert_says(status_text, "{\"world\":{\"is_ready\":true}}", "Nothing is wrong.\n");
    assert_says(status_text, "{}", "no configuration is loaded");
}

static void what_was_commanded_is_told_apart_from_what_failed(void **state)
{
    static const char drained[] =
        "{\"now_ms\":100000,\"world\":{\"is_ready\":true},\"targets\":[{\"target\":\"tokyo\","
        "\"address\":\"192.0.2.1:80\",\"verdict\":\"down\",\"since_ms\":40000,\"error\":\"status "
        "503\"}],\"edges\":[{\"pop\":\"tokyo\",\"state\":\"draining\"},{\"pop\":\"london\","
        "\"state\":\"up\",\"origin_trouble\":{\"failed\":1,\"since_ms\":98000,\"error\":\"http://o/: "
        "connection refused\"}}]}";

    assert_says(status_text, drained,
                "WRONG\n  edge tokyo is draining by command; `waymark edge ... tokyo up` ends that\n"
                "  target tokyo (192.0.2.1:80) is down for 1 min 00 s: draining by command, status 503\n"
                "  the origin of edge london fails for 2 s, 1 fetch in a row: http://o/: connection "
                "refused\n");
}

static void what_is_over_is_not_told(void **state)
{
    json_t *s = parsed("{\"world\":{\"is_ready\":true},\"targets\":[{\"target\":\"a\",\"verdict\":"
                       "\"up\",\"error\":\"connection refused\"}]}");
    char *text = rendered(status_text, s);

    assert_null(strstr(text, "refused"));
    free(text);
    json_decref(s);
    assert_says(status_text,
                "{\"targets\":[{\"target\":\"a\",\"verdict\":\"up\",\"contrary\":1,"
                "\"error\":\"connection refused\"}]}",
                "connection refused");
}

static void the_type_is_named_where_it_is_one_alone(void **state)
{
    assert_says(status_text,
                "{\"services\":[{\"name\":\"www\",\"open_rows\":3,\"open_type\":\"AAAA\"}]}",
                "sends 3 of its groups of clients that ask for AAAA to targets");
    assert_says(status_text, "{\"services\":[{\"name\":\"www\",\"open_rows\":3,\"classes\":2}]}",
                "sends 3 of its groups of clients, A and AAAA counted apart, to targets");
}

static void findings_stay_on_one_line(void **state)
{
    char line[300] = "a.conf:7: error: ", json[400];

    for (size_t at = strlen(line); at + 6 < sizeof line; at += 5)
        strcpy(line + at, "word ");
    snprintf(json, sizeof json, "{\"is_done\":false,\"errors\":1,\"lines\":[\"%s\"]}", line);
    assert_says(reload_text, json, line);
}

static void tables_are_as_wide_as_what_is_in_them(void **state)
{
    assert_says(
        status_text,
        "{\"zones\":[{\"name\":\"a\",\"serial\":4294967295,\"names\":1234567,\"records\":0},"
        "{\"name\":\"caf\\u00e9.example\",\"serial\":1,\"file\":\"z\"}]}",
        "\nZones\n"
        "  zone              serial      names  records  file\n"
        "  a             4294967295  1,234,567        0  ?\n"
        "  caf\xc3\xa9.example           1          0        0  z\n");
}

static void nothing_in_a_text_steers_the_terminal(void **state)
{
    assert_says(status_text,
                "{\"targets\":[{\"target\":\"a\\u001b[2J\\u009b1m\",\"verdict\":\"down\","
                "\"error\":\"\\u0007\\u001b]0;x\"}]}",
                "target a?[2J?1m (not resolved) is down for 0 ms: ??]0;x\n");
}

static void a_reload_ends_with_how_it_went(void **state)
{
    assert_says(reload_text,
                "{\"is_done\":true,\"took_ms\":12,\"world\":9,\"warnings\":1,\"lines\":[\"w\"]}",
                "w\nReloaded in 12 ms: world 9, 1 warning(s).\n");
    assert_says(reload_text, "{\"is_done\":false,\"errors\":3,\"lines\":[\"a\",\"b\"]}",
                "a\nb\nand 1 more\nNot reloaded: 3 error(s).");
}

static void numbers_are_grouped_and_octets_get_units(void **state)
{
    char text[NUMBER_TEXT_LEN];

    assert_string_equal(number_format(0, text), "0");
    assert_string_equal(number_format(999, text), "999");
    assert_string_equal(number_format(1000, text), "1,000");
    assert_string_equal(number_format(-1234567, text), "-1,234,567");
    assert_string_equal(number_format(INT64_MIN, text), "-9,223,372,036,854,775,808");
    assert_string_equal(octets_format(1023, text), "1023 B");
    assert_string_equal(octets_format(1024, text), "1.0 KiB");
    assert_string_equal(octets_format((int64_t)16 << 20, text), "16.0 MiB");
    assert_string_equal(octets_format((int64_t)200 << 30, text), "200 GiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_explanation_reads_from_question_to_packet),
        cmocka_unit_test(no_line_of_it_is_wider_than_a_terminal),
        cmocka_unit_test(whatever_is_missing_or_odd_is_left_out),
        cmocka_unit_test(names_that_are_not_steered_say_what_the_zone_says),
        cmocka_unit_test(an_open_choice_is_loud),
        cmocka_unit_test(what_is_wrong_comes_first_in_the_status),
        cmocka_unit_test(what_was_commanded_is_told_apart_from_what_failed),
        cmocka_unit_test(what_is_over_is_not_told),
        cmocka_unit_test(the_type_is_named_where_it_is_one_alone),
        cmocka_unit_test(findings_stay_on_one_line),
        cmocka_unit_test(tables_are_as_wide_as_what_is_in_them),
        cmocka_unit_test(nothing_in_a_text_steers_the_terminal),
        cmocka_unit_test(a_reload_ends_with_how_it_went),
        cmocka_unit_test(numbers_are_grouped_and_octets_get_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
