/* counters.c - the memory of a bank, and the register that names slots. */
#include <waymark/counters.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <waymark/arena.h>
#include <waymark/hash.h>

uint64_t counter_read(const struct counter_bank *bank, uint32_t slot)
{
    return __atomic_load_n(&bank->cells[slot], __ATOMIC_RELAXED);
}

struct counter_bank *counter_bank_new(void)
{
    void *at = mmap(NULL, sizeof(struct counter_bank), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

void counter_bank_free(struct counter_bank *bank)
{
    if (bank != NULL)
        munmap(bank, sizeof *bank);
}

struct entry {
    const char *family, *label;
};

struct counter_names {
    struct arena *arena;
    struct entry *entries;
    uint32_t n, capacity;
    uint64_t *table; /* hash above slot + 1, 0: free; twice the capacity, a power of two */
};

struct counter_names *counter_names_new(void)
{
    struct counter_names *names = calloc(1, sizeof *names);

    if (names == NULL)
        return NULL;
    names->arena = arena_new();
    if (names->arena == NULL) {
        free(names);
        return NULL;
    }
    return names;
}

void counter_names_free(struct counter_names *names)
{
    if (names == NULL)
        return;
    arena_free(names->arena);
    free(names->entries);
    free(names->table);
    free(names);
}

static uint32_t hash_of(const char *family, const char *label)
{
    return (uint32_t)(hash_plain(family, strlen(family)) * 31 + hash_plain(label, strlen(label)));
}

/* Where the name stands in the table, or the free place where it would. */
static uint64_t *find(const struct counter_names *names, uint32_t hash, const char *family,
                      const char *label)
{
    uint32_t mask = names->capacity * 2 - 1;

    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        uint64_t place = names->table[i];
        if (place == 0)
            return &names->table[i];
        if (place >> 32 != hash)
            continue;
        const struct entry *e = &names->entries[(uint32_t)place - 1];
        if (strcmp(e->family, family) == 0 && strcmp(e->label, label) == 0)
            return &names->table[i];
    }
}

/* Every name that is known, into a table of twice the capacity. */
static void fill(const struct counter_names *names, uint64_t *table, uint32_t capacity)
{
    uint32_t mask = capacity * 2 - 1;

    for (uint32_t k = 0; k < names->capacity * 2; k++) {
        uint32_t i = (uint32_t)(names->table[k] >> 32) & mask;
        if (names->table[k] == 0)
            continue;
        while (table[i] != 0)
            i = (i + 1) & mask;
        table[i] = names->table[k];
    }
}

static int grow(struct counter_names *names)
{
    uint32_t capacity = names->capacity == 0 ? 64 : names->capacity * 2;
    uint64_t *table = calloc((size_t)capacity * 2, sizeof *table);
    struct entry *entries = realloc(names->entries, capacity * sizeof *entries);

    if (entries != NULL)
        names->entries = entries;
    if (table == NULL || entries == NULL) {
        free(table);
        return -ENOMEM;
    }
    fill(names, table, capacity);
    free(names->table);
    names->table = table;
    names->capacity = capacity;
    return 0;
}

/* Families come in runs: a million labels of one need not keep it a million times. */
static const char *keep_family(struct counter_names *names, const char *family)
{
    const char *last = names->n == 0 ? NULL : names->entries[names->n - 1].family;

    return last != NULL && strcmp(last, family) == 0 ? last : arena_text(names->arena, family);
}

uint32_t counter_names_slot(struct counter_names *names, const char *family, const char *label)
{
    if (names->n == names->capacity) {
        if (names->n >= COUNTER_SLOTS || grow(names) != 0)
            return UINT32_MAX;
    }
    uint32_t hash = hash_of(family, label);
    uint64_t *place = find(names, hash, family, label);
    if (*place == 0) {
        struct entry e = { keep_family(names, family), arena_text(names->arena, label) };
        if (e.family == NULL || e.label == NULL)
            return UINT32_MAX;
        names->entries[names->n++] = e;
        *place = (uint64_t)hash << 32 | names->n;
    }
    return (uint32_t)*place - 1;
}

uint32_t counter_names_count(const struct counter_names *names)
{
    return names->n;
}

void counter_names_get(const struct counter_names *names, uint32_t slot, const char **family,
                       const char **label)
{
    *family = names->entries[slot].family;
    *label = names->entries[slot].label;
}
