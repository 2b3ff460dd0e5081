/* counters.h - numbers with one writer and any number of readers.
 *
 * A bank belongs to one thread, which alone adds to it; others read it with relaxed atomics. Slots
 * are handed out by name and never reused, so that a figure survives a reload. A bank is address space for
 * all of them at once; memory comes to it with use. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { COUNTER_SLOTS = 1 << 23 }; /* 64 for each service that there may be */

struct counter_bank {
    uint64_t cells[COUNTER_SLOTS];
};

/* Any cell with one writer: readers on other threads may see it late, never torn. */
static inline void counter_bump(uint64_t *cell, uint64_t n)
{
    __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* The same for a cell that counts what there is now. */
static inline void counter_drop(uint64_t *cell, uint64_t n)
{
    counter_bump(cell, 0 - n);
}

/* Adds somebody else's cells to `sum`. */
static inline void counter_sum(uint64_t *sum, const uint64_t *cells, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += __atomic_load_n(&cells[i], __ATOMIC_RELAXED);
}

static inline void counter_add(struct counter_bank *bank, uint32_t slot, uint64_t n)
{
    counter_bump(&bank->cells[slot], n);
}

uint64_t counter_read(const struct counter_bank *bank, uint32_t slot);

struct counter_bank *counter_bank_new(void); /* NULL: no address space */
void counter_bank_free(struct counter_bank *bank); /* NULL is fine */

/* The register of slots: (family, label) -> slot. One owner, under its lock. */
struct counter_names;

struct counter_names *counter_names_new(void);
void counter_names_free(struct counter_names *names);
/* The slot of that name, a new one if it is new; UINT32_MAX when full or out of memory. */
uint32_t counter_names_slot(struct counter_names *names, const char *family, const char *label);
uint32_t counter_names_count(const struct counter_names *names);
void counter_names_get(const struct counter_names *names, uint32_t slot, const char **family,
                       const char **label);
