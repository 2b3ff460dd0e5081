/* respond.c - status, fields, framing. Edge thread.
 *
 * Every field of a client's answer is either the origin's, filtered when it came, or written here.
 */
#include "respond.h"

#include <inttypes.h>
#include <string.h>

#include <waymark/clock.h>

#include "http_date.h"
#include "rule_match.h"

static const char *const shown[EDGE_RESULTS] = { "HIT",    "MISS",        "STALE",
                                                 "BYPASS", "REVALIDATED", "LOCAL" };

static bool is_to_head(const struct session *s)
{
    return s->request->head.method == HTTP_HEAD;
}

static void put_connection(struct session *s, struct lines *out)
{
    if (s->must_close)
        lines_format(out, "Connection: close\r\n");
    else if (s->request->head.is_http_10)
        lines_format(out, "Connection: keep-alive\r\n");
}

static void put_cache_status(const struct session *s, int64_t now_ms, struct lines *out)
{
    const struct object *o = s->told.object;
    char text[RULE_CACHE_STATUS_MAX];
    struct rule_cache_status status = {
        .cache = s->edge->pop,
        .forward = s->forward,
        .fwd_status = s->forward == RULE_HIT || o == NULL ? 0 : s->told.status,
        .stored = s->told.is_stored && s->forward != RULE_HIT,
        .collapsed = s->told.is_collapsed,
        .has_ttl = o != NULL && (s->forward == RULE_HIT || s->told.is_stored),
        .detail = s->told.origin_error != NULL ? s->told.origin_error : s->told.detail,
    };

    if (status.has_ttl)
        status.ttl_s = rule_ttl_ms(&o->fresh, now_ms) / 1000;
    size_t len = rule_cache_status(&status, text);
    lines_format(out, "Cache-Status: %.*s\r\n", (int)len, text);
}

/* ---- what of it is sent ---- */

static bool wants_conditions(const struct request *r)
{
    const struct http_fields *f = &r->head.fields;

    return http_field_has(f, HTTP_IF_NONE_MATCH) || http_field_has(f, HTTP_IF_MODIFIED_SINCE) ||
           http_field_has(f, HTTP_RANGE);
}

/* How long the whole body is, as far as that is known: UINT64_MAX where it is not. */
static uint64_t size_of(const struct object *o)
{
    if (o->body->state == BODY_COMPLETE)
        return o->body->len;
    return o->body->is_sized && o->body->state == BODY_GROWING ? o->body->expected : UINT64_MAX;
}

struct part {
    unsigned status;
    uint64_t first, len; /* of the body */
    bool is_ours;        /* status and part are of our making, not the origin's */
};

/* The status, and which part of the body. Leaves the fields of the stored head in thread->fields.
 */
static struct part choose_part(struct session *s, int64_t now_s)
{
    const struct object *o = s->told.object;
    const struct request *r = s->request;
    struct http_fields *stored = &s->edge->thread->fields;
    uint64_t size = size_of(o), first, last;
    struct part whole = { .status = o->status, .first = 0, .len = size };

    if (s->is_private || !wants_conditions(r))
        return whole;
    object_fields(o, stored);
    if (rule_is_not_modified(&r->head.fields, stored, o->status, now_s))
        return (struct part){ .status = 304, .is_ours = true };
    if (r->head.method != HTTP_GET || o->status != 200 || size == UINT64_MAX)
        return whole;
    switch (rule_range(&r->head.fields, stored, size, now_s, &first, &last)) {
    case RULE_PART:
        return (
            struct part){ .status = 206, .first = first, .len = last - first + 1, .is_ours = true };
    case RULE_UNSATISFIABLE:
        return (struct part){ .status = 416, .is_ours = true };
    default:
        return whole;
    }
}

static void put_status(struct lines *out, unsigned status)
{
    lines_format(out, "HTTP/1.1 %u %s\r\n", status, http_status_text(status));
}

