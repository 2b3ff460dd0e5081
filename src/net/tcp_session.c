/* tcp_session.c - reads queries from one client, has them answered, sends what comes back. A
 * TCP thread. Who may connect, and for how long, is for tcp_server.c. */
#include "tcp_session.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <waymark/clock.h>
#include <waymark/dns.h>
#include <waymark/rcu.h>
#include <waymark/wire.h>

#include "net_kit.h"
#include "tcp_held.h"

enum { SESSION_MAGIC = 0x5e551035 };

static struct tcp_session *session_of(void *arg)
{
    struct tcp_session *s = arg;

    assert(s->magic == SESSION_MAGIC);
    return s;
}

void tcp_session_close(struct tcp_session *s)
{
    event_del(&s->reading);
    event_del(&s->writing);
    close(s->fd);
    TAILQ_REMOVE(&s->all->by_activity, s, by_activity);
    if (!s->is_expired)
        TAILQ_REMOVE(&s->all->by_age, s, by_age);
    TAILQ_REMOVE(&s->client->list, s, of_client);
    s->client->n--;
    tcp_clients_let_go(&s->all->clients, s->client);
    tcp_held_set(s, 0);
    s->all->n--;
    counter_bump(&s->all->kit->counts.tcp_closed, 1);
    tcp_frames_fini(&s->in);
    free(s->left);
    s->magic = 0;
    free(s);
}

