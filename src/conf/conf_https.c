/* conf_https.c - reads `https`: what HTTPS records say beside addresses (RFC 9460). */
#include "conf_parts.h"

#include <assert.h>
#include <string.h>

static bool read_protocol(struct conf_reader *r, const config_setting_t *s, void *out)
{
    static const struct conf_option element = { .type = CONF_TYPE_TEXT,
                                                .least = 1,
                                                .most = CONF_ALPN_LEN_MAX };
    const char *text = conf_text_of(r, s, &element);
    const char **kept = out;

    if (text == NULL)
        return false;
    *kept = conf_keep(r, text);
    return true;
}

void conf_read_https(struct conf_reader *r, const config_setting_t *group, bool is_partial,
                     struct conf_https *out)
{
    const void *items;

    static_assert(CONF_ALPN_LEN_MAX < 256, "a length is one octet");
    if (group != NULL && !conf_check_group(r, group, CONF_SET(https)))
        group = NULL;
    out->n_alpn = conf_read_elements(r, group, OPT_https_alpn, 0, read_protocol, &items);
    out->alpn = items;
    out->has_hints = conf_read_bool(r, group, OPT_https_hints);
    if (!is_partial || conf_member(group, OPT_https_port) != NULL)
        out->port = conf_read_int(r, group, OPT_https_port);
}
