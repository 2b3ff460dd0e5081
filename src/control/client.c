/* client.c - one question to a running server's control socket. In a client process; blocks. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <waymark/clock.h>
#include <waymark/list.h>

#include "json_put.h"

enum { REPLY_MAX = 256 << 20, READ_AT_ONCE = 64 << 10 };

struct reply {
    char *octets;
    size_t len, cap;
};

static int connect_to(const char *path, int *out_fd, char why[static WHY_LEN])
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    if (path[0] == '\0' || strlen(path) >= sizeof at.sun_path)
        return why_set(why, -ENAMETOOLONG, "%.200s: no path that a socket could have", path);
    strcpy(at.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return why_set(why, -errno, "%s: %s", path, strerror(errno));
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        int err = -errno;
        close(fd);
        if (err == -ENOENT || err == -ECONNREFUSED)
            return why_set(why, err, "no server answers at %s%s: is it running?", path,
                           path[0] == '/' ? "" : " (a path from the folder you are in)");
        if (err == -EACCES || err == -EPERM)
            return why_set(why, err, "%s: only root and the server's own user may ask", path);
        return why_set(why, err, "%s: %s", path, strerror(-err));
    }
    *out_fd = fd;
    return 0;
}

static int send_all(int fd, const char *octets, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, octets, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        octets += n;
        len -= (size_t)n;
    }
    return 0;
}

static int send_line(int fd, const json_t *request, char why[static WHY_LEN])
{
    char *text = json_dumps(request, JSON_COMPACT);

    if (text == NULL)
        return why_set(why, -ENOMEM, "out of memory");
    int err = send_all(fd, text, strlen(text));
    if (err == 0)
        err = send_all(fd, "\n", 1);
    free(text);
    /* a server that turns us away says why and closes: its sentence is still to be read */
    return err == 0 || err == -EPIPE ? 0
                                     : why_set(why, err, "the server hung up: %s", strerror(-err));
}

/* 1: more came; 0: the end. */
static int receive_some(int fd, struct reply *r, int64_t until_us, char why[static WHY_LEN])
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    int64_t left_ms = (until_us - clock_steady_us()) / 1000;

    if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0)
        return why_set(why, -ETIMEDOUT, "the server does not answer in time");
    char *octets = r->len > REPLY_MAX - READ_AT_ONCE
                       ? NULL
                       : list_reserve(r->octets, &r->cap, r->len, READ_AT_ONCE, 1);
    if (octets == NULL)
        return why_set(why, -ENOMEM, "the server's answer is too long");
    r->octets = octets;
    ssize_t n = recv(fd, r->octets + r->len, r->cap - r->len, 0);
    if (n < 0)
        return errno == EINTR ? 1 : why_set(why, -errno, "the server hung up: %s", strerror(errno));
    r->len += (size_t)n;
    return n > 0;
}

static int receive_line(int fd, struct reply *r, int wait_s, char why[static WHY_LEN])
{
    int64_t until_us = clock_steady_us() + (int64_t)wait_s * 1000000;
    size_t seen = 0;

    for (;;) {
        int status = receive_some(fd, r, until_us, why);
        if (status < 0)
            return status;
        const char *end = r->len == 0 ? NULL : memchr(r->octets + seen, '\n', r->len - seen);
        if (end != NULL) {
            r->len = (size_t)(end - r->octets);
            return 0;
        }
        if (status == 0)
            return why_set(why, -ECONNRESET, "the server hung up without an answer");
        seen = r->len;
    }
}

static int parse_reply(const struct reply *r, json_t **out, char why[static WHY_LEN])
{
    json_error_t error;
    json_t *reply = json_loadb(r->octets, r->len, 0, &error);

    if (!json_is_object(reply)) {
        json_decref(reply);
        return why_set(why, -EBADMSG, "the server's answer is no JSON object: is it a Waymark?");
    }
    const char *sentence = get_text(reply, "error", NULL);
    if (sentence != NULL) {
        int err = why_set(why, -EPROTO, "%s", sentence);
        json_decref(reply);
        return err;
    }
    *out = reply;
    return 0;
}

int client_ask(const char *socket_path, json_t *request, int wait_s, json_t **out,
               char why[static WHY_LEN])
{
    struct reply reply = { 0 };
    int fd = -1;
    int err = connect_to(socket_path, &fd, why);

    if (err == 0)
        err = send_line(fd, request, why);
    if (err == 0)
        err = receive_line(fd, &reply, wait_s, why);
    if (err == 0)
        err = parse_reply(&reply, out, why);
    if (fd >= 0)
        close(fd);
    free(reply.octets);
    json_decref(request);
    return err;
}

bool client_is_absent(int err)
{
    return err == -ENOENT || err == -ECONNREFUSED || err == -ENAMETOOLONG;
}
