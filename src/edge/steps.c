/* steps.c - the table of steps, in the order of a request's life. Edge thread.
 *
 * The second one, look up, is in steps_look_up.c. */
#include "steps.h"

#include <assert.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include <waymark/clock.h>

#include "edge_log.h"
#include "edge_times.h"
#include "respond.h"
#include "steps_inside.h"

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

enum { COPIED_MAX = 4096 }; /* shorter runs of a body are copied, longer ones counted */

/* ---- receive ---- */

enum step steps_reply(struct session *s, unsigned status, const char *why)
{
    if (s->has_upload && !s->is_upload_done)
        s->must_close = s->must_linger = true;
    respond_local(s, status, why);
    return STEP_FINISH;
}

static enum step refuse(struct session *s, unsigned status, const char *why)
{
    counter_bump(&s->edge->counts->refused_requests, 1);
    s->must_close = s->must_linger = true;
    return steps_reply(s, status, why);
}

static enum step wait_for_head(struct session *s, bool is_begun)
{
    if (s->is_eof) {
        session_close(s);
        return STEP_WAIT;
    }
    if (is_begun && !s->is_head_begun) {
        s->is_head_begun = true;
        session_set_deadline(s, s->edge->what->header_s);
    }
    return STEP_WAIT;
}

static enum step answer_health(struct session *s)
{
    static const struct {
        unsigned status;
        const char *word;
    } states[] = { [EDGE_UP] = { 200, "up" },
                   [EDGE_DRAINING] = { 503, "draining" },
                   [EDGE_DOWN] = { 503, "down" } };
    int state = __atomic_load_n(&s->edge->state, __ATOMIC_RELAXED);

    s->is_probe = true;
    return steps_reply(s, states[state].status, states[state].word);
}

/* What no cache and no origin need to see. */
static enum step screen(struct session *s)
{
    const struct http_request_head *head = &s->request->head;
    bool is_get = head->method == HTTP_GET || head->method == HTTP_HEAD;

    if (head->form == HTTP_FORM_ASTERISK)
        return steps_reply(s, 501, "this server answers for paths only");
    if (head->host.len == 0)
        return refuse(s, 400, "a request needs a Host");
    if (is_get && http_text_is(head->path, http_text_of("/healthz")))
        return answer_health(s);
    if (http_text_is_word(head->method_text, "TRACE") ||
        http_text_is_word(head->method_text, "CONNECT"))
        return steps_reply(s, 405, "this method is not for caches");
    int loops = rule_loops(&head->fields, s->edge->pop);
    if (loops < 0)
        return refuse(s, 400, "CDN-Loop cannot be read");
    if (loops > 0)
        return steps_reply(s, 508, "this request has been here before");
    if (!request_set_key(s->request, s->edge->what, s->edge->thread->scratch))
        return refuse(s, 414, "the URL is too long");
    return STEP_LOOK_UP;
}

static void begin(struct session *s)
{
    const struct http_request_head *head = &s->request->head;

    s->deadline_us = 0;
    s->is_head_begun = false;
    s->must_close |=
        !head->keep_alive || __atomic_load_n(&s->edge->state, __ATOMIC_RELAXED) != EDGE_UP;
    s->has_upload =
        head->body == HTTP_BODY_CHUNKED || (head->body == HTTP_BODY_LENGTH && head->length > 0);
    s->upload_left = head->length;
    http_chunks_init(&s->upload_chunks);
    memcpy(s->request->client, s->client, sizeof s->client);
}

static enum step receive(struct session *s)
{
    struct evbuffer *in = bufferevent_get_input(s->bev);
    size_t len = evbuffer_get_length(in);
    int status = 0;

