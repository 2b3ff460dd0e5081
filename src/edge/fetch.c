/* fetch.c - one transfer: what libcurl is told, and what it tells. Edge thread.
 *
 * What the answer means is flight.c's business. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <waymark/clock.h>

#include "fetch_inside.h"
#include "rule_pass.h"

enum {
    KEPT_IDLE_S = 4, /* many origins close after 5 */
    UPLOAD_BUFFER = 64 * 1024
};

struct fetch *edge_fetch_of(void *arg)
{
    struct fetch *f = arg;

    assert(f->magic == FETCH_MAGIC);
    return f;
}

/* From its head on, silence counts. */
static void await_body(struct fetch *f)
{
    f->deadline_us = clock_steady_us() + (int64_t)f->body_idle_ms * 1000;
}

/* ---- the head ---- */

void edge_fetch_refuse(struct fetch *f)
{
    f->view.outcome = FETCH_BAD;
    edge_fetch_explain(f, CURLE_OK);
    edge_fetch_note_change(f);
}

bool edge_fetch_set_head(struct fetch *f)
{
    if (f->head == NULL)
        f->head = malloc(sizeof *f->head);
    if (f->head == NULL || http_head_response(f->raw, f->raw_len, f->is_to_head, f->head) != 0)
        return false;
    rule_strip_hop_by_hop(&f->head->fields);
    if (f->head->status < 200) { /* the real one is to come */
        f->raw_len = 0;
        return f->head->status != 101;
    }
    f->view.has_head = true;
    f->view.head = f->head;
    f->view.first_byte_us = clock_steady_us() - f->begun_us;
    f->view.response_steady_ms = clock_steady_us() / 1000;
    f->view.response_ms = clock_wall_ms();
    f->view.request_ms = f->view.response_ms - f->view.first_byte_us / 1000;
    f->view.body->is_sized = f->head->body == HTTP_BODY_LENGTH;
    f->view.body->expected = f->head->length;
    http_chunks_init(&f->chunks);
    await_body(f);
    edge_fetch_note_change(f);
    return true;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
    struct fetch *f = edge_fetch_of(arg);

    if (f->view.has_head) /* trailers, which http_chunks.h reads */
        return n;
    if (f->raw == NULL)
        f->raw = malloc(HTTP_HEAD_MAX);
    if (f->raw == NULL || n > HTTP_HEAD_MAX - f->raw_len) {
        edge_fetch_refuse(f);
        return 0;
    }
    memcpy(f->raw + f->raw_len, data, n);
    f->raw_len += n;
    bool is_last = n <= 2 && (data[0] == '\r' || data[0] == '\n');
    if (is_last && !edge_fetch_set_head(f)) {
        edge_fetch_refuse(f);
        return 0;
    }
    return n;
}

/* ---- the body ---- */

static bool take_chunked(struct fetch *f, const char *data, size_t len)
{
    while (len > 0) {
        size_t used = 0;
        struct http_text run;
        enum http_chunks_step step = http_chunks_read(&f->chunks, data, len, &used, &run);
        data += used;
        len -= used;
        if (step == HTTP_CHUNKS_BAD ||
            (step == HTTP_CHUNKS_DATA && body_append(f->view.body, run.at, run.len) != 0))
            return false;
        if (step == HTTP_CHUNKS_END) {
            f->is_chunks_end = true;
            if (len > 0) /* a second answer: nothing more from this connection */
                curl_easy_setopt(f->easy, CURLOPT_FORBID_REUSE, 1L);
            return true;
        }
        if (step == HTTP_CHUNKS_MORE)
            return true;
    }
    return true;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
    struct fetch *f = edge_fetch_of(arg);

    if (!body_wants_more(f->view.body)) {
        f->is_paused_in = true;
        f->deadline_us = 0;
        return CURL_WRITEFUNC_PAUSE;
    }
    await_body(f);
    edge_fetch_note_change(f);
    bool is_taken = f->view.has_head &&
                    (f->head->body == HTTP_BODY_CHUNKED ? take_chunked(f, data, n)
                                                        : body_append(f->view.body, data, n) == 0);
    return is_taken ? n : 0;
}

