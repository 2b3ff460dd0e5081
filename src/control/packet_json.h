/* packet_json.h - a DNS message in words. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* {"rcode", "flags", "question", "answer": [{"name", "ttl", "type", "data"}], ...}; where the
 * octets make no sense, reading ends and "trouble" says so. */
json_t *packet_json(const uint8_t *octets, size_t len);
