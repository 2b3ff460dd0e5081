/* overlay.h - what stands above the databases: the operator's networks, then special ranges.
 *
 * Threads: one owner, while a base is made. Home: the caller's storage. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "geo/countries.h"
#include "geo/map.h"
#include "geo/networks.h"
#include "geo/places.h"
#include "geo/seq.h"
#include "geo/special.h"

/* What lies over a piece of the address space; at least one of both. */
struct geo_cover {
    const struct geo_special *special;
    const struct geo_network *network;
};

struct geo_overlay {
    const struct geo_networks *networks;
    const struct geo_countries *countries;
    struct geo_places *places;
    const char *networks_path; /* kept in places */
    struct geo_cover *covers;  /* covers[i] has number i + 1 */
    size_t n, cap;
    struct geo_map by_pair; /* (special, network) -> cover; then (place, cover) -> place */
    bool has_failed;        /* out of memory */
};

/* `seq`, a list of places, becomes one with the overlay over it. false: out of memory. */
bool geo_overlay_apply(struct geo_overlay *overlay, uint8_t family, struct geo_seq *seq);
void geo_overlay_fini(struct geo_overlay *overlay);
