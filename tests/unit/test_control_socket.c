/* test_control_socket.c - the control socket over a real unix stream: lines, clients, places. */
#include "cm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/json_put.h"
#include "control/socket.h"

/* A server whose reload waits until the test replies. */
struct fake {
    char folder[64], path[96];
    struct event_base *base;
    struct control_socket *socket;
    struct socket_client *waiting;
    int n_gone;
};

static void on_request(void *ctx, struct socket_client *client, const struct request *request)
{
    struct fake *f = ctx;
    json_t *reply = json_object();

    if (request->verb == REQUEST_RELOAD) {
        f->waiting = client;
        json_decref(reply);
        return;
    }
    put_text(reply, "done", get_text(request->body, "do", ""));
    put_int(reply, "n", get_int(request->body, "n", 0));
    socket_reply(client, reply);
}

static void on_gone(void *ctx, struct socket_client *client)
{
    struct fake *f = ctx;

    assert_ptr_equal(f->waiting, client);
    f->waiting = NULL;
    f->n_gone++;
}

static int open_at(struct fake *f, struct control_socket **out, char why[static WHY_LEN])
{
    const struct socket_calls calls = { .ctx = f, .on_request = on_request, .on_gone = on_gone };

    return socket_open(f->base, f->path, (uid_t)-1, &calls, out, why);
}

static int set_up(void **state)
{
    struct fake *f = calloc(1, sizeof *f);
    char why[WHY_LEN];

    strcpy(f->folder, "/tmp/waymark-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/run.sock", f->folder);
    f->base = event_base_new();
    assert_int_equal(open_at(f, &f->socket, why), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fake *f = *state;

    socket_close(f->socket);
    event_base_free(f->base);
    unlink(f->path);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static void run(struct fake *f)
{
    for (int i = 0; i < 20; i++) {
        event_base_loop(f->base, EVLOOP_NONBLOCK);
        usleep(500);
    }
}

static int connected(struct fake *f)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    strcpy(at.sun_path, f->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    run(f);
    return fd;
}

static void say(struct fake *f, int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    run(f);
}

/* All that has come; "" when nothing has. *is_ended: the server hung up. */
static const char *hear(struct fake *f, int fd, bool *is_ended)
{
    static char text[8192];
    size_t len = 0;
    ssize_t n;

    run(f);
    while ((n = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    *is_ended = n == 0 || (n < 0 && errno == ECONNRESET);
    return text;
}

static void assert_hears(struct fake *f, int fd, const char *expected)
{
    bool is_ended;

    assert_string_equal(hear(f, fd, &is_ended), expected);
    assert_false(is_ended);
}

static void a_line_gets_a_line_and_the_next_one_too(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);

    say(f, fd, "{\"do\":\"status\",\"n\":1}\n");
    assert_hears(f, fd, "{\"done\":\"status\",\"n\":1}\n");
    say(f, fd, "{\"do\":\"explain\",");
    assert_hears(f, fd, "");
    say(f, fd, "\"n\":2}\n{\"do\":\"status\",\"n\":3}\n{\"do\":\"status\",\"n\":4}\n");
    assert_hears(f, fd,
                 "{\"done\":\"explain\",\"n\":2}\n{\"done\":\"status\",\"n\":3}\n"
                 "{\"done\":\"status\",\"n\":4}\n");
    close(fd);
}

static void garbage_gets_a_sentence_and_the_client_may_go_on(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);
    bool is_ended;

    say(f, fd, "\x01\xff{]\n");
    assert_non_null(strstr(hear(f, fd, &is_ended), "{\"error\":\"not JSON"));
    assert_false(is_ended);
    say(f, fd, "{\"do\":\"status\"}\n");
    assert_hears(f, fd, "{\"done\":\"status\",\"n\":0}\n");
    close(fd);
}

static void a_line_without_end_is_cut_off_with_a_sentence(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);
    char chunk[4096];
    bool is_ended;
    size_t sent = 0;

    memset(chunk, 'x', sizeof chunk);
    for (int i = 0; i < 64; i++) {
        ssize_t n = send(fd, chunk, sizeof chunk, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        event_base_loop(f->base, EVLOOP_NONBLOCK);
    }
    assert_true(sent > REQUEST_LINE_MAX);
    assert_string_equal(hear(f, fd, &is_ended), "{\"error\":\"the line is longer than 64 KiB\"}\n");
    assert_true(is_ended);
    close(fd);
}

static void a_line_of_exactly_64_kib_is_still_read(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);
    static char line[REQUEST_LINE_MAX + 2];
    const char *start = "{\"do\":\"status\"}";

    memset(line, ' ', REQUEST_LINE_MAX);
    memcpy(line, start, strlen(start));
    line[REQUEST_LINE_MAX] = '\n';
    fcntl(fd, F_SETFL, 0);
    say(f, fd, line);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    assert_hears(f, fd, "{\"done\":\"status\",\"n\":0}\n");
    close(fd);
}

static void the_seventeenth_client_is_turned_away(void **state)
{
    struct fake *f = *state;
    int fds[SOCKET_CLIENTS_MAX];
    bool is_ended;

    for (size_t i = 0; i < SOCKET_CLIENTS_MAX; i++)
        fds[i] = connected(f);
    int late = connected(f);
    assert_non_null(strstr(hear(f, late, &is_ended), "too many clients"));
    assert_true(is_ended);
    close(late);

    close(fds[0]);
    run(f);
    int next = connected(f);
    say(f, next, "{\"do\":\"status\"}\n");
    assert_hears(f, next, "{\"done\":\"status\",\"n\":0}\n");
    close(next);
    for (size_t i = 1; i < SOCKET_CLIENTS_MAX; i++)
        close(fds[i]);
}

static void a_reply_may_come_later_and_lines_behind_it_wait(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);

    say(f, fd, "{\"do\":\"reload\"}\n{\"do\":\"status\"}\n");
    assert_hears(f, fd, "");
    assert_non_null(f->waiting);
    socket_reply(f->waiting, json_pack("{s:b}", "is_done", 1));
    assert_hears(f, fd, "{\"is_done\":true}\n{\"done\":\"status\",\"n\":0}\n");
    close(fd);
}

