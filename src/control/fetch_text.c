/* fetch_text.c - a delivery for a terminal: who was asked, who was connected to, what came, and
 * when. Pure; what the object lacks is left out. */
#include "fetch_text.h"

#include "json_put.h"
#include "text.h"

static double ms_of(const json_t *o, const char *key)
{
    return (double)get_int(o, key, 0) / 1000;
}

static void write_dns(const json_t *x, FILE *out)
{
    const json_t *dns = get(x, "dns");
    const char *place = get_text(dns, "place", NULL), *note = get_text(dns, "note", NULL);

    text_heading(out, "Where is it?");
    text_field(out, "question", "%s %s from %s, resolver %s", get_text(dns, "name", "?"),
               get_text(dns, "type", "?"), get_text(dns, "client", "nobody in particular"),
               get_text(dns, "resolver", "?"));
    if (place != NULL)
        text_field(out, "place", "%s", place);
    text_field(out, "asked", "%s, in %.2f ms",
               get_bool(dns, "is_live", false) ? "the running server" : "the files",
               ms_of(dns, "took_us"));
    if (note != NULL)
        text_field(out, "note", "%s", note);
    if (get_text(dns, "service", NULL) != NULL)
        text_field(out, "service", "%s chose %s", get_text(dns, "service", "?"),
                   get_text(dns, "target", "the zone's own records"));
    if (get_text(dns, "answer", NULL) != NULL)
        text_field(out, "answer", "%s %s, for %lld s", get_text(dns, "answer_type", "?"),
                   get_text(dns, "answer", "?"), (long long)get_int(dns, "ttl_s", 0));
    else
        text_field(out, "answer", "%s, no address", get_text(dns, "rcode", "?"));
}

static void write_edge(const json_t *x, FILE *out)
{
    const json_t *edge = get(x, "edge"), *http = get(x, "http");

    text_heading(out, "Who has it?");
    if (get_text(edge, "pop", NULL) != NULL)
        text_field(out, "edge", "%s, at %s", get_text(edge, "pop", "?"),
                   get_text(edge, "connect_to", "?"));
    else
        text_field(out, "server",
                   get_bool(edge, "has_no_tls", false)
                       ? "%s; the edge at that address has no listen_tls, so it speaks http only"
                       : "%s, which is no edge of this configuration",
                   get_text(edge, "connect_to", "?"));
    if (get_int(http, "connect_us", 0) > 0)
        text_field(out, "connected", "after %.2f ms", ms_of(http, "connect_us"));
    if (get_int(http, "tls_us", 0) > 0)
        text_field(out, "TLS", "after %.2f ms", ms_of(http, "tls_us"));
}

static void write_fields(const json_t *http, FILE *out)
{
    static const char *const names[] = { "Cache-Status", "X-Cache", "Age", "Cache-Control",
                                         "Content-Type", "ETag",    "Via", "Location" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = get_text(get(http, "fields"), names[i], NULL);
        if (value != NULL)
            text_field(out, names[i], "%s", value);
    }
}

static void write_http(const json_t *x, FILE *out)
{
    const json_t *http = get(x, "http");
    char octets[NUMBER_TEXT_LEN];

    text_heading(out, "What came?");
    if (get_text(http, "error", NULL) != NULL)
        text_field(out, "trouble", "%s", get_text(http, "error", ""));
    if (get_int(http, "status", 0) == 0)
        return;
    text_field(out, "status", "%lld, first octet after %.2f ms",
               (long long)get_int(http, "status", 0), ms_of(http, "first_byte_us"));
    write_fields(http, out);
    text_field(out, "body", "%s octets, all after %.2f ms",
               number_format(get_int(http, "bytes", 0), octets), ms_of(http, "total_us"));
}

void fetch_text(const json_t *delivery, FILE *out)
{
    text_print(out, "%s\n", get_text(delivery, "url", "?"));
    write_dns(delivery, out);
    if (json_is_object(get(delivery, "edge")))
        write_edge(delivery, out);
    write_http(delivery, out);
}
