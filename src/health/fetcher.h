/* fetcher.h - libcurl's multi handles on the loop.
 *
 * Thread: the health thread. One multi handle per file of certificate authorities, since libcurl
 * keeps a parsed file with the handle: parsing it for each probe would cost more than the probe. */
#pragma once

#include <curl/curl.h>

struct event_base;
struct fetchers; /* all of them */
struct fetcher;  /* one */

/* NULL: out of memory. */
struct fetchers *fetchers_new(struct event_base *base);
void fetchers_free(struct fetchers *fetchers); /* nothing may be under way; NULL is fine */

/* The one for that file, NULL for the system's; a new one if need be. NULL: out of memory. */
struct fetcher *fetchers_for(struct fetchers *fetchers, const char *ca_file);
/* Drops those that have nothing to do, and with them what was read from their files. */
void fetchers_drop_idle(struct fetchers *fetchers);

/* Called when the transfer has ended, after it was removed. */
typedef void fetcher_done_cb(void *ctx, CURLcode code);

/* The handle's CURLOPT_PRIVATE must be a struct fetcher_ticket that lives as long as the handle. */
struct fetcher_ticket {
    fetcher_done_cb *cb;
    void *ctx;
    CURL *easy; /* this one and what follows: fetcher.c's, while it is under way */
    struct fetcher_ticket *next, **prev;
};

CURLMcode fetcher_add(struct fetcher *fetcher, CURL *easy);
void fetcher_remove(struct fetcher *fetcher, CURL *easy); /* no callback any more */
