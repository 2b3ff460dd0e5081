/* geo_alternatives.c - the table that finds a client's class, beside others that hold the same
 * view.
 *
 *     geo_alternatives [--countries FILE] DATABASE...
 *
 * The view is the order of the nearest 4 of 16 PoPs. Beside ours: DIR-24-8 (IPv4 only: a cell for
 * each /24, and blocks of 256 behind those that are divided), a binary trie (a step per bit), and
 * the walk that libmaxminddb makes through the first database of the family, which ends at a record
 * that is still to be read. All get the same random addresses in each round, in turns. Throughput:
 * batches of 32, in the way that suits each best. Latency: an address is asked for when the one before
 * is answered. Times are the processor's, the best round. */
#include <assert.h>
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <maxminddb.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/geo.h>
#include <waymark/report.h>
#include <waymark/rng.h>

#include "geo_pops.h"

enum { ADDRESSES = 1 << 18, ROUNDS = 16, BATCH = 32, DATABASES_MAX = 16 };

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *zeroed(size_t n, size_t size)
{
    void *memory = calloc(n, size);

    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

/* A way to look up, and what it cost to make. */
typedef struct geo_cell find_fn(const void *table, const struct addr *who);
typedef uint64_t many_fn(const void *table, const struct addr list[BATCH]); /* the classes' sum */

struct contender {
    const char *name;
    const void *table;
    find_fn *find;
    many_fn *many; /* NULL: one after the other */
    size_t bytes;
    double build_ms, throughput_ns, latency_ns;
};

static uint32_t number4(const struct addr *who)
{
    uint32_t octets;

    memcpy(&octets, who->octets, sizeof octets);
    return be32toh(octets);
}

/* ---- ours ---- */

static struct geo_cell find_ours(const void *table, const struct addr *who)
{
    return geo_view_find(table, who);
}

static uint64_t many_of_ours(const void *table, const struct addr list[BATCH])
{
    const struct addr *who[BATCH];
    struct geo_cell cells[BATCH];
    uint64_t sum = 0;

    for (size_t i = 0; i < BATCH; i++)
        who[i] = &list[i];
    geo_view_find6(table, who, cells, BATCH);
    for (size_t i = 0; i < BATCH; i++)
        sum += cells[i].class;
    return sum;
}

/* ---- DIR-24-8 ---- */

enum { DIR_BLOCK = 0xff /* in the length's place: the class is a block's number */ };

struct dir {
    uint32_t *first; /* a cell for each /24: class << 8 | length */
    uint32_t *blocks;
    size_t n_blocks, cap;
};

static uint32_t *dir_block(struct dir *d, uint32_t at)
{
    if ((d->first[at] & 0xff) != DIR_BLOCK) {
        if (d->n_blocks == d->cap) {
            d->cap = d->cap == 0 ? 1024 : d->cap * 2;
            d->blocks = realloc(d->blocks, d->cap * 256 * sizeof *d->blocks);
            assert(d->blocks != NULL);
        }
        d->first[at] = (uint32_t)d->n_blocks++ << 8 | DIR_BLOCK;
    }
    return &d->blocks[(size_t)(d->first[at] >> 8) * 256];
}

static void dir_add(void *ctx, const struct prefix *network, uint32_t class)
{
    struct dir *d = ctx;
    uint32_t cell = class << 8 | network->bits, at = number4(&network->addr);

    if (network->addr.family != 4)
        return;
    if (network->bits <= 24) {
        for (size_t n = (size_t)1 << (24 - network->bits), i = 0; i < n; i++)
            d->first[(at >> 8) + i] = cell;
        return;
    }
    uint32_t *block = dir_block(d, at >> 8);
    for (size_t n = (size_t)1 << (32 - network->bits), i = 0; i < n; i++)
        block[(at & 0xff) + i] = cell;
}

static struct geo_cell find_dir(const void *table, const struct addr *who)
{
    const struct dir *d = table;
    uint32_t at = number4(who), cell = d->first[at >> 8];

    if ((cell & 0xff) == DIR_BLOCK)
        cell = d->blocks[(size_t)(cell >> 8) * 256 + (at & 0xff)];
    return (struct geo_cell){ cell >> 8, (uint8_t)cell };
}

static uint64_t many_of_dir(const void *table, const struct addr list[BATCH])
{
    const struct dir *d = table;
    uint64_t sum = 0;

    for (size_t i = 0; i < BATCH; i++)
        __builtin_prefetch(&d->first[number4(&list[i]) >> 8]);
    for (size_t i = 0; i < BATCH; i++)
        sum += find_dir(table, &list[i]).class;
    return sum;
}

/* ---- a binary trie ---- */

enum { NODE_LEAF = 1u << 31 /* else the child's number */ };

struct binary {
    uint32_t (*nodes)[2]; /* the first is the root */
    size_t n, cap;
    uint8_t family;
};

static uint32_t binary_new(struct binary *b)
{
    if (b->n == b->cap) {
        b->cap = b->cap == 0 ? 1024 : b->cap * 2;
        b->nodes = realloc(b->nodes, b->cap * sizeof *b->nodes);
        assert(b->nodes != NULL);
    }
    memset(b->nodes[b->n], 0, sizeof *b->nodes);
    return (uint32_t)b->n++;
}

static unsigned bit_of(const struct addr *who, unsigned i)
{
    return who->octets[i / 8] >> (7 - i % 8) & 1;
}

static void binary_add(void *ctx, const struct prefix *network, uint32_t class)
{
    struct binary *b = ctx;
    uint32_t at = 0;

    if (network->addr.family != b->family || network->bits == 0)
        return;
    for (unsigned i = 0; i + 1u < network->bits; i++) {
        unsigned bit = bit_of(&network->addr, i);
        if (b->nodes[at][bit] == 0) {
            uint32_t child = binary_new(b);
            b->nodes[at][bit] = child;
        }
        at = b->nodes[at][bit];
    }
    b->nodes[at][bit_of(&network->addr, network->bits - 1u)] = NODE_LEAF | class;
}

static struct geo_cell find_binary(const void *table, const struct addr *who)
{
    const struct binary *b = table;
    uint32_t at = 0;
    unsigned i = 0;

    do {
        at = b->nodes[at][bit_of(who, i++)];
    } while ((at & NODE_LEAF) == 0);
    return (struct geo_cell){ at & ~(uint32_t)NODE_LEAF, (uint8_t)i };
}

/* ---- the library's walk ---- */

static struct geo_cell find_mmdb(const void *table, const struct addr *who)
{
    struct endpoint peer = { .addr = *who };
    struct sockaddr_storage sa;
    int err;

    endpoint_to_sockaddr(&peer, &sa);
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(table, (struct sockaddr *)&sa, &err);
    return (struct geo_cell){ found.found_entry ? found.entry.offset & 0xffffff : 0,
                              (uint8_t)found.netmask };
}

/* ---- the comparison ---- */

/* Every table that is made from the view says the same of every address. */
static void expect_agreement(const struct contender *list, size_t n, const struct addr *who)
{
    struct geo_cell want = list[0].find(list[0].table, who);

    for (size_t i = 1; i < n; i++) {
        struct geo_cell got = list[i].find(list[i].table, who);
        if (list[i].find == find_mmdb || (got.class == want.class && got.bits == want.bits))
            continue;
        fprintf(stderr, "%s disagrees with %s\n", list[i].name, list[0].name);
        exit(1);
    }
}

static uint64_t in_batches(const struct contender *c, const struct addr *list)
{
    uint64_t sum = 0;

    for (size_t at = 0; at < ADDRESSES; at += BATCH) {
        if (c->many != NULL)
            sum += c->many(c->table, &list[at]);
        for (size_t i = 0; i < BATCH && c->many == NULL; i++)
            sum += c->find(c->table, &list[at + i]).class;
    }
    return sum;
}

/* No class has bit 31, but the processor has to see it to know which address comes next. */
static uint64_t one_by_one(const struct contender *c, const struct addr *list)
{
    uint32_t last = 0;

    for (size_t i = 0; i < ADDRESSES; i++)
        last = c->find(c->table, &list[i ^ last >> 31]).class;
    return last;
}

static void run(struct contender *list, size_t n, const struct addr *who)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < ADDRESSES; i++)
        expect_agreement(list, n, &who[i]);
    for (int round = 0; round < ROUNDS; round++) {
        for (struct contender *c = list; c < list + n; c++) {
            double start = cpu_ns();
            sum += in_batches(c, who);
            double middle = cpu_ns();
            sum += one_by_one(c, who);
            c->throughput_ns = fmin(c->throughput_ns, (middle - start) / ADDRESSES);
            c->latency_ns = fmin(c->latency_ns, (cpu_ns() - middle) / ADDRESSES);
        }
    }
    for (const struct contender *c = list; c < list + n; c++)
        printf("%-14s %8.1f MB %8.0f ms %8.1f ns (%4.1f x) %8.1f ns (%4.1f x)\n", c->name,
               (double)c->bytes / 1e6, c->build_ms, c->throughput_ns,
               c->throughput_ns / list[0].throughput_ns, c->latency_ns,
               c->latency_ns / list[0].latency_ns);
    fprintf(stderr, sum == 42 ? " " : ""); /* the sum is used */
}

