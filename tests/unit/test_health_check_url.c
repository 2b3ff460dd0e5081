/* test_health_check_url.c - what is asked of whom. */
#include "cm.h"

#include <string.h>

#include "health/check_url.h"

struct given {
    const char *url, *host, *address, *cname;
};

static int expand(const struct given *g, struct check_url *out, char why[static WHY_LEN])
{
    struct conf_check check = { .url = g->url, .host = g->host };
    struct addr address;

    if (g->address != NULL)
        assert_true(addr_parse(g->address, &address));
    return check_url_expand(&check, g->address == NULL ? NULL : &address, g->cname, out, why);
}

static struct check_url expanded(struct given g)
{
    struct check_url out;
    char why[WHY_LEN] = "";

    if (expand(&g, &out, why) != 0)
        fail_msg("%s: %s", g.url, why);
    return out;
}

static void assert_peer(const struct check_url *u, const char *text)
{
    char got[ENDPOINT_TEXT_LEN];

    assert_string_equal(endpoint_format(&u->peer, got), text);
}

static void an_address_is_asked_as_itself(void **state)
{
    struct check_url u =
        expanded((struct given){ "http://{address}:8080/healthz", NULL, "127.0.10.1", NULL });

    assert_string_equal(u.url, "http://127.0.10.1:8080/healthz");
    assert_string_equal(u.host, "");
    assert_peer(&u, "127.0.10.1:8080");
    assert_int_equal(u.kind, CONF_CHECK_HTTP);
}

static void ipv6_gets_its_brackets_in_the_authority_only(void **state)
{
    struct check_url u =
        expanded((struct given){ "https://{address}/x?from={address}", NULL, "2001:db8::1", NULL });

    assert_string_equal(u.url, "https://[2001:db8::1]/x?from=2001:db8::1");
    assert_peer(&u, "[2001:db8::1]:443");
}

static void the_checks_host_is_asked_for_at_the_address(void **state)
{
    struct check_url u = expanded(
        (struct given){ "https://{address}:8443/healthz", "www.cdn.example", "2001:db8::1", NULL });

    assert_string_equal(u.url, "https://www.cdn.example:8443/healthz");
    assert_string_equal(u.host, "www.cdn.example");
    assert_peer(&u, "[2001:db8::1]:8443");

    u = expanded((struct given){ "http://{address}", "2001:db8::9", "192.0.2.1", NULL });
    assert_string_equal(u.url, "http://[2001:db8::9]:80");
}

static void a_cname_is_to_be_resolved(void **state)
{
    struct check_url u =
        expanded((struct given){ "https://{cname}/health", NULL, NULL, "x.cdn.example" });

    assert_string_equal(u.url, "https://x.cdn.example/health");
    assert_string_equal(u.name, "x.cdn.example");
    assert_int_equal(u.peer.addr.family, 0);
    assert_int_equal(u.peer.port, 443);
}

static void a_host_written_in_the_url_is_asked_whatever_the_target(void **state)
{
    struct check_url u = expanded(
        (struct given){ "http://monitor.example:81/ask?{address}", NULL, "192.0.2.1", NULL });

    assert_string_equal(u.url, "http://monitor.example:81/ask?192.0.2.1");
    assert_string_equal(u.name, "monitor.example");
    assert_int_equal(u.peer.port, 81);

    u = expanded((struct given){ "http://[::1]:81?{cname}", NULL, NULL, "x.example" });
    assert_string_equal(u.name, "");
    assert_peer(&u, "[::1]:81");
}

static void tcp_is_an_address_and_a_port(void **state)
{
    struct check_url u =
        expanded((struct given){ "tcp://{address}:53", "unused.example", "2001:db8::1", NULL });

    assert_int_equal(u.kind, CONF_CHECK_TCP);
    assert_peer(&u, "[2001:db8::1]:53");
}

static void odd_urls_are_refused_with_a_sentence(void **state)
{
    static char long_url[CHECK_URL_LEN + 40] = "http://{address}/";
    static const struct given bad[] = {
        { "ftp://{address}/", NULL, "192.0.2.1", NULL },
        { "{address}", NULL, "192.0.2.1", NULL },
        { "", NULL, "192.0.2.1", NULL },
        { "http://", NULL, "192.0.2.1", NULL },
        { "http:///path", NULL, "192.0.2.1", NULL },
        { "http://:80/", NULL, "192.0.2.1", NULL },
        { "http://{address}:/", NULL, "192.0.2.1", NULL },
        { "http://{address}:0/", NULL, "192.0.2.1", NULL },
        { "http://{address}:65536/", NULL, "192.0.2.1", NULL },
        { "http://{address}:8x/", NULL, "192.0.2.1", NULL },
        { "http://{address}:+8/", NULL, "192.0.2.1", NULL },
        { "http://{adress}/", NULL, "192.0.2.1", NULL },
        { "http://user:secret@{address}/", NULL, "192.0.2.1", NULL },
        { "http://[::1/", NULL, "192.0.2.1", NULL },
        { "http://[::1]x/", NULL, "192.0.2.1", NULL },
        { "tcp://{address}", NULL, "192.0.2.1", NULL },
        { "http://{cname}/", NULL, "192.0.2.1", NULL },
        { "http://{address}/", NULL, NULL, "x.example" },
        { "http://x.example/{address}", NULL, NULL, "x.example" },
        { long_url, NULL, "192.0.2.1", NULL },
    };
    struct check_url u;

    memset(long_url + strlen(long_url), 'a', sizeof long_url - 1 - strlen(long_url));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char why[WHY_LEN] = "";
        if (expand(&bad[i], &u, why) == 0)
            fail_msg("taken: %s", bad[i].url);
        assert_non_null(strstr(why, "the check's URL"));
    }
}

static void a_url_that_just_fits_is_taken(void **state)
{
    static char url[CHECK_URL_LEN] = "http://{cname}/";
    struct check_url u;
    char why[WHY_LEN];

    memset(url + strlen(url), 'a', sizeof url - 1 - strlen(url));
    struct given fits = { url, NULL, NULL, "cname.x" };
    assert_int_equal(expand(&fits, &u, why), 0);
    assert_int_equal(strlen(u.url), CHECK_URL_LEN - 1);
    struct given longer = { url, NULL, NULL, "cname.xy" };
    assert_int_not_equal(expand(&longer, &u, why), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_asked_as_itself),
        cmocka_unit_test(ipv6_gets_its_brackets_in_the_authority_only),
        cmocka_unit_test(the_checks_host_is_asked_for_at_the_address),
        cmocka_unit_test(a_cname_is_to_be_resolved),
        cmocka_unit_test(a_host_written_in_the_url_is_asked_whatever_the_target),
        cmocka_unit_test(tcp_is_an_address_and_a_port),
        cmocka_unit_test(odd_urls_are_refused_with_a_sentence),
        cmocka_unit_test(a_url_that_just_fits_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
