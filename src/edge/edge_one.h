/* edge_one.h - one edge: made, given its configuration, turned, ended. See parts.h for what it is.
 *
 * Threads: edge_new and edge_free from the edge's thread, or before it runs. */
#pragma once

#include "parts.h"

/* `index` in conf->edges; the conf is referenced. NULL: out of memory. */
struct edge *edge_new(struct edge_thread *thread, struct farm_purges *purges, struct conf *conf,
                      size_t index);
void edge_free(struct edge *e); /* NULL is fine */

/* Another configuration of the same PoP; `tls` is taken over, NULL: none. */
void edge_set_conf(struct edge *e, struct conf *conf, size_t index);
void edge_set_tls(struct edge *e, struct ssl_ctx_st *tls);
void edge_listen(struct edge *e, struct listener *listeners); /* taken over: all in the chain */
void edge_stop_listening(struct edge *e);

/* A quarter of a second has passed: deadlines, figures. */
void edge_turn(struct edge *e, int64_t now_us);
