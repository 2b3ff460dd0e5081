/* tcp_clients.h - who has how many TCP connections: an IPv4 address, or an IPv6 /64, is one client.
 *
 * Threads: one owner, a TCP thread. A client lives on the heap from its first connection to its last;
 * the table never grows, since the sessions of a thread are bounded. */
#pragma once

#include <stddef.h>
#include <sys/queue.h>

#include <waymark/addr.h>
#include <waymark/siphash.h>

struct tcp_session;

TAILQ_HEAD(tcp_session_list, tcp_session);

struct tcp_client {
    struct tcp_client *next; /* in its bucket */
    size_t bucket;
    struct addr who;
    size_t n;
    struct tcp_session_list list; /* the one that was idle the longest first */
};

struct tcp_clients {
    struct siphash_key key; /* nobody chooses whom he shares a bucket with */
    struct tcp_client **buckets;
    size_t n_buckets; /* a power of two */
};

/* For so many sessions. 0, or -ENOMEM. */
int tcp_clients_init(struct tcp_clients *all, size_t n_sessions);
void tcp_clients_fini(struct tcp_clients *all); /* no client is left; a zeroed one is fine */

/* The client of that address, made if it is not there; it must get a session, or be let go. NULL: out
 * of memory. */
struct tcp_client *tcp_clients_get(struct tcp_clients *all, const struct addr *from);
/* Frees it when it has no session. */
void tcp_clients_let_go(struct tcp_clients *all, struct tcp_client *client);
