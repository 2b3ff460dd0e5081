/* body.c - looks for a text in a body that comes in pieces. Pure. */
#include "body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int body_init(struct body *body, const char *text)
{
    *body = (struct body){ .text = text, .text_len = text == NULL ? 0 : strlen(text) };
    body->is_found = body->text_len == 0;
    if (body->is_found)
        return 0;
    body->tail = malloc(2 * body->text_len);
    return body->tail == NULL ? -ENOMEM : 0;
}

void body_fini(struct body *body)
{
    free(body->tail);
    body->tail = NULL;
}

/* Does the text lie across the end of what came before and the start of this? */
static bool straddles(struct body *body, const char *data, size_t len)
{
    size_t n = len < body->text_len - 1 ? len : body->text_len - 1;

    memcpy(body->tail + body->tail_len, data, n);
    return memmem(body->tail, body->tail_len + n, body->text, body->text_len) != NULL;
}

/* Keeps the last octets, one fewer than the text has. */
static void keep_tail(struct body *body, const char *data, size_t len)
{
    size_t keep = body->text_len - 1;

    if (len >= keep) {
        memcpy(body->tail, data + len - keep, keep);
        body->tail_len = keep;
        return;
    }
    /* straddles() has put the data behind the tail already */
    size_t all = body->tail_len + len;
    size_t drop = all > keep ? all - keep : 0;
    memmove(body->tail, body->tail + drop, all - drop);
    body->tail_len = all - drop;
}

bool body_feed(struct body *body, const char *data, size_t len)
{
    bool is_full = len >= BODY_MAX - body->seen;

    if (is_full)
        len = BODY_MAX - body->seen;
    body->seen += len;
    if (body->text_len == 0)
        return !is_full;
    if (body->is_found || straddles(body, data, len) ||
        memmem(data, len, body->text, body->text_len) != NULL) {
        body->is_found = true;
        return false;
    }
    keep_tail(body, data, len);
    return !is_full;
}
