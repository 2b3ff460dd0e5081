/* fuzz_wire.c - any packet through the query parser. What it accepts, written and read again, is the
 * same query; whatever it says but "drop" leaves enough to write a refusal that fits anywhere. */
#include "fuzz.h"

#include <string.h>

#include <waymark/wire.h>

static void same_ecs(const struct wire_ecs *a, const struct wire_ecs *b)
{
    assert(a->is_present == b->is_present);
    if (!a->is_present)
        return;
    assert(a->family == b->family && a->source_bits == b->source_bits);
    assert(addr_equal(&a->addr, &b->addr));
    if (a->source_bits == 0)
        assert(a->addr.family == 0);
    else
        assert(a->source_bits <= addr_width(&a->addr));
}

static void same_edns(const struct wire_edns *a, const struct wire_edns *b)
{
    assert(a->is_present == b->is_present);
    if (!a->is_present)
        return;
    assert(a->version == 0 && b->version == 0);
    assert(a->udp_size == b->udp_size);
    assert(a->wants_dnssec == b->wants_dnssec && a->wants_nsid == b->wants_nsid);
    same_ecs(&a->ecs, &b->ecs);
    assert(a->has_options == b->has_options);
    if (!a->has_options)
        return;
    assert(a->wants_keepalive == b->wants_keepalive && a->cookie_len == b->cookie_len);
    assert(a->cookie_len == 0 || memcmp(a->cookie, b->cookie, a->cookie_len) == 0);
}

static void reads_again_what_it_writes(const struct wire_query *q)
{
    uint8_t packet[WIRE_UDP_PLAIN];
    struct wire_query again;
    size_t len = wire_query_write(packet, sizeof packet, q);

    assert(len > 0 && len <= sizeof packet);
    assert(wire_query_parse(packet, len, &again) == WIRE_QUERY_OK);
    assert(again.id == q->id && again.flags == q->flags);
    assert(again.type == q->type && again.class == q->class);
    assert(again.question_len == q->question_len);
    assert(wire_name_equal(&again.name, &q->name));
    same_edns(&again.edns, &q->edns);
}

static void name_survives_text(const struct wire_name *name)
{
    char text[WIRE_NAME_TEXT_LEN];
    struct wire_name again;

    assert(wire_name_from_text(wire_name_to_text(name->octets, text), &again));
    assert(wire_name_equal(name, &again));
    assert(wire_name_from_octets(name->octets, name->len, &again));
    assert(wire_name_equal(name, &again));
    assert(again.n_labels == name->n_labels);
    assert(wire_name_is_in(name, &again));
}

static void refusal_fits(const uint8_t *packet, const struct wire_query *q)
{
    static const char nsid[] = "a server with a name";
    uint8_t answer[WIRE_UDP_PLAIN];
    struct wire_writer w;

    wire_writer_init(&w, answer, sizeof answer);
    assert(q->question_len == 0 || wire_write_question(&w, packet, q->question_len));
    if (q->edns.is_present) {
        assert(w.len + wire_opt_len(&q->edns, nsid) <= sizeof answer);
        wire_write_opt(&w, &q->edns, 1232, WIRE_FORMERR, 0, nsid);
    }
    wire_write_header(&w, q, 0, WIRE_FORMERR);
    assert(w.len <= sizeof answer);
    assert(wire_get16(answer) == q->id && (answer[2] & 0x80) != 0);
    assert(memcmp(answer + WIRE_HEADER_LEN, packet + WIRE_HEADER_LEN, q->question_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_query q;
    enum wire_verdict verdict = wire_query_parse(data, size, &q);

    if (verdict == WIRE_QUERY_DROP)
        return 0;
    assert(q.question_len <= size - WIRE_HEADER_LEN);
    refusal_fits(data, &q);
    if (q.question_len > 0)
        name_survives_text(&q.name);
    if (verdict == WIRE_QUERY_OK)
        reads_again_what_it_writes(&q);
    return 0;
}
