/* test_control_http.c - the metrics page over HTTP: who is answered, how, and how many at once. */
#include "cm.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/metrics.h"
#include "control/metrics_http.h"

/* The pages, in place of metrics.c's. */
void metrics_write(const struct control *control, FILE *out)
{
    fputs("figures 1\n", out);
}

bool metrics_write_map(const struct control *control, const char *name, FILE *out)
{
    fprintf(out, "map of %s\n", name);
    return strcmp(name, "web") == 0 || name[0] == '\0';
}

void metrics_write_root(const struct control *control, FILE *out)
{
    fputs("welcome\n", out);
}

struct fake {
    struct event_base *base;
    struct metrics_server *server;
    struct endpoint at;
};

/* A port of loopback's that was free a moment ago. */
static struct endpoint free_port(void)
{
    struct endpoint at;
    struct sockaddr_storage sa;
    socklen_t len;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(endpoint_parse("127.0.0.1:0", &at));
    len = endpoint_to_sockaddr(&at, &sa);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    at.addr = addr_from_sockaddr((struct sockaddr *)&sa, &at.port);
    close(fd);
    return at;
}

static int set_up(void **state)
{
    struct fake *f = calloc(1, sizeof *f);
    char why[WHY_LEN];

    f->base = event_base_new();
    f->at = free_port();
    assert_int_equal(metrics_open(f->base, &f->at, NULL, &f->server, why), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fake *f = *state;

    metrics_close(f->server);
    event_base_free(f->base);
    free(f);
    return 0;
}

static void run(struct fake *f)
{
    for (int i = 0; i < 8; i++) {
        event_base_loop(f->base, EVLOOP_NONBLOCK);
        usleep(200);
    }
}

static int connected(struct fake *f)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(&f->at, &sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
    run(f);
    return fd;
}

static const char *ask(struct fake *f, int fd, const char *request)
{
    static char text[4096];
    ssize_t n;

    if (request != NULL)
        assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    run(f);
    n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void assert_answer(struct fake *f, const char *request, const char *first, const char *part)
{
    int fd = connected(f);
    const char *text = ask(f, fd, request);

    if (strncmp(text, first, strlen(first)) != 0 || strstr(text, part) == NULL)
        fail_msg("\"%s\" got \"%s\"", request, text);
    close(fd);
    run(f);
}

static void get_reaches_the_two_pages_and_nothing_else(void **state)
{
    struct fake *f = *state;

    assert_answer(f, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", "figures 1\n");
    assert_answer(f, "GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", "figures");
    assert_answer(f, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "version=0.0.4");
    assert_answer(f, "GET /map.svg HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "image/svg+xml");
    assert_answer(f, "GET /map/web.svg HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "map of web\n");
    assert_answer(f, "GET /map/nobody.svg HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "no service");
    assert_answer(f, "GET /map/.svg HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "there are /metrics");
    assert_answer(f, "GET /map/ HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "there are /metrics");
    assert_answer(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", "welcome\n");
    assert_answer(f, "GET /metric HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 ",
                  "there are /metrics");
    assert_answer(f, "GET /../etc HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 ",
                  "there are /metrics");
}

static void other_methods_are_not_allowed(void **state)
{
    static const char *const methods[] = { "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH" };
    struct fake *f = *state;

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        char request[80];
        snprintf(request, sizeof request, "%s /metrics HTTP/1.1\r\nHost: a\r\n\r\n", methods[i]);
        assert_answer(f, request, "HTTP/1.1 405 ", "Allow: GET");
    }
}

static void big_and_broken_requests_are_refused(void **state)
{
    static const char *const broken[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\n\r\n",
        "GET /\x01 HTTP/1.1\r\n\r\n",
        " / HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n",
        "GET / HTTP/1.1 x\r\n\r\n",
    };
    static char big[METRICS_REQUEST_MAX * 4];
    struct fake *f = *state;

    for (size_t i = 0; i < COUNT_OF(broken); i++)
        assert_answer(f, broken[i], "HTTP/1.1 400 ", "no HTTP request");
    memset(big, 'x', sizeof big - 1);
    memcpy(big, "GET / HTTP/1.1\r\nA: ", 19);
    assert_answer(f, big, "HTTP/1.1 431 ", "too long");
    assert_answer(f, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nxxxx", "HTTP/1.1 405 ", "GET");
}

static void a_request_may_come_in_pieces(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);

    assert_string_equal(ask(f, fd, "GET / HT"), "");
    assert_string_equal(ask(f, fd, "TP/1.1\r\nHost: a\r"), "");
    assert_non_null(strstr(ask(f, fd, "\n\r\n"), "welcome\n"));
    close(fd);
}

static void a_client_that_shuts_its_half_down_is_still_answered(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);

    assert_int_equal(send(fd, "GET / HTTP/1.0\n\n", 16, 0), 16);
    shutdown(fd, SHUT_WR);
    assert_non_null(strstr(ask(f, fd, NULL), "welcome\n"));
    close(fd);
}

static void many_connections_one_after_the_other_find_a_place(void **state)
{
    struct fake *f = *state;

    for (int i = 0; i < 2 * METRICS_CONNECTIONS_MAX; i++)
        assert_answer(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", "welcome\n");
    for (int i = 0; i < 2 * METRICS_CONNECTIONS_MAX; i++) { /* that never ask */
        close(connected(f));
        run(f);
    }
    assert_answer(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", "welcome\n");
}

/* Clients that sent an octet now and then held all places, and nobody saw the figures. */
static void bug_slow_clients_kept_everybody_out(void **state)
{
    struct fake *f = *state;
    int fds[METRICS_CONNECTIONS_MAX];
    char octet;

    for (int i = 0; i < METRICS_CONNECTIONS_MAX; i++) {
        fds[i] = connected(f);
        assert_string_equal(ask(f, fds[i], "GET /"), "");
    }
    assert_answer(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 ", "welcome\n");
    ssize_t n = recv(fds[0], &octet, 1, MSG_DONTWAIT);
    assert_true(n == 0 || (n < 0 && errno == ECONNRESET)); /* the first */
    assert_string_equal(ask(f, fds[1], "me"), "");
    assert_non_null(strstr(ask(f, fds[1], "trics HTTP/1.1\r\n\r\n"), "figures"));
    for (int i = 0; i < METRICS_CONNECTIONS_MAX; i++)
        close(fds[i]);
}

static void an_address_that_is_taken_is_an_error_with_a_sentence(void **state)
{
    struct fake *f = *state;
    struct metrics_server *second = NULL;
    char why[WHY_LEN];

    assert_int_equal(metrics_open(f->base, &f->at, NULL, &second, why), -EADDRINUSE);
    assert_non_null(strstr(why, "Address already in use"));
    assert_non_null(strstr(why, "127.0.0.1:"));
}

static void the_end_may_come_while_clients_are_connected(void **state)
{
    struct fake *f = *state;
    int fd = connected(f), other = connected(f);

    assert_non_null(strstr(ask(f, fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "welcome\n"));
    metrics_close(f->server);
    f->server = NULL;
    run(f);
    char octet;
    assert_int_equal(recv(other, &octet, 1, 0), 0);
    close(fd);
    close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(get_reaches_the_two_pages_and_nothing_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(other_methods_are_not_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(big_and_broken_requests_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_may_come_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_shuts_its_half_down_is_still_answered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_connections_one_after_the_other_find_a_place, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(bug_slow_clients_kept_everybody_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_that_is_taken_is_an_error_with_a_sentence,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_may_come_while_clients_are_connected, set_up,
                                        tear_down),
    };
    signal(SIGPIPE, SIG_IGN); /* as control_open does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
