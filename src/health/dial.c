/* dial.c - one TCP connection, opened and closed. Health thread. */
#include "dial.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <waymark/clock.h>

struct dial {
    int fd;
    struct event writable;
    int64_t started_us;
    dial_cb *cb;
    void *ctx;
};

void dial_cancel(struct dial *dial)
{
    if (dial == NULL)
        return;
    event_del(&dial->writable);
    close(dial->fd);
    free(dial);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
    struct dial *dial = ctx;
    struct probe_result result = { .outcome = PROBE_OK };
    int err = 0;
    socklen_t len = sizeof err;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
        err = errno;
    if (err != 0)
        result_errno(&result, err);
    else
        result.rtt_us = (uint32_t)(clock_steady_us() - dial->started_us);
    dial->cb(dial->ctx, &result);
    dial_cancel(dial);
}

/* A connected, or connecting, socket; -1 with errno. */
static int open_socket(const struct endpoint *peer)
{
    struct sockaddr_storage sa;
    socklen_t len = endpoint_to_sockaddr(peer, &sa);
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&sa, len) != 0 && errno != EINPROGRESS) {
        int err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

struct dial *dial_start(struct event_base *base, const struct endpoint *peer, dial_cb *cb,
                        void *ctx, struct probe_result *result)
{
    int64_t now_us = clock_steady_us();
    int fd = open_socket(peer);
    struct dial *dial;

    if (fd < 0) {
        result_errno(result, errno);
        return NULL;
    }
    dial = malloc(sizeof *dial);
    if (dial == NULL) {
        close(fd);
        result_errno(result, ENOMEM);
        return NULL;
    }
    *dial = (struct dial){ .fd = fd, .started_us = now_us, .cb = cb, .ctx = ctx };
    event_assign(&dial->writable, base, fd, EV_WRITE, on_writable, dial);
    if (event_add(&dial->writable, NULL) != 0) {
        dial_cancel(dial);
        result_errno(result, ENOMEM);
        return NULL;
    }
    return dial;
}
