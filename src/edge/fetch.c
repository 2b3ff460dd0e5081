/* fetch.c - one transfer, and the multi handle of a thread. Edge thread.
 *
 * What the answer means is flight.c's business. */
#include "fetch.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include <waymark/clock.h>

#include "rule_pass.h"

enum {
    FETCH_MAGIC = 0xfe7c4,
    KEPT_CONNECTIONS = 512,
    KEPT_IDLE_S = 4, /* many origins close after 5 */
    TICK_MS = 200,
    UPLOAD_BUFFER = 64 * 1024,
    FILE_PIECE = 32 * 1024
};

struct fetchers {
    struct event_base *base;
    CURLM *multi;
    struct event timer, tick, later;
    struct fetch *first;   /* all of them */
    struct fetch *changed; /* whose owners are to be told */
};

struct fetch {
    uint32_t magic;
    struct fetchers *all;
    struct fetch *next, **prev;
    struct fetch *next_changed;
    bool is_changed;
    CURL *easy;
    struct curl_slist *fields;
    bool is_added, is_to_head;
    bool is_paused_in, is_paused_out, wants_resume;
    bool is_upload;
    bool is_spoilt; /* there were octets on the kept connection that nobody had asked for */
    int fd; /* of a file, or -1 */
    bool is_file;
    uint64_t file_left;
    int first_byte_ms;
    int64_t deadline_us; /* 0: none */
    int64_t begun_us;
    char *raw; /* of the head */
    size_t raw_len;
    struct http_response_head *head;
    struct http_chunks chunks;
    bool is_chunks_end;
    struct fetch_view view;
    fetch_read_cb *read;
    void *read_ctx;
    fetch_cb *on_change;
    void *ctx;
};

static struct fetch *fetch_of(void *arg)
{
    struct fetch *f = arg;

    assert(f->magic == FETCH_MAGIC);
    return f;
}

/* ---- telling ---- */

static void note_change(struct fetch *f)
{
    if (f->is_changed)
        return;
    f->is_changed = true;
    f->next_changed = f->all->changed;
    f->all->changed = f;
}

static void forget_change(struct fetch *f)
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
        forget_change(f);
        f->on_change(f->ctx, f); /* may cancel it, and others */
    }
}

/* ---- the head ---- */

static void refuse(struct fetch *f)
{
    f->view.outcome = FETCH_BAD;
    note_change(f);
}

static bool set_head(struct fetch *f)
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
    f->view.response_ms = clock_wall_ms();
    f->view.first_byte_us = clock_steady_us() - f->begun_us;
    f->view.body->is_sized = f->head->body == HTTP_BODY_LENGTH;
    f->view.body->expected = f->head->length;
    http_chunks_init(&f->chunks);
    note_change(f);
    return true;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
    struct fetch *f = fetch_of(arg);

    if (f->view.has_head) /* trailers, which http_chunks.h reads */
        return n;
    if (f->raw == NULL)
        f->raw = malloc(HTTP_HEAD_MAX);
    if (f->raw == NULL || n > HTTP_HEAD_MAX - f->raw_len) {
        refuse(f);
        return 0;
    }
    memcpy(f->raw + f->raw_len, data, n);
    f->raw_len += n;
    bool is_last = n <= 2 && (data[0] == '\r' || data[0] == '\n');
    if (is_last && !set_head(f)) {
        refuse(f);
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
    struct fetch *f = fetch_of(arg);

    if (!body_wants_more(f->view.body)) {
        f->is_paused_in = true;
        f->deadline_us = 0;
        return CURL_WRITEFUNC_PAUSE;
    }
    f->deadline_us = clock_steady_us() + (int64_t)FETCH_BODY_IDLE_MS * 1000;
    note_change(f);
    bool is_taken = f->view.has_head && (f->head->body == HTTP_BODY_CHUNKED
                                             ? take_chunked(f, data, n)
                                             : body_append(f->view.body, data, n) == 0);
    return is_taken ? n : 0;
}

