/* body.h - looks for a text in a body that comes in pieces, keeping no more of it than it must.
 *
 * Pure. Owner: the caller's storage, with one buffer inside: init and fini. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { BODY_MAX = 64 * 1024 }; /* octets that are looked at */

struct body {
    const char *text; /* borrowed; NULL: any body will do */
    size_t text_len;
    char *tail; /* of what came, shorter than the text; has room for twice that */
    size_t tail_len;
    size_t seen;
    bool is_found;
};

/* 0 or -ENOMEM. */
int body_init(struct body *body, const char *text);
void body_fini(struct body *body);

/* false: no more is wanted, the text was found or BODY_MAX octets have come. */
bool body_feed(struct body *body, const char *data, size_t len);