static void a_client_that_shuts_its_half_down_is_still_answered(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);
    bool is_ended;

    say(f, fd, "{\"do\":\"reload\"}\n");
    shutdown(fd, SHUT_WR);
    run(f);
    assert_non_null(f->waiting);
    socket_reply(f->waiting, json_object());
    assert_string_equal(hear(f, fd, &is_ended), "{}\n");
    assert_true(is_ended);
    close(fd);
}

static void no_memory_for_a_reply_is_said_so(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);

    say(f, fd, "{\"do\":\"reload\"}\n");
    socket_reply(f->waiting, NULL);
    assert_hears(f, fd, "{\"error\":\"out of memory\"}\n");
    close(fd);
}

static void only_owner_and_group_reach_the_file(void **state)
{
    struct fake *f = *state;
    struct stat st;

    assert_int_equal(stat(f->path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0660);
}

static void a_live_server_keeps_its_place(void **state)
{
    struct fake *f = *state;
    struct control_socket *second = NULL;
    char why[WHY_LEN];

    assert_int_equal(open_at(f, &second, why), -EADDRINUSE);
    assert_non_null(strstr(why, "another server answers there"));
    int fd = connected(f);
    say(f, fd, "{\"do\":\"status\"}\n");
    assert_hears(f, fd, "{\"done\":\"status\",\"n\":0}\n");
    close(fd);
}

static void what_a_killed_server_left_is_replaced(void **state)
{
    struct fake *f = *state;
    char why[WHY_LEN];
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    socket_close(f->socket);
    f->socket = NULL;
    assert_int_equal(access(f->path, F_OK), -1); /* a clean end leaves nothing */

    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(at.sun_path, f->path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    assert_int_equal(open_at(f, &f->socket, why), 0);
    fd = connected(f);
    say(f, fd, "{\"do\":\"status\"}\n");
    assert_hears(f, fd, "{\"done\":\"status\",\"n\":0}\n");
    close(fd);
}

static void a_file_that_is_no_socket_stays(void **state)
{
    struct fake *f = *state;
    char why[WHY_LEN];
    struct stat st;

    socket_close(f->socket);
    f->socket = NULL;
    int fd = open(f->path, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    assert_int_equal(open_at(f, &f->socket, why), -EEXIST);
    assert_non_null(strstr(why, "no socket is in the way"));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_size, 8);
}

static void a_path_too_long_for_a_socket_is_refused(void **state)
{
    struct fake *f = *state;
    char path[300], why[WHY_LEN];
    int fd;

    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(socket_claim(path, (uid_t)-1, &fd, why), -ENAMETOOLONG);
    assert_int_equal(socket_claim("", (uid_t)-1, &fd, why), -ENAMETOOLONG);
    snprintf(path, sizeof path, "%s/no/such/folder/x.sock", f->folder);
    assert_int_equal(socket_claim(path, (uid_t)-1, &fd, why), -ENOENT);
    assert_non_null(strstr(why, "let server.user write its folder"));
    assert_non_null(strstr(why, "No such file"));
}

static void a_client_that_resets_while_it_waits_is_forgotten(void **state)
{
    struct fake *f = *state;
    int fd = connected(f);

    say(f, fd, "{\"do\":\"reload\"}\n");
    assert_non_null(f->waiting);
    close(fd);
    run(f);
    socket_reply(f->waiting, json_object()); /* into the void: no signal, no trouble */
    run(f);
    fd = connected(f);
    say(f, fd, "{\"do\":\"status\"}\n");
    assert_hears(f, fd, "{\"done\":\"status\",\"n\":0}\n");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_gets_a_line_and_the_next_one_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_gets_a_sentence_and_the_client_may_go_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_line_without_end_is_cut_off_with_a_sentence, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_line_of_exactly_64_kib_is_still_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_seventeenth_client_is_turned_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reply_may_come_later_and_lines_behind_it_wait, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_shuts_its_half_down_is_still_answered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_memory_for_a_reply_is_said_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_owner_and_group_reach_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_live_server_keeps_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_killed_server_left_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_socket_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_path_too_long_for_a_socket_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_resets_while_it_waits_is_forgotten, set_up,
                                        tear_down),
    };
    signal(SIGPIPE, SIG_IGN); /* as control_open does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
