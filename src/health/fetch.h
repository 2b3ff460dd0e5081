/* fetch.h - one HTTP request and what is thought of its answer.
 *
 * Thread: the health thread. The caller keeps the time and calls fetch_cancel when it is over;
 * curl_global_init has been called. A fetch asks exactly one address over a connection of its own:
 * no redirect, no proxy, no name is looked up, and no more of an answer is read than can be judged.
 */
#pragma once

#include <waymark/addr.h>
#include <waymark/conf.h>

#include "check_url.h"
#include "result.h"

struct fetchers;
struct fetch;

/* The fetch is freed after the callback. */
typedef void fetch_cb(void *ctx, const struct probe_result *result);

/* Calls back from the loop, never from within. The check must outlive the fetch. NULL: `result`
 * says why. */
struct fetch *fetch_start(struct fetchers *fetchers, const struct conf_check *check,
                          const struct check_url *url, const struct endpoint *peer, fetch_cb *cb,
                          void *ctx, struct probe_result *result);
void fetch_cancel(struct fetch *fetch); /* no callback any more; NULL is fine */
