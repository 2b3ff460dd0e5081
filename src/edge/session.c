/* session.c - bufferevents, deadlines, and the end of a connection. Edge thread. */
#include "session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/ssl.h>

#include <waymark/addr.h>
#include <waymark/clock.h>

#include "steps.h"

enum { SESSION_MAGIC = 0x5e5510, LINGER_S = 1 };

struct session *session_of(void *arg)
{
    struct session *s = arg;

    assert(s->magic == SESSION_MAGIC);
    return s;
}

/* ---- events ---- */

static void on_read(struct bufferevent *bev, void *arg)
{
    struct session *s = session_of(arg);

    if (s->is_lingering) {
        session_drain(s, evbuffer_get_length(bufferevent_get_input(bev)));
        return;
    }
    if (evbuffer_get_length(bufferevent_get_input(bev)) >= SESSION_INPUT_MAX)
        bufferevent_disable(bev, EV_READ); /* until session_drain */
    if (s->has_upload && !s->is_upload_done) {
        session_set_deadline(s, s->edge->what->send_s);
        flight_upload(&s->waiter);
    }
    if (s->step == STEP_RECEIVE && !s->is_closing)
        steps_run(s);
}

/* Closing with octets unread would reset the connection, and the answer might be lost. */
static void end_output(struct session *s)
{
    if (!s->must_linger || s->is_tls || s->is_lingering || s->is_eof) {
        session_free(s);
        return;
    }
    s->is_lingering = true;
    shutdown(bufferevent_getfd(s->bev), SHUT_WR);
    session_drain(s, evbuffer_get_length(bufferevent_get_input(s->bev)));
    session_set_deadline(s, LINGER_S);
}

