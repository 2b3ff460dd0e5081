/* socket.c - clients of the control socket: lines in, one at a time, replies out.
 *
 * Main thread, on its libevent loop. A client's next line is read only when its last reply is
 * written, so that what waits for one client is one line and one reply. */
#include "socket.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

struct socket_client {
    struct control_socket *owner;
    struct bufferevent *lines; /* NULL: this place is free */
    bool is_waiting;           /* for its reply */
    bool is_ending;            /* once the reply is out */
};

struct control_socket {
    struct evconnlistener *listener;
    struct event *retry; /* after a failed accept */
    struct socket_calls calls;
    uid_t user;
    char *path;
    struct stat file; /* as we made it: another's is not removed */
    struct socket_client clients[SOCKET_CLIENTS_MAX];
};

static void client_end(struct socket_client *c)
{
    struct control_socket *s = c->owner;

    bufferevent_free(c->lines);
    c->lines = NULL;
    if (c->is_waiting)
        s->calls.on_gone(s->calls.ctx, c);
    c->is_waiting = false;
}

static void write_json(struct socket_client *c, json_t *reply)
{
    char *text = reply == NULL ? NULL : json_dumps(reply, JSON_COMPACT);

    if (text != NULL)
        bufferevent_write(c->lines, text, strlen(text));
    else
        bufferevent_write(c->lines, "{\"error\":\"out of memory\"}", 25);
    bufferevent_write(c->lines, "\n", 1);
    free(text);
    json_decref(reply);
}

static void take_line(struct socket_client *c, const char *line, size_t len)
{
    struct request request;
    char why[WHY_LEN];

    if (request_parse(line, len, &request, why) != 0) {
        write_json(c, request_error(why));
        return;
    }
    c->is_waiting = true;
    c->owner->calls.on_request(c->owner->calls.ctx, c, &request);
    request_fini(&request);
}

static bool has_output(const struct socket_client *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->lines)) > 0;
}

static void refuse_long_line(struct socket_client *c)
{
    c->is_ending = true;
    bufferevent_disable(c->lines, EV_READ);
    write_json(c, request_error("the line is longer than 64 KiB"));
}

/* Takes lines until one has a reply on its way, or no whole line is left. */
static void take_lines(struct socket_client *c)
{
    struct evbuffer *input = bufferevent_get_input(c->lines);

    while (c->lines != NULL && !c->is_waiting && !has_output(c)) {
        size_t len;
        char *line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);
        if (line == NULL) {
            if (c->is_ending)
                client_end(c);
            else if (evbuffer_get_length(input) > REQUEST_LINE_MAX)
                refuse_long_line(c);
            return;
        }
        take_line(c, line, len);
        free(line);
    }
}

void socket_reply(struct socket_client *client, json_t *reply)
{
    assert(client->is_waiting && client->lines != NULL);
    client->is_waiting = false;
    write_json(client, reply);
}

static void on_readable(struct bufferevent *lines, void *ctx)
{
    take_lines(ctx);
}

/* The reply is out: the clock for the next line starts. */
static void on_written(struct bufferevent *lines, void *ctx)
{
    struct socket_client *c = ctx;

    if (!c->is_ending)
        bufferevent_enable(lines, EV_READ);
    take_lines(c);
}

static void on_event(struct bufferevent *lines, short what, void *ctx)
{
    struct socket_client *c = ctx;
    bool is_busy = c->is_waiting || has_output(c);

    if ((what & BEV_EVENT_TIMEOUT) && (what & BEV_EVENT_READING) && is_busy)
        return; /* it waits for us; reading goes on after the reply */
    if (what & BEV_EVENT_EOF) {
        c->is_ending = true; /* it may have shut down its half only: answer what it asked */
        take_lines(c);
        return;
    }
    client_end(c);
}

static bool may_connect(const struct control_socket *s, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return false;
    return peer.uid == 0 || peer.uid == geteuid() || (s->user != (uid_t)-1 && peer.uid == s->user);
}

