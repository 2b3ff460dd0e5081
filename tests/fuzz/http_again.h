/* http_again.h - writing a head that was accepted, to be read again: what the fuzz targets of HTTP
 * share. */
#pragma once

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "edge/http_head.h"

enum { AGAIN_MAX = 2 * HTTP_HEAD_MAX };

struct again {
    char *at;
    size_t len;
};

static inline void again_text(struct again *out, struct http_text t)
{
    assert(t.len <= AGAIN_MAX - out->len);
    if (t.len > 0)
        memcpy(out->at + out->len, t.at, t.len);
    out->len += t.len;
}

static inline void again_word(struct again *out, const char *word)
{
    again_text(out, http_text_of(word));
}

static inline void again_fields(struct again *out, const struct http_fields *fields)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        again_text(out, fields->list[i].name);
        again_word(out, ": ");
        again_text(out, fields->list[i].value);
        again_word(out, "\r\n");
    }
    again_word(out, "\r\n");
}

static inline void same_fields(const struct http_fields *a, const struct http_fields *b)
{
    assert(a->n == b->n && memcmp(a->first, b->first, sizeof a->first) == 0);
    for (uint32_t i = 0; i < a->n; i++) {
        assert(a->list[i].id == b->list[i].id);
        assert(http_text_is(a->list[i].name, b->list[i].name));
        assert(http_text_is(a->list[i].value, b->list[i].value));
    }
}

static inline bool is_within(struct http_text t, const char *at, size_t len)
{
    return t.at == NULL ? t.len == 0 : t.at >= at && t.at + t.len <= at + len;
}

/* Nothing in a field that the next reader could take for an end of line, or of a text. */
static inline void fields_are_clean(const struct http_fields *fields, const char *at, size_t len)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        struct http_text name = fields->list[i].name, value = fields->list[i].value;

        assert(is_within(name, at, len) && is_within(value, at, len));
        assert(http_is_token(name));
        for (size_t k = 0; k < value.len; k++)
            assert((unsigned char)value.at[k] >= 0x20 || value.at[k] == '\t');
    }
}

/* What the scan says depends on the octets alone: of every shorter piece it says nothing yet, or the
 * same. Long inputs are tried at each of their last octets and here and there before. */
static inline void scans_alike_however_split(enum http_side side, const char *at, size_t len)
{
    int whole = http_head_scan(side, at, len);
    size_t step = len > 512 ? len / 61 : 1;

    assert(whole <= HTTP_HEAD_MAX && (whole <= 0 || (size_t)whole <= len));
    for (size_t n = 0; n < len; n += n + 128 < len ? step : 1) {
        int early = http_head_scan(side, at, n);
        assert(early == 0 || early == whole);
        assert(early <= 0 || (size_t)early <= n);
    }
}
