/* net_bind.h - sockets bound to an endpoint, or a sentence that says what to do about it.
 *
 * Owner: the caller closes the descriptor. All are closed on exec; those for TCP do not block. */
#pragma once

#include <stdbool.h>

#include <waymark/addr.h>
#include <waymark/why.h>

/* Is nobody else there? The real sockets share their port (SO_REUSEPORT), so a second server of the
 * same user would bind without an error and take half of the queries: ask first. 0 or -errno. */
int net_bind_try(const struct endpoint *at, char why[static WHY_LEN]);

int net_bind_udp(const struct endpoint *at, int *fd, char why[static WHY_LEN]);
/* It listens. The kernel gives up a client that takes nothing for twice `patience_s`. */
int net_bind_tcp(const struct endpoint *at, int patience_s, int *fd, char why[static WHY_LEN]);

/* 0.0.0.0 or [::]: the kernel picks the source of an answer unless told. */
bool net_is_wildcard(const struct endpoint *at);