/* Out of descriptors, most likely: listening on would spin, so rest for a second. */
static void on_accept_failed(struct evconnlistener *listener, void *ctx)
{
    static const struct timeval rest = { .tv_sec = 1 };
    struct control_socket *s = ctx;

    evconnlistener_disable(listener);
    event_add(s->retry, &rest);
}

static void on_retry(evutil_socket_t fd, short what, void *ctx)
{
    struct control_socket *s = ctx;

    evconnlistener_enable(s->listener);
}

static struct socket_client *free_place(struct control_socket *s)
{
    for (size_t i = 0; i < SOCKET_CLIENTS_MAX; i++)
        if (s->clients[i].lines == NULL)
            return &s->clients[i];
    return NULL;
}

/* Best effort: the sentence fits in any socket buffer. */
static void turn_away(int fd, const char *line)
{
    ssize_t n = send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);

    (void)n;
    close(fd);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
                      int len, void *ctx)
{
    static const struct timeval idle = { .tv_sec = SOCKET_IDLE_S };
    static const struct timeval stuck = { .tv_sec = SOCKET_STUCK_S };
    struct control_socket *s = ctx;
    struct socket_client *c = free_place(s);

    if (!may_connect(s, fd)) {
        turn_away(fd, "{\"error\":\"only root and the server's own user may ask\"}\n");
        return;
    }
    if (c == NULL) {
        turn_away(fd, "{\"error\":\"too many clients at once; try again\"}\n");
        return;
    }
    *c = (struct socket_client){ .owner = s };
    c->lines = bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    if (c->lines == NULL) {
        close(fd);
        return;
    }
    bufferevent_setcb(c->lines, on_readable, on_written, on_event, c);
    bufferevent_setwatermark(c->lines, EV_READ, 0, REQUEST_LINE_MAX + 1);
    bufferevent_set_timeouts(c->lines, &idle, &stuck);
    bufferevent_enable(c->lines, EV_READ | EV_WRITE);
}

int socket_open(struct event_base *base, const char *path, uid_t user,
                const struct socket_calls *calls, struct control_socket **out,
                char why[static WHY_LEN])
{
    struct control_socket *s = calloc(1, sizeof *s);
    int fd = -1;
    int err;

    if (s == NULL)
        return why_set(why, -ENOMEM, "control socket %s: out of memory", path);
    s->calls = *calls;
    s->user = user;
    err = socket_claim(path, user, &fd, why);
    if (err != 0)
        goto fail;
    s->path = strdup(path);
    s->listener = evconnlistener_new(base, on_accept, s,
                                     LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (s->listener == NULL)
        close(fd);
    s->retry = evtimer_new(base, on_retry, s);
    if (s->path == NULL || s->listener == NULL || s->retry == NULL || lstat(path, &s->file) != 0) {
        err = why_set(why, -ENOMEM, "control socket %s: out of memory", path);
        goto fail;
    }
    evconnlistener_set_error_cb(s->listener, on_accept_failed);
    *out = s;
    return 0;
fail:
    socket_close(s);
    return err;
}

static void remove_file(const struct control_socket *s)
{
    struct stat now;

    if (s->path != NULL && lstat(s->path, &now) == 0 && now.st_ino == s->file.st_ino &&
        now.st_dev == s->file.st_dev)
        unlink(s->path);
}

void socket_close(struct control_socket *socket)
{
    if (socket == NULL)
        return;
    for (size_t i = 0; i < SOCKET_CLIENTS_MAX; i++)
        if (socket->clients[i].lines != NULL)
            bufferevent_free(socket->clients[i].lines);
    if (socket->listener != NULL) {
        remove_file(socket);
        evconnlistener_free(socket->listener);
    }
    if (socket->retry != NULL)
        event_free(socket->retry);
    free(socket->path);
    free(socket);
}
