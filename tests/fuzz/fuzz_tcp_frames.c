/* fuzz_tcp_frames.c - any octets as a stream of DNS over TCP. However they arrive, the messages are
 * those that a plain reader of the whole finds, up to the first of no octets; there is room while one
 * is under way, for no more than the longest; and nothing is held when nothing is under way.
 *
 * The first octet is how the stream is split, the second how often it rests, the rest is the stream,
 * each octet of it so often as the third says: a message of 64 KiB is then within a fuzzer's reach. A
 * long stream comes in pieces that are not too many. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "net/tcp_frames.h"

enum { HEAD = 3, TIMES_MAX = 256, STREAM_MAX = 3 * TCP_FRAMES_MAX, PIECES_MAX = 2048 };

struct stream {
    uint8_t *at;
    size_t len;
    size_t seen; /* of it, in messages and their prefixes */
    bool is_broken;
};

/* RFC 1035 4.2.2 as it stands there. */
static enum tcp_verdict plain(const struct stream *s, size_t arrived, size_t *len)
{
    if (arrived - s->seen < TCP_PREFIX)
        return TCP_MORE;
    *len = (size_t)s->at[s->seen] << 8 | s->at[s->seen + 1];
    if (*len == 0)
        return TCP_BROKEN;
    return arrived - s->seen - TCP_PREFIX < *len ? TCP_MORE : TCP_FRAME;
}

static void takes_what_is_there(struct tcp_frames *f, struct stream *s, size_t arrived)
{
    const uint8_t *message = NULL;
    size_t len = 0, wanted = 0;

    for (;;) {
        enum tcp_verdict found = tcp_frames_next(f, &message, &len);

        assert(found == plain(s, arrived, &wanted));
        s->is_broken = found == TCP_BROKEN;
        if (found != TCP_FRAME)
            return;
        assert(len == wanted && memcmp(message, s->at + s->seen + TCP_PREFIX, len) == 0);
        s->seen += TCP_PREFIX + len;
    }
}

/* As a session does: reads into the room that there is, takes all messages, perhaps rests. */
static void read_in_pieces(struct stream *s, size_t piece, unsigned rests)
{
    struct tcp_frames f;
    size_t arrived = 0;

    tcp_frames_init(&f);
    while (arrived < s->len && !s->is_broken) {
        uint8_t *at = NULL;
        size_t room = tcp_frames_room(&f, &at);
        size_t n = s->len - arrived < piece ? s->len - arrived : piece;

        assert(room > 0 && at != NULL && f.cap <= TCP_FRAMES_MAX);
        n = n < room ? n : room;
        memcpy(at, s->at + arrived, n);
        tcp_frames_add(&f, n);
        arrived += n;
        takes_what_is_there(&f, s, arrived);
        if (rests != 0 && arrived % rests == 0)
            tcp_frames_rest(&f);
        assert(rests != 1 || s->seen < arrived || f.octets == NULL);
    }
    tcp_frames_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    size_t times = 1 + data[2] % TIMES_MAX;
    struct stream s = { .len = (size - HEAD) * times };

    if (s.len > STREAM_MAX)
        s.len = STREAM_MAX;
    s.at = malloc(s.len + 1);
    if (s.at == NULL)
        return 0;
    for (size_t i = 0; i < s.len; i++)
        s.at[i] = data[HEAD + i / times];
    /* From single octets to more than there ever is room for. */
    size_t piece = data[0] < 128 ? 1 + (size_t)data[0] : (size_t)(data[0] - 127) * 1021;
    read_in_pieces(&s, piece + s.len / PIECES_MAX, data[1]);
    free(s.at);
    return 0;
}
