/* fuzz_dns.c - any packet, from anywhere, through the whole answer path over the worlds of
 * tests/fuzz/world, one for each of some sets of dead targets.
 *
 * Input: WORLD, FLAGS, four octets of the resolver's address, SECONDS; then either the packet as it is
 * or, with FLAG_BUILT, what a well-formed query is built from, so that the fuzzer soon asks for names
 * that exist. Every answer is held against what an answer must be, whatever was asked. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ldns/ldns.h>

#include <waymark/conf.h>
#include <waymark/dns.h>
#include <waymark/file.h>
#include <waymark/report.h>
#include <waymark/world.h>

#include "dns/dns_answer.h"

enum { WORLDS = 8, HEAD_LEN = 7, BUILT_LEN = 26, OPTION_ECS = 8, OPTION_COOKIE = 10,
       OPTION_KEEPALIVE = 11 };
enum { FLAG_TCP = 1, FLAG_BUILT = 2, FLAG_IPV6 = 4, FLAG_EXPLAIN = 8 };

static const char *const dead[WORLDS][4] = {
    { NULL },
    { "tokyo" },
    { "london" },
    { "paris", "newyork" },
    { "alpha" },
    { "tokyo", "paris" },
    { "london", "alpha" },
    { "tokyo", "london", "newyork", "paris" },
};

static const char *const names[] = {
    "cdn.example",      "www.cdn.example",       "near.cdn.example",    "ties.cdn.example",
    "where.cdn.example", "fenced.cdn.example",   "first.cdn.example",   "drawn.cdn.example",
    "thrown.cdn.example", "mixed.cdn.example",   "three.cdn.example",   "within.cdn.example",
    "nodata.cdn.example", "fails.cdn.example",   "x.img.cdn.example",   "plain.img.cdn.example",
    "c.img.cdn.example", "one.cdn.example",      "to-near.cdn.example", "to-img.cdn.example",
    "outside.cdn.example", "nowhere.cdn.example", "to-lab.cdn.example", "to-sub.cdn.example",
    "loop-a.cdn.example", "self.cdn.example",    "c1.cdn.example",      "x.old.cdn.example",
    "x.long.cdn.example", "x.away.cdn.example",  "old.cdn.example",     "sub.cdn.example",
    "x.sub.cdn.example", "ns.sub.cdn.example",   "lab.cdn.example",     "www.lab.cdn.example",
    "up.lab.cdn.example", "no.lab.cdn.example",  "x.star.cdn.example",  "big.cdn.example",
    "svc.cdn.example",  "_a._tcp.cdn.example",   "_tcp.cdn.example",    "raw.cdn.example",
    "far.cdn.example",  "c2.cdn.example",        "else.example",        "example",
    ".",                "\\000\\.\\255.odd.cdn.example",
};

static const uint16_t types[] = { WIRE_A,   WIRE_AAAA, WIRE_CNAME, WIRE_HTTPS, WIRE_NS,   WIRE_SOA,
                                  WIRE_TXT, WIRE_DS,   WIRE_ANY,   WIRE_DNAME, WIRE_SRV,  WIRE_MX,
                                  WIRE_PTR, WIRE_AXFR, WIRE_OPT,   65280 };

enum { N_NAMES = sizeof names / sizeof *names, N_TYPES = sizeof types / sizeof *types };

/* ---- the worlds, made once ---- */

struct worlds {
    const struct world *at[WORLDS];
    struct world_hub *hubs[WORLDS]; /* until the process ends */
    struct dns_desk *desk;
    struct dns_explanation *explanation;
};

static void kill_targets(struct world_hub *hub, const struct conf *conf, const char *const ends[4])
{
    for (size_t i = 0; i < conf->n_targets; i++) {
        const struct conf_target *t = &conf->targets[i];
        size_t n = t->cname != NULL ? 1 : t->n_addresses;
        for (size_t j = 0; j < n; j++) {
            struct world_verdict v = { .target = t->name, .address = (uint8_t)j, .is_up = true };
            for (size_t k = 0; k < 4 && ends[k] != NULL; k++)
                v.is_up &= strcmp(ends[k], t->name) != 0;
            int err = world_set_verdicts(hub, &v, 1, NULL);
            assert(err == 0);
        }
    }
}

