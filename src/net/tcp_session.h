/* tcp_session.h - one client's connection on TCP. Lives on the heap, in the lists of its server. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <waymark/addr.h>

#include "tcp_clients.h"
#include "tcp_frames.h"

struct net_kit;

enum {
    /* Where answers are written before they are sent, shared by the sessions of a thread. */
    TCP_ANSWERS = 2 * TCP_FRAMES_MAX,
    /* What the sessions of a thread may hold beyond 4 KiB each: long queries that are not whole yet,
     * answers that are not taken. The one that began first is dropped for the next. */
    TCP_HELD_MAX = 16 << 20
};

struct tcp_session {
    uint32_t magic;
    int fd;
    struct tcp_sessions *all;
    struct tcp_client *client;
    TAILQ_ENTRY(tcp_session) by_activity, by_age, of_client, of_holders;
    struct event reading, writing;
    struct addr from;
    int64_t opened_us;
    int64_t active_us; /* the last whole query, or the last answer taken */
    size_t held;       /* octets that count to TCP_HELD_MAX; 0: not in the list of holders */
    struct tcp_frames in;
    uint8_t *left; /* answers that the client has not taken; NULL: none */
    size_t left_at, left_len;
    int n_queries;   /* answered; counted only if they are bounded */
    bool is_full;    /* it has asked as often as it may: what still comes is thrown away */
    bool is_ending;  /* nothing more is read; closed once nothing is left */
    bool is_expired; /* and not in the list by age */
};

/* The sessions of one thread. */
struct tcp_sessions {
    struct net_kit *kit;
    struct tcp_session_list by_activity; /* the one that was idle the longest first */
    struct tcp_session_list by_age;      /* the oldest first */
    struct tcp_session_list holders;     /* the one that began to hold memory first */
    struct tcp_clients clients;
    size_t n, n_max;
    size_t held;
    int queries_max;       /* of one connection; 0: any */
    uint16_t keepalive_ds; /* how long a silent client is kept, in tenths of a second */
    uint8_t *answers;      /* TCP_ANSWERS octets */
};

/* Takes the descriptor over, also when it fails. 0 or -ENOMEM. */
int tcp_session_open(struct tcp_sessions *all, struct tcp_client *client, int fd,
                     const struct addr *from, int64_t now_us);
void tcp_session_close(struct tcp_session *s);

/* Closes it; what the kernel holds of answers that the client does not take is thrown away. */
void tcp_session_drop(struct tcp_session *s);

/* It is old enough: closes it once its answers are taken. */
void tcp_session_expire(struct tcp_session *s);
