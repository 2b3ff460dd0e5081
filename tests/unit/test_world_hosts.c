/* test_world_hosts.c - hosts of services against zones: each mistake gets its sentence. */
#include "cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/report.h>
#include <waymark/world.h>

static const char zone_text[] = "$ORIGIN x.example.\n$TTL 60\n"
                                "@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n@ NS ns2\n"
                                "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n"
                                "www A 192.0.2.3\nmixed A 192.0.2.4\nmixed TXT \"t\"\n"
                                "sub NS ns.sub\nsub NS ns1\nns.sub A 192.0.2.5\n"
                                "old DNAME new\n*.wild A 192.0.2.6\n"
                                "link CNAME www\nweb HTTPS 1 . alpn=h2\nweb A 192.0.2.7\n";

struct files {
    char zone[32];
};

static int make_zone(void **state)
{
    struct files *f = calloc(1, sizeof *f);

    strcpy(f->zone, "/tmp/waymark-zone-XXXXXX");
    FILE *out = fdopen(mkstemp(f->zone), "w");
    fputs(zone_text, out);
    fclose(out);
    *state = f;
    return 0;
}

static int remove_zone(void **state)
{
    struct files *f = *state;

    unlink(f->zone);
    free(f);
    return 0;
}

/* Loads a world whose services are `services`; true when it loads. */
static bool load(const struct files *f, const char *services, struct report *report)
{
    char text[4096];

    snprintf(text, sizeof text,
             "zones: ( { name = \"x.example\"; file = \"%s\"; } );\n"
             "pops: { pop: { at = [1.0, 2.0]; addresses = [\"192.0.2.9\"]; }; };\n"
             "providers: { cdn: { cname = \"cdn.elsewhere.example\"; };\n"
             "  self: { cname = \"WWW.x.example.\"; }; wild: { cname = \"a.wild.x.example\"; }; };\n"
             "services: ( %s );\n", f->zone, services);
    struct conf *conf = conf_parse(text, strlen(text), "test.conf", report);
    struct world_hub *hub = world_hub_new();
    bool is_loaded = conf != NULL && world_load(hub, conf, report);
    world_hub_free(hub);
    conf_unref(conf);
    return is_loaded;
}

static bool report_says(const struct report *report, const char *sentence)
{
    for (size_t i = 0; i < report_count(report); i++)
        if (strstr(report_at(report, i)->text, sentence) != NULL)
            return true;
    return false;
}

#define SERVICE(name, host, target) \
    "{ name = \"" name "\"; hosts = [\"" host "\"]; targets = [\"" target "\"]; " \
    "policy = (\"healthy\"); }"

static void each_mistake_has_its_sentence(void **state)
{
    static const struct {
        const char *services, *sentence;
    } cases[] = {
        { SERVICE("s", "www.y.example", "pop"), "is in no zone of this server" },
        { SERVICE("s", "nosuch.x.example", "pop"), "does not exist in its zone" },
        { SERVICE("s", "a.sub.x.example", "pop"), "is at or below a delegation" },
        { SERVICE("s", "sub.x.example", "pop"), "is at or below a delegation" },
        { SERVICE("s", "a.old.x.example", "pop"), "is below a DNAME" },
        { SERVICE("s", "a.wild.x.example", "pop"), "exists only through a wildcard" },
        { SERVICE("s", "mixed.x.example", "cdn"), "the zone has TXT there" },
        { SERVICE("s", "x.example", "cdn"), "is its zone's own name" },
        { SERVICE("s", "web.x.example", "pop"), "has an HTTPS record in the zone" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct report *report = report_new();
        assert_false(load(*state, cases[i].services, report));
        if (!report_says(report, cases[i].sentence)) {
            report_print(report, stderr);
            fail_msg("not said: %s", cases[i].sentence);
        }
        report_free(report);
    }
}

static void all_mistakes_are_told_in_one_go(void **state)
{
    struct report *report = report_new();

    assert_false(load(*state,
                      SERVICE("a", "nosuch.x.example", "pop") "," SERVICE("b", "www.y.example", "pop"),
                      report));
    assert_true(report_says(report, "nosuch.x.example does not exist"));
    assert_true(report_says(report, "www.y.example is in no zone"));
    assert_int_equal(report_errors(report), 2);
    report_free(report);
}

static void what_is_right_loads(void **state)
{
    static const char *const good[] = {
        SERVICE("s", "www.x.example", "pop"),    SERVICE("s", "www.x.example", "cdn"),
        SERVICE("s", "mixed.x.example", "pop"),  SERVICE("s", "x.example", "pop"),
        SERVICE("s", "*.wild.x.example", "cdn"), SERVICE("s", "link.x.example", "pop"),
        SERVICE("s", "*.wild.x.example", "self"),
    };

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct report *report = report_new();
        if (!load(*state, good[i], report)) {
            report_print(report, stderr);
            fail_msg("does not load: %s", good[i]);
        }
        report_free(report);
    }
}

static void a_circle_is_warned_of(void **state)
{
    static const struct {
        const char *services;
        bool is_circle;
    } cases[] = {
        { SERVICE("s", "www.x.example", "self"), true },
        { SERVICE("s", "*.wild.x.example", "wild"), true },
        { SERVICE("s", "www.x.example", "wild"), false },
        { SERVICE("s", "link.x.example", "self"), false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct report *report = report_new();
        assert_true(load(*state, cases[i].services, report));
        assert_int_equal(report_says(report, "leads back to it"), cases[i].is_circle);
        report_free(report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circle_is_warned_of),
        cmocka_unit_test(each_mistake_has_its_sentence),
        cmocka_unit_test(all_mistakes_are_told_in_one_go),
        cmocka_unit_test(what_is_right_loads),
    };
    return cmocka_run_group_tests(tests, make_zone, remove_zone);
}
