/* base.h - what a base consists of; private to geo. */
#pragma once

#include <stdatomic.h>

#include <waymark/geo.h>

#include "geo/places.h"
#include "geo/reuse.h"
#include "geo/seq.h"

struct arena;

struct geo {
    atomic_uint refs;
    struct geo_places *places;
    struct geo_seq v4, v6; /* of place numbers */
    struct geo_source *sources;
    size_t n_sources;
    struct arena *arena; /* of the sources' texts */
    struct geo_reuse reuse;
};
