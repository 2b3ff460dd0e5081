/* conf_url.h - the URL of a check, taken apart. Pure. */
#pragma once

#include <stdbool.h>

#include <waymark/conf.h>

struct conf_url {
    enum conf_check_kind kind;
    bool has_address, has_cname; /* placeholders in it: {address}, {cname} */
    bool is_bare;                /* the host is {address} itself */
};

/* NULL when the URL is sound, or a sentence about what was expected. */
const char *conf_url_parse(const char *url, struct conf_url *out);
