/* world_stage.h - what the benches of the whole world share: a world loaded from a configuration, and
 * prepared questions for names from a file. Whatever goes wrong ends the program with a sentence. */
#pragma once

#include <waymark/dns.h>
#include <waymark/rng.h>
#include <waymark/world.h>

enum { STAGE_BATCH = 32, STAGE_PACKETS = 4096, STAGE_ANSWER_LEN = 4096 };

struct stage_packets {
    uint8_t octets[STAGE_PACKETS][128];
    struct dns_in in[STAGE_PACKETS];
};

struct stage_out {
    uint8_t octets[STAGE_BATCH][STAGE_ANSWER_LEN];
    struct dns_out out[STAGE_BATCH];
};

struct stage_times {
    double conf_ms, world_ms;
};

/* Ready, and with the desks' counters. */
struct world_hub *stage_load(const char *conf_path, struct stage_times *times);
struct dns_desk *stage_desk(void);
void stage_desk_free(struct dns_desk *desk);

/* Type A, each for a name of the file in turn, with a client subnet of 24 random bits. */
struct stage_packets *stage_packets(const char *names_path);
struct stage_out *stage_out(void);

/* A batch of the questions from `first` on. */
void stage_answer(const struct world *world, struct dns_desk *desk, struct stage_packets *packets,
                  size_t first, struct stage_out *out);

_Noreturn void stage_fail(const char *what, const char *name);
