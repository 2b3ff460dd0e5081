/* tcp_thread.h - one thread that answers on TCP: its listeners, its libevent loop. Streams are far
 * from datagrams, so that clients who pipeline keep nobody's datagram waiting.
 *
 * Threads: all of this is called from main; between start and stop the loop runs on its own thread.
 */
#pragma once

#include <stdint.h>

#include <waymark/net.h>

struct tcp_thread;

/* Binds and listens on every address. 0, or -errno with `why`. */
int tcp_thread_new(const struct net_config *config, size_t worker, struct dns_desk *desk,
                   struct tcp_thread **out, char why[static WHY_LEN]);
int tcp_thread_start(struct tcp_thread *t, char why[static WHY_LEN]);
void tcp_thread_stop(struct tcp_thread *t); /* asks and joins; NULL is fine */
void tcp_thread_free(struct tcp_thread *t); /* stopped; NULL is fine */

const struct net_counts *tcp_thread_counts(const struct tcp_thread *t);
int64_t tcp_thread_turned_us(const struct tcp_thread *t); /* at least twice a second */
