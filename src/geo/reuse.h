/* reuse.h - was this base made of what a configuration asks for, and are the files the same?
 *
 * Threads: one owner while a base is made. Home: inside the base; geo_reuse_fini frees. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/file.h>

struct arena;
struct conf_geo;

struct geo_reuse {
    char *settings; /* all that the base depends on beside its files' content; NULL: never equal */
    struct file_stamp *files;
    size_t n_files;
    bool is_firm; /* every file was at rest, and nothing was warned of: a warning is to be repeated
                   */
};

/* Before the files are read. Texts go to the arena. false: out of memory. */
bool geo_reuse_init(struct geo_reuse *reuse, const struct conf_geo *conf, struct arena *arena);
void geo_reuse_fini(struct geo_reuse *reuse);

/* Blocks for a stat of each file. */
bool geo_reuse_is_possible(const struct geo_reuse *reuse, const struct conf_geo *conf);
