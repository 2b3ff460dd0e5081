/* test_zone_model.c - random zones against a slow model: lists of names, walked from the top down
 * as RFC 1034 4.3.2 tells it. What loads, and what every name leads to, must be the same. */
#include "cm.h"

#include <stdio.h>
#include <string.h>

#include <waymark/rng.h>

#include "zone_text.h"

enum {
    SEEDS = 2000,
    ZONES_MAX = 6,
    RECORDS_MAX = 12,
    QUERIES = 150,
    NAME_LEN = 64,
    TEXT_LEN = 4096
};

struct model_record {
    char owner[NAME_LEN];
    uint16_t type;
};

struct model_zone {
    char apex[NAME_LEN]; /* "." is the root; names have no trailing dot */
    struct model_record records[RECORDS_MAX + 2 + ZONES_MAX];
    size_t n;
};

struct model {
    struct model_zone zones[ZONES_MAX];
    size_t n;
};

struct model_answer {
    enum zone_verdict verdict;
    const struct model_zone *zone;
    char node[NAME_LEN];
};

/* ---- names as text ---- */

static bool is_in(const char *name, const char *above)
{
    size_t len = strlen(name), tail = strlen(above);

    if (strcmp(above, ".") == 0 || strcmp(name, above) == 0)
        return true;
    return len > tail && name[len - tail - 1] == '.' && strcmp(name + len - tail, above) == 0;
}

static bool is_below(const char *name, const char *above)
{
    return is_in(name, above) && strcmp(name, above) != 0;
}

/* The ancestor of `name` one label below `above`; `name` is below `above`. */
static const char *step_down(const char *name, const char *above)
{
    const char *end = name + strlen(name);

    if (strcmp(above, ".") != 0)
        end -= strlen(above) + 1;
    while (end > name && end[-1] != '.')
        end--;
    return end;
}

static void join(char *out, const char *label, const char *name)
{
    if (strcmp(name, ".") == 0)
        snprintf(out, NAME_LEN, "%s", label);
    else
        snprintf(out, NAME_LEN, "%s.%.50s", label, name);
}

/* ---- the model ---- */

static bool has(const struct model_zone *z, const char *name, uint16_t type)
{
    for (size_t i = 0; i < z->n; i++)
        if (z->records[i].type == type && strcmp(z->records[i].owner, name) == 0)
            return true;
    return false;
}

static bool exists(const struct model_zone *z, const char *name)
{
    for (size_t i = 0; i < z->n; i++)
        if (is_in(z->records[i].owner, name))
            return true;
    return false;
}

static struct model_answer answer(enum zone_verdict verdict, const struct model_zone *z,
                                  const char *node)
{
    struct model_answer a = { .verdict = verdict, .zone = z };

    snprintf(a.node, sizeof a.node, "%s", node);
    return a;
}

static struct model_answer ask_zone(const struct model_zone *z, const char *name, uint16_t type)
{
    const char *at = z->apex;

    for (;;) {
        if (strcmp(at, z->apex) != 0 && has(z, at, WIRE_NS))
            return answer(strcmp(at, name) == 0 && type == WIRE_DS ? ZONE_FOUND : ZONE_DELEGATED, z,
                          at);
        if (strcmp(at, name) == 0)
            return answer(ZONE_FOUND, z, at);
        if (has(z, at, WIRE_DNAME))
            return answer(ZONE_BELOW_DNAME, z, at);
        const char *next = step_down(name, at);
        if (!exists(z, next))
            break;
        at = next;
    }
    char wildcard[NAME_LEN];
    join(wildcard, "*", at);
    return exists(z, wildcard) ? answer(ZONE_WILDCARD, z, wildcard) : answer(ZONE_ABSENT, z, at);
}

/* The deepest zone that holds the name, strictly above `below` if that is given. */
static const struct model_zone *deepest(const struct model *m, const char *name, const char *below)
{
    const struct model_zone *best = NULL;

    for (size_t i = 0; i < m->n; i++) {
        const struct model_zone *z = &m->zones[i];
        if (is_in(name, z->apex) && (below == NULL || is_below(below, z->apex)) &&
            (best == NULL || is_below(z->apex, best->apex)))
            best = z;
    }
    return best;
}