/* The kernel would go on offering them for minutes, with nobody's limit on how many. */
void tcp_session_drop(struct tcp_session *s)
{
    static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    int unsent = 0;

    if (s->left != NULL || (ioctl(s->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0))
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    tcp_session_close(s);
}

void tcp_session_expire(struct tcp_session *s)
{
    if (s->left == NULL) {
        tcp_session_close(s);
        return;
    }
    TAILQ_REMOVE(&s->all->by_age, s, by_age);
    s->is_expired = s->is_ending = true;
}

static void be_active(struct tcp_session *s)
{
    s->active_us = clock_steady_us();
    TAILQ_REMOVE(&s->all->by_activity, s, by_activity);
    TAILQ_INSERT_TAIL(&s->all->by_activity, s, by_activity);
    TAILQ_REMOVE(&s->client->list, s, of_client);
    TAILQ_INSERT_TAIL(&s->client->list, s, of_client);
}

/* Sends, and returns how much the client took: 0 also when its buffer is full. -1: it is gone. */
static ssize_t send_some(const struct tcp_session *s, const uint8_t *octets, size_t len)
{
    ssize_t n;

    do
        n = send(s->fd, octets, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    return n;
}

/* Sends the thread's answers; what does not go now is kept with the session. */
static bool send_answers(struct tcp_session *s, size_t len)
{
    if (len == 0)
        return true;
    ssize_t n = send_some(s, s->all->answers, len);
    if (n < 0)
        return false;
    if ((size_t)n == len)
        return true;
    s->left_len = len - (size_t)n;
    s->left_at = 0;
    s->left = malloc(s->left_len);
    if (s->left == NULL)
        return false;
    memcpy(s->left, s->all->answers + n, s->left_len);
    return true;
}

/* RFC 9210 4.2: the number of transactions of a connection can be limited. */
static void count_query(struct tcp_session *s)
{
    const struct tcp_sessions *all = s->all;

    counter_bump(&all->kit->counts.tcp_queries, 1);
    if (all->queries_max == 0 || ++s->n_queries < all->queries_max)
        return;
    s->is_full = true;
    counter_bump(&all->kit->counts.tcp_exhausted, 1);
}

/* What a client that asks is told of our patience; nothing of it is left when places are rare
 * (RFC 7828 3.4), or when this was its last question: it should leave once it has its answers. */
static uint16_t keepalive_of(const struct tcp_session *s)
{
    const struct tcp_sessions *all = s->all;

    return s->is_full || all->n + all->n / 8 >= all->n_max ? 0 : all->keepalive_ds;
}

/* Returns the length of the framed answer, 0 when there is none. */
static size_t answer_one(struct tcp_session *s, const uint8_t *query, size_t len, uint8_t *to)
{
    struct net_kit *kit = s->all->kit;

    count_query(s);
    struct dns_in in = { .octets = query,
                         .len = len,
                         .from = s->from,
                         .transport = DNS_TCP,
                         .keepalive_ds = keepalive_of(s) };
    struct dns_out out = { .octets = to + TCP_PREFIX, .cap = WIRE_MESSAGE_MAX };

    dns_answer_batch(rcu_read(kit->world), kit->desk, &in, &out, 1);
    rcu_quiescent();
    if (out.len == 0)
        return 0;
    wire_put16(to, (uint16_t)out.len);
    return TCP_PREFIX + out.len;
}

/* Answers into the thread's buffer until it might not hold another one. */
static enum tcp_verdict answer_some(struct tcp_session *s, size_t *len)
{
    enum tcp_verdict verdict = TCP_MORE;
    const uint8_t *query;
    size_t query_len;

    *len = 0;
    rcu_online();
    while (!s->is_full && TCP_ANSWERS - *len >= TCP_FRAMES_MAX) {
        verdict = tcp_frames_next(&s->in, &query, &query_len);
        if (verdict != TCP_FRAME)
            break;
        *len += answer_one(s, query, query_len, s->all->answers + *len);
    }
    rcu_offline();
    return verdict;
}

/* Everything that has arrived, unless the client stops taking answers. false: the client is gone.
 */
static bool answer_all(struct tcp_session *s)
{
    enum tcp_verdict verdict = TCP_FRAME;
    size_t start = s->in.start, len;
    struct net_kit *kit = s->all->kit;

    kit->desk->now_ms = clock_tick_ms();
    while (verdict == TCP_FRAME && s->left == NULL && !s->is_full) {
        verdict = answer_some(s, &len);
        if (!send_answers(s, len))
            return false;
    }
    if (s->in.start != start && s->left == NULL)
        be_active(s);
    if (verdict == TCP_BROKEN) {
        counter_bump(&kit->counts.tcp_malformed, 1);
        s->is_ending = true;
    }
    return true;
}

/* Closing with something unread would be a reset, which can overtake the answers. So the client, who was
 * told that nothing more comes, closes; or it is dropped as one that is silent. */
static void throw_away(struct tcp_session *s)
{
    ssize_t n = recv(s->fd, s->all->answers, TCP_ANSWERS, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        tcp_session_close(s);
}

/* Waits for the one thing this session needs next. It may be gone afterwards. */
static void wait_or_close(struct tcp_session *s)
{
    struct tcp_sessions *all = s->all;
    int err;

    if (s->is_full)
        tcp_frames_fini(&s->in);
    tcp_frames_rest(&s->in);
    tcp_held_set(s, s->left_len + (s->in.cap > TCP_FRAMES_MIN ? s->in.cap : 0));
    if (s->left != NULL) {
        event_del(&s->reading);
        err = event_add(&s->writing, NULL);
    } else if (s->is_ending) {
        err = -1;
    } else {
        if (s->is_full)
            shutdown(s->fd, SHUT_WR);
        event_del(&s->writing);
        err = event_add(&s->reading, NULL);
    }
    if (err != 0)
        tcp_session_close(s);
    tcp_held_bound(all);
}

/* A client that has shut its half down still gets its answers. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct tcp_session *s = session_of(arg);
    uint8_t *at = NULL;

    if (s->is_full) {
        throw_away(s);
        return;
    }
    size_t room = tcp_frames_room(&s->in, &at);
    if (room == 0) {
        tcp_session_close(s);
        return;
    }
    ssize_t n = recv(fd, at, room, MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            tcp_session_close(s);
        return;
    }
    if (n == 0)
        s->is_ending = true;
    else
        tcp_frames_add(&s->in, (size_t)n);
    if (answer_all(s))
        wait_or_close(s);
    else
        tcp_session_close(s);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct tcp_session *s = session_of(arg);
    ssize_t n = send_some(s, s->left + s->left_at, s->left_len - s->left_at);

    if (n < 0) {
        tcp_session_close(s);
        return;
    }
    s->left_at += (size_t)n;
    if (s->left_at < s->left_len)
        return;
    free(s->left);
    s->left = NULL;
    s->left_len = 0;
    be_active(s);
    /* Queries that arrived before the client stopped taking answers wait in the buffer. */
    if (answer_all(s))
        wait_or_close(s);
    else
        tcp_session_close(s);
}

int tcp_session_open(struct tcp_sessions *all, struct tcp_client *client, int fd,
                     const struct addr *from, int64_t now_us)
{
    struct tcp_session *s = calloc(1, sizeof *s);

    if (s == NULL) {
        close(fd);
        tcp_clients_let_go(&all->clients, client);
        return -ENOMEM;
    }
    s->magic = SESSION_MAGIC;
    s->fd = fd;
    s->all = all;
    s->from = *from;
    s->client = client;
    s->opened_us = s->active_us = now_us;
    tcp_frames_init(&s->in);
    TAILQ_INSERT_TAIL(&all->by_activity, s, by_activity);
    TAILQ_INSERT_TAIL(&all->by_age, s, by_age);
    TAILQ_INSERT_TAIL(&client->list, s, of_client);
    client->n++;
    all->n++;
    counter_bump(&all->kit->counts.tcp_accepted, 1);
    event_assign(&s->reading, all->kit->base, fd, EV_READ | EV_PERSIST, on_readable, s);
    event_assign(&s->writing, all->kit->base, fd, EV_WRITE | EV_PERSIST, on_writable, s);
    if (event_add(&s->reading, NULL) != 0) {
        tcp_session_close(s);
        return -ENOMEM;
    }
    return 0;
}
