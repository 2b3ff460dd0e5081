/* test_serve_limits.c - how many TCP clients fit into the files that a process may open. */
#include "cm.h"

#include <sys/resource.h>

#include "serve/limits.h"

static struct endpoint listen_at[1];

static struct conf with_clients(int tcp_clients)
{
    struct conf_server server = { .listen = listen_at, .n_listen = 1, .tcp_clients = tcp_clients };

    return (struct conf){ .server = server };
}

static rlim_t soft_limit(void)
{
    struct rlimit files;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    return files.rlim_cur;
}

static void the_limit_is_raised_to_what_the_configuration_can_use(void **state)
{
    struct conf conf = with_clients(256);
    struct rlimit files;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max < 4096)
        skip();
    files.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(limits_tcp_clients(&conf, 2), 256);
    assert_in_range(soft_limit(), 2 * 256, 4096);
}

/* The last: what is taken away here does not come back. */
static void bug_a_crowd_of_clients_left_no_file_to_anybody(void **state)
{
    static const struct rlimit few = { .rlim_cur = 200, .rlim_max = 400 };
    struct conf conf = with_clients(256);

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int fits = limits_tcp_clients(&conf, 2);
    assert_int_equal(soft_limit(), 400);
    assert_in_range(fits, 10, 400 / 4 / 2);
    assert_int_equal(limits_tcp_clients(&conf, 100), 1); /* at least one, whatever it costs */
    conf = with_clients(5);
    assert_int_equal(limits_tcp_clients(&conf, 2), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_is_raised_to_what_the_configuration_can_use),
        cmocka_unit_test(bug_a_crowd_of_clients_left_no_file_to_anybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