/* The last worlds have guards against clients that may be forged. */
static const char *const guards[WORLDS] = {
    [5] = "abuse = \"strict\"; abuse_factor = 2;",
    [6] = "cookies = \"required\";",
    [7] = "abuse = \"strict\"; cookies = \"required\";",
};

static struct conf *load_conf(const char *guard, struct report *report)
{
    static const char path[] = "tests/fuzz/world/waymark.conf", start[] = "server: {";
    struct file_text file = { 0 };
    char why[WHY_LEN], *text = NULL;
    size_t len;

    if (file_read(path, 1 << 20, &file, why) != 0)
        return NULL;
    const char *server = strstr(file.text, start);
    FILE *out = open_memstream(&text, &len);
    assert(server != NULL && out != NULL);
    server += strlen(start);
    fprintf(out, "%.*s %s %s", (int)(server - file.text), file.text, guard, server);
    fclose(out);
    struct conf *conf = conf_parse(text, len, path, report);
    free(text);
    file_text_free(&file);
    return conf;
}

static void load_world(struct worlds *w, size_t i)
{
    struct report *report = report_new();
    struct conf *conf = load_conf(guards[i] == NULL ? "" : guards[i], report);
    struct world_hub *hub = w->hubs[i] = world_hub_new();
    struct world_hold *hold; /* nobody publishes any more */

    if (conf == NULL || hub == NULL || !world_load(hub, conf, report)) {
        report_print(report, stderr);
        fprintf(stderr, "run me in the project's root\n");
        exit(2);
    }
    kill_targets(hub, conf, dead[i]);
    world_set_ready(hub);
    w->at[i] = world_hold(hub, &hold);
    conf_unref(conf);
    report_free(report);
}

static struct worlds *the_worlds(void)
{
    static struct worlds worlds;

    if (worlds.desk == NULL) {
        for (size_t i = 0; i < WORLDS; i++)
            load_world(&worlds, i);
        worlds.desk = calloc(1, sizeof *worlds.desk);
        worlds.explanation = calloc(1, sizeof *worlds.explanation);
        assert(worlds.desk != NULL && worlds.explanation != NULL);
    }
    return &worlds;
}

/* ---- the question ---- */

struct probe {
    const struct world *world;
    struct worlds *worlds;
    struct dns_in in;
    int64_t now_ms;
    enum wire_verdict verdict;
    struct wire_query query; /* as the packet reads */
    uint8_t built[WIRE_UDP_PLAIN];
};

/* `p` has BUILT_LEN octets: name, type, EDNS bits (32 a cookie of a client, 64 with ours, both with
 * another's), ECS source length, two of UDP size, 16 of ECS
 * address, two of id, flags, whether a label stands before the name. */
