/* status_guard.h - what the status says of clients that may be forged, and of those on TCP. Pure. */
#pragma once

#include <stdio.h>

#include <jansson.h>

struct dns_counts;
struct net_counts;

json_t *guard_json(const struct dns_counts *n);
json_t *tcp_json(const struct net_counts *n);
void guard_text(const json_t *guard, FILE *out); /* NULL, from an older server: writes nothing */
void tcp_text(const json_t *tcp, FILE *out);
