/* fetch_url.h - the URL that `waymark fetch` is given, taken apart. Pure. */
#pragma once

#include <stdbool.h>

#include <waymark/why.h>

enum { FETCH_URL_MAX = 8192, FETCH_HOST_LEN = 256 };

struct fetch_url {
    bool is_tls;
    char host[FETCH_HOST_LEN]; /* a name: what the resolver is asked for */
    int port;                  /* 0: none is written */
};

/* 0, or -EINVAL with `why`. */
int fetch_url_parse(const char *text, struct fetch_url *out, char why[static WHY_LEN]);
