/* tcp_server.h - the TCP side of one worker: listeners, and the sessions they accepted.
 *
 * Threads: the TCP thread's, on its loop.
 * A session reads until a whole message is there, answers everything that has arrived (pipelining,
 * RFC 7766 6.2.1.1), and reads no further while its client does not take the answers. It ends when
 * the client says so, is broken, or lets tcp_idle_s pass without a whole query or without taking
 * the answers; after tcp_life_s in any case; when another client needs its place and it was idle the
 * longest, or another connection of its own client, who may have tcp_per_client. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <waymark/net.h>

struct net_kit;
struct tcp_server;

/* The kit outlives the server. Descriptors stay the caller's. NULL: out of memory. */
struct tcp_server *tcp_server_new(struct net_kit *kit, const int *fds, size_t n_fds,
                                  const struct net_config *config);
void tcp_server_free(struct tcp_server *s); /* closes all sessions; NULL is fine */

/* A few times a second: deadlines. */
void tcp_server_turn(struct tcp_server *s, int64_t now_us);
