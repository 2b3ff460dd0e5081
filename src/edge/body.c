/* body.c - segments, counted along their chain. */
#include "body.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct body_segment *segment_ref(struct body_segment *s)
{
    s->refs++;
    return s;
}

void body_segment_unref(struct body_segment *s)
{
    while (s != NULL && --s->refs == 0) {
        struct body_segment *next = s->next;
        free(s);
        s = next;
    }
}

struct body *body_new(void)
{
    struct body *b = calloc(1, sizeof *b);

    if (b == NULL)
        return NULL;
    b->refs = 1;
    b->is_kept = true;
    return b;
}

struct body *body_ref(struct body *b)
{
    b->refs++;
    return b;
}

void body_unref(struct body *b)
{
    if (b == NULL || --b->refs > 0)
        return;
    assert(b->readers == NULL);
    body_segment_unref(b->first);
    body_segment_unref(b->last);
    free(b);
}

/* What is announced is allocated in one piece up to a segment; else segments double. */
static size_t size_wanted(const struct body *b, size_t len)
{
    size_t size = b->last == NULL ? BODY_SEGMENT_MIN : (size_t)b->last->size * 2;

    if (b->is_sized && b->expected > b->len)
        size = b->expected - b->len < BODY_SEGMENT_MAX ? (size_t)(b->expected - b->len)
                                                       : BODY_SEGMENT_MAX;
    if (size < len)
        size = len;
    return size < BODY_SEGMENT_MAX ? size : BODY_SEGMENT_MAX;
}

static int add_segment(struct body *b, size_t len)
{
    size_t size = size_wanted(b, len);
    struct body_segment *s = malloc(sizeof *s + size);

    if (s == NULL)
        return -ENOMEM;
    *s = (struct body_segment){ .refs = 1, .size = (uint32_t)size }; /* b->last counts it */
    if (b->last == NULL) {
        if (b->is_kept)
            b->first = segment_ref(s);
        for (struct body_reader *r = b->readers; r != NULL; r = r->next)
            if (r->at == NULL)
                r->at = segment_ref(s);
    } else {
        b->last->next = segment_ref(s);
        body_segment_unref(b->last);
    }
    b->last = s;
    b->allocated += sizeof *s + size;
    return 0;
}

int body_append(struct body *b, const char *data, size_t len)
{
    assert(b->state == BODY_GROWING);
    while (len > 0) {
        if ((b->last == NULL || b->last->len == b->last->size) && add_segment(b, len) != 0)
            return -ENOMEM;
        struct body_segment *s = b->last;
        size_t n = s->size - s->len < len ? s->size - s->len : len;
        memcpy(s->data + s->len, data, n);
        s->len += (uint32_t)n;
        b->len += n;
        data += n;
        len -= n;
    }
    return 0;
}

void body_let_go(struct body *b)
{
    b->is_kept = false;
    body_segment_unref(b->first);
    b->first = NULL;
}

uint64_t body_behind(const struct body *b)
{
    uint64_t behind = 0;

    for (const struct body_reader *r = b->readers; r != NULL; r = r->next)
        if (b->len - r->offset > behind)
            behind = b->len - r->offset;
    return behind;
}

bool body_wants_more(const struct body *b)
{
    return b->is_kept || body_behind(b) < BODY_WINDOW;
}

void body_reader_init(struct body_reader *r, struct body *b, void (*on_more)(void *), void *ctx)
{
    assert(b->is_kept || b->len == 0);
    *r = (struct body_reader){
        .body = body_ref(b), .next = b->readers, .prev = &b->readers, .on_more = on_more, .ctx = ctx
    };
    if (b->readers != NULL)
        b->readers->prev = &r->next;
    b->readers = r;
    if (b->first != NULL)
        r->at = segment_ref(b->first);
}

void body_reader_fini(struct body_reader *r)
{
    if (r->body == NULL)
        return;
    *r->prev = r->next;
    if (r->next != NULL)
        r->next->prev = r->prev;
    struct body *b = r->body;
    body_segment_unref(r->at);
    *r = (struct body_reader){ 0 };
    if (b->on_taken != NULL)
        b->on_taken(b->ctx);
    body_unref(b);
}

void body_wake(struct body *b)
{
    struct body_reader *next;

    body_ref(b);
    for (struct body_reader *r = b->readers; r != NULL; r = next) {
        next = r->next; /* others do not leave meanwhile */
        r->on_more(r->ctx);
    }
    body_unref(b);
}

size_t body_peek(const struct body_reader *r, size_t most, const char **data,
                 struct body_segment **segment)
{
    struct body_segment *s = r->at;
    uint32_t pos = r->at_pos;

    if (s != NULL && pos == s->len && s->next != NULL) {
        s = s->next;
        pos = 0;
    }
    if (s == NULL || pos == s->len)
        return 0;
    *data = s->data + pos;
    *segment = s;
    return s->len - pos < most ? s->len - pos : most;
}

void body_take(struct body_reader *r, size_t len)
{
    struct body_segment *passed = NULL;

    if (len > 0 && r->at_pos == r->at->len && r->at->next != NULL) {
        passed = r->at;
        r->at = segment_ref(passed->next);
        r->at_pos = 0;
    }
    assert(len <= r->at->len - r->at_pos);
    r->at_pos += (uint32_t)len;
    r->offset += len;
    body_segment_unref(passed);
    if (r->body->on_taken != NULL)
        r->body->on_taken(r->body->ctx);
}