static size_t build(const struct probe *probe, uint8_t packet[static WIRE_UDP_PLAIN],
                    const uint8_t *p)
{
    struct wire_query q = { .id = wire_get16(p + 22), .class = WIRE_CLASS_IN };
    char text[WIRE_NAME_TEXT_LEN];
    bool is_ipv6 = (p[2] & 8) != 0;
    unsigned width = is_ipv6 ? 128 : 32;

    snprintf(text, sizeof text, "%s%s", p[25] & 1 ? "a." : "", names[p[0] % N_NAMES]);
    if (strcmp(text, "a..") == 0)
        text[1] = '\0';
    bool is_name = wire_name_from_text(text, &q.name);
    assert(is_name);
    q.type = types[p[1] % N_TYPES];
    q.flags = (uint16_t)(p[24] & 1 ? WIRE_RD : 0);
    q.edns = (struct wire_edns){ .is_present = p[2] & 1, .udp_size = wire_get16(p + 4),
                                 .wants_dnssec = p[2] & 2, .wants_nsid = p[2] & 4 };
    q.edns.ecs.is_present = (p[2] & 16) != 0;
    q.edns.ecs.family = is_ipv6 ? 2 : 1;
    q.edns.ecs.source_bits = (uint8_t)(p[3] % (width + 1));
    if (q.edns.ecs.source_bits > 0) {
        struct addr a = { .family = is_ipv6 ? 6 : 4 };
        memcpy(a.octets, p + 6, width / 8);
        q.edns.ecs.addr = addr_mask(&a, q.edns.ecs.source_bits);
    }
    uint8_t cookie[DNS_COOKIE_LEN];
    memcpy(cookie, p + 14, 8);
    if (p[2] & 96) {
        q.edns.has_options = true;
        q.edns.cookie = cookie;
        q.edns.cookie_len = 8;
    }
    if (p[2] & 64) {
        q.edns.cookie_len = DNS_COOKIE_LEN;
        dns_cookie_judge(&probe->world->base->cookies, p + 14, 8, &probe->in.from,
                         (uint32_t)(probe->now_ms / 1000), cookie);
        cookie[DNS_COOKIE_LEN - 1] ^= (p[2] & 96) == 96; /* or one that is not ours */
    }
    return wire_query_write(packet, WIRE_UDP_PLAIN, &q);
}

static bool read_probe(struct probe *p, const uint8_t *data, size_t size)
{
    if (size < HEAD_LEN)
        return false;
    p->worlds = the_worlds();
    p->world = p->worlds->at[data[0] % WORLDS];
    p->now_ms = 1700000000000 + data[6] * 1000;
    p->in.transport = data[1] & FLAG_TCP ? DNS_TCP : DNS_UDP;
    p->in.from.family = data[1] & FLAG_IPV6 ? 6 : 4;
    if (data[1] & FLAG_IPV6)
        memcpy(p->in.from.octets, (uint8_t[]){ 0x20, 0x01, 0x0d, 0xb8 }, 4);
    memcpy(p->in.from.octets + (data[1] & FLAG_IPV6 ? 4 : 0), data + 2, 4);
    p->in.octets = data + HEAD_LEN;
    p->in.len = size - HEAD_LEN;
    if (data[1] & FLAG_BUILT) {
        if (p->in.len < BUILT_LEN)
            return false;
        p->in.len = build(p, p->built, data + HEAD_LEN);
        p->in.octets = p->built;
    }
    p->verdict = wire_query_parse(p->in.octets, p->in.len, &p->query);
    return p->in.len <= WIRE_MESSAGE_MAX;
}

/* Chance starts anew, so that the same question has the same answer. */
static size_t ask(const struct probe *p, const struct dns_in *in, uint8_t *to, size_t cap)
{
    struct dns_out out = { .octets = to, .cap = cap };

    p->worlds->desk->now_ms = p->now_ms;
    rng_seed(&p->worlds->desk->rng, 1);
    dns_answer_batch(p->world, p->worlds->desk, in, &out, 1);
    return out.len;
}

/* The usual way and the whole way say the same, and count the same. */
static void both_ways_agree(const struct probe *p, const uint8_t *o, size_t len)
{
    static uint8_t other[WIRE_MESSAGE_MAX];
    static struct dns_desk desks[2];
    struct dns_out out = { .octets = other, .cap = sizeof other };

    for (size_t i = 0; i < 2; i++) {
        memset(&desks[i].counts, 0, sizeof desks[i].counts);
        desks[i].now_ms = p->now_ms;
        rng_seed(&desks[i].rng, 1);
    }
    memset(other, 0, sizeof other / 16);
    dns_answer_batch(p->world, &desks[0], &p->in, &out, 1);
    dns_answer_one(p->world, &desks[1], &p->in, &out);
    assert(out.len == len && memcmp(other, o, len) == 0);
    assert(memcmp(&desks[0].counts, &desks[1].counts, sizeof desks[0].counts) == 0);
}

