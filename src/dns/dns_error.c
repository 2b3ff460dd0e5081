/* dns_error.c - extended errors: why there is no answer (RFC 8914). Pure. */
#include "dns_answer.h"

#include <string.h>

enum { OPTION_ERROR = 15, OPTION_HEAD = 4 };

const struct dns_error dns_not_ours = { DNS_ERROR_NOT_AUTHORITATIVE, "no zone of this server" };

void dns_error_put(struct dns_answer *a, size_t opt_at)
{
    uint8_t data[2 + DNS_ERROR_TEXT_MAX];
    size_t text_len = strnlen(a->error->text, DNS_ERROR_TEXT_MAX);

    if (!a->query.edns.is_present || OPTION_HEAD + 2 + text_len > a->writer.cap - a->writer.len)
        return;
    wire_put16(data, a->error->code);
    memcpy(data + 2, a->error->text, text_len);
    wire_write_option(&a->writer, opt_at, OPTION_ERROR, data, 2 + text_len);
}
