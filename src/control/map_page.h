/* map_page.h - what the pictures of the running world keep between them. Main thread. */
#pragma once

struct map_cache;

struct map_cache *map_cache_new(void);        /* NULL: out of memory */
void map_cache_free(struct map_cache *cache); /* NULL is fine */