    if (len == 0 || session_queued(s) > SESSION_OUTPUT_MAX)
        return wait_for_head(s, false);
    if (len > HTTP_HEAD_MAX)
        len = HTTP_HEAD_MAX;
    const char *at = (const char *)evbuffer_pullup(in, (ev_ssize_t)len);
    int n = at == NULL ? -503 : http_head_scan(HTTP_REQUEST, at, len);
    if (n == 0)
        return wait_for_head(s, true);
    s->begun_us = clock_steady_us();
    if (n < 0)
        return refuse(s, (unsigned)-n, "the request's head cannot be read");
    s->request = request_new(at, (size_t)n, s->is_tls, &status);
    session_drain(s, (size_t)n);
    if (s->request == NULL)
        return refuse(s, 503, "out of memory");
    if (status != 0) {
        /* what was read of it is undefined */
        const char *why = s->request->head.why;
        request_unref(s->request);
        s->request = NULL;
        return refuse(s, (unsigned)status, why);
    }
    begin(s);
    return screen(s);
}

/* ---- fetch ---- */

static enum flight_kind kind_of(const struct session *s)
{
    if (s->is_private)
        return FLIGHT_PRIVATE;
    return s->is_alone ? FLIGHT_ALONE : FLIGHT_SHARED;
}

static enum step start(struct session *s)
{
    struct request *r = s->request;

    if (r->head.method == HTTP_HEAD) /* not stored: its answer has no body */
        s->is_private = true;
    struct flight_plan plan = {
        .edge = s->edge,
        .request = r,
        .kind = kind_of(s),
        .stale = s->is_private ? NULL : s->stale,
        .waiter = &s->waiter,
        .read = s->is_private && s->has_upload ? session_read_upload : NULL,
        .read_ctx = s,
    };
    s->waiter.request = r;
    if (plan.kind == FLIGHT_SHARED && flight_join(s->edge, r, &s->waiter))
        return STEP_WAIT;
    if (flight_start(&plan) != 0)
        return steps_reply(s, 503, "too much is being fetched");
    if (s->has_upload) {
        if (r->head.wants_continue)
            session_queue(s, CONTINUE, strlen(CONTINUE));
        session_set_deadline(s, s->edge->what->send_s);
    }
    return STEP_WAIT;
}

static enum step fetch(struct session *s)
{
    if (!s->is_told)
        return start(s);
    s->is_told = false;
    s->deadline_us = 0;
    if (s->told.news == FLIGHT_AGAIN) {
        /* Another variant may be waited for together; once, as each client may have its own. */
        s->is_alone = s->is_second || !s->told.is_stored;
        s->is_second = true;
        object_unref(s->stale);
        s->stale = NULL;
        return STEP_LOOK_UP;
    }
    if (s->told.news == FLIGHT_OBJECT)
        return STEP_DELIVER;
    if (s->is_upload_bad)
        return refuse(s, 400, "the request's body cannot be read");
    return steps_reply(s, s->told.status,
                       s->told.status == 504 ? "the origin does not answer in time"
                                             : "the origin does not answer as it should");
}

/* ---- deliver ---- */

static void queue_run(struct session *s, struct body_segment *segment, const char *at, size_t len)
{
    char line[HTTP_CHUNK_HEAD_MAX];

    if (s->is_chunked)
        session_queue(s, line, http_chunk_head(len, line));
    if (len <= COPIED_MAX)
        session_queue(s, at, len);
    else
        session_queue_segment(s, segment, at, len);
    if (s->is_chunked)
        session_queue(s, "\r\n", 2);
    s->body_sent += len;
    s->left -= s->left == UINT64_MAX ? 0 : len;
}

/* Queues what is there, as far as the client keeps up. */
static void queue_body(struct session *s)
{
    const char *at;
    struct body_segment *segment;

    while (s->left > 0 && (s->skip > 0 || session_queued(s) < SESSION_OUTPUT_MAX)) {
        uint64_t wanted = s->skip > 0 ? s->skip : s->left;
        size_t most = wanted < BODY_SEGMENT_MAX ? (size_t)wanted : BODY_SEGMENT_MAX;
        size_t len = body_peek(&s->reader, most, &at, &segment);
        if (len == 0)
            return;
        if (s->skip > 0)
            s->skip -= len;
        else
            queue_run(s, segment, at, len);
        body_take(&s->reader, len);
    }
}

