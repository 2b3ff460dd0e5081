/* test_control_fetch_url.c - which URLs `waymark fetch` takes, and what it asks the server for. */
#include "cm.h"

#include <stdio.h>
#include <string.h>

#include "control/fetch_url.h"

static void a_url_has_a_scheme_a_host_and_perhaps_a_port(void **state)
{
    static const struct {
        const char *text, *host;
        bool is_tls;
        int port;
    } good[] = {
        { "http://www.cdn.example/a?b=c#d", "www.cdn.example", false, 0 },
        { "https://www.cdn.example", "www.cdn.example", true, 0 },
        { "HTTP://WWW.cdn.example:8080?x:y@z", "WWW.cdn.example", false, 8080 },
        { "https://a.example:443/@", "a.example", true, 443 },
    };
    char why[WHY_LEN];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct fetch_url url;
        assert_int_equal(fetch_url_parse(good[i].text, &url, why), 0);
        assert_string_equal(url.host, good[i].host);
        assert_int_equal(url.is_tls, good[i].is_tls);
        assert_int_equal(url.port, good[i].port);
    }
}

static void all_else_is_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *text, *part;
    } bad[] = {
        { "", "no URL" },
        { "www.cdn.example/x", "no URL" },
        { "ftp://www.cdn.example/", "no URL" },
        { "http:///x", "1 to 255" },
        { "http://:80/", "1 to 255" },
        { "http://a.example:/", "port" },
        { "http://a.example:0/", "port" },
        { "http://a.example:65536/", "port" },
        { "http://a.example:080000/", "port" },
        { "http://a.example:8x/", "port" },
        { "http://me@a.example/", "password" },
        { "http://192.0.2.1/", "names an address" },
        { "http://[2001:db8::1]/", "names an address" },
        { "http://a.example/a b", "a space" },
        { "http://a.example/\xc3\xa9", "beyond ASCII" },
        { "http://a.example/\r\nX: y", "a space" },
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fetch_url url;
        char why[WHY_LEN] = "";
        assert_int_not_equal(fetch_url_parse(bad[i].text, &url, why), 0);
        if (strstr(why, bad[i].part) == NULL)
            fail_msg("%s: %s", bad[i].text, why);
    }
}

static void what_is_too_long_is_refused(void **state)
{
    static char text[FETCH_URL_MAX + 20];
    struct fetch_url url;
    char why[WHY_LEN];

    memset(text, 'a', FETCH_URL_MAX + 10);
    memcpy(text, "http://", 7);
    assert_int_not_equal(fetch_url_parse(text, &url, why), 0);
    text[300] = '/';
    text[FETCH_URL_MAX - 1] = '\0';
    assert_int_not_equal(fetch_url_parse(text, &url, why), 0); /* the host alone */
    text[200] = '/';
    assert_int_equal(fetch_url_parse(text, &url, why), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_has_a_scheme_a_host_and_perhaps_a_port),
        cmocka_unit_test(all_else_is_refused_with_a_sentence),
        cmocka_unit_test(what_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
