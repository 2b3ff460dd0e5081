/* listener.c - accepting. Edge thread; binding: main. */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>

#include "session.h"

enum { BACKLOG = 4096, ACCEPTED_PER_WAKE = 64, REST_MS = 100 };

struct listener {
    struct listener *next;
    struct edge *edge;
    int fd;
    bool is_tls, is_open;
    struct event event, rest;
};

static int explain(const struct endpoint *at, int err, char why[static WHY_LEN])
{
    char text[ENDPOINT_TEXT_LEN];
    const char *trouble = strerror(err);

    if (err == EADDRINUSE)
        trouble = "another program does; stop it (`ss -lntp` shows which) or change the edge's "
                  "listen";
    else if (err == EACCES || err == EPERM)
        trouble = "ports below 1024 need root or CAP_NET_BIND_SERVICE";
    else if (err == EADDRNOTAVAIL)
        trouble = "no interface has this address; add it to one, or correct the edge's listen";
    return why_set(why, -err, "cannot listen on %s (HTTP): %s", endpoint_format(at, text), trouble);
}

int listener_bind(const struct endpoint *at, int *out, char why[static WHY_LEN])
{
    struct sockaddr_storage sa;
    int one = 1;
    socklen_t len = endpoint_to_sockaddr(at, &sa);
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return explain(at, errno, why);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (sa.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&sa, len) != 0 || listen(fd, BACKLOG) != 0) {
        int err = explain(at, errno, why);
        close(fd);
        return err;
    }
    *out = fd;
    return 0;
}

/* Out of descriptors: the queue waits, rather than the loop spins. */
static void rest(struct listener *l)
{
    static const struct timeval a_while = { .tv_usec = REST_MS * 1000 };

    event_del(&l->event);
    event_add(&l->rest, &a_while);
}

static void on_rested(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;

    event_add(&l->event, NULL);
}

static void take_in(struct listener *l, int fd, const struct sockaddr *from)
{
    struct edge *e = l->edge;
    int one = 1;
    SSL *tls = NULL;

    if (e->counts->connections >= e->clients_max && !sessions_make_room(e)) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (l->is_tls) {
        tls = e->tls == NULL ? NULL : SSL_new(e->tls);
        if (tls == NULL) {
            close(fd);
            return;
        }
    }
    session_new(e, fd, from, tls);
}

static void on_clients(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;

    for (int i = 0; i < ACCEPTED_PER_WAKE; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        int client = accept4(fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) {
            take_in(l, client, (struct sockaddr *)&from);
            continue;
        }
        if (errno == EMFILE && sessions_make_room(l->edge))
            continue;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            rest(l);
            return;
        }
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

struct listener *listener_new(struct edge *e, int fd, bool is_tls, struct listener *next)
{
    struct listener *l = calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    l->next = next;
    l->edge = e;
    l->fd = fd;
    l->is_tls = is_tls;
    event_assign(&l->event, e->thread->base, fd, EV_READ | EV_PERSIST, on_clients, l);
    event_assign(&l->rest, e->thread->base, -1, 0, on_rested, l);
    return l;
}

void listeners_open(struct listener *first)
{
    for (struct listener *l = first; l != NULL; l = l->next) {
        l->is_open = true;
        event_add(&l->event, NULL);
    }
}

void listeners_free(struct listener *first)
{
    while (first != NULL) {
        struct listener *next = first->next;
        if (first->is_open) {
            event_del(&first->event);
            event_del(&first->rest);
        }
        free(first);
        first = next;
    }
}
