/* tcp_frames.c - the framing of DNS over TCP. Knows nothing of sockets. */
#include "tcp_frames.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/wire.h>

_Static_assert(TCP_FRAMES_MAX == TCP_PREFIX + WIRE_MESSAGE_MAX, "one message of the longest kind");

void tcp_frames_init(struct tcp_frames *f)
{
    *f = (struct tcp_frames){ 0 };
}

void tcp_frames_fini(struct tcp_frames *f)
{
    free(f->octets);
    *f = (struct tcp_frames){ 0 };
}

static void move_to_front(struct tcp_frames *f)
{
    if (f->start == 0)
        return;
    memmove(f->octets, f->octets + f->start, f->end - f->start);
    f->end -= f->start;
    f->start = 0;
}

/* A client that once sent a long message does not keep the memory for it. */
static void give_back(struct tcp_frames *f)
{
    if (f->end == 0 && f->cap > TCP_FRAMES_MIN)
        tcp_frames_fini(f);
}

static void grow(struct tcp_frames *f)
{
    size_t cap = f->cap == 0 ? TCP_FRAMES_MIN : 2 * f->cap;
    if (cap > TCP_FRAMES_MAX)
        cap = TCP_FRAMES_MAX;
    uint8_t *octets = realloc(f->octets, cap);

    if (octets == NULL)
        return;
    f->octets = octets;
    f->cap = cap;
}

size_t tcp_frames_room(struct tcp_frames *f, uint8_t **at)
{
    move_to_front(f);
    give_back(f);
    if (f->end == f->cap && f->cap < TCP_FRAMES_MAX)
        grow(f);
    if (f->octets == NULL)
        return 0;
    *at = f->octets + f->end;
    return f->cap - f->end;
}

void tcp_frames_rest(struct tcp_frames *f)
{
    if (f->start == f->end)
        tcp_frames_fini(f);
}

void tcp_frames_add(struct tcp_frames *f, size_t n)
{
    assert(n <= f->cap - f->end);
    f->end += n;
}

enum tcp_verdict tcp_frames_next(struct tcp_frames *f, const uint8_t **message, size_t *len)
{
    size_t have = f->end - f->start;

    if (have < TCP_PREFIX)
        return TCP_MORE;
    size_t wanted = wire_get16(f->octets + f->start);
    if (wanted == 0)
        return TCP_BROKEN;
    if (have < TCP_PREFIX + wanted)
        return TCP_MORE;
    *message = f->octets + f->start + TCP_PREFIX;
    *len = wanted;
    f->start += TCP_PREFIX + wanted;
    return TCP_FRAME;
}
