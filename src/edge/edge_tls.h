/* edge_tls.h - the certificate and key of an edge, read from their files.
 *
 * Threads: any. */
#pragma once

#include <waymark/conf.h>
#include <waymark/why.h>

struct ssl_ctx_st;

/* NULL for an edge without TLS. 0, or -errno with `why`, which names the file. */
int edge_tls_load(const struct conf_edge *conf, struct ssl_ctx_st **out, char why[static WHY_LEN]);
