/* udp_thread.h - one thread that answers datagrams: its sockets, its loop.
 *
 * Threads: all of this is called from main; between start and stop the loop runs on its own thread.
 */
#pragma once

#include <stdint.h>

#include <waymark/net.h>

struct udp_thread;

/* As many as there are addresses while those are few; else one that polls all of them, since a
 * thread for each would be a lot of threads. */
size_t udp_threads_per_worker(size_t n_listen);

/* The first worker's come first. Binds its sockets. 0, or -errno with `why`. */
int udp_thread_new(const struct net_config *config, size_t number, struct dns_desk *desk,
                   struct udp_thread **out, char why[static WHY_LEN]);
int udp_thread_start(struct udp_thread *t, char why[static WHY_LEN]); /* failed: stop it still */
void udp_thread_stop(struct udp_thread *t); /* asks and joins, for good; NULL is fine */
void udp_thread_free(struct udp_thread *t); /* stopped; NULL is fine */

const struct net_counts *udp_thread_counts(const struct udp_thread *t);
int64_t udp_thread_turned_us(struct udp_thread *t, int64_t now_us);