/* ---- what an answer must be ---- */

static void is_framed_right(const struct probe *p, const uint8_t *o, size_t len)
{
    size_t limit = WIRE_UDP_PLAIN;

    if (p->query.edns.is_present && p->query.edns.udp_size > limit)
        limit = p->query.edns.udp_size;
    if (limit > (size_t)p->world->base->conf->server.udp_size)
        limit = (size_t)p->world->base->conf->server.udp_size;
    assert(len >= WIRE_HEADER_LEN);
    assert(p->in.transport == DNS_TCP || len <= limit);
    assert(wire_get16(o) == p->query.id);
    assert((o[2] & 0x80) != 0 && ((o[2] ^ p->in.octets[2]) & 0x79) == 0); /* opcode, RD */
    assert(p->in.transport == DNS_UDP || (o[2] & 0x02) == 0);             /* TC */
    assert(wire_get16(o + 4) == (p->query.question_len > 0));
    assert(len >= (size_t)WIRE_HEADER_LEN + p->query.question_len);
    assert(memcmp(o + WIRE_HEADER_LEN, p->in.octets + WIRE_HEADER_LEN, p->query.question_len) == 0);
}

static void ecs_is_right(const struct wire_edns *asked, const uint8_t *p, size_t len)
{
    assert(asked->ecs.is_present && len >= 4);
    assert(wire_get16(p) == asked->ecs.family && p[2] == asked->ecs.source_bits);
    assert(len == 4 + (p[2] + 7u) / 8);
    assert(memcmp(p + 4, asked->ecs.addr.octets, len - 4) == 0);
    assert(p[3] <= (asked->ecs.family == 1 ? 32 : asked->ecs.family == 2 ? 128 : 0));
    assert(p[2] > 0 || p[3] == 0);
}

/* The client's own octets, and ours of version 1. */
static void cookie_is_right(const struct wire_edns *query, const uint8_t *o, size_t n)
{
    assert(n == 24 && wire_has_cookie(query));
    assert(memcmp(o, query->cookie, 8) == 0 && o[8] == 1);
}

/* Returns the scope. */
static unsigned edns_is_right(const struct probe *p, const ldns_pkt *pkt)
{
    const ldns_rdf *data = ldns_pkt_edns_data(pkt);
    const uint8_t *o = data == NULL ? NULL : ldns_rdf_data(data);
    size_t len = data == NULL ? 0 : ldns_rdf_size(data);
    unsigned n_ecs = 0, n_cookies = 0, scope = 0;

    assert(ldns_pkt_edns(pkt) == p->query.edns.is_present);
    while (len >= 4) {
        size_t n = wire_get16(o + 2);
        assert(n <= len - 4);
        if (wire_get16(o) == OPTION_COOKIE) {
            cookie_is_right(&p->query.edns, o + 4, n);
            n_cookies++;
        }
        if (wire_get16(o) == OPTION_KEEPALIVE)
            assert(n == 2 && p->in.transport == DNS_TCP && p->query.edns.wants_keepalive);
        if (wire_get16(o) == OPTION_ECS) {
            ecs_is_right(&p->query.edns, o + 4, n);
            scope = o[4 + 3];
            n_ecs++;
        }
        o += 4 + n;
        len -= 4 + n;
    }
    assert(len == 0);
    assert(n_ecs == p->query.edns.ecs.is_present);
    assert(n_cookies == wire_has_cookie(&p->query.edns));
    return scope;
}

static bool has_soa(const ldns_pkt *pkt)
{
    const ldns_rr_list *authority = ldns_pkt_authority(pkt);

    for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++)
        if (ldns_rr_get_type(ldns_rr_list_rr(authority, i)) == LDNS_RR_TYPE_SOA)
            return true;
    return false;
}

