/* test_util_log.c - lines reach whoever reads, and who does not read keeps nobody waiting. */
#include "cm.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <waymark/log.h>

enum { PATIENCE_S = 60 };

/* Standard error, turned to `to` while a test logs. */
static int divert(int to)
{
    int former = dup(STDERR_FILENO);

    assert_true(former >= 0);
    assert_int_equal(dup2(to, STDERR_FILENO), STDERR_FILENO);
    return former;
}

static void restore(int former)
{
    dup2(former, STDERR_FILENO);
    close(former);
}

static size_t read_all(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t n;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (len < size - 1 && (n = read(fd, out + len, size - 1 - len)) > 0)
        len += (size_t)n;
    out[len] = '\0';
    return len;
}

static void a_line_is_written_whole_with_its_level(void **state)
{
    char text[4096], big[5000];
    int ends[2];

    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(pipe(ends), 0);
    int former = divert(ends[1]);
    log_line(LOG_LEVEL_NOTICE, "%s has %d", "tokyo", 2);
    log_line(LOG_LEVEL_NOTICE, "two\nlines, \xff");
    log_line(LOG_LEVEL_ERROR, "%s", big);
    restore(former);
    size_t len = read_all(ends[0], text, sizeof text);
    assert_non_null(strstr(text, "notice: tokyo has 2\n"));
    assert_non_null(strstr(text, "notice: two\\x0alines, \\xff\n"));
    assert_non_null(strstr(text, "error: xxxx"));
    assert_int_equal(text[len - 1], '\n');
    close(ends[0]);
    close(ends[1]);
}

/* The pipe was full, and with its reader the control socket, reloads and every failover stood. */
static void check_that_nobody_waits(int reader, int writer)
{
    static char text[1 << 22];

    int former = divert(writer);
    alarm(PATIENCE_S);
    for (int i = 0; i < 20000; i++)
        log_line(LOG_LEVEL_NOTICE, "line %d of many that nobody reads", i);
    alarm(0);
    read_all(reader, text, sizeof text);
    assert_non_null(strstr(text, "line 0 of many"));
    assert_null(strstr(text, "line 19999 of many"));
    log_line(LOG_LEVEL_NOTICE, "one more");
    restore(former);
    read_all(reader, text, sizeof text);
    assert_non_null(strstr(text, "lines are lost: nobody took them\n"));
    assert_non_null(strstr(text, "notice: one more\n"));
    close(reader);
    close(writer);
}

static void bug_a_log_that_nobody_read_stopped_the_server(void **state)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    check_that_nobody_waits(ends[0], ends[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    check_that_nobody_waits(ends[0], ends[1]);
}

static void a_log_that_is_gone_is_no_trouble(void **state)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN); /* as the server does */
    int former = divert(ends[1]);
    log_line(LOG_LEVEL_NOTICE, "into the void");
    restore(former);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_written_whole_with_its_level),
        cmocka_unit_test(bug_a_log_that_nobody_read_stopped_the_server),
        cmocka_unit_test(a_log_that_is_gone_is_no_trouble),
    };
    unsetenv("JOURNAL_STREAM");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
