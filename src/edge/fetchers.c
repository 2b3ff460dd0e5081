/* fetchers.c - the transfers of a thread: libcurl's multi handle on the loop. Edge thread.
 *
 * Much of it is as in src/health/fetcher.c, for reasons: docs/decisions/curl-on-the-loop.md. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include <waymark/addr.h>
#include <waymark/clock.h>

#include "fetch_inside.h"

enum { KEPT_CONNECTIONS = 512, TICK_MS = 200 };

/* ---- telling ---- */

void edge_fetch_note_change(struct fetch *f)
{
    if (f->is_changed)
        return;
    f->is_changed = true;
    f->next_changed = f->all->changed;
    f->all->changed = f;
}

void edge_fetch_forget_change(struct fetch *f)
{
    struct fetch **at = &f->all->changed;

    if (!f->is_changed)
        return;
    while (*at != f)
        at = &(*at)->next_changed;
    *at = f->next_changed;
    f->is_changed = false;
}

static void tell_all(struct fetchers *all)
{
    while (all->changed != NULL) {
        struct fetch *f = all->changed;
        edge_fetch_forget_change(f);
        f->on_change(f->ctx, f); /* may cancel it, and others */
    }
}

/* ---- sockets ---- */

/* libcurl names the socket of a transfer only once it has used it; so we look it up by its ports. */
struct fetch_socket {
    int fd;
    int own_port, peer_port; /* 0: not looked up yet */
    struct fetch_socket *next;
};

/* libcurl does not report every close: of a socket whose connection never came about, for one. */
static void forget_socket(struct fetchers *all, int fd)
{
    struct fetch_socket **at = &all->sockets, *gone;

    while (*at != NULL && (*at)->fd != fd)
        at = &(*at)->next;
    gone = *at;
    if (gone != NULL)
        *at = gone->next;
    free(gone);
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct fetchers *all = arg;
    struct fetch_socket *s = calloc(1, sizeof *s);

    if (s == NULL)
        return CURL_SOCKET_BAD;
    s->fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    if (s->fd < 0) {
        free(s);
        return CURL_SOCKET_BAD;
    }
    forget_socket(all, s->fd); /* an old one of that number */
    s->next = all->sockets;
    all->sockets = s;
    return s->fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
    forget_socket(arg, fd);
    return close(fd);
}

void edge_fetch_watch_socket(struct fetch *f)
{
    curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETDATA, f->all);
    curl_easy_setopt(f->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(f->easy, CURLOPT_CLOSESOCKETDATA, f->all);
}

static int port_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
    struct sockaddr_storage end;
    socklen_t len = sizeof end;
    uint16_t port = 0;

    if (name(fd, (struct sockaddr *)&end, &len) == 0)
        addr_from_sockaddr((struct sockaddr *)&end, &port);
    return port;
}

bool edge_fetch_is_unread(struct fetchers *all, int own_port, int peer_port)
{
    char octet;

    for (struct fetch_socket *s = all->sockets; s != NULL; s = s->next) {
        if (s->own_port == 0 || s->peer_port == 0) {
            s->own_port = port_of(s->fd, getsockname);
            s->peer_port = port_of(s->fd, getpeername);
        }
        if (s->own_port == own_port && s->peer_port == peer_port &&
            (recv(s->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN))
            return true;
    }
    return false;
}

/* ---- the end of a transfer ---- */

/* Nothing was sent yet: a connection of its own will do. */
static bool begin_afresh(struct fetch *f)
{
    f->is_spoilt = false;
    curl_multi_remove_handle(f->all->multi, f->easy);
    curl_easy_setopt(f->easy, CURLOPT_FRESH_CONNECT, 1L);
    f->is_added = curl_multi_add_handle(f->all->multi, f->easy) == CURLM_OK;
    return f->is_added;
}

static void take_ended(struct fetchers *all)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(all->multi, &left)) != NULL) {
        void *arg = NULL;
        CURLcode code = msg->data.result; /* msg goes with the handle */
        if (msg->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &arg);
        struct fetch *f = edge_fetch_of(arg);
        if (f->is_spoilt && begin_afresh(f))
            continue;
        f->view.was_late |= code == CURLE_OPERATION_TIMEDOUT;
        edge_fetch_end(f, code);
    }
}

static void open_multi(struct fetchers *all);

/* Once libcurl lacked memory, or we for its sake, its handle is not to be used again: 7.88 then keeps a
 * table of no slots for the socket and divides by their number at its next turn. All that it carried
 * ends, its kept connections too; without memory for another handle the next tick tries again. */
static void replace_multi(struct fetchers *all)
{
    for (struct fetch *f = all->first; f != NULL; f = f->next) {
        if (f->is_added)
            edge_fetch_end(f, CURLE_OUT_OF_MEMORY);
    }
    curl_multi_cleanup(all->multi);
    event_del(&all->timer);
    open_multi(all);
}

