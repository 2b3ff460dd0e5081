/* tcp_frames.h - octets of a stream, cut into messages by their length prefix (RFC 1035 4.2.2).
 *
 * Threads: one owner. Pure, apart from the memory: 4 KiB while a message arrives, more only when a
 * message that is longer has filled what there is, never beyond one message of the longest kind. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { TCP_PREFIX = 2, TCP_FRAMES_MIN = 4096, TCP_FRAMES_MAX = TCP_PREFIX + 65535 };

struct tcp_frames {
    uint8_t *octets;
    size_t start, end; /* what is not yet handed out */
    size_t cap;
};

enum tcp_verdict {
    TCP_MORE, /* no whole message yet */
    TCP_FRAME,
    TCP_BROKEN /* a message of no octets: whoever sends that speaks no DNS */
};

void tcp_frames_init(struct tcp_frames *f);
void tcp_frames_fini(struct tcp_frames *f);

/* Where to read to and how much. After TCP_MORE there always is room; 0: out of memory. Takes back
 * the messages that were handed out. */
size_t tcp_frames_room(struct tcp_frames *f, uint8_t **at);
void tcp_frames_add(struct tcp_frames *f, size_t n); /* that much was read there */

/* Gives the memory back while no message is under way: 10,000 silent clients hold none. */
void tcp_frames_rest(struct tcp_frames *f);

/* The next message, good until the next room. */
enum tcp_verdict tcp_frames_next(struct tcp_frames *f, const uint8_t **message, size_t *len);
