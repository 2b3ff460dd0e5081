/* fetcher.c - libcurl's multi handles on the loop. Health thread.
 *
 * libcurl says which sockets and which time it waits for; the loop tells it what happened. What a
 * transfer means is left to fetch.c. Much of it is as in src/edge/fetchers.c, for reasons:
 * docs/decisions/curl-on-the-loop.md. */
#include "fetcher.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

struct fetcher {
    struct fetchers *all;
    struct fetcher *next;
    char *ca_file; /* NULL: the system's */
    CURLM *multi;
    struct event timer;
    struct fetcher_ticket *active;
};

struct fetchers {
    struct event_base *base;
    struct fetcher *first;
};

/* One socket of libcurl's. */
struct watch {
    struct fetcher *fetcher;
    struct event event;
};

static struct fetcher_ticket *ticket_of(CURL *easy)
{
    struct fetcher_ticket *ticket = NULL;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &ticket);
    assert(ticket != NULL);
    return ticket;
}

static void report_ended(struct fetcher *f)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(f->multi, &left)) != NULL) {
        CURLcode code = msg->data.result; /* msg goes with the handle */
        if (msg->msg != CURLMSG_DONE)
            continue;
        CURL *easy = msg->easy_handle;
        struct fetcher_ticket *ticket = ticket_of(easy);
        fetcher_remove(f, easy);
        ticket->cb(ticket->ctx, code);
    }
}

static void fetcher_free(struct fetcher *f);

/* Once libcurl lacked memory, or we for its sake, its handle is not to be used again: 7.88 then keeps a
 * table of no slots for the socket and divides by their number at its next turn. */
static void give_up(struct fetcher *f)
{
    struct fetcher **at = &f->all->first;

    while (*at != f)
        at = &(*at)->next;
    *at = f->next; /* before the callbacks, which may ask for one */
    while (f->active != NULL) {
        struct fetcher_ticket *ticket = f->active;
        fetcher_remove(f, ticket->easy);
        ticket->cb(ticket->ctx, CURLE_OUT_OF_MEMORY);
    }
    fetcher_free(f);
}

static void after_turn(struct fetcher *f, CURLMcode code)
{
    report_ended(f);
    if (code != CURLM_OK)
        give_up(f);
}

static void on_socket(evutil_socket_t fd, short what, void *ctx)
{
    struct watch *watch = ctx;
    struct fetcher *f = watch->fetcher;
    int mask = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    int n_running;

    after_turn(f, curl_multi_socket_action(f->multi, fd, mask, &n_running)); /* may free the watch */
}

static void on_time(evutil_socket_t fd, short what, void *ctx)
{
    struct fetcher *f = ctx;
    int n_running;

    after_turn(f, curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &n_running));
}

static int on_watch_wanted(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct fetcher *f = ctx;
    struct watch *watch = socket_ctx;
    short events = EV_PERSIST;

    if (watch != NULL)
        event_del(&watch->event);
    if (what == CURL_POLL_REMOVE) {
        free(watch);
        curl_multi_assign(f->multi, fd, NULL);
        return 0;
    }
    if (watch == NULL) {
        watch = calloc(1, sizeof *watch);
        if (watch == NULL)
            return -1;
        watch->fetcher = f;
        curl_multi_assign(f->multi, fd, watch);
    }
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= EV_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= EV_WRITE;
    event_assign(&watch->event, f->all->base, fd, events, on_socket, watch);
    return event_add(&watch->event, NULL);
}

static int on_time_wanted(CURLM *multi, long wait_ms, void *ctx)
{
    struct fetcher *f = ctx;
    struct timeval wait = { .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 };

    return wait_ms < 0 ? event_del(&f->timer) : event_add(&f->timer, &wait);
}

static void fetcher_free(struct fetcher *f)
{
    if (f == NULL)
        return;
    assert(f->active == NULL);
    curl_multi_cleanup(f->multi);
    if (event_initialized(&f->timer))
        event_del(&f->timer);
    free(f->ca_file);
    free(f);
}

static struct fetcher *fetcher_new(struct fetchers *all, const char *ca_file)
{
    struct fetcher *f = calloc(1, sizeof *f);

    if (f == NULL)
        return NULL;
    f->all = all;
    f->multi = curl_multi_init();
    if (ca_file != NULL)
        f->ca_file = strdup(ca_file);
    if (f->multi == NULL || (ca_file != NULL && f->ca_file == NULL)) {
        fetcher_free(f);
        return NULL;
    }
    event_assign(&f->timer, all->base, -1, 0, on_time, f);
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_watch_wanted);
    curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_time_wanted);
    curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    curl_multi_setopt(f->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    f->next = all->first;
    all->first = f;
    return f;
}

struct fetchers *fetchers_new(struct event_base *base)
{
    struct fetchers *all = calloc(1, sizeof *all);

    if (all != NULL)
        all->base = base;
    return all;
}

void fetchers_drop_idle(struct fetchers *fetchers)
{
    for (struct fetcher **at = &fetchers->first; *at != NULL;) {
        struct fetcher *f = *at;
        if (f->active != NULL) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        fetcher_free(f);
    }
}

void fetchers_free(struct fetchers *fetchers)
{
    if (fetchers == NULL)
        return;
    fetchers_drop_idle(fetchers);
    assert(fetchers->first == NULL);
    free(fetchers);
}

static bool is_for(const struct fetcher *f, const char *ca_file)
{
    if (f->ca_file == NULL || ca_file == NULL)
        return f->ca_file == ca_file;
    return strcmp(f->ca_file, ca_file) == 0;
}

struct fetcher *fetchers_for(struct fetchers *fetchers, const char *ca_file)
{
    for (struct fetcher *f = fetchers->first; f != NULL; f = f->next) {
        if (is_for(f, ca_file))
            return f;
    }
    return fetcher_new(fetchers, ca_file);
}

CURLMcode fetcher_add(struct fetcher *fetcher, CURL *easy)
{
    struct fetcher_ticket *ticket = ticket_of(easy);
    CURLMcode code = curl_multi_add_handle(fetcher->multi, easy);

    if (code != CURLM_OK)
        return code;
    ticket->easy = easy;
    ticket->next = fetcher->active;
    ticket->prev = &fetcher->active;
    if (ticket->next != NULL)
        ticket->next->prev = &ticket->next;
    fetcher->active = ticket;
    return CURLM_OK;
}

void fetcher_remove(struct fetcher *fetcher, CURL *easy)
{
    struct fetcher_ticket *ticket = ticket_of(easy);

    assert(ticket->easy == easy);
    curl_multi_remove_handle(fetcher->multi, easy);
    ticket->easy = NULL;
    *ticket->prev = ticket->next;
    if (ticket->next != NULL)
        ticket->next->prev = ticket->prev;
}