static size_t on_upload(char *out, size_t size, size_t n, void *arg)
{
    struct fetch *f = fetch_of(arg);
    long got = f->read(f->read_ctx, out, size * n);

    f->deadline_us = clock_steady_us() + (int64_t)f->first_byte_ms * 1000;
    if (got == -1) {
        f->is_paused_out = true;
        f->deadline_us = 0; /* the client's timeouts count */
        return CURL_READFUNC_PAUSE;
    }
    return got == -2 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* On a connection that was used before, nothing may be waiting: it would be taken for the answer. */
static int on_request(void *arg, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct fetch *f = fetch_of(arg);
    curl_socket_t fd = CURL_SOCKET_BAD;
    long n_connects = 0;
    char octet;

    curl_easy_getinfo(f->easy, CURLINFO_NUM_CONNECTS, &n_connects);
    curl_easy_getinfo(f->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (n_connects > 0 || fd == CURL_SOCKET_BAD)
        return CURL_PREREQFUNC_OK;
    f->is_spoilt = recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
    return f->is_spoilt ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- the end ---- */

/* Nothing was sent yet: a connection of its own will do. */
static bool begin_afresh(struct fetch *f)
{
    f->is_spoilt = false;
    curl_multi_remove_handle(f->all->multi, f->easy);
    curl_easy_setopt(f->easy, CURLOPT_FRESH_CONNECT, 1L);
    f->is_added = curl_multi_add_handle(f->all->multi, f->easy) == CURLM_OK;
    return f->is_added;
}

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

static void end(struct fetch *f, CURLcode code)
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
        f->view.body->state = BODY_BROKEN;
    else
        f->view.body->state =
            f->head->body == HTTP_BODY_UNTIL_CLOSE ? BODY_OPEN : BODY_COMPLETE;
    note_change(f);
}

static void report_ended(struct fetchers *all)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(all->multi, &left)) != NULL) {
        void *arg = NULL;
        CURLcode code = msg->data.result; /* msg goes with the handle */
        if (msg->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &arg);
        struct fetch *f = fetch_of(arg);
        if (f->is_spoilt && begin_afresh(f))
            continue;
        f->view.was_late |= code == CURLE_OPERATION_TIMEDOUT;
        end(f, code);
    }
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

    curl_multi_socket_action(all->multi, fd, mask, &n_running); /* may free the watch */
    report_ended(all);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    struct fetchers *all = arg;
    int n_running;

    curl_multi_socket_action(all->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
    report_ended(all);
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

    for (struct fetch *f = all->first; f != NULL; f = f->next) {
        if (f->deadline_us == 0 || f->deadline_us > now_us || !f->is_added)
            continue;
        f->view.was_late = true;
        end(f, CURLE_OPERATION_TIMEDOUT);
    }
    tell_all(all);
}

/* ---- files ---- */

static void run_later(struct fetchers *all)
{
    static const struct timeval at_once = { 0 };

    event_add(&all->later, &at_once);
}

static void read_file(struct fetch *f)
{
    char piece[FILE_PIECE];
    size_t wanted = f->file_left < sizeof piece ? (size_t)f->file_left : sizeof piece;
    ssize_t n = wanted == 0 ? 0 : read(f->fd, piece, wanted);

    if (n < 0 || (n == 0 && f->file_left > 0) ||
        body_append(f->view.body, piece, (size_t)n) != 0) {
        end(f, CURLE_READ_ERROR); /* shorter than it was said to be: not complete */
        return;
    }
    f->file_left -= (uint64_t)n;
    if (f->file_left == 0)
        end(f, CURLE_OK);
    else
        note_change(f);
}

static void go_on_with_file(struct fetch *f)
{
    if (f->view.outcome != FETCH_RUNNING)
        return;
    if (!f->view.has_head && !set_head(f)) {
        refuse(f);
        return;
    }
    f->is_paused_in = !body_wants_more(f->view.body);
    if (f->is_paused_in)
        return;
    read_file(f);
    if (f->view.outcome == FETCH_RUNNING) {
        f->wants_resume = true;
        run_later(f->all);
    }
}

/* libcurl hands over what it had kept when it is let on, so not from inside a callback. */
static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct fetchers *all = arg;

    for (struct fetch *f = all->first; f != NULL; f = f->next) {
        if (!f->wants_resume || (!f->is_added && !f->is_file))
            continue;
        f->wants_resume = false;
        if (f->is_file) {
            go_on_with_file(f);
            continue;
        }
        if (f->is_paused_in)
            f->deadline_us = clock_steady_us() + (int64_t)FETCH_BODY_IDLE_MS * 1000;
        f->is_paused_in = f->is_paused_out = false;
        curl_easy_pause(f->easy, CURLPAUSE_CONT);
    }
    report_ended(all);
}

struct fetchers *edge_fetchers_new(struct event_base *base)
{
    static const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
    struct fetchers *all = calloc(1, sizeof *all);

