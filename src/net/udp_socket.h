/* udp_socket.h - ports over the kernel's sockets: recvmmsg and sendmmsg. See udp_port.h. */
#pragma once

#include <waymark/why.h>

#include "udp_port.h"

struct endpoint;
struct udp_room; /* buffers that the sockets of one thread share */

struct udp_room *udp_room_new(void);       /* NULL: out of memory */
void udp_room_free(struct udp_room *room); /* after its sockets; NULL is fine */

/* Bound to that endpoint. The room outlives it. 0, or -errno with `why`. */
int udp_socket_open(const struct endpoint *at, struct udp_room *room, struct udp_port **out,
                    char why[static WHY_LEN]);