static void put_fields(struct session *s, const struct part *part, struct lines *out)
{
    const struct object *o = s->told.object;
    const struct http_fields *stored = &s->edge->thread->fields;

    if (part->status != 304 || !part->is_ours) {
        lines_put(out, o->head, o->head_len);
    } else {
        for (uint32_t i = 0; i < stored->n; i++)
            if (rule_is_for_304(stored, &stored->list[i]))
                lines_field(out, stored->list[i].name, stored->list[i].value);
    }
    uint64_t size = size_of(o);
    if (part->is_ours && part->status == 206)
        lines_format(out, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
                     part->first, part->first + part->len - 1, size);
    if (part->is_ours && part->status == 416)
        lines_format(out, "Content-Range: bytes */%" PRIu64 "\r\n", size);
}

static bool has_no_body(unsigned status)
{
    return status == 304 || status == 204 || status < 200;
}

/* RFC 9112 6: a length, chunks, or the end of the connection. */
static void put_framing(struct session *s, const struct part *part, struct lines *out)
{
    const struct object *o = s->told.object;
    bool is_bodyless = has_no_body(part->status);
    bool is_refused = part->is_ours && part->status == 416;

    s->has_body = !is_bodyless && !is_to_head(s) && !is_refused;
    if (is_bodyless)
        return;
    if (is_refused) {
        lines_format(out, "Content-Length: 0\r\n");
    } else if (is_to_head(s) && s->is_private) {
        if (o->body->is_sized || o->body->expected > 0)
            lines_format(out, "Content-Length: %" PRIu64 "\r\n", o->body->expected);
    } else if (part->len != UINT64_MAX) {
        lines_format(out, "Content-Length: %" PRIu64 "\r\n", part->len);
    } else if (is_to_head(s)) {
        return;
    } else if (s->request->head.is_http_10 || o->no_length) {
        s->must_close = true;
    } else {
        s->is_chunked = true;
        lines_format(out, "Transfer-Encoding: chunked\r\n");
    }
}

static void begin_body(struct session *s, const struct part *part)
{
    s->skip = part->first;
    s->left = part->len;
    if (s->has_body)
        session_reader_begin(s, s->told.object->body);
}

void respond_object(struct session *s)
{
    struct lines *out = &s->edge->thread->out;
    int64_t now_ms = clock_steady_us() / 1000;
    struct part part = choose_part(s, clock_wall_ms() / 1000);

    out->len = 0;
    s->status = part.status;
    put_status(out, part.status);
    put_fields(s, &part, out);
    if (!s->is_private)
        lines_format(out, "Age: %" PRId64 "\r\n", rule_age_s(&s->told.object->fresh, now_ms));
    lines_format(out, "Via: 1.1 %s\r\nX-Cache: %s\r\n", s->edge->pop, shown[s->told.result]);
    put_cache_status(s, now_ms, out);
    put_framing(s, &part, out);
    put_connection(s, out);
    lines_put(out, "\r\n", 2);
    if (out->is_short) {
        session_abort(s);
        return;
    }
    session_queue(s, out->at, out->len);
    begin_body(s, &part);
}

void respond_local(struct session *s, unsigned status, const char *why)
{
    struct lines *out = &s->edge->thread->out;
    char date[HTTP_DATE_LEN + 1];
    size_t len = strlen(why) + 1;

    http_date_write(clock_wall_ms() / 1000, date);
    out->len = 0;
    s->status = status;
    s->told.result = EDGE_LOCAL;
    put_status(out, status);
    lines_format(out,
                 "Date: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
                 "Cache-Control: no-store\r\nX-Cache: LOCAL\r\n",
                 date, len);
    if (s->told.origin_error != NULL)
        put_cache_status(s, 0, out);
    if (s->must_close)
        lines_format(out, "Connection: close\r\n");
    lines_put(out, "\r\n", 2);
    if (s->request == NULL || s->request->head.method != HTTP_HEAD)
        lines_format(out, "%s\n", why);
    if (out->is_short)
        session_abort(s);
    else
        session_queue(s, out->at, out->len);
}
