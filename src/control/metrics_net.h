/* metrics_net.h - what the sockets count. Main thread. */
#pragma once

#include <stdio.h>

struct net;

void metrics_write_net(FILE *out, const struct net *net); /* NULL: writes nothing */
