/* dns_answer.c - a packet in, a packet out: refusals, the chain, EDNS, header. Pure: no socket, no
 * clock, no memory but the caller's. */
#include "dns_answer.h"

#include <assert.h>

static uint16_t our_udp_size(const struct dns_answer *a)
{
    return (uint16_t)a->world->base->conf->server.udp_size;
}

/* The client's offer, our own bound, and never under 512 (RFC 6891 6.2.5). */
static size_t size_limit(const struct dns_answer *a, size_t cap)
{
    size_t limit = WIRE_UDP_PLAIN;

    if (a->in->transport == DNS_TCP)
        return cap;
    if (a->query.edns.is_present && a->query.edns.udp_size > limit)
        limit = a->query.edns.udp_size;
    if (limit > our_udp_size(a))
        limit = our_udp_size(a);
    return limit < cap ? limit : cap;
}

static void open_answer(struct dns_answer *a, struct dns_out *out)
{
    const struct conf_server *server = &a->world->base->conf->server;

    a->nsid = server->nsid;
    a->opt_len = wire_opt_len(&a->query.edns, a->nsid);
    wire_writer_init(&a->writer, out->octets, size_limit(a, out->cap));
    wire_write_question(&a->writer, a->in->octets, a->query.question_len);
    a->needs_care = a->query.edns.has_options | server->has_guard;
    if (a->needs_care) {
        dns_options_judge(a);
        dns_guard_cut(a);
    }
    a->writer.cap -= a->opt_len;
}

/* Whoever forges a sender gets no more out of it than he sends, but for OPT: a key that the query
 * compressed is written out only where the signature, which is not repeated, leaves room for it. */
static bool put_badkey(struct dns_answer *a, size_t opt_at)
{
    struct wire_writer *w = &a->writer;
    size_t most = a->in->len + (w->len - opt_at);

    if (a->in->transport == DNS_UDP && w->cap > most)
        w->cap = most;
    return wire_write_badkey(w, &a->query);
}

static size_t close_answer(struct dns_answer *a, bool is_signed)
{
    size_t opt_at = a->writer.len;

    a->writer.cap += a->opt_len;
    wire_write_opt(&a->writer, &a->query.edns, our_udp_size(a), a->rcode, a->scope_bits,
                   a->nsid);
    if (a->needs_care)
        dns_options_put(a, opt_at);
    if (a->error != NULL)
        dns_error_put(a, opt_at);
    if (is_signed && !put_badkey(a, opt_at))
        a->flags |= WIRE_TC;
    wire_write_header(&a->writer, &a->query, a->flags, a->rcode);
    return a->writer.len;
}

static const struct dns_error no_transfer = { DNS_ERROR_NOT_SUPPORTED, "zones are not transferred" };
static const struct dns_error no_operation = { DNS_ERROR_NOT_SUPPORTED,
                                                "zones come from files only" };

static void answer_query(struct dns_answer *a)
{
    counter_bump(&a->desk->counts.queries[a->in->transport][dns_type_index(a->query.type)], 1);
    if (a->query.edns.ecs.is_present)
        counter_bump(&a->desk->counts.with_ecs, 1);
    if (a->query.class != WIRE_CLASS_IN) {
        dns_other_class(a);
        return;
    }
    if (a->query.type == WIRE_AXFR || a->query.type == WIRE_IXFR) {
        a->rcode = WIRE_REFUSED;
        a->error = &no_transfer;
        return;
    }
    dns_resolve(a);
}

/* Nobody's update is taken and nobody is a zone's primary, RFC 2136 3.1 and 3.3. */
static void refuse_operation(struct dns_answer *a)
{
    struct zone_match m = zone_find(a->world->base->zones, &a->query.name, WIRE_SOA);
    bool is_zone = m.verdict == ZONE_FOUND && (m.node->flags & ZONE_NODE_APEX) != 0 &&
                   a->query.class == WIRE_CLASS_IN;

    a->rcode = is_zone ? WIRE_REFUSED : WIRE_NOTAUTH;
    a->error = is_zone ? &no_operation : &dns_not_ours;
}

static void count_result(struct dns_answer *a, const struct dns_out *out)
{
    struct dns_counts *c = &a->desk->counts;

    if (out->len == 0) {
        counter_bump(&c->dropped[a->in->transport], 1);
        return;
    }
    counter_bump(&c->rcodes[a->in->transport][a->rcode < DNS_RCODES_COUNTED ? a->rcode : 0], 1);
    if (a->rcode == WIRE_FORMERR)
        counter_bump(&c->malformed[a->in->transport], 1);
    if (a->flags & WIRE_TC) {
        counter_bump(&c->truncated, 1);
        if (a->needs_care && a->is_cut)
            counter_bump(&c->strict_truncated, 1);
    }
}

/* Whatever it is, but silence. */
static void respond(struct dns_answer *a, enum wire_verdict verdict, struct dns_out *out)
{
    static const unsigned rcodes[] = { [WIRE_QUERY_OK] = WIRE_NOERROR,
                                       [WIRE_QUERY_FORMERR] = WIRE_FORMERR,
                                       [WIRE_QUERY_NOTIMP] = WIRE_NOTIMP,
                                       [WIRE_QUERY_REFUSED] = WIRE_REFUSED,
                                       [WIRE_QUERY_BADVERS] = WIRE_BADVERS,
                                       [WIRE_QUERY_BADKEY] = WIRE_NOTAUTH,
                                       [WIRE_QUERY_COOKIE] = WIRE_NOERROR };

    a->rcode = rcodes[verdict];
    open_answer(a, out);
    if (verdict == WIRE_QUERY_OK && !(a->needs_care && dns_guard_turns_away(a)))
        answer_query(a);
    else if (verdict == WIRE_QUERY_REFUSED)
        refuse_operation(a);
    else if (verdict == WIRE_QUERY_COOKIE)
        dns_options_answer(a);
    if (a->needs_care && !a->is_silent)
        dns_guard_limit(a);
    if (!a->is_silent)
        out->len = close_answer(a, verdict == WIRE_QUERY_BADKEY);
}

void dns_answer_one(const struct world *world, struct dns_desk *desk, const struct dns_in *in,
                    struct dns_out *out)
{
    struct dns_answer a; /* not zeroed whole: the names alone are 800 octets */

    assert(out->cap >= DNS_ANSWER_MIN);
    a.world = world;
    a.desk = desk;
    a.in = in;
    a.flags = 0;
    a.scope_bits = 0;
    a.is_silent = false;
    a.owner = NULL;
    a.n_dnames = 0;
    a.error = NULL;
    a.name = &a.query.name;
    out->len = 0;
    enum wire_verdict verdict = wire_query_parse(in->octets, in->len, &a.query);
    if (verdict != WIRE_QUERY_DROP)
        respond(&a, verdict, out);
    count_result(&a, out);
}

/* The usual queries together, the others one by one. */
static void answer_some(const struct world *world, struct dns_desk *desk, const struct dns_in in[],
                        struct dns_out out[], size_t n)
{
    uint32_t rest = dns_usual_answer(world, desk, in, out, n);

    for (; rest != 0; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctz(rest);
        dns_answer_one(world, desk, &in[i], &out[i]);
    }
}

void dns_answer_batch(const struct world *world, struct dns_desk *desk, const struct dns_in in[],
                      struct dns_out out[], size_t n)
{
    for (size_t i = 0; i < n; i += DNS_USUAL_MAX)
        answer_some(world, desk, in + i, out + i, n - i < DNS_USUAL_MAX ? n - i : DNS_USUAL_MAX);
}
