/* edge_json.h - the figures of the edges, copied for the main thread. */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include <waymark/edge.h>

/* All of them; *n of them. The caller frees it. NULL: none, or out of memory. `edges` may be NULL.
 */
struct edge_figures *edge_copy(const struct edges *edges, size_t *n);

const char *edge_state_word(enum edge_state state); /* "up", "draining", "down" */

/* An array, an element per edge. */
json_t *edge_json(const struct edges *edges);

/* Answers a purge: what the client said, done or refused with a sentence. */
json_t *edge_purge_json(struct edges *edges, const json_t *body);
/* Sets what the /healthz of an edge says, likewise. */
json_t *edge_state_json(struct edges *edges, const json_t *body);

/* Where that configuration has the edge of the PoP listen: arrays "listen" and "listen_tls". */
void edge_put_places(json_t *edge, const struct conf *conf, const char *pop);