static struct contender contender(const char *name, const void *table, find_fn *find,
                                  many_fn *many)
{
    return (struct contender){ name, table, find, many, 0, 0, INFINITY, INFINITY };
}

static void compare(const struct geo_view *view, double view_ms, uint8_t family, MMDB_s *db,
                    const struct addr *who)
{
    struct dir dir = { .first = zeroed(1 << 24, sizeof *dir.first) };
    struct binary binary = { .family = family };
    struct contender list[4];
    size_t n = 0;

    list[n++] = contender("ours", view, find_ours, family == 6 ? many_of_ours : NULL);
    list[0].bytes = geo_view_bytes(view);
    list[0].build_ms = view_ms;
    if (family == 4) {
        double start = cpu_ns();
        geo_view_each(view, dir_add, &dir);
        list[n] = contender("DIR-24-8", &dir, find_dir, many_of_dir);
        list[n].build_ms = (cpu_ns() - start) / 1e6;
        list[n++].bytes = ((size_t)1 << 26) + dir.n_blocks * 1024;
    }
    double start = cpu_ns();
    binary_new(&binary);
    geo_view_each(view, binary_add, &binary);
    list[n] = contender("binary trie", &binary, find_binary, NULL);
    list[n].build_ms = (cpu_ns() - start) / 1e6;
    list[n++].bytes = binary.n * sizeof *binary.nodes;
    if (db != NULL) {
        list[n] = contender("libmaxminddb", db, find_mmdb, NULL);
        list[n++].bytes = (size_t)db->file_size;
    }
    printf("IPv%d: memory, made in, throughput, latency\n", family);
    run(list, n, who);
    free(dir.first);
    free(dir.blocks);
    free(binary.nodes);
}