void session_close(struct session *s)
{
    s->is_closing = true;
    session_set_deadline(s, s->edge->what->send_s);
    bufferevent_trigger(s->bev, EV_WRITE, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* The output has fallen below its mark. */
static void on_write(struct bufferevent *bev, void *arg)
{
    struct session *s = session_of(arg);

    if (session_queued(s) == 0 && !s->is_tls)
        bufferevent_disable(bev, EV_WRITE); /* see session_flush */
    if (s->is_closing) {
        if (session_queued(s) == 0)
            end_output(s);
    } else if (s->step == STEP_DELIVER || s->step == STEP_RECEIVE) {
        steps_run(s);
    }
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct session *s = session_of(arg);

    if (what & BEV_EVENT_CONNECTED)
        return; /* the handshake is done */
    bool is_answering = s->step == STEP_DELIVER || s->is_closing || session_queued(s) > 0;
    if (!(what & BEV_EVENT_EOF) || !is_answering) {
        session_free(s);
        return;
    }
    s->is_eof = true; /* it may only have ended its own side: what is queued goes out */
    s->must_close = true;
    if (s->step == STEP_RECEIVE && !s->is_closing)
        session_close(s);
}

static void on_more(void *arg)
{
    struct session *s = session_of(arg);

    if (s->step == STEP_DELIVER)
        steps_run(s);
}

static void on_news(void *arg, const struct flight_told *told)
{
    struct session *s = session_of(arg);

    assert(s->step == STEP_FETCH && !s->is_told);
    s->told = *told;
    if (told->object != NULL)
        object_ref(told->object);
    s->is_told = true;
    steps_run(s);
}

/* ---- for the steps ---- */

void session_set_deadline(struct session *s, int seconds)
{
    s->deadline_us = clock_steady_us() + (int64_t)seconds * 1000000;
}

/* Not by a watermark: at one, libevent calls on_read again and again. */
void session_drain(struct session *s, size_t len)
{
    struct evbuffer *in = bufferevent_get_input(s->bev);

    evbuffer_drain(in, len);
    if (!(bufferevent_get_enabled(s->bev) & EV_READ) && evbuffer_get_length(in) < SESSION_INPUT_MAX)
        bufferevent_enable(s->bev, EV_READ);
}

void session_rest(struct session *s)
{
    session_set_deadline(s, s->edge->what->idle_s);
    TAILQ_REMOVE(&s->edge->sessions, s, links);
    TAILQ_INSERT_TAIL(&s->edge->sessions, s, links);
}

size_t session_queued(const struct session *s)
{
    return evbuffer_get_length(bufferevent_get_output(s->bev));
}

void session_queue(struct session *s, const char *at, size_t len)
{
    s->queued += len;
    if (evbuffer_add(bufferevent_get_output(s->bev), at, len) != 0)
        session_abort(s);
}

/* Most answers fit into the socket's buffer: written here, they need no event that says so. What
 * does not fit goes by events; TLS always does. */
void session_flush(struct session *s)
{
    struct evbuffer *out = bufferevent_get_output(s->bev);

    if (s->is_tls || session_queued(s) == 0 || (bufferevent_get_enabled(s->bev) & EV_WRITE))
        return;
    evbuffer_unfreeze(out, 1);
    evbuffer_write(out, bufferevent_getfd(s->bev));
    evbuffer_freeze(out, 1);
    bool has_more =
        s->step == STEP_DELIVER || evbuffer_get_length(bufferevent_get_input(s->bev)) > 0;
    if (session_queued(s) > 0)
        bufferevent_enable(s->bev, EV_WRITE); /* it also sees why, where the connection broke */
    else if (has_more && !s->is_closing)
        bufferevent_trigger(s->bev, EV_WRITE,
                            BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

static void on_segment_sent(const void *data, size_t len, void *arg)
{
    body_segment_unref(arg);
}

void session_queue_segment(struct session *s, struct body_segment *segment, const char *at,
                           size_t len)
{
    s->queued += len;
    segment->refs++;
    if (evbuffer_add_reference(bufferevent_get_output(s->bev), at, len, on_segment_sent, segment) !=
        0) {
        body_segment_unref(segment);
        session_abort(s);
    }
}

void session_abort(struct session *s)
{
    static const struct linger at_once = { .l_onoff = 1 };

    setsockopt(bufferevent_getfd(s->bev), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    s->is_gone = true;
}

/* ---- the life of a connection ---- */

static void write_client(struct session *s, const struct sockaddr *from)
{
    uint16_t port;
    struct addr a = addr_from_sockaddr(from, &port);
    char text[ADDR_TEXT_LEN];

    snprintf(s->client, sizeof s->client, "%s", a.family == 0 ? "-" : addr_format(&a, text));
}

static void link_in(struct session *s)
{
    TAILQ_INSERT_TAIL(&s->edge->sessions, s, links);
    counter_bump(&s->edge->counts->connections, 1);
}

/* NULL: out of memory; then `tls` is freed, the descriptor still open. */
static struct bufferevent *open_buffers(struct event_base *base, int fd, struct ssl_st *tls)
{
    if (tls == NULL)
        return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    struct bufferevent *bev = bufferevent_openssl_socket_new(
        base, fd, tls, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev != NULL)
        bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

static bool begin_reading(struct session *s)
{
    bufferevent_setcb(s->bev, on_read, on_write, on_event, s);
    bufferevent_setwatermark(s->bev, EV_WRITE, SESSION_OUTPUT_LOW, 0);
    if (!s->is_tls)
        bufferevent_disable(s->bev, EV_WRITE); /* see session_flush */
    return bufferevent_enable(s->bev, EV_READ) == 0;
}

void session_new(struct edge *e, int fd, const struct sockaddr *from, struct ssl_st *tls)
{
    struct session *s = calloc(1, sizeof *s);

    if (s == NULL)
        SSL_free(tls);
    else
        s->bev = open_buffers(e->thread->base, fd, tls);
    if (s == NULL || s->bev == NULL) {
        close(fd);
        free(s);
        return;
    }
    s->magic = SESSION_MAGIC;
    s->edge = e;
    s->is_tls = tls != NULL;
    s->waiter.on_news = on_news;
    s->waiter.ctx = s;
    write_client(s, from);
    link_in(s);
    session_set_deadline(s, e->what->header_s);
    if (!begin_reading(s))
        session_free(s);
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    if (s->is_running) {
        s->is_gone = true;
        return;
    }
    TAILQ_REMOVE(&s->edge->sessions, s, links);
    counter_drop(&s->edge->counts->connections, 1);
    if (s->request != NULL && s->step != STEP_RECEIVE && s->status == 0)
        counter_bump(&s->edge->counts->statuses[0], 1);
    flight_leave(&s->waiter);
    body_reader_fini(&s->reader);
    object_unref(s->told.object);
    object_unref(s->stale);
    request_unref(s->request);
    bufferevent_free(s->bev);
    s->magic = 0;
    free(s);
}

/* Whoever takes octets, however slowly, has its deadline moved. */
static void note_progress(struct session *s)
{
    size_t waiting = session_queued(s);
    uint64_t gone = s->queued - waiting;

    if (waiting > 0 && gone > s->progress)
        session_set_deadline(s, s->edge->what->send_s);
    s->progress = gone;
}

void sessions_tick(struct edge *e, int64_t now_us)
{
    struct session *next;

    for (struct session *s = TAILQ_FIRST(&e->sessions); s != NULL; s = next) {
        next = TAILQ_NEXT(s, links);
        note_progress(s);
        if (s->deadline_us != 0 && s->deadline_us < now_us)
            session_free(s);
    }
}

/* Between two requests, with nothing left to send. */
static bool is_idle(const struct session *s)
{
    return s->step == STEP_RECEIVE && !s->is_head_begun && !s->is_closing && !s->is_running &&
           session_queued(s) == 0;
}

bool sessions_make_room(struct edge *e)
{
    struct session *s;

    TAILQ_FOREACH (s, &e->sessions, links) {
        if (!is_idle(s))
            continue;
        session_free(s);
        return true;
    }
    return false;
}

void sessions_end(struct edge *e)
{
    struct session *next;

    for (struct session *s = TAILQ_FIRST(&e->sessions); s != NULL; s = next) {
        next = TAILQ_NEXT(s, links);
        session_free(s);
    }
}

void session_reader_begin(struct session *s, struct body *body)
{
    body_reader_init(&s->reader, body, on_more, s);
}