static struct model_answer ask(const struct model *m, const char *name, uint16_t type)
{
    const struct model_zone *z = deepest(m, name, NULL);

    if (z == NULL)
        return (struct model_answer){ .verdict = ZONE_OUTSIDE };
    if (type == WIRE_DS && strcmp(name, z->apex) == 0) {
        const struct model_zone *parent = deepest(m, name, z->apex);
        if (parent != NULL)
            return ask_zone(parent, name, type);
    }
    return ask_zone(z, name, type);
}

static bool is_wildcard(const char *name)
{
    return name[0] == '*' && (name[1] == '.' || name[1] == '\0');
}

/* Is the record one that a zone may have? */
static bool is_valid(const struct model_zone *z, const struct model_record *r)
{
    bool is_special = r->type == WIRE_NS || r->type == WIRE_DNAME;

    if (is_special && is_wildcard(r->owner))
        return false;
    if (r->type == WIRE_DNAME && strcmp(r->owner, z->apex) != 0 && has(z, r->owner, WIRE_NS))
        return false;
    for (const char *at = z->apex; strcmp(at, r->owner) != 0; at = step_down(r->owner, at)) {
        if (strcmp(at, z->apex) != 0 && has(z, at, WIRE_NS))
            return true; /* the child's affair */
        if (has(z, at, WIRE_DNAME))
            return false;
    }
    return true;
}

static bool all_valid(const struct model *m)
{
    for (size_t i = 0; i < m->n; i++)
        for (size_t r = 0; r < m->zones[i].n; r++)
            if (!is_valid(&m->zones[i], &m->zones[i].records[r]))
                return false;
    return true;
}

/* ---- chance ---- */

static size_t below(struct rng *rng, size_t n)
{
    return (size_t)(rng_next(rng) % n);
}

/* Up to `depth` labels before `above`. */
static void random_name(struct rng *rng, const char *above, size_t depth, char *out)
{
    static const char *const labels[] = { "a", "b", "*", "c", "a", "b" };
    char name[NAME_LEN], longer[NAME_LEN];

    snprintf(name, sizeof name, "%s", above);
    for (size_t n = below(rng, depth + 1); n > 0; n--) {
        join(longer, labels[below(rng, COUNT_OF(labels))], name);
        strcpy(name, longer);
    }
    strcpy(out, name);
}

static void add(struct model_zone *z, const char *owner, uint16_t type)
{
    if ((type == WIRE_DNAME || type == WIRE_SOA) && has(z, owner, type))
        return;
    z->records[z->n].type = type;
    strcpy(z->records[z->n++].owner, owner);
}

static void random_zone(struct rng *rng, const char *apex, struct model_zone *z)
{
    static const uint16_t types[] = { WIRE_A, WIRE_A, WIRE_A, WIRE_TXT, WIRE_NS, WIRE_NS, WIRE_DS };
    char owner[NAME_LEN];

    z->n = 0;
    strcpy(z->apex, apex);
    add(z, apex, WIRE_SOA);
    add(z, apex, WIRE_NS);
    for (size_t n = below(rng, RECORDS_MAX); n > 0; n--) {
        random_name(rng, apex, 4, owner);
        uint16_t type = types[below(rng, COUNT_OF(types))];
        if (below(rng, 12) == 0)
            type = WIRE_DNAME;
        if (is_wildcard(owner) && type == WIRE_NS && below(rng, 8) != 0)
            type = WIRE_A;
        add(z, owner, type);
    }
}

static void random_model(struct rng *rng, struct model *m)
{
    static const char *const apexes[ZONES_MAX] = { "t", "a.t", "b.a.t", ".", "c.b.a.t", "a" };
    size_t chosen = 1 + below(rng, (1u << ZONES_MAX) - 1);

    m->n = 0;
    for (size_t i = 0; i < ZONES_MAX; i++) {
        if ((chosen >> i & 1) == 0)
            continue;
        struct model_zone *z = &m->zones[m->n++];
        random_zone(rng, apexes[i], z);
        /* Cuts where other zones are, or could be. */
        for (size_t j = 0; j < ZONES_MAX; j++)
            if (is_below(apexes[j], z->apex) && below(rng, 3) == 0)
                add(z, apexes[j], WIRE_NS);
    }
}

/* ---- the two side by side ---- */

