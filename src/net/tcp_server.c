/* tcp_server.c - lets clients in and shows them out; a TCP thread. What happens between is
 * tcp_session.c. */
#include "tcp_server.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include <waymark/clock.h>

#include "net_kit.h"
#include "tcp_session.h"

enum { SERVER_MAGIC = 0x5e571036, ACCEPTS_PER_WAKE = 16 };

struct tcp_server {
    uint32_t magic;
    struct tcp_sessions sessions;
    size_t n_per_client;
    int64_t idle_us, life_us;
    bool is_paused; /* out of descriptors: until the next turn nobody is let in */
    size_t n_listeners;
    struct event *listeners[];
};

static struct tcp_server *server_of(void *arg)
{
    struct tcp_server *s = arg;

    assert(s->magic == SERVER_MAGIC);
    return s;
}

/* false: there is none. */
static bool evict_oldest(struct tcp_server *s)
{
    struct tcp_session *oldest = TAILQ_FIRST(&s->sessions.by_activity);

    if (oldest == NULL)
        return false;
    counter_bump(&s->sessions.kit->counts.tcp_evicted, 1);
    tcp_session_drop(oldest);
    return true;
}

/* A listener that stays readable while nothing can be accepted would turn the loop at full speed.
 */
static void pause_listening(struct tcp_server *s)
{
    for (size_t i = 0; i < s->n_listeners; i++)
        event_del(s->listeners[i]);
    s->is_paused = true;
}

static void resume_listening(struct tcp_server *s)
{
    s->is_paused = false;
    for (size_t i = 0; i < s->n_listeners; i++)
        if (event_add(s->listeners[i], NULL) != 0)
            s->is_paused = true; /* out of memory: at the next turn */
}

/* accept(2) failed. true: worth another try. Without a descriptor the oldest client makes room at
 * once, as it does without a place: pausing after each would let two in per second. */
static bool make_room(struct tcp_server *s, int err)
{
    if (err == EMFILE && evict_oldest(s))
        return true;
    if (err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM) {
        counter_bump(&s->sessions.kit->counts.tcp_refused, 1);
        evict_oldest(s);
        pause_listening(s);
        return false;
    }
    return err != EAGAIN; /* nobody there, or gone before we came (accept(2), Error handling) */
}

/* One client's crowd pushes out none but its own. NULL: out of memory. */
static struct tcp_client *client_with_room(struct tcp_server *s, const struct addr *from)
{
    struct tcp_client *client = tcp_clients_get(&s->sessions.clients, from);

    if (client == NULL)
        return NULL;
    client->n++; /* the one to come: the client stays when its last connection makes room for it */
    if (client->n > s->n_per_client) {
        counter_bump(&s->sessions.kit->counts.tcp_client_evicted, 1);
        tcp_session_drop(TAILQ_FIRST(&client->list));
    } else if (s->sessions.n >= s->sessions.n_max) {
        evict_oldest(s);
    }
    client->n--;
    return client;
}

/* false: nobody else can be let in now. */
static bool let_in(struct tcp_server *s, int listener)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    uint16_t port;

    int fd = accept4(listener, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return make_room(s, errno);
    struct addr from = addr_from_sockaddr((struct sockaddr *)&sa, &port);
    struct tcp_client *client = client_with_room(s, &from);
    if (client == NULL)
        close(fd);
    if (client == NULL ||
        tcp_session_open(&s->sessions, client, fd, &from, clock_steady_us()) != 0)
        counter_bump(&s->sessions.kit->counts.tcp_refused, 1);
    return true;
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
    struct tcp_server *s = server_of(arg);

    for (int i = 0; i < ACCEPTS_PER_WAKE; i++)
        if (!let_in(s, fd))
            return;
}

static uint16_t in_tenths(int seconds)
{
    return seconds > UINT16_MAX / 10 ? UINT16_MAX : (uint16_t)(10 * seconds);
}

struct tcp_server *tcp_server_new(struct net_kit *kit, const int *fds, size_t n_fds,
                                  const struct net_config *config)
{
    struct tcp_server *s = calloc(1, sizeof *s + n_fds * sizeof *s->listeners);

    if (s == NULL)
        return NULL;
    s->magic = SERVER_MAGIC;
    s->sessions.kit = kit;
    TAILQ_INIT(&s->sessions.by_activity);
    TAILQ_INIT(&s->sessions.by_age);
    TAILQ_INIT(&s->sessions.holders);
    s->sessions.n_max = config->tcp_clients > 0 ? (size_t)config->tcp_clients : 1;
    s->sessions.keepalive_ds = in_tenths(config->tcp_idle_s);
    s->sessions.queries_max = config->tcp_queries;
    s->idle_us = (int64_t)config->tcp_idle_s * 1000000;
    s->life_us = (int64_t)config->tcp_life_s * 1000000;
    s->n_per_client = config->tcp_per_client > 0 ? (size_t)config->tcp_per_client : 1;
    s->sessions.answers = malloc(TCP_ANSWERS);
    if (s->sessions.answers == NULL ||
        tcp_clients_init(&s->sessions.clients, s->sessions.n_max) != 0)
        goto fail;
    for (; s->n_listeners < n_fds; s->n_listeners++) {
        struct event *e =
            event_new(kit->base, fds[s->n_listeners], EV_READ | EV_PERSIST, on_client, s);
        s->listeners[s->n_listeners] = e;
        if (e == NULL || event_add(e, NULL) != 0)
            goto fail;
    }
    return s;
fail:
    if (s->n_listeners < n_fds && s->listeners[s->n_listeners] != NULL)
        s->n_listeners++;
    tcp_server_free(s);
    return NULL;
}

void tcp_server_free(struct tcp_server *s)
{
    if (s == NULL)
        return;
    while (!TAILQ_EMPTY(&s->sessions.by_activity))
        tcp_session_close(TAILQ_FIRST(&s->sessions.by_activity));
    tcp_clients_fini(&s->sessions.clients);
    for (size_t i = 0; i < s->n_listeners; i++)
        event_free(s->listeners[i]);
    free(s->sessions.answers);
    s->magic = 0;
    free(s);
}

void tcp_server_turn(struct tcp_server *s, int64_t now_us)
{
    struct net_counts *counts = &s->sessions.kit->counts;
    struct tcp_session *oldest;

    while ((oldest = TAILQ_FIRST(&s->sessions.by_activity)) != NULL &&
           now_us - oldest->active_us >= s->idle_us) {
        counter_bump(&counts->tcp_timeouts, 1);
        tcp_session_drop(oldest);
    }
    while ((oldest = TAILQ_FIRST(&s->sessions.by_age)) != NULL &&
           now_us - oldest->opened_us >= s->life_us) {
        counter_bump(&counts->tcp_expired, 1);
        tcp_session_expire(oldest);
    }
    if (s->is_paused)
        resume_listening(s);
}