static bool is_all_read(const struct session *s)
{
    const struct body *b = s->reader.body;

    return s->left == 0 || (b->state != BODY_GROWING && s->reader.offset == b->len);
}

static enum step deliver(struct session *s)
{
    if (!s->is_head_sent) {
        if (s->has_upload && !s->is_upload_done)
            s->must_close = s->must_linger = true; /* the rest of the request is not read */
        s->is_head_sent = true;
        respond_object(s);
    }
    if (s->is_gone)
        return STEP_GONE;
    if (!s->has_body)
        return STEP_FINISH;
    queue_body(s);
    if (session_queued(s) > 0 && s->deadline_us == 0)
        session_set_deadline(s, s->edge->what->send_s);
    if (!is_all_read(s)) {
        if (session_queued(s) == 0)
            s->deadline_us = 0; /* it is the origin that is slow */
        return STEP_WAIT;
    }
    if (s->reader.body->state == BODY_BROKEN && s->left > 0) {
        session_abort(s);
        return STEP_GONE;
    }
    if (s->is_chunked)
        session_queue(s, HTTP_CHUNKS_LAST, strlen(HTTP_CHUNKS_LAST));
    return STEP_FINISH;
}

/* ---- finish ---- */

static void count(struct session *s, uint64_t took_us)
{
    struct edge_figures *c = s->edge->counts;
    enum edge_result result = s->told.result;

    counter_bump(&c->requests[result], 1);
    if (s->is_probe)
        return; /* checks would drown what clients get, the more so while an edge is drained */
    counter_bump(&c->statuses[s->status / 100 < EDGE_STATUS_CLASSES ? s->status / 100 : 0], 1);
    if (result == EDGE_HIT || result == EDGE_STALE || result == EDGE_REVALIDATED)
        counter_bump(&c->bytes_cache, s->body_sent);
    edge_times_add(&c->edge_time, took_us);
}

static void forget_request(struct session *s)
{
    body_reader_fini(&s->reader);
    object_unref(s->told.object);
    object_unref(s->stale);
    request_unref(s->request);
    s->request = NULL;
    s->told = (struct flight_told){ 0 };
    s->stale = NULL;
    s->is_told = s->is_alone = s->is_second = s->is_private = s->is_probe = false;
    s->has_upload = s->is_upload_done = s->is_upload_bad = false;
    s->is_head_sent = s->is_chunked = s->has_body = false;
    s->skip = s->left = s->body_sent = 0;
    s->status = 0;
}

static enum step finish(struct session *s)
{
    uint64_t took_us = (uint64_t)(clock_steady_us() - s->begun_us);

    count(s, took_us);
    if (s->edge->thread->log != NULL && !s->is_probe)
        edge_log_request(s->edge->thread->log, s, took_us);
    forget_request(s);
    if (s->must_close || s->is_eof) {
        s->step = STEP_RECEIVE;
        session_close(s);
        return STEP_WAIT;
    }
    session_rest(s);
    return STEP_RECEIVE;
}

/* ---- the table ---- */

static enum step (*const steps[])(struct session *s) = {
    [STEP_RECEIVE] = receive, [STEP_LOOK_UP] = steps_look_up, [STEP_FETCH] = fetch,
    [STEP_DELIVER] = deliver, [STEP_FINISH] = finish,
};

void steps_run(struct session *s)
{
    unsigned n_finished = 0;

    assert(!s->is_running && s->step < STEP_WAIT);
    s->is_running = true;
    for (;;) {
        enum step next = steps[s->step](s);
        if (s->is_gone || next == STEP_GONE || next == STEP_WAIT) {
            s->is_gone |= next == STEP_GONE;
            break;
        }
        n_finished += s->step == STEP_FINISH;
        s->step = next;
        if (next == STEP_RECEIVE && n_finished >= SESSION_PIPELINE_MAX) {
            bufferevent_trigger(s->bev, EV_READ,
                                BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
            break;
        }
    }
    s->is_running = false;
    if (s->is_gone)
        session_free(s);
    else
        session_flush(s);
}
