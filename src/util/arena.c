/* arena.c - a chain of blocks, each twice the size of the one before up to a limit. */
#include <waymark/arena.h>

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_FIRST = 4096, BLOCK_MAX = 1 << 20 };

struct block {
    struct block *next;
    size_t size, used;
    max_align_t data[];
};

struct arena {
    struct block *head;
    size_t bytes;
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    for (struct block *b = arena->head, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(arena);
}

static struct block *block_add(struct arena *arena, size_t need)
{
    size_t size = arena->head == NULL ? BLOCK_FIRST : arena->head->size * 2;

    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size < need)
        size = need;
    struct block *b = malloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    *b = (struct block){ .next = arena->head, .size = size };
    arena->head = b;
    arena->bytes += sizeof *b + size;
    return b;
}

void *arena_alloc(struct arena *arena, size_t size, size_t align)
{
    struct block *b = arena->head;
    size_t at = b == NULL ? 0 : (b->used + align - 1) & ~(align - 1);

    if (size > SIZE_MAX / 2)
        return NULL;
    if (b == NULL || at > b->size || b->size - at < size) {
        b = block_add(arena, size);
        at = 0;
    }
    if (b == NULL)
        return NULL;
    b->used = at + size;
    return (char *)b->data + at;
}

void *arena_zero(struct arena *arena, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    void *p = arena_alloc(arena, total, alignof(max_align_t));
    return p == NULL ? NULL : memset(p, 0, total);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *p = arena_alloc(arena, size, alignof(max_align_t));

    if (p != NULL && size > 0)
        memcpy(p, data, size);
    return p;
}

char *arena_text(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *p = arena_alloc(arena, size, 1);

    return p == NULL ? NULL : memcpy(p, text, size);
}

size_t arena_bytes(const struct arena *arena)
{
    return arena->bytes;
}
