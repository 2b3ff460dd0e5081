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
int edge_listen(struct edge *e, int fd, bool is_tls); /* 0 or -ENOMEM; fd is borrowed */
void edge_stop_listening(struct edge *e);

/* A quarter of a second has passed: deadlines, figures. */
void edge_turn(struct edge *e, int64_t now_us);

/* The certificate and key of a configured edge; NULL without them. 0, or -errno with `why`. */
int edge_load_tls(const struct conf_edge *conf, struct ssl_ctx_st **out, char why[static WHY_LEN]);