static void after_turn(struct fetchers *all, bool is_well)
{
    take_ended(all);
    if (!is_well)
        replace_multi(all);
    tell_all(all);
}

/* ---- the loop ---- */

struct watch {
    struct fetchers *all;
    struct event event;
};

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct fetchers *all = ((struct watch *)arg)->all;
    int mask = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    int n_running;

    /* may free the watch */
    CURLMcode code = curl_multi_socket_action(all->multi, fd, mask, &n_running);
    after_turn(all, code == CURLM_OK);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct fetchers *all = arg;
    int n_running;

    CURLMcode code = curl_multi_socket_action(all->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
    after_turn(all, code == CURLM_OK);
}

static int on_watch_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct fetchers *all = arg;
    struct watch *watch = socket_arg;
    short events = EV_PERSIST;

    if (watch != NULL)
        event_del(&watch->event);
    if (what == CURL_POLL_REMOVE) {
        free(watch);
        curl_multi_assign(all->multi, fd, NULL);
        return 0;
    }
    if (watch == NULL) {
        watch = calloc(1, sizeof *watch);
        if (watch == NULL)
            return -1;
        watch->all = all;
        curl_multi_assign(all->multi, fd, watch);
    }
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= EV_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= EV_WRITE;
    event_assign(&watch->event, all->base, fd, events, on_socket, watch);
    return event_add(&watch->event, NULL);
}

static int on_time_wanted(CURLM *multi, long wait_ms, void *arg)
{
    struct fetchers *all = arg;
    struct timeval wait = { .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 };

    return wait_ms < 0 ? event_del(&all->timer) : event_add(&all->timer, &wait);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct fetchers *all = arg;
    int64_t now_us = clock_steady_us();

    if (all->multi == NULL)
        open_multi(all);
    for (struct fetch *f = all->first; f != NULL; f = f->next) {
        if (f->deadline_us == 0 || f->deadline_us > now_us || !f->is_added)
            continue;
        f->view.was_late = true;
        edge_fetch_end(f, CURLE_OPERATION_TIMEDOUT);
    }
    tell_all(all);
}

/* ---- resuming ---- */

void edge_fetch_run_later(struct fetchers *all)
{
    static const struct timeval at_once = { 0 };

    if (!event_pending(&all->later, EV_TIMEOUT, NULL)) /* adding it again would take it out of turn */
        event_add(&all->later, &at_once);
}

/* libcurl hands over what it had kept when it is let on, so not from inside a callback. */
static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct fetchers *all = arg;
    bool is_well = true;

    for (struct fetch *f = all->first; is_well && f != NULL; f = f->next) {
        if (!f->wants_resume || (!f->is_added && !f->is_file))
            continue;
        f->wants_resume = false;
        if (f->is_file) {
            edge_fetch_read_file(f);
            continue;
        }
        if (f->is_paused_in)
            f->deadline_us = clock_steady_us() + (int64_t)f->body_idle_ms * 1000;
        f->is_paused_in = f->is_paused_out = false;
        is_well = curl_easy_pause(f->easy, CURLPAUSE_CONT) != CURLE_OUT_OF_MEMORY;
    }
    after_turn(all, is_well);
}

/* ---- all of them ---- */

/* all->multi is NULL if there is no memory. */
static void open_multi(struct fetchers *all)
{
    all->multi = curl_multi_init();
    curl_multi_setopt(all->multi, CURLMOPT_SOCKETFUNCTION, on_watch_wanted);
    curl_multi_setopt(all->multi, CURLMOPT_SOCKETDATA, all);
    curl_multi_setopt(all->multi, CURLMOPT_TIMERFUNCTION, on_time_wanted);
    curl_multi_setopt(all->multi, CURLMOPT_TIMERDATA, all);
    curl_multi_setopt(all->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(all->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
}

struct fetchers *edge_fetchers_new(struct event_base *base)
{
    static const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
    struct fetchers *all = calloc(1, sizeof *all);

    if (all == NULL)
        return NULL;
    all->base = base;
    open_multi(all);
    event_assign(&all->timer, base, -1, 0, on_time, all);
    event_assign(&all->tick, base, -1, EV_PERSIST, on_tick, all);
    event_assign(&all->later, base, -1, 0, on_later, all);
    if (all->multi == NULL || event_add(&all->tick, &tick) != 0) {
        edge_fetchers_free(all);
        return NULL;
    }
    return all;
}

void edge_fetchers_free(struct fetchers *all)
{
    if (all == NULL)
        return;
    assert(all->first == NULL);
    curl_multi_cleanup(all->multi);
    while (all->sockets != NULL)
        forget_socket(all, all->sockets->fd);
    event_del(&all->timer);
    event_del(&all->tick);
    event_del(&all->later);
    free(all);
}