static void sections_are_right(const struct probe *p, const ldns_pkt *pkt)
{
    bool is_whole = !ldns_pkt_tc(pkt);
    size_t n = ldns_rr_list_rr_count(ldns_pkt_answer(pkt));
    unsigned rcode = (unsigned)ldns_pkt_get_rcode(pkt) |
                     (ldns_pkt_edns(pkt) ? (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4 : 0);

    assert(rcode <= WIRE_NXDOMAIN || rcode == WIRE_NOTIMP || rcode == WIRE_REFUSED ||
           rcode == WIRE_YXDOMAIN || rcode == WIRE_BADVERS || rcode == WIRE_BADCOOKIE ||
           rcode == WIRE_NOTAUTH);
    if (p->verdict == WIRE_QUERY_COOKIE)
        assert((rcode == WIRE_NOERROR || rcode == WIRE_BADCOOKIE) && n == 0);
    else if (p->verdict != WIRE_QUERY_OK)
        assert(rcode != WIRE_NOERROR && n == 0 && !ldns_pkt_aa(pkt));
    bool is_in = p->query.class == WIRE_CLASS_IN; /* answers to ANY have no authority */
    if (rcode == WIRE_NXDOMAIN)
        assert((ldns_pkt_aa(pkt) || !is_in) && (has_soa(pkt) || !is_whole));
    if (rcode == WIRE_NOERROR && n == 0 && ldns_pkt_aa(pkt) && is_whole)
        assert(has_soa(pkt));
    if (rcode == WIRE_NOERROR && !ldns_pkt_aa(pkt) && is_whole && is_in && p->verdict == WIRE_QUERY_OK)
        assert(ldns_pkt_nscount(pkt) > 0); /* a referral */
}

/* Over UDP, without our cookie: what the guards of the world leave. */
static void guard_is_kept(const struct probe *p, const uint8_t *o, size_t len)
{
    const struct conf_server *server = &p->world->base->conf->server;
    uint8_t own[DNS_COOKIE_LEN];
    const struct wire_edns *edns = &p->query.edns;
    enum dns_cookie cookie = DNS_COOKIE_NONE;

    if (wire_has_cookie(edns))
        cookie = dns_cookie_judge(&p->world->base->cookies, edns->cookie, edns->cookie_len,
                                  &p->in.from, (uint32_t)(p->now_ms / 1000), own);
    if (p->in.transport != DNS_UDP || cookie == DNS_COOKIE_GOOD)
        return;
    if (server->abuse_factor > 0)
        assert(len <= p->in.len * (size_t)server->abuse_factor);
    if (server->cookies == CONF_COOKIES_REQUIRED && cookie != DNS_COOKIE_NONE)
        assert(wire_get16(o + 6) == 0);
}

/* Returns the scope; `opt_len` is what the OPT record takes. */
static unsigned answer_is_right(const struct probe *p, const uint8_t *o, size_t len,
                                size_t *opt_len)
{
    ldns_pkt *pkt = NULL;

    is_framed_right(p, o, len);
    guard_is_kept(p, o, len);
    if (p->query.question_len == 0 && p->verdict != WIRE_QUERY_COOKIE)
        assert((o[3] & 15) != 0);
    ldns_status status = ldns_wire2pkt(&pkt, o, len);
    if (status != LDNS_STATUS_OK)
        fprintf(stderr, "ldns cannot read the answer: %s\n", ldns_get_errorstr_by_id(status));
    assert(status == LDNS_STATUS_OK);
    unsigned scope = edns_is_right(p, pkt);
    const ldns_rdf *options = ldns_pkt_edns_data(pkt);
    *opt_len = !ldns_pkt_edns(pkt) ? 0 : 11 + (options == NULL ? 0 : ldns_rdf_size(options));
    if (p->in.transport == DNS_UDP && p->verdict == WIRE_QUERY_BADKEY)
        assert(len <= p->in.len + *opt_len);
    sections_are_right(p, pkt);
    ldns_pkt_free(pkt);
    return scope;
}

/* Nothing in it comes from what the buffer held: here the same answer, a little off. */
static void asked_again_says_the_same(const struct probe *p, const uint8_t *o, size_t len)
{
    static uint8_t again[WIRE_MESSAGE_MAX];
    long shift = (long)(p->now_ms / 1000 % 256) - 128;

    memset(again, 0, sizeof again / 16);
    if (shift < 0 && (size_t)-shift < len)
        memcpy(again, o - shift, len - (size_t)-shift);
    else if (shift >= 0 && len + (size_t)shift <= sizeof again)
        memcpy(again + shift, o, len);
    size_t len_again = ask(p, &p->in, again, sizeof again);
    assert(len_again == len && memcmp(again, o, len) == 0);
}

/* RFC 7871 7.2.1: a cache hands this answer to every client of the scope. */
static void neighbour_in_scope_gets_the_same(const struct probe *p, unsigned scope,
                                             const uint8_t *o, size_t len, size_t opt_len)
{
    struct wire_query q = p->query;
    static uint8_t other[WIRE_MESSAGE_MAX];
    uint8_t packet[WIRE_UDP_PLAIN];
    struct wire_ecs *ecs = &q.edns.ecs;

    if (p->verdict != WIRE_QUERY_OK || !ecs->is_present || q.question_len == 0)
        return;
    for (unsigned bit = scope; bit < ecs->source_bits; bit++)
        ecs->addr.octets[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    struct dns_in in = p->in;
    in.octets = packet;
    in.len = wire_query_write(packet, sizeof packet, &q);
    if (in.len != p->in.len && p->world->base->conf->server.abuse_factor != 0)
        return; /* options that say nothing are not written, and a shorter question gets less */
    memset(other, 0, sizeof other / 16);
    size_t other_len = ask(p, &in, other, sizeof other);
    assert(other_len == len);
    assert(memcmp(other + WIRE_HEADER_LEN + q.question_len, o + WIRE_HEADER_LEN + q.question_len,
                  len - opt_len - WIRE_HEADER_LEN - q.question_len) == 0);
    assert(memcmp(other, o, WIRE_HEADER_LEN) == 0);
}

static void explain_agrees(const struct probe *p, const uint8_t *o)
{
    struct dns_explanation *e = p->worlds->explanation;
    struct dns_question question = { .name = p->query.name, .type = p->query.type,
                                     .resolver = p->in.from, .now_ms = p->now_ms };

    if (p->verdict != WIRE_QUERY_OK || p->query.class != WIRE_CLASS_IN)
        return;
    if (p->query.edns.ecs.is_present)
        question.ecs = p->query.edns.ecs;
    dns_explain(p->world, &question, e);
    assert(e->answer_len >= WIRE_HEADER_LEN);
    bool is_turned_away = (o[3] & 15) == (WIRE_BADCOOKIE & 15); /* explain asks over TCP */
    bool is_cut = (o[2] & 2) != 0; /* before the chain's end, which has the last word on the rcode */
    assert(is_turned_away || is_cut || (e->answer[3] & 15) == (o[3] & 15));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t answer[WIRE_MESSAGE_MAX];
    struct probe p = { .world = NULL };

    if (!read_probe(&p, data, size))
        return 0;
    memset(answer, 0, sizeof answer / 16); /* each input for itself, whatever came before */
    size_t len = ask(&p, &p.in, answer, sizeof answer);
    assert((len == 0) == (p.verdict == WIRE_QUERY_DROP));
    if (len == 0)
        return 0;
    size_t opt_len;
    unsigned scope = answer_is_right(&p, answer, len, &opt_len);
    both_ways_agree(&p, answer, len);
    asked_again_says_the_same(&p, answer, len);
    neighbour_in_scope_gets_the_same(&p, scope, answer, len, opt_len);
    if (data[1] & FLAG_EXPLAIN)
        explain_agrees(&p, answer);
    return 0;
}
