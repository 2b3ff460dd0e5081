/* session_upload.c - a request's body, out of the connection's input. Edge thread.
 *
 * Called by libcurl for a fetch on the session's behalf: memory only. */
#include "session.h"

#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

static long read_sized(struct session *s, struct evbuffer *in, char *out, size_t room)
{
    if (room > s->upload_left)
        room = (size_t)s->upload_left;
    ev_ssize_t n = evbuffer_copyout(in, out, room);
    if (n <= 0)
        return -1;
    session_drain(s, (size_t)n);
    s->upload_left -= (uint64_t)n;
    s->is_upload_done = s->upload_left == 0;
    return (long)n;
}

static long read_chunked(struct session *s, struct evbuffer *in, char *out, size_t room)
{
    size_t filled = 0;

    while (filled < room && evbuffer_get_length(in) > 0 && !s->is_upload_done) {
        struct evbuffer_iovec piece;
        struct http_text run;
        size_t used = 0;
        evbuffer_peek(in, -1, NULL, &piece, 1);
        /* No more at a time than fits: framing takes the rest of it. */
        size_t len = piece.iov_len < room - filled ? piece.iov_len : room - filled;
        enum http_chunks_step step =
            http_chunks_read(&s->upload_chunks, piece.iov_base, len, &used, &run);
        if (step == HTTP_CHUNKS_BAD) {
            s->is_upload_bad = true;
            return -2;
        }
        if (step == HTTP_CHUNKS_DATA) {
            memcpy(out + filled, run.at, run.len);
            filled += run.len;
        }
        s->is_upload_done = step == HTTP_CHUNKS_END;
        session_drain(s, used);
    }
    if (filled > 0)
        return (long)filled;
    return s->is_upload_done ? 0 : -1;
}

long session_read_upload(void *ctx, char *out, size_t room)
{
    struct session *s = session_of(ctx);
    struct evbuffer *in = bufferevent_get_input(s->bev);

    if (s->is_upload_done)
        return 0;
    if (s->request->head.body == HTTP_BODY_LENGTH)
        return read_sized(s, in, out, room);
    return read_chunked(s, in, out, room);
}
