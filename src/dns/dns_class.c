/* dns_class.c - classes other than Internet: who we are (CHAOS, RFC 4892), and ANY. Pure. */
#include "dns_answer.h"

#include <string.h>

/* What the operator lets us say for a name of class CHAOS; NULL: nothing. */
static const char *chaos_text(const struct dns_answer *a)
{
    const struct conf_server *server = &a->world->base->conf->server;
    const struct {
        const char *name, *text;
    } names[] = {
        { "\2id\6server", server->identity },
        { "\10hostname\4bind", server->identity },
        { "\7version\6server", server->version },
        { "\7version\4bind", server->version },
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, (const char *)a->query.name.octets) == 0)
            return names[i].text;
    return NULL;
}

static void put_text(struct dns_answer *a, const char *text)
{
    uint8_t wire[WIRE_RR_HEAD + 1 + UINT8_MAX];
    size_t len = strnlen(text, UINT8_MAX);
    struct wire_set set = { .type = WIRE_TXT,
                            .count = 1,
                            .wire = wire,
                            .wire_len = (uint32_t)(WIRE_RR_HEAD + 1 + len) };

    uint8_t *data = wire_rr_put(wire, WIRE_TXT, WIRE_CLASS_CH, 0, 1 + len);
    data[0] = (uint8_t)len;
    memcpy(data + 1, text, len);
    dns_put(a, WIRE_ANSWER, NULL, &set, 0);
}

static void answer_chaos(struct dns_answer *a)
{
    const char *text = chaos_text(a);

    if (text == NULL)
        a->rcode = WIRE_REFUSED;
    else if (a->query.type == WIRE_TXT || a->query.type == WIRE_ANY)
        put_text(a, text);
}

void dns_other_class(struct dns_answer *a)
{
    switch (a->query.class) {
    case WIRE_CLASS_CH:
        answer_chaos(a);
        break;
    case WIRE_CLASS_ANY: /* of all classes we have one: not the whole truth, RFC 1034 3.7.1 */
        dns_resolve(a);
        a->flags &= (uint16_t)~WIRE_AA;
        break;
    default:
        a->rcode = WIRE_REFUSED;
    }
}