/* The first database that has the family; ip_version 6 has IPv4, too, if it is the only one. */
static MMDB_s *open_for(const struct conf_geo *conf, uint8_t family, MMDB_s *out)
{
    for (size_t i = 0; i < conf->n_databases; i++) {
        if (MMDB_open(conf->databases[i], MMDB_MODE_MMAP, out) != MMDB_SUCCESS)
            continue;
        if (out->metadata.ip_version == family || conf->n_databases == 1)
            return out;
        MMDB_close(out);
    }
    return NULL;
}

static void bench(const struct conf_geo *conf, const struct geo *geo)
{
    struct orders *orders = orders_new(4);
    struct addr *who = zeroed(ADDRESSES, sizeof *who);
    struct geo_view *view;
    struct rng rng;
    char why[WHY_LEN];

    double start = cpu_ns();
    if (orders == NULL || geo_view_build(geo, NULL, 0, orders_classify, orders, &view, why) != 0) {
        fprintf(stderr, "no view\n");
        exit(1);
    }
    double view_ms = (cpu_ns() - start) / 1e6;
    rng_seed(&rng, 1);
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        MMDB_s db, *mmdb = open_for(conf, family, &db);
        if (family == 4)
            random_ipv4(who, ADDRESSES, &rng);
        if (family == 4 || random_ipv6(view, who, ADDRESSES, &rng) >= ADDRESSES)
            compare(view, view_ms, family, mmdb, who);
        if (mmdb != NULL)
            MMDB_close(mmdb);
    }
    geo_view_free(view);
    free(who);
    free(orders);
}

int main(int argc, char **argv)
{
    const char *databases[DATABASES_MAX];
    struct conf_geo conf = { .databases = databases };

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--countries") == 0 && i + 1 < argc)
            conf.countries = argv[++i];
        else if (conf.n_databases < DATABASES_MAX)
            databases[conf.n_databases++] = argv[i];
    }
    if (conf.n_databases == 0) {
        fprintf(stderr, "usage: geo_alternatives [--countries FILE] DATABASE...\n");
        return 2;
    }
    struct report *report = report_new();
    struct geo *geo = geo_load(&conf, report);
    report_print(report, stderr);
    report_free(report);
    if (geo == NULL)
        return 1;
    bench(&conf, geo);
    geo_free(geo);
    return 0;
}