static size_t on_upload(char *out, size_t size, size_t n, void *arg)
{
    struct fetch *f = edge_fetch_of(arg);
    long got = f->read(f->read_ctx, out, size * n);

    if (!f->view.has_head) /* else the body's deadline stands: of the request no more is wanted */
        f->deadline_us = clock_steady_us() + (int64_t)f->first_byte_ms * 1000;
    if (got == -1) {
        f->is_paused_out = true;
        if (!f->view.has_head)
            f->deadline_us = 0; /* the client's timeouts count */
        return CURL_READFUNC_PAUSE;
    }
    return got == -2 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* There is a connection. On one that was used before, nothing may be waiting: it would be taken for
 * the answer. */
static int on_request(void *arg, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct fetch *f = edge_fetch_of(arg);
    long n_connects = 0;

    curl_easy_getinfo(f->easy, CURLINFO_NUM_CONNECTS, &n_connects);
    f->deadline_us = clock_steady_us() + (int64_t)f->first_byte_ms * 1000;
    f->is_spoilt = n_connects == 0 && edge_fetch_is_unread(f->all, own_port, peer_port);
    return f->is_spoilt ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- the end ---- */

static bool is_complete(const struct fetch *f, CURLcode code)
{
    switch (f->head->body) {
    case HTTP_BODY_NONE:
        return true;
    case HTTP_BODY_LENGTH:
        return f->view.body->len == f->head->length;
    case HTTP_BODY_CHUNKED:
        return f->is_chunks_end;
    case HTTP_BODY_UNTIL_CLOSE:
        return code == CURLE_OK;
    }
    return false;
}

void edge_fetch_end(struct fetch *f, CURLcode code)
{
    if (f->is_added)
        curl_multi_remove_handle(f->all->multi, f->easy);
    f->is_added = false;
    f->deadline_us = 0;
    if (f->view.outcome == FETCH_RUNNING) {
        if (!f->view.has_head)
            f->view.outcome = FETCH_NOTHING;
        else
            f->view.outcome = is_complete(f, code) ? FETCH_WHOLE : FETCH_CUT;
    }
    if (f->view.outcome != FETCH_WHOLE)
        edge_fetch_explain(f, code);
    if (f->view.outcome != FETCH_WHOLE)
        f->view.body->state = BODY_BROKEN;
    else
        f->view.body->state = f->head->body == HTTP_BODY_UNTIL_CLOSE ? BODY_OPEN : BODY_COMPLETE;
    edge_fetch_note_change(f);
}

/* ---- one transfer ---- */

static void set_method(struct fetch *f, const struct fetch_spec *spec)
{
    if (f->is_to_head) {
        curl_easy_setopt(f->easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (spec->upload == 0) {
        curl_easy_setopt(f->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, "");
        curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
    } else if (f->is_upload) {
        curl_easy_setopt(f->easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(f->easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
        curl_easy_setopt(f->easy, CURLOPT_READFUNCTION, on_upload);
        curl_easy_setopt(f->easy, CURLOPT_READDATA, f);
        if (spec->upload > 0)
            curl_easy_setopt(f->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)spec->upload);
        curl_easy_setopt(f->easy, CURLOPT_FRESH_CONNECT, 1L); /* it cannot be sent twice */
    } else {
        curl_easy_setopt(f->easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, spec->method);
}

static bool set_place(struct fetch *f, const struct fetch_spec *spec)
{
    if (spec->connect_to[0] == '\0')
        return true;
    f->connect_to = curl_slist_append(NULL, spec->connect_to);
    return f->connect_to != NULL &&
           curl_easy_setopt(f->easy, CURLOPT_CONNECT_TO, f->connect_to) == CURLE_OK;
}

static bool set_options(struct fetch *f, const struct fetch_spec *spec)
{
    CURL *e = f->easy;

    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_HTTP_TRANSFER_DECODING, 0L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)spec->connect_ms);
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)KEPT_IDLE_S);
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(e, CURLOPT_PRIVATE, f);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->curl_error);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, f);
    edge_fetch_watch_socket(f);
    set_method(f, spec);
    return curl_easy_setopt(e, CURLOPT_URL, spec->url) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_REQUEST_TARGET, spec->target) == CURLE_OK &&
           edge_fetch_set_fields(f, spec) && set_place(f, spec);
}

static void link_in(struct fetch *f)
{
    f->next = f->all->first;
    f->prev = &f->all->first;
    if (f->next != NULL)
        f->next->prev = &f->next;
    f->all->first = f;
}

struct fetch *edge_fetch_allocate(struct fetchers *all, const struct fetch_spec *spec)
{
    struct fetch *f = calloc(1, sizeof *f);

    if (f == NULL)
        return NULL;
    f->magic = FETCH_MAGIC;
    f->all = all;
    f->fd = -1;
    link_in(f);
    f->on_change = spec->on_change;
    f->ctx = spec->ctx;
    f->read = spec->read;
    f->read_ctx = spec->read_ctx;
    f->is_to_head = strcmp(spec->method, "HEAD") == 0;
    f->is_upload = spec->upload > 0 || spec->upload == FETCH_BODY_UNKNOWN;
    f->first_byte_ms = spec->first_byte_ms;
    f->body_idle_ms = spec->body_idle_ms;
    f->begun_us = clock_steady_us();
    f->deadline_us = f->begun_us + ((int64_t)spec->connect_ms + spec->first_byte_ms) * 1000;
    f->view.body = body_new();
    if (f->view.body == NULL) {
        edge_fetch_cancel(f);
        return NULL;
    }
    return f;
}

struct fetch *edge_fetch_start(struct fetchers *all, const struct fetch_spec *spec)
{
    struct fetch *f = edge_fetch_allocate(all, spec);

    if (f == NULL)
        return NULL;
    f->easy = curl_easy_init();
    if (f->easy == NULL || !set_options(f, spec))
        goto fail;
    if (curl_multi_add_handle(all->multi, f->easy) != CURLM_OK)
        goto fail;
    f->is_added = true;
    return f;
fail:
    edge_fetch_cancel(f);
    return NULL;
}

void edge_fetch_cancel(struct fetch *f)
{
    if (f == NULL)
        return;
    if (f->fd >= 0)
        close(f->fd);
    edge_fetch_forget_change(f);
    *f->prev = f->next;
    if (f->next != NULL)
        f->next->prev = f->prev;
    if (f->is_added)
        curl_multi_remove_handle(f->all->multi, f->easy);
    if (f->easy != NULL)
        curl_easy_cleanup(f->easy);
    curl_slist_free_all(f->fields);
    curl_slist_free_all(f->connect_to);
    if (f->view.body != NULL && f->view.body->state == BODY_GROWING)
        f->view.body->state = BODY_BROKEN;
    body_unref(f->view.body);
    free(f->raw);
    free(f->head);
    f->magic = 0;
    free(f);
}

struct fetch_view edge_fetch_view(const struct fetch *f)
{
    return f->view;
}

void edge_fetch_resume(struct fetch *f)
{
    if (!f->is_paused_in || !body_wants_more(f->view.body))
        return;
    f->wants_resume = true;
    edge_fetch_run_later(f->all);
}

void edge_fetch_upload(struct fetch *f)
{
    if (!f->is_paused_out)
        return;
    f->wants_resume = true;
    edge_fetch_run_later(f->all);
}
