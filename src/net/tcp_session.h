/* tcp_session.h - one client on TCP. Lives on the heap, in the list of its server. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <waymark/addr.h>

#include "tcp_frames.h"

struct net_kit;

enum {
    /* Where answers are written before they are sent, shared by the sessions of a worker. */
    TCP_ANSWERS = 2 * TCP_FRAMES_MAX
};

struct tcp_session {
    uint32_t magic;
    int fd;
    TAILQ_ENTRY(tcp_session) links;
    struct tcp_sessions *all;
    struct event reading, writing;
    struct addr from;
    int64_t active_us; /* the last whole query, or the last answer taken */
    struct tcp_frames in;
    uint8_t *left; /* answers that the client has not taken; NULL: none */
    size_t left_at, left_len;
    bool is_ending; /* nothing more is read; closed once nothing is left */
};

TAILQ_HEAD(tcp_session_list, tcp_session);

/* The sessions of one worker, the one that was idle the longest first. */
struct tcp_sessions {
    struct net_kit *kit;
    struct tcp_session_list list;
    size_t n, n_max;
    uint16_t keepalive_ds; /* how long a silent client is kept, in tenths of a second */
    uint8_t *answers; /* TCP_ANSWERS octets */
};

/* Takes the descriptor over, also when it fails. 0 or -ENOMEM. */
int tcp_session_open(struct tcp_sessions *all, int fd, const struct addr *from, int64_t now_us);
void tcp_session_close(struct tcp_session *s);