static void write_record(char **p, const struct model_record *r)
{
    static const struct {
        uint16_t type;
        const char *text;
    } data[] = { { WIRE_A, "A 192.0.2.1" },          { WIRE_TXT, "TXT x" },
                 { WIRE_NS, "NS ns.test." },         { WIRE_DS, "DS 1 8 2 ABCD" },
                 { WIRE_DNAME, "DNAME else.test." }, { WIRE_SOA, "SOA a. b. 1 2 3 4 5" } };

    for (size_t i = 0; i < COUNT_OF(data); i++)
        if (data[i].type == r->type)
            *p += sprintf(*p, "%s%s 60 %s\n", r->owner, strcmp(r->owner, ".") == 0 ? "" : ".",
                          data[i].text);
}

static struct zone_set *load(const struct model *m)
{
    static char texts[ZONES_MAX][TEXT_LEN];
    struct zone_source sources[ZONES_MAX];
    struct report *report = report_new();

    for (size_t i = 0; i < m->n; i++) {
        char *p = texts[i];
        for (size_t r = 0; r < m->zones[i].n; r++)
            write_record(&p, &m->zones[i].records[r]);
        assert_true(p < texts[i] + TEXT_LEN);
        sources[i] = (struct zone_source){ .name = m->zones[i].apex,
                                           .file = "text",
                                           .text = texts[i],
                                           .len = (size_t)(p - texts[i]) };
    }
    struct zone_set *set = zone_set_from_sources(sources, m->n, report);
    bool is_valid_here = all_valid(m);
    if ((set != NULL) != is_valid_here)
        report_print(report, stderr);
    assert_int_equal(set != NULL, is_valid_here);
    report_free(report);
    return set;
}

static void compare_answers(struct zone_match got, const struct model_answer *want,
                            const char *name, uint16_t type, uint64_t seed)
{
    char node[WIRE_NAME_TEXT_LEN] = "";

    if (got.node != NULL)
        wire_name_to_text(got.node->name, node);
    if (got.verdict != want->verdict || strcmp(node, want->node) != 0 ||
        (got.zone == NULL) != (want->zone == NULL) ||
        (got.zone != NULL && strcmp(got.zone->name, want->zone->apex) != 0))
        fail_msg("seed %llu, %s type %u: verdict %d at %s, expected %d at %s",
                 (unsigned long long)seed, name, type, got.verdict, node, want->verdict,
                 want->node);
}

static void compare(const struct model *m, const struct zone_set *set, const char *name,
                    uint16_t type, uint64_t seed)
{
    struct model_answer want = ask(m, name, type);

    compare_answers(find(set, name, type), &want, name, type, seed);
    for (size_t i = 0; i < m->n; i++) {
        struct wire_name n = name_of(name);
        const struct zone_node *at = zone_node_at(set, zone_at(set, i), &n);
        bool is_in_zone = is_in(name, m->zones[i].apex);
        assert_int_equal(at != NULL, is_in_zone && exists(&m->zones[i], name));
        if (at != NULL)
            assert_int_equal(at->zone, i);
        want = (struct model_answer){ .verdict = ZONE_OUTSIDE };
        if (is_in_zone)
            want = ask_zone(&m->zones[i], name, type);
        compare_answers(zone_find_in(set, zone_at(set, i), &n, type), &want, name, type, seed);
    }
}

static void random_zones_answer_as_the_slow_model_does(void **state)
{
    static const uint16_t types[] = { WIRE_A, WIRE_DS, WIRE_NS };
    size_t n_loaded = 0, n_refused = 0;
    struct model m;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct rng rng;
        char name[NAME_LEN];
        rng_seed(&rng, seed);
        random_model(&rng, &m);
        struct zone_set *set = load(&m);
        n_loaded += set != NULL;
        n_refused += set == NULL;
        for (size_t i = 0; i < QUERIES && set != NULL; i++) {
            const struct model_zone *z = &m.zones[below(&rng, m.n)];
            random_name(&rng, z->records[below(&rng, z->n)].owner, 3, name);
            compare(&m, set, name, types[below(&rng, COUNT_OF(types))], seed);
        }
        zone_set_free(set);
    }
    assert_true(n_loaded > SEEDS / 4);
    assert_true(n_refused > SEEDS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_zones_answer_as_the_slow_model_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
