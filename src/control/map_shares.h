/* map_shares.h - which share of each country's addresses a class of a plan has. It depends on a
 * world's base alone: verdicts change rows, not shares. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <waymark/world.h>

enum { MAP_COUNTRIES = 26 * 26 };

/* -1: not two letters. */
int map_country(const char *code);

struct map_part {
    uint16_t country; /* by map_country */
    uint32_t class;
    double share; /* of its family's whole space */
};

struct map_shares {
    uint8_t family; /* 4, or 6 where no database places an IPv4 address */
    size_t n;
    struct map_part *parts; /* by country */
};

/* Walks the address space: a second or so on databases of cities. NULL: out of memory. */
struct map_shares *map_shares_new(const struct world *world, size_t plan);
void map_shares_free(struct map_shares *shares); /* NULL is fine */
