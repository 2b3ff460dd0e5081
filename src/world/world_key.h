/* world_key.h - the secret that the coherent draw hashes with. */
#pragma once

#include <waymark/hash.h>

struct report;

/* From the file, 32 octets; without a file (a check, an explanation offline) a random one. A file
 * that cannot be read or is too short is an error in the report. */
void world_key_read(const char *path, struct hash_key *out, struct report *report);