    if (all == NULL)
        return NULL;
    all->base = base;
    all->multi = curl_multi_init();
    event_assign(&all->timer, base, -1, 0, on_time, all);
    event_assign(&all->tick, base, -1, EV_PERSIST, on_tick, all);
    event_assign(&all->later, base, -1, 0, on_later, all);
    if (all->multi == NULL || event_add(&all->tick, &tick) != 0) {
        edge_fetchers_free(all);
        return NULL;
    }
    curl_multi_setopt(all->multi, CURLMOPT_SOCKETFUNCTION, on_watch_wanted);
    curl_multi_setopt(all->multi, CURLMOPT_SOCKETDATA, all);
    curl_multi_setopt(all->multi, CURLMOPT_TIMERFUNCTION, on_time_wanted);
    curl_multi_setopt(all->multi, CURLMOPT_TIMERDATA, all);
    curl_multi_setopt(all->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(all->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    return all;
}

void edge_fetchers_free(struct fetchers *all)
{
    if (all == NULL)
        return;
    assert(all->first == NULL);
    if (all->multi != NULL)
        curl_multi_cleanup(all->multi);
    event_del(&all->timer);
    event_del(&all->tick);
    event_del(&all->later);
    free(all);
}

/* ---- one transfer ---- */

static bool add_field(struct fetch *f, const char *line)
{
    struct curl_slist *list = curl_slist_append(f->fields, line);

    if (list != NULL)
        f->fields = list;
    return list != NULL;
}

/* libcurl writes "Name;" as an empty field, and "Name:" as none. */
static bool add_line(struct fetch *f, const char *at, size_t len)
{
    const char *colon = memchr(at, ':', len);
    char *line = malloc(len + 2);
    bool is_added = false;

    if (line == NULL || colon == NULL)
        goto end;
    memcpy(line, at, len);
    line[len] = '\0';
    size_t name_len = (size_t)(colon - at);
    if (strspn(line + name_len + 1, " \t") == len - name_len - 1)
        strcpy(line + name_len, ";");
    is_added = add_field(f, line);
end:
    free(line);
    return is_added;
}

static bool has_line(const struct fetch_spec *spec, const char *name)
{
    size_t len = strlen(name);
    const char *at = spec->fields, *last = spec->fields + spec->fields_len;

    while (at < last) {
        if ((size_t)(last - at) > len && strncasecmp(at, name, len) == 0 && at[len] == ':')
            return true;
        const char *end = memchr(at, '\n', (size_t)(last - at));
        at = end == NULL ? last : end + 1;
    }
    return false;
}

/* Names that libcurl adds by itself where we do not. */
static bool silence_libcurl(struct fetch *f, const struct fetch_spec *spec)
{
    static const char *const names[] = { "Accept", "User-Agent", "Content-Type" };
    char line[32];

    for (size_t i = 0; i < 3; i++) {
        snprintf(line, sizeof line, "%s:", names[i]);
        if (!has_line(spec, names[i]) && !add_field(f, line))
            return false;
    }
    return add_field(f, "Expect:");
}

static bool set_fields(struct fetch *f, const struct fetch_spec *spec)
{
    char host[HTTP_HOST_MAX + 16];

    snprintf(host, sizeof host, "Host: %s", spec->host);
    if (!add_field(f, host) || !silence_libcurl(f, spec))
        return false;
    for (size_t at = 0; at < spec->fields_len;) {
        const char *line = spec->fields + at;
        const char *end = memchr(line, '\r', spec->fields_len - at);
        size_t len = end == NULL ? spec->fields_len - at : (size_t)(end - line);
        if (!add_line(f, line, len))
            return false;
        at += len + 2;
    }
    if (spec->upload == FETCH_BODY_UNKNOWN && !add_field(f, "Transfer-Encoding: chunked"))
        return false;
    return curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->fields) == CURLE_OK;
}

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
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, f);
    set_method(f, spec);
    return curl_easy_setopt(e, CURLOPT_URL, spec->url) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_REQUEST_TARGET, spec->target) == CURLE_OK &&
           set_fields(f, spec);
}

static void link_in(struct fetch *f)
{
    f->next = f->all->first;
    f->prev = &f->all->first;
    if (f->next != NULL)
        f->next->prev = &f->next;
    f->all->first = f;
}

static struct fetch *allocate(struct fetchers *all, const struct fetch_spec *spec)
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
    f->begun_us = clock_steady_us();
    f->deadline_us = f->begun_us + ((int64_t)spec->connect_ms + spec->first_byte_ms) * 1000;
    f->view.request_ms = clock_wall_ms();
    f->view.body = body_new();
    if (f->view.body == NULL) {
        edge_fetch_cancel(f);
        return NULL;
    }
    return f;
}

struct fetch *edge_fetch_start(struct fetchers *all, const struct fetch_spec *spec)
{
    struct fetch *f = allocate(all, spec);

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

struct fetch *edge_fetch_start_file(struct fetchers *all, const struct fetch_spec *spec,
                               const char *head, size_t head_len, int fd, uint64_t len)
{
    struct fetch *f = allocate(all, spec);

    assert(head_len <= HTTP_HEAD_MAX);
    if (f != NULL)
        f->raw = malloc(HTTP_HEAD_MAX);
    if (f == NULL || f->raw == NULL) {
        edge_fetch_cancel(f);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    memcpy(f->raw, head, head_len);
    f->raw_len = head_len;
    f->is_file = true;
    f->fd = fd;
    f->file_left = fd < 0 ? 0 : len;
    f->deadline_us = 0;
    f->wants_resume = true;
    run_later(all);
    return f;
}

void edge_fetch_cancel(struct fetch *f)
{
    if (f == NULL)
        return;
    if (f->fd >= 0)
        close(f->fd);
    forget_change(f);
    *f->prev = f->next;
    if (f->next != NULL)
        f->next->prev = f->prev;
    if (f->is_added)
        curl_multi_remove_handle(f->all->multi, f->easy);
    if (f->easy != NULL)
        curl_easy_cleanup(f->easy);
    curl_slist_free_all(f->fields);
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
    run_later(f->all);
}

void edge_fetch_upload(struct fetch *f)
{
    if (!f->is_paused_out)
        return;
    f->wants_resume = true;
    run_later(f->all);
}
