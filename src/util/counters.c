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
    uint32_t *table; /* slot + 1, 0: free; twice the capacity, a power of two */
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

/* Where the name stands in the table, or the free place where it would. */
static uint32_t *find(const struct counter_names *names, const char *family, const char *label)
{
    uint32_t mask = names->capacity * 2 - 1;
    uint64_t h = hash_plain(family, strlen(family)) * 31 + hash_plain(label, strlen(label));

    for (uint32_t i = (uint32_t)h & mask;; i = (i + 1) & mask) {
        uint32_t slot = names->table[i];
        if (slot == 0 || (strcmp(names->entries[slot - 1].family, family) == 0 &&
                          strcmp(names->entries[slot - 1].label, label) == 0))
            return &names->table[i];
    }
}

static int grow(struct counter_names *names)
{
    uint32_t capacity = names->capacity == 0 ? 64 : names->capacity * 2;
    uint32_t *table = calloc((size_t)capacity * 2, sizeof *table);
    struct entry *entries = realloc(names->entries, capacity * sizeof *entries);

    if (entries != NULL)
        names->entries = entries;
    if (table == NULL || entries == NULL) {
        free(table);
        return -ENOMEM;
    }
    free(names->table);
    names->table = table;
    names->capacity = capacity;
    for (uint32_t i = 0; i < names->n; i++)
        *find(names, names->entries[i].family, names->entries[i].label) = i + 1;
    return 0;
}

uint32_t counter_names_slot(struct counter_names *names, const char *family, const char *label)
{
    if (names->n == names->capacity) {
        if (names->n >= COUNTER_SLOTS || grow(names) != 0)
            return UINT32_MAX;
    }
    uint32_t *place = find(names, family, label);
    if (*place == 0) {
        struct entry e = { arena_text(names->arena, family), arena_text(names->arena, label) };
        if (e.family == NULL || e.label == NULL)
            return UINT32_MAX;
        names->entries[names->n++] = e;
        *place = names->n;
    }
    return *place - 1;
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
