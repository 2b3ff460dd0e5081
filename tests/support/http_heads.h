/* http_heads.h - heads for tests, written with plain line ends.
 *
 * The slices point into one buffer per head, which the caller keeps. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "edge/http_head.h"

enum { HEADS_ROOM = 4096 };

struct heads_text {
    char at[HEADS_ROOM];
    size_t len;
};

/* "\n" becomes CRLF, and an empty line is added. */
static inline void heads_write(struct heads_text *out, const char *text)
{
    out->len = 0;
    for (; *text != '\0' && out->len < HEADS_ROOM - 4; text++) {
        if (*text == '\n')
            out->at[out->len++] = '\r';
        out->at[out->len++] = *text;
    }
    out->at[out->len++] = '\r';
    out->at[out->len++] = '\n';
}

/* Lines "Name: value\n" of a response to a GET. */
static inline struct http_response_head *heads_response(struct heads_text *room, unsigned status,
                                                        const char *lines,
                                                        struct http_response_head *out)
{
    char text[HEADS_ROOM];

    snprintf(text, sizeof text, "HTTP/1.1 %u x\n%s", status, lines);
    heads_write(room, text);
    if (http_head_response(room->at, room->len, false, out) != 0)
        fail_msg("%s: %s", lines, out->why);
    return out;
}

/* The same of a request: "GET / HTTP/1.1", Host, and the lines. */
static inline struct http_request_head *heads_request(struct heads_text *room, const char *line,
                                                      const char *lines,
                                                      struct http_request_head *out)
{
    char text[HEADS_ROOM];

    snprintf(text, sizeof text, "%s HTTP/1.1\nHost: www.example\n%s", line, lines);
    heads_write(room, text);
    if (http_head_request(room->at, room->len, out) != 0)
        fail_msg("%s: %s", line, out->why);
    return out;
}

static inline struct http_text heads_t(const char *z)
{
    return http_text_of(z);
}

#define assert_text(text, expected)                                                                \
    do {                                                                                           \
        struct http_text got_ = (text);                                                            \
        if (!http_text_is(got_, http_text_of(expected)))                                           \
            fail_msg("%.*s is not %s", (int)got_.len, got_.len > 0 ? got_.at : "", expected);      \
    } while (0)
