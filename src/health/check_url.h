/* check_url.h - from a check's URL and an address to what is asked of whom.
 *
 * Pure. A URL is scheme://authority[/path], http, https or tcp; {address} and {cname} stand for the
 * target's own anywhere in it, an IPv6 address in the authority gets its brackets. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <waymark/addr.h>
#include <waymark/conf.h>
#include <waymark/why.h>

enum { CHECK_URL_LEN = 2048, CHECK_HOST_LEN = 256 };

struct check_url {
    enum conf_check_kind kind;
    char url[CHECK_URL_LEN];   /* what is asked for; its host is check.host if there is one */
    char host[CHECK_HOST_LEN]; /* Host and SNI as the check wants them; "" for the URL's own */
    char name[CHECK_HOST_LEN]; /* to be resolved to find whom to ask; "" when `peer` says it */
    struct endpoint peer;      /* whom to ask; family 0 while only `name` is known */
};

/* `address` may be NULL and `cname` too, as the target has one or the other. 0, or -EINVAL with a
 * sentence. */
int check_url_expand(const struct conf_check *check, const struct addr *address, const char *cname,
                     struct check_url *out, char why[static WHY_LEN]);
