/* test_serve_restart.c - what a reload cannot change is named, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <waymark/report.h>

#include "serve/restart.h"

static struct endpoint listen_a[] = { { .addr = { .family = 4, .octets = { 127, 0, 0, 1 } },
                                        .port = 53 } };
static struct endpoint listen_b[] = { { .addr = { .family = 4, .octets = { 127, 0, 0, 1 } },
                                        .port = 54 } };

static struct conf plain(void)
{
    return (struct conf){ .file = "waymark.conf",
                          .server = { .listen = listen_a,
                                      .n_listen = 1,
                                      .user = "waymark",
                                      .state = "state",
                                      .draw_key_file = "state/draw.key",
                                      .cookie_secrets_file = "state/cookie.secrets",
                                      .control = "run/sock",
                                      .udp_size = 1232,
                                      .tcp_clients = 9,
                                      .tcp_idle_s = 10 } };
}

static void expect_named(const struct conf *next, const char *option)
{
    struct conf running = plain();
    struct report *report = report_new();

    restart_name_changes(&running.server, next, report);
    assert_int_equal(report_errors(report), 0);
    assert_int_equal(report_warnings(report), option == NULL ? 0 : 1);
    if (option != NULL) {
        assert_string_equal(report_at(report, 0)->file, "waymark.conf");
        assert_non_null(strstr(report_at(report, 0)->text, option));
    }
    report_free(report);
}

static void what_stays_or_can_change_is_not_named(void **state)
{
    struct conf next = plain();

    expect_named(&next, NULL);
    next.server.udp_size = 512;
    next.server.nsid = "ns2";
    next.server.cookie_secrets_file = "other.secrets";
    expect_named(&next, NULL);
}

static void every_fixed_option_is_named(void **state)
{
    struct conf next = plain();

    next.server.listen = listen_b;
    expect_named(&next, "server.listen");
    next = plain();
    next.server.n_listen = 0;
    expect_named(&next, "server.listen");
    next = plain();
    next.server.threads = 3;
    expect_named(&next, "server.threads");
    next = plain();
    next.server.user = NULL;
    expect_named(&next, "server.user");
    next = plain();
    next.server.control = "elsewhere";
    expect_named(&next, "server.control");
    next = plain();
    next.server.draw_key_file = "other.key";
    expect_named(&next, "server.draw_key_file");
    next = plain();
    next.server.metrics = listen_a[0];
    expect_named(&next, "server.metrics");
    next = plain();
    next.server.tcp_idle_s = 11;
    expect_named(&next, "server.tcp_idle_s");
}

static void secrets_stay_in_the_state_folder_that_stays(void **state)
{
    struct conf running = plain(), next = plain();

    next.server.state = "new/";
    next.server.draw_key_file = "new/draw.key";
    next.server.cookie_secrets_file = "new/cookie.secrets";
    restart_keep_secrets(&running.server, &next.server);
    assert_string_equal(next.server.cookie_secrets_file, "state/cookie.secrets");
    expect_named(&next, "server.state");
}

static void secrets_that_were_named_are_taken_up(void **state)
{
    struct conf running = plain(), next = plain();

    next.server.cookie_secrets_file = "other/cookie.secrets";
    restart_keep_secrets(&running.server, &next.server);
    assert_string_equal(next.server.cookie_secrets_file, "other/cookie.secrets");
    next.server.state = "new";
    restart_keep_secrets(&running.server, &next.server);
    assert_string_equal(next.server.cookie_secrets_file, "other/cookie.secrets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_stay_in_the_state_folder_that_stays),
        cmocka_unit_test(secrets_that_were_named_are_taken_up),
        cmocka_unit_test(what_stays_or_can_change_is_not_named),
        cmocka_unit_test(every_fixed_option_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
